/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_report_json.h"

#include <stdio.h>

json_t *mlg_json_model(uint64_t id)
{
    return (id == 0) ? json_string("weighted") : mlg_json_id(id);
}

const char *mlg_report_model_words(char buf[MLG_WORDS_TEXT],
                                   const mlg_forest_t *forest)
{
    char id[MLG_DECISION_ID_TEXT];

    if (forest == NULL) {
        return "weighted";
    }
    snprintf(buf, MLG_WORDS_TEXT, "%s (%u tree%s of depth %u)",
             mlg_report_id(id, forest->id), forest->ntrees,
             (forest->ntrees == 1) ? "" : "s", forest->depth);
    return buf;
}

apr_time_t mlg_reign_since(const mlg_reign_t *reign, const mlg_forest_t *forest)
{
    uint64_t id = (forest != NULL) ? forest->id : 0;

    return (reign->id == id) ? reign->since_us : 0;
}

static json_t *model_of(const mlg_snapshot_t *s, const mlg_forest_t *forest,
                        float threshold, const mlg_reign_t *reign)
{
    apr_time_t since_us = mlg_reign_since(reign, forest);
    json_t *out = json_object();

    json_object_set_new(out, "kind",
                        json_string((forest != NULL) ? "forest" : "weighted"));
    json_object_set_new(out, "id",
                        mlg_json_id((forest != NULL) ? forest->id : 0));
    json_object_set_new(out, "trees",
                        (forest != NULL) ? json_integer(forest->ntrees)
                                         : json_null());
    json_object_set_new(out, "depth",
                        (forest != NULL) ? json_integer(forest->depth)
                                         : json_null());
    json_object_set_new(out, "threshold", mlg_json_threshold(threshold));
    mlg_json_set_time(out, "since", since_us);
    json_object_set_new(out, "for_s",
                        (since_us != 0) ? json_integer((s->now_us - since_us) /
                                                       APR_USEC_PER_SEC)
                                        : json_null());
    return out;
}

json_t *mlg_json_judge(const mlg_snapshot_t *s)
{
    json_t *out = model_of(s, s->rules->forest, s->rules->threshold, &s->model);

    json_object_set_new(
        out, "reloads",
        json_integer((json_int_t)s->total.count[MLG_C_MODEL_RELOADS]));
    json_object_set_new(
        out, "reloads_refused",
        json_integer((json_int_t)s->total.count[MLG_C_MODEL_REFUSALS]));
    return out;
}

static json_t *list_disputes(const mlg_snapshot_t *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->ndisputes; i++) {
        const mlg_dispute_t *d = &s->dispute[i];
        json_t *one = json_object();

        json_object_set_new(one, "client",
                            mlg_json_address(&d->key, s->ipv6_prefix));
        mlg_json_set_time(one, "last", d->at_us);
        json_object_set_new(
            one, "too_high_for",
            json_string(d->is_shadow_high ? "shadow" : "model"));
        json_object_set_new(one, "score", mlg_json_number(d->score));
        json_object_set_new(one, "shadow_score",
                            mlg_json_number(d->shadow_score));
        json_object_set_new(one, "requests", json_integer(d->total));
        json_object_set_new(one, "times", json_integer(d->times));
        json_array_append_new(list, one);
    }
    return list;
}

double mlg_snapshot_disagreement(const mlg_snapshot_t *s)
{
    const uint64_t *n = s->shadow_count;
    uint64_t all = n[0] + n[1] + n[2] + n[3];

    return (all > 0) ? (double)(n[2] + n[3]) / (double)all : 0.0;
}

int mlg_snapshot_is_shadow_fitted(const mlg_snapshot_t *s)
{
    return s->is_auto && s->rules->shadow->threshold <= 1.0f &&
           s->site.shadow_threshold > 0.0f;
}

const char *mlg_report_shadow_words(char buf[MLG_WORDS_TEXT],
                                    const mlg_snapshot_t *s)
{
    float threshold = s->rules->shadow->threshold;

    if (threshold > 1.0f) {
        snprintf(buf, MLG_WORDS_TEXT,
                 "no score is too high for it while the site is not known");
        return buf;
    }
    snprintf(buf, MLG_WORDS_TEXT, "a score is too high for it from %.3f, %s",
             (double)threshold,
             mlg_snapshot_is_shadow_fitted(s) ? "fitted to the site"
             : s->is_auto ? "its own until it is fitted to the site"
                          : "its own");
    return buf;
}

json_t *mlg_json_shadow(const mlg_snapshot_t *s, int with_list)
{
    static const char *const names[MLG_SHADOW_COUNTS] = {
        "both_low", "both_high", "only_model", "only_shadow"};
    const mlg_shadow_t *shadow = s->rules->shadow;
    json_t *out;
    json_t *requests;

    if (shadow == NULL) {
        return json_null();
    }
    out = model_of(s, shadow->forest, shadow->threshold, &s->shadow);
    json_object_set_new(out, "fitted",
                        json_boolean(mlg_snapshot_is_shadow_fitted(s)));
    requests = json_object();
    for (int i = 0; i < MLG_SHADOW_COUNTS; i++) {
        json_object_set_new(requests, names[i],
                            json_integer((json_int_t)s->shadow_count[i]));
    }
    json_object_set_new(out, "requests", requests);
    json_object_set_new(out, "disagreement",
                        mlg_json_number((float)mlg_snapshot_disagreement(s)));
    if (with_list) {
        json_object_set_new(out, "disagreements", list_disputes(s));
    }
    return out;
}
