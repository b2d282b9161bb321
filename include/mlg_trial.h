/* SPDX-License-Identifier: Apache-2.0
 *
 * A model before a data set: whom would the gate have refused? Each site is
 * judged by a model of its own, so that one who has never seen it can judge
 * it, and by a threshold of its own.
 *
 * The policy is that of mlg_policy.h: a request is proof at a threshold when
 * three of the client's latest five scores, its own among them, reach it; from
 * the minimum number of requests on. The highest threshold at which a client
 * has a proof is its peak: below it is refused, whatever its other scores. A
 * vector does not depend on the model until the first block, so up to there
 * this is exact; what passes after a block has ended is told as if the refused
 * requests had been counted, which errs against the gate no more than for it.
 *
 * The simple rules that a model has to be better than (mlg_dataset.h) are
 * judged alongside.
 *
 * Locks nothing, has no clock.
 */
#ifndef MLG_TRIAL_H
#define MLG_TRIAL_H

#include "mlg_dataset.h"
#include "mlg_forest.h"
#include "mlg_policy.h"
#include "mlg_shift.h"

#define MLG_TRIAL_BUSY   20u /* requests of a client that is worth finding */
#define MLG_TRIAL_SHIFTS 8

/* Who scores: the forest, where there is one. */
typedef struct mlg_judge_t {
    const mlg_forest_t *forest;
    const mlg_weighted_t *weighted;
} mlg_judge_t;

/** @return 0..1 */
float mlg_judge_score(const mlg_judge_t *judge, const float x[MLG_NFEATURES]);

/** @param reasons  filled, the heaviest against the client */
void mlg_judge_reasons(const mlg_judge_t *judge, const float x[MLG_NFEATURES],
                       mlg_reasons_t *reasons);

/* How one client fared. */
typedef struct mlg_fate_t {
    float peak;                /* -1: has no proof at any threshold */
    uint32_t refused_at;       /* the request that convicts, from 1; 0: none */
    uint32_t passed;           /* requests that were answered */
    uint32_t rule[MLG_NRULES]; /* likewise of the simple rules */
    float moved[MLG_TRIAL_SHIFTS]; /* its peak on another kind of site, by
                                          number in mlg_shifts; likewise, or
                                          not of its group */
} mlg_fate_t;

/* How those fared who came when a site had its first quarter of requests behind
 * it, each site fitted to that quarter. */
typedef struct mlg_later_t {
    uint32_t people;
    uint32_t refused;
    uint32_t attackers; /* that had MLG_TRIAL_BUSY requests then */
    uint32_t caught;
} mlg_later_t;

typedef struct mlg_trial_t {
    const mlg_dataset_t *set; /* borrowed, settled */
    mlg_judge_t *judge;       /* shape [set->sites] */
    float *threshold;         /* shape [set->sites] */
    int is_fitted;            /* each site has its own, without labels */
    mlg_later_t later;        /* when mlg_trial_recommend() has found one */
    float *score;             /* shape [set->rows]; those that count */
    mlg_fate_t *fate;         /* shape [set->clients] */
    mlg_rules_t rules;        /* min_requests, block_for_us, block_max_us */
} mlg_trial_t;

/** The highest threshold at which a client has a proof.
 *
 * @param row           shape [n]; of one client
 * @param score         shape [n]; of those, in any unit: margins do as well
 * @param from          the first that may be the proof; those before it count
                        as evidence all the same
 * @param min_requests  before so many there is no proof
 * @return -FLT_MAX when there is none at any threshold
 */
float mlg_trial_peak(const mlg_row_t *row, const float *score, uint32_t from,
                     uint32_t n, uint32_t min_requests);

/** Begin, by the module's default settings.
 *
 * @param set  borrowed, settled
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t mlg_trial_init(mlg_trial_t *trial, const mlg_dataset_t *set,
                            apr_pool_t *p);

/** Score every row and find every client's peak, moved ones too.
 *
 * @param trial  `judge` is set for every site
 */
void mlg_trial_score(mlg_trial_t *trial);

/** Find out who is refused when.
 *
 * @param trial  scored; `threshold` is set for every site
 */
void mlg_trial_decide(mlg_trial_t *trial);

