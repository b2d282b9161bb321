/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_report_replay.h"

#include "replay_words.h"
#include "mlg_report_json.h"
#include "mlg_report_swarm.h"

#include <math.h>
#include <string.h>

static void set_count(json_t *object, const char *name, uint64_t n)
{
    json_object_set_new(object, name, json_integer((json_int_t)n));
}

/* A share of 0..1, to four digits; null of nothing. */
static json_t *share(uint64_t part, uint64_t whole)
{
    return (whole == 0)
               ? json_null()
               : json_real(round(1e6 * (double)part / (double)whole) / 1e6);
}

/* A text of any bytes. */
static json_t *text_of(const char *text)
{
    char shown[4 * MLG_FOUND_AGENT];
    json_t *string = json_string(text);

    return (string != NULL)
               ? string
               : json_string(replay_visible(shown, sizeof(shown), text));
}

static json_t *group_of(const mlg_found_group_t *g)
{
    json_t *out = json_object();

    json_object_set_new(out, "class", text_of(g->name));
    set_count(out, "clients", g->clients);
    set_count(out, "blocked", g->blocked);
    json_object_set_new(out, "blocked_share", share(g->blocked, g->clients));
    set_count(out, "busy_clients", g->busy);
    set_count(out, "busy_blocked", g->busy_blocked);
    json_object_set_new(out, "busy_blocked_share",
                        share(g->busy_blocked, g->busy));
    set_count(out, "requests", g->requests);
    set_count(out, "refused", g->refused);
    json_object_set_new(out, "refused_share", share(g->refused, g->requests));
    return out;
}

static json_t *groups_of(const mlg_found_group_t *group, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        if (group[i].clients > 0) {
            json_array_append_new(list, group_of(&group[i]));
        }
    }
    return list;
}

static json_t *client_of(const mlg_findings_t *f, const mlg_found_client_t *c)
{
    const mlg_tally_row_t *row = &c->row;
    json_t *out = json_object();

    json_object_set_new(out, "client",
                        mlg_json_address(&row->key, f->ipv6_prefix));
    json_object_set_new(out, "class",
                        json_string(f->class[row->class % MLG_NCLASSES].name));
    if (f->nlabels > 1) {
        json_object_set_new(
            out, "label",
            text_of(f->label[row->label % MLG_FOUND_LABELS].name));
    }
    set_count(out, "requests", row->requests);
    set_count(out, "refused", row->refused);
    set_count(out, "blocks", row->blocks);
    mlg_json_set_time(out, "first_block", row->blocked_us);
    set_count(out, "requests_before_block", row->before);
    json_object_set_new(out, "max_score", mlg_json_number(row->max_score));
    json_object_set_new(out, "score",
                        mlg_json_number(c->has_why ? c->why.score : NAN));
    json_object_set_new(out, "reasons",
                        mlg_json_reasons(c->why.reasons.top,
                                         c->has_why ? c->why.reasons.n : 0));
    json_object_set_new(out, "user_agent",
                        (c->has_why && c->why.agent[0] != '\0')
                            ? text_of(c->why.agent)
                            : json_null());
    return out;
}

static json_t *list_of(const mlg_findings_t *f, const mlg_found_list_t *list)
{
    json_t *out = json_array();

    for (size_t i = 0; i < list->n; i++) {
        json_array_append_new(out, client_of(f, &list->client[i]));
    }
    return out;
}

static json_t *busiest_of(const mlg_course_t *c)
{
    json_t *out;

    if (c->busiest.requests == 0) {
        return json_null();
    }
    out = json_object();
    mlg_json_set_time(out, "from", c->busiest_us);
    set_count(out, "requests", c->busiest.requests);
    set_count(out, "refused", c->busiest.refused);
    return out;
}

static json_t *course_of(const mlg_course_t *c)
{
    json_t *out = json_object();
    json_t *requests = json_array();
    json_t *refused = json_array();

    for (uint32_t i = 0; i < c->n; i++) {
        json_array_append_new(requests,
                              json_integer((json_int_t)c->bin[i].requests));
        json_array_append_new(refused,
                              json_integer((json_int_t)c->bin[i].refused));
    }
    mlg_json_set_time(out, "from", c->first * c->width_s * APR_USEC_PER_SEC);
    json_object_set_new(out, "bin_s", json_integer(c->width_s));
    json_object_set_new(out, "requests", requests);
    json_object_set_new(out, "refused", refused);
    return out;
}

static json_t *swarms_of(const mlg_findings_t *f)
{
    json_t *list = json_array();

    for (size_t i = 0; i < f->nswarms; i++) {
        json_array_append_new(list, mlg_report_swarm(&f->swarm[i]));
    }
    return list;
}

static json_t *scores_of(const mlg_findings_t *f)
{
    json_t *list = json_array();

    for (int i = 0; i < MLG_FOUND_BUCKETS; i++) {
        json_array_append_new(list, json_integer((json_int_t)f->score[i]));
    }
    return list;
}

