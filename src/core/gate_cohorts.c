/* SPDX-License-Identifier: Apache-2.0 */
#include "gate.h"

void gate_ask_cohorts(const mlg_gate_t *gate, const mlg_rules_t *rules,
                      const mlg_arrival_t *a, const mlg_record_t *own,
                      mlg_decision_t *d)
{
    mlg_swarm_found_t found;

    if (rules->swarm.mode <= MLG_SWARM_OFF) {
        return;
    }
    mlg_swarm_arrive(gate->swarms, &rules->swarm, a, own, &found);
    d->excess = found.excess;
    d->swarm = found.event;
    d->swarm_begins = found.begins;
    if (found.refuses) {
        d->swarm_is = MLG_IN_SWARM_REFUSES;
        if (mlg_swarm_holds_back(gate->swarms, &rules->swarm)) {
            d->swarm_is |= MLG_IN_SWARM_HELD;
        }
    }
    /* What the server observed holds; here it was counted all the same, to
     * tell of swarms. */
    if ((a->knows & MLG_KNOWS_SWARM) != 0) {
        d->excess = a->excess;
        d->swarm_is = (uint8_t)(a->swarm & ~MLG_IN_SWARM_ALONE);
    }
}

void gate_refuse_member(const mlg_gate_t *gate, const mlg_rules_t *rules,
                        const mlg_arrival_t *a, mlg_decision_t *d)
{
    int is_refused = rules->engine == MLG_ENGINE_ENFORCE &&
                     rules->swarm.mode == MLG_SWARM_REFUSE &&
                     (d->swarm_is & MLG_IN_SWARM_HELD) == 0 &&
                     (a->is & MLG_IS_LATE) == 0;

    if ((d->swarm_is & MLG_IN_SWARM_REFUSES) == 0 || mlg_decision_refuses(d)) {
        return;
    }
    d->verdict = is_refused ? MLG_VERDICT_REFUSE : MLG_VERDICT_WOULD_REFUSE;
    d->swarm_is |= MLG_IN_SWARM_ALONE;
    d->id = gate_decision_id(gate, a);
    mlg_swarm_note(gate->swarms, d->swarm, a->from.hash, a->at_us, is_refused);
    mlg_ring_add(gate->members, d);
    gate_count(gate, a->from.hash,
               is_refused ? MLG_C_SWARM_REFUSED : MLG_C_SWARM_WOULD_REFUSE);
}

int mlg_gate_asks_cohorts(const mlg_gate_t *gate, const mlg_arrival_t *a)
{
    const mlg_record_t *shared;
    uint32_t total;

    if ((a->is & (MLG_IS_ASSET | MLG_IS_OTHER_METHOD)) != 0) {
        return 0;
    }
    shared = mlg_table_find(&gate->table, a->from.hash);
    if (shared == NULL) {
        return 1;
    }
    total = __atomic_load_n(&shared->total, __ATOMIC_RELAXED);
    if (total >= MLG_SWARM_YOUNG) {
        return 0;
    }
    return (total < MLG_SWARM_FIRST &&
            (__atomic_load_n(&shared->seen, __ATOMIC_RELAXED) &
             MLG_SEEN_PAGE) == 0) ||
           mlg_swarm_is_hot(gate->swarms, a->at_us);
}
