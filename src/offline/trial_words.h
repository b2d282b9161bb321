/* SPDX-License-Identifier: Apache-2.0
 *
 * What the reports of a trial share.
 */
#ifndef TRIAL_WORDS_H
#define TRIAL_WORDS_H

#include "mlg_report_trial.h"

#define TRIAL_ALL UINT32_MAX

/** @param site  or TRIAL_ALL */
mlg_count_t trial_count(const mlg_trial_report_t *r, uint32_t site,
                        mlg_group group);

/** @return of a class, on all sites */
mlg_count_t trial_class(const mlg_trial_report_t *r, uint32_t class);

/** What a feature weighs in the model, 0 for one that it does not use: its
 * share of the gain of a model that was just trained; else of the splits,
 * weighed by their cover; else, of a weighted one, of the absolute weights. */
typedef struct trial_weight_t {
    uint32_t feature;
    double share; /* all together 1 */
} trial_weight_t;

/** The features that count, the heaviest first. @return how many */
size_t trial_weights(trial_weight_t out[MLG_NFEATURES],
                     const mlg_trial_report_t *r);

/* A person who would be refused. */
typedef struct trial_victim_t {
    uint32_t client;
    uint32_t refused_at;
    float score; /* at that request */
    mlg_reasons_t reasons;
} trial_victim_t;

/** People who are refused, the highest peak first.
 *
 * @param n  set to how many there are
 * @return malloc'd, the first `most` of them; NULL when memory ran out
 */
trial_victim_t *trial_victims(const mlg_trial_report_t *r, uint32_t most,
                              uint32_t *n);

/* What one threshold for all sites would do. */
typedef struct trial_point_t {
    float threshold;
    uint32_t people;    /* refused */
    uint32_t attackers; /* busy ones caught */
} trial_point_t;

typedef struct trial_curve_t {
    trial_point_t *point; /* shape [n], the highest threshold first; malloc'd */
    uint32_t n;
    uint32_t people; /* all of them */
    uint32_t attackers;
} trial_curve_t;

/** Every threshold at which something changes, thinned to some hundreds.
 * @return 0 when memory ran out */
int trial_curve(trial_curve_t *curve, const mlg_trial_report_t *r);

#define TRIAL_BINS 10

/* Of the requests of people and attackers that scored so, every client
 * counting once however many it has. */
typedef struct trial_bin_t {
    double weight; /* clients, in parts */
    double score;  /* mean; NaN of none */
    double share;  /* attackers; NaN of none */
} trial_bin_t;

/** By tenths of the score. */
void trial_bins(trial_bin_t bin[TRIAL_BINS], const mlg_trial_report_t *r);

#endif /* TRIAL_WORDS_H */
