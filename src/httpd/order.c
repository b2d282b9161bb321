/* SPDX-License-Identifier: Apache-2.0
 *
 * An operator's orders: block and unblock.
 */
#include "status.h"

#include "mlg_duration.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_protocol.h>

#define TTL_MIN MLG_SEC(1)
#define TTL_MAX MLG_SEC(2592000) /* 30 days, as MLGateBlockMax */

/* What came with an order, in the query string. */
typedef struct terms_t {
    apr_interval_time_t ttl_us;
    const char *reason; /* NULL: none was given */
} terms_t;

const char *mlgate_order_address(request_rec *r, const char *text,
                                 mlg_key_t *out)
{
    mlg_prefix_t prefix;

    if (strchr(text, '/') != NULL) {
        return apr_psprintf(r->pool,
                            "'%.60s' is a prefix or has a slash too many; "
                            "name one address, such as 192.0.2.7",
                            text);
    }
    if (mlg_prefix_parse(&prefix, text) != APR_SUCCESS) {
        return apr_psprintf(r->pool,
                            "'%.60s' is not an address; write it as 192.0.2.7 "
                            "or 2001:db8::1",
                            text);
    }
    *out = prefix.base;
    return NULL;
}

static const char *read_ttl(request_rec *r, terms_t *terms, const char *value)
{
    apr_size_t len = strlen(value);
    apr_interval_time_t us;

    if (len == 0 || !apr_isalpha(value[len - 1]) ||
        mlg_duration_parse(&us, value) != APR_SUCCESS) {
        return apr_psprintf(r->pool,
                            "ttl '%.60s' is not a duration; write a whole "
                            "number and a unit, such as 30s, 10m, 24h or 7d",
                            value);
    }
    if (us < TTL_MIN || us > TTL_MAX) {
        return apr_psprintf(r->pool, "ttl '%.60s' is out of range, 1s to 30d",
                            value);
    }
    terms->ttl_us = us;
    return NULL;
}

static const char *read_reason(request_rec *r, terms_t *terms,
                               const char *value)
{
    json_t *probe = json_string(value);

    if (probe == NULL) {
        return "the reason is not UTF-8";
    }
    json_decref(probe);
    if (strlen(value) >= MLG_BLOCK_NOTE) {
        return apr_psprintf(r->pool,
                            "the reason is longer than %d bytes; shorten it",
                            MLG_BLOCK_NOTE - 1);
    }
    for (const char *c = value; *c != '\0'; c++) {
        if (apr_iscntrl(*c)) {
            return "the reason holds a control character";
        }
    }
    terms->reason = (*value != '\0') ? value : NULL;
    return NULL;
}

static const char *read_term(request_rec *r, terms_t *terms, char *pair)
{
    char *value = strchr(pair, '=');

    if (value != NULL) {
        *value++ = '\0';
    }
    else {
        value = pair + strlen(pair);
    }
    if (ap_unescape_urlencoded(value) != OK) {
        return apr_psprintf(r->pool, "the value of '%.60s' is badly encoded",
                            pair);
    }
    if (strcmp(pair, "ttl") == 0) {
        return read_ttl(r, terms, value);
    }
    if (strcmp(pair, "reason") == 0) {
        return read_reason(r, terms, value);
    }
    return apr_psprintf(r->pool,
                        "there is no parameter '%.60s'; there are ttl and "
                        "reason",
                        pair);
}

/* @return NULL, or a sentence */
static const char *read_terms(request_rec *r, terms_t *terms)
{
    const char *wrong = NULL;
    char *rest = (r->args != NULL) ? apr_pstrdup(r->pool, r->args) : NULL;

    terms->ttl_us = mlgate_conf_of_server(r->server)->set.block_for_us;
    terms->reason = NULL;
    while (rest != NULL && wrong == NULL) {
        char *pair = rest;

        rest = strchr(pair, '&');
        if (rest != NULL) {
            *rest++ = '\0';
        }
        if (*pair != '\0') {
            wrong = read_term(r, terms, pair);
        }
    }
    return wrong;
}

