/* SPDX-License-Identifier: Apache-2.0
 *
 * One row per client of a replay, exact and in fixed memory.
 *
 * The rows lie in a table of 8-way sets. When a set is full, the row that has
 * been idle longest goes to a temporary file that has no name: it is written
 * in chunks, each chain of chunks holding the rows of one 256th of all
 * clients. At the end every chain is read once and the rows of one client are
 * put together again. So figures are exact however many clients there are,
 * memory is 72 bytes a row of the table and 2 MB (20 MB for the default table
 * of 262,144), and a log with fewer clients never touches the disk. The file
 * takes at most 64 bytes a line of the log, in TMPDIR or where the system
 * keeps temporary files.
 *
 * No clock, no lock. Allocates from the caller's pool, once.
 */
#ifndef MLG_TALLY_H
#define MLG_TALLY_H

#include "mlg_decision.h"

#include <apr_pools.h>

#define MLG_TALLY_ROWS 262144 /* as many as the gate remembers by default */

/* What one client did and what became of it. */
typedef struct mlg_tally_row_t {
    mlg_key_t key;
    apr_time_t first_us;
    apr_time_t last_us;
    apr_time_t blocked_us; /* when first convicted; 0 = never */
    uint32_t requests;
    uint32_t pages;   /* requests for anything but static assets */
    uint32_t refused; /* or would have been; the convicting ones included */
    uint32_t before;  /* requests before the first conviction; all of them
                         when there was none */
    float max_score;  /* NaN: never judged */
    uint16_t blocks;
    uint8_t class; /* the caller's: set when the row is new */
    uint8_t label; /* likewise */
} mlg_tally_row_t;

static_assert(sizeof(mlg_tally_row_t) == 64, "a row is a cache line");

typedef struct mlg_tally_t mlg_tally_t;

/** Begin empty.
 *
 * @param rows    rounded up to a power of two, at least 8
 * @param secret  the one that the clients' hashes were made with; borrowed
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t mlg_tally_make(mlg_tally_t **out, uint32_t rows,
                            const mlg_secret_t *secret, apr_pool_t *p);

/** The row of a client.
 *
 * @param out     set on success; valid until the next call
 * @param is_new  set to 1 when the row is fresh, and then `class` and `label`
 *                want to be set. A client whose row went to the file gets a
 *                fresh one; what its oldest row says counts
 * @return APR_SUCCESS, or what hindered writing the temporary file
 */
apr_status_t mlg_tally_get(mlg_tally_t *t, const mlg_client_t *client,
                           mlg_tally_row_t **out, int *is_new);

/** Count one judged request. Counts stop at their largest value. */
void mlg_tally_add(mlg_tally_row_t *row, const mlg_arrival_t *arrival,
                   const mlg_decision_t *d);

/** Called once for each client. @return APR_SUCCESS to go on */
typedef apr_status_t (*mlg_tally_fn)(void *data, const mlg_tally_row_t *row);

/** Hand out every client, in no particular order, the same on each run. The
 * tally is spent afterwards.
 *
 * @return APR_SUCCESS, what `fn` returned, or what hindered the temporary file
 */
apr_status_t mlg_tally_each(mlg_tally_t *t, mlg_tally_fn fn, void *data);

/** @return rows that went to the temporary file so far */
uint64_t mlg_tally_spilled(const mlg_tally_t *t);

#endif /* MLG_TALLY_H */
