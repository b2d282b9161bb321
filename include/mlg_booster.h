/* SPDX-License-Identifier: Apache-2.0
 *
 * Gradient boosting by libxgboost: a sample becomes trees. The only place that
 * knows the library; httpd never loads it.
 *
 * One thread, histograms, a fixed order and every random number from the seed:
 * the same sample and parameters give the same trees to the bit with one
 * version of the library. A feature that mlg_features[] calls monotone never
 * lowers a score when it rises.
 */
#ifndef MLG_BOOSTER_H
#define MLG_BOOSTER_H

#include "mlg_sample.h"
#include "mlg_xgboost.h"

typedef struct mlg_boost_t {
    uint32_t trees; /* 1..MLG_FOREST_TREES_MAX */
    uint32_t depth; /* 1..MLG_FOREST_DEPTH_MAX */
    double eta;     /* what a tree counts, 0..1 */
    double min_child_weight;
    double subsample;     /* share of rows for a tree */
    double columns;       /* share of features for a tree */
    double lambda;        /* L2 on leaves */
    uint64_t seed;        /* its lower 31 bits are used */
    int is_unconstrained; /* 1: monotone or not; to see what that costs */
} mlg_boost_t;

/** 64 trees of depth 5, eta 0.15, min_child_weight 20, subsample 0.7, columns
 * 0.6, lambda 5. */
void mlg_boost_init(mlg_boost_t *boost);

typedef struct mlg_boosted_t {
    mlg_xgboost_t trees;
    double gain[MLG_NFEATURES]; /* share of the loss that its splits took away;
                                   together 1 */
    uint32_t splits[MLG_NFEATURES];
} mlg_boosted_t;

/** Train.
 *
 * @param out     filled on success
 * @param sample  has rows of both groups
 * @param is_off  shape [MLG_NFEATURES]; 1: not offered to the trees; at least
 *                one is offered
 * @param why     set on failure: a sentence of the pool
 * @param p       holds the trees
 * @return APR_SUCCESS, APR_EGENERAL or MLG_EMODEL
 */
apr_status_t mlg_booster_train(mlg_boosted_t *out, const mlg_sample_t *sample,
                               const uint8_t is_off[MLG_NFEATURES],
                               const mlg_boost_t *boost, const char **why,
                               apr_pool_t *p);

/** Plant trees as a forest.
 *
 * @param ntrees  the first so many of them, 1..trees->ntrees
 * @return of the pool
 */
mlg_forest_t *mlg_booster_plant(const mlg_xgboost_t *trees, uint32_t ntrees,
                                double slope, double offset, apr_pool_t *p);

#endif /* MLG_BOOSTER_H */
