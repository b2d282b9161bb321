/* SPDX-License-Identifier: Apache-2.0
 *
 * What the gate has done, in numbers. One list makes the counters, /stats,
 * /metrics and the README's table. They are kept in shards, so that processes
 * do not fight over a cache line; a reader adds the shards up. Exact: every
 * request is counted whether or not its stripe was free.
 *
 * Pure: no clock, no lock (relaxed atomics), no allocation.
 */
#ifndef MLG_COUNTERS_H
#define MLG_COUNTERS_H

#include "mlg_record.h"

/* clang-format off */
#define MLG_COUNTERS(X)                                                        \
  X(REQUESTS,       requests,       "requests that reached the gate")          \
  X(JUDGED,         judged,         "requests that were scored")               \
  X(ASSETS,         assets,         "judged requests for static assets")       \
  X(REFUSED,        refused,        "requests refused")                        \
  X(WOULD_REFUSE,   would_refuse,   "requests that enforcing would have refused")\
  X(ALLOWED,        allowed,        "requests of allow-listed clients")        \
  X(EXEMPT,         exempt,         "requests exempt by expression")           \
  X(GRACE,          grace,          "requests of clients an operator unblocked")\
  X(SWARM_REFUSED,  swarm_refused,  "requests refused for the swarm they came with, among the refused")\
  X(SWARM_WOULD_REFUSE, swarm_would_refuse, "requests that would have been refused for their swarm")\
  X(BLOCKS,         blocks,         "clients blocked automatically")           \
  X(WOULD_BLOCKS,   would_blocks,   "clients that enforcing would have blocked")\
  X(OPERATOR_BLOCKS,operator_blocks,"clients blocked by an operator")          \
  X(UNBLOCKS,       unblocks,       "clients unblocked by an operator")        \
  X(UNRECORDED,     unrecorded,     "convictions the block table had no room for")\
  X(LATE,           late,           "requests answered before they could be judged, counted afterwards")\
  X(TIMEOUTS,       timeouts,       "requests that ended in 408")              \
  X(NEWCOMERS,      newcomers,      "clients that got a record")               \
  X(EVICTIONS,      evictions,      "clients that lost their record to a newcomer")\
  X(SKIPPED,        skipped,        "updates skipped because a stripe was busy")\
  X(REPAIRS,        repairs,        "records emptied because their writer died")\
  X(EVENTS_LOST,    events_lost,    "lines that MLGateEventLog did not take")      \
  X(OBSERVATIONS_LOST, observations_lost, "lines that MLGateObservationLog did not take") \
  X(MODEL_RELOADS,  model_reloads,  "changed model files that were taken into use")\
  X(MODEL_REFUSALS, model_refusals, "changed model files that were refused")   \
  X(SHADOW_BOTH_LOW, shadow_both_low, "requests whose score neither the model nor its shadow found too high")\
  X(SHADOW_BOTH_HIGH, shadow_both_high, "requests whose score the model and its shadow both found too high")\
  X(SHADOW_ONLY_MODEL, shadow_only_model, "requests whose score the model found too high and its shadow did not")\
  X(SHADOW_ONLY_SHADOW, shadow_only_shadow, "requests whose score only the shadow found too high")\
  X(STATE_WRITES,   state_writes,   "times MLGateStateFile or its blocks were written")\
  X(STATE_FAILURES, state_failures, "times they could not be")                 \
  X(LOCK_ERRORS,    lock_errors,    "stripes whose lock failed; the request was judged, its record not kept")
/* clang-format on */

typedef enum mlg_counter_id {
#define X(id, name, help) MLG_C_##id,
    MLG_COUNTERS(X)
#undef X
        MLG_NCOUNTERS
} mlg_counter_id;

typedef struct mlg_counter_t {
    const char *name;
    const char *help;
} mlg_counter_t;

/* shape [MLG_NCOUNTERS] */
extern const mlg_counter_t mlg_counters[MLG_NCOUNTERS];

#define MLG_SCORE_BUCKETS  20 /* of 0.05 each, the last one with 1.0 */
#define MLG_COUNTER_SHARDS 16

/* Not declared aligned, because totals live in pools that align to 8 bytes; in
 * the segment each shard begins on a line of its own. */
typedef struct mlg_shard_t {
    uint64_t count[MLG_NCOUNTERS];
    uint64_t scores[MLG_SCORE_BUCKETS]; /* judged requests by score */
    uint64_t spare[8 - (MLG_NCOUNTERS + MLG_SCORE_BUCKETS) % 8];
} mlg_shard_t;

static_assert(sizeof(mlg_shard_t) % MLG_CACHELINE == 0, "whole lines");

/** Count one. @param shard  any number, such as the client's hash */
static inline void mlg_count(mlg_shard_t *shards, uint64_t shard,
                             mlg_counter_id id)
{
    __atomic_fetch_add(&shards[shard % MLG_COUNTER_SHARDS].count[id], 1,
                       __ATOMIC_RELAXED);
}

/** Put one score, 0..1, into the histogram. */
void mlg_count_score(mlg_shard_t *shards, uint64_t shard, float score);

/** Add all shards up. @param total  filled */
void mlg_counters_read(const mlg_shard_t *shards, mlg_shard_t *total);

#endif /* MLG_COUNTERS_H */
