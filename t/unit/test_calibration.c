/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#define WEEK   SEC(604800)
#define MONDAY (2811 * (apr_time_t)604800 * APR_USEC_PER_SEC)

static mlg_calibration_t c;

static int empty(void **state)
{
    (void)state;
    memset(&c, 0, sizeof(c));
    return 0;
}

/* So many voters in a bin. */
static void put(int bin, unsigned n)
{
    while (n-- > 0) {
        mlg_calibration_note(&c, MLG_CALIBRATION_NONE, bin);
    }
}

CLAIM(the_bins_cover_every_score)
{
    BEGIN;
    IS_INT(mlg_calibration_bin(0), 0);
    IS_INT(mlg_calibration_bin(63), 0);
    IS_INT(mlg_calibration_bin(64), 1);
    IS_INT(mlg_calibration_bin(65535), MLG_CALIBRATION_BINS - 1);
}

CLAIM(a_voter_is_in_one_bin_and_only_moves_up)
{
    uint64_t seed = 1;
    uint16_t highest = 0;

    BEGIN;
    for (int i = 0; i < 1000; i++) {
        uint16_t peak = (uint16_t)(unit_random(&seed) % 60000);

        highest = (peak > highest) ? peak : highest;
        mlg_calibration_follow(&c, 77, peak, MONDAY + SEC(1) * i);
        IS_INT(mlg_calibration_clients(&c), 1);
        IS_INT(c.bin[mlg_calibration_bin(highest)], 1);
    }
}

CLAIM(a_peak_of_nothing_enters_too)
{
    BEGIN;
    mlg_calibration_follow(&c, 77, 0, MONDAY);
    mlg_calibration_follow(&c, 77, 0, MONDAY);
    IS_INT(c.bin[0], 1);
}

CLAIM(of_two_voters_in_one_place_the_higher_counts)
{
    BEGIN;
    for (int i = 0; i < 10; i++) { /* they take turns, and gain nothing */
        mlg_calibration_follow(&c, 77, 20000, MONDAY);
        mlg_calibration_follow(&c, 77 + MLG_CALIBRATION_VOTERS, 30000, MONDAY);
    }
    IS_INT(mlg_calibration_clients(&c), 1);
    IS_INT(c.bin[mlg_calibration_bin(30000)], 1);
}

CLAIM(a_week_halves_the_bins_once_whoever_asks)
{
    BEGIN;
    IS_INT(mlg_calibration_age(&c, MONDAY), 0); /* the first week begins */
    put(5, 9);
    put(900, 4);
    IS_INT(mlg_calibration_age(&c, MONDAY + WEEK - 1), 0);
    IS_INT(mlg_calibration_age(&c, MONDAY + WEEK), 1);
    IS_INT(mlg_calibration_age(&c, MONDAY + WEEK), 0);
    IS_INT(c.bin[5], 4);
    IS_INT(c.bin[900], 2);
    IS_INT(mlg_calibration_age(&c, MONDAY), 0); /* a step back: nothing */
    IS_INT(mlg_calibration_age(&c, MONDAY + 3 * WEEK), 1); /* two of them */
    IS_INT(c.bin[5], 1);
    IS_INT(c.bin[900], 0);
    IS_INT(mlg_calibration_age(&c, MONDAY + 300 * WEEK), 1);
    IS_INT(mlg_calibration_clients(&c), 0);
}

CLAIM(who_comes_again_next_week_enters_again)
{
    BEGIN;
    mlg_calibration_age(&c, MONDAY);
    mlg_calibration_follow(&c, 77, 40000, MONDAY);
    mlg_calibration_follow(&c, 77, 100, MONDAY + WEEK);
    IS_INT(c.bin[mlg_calibration_bin(100)], 1);
    IS_INT(mlg_calibration_clients(&c), 2); /* as nobody halved them */
    mlg_calibration_follow(&c, 77, 90, MONDAY + WEEK);
    IS_INT(mlg_calibration_clients(&c), 2);
}

/* Requests that were begun before midnight and held, beside new ones. */
CLAIM(nobody_enters_twice_by_taking_turns_at_the_weeks_end)
{
    BEGIN;
    for (int i = 0; i < 20; i++) {
        mlg_calibration_follow(&c, 77, 50000, MONDAY + WEEK - SEC(1));
        mlg_calibration_follow(&c, 77, 50000, MONDAY + WEEK + SEC(1));
    }
    IS_INT(mlg_calibration_clients(&c), 2);
}

CLAIM(who_comes_every_week_is_counted_twice_at_most)
{
    BEGIN;
    mlg_calibration_age(&c, MONDAY);
    for (int week = 0; week < 50; week++) {
        apr_time_t at_us = MONDAY + WEEK * week;

        mlg_calibration_age(&c, at_us);
        mlg_calibration_follow(&c, 77, 50000, at_us);
        mlg_calibration_follow(&c, 77, (uint16_t)(50000 + 64 * (week % 7)),
                               at_us + SEC(9));
        IS_TRUE(mlg_calibration_clients(&c) <= MLG_CALIBRATION_TWICE);
    }
}

