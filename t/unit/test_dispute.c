/* SPDX-License-Identifier: Apache-2.0
 *
 * A shadow scores beside the model and has no say. */
#include "unit.h"

static const mlg_weighted_t harsh = {.hi[MLG_F_REQUEST_RATE] = 0.5f,
                                     .weight[MLG_F_REQUEST_RATE] = 1.0f};
static const mlg_weighted_t blind;

/* Two hundred pages of one flood and of many visitors. */
static void visit(const rig_t *rig, mlg_decision_t out[200])
{
    for (int i = 0; i < 200; i++) {
        mlg_arrival_t a = (i % 2 == 0)
                              ? unit_page("192.0.2.7", T0 + SEC(0.05 * i))
                              : unit_page_n((uint32_t)i, T0 + SEC(0.05 * i));

        out[i] = rig_judge(rig, &a);
    }
}

CLAIM(a_shadow_changes_no_score_no_reason_no_verdict_and_no_rules)
{
    static mlg_decision_t with[200], without[200];
    mlg_shadow_t shadow = {.model = &harsh, .threshold = 0.5f};
    rig_t one;
    rig_t two;

    BEGIN;
    rig_open(&one);
    rig_open(&two);
    visit(&one, without);
    two.rules.shadow = &shadow;
    visit(&two, with);
    for (int i = 0; i < 200; i++) {
        assert_memory_equal(&with[i], &without[i], sizeof(with[i]));
    }
    for (int id = 0; id < MLG_NCOUNTERS; id++) {
        if (id < MLG_C_SHADOW_BOTH_LOW || id > MLG_C_SHADOW_ONLY_SHADOW) {
            IS_INT(rig_count(&one, (mlg_counter_id)id),
                   rig_count(&two, (mlg_counter_id)id));
        }
    }
    rig_close(&one);
    rig_close(&two);
}

CLAIM(every_judged_request_is_counted_once_by_what_the_two_say)
{
    static mlg_decision_t d[200];
    mlg_shadow_t shadow = {.model = &harsh, .threshold = 0.5f};
    uint64_t want[2][2] = {{0, 0}, {0, 0}};
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    rig.rules.shadow = &shadow;
    rig.rules.engine = MLG_ENGINE_OBSERVE;
    visit(&rig, d);
    for (int i = 0; i < 200; i++) {
        want[d[i].score >= 0.8f][mlg_weighted_score(&harsh, d[i].x) >= 0.5f]++;
    }
    IS_INT(rig_count(&rig, MLG_C_SHADOW_BOTH_LOW), want[0][0]);
    IS_INT(rig_count(&rig, MLG_C_SHADOW_ONLY_SHADOW), want[0][1]);
    IS_INT(rig_count(&rig, MLG_C_SHADOW_ONLY_MODEL), want[1][0]);
    IS_INT(rig_count(&rig, MLG_C_SHADOW_BOTH_HIGH), want[1][1]);
    IS_TRUE(want[0][0] > 0 && want[0][1] > 0 && want[1][1] > 0);
    IS_INT(want[0][0] + want[0][1] + want[1][0] + want[1][1],
           rig_count(&rig, MLG_C_JUDGED));
    rig_close(&rig);
}

CLAIM(whom_they_disagreed_on_is_told_with_both_scores)
{
    static mlg_decision_t d[200];
    static mlg_dispute_t found[MLG_DISPUTES];
    mlg_shadow_t shadow = {.model = &blind, .threshold = 0.5f};
    mlg_client_t flood = unit_client("192.0.2.7");
    uint32_t times = 0;
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    rig.rules.shadow = &shadow;
    rig.rules.engine = MLG_ENGINE_OBSERVE;
    visit(&rig, d);
    for (int i = 0; i < 200; i++) {
        times += d[i].score >= 0.8f;
    }
    IS_INT(mlg_disputes_read(rig.gate.disputes, found), 1);
    IS_TRUE(found[0].client == flood.hash);
    IS_INT(memcmp(&found[0].key, &flood.key, sizeof(flood.key)), 0);
    IS_INT(found[0].times, times);
    IS_INT(found[0].is_shadow_high, 0);
    IS_INT(found[0].total, 100);
    IS_TRUE(found[0].score == d[198].score && found[0].shadow_score == 0.0f);
    IS_TRUE(found[0].at_us == d[198].at_us);
    rig_close(&rig);
}

