/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_popularity.h"

#include "mlg_event.h"
#include "mlg_window.h"

#define COUNT_BITS 20
#define COUNT_FULL ((1u << COUNT_BITS) - 1)
#define SITE_BITS  24
#define SITE_FULL  ((1u << SITE_BITS) - 1)
#define SITE_TRIES 4
/* A clock steps back by a few panes; a pane number further in the future is
 * one of the last round, for 8 bits of them wrap after five years. */
#define PANES_BACK 8

/* A word, taken apart and brought up to the present pane. */
typedef struct entry_t {
    uint64_t *at;
    uint32_t now;
    uint32_t before;
    uint16_t tag;
} entry_t;

static uint16_t pane_at(apr_time_t at_us)
{
    return (uint16_t)(at_us / APR_USEC_PER_SEC / MLG_POPULARITY_PANE_S);
}

static void shift(uint32_t *now, uint32_t *before, unsigned age)
{
    if (age > 0) {
        *before = (age == 1) ? *now : 0;
        *now = 0;
    }
}

static entry_t open_entry(uint64_t *at, uint8_t pane)
{
    uint64_t word = __atomic_load_n(at, __ATOMIC_RELAXED);
    entry_t e = {at, (uint32_t)(word >> COUNT_BITS) & COUNT_FULL,
                 (uint32_t)word & COUNT_FULL, (uint16_t)(word >> 48)};
    uint8_t age = (uint8_t)(pane - (uint8_t)(word >> 40));

    if (age <= UINT8_MAX - PANES_BACK) { /* else the clock stepped back */
        shift(&e.now, &e.before, age);
    }
    return e;
}

static void close_entry(const entry_t *e, uint8_t pane)
{
    __atomic_store_n(e->at,
                     (uint64_t)e->tag << 48 | (uint64_t)pane << 40 |
                         (uint64_t)e->now << COUNT_BITS | e->before,
                     __ATOMIC_RELAXED);
}

static uint32_t sum(const entry_t *e)
{
    return e->now + e->before;
}

static uint16_t tag_of(uint64_t place)
{
    return (uint16_t)(place >> 48);
}

static uint64_t *slot_of(const mlg_popularity_t *p, uint64_t place)
{
    return &p->words[(place >> 8) & p->mask];
}

static uint64_t *other_of(const mlg_popularity_t *p, uint64_t place)
{
    return &p->words[((place >> 8) & p->mask) ^ 1];
}

static int is_of(const entry_t *e, uint64_t place)
{
    return e->tag == tag_of(place) && sum(e) > 0;
}

void mlg_popularity_add(const mlg_popularity_t *p, uint64_t place,
                        apr_time_t at_us)
{
    uint8_t pane = (uint8_t)pane_at(at_us);
    entry_t one = open_entry(slot_of(p, place), pane);
    entry_t two = open_entry(other_of(p, place), pane);
    entry_t *e = is_of(&one, place)   ? &one
                 : is_of(&two, place) ? &two
                 : sum(&one) == 0     ? &one
                 : sum(&two) == 0     ? &two
                                      : NULL;

    if (e != NULL) {
        e->tag = tag_of(place);
        e->now += (e->now < COUNT_FULL);
    }
    else { /* nobody's: what is older goes first */
        e = (sum(&one) <= sum(&two)) ? &one : &two;
        *((e->before > 0) ? &e->before : &e->now) -= 1;
    }
    close_entry(e, pane);
}

uint32_t mlg_popularity_read(const mlg_popularity_t *p, uint64_t place,
                             apr_time_t at_us)
{
    uint8_t pane = (uint8_t)pane_at(at_us);
    entry_t e = open_entry(slot_of(p, place), pane);

    if (!is_of(&e, place)) {
        e = open_entry(other_of(p, place), pane);
    }
    return is_of(&e, place) ? sum(&e) : 0;
}

/* The site's word, brought up to `*pane`; or *pane to it, when the clock has
 * stepped back. */
static void open_site(uint64_t word, uint16_t *pane, uint32_t *now,
                      uint32_t *before)
{
    uint16_t age = (uint16_t)(*pane - (uint16_t)(word >> 48));

    *now = (uint32_t)(word >> SITE_BITS) & SITE_FULL;
    *before = (uint32_t)word & SITE_FULL;
    if (age > UINT16_MAX - PANES_BACK) {
        *pane = (uint16_t)(word >> 48);
    }
    else {
        shift(now, before, age);
    }
}

void mlg_popularity_add_client(const mlg_popularity_t *p, apr_time_t at_us)
{
    uint64_t word = __atomic_load_n(p->site, __ATOMIC_RELAXED);

    for (int i = 0; i < SITE_TRIES; i++) {
        uint16_t pane = pane_at(at_us);
        uint32_t now;
        uint32_t before;

        open_site(word, &pane, &now, &before);
        now += (now < SITE_FULL);
        if (__atomic_compare_exchange_n(
                p->site, &word,
                (uint64_t)pane << 48 | (uint64_t)now << SITE_BITS | before, 0,
                __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            return;
        }
    }
}

uint32_t mlg_popularity_clients(const mlg_popularity_t *p, apr_time_t at_us)
{
    uint16_t pane = pane_at(at_us);
    uint32_t now;
    uint32_t before;

    open_site(__atomic_load_n(p->site, __ATOMIC_RELAXED), &pane, &now, &before);
    return now + before;
}

static uint32_t without(uint32_t n, int one)
{
    return n - (uint32_t)(one && n > 0);
}

uint32_t mlg_popularity_rarity(const mlg_popularity_t *p, uint64_t place,
                               apr_time_t at_us, int has_place, int is_counted)
{
    uint32_t clients = without(mlg_popularity_clients(p, at_us), is_counted);
    uint64_t whole;
    uint64_t part;

    if (clients < MLG_POPULARITY_CLIENTS) {
        return MLG_RARITY_UNKNOWN;
    }
    whole = mlg_log2_q16(2ull * clients + 2);
    part = mlg_log2_q16(
        2ull * without(mlg_popularity_read(p, place, at_us), has_place) + 1);
    return (part < whole) ? (uint32_t)((whole - part) * 65535 / whole) : 0;
}
