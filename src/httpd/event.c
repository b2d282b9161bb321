/* SPDX-License-Identifier: Apache-2.0
 *
 * Telling the operator of a client's passage: one line in the error log, one
 * JSON object in the event log. Never called with a stripe held.
 */
#include "mlgate.h"

#include "mlg_report.h"

#include <apr_strings.h>
#include <http_core.h>

APLOG_USE_MODULE(mlgate);

apr_status_t mlgate_event_open(server_rec *s, apr_pool_t *pconf)
{
    return mlgate_sink_open(&mlgate.event_log, "MLGateEventLog",
                            mlgate_conf_global(s)->event_log, MLG_C_EVENTS_LOST,
                            s, pconf);
}

/* @param gates  in the gate's time; people read the wall clock's */
static void write_event(server_rec *s, apr_pool_t *p,
                        const mlg_transition_t *gates)
{
    apr_interval_time_t behind_us = mlgate_clock_behind();
    mlg_transition_t transition = *gates;
    char *json;
    const char *line;

    if (mlgate.event_log.file == NULL) {
        return;
    }
    transition.at_us = mlgate_wall_of(gates->at_us, behind_us);
    transition.until_us = mlgate_wall_of(gates->until_us, behind_us);
    json =
        mlg_report_render(mlg_report_event(&transition, mlgate.ipv6_prefix), 1);
    if (json != NULL) {
        line = apr_pstrcat(p, json, "\n", NULL);
        free(json);
        mlgate_sink_write(&mlgate.event_log, s, line, strlen(line));
    }
}

/* "request_rate 12.40 (12.4 pages a second), ..." */
static const char *words_of(apr_pool_t *p, const mlg_reasons_t *reasons)
{
    const char *text = "";
    char words[MLG_WORDS_TEXT];

    for (unsigned i = 0; i < reasons->n; i++) {
        const mlg_reason_t *reason = &reasons->top[i];

        text = apr_psprintf(p, "%s%s%s %.2f (%s)", text, (i > 0) ? ", " : "",
                            mlg_features[reason->feature].name,
                            (double)reason->value,
                            mlg_report_reason_words(words, reason));
    }
    return text;
}

/* "score 0.912 of 0.800" */
static const char *score_words(apr_pool_t *p, const mlg_decision_t *d)
{
    return (d->threshold <= 1.0f)
               ? apr_psprintf(p, "score %.3f of %.3f", (double)d->score,
                              (double)d->threshold)
               : apr_psprintf(p,
                              "score %.3f, and the gate has not yet learned "
                              "this site: only a flood is refused",
                              (double)d->score);
}

static apr_int64_t seconds_until(apr_time_t until_us, apr_time_t now_us)
{
    return apr_time_sec(until_us - now_us + APR_USEC_PER_SEC / 2);
}

void mlgate_event_convicted(request_rec *r, const mlg_decision_t *d)
{
    mlg_transition_t transition = mlg_transition_convicted(d);
    const char *reasons = words_of(r->pool, &d->reasons);
    apr_int64_t seconds = seconds_until(d->until_us, d->at_us);
    char client[MLG_KEY_TEXT];
    char id[MLG_DECISION_ID_TEXT];

    if (d->ended_us != 0) { /* the watchdog had not come to it */
        mlg_block_t last = mlg_decision_ended(d);

        mlgate_event_ended(r->server, r->pool, &last);
    }
    mlg_key_render(client, &d->key, mlgate.ipv6_prefix);
    mlg_report_id(id, d->id);
    if (strcmp(transition.event, "block") == 0) {
        ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r,
                      MLG0008 "blocked %s for %" APR_INT64_T_FMT
                              " s, offence %u, %s: %s; reference %s",
                      client, seconds, d->offences, score_words(r->pool, d),
                      reasons, id);
    }
    else {
        ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r,
                      MLG0009 "would have blocked %s for %" APR_INT64_T_FMT
                              " s, offence %u, %s: %s; reference %s",
                      client, seconds, d->offences, score_words(r->pool, d),
                      reasons, id);
    }
    write_event(r->server, r->pool, &transition);
}

void mlgate_event_order(request_rec *r, const char *what, const mlg_key_t *key,
                        apr_time_t until_us, const char *note)
{
    int is_block = (strcmp(what, "block") == 0);
    apr_time_t now_us = mlgate_now();
    mlg_transition_t transition = mlg_transition_ordered(
        is_block ? "operator-block" : "unblock", key, now_us, until_us, note);
    char client[MLG_KEY_TEXT];

    ap_log_rerror(
        APLOG_MARK, APLOG_NOTICE, 0, r,
        MLG0010 "an operator at %s %s %s for %" APR_INT64_T_FMT " s%s%s",
        r->useragent_ip, is_block ? "blocked" : "unblocked and will not judge",
        mlg_key_render(client, key, mlgate.ipv6_prefix),
        seconds_until(until_us, now_us), (note != NULL) ? ": " : "",
        (note != NULL) ? ap_escape_logitem(r->pool, note) : "");
    write_event(r->server, r->pool, &transition);
}

void mlgate_event_ended(server_rec *s, apr_pool_t *p, const mlg_block_t *block)
{
    mlg_transition_t transition = mlg_transition_ended(block);
    char client[MLG_KEY_TEXT];

    mlg_key_render(client, &block->info.key, mlgate.ipv6_prefix);
    if (block->kind == MLG_BLOCK_WOULD) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, s,
                     MLG0019 "%s would be free again; %u requests would have "
                             "been refused",
                     client, block->info.refused);
    }
    else {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, s,
                     MLG0011 "the block of %s is over; %u requests were "
                             "refused",
                     client, block->info.refused);
    }
    write_event(s, p, &transition);
}
