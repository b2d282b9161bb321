/* SPDX-License-Identifier: Apache-2.0 */
#include "gate.h"

#include <string.h>

uint64_t gate_decision_id(const mlg_gate_t *gate, const mlg_arrival_t *a)
{
    uint64_t seed[3] = {a->from.hash, (uint64_t)a->at_us, a->path};

    return mlg_hash_bytes(&gate->segment->secret, seed, sizeof(seed));
}

/* The sweep has not seen the end of the client's last block, and will not: its
 * entry is about to be written over. */
static void note_ended(const mlg_gate_t *gate, const mlg_arrival_t *a,
                       mlg_decision_t *d, const mlg_stripe_t *stripe)
    MLG_REQUIRES(stripe)
{
    mlg_block_t last;

    if (mlg_block_latest(&gate->blocks, a->from.hash, &last, stripe) &&
        last.kind != MLG_BLOCK_GRACE && last.until_us <= a->at_us &&
        !last.is_told) {
        d->ended_us = last.until_us;
        d->ended_refused = last.info.refused;
        d->ended_kind = last.kind;
    }
}

/* Enter the block of a client that was just convicted. */
static apr_status_t enter_block(const mlg_gate_t *gate,
                                const mlg_rules_t *rules,
                                const mlg_arrival_t *a, mlg_decision_t *d,
                                mlg_stripe_t *stripe) MLG_REQUIRES(stripe)
{
    mlg_block_kind kind = (rules->engine == MLG_ENGINE_ENFORCE)
                              ? MLG_BLOCK_AUTO
                              : MLG_BLOCK_WOULD;
    unsigned before =
        mlg_block_offences(&gate->blocks, a->from.hash, kind, a->at_us);
    mlg_block_t entry;
    apr_status_t rv;

    memset(&entry, 0, sizeof(entry));
    entry.kind = kind;
    entry.client = a->from.hash;
    entry.until_us = a->at_us + mlg_policy_block_us(rules, before);
    entry.info.key = a->from.key;
    entry.info.since_us = a->at_us;
    entry.info.decision = d->id;
    entry.info.offences = (before < 255) ? before + 1 : 255;
    entry.info.score = d->score;
    entry.info.nreasons = d->reasons.n;
    memcpy(entry.info.reason, d->reasons.top, sizeof(entry.info.reason));
    note_ended(gate, a, d, stripe);
    rv = mlg_block_put(&gate->blocks, &entry, a->at_us, stripe);
    if (rv == APR_SUCCESS) {
        d->until_us = entry.until_us;
        d->offences = (uint8_t)entry.info.offences;
        d->convicts = 1;
        gate_count(gate, a->from.hash,
                   (entry.kind == MLG_BLOCK_AUTO) ? MLG_C_BLOCKS
                                                  : MLG_C_WOULD_BLOCKS);
    }
    else {
        gate_count(gate, a->from.hash, MLG_C_UNRECORDED);
    }
    return rv;
}

void gate_convict(const mlg_gate_t *gate, const mlg_rules_t *rules,
                  const mlg_arrival_t *a, mlg_stripe_t *held, mlg_record_t *own,
                  mlg_decision_t *d)
{
    d->verdict = (rules->engine == MLG_ENGINE_ENFORCE)
                     ? MLG_VERDICT_REFUSE
                     : MLG_VERDICT_WOULD_REFUSE;
    d->id = gate_decision_id(gate, a);
    if (held != NULL) {
        mlg_stripe_assume(held);
        if (enter_block(gate, rules, a, d, held) == APR_SUCCESS) {
            own->state = (uint8_t)mlg_policy_next((mlg_state)own->state,
                                                  MLG_EVENT_PROOF);
        }
    }
    mlg_ring_add(gate->ring, d);
}
