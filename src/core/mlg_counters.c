/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_counters.h"

#include <string.h>

const mlg_counter_t mlg_counters[MLG_NCOUNTERS] = {
#define X(id, name, help) {#name, help},
    MLG_COUNTERS(X)
#undef X
};

void mlg_count_score(mlg_shard_t *shards, uint64_t shard, float score)
{
    unsigned bucket = (unsigned)(score * MLG_SCORE_BUCKETS);

    if (bucket >= MLG_SCORE_BUCKETS) {
        bucket = MLG_SCORE_BUCKETS - 1;
    }
    __atomic_fetch_add(&shards[shard % MLG_COUNTER_SHARDS].scores[bucket], 1,
                       __ATOMIC_RELAXED);
}

void mlg_counters_read(const mlg_shard_t *shards, mlg_shard_t *total)
{
    memset(total, 0, sizeof(*total));
    for (int s = 0; s < MLG_COUNTER_SHARDS; s++) {
        for (int i = 0; i < MLG_NCOUNTERS; i++) {
            total->count[i] +=
                __atomic_load_n(&shards[s].count[i], __ATOMIC_RELAXED);
        }
        for (int i = 0; i < MLG_SCORE_BUCKETS; i++) {
            total->scores[i] +=
                __atomic_load_n(&shards[s].scores[i], __ATOMIC_RELAXED);
        }
    }
}
