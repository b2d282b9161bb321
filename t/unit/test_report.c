/* SPDX-License-Identifier: Apache-2.0 */
#include "forests.h"

#include "mlg_report.h"
#include "mlg_report_json.h"

#define IP "192.0.2.7"

static const char *words(mlg_feature_id feature, float value)
{
    static char buf[MLG_WORDS_TEXT];

    return mlg_report_words(buf, feature, value);
}

CLAIM(a_feature_is_said_in_words_of_its_own)
{
    BEGIN;
    IS_TEXT(words(MLG_F_REQUEST_RATE, 2.44f), "2.4 pages a second");
    IS_TEXT(words(MLG_F_REQUEST_RATE, 1.0f), "1.0 pages a second");
    IS_TEXT(words(MLG_F_NOTFOUND_SHARE, 0.91f), "91 % of answers were 404");
    IS_TEXT(words(MLG_F_UA_DIVERSITY, 7.2f), "7 different User-Agents");
    IS_TEXT(words(MLG_F_INTERARRIVAL_MEAN, log2f(2501.0f)),
            "2500 ms between pages");
    IS_TEXT(words(MLG_NFEATURES, 1.0f), "an unknown feature");
    IS_TEXT(words(MLG_F_BURST, NAN), "burst unknown");
}

CLAIM(every_feature_has_words_whatever_its_value)
{
    static const float values[] = {0.0f,  -1.0f,    1e-30f,   0.5f,
                                   1e30f, INFINITY, -INFINITY};
    BEGIN;
    for (int i = 0; i < MLG_NFEATURES; i++) {
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            const char *text = words((mlg_feature_id)i, values[v]);

            IS_TRUE(strlen(text) > 0 && strlen(text) < MLG_WORDS_TEXT);
        }
    }
}

CLAIM(a_duration_has_its_two_largest_units)
{
    static const struct {
        double s;
        const char *text;
    } rows[] = {{-5, "0 s"},   {0, "0 s"},          {59.9, "59 s"},
                {60, "1 min"}, {598, "9 min 58 s"}, {3600, "1 h"},
                {3659, "1 h"}, {7260, "2 h 1 min"}, {90000, "1 d 1 h"}};
    char buf[MLG_DURATION_TEXT];
    BEGIN;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        IS_TEXT(mlg_report_duration(buf, SEC(rows[i].s)), rows[i].text);
    }
}

CLAIM(a_time_is_utc_with_microseconds)
{
    char buf[MLG_ISO_TEXT];
    BEGIN;
    IS_TEXT(mlg_report_time(buf, T0 + 42), "2023-11-14T22:15:00.000042Z");
    IS_TEXT(mlg_report_time(buf, -1), "1970-01-01T00:00:00.000000Z");
    IS_TEXT(mlg_report_clock(buf, T0 + 42), "2023-11-14 22:15:00");
}

CLAIM(a_reference_id_is_read_as_it_is_written_and_no_other_way)
{
    static const char *const wrong[] = {"",
                                        "0123456789abcde",
                                        "0123456789abcdef0",
                                        "0123456789abcdeg",
                                        "0x23456789abcdef",
                                        " 123456789abcdef",
                                        "0000000000000000"};
    char buf[MLG_DECISION_ID_TEXT];
    uint64_t id = 7;
    BEGIN;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        IS_INT(mlg_report_id_parse(&id, wrong[i]), MLG_ERANGE);
        IS_INT(id, 7);
    }
    IS_INT(mlg_report_id_parse(&id, "0123456789ABCdef"), APR_SUCCESS);
    IS_TEXT(mlg_report_id(buf, id), "0123456789abcdef");
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return (text != NULL) ? text : "(null)";
}

/* Flood until the block. @return when the decision was made */
static mlg_decision_t convict(const rig_t *rig, const char *addr)
{
    mlg_decision_t d;
    int n = 0;

    do {
        mlg_arrival_t a = unit_page(addr, T0 + SEC(0.1 * n));

        d = rig_judge(rig, &a);
    } while (d.verdict != MLG_VERDICT_REFUSE && ++n < 60);
    IS_TRUE(d.convicts);
    return d;
}

