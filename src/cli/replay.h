/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of mlgatectl replay share: the ends of blocks, and the events
 * of --decisions. */
#ifndef REPLAY_H
#define REPLAY_H

#include "mlg_replay.h"

#include <stdio.h>

/* The blocks that have not ended yet, the next to end first. */
typedef struct ends_t {
    const mlg_replay_t *replay; /* borrowed */
    FILE *to;                   /* borrowed, or NULL */
    apr_pool_t *p;
    struct end_t *end; /* a heap, shape [room] */
    uint32_t n;
    uint32_t room;
} ends_t;

/** Begin to do what the server's watchdog does: mark each block that ended as
 * told, so that its slot is used again; and to write one JSON line per
 * transition, as the event log has it: a block when a client is convicted, an
 * end when time has passed it. A block that lasts beyond the log has no end.
 *
 * Memory is as large as the block table needs, 16 bytes an entry; more of it
 * only for an observation log whose server got a larger table.
 *
 * @param to  its error flag tells whether all was written; NULL to write
 *            nothing
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t ends_init(ends_t *ends, const mlg_replay_t *replay, FILE *to,
                       apr_pool_t *p);

/** Do so for what one request shows to have happened. In the order of the log. */
void ends_add(ends_t *ends, uint64_t client, const mlg_decision_t *d);

#endif /* REPLAY_H */
