/* SPDX-License-Identifier: Apache-2.0
 *
 * Swarms as httpd sees them: what a newcomer has in common with others, the
 * begin and the end of a swarm in the logs, and whether workers are short.
 */
#include "mlgate.h"

#include "mlg_report_json.h"
#include "mlg_request.h"

#include <apr_strings.h>
#include <ap_mpm.h>
#include <scoreboard.h>

APLOG_USE_MODULE(mlgate);

#define BUSY_PERCENT 90 /* of all workers: they are short */

uint64_t mlgate_swarm_print(const request_rec *r)
{
    const apr_array_header_t *all = apr_table_elts(r->headers_in);
    const apr_table_entry_t *entry = (const apr_table_entry_t *)all->elts;
    uint64_t print = 0;

    for (int i = 0; i < all->nelts; i++) {
        print = mlg_print_add(print, mlgate_text_of(entry[i].key),
                              mlgate_text_of(entry[i].val),
                              &mlgate.gate.segment->secret);
    }
    return print;
}

/* @param event  taken over */
static void write_event(server_rec *s, apr_pool_t *p, const char *what,
                        json_t *event)
{
    char *json;

    if (mlgate.event_log.file == NULL) {
        json_decref(event);
        return;
    }
    mlg_json_set_time(event, "time", apr_time_now());
    json_object_set_new(event, "event", json_string(what));
    json = mlg_report_render(event, 1);
    if (json != NULL) {
        const char *line = apr_pstrcat(p, json, "\n", NULL);

        free(json);
        mlgate_sink_write(&mlgate.event_log, s, line, strlen(line));
    }
}

void mlgate_swarm_describe(const request_rec *r, const mlg_arrival_t *a,
                           unsigned event)
{
    mlg_swarms_t *swarms = mlgate.gate.swarms;
    mlg_text_t agent =
        mlgate_text_of(apr_table_get(r->headers_in, "User-Agent"));
    char place[MLG_TEMPLATE_TEXT];
    size_t len;

    if (mlg_swarm_asks(swarms, event, a) == 0) {
        return;
    }
    len = mlg_request_template(place, mlgate_text_of(r->unparsed_uri));
    mlg_swarm_describe(swarms, event, a, agent.at, agent.len, place, len);
}

void mlgate_swarm_begins(request_rec *r, const mlg_decision_t *d)
{
    mlg_swarm_event_t e = mlg_swarm_event_copy(
        &mlgate.gate.swarms->event[d->swarm - 1], mlgate_clock_behind());
    char words[MLG_SWARM_WORDS];

    ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r,
                  MLG0038 "a swarm: %s. What is done about it: MLGateSwarm",
                  mlg_report_swarm_words(words, &e));
    write_event(r->server, r->pool, "swarm-begin", mlg_report_swarm(&e));
}

/* Once when MLGateSwarmMaxShare begins to hold verdicts back, once when it does
 * no more. When another process watches from now on, it says so again. */
static void say_held_back(server_rec *s, apr_pool_t *p)
{
    static int was_held_back;
    mlg_swarm_view_t view;
    mlg_rules_t rules;

    mlg_swarm_view(&view, mlgate.gate.swarms, mlgate_clock_behind());
    if (view.is_held_back == was_held_back) {
        return;
    }
    was_held_back = view.is_held_back;
    mlg_settings_rules(&rules, &mlgate_conf_of_server(s)->set);
    mlg_settings_swarms(&rules.swarm, &mlgate_conf_global(s)->set);
    if (view.is_held_back) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     MLG0040
                     "verdicts on swarms would refuse more than %.0f %% "
                     "of the %u clients of ten minutes: their requests "
                     "pass until workers run short. If .../swarms shows "
                     "nobody you know, raise MLGateSwarmMaxShare",
                     100.0 * (double)rules.swarm.max_share, view.clients);
    }
    else {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     MLG0041 "verdicts on swarms are held back no more");
    }
    write_event(s, p, view.is_held_back ? "swarms-held-back" : "swarms-judged",
                mlg_report_swarms(&view, &rules.swarm));
}

void mlgate_swarm_sweep(server_rec *s, apr_pool_t *p)
{
    mlg_swarms_t *swarms = mlgate.gate.swarms;
    char words[MLG_SWARM_WORDS];

    mlg_swarm_sweep(swarms, mlgate_now());
    say_held_back(s, p);
    for (unsigned i = 0; i < MLG_SWARM_EVENTS; i++) {
        mlg_swarm_event_t *at = &swarms->event[i];
        mlg_swarm_event_t e = mlg_swarm_event_copy(at, mlgate_clock_behind());

        if (e.id == 0 || e.end_us == 0 || e.told_over == e.id) {
            continue;
        }
        at->told_over = e.id; /* the place may be another's by now */
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     MLG0039 "a swarm is over: %s",
                     mlg_report_swarm_words(words, &e));
        write_event(s, p, "swarm-end", mlg_report_swarm(&e));
    }
}

/* Every process that serves counts, whatever the MPM. */
void mlgate_swarm_weigh_load(void)
{
    int servers = 0;
    int threads = 0;
    int busy = 0;

    if (!ap_exists_scoreboard_image() ||
        ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &servers) != APR_SUCCESS ||
        ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads) != APR_SUCCESS) {
        return;
    }
    threads = (threads > 0) ? threads : 1; /* prefork says 0 */
    for (int i = 0; i < servers; i++) {
        for (int k = 0; k < threads; k++) {
            const worker_score *w = ap_get_scoreboard_worker_from_indexes(i, k);

            busy += w != NULL && w->status >= SERVER_BUSY_READ &&
                    w->status <= SERVER_BUSY_DNS;
        }
    }
    __atomic_store_n(&mlgate.gate.swarms->is_busy,
                     (apr_uint32_t)(100.0 * busy >=
                                    (double)BUSY_PERCENT * servers * threads),
                     __ATOMIC_RELAXED);
}
