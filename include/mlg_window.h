/* SPDX-License-Identifier: Apache-2.0
 *
 * The small integer instruments that a client record is made of: two-pane
 * counts, exponentially weighted means and distinct counts. Integers, so that
 * gcc, clang and a replay agree to the bit.
 *
 * Two panes: the current one and the one before, aligned to the wall clock.
 * An estimate counts all of the current pane and the share of the previous one
 * that is still less than a window old, so it slides instead of dropping to
 * zero at each boundary. Exact when events are evenly spread; never off by
 * more than the previous pane.
 *
 * Pure: no clock, no lock, no allocation. All-zero bytes are valid and empty.
 */
#ifndef MLG_WINDOW_H
#define MLG_WINDOW_H

#include <apr_time.h>
#include <stdint.h>

#define MLG_PANE_FULL 65535 /* counts stop here and never wrap */

typedef struct mlg_panes_t {
    uint16_t now;    /* events in the current pane  */
    uint16_t before; /* events in the one before it */
} mlg_panes_t;

/** How many panes of `width_s` lie between two times.
 *
 * @param from_us, to_us  microseconds since the epoch, not negative
 * @param width_s         seconds, > 0
 * @return 0 also when the clock stepped back: events go to the current pane
 */
int64_t mlg_panes_between(apr_time_t from_us, apr_time_t to_us,
                          int64_t width_s);

/** Move on by `steps` panes. */
static inline void mlg_panes_shift(mlg_panes_t *p, int64_t steps)
{
    if (steps > 0) {
        p->before = (steps == 1) ? p->now : 0;
        p->now = 0;
    }
}

/** Count one event; stops at MLG_PANE_FULL. */
static inline void mlg_panes_add(mlg_panes_t *p)
{
    p->now = (uint16_t)(p->now + (p->now < MLG_PANE_FULL));
}

/** Both panes together. @return events, 0..131070 */
static inline unsigned mlg_panes_sum(const mlg_panes_t *p)
{
    return (unsigned)p->now + p->before;
}

/** How much of the previous pane is still inside the window that ends now.
 *
 * @param at_us    microseconds since the epoch, not negative
 * @param width_s  seconds, > 0
 * @return share, above 0 and at most 1
 */
float mlg_panes_share(apr_time_t at_us, int64_t width_s);

/** Events in the window that ends now, given mlg_panes_share().
 *
 * @return events per window, finite, >= 0
 */
static inline float mlg_panes_read(const mlg_panes_t *p, float share)
{
    return (float)p->now + (float)p->before * share;
}

/* The same for many clients together, who may be more than a record's 16 bits
 * hold: an hour of a busy site. */
#define MLG_WIDE_FULL 0x7FFFFFFFu

typedef struct mlg_wide_panes_t {
    uint32_t now;
    uint32_t before;
} mlg_wide_panes_t;

/** Move on by `steps` panes. */
static inline void mlg_wide_shift(mlg_wide_panes_t *p, int64_t steps)
{
    if (steps > 0) {
        p->before = (steps == 1) ? p->now : 0;
        p->now = 0;
    }
}

/** Count one event; stops at MLG_WIDE_FULL. */
static inline void mlg_wide_add(mlg_wide_panes_t *p)
{
    p->now += (p->now < MLG_WIDE_FULL);
}

/** Both panes together. @return events, 0..UINT32_MAX - 1 */
static inline unsigned mlg_wide_sum(const mlg_wide_panes_t *p)
{
    return p->now + p->before;
}

/** Events in the window that ends now, given mlg_panes_share(). */
static inline float mlg_wide_read(const mlg_wide_panes_t *p, float share)
{
    return (float)p->now + (float)p->before * share;
}

/* Exponentially weighted mean with weight 1/8 in fixed point: 16 bits, of
 * which the caller says how many are the fraction. It settles within four
 * units of the last place of a constant input. The first value sets it. */
typedef uint16_t mlg_mean_t;

/** Fold one value into a mean.
 *
 * @param mean   the mean so far, ignored when `first`
 * @param value  in the mean's own units, 0..65535
 * @param first  1 when nothing was folded before
 * @return the new mean
 */
static inline mlg_mean_t mlg_mean_fold(mlg_mean_t mean, unsigned value,
                                       int first)
{
    int diff = (int)value - (int)mean;

    if (first) {
        return (mlg_mean_t)value;
    }
    /* round half away from zero, alike in both directions */
    return (mlg_mean_t)((int)mean + (diff + (diff >= 0 ? 4 : -4)) / 8);
}

/** log2(x) in 1/65536, error below 0.0001. @return 0 for x of 0 or 1 */
uint32_t mlg_log2_q16(uint64_t x);

/* Which values were seen, as a 64-bit map per pane, read by linear counting
 * (Whang et al. 1990). A map that is nearly full takes no more: whoever counts
 * what it took beside it gets a fair ratio however long a flood lasts. */
typedef struct mlg_map_t {
    uint64_t now;
    uint64_t before;
} mlg_map_t;

/** Move on by `steps` panes. */
static inline void mlg_map_shift(mlg_map_t *m, int64_t steps)
{
    if (steps > 0) {
        m->before = (steps == 1) ? m->now : 0;
        m->now = 0;
    }
}

/** Show one value, by its hash.
 *
 * @return 1 when taken; 0 when 60 of the 64 bits are set and it was ignored
 */
int mlg_map_add(mlg_map_t *m, uint64_t hash);

/** Was this value shown, or one that shares its bit, and taken? */
static inline int mlg_map_has(const mlg_map_t *m, uint64_t hash)
{
    return (int)((m->now | m->before) >> (hash % 64) & 1);
}

/** @return different values in both panes, 0..178; exact to a few percent up
 *          to about 60 */
float mlg_map_read(const mlg_map_t *m);

#endif /* MLG_WINDOW_H */
