/* SPDX-License-Identifier: Apache-2.0
 *
 * The hooks of a request, in the order in which httpd calls them:
 *
 *   pre_connection     begin to count the requests of a connection
 *   post_read_request  after mod_remoteip: who is it?
 *   quick_handler      first of all: a blocked client is refused here, before
 *                      a cache, a redirect or URI translation can answer it
 *                      (post_read_request would close the connection for each
 *                      refusal, which costs more than the refusal)
 *   header_parser      judge, so that SetEnvIf in a section can use the verdict
 *   access_checker     judge if that was skipped; refuse
 *   fixups             refuse again if "Satisfy Any" let the request past
 *   log_transaction    the outcome; and judge what never came this far
 */
#include "mlgate.h"

#include <apr_atomic.h>

#include <http_connection.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

APLOG_USE_MODULE(mlgate);

#define HEADERS_US (60 * (apr_interval_time_t)APR_USEC_PER_SEC)

static mlgate_ticket_t *ticket_of(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &mlgate_module);
}

/* Only what a client asked for is an arrival: no subrequests, no internal
 * redirects. */
static int is_arrival(request_rec *r)
{
    return mlgate.is_serving && ap_is_initial_req(r);
}

static int is_exempt(request_rec *r, const mlgate_conf_t *conf)
{
    for (int i = 0; conf->exempt != NULL && i < conf->exempt->nelts; i++) {
        const char *err = NULL;
        int rc = ap_expr_exec(
            r, APR_ARRAY_IDX(conf->exempt, i, const ap_expr_info_t *), &err);

        if (rc > 0) {
            return 1;
        }
        if (rc < 0) {
            ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                          MLG0016 "an MLGateExempt expression failed (%s) and "
                                  "exempted nobody; correct it",
                          err);
        }
    }
    return 0;
}

static int on_connection(conn_rec *c, void *socket)
{
    (void)socket;
    if (c->master == NULL && !c->outgoing) {
        ap_set_module_config(c->conn_config, &mlgate_module,
                             apr_pcalloc(c->pool, sizeof(mlgate_conn_t)));
    }
    return OK;
}

/* A peer that mod_remoteip let speak for others is a balancer: what goes
 * wrong on its connections before a client is known is not its doing. */
static void note_spokesman(const request_rec *r, apr_time_t at_us)
{
    mlgate_conn_t *conn = mlgate_conn_of(r->connection);

    if (r->useragent_addr != r->connection->client_addr && conn != NULL &&
        !conn->is_spoken) {
        mlg_client_t peer = mlgate_client_of(r->connection->client_addr);

        conn->is_spoken = 1;
        mlg_sketch_add(&mlgate.gate.peers, peer.hash, at_us, 1);
    }
}

/* When a request began, by the gate's clock. One whose headers took longer than
 * a minute to come was read while somebody set the other clock. */
static apr_time_t begun_us(const request_rec *r)
{
    apr_interval_time_t age_us = apr_time_now() - r->request_time;

    return mlgate_now() - ((age_us < 0)            ? 0
                           : (age_us > HEADERS_US) ? HEADERS_US
                                                   : age_us);
}

static mlgate_ticket_t *make_ticket(request_rec *r)
{
    mlgate_ticket_t *ticket = apr_palloc(r->pool, sizeof(*ticket));

    ticket->at_us = begun_us(r);
    ticket->seen = NULL;
    ticket->is_exempt = 0;
    ticket->is_judged = 0;
    ticket->is_refused = 0;
    ticket->decision.is_recorded = 0;
    ticket->client = mlgate_client_of(r->useragent_addr);
    ap_set_module_config(r->request_config, &mlgate_module, ticket);
    return ticket;
}

/* An internal redirect, to an ErrorDocument or by mod_rewrite, has an
 * environment of its own: the verdict goes along. */
static void tell_again(request_rec *r)
{
    const request_rec *first = r;
    const mlgate_ticket_t *ticket;

    while (first->prev != NULL) {
        first = first->prev;
    }
    ticket = (r->main == NULL) ? ticket_of(first) : NULL;
    if (ticket != NULL && ticket->is_judged) {
        mlgate_tell(r, &ticket->decision);
    }
}

static int on_read(request_rec *r)
{
    if (r->prev != NULL) {
        tell_again(r);
    }
    if (is_arrival(r)) {
        mlgate_ticket_t *ticket = make_ticket(r);

        note_spokesman(r, ticket->at_us);
        mlg_table_prefetch(&mlgate.gate.table, ticket->client.hash);
    }
    return DECLINED;
}

static int refuse(request_rec *r, mlgate_ticket_t *ticket,
                  const mlgate_conf_t *conf)
{
    ticket->is_refused = 1;
    return mlgate_refuse(r, conf, &ticket->decision);
}

static apr_uint64_t events_of(apr_uint64_t client)
{
    return mlg_stripe_events(&mlgate.gate.table.stripe[mlg_stripe_of(client)]);
}

