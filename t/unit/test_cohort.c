/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_cohort.h"

#define NETS_S   3600u
#define NO_BOUND 1e9f
#define HOUR_S   3600u
#define DAY_S    86400u
/* A border between two panes of every width. */
#define START  ((uint32_t)(1700006400u))
#define PLACES 64u

static mlg_cohort_t table[PLACES];

static int empty(void **state)
{
    (void)state;
    memset(table, 0, sizeof(table));
    return 0;
}

static mlg_cohort_t cohort_at(uint32_t at_s)
{
    mlg_cohort_t c;

    memset(&c, 0, sizeof(c));
    c.tag = 1;
    mlg_cohort_advance(&c, at_s, NETS_S, 1.0f, INFINITY);
    return c;
}

static void come(mlg_cohort_t *c, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        mlg_cohort_came(c, 1 + unit_hash("net") * (i + 1));
    }
}

CLAIM(a_window_counts_what_came_within_it)
{
    mlg_cohort_t c = cohort_at(START);

    BEGIN;
    IS_INT(START % 43200, 0);
    come(&c, 7);
    for (int w = 0; w < MLG_NCOHORT_WINDOWS; w++) {
        IS_NEAR(mlg_cohort_count(&c, (enum mlg_cohort_window)w, START), 7, 0);
    }
    mlg_cohort_advance(&c, START + 90, NETS_S, 1.0f, INFINITY);
    IS_NEAR(mlg_cohort_count(&c, MLG_COHORT_60S, START + 90), 3.5, 1e-3);
    IS_NEAR(mlg_cohort_count(&c, MLG_COHORT_600S, START + 90), 7, 0);
    mlg_cohort_advance(&c, START + 1200, NETS_S, 1.0f, INFINITY);
    IS_NEAR(mlg_cohort_count(&c, MLG_COHORT_600S, START + 1200), 0, 0);
    IS_NEAR(mlg_cohort_count(&c, MLG_COHORT_3600S, START + 1200), 7, 0);
}

CLAIM(a_clock_that_steps_back_changes_nothing)
{
    mlg_cohort_t c = cohort_at(START + 500);
    mlg_cohort_t before;

    BEGIN;
    come(&c, 3);
    before = c;
    mlg_cohort_advance(&c, START, NETS_S, 1.0f, INFINITY);
    assert_memory_equal(&c, &before, sizeof(c));
}

CLAIM(those_just_answered_are_told_apart)
{
    mlg_cohort_t c = cohort_at(START);

    BEGIN;
    mlg_cohort_owes(&c);
    mlg_cohort_owes(&c);
    mlg_cohort_brought(&c);
    IS_INT(mlg_wide_sum(&c.fresh), 2);
    mlg_cohort_advance(&c, START + 3, NETS_S, 1.0f, INFINITY);
    IS_INT(mlg_wide_sum(&c.fresh), 2);
    mlg_cohort_advance(&c, START + 4, NETS_S, 1.0f, INFINITY);
    IS_INT(mlg_wide_sum(&c.fresh), 0);
    IS_INT(mlg_wide_sum(&c.owe[MLG_COHORT_60S]), 2);
    IS_INT(mlg_wide_sum(&c.brought[MLG_COHORT_DAY]), 1);
}

CLAIM(networks_are_counted_to_some_hundreds)
{
    mlg_cohort_t c = cohort_at(START);
    uint64_t seed = 5;

    BEGIN;
    IS_NEAR(mlg_cohort_nets(&c), 0, 0);
    for (int i = 0; i < 2000; i++) { /* of one network */
        mlg_cohort_came(&c, 77);
    }
    IS_NEAR(mlg_cohort_nets(&c), 1, 0.01);
    mlg_cohort_came(&c, 0); /* not to be counted */
    IS_NEAR(mlg_cohort_nets(&c), 1, 0.01);
    for (int i = 0; i < 149; i++) {
        mlg_cohort_came(&c, unit_random(&seed));
    }
    IS_NEAR(mlg_cohort_nets(&c), 150, 35);
    for (int i = 0; i < 100000; i++) {
        mlg_cohort_came(&c, unit_random(&seed));
    }
    IS_NEAR(mlg_cohort_nets(&c), 621, 1);
    mlg_cohort_advance(&c, START + 2 * NETS_S, NETS_S, 1.0f, INFINITY);
    IS_NEAR(mlg_cohort_nets(&c), 0, 0);
}

/* ---- what is usual -------------------------------------------------------- */

/* So many an hour, for so many hours. */
static void pass(mlg_cohort_t *c, unsigned an_hour, unsigned hours, float bound)
{
    for (unsigned h = 0; h < hours; h++) {
        mlg_cohort_advance(c, (c->last_s / HOUR_S + 1) * HOUR_S, NETS_S, 1.0f,
                           bound);
        come(c, an_hour);
    }
}

CLAIM(what_is_usual_grows_by_a_quarter_a_day_and_a_few)
{
    mlg_cohort_t c = cohort_at(START);

    BEGIN;
    pass(&c, 1000, 25, NO_BOUND);
    IS_NEAR(c.base, 4.5, 0.6);
    pass(&c, 1000, 24, NO_BOUND);
    IS_NEAR(c.base, 10.2, 1.2);
    pass(&c, 1000, 8 * 24, NO_BOUND);
    IS_TRUE(c.base < 200.0f);
}

CLAIM(where_nobody_is_refused_what_comes_is_usual_within_days)
{
    mlg_cohort_t c = cohort_at(START);

    BEGIN;
    pass(&c, 1000, 3 * 24, INFINITY);
    IS_NEAR(c.base, 950, 20);
}