CLAIM(leaving_an_empty_bin_makes_nobody)
{
    BEGIN;
    mlg_calibration_note(&c, 7, 8);
    IS_INT(c.bin[7], 0);
    IS_INT(c.bin[8], 1);
    IS_INT(mlg_calibration_clients(&c), 1);
}

CLAIM(a_quantile_is_the_lowest_threshold_that_refuses_so_few)
{
    uint64_t seed = 4;

    BEGIN;
    for (int round = 0; round < 200; round++) {
        unsigned n = 1 + (unsigned)(unit_random(&seed) % 3000);
        unsigned may = (unsigned)(unit_random(&seed) % 50);
        float t;

        empty(NULL);
        for (unsigned i = 0; i < n; i++) {
            put((int)(unit_random(&seed) % MLG_CALIBRATION_BINS), 1);
        }
        t = mlg_calibration_quantile(&c, may);
        IS_TRUE(mlg_calibration_above(&c, t) <= may);
        if (t > 0.0f) { /* a bin lower would refuse too many */
            IS_TRUE(mlg_calibration_above(&c, t - 1.0f / 1024) > may);
        }
    }
}

CLAIM(whoever_is_ignored_does_not_count)
{
    BEGIN;
    put(200, 8);
    put(1000, 1);
    IS_NEAR(mlg_calibration_quantile(&c, 0), 1001.0 / 1024, 0.0);
    IS_NEAR(mlg_calibration_quantile(&c, 1), 201.0 / 1024, 0.0);
    IS_NEAR(mlg_calibration_quantile(&c, 9), 0.0, 0.0);
}

CLAIM(nobody_is_no_quantile)
{
    BEGIN;
    IS_NAN(mlg_calibration_quantile(&c, 1));
    IS_INT(mlg_calibration_clients(&c), 0);
}

CLAIM(above_takes_any_threshold)
{
    BEGIN;
    put(0, 3);
    put(1023, 2);
    IS_INT(mlg_calibration_above(&c, -1.0f), 5);
    IS_INT(mlg_calibration_above(&c, 0.0f), 5);
    IS_INT(mlg_calibration_above(&c, 0.001f), 2);
    IS_INT(mlg_calibration_above(&c, 0.9999f), 2);
    IS_INT(mlg_calibration_above(&c, 2.0f), 0);
    IS_INT(mlg_calibration_above(&c, NAN), 5);
}

CLAIM(wilson_knows_the_numbers_of_the_textbook)
{
    BEGIN;
    IS_NEAR(mlg_wilson_upper(0, 10), 0.27754, 1e-5);
    IS_NEAR(mlg_wilson_upper(1, 10), 0.40415, 1e-5);
    IS_NEAR(mlg_wilson_upper(0, 1000), 0.00383, 1e-5);
    IS_NEAR(mlg_wilson_upper(50, 100), 0.59617, 1e-5);
    IS_NEAR(mlg_wilson_upper(5, 5), 1.0, 1e-6);
    IS_NEAR(mlg_wilson_upper(0, 0), 1.0, 0.0);
}

/* ---- through the gate --------------------------------------------------- */

static void browse_from(const rig_t *rig, mlg_arrival_t a)
{
    rig_judge(rig, &a);
    rig_settle(rig, &a, 200);
    a.is = MLG_IS_ASSET;
    a.referer = a.path;
    for (int i = 0; i < 4; i++) {
        a.path = unit_hash("/a.css") + (uint64_t)i;
        rig_judge(rig, &a);
        rig_settle(rig, &a, 200);
    }
}

static void browse(const rig_t *rig, uint32_t who, apr_time_t at_us)
{
    browse_from(rig, unit_page_n(who, at_us));
}

CLAIM(a_network_counts_once_however_many_addresses_it_has)
{
    static const struct {
        const char *begin;
        const char *end;
        uint32_t voters; /* of thirty such addresses */
    } rows[] = {{"192.0.2.", "", 1},
                {"2001:db8:7:", "::1", 1},
                {"2001:db8:", "::1", 30},
                {"10.0.0.", "", 30},
                {"fd00:0:0:", "::1", 30}};

    BEGIN;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        rig_t rig;

        rig_open(&rig);
        for (int i = 0; i < 60; i++) { /* two visits each */
            char address[40];

            snprintf(address, sizeof(address), "%s%d%s", rows[row].begin,
                     1 + i % 30, rows[row].end);
            browse_from(&rig, unit_page(address, MONDAY + SEC(300) * i));
        }
        IS_INT(mlg_calibration_clients(rig.gate.calibration), rows[row].voters);
        rig_close(&rig);
    }
}

