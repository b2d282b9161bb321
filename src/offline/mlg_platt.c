/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_platt.h"

#include <math.h>

#define STEPS     100
#define RIDGE     1e-12
#define NEAR_ZERO 1e-9
#define LEAST     1e-10 /* of a step */

typedef struct platt_t {
    const float *margin;
    const float *y;
    const float *w;
    size_t n;
    double high; /* target of an attacker */
    double low;  /* of the others */
} platt_t;

static double target(const platt_t *f, size_t i)
{
    return (f->y[i] > 0.5f) ? f->high : f->low;
}

/* log(1 + exp(-z)) + (1 - t) z, whichever form does not overflow */
static double loss_of(const platt_t *f, double slope, double offset)
{
    double loss = 0.0;

    for (size_t i = 0; i < f->n; i++) {
        double z = slope * (double)f->margin[i] + offset;
        double t = target(f, i);

        loss += (double)f->w[i] * ((z >= 0.0) ? log1p(exp(-z)) + (1.0 - t) * z
                                              : log1p(exp(z)) - t * z);
    }
    return loss;
}

typedef struct slopes_t {
    double g1, g2;        /* of slope, of offset */
    double h11, h22, h21; /* second ones */
} slopes_t;

static slopes_t slopes_of(const platt_t *f, double slope, double offset)
{
    slopes_t s = {0.0, 0.0, RIDGE, RIDGE, 0.0};

    for (size_t i = 0; i < f->n; i++) {
        double m = (double)f->margin[i];
        double w = (double)f->w[i];
        double z = slope * m + offset;
        double p = (z >= 0.0) ? 1.0 / (1.0 + exp(-z)) : exp(z) / (1.0 + exp(z));
        double d2 = w * p * (1.0 - p);
        double d1 = w * (p - target(f, i));

        s.h11 += m * m * d2;
        s.h22 += d2;
        s.h21 += m * d2;
        s.g1 += m * d1;
        s.g2 += d1;
    }
    return s;
}

mlg_platt_t mlg_platt_fit(const float *margin, const float *y, const float *w,
                          size_t n)
{
    platt_t f = {margin, y, w, n, 0.0, 0.0};
    mlg_platt_t out = {1.0, 0.0, 0.0, 0};
    double sum[2] = {0.0, 0.0};
    double slope = 0.0;
    double offset;
    double loss;

    for (size_t i = 0; i < n; i++) {
        sum[y[i] > 0.5f] += (double)w[i];
    }
    if (sum[0] <= 0.0 || sum[1] <= 0.0) {
        return out;
    }
    f.high = (sum[1] + 1.0) / (sum[1] + 2.0);
    f.low = 1.0 / (sum[0] + 2.0);
    offset = log((sum[1] + 1.0) / (sum[0] + 1.0));
    loss = loss_of(&f, slope, offset);
    while (out.steps < STEPS) {
        slopes_t s = slopes_of(&f, slope, offset);
        double det = s.h11 * s.h22 - s.h21 * s.h21;
        double d1 = -(s.h22 * s.g1 - s.h21 * s.g2) / det;
        double d2 = -(s.h11 * s.g2 - s.h21 * s.g1) / det;
        double gd = s.g1 * d1 + s.g2 * d2;
        double step = 1.0;

        out.steps++;
        if (fabs(s.g1) < NEAR_ZERO && fabs(s.g2) < NEAR_ZERO) {
            break;
        }
        while (step >= LEAST) {
            double l = loss_of(&f, slope + step * d1, offset + step * d2);

            if (l < loss + 1e-4 * step * gd) {
                slope += step * d1;
                offset += step * d2;
                loss = l;
                break;
            }
            step /= 2.0;
        }
        if (step < LEAST) {
            break; /* as far as floats go */
        }
    }
    if (isfinite(slope) && isfinite(offset) && slope > 0.0) {
        out.slope = slope;
        out.offset = offset;
    }
    out.loss = loss_of(&f, out.slope, out.offset) / (sum[0] + sum[1]);
    return out;
}
