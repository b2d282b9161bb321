/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_cohort.h"

#include <math.h>
#include <string.h>

#define NET_BITS      128u
#define STANDING_FULL 4096

typedef uint64_t __attribute__((__may_alias__)) word_t;

#define WORDS (sizeof(mlg_cohort_t) / sizeof(word_t))

static const uint16_t pane_s[MLG_NCOHORT_WINDOWS] = {60, 600, 3600, 43200};

void mlg_cohort_load(mlg_cohort_t *own, const mlg_cohort_t *shared)
{
    const word_t *from = (const word_t *)shared;
    word_t *to = (word_t *)own;

#pragma GCC unroll 24
    for (size_t w = 0; w < WORDS; w++) {
        to[w] = __atomic_load_n(&from[w], __ATOMIC_RELAXED);
    }
}

void mlg_cohort_store(mlg_cohort_t *shared, const mlg_cohort_t *own)
{
    const word_t *from = (const word_t *)own;
    word_t *to = (word_t *)shared;

#pragma GCC unroll 24
    for (size_t w = 0; w < WORDS; w++) {
        __atomic_store_n(&to[w], from[w], __ATOMIC_RELAXED);
    }
}

/* ---- places --------------------------------------------------------------- */

static uint64_t tag_at(const mlg_cohort_t *at)
{
    return __atomic_load_n(&at->tag, __ATOMIC_RELAXED);
}

/* Nobody's place: emptied for whoever comes. */
static mlg_cohort_t *take(mlg_cohort_t *at, uint64_t tag)
{
    mlg_cohort_t fresh;

    memset(&fresh, 0, sizeof(fresh));
    fresh.tag = tag;
    mlg_cohort_store(at, &fresh);
    return at;
}

static mlg_cohort_t *set_of(mlg_cohort_t *table, uint32_t mask, uint64_t tag)
{
    return &table[(tag >> 16) & mask & ~(uint64_t)(MLG_COHORT_WAYS - 1)];
}

mlg_cohort_t *mlg_cohort_find(mlg_cohort_t *table, uint32_t mask, uint64_t tag)
{
    mlg_cohort_t *set = set_of(table, mask, tag);

    for (unsigned i = 0; i < MLG_COHORT_WAYS; i++) {
        if (tag_at(&set[i]) == tag) {
            return &set[i];
        }
    }
    return NULL;
}

mlg_cohort_t *mlg_cohort_get(mlg_cohort_t *table, uint32_t mask, uint64_t tag)
{
    mlg_cohort_t *set = set_of(table, mask, tag);
    mlg_cohort_t *weakest = set;
    uint16_t least = UINT16_MAX;

    for (unsigned i = 0; i < MLG_COHORT_WAYS; i++) {
        uint64_t held = tag_at(&set[i]);
        uint16_t standing = __atomic_load_n(&set[i].standing, __ATOMIC_RELAXED);

        if (held == tag) {
            return &set[i];
        }
        if (held == 0) {
            standing = 0;
        }
        if (standing < least) {
            least = standing;
            weakest = &set[i];
        }
    }
    if (least == 0) {
        return take(weakest, tag);
    }
    __atomic_store_n(&weakest->standing, (uint16_t)(least - 1),
                     __ATOMIC_RELAXED);
    return NULL;
}

/* ---- time ----------------------------------------------------------------- */

static uint32_t steps_of(uint32_t from_s, uint32_t to_s, uint32_t width_s)
{
    return to_s / width_s - from_s / width_s;
}

/* x to the n, in a few multiplications. */
static float power(float x, uint32_t n)
{
    float result = 1.0f;

    for (; n > 0; n >>= 1) {
        result *= (n & 1) ? x : 1.0f;
        x *= x;
    }
    return result;
}

/* One hour that is over, with so many newcomers; `hours` with it, the others of
 * them empty. An hour of a swarm is not learned from, and passes. */