CLAIM(a_decision_names_its_reasons_and_what_would_have_changed_it)
{
    json_t *out, *reason, *change;
    mlg_decision_t d;
    float bound;
    rig_t rig;
    BEGIN;
    rig_open(&rig);
    d = convict(&rig, IP);
    out = mlg_report_decision(&d, 64, &rig.rules);
    IS_TEXT(text_of(out, "client"), IP);
    IS_TEXT(text_of(out, "verdict"), "refuse");
    reason = json_array_get(json_object_get(out, "reasons"), 0);
    IS_TEXT(text_of(reason, "feature"), "request_rate");
    IS_NEAR(json_real_value(json_object_get(reason, "value")),
            d.x[MLG_F_REQUEST_RATE], 1e-4);
    change = json_array_get(json_object_get(out, "would_change"), 0);
    bound = (float)json_real_value(json_object_get(change, "bound"));
    d.x[MLG_F_REQUEST_RATE] = bound * 0.999f;
    IS_TRUE(mlg_weighted_score(&rig.model, d.x) < d.threshold);
    d.x[MLG_F_REQUEST_RATE] = bound * 1.001f;
    IS_TRUE(mlg_weighted_score(&rig.model, d.x) >= d.threshold);
    IS_TRUE(json_is_null(
        json_object_get(json_object_get(out, "features"), "geo_anomaly")));
    json_decref(out);
    rig_close(&rig);
}

CLAIM(an_event_is_one_line_that_reads_back)
{
    mlg_transition_t t;
    mlg_decision_t d;
    json_t *out;
    char *line;
    rig_t rig;
    BEGIN;
    rig_open(&rig);
    d = convict(&rig, "2001:db8::1");
    t = mlg_transition_convicted(&d);
    t.note = "two\nlines \xff and \"quotes\"";
    line = mlg_report_render(mlg_report_event(&t, 64), 1);
    IS_TRUE(line != NULL && strchr(line, '\n') == NULL);
    out = json_loads(line, 0, NULL);
    IS_TEXT(text_of(out, "event"), "block");
    IS_TEXT(text_of(out, "client"), "2001:db8::/64");
    IS_TEXT(text_of(out, "note"), "two\nlines ? and \"quotes\"");
    IS_INT(json_integer_value(json_object_get(out, "seconds")), 600);
    IS_INT(json_integer_value(json_object_get(out, "requests")), d.total);
    json_decref(out);
    free(line);
    rig_close(&rig);
}

CLAIM(an_order_and_an_end_are_events_without_a_score)
{
    mlg_key_t key = unit_key(IP);
    mlg_transition_t t =
        mlg_transition_ordered("unblock", &key, T0, T0 + SEC(60), "a mistake");
    json_t *out = mlg_report_event(&t, 64);
    mlg_block_t block;
    BEGIN;
    IS_TEXT(text_of(out, "kind"), "grace");
    IS_TRUE(json_is_null(json_object_get(out, "score")));
    IS_TRUE(json_is_null(json_object_get(out, "id")));
    json_decref(out);
    memset(&block, 0, sizeof(block));
    block.kind = MLG_BLOCK_AUTO;
    block.until_us = T0;
    block.info.key = key;
    block.info.nreasons = 77; /* a torn copy */
    t = mlg_transition_ended(&block);
    IS_INT(t.reasons.n, MLG_NREASONS);
    out = mlg_report_event(&t, 64);
    IS_TEXT(text_of(out, "event"), "end");
    IS_TRUE(json_is_null(json_object_get(out, "until")));
    json_decref(out);
}

/* A view of one client as the handler makes it. */
static mlg_client_view_t view_of(const rig_t *rig, const char *addr)
{
    mlg_client_view_t v;
    uint32_t slot;
    const mlg_record_t *record;

    memset(&v, 0, sizeof(v));
    v.client = unit_client(addr);
    v.ipv6_prefix = 64;
    v.now_us = T0 + SEC(10);
    v.rules = &rig->rules;
    record = mlg_table_find(&rig->gate.table, v.client.hash);
    v.has_record = record != NULL && mlg_record_copy(&v.record, record);
    v.has_block = mlg_block_find(&rig->gate.blocks, v.client.hash, v.now_us,
                                 NULL, &slot) != MLG_BLOCK_NONE &&
                  mlg_block_read(&rig->gate.blocks, slot, &v.block);
    return v;
}

