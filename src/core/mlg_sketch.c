/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_sketch.h"

#include "mlg_window.h"

/* A clock steps back by a few panes; a pane number further in the future is
 * one of the last round, for 16 bits of them wrap. */
#define PANES_BACK 60

static uint16_t tag_of(uint64_t word)
{
    return (uint16_t)(word >> 48);
}

static uint16_t pane_of(uint64_t word)
{
    return (uint16_t)(word >> 32);
}

/* How many panes ago this slot was last written; an empty one is oldest. */
static uint16_t age_of(uint64_t word, uint16_t pane)
{
    return (word == 0) ? UINT16_MAX : (uint16_t)(pane - pane_of(word));
}

float mlg_sketch_add(const mlg_sketch_t *sketch, uint64_t hash,
                     apr_time_t at_us, unsigned n)
{
    uint16_t tag = (uint16_t)(hash >> 48);
    uint16_t pane =
        (uint16_t)(at_us / APR_USEC_PER_SEC / (int64_t)sketch->pane_s);
    uint64_t *slot = &sketch->words[(hash >> 8) & sketch->mask];
    uint64_t *other = &sketch->words[((hash >> 8) & sketch->mask) ^ 1];
    uint64_t word = __atomic_load_n(slot, __ATOMIC_RELAXED);
    uint64_t other_word = __atomic_load_n(other, __ATOMIC_RELAXED);
    mlg_panes_t counts = {0, 0};

    if (tag_of(word) != tag &&
        (tag_of(other_word) == tag ||
         age_of(other_word, pane) > age_of(word, pane))) {
        slot = other;
        word = other_word;
    }
    if (word != 0 && tag_of(word) == tag) {
        uint16_t age = age_of(word, pane);

        counts.now = (uint16_t)(word >> 16);
        counts.before = (uint16_t)word;
        if (age > UINT16_MAX - PANES_BACK) {
            pane = pane_of(word); /* the clock stepped back */
        }
        else {
            mlg_panes_shift(&counts, age);
        }
    }
    if (n > 0) {
        mlg_panes_add(&counts);
        __atomic_store_n(slot,
                         (uint64_t)tag << 48 | (uint64_t)pane << 32 |
                             (uint64_t)counts.now << 16 | counts.before,
                         __ATOMIC_RELAXED);
    }
    return mlg_panes_read(&counts, mlg_panes_share(at_us, sketch->pane_s));
}