static json_t *whatif_of(const mlg_findings_t *f)
{
    json_t *list = json_array();

    for (int i = 0; i < MLG_WHATIF_ROWS; i++) {
        const mlg_whatif_row_t *row = &f->whatif.row[i];
        json_t *one = json_object();

        json_object_set_new(one, "threshold",
                            mlg_json_threshold(row->threshold));
        set_count(one, "clients", row->clients);
        set_count(one, "refused", row->requests);
        json_object_set_new(one, "in_force",
                            json_boolean(i == MLG_WHATIF_GRID));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *rules_of(const mlg_rules_t *rules)
{
    json_t *out = json_object();

    json_object_set_new(out, "engine",
                        json_string(mlg_engine_name(rules->engine)));
    json_object_set_new(out, "model",
                        (rules->forest != NULL) ? mlg_json_id(rules->forest->id)
                                                : json_string("weighted"));
    json_object_set_new(out, "threshold", mlg_json_threshold(rules->threshold));
    set_count(out, "min_requests", rules->min_requests);
    json_object_set_new(
        out, "block_for_s",
        json_real((double)rules->block_for_us / APR_USEC_PER_SEC));
    json_object_set_new(
        out, "block_max_s",
        json_real((double)rules->block_max_us / APR_USEC_PER_SEC));
    return out;
}

/* null when no observation log was read */
static json_t *parity_of(const mlg_parity_t *parity)
{
    json_t *out = json_object();

    if (parity == NULL) {
        json_decref(out);
        return json_null();
    }
    set_count(out, "requests", parity->requests);
    set_count(out, "compared", parity->compared);
    set_count(out, "skipped", parity->skipped);
    set_count(out, "other_rules", parity->other_rules);
    set_count(out, "scores_differ", parity->scores);
    set_count(out, "vectors_differ", parity->vectors);
    set_count(out, "verdicts_differ", parity->verdicts);
    json_object_set_new(out, "is_partial", json_boolean(parity->is_partial));
    set_count(out, "gaps", parity->gaps);
    set_count(out, "late", parity->late);
    set_count(out, "foreign", parity->foreign);
    return out;
}

json_t *mlg_report_origin(const mlg_origin_t *origin)
{
    json_t *out = json_object();
    char words[MLG_ORIGIN_TEXT];

    json_object_set_new(out, "from",
                        json_string(mlg_origin_name(origin->kind)));
    if (origin->kind == MLG_ORIGIN_LOGS || origin->kind == MLG_ORIGIN_FLOOR) {
        set_count(out, "trusted", origin->trusted);
        set_count(out, "progress_percent",
                  (origin->kind == MLG_ORIGIN_LOGS) ? 100
                                                    : origin->progress_percent);
    }
    if (mlg_origin_words(words, origin) != NULL) {
        json_object_set_new(out, "words", json_string(words));
    }
    return out;
}

json_t *mlg_report_replay(const mlg_findings_t *f)
{
    json_t *out = json_object();

    json_object_set_new(out, "logs",
                        (f->source != NULL) ? text_of(f->source) : json_null());
    json_object_set_new(out, "rules", rules_of(f->rules));
    if (f->origin != NULL) {
        json_object_set_new(out, "threshold_origin",
                            mlg_report_origin(f->origin));
    }
    set_count(out, "lines", f->lines);
    set_count(out, "malformed", f->malformed);
    mlg_json_set_time(out, "from", f->first_us);
    mlg_json_set_time(out, "to", f->last_us);
    json_object_set_new(out, "parity", parity_of(f->parity));
    set_count(out, "requests", f->all.requests);
    set_count(out, "judged", f->judged);
    set_count(out, "refused", f->all.refused);
    json_object_set_new(out, "refused_share",
                        share(f->all.refused, f->all.requests));
    set_count(out, "clients", f->all.clients);
    set_count(out, "blocked", f->all.blocked);
    json_object_set_new(out, "blocked_share",
                        share(f->all.blocked, f->all.clients));
    json_object_set_new(out, "classes", groups_of(f->class, MLG_NCLASSES));
    if (f->nlabels > 1) {
        json_object_set_new(out, "labels", groups_of(f->label, f->nlabels));
    }
    json_object_set_new(out, "top_refused", list_of(f, &f->top));
    set_count(out, "crawlers_refused", f->alike.total);
    json_object_set_new(out, "top_crawlers_refused", list_of(f, &f->alike));
    json_object_set_new(out, "swarms", swarms_of(f));
    json_object_set_new(out, "busiest_ten_minutes", busiest_of(&f->course));
    json_object_set_new(out, "over_time", course_of(&f->course));
    json_object_set_new(out, "scores", scores_of(f));
    json_object_set_new(out, "thresholds", whatif_of(f));
    set_count(out, "thresholds_forgotten", f->whatif.forgotten);
    return out;
}
