/* SPDX-License-Identifier: Apache-2.0
 *
 * What the same clients would have looked like on another kind of site. The
 * logs at hand come from few sites, and a model learns their habits: where
 * people rarely send anything, it takes whoever does for an attacker. So rows
 * of people are moved to other sites, for training; and moved in ways that no
 * training ever sees, which tells what a model does with people it does not
 * know.
 *
 * Pure.
 */
#ifndef MLG_SHIFT_H
#define MLG_SHIFT_H

#include "mlg_features.h"
#include "mlg_groups.h"

typedef struct mlg_shift_t {
    const char *name; /* one word */
    const char *what; /* a sentence's end: "people on ..." */
    mlg_group group;  /* whose rows */
    float weight;     /* of a moved row beside the row itself; 0: kept out of
                         training, for judging only */
    void (*move)(float x[MLG_NFEATURES], double u, double v);
} mlg_shift_t;

extern const mlg_shift_t mlg_shifts[];
extern const size_t mlg_nshifts;

/** Move one row. What is NaN stays NaN.
 *
 * @param x     changed
 * @param draw  any number; the same moves the same way
 */
void mlg_shift_move(const mlg_shift_t *shift, float x[MLG_NFEATURES],
                    uint64_t draw);

/** The next of a sequence of numbers that look random: splitmix64. */
uint64_t mlg_shift_mix(uint64_t draw);

/** @return in [0, 1) */
double mlg_shift_uniform(uint64_t draw);

#endif /* MLG_SHIFT_H */