CLAIM(what_is_usual_stays_within_its_bound)
{
    mlg_cohort_t c = cohort_at(START);

    BEGIN;
    pass(&c, 1000, 14 * 24, 20.0f);
    IS_NEAR(c.base, 20, 1e-3);
}

CLAIM(a_steady_cohort_is_usual_after_some_days)
{
    mlg_cohort_t c = cohort_at(START);

    BEGIN;
    pass(&c, 6, 6 * 24, INFINITY);
    IS_NEAR(c.base, 6, 0.3);
    /* and forgotten when it is quiet for as long */
    mlg_cohort_advance(&c, c.last_s + 6 * DAY_S, NETS_S, 1.0f, INFINITY);
    IS_NEAR(c.base, 0, 0.1);
}

/* More than 16 bits hold. */
CLAIM(a_hundred_thousand_an_hour_are_counted_and_learned_as_they_are)
{
    const unsigned an_hour = 100000;
    const unsigned bring = 58000;
    mlg_cohort_t c = cohort_at(START);

    BEGIN;
    for (unsigned h = 1; h <= 24; h++) {
        come(&c, an_hour);
        for (unsigned i = 0; i < an_hour; i++) {
            mlg_cohort_owes(&c);
        }
        for (unsigned i = 0; i < bring; i++) {
            mlg_cohort_brought(&c);
        }
        IS_INT(c.owe[MLG_COHORT_3600S].now, an_hour);
        mlg_cohort_advance(&c, START + h * HOUR_S, NETS_S, 1.0f, INFINITY);
    }
    IS_NEAR(c.usual_brought / c.usual_owe, 0.58, 1e-4);
    IS_INT(mlg_wide_sum(&c.came[MLG_COHORT_DAY]), 12 * an_hour);
}

CLAIM(an_hour_of_a_swarm_teaches_nothing)
{
    mlg_cohort_t c = cohort_at(START);
    float base;

    BEGIN;
    pass(&c, 6, 6 * 24, INFINITY);
    pass(&c, 0, 1, INFINITY);
    base = c.base;
    come(&c, 5000);
    mlg_cohort_owes(&c);
    c.is_learned_apart = 1;
    mlg_cohort_advance(&c, c.last_s + HOUR_S, NETS_S, 1.0f, INFINITY);
    IS_NEAR(c.base, base, 1e-6);
    IS_NEAR(c.usual_owe, 0, 1e-6);
    IS_INT(c.is_learned_apart, 0); /* the next hour does */
}

/* ---- places --------------------------------------------------------------- */

static uint64_t tag_of(unsigned set, unsigned n)
{
    return (uint64_t)(n + 1) << 40 | (uint64_t)set * MLG_COHORT_WAYS << 16;
}

static mlg_cohort_t *get(uint64_t tag, unsigned newcomers)
{
    mlg_cohort_t *at = mlg_cohort_get(table, PLACES - 1, tag);
    mlg_cohort_t c;

    if (at != NULL) {
        mlg_cohort_load(&c, at);
        mlg_cohort_advance(&c, START, NETS_S, 1.0f, INFINITY);
        come(&c, newcomers);
        mlg_cohort_store(at, &c);
    }
    return at;
}

CLAIM(a_cohort_is_found_again)
{
    mlg_cohort_t *at = get(tag_of(3, 0), 1);

    BEGIN;
    assert_ptr_equal(get(tag_of(3, 0), 1), at);
    IS_INT(at->came[MLG_COHORT_60S].now, 2);
}

CLAIM(random_cohorts_turn_each_other_out_and_not_one_that_stands)
{
    mlg_cohort_t *at = get(tag_of(1, 0), 500);
    unsigned taken = 0;

    BEGIN;
    for (unsigned n = 1; n < 400; n++) {
        taken += get(tag_of(1, n), 1) != NULL;
    }
    assert_ptr_equal(get(tag_of(1, 0), 0), at);
    IS_INT(at->came[MLG_COHORT_60S].now, 500);
    IS_TRUE(taken > 100); /* the seven others go round */
}

CLAIM(a_place_that_changes_hands_begins_empty)
{
    mlg_cohort_t *at = NULL;

    BEGIN;
    for (unsigned n = 0; n < MLG_COHORT_WAYS; n++) {
        get(tag_of(2, n), 1);
    }
    for (unsigned n = 100; at == NULL; n++) {
        at = get(tag_of(2, n), 1);
    }
    IS_INT(at->came[MLG_COHORT_60S].now, 1);
    IS_INT(at->first_s, START);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_window_counts_what_came_within_it),
        TEST(a_clock_that_steps_back_changes_nothing),
        TEST(those_just_answered_are_told_apart),
        TEST(networks_are_counted_to_some_hundreds),
        TEST(what_is_usual_grows_by_a_quarter_a_day_and_a_few),
        TEST(where_nobody_is_refused_what_comes_is_usual_within_days),
        TEST(what_is_usual_stays_within_its_bound),
        TEST(a_steady_cohort_is_usual_after_some_days),
        TEST(a_hundred_thousand_an_hour_are_counted_and_learned_as_they_are),
        TEST(an_hour_of_a_swarm_teaches_nothing),
        cmocka_unit_test_setup(a_cohort_is_found_again, empty),
        cmocka_unit_test_setup(
            random_cohorts_turn_each_other_out_and_not_one_that_stands, empty),
        cmocka_unit_test_setup(a_place_that_changes_hands_begins_empty, empty),
    };

    return RUN(tests);
}