/* Here the path is still as the client wrote it. One that httpd will rewrite
 * before it is served must not pass for the path that it spells. */
static int is_plain(const char *uri)
{
    return uri != NULL && strchr(uri, '%') == NULL &&
           strstr(uri, "/.") == NULL && strstr(uri, "//") == NULL;
}

/* A refused request is no arrival and counts nowhere, but whoever replays the
 * log under other rules wants to know what it was. */
static void observe_refused(request_rec *r, const mlgate_ticket_t *ticket,
                            const mlg_rules_t *rules)
{
    const mlgate_conn_t *conn = mlgate_conn_of(r->connection);
    mlg_arrival_t arrival;

    mlgate_arrive(&arrival, r, &ticket->client, ticket->at_us,
                  (conn != NULL) ? conn->requests + 1 : 0, 0);
    mlgate_observe_arrival(ticket->seen, &arrival, rules,
                           events_of(ticket->client.hash), 0);
}

static int on_quick(request_rec *r, int lookup)
{
    mlgate_ticket_t *ticket = ticket_of(r);
    mlg_standing_t standing;
    const mlgate_conf_t *conf;
    mlgate_rules_t held;

    if (lookup || ticket == NULL || !is_arrival(r)) {
        return DECLINED;
    }
    conf = mlgate_conf_of(r);
    if (conf->set.engine == MLG_ENGINE_OFF) {
        return DECLINED;
    }
    ticket->is_exempt =
        conf->exempt != NULL && is_plain(r->uri) && is_exempt(r, conf);
    mlgate_rules(&held, conf);
    standing = mlg_gate_check(&mlgate.gate, &held.rules, &ticket->client,
                              ticket->at_us);
    if (standing.verdict != MLG_VERDICT_REFUSE || ticket->is_exempt) {
        mlgate_rules_drop(&held);
        return DECLINED;
    }
    mlg_refuse(&mlgate.gate, &held.rules, &ticket->client, ticket->at_us,
               &standing, &ticket->decision);
    ticket->is_judged = 1;
    ticket->seen = mlgate_observe_begin(r);
    if (ticket->seen != NULL) {
        observe_refused(r, ticket, &held.rules);
    }
    mlgate_rules_drop(&held);
    mlgate_tell(r, &ticket->decision);
    return refuse(r, ticket, conf);
}

/* Judge a request, once. */
static void judge(request_rec *r, mlgate_ticket_t *ticket,
                  const mlgate_conf_t *conf, uint32_t late)
{
    mlgate_conn_t *conn = mlgate_conn_of(r->connection);
    uint32_t exempt = 0;
    mlgate_rules_t by;
    mlg_stripe_t *held;
    apr_uint64_t arrived;

    if (ticket->is_exempt || is_exempt(r, conf)) {
        exempt = MLG_IS_EXEMPT;
    }
    mlgate_rules(&by, conf);
    /* What is seen only when it has been answered may be minutes old; to the
     * record that would be a clock that stepped back. */
    mlgate_arrive(&ticket->arrival, r, &ticket->client,
                  (late != 0) ? mlgate_now() : ticket->at_us,
                  (conn != NULL) ? apr_atomic_inc32(&conn->requests) + 1 : 0,
                  late | exempt);
    ticket->seen = mlgate_observe_begin(r);
    held = mlgate_stripe_try(mlg_stripe_of(ticket->client.hash));
    mlg_judge(&mlgate.gate, &by.rules, &ticket->arrival, held,
              &ticket->decision);
    arrived = events_of(ticket->client.hash);
    mlgate_stripe_drop(held);
    if (ticket->seen != NULL) {
        mlgate_observe_arrival(ticket->seen, &ticket->arrival, &by.rules,
                               arrived, held != NULL);
    }
    mlgate_rules_drop(&by);
    ticket->is_judged = 1;
    mlgate_tell(r, &ticket->decision);
    if (ticket->decision.convicts) {
        mlgate_event_convicted(r, &ticket->decision);
    }
    if (ticket->decision.swarm != 0) {
        mlgate_swarm_describe(r, &ticket->arrival, ticket->decision.swarm);
    }
    if (ticket->decision.swarm_begins) {
        mlgate_swarm_begins(r, &ticket->decision);
    }
}

static int on_headers(request_rec *r)
{
    mlgate_ticket_t *ticket = ticket_of(r);
    const mlgate_conf_t *conf;

    if (ticket == NULL || ticket->is_judged || !is_arrival(r)) {
        return DECLINED;
    }
    conf = mlgate_conf_of(r);
    if (conf->set.engine != MLG_ENGINE_OFF) {
        judge(r, ticket, conf, 0);
    }
    return DECLINED;
}

static int must_refuse(const mlgate_ticket_t *ticket)
{
    return ticket != NULL && ticket->is_judged && !ticket->is_refused &&
           ticket->decision.verdict == MLG_VERDICT_REFUSE;
}

static int refuse_here(request_rec *r)
{
    return refuse(r, ticket_of(r), mlgate_conf_of(r));
}

