/* SPDX-License-Identifier: Apache-2.0
 *
 * The clients of a site, as mlgatectl calibrate counts them: one row for each
 * that made enough requests to be judged, with its peak, why it is believed to
 * be a person if it is, and its busiest moments.
 *
 * Rows lie in one table of a fixed size; clients that find no room are counted
 * and left out. No clock, no lock; allocates from the caller's pool, once: 128
 * bytes a row and 0.3 MB.
 */
#ifndef MLG_CENSUS_H
#define MLG_CENSUS_H

#include "mlg_decision.h"
#include "mlg_profile.h"
#include "mlg_record.h"

#include <apr_pools.h>

#define MLG_CENSUS_ROWS 262144u

/* Why a client counts as a person, or as welcome as one. */
/* clang-format off */
#define MLG_BELIEFS(X)                                                        \
    X(BEHAVES,   "shows pages as a browser does, on several visits")          \
    X(VERIFIED,  "a crawler, by its operator's published addresses")          \
    X(UNBLOCKED, "unblocked by an operator")
/* clang-format on */

enum mlg_belief {
#define X(id, words) MLG_BELIEF_##id##_BIT,
    MLG_BELIEFS(X)
#undef X
        MLG_NBELIEFS,
#define X(id, words) MLG_BELIEF_##id = 1 << MLG_BELIEF_##id##_BIT,
    MLG_BELIEFS(X)
#undef X
};

typedef struct mlg_census_row_t {
    uint64_t client; /* its hash; 0 = free */
    mlg_key_t key;
    apr_time_t peak_us;                   /* when it last rose */
    mlg_reasons_t reasons;                /* of that request */
    float busiest[MLG_PROFILE_BASELINES]; /* as mlg_profile_baselines[] */
    uint32_t requests;
    uint16_t peak;    /* in 1/65535 */
    uint8_t believed; /* MLG_BELIEF_*; 0: not known to be a person */
    uint8_t label;    /* the caller's */
} mlg_census_row_t;

typedef struct mlg_census_t {
    uint32_t size; /* a power of two */
    uint32_t n;
    uint64_t left_out;      /* requests of clients without a row */
    uint32_t *at_peak;      /* shape [65536]: voters by the highest peak of
                               their trusted clients, after the end */
    uint32_t voters;        /* mlg_key_voter(), likewise */
    uint32_t trusted;       /* clients, likewise */
    mlg_census_row_t row[]; /* shape [size] */
} mlg_census_t;

/** Begin. @return NULL when there is no memory */
mlg_census_t *mlg_census_make(uint32_t rows, apr_pool_t *p);

/** Take one request.
 *
 * @param client    hash, the same for a client whatever its segment; not 0
 * @param record    of the client with this request in it; NULL: none
 * @param believed  MLG_BELIEF_VERIFIED and _UNBLOCKED; what its record shows is
 *                  seen here
 * @param d         of this request
 * @param min_requests  before so many a client that is not believed has no row
 * @return its row, valid as long as the census; NULL: none
 */
mlg_census_row_t *mlg_census_add(mlg_census_t *census, uint64_t client,
                                 const mlg_key_t *key,
                                 const mlg_record_t *record, unsigned believed,
                                 const mlg_decision_t *d,
                                 uint32_t min_requests);

/** After the last request: who is trusted is counted. A client with fewer than
 * `min_requests` requests could not be blocked and teaches nothing.
 *
 * @param p  for scratch
 */
void mlg_census_end(mlg_census_t *census, uint32_t min_requests, apr_pool_t *p);

/** @return the peak, in score, of the voter that has `ignored` others above
 * it; 0 when there are not so many */
float mlg_census_peak(const mlg_census_t *census, uint32_t ignored);

/** How many clients a threshold would refuse.
 *
 * @param all  set: of every client that has a row
 * @return of the trusted
 */
uint32_t mlg_census_refused(const mlg_census_t *census, float threshold,
                            uint32_t *all);

/** Was this client's peak at or above a threshold? */
static inline int mlg_census_is_refused(const mlg_census_row_t *row,
                                        float threshold)
{
    return (float)row->peak / 65535.0f >= threshold;
}

/** Fill a profile's baselines. @param p  for scratch */
void mlg_census_baselines(const mlg_census_t *census, mlg_profile_t *profile,
                          apr_pool_t *p);

/** The trusted clients with the highest peaks.
 *
 * @param out  filled, the highest first, shape [most]
 * @return how many
 */
size_t mlg_census_nearest(const mlg_census_t *census,
                          const mlg_census_row_t **out, size_t most);

/** @return a constant phrase for the first of the reasons to believe it */
const char *mlg_belief_words(unsigned believed);

#endif /* MLG_CENSUS_H */
