/* SPDX-License-Identifier: Apache-2.0
 *
 * Access logs as the gate's input: a line becomes a request and its outcome.
 *
 * Understood are httpd's LogFormat and nginx's log_format, whatever they say
 * as long as client, time and request are among it, and JSON lines. A line is
 * attacker-controlled text: any byte, any length, anything missing. A line
 * that cannot be read says why and stops nothing.
 *
 * Memory: a parser and a reader own one buffer each from the caller's pool;
 * neither grows with the input. No lock, no clock, no locale.
 */
#ifndef MLG_LOG_H
#define MLG_LOG_H

#include "mlg_request.h"

#include <apr_pools.h>

#define MLG_LOG_LINE_MAX 131072 /* bytes; longer lines are not parsed */

/* One line. Texts borrow from the line. */
typedef struct mlg_log_entry_t {
    mlg_key_t addr;        /* canonical, whole */
    mlg_text_t vhost;      /* as logged, with a port or not; else NULL */
    mlg_request_t request; /* all but `from`; `knows` says what the log has */
    mlg_outcome_t outcome;
} mlg_log_entry_t;

/* How lines are to be read. One thread at a time. */
typedef struct mlg_log_parser_t mlg_log_parser_t;

/** Make a parser.
 *
 * @param format  how the lines are written:
 *
 *   NULL  Told line by line: common, combined (httpd's and nginx's),
 *         vhost_combined, and JSON. What follows behind is ignored.
 *   a name  common, combined, vhost_common, vhost_combined, combinedio, json
 *   httpd's LogFormat, as in httpd.conf or without its backslashes. Used are
 *         %a %{c}a %h  %t %{...}t  %r %m %U %q %H  %s %>s  %b %B %O
 *         %D %{us}T %{ms}T  %k  %v %V
 *         %{Referer}i %{User-Agent}i %{Cookie}i %{Accept}i
 *         %{Accept-Language}i %{Accept-Encoding}i %{Content-Length}i
 *         %{Transfer-Encoding}i %{Sec-Fetch-Mode}i, and %{X-Forwarded-For}i
 *         and the like where there is neither %a nor %h: its last address.
 *         Every other directive is read over; %T too, which is too coarse.
 *         %{...}t takes what strftime() writes and can be read back, sec,
 *         msec, usec, msec_frac and usec_frac; several make one time. A time
 *         without a zone is UTC.
 *   nginx's log_format, told by $: $remote_addr $time_local $time_iso8601
 *         $msec $request $request_method $request_uri $uri $args
 *         $server_protocol $status $body_bytes_sent $bytes_sent $request_time
 *         $connection_requests $host $server_name $http_NAME; others are read
 *         over. Its times are those of the end of a request; with
 *         $request_time the arrival is known, as it is with %{end:...}t and
 *         %D.
 *
 *         Two directives need something between them (%U%q does not), and
 *         a value ends where what follows it in the format begins. Of two
 *         for one field the better one is used: %a before %h, %r before %U,
 *         %>s before %s, %b before %O.
 * @param out    set on success; owned by the pool
 * @param fault  why not, and at which byte of `format`; may be NULL
 * @return APR_SUCCESS or MLG_ELINE
 *
 * Keys of JSON lines, written in any case and with or without _ and -; points
 * are objects. Keys of the answer's headers, of tls and of an upstream are
 * passed over. Of several for one field the first in this list counts, then
 * the first in the line:
 *
 *   client    client_ip remote_addr remote_address remote_ip client_host
 *             client_addr client_address remote_host source_ip c_ip ip client;
 *             x_forwarded_for (the last)
 *   arrival   StartUTC start_time request_time_epoch
 *   end       msec ts time_iso8601 time_local
 *   arrival   time timestamp datetime date
 *   duration  duration_us request_time_us response_time_us time_taken_us
 *             microseconds duration_ns duration_ms request_time_ms
 *             response_time_ms latency_ms elapsed_ms request_time (s)
 *             Duration (ns) duration (s) latency (s); or with its unit: "12ms"
 *   request   request request_line first_line request_first_line
 *   method    method request_method http_method cs_method verb
 *   target    request_uri uri request_path request_url url.original
 *             original_url url target; or path url_path uri_path cs_uri_stem
 *             and query_string args query cs_uri_query
 *   protocol  protocol proto request_protocol server_protocol
 *             cs_protocol_version http_version http.version
 *   status    downstream_status status status_code response_status
 *             response_code http_status sc_status response code
 *   size      body_bytes_sent downstream_content_size response_size
 *             response_length response_bytes body.bytes bytes_written size
 *             bytes bytes_sent sc_bytes
 *   requests on the connection  connection_requests (from 1), keepalives
 *   host      vhost virtual_host server_name request_host http_host host
 *   headers   user_agent agent user_agent.original referer referrer; any of
 *             LogFormat's in an object headers, or behind http_ or request_
 *
 * Times are ISO 8601, CLF's, or a number since the epoch, whose size tells
 * seconds from ms, us and ns.
 */
apr_status_t mlg_log_parser_make(mlg_log_parser_t **out, const char *format,
                                 apr_pool_t *p, mlg_fault_t *fault);

/** Read one line.
 *
 * A time without a fraction stands for the middle of its second, and the
 * clock counts as unknown: half a second is the fairest phase for windows.
 * Of header fields, a log that carries them makes Referer, User-Agent, Cookie
 * and Accept-Encoding known; MLG_KNOWS_HEADERS, every field, it never does.
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

/** Read a time such as "26/Jan/2024:19:00:02 +0000" or ISO 8601's, seconds
 * optionally with a fraction of up to 9 digits, or a number since the epoch.
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
 * @return APR_SUCCESS; APR_EOF at the end; APR_INCOMPLETE at the end of a
 *         gzipped file that was cut off; MLG_ELINE for a line longer than
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
