/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_score.h"

#include <math.h>

/* The starting weights. Found by `make tune` (see src/offline/README.md) on ten
 * labelled logs and on the scenes of t/unit/scenes.c, rounded by hand; live
 * facts, which no log has, were set by hand and are held back by the scenes.
 * With a threshold of 0.8 and 10 requests, no client of the people classes is
 * refused in any log (7,552 clients), and of the attackers with 20 requests
 * or more
 *
 *     bplogs 34/45   plemma 27/50   srheg 35/40   geolynx 10/15
 *     klog 4/8   botlog 4/19   geolynx_vhosts 2/10   scan_netsparker 1/1
 *
 * are caught. `make tune DATA=../shared/data` takes the figures again. */
/* clang-format off */
#define START_WEIGHTS(X)                                        \
    /*feature                 lo       hi      weight */         \
    X(REQUEST_RATE,              1.0f,  25.0f,  0.40f) \
    X(UA_DIVERSITY,              3.0f,   8.0f,  0.60f) \
    X(REFERER_ABSENT,           0.05f,   0.5f,  0.10f) \
    X(KEEPALIVE_DEPTH,           1.0f,   1.6f, -0.30f) \
    X(ACCEPT_ENCODING_ABSENT,    0.5f,   1.0f,  0.05f) \
    X(HOST_INVALID,              0.5f,   1.0f,  0.05f) \
    X(CONTENT_LENGTH_ANOMALY,    0.5f,   1.0f,  0.05f) \
    X(BURST,                     4.5f,  18.0f,  0.62f) \
    X(COOKIE_ABSENT,             0.9f,   0.5f, -0.20f) \
    X(SESSION_PERSISTENCE,       0.5f,   0.9f, -0.10f) \
    X(PAGE_RATE_60S,            0.12f,  0.35f,  0.30f) \
    X(PAGE_RATE_300S,           10.0f,  20.0f,  0.50f) \
    X(ASSET_SHARE,              0.02f,  0.35f, -0.30f) \
    X(PATH_NOVELTY,              0.1f,   0.3f,  0.10f) \
    X(ERROR_SHARE,               0.3f,   0.8f,  0.55f) \
    X(NOTFOUND_SHARE,           0.05f,  0.25f,  0.45f) \
    X(HEADER_ANOMALY,            0.1f,   0.5f,  0.10f) \
    X(CONCURRENCY,               2.0f,  10.0f,  0.10f)
/* clang-format on */

const mlg_weighted_t mlg_weighted_default = {
#define X(id, low, high, points) .lo[MLG_F_##id] = (low),
    START_WEIGHTS(X)
#undef X
#define X(id, low, high, points) .hi[MLG_F_##id] = (high),
        START_WEIGHTS(X)
#undef X
#define X(id, low, high, points) .weight[MLG_F_##id] = (points),
            START_WEIGHTS(X)
#undef X
};

apr_status_t mlg_ramp_check(const mlg_ramp_t *ramp)
{
    int sound = isfinite(ramp->lo) && isfinite(ramp->hi) &&
                isfinite(ramp->hi - ramp->lo) && isfinite(ramp->weight) &&
                (ramp->lo < ramp->hi || ramp->lo > ramp->hi) &&
                fabsf(ramp->weight) <= 1.0f;

    return sound ? APR_SUCCESS : MLG_ERANGE;
}

/* A feature's part in the score: its ramp times its weight. Without branches;
 * each comparison is false for NaN, which so becomes 0, and a weight of 0 adds
 * 0 whatever the ramp. */
static inline float points(const mlg_weighted_t *m, int i, float value)
{
    float height = (value - m->lo[i]) / (m->hi[i] - m->lo[i]);

    height = (height > 0.0f) ? height : 0.0f;
    height = (height < 1.0f) ? height : 1.0f;
    return m->weight[i] * height;
}

void mlg_reasons_note(mlg_reasons_t *reasons, uint32_t feature, float value,
                      float part)
{
    uint32_t at;

    if (reasons->n == MLG_NREASONS &&
        part <= reasons->top[MLG_NREASONS - 1].points) {
        return;
    }
    at = (reasons->n < MLG_NREASONS) ? reasons->n++ : MLG_NREASONS - 1;
    while (at > 0 && reasons->top[at - 1].points < part) {
        reasons->top[at] = reasons->top[at - 1];
        at--;
    }
    reasons->top[at] = (mlg_reason_t){value, part, feature};
}

void mlg_weighted_parts(const mlg_weighted_t *model,
                        const float x[MLG_NFEATURES], float part[MLG_NFEATURES])
{
    for (int i = 0; i < MLG_NFEATURES; i++) {
        part[i] = points(model, i, x[i]);
    }
}

/* The sum before it is cut to 0..1. The parts first, four at a time, then the
 * sum in a fixed order, so that every compiler comes to the same bits. */
static float sum_points(const mlg_weighted_t *model, const float *x)
{
    float part[MLG_NFEATURES];
    float sum = 0.0f;

    mlg_weighted_parts(model, x, part);
    for (int i = 0; i < MLG_NFEATURES; i++) {
        sum += part[i];
    }
    return sum;
}

float mlg_weighted_score(const mlg_weighted_t *model,
                         const float x[MLG_NFEATURES])
{
    float sum = sum_points(model, x);

    return (sum < 0.0f) ? 0.0f : (sum > 1.0f) ? 1.0f : sum;
}

void mlg_weighted_reasons(const mlg_weighted_t *model,
                          const float x[MLG_NFEATURES], mlg_reasons_t *reasons)
{
    reasons->n = 0;
    for (uint32_t i = 0; i < MLG_NFEATURES; i++) {
        float part = points(model, (int)i, x[i]);

        if (part > 0.0f) {
            mlg_reasons_note(reasons, i, x[i], part);
        }
    }
}

float mlg_weighted_relief(const mlg_weighted_t *model,
                          const float x[MLG_NFEATURES], float threshold,
                          mlg_feature_id feature)
{
    mlg_ramp_t ramp = mlg_weighted_ramp(model, feature);
    float part = points(model, (int)feature, x[feature]);
    float allowed = part - (sum_points(model, x) - threshold);
    float height;

    if (ramp.weight == 0.0f || isnan(x[feature])) {
        return NAN;
    }
    height = allowed / ramp.weight;
    /* the score must come below: strictly inside the ramp */
    if (!(height > 0.0f && height <= 1.0f)) {
        return NAN;
    }
    return ramp.lo + height * (ramp.hi - ramp.lo);
}