/* The peaks of a site's clients, for whoever sets its threshold. */
typedef struct mlg_peaks_t {
    const mlg_dataset_site_t *site;
    const float *people; /* shape [npeople], the highest first; by label */
    uint32_t npeople;
    const float *trusted; /* shape [ntrusted], the highest first; clients that
                             behave like people beyond doubt, by no label */
    uint32_t ntrusted;
} mlg_peaks_t;

/** Sets the threshold of one site. What it takes from `people` it could not
 * know of a site without labels. @return 0..1, more than 0 */
typedef float (*mlg_threshold_fn)(void *data, const mlg_peaks_t *peaks);

/** Let a function set the threshold of every site.
 *
 * @param trial  scored
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t mlg_trial_calibrate(mlg_trial_t *trial, mlg_threshold_fn fn,
                                 void *data);

#define MLG_LABEL_VERIFIED "verified_crawler" /* its operator's addresses */

/** Fit every site's threshold to what it shows without labels, as the gate and
 * mlgatectl calibrate do (mlg_threshold.h): to the peaks of clients that behave
 * like people beyond doubt and of verified crawlers. Where too little is seen
 * it becomes MLG_THRESHOLD_NONE.
 *
 * @param trial        scored
 * @param recommended  the model's threshold, from which sites are fitted
 * @param slope        of its curve; 1 of weights
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t mlg_trial_fit(mlg_trial_t *trial, float recommended, double slope);

/** The lowest threshold, in hundredths, to recommend: fitted from it and from
 * every higher one, no more than a share of the people is refused. Neither of
 * all of them, each site fitted to the whole of its log, nor of those who came
 * later, each site fitted to the first quarter of its requests alone: what
 * people do next month is not in this month's log.
 *
 * @param trial    scored; its thresholds are written over, `later` is set
 * @param max_fpr  0 <= max_fpr < 1
 * @param recommended  set, 0.01..0.99
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t mlg_trial_recommend(mlg_trial_t *trial, double slope,
                                 double max_fpr, float *recommended);

/** Both: recommend a threshold, and fit every site from it. Where no site shows
 * enough to be fitted, as in short logs, one threshold for all is found and
 * recommended instead; `is_fitted` says which.
 *
 * @param recommended  set
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t mlg_trial_thresholds(mlg_trial_t *trial, double slope,
                                  double max_fpr, float *recommended);

/** The lowest threshold at which no more than a share of them is refused,
 * rounded up where four digits tell it apart.
 *
 * @param peak     shape [n], the highest first
 * @param max_fpr  0 <= max_fpr < 1
 * @return more than 0, at most 1; 1 too where a score of 1 is among those that
 *         must pass, and they do not
 */
float mlg_trial_threshold(const float *peak, uint32_t n, double max_fpr);

/** Everybody's peaks of one group, the highest first.
 *
 * @param site  its number, or UINT32_MAX for all
 * @param rows  of clients with at least so many
 * @param n     set to how many
 * @return malloc'd; NULL when memory ran out
 */
float *mlg_trial_peaks(const mlg_trial_t *trial, mlg_group group, uint32_t site,
                       uint32_t rows, uint32_t *n);

/* Whom to count. UINT32_MAX takes them all. */
typedef struct mlg_whom_t {
    uint32_t site;
    uint32_t class;
    uint32_t group; /* mlg_group */
} mlg_whom_t;

typedef struct mlg_count_t {
    uint32_t clients;
    uint32_t refused;
    uint32_t busy; /* of MLG_TRIAL_BUSY requests or more */
    uint32_t busy_refused;
    uint32_t median;   /* request of the block, of busy ones; 0: none */
    uint64_t requests; /* of busy ones */
    uint64_t passed;   /* of those */
    uint32_t rule_refused[MLG_NRULES];
    uint32_t rule_busy_refused[MLG_NRULES];
    uint32_t moved[MLG_TRIAL_SHIFTS]; /* refused on another kind of site */
} mlg_count_t;

/** @param trial  decided */
mlg_count_t mlg_trial_count(const mlg_trial_t *trial, mlg_whom_t whom);

/** The share of attackers whose peak is above that of people, half of those
 * that are alike. @return 0..1; NaN where a group has none */
double mlg_trial_auc(const mlg_trial_t *trial, uint32_t site);

#endif /* MLG_TRIAL_H */
