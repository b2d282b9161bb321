/* SPDX-License-Identifier: Apache-2.0
 *
 * The course of a replay over time, in fixed memory: requests and refusals in
 * at most MLG_COURSE_BINS equal bins whose width grows with the span (1 s, 10
 * s, 1 min, 10 min, 1 h, 6 h, 1 d, 4 d, 28 d, 364 d, and from there fourfold),
 * and the ten minutes, beginning on a whole minute, that had most requests.
 *
 * Times may step back and stray: a request from before the first bin counts in
 * the first. Of the ten minutes, two windows are kept. A request counts in the
 * later of them that it is no more than ten minutes behind and a day ahead of;
 * where there is none, the window that was not used last begins anew with it.
 * So a clock that is set back, or one line dated years ahead, has a window to
 * itself and leaves the other as it is.
 *
 * Pure: no clock, no lock, no allocation.
 */
#ifndef MLG_COURSE_H
#define MLG_COURSE_H

#include <apr_time.h>
#include <stdint.h>

#define MLG_COURSE_BINS    480
#define MLG_COURSE_MINUTES 10
#define MLG_COURSE_WINDOWS 2

typedef struct mlg_course_bin_t {
    uint64_t requests;
    uint64_t refused;
} mlg_course_bin_t;

/* The ten minutes up to the latest one that a request was in. */
typedef struct mlg_course_window_t {
    int64_t minute;                            /* the latest, since the epoch */
    mlg_course_bin_t last[MLG_COURSE_MINUTES]; /* [minute mod 10] */
} mlg_course_window_t;

/* All-zero bytes are an empty course. */
typedef struct mlg_course_t {
    int64_t width_s; /* of a bin; 0 = empty */
    int64_t first;   /* bin 0 begins at first * width_s since the epoch */
    uint32_t n;      /* bins up to the last one that was used */
    unsigned step;   /* in the list of widths */
    mlg_course_bin_t bin[MLG_COURSE_BINS];
    mlg_course_window_t window[MLG_COURSE_WINDOWS];
    unsigned used;         /* the window that was used last */
    apr_time_t busiest_us; /* when the busiest ten minutes began */
    mlg_course_bin_t busiest;
} mlg_course_t;

/** Count one request. @param at_us  microseconds since the epoch, >= 0 */
void mlg_course_add(mlg_course_t *course, apr_time_t at_us, int is_refused);

/** After the last request. */
void mlg_course_end(mlg_course_t *course);

#endif /* MLG_COURSE_H */
