/* SPDX-License-Identifier: Apache-2.0
 *
 * The feed's own: one line of a log, of whatever kind, and when it was due.
 */
#ifndef FEED_LINE_H
#define FEED_LINE_H

#include "feed.h"

typedef struct feed_line_t {
    int is_observed;
    /* By which logs are merged: a request's time as its log has it, but the
     * end of a request that was observed, because observations are written
     * then and may be in the thousands behind a slow one. A start has no time
     * but its segment's, which is as old as the first of all its logs. */
    apr_time_t at_us;
    union {
        mlg_log_entry_t entry;
        mlg_observation_t seen; /* is_observed */
    };
} feed_line_t;

/** @return 1 for the start of a server */
static inline int feed_line_is_start(const feed_line_t *line)
{
    return line->is_observed && line->seen.kind == MLG_OBSERVED_START;
}

/** Read a line. Without a format of the user's it may be an observation; what
 * only looks like one is read as any other.
 *
 * @param parser  what `out` may borrow from until it reads another
 * @param out     filled on success, undefined otherwise
 * @param line    `len` bytes, may be hostile; written to
 * @param fault   why not, and at which byte; may be NULL
 * @return APR_SUCCESS or MLG_ELINE
 */
apr_status_t feed_line_read(const feed_t *feed, mlg_log_parser_t *parser,
                            feed_line_t *out, char *line, size_t len,
                            mlg_fault_t *fault);

#endif /* FEED_LINE_H */
