/* SPDX-License-Identifier: Apache-2.0
 *
 * A cohort: clients whose first requests have something in common, and what is
 * known of them together. Many clients with one request each say nothing about
 * themselves; what their cohort did says it.
 *
 * Only newcomers count, and each of them once: with the first page that it
 * asks for (`came`), when that page was answered (`owe`: a browser now fetches
 * what the page needs), and when it did so (`brought`). Counts are of two
 * panes in windows of 60 s, 10 min, 1 h and 12 h. Who is refused comes and
 * owes nothing.
 *
 * `nets` tells how many networks they come from: 128 bits of the network's
 * keyed hash, this pane's and the last one's, read by linear counting. What is
 * usual for the cohort is learned an hour at a time (mlg_cohort_learn()).
 *
 * A table of cohorts has sets of MLG_COHORT_WAYS. A newcomer takes a free place
 * of its set; else it takes one off the standing of the weakest, which at zero
 * gives up its place (Misra and Gries 1982). So random cohorts turn each other
 * out and none that has come to stand.
 *
 * Two servers' cohorts could be made one, if they shared the key of the hashes:
 * panes begin at whole multiples of their width since the epoch, so counts of
 * the same pane add, and bits of networks are or'ed. Nobody does so yet.
 *
 * How wrong it can be: two processes that write one cohort at once lose an
 * update; one that takes a place while another writes there may leave a mix of
 * two cohorts' counts. Keys are keyed hashes: nobody can aim.
 *
 * Lock-free: copied in and out in words with relaxed atomics. Pure: no clock,
 * no allocation. All-zero bytes are a valid, empty table.
 */
#ifndef MLG_COHORT_H
#define MLG_COHORT_H

#include "mlg_window.h"

#include <assert.h>
#include <stddef.h>

#define MLG_COHORT_WAYS 8u

/* Windows, seconds. */
enum mlg_cohort_window {
    MLG_COHORT_60S,
    MLG_COHORT_600S,
    MLG_COHORT_3600S,
    MLG_COHORT_DAY, /* two panes of 12 h */
    MLG_NCOHORT_WINDOWS
};

#define MLG_COHORT_FRESH_S 2 /* pane of those just answered */

typedef struct mlg_cohort_t {
    uint64_t tag;             /* the cohort's hash; 0 = free */
    uint32_t last_s;          /* latest newcomer, seconds since the epoch */
    uint16_t standing;        /* against being turned out */
    uint8_t is_learned_apart; /* this hour is not to be learned from */
    uint8_t spare;
    uint32_t first_s; /* when it took its place */
    uint16_t event;   /* 1 + index of the event it is in; 0 = none */
    uint16_t spare2;
    mlg_wide_panes_t fresh; /* of `owe`, in panes of MLG_COHORT_FRESH_S */
    mlg_wide_panes_t came[MLG_NCOHORT_WINDOWS];
    mlg_wide_panes_t owe[MLG_NCOHORT_WINDOWS];
    mlg_wide_panes_t brought[MLG_NCOHORT_WINDOWS];
    mlg_map_t nets[2];
    /* What is usual, all of them fading with MLG_COHORT_MEMORY_H. */
    float base; /* newcomers an hour */
    float usual_owe;
    float usual_brought;
    float usual_hours;
    uint32_t spare3[4];
} mlg_cohort_t;

static_assert(sizeof(mlg_cohort_t) == 192, "a cohort is three cache lines");

#define MLG_COHORT_MEMORY_H 168.0f /* a week */
#define MLG_COHORT_PACE_H   24.0f  /* of `base` towards what comes */
#define MLG_COHORT_GROWTH_H                                                    \
    1.00934f                     /* of `base` in an hour at most: a quarter
                                        a day ... */
#define MLG_COHORT_GROWTH_N 4.0f /* ... and so many an hour more */

/** Copy a cohort that others may be writing, and back. */
void mlg_cohort_load(mlg_cohort_t *own, const mlg_cohort_t *shared);
void mlg_cohort_store(mlg_cohort_t *shared, const mlg_cohort_t *own);

/** Find a cohort's place, or take one.
 *
 * @param table  shape [mask + 1], a power of two and at least MLG_COHORT_WAYS
 * @param tag    keyed hash, not 0
 * @return NULL when every place of its set is another's
 */
mlg_cohort_t *mlg_cohort_get(mlg_cohort_t *table, uint32_t mask, uint64_t tag);

/** Find a cohort's place. @return NULL: it has none */
mlg_cohort_t *mlg_cohort_find(mlg_cohort_t *table, uint32_t mask, uint64_t tag);

/** Bring the windows up to a time. A clock that steps back changes nothing.
 *
 * @param net_s   width of a pane of `nets`, seconds: whole hours
 * @param factor  of the hour that ends, against the mean hour; > 0
 * @param bound   of `base`: newcomers an hour; INFINITY: nor is its growth
 *                limited, for a site where nobody is refused yet
 */
void mlg_cohort_advance(mlg_cohort_t *own, uint32_t at_s, uint32_t net_s,
                        float factor, float bound);

/** A newcomer came. @param net  keyed hash of what it varies in; 0 = not to be
 * counted */
void mlg_cohort_came(mlg_cohort_t *own, uint64_t net);

/** One was answered with a page. */
void mlg_cohort_owes(mlg_cohort_t *own);

/** One that owed brought what people bring. */
void mlg_cohort_brought(mlg_cohort_t *own);

/** @return different networks in this pane and the last, 0..621 */
float mlg_cohort_nets(const mlg_cohort_t *own);

/** Those that came in a window that ends at a time. */
float mlg_cohort_count(const mlg_cohort_t *own, enum mlg_cohort_window window,
                       uint32_t at_s);

#endif /* MLG_COHORT_H */
