/* SPDX-License-Identifier: Apache-2.0
 *
 * From a data set to a model that is fit to be used, and figures that say what
 * it is worth on sites that it has never seen:
 *
 *     1  for each fold a booster is trained on all the others;
 *     2  the number of trees that finds most attackers on left-out sites while
 *        up to 1 % of their people are refused is kept;
 *     3  Platt's curve is fitted to the margins of left-out rows, every client
 *        counting as in the sample but no group lifted: a score is how likely
 *        a client that looks so is to be an attacker among the clients of the
 *        logs;
 *     4  each left-out site is fitted to what it shows without labels, as the
 *        gate fits itself; the threshold is the lowest from which that refuses
 *        no more than `max_fpr` of the people (mlg_trial_thresholds());
 *     5  the model itself is trained on everything, with that number of trees.
 *
 * The same data and options give the same bytes.
 *
 * Locks nothing, has no clock; memory is the pool's and libxgboost's.
 */
#ifndef MLG_TRAIN_H
#define MLG_TRAIN_H

#include "mlg_booster.h"
#include "mlg_bundle.h"
#include "mlg_platt.h"
#include "mlg_trial.h"

#define MLG_TRAIN_GOLDEN 32u

typedef struct mlg_train_t mlg_train_t;

/** Told what is being done, in a few words. */
typedef void (*mlg_progress_fn)(void *data, const char *what);

struct mlg_train_t {
    /* the caller's */
    const mlg_dataset_t *set; /* borrowed, settled */
    mlg_draw_t draw;
    mlg_boost_t boost;
    double max_fpr;
    int is_all_trees;         /* 1: do not look for a better number of them */
    mlg_progress_fn progress; /* may be NULL */
    void *progress_data;
    /* found by mlg_train_run() */
    mlg_boosted_t *fold; /* shape [set->folds]; ntrees 0: nothing to train on
                            without it */
    uint32_t nfolds;     /* of those that were trained */
    double found[MLG_FOREST_TREES_MAX]; /* share of the busy attackers of
                                           left-out sites that so many trees
                                           find, see above; NaN: not asked */
    uint32_t ntrees;                    /* the best number of trees */
    mlg_platt_t platt;
    uint32_t nrows;    /* left-out rows that it was fitted to */
    mlg_trial_t trial; /* each site before the model that left it out */
    float threshold;   /* from which a site is fitted */
    mlg_boosted_t model;
    float golden[MLG_TRAIN_GOLDEN][MLG_NFEATURES];
    uint32_t ngolden;
    uint32_t sample_rows; /* of the model's own sample */
    uint32_t sample_people;
    uint32_t sample_attackers;
};

/** Begin with the defaults.
 *
 * @param set  borrowed, settled
 */
void mlg_train_init(mlg_train_t *train, const mlg_dataset_t *set);

/** Do all of it.
 *
 * @param why  set on failure: a sentence of the pool
 * @param p    holds what was found
 * @return APR_SUCCESS, APR_ENOMEM, APR_EGENERAL or MLG_EMODEL
 */
apr_status_t mlg_train_run(mlg_train_t *train, const char **why, apr_pool_t *p);

/** Write the model as a bundle.
 *
 * @param about  lines "key: value\n"
 * @param bytes  set to the whole file; of the pool
 * @param len    set to its length
 */
apr_status_t mlg_train_bundle(const mlg_train_t *train, const char *about,
                              const unsigned char **bytes, size_t *len,
                              mlg_fault_t *fault, apr_pool_t *p);

#endif /* MLG_TRAIN_H */
