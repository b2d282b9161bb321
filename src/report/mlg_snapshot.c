/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_report.h"

#include <string.h>

#define RECENT_US (600 * (apr_time_t)APR_USEC_PER_SEC)

/* How many records are in use: who came, less who was pushed out and whose
 * record was emptied. A writer that died between the two steps of the count
 * makes it one too many or too few. */
static uint32_t count_used(const mlg_snapshot_t *s)
{
    uint64_t came = s->total.count[MLG_C_NEWCOMERS];
    uint64_t gone =
        s->total.count[MLG_C_EVICTIONS] + s->total.count[MLG_C_REPAIRS];
    uint64_t used = (came > gone) ? came - gone : 0;

    return (uint32_t)((used < s->clients) ? used : s->clients);
}

/* Convictions that should have become a block and did not: the block table
 * was full, or the stripe busy. */
static void read_recent(mlg_snapshot_t *s, const mlg_ring_t *ring)
{
    mlg_decision_t d;

    s->recent = 0;
    s->recent_lost = 0;
    for (unsigned n = 0; n < MLG_DECISIONS; n++) {
        if (!mlg_ring_latest(ring, n, &d)) {
            continue; /* being written, or there are not so many */
        }
        if (d.at_us < s->now_us - RECENT_US) {
            break;
        }
        s->recent++;
        s->recent_lost += d.convicts == 0;
    }
}

void mlg_snapshot_read(mlg_snapshot_t *s, const mlg_gate_t *gate)
{
    s->formatted_us = gate->segment->formatted_us;
    s->bytes = gate->segment->bytes;
    s->generation = gate->segment->generation;
    s->clients = gate->segment->clients;
    s->block_slots = mlg_block_slots(&gate->blocks);
    mlg_block_census(&gate->blocks, s->now_us, s->blocks);
    mlg_counters_read(gate->counters, &s->total);
    s->clients_used = count_used(s);
    s->site = *gate->site;
    s->model = gate->segment->model;
    s->shadow = gate->segment->shadow;
    mlg_disputes_count(gate->disputes, &s->total, s->shadow_count);
    mlg_swarm_view(&s->swarms, gate->swarms, s->behind_us);
    read_recent(s, gate->ring);
}
