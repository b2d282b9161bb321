/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_decision.h"

#define WORDS (sizeof(mlg_decision_t) / sizeof(mlg_word_t))

void mlg_ring_add(mlg_ring_t *ring, const mlg_decision_t *decision)
{
    uint64_t n = __atomic_fetch_add(&ring->next, 1, __ATOMIC_RELAXED);
    mlg_ring_slot_t *slot = &ring->slot[n % MLG_DECISIONS];
    const mlg_word_t *from = (const mlg_word_t *)decision;
    mlg_word_t *to = (mlg_word_t *)&slot->decision;

    __atomic_store_n(&slot->seq, 2 * n + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    for (size_t w = 0; w < WORDS; w++) {
        __atomic_store_n(&to[w], from[w], __ATOMIC_RELAXED);
    }
    __atomic_store_n(&slot->seq, 2 * n + 2, __ATOMIC_RELEASE);
}

static int copy_slot(const mlg_ring_slot_t *slot, mlg_decision_t *out)
{
    const mlg_word_t *from = (const mlg_word_t *)&slot->decision;
    mlg_word_t *to = (mlg_word_t *)out;
    uint64_t seq = __atomic_load_n(&slot->seq, __ATOMIC_ACQUIRE);

    if (seq == 0 || (seq & 1) != 0) {
        return 0;
    }
    for (size_t w = 0; w < WORDS; w++) {
        to[w] = __atomic_load_n(&from[w], __ATOMIC_RELAXED);
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&slot->seq, __ATOMIC_RELAXED) == seq;
}

int mlg_ring_find(const mlg_ring_t *ring, uint64_t id, mlg_decision_t *out)
{
    for (unsigned i = 0; i < MLG_DECISIONS; i++) {
        if (__atomic_load_n(&ring->slot[i].decision.id, __ATOMIC_RELAXED) ==
                id &&
            copy_slot(&ring->slot[i], out) && out->id == id) {
            return 1;
        }
    }
    return 0;
}

int mlg_ring_latest(const mlg_ring_t *ring, unsigned n, mlg_decision_t *out)
{
    uint64_t next = __atomic_load_n(&ring->next, __ATOMIC_ACQUIRE);

    if (n >= MLG_DECISIONS || n >= next) {
        return 0;
    }
    return copy_slot(&ring->slot[(next - 1 - n) % MLG_DECISIONS], out);
}
