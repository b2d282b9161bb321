/* SPDX-License-Identifier: Apache-2.0
 *
 * The handler "mlgate-status": which endpoint a request means, and whether it
 * may have it. Who may come here at all is for the configuration to say.
 */
#include "status.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include <stdlib.h>

#define HANDLER "mlgate-status"

/* ---- endpoints ----------------------------------------------------------- */

typedef struct route_t {
    const char *name;
    const char *argument; /* what follows the name, for people; NULL: nothing */
    int is_order;         /* 1: POST only; 0: GET and HEAD */
    int (*answer)(request_rec *r, const char *argument);
    const char *about;
} route_t;

static int get_root(request_rec *r, const char *argument);
static int get_health(request_rec *r, const char *argument);
static int get_stats(request_rec *r, const char *argument);
static int get_metrics(request_rec *r, const char *argument);
static int get_swarms(request_rec *r, const char *argument);
static int get_client(request_rec *r, const char *argument);
static int get_decision(request_rec *r, const char *argument);

/* clang-format off */
static const route_t routes[] = {
    {"",         NULL,   0, get_root,    "this gateway"},
    {"health",   NULL,   0, get_health,  "200 when well, 503 with reasons"},
    {"stats",    NULL,   0, get_stats,   "counters, blocks, top clients, decisions"},
    {"metrics",  NULL,   0, get_metrics, "for Prometheus"},
    {"swarms",   NULL,   0, get_swarms,  "many clients, one request each"},
    {"client",   "{ip}", 0, get_client,  "all that is known of one client"},
    {"decision", "{id}", 0, get_decision,"why a request was refused"},
    {"block",    "{ip}", 1, mlgate_order_block,
     "refuse this client; ?ttl=10m&reason=..."},
    {"unblock",  "{ip}", 1, mlgate_order_unblock,
     "let this client through unjudged; ?ttl=10m&reason=..."},
};
/* clang-format on */

#define NROUTES (sizeof(routes) / sizeof(routes[0]))

static int get_root(request_rec *r, const char *argument)
{
    json_t *endpoints;

    (void)argument;
    apr_table_mergen(r->headers_out, "Vary", "Accept");
    if (mlgate_wants_html(r)) {
        return mlgate_page(r, mlgate_survey(r, 1));
    }
    endpoints = json_object();
    for (size_t i = 1; i < NROUTES; i++) {
        const route_t *e = &routes[i];

        json_object_set_new(
            endpoints,
            apr_pstrcat(r->pool, e->is_order ? "POST " : "GET ", e->name,
                        (e->argument != NULL) ? "/" : NULL, e->argument, NULL),
            json_string(e->about));
    }
    return mlgate_answer(r, HTTP_OK,
                         mlg_report_info(mlgate_survey(r, 0), endpoints));
}

static int get_health(request_rec *r, const char *argument)
{
    mlg_shard_t before;
    const mlg_snapshot_t *s = NULL;
    json_t *report;
    int is_well;

    (void)argument;
    if (mlgate.is_serving) {
        s = mlgate_survey(r, 0);
        if (!mlgate_survey_before(mlgate_now(), &s->total, &before)) {
            before = s->total;
        }
    }
    report = mlg_report_health(s, &before, &is_well);
    return mlgate_answer(r, is_well ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE,
                         report);
}

static int get_stats(request_rec *r, const char *argument)
{
    (void)argument;
    return mlgate_answer(r, HTTP_OK, mlg_report_stats(mlgate_survey(r, 1)));
}

static int get_metrics(request_rec *r, const char *argument)
{
    size_t bytes = 0;
    char *text = mlg_report_metrics(mlgate_survey(r, 0), &bytes);

    (void)argument;
    return mlgate_answer_text(r, "text/plain; version=0.0.4; charset=utf-8",
                              text, bytes);
}