CLAIM(a_client_is_shown_with_the_score_it_was_judged_by)
{
    mlg_client_view_t v;
    mlg_decision_t d;
    json_t *out;
    rig_t rig;
    BEGIN;
    rig_open(&rig);
    d = convict(&rig, IP);
    v = view_of(&rig, IP);
    out = mlg_report_client(&v);
    IS_TEXT(text_of(out, "standing"), "block");
    IS_NEAR(json_real_value(json_object_get(out, "score")), d.score, 1e-4);
    IS_INT(json_integer_value(
               json_object_get(json_object_get(out, "record"), "requests")),
           d.total);
    json_decref(out);
    v = view_of(&rig, "192.0.2.8"); /* never seen */
    out = mlg_report_client(&v);
    IS_TEXT(text_of(out, "standing"), "judged");
    IS_TRUE(json_is_null(json_object_get(out, "record")));
    IS_TRUE(json_is_null(json_object_get(out, "score")));
    json_decref(out);
    rig_close(&rig);
}

static const json_t *at(const json_t *json, const char *name)
{
    return json_object_get(json, name);
}

static mlg_snapshot_t snapshot_of(const rig_t *rig)
{
    mlg_snapshot_t s;

    memset(&s, 0, sizeof(s));
    s.now_us = T0 + SEC(10);
    s.started_us = T0;
    s.version = "1 \"quoted\\\n";
    s.ipv6_prefix = 64;
    s.rules = &rig->rules;
    mlg_snapshot_read(&s, &rig->gate);
    return s;
}

CLAIM(a_snapshot_counts_clients_blocks_and_convictions)
{
    mlg_snapshot_t s;
    json_t *out;
    rig_t rig;
    BEGIN;
    rig_open(&rig);
    convict(&rig, IP);
    for (uint32_t n = 0; n < 100; n++) {
        mlg_arrival_t a = unit_page_n(n, T0);

        rig_judge(&rig, &a);
    }
    s = snapshot_of(&rig);
    IS_INT(s.clients_used, 101);
    IS_INT(s.blocks[MLG_BLOCK_AUTO], 1);
    IS_INT(s.recent, 1);
    IS_INT(s.recent_lost, 0);
    out = mlg_report_stats(&s);
    IS_INT(json_integer_value(
               json_object_get(json_object_get(out, "counters"), "requests")),
           (json_int_t)rig_count(&rig, MLG_C_REQUESTS));
    IS_INT(json_array_size(json_object_get(out, "score_histogram")),
           MLG_SCORE_BUCKETS);
    json_decref(out);
    out = mlg_report_info(&s, json_object());
    IS_INT(json_integer_value(json_object_get(out, "uptime_s")), 10);
    json_decref(out);
    rig_close(&rig);
}

CLAIM(metrics_are_complete_and_labels_escaped)
{
    char line[96];
    mlg_snapshot_t s;
    size_t bytes = 0;
    char *text;
    rig_t rig;
    BEGIN;
    rig_open(&rig);
    convict(&rig, IP);
    s = snapshot_of(&rig);
    text = mlg_report_metrics(&s, &bytes);
    IS_INT(strlen(text), bytes);
    for (int i = 0; i < MLG_NCOUNTERS; i++) {
        snprintf(line, sizeof(line), "\nmlgate_%s_total %llu\n",
                 mlg_counters[i].name,
                 (unsigned long long)rig_count(&rig, (mlg_counter_id)i));
        IS_TRUE(strstr(text, line) != NULL);
    }
    snprintf(line, sizeof(line), "_bucket{le=\"+Inf\"} %llu\n",
             (unsigned long long)rig_count(&rig, MLG_C_JUDGED));
    IS_TRUE(strstr(text, line) != NULL);
    IS_TRUE(strstr(text, "version=\"1 \\\"quoted\\\\\\n\",") != NULL);
    IS_TRUE(strstr(text, "mlgate_block_entries{kind=\"block\"} 1\n") != NULL);
    free(text);
    rig_close(&rig);
}

