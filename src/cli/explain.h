/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of mlgatectl explain. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "feed.h"
#include "remote.h"

typedef struct explain_t {
    feed_t feed;
    remote_t remote;
    const char *decision; /* --decision; NULL: a client of logs is meant */
    int wants_json;
} explain_t;

/** Tell what a decision, or a line of an event log, says.
 *
 * @param explain  `decision` is set: a URL, a file, "-" or a reference ID
 * @param args     at most one operand: of the lines of a file, those of this
 *                 reference ID or address only
 * @return CTL_DONE; CTL_FAILED or CTL_MISUSE having said why
 */
int explain_decision(explain_t *explain, args_t *args);

#endif /* EXPLAIN_H */
