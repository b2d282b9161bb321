/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_course.h"

#include <string.h>

/* Each width is a whole multiple of the one before, so that bins can be put
 * together. */
static const int64_t widths_s[] = {1,     10,    60,     600,     3600,
                                   21600, 86400, 345600, 2419200, 31449600};
#define NWIDTHS (sizeof(widths_s) / sizeof(widths_s[0]))

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

void mlg_course_end(mlg_course_t *c)
{
    mlg_course_bin_t all = {0, 0};
    int64_t first = c->minute - (MLG_COURSE_MINUTES - 1);

    for (int i = 0; i < MLG_COURSE_MINUTES; i++) {
        all.requests += c->last[i].requests;
        all.refused += c->last[i].refused;
    }
    if (all.requests > c->busiest.requests) {
        /* begin with the first of these minutes that had a request */
        while (first < 0 || c->last[first % MLG_COURSE_MINUTES].requests == 0) {
            first++;
        }
        c->busiest = all;
        c->busiest_us = first * 60 * APR_USEC_PER_SEC;
    }
}

static mlg_course_bin_t *minute_of(mlg_course_t *c, int64_t minute)
{
    if (minute > c->minute) {
        int64_t from = minute - (MLG_COURSE_MINUTES - 1);

        mlg_course_end(c); /* of the ten minutes so far */
        from = (from > c->minute + 1) ? from : c->minute + 1;
        for (; from <= minute; from++) {
            memset(&c->last[from % MLG_COURSE_MINUTES], 0, sizeof(c->last[0]));
        }
        c->minute = minute;
    }
    else if (minute <= c->minute - MLG_COURSE_MINUTES) {
        minute = c->minute - (MLG_COURSE_MINUTES - 1);
    }
    return &c->last[minute % MLG_COURSE_MINUTES];
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