static json_t *describe(const char *done, const mlg_client_view_t *view,
                        const mlg_block_t *was)
{
    json_t *out =
        mlg_report_block(&view->block, view->ipv6_prefix, view->now_us);

    json_object_set_new(out, "done", json_string(done));
    json_object_set_new(
        out, "replaced",
        (was->kind != MLG_BLOCK_NONE)
            ? mlg_report_block(was, view->ipv6_prefix, view->now_us)
            : json_null());
    if (view->is_allowed) {
        json_object_set_new(
            out, "warning",
            json_string("this address is on the allow-list (MLGateAllow), "
                        "which beats a block"));
    }
    return out;
}

/* @param view     its block is set to the entry that was made
 * @param arrived  set to the order's place among the stripe's events */
static apr_status_t carry_out(mlg_client_view_t *view, mlg_block_kind kind,
                              const terms_t *terms, mlg_block_t *was,
                              apr_uint64_t *arrived)
{
    const mlg_blocks_t *blocks = &mlgate.gate.blocks;
    mlg_stripe_t *held = mlgate_stripe_wait(mlg_stripe_of(view->client.hash));
    apr_uint32_t slot;
    apr_status_t rv;

    if (held == NULL) {
        return APR_EBUSY;
    }
    mlg_stripe_assume(held);
    view->now_us = mlgate_now(); /* it lasts from now on, not since it waited */
    rv = mlg_order(&mlgate.gate, kind, &view->client, view->now_us,
                   view->now_us + terms->ttl_us, terms->reason, held, was);
    *arrived = mlg_stripe_events(held);
    if (rv == APR_SUCCESS &&
        mlg_block_find(blocks, view->client.hash, view->now_us, NULL, &slot) !=
            MLG_BLOCK_NONE) {
        mlg_block_read(blocks, slot, &view->block);
    }
    mlgate_stripe_drop(held);
    return rv;
}

static int order(request_rec *r, const char *done, mlg_block_kind kind,
                 const char *address)
{
    mlg_client_view_t view;
    mlg_block_t was;
    mlg_key_t addr;
    terms_t terms;
    const mlgate_conf_t *conf = mlgate_conf_of_server(r->server);
    const char *wrong = mlgate_order_address(r, address, &addr);
    apr_uint64_t arrived;
    apr_status_t rv;

    if (wrong == NULL) {
        wrong = read_terms(r, &terms);
    }
    if (wrong != NULL) {
        return mlgate_problem(r, HTTP_BAD_REQUEST, "%s", wrong);
    }
    memset(&view, 0, sizeof(view));
    view.client = mlg_client_from(&addr, &mlgate.gate.segment->secret,
                                  mlgate.ipv6_prefix);
    view.ipv6_prefix = mlgate.ipv6_prefix;
    view.now_us = mlgate_now();
    view.is_allowed = mlg_cidrs_contain(conf->allow, &addr);
    rv = carry_out(&view, kind, &terms, &was, &arrived);
    if (rv == MLG_EFULL) {
        return mlgate_problem(r, HTTP_INSUFFICIENT_STORAGE,
                              "the block table has no room for this client; "
                              "raise MLGateTableSize");
    }
    if (rv != APR_SUCCESS) {
        apr_table_setn(r->headers_out, "Retry-After", "1");
        return mlgate_problem(r, HTTP_SERVICE_UNAVAILABLE,
                              "the client's stripe was busy for a second; "
                              "nothing was changed, try again");
    }
    mlgate_observe_order(r->server, &view.client, kind, view.now_us,
                         view.now_us + terms.ttl_us, arrived);
    mlgate_event_order(r, done, &view.client.key, view.now_us + terms.ttl_us,
                       terms.reason);
    if (mlgate_wants_html(r)) { /* the button on the page: back to it */
        mlgate_answer_headers(r);
        apr_table_setn(r->headers_out, "Location",
                       (r->uri[strlen(r->uri) - 1] == '/') ? "../../" : "../");
        r->status = HTTP_SEE_OTHER;
        return OK;
    }
    mlgate_survey_wall(&view.block);
    mlgate_survey_wall(&was);
    view.now_us += mlgate_clock_behind();
    return mlgate_answer(r, HTTP_OK, describe(done, &view, &was));
}

int mlgate_order_block(request_rec *r, const char *address)
{
    return order(r, "block", MLG_BLOCK_OPERATOR, address);
}

int mlgate_order_unblock(request_rec *r, const char *address)
{
    return order(r, "unblock", MLG_BLOCK_GRACE, address);
}
