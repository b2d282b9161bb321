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

/* So many clients in a bin. */
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

CLAIM(a_client_is_in_one_bin_and_only_moves_up)
{
    uint16_t noted = 0;
    uint64_t seed = 1;
    uint16_t highest = 0;

    BEGIN;
    for (int i = 0; i < 1000; i++) {
        uint16_t peak = (uint16_t)(unit_random(&seed) % 60000);

        highest = (peak > highest) ? peak : highest;
        noted = mlg_calibration_follow(&c, noted, peak, MONDAY + SEC(1) * i);
        IS_INT(mlg_calibration_clients(&c), 1);
        IS_INT(c.bin[mlg_calibration_bin(highest)], 1);
    }
}

CLAIM(a_peak_of_nothing_enters_too)
{
    BEGIN;
    IS_INT(mlg_calibration_follow(&c, 0, 0, MONDAY) & 0x7ff, 1);
    IS_INT(c.bin[0], 1);
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
    uint16_t noted = mlg_calibration_follow(&c, 0, 40000, MONDAY);

    BEGIN;
    mlg_calibration_age(&c, MONDAY);
    noted = mlg_calibration_follow(&c, noted, 100, MONDAY + WEEK);
    IS_INT(c.bin[mlg_calibration_bin(100)], 1);
    IS_INT(mlg_calibration_clients(&c), 2); /* as nobody halved them */
    IS_INT(mlg_calibration_follow(&c, noted, 90, MONDAY + WEEK), noted);
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
        unsigned share = (unsigned)(unit_random(&seed) % 50);
        unsigned ignore = (unsigned)(unit_random(&seed) % 3);
        unsigned may = (n * share + 500) / 1000;
        float t;

        empty(NULL);
        for (unsigned i = 0; i < n; i++) {
            put((int)(unit_random(&seed) % MLG_CALIBRATION_BINS), 1);
        }
        may = (n >= 10 && may < ignore) ? ignore : may;
        t = mlg_calibration_quantile(&c, share, ignore);
        IS_TRUE(mlg_calibration_above(&c, t) <= may);
        if (t > 0.0f) { /* a bin lower would refuse too many */
            IS_TRUE(mlg_calibration_above(&c, t - 1.0f / 1024) > may);
        }
    }
}

CLAIM(one_odd_client_of_ten_is_ignored_and_one_of_nine_is_not)
{
    BEGIN;
    put(200, 8);
    put(1000, 1);
    IS_NEAR(mlg_calibration_quantile(&c, 1, 1), 1001.0 / 1024, 0.0);
    put(200, 1);
    IS_NEAR(mlg_calibration_quantile(&c, 1, 1), 201.0 / 1024, 0.0);
    IS_NEAR(mlg_calibration_quantile(&c, 1000, 1), 0.0, 0.0);
}

CLAIM(nobody_is_no_quantile)
{
    BEGIN;
    IS_NAN(mlg_calibration_quantile(&c, 1, 1));
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

static void browse(const rig_t *rig, uint32_t who, apr_time_t at_us)
{
    mlg_arrival_t a = unit_page_n(who, at_us);

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

CLAIM(a_request_that_is_refused_does_not_teach)
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
        /* under `observe` it was not refused */
        IS_INT(mlg_calibration_above(rig.gate.calibration, 0.81f), i);
        rig_close(&rig);
    }
}

#define FRESH(name) cmocka_unit_test_setup(name, empty)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FRESH(the_bins_cover_every_score),
        FRESH(a_client_is_in_one_bin_and_only_moves_up),
        FRESH(a_peak_of_nothing_enters_too),
        FRESH(a_week_halves_the_bins_once_whoever_asks),
        FRESH(who_comes_again_next_week_enters_again),
        FRESH(leaving_an_empty_bin_makes_nobody),
        FRESH(a_quantile_is_the_lowest_threshold_that_refuses_so_few),
        FRESH(one_odd_client_of_ten_is_ignored_and_one_of_nine_is_not),
        FRESH(nobody_is_no_quantile),
        FRESH(above_takes_any_threshold),
        FRESH(wilson_knows_the_numbers_of_the_textbook),
        TEST(a_gate_learns_from_people_and_from_nobody_else),
        TEST(what_another_model_scored_is_forgotten_with_it),
        TEST(a_request_that_is_refused_does_not_teach),
    };

    return RUN(tests);
}