CLAIM(what_the_floor_convicts_is_told_what_would_have_changed_it)
{
    static const float thresholds[] = {MLG_THRESHOLD_NONE, 0.8f};
    mlg_decision_t d = {0};
    json_t *out, *changes;
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    rig.rules.threshold = MLG_THRESHOLD_NONE;
    for (int i = 0; i < 500 && !d.convicts; i++) {
        mlg_arrival_t a = unit_page(IP, T0 + SEC(9) * i / 500);

        d = rig_judge(&rig, &a);
    }
    IS_TRUE(d.convicts);
    for (int i = 0; i < 2;
         i++) { /* the score alone is too high in the second */
        d.threshold = thresholds[i];
        out = mlg_report_decision(&d, 64, &rig.rules);
        changes = json_object_get(out, "would_change");
        IS_INT(json_array_size(changes), 1);
        IS_TEXT(text_of(json_array_get(changes, 0), "feature"), "request_rate");
        d.x[MLG_F_REQUEST_RATE] = (float)json_real_value(
            json_object_get(json_array_get(changes, 0), "bound"));
        IS_TRUE(d.x[MLG_F_REQUEST_RATE] <= MLG_FLOOR_PAGES_PER_S);
        d.x[MLG_F_REQUEST_RATE] *= 0.999f;
        IS_TRUE(mlg_policy_proof(mlg_rules_score(&rig.rules, d.x, NULL), d.x) <
                d.threshold);
        json_decref(out);
        d.x[MLG_F_REQUEST_RATE] = 50.0f;
    }
    rig_close(&rig);
}

CLAIM(the_coming_threshold_is_told_until_one_is_in_force)
{
    char words[MLG_COMING_TEXT];
    mlg_snapshot_t s;
    json_t *out;
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    s = snapshot_of(&rig);
    s.is_auto = 1;
    out = mlg_report_site(&s); /* nobody has looked */
    IS_TRUE(json_is_null(at(out, "coming")));
    json_decref(out);
    s.site.looked_us = T0;
    s.site.target = 0.5f;
    s.site.trusted = 30;
    s.site.target_refused = 2;
    s.site.why = MLG_FIT_ALONE;
    IS_NEAR(mlg_snapshot_coming(&s), 0.5, 0.0);
    out = mlg_report_site(&s);
    IS_NEAR(json_real_value(at(at(out, "coming"), "threshold")), 0.5, 1e-6);
    IS_INT(json_integer_value(at(at(out, "coming"), "trusted_refused")), 2);
    IS_TRUE(strstr(text_of(at(out, "coming"), "says"),
                   "too high from 0.5000: a step above") != NULL);
    json_decref(out);
    s.site.anchored = MLG_ANCHORED_LIVE;
    IS_NAN(mlg_snapshot_coming(&s));
    IS_TEXT(mlg_report_coming_words(words, &s), "");
    rig_close(&rig);
}

CLAIM(a_bound_that_people_push_against_is_told_in_words)
{
    char words[MLG_WORDS_TEXT];
    mlg_snapshot_t s;
    json_t *out;
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    s = snapshot_of(&rig);
    s.is_auto = 1;
    s.site = (mlg_site_t){.anchored = MLG_ANCHORED_LIVE,
                          .threshold = 0.6f,
                          .high = 0.58f,
                          .last = 0.7f,
                          .pressed = MLG_PRESSED_LIFTED};
    mlg_report_threshold_words(words, &s);
    IS_TRUE(strstr(words, "beyond its bound 0.5800, where clients that behave "
                          "like people would be refused") != NULL);
    out = mlg_report_site(&s);
    IS_TEXT(text_of(out, "bound"), "lifted");
    json_decref(out);
    s.site.pressed = MLG_PRESSED_LAST;
    mlg_report_threshold_words(words, &s);
    IS_TRUE(strstr(words, "its last bound 0.7000") != NULL);
    IS_TRUE(strlen(words) < MLG_WORDS_TEXT - 1);
    rig_close(&rig);
}