static mlg_dispute_t dispute(uint64_t client, apr_time_t at_us)
{
    return (mlg_dispute_t){.client = client, .at_us = at_us, .times = 77};
}

CLAIM(a_flood_of_one_client_leaves_the_others_their_places)
{
    static mlg_dispute_t found[MLG_DISPUTES];
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    for (uint64_t client = 1; client <= 100; client++) {
        mlg_dispute_t d = dispute(client, T0 + (apr_time_t)client);

        mlg_dispute_note(rig.gate.disputes, &d);
    }
    for (int i = 0; i < 1000; i++) {
        mlg_dispute_t d = dispute(7, T0 + SEC(1) + i);

        mlg_dispute_note(rig.gate.disputes, &d);
    }
    IS_INT(mlg_disputes_read(rig.gate.disputes, found), 100);
    IS_TRUE(found[0].client == 7);
    IS_INT(found[0].times, 1001);
    for (int i = 1; i < 100; i++) {
        IS_TRUE(found[i].at_us < found[i - 1].at_us);
        IS_INT(found[i].times, 1);
    }
    rig_close(&rig);
}

/* Four assets that fit their page. */
static void browse(const rig_t *rig, mlg_arrival_t a)
{
    rig_judge(rig, &a);
    rig_settle(rig, &a, 200);
    a.is = MLG_IS_ASSET;
    a.referer = a.path;
    for (uint64_t i = 0; i < 4; i++) {
        a.path = unit_hash("/a.css") + i;
        rig_judge(rig, &a);
        rig_settle(rig, &a, 200);
    }
}

CLAIM(where_people_end_is_learnt_by_the_shadows_scores_too)
{
    mlg_shadow_t shadow = {.model = &harsh, .threshold = MLG_THRESHOLD_NONE};
    uint64_t id = 5;
    mlg_calibration_t *learnt;
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    rig.rules.shadow = &shadow;
    learnt = rig.gate.shadow_calibration;
    mlg_gate_crown(&rig.gate, 3, &id, T0);
    for (int visit = 0; visit < 3; visit++) {
        for (uint32_t who = 1; who <= 12; who++) {
            browse(&rig, unit_page_n(who, T0 + SEC(3600 * visit + 9 * who)));
        }
        for (int i = 0; i < 50; i++) { /* whom nobody trusts */
            mlg_arrival_t a =
                unit_page("192.0.2.7", T0 + SEC(3600 * visit + i));

            rig_judge(&rig, &a);
        }
    }
    IS_INT(mlg_calibration_clients(learnt), 12);
    /* a page in 10 s, of half a page a second that are 1; and the trust */
    IS_NEAR(mlg_calibration_quantile(learnt, 0), mlg_policy_credit(0.2f, 1),
            0.01);
    rig.gate.site->shadow_threshold = 0.4f;
    mlg_gate_crown(&rig.gate, 4, &id, T0 + SEC(9)); /* another judge */
    IS_INT(mlg_calibration_clients(learnt), 12);
    id = 6; /* another shadow */
    mlg_gate_crown(&rig.gate, 4, &id, T0 + SEC(9));
    IS_INT(mlg_calibration_clients(learnt), 0);
    IS_TRUE(rig.gate.site->shadow_threshold == 0.0f);
    rig_close(&rig);
}