static int get_swarms(request_rec *r, const char *argument)
{
    mlg_swarm_view_t view;

    (void)argument;
    mlg_swarm_view(&view, mlgate.gate.swarms, mlgate_clock_behind());
    return mlgate_answer(
        r, HTTP_OK, mlg_report_swarms(&view, &mlgate_survey_rules(r)->swarm));
}

static int get_client(request_rec *r, const char *argument)
{
    mlg_client_view_t view;
    mlg_key_t addr;
    const char *wrong = mlgate_order_address(r, argument, &addr);

    if (wrong != NULL) {
        return mlgate_problem(r, HTTP_BAD_REQUEST, "%s", wrong);
    }
    if (mlgate_survey_client(r, &addr, &view) != APR_SUCCESS) {
        apr_table_setn(r->headers_out, "Retry-After", "1");
        return mlgate_problem(r, HTTP_SERVICE_UNAVAILABLE,
                              "the client's stripe was busy for a second; try "
                              "again");
    }
    if (!view.has_record && !view.has_block && !view.is_allowed) {
        return mlgate_problem(r, HTTP_NOT_FOUND,
                              "nothing is known of %s: it was not seen lately, "
                              "or lost its place to others",
                              argument);
    }
    return mlgate_answer(r, HTTP_OK, mlg_report_client(&view));
}

/* The swarm that a decision was made for; null when it was forgotten. */
static json_t *swarm_of(const mlg_decision_t *d)
{
    mlg_swarm_event_t e;

    return mlg_swarm_of(mlgate.gate.swarms, d->swarm, d->at_us,
                        mlgate_clock_behind(), &e)
               ? mlg_report_swarm(&e)
               : json_null();
}

static int get_decision(request_rec *r, const char *argument)
{
    const mlg_gate_t *gate = &mlgate.gate;
    const mlg_rules_t *rules;
    mlg_decision_t d;
    apr_uint64_t id;
    json_t *swarm;
    json_t *report;

    if (mlg_report_id_parse(&id, argument) != APR_SUCCESS) {
        return mlgate_problem(r, HTTP_BAD_REQUEST,
                              "'%.60s' is not a reference ID; it has 16 "
                              "hexadecimal digits",
                              argument);
    }
    if (!mlg_ring_find(gate->ring, id, &d) &&
        !mlg_ring_find(gate->members, id, &d)) {
        return mlgate_problem(r, HTTP_NOT_FOUND,
                              "no decision %s among the latest %d", argument,
                              MLG_DECISIONS);
    }
    swarm = swarm_of(&d);
    mlgate_survey_wall_decision(&d);
    rules = mlgate_survey_rules(r);
    if (mlg_rules_model(rules) != d.model) {
        rules = NULL; /* another model would change for other reasons */
    }
    report = mlg_report_decision(&d, mlgate.ipv6_prefix, rules);
    json_object_set_new(report, "swarm", swarm);
    return mlgate_answer(r, HTTP_OK, report);
}

/* ---- which endpoint ------------------------------------------------------ */

/* The endpoint that `path` names exactly; it has no slash at either end. */
static const route_t *match(const char *path, const char **argument)
{
    size_t len = strcspn(path, "/");
    int has_more = path[len] == '/';

    for (size_t i = 0; i < NROUTES; i++) {
        if (strlen(routes[i].name) == len &&
            strncmp(routes[i].name, path, len) == 0 &&
            (routes[i].argument != NULL) == has_more) {
            *argument = has_more ? path + len + 1 : "";
            return &routes[i];
        }
    }
    return NULL;
}

/* Does this <Location>, as SetHandler has it, name our handler? httpd keeps
 * even a plain name as an expression. */
static int sets_handler(request_rec *r, const core_dir_config *section)
{
    const char *name = section->handler;
    const char *err = NULL;

    if (section->expr_handler != NULL) {
        name = ap_expr_str_exec(r, section->expr_handler, &err);
    }
    return err == NULL && name != NULL && strcmp(name, HANDLER) == 0;
}