CLAIM(models_are_described_wherever_the_gate_is)
{
    mlg_shadow_t shadow = {.threshold = 0.5f};
    static mlg_dispute_t disputes[MLG_DISPUTES];
    uint64_t seed = 3;
    uint64_t second = 0;
    forests_t f;
    mlg_snapshot_t s;
    json_t *out;
    char *text;
    size_t bytes;
    rig_t rig;
    BEGIN;
    rig_open(&rig);
    forests_open(&f, 4, 2, &seed);
    f.forest->id = 0xfedcba9876543210u;
    shadow.model = &rig.model;
    rig.rules.forest = f.forest;
    rig.rules.threshold = 0.0f;
    rig.rules.shadow = &shadow;
    mlg_gate_crown(&rig.gate, f.forest->id, &second, T0);
    convict(&rig, IP);
    s = snapshot_of(&rig);
    s.ndisputes = mlg_disputes_read(rig.gate.disputes, disputes);
    s.dispute = disputes;
    out = mlg_report_stats(&s);
    IS_TEXT(text_of(at(out, "model"), "id"), "fedcba9876543210");
    IS_INT(json_integer_value(at(at(out, "model"), "trees")), 4);
    IS_INT(json_integer_value(at(at(out, "model"), "for_s")), 10);
    IS_TEXT(text_of(at(out, "shadow"), "kind"), "weighted");
    IS_TRUE(json_is_null(at(at(out, "shadow"), "id")));
    IS_INT(json_array_size(at(at(out, "shadow"), "disagreements")),
           s.ndisputes);
    json_decref(out);
    text = mlg_report_metrics(&s, &bytes);
    IS_TRUE(strstr(text, "mlgate_model_info{role=\"judge\",kind=\"forest\","
                         "id=\"fedcba9876543210\",trees=\"4\",depth=\"2\"} "
                         "1\n") != NULL);
    IS_TRUE(strstr(text, "role=\"shadow\",kind=\"weighted\"") != NULL);
    free(text);
    f.forest->id = 5; /* this process has another than all: since when? */
    out = mlg_report_info(&s, NULL);
    IS_TRUE(json_is_null(at(at(out, "model"), "for_s")));
    json_decref(out);
    rig.rules.forest = NULL;
    rig.rules.shadow = NULL;
    s = snapshot_of(&rig);
    out = mlg_report_info(&s, NULL);
    IS_TEXT(text_of(at(out, "model"), "kind"), "weighted");
    IS_TRUE(json_is_null(at(at(out, "model"), "trees")));
    IS_TRUE(json_is_null(at(out, "shadow")));
    json_decref(out);
    forests_close(&f);
    rig_close(&rig);
}

CLAIM(a_decision_and_its_event_name_the_model_that_judged)
{
    uint64_t seed = 3;
    mlg_transition_t t;
    mlg_decision_t d;
    forests_t f;
    json_t *out;
    rig_t rig;
    BEGIN;
    rig_open(&rig);
    d = convict(&rig, IP);
    out = mlg_report_decision(&d, 64, NULL);
    IS_TEXT(text_of(out, "model"), "weighted");
    json_decref(out);
    forests_open(&f, 4, 2, &seed);
    f.forest->id = 0x10u;
    rig.rules.forest = f.forest;
    rig.rules.threshold = 0.0f;
    d = convict(&rig, "192.0.2.9");
    IS_TRUE(d.model == 0x10u);
    out = mlg_report_decision(&d, 64, NULL);
    IS_TEXT(text_of(out, "model"), "0000000000000010");
    json_decref(out);
    t = mlg_transition_convicted(&d);
    out = mlg_report_event(&t, 64);
    IS_TEXT(text_of(out, "model"), "0000000000000010");
    json_decref(out);
    t = mlg_transition_ordered("unblock", &d.key, T0, T0 + SEC(1), NULL);
    out = mlg_report_event(&t, 64);
    IS_TRUE(json_is_null(at(out, "model")));
    json_decref(out);
    forests_close(&f);
    rig_close(&rig);
}

/* @return whether it is well, and that it gives a reason when not */
static int is_well(const mlg_snapshot_t *s, const mlg_shard_t *before)
{
    int well = -1;
    json_t *out = mlg_report_health(s, before, &well);

    IS_INT(json_array_size(json_object_get(out, "reasons")) > 0, !well);
    IS_TEXT(text_of(out, "status"), well ? "ok" : "unwell");
    json_decref(out);
    return well;
}

CLAIM(a_fresh_gate_is_well_and_none_at_all_is_not)
{
    mlg_snapshot_t s;
    rig_t rig;
    BEGIN;
    rig_open(&rig);
    s = snapshot_of(&rig);
    IS_TRUE(is_well(&s, NULL));
    IS_FALSE(is_well(NULL, NULL));
    rig_close(&rig);
}

CLAIM(old_trouble_is_forgiven_and_new_trouble_is_not)
{
    mlg_shard_t before;
    mlg_snapshot_t s;
    rig_t rig;
    BEGIN;
    rig_open(&rig);
    s = snapshot_of(&rig);
    s.total.count[MLG_C_JUDGED] = 10000;
    s.total.count[MLG_C_SKIPPED] = 9000;
    before = s.total;
    IS_FALSE(is_well(&s, NULL));
    IS_TRUE(is_well(&s, &before));
    s.total.count[MLG_C_LOCK_ERRORS]++;
    IS_FALSE(is_well(&s, &before));
    rig_close(&rig);
}

