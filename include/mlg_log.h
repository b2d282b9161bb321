/* SPDX-License-Identifier: Apache-2.0
 *
 * Access logs as the gate's input: a line becomes a request and its outcome.
 *
 * Understood are Apache's common, combined and vhost_combined and nginx's
 * combined, told apart line by line. A line is attacker-controlled text: any
 * byte, any length, anything missing. A line that cannot be read says why and
 * stops nothing.
 *
 * mlg_log_parse(): pure; no clock, no lock, no allocation. The reader owns one
 * buffer from the caller's pool, so memory does not grow with the input.
 */
#ifndef MLG_LOG_H
#define MLG_LOG_H

#include "mlg_request.h"

#include <apr_pools.h>

#define MLG_LOG_LINE_MAX 131072 /* bytes; longer lines are not parsed */

/* One line. Texts borrow from the line. */
typedef struct mlg_log_entry_t {
    mlg_key_t addr;        /* canonical, whole */
    mlg_text_t vhost;      /* vhost_combined's first field, else NULL */
    mlg_request_t request; /* all but `from`; `knows` says what the log has */
    mlg_outcome_t outcome;
} mlg_log_entry_t;

/* How lines are to be read. One thread at a time. */
typedef struct mlg_log_parser_t mlg_log_parser_t;

/** Make a parser.
 *
 * @param out     set on success; owned by the pool
 * @param format  NULL
 * @param fault   why not, and at which byte of `format`; may be NULL
 * @return APR_SUCCESS or MLG_ELINE
 */
apr_status_t mlg_log_parser_make(mlg_log_parser_t **out, const char *format,
                                 apr_pool_t *p, mlg_fault_t *fault);

/** Read one line.
 *
 * A stamp without a fraction stands for the middle of its second, and the
 * clock counts as unknown: half a second is the fairest phase for windows.
 *
 * @param out    filled on success; valid while `line` is, and until the
 *               parser reads another
 * @param line   `len` bytes, no NUL needed, without the newline; escapes
 *               (\" \\ \xhh \n ...) are undone in place, on failure too
 * @param fault  why not, and at which byte; may be NULL
 * @return APR_SUCCESS or MLG_ELINE
 */
apr_status_t mlg_log_parse(mlg_log_parser_t *parser, mlg_log_entry_t *out,
                           char *line, size_t len, mlg_fault_t *fault);

/** Read a stamp such as "26/Jan/2024:19:00:02 +0000", seconds optionally with
 * a fraction of up to 9 digits.
 *
 * @param at_us       set on success: microseconds since the epoch, >= 0
 * @param is_precise  set to 1 when there was a fraction, else 0
 * @return APR_SUCCESS or MLG_ELINE
 */
apr_status_t mlg_log_time(apr_time_t *at_us, int *is_precise, mlg_text_t text);

/** Read an address; an IPv6 zone ("%eth0") is ignored.
 *
 * @param out  set on success only
 * @return APR_SUCCESS or MLG_EADDRESS
 */
apr_status_t mlg_log_address(mlg_key_t *out, mlg_text_t text);

typedef struct mlg_log_reader_t mlg_log_reader_t;

/** Open a log, plain or gzipped.
 *
 * @param out   owned by the pool, which closes it
 * @param path  a file; "-" is standard input
 * @return APR_SUCCESS or the reason from the system
 */
apr_status_t mlg_log_open(mlg_log_reader_t **out, const char *path,
                          apr_pool_t *p);

/** The next line.
 *
 * @param line  set to it; may be written to; valid until the next call
 * @param len   set to its length without line end
 * @return APR_SUCCESS; APR_EOF at the end; MLG_ELINE for a line longer than
 *         MLG_LOG_LINE_MAX, of which `line` is the beginning; APR_EGENERAL
 *         when the gzip data are damaged
 */
apr_status_t mlg_log_next(mlg_log_reader_t *reader, char **line, size_t *len);

/* How far a reader is. */
typedef struct mlg_log_place_t {
    uint64_t file_bytes; /* of the file, compressed or not */
    uint64_t text_bytes; /* of lines */
} mlg_log_place_t;

/** Cheap enough to ask every thousand lines. */
mlg_log_place_t mlg_log_place(const mlg_log_reader_t *reader);

#endif /* MLG_LOG_H */
