/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_calibration.h"

#include <math.h>

#define TRIES      8
#define BIN_BITS   11 /* of a voter's word: bin + 1 */
#define WEEKS_KEPT 32 /* after so many halvings nothing is left */

static uint32_t read_bin(const mlg_calibration_t *c, int i)
{
    return __atomic_load_n(&c->bin[i], __ATOMIC_RELAXED);
}

/* One less, but never below none: a bin may have been halved since. */
static void leave(mlg_calibration_t *c, int i)
{
    uint32_t n = read_bin(c, i);

    for (int tries = 0; n > 0 && tries < TRIES; tries++) {
        if (__atomic_compare_exchange_n(&c->bin[i], &n, n - 1, 0,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            return;
        }
    }
}

void mlg_calibration_note(mlg_calibration_t *c, int from, int to)
{
    if (from != MLG_CALIBRATION_NONE) {
        leave(c, from);
    }
    if (read_bin(c, to) < UINT32_MAX - 65536) { /* far from wrapping */
        __atomic_fetch_add(&c->bin[to], 1, __ATOMIC_RELAXED);
    }
}

static uint32_t week_of(apr_time_t at_us)
{
    return (uint32_t)(at_us / APR_USEC_PER_SEC / MLG_CALIBRATION_WEEK_S);
}

void mlg_calibration_follow(mlg_calibration_t *c, uint64_t voter, uint16_t peak,
                            apr_time_t at_us)
{
    uint16_t *word = &c->voter[voter % MLG_CALIBRATION_VOTERS];
    uint16_t noted = __atomic_load_n(word, __ATOMIC_RELAXED);
    unsigned week = week_of(at_us) % WEEKS_KEPT;
    int to = mlg_calibration_bin(peak);
    int from = (noted & ((1 << BIN_BITS) - 1)) - 1;

    if (from >= 0 && (unsigned)noted >> BIN_BITS == (week + 1) % WEEKS_KEPT) {
        return; /* a request that began last week; else two could take turns */
    }
    if (from >= MLG_CALIBRATION_BINS || (unsigned)noted >> BIN_BITS != week) {
        from = MLG_CALIBRATION_NONE; /* what it was last week is history */
    }
    /* where another process was quicker, the next request will do */
    if (to > from &&
        __atomic_compare_exchange_n(
            word, &noted, (uint16_t)(week << BIN_BITS | (unsigned)(to + 1)), 0,
            __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        mlg_calibration_note(c, from, to);
    }
}

/* What the weeks after `last`, up to `week`, leave of a bin. Halves are rounded
 * up and down in turn: the highest bins hold one client each, and one that did
 * not survive a single night would decide nothing. */
static uint32_t aged(uint32_t n, uint32_t last, uint32_t week)
{
    while (last < week && n > 0) {
        last++;
        n = (last & 1) ? n - n / 2 : n / 2;
    }
    return n;
}

static void age_bin(mlg_calibration_t *c, int i, uint32_t last, uint32_t week)
{
    uint32_t n = read_bin(c, i);

    for (int tries = 0; n > 0 && tries < TRIES; tries++) {
        if (__atomic_compare_exchange_n(&c->bin[i], &n, aged(n, last, week), 0,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            return;
        }
    }
}

int mlg_calibration_age(mlg_calibration_t *c, apr_time_t at_us)
{
    uint32_t week = week_of(at_us);
    uint32_t last = __atomic_load_n(&c->week, __ATOMIC_RELAXED);

    if (week <= last ||
        !__atomic_compare_exchange_n(&c->week, &last, week, 0, __ATOMIC_RELAXED,
                                     __ATOMIC_RELAXED)) {
        return 0;
    }
    if (last == 0) {
        return 0; /* the first week */
    }
    for (int i = 0; i < MLG_CALIBRATION_BINS; i++) {
        age_bin(c, i, (week - last < WEEKS_KEPT) ? last : week - WEEKS_KEPT,
                week);
    }
    return 1;
}

uint32_t mlg_calibration_clients(const mlg_calibration_t *c)
{
    return mlg_calibration_above(c, 0.0f);
}

uint32_t mlg_calibration_above(const mlg_calibration_t *c, float threshold)
{
    int i = (threshold > 0.0f) ? (int)(threshold * MLG_CALIBRATION_BINS) : 0;
    uint64_t n = 0;

    for (; i < MLG_CALIBRATION_BINS; i++) {
        n += read_bin(c, i);
    }
    return (uint32_t)((n < UINT32_MAX) ? n : UINT32_MAX);
}

float mlg_calibration_quantile(const mlg_calibration_t *c, uint32_t ignored)
{
    uint64_t above = 0;
    int i = MLG_CALIBRATION_BINS;

    if (mlg_calibration_clients(c) == 0) {
        return NAN;
    }
    while (i > 0 && above + read_bin(c, i - 1) <= ignored) {
        above += read_bin(c, --i);
    }
    /* bins from i on hold no more: refuse from where i begins */
    return (float)i / (float)MLG_CALIBRATION_BINS;
}

float mlg_wilson_upper(uint32_t k, uint32_t n)
{
    const double z = 1.96;
    double share = (n > 0) ? (double)k / n : 1.0;
    double upper;

    if (n == 0) {
        return 1.0f;
    }
    upper = (share + z * z / (2.0 * n) +
             z * sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n))) /
            (1.0 + z * z / n);
    return (float)((upper < 1.0) ? upper : 1.0);
}
