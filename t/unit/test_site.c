/* SPDX-License-Identifier: Apache-2.0
 *
 * The threshold in force: from nothing known to calibrated, and then within its
 * bounds, whoever pushes. */
#include "unit.h"

#include <string.h>

#define HOUR SEC(3600)
#define DAY  SEC(86400)

static mlg_site_by_t by_weights(void)
{
    return (mlg_site_by_t){
        .scorer = 7, .recommended = 0.8f, .slope = 1.0, .drift = MLG_DRIFT};
}

/* So many trusted clients peak at a score. */
static void trust(const rig_t *rig, int n, float peak)
{
    for (int i = 0; i < n; i++) {
        mlg_calibration_note(rig->gate.calibration, MLG_CALIBRATION_NONE,
                             mlg_calibration_bin((uint16_t)(peak * 65535.0f)));
    }
}

/* The rig's segment is a week old at T0. */
static void open_at(rig_t *rig, const mlg_site_by_t *by)
{
    rig_open(rig);
    rig->gate.segment->formatted_us = T0 - 7 * DAY;
    mlg_site_open(&rig->gate, by, T0);
}

CLAIM(nobody_but_a_flood_is_refused_before_the_site_is_known)
{
    mlg_site_by_t by = by_weights();
    rig_t rig;

    BEGIN;
    open_at(&rig, &by);
    IS_TRUE(mlg_site_threshold(rig.gate.site) == MLG_THRESHOLD_NONE);
    IS_INT(mlg_site_look(&rig.gate, &by, T0 + HOUR), 0);
    IS_TRUE(mlg_site_threshold(rig.gate.site) == MLG_THRESHOLD_NONE);
    trust(&rig, 6, 0.3f);
    IS_INT(mlg_site_look(&rig.gate, &by, T0 + 2 * HOUR), 0);
    IS_INT(rig.gate.site->progress_percent, 60);
    IS_TEXT(mlg_site_words(rig.gate.site), "calibrating");
    rig_close(&rig);
}

CLAIM(the_first_sound_look_anchors)
{
    mlg_site_by_t by = by_weights();
    mlg_site_t *site;
    rig_t rig;

    BEGIN;
    open_at(&rig, &by);
    site = rig.gate.site;
    rig.gate.segment->formatted_us = T0;
    trust(&rig, 24, 0.85f); /* a new week halves them */
    IS_INT(mlg_site_look(&rig.gate, &by, T0 + DAY), 0);
    IS_INT(site->progress_percent, 14); /* the first are not all kinds */
    IS_INT(mlg_site_look(&rig.gate, &by, T0 + 7 * DAY), 1);
    IS_TEXT(mlg_site_words(site), "live");
    /* bin 870's upper end, and a margin of 0.15 log-odds */
    IS_NEAR(site->threshold, 0.8689, 0.002);
    IS_TRUE(site->low < site->anchor && site->anchor < site->high);
    IS_INT(site->progress_percent, 100);
    IS_INT(mlg_site_look(&rig.gate, &by, T0 + 7 * DAY + SEC(2)), 0);
    rig_close(&rig);
}

CLAIM(a_week_of_many_clients_does_where_nobody_behaves_like_a_person)
{
    mlg_site_by_t by = by_weights();
    rig_t rig;

    BEGIN;
    open_at(&rig, &by);
    rig.gate.segment->formatted_us = T0;
    for (int i = 0; i < 300; i++) {
        mlg_count(rig.gate.counters, (uint64_t)i, MLG_C_NEWCOMERS);
    }
    IS_INT(mlg_site_look(&rig.gate, &by, T0 + 7 * DAY - HOUR), 0);
    IS_INT(rig.gate.site->progress_percent, 99);
    IS_INT(mlg_site_look(&rig.gate, &by, T0 + 7 * DAY), 1);
    IS_NEAR(mlg_site_threshold(rig.gate.site), 0.8, 1e-6);
    rig_close(&rig);
}

CLAIM(a_patient_crowd_of_attackers_gets_to_the_bound_and_no_further)
{
    mlg_site_by_t by = by_weights();
    mlg_site_t *site;
    float anchor;
    rig_t rig;

    BEGIN;
    open_at(&rig, &by);
    site = rig.gate.site;
    trust(&rig, 200, 0.6f);
    IS_INT(mlg_site_look(&rig.gate, &by, T0), 1);
    anchor = site->threshold;
    for (int day = 0; day < 21; day++) {
        float morning = site->threshold;

        /* five more addresses a day, each at what is just not refused */
        trust(&rig, 5, site->threshold - 0.002f);
        for (int hour = 0; hour < 24; hour++) {
            mlg_site_look(&rig.gate, &by, T0 + DAY * day + HOUR * (hour + 1));
            IS_TRUE(site->threshold >= site->low &&
                    site->threshold <= site->high);
        }
        IS_TRUE(fabsf(site->threshold - morning) <= 0.00501f);
    }
    IS_TRUE(site->threshold > anchor);
    IS_TRUE(site->threshold - anchor <= (float)MLG_DRIFT);
    IS_TRUE(site->anchor == anchor);
    rig_close(&rig);
}

CLAIM(a_drift_of_0_stays_where_it_is)
{
    mlg_site_by_t by = by_weights();
    float anchor;
    rig_t rig;

    BEGIN;
    by.drift = 0.0;
    open_at(&rig, &by);
    trust(&rig, 20, 0.6f);
    mlg_site_look(&rig.gate, &by, T0);
    anchor = rig.gate.site->threshold;
    trust(&rig, 50, 0.95f);
    for (int day = 1; day < 9; day++) {
        mlg_site_look(&rig.gate, &by, T0 + DAY * day);
    }
    IS_NEAR(rig.gate.site->threshold, anchor, 1e-6);
    rig_close(&rig);
}

