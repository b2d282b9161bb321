/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void begin(FILE *f, const char *name, const char *type, const char *help)
{
    fprintf(f, "# HELP mlgate_%s %s\n# TYPE mlgate_%s %s\n", name, help, name,
            type);
}

/* One label's value: backslash, quote and newline are escaped. */
static void put_label(FILE *f, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\n') {
            fputs("\\n", f);
            continue;
        }
        if (*value == '\\' || *value == '"') {
            fputc('\\', f);
        }
        fputc(*value, f);
    }
}

static void put_counters(FILE *f, const mlg_shard_t *total)
{
    char name[64];

    for (int i = 0; i < MLG_NCOUNTERS; i++) {
        snprintf(name, sizeof(name), "%s_total", mlg_counters[i].name);
        begin(f, name, "counter", mlg_counters[i].help);
        fprintf(f, "mlgate_%s %llu\n", name,
                (unsigned long long)total->count[i]);
    }
}

static void put_scores(FILE *f, const mlg_shard_t *total)
{
    unsigned long long seen = 0;
    double sum = 0.0;

    begin(f, "score", "histogram",
          "Scores of judged requests; the sum is made of bucket middles.");
    for (int i = 0; i < MLG_SCORE_BUCKETS; i++) {
        seen += total->scores[i];
        sum += (double)total->scores[i] * (i + 0.5) / MLG_SCORE_BUCKETS;
        fprintf(f, "mlgate_score_bucket{le=\"%g\"} %llu\n",
                (double)(i + 1) / MLG_SCORE_BUCKETS, seen);
    }
    fprintf(f,
            "mlgate_score_bucket{le=\"+Inf\"} %llu\n"
            "mlgate_score_sum %.10g\nmlgate_score_count %llu\n",
            seen, sum, seen);
}

static void put_gauge(FILE *f, const char *name, const char *help, double value)
{
    begin(f, name, "gauge", help);
    fprintf(f, "mlgate_%s %.15g\n", name, value);
}

static void put_blocks(FILE *f, const mlg_snapshot_t *s)
{
    begin(f, "block_entries", "gauge",
          "Live entries of the block table by kind.");
    for (int kind = MLG_BLOCK_WOULD; kind <= MLG_BLOCK_GRACE; kind++) {
        fputs("mlgate_block_entries{kind=\"", f);
        put_label(f, mlg_block_kind_name(kind));
        fprintf(f, "\"} %u\n", (unsigned)s->blocks[kind]);
    }
}

/* As many samples as there are kinds, whatever comes. */
static void put_swarms(FILE *f, const mlg_snapshot_t *s)
{
    const mlg_swarm_view_t *v = &s->swarms;

    begin(f, "swarms", "gauge",
          "Swarms that go on, by what their members share.");
    for (unsigned kind = 0; kind < MLG_NSWARM_EVENT_KINDS; kind++) {
        for (int refuses = 0; refuses <= 1; refuses++) {
            fprintf(f, "mlgate_swarms{kind=\"%s\",verdict=\"%s\"} %u\n",
                    mlg_swarm_kind_name(kind), refuses ? "refuse" : "told",
                    (unsigned)v->live[kind][refuses]);
        }
    }
    begin(f, "swarm_mode", "gauge", "1 for what is done about swarms.");
    for (int mode = MLG_SWARM_OFF; mode <= MLG_SWARM_REFUSE; mode++) {
        fprintf(f, "mlgate_swarm_mode{mode=\"%s\"} %d\n",
                mlg_swarm_mode_name((mlg_swarm_mode)mode),
                s->rules->swarm.mode == (mlg_swarm_mode)mode);
    }
    put_gauge(f, "swarm_held_back",
              "1 while MLGateSwarmMaxShare holds verdicts on swarms back.",
              v->is_held_back);
    put_gauge(f, "swarm_clients",
              "Distinct clients in the last ten minutes, estimated.",
              v->clients);
}

static void put_build(FILE *f, const mlg_snapshot_t *s)
{
    begin(f, "build_info", "gauge", "Always 1; the labels say what runs.");
    fputs("mlgate_build_info{version=\"", f);
    put_label(f, s->version);
    fprintf(f, "\",features=\"%016llx\",layout=\"%d\"} 1\n",
            (unsigned long long)mlg_features_fingerprint(), MLG_SEGMENT_LAYOUT);
    begin(f, "engine", "gauge", "1 for the mode of the engine.");
    for (int e = MLG_ENGINE_OFF; e <= MLG_ENGINE_ENFORCE; e++) {
        fprintf(f, "mlgate_engine{mode=\"%s\"} %d\n",
                mlg_engine_name((mlg_engine)e),
                s->rules->engine == (mlg_engine)e);
    }
}