CLAIM(a_full_block_table_lost_convictions_and_a_toothless_model_are_unwell)
{
    mlg_snapshot_t s;
    rig_t rig;
    BEGIN;
    rig_open(&rig);
    s = snapshot_of(&rig);
    s.blocks[MLG_BLOCK_AUTO] = s.block_slots;
    IS_FALSE(is_well(&s, NULL));
    s = snapshot_of(&rig);
    s.recent = 20;
    s.recent_lost = 3;
    IS_FALSE(is_well(&s, NULL));
    s = snapshot_of(&rig);
    rig.model.weight[MLG_F_REQUEST_RATE] = 0.5f;
    IS_FALSE(is_well(&s, NULL));
    rig.model.weight[MLG_F_REQUEST_RATE] = NAN;
    IS_FALSE(is_well(&s, NULL));
    rig_close(&rig);
}

/* ---- swarms --------------------------------------------------------------- */

static mlg_swarm_event_t *swarm_at(const rig_t *rig, unsigned i, int64_t at_us,
                                   int refuses)
{
    mlg_swarm_event_t *e = &rig->gate.swarms->event[i];

    memset(e, 0, sizeof(*e));
    e->id = (uint64_t)at_us * MLG_SWARM_EVENTS + i;
    e->begin_us = e->since_us = e->last_us = at_us;
    e->refuses = (uint32_t)refuses;
    e->members = 1200;
    return e;
}

CLAIM(swarms_are_copied_latest_first_with_texts_that_end)
{
    mlg_swarm_view_t view;
    mlg_swarm_event_t *e;
    char words[MLG_SWARM_WORDS];
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    swarm_at(&rig, 3, T0, 1);
    swarm_at(&rig, 1, T0 + SEC(5), 0)->end_us = T0 + SEC(9);
    e = swarm_at(&rig, 2, T0 + SEC(3), 1); /* as no gate writes it */
    memset(e->agent_text, 'A', sizeof(e->agent_text));
    memset(e->place_text, '<', sizeof(e->place_text));
    e->kind = 77;
    e->class = 99;
    rig.gate.swarms->is_degraded = 1;
    mlg_swarm_view(&view, rig.gate.swarms, SEC(3600));
    IS_INT(view.n, 3);
    IS_INT(view.event[0].begin_us, T0 + SEC(3605));
    IS_INT(view.event[0].end_us, T0 + SEC(3609));
    IS_INT(view.event[1].end_us, 0);
    IS_INT(view.event[2].begin_us, T0 + SEC(3600));
    IS_INT(view.live[MLG_SWARM_PRINT][1], 1);
    IS_INT(view.live[MLG_SWARM_PRINT][0], 0);
    IS_INT(view.live[MLG_SWARM_WHOLE][1], 1);
    IS_TRUE(view.is_held_back);
    IS_INT(strlen(mlg_report_swarm_agent(words, &view.event[1])),
           MLG_SWARM_AGENT_TEXT - 1);
    IS_TRUE(strlen(mlg_report_swarm_words(words, &view.event[1])) <
            MLG_SWARM_WORDS);
    e->end_us = rig.gate.swarms->event[3].end_us = T0 + SEC(20);
    mlg_swarm_view(&view, rig.gate.swarms, 0);
    IS_FALSE(view.is_held_back); /* nothing is there to hold back */
    rig_close(&rig);
}

CLAIM(one_of_a_thousand_does_not_name_a_swarm_of_a_path)
{
    char words[MLG_SWARM_WORDS];
    mlg_swarm_event_t *e;
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    e = swarm_at(&rig, 0, T0, 1);
    e->seen = e->same_agent = 1;
    e->knows = MLG_SWARM_KNOWS_AGENT | MLG_SWARM_KNOWS_PLACE;
    snprintf(e->agent_text, sizeof(e->agent_text), "Mozilla/5.0 Firefox/140.0");
    IS_TRUE(strncmp(mlg_report_swarm_title(words, e), "Firefox/140", 11) == 0);
    e->kind = MLG_SWARM_PLACE;
    IS_TRUE(strncmp(mlg_report_swarm_title(words, e), "one kind of path", 16) ==
            0);
    e->seen = e->same_agent = e->members - 100;
    IS_TRUE(strncmp(mlg_report_swarm_title(words, e), "Firefox/140", 11) == 0);
    rig_close(&rig);
}

