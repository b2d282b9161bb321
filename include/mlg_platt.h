/* SPDX-License-Identifier: Apache-2.0
 *
 * Platt's calibration: which curve 1 / (1 + exp(-(slope * margin + offset)))
 * makes probabilities of a model's margins? By Newton's method with a line
 * search, as Lin, Lin and Weng wrote it down in 2007, which neither overflows
 * nor runs away when the groups are apart: targets are smoothed, (n+1)/(n+2)
 * and 1/(m+2).
 *
 * Pure.
 */
#ifndef MLG_PLATT_H
#define MLG_PLATT_H

#include <stddef.h>
#include <stdint.h>

typedef struct mlg_platt_t {
    double slope;  /* finite, > 0 */
    double offset; /* finite */
    double loss;   /* mean log loss, natural logarithm */
    int steps;
} mlg_platt_t;

/** Fit.
 *
 * @param margin  shape [n], finite; not given by a model that was trained on
 *                these rows
 * @param y       shape [n]; above 0.5: an attacker
 * @param w       shape [n], >= 0; how many rows a row stands for. Smoothing
 *                counts these
 * @return never fails: where nothing can be learned (no rows, one group, a
 *         slope that would not be positive) it is slope 1, offset 0
 */
mlg_platt_t mlg_platt_fit(const float *margin, const float *y, const float *w,
                          size_t n);

#endif /* MLG_PLATT_H */
