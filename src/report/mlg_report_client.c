/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_report_json.h"

#include <math.h>
#include <string.h>

void mlg_client_view_features(float x[MLG_NFEATURES],
                              const mlg_client_view_t *view)
{
    mlg_arrival_t latest;

    if (!view->has_record) {
        for (int i = 0; i < MLG_NFEATURES; i++) {
            x[i] = NAN;
        }
        return;
    }
    memset(&latest, 0, sizeof(latest));
    latest.at_us = view->record.last_us;
    latest.from = view->client;
    latest.knows = MLG_KNOWS_ALL;
    if (mlg_panes_sum(&view->record.http2) == 0) {
        latest.knows &= ~(uint32_t)MLG_KNOWS_HTTP2; /* perhaps not offered */
    }
    mlg_features_read(x, &view->record, &latest, view->subnet_pages);
}

static json_t *panes(const mlg_panes_t *p)
{
    return json_integer(mlg_panes_sum(p));
}

/* The windows as they stood at the latest request, as plain counts. */
static json_t *record_of(const mlg_client_view_t *view)
{
    const mlg_record_t *r = &view->record;
    json_t *out = json_object();

    mlg_json_set_time(out, "first_seen",
                      (apr_time_t)r->first_s * APR_USEC_PER_SEC +
                          view->behind_us);
    mlg_json_set_time(out, "last_seen", r->last_us + view->behind_us);
    json_object_set_new(out, "requests", json_integer(r->total));
    json_object_set_new(out, "in_flight", json_integer(r->in_flight));
    json_object_set_new(out, "state", json_string(mlg_state_name(r->state)));
    json_object_set_new(out, "score",
                        mlg_json_number((float)r->score[0] / 65535.0f));
    json_object_set_new(out, "high_scores_of_last_5",
                        json_integer(__builtin_popcount(r->evidence & 0x1fu)));
    json_object_set_new(out, "requests_10min", panes(&r->requests));
    json_object_set_new(out, "pages_10min", panes(&r->pages_300s));
    json_object_set_new(out, "pages_2min", panes(&r->pages_60s));
    json_object_set_new(out, "pages_20s", panes(&r->pages_10s));
    json_object_set_new(out, "answered_10min", panes(&r->answered));
    json_object_set_new(out, "not_found_10min", panes(&r->not_found));
    json_object_set_new(out, "client_errors_10min", panes(&r->client_errors));
    json_object_set_new(out, "server_errors_10min", panes(&r->server_errors));
    return out;
}

/* What the gate does with this client's next request, before judging it. */
static const char *standing_of(const mlg_client_view_t *view)
{
    if (view->is_allowed) {
        return "allow-listed";
    }
    if (view->has_block) {
        return mlg_block_kind_name(view->block.kind);
    }
    return "judged";
}

json_t *mlg_report_client(const mlg_client_view_t *view)
{
    const mlg_rules_t *rules = view->rules;
    char text[MLG_KEY_TEXT];
    float x[MLG_NFEATURES];
    mlg_reasons_t reasons = {.n = 0};
    json_t *out = json_object();
    float score = NAN;

    mlg_client_view_features(x, view);
    if (view->has_record) {
        score = mlg_rules_score(rules, x, NULL);
        mlg_rules_reasons(rules, x, &reasons);
    }
    json_object_set_new(out, "client",
                        mlg_json_address(&view->client.key, view->ipv6_prefix));
    json_object_set_new(
        out, "address",
        json_string(mlg_key_render(text, &view->client.addr, MLG_KEY_BITS)));
    json_object_set_new(out, "standing", json_string(standing_of(view)));
    json_object_set_new(out, "engine",
                        json_string(mlg_engine_name(rules->engine)));
    json_object_set_new(out, "score", mlg_json_number(score));
    json_object_set_new(out, "threshold", mlg_json_threshold(rules->threshold));
    json_object_set_new(out, "min_requests", json_integer(rules->min_requests));
    json_object_set_new(out, "reasons",
                        mlg_json_reasons(reasons.top, reasons.n));
    json_object_set_new(
        out, "would_change",
        mlg_json_reliefs(view->has_record ? rules : NULL, x, rules->threshold));
    json_object_set_new(
        out, "block",
        view->has_block
            ? mlg_report_block(&view->block, view->ipv6_prefix, view->now_us)
            : json_null());
    json_object_set_new(out, "record",
                        view->has_record ? record_of(view) : json_null());
    json_object_set_new(out, "features",
                        view->has_record ? mlg_json_features(x) : json_null());
    return out;
}
