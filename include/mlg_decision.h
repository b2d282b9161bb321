/* SPDX-License-Identifier: Apache-2.0
 *
 * A decision about one request, with everything needed to explain it, and the
 * ring in which the latest convictions are kept for operators who ask "why".
 *
 * Pure: no clock, no lock (a sequence number per slot), no allocation.
 */
#ifndef MLG_DECISION_H
#define MLG_DECISION_H

#include "mlg_policy.h"

#define MLG_DECISIONS 4096 /* convictions remembered */

typedef struct mlg_decision_t {
    uint64_t id;      /* reference ID of the conviction; 0 = none */
    int64_t at_us;    /* microseconds since the epoch */
    int64_t until_us; /* end of the block; 0 = not blocked */
    mlg_key_t key;    /* the client */
    float score;      /* that counted; NaN when the request was not judged */
    float threshold;
    uint32_t total;         /* requests of the client so far */
    uint16_t verdict;       /* mlg_verdict */
    uint8_t offences;       /* blocks of this client, this one included */
    uint8_t convicts;       /* 1: this very request made the client blocked */
    int64_t ended_us;       /* with `convicts`: the client's block before this
                               one ended then and nobody has said so; else 0 */
    uint32_t ended_refused; /* requests refused while that one lasted */
    uint32_t ended_kind;    /* mlg_block_kind of that one */
    mlg_reasons_t reasons;
    float x[MLG_NFEATURES]; /* the vector that was scored */
    uint32_t rarity;        /* of this request, as mlg_arrival_t has it */
    uint8_t is_recorded;    /* 1: the arrival is in the client's record, and its
                            outcome belongs there too */
    uint8_t swarm_is;       /* MLG_IN_SWARM_* */
    uint16_t swarm;         /* 1 + index of its swarm's event; 0 = none */
    float excess;           /* of its cohorts; NaN = no newcomer's */
    uint8_t swarm_begins;   /* 1: this very request began the event */
    uint8_t is_trusted;     /* 1: the score is with the benefit of the doubt */
    uint8_t spare[2];
    uint64_t model; /* the forest that judged; 0: weights, or nobody */
} mlg_decision_t;

typedef struct mlg_ring_slot_t {
    _Alignas(MLG_CACHELINE) uint64_t seq; /* odd while being written */
    mlg_decision_t decision;
} mlg_ring_slot_t;

typedef struct mlg_ring_t {
    uint64_t next; /* convictions ever */
    mlg_ring_slot_t slot[MLG_DECISIONS];
} mlg_ring_t;

static_assert(sizeof(mlg_decision_t) % 8 == 0, "copied in 64-bit words");

/** Was the request refused, or would it have been if not observed? */
static inline int mlg_decision_refuses(const mlg_decision_t *d)
{
    return d->verdict == MLG_VERDICT_REFUSE ||
           d->verdict == MLG_VERDICT_WOULD_REFUSE;
}

/** Was it refused for its swarm and for nothing else? Then its outcome is no
 * evidence: settle it as never answered. */
static inline int mlg_decision_is_for_swarm(const mlg_decision_t *d)
{
    return d->verdict == MLG_VERDICT_REFUSE &&
           (d->swarm_is & MLG_IN_SWARM_ALONE) != 0;
}

/** Remember a conviction, over the oldest one. Lock-free. */
void mlg_ring_add(mlg_ring_t *ring, const mlg_decision_t *decision);

/** Find a conviction by its reference ID. Lock-free; for operators, it looks
 * through the whole ring.
 *
 * @return 1 and `out` filled when it is still there
 */
int mlg_ring_find(const mlg_ring_t *ring, uint64_t id, mlg_decision_t *out);

/** Copy out the nth latest conviction, 0 being the latest.
 *
 * @return 1; 0 when there are not so many or it is being written
 */
int mlg_ring_latest(const mlg_ring_t *ring, unsigned n, mlg_decision_t *out);

#endif /* MLG_DECISION_H */
