/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_course.h"

#include <string.h>

/* Each width is a whole multiple of the one before, so that bins can be put
 * together. */
static const int64_t widths_s[] = {1,     10,    60,     600,     3600,
                                   21600, 86400, 345600, 2419200, 31449600};
#define NWIDTHS (sizeof(widths_s) / sizeof(widths_s[0]))

#define DAY_MINUTES (24 * 60) /* a jump further ahead may be a stray clock */

static int64_t width_at(unsigned step)
{
    int64_t width = widths_s[(step < NWIDTHS) ? step : NWIDTHS - 1];

    for (; step >= NWIDTHS; step--) {
        width *= 4;
    }
    return width;
}

/* The next width: several bins become one. */
static void widen(mlg_course_t *c)
{
    int64_t factor = width_at(c->step + 1) / c->width_s;
    int64_t first = c->first / factor;
    uint32_t n = 0;

    for (uint32_t i = 0; i < c->n; i++) {
        mlg_course_bin_t bin = c->bin[i];
        uint32_t to = (uint32_t)((c->first + i) / factor - first);

        memset(&c->bin[i], 0, sizeof(bin));
        c->bin[to].requests += bin.requests;
        c->bin[to].refused += bin.refused;
        n = to + 1;
    }
    c->step++;
    c->width_s *= factor;
    c->first = first;
    c->n = n;
}

static mlg_course_bin_t *bin_of(mlg_course_t *c, int64_t at_s)
{
    int64_t i;

    if (c->width_s == 0) {
        c->width_s = width_at(0);
        c->first = at_s;
    }
    while (at_s / c->width_s - c->first >= MLG_COURSE_BINS) {
        widen(c);
    }
    i = at_s / c->width_s - c->first;
    i = (i > 0) ? i : 0;
    c->n = ((uint32_t)i < c->n) ? c->n : (uint32_t)i + 1;
    return &c->bin[i];
}

/* A window is about to move on, or for good: was it the busiest so far? */
static void weigh(mlg_course_t *c, const mlg_course_window_t *w)
{
    mlg_course_bin_t all = {0, 0};
    int64_t first = w->minute - (MLG_COURSE_MINUTES - 1);

    for (int i = 0; i < MLG_COURSE_MINUTES; i++) {
        all.requests += w->last[i].requests;
        all.refused += w->last[i].refused;
    }
    if (all.requests > c->busiest.requests) {
        /* begin with the first of these minutes that had a request */
        while (first < 0 || w->last[first % MLG_COURSE_MINUTES].requests == 0) {
            first++;
        }
        c->busiest = all;
        c->busiest_us = first * 60 * APR_USEC_PER_SEC;
    }
}

void mlg_course_end(mlg_course_t *c)
{
    for (int i = 0; i < MLG_COURSE_WINDOWS; i++) {
        weigh(c, &c->window[i]);
    }
}

/* The window that a minute belongs to. */
static mlg_course_window_t *window_of(mlg_course_t *c, int64_t minute)
{
    mlg_course_window_t *best = NULL;

    for (unsigned i = 0; i < MLG_COURSE_WINDOWS; i++) {
        mlg_course_window_t *w = &c->window[i];
        int64_t ahead = minute - w->minute;

        if (ahead > -MLG_COURSE_MINUTES && ahead <= DAY_MINUTES &&
            (best == NULL || w->minute > best->minute)) {
            best = w;
            c->used = i;
        }
    }
    if (best == NULL) {
        c->used = (c->used + 1) % MLG_COURSE_WINDOWS;
        best = &c->window[c->used];
        weigh(c, best);
        memset(best, 0, sizeof(*best));
        best->minute = minute;
    }
    return best;
}

static mlg_course_bin_t *minute_of(mlg_course_t *c, int64_t minute)
{
    mlg_course_window_t *w = window_of(c, minute);

    if (minute > w->minute) {
        int64_t from = minute - (MLG_COURSE_MINUTES - 1);

        weigh(c, w);
        from = (from > w->minute + 1) ? from : w->minute + 1;
        for (; from <= minute; from++) {
            memset(&w->last[from % MLG_COURSE_MINUTES], 0, sizeof(w->last[0]));
        }
        w->minute = minute;
    }
    return &w->last[minute % MLG_COURSE_MINUTES];
}

void mlg_course_add(mlg_course_t *c, apr_time_t at_us, int is_refused)
{
    int64_t at_s = at_us / APR_USEC_PER_SEC;
    mlg_course_bin_t *bin = bin_of(c, at_s);
    mlg_course_bin_t *minute = minute_of(c, at_s / 60);

    bin->requests++;
    bin->refused += is_refused != 0;
    minute->requests++;
    minute->refused += is_refused != 0;
}