CLAIM(a_profile_anchors_at_once_and_a_restart_keeps_what_has_moved)
{
    mlg_profile_t *profile = calloc(1, sizeof(*profile));
    mlg_site_by_t by = by_weights();
    float moved;
    rig_t rig;

    BEGIN;
    assert_non_null(profile);
    profile->threshold = 0.9f;
    profile->share = 0.0005f;
    by.profile = profile;
    by.profile_id = 1;
    open_at(&rig, &by);
    IS_TRUE(mlg_site_threshold(rig.gate.site) == 0.9f);
    IS_TEXT(mlg_site_words(rig.gate.site), "profile");
    IS_INT(mlg_site_look(&rig.gate, &by, T0 + SEC(2)), 0);
    for (int hour = 0; hour < 100; hour++) { /* nobody to follow */
        mlg_site_look(&rig.gate, &by, T0 + HOUR * hour);
    }
    IS_TRUE(mlg_site_threshold(rig.gate.site) == 0.9f);
    trust(&rig, 30, 0.5f);
    for (int hour = 100; hour < 200; hour++) {
        mlg_site_look(&rig.gate, &by, T0 + HOUR * hour);
    }
    moved = mlg_site_threshold(rig.gate.site);
    IS_TRUE(moved < 0.9f && moved >= rig.gate.site->low);
    mlg_site_open(&rig.gate, &by, T0 + HOUR * 200);
    IS_TRUE(mlg_site_threshold(rig.gate.site) == moved);
    by.profile_id = 2; /* made anew */
    mlg_site_open(&rig.gate, &by, T0 + HOUR * 201);
    IS_TRUE(mlg_site_threshold(rig.gate.site) == 0.9f);
    by.profile = NULL; /* taken away */
    by.profile_id = 0;
    mlg_site_open(&rig.gate, &by, T0 + HOUR * 202);
    IS_TRUE(mlg_site_threshold(rig.gate.site) == MLG_THRESHOLD_NONE);
    rig_close(&rig);
    free(profile);
}

CLAIM(another_model_begins_anew)
{
    mlg_site_by_t by = by_weights();
    mlg_site_by_t other = by_weights();
    rig_t rig;

    BEGIN;
    open_at(&rig, &by);
    trust(&rig, 12, 0.5f);
    IS_INT(mlg_site_look(&rig.gate, &by, T0), 1);
    other.scorer = 8;
    IS_INT(mlg_site_look(&rig.gate, &other, T0 + SEC(2)), 0); /* not yet */
    mlg_site_open(&rig.gate, &other, T0 + SEC(4));
    IS_TRUE(mlg_site_threshold(rig.gate.site) == MLG_THRESHOLD_NONE);
    IS_INT(mlg_calibration_clients(rig.gate.calibration), 0);
    /* nor is what the gate has seen before any evidence of its scores */
    for (int i = 0; i < 300; i++) {
        mlg_count(rig.gate.counters, (uint64_t)i, MLG_C_NEWCOMERS);
    }
    IS_INT(mlg_site_look(&rig.gate, &other, T0 + HOUR), 0);
    IS_INT(mlg_site_look(&rig.gate, &other, T0 + 7 * DAY - HOUR), 0);
    IS_INT(mlg_site_look(&rig.gate, &other, T0 + 7 * DAY + HOUR), 1);
    rig_close(&rig);
}

CLAIM(a_clock_that_steps_back_moves_nothing)
{
    mlg_site_by_t by = by_weights();
    float before;
    rig_t rig;

    BEGIN;
    open_at(&rig, &by);
    trust(&rig, 12, 0.5f);
    mlg_site_look(&rig.gate, &by, T0 + DAY);
    before = mlg_site_threshold(rig.gate.site);
    trust(&rig, 100, 0.9f);
    mlg_site_look(&rig.gate, &by, T0);
    IS_TRUE(mlg_site_threshold(rig.gate.site) == before);
    rig_close(&rig);
}

/* One page, in the gate: what refuses while nothing else does. */
CLAIM(the_floor_convicts_whatever_the_model_says)
{
    int convicted_at = 0;
    mlg_decision_t d;
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    rig.model = (mlg_weighted_t){.hi = {0}}; /* scores everything 0 */
    rig.rules.threshold = MLG_THRESHOLD_NONE;
    for (int i = 1; i <= 500 && convicted_at == 0; i++) {
        mlg_arrival_t a = unit_page("192.0.2.7", T0 + SEC(9) * i / 500);

        d = rig_judge(&rig, &a);
        convicted_at = d.convicts ? i : 0;
    }
    IS_INT(convicted_at, 402);
    IS_INT(d.reasons.n, 1);
    IS_TRUE(mlg_reason_is_floor(&d.reasons.top[0]));
    IS_NEAR(d.score, 0.0, 1e-6);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_but_a_flood_is_refused_before_the_site_is_known),
        TEST(the_first_sound_look_anchors),
        TEST(a_week_of_many_clients_does_where_nobody_behaves_like_a_person),
        TEST(a_patient_crowd_of_attackers_gets_to_the_bound_and_no_further),
        TEST(a_drift_of_0_stays_where_it_is),
        TEST(a_profile_anchors_at_once_and_a_restart_keeps_what_has_moved),
        TEST(another_model_begins_anew),
        TEST(a_clock_that_steps_back_moves_nothing),
        TEST(the_floor_convicts_whatever_the_model_says),
    };

    return RUN(tests);
}
