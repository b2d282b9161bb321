/* SPDX-License-Identifier: Apache-2.0
 *
 * What writing and reading a state share: the arrays of a gate, by number.
 */
#ifndef STATE_H
#define STATE_H

#include "mlg_state.h"

#define TAG_HEAD   MLG_STATE_TAG('H', 'E', 'A', 'D')
#define TAG_BLOCK  MLG_STATE_TAG('B', 'L', 'O', 'K')
#define TAG_RECORD MLG_STATE_TAG('R', 'E', 'C', 'O')
#define TAG_END    MLG_STATE_TAG('E', 'N', 'D', ' ')

#define BLOCK_VERSION 1u

typedef struct array_t {
    uint32_t tag;
    uint32_t version;
    uint32_t how; /* MLG_STATE_WORDS or MLG_STATE_SLOTS */
    uint32_t item_bytes;
    uint64_t items;
    void *at;
} array_t;

enum {
#define X(tag, version, how, type, where, items) +1
    NARRAYS = 0 MLG_STATE_ARRAYS(X)
#undef X
};

#define X(tag, version, how, type, where, items)                               \
    static_assert(sizeof(type) <= MLG_STATE_PIECE - sizeof(mlg_state_piece_t), \
                  "an item fits into a piece");
MLG_STATE_ARRAYS(X)
#undef X

/* @param n  below NARRAYS */
static inline array_t array_of(const mlg_gate_t *gate, unsigned n)
{
    const array_t all[NARRAYS] = {
#define X(tag, version, how, type, where, items)                               \
    {MLG_STATE_TAG tag, version, MLG_STATE_##how, sizeof(type), items, where},
        MLG_STATE_ARRAYS(X)
#undef X
    };

    return all[n];
}

/* The check of a piece. @param chain  that of the piece before; 0: none was */
static inline uint64_t check_of(uint64_t chain, const mlg_state_piece_t *piece,
                                size_t len)
{
    chain = mlg_hash_check(chain, piece, offsetof(mlg_state_piece_t, check));
    return mlg_hash_check(chain, piece + 1, len - sizeof(*piece));
}

#endif /* STATE_H */