CLAIM(a_gate_learns_from_people_and_from_nobody_else)
{
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    for (int visit = 0; visit < 3; visit++) {
        for (uint32_t who = 0; who < 20; who++) {
            browse(&rig, who, MONDAY + SEC(3600) * visit + SEC(9) * who);
        }
        for (int i = 0; i < 500; i++) { /* a slow page-only bot */
            mlg_arrival_t a =
                unit_page("192.0.2.7", MONDAY + SEC(3600) * visit + SEC(7) * i);

            rig_judge(&rig, &a);
            rig_settle(&rig, &a, 200);
        }
        IS_INT(mlg_calibration_clients(rig.gate.calibration), visit ? 20 : 0);
    }
    rig_close(&rig);
}

CLAIM(what_another_model_scored_is_forgotten_with_it)
{
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    browse(&rig, 1, MONDAY);
    rig.gate.site->since_us = MONDAY + SEC(3000); /* a new model came */
    memset(rig.gate.calibration, 0, sizeof(*rig.gate.calibration));
    browse(&rig, 1, MONDAY + SEC(3600));
    IS_INT(mlg_calibration_clients(rig.gate.calibration), 1);
    browse(&rig, 1, MONDAY + SEC(7200));
    IS_INT(mlg_calibration_clients(rig.gate.calibration), 1);
    rig.gate.site->since_us = MONDAY + SEC(9000);
    memset(rig.gate.calibration, 0, sizeof(*rig.gate.calibration));
    browse(&rig, 1, MONDAY + SEC(10800)); /* and is counted anew */
    IS_INT(mlg_calibration_clients(rig.gate.calibration), 1);
    rig_close(&rig);
}

CLAIM(a_refusal_teaches_that_its_client_got_as_far_as_the_threshold)
{
    mlg_engine engines[] = {MLG_ENGINE_ENFORCE, MLG_ENGINE_OBSERVE};

    BEGIN;
    for (int i = 0; i < 2; i++) {
        rig_t rig;

        rig_open(&rig);
        rig.rules.engine = engines[i];
        browse(&rig, 1, MONDAY);
        browse(&rig, 1, MONDAY + SEC(3600));
        for (int n = 0; n < 60; n++) { /* the person holds F5 down */
            mlg_arrival_t a = unit_page_n(1, MONDAY + SEC(3700.01 + 0.01 * n));

            rig_judge(&rig, &a);
        }
        IS_INT(mlg_calibration_clients(rig.gate.calibration), 1);
        IS_INT(mlg_calibration_above(rig.gate.calibration, 0.8f), 1);
        /* and how far beyond only under `observe`, which refused nothing */
        IS_INT(mlg_calibration_above(rig.gate.calibration, 0.81f), i);
        rig_close(&rig);
    }
}

CLAIM(a_flood_that_only_the_floor_refuses_teaches_nothing_by_that)
{
    mlg_decision_t d = {0};
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    rig.rules.threshold = MLG_THRESHOLD_NONE;
    rig.model = (mlg_weighted_t){.hi = {0}}; /* scores everything 0 */
    browse(&rig, 1, MONDAY);
    browse(&rig, 1, MONDAY + SEC(3600));
    for (int n = 0; n < 500 && !d.convicts; n++) {
        mlg_arrival_t a = unit_page_n(1, MONDAY + SEC(7200.01 + 0.005 * n));

        d = rig_judge(&rig, &a);
    }
    IS_TRUE(d.convicts);
    IS_INT(rig.gate.calibration->bin[0], 1);
    IS_INT(mlg_calibration_clients(rig.gate.calibration), 1);
    rig_close(&rig);
}

#define FRESH(name) cmocka_unit_test_setup(name, empty)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FRESH(the_bins_cover_every_score),
        FRESH(a_voter_is_in_one_bin_and_only_moves_up),
        FRESH(a_peak_of_nothing_enters_too),
        FRESH(a_week_halves_the_bins_once_whoever_asks),
        FRESH(of_two_voters_in_one_place_the_higher_counts),
        FRESH(who_comes_again_next_week_enters_again),
        FRESH(nobody_enters_twice_by_taking_turns_at_the_weeks_end),
        FRESH(who_comes_every_week_is_counted_twice_at_most),
        FRESH(leaving_an_empty_bin_makes_nobody),
        FRESH(a_quantile_is_the_lowest_threshold_that_refuses_so_few),
        FRESH(whoever_is_ignored_does_not_count),
        FRESH(nobody_is_no_quantile),
        FRESH(above_takes_any_threshold),
        FRESH(wilson_knows_the_numbers_of_the_textbook),
        TEST(a_network_counts_once_however_many_addresses_it_has),
        TEST(a_gate_learns_from_people_and_from_nobody_else),
        TEST(what_another_model_scored_is_forgotten_with_it),
        TEST(a_refusal_teaches_that_its_client_got_as_far_as_the_threshold),
        TEST(a_flood_that_only_the_floor_refuses_teaches_nothing_by_that),
    };

    return RUN(tests);
}
