/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client is told: verdicts as notes, environment and log fields, and
 * refusals as responses. A flood is answered here many thousand times a
 * second, so a refusal is put together by copying, not by formatting.
 */
#include "mlgate.h"
#include "status.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>

#define SCORE_STEPS  1000
#define REASON_BYTES 64 /* a feature's name and its value */

/* "0.000" to "1.000", so that no request formats a number. */
static char score_text[SCORE_STEPS + 1][6];

void mlgate_tell_prepare(void)
{
    for (int i = 0; i <= SCORE_STEPS; i++) {
        apr_snprintf(score_text[i], sizeof(score_text[i]), "%d.%03d", i / 1000,
                     i % 1000);
    }
}

static char *put(char *at, const char *text)
{
    size_t len = strlen(text);

    memcpy(at, text, len);
    return at + len;
}

static char *put_number(char *at, apr_uint64_t n)
{
    char digits[20];
    int len = 0;

    do {
        digits[len++] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    while (len > 0) {
        *at++ = digits[--len];
    }
    return at;
}

static char *put_id(char *at, uint64_t id)
{
    for (int shift = 60; shift >= 0; shift -= 4) {
        *at++ = "0123456789abcdef"[id >> shift & 15];
    }
    return at;
}

/* A feature's value with two decimals, which is all a log reader wants; one
 * that does not fit is cut. Values of features are never negative. */
static char *put_value(char *at, float value)
{
    apr_uint64_t hundredths =
        (value < 1e12f) ? (apr_uint64_t)(value * 100.0f + 0.5f) : 0;

    at = put_number(at, hundredths / 100);
    *at++ = '.';
    *at++ = (char)('0' + hundredths / 10 % 10);
    *at++ = (char)('0' + hundredths % 10);
    return at;
}

/* "request_rate=12.40 ua_diversity=7.00", heaviest first. */
static const char *reason_text(apr_pool_t *p, const mlg_reasons_t *reasons)
{
    char *text = apr_palloc(p, MLG_NREASONS * REASON_BYTES);
    char *at = text;

    for (unsigned i = 0; i < reasons->n; i++) {
        const mlg_reason_t *reason = &reasons->top[i];

        at = put(at, (i > 0) ? " " : "");
        at = put(at, mlg_features[reason->feature].name);
        at = put(at, "=");
        at = put_value(at, reason->value);
    }
    *at = '\0';
    return text;
}

static void set(request_rec *r, const char *name, const char *value)
{
    /* added, not set: nobody else has these names, and it saves a search */
    apr_table_addn(r->subprocess_env, name, value);
    apr_table_addn(r->notes, name, value);
}

void mlgate_tell(request_rec *r, const mlg_decision_t *d)
{
    int is_scored = d->score >= 0.0f; /* false for NaN */
    set(r, "MLGATE_SCORE",
        is_scored ? score_text[(int)(d->score * SCORE_STEPS + 0.5f)] : "-");
    set(r, "MLGATE_VERDICT", mlg_verdict_name((mlg_verdict)d->verdict));
    if (d->reasons.n > 0) {
        set(r, "MLGATE_REASON", reason_text(r->pool, &d->reasons));
    }
}

/* ---- the response ------------------------------------------------------- */

static char *put_html(char *at, const mlg_decision_t *d, apr_uint64_t seconds)
{
    uint64_t id = d->id;

    at = put(at, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
                 "<meta name=\"viewport\" content=\"width=device-width\">"
                 "<title>Request refused</title>"
                 "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:"
                 "34em;margin:12vh auto;padding:0 1em;color-scheme:light dark}"
                 "code{font-size:1.1em}</style><h1>Request refused</h1>");
    at = put(at, mlg_decision_is_for_swarm(d)
                     ? "<p>This site is getting very many automated requests, "
                       "and this one looked like them. Your address is not "
                       "blocked; try again in a while.</p>"
                     : "<p>Requests from your address looked automated, so "
                       "this site is not answering them for now.</p>");
    if (seconds > 0) {
        at = put(at, "<p>It will again in ");
        at = put_number(at, (seconds + 59) / 60);
        at = put(at, (seconds > 60) ? " minutes" : " minute");
        at = put(at, "; trying earlier does not make it longer.</p>");
    }
    if (id != 0) {
        at = put(at, "<p>If this is a mistake, tell the site's operator this "
                     "reference: <code>");
        at = put_id(at, id);
        at = put(at, "</code></p>");
    }
    return put(at, "\n");
}

/* RFC 9457 */
static char *put_problem(char *at, int status, const mlg_decision_t *d,
                         apr_uint64_t seconds)
{
    uint64_t id = d->id;

    at = put(at, "{\"type\":\"about:blank\",\"title\":\"");
    at = put(at, ap_get_status_line(status) + 4); /* after "429 " */
    at = put(at, "\",\"status\":");
    at = put_number(at, (apr_uint64_t)status);
    at = put(at, mlg_decision_is_for_swarm(d)
                     ? ",\"detail\":\"This request looked like very many "
                       "automated ones that are coming; its address is not "
                       "blocked.\",\"retry_after\":"
                     : ",\"detail\":\"Requests from this address looked "
                       "automated and are refused for now.\","
                       "\"retry_after\":");
    at = put_number(at, seconds);
    if (id != 0) {
        at = put(at, ",\"reference\":\"");
        at = put_id(at, id);
        at = put(at, "\"");
    }
    return put(at, "}\n");
}

static int send_body(request_rec *r, const char *body, size_t len)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, alloc);

    /* As for every error response: no content filters, but mod_headers'
     * "Header always". */
    r->output_filters = r->proto_output_filters;
    ap_run_insert_error_filter(r);
    ap_set_content_length(r, (apr_off_t)len);
    APR_BRIGADE_INSERT_TAIL(bb,
                            apr_bucket_pool_create(body, len, r->pool, alloc));
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(alloc));
    ap_pass_brigade(r->output_filters, bb);
    return DONE;
}

/* Whoever is refused does not get to hold a worker while its body trickles in:
 * httpd reads a body before it answers, unless the connection is to close. */
static void leave_body(request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");

    if ((length != NULL && strcmp(length, "0") != 0) ||
        apr_table_get(r->headers_in, "Transfer-Encoding") != NULL) {
        r->connection->keepalive = AP_CONN_CLOSE;
    }
}

int mlgate_refuse(request_rec *r, const mlgate_conf_t *conf,
                  const mlg_decision_t *d)
{
    int status = (int)conf->set.refuse_status;
    apr_interval_time_t left_us = d->until_us - d->at_us;
    apr_uint64_t seconds =
        (left_us > 0) ? (apr_uint64_t)((left_us + 999999) / 1000000) : 0;
    char *body;
    char *end;

    body = apr_palloc(r->pool, 1024);
    if (seconds > 0) {
        *put_number(body, seconds) = '\0';
        apr_table_set(r->err_headers_out, "Retry-After", body);
    }
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    if (d->id != 0) {
        *put_id(body, d->id) = '\0';
        set(r, "MLGATE_REFERENCE", apr_pstrmemdup(r->pool, body, 16));
    }
    leave_body(r);
    if (ap_response_code_string(r, ap_index_of_response(status)) != NULL) {
        return status; /* the site has an ErrorDocument */
    }
    r->status = status;
    if (mlgate_wants_html(r)) {
        end = put_html(body, d, seconds);
        ap_set_content_type(r, "text/html; charset=utf-8");
    }
    else {
        end = put_problem(body, status, d, seconds);
        ap_set_content_type(r, "application/problem+json");
    }
    return send_body(r, body, (size_t)(end - body));
}