/* Does this <Location> or <LocationMatch> cover the request? */
static int covers(const request_rec *r, const core_dir_config *section)
{
    size_t len;

    if (section->d == NULL) {
        return 0;
    }
    if (section->r != NULL) {
        return ap_regexec(section->r, r->uri, 0, NULL, 0) == 0;
    }
    if (section->d_is_fnmatch) {
        return apr_fnmatch(section->d, r->uri, APR_FNM_PATHNAME) == APR_SUCCESS;
    }
    len = strlen(section->d);
    while (len > 0 && section->d[len - 1] == '/') {
        len--;
    }
    return strncmp(r->uri, section->d, len) == 0 &&
           (r->uri[len] == '/' || r->uri[len] == '\0');
}

/* Did the server's own configuration put us here? A .htaccess file, or a
 * handler set by extension or rewriting, must not open the gate's books to
 * whoever may write files. */
static int is_mounted(request_rec *r)
{
    const core_server_config *conf =
        ap_get_core_module_config(r->server->module_config);
    const core_dir_config *top =
        ap_get_core_module_config(r->server->lookup_defaults);
    int mounted = sets_handler(r, top);

    for (int i = 0; conf->sec_url != NULL && i < conf->sec_url->nelts; i++) {
        const core_dir_config *section = ap_get_core_module_config(
            APR_ARRAY_IDX(conf->sec_url, i, ap_conf_vector_t *));

        mounted |= covers(r, section) && sets_handler(r, section);
    }
    return mounted;
}

/* How many bytes of the path lead to where a <Location> mounted us; -1 when it
 * was something else (a pattern, a directory, an expression). */
static apr_ssize_t mount_of(request_rec *r)
{
    const core_server_config *conf =
        ap_get_core_module_config(r->server->module_config);
    apr_ssize_t found = -1;

    for (int i = 0; conf->sec_url != NULL && i < conf->sec_url->nelts; i++) {
        const core_dir_config *section = ap_get_core_module_config(
            APR_ARRAY_IDX(conf->sec_url, i, ap_conf_vector_t *));
        size_t len;

        if (section->d == NULL || section->r != NULL || section->d_is_fnmatch) {
            continue;
        }
        len = strlen(section->d);
        while (len > 0 && section->d[len - 1] == '/') {
            len--;
        }
        if ((apr_ssize_t)len > found && strncmp(r->uri, section->d, len) == 0 &&
            (r->uri[len] == '/' || r->uri[len] == '\0') &&
            sets_handler(r, section)) {
            found = (apr_ssize_t)len;
        }
    }
    return found;
}

/* A path without the slashes at its ends. */
static char *trim(apr_pool_t *p, const char *path)
{
    size_t len;

    while (*path == '/') {
        path++;
    }
    len = strlen(path);
    while (len > 0 && path[len - 1] == '/') {
        len--;
    }
    return apr_pstrmemdup(p, path, len);
}

/* Was it the mount itself that was asked for, before mod_dir looked for an
 * index file there? */
static int asked_for_mount(request_rec *r, apr_ssize_t mount)
{
    const char *asked = r->parsed_uri.path;

    return asked != NULL &&
           strcmp(trim(r->pool, asked),
                  trim(r->pool, apr_pstrmemdup(r->pool, r->uri,
                                               (apr_size_t)mount))) == 0;
}

/* Below a known mount the rest of the path must be an endpoint. Elsewhere the
 * path's end says which it is, and one that says nothing is the root. */
static const route_t *find_route(request_rec *r, const char **argument)
{
    apr_ssize_t mount = mount_of(r);
    char *path = trim(r->pool, r->uri + ((mount > 0) ? mount : 0));
    const route_t *route = match(path, argument);

    if (route == NULL && mount >= 0) {
        return asked_for_mount(r, mount) ? match("", argument) : NULL;
    }
    for (char *at = path + strlen(path); route == NULL && at > path; at--) {
        if (at[-1] == '/') {
            route = match(at, argument);
        }
    }
    return (route != NULL) ? route : match("", argument);
}

