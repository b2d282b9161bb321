/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_gate.h"

#include <string.h>

#define NETWORK_SLOTS     65536u
#define NETWORK_PANE_S    10
#define PEER_SLOTS        256u
#define PEER_PANE_S       86400
#define CLIENTS_PER_BLOCK 4 /* the block table has a quarter of the clients */

/* Byte positions of the parts, each on a cache line of its own. */
typedef struct layout_t {
    size_t locks;
    size_t stripes;
    size_t counters;
    size_t ring;
    size_t members;
    size_t disputes;
    size_t networks;
    size_t peers;
    size_t answered;
    size_t places;
    size_t calibration;
    size_t shadow_calibration;
    size_t site;
    size_t swarms;
    size_t lines;
    size_t info;
    size_t table;
    size_t end;
    uint32_t clients;
    uint32_t nlines;
} layout_t;

static uint32_t round_up(uint32_t clients)
{
    uint32_t size = MLG_CLIENTS_MIN;

    while (size < clients && size < MLG_CLIENTS_MAX) {
        size *= 2;
    }
    return size;
}

static size_t after(size_t at, size_t bytes)
{
    return (at + bytes + MLG_CACHELINE - 1) & ~(size_t)(MLG_CACHELINE - 1);
}

static layout_t layout_for(uint32_t clients)
{
    layout_t l;

    l.clients = round_up(clients);
    l.nlines = l.clients / CLIENTS_PER_BLOCK / MLG_BLOCK_SLOTS;
    if (l.nlines < MLG_STRIPES * MLG_BLOCK_LINES) {
        l.nlines = MLG_STRIPES * MLG_BLOCK_LINES; /* eight lines a client */
    }
    l.locks = after(0, sizeof(mlg_segment_t));
    l.stripes = after(l.locks, sizeof(mlg_lock_room_t) * MLG_STRIPES);
    l.counters = after(l.stripes, sizeof(mlg_stripe_t) * MLG_STRIPES);
    l.ring = after(l.counters, sizeof(mlg_shard_t) * MLG_COUNTER_SHARDS);
    l.members = after(l.ring, sizeof(mlg_ring_t));
    l.disputes = after(l.members, sizeof(mlg_ring_t));
    l.networks = after(l.disputes, sizeof(mlg_disputes_t));
    l.peers = after(l.networks, sizeof(uint64_t) * NETWORK_SLOTS);
    l.answered = after(l.peers, sizeof(uint64_t) * PEER_SLOTS);
    l.places = after(l.answered, sizeof(uint64_t));
    l.calibration = after(l.places, sizeof(uint64_t) * MLG_POPULARITY_SLOTS);
    l.shadow_calibration = after(l.calibration, sizeof(mlg_calibration_t));
    l.site = after(l.shadow_calibration, sizeof(mlg_calibration_t));
    l.swarms = after(l.site, sizeof(mlg_site_t));
    l.lines = after(l.swarms, sizeof(mlg_swarms_t));
    l.info = after(l.lines, sizeof(mlg_block_line_t) * l.nlines);
    l.table =
        after(l.info, sizeof(mlg_block_info_t) * l.nlines * MLG_BLOCK_SLOTS);
    l.end = after(l.table, sizeof(mlg_bucket_t) * (l.clients / MLG_WAYS));
    return l;
}

size_t mlg_segment_bytes(uint32_t clients)
{
    return layout_for(clients).end;
}

void mlg_segment_format(void *base, uint32_t clients,
                        const mlg_secret_t *secret, apr_time_t now_us)
{
    mlg_segment_t *s = base;
    layout_t l = layout_for(clients);

    s->layout = MLG_SEGMENT_LAYOUT;
    s->record_bytes = sizeof(mlg_record_t);
    s->features = mlg_features_fingerprint();
    s->bytes = l.end;
    s->clients = l.clients;
    s->generation = 0;
    s->begun_us = now_us;
    s->formatted_us = now_us;
    s->secret = *secret;
    s->magic = MLG_SEGMENT_MAGIC; /* last: now it is one */
}

apr_status_t mlg_segment_view(mlg_gate_t *gate, void *base, size_t bytes,
                              mlg_fault_t *fault)
{
    unsigned char *at = base;
    mlg_segment_t *s = base;
    layout_t l;

    memset(gate, 0, sizeof(*gate));
    if (bytes < sizeof(*s) || s->magic != MLG_SEGMENT_MAGIC) {
        mlg_fault(fault, 0, "the segment does not begin with its magic");
        return MLG_ENOTSEG;
    }
    l = layout_for(s->clients);
    if (s->layout != MLG_SEGMENT_LAYOUT || s->clients != l.clients ||
        s->record_bytes != sizeof(mlg_record_t) || s->bytes != l.end ||
        bytes < l.end) {
        mlg_fault(fault, 0, "layout, record size or length differ");
        return MLG_ELAYOUT;
    }
    if (s->features != mlg_features_fingerprint()) {
        mlg_fault(fault, 0, "made for another list of features");
        return MLG_ESHAPE;
    }
    gate->segment = s;
    gate->lock = (mlg_lock_room_t *)(at + l.locks);
    gate->counters = (mlg_shard_t *)(at + l.counters);
    gate->ring = (mlg_ring_t *)(at + l.ring);
    gate->members = (mlg_ring_t *)(at + l.members);
    gate->disputes = (mlg_disputes_t *)(at + l.disputes);
    gate->networks = (mlg_sketch_t){(uint64_t *)(at + l.networks),
                                    NETWORK_SLOTS - 1, NETWORK_PANE_S};
    gate->peers =
        (mlg_sketch_t){(uint64_t *)(at + l.peers), PEER_SLOTS - 1, PEER_PANE_S};
    gate->places = (mlg_popularity_t){(uint64_t *)(at + l.places),
                                      (uint64_t *)(at + l.answered),
                                      MLG_POPULARITY_SLOTS - 1};
    gate->calibration = (mlg_calibration_t *)(at + l.calibration);
    gate->shadow_calibration = (mlg_calibration_t *)(at + l.shadow_calibration);
    gate->site = (mlg_site_t *)(at + l.site);
    gate->swarms = (mlg_swarms_t *)(at + l.swarms);
    gate->blocks.line = (mlg_block_line_t *)(at + l.lines);
    gate->blocks.info = (mlg_block_info_t *)(at + l.info);
    gate->blocks.line_mask = l.nlines - 1;
    gate->table.stripe = (mlg_stripe_t *)(at + l.stripes);
    gate->table.bucket = (mlg_bucket_t *)(at + l.table);
    gate->table.bucket_mask = l.clients / MLG_WAYS - 1;
    return APR_SUCCESS;
}