static void learn(mlg_cohort_t *c, uint32_t hours, float factor, float bound)
{
    const mlg_wide_panes_t *owe = &c->owe[MLG_COHORT_3600S];
    float kept = power(1.0f - 1.0f / MLG_COHORT_MEMORY_H, hours);

    if (c->is_learned_apart) {
        c->is_learned_apart = 0;
    }
    else {
        float n = (float)c->came[MLG_COHORT_3600S].now / factor;
        float most =
            c->base * MLG_COHORT_GROWTH_H + MLG_COHORT_GROWTH_N / 24.0f;
        float next = c->base + (n - c->base) / MLG_COHORT_PACE_H;

        c->base = (next < most || isinf(bound)) ? next : most;
        c->usual_owe = c->usual_owe * kept + (float)owe->now;
        c->usual_brought =
            c->usual_brought * kept + (float)c->brought[MLG_COHORT_3600S].now;
    }
    c->usual_hours =
        c->usual_hours * kept + MLG_COHORT_MEMORY_H * (1.0f - kept);
    if (hours > 1) {
        c->base *= power(1.0f - 1.0f / MLG_COHORT_PACE_H, hours - 1);
    }
    c->base = (c->base < bound) ? c->base : bound;
}

void mlg_cohort_advance(mlg_cohort_t *c, uint32_t at_s, uint32_t net_s,
                        float factor, float bound)
{
    uint32_t from_s = c->last_s;
    uint32_t hours;

    if (at_s <= from_s) {
        return;
    }
    c->last_s = at_s;
    if (from_s == 0) {
        c->first_s = at_s;
        return;
    }
    mlg_wide_shift(&c->fresh, steps_of(from_s, at_s, MLG_COHORT_FRESH_S));
    hours = steps_of(from_s, at_s, 3600);
    if (hours > 0) {
        learn(c, hours, factor, bound);
        c->standing = (uint16_t)((hours < 16) ? c->standing >> hours : 0);
        c->standing = (uint16_t)(c->standing + (c->base >= 0.5f));
        mlg_map_shift(&c->nets[0], steps_of(from_s, at_s, net_s));
        mlg_map_shift(&c->nets[1], steps_of(from_s, at_s, net_s));
    }
    /* each window's panes end where some of the next narrower one's do */
    for (int w = 0; w < MLG_NCOHORT_WINDOWS; w++) {
        uint32_t steps = steps_of(from_s, at_s, pane_s[w]);

        if (steps == 0) {
            return;
        }
        mlg_wide_shift(&c->came[w], steps);
        mlg_wide_shift(&c->owe[w], steps);
        mlg_wide_shift(&c->brought[w], steps);
    }
}

/* ---- counts --------------------------------------------------------------- */

void mlg_cohort_came(mlg_cohort_t *c, uint64_t net)
{
    uint64_t bit = UINT64_C(1) << (net % 64);

    if (net != 0) {
        c->nets[(net >> 6) % 2].now |= bit;
    }
    c->standing = (uint16_t)(c->standing + (c->standing < STANDING_FULL));
    for (int w = 0; w < MLG_NCOHORT_WINDOWS; w++) {
        mlg_wide_add(&c->came[w]);
    }
}

void mlg_cohort_owes(mlg_cohort_t *c)
{
    mlg_wide_add(&c->fresh);
    for (int w = 0; w < MLG_NCOHORT_WINDOWS; w++) {
        mlg_wide_add(&c->owe[w]);
    }
}

void mlg_cohort_brought(mlg_cohort_t *c)
{
    for (int w = 0; w < MLG_NCOHORT_WINDOWS; w++) {
        mlg_wide_add(&c->brought[w]);
    }
}

float mlg_cohort_nets(const mlg_cohort_t *c)
{
    unsigned set = 0;

    for (int i = 0; i < 2; i++) {
        set +=
            (unsigned)__builtin_popcountll(c->nets[i].now | c->nets[i].before);
    }
    if (set >= NET_BITS) {
        set = NET_BITS - 1;
    }
    return -(float)NET_BITS * logf(1.0f - (float)set / (float)NET_BITS);
}

float mlg_cohort_count(const mlg_cohort_t *c, enum mlg_cohort_window window,
                       uint32_t at_s)
{
    return mlg_wide_read(
        &c->came[window],
        mlg_panes_share((apr_time_t)at_s * APR_USEC_PER_SEC, pane_s[window]));
}