CLAIM(a_decision_names_its_swarm_until_the_place_is_anothers)
{
    mlg_swarm_event_t e;
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    swarm_at(&rig, 3, T0, 1);
    IS_TRUE(mlg_swarm_of(rig.gate.swarms, 4, T0, SEC(60), &e));
    IS_INT(e.begin_us, T0 + SEC(60));
    IS_FALSE(mlg_swarm_of(rig.gate.swarms, 0, T0, 0, &e));
    IS_FALSE(mlg_swarm_of(rig.gate.swarms, 5, T0, 0, &e));
    IS_FALSE(mlg_swarm_of(rig.gate.swarms, MLG_SWARM_EVENTS + 1, T0, 0, &e));
    rig.gate.swarms->event[3].end_us = T0 + SEC(5);
    IS_TRUE(mlg_swarm_of(rig.gate.swarms, 4, T0 + SEC(5), 0, &e));
    IS_FALSE(mlg_swarm_of(rig.gate.swarms, 4, T0 + SEC(6), 0, &e));
    swarm_at(&rig, 3, T0 + SEC(10), 1);
    IS_FALSE(mlg_swarm_of(rig.gate.swarms, 4, T0 + SEC(5), 0, &e));
    rig_close(&rig);
}

CLAIM(metrics_of_swarms_have_a_label_for_each_kind_and_no_more)
{
    mlg_snapshot_t s;
    unsigned n = 0;
    size_t bytes = 0;
    char *text;
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    for (unsigned i = 0; i < MLG_SWARM_EVENTS; i++) {
        mlg_swarm_event_t *e = swarm_at(&rig, i, T0 + SEC(i), 1);

        snprintf(e->agent_text, sizeof(e->agent_text), "Agent\"} %u\n", i);
    }
    s = snapshot_of(&rig);
    text = mlg_report_metrics(&s, &bytes);
    for (const char *at = text; (at = strstr(at, "\nmlgate_swarms{")) != NULL;
         at++) {
        n++;
    }
    IS_INT(n, 2 * MLG_NSWARM_EVENT_KINDS);
    IS_TRUE(strstr(text, "\nmlgate_swarms{kind=\"print\",verdict=\"refuse\"} "
                         "32\n") != NULL);
    IS_TRUE(strstr(text, "Agent") == NULL);
    free(text);
    rig_close(&rig);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_feature_is_said_in_words_of_its_own),
        TEST(every_feature_has_words_whatever_its_value),
        TEST(a_duration_has_its_two_largest_units),
        TEST(a_time_is_utc_with_microseconds),
        TEST(a_reference_id_is_read_as_it_is_written_and_no_other_way),
        TEST(a_decision_names_its_reasons_and_what_would_have_changed_it),
        TEST(an_event_is_one_line_that_reads_back),
        TEST(an_order_and_an_end_are_events_without_a_score),
        TEST(a_client_is_shown_with_the_score_it_was_judged_by),
        TEST(a_snapshot_counts_clients_blocks_and_convictions),
        TEST(metrics_are_complete_and_labels_escaped),
        TEST(what_the_floor_convicts_is_told_what_would_have_changed_it),
        TEST(the_coming_threshold_is_told_until_one_is_in_force),
        TEST(a_bound_that_people_push_against_is_told_in_words),
        TEST(models_are_described_wherever_the_gate_is),
        TEST(a_decision_and_its_event_name_the_model_that_judged),
        TEST(a_fresh_gate_is_well_and_none_at_all_is_not),
        TEST(old_trouble_is_forgiven_and_new_trouble_is_not),
        TEST(
            a_full_block_table_lost_convictions_and_a_toothless_model_are_unwell),
        TEST(swarms_are_copied_latest_first_with_texts_that_end),
        TEST(one_of_a_thousand_does_not_name_a_swarm_of_a_path),
        TEST(a_decision_names_its_swarm_until_the_place_is_anothers),
        TEST(metrics_of_swarms_have_a_label_for_each_kind_and_no_more),
    };

    return RUN(tests);
}
