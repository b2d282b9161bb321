/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_report_json.h"

#include <math.h>
#include <string.h>

json_t *mlg_report_decision(const mlg_decision_t *d, unsigned ipv6_prefix,
                            const mlg_rules_t *rules)
{
    json_t *out = json_object();
    int is_convicted = d->convicts && d->until_us != 0;
    int is_for_swarm = (d->swarm_is & MLG_IN_SWARM_ALONE) != 0;

    json_object_set_new(out, "id", mlg_json_id(d->id));
    mlg_json_set_time(out, "time", d->at_us);
    json_object_set_new(out, "client", mlg_json_address(&d->key, ipv6_prefix));
    json_object_set_new(out, "verdict",
                        json_string(mlg_verdict_name(d->verdict)));
    json_object_set_new(out, "score", mlg_json_number(d->score));
    json_object_set_new(out, "threshold", mlg_json_threshold(d->threshold));
    json_object_set_new(out, "trusted", json_boolean(d->is_trusted));
    json_object_set_new(out, "model", mlg_json_model(d->model));
    json_object_set_new(out, "requests", json_integer(d->total));
    json_object_set_new(out, "blocked", json_boolean(is_convicted));
    json_object_set_new(out, "for_swarm", json_boolean(is_for_swarm));
    mlg_json_set_time(out, "until", d->until_us);
    json_object_set_new(out, "offences", json_integer(d->offences));
    json_object_set_new(out, "reasons",
                        mlg_json_reasons(d->reasons.top, d->reasons.n));
    json_object_set_new(
        out, "would_change",
        mlg_json_reliefs(is_for_swarm ? NULL : rules, d->x,
                         mlg_policy_reach(d->threshold, d->is_trusted)));
    json_object_set_new(out, "features", mlg_json_features(d->x));
    return out;
}

json_t *mlg_report_block(const mlg_block_t *block, unsigned ipv6_prefix,
                         apr_time_t now_us)
{
    const mlg_block_info_t *info = &block->info;
    json_t *out = json_object();
    apr_interval_time_t left = block->until_us - now_us;
    int is_judged =
        block->kind == MLG_BLOCK_WOULD || block->kind == MLG_BLOCK_AUTO;

    json_object_set_new(out, "client",
                        mlg_json_address(&info->key, ipv6_prefix));
    json_object_set_new(out, "kind",
                        json_string(mlg_block_kind_name(block->kind)));
    mlg_json_set_time(out, "since", info->since_us);
    mlg_json_set_time(out, "until", block->until_us);
    json_object_set_new(
        out, "remaining_s",
        json_integer(
            (left > 0) ? (left + APR_USEC_PER_SEC - 1) / APR_USEC_PER_SEC : 0));
    json_object_set_new(out, "refused", json_integer(info->refused));
    json_object_set_new(out, "offences", json_integer(info->offences));
    json_object_set_new(out, "score",
                        mlg_json_number(is_judged ? info->score : NAN));
    json_object_set_new(out, "decision", mlg_json_id(info->decision));
    json_object_set_new(out, "reasons",
                        mlg_json_reasons(info->reason, info->nreasons));
    json_object_set_new(
        out, "note",
        mlg_report_string(info->note[0] != '\0' ? info->note : NULL));
    return out;
}

mlg_transition_t mlg_transition_convicted(const mlg_decision_t *d)
{
    mlg_transition_t t;

    memset(&t, 0, sizeof(t));
    t.event = (d->verdict == MLG_VERDICT_REFUSE) ? "block" : "would-block";
    t.kind =
        (d->verdict == MLG_VERDICT_REFUSE) ? MLG_BLOCK_AUTO : MLG_BLOCK_WOULD;
    t.at_us = d->at_us;
    t.until_us = d->until_us;
    t.key = d->key;
    t.decision = d->id;
    t.score = d->score;
    t.threshold = d->threshold;
    t.model = d->model;
    t.requests = d->total;
    t.offences = d->offences;
    t.reasons = d->reasons;
    return t;
}

mlg_transition_t mlg_transition_ordered(const char *event, const mlg_key_t *key,
                                        apr_time_t now_us, apr_time_t until_us,
                                        const char *note)
{
    mlg_transition_t t;

    memset(&t, 0, sizeof(t));
    t.event = event;
    t.kind =
        (strcmp(event, "unblock") == 0) ? MLG_BLOCK_GRACE : MLG_BLOCK_OPERATOR;
    t.at_us = now_us;
    t.until_us = until_us;
    t.key = *key;
    t.score = NAN;
    t.threshold = NAN;
    t.note = note;
    return t;
}

mlg_block_t mlg_decision_ended(const mlg_decision_t *d)
{
    mlg_block_t last;

    memset(&last, 0, sizeof(last));
    last.kind = (mlg_block_kind)d->ended_kind;
    last.until_us = d->ended_us;
    last.info.key = d->key;
    last.info.refused = d->ended_refused;
    last.info.offences = d->offences - 1u;
    last.info.score = NAN;
    return last;
}

mlg_transition_t mlg_transition_ended(const mlg_block_t *block)
{
    const mlg_block_info_t *info = &block->info;
    mlg_transition_t t;

    memset(&t, 0, sizeof(t));
    t.event = "end";
    t.kind = block->kind;
    t.at_us = block->until_us;
    t.key = info->key;
    t.decision = info->decision;
    t.score =
        (block->kind == MLG_BLOCK_OPERATOR || block->kind == MLG_BLOCK_GRACE)
            ? NAN
            : info->score;
    t.threshold = NAN;
    t.refused = info->refused;
    t.offences = info->offences;
    t.reasons.n =
        (info->nreasons < MLG_NREASONS) ? info->nreasons : MLG_NREASONS;
    memcpy(t.reasons.top, info->reason, sizeof(t.reasons.top));
    t.note = (info->note[0] != '\0') ? info->note : NULL;
    return t;
}

json_t *mlg_report_event(const mlg_transition_t *t, unsigned ipv6_prefix)
{
    json_t *out = json_object();
    apr_interval_time_t us = t->until_us - t->at_us;

    mlg_json_set_time(out, "time", t->at_us);
    json_object_set_new(out, "event", json_string(t->event));
    json_object_set_new(out, "kind", json_string(mlg_block_kind_name(t->kind)));
    json_object_set_new(out, "client", mlg_json_address(&t->key, ipv6_prefix));
    json_object_set_new(out, "id", mlg_json_id(t->decision));
    json_object_set_new(out, "score", mlg_json_number(t->score));
    json_object_set_new(out, "threshold", mlg_json_threshold(t->threshold));
    json_object_set_new(out, "model",
                        isnan(t->threshold) ? json_null()
                                            : mlg_json_model(t->model));
    json_object_set_new(out, "reasons",
                        mlg_json_reasons(t->reasons.top, t->reasons.n));
    mlg_json_set_time(out, "until", t->until_us);
    json_object_set_new(
        out, "seconds",
        (t->until_us != 0)
            ? json_integer((us + APR_USEC_PER_SEC / 2) / APR_USEC_PER_SEC)
            : json_null());
    json_object_set_new(out, "requests", json_integer(t->requests));
    json_object_set_new(out, "refused", json_integer(t->refused));
    json_object_set_new(out, "offences", json_integer(t->offences));
    json_object_set_new(out, "note", mlg_report_string(t->note));
    return out;
}
