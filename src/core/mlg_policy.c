/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_policy.h"

#include "mlg_hash.h"

#define EVIDENCE_MASK  0x1f /* the last five scores */
#define EVIDENCE_PROOF 3    /* of which so many must be high */

/* ---- scores --------------------------------------------------------------- */

float mlg_rules_score(const mlg_rules_t *rules, const float x[MLG_NFEATURES],
                      mlg_reasons_t *reasons)
{
    mlg_walk_t walk;
    float score = (rules->forest != NULL)
                      ? mlg_forest_walk(rules->forest, x, &walk)
                      : mlg_weighted_score(rules->model, x);

    if (reasons == NULL) {
        return score;
    }
    if (score < MLG_SCORE_TOLD && score < rules->threshold) {
        reasons->n = 0;
    }
    else if (rules->forest != NULL) {
        mlg_forest_reasons(rules->forest, x, &walk, reasons);
    }
    else {
        mlg_weighted_reasons(rules->model, x, reasons);
    }
    return score;
}

float mlg_shadow_score(const mlg_shadow_t *shadow, const float x[MLG_NFEATURES])
{
    mlg_walk_t walk;

    return (shadow->forest != NULL) ? mlg_forest_walk(shadow->forest, x, &walk)
                                    : mlg_weighted_score(shadow->model, x);
}

float mlg_rules_parts(const mlg_rules_t *rules, const float x[MLG_NFEATURES],
                      float part[MLG_NFEATURES])
{
    mlg_walk_t walk;

    if (rules->forest == NULL) {
        mlg_weighted_parts(rules->model, x, part);
        return 0.0f;
    }
    mlg_forest_walk(rules->forest, x, &walk);
    return mlg_forest_parts(rules->forest, &walk, part);
}

void mlg_rules_reasons(const mlg_rules_t *rules, const float x[MLG_NFEATURES],
                       mlg_reasons_t *reasons)
{
    float part[MLG_NFEATURES];

    mlg_rules_parts(rules, x, part);
    reasons->n = 0;
    for (uint32_t i = 0; i < MLG_NFEATURES; i++) {
        if (part[i] > 0.0f) {
            mlg_reasons_note(reasons, i, x[i], part[i]);
        }
    }
}

float mlg_rules_relief(const mlg_rules_t *rules, const float x[MLG_NFEATURES],
                       float threshold, mlg_feature_id feature)
{
    return (rules->forest != NULL)
               ? mlg_forest_relief(rules->forest, x, threshold, feature)
               : mlg_weighted_relief(rules->model, x, threshold, feature);
}

uint64_t mlg_rules_scorer(const mlg_rules_t *rules)
{
    static const mlg_secret_t no_secret; /* a name, not a defence */

    return (rules->forest != NULL)
               ? rules->forest->id
               : mlg_hash_text(&no_secret, (const char *)rules->model,
                               sizeof(*rules->model));
}

float mlg_rules_most(const mlg_rules_t *rules)
{
    const mlg_forest_t *forest = rules->forest;
    float sum = 0.0f;

    if (forest != NULL) {
        return mlg_forest_curve(forest->slope, forest->offset, forest->most);
    }
    for (unsigned i = 0; i < MLG_NFEATURES; i++) {
        float weight = mlg_weighted_ramp(rules->model, i).weight;

        sum += (weight > 0.0f) ? weight : 0.0f;
    }
    return (sum < 1.0f) ? sum : 1.0f;
}

/* ---- verdicts ------------------------------------------------------------- */

/* clang-format off */
/* A client leaves BLOCKED only by time or an operator. UNSET is no state to
 * go to: a cell left out reads as UNSET and fails policy_table_is_total. */
static const uint8_t next_state[MLG_NSTATES][MLG_NEVENTS] = {
    [MLG_STATE_CALM]    = { [MLG_EVENT_LOW]     = MLG_STATE_CALM,
                            [MLG_EVENT_HIGH]    = MLG_STATE_SUSPECT,
                            [MLG_EVENT_PROOF]   = MLG_STATE_BLOCKED,
                            [MLG_EVENT_EXPIRED] = MLG_STATE_CALM },
    [MLG_STATE_SUSPECT] = { [MLG_EVENT_LOW]     = MLG_STATE_CALM,
                            [MLG_EVENT_HIGH]    = MLG_STATE_SUSPECT,
                            [MLG_EVENT_PROOF]   = MLG_STATE_BLOCKED,
                            [MLG_EVENT_EXPIRED] = MLG_STATE_SUSPECT },
    [MLG_STATE_BLOCKED] = { [MLG_EVENT_LOW]     = MLG_STATE_BLOCKED,
                            [MLG_EVENT_HIGH]    = MLG_STATE_BLOCKED,
                            [MLG_EVENT_PROOF]   = MLG_STATE_BLOCKED,
                            [MLG_EVENT_EXPIRED] = MLG_STATE_CALM },
};
/* clang-format on */

mlg_state mlg_policy_next(mlg_state state, mlg_event event)
{
    if (state <= MLG_STATE_UNSET || state >= MLG_NSTATES) {
        state = MLG_STATE_CALM;
    }
    return (mlg_state)next_state[state][event];
}

mlg_event mlg_policy_weigh(uint8_t *evidence, float score, uint32_t total,
                           const mlg_rules_t *rules)
{
    unsigned latest = (unsigned)*evidence << 1 | (score >= rules->threshold);

    latest &= EVIDENCE_MASK;
    *evidence = (uint8_t)latest;
    if (latest == 0) {
        return MLG_EVENT_LOW;
    }
    /* The newest must be high too: nobody is blocked by a harmless request. */
    if ((latest & 1) != 0 && total >= rules->min_requests &&
        __builtin_popcount(latest) >= EVIDENCE_PROOF) {
        return MLG_EVENT_PROOF;
    }
    return MLG_EVENT_HIGH;
}

apr_interval_time_t mlg_policy_block_us(const mlg_rules_t *rules,
                                        unsigned offences)
{
    apr_interval_time_t us = rules->block_for_us;

    while (offences-- > 0 && us < rules->block_max_us) {
        us *= 2;
    }
    return (us < rules->block_max_us) ? us : rules->block_max_us;
}

const char *mlg_verdict_name(mlg_verdict verdict)
{
    static const char *const names[MLG_NVERDICTS] = {"-",
#define X(id, name, meaning) name,
                                                     MLG_VERDICTS(X)
#undef X
    };

    return names[(verdict < MLG_NVERDICTS) ? verdict : MLG_VERDICT_UNSET];
}

const char *mlg_state_name(mlg_state state)
{
    static const char *const names[MLG_NSTATES] = {"calm", "calm", "suspect",
                                                   "blocked"};

    return names[(state < MLG_NSTATES) ? state : MLG_STATE_UNSET];
}

const char *mlg_engine_name(mlg_engine engine)
{
    switch (engine) {
    case MLG_ENGINE_OFF:
        return "off";
    case MLG_ENGINE_OBSERVE:
        return "observe";
    case MLG_ENGINE_ENFORCE:
        return "enforce";
    }
    return "unknown";
}
