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

/** "1,234", "4.52 %" and the like are replay_words.h's. */

#endif /* TRIAL_WORDS_H */
