/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_report_json.h"

/* Kinds of entry that mean "blocked" to an operator; grace is listed apart. */
static json_t *blocks_by_kind(const mlg_snapshot_t *s)
{
    json_t *out = json_object();

    for (int kind = MLG_BLOCK_WOULD; kind <= MLG_BLOCK_GRACE; kind++) {
        json_object_set_new(out, mlg_block_kind_name(kind),
                            json_integer(s->blocks[kind]));
    }
    return out;
}

static json_t *table_of(const mlg_snapshot_t *s)
{
    json_t *out = json_object();

    json_object_set_new(out, "clients", json_integer(s->clients));
    json_object_set_new(out, "in_use", json_integer(s->clients_used));
    json_object_set_new(
        out, "used_share",
        mlg_json_number((float)s->clients_used /
                        (float)(s->clients > 0 ? s->clients : 1)));
    json_object_set_new(
        out, "evictions",
        json_integer((json_int_t)s->total.count[MLG_C_EVICTIONS]));
    json_object_set_new(out, "block_slots", json_integer(s->block_slots));
    json_object_set_new(out, "bytes", json_integer((json_int_t)s->bytes));
    return out;
}

static json_t *histogram_of(const mlg_shard_t *total)
{
    json_t *list = json_array();

    for (int i = 0; i < MLG_SCORE_BUCKETS; i++) {
        json_t *bucket = json_object();

        json_object_set_new(
            bucket, "from",
            mlg_json_number((float)i / (float)MLG_SCORE_BUCKETS));
        json_object_set_new(
            bucket, "to",
            mlg_json_number((float)(i + 1) / (float)MLG_SCORE_BUCKETS));
        json_object_set_new(bucket, "requests",
                            json_integer((json_int_t)total->scores[i]));
        json_array_append_new(list, bucket);
    }
    return list;
}

static json_t *list_blocks(const mlg_snapshot_t *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->nblocks; i++) {
        json_array_append_new(
            list, mlg_report_block(&s->block[i], s->ipv6_prefix, s->now_us));
    }
    return list;
}

static json_t *list_watched(const mlg_snapshot_t *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->nwatched; i++) {
        const mlg_watched_t *w = &s->watched[i];
        json_t *one = json_object();

        json_object_set_new(one, "client",
                            mlg_json_address(&w->key, s->ipv6_prefix));
        json_object_set_new(one, "score", mlg_json_number(w->score));
        json_object_set_new(one, "requests", json_integer(w->total));
        mlg_json_set_time(one, "last_seen", w->at_us);
        json_array_append_new(list, one);
    }
    return list;
}

/* The short form; /decision/{id} has the vector. */
static json_t *list_decisions(const mlg_snapshot_t *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->ndecisions; i++) {
        json_t *one =
            mlg_report_decision(&s->decision[i], s->ipv6_prefix, NULL);

        json_object_del(one, "features");
        json_object_del(one, "would_change");
        json_array_append_new(list, one);
    }
    return list;
}

static void set_clock(json_t *out, const mlg_snapshot_t *s)
{
    mlg_json_set_time(out, "time", s->now_us);
    mlg_json_set_time(out, "started", s->started_us);
    json_object_set_new(
        out, "uptime_s",
        (s->started_us != 0)
            ? json_integer((s->now_us - s->started_us) / APR_USEC_PER_SEC)
            : json_null());
    mlg_json_set_time(out, "counting_since", s->formatted_us);
}

json_t *mlg_report_info(const mlg_snapshot_t *s, json_t *endpoints)
{
    const mlg_rules_t *rules = s->rules;
    json_t *out = json_object();

    json_object_set_new(out, "name", json_string("mod_mlgate"));
    json_object_set_new(out, "version", mlg_report_string(s->version));
    json_object_set_new(out, "engine",
                        json_string(mlg_engine_name(rules->engine)));
    json_object_set_new(out, "threshold", mlg_json_threshold(rules->threshold));
    json_object_set_new(out, "model", mlg_json_judge(s));
    json_object_set_new(out, "shadow", mlg_json_shadow(s, 0));
    json_object_set_new(out, "min_requests", json_integer(rules->min_requests));
    json_object_set_new(out, "block_for_s",
                        json_integer(rules->block_for_us / APR_USEC_PER_SEC));
    json_object_set_new(out, "block_max_s",
                        json_integer(rules->block_max_us / APR_USEC_PER_SEC));
    json_object_set_new(out, "ipv6_prefix", json_integer(s->ipv6_prefix));
    json_object_set_new(out, "features", json_integer(MLG_NFEATURES));
    json_object_set_new(out, "generation", json_integer(s->generation));
    set_clock(out, s);
    json_object_set_new(out, "table", table_of(s));
    json_object_set_new(out, "blocked", blocks_by_kind(s));
    if (endpoints != NULL) {
        json_object_set_new(out, "endpoints", endpoints);
    }
    return out;
}

json_t *mlg_report_stats(const mlg_snapshot_t *s)
{
    json_t *out = json_object();

    json_object_set_new(out, "version", mlg_report_string(s->version));
    json_object_set_new(out, "engine",
                        json_string(mlg_engine_name(s->rules->engine)));
    set_clock(out, s);
    json_object_set_new(out, "model", mlg_json_judge(s));
    json_object_set_new(out, "shadow", mlg_json_shadow(s, 1));
    json_object_set_new(out, "calibration", mlg_report_site(s));
    json_object_set_new(out, "counters", mlg_json_counters(&s->total));
    json_object_set_new(out, "score_histogram", histogram_of(&s->total));
    json_object_set_new(out, "table", table_of(s));
    json_object_set_new(out, "blocked", blocks_by_kind(s));
    json_object_set_new(out, "swarms",
                        mlg_report_swarms(&s->swarms, &s->rules->swarm));
    json_object_set_new(out, "blocks", list_blocks(s));
    json_object_set_new(out, "top_clients", list_watched(s));
    json_object_set_new(out, "decisions", list_decisions(s));
    return out;
}
