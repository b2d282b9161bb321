/* SPDX-License-Identifier: Apache-2.0
 *
 * On whom a model and its shadow disagreed lately. A client has one place, by
 * its hash, and always the same: a flood of one address takes no other's. Of
 * two clients with the same place the later one has it.
 *
 * Pure: no clock, no lock, no allocation. Places are written by any number of
 * processes at once, under a sequence number each: whoever finds one being
 * written leaves it. A writer that dies at it leaves that one place unusable
 * until the segment is made anew.
 */
#ifndef MLG_DISPUTE_H
#define MLG_DISPUTE_H

#include "mlg_counters.h"

#define MLG_DISPUTES 128u /* places */

/* Counted for a shadow, in the order of the counters. */
#define MLG_SHADOW_COUNTS 4

typedef struct mlg_dispute_t {
    uint64_t client; /* its hash, not 0 */
    mlg_key_t key;
    int64_t at_us;           /* of the latest such request */
    float score;             /* of the model, then */
    float shadow_score;      /* of the shadow, of the same vector */
    uint32_t total;          /* requests of the client by then */
    uint32_t times;          /* how often the two disagreed on it, in a row */
    uint32_t is_shadow_high; /* 1: only the shadow found it too high; 0: only
                                the model */
    uint32_t spare;
} mlg_dispute_t;

typedef struct mlg_dispute_place_t {
    _Alignas(MLG_CACHELINE) uint64_t seq; /* odd while being written */
    mlg_dispute_t dispute;
} mlg_dispute_place_t;

typedef struct mlg_disputes_t {
    _Alignas(MLG_CACHELINE) uint64_t base[MLG_SHADOW_COUNTS]; /* the counters
                                          when these two models met */
    int64_t since_us; /* when that was; what is older is not told */
    uint64_t spare[3];
    mlg_dispute_place_t place[MLG_DISPUTES];
} mlg_disputes_t;

static_assert(sizeof(mlg_dispute_place_t) == MLG_CACHELINE, "a line each");
static_assert(MLG_C_SHADOW_ONLY_SHADOW - MLG_C_SHADOW_BOTH_LOW + 1 ==
                  MLG_SHADOW_COUNTS,
              "the counters of a shadow are neighbours");

/** Begin with two models: nothing was counted and nobody disputed.
 *
 * @param total  the counters by now
 */
void mlg_disputes_begin(mlg_disputes_t *disputes, const mlg_shard_t *total,
                        apr_time_t now_us);

/** Remember one. @param dispute  its `times` is not read */
void mlg_dispute_note(mlg_disputes_t *disputes, const mlg_dispute_t *dispute);

/** Copy out those since the two models met, the latest first.
 *
 * @param out  filled, shape [MLG_DISPUTES]
 * @return how many
 */
size_t mlg_disputes_read(const mlg_disputes_t *disputes,
                         mlg_dispute_t out[MLG_DISPUTES]);

/** Requests since the two models met.
 *
 * @param total  the counters by now
 * @param out    filled, in the order of the counters: both low, both high, only
 *               the model, only the shadow
 */
void mlg_disputes_count(const mlg_disputes_t *disputes,
                        const mlg_shard_t *total,
                        uint64_t out[MLG_SHADOW_COUNTS]);

#endif /* MLG_DISPUTE_H */
