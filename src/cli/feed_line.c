/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_line.h"

/* When a line was written; hostile ones would be so at the end of time. */
static apr_time_t written_us(const mlg_observation_t *seen)
{
    apr_time_t at_us = seen->arrival.at_us; /* >= 0 */
    uint64_t left_us = (uint64_t)(INT64_MAX - at_us);

    if (seen->kind == MLG_OBSERVED_START) {
        return (apr_time_t)seen->segment;
    }
    if (seen->kind == MLG_OBSERVED_ORDER || !seen->outcome.knows_duration) {
        return at_us;
    }
    return (seen->outcome.duration_us < left_us)
               ? at_us + (apr_time_t)seen->outcome.duration_us
               : INT64_MAX;
}

apr_status_t feed_line_read(const feed_t *feed, mlg_log_parser_t *parser,
                            feed_line_t *out, char *line, size_t len,
                            mlg_fault_t *fault)
{
    apr_status_t rv;

    if (feed->format == NULL && mlg_observation_is(line, len)) {
        out->is_observed = 1;
        rv = mlg_observation_parse(&out->seen, line, len, fault);
        if (rv == APR_SUCCESS) {
            out->at_us = written_us(&out->seen);
            return rv;
        }
        fault = NULL; /* what is said is why it is no observation */
    }
    out->is_observed = 0;
    rv = mlg_log_parse(parser, &out->entry, line, len, fault);
    if (rv == APR_SUCCESS) {
        out->at_us = out->entry.request.at_us;
    }
    return rv;
}