/* One sample of each model in force. */
static void put_model(FILE *f, const char *role, const mlg_forest_t *forest)
{
    if (forest == NULL) {
        fprintf(f,
                "mlgate_model_info{role=\"%s\",kind=\"weighted\",id=\"\","
                "trees=\"0\",depth=\"0\"} 1\n",
                role);
        return;
    }
    fprintf(f,
            "mlgate_model_info{role=\"%s\",kind=\"forest\","
            "id=\"%016llx\",trees=\"%u\",depth=\"%u\"} 1\n",
            role, (unsigned long long)forest->id, (unsigned)forest->ntrees,
            (unsigned)forest->depth);
}

static void put_since(FILE *f, const char *role, const mlg_reign_t *reign,
                      const mlg_forest_t *forest)
{
    apr_time_t since_us = mlg_reign_since(reign, forest);

    if (since_us != 0) {
        fprintf(f, "mlgate_model_since_timestamp_seconds{role=\"%s\"} %.15g\n",
                role, (double)since_us / 1e6);
    }
}

static void put_models(FILE *f, const mlg_snapshot_t *s)
{
    const mlg_shadow_t *shadow = s->rules->shadow;

    begin(f, "model_info", "gauge",
          "Always 1; the labels say which model judges, and which is its "
          "shadow.");
    put_model(f, "judge", s->rules->forest);
    if (shadow != NULL) {
        put_model(f, "shadow", shadow->forest);
    }
    begin(f, "model_since_timestamp_seconds", "gauge",
          "When the model came into force.");
    put_since(f, "judge", &s->model, s->rules->forest);
    if (shadow != NULL) {
        put_since(f, "shadow", &s->shadow, shadow->forest);
        if (shadow->threshold <= 1.0f) {
            put_gauge(f, "shadow_threshold",
                      "Score from which the shadow finds a request too high.",
                      round((double)shadow->threshold * 1e6) / 1e6);
        }
    }
}

static void put_threshold(FILE *f, const mlg_snapshot_t *s)
{
    const mlg_site_t *site = &s->site;

    if (s->rules->threshold <= 1.0f) {
        put_gauge(f, "threshold",
                  "Score from which a request counts against its client; "
                  "missing while only a flood is refused.",
                  round((double)s->rules->threshold * 1e6) / 1e6);
    }
    put_gauge(f, "calibration_progress",
              "How far the gate knows its site, 0 to 1.",
              (double)site->progress_percent / 100.0);
    put_gauge(f, "calibration_trusted_clients",
              "Networks of clients that behave like people, this week's and "
              "half of last week's.",
              site->trusted);
    if (site->looked_us != 0) {
        put_gauge(f, "calibration_target",
                  "Where the automatic threshold would be by what was seen.",
                  round((double)site->target * 1e6) / 1e6);
    }
    if (site->anchored != MLG_ANCHORED_NOT) {
        put_gauge(f, "calibration_bound",
                  "0: the threshold's upper bound holds; 1: people push it "
                  "beyond; 2: people are refused at the last bound.",
                  site->pressed);
        put_gauge(f, "calibration_anchor",
                  "Where the automatic threshold was calibrated.",
                  round((double)site->anchor * 1e6) / 1e6);
        put_gauge(f, "calibration_threshold",
                  "Where the automatic threshold is now.",
                  round((double)mlg_site_threshold(site) * 1e6) / 1e6);
    }
}

static void put_table(FILE *f, const mlg_snapshot_t *s)
{
    put_gauge(f, "table_clients", "Clients the table has room for.",
              s->clients);
    put_gauge(f, "table_clients_used", "Clients in the table.",
              s->clients_used);
    put_gauge(f, "block_slots", "Entries the block table has room for.",
              s->block_slots);
    put_gauge(f, "shared_memory_bytes", "Size of the shared segment.",
              (double)s->bytes);
    put_threshold(f, s);
    put_gauge(f, "counting_since_timestamp_seconds",
              "When the counters were last zero.",
              (double)s->formatted_us / 1e6);
    if (s->started_us != 0) {
        put_gauge(f, "uptime_seconds", "Since the server was (re)started.",
                  (double)((s->now_us - s->started_us) / APR_USEC_PER_SEC));
    }
}

char *mlg_report_metrics(const mlg_snapshot_t *s, size_t *bytes)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, bytes);
    int failed;

    if (f == NULL) {
        return NULL;
    }
    put_build(f, s);
    put_models(f, s);
    put_counters(f, &s->total);
    put_scores(f, &s->total);
    put_blocks(f, s);
    put_swarms(f, s);
    put_table(f, s);
    failed = ferror(f) != 0;
    if (fclose(f) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}
