/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_dispute.h"

#define WORDS (sizeof(mlg_dispute_t) / sizeof(mlg_word_t))

void mlg_disputes_begin(mlg_disputes_t *disputes, const mlg_shard_t *total,
                        apr_time_t now_us)
{
    for (int i = 0; i < MLG_SHADOW_COUNTS; i++) {
        __atomic_store_n(&disputes->base[i],
                         total->count[MLG_C_SHADOW_BOTH_LOW + i],
                         __ATOMIC_RELAXED);
    }
    __atomic_store_n(&disputes->since_us, now_us, __ATOMIC_RELEASE);
}

static apr_time_t since(const mlg_disputes_t *disputes)
{
    return __atomic_load_n(&disputes->since_us, __ATOMIC_RELAXED);
}

/* @return 1 and `out` filled when it holds one and nobody is writing */
static int copy_place(const mlg_dispute_place_t *place, uint64_t seq,
                      mlg_dispute_t *out)
{
    const mlg_word_t *from = (const mlg_word_t *)&place->dispute;
    mlg_word_t *to = (mlg_word_t *)out;

    if (seq == 0 || (seq & 1) != 0) {
        return 0;
    }
    for (size_t w = 0; w < WORDS; w++) {
        to[w] = __atomic_load_n(&from[w], __ATOMIC_RELAXED);
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&place->seq, __ATOMIC_RELAXED) == seq;
}

void mlg_dispute_note(mlg_disputes_t *disputes, const mlg_dispute_t *dispute)
{
    mlg_dispute_place_t *place =
        &disputes->place[dispute->client % MLG_DISPUTES];
    uint64_t seq = __atomic_load_n(&place->seq, __ATOMIC_ACQUIRE);
    mlg_word_t *to = (mlg_word_t *)&place->dispute;
    mlg_dispute_t own = *dispute;
    const mlg_word_t *from = (const mlg_word_t *)&own;
    mlg_dispute_t before;
    int has_been = copy_place(place, seq, &before) &&
                   before.client == own.client &&
                   before.at_us >= since(disputes);

    own.times = has_been ? before.times + (before.times < UINT32_MAX) : 1;
    own.spare = 0;
    if ((seq & 1) != 0 ||
        !__atomic_compare_exchange_n(&place->seq, &seq, seq + 1, 0,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        return; /* someone else's is as good */
    }
    __atomic_thread_fence(__ATOMIC_RELEASE);
    for (size_t w = 0; w < WORDS; w++) {
        __atomic_store_n(&to[w], from[w], __ATOMIC_RELAXED);
    }
    __atomic_store_n(&place->seq, seq + 2, __ATOMIC_RELEASE);
}

/* Sorted in as they are found: few, and for operators. */
static void sort_in(mlg_dispute_t out[MLG_DISPUTES], size_t n,
                    const mlg_dispute_t *dispute)
{
    for (; n > 0 && out[n - 1].at_us < dispute->at_us; n--) {
        out[n] = out[n - 1];
    }
    out[n] = *dispute;
}

size_t mlg_disputes_read(const mlg_disputes_t *disputes,
                         mlg_dispute_t out[MLG_DISPUTES])
{
    size_t n = 0;

    for (size_t i = 0; i < MLG_DISPUTES; i++) {
        const mlg_dispute_place_t *place = &disputes->place[i];
        uint64_t seq = __atomic_load_n(&place->seq, __ATOMIC_ACQUIRE);
        mlg_dispute_t found;

        if (copy_place(place, seq, &found) && found.at_us >= since(disputes)) {
            sort_in(out, n++, &found);
        }
    }
    return n;
}

void mlg_disputes_count(const mlg_disputes_t *disputes,
                        const mlg_shard_t *total,
                        uint64_t out[MLG_SHADOW_COUNTS])
{
    for (int i = 0; i < MLG_SHADOW_COUNTS; i++) {
        uint64_t now = total->count[MLG_C_SHADOW_BOTH_LOW + i];
        uint64_t then = __atomic_load_n(&disputes->base[i], __ATOMIC_RELAXED);

        out[i] = (now > then) ? now - then : 0; /* read a moment apart */
    }
}
