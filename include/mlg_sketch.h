/* SPDX-License-Identifier: Apache-2.0
 *
 * Approximate counts for things that are not clients: how many pages a network
 * asked for, which peers have spoken for others. A fixed array of 64-bit words
 * that processes update without a lock; a lost update or a count shared by two
 * things is tolerated, a torn one cannot happen because a slot is one word.
 *
 *     word = tag:16 | pane:16 | events in the pane:16 | in the pane before:16
 *
 * A thing has two possible slots; it takes the one that carries its tag, else
 * the one whose pane is older. Two things with the same slot and tag (chance
 * 1 in 2^16 for a given pair in one slot) are counted together, so the
 * estimate can be too high and, when a slot was taken over, too low.
 *
 * Pure: no clock, no lock (relaxed atomics), no allocation. All-zero words are
 * a valid, empty sketch.
 */
#ifndef MLG_SKETCH_H
#define MLG_SKETCH_H

#include <apr_time.h>
#include <stdint.h>

typedef struct mlg_sketch_t {
    uint64_t *words; /* shape [mask + 1]; borrowed from the segment */
    uint32_t mask;   /* slots - 1, slots a power of two */
    uint32_t pane_s; /* seconds, > 0, the same on every call */
} mlg_sketch_t;

/** Count one event and read.
 *
 * @param hash   keyed hash of the thing
 * @param at_us  microseconds since the epoch; a step back counts as now
 * @param n      events, 0 (only read) or 1
 * @return events in the window of `pane_s` that ends now, this one included;
 *         finite, 0..131070
 */
float mlg_sketch_add(const mlg_sketch_t *sketch, uint64_t hash,
                     apr_time_t at_us, unsigned n);

#endif /* MLG_SKETCH_H */
