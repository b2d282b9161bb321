/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the threshold of a replay is from, in words for whoever reads what it
 * found. Pure: no clock, no lock, no allocation. */
#ifndef MLG_ORIGIN_H
#define MLG_ORIGIN_H

#include <stdint.h>

/* Names are for programs. */
/* clang-format off */
#define MLG_ORIGINS(X)                                                        \
    X(GIVEN,    "given")    /* MLGateThreshold, or the default of weights */  \
    X(MODEL,    "model")    /* recommended by it */                           \
    X(PROFILE,  "profile")  /* of the site */                                 \
    X(OBSERVED, "observed") /* each line by the one that was in force */      \
    X(LOGS,     "logs")     /* fitted to them */                              \
    X(FLOOR,    "floor")    /* none: too little was seen to fit one */        \
    X(STREAM,   "stream")   /* none: what is read once cannot be fitted to */
/* clang-format on */

typedef enum mlg_origin_kind {
#define X(id, name) MLG_ORIGIN_##id,
    MLG_ORIGINS(X)
#undef X
        MLG_NORIGINS
} mlg_origin_kind;

/* All-zero bytes: a threshold that was given. */
typedef struct mlg_origin_t {
    mlg_origin_kind kind;
    float threshold;  /* of LOGS */
    uint32_t trusted; /* LOGS, FLOOR: clients that behave like people */
    unsigned progress_percent; /* of FLOOR: of what fitting takes, 0..99 */
} mlg_origin_t;

#define MLG_ORIGIN_TEXT 160

/** @return a constant word */
const char *mlg_origin_name(mlg_origin_kind kind);

/** "threshold 0.552, fitted to these logs: 801 clients behave like people".
 *
 * @return `buf`; NULL where the rules say all there is: GIVEN and PROFILE
 */
const char *mlg_origin_words(char buf[MLG_ORIGIN_TEXT], const mlg_origin_t *o);

/** What the server does about it, and what can be done.
 *
 * @return a constant sentence without a full stop; NULL as mlg_origin_words(),
 *         and of OBSERVED
 */
const char *mlg_origin_advice(mlg_origin_kind kind);

#endif /* MLG_ORIGIN_H */
