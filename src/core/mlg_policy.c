/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_policy.h"

#define EVIDENCE_MASK  0x1f /* the last five scores */
#define EVIDENCE_PROOF 3    /* of which so many must be high */

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
