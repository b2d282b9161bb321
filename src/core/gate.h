/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of mlg_gate.h share: the client itself is judged in
 * mlg_gate.c, the company that it keeps in gate_cohorts.c; what a conviction
 * enters is in gate_convict.c.
 */
#ifndef GATE_H
#define GATE_H

#include "mlg_gate.h"

static inline void gate_count(const mlg_gate_t *gate, uint64_t client,
                              mlg_counter_id id)
{
    mlg_count(gate->counters, client, id);
}

/** A reference ID that says nothing about the client. */
uint64_t gate_decision_id(const mlg_gate_t *gate, const mlg_arrival_t *a);

/** Refuse a client on what its requests have proved, and block it.
 *
 * @param held  its stripe; NULL: this request alone is refused, nothing kept
 * @param own   its record, whose state may change; used only with `held`
 * @param d     verdict, ID and block are set; goes into the ring
 */
void gate_convict(const mlg_gate_t *gate, const mlg_rules_t *rules,
                  const mlg_arrival_t *a, mlg_stripe_t *held, mlg_record_t *own,
                  mlg_decision_t *d);

/** Count the request in its cohorts, and hear what they say.
 *
 * @param own  the client's record with the arrival folded in
 * @param d    its `excess` and `swarm...` are set
 */
void gate_ask_cohorts(const mlg_gate_t *gate, const mlg_rules_t *rules,
                      const mlg_arrival_t *a, const mlg_record_t *own,
                      mlg_decision_t *d);

/** Refuse one of a swarm, whom nothing of its own condemns: for this request
 * alone, with no block and no evidence against it.
 *
 * @param d  judged, and asked about its cohorts; its verdict may change
 */
void gate_refuse_member(const mlg_gate_t *gate, const mlg_rules_t *rules,
                        const mlg_arrival_t *a, mlg_decision_t *d);

#endif /* GATE_H */
