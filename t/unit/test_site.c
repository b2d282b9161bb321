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

/* ---- people at the bound ------------------------------------------------- */

/* A site whose 200 people peak at 0.6, anchored. */
static float anchored_at(rig_t *rig, const mlg_site_by_t *by)
{
    open_at(rig, by);
    trust(rig, 200, 0.6f);
    IS_INT(mlg_site_look(&rig->gate, by, T0), MLG_SITE_FOUND);
    return rig->gate.site->threshold;
}

/* Days, on each of which a hundred calm people come, and so many networks get
 * somewhere. */
typedef struct siege_t {
    int from;
    int until;
    uint64_t networks;
    float (*where)(const mlg_site_t *site);
} siege_t;

static float beyond(const mlg_site_t *site)
{
    return site->threshold + 0.002f; /* and so they are refused */
}

static float far_beyond(const mlg_site_t *site)
{
    (void)site;
    return 0.99f;
}

static float calm(const mlg_site_t *site)
{
    (void)site;
    return 0.6f;
}

/* So many voters, by their numbers. */
static void come(const rig_t *rig, uint64_t first, uint64_t n, float peak,
                 apr_time_t at_us)
{
    for (uint64_t voter = first; voter < first + n; voter++) {
        mlg_calibration_follow(rig->gate.calibration, voter,
                               (uint16_t)(peak * 65535.0f), at_us);
    }
}

/* @return what the looks found, in bits */
static unsigned besiege(rig_t *rig, const mlg_site_by_t *by, siege_t siege)
{
    mlg_site_t *site = rig->gate.site;
    unsigned news = 0;

    for (int day = siege.from; day < siege.until; day++) {
        float morning = site->threshold;

        if (siege.networks > 0) {
            come(rig, 1, siege.networks, siege.where(site), T0 + DAY * day);
            come(rig, 1000, 100, 0.6f, T0 + DAY * day);
        }
        for (int hour = 0; hour < 24; hour++) {
            news |= 1u << mlg_site_look(&rig->gate, by,
                                        T0 + DAY * day + HOUR * (hour + 1));
            IS_TRUE(site->threshold >= site->low &&
                    site->threshold <= site->last);
        }
        IS_TRUE(fabsf(site->threshold - morning) <= 0.00501f);
    }
    return news;
}

CLAIM(people_who_are_refused_at_the_bound_lift_it_at_the_same_pace)
{
    mlg_site_by_t by = by_weights();
    mlg_site_t *site;
    float anchor;
    unsigned news;
    rig_t rig;

    BEGIN;
    by.recommended = 0.5f;
    anchor = anchored_at(&rig, &by);
    site = rig.gate.site;
    /* the site changes: a hundred of its people are quicker now */
    news = besiege(&rig, &by, (siege_t){0, 30, 100, beyond});
    IS_TRUE(site->threshold > site->high + 0.02f);
    IS_INT(site->pressed, MLG_PRESSED_LIFTED);
    IS_INT(news, 1u << MLG_SITE_NO_NEWS | 1u << MLG_SITE_LIFTED);
    IS_TRUE(site->anchor == anchor);
    /* and calm again: by the same pace it comes back, within the bounds */
    besiege(&rig, &by, (siege_t){30, 120, 200, calm});
    IS_TRUE(site->threshold <= site->high + 1e-4f);
    IS_INT(site->pressed, MLG_PRESSED_NOT);
    rig_close(&rig);
}

CLAIM(people_who_are_refused_at_the_last_bound_are_told_of_and_no_more)
{
    mlg_site_by_t by = by_weights();
    mlg_site_t *site;
    unsigned news;
    rig_t rig;

    BEGIN;
    by.recommended = 0.5f;
    anchored_at(&rig, &by);
    site = rig.gate.site;
    news = besiege(&rig, &by, (siege_t){0, 60, 100, far_beyond});
    IS_NEAR(site->threshold, site->last, 1e-4);
    IS_INT(site->pressed, MLG_PRESSED_LAST);
    IS_TRUE((news & 1u << MLG_SITE_LAST) != 0);
    rig_close(&rig);
}

CLAIM(two_networks_that_have_themselves_refused_never_leave_the_bound)
{
    mlg_site_by_t by = by_weights();
    mlg_site_t *site;
    rig_t rig;

    BEGIN;
    by.recommended = 0.5f;
    anchored_at(&rig, &by);
    site = rig.gate.site;
    besiege(&rig, &by, (siege_t){0, 100, 2, beyond});
    besiege(&rig, &by, (siege_t){100, 200, 2, far_beyond});
    IS_TRUE(site->threshold <= site->high);
    IS_INT(site->pressed, MLG_PRESSED_NOT);
    rig_close(&rig);
}

/* Five, as each counts for two at most; and what becomes of it when they
 * stop. */
CLAIM(a_patient_attacker_of_five_networks_gets_to_the_last_bound_and_back)
{
    mlg_site_by_t by = by_weights();
    mlg_site_t *site;
    float anchor;
    rig_t rig;

    BEGIN;
    by.recommended = 0.5f;
    anchor = anchored_at(&rig, &by);
    site = rig.gate.site;
    besiege(&rig, &by, (siege_t){0, 15, 5, beyond});
    IS_TRUE(site->threshold <= site->high);
    besiege(&rig, &by, (siege_t){15, 365, 5, beyond});
    IS_NEAR(site->threshold, site->last, 1e-3);
    IS_TRUE(site->threshold - anchor <= 3.0f * (float)MLG_DRIFT);
    besiege(&rig, &by, (siege_t){365, 440, 200, calm});
    IS_TRUE(site->threshold <= site->high + 1e-4f);
    rig_close(&rig);
}

