/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_report_json.h"

#include <stdarg.h>
#include <stdio.h>

#define ENOUGH_UPDATES     1000 /* below this a share says nothing */
#define ENOUGH_CONVICTIONS 10

static void complain(json_t *reasons, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void complain(json_t *reasons, const char *format, ...)
{
    char text[200];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    json_array_append_new(reasons, json_string(text));
}

static uint64_t since(const mlg_snapshot_t *s, const mlg_shard_t *before,
                      mlg_counter_id id)
{
    uint64_t then = (before != NULL) ? before->count[id] : 0;

    /* another process's reading may be newer than ours */
    return (s->total.count[id] > then) ? s->total.count[id] - then : 0;
}

static void check_table(json_t *reasons, const mlg_snapshot_t *s,
                        const mlg_shard_t *before)
{
    /* a judged request updates its record twice: arrival and outcome */
    uint64_t updates = 2 * since(s, before, MLG_C_JUDGED);
    uint64_t skipped = since(s, before, MLG_C_SKIPPED);
    uint64_t failed = since(s, before, MLG_C_LOCK_ERRORS);
    uint64_t live = 0;

    for (int kind = MLG_BLOCK_WOULD; kind <= MLG_BLOCK_GRACE; kind++) {
        live += s->blocks[kind];
    }
    if (updates >= ENOUGH_UPDATES && skipped > updates / 10) {
        complain(reasons,
                 "%llu of %llu updates were skipped because their stripe was "
                 "busy; clients are undercounted",
                 (unsigned long long)skipped, (unsigned long long)updates);
    }
    if (failed > 0) {
        complain(reasons,
                 "%llu times the lock of a stripe failed and its client was "
                 "not remembered; the error log says why",
                 (unsigned long long)failed);
    }
    if (since(s, before, MLG_C_STATE_FAILURES) > 0) {
        complain(reasons,
                 "MLGateStateFile could not be written %llu times; a stop "
                 "would forget what is new; the error log says why",
                 (unsigned long long)since(s, before, MLG_C_STATE_FAILURES));
    }
    if (live > (uint64_t)s->block_slots / 2) { /* from here some find none */
        complain(reasons,
                 "the block table is getting full: %llu of %u slots; raise "
                 "MLGateTableSize",
                 (unsigned long long)live, (unsigned)s->block_slots);
    }
    if (s->recent >= ENOUGH_CONVICTIONS && s->recent_lost > s->recent / 10) {
        complain(reasons,
                 "%u of the latest %u convictions did not become a block: the "
                 "block table had no room or its stripe was busy",
                 (unsigned)s->recent_lost, (unsigned)s->recent);
    }
}

static void check_model(json_t *reasons, const mlg_rules_t *rules)
{
    float most = mlg_rules_most(rules);

    for (int i = 0; i < MLG_NFEATURES && rules->forest == NULL; i++) {
        mlg_ramp_t ramp = mlg_weighted_ramp(rules->model, (unsigned)i);

        if (ramp.weight != 0.0f && mlg_ramp_check(&ramp) != APR_SUCCESS) {
            complain(reasons, "the weight of %s is not usable",
                     mlg_features[i].name);
        }
    }
    if (most < rules->threshold && rules->threshold <= 1.0f) {
        complain(reasons,
                 "no client can ever be blocked: %s %.2f, and MLGateThreshold "
                 "is %.2f",
                 (rules->forest != NULL) ? "the model's highest score is"
                                         : "all weights together make",
                 (double)most, (double)rules->threshold);
    }
}

json_t *mlg_report_health(const mlg_snapshot_t *s, const mlg_shard_t *before,
                          int *is_well)
{
    json_t *reasons = json_array();
    json_t *out = json_object();

    if (s == NULL) {
        complain(reasons, "the shared table is not mapped; no client is "
                          "tracked and nothing is blocked");
    }
    else {
        check_table(reasons, s, before);
        check_model(reasons, s->rules);
    }
    *is_well = reasons != NULL && json_array_size(reasons) == 0;
    json_object_set_new(out, "status", json_string(*is_well ? "ok" : "unwell"));
    if (s != NULL) {
        json_object_set_new(out, "engine",
                            json_string(mlg_engine_name(s->rules->engine)));
        mlg_json_set_time(out, "time", s->now_us);
    }
    json_object_set_new(out, "reasons", reasons);
    return out;
}
