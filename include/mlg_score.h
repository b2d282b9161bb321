/* SPDX-License-Identifier: Apache-2.0
 *
 * From a feature vector to a score in 0..1, and the three features that
 * weighed most. The weighted model is a sum of ramps: below `lo` a feature
 * adds nothing, above `hi` its whole weight, in between a straight share of
 * it. A weight is the number of points it adds to the score, so an operator
 * can read a score off the list; a negative weight speaks for the client. The
 * sum is cut to 0..1.
 *
 * Pure: no clock, no lock, no allocation.
 */
#ifndef MLG_SCORE_H
#define MLG_SCORE_H

#include "mlg_features.h"

#define MLG_NREASONS    3
#define MLG_SCORE_NOTED 0.25f /* from here on a client is worth watching */
#define MLG_SCORE_TOLD                                                         \
    0.5f /* from here on, or from a lower threshold, it is
                                 told why: that takes as long as the score */

typedef struct mlg_ramp_t {
    float lo;     /* finite */
    float hi;     /* finite, not equal to lo; below lo for a falling ramp */
    float weight; /* points at hi, -1..1; 0 = the feature does not count */
} mlg_ramp_t;

/* One ramp per feature, its numbers in rows: four features are scored at a
 * time. All-zero bytes are a valid model that scores everything 0. */
typedef struct mlg_weighted_t {
    float lo[MLG_NFEATURES];
    float hi[MLG_NFEATURES];
    float weight[MLG_NFEATURES];
} mlg_weighted_t;

/** @return the ramp of one feature */
static inline mlg_ramp_t mlg_weighted_ramp(const mlg_weighted_t *model,
                                           unsigned feature)
{
    return (mlg_ramp_t){model->lo[feature], model->hi[feature],
                        model->weight[feature]};
}

/** Replace the ramp of one feature. @param ramp  valid by mlg_ramp_check() */
static inline void mlg_weighted_set(mlg_weighted_t *model, unsigned feature,
                                    mlg_ramp_t ramp)
{
    model->lo[feature] = ramp.lo;
    model->hi[feature] = ramp.hi;
    model->weight[feature] = ramp.weight;
}

/* Why a score is what it is: one feature's part in it. */
typedef struct mlg_reason_t {
    float value;      /* of the feature, in its unit */
    float points;     /* what it added to the score, > 0 */
    uint32_t feature; /* mlg_feature_id */
} mlg_reason_t;

/* The heaviest first; `n` of them are set. */
typedef struct mlg_reasons_t {
    mlg_reason_t top[MLG_NREASONS];
    uint32_t n;
} mlg_reasons_t;

/** Take one part, if it is among the heaviest so far.
 *
 * @param reasons  updated; `n` 0 to begin with
 * @param part     > 0
 */
void mlg_reasons_note(mlg_reasons_t *reasons, uint32_t feature, float value,
                      float part);

/* The weights that the gate starts with. */
extern const mlg_weighted_t mlg_weighted_default;

/** Score one vector.
 *
 * @param model  every ramp valid by mlg_ramp_check()
 * @param x      shape [MLG_NFEATURES]; NaN adds nothing
 * @return in [0, 1], never NaN
 */
float mlg_weighted_score(const mlg_weighted_t *model,
                         const float x[MLG_NFEATURES]);

/** Say what a score is made of.
 *
 * @param reasons  filled with the heaviest positive parts
 */
void mlg_weighted_reasons(const mlg_weighted_t *model,
                          const float x[MLG_NFEATURES], mlg_reasons_t *reasons);

/** What each feature adds to the sum.
 *
 * @param part  filled, shape [MLG_NFEATURES]
 */
void mlg_weighted_parts(const mlg_weighted_t *model,
                        const float x[MLG_NFEATURES],
                        float part[MLG_NFEATURES]);

/** Is this a ramp a model may hold?
 *
 * @return APR_SUCCESS or MLG_ERANGE: a number that is not finite, lo equal to
 *         hi, or a weight outside -1..1
 */
apr_status_t mlg_ramp_check(const mlg_ramp_t *ramp);

/** To what value would one feature have to fall (or rise) for the score to
 * come below the threshold, all others as they are?
 *
 * @return the value in the feature's unit; NaN when this feature alone cannot
 *         do it
 */
float mlg_weighted_relief(const mlg_weighted_t *model,
                          const float x[MLG_NFEATURES], float threshold,
                          mlg_feature_id feature);

#endif /* MLG_SCORE_H */