CLAIM(where_the_people_have_gone_the_bound_holds_again)
{
    mlg_site_by_t by = by_weights();
    mlg_site_t *site;
    rig_t rig;

    BEGIN;
    by.recommended = 0.5f;
    anchored_at(&rig, &by);
    site = rig.gate.site;
    besiege(&rig, &by, (siege_t){0, 40, 100, far_beyond});
    IS_TRUE(site->threshold > site->high + 0.05f);
    memset(rig.gate.calibration, 0, sizeof(*rig.gate.calibration));
    besiege(&rig, &by, (siege_t){40, 90, 0, calm});
    IS_NEAR(site->threshold, site->high, 2e-4);
    rig_close(&rig);
}

CLAIM(a_restart_keeps_a_threshold_beyond_its_bound)
{
    mlg_site_by_t by = by_weights();
    mlg_site_t *site;
    float before;
    rig_t rig;

    BEGIN;
    by.recommended = 0.5f;
    anchored_at(&rig, &by);
    site = rig.gate.site;
    besiege(&rig, &by, (siege_t){0, 30, 100, far_beyond});
    before = site->threshold;
    IS_TRUE(before > site->high);
    mlg_site_open(&rig.gate, &by, T0 + 30 * DAY);
    IS_TRUE(site->threshold == before);
    by.drift = 0.01; /* the operator says so */
    mlg_site_open(&rig.gate, &by, T0 + 30 * DAY);
    IS_TRUE(site->threshold == site->last);
    rig_close(&rig);
}

CLAIM(what_the_target_would_refuse_is_known_before_it_is_in_force)
{
    mlg_site_by_t by = by_weights();
    rig_t rig;

    BEGIN;
    by.recommended = 0.2f;
    open_at(&rig, &by);
    rig.gate.segment->formatted_us = T0;
    trust(&rig, 30, 0.2f);
    trust(&rig, 1, 0.99f); /* one alone says nothing */
    IS_INT(mlg_site_look(&rig.gate, &by, T0 + DAY), MLG_SITE_NO_NEWS);
    IS_INT(rig.gate.site->why, MLG_FIT_ALONE);
    IS_INT(rig.gate.site->target_refused, 1);
    IS_INT(rig.gate.site->refused, 0);
    rig_close(&rig);
}

/* ---- the shadow ---------------------------------------------------------- */

CLAIM(a_shadow_is_fitted_alike_once_ten_are_known_by_its_scores)
{
    mlg_site_by_t by = by_weights();
    mlg_site_t *site;
    rig_t rig;

    BEGIN;
    by.shadow_recommended = 0.3f;
    by.shadow_slope = 1.0;
    anchored_at(&rig, &by);
    site = rig.gate.site;
    IS_TRUE(mlg_site_shadow_threshold(site, 0.3f) == 0.3f);
    for (uint64_t voter = 1; voter <= 10; voter++) {
        mlg_site_look(&rig.gate, &by, T0 + SEC(2));
        IS_TRUE(site->shadow_threshold == 0.0f);
        mlg_calibration_follow(rig.gate.shadow_calibration, voter, 26214, T0);
    }
    mlg_site_look(&rig.gate, &by, T0 + SEC(4));
    IS_NEAR(mlg_site_shadow_threshold(site, 0.3f), 0.4365, 0.002);
    IS_TRUE(rig.gate.disputes->since_us == T0 + SEC(4)); /* compared anew */
    mlg_site_look(&rig.gate, &by, T0 + SEC(6));
    IS_TRUE(rig.gate.disputes->since_us == T0 + SEC(4));
    by.scorer = 8; /* another judge leaves the shadow what it knows */
    mlg_site_open(&rig.gate, &by, T0 + SEC(8));
    IS_TRUE(site->shadow_threshold > 0.4f);
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
        TEST(people_who_are_refused_at_the_bound_lift_it_at_the_same_pace),
        TEST(people_who_are_refused_at_the_last_bound_are_told_of_and_no_more),
        TEST(two_networks_that_have_themselves_refused_never_leave_the_bound),
        TEST(
            a_patient_attacker_of_five_networks_gets_to_the_last_bound_and_back),
        TEST(where_the_people_have_gone_the_bound_holds_again),
        TEST(a_restart_keeps_a_threshold_beyond_its_bound),
        TEST(what_the_target_would_refuse_is_known_before_it_is_in_force),
        TEST(a_shadow_is_fitted_alike_once_ten_are_known_by_its_scores),
        TEST(a_drift_of_0_stays_where_it_is),
        TEST(a_profile_anchors_at_once_and_a_restart_keeps_what_has_moved),
        TEST(another_model_begins_anew),
        TEST(a_clock_that_steps_back_moves_nothing),
        TEST(the_floor_convicts_whatever_the_model_says),
    };

    return RUN(tests);
}
