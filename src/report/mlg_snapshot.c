/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_report.h"

#include <string.h>

#define SAMPLED_BUCKETS 1024u /* 16 records each: good to 1 % of the table */
#define RECENT_US       (600 * (apr_time_t)APR_USEC_PER_SEC)

/* How many records are in use, from evenly spread buckets; exact when the
 * table has no more buckets than the sample. */
static uint32_t sample_used(const mlg_table_t *t)
{
    uint32_t buckets = t->bucket_mask + 1;
    uint32_t step = (buckets > SAMPLED_BUCKETS) ? buckets / SAMPLED_BUCKETS : 1;
    uint64_t used = 0;

    for (uint32_t b = 0; b < buckets; b += step) {
        for (int way = 0; way < MLG_WAYS; way++) {
            used += __atomic_load_n(&t->bucket[b].record[way].client,
                                    __ATOMIC_RELAXED) != 0;
        }
    }
    return (uint32_t)(used * step);
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
    s->clients_used = sample_used(&gate->table);
    s->block_slots = mlg_block_slots(&gate->blocks);
    mlg_block_census(&gate->blocks, s->now_us, s->blocks);
    mlg_counters_read(gate->counters, &s->total);
    read_recent(s, gate->ring);
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
