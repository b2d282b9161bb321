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
const mlg_weighted_t mlg_weighted_default = {{
    [MLG_F_REQUEST_RATE]             = {   1.0f,  25.0f,  0.40f },
    [MLG_F_UA_DIVERSITY]             = {   3.0f,   8.0f,  0.60f },
    [MLG_F_REFERER_ABSENT]           = {  0.05f,   0.5f,  0.10f },
    [MLG_F_KEEPALIVE_DEPTH]          = {   1.0f,   1.6f, -0.30f },
    [MLG_F_ACCEPT_ENCODING_ABSENT]   = {   0.5f,   1.0f,  0.05f },
    [MLG_F_HOST_INVALID]             = {   0.5f,   1.0f,  0.05f },
    [MLG_F_CONTENT_LENGTH_ANOMALY]   = {   0.5f,   1.0f,  0.05f },
    [MLG_F_BURST]                    = {   4.5f,  13.0f,  0.45f },
    [MLG_F_COOKIE_ABSENT]            = {   0.9f,   0.5f, -0.20f },
    [MLG_F_SESSION_PERSISTENCE]      = {   0.5f,   0.9f, -0.10f },
    [MLG_F_PAGE_RATE_60S]            = {  0.12f,  0.35f,  0.30f },
    [MLG_F_PAGE_RATE_300S]           = {  10.0f,  20.0f,  0.50f },
    [MLG_F_ASSET_SHARE]              = {  0.02f,  0.35f, -0.30f },
    [MLG_F_PATH_NOVELTY]             = {   0.1f,   0.3f,  0.10f },
    [MLG_F_INTERARRIVAL_MEAN]        = {   3.2f,   1.6f,  0.25f },
    [MLG_F_ERROR_SHARE]              = {   0.3f,   0.8f,  0.55f },
    [MLG_F_NOTFOUND_SHARE]           = {  0.05f,  0.25f,  0.45f },
    [MLG_F_HEADER_ANOMALY]           = {   0.1f,   0.5f,  0.10f },
    [MLG_F_CONCURRENCY]              = {   2.0f,  10.0f,  0.10f },
}};
/* clang-format on */

apr_status_t mlg_ramp_check(const mlg_ramp_t *ramp)
{
    int sound = isfinite(ramp->lo) && isfinite(ramp->hi) &&
                isfinite(ramp->hi - ramp->lo) && isfinite(ramp->weight) &&
                (ramp->lo < ramp->hi || ramp->lo > ramp->hi) &&
                fabsf(ramp->weight) <= 1.0f;

    return sound ? APR_SUCCESS : MLG_ERANGE;
}

/* A feature's part in the score: its ramp times its weight. Without branches;
 * each comparison is false for NaN, which so becomes 0. */
static inline float points(const mlg_ramp_t *ramp, float value)
{
    float height = (value - ramp->lo) / (ramp->hi - ramp->lo);

    height = (height > 0.0f) ? height : 0.0f;
    height = (height < 1.0f) ? height : 1.0f;
    return ramp->weight * height;
}

static void note_reason(mlg_reasons_t *reasons, uint32_t feature, float value,
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

/* The sum before it is cut to 0..1. */
static float sum_points(const mlg_weighted_t *model, const float *x)
{
    float sum = 0.0f;

    for (int i = 0; i < MLG_NFEATURES; i++) {
        if (model->ramp[i].weight != 0.0f) {
            sum += points(&model->ramp[i], x[i]);
        }
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
        float part = (model->ramp[i].weight != 0.0f)
                         ? points(&model->ramp[i], x[i])
                         : 0.0f;

        if (part > 0.0f) {
            note_reason(reasons, i, x[i], part);
        }
    }
}

float mlg_weighted_relief(const mlg_weighted_t *model,
                          const float x[MLG_NFEATURES], float threshold,
                          mlg_feature_id feature)
{
    const mlg_ramp_t *ramp = &model->ramp[feature];
    float part = points(ramp, x[feature]);
    float allowed = part - (sum_points(model, x) - threshold);
    float height;

    if (ramp->weight == 0.0f || isnan(x[feature])) {
        return NAN;
    }
    height = allowed / ramp->weight;
    /* the score must come below: strictly inside the ramp */
    if (!(height > 0.0f && height <= 1.0f)) {
        return NAN;
    }
    return ramp->lo + height * (ramp->hi - ramp->lo);
}
