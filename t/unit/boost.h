/* SPDX-License-Identifier: Apache-2.0
 *
 * Small models trained by libxgboost within a test, and what XGBoost itself
 * says of a vector.
 */
#ifndef BOOST_H
#define BOOST_H

#include "unit.h"

#include <xgboost/c_api.h>

/* Parameters on top of XGBoost's defaults. */
typedef struct boost_t {
    int depth;
    int rounds;
    const char *base_score;  /* NULL: XGBoost's own */
    const char *param[8][2]; /* name and value; ends with NULLs */
    int columns;             /* of mlg_features[], from `first` on */
    int first;
    int missing; /* of 100 values, so many are NaN */
} boost_t;

typedef struct booster_t {
    const boost_t *how;
    DMatrixHandle data;
    BoosterHandle handle;
    const char *json; /* the model as saved, of the booster */
    size_t len;
} booster_t;

/** Train on `rows` rows drawn from the seed. */
void boost_open(booster_t *b, const boost_t *how, int rows, uint64_t *seed);
void boost_close(booster_t *b);

/** XGBoost's margins.
 *
 * @param x       shape [n][MLG_NFEATURES]
 * @param margin  filled, shape [n]
 */
void boost_margins(const booster_t *b, const float *x, size_t n, float *margin);

/** XGBoost's exact TreeSHAP.
 *
 * @param part  filled, shape [n][MLG_NFEATURES + 1]; the last is the expected
 *              margin; 0 for a feature that it has not
 */
void boost_parts(const booster_t *b, const float *x, size_t n, float *part);

#endif /* BOOST_H */
