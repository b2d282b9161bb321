/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows drawn from a data set, with a target and a weight each: what a booster
 * is given. No client and no class counts for as many rows as it has:
 *
 *     - of a client at most `cap` rows, without the first `skip`, drawn by a
 *       hash of seed, site, address and row: another site more or less does
 *       not change whose rows are drawn;
 *     - a client weighs sqrt(rows drawn), spread over its rows;
 *     - people and attackers weigh alike, 1 a row on average.
 *
 * Whom to learn from is not only a matter of labels, which err: a client
 * without a class that behaves like people beyond doubt is taken for people,
 * and an attacker by its label that does so is left out.
 *
 * Missing as a label. Where a data set has both logs and what gates observed,
 * an observed row goes in twice: as it is, and as a log would have known it.
 *
 * Locks nothing, has no clock.
 */
#ifndef MLG_SAMPLE_H
#define MLG_SAMPLE_H

#include "mlg_dataset.h"

typedef struct mlg_draw_t {
    uint64_t seed;
    uint32_t cap;   /* > 0 */
    uint32_t skip;  /* requests of a client that are passed over */
    int has_shifts; /* 1: rows are moved as mlg_shifts says, for training */
    int is_raw;     /* 1: neither classes nor groups are made to weigh alike */
    uint8_t is_off[MLG_NFEATURES]; /* 1: the feature is NaN in every row */
} mlg_draw_t;

typedef struct mlg_sample_t {
    float *x; /* shape [n][MLG_NFEATURES] */
    float *y; /* shape [n]; 1 of an attacker, 0 of people */
    float *w; /* shape [n]; > 0 */
    uint32_t n;
    uint32_t people;    /* clients */
    uint32_t attackers; /* clients */
} mlg_sample_t;

/** Begin as training does: 60 rows, 2 passed over, moved; features off that no
 * model should see or that the data set does not know. */
void mlg_draw_init(mlg_draw_t *draw, const mlg_dataset_t *set);

/** Draw from some sites.
 *
 * @param sample  filled; mlg_sample_free() gives its memory back
 * @param fold    this one is left out, or (`is_only`) nothing else drawn from;
 *                UINT32_MAX: none
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t mlg_sample_draw(mlg_sample_t *sample, const mlg_dataset_t *set,
                             const mlg_draw_t *draw, uint32_t fold,
                             int is_only);

/** Harmless on all-zero bytes and twice. */
void mlg_sample_free(mlg_sample_t *sample);

/** Whom training takes a client for: PEOPLE, ATTACKERS or NEITHER. */
mlg_group mlg_sample_group(const mlg_person_t *client);

#endif /* MLG_SAMPLE_H */