static int on_access(request_rec *r)
{
    on_headers(r);
    if (!ap_is_initial_req(r) || !must_refuse(ticket_of(r))) {
        return DECLINED;
    }
    /* Under "Satisfy Any" a password would overrule this hook, after the
     * answer was sent: fixups gives it. */
    return (ap_satisfies(r) == SATISFY_ANY) ? DECLINED : refuse_here(r);
}

static int on_fixups(request_rec *r)
{
    return (ap_is_initial_req(r) && must_refuse(ticket_of(r))) ? refuse_here(r)
                                                               : DECLINED;
}

/* Was it sent on by a proxy? Before mod_remoteip has run, that proxy's address
 * is all there is, and it is not to blame. */
static int is_passed_on(const request_rec *r)
{
    return apr_table_get(r->headers_in, "X-Forwarded-For") != NULL ||
           apr_table_get(r->headers_in, "Forwarded") != NULL ||
           apr_table_get(r->headers_in, "Via") != NULL;
}

/* A request that was answered before anyone asked us: by a cache, a redirect,
 * or an error while it was read. It counts, and may convict its client. */
static mlgate_ticket_t *judge_late(request_rec *r, mlgate_ticket_t *ticket)
{
    const mlgate_conf_t *conf = mlgate_conf_of(r);

    if (conf->set.engine == MLG_ENGINE_OFF) {
        return NULL;
    }
    if (ticket == NULL) {
        /* No request line: a browser's idle connection, no request. */
        if (r->the_request == NULL || r->the_request[0] == '\0') {
            return NULL;
        }
        ticket = make_ticket(r);
        if (is_passed_on(r) ||
            mlg_sketch_add(&mlgate.gate.peers, ticket->client.hash,
                           ticket->at_us, 0) > 0.0f) {
            return NULL; /* read before mod_remoteip could say whose it is */
        }
    }
    judge(r, ticket, conf, MLG_IS_LATE);
    return ticket;
}

/* @return the outcome's place among the stripe's events; 0 = it has none */
static apr_uint64_t settle(const mlgate_ticket_t *ticket,
                           const mlg_outcome_t *seen)
{
    mlg_outcome_t outcome = *seen;
    mlg_stripe_t *held = mlgate_stripe_spin(mlg_stripe_of(ticket->client.hash));
    apr_uint64_t settled;

    if (mlg_decision_is_for_swarm(&ticket->decision)) {
        outcome.status = 0; /* no evidence against a member */
    }
    mlg_settle(&mlgate.gate, &ticket->arrival, &outcome, held);
    settled = (held != NULL) ? events_of(ticket->client.hash) : 0;
    mlgate_stripe_drop(held);
    return settled;
}

/* The request is over: into its client's record, and into the log. */
static void finish(request_rec *r, const mlgate_ticket_t *ticket, int status,
                   apr_off_t sent_bytes)
{
    apr_interval_time_t took_us = mlgate_now() - ticket->at_us;
    apr_uint64_t settled = 0;
    mlg_outcome_t outcome;

    outcome.status = (uint32_t)status;
    outcome.sent_bytes = (uint64_t)sent_bytes;
    outcome.duration_us = (uint64_t)((took_us > 0) ? took_us : 0);
    outcome.knows_duration = 1;
    if (ticket->decision.is_recorded) {
        settled = settle(ticket, &outcome);
    }
    if (ticket->seen != NULL) {
        mlgate_observe_outcome(r, ticket->seen, &ticket->decision, &outcome,
                               settled);
    }
}

static int on_log(request_rec *r)
{
    mlgate_ticket_t *ticket = ticket_of(r);
    const request_rec *last = r;

    if (!is_arrival(r)) {
        return DECLINED;
    }
    if (ticket == NULL || !ticket->is_judged) {
        ticket = judge_late(r, ticket);
    }
    if (ticket == NULL) {
        return DECLINED;
    }
    while (last->next != NULL) {
        last = last->next;
    }
    if (last->status == HTTP_REQUEST_TIME_OUT) {
        mlg_count(mlgate.gate.counters, ticket->client.hash, MLG_C_TIMEOUTS);
    }
    if (ticket->decision.is_recorded || ticket->seen != NULL) {
        finish(r, ticket, last->status, last->bytes_sent);
    }
    return DECLINED;
}

void mlgate_access_hooks(void)
{
    static const char *const after_remoteip[] = {"mod_remoteip.c", NULL};
    static const char *const before_setenvif[] = {"mod_setenvif.c", NULL};

    ap_hook_pre_connection(on_connection, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_read_request(on_read, after_remoteip, NULL, APR_HOOK_MIDDLE);
    ap_hook_quick_handler(on_quick, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_header_parser(on_headers, NULL, before_setenvif,
                          APR_HOOK_REALLY_FIRST);
    ap_hook_check_access(on_access, NULL, NULL, APR_HOOK_FIRST,
                         AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_fixups(on_fixups, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_log_transaction(on_log, NULL, NULL, APR_HOOK_FIRST);
}
