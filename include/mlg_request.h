/* SPDX-License-Identifier: Apache-2.0
 *
 * From the text of a request to an arrival: the one place where paths, header
 * values and methods are looked at. The module fills the view from
 * request_rec, mlgatectl from a log line; what the detector then sees is the
 * same.
 *
 * Every text may be hostile: any byte, any length. Nothing is copied.
 *
 * Pure: no clock, no lock, no allocation.
 */
#ifndef MLG_REQUEST_H
#define MLG_REQUEST_H

#include "mlg_event.h"

/* A borrowed text; at == NULL means the field was not sent. */
typedef struct mlg_text_t {
    const char *at;
    size_t len; /* bytes, without NUL */
} mlg_text_t;

/* A request as text, borrowed until mlg_request_arrive() returns. Fields that
 * the source cannot know (see `knows`) are ignored. */
typedef struct mlg_request_t {
    apr_time_t at_us;
    mlg_client_t from;
    uint32_t knows; /* MLG_KNOWS_* */
    uint32_t depth; /* requests on this connection, this one included */
    unsigned header_fields;
    int is_http2;    /* came over HTTP/2 */
    int is_secure;   /* came over TLS: browsers send more headers then */
    int is_odd_host; /* see MLG_IS_ODD_HOST */
    uint32_t is;     /* MLG_IS_EXEMPT, MLG_IS_LATE */
    uint64_t print;  /* mlg_print_add() over the header; 0 = not known: the
                        User-Agent stands for it */
    mlg_text_t method;
    mlg_text_t target; /* request target as sent: path?query, or absolute */
    mlg_text_t agent;
    mlg_text_t referer;
    mlg_text_t cookie;
    mlg_text_t accept;
    mlg_text_t accept_language;
    mlg_text_t accept_encoding;
    mlg_text_t content_length;
    mlg_text_t transfer_encoding;
    mlg_text_t sec_fetch_mode;
} mlg_request_t;

/** Turn a request into an arrival.
 *
 * @param out      filled completely
 * @param request  borrowed for the call
 * @param secret   for every hash in the arrival
 */
void mlg_request_arrive(mlg_arrival_t *out, const mlg_request_t *request,
                        const mlg_secret_t *secret);

/** Add what a newcomer has in common with others: print, shape, template and
 * MLG_IS_BROWSER.
 * Not for every request: see mlg_gate_asks_cohorts().
 *
 * @param out      of mlg_request_arrive()
 * @param request  the same
 */
void mlg_request_cohorts(mlg_arrival_t *out, const mlg_request_t *request,
                         const mlg_secret_t *secret);

/** Add one header field to a print: its name as it was sent, in its place, and
 * the value of Accept and Accept-Encoding, which a browser's release fixes.
 * Fields that depend on what is asked for (Referer, Cookie, caching, ranges,
 * bodies) do not count.
 *
 * @param print  so far; 0 to begin with
 * @return never 0
 */
uint64_t mlg_print_add(uint64_t print, mlg_text_t name, mlg_text_t value,
                       const mlg_secret_t *secret);

/** Does this User-Agent claim to be a browser's, and of no robot? */
int mlg_agent_claims_browser(mlg_text_t agent);

#define MLG_TEMPLATE_TEXT 128 /* of a path, cut to fit */

/** A path without what varies in it: runs of digits become one 0, segments that
 * are hexadecimal or long and mixed become a *, of a query only the names stay.
 *
 * @param out     room for MLG_TEMPLATE_TEXT bytes, no NUL; hostile bytes as
 *                they came
 * @param target  as mlg_request_t has it
 * @return its length
 */
size_t mlg_request_template(char out[MLG_TEMPLATE_TEXT], mlg_text_t target);

/** The raw path of a request's target, without its query.
 *
 * @return borrows from the request; {NULL, 0} when there is none
 */
mlg_text_t mlg_request_path(const mlg_request_t *request);

/** Is this path a static asset? By its extension (css js mjs map png jpg jpeg
 * gif svg webp avif ico woff woff2 ttf otf mp4 webm mp3 pdf, any case), which
 * is what a browser fetches to show a page.
 *
 * @param path  without query
 */
int mlg_path_is_asset(mlg_text_t path);

#endif /* MLG_REQUEST_H */