CLAIM(three_high_scores_in_a_row_are_the_shadows_proof)
{
    mlg_record_t own;

    BEGIN;
    mlg_record_init(&own, 7, T0);
    IS_INT(mlg_record_note_shadow(&own, 1.0f), 0);
    IS_INT(mlg_record_note_shadow(&own, 0.5f), 0);
    IS_INT(mlg_record_note_shadow(&own, 1.0f), 127 * 257);
    IS_INT(mlg_record_note_shadow(&own, 1.0f), 127 * 257);
    IS_INT(mlg_record_note_shadow(&own, 1.0f), 65535);
    IS_INT(mlg_record_note_shadow(&own, 0.0f), 0);
}

CLAIM(another_pair_of_models_begins_at_nothing)
{
    static mlg_dispute_t found[MLG_DISPUTES];
    uint64_t n[MLG_SHADOW_COUNTS];
    uint64_t shadow = 5;
    mlg_dispute_t d = dispute(7, T0);
    mlg_shard_t total;
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    mlg_gate_crown(&rig.gate, 3, &shadow, T0);
    IS_TRUE(rig.gate.segment->model.id == 3);
    IS_TRUE(rig.gate.segment->model.since_us == T0);
    IS_TRUE(rig.gate.segment->shadow.id == 5);
    mlg_dispute_note(rig.gate.disputes, &d);
    mlg_count(rig.gate.counters, 7, MLG_C_SHADOW_ONLY_MODEL);
    mlg_counters_read(rig.gate.counters, &total);
    mlg_gate_crown(&rig.gate, 3, &shadow, T0 + SEC(1)); /* the same two */
    IS_TRUE(rig.gate.segment->model.since_us == T0);
    IS_INT(mlg_disputes_read(rig.gate.disputes, found), 1);
    mlg_disputes_count(rig.gate.disputes, &total, n);
    IS_INT(n[2], 1);
    shadow = 0; /* the weights */
    mlg_gate_crown(&rig.gate, 3, &shadow, T0 + SEC(2));
    IS_TRUE(rig.gate.segment->model.since_us == T0);
    IS_TRUE(rig.gate.segment->shadow.since_us == T0 + SEC(2));
    IS_INT(mlg_disputes_read(rig.gate.disputes, found), 0);
    mlg_disputes_count(rig.gate.disputes, &total, n);
    IS_INT(n[0] + n[1] + n[2] + n[3], 0);
    d.at_us = T0 + SEC(3);
    mlg_dispute_note(rig.gate.disputes, &d);
    IS_INT(mlg_disputes_read(rig.gate.disputes, found), 1);
    IS_INT(found[0].times, 1);
    mlg_gate_crown(&rig.gate, 3, NULL, T0 + SEC(4));
    IS_TRUE(rig.gate.segment->shadow.since_us == 0);
    rig_close(&rig);
}

CLAIM(a_place_that_is_half_written_is_neither_shown_nor_written)
{
    static mlg_dispute_t found[MLG_DISPUTES];
    mlg_dispute_t d = dispute(7, T0);
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    mlg_dispute_note(rig.gate.disputes, &d);
    rig.gate.disputes->place[7].seq |= 1; /* its writer died */
    IS_INT(mlg_disputes_read(rig.gate.disputes, found), 0);
    mlg_dispute_note(rig.gate.disputes, &d);
    IS_INT(mlg_disputes_read(rig.gate.disputes, found), 0);
    d.client = 8;
    mlg_dispute_note(rig.gate.disputes, &d);
    IS_INT(mlg_disputes_read(rig.gate.disputes, found), 1);
    rig_close(&rig);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_shadow_changes_no_score_no_reason_no_verdict_and_no_rules),
        TEST(every_judged_request_is_counted_once_by_what_the_two_say),
        TEST(whom_they_disagreed_on_is_told_with_both_scores),
        TEST(a_flood_of_one_client_leaves_the_others_their_places),
        TEST(where_people_end_is_learnt_by_the_shadows_scores_too),
        TEST(three_high_scores_in_a_row_are_the_shadows_proof),
        TEST(another_pair_of_models_begins_at_nothing),
        TEST(a_place_that_is_half_written_is_neither_shown_nor_written),
    };

    return RUN(tests);
}
