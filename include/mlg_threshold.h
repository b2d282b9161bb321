/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the line is between this site's people and everybody else: the rule
 * that makes a threshold of what trusted clients did, without labels.
 *
 * A model ranks clients alike on every site; where people end does not carry
 * over, because people's page rates differ seven-fold between sites. So the
 * model's recommended threshold is moved to where this site's trusted clients
 * (mlg_record_is_trusted(), verified crawlers) end: above the highest of their
 * peaks but for a stated share that may be refused, and a margin. A peak is the
 * threshold at which its client would just have been blocked. Up it goes as far
 * as they are; down only as far as there are clients to vouch for it (20 of
 * them, half the way), and never far.
 *
 * A client here is a network, by its highest peak (mlg_key_voter()): whoever
 * has a network has all its addresses. The highest, because with anything else
 * a stranger could outvote the people of his network and have them refused. A
 * crawler that its operator vouches for is one of its own.
 * And one or two alone do not say where people end: a peak that no third one
 * comes near counts no further than a step above the third, or above the
 * model's own threshold.
 *
 * Distances are in log-odds of the score, in which a forest's margins are
 * straight and the weighted model's points nearly so, divided by the slope of
 * the model's curve.
 *
 * THE FLOOR is what no person does on any site: 40 pages a second over ten
 * seconds, 400 pages. The busiest of all people in the logs of ten sites made
 * 38 in ten seconds (an app that polls), all others 13 at most. Where none of
 * them is a GET or HEAD it is twice that: a sync client walks directories with
 * PROPFIND, 55 a second (t/unit/scenes.c), and no log at hand has one. A client
 * above the floor is refused whatever the model says, and while a site is not
 * calibrated nobody else is.
 *
 * Pure: no clock, no lock, no allocation.
 */
#ifndef MLG_THRESHOLD_H
#define MLG_THRESHOLD_H

#include "mlg_features.h"

#include <apr_time.h>

/* A threshold that no score reaches: only the floor refuses. */
#define MLG_THRESHOLD_NONE 2.0f

/* As request_rate counts, over 10 s; as much again times the client's share of
 * methods other than GET and HEAD. */
#define MLG_FLOOR_PAGES_PER_S 40.0f

/* Seen enough: so many trusted clients, or so many clients of any kind in so
 * many days, where hardly anybody behaves like a person. */
#define MLG_FIT_TRUSTED 10u
#define MLG_FIT_CLIENTS 300u
#define MLG_FIT_SPAN_US (3 * INT64_C(86400000000))

#define MLG_FIT_SHARE  0.0005 /* of trusted clients, may be refused */
#define MLG_FIT_MARGIN 0.15   /* above the highest peak that counts */
#define MLG_FIT_FEW    2u     /* so many do not say where people end */
#define MLG_FIT_STEP   2.0    /* and lift the threshold by this at most */
#define MLG_FIT_SHRINK 20.0   /* trusted clients that go half the way down */
#define MLG_FIT_DOWN   0.5    /* below the recommended threshold, at most */

/* The threshold in force follows its site within bounds. In score, and exactly
 * so where a score of 0.5 is the threshold; in log-odds four times as much
 * everywhere, which is less than that in score, and the less the closer the
 * threshold is to 0 or 1. */
#define MLG_DRIFT        0.08
#define MLG_DRIFT_LIFTED 3.0 /* times as far up, where people are refused */
#define MLG_DRIFT_A_DAY  0.005
#define MLG_DRIFT_STEEP  4.0 /* log-odds per score at 0.5 */
#define MLG_DRIFT_GAP_US (2 * INT64_C(3600000000)) /* longer counts as this */

/* What decided. */
/* clang-format off */
#define MLG_FIT_WHYS(X)                                                       \
    X(NOBODY,  "the model's own threshold: no trusted client was seen")       \
    X(ABOVE,   "just above this site's trusted clients")                      \
    X(ALONE,   "a step above all trusted clients but the one or two highest") \
    X(BELOW,   "lower than the model's own, as far as trusted clients vouch for it")\
    X(LOWEST,  "as low as this model's may be")
/* clang-format on */

typedef enum mlg_fit_why {
#define X(id, words) MLG_FIT_##id,
    MLG_FIT_WHYS(X)
#undef X
        MLG_NFIT_WHYS
} mlg_fit_why;

/* What a site showed. */
typedef struct mlg_fit_seen_t {
    float recommended; /* the model's own threshold, 0..1 */
    double slope;     /* of its curve from margin to score, > 0; 1 of weights */
    uint32_t trusted; /* clients, one a network: mlg_key_voter() */
    float peak;       /* of them, the highest but for mlg_fit_ignored();
                          whatever when `trusted` is 0 */
    float vouched;    /* the highest but for MLG_FIT_FEW more; 0 where there
                          are not so many */
    uint32_t clients; /* of any kind */
    apr_interval_time_t span_us; /* from the first request to the last */
    uint32_t trusted_enough;     /* MLG_FIT_TRUSTED, or what was asked for */
} mlg_fit_seen_t;

typedef struct mlg_fit_t {
    float threshold; /* 0..1, exclusive; what the rule says, sound or not */
    mlg_fit_why why;
    int is_sound;              /* enough was seen */
    unsigned progress_percent; /* towards that, 0..100; 100 when sound */
} mlg_fit_t;

/** How many of the trusted networks with the highest peaks do not count.
 *
 * @param share  of them that may be refused, 0..1
 * @return the share in whole clients, rounded down: of fewer than 1 / share,
 *         none. Where one in ten or more was ignored, a site fitted on its
 *         first days refused too many of those who came later
 */
uint32_t mlg_fit_ignored(uint32_t trusted, double share);

/** The rule.
 *
 * @param out  filled
 */
void mlg_fit(mlg_fit_t *out, const mlg_fit_seen_t *seen);

/** @return a constant sentence without a full stop */
const char *mlg_fit_words(mlg_fit_why why);

/** Between which thresholds one that follows its site may move.
 *
 * @param anchor  the calibrated threshold, 0..1
 * @param drift   MLGateThresholdDrift, 0..1
 * @param low     set
 * @param high    set; both in 0..1, at most `drift` away
 * @return how high it may be where people would be refused at `high`
 */
float mlg_drift_bounds(float anchor, double drift, float *low, float *high);

/** Let a threshold follow its site for some time.
 *
 * @param threshold   in force so far
 * @param target      where the rule would have it
 * @param elapsed_us  since the last time, an hour or so: a float near 1 cannot
 *                    move by less. More than MLG_DRIFT_GAP_US counts as that,
 *                    less than 0 as none: a clock that jumps moves little
 * @return at most MLG_DRIFT_A_DAY times the elapsed days away from `threshold`
 */
float mlg_drift_move(float threshold, float target,
                     apr_interval_time_t elapsed_us);

/** @return the threshold, or the bound that does not hold it; `low` for NaN */
static inline float mlg_drift_within(float threshold, float low, float high)
{
    return (threshold > high) ? high : (threshold >= low) ? threshold : low;
}

/** The floor for a client with this vector. @return pages a second */
static inline float mlg_floor_of(const float x[MLG_NFEATURES])
{
    float others = x[MLG_F_METHOD_MIX];

    return MLG_FLOOR_PAGES_PER_S * (1.0f + (others > 0.0f ? others : 0));
}

/** Does this vector's client do what no person does? */
static inline int mlg_floor_is_passed(const float x[MLG_NFEATURES])
{
    return x[MLG_F_REQUEST_RATE] >= mlg_floor_of(x); /* false for NaN */
}

#endif /* MLG_THRESHOLD_H */
