/* SPDX-License-Identifier: Apache-2.0
 *
 * Observations in the order in which things happened. A line is written when
 * its request ends, and the processes of a server race to write; what was done
 * under one stripe is numbered without gaps. So a line waits until all that
 * its stripe did before has been seen: usually not at all, and at most as long
 * as the slowest request took.
 *
 * A number may never come: its process was killed, or the log does not begin
 * with the segment. After six hours of the log's time, or when `room` lines
 * wait, the wait is given up and counted; a line that comes after its turn is
 * stepped through at once and counted too.
 *
 * Allocates once, from the caller's pool: some 300 bytes for each line that may
 * wait. No clock, no lock; lines may be hostile.
 */
#ifndef MLG_REORDER_H
#define MLG_REORDER_H

#include "mlg_observation.h"

#include <apr_pools.h>

#define MLG_REORDER_ROOM 65536 /* lines that may wait */

typedef struct mlg_reorder_t mlg_reorder_t;

/* What happened next. */
typedef struct mlg_step_t {
    const mlg_observation_t *seen; /* until the next call */
    int is_outcome;                /* its outcome; else its arrival or order */
    uint32_t *note; /* the caller's, 0 at the arrival, kept for the outcome */
} mlg_step_t;

/** Begin with nothing, in the midst of a segment.
 *
 * @param room  lines that may wait, >= 1
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t mlg_reorder_make(mlg_reorder_t **out, unsigned room,
                              apr_pool_t *p);

/** Begin with a segment, nothing waiting any more: after mlg_reorder_finish(),
 * mlg_reorder_next() has said 0.
 *
 * @param is_fresh  1: its first events are 1; 0: the log begins in its midst
 */
void mlg_reorder_begin(mlg_reorder_t *r, int is_fresh);

/** Take one request or order; mlg_reorder_next() was called until it said 0. */
void mlg_reorder_add(mlg_reorder_t *r, const mlg_observation_t *seen);

/** No more will come: wait for nothing. */
void mlg_reorder_finish(mlg_reorder_t *r);

/** @return 1 and `step` filled; 0 when more is needed */
int mlg_reorder_next(mlg_reorder_t *r, mlg_step_t *step);

/** Waits given up, and lines that came after their turn. */
uint64_t mlg_reorder_gaps(const mlg_reorder_t *r);
uint64_t mlg_reorder_late(const mlg_reorder_t *r);

#endif /* MLG_REORDER_H */