/* ---- who may give orders ------------------------------------------------- */

/* The authority without the port that goes without saying. */
static const char *without_port(request_rec *r, const char *authority,
                                const char *port)
{
    size_t len = strlen(authority);
    size_t tail = strlen(port);

    return (len > tail && strcmp(authority + len - tail, port) == 0)
               ? apr_pstrmemdup(r->pool, authority, len - tail)
               : authority;
}

/* A name that an attacker made resolve to this server passes for same-origin
 * in the browser. Only this server's own names, addresses and "localhost" do
 * not come from elsewhere. */
static int is_foreign_name(const request_rec *r)
{
    const char *host = r->hostname;

    return host != NULL && host[0] != '[' && strchr(host, ':') == NULL &&
           host[strspn(host, "0123456789.")] != '\0' &&
           ap_cstr_casecmp(host, "localhost") != 0 && mlgate_is_odd_host(r);
}

/* Did another site's page make the browser send this? Browsers say so in
 * Sec-Fetch-Site, and all but the oldest send Origin with a POST. Programs
 * send neither. */
static int is_cross_site(request_rec *r)
{
    const char *site = apr_table_get(r->headers_in, "Sec-Fetch-Site");
    const char *origin = apr_table_get(r->headers_in, "Origin");
    const char *host = apr_table_get(r->headers_in, "Host");
    const char *port;

    if (site != NULL && ap_cstr_casecmp(site, "same-origin") != 0 &&
        ap_cstr_casecmp(site, "none") != 0) {
        return 1;
    }
    if (origin == NULL) {
        return 0;
    }
    if (ap_cstr_casecmpn(origin, "http://", 7) == 0) {
        origin += 7;
        port = ":80";
    }
    else if (ap_cstr_casecmpn(origin, "https://", 8) == 0) {
        origin += 8;
        port = ":443";
    }
    else {
        return 1; /* "null" among others */
    }
    return host == NULL || ap_cstr_casecmp(without_port(r, origin, port),
                                           without_port(r, host, port)) != 0;
}

static int refuse_method(request_rec *r, const route_t *route)
{
    apr_table_setn(r->headers_out, "Allow",
                   route->is_order ? "POST" : "GET, HEAD");
    return mlgate_problem(r, HTTP_METHOD_NOT_ALLOWED,
                          "%.20s is not for this; it takes %s", r->method,
                          route->is_order ? "POST, for it changes something"
                                          : "GET and HEAD");
}

int mlgate_status_handler(request_rec *r)
{
    const route_t *route;
    const char *argument = "";
    int rv;

    if (r->handler == NULL || strcmp(r->handler, HANDLER) != 0 ||
        !is_mounted(r)) {
        return DECLINED;
    }
    if (is_foreign_name(r)) {
        return mlgate_problem(r, HTTP_FORBIDDEN,
                              "'%.60s' is no name of this server; use one of "
                              "its names, its address or localhost",
                              r->hostname);
    }
    rv = ap_discard_request_body(r); /* parameters are in the path and query */
    if (rv != OK) {
        return rv;
    }
    route = find_route(r, &argument);
    if (route == NULL) {
        return mlgate_problem(r, HTTP_NOT_FOUND,
                              "there is nothing at '%.60s' here; GET the root "
                              "of this location for what there is",
                              r->uri);
    }
    if (r->method_number != (route->is_order ? M_POST : M_GET)) {
        return refuse_method(r, route);
    }
    if (route->is_order && is_cross_site(r)) {
        return mlgate_problem(r, HTTP_FORBIDDEN,
                              "another site's page sent this; orders are taken "
                              "from this site's pages and from programs");
    }
    if (!mlgate.is_serving && route->answer != get_health) {
        return mlgate_problem(r, HTTP_SERVICE_UNAVAILABLE,
                              "the shared table is not mapped; the error log "
                              "says why");
    }
    return route->answer(r, argument);
}
