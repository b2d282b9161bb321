/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_window.h"

CLAIM(a_window_slides_off_the_pane_before_at_its_midpoint)
{
    mlg_panes_t p = {0, 0};

    BEGIN;
    for (int i = 0; i < 100; i++) {
        mlg_panes_add(&p);
    }
    IS_NEAR(mlg_panes_read(&p, mlg_panes_share(T0, 10)), 100.0, 0.0);
    mlg_panes_shift(&p, mlg_panes_between(T0, T0 + SEC(15), 10));
    IS_NEAR(mlg_panes_read(&p, mlg_panes_share(T0 + SEC(15), 10)), 50.0, 1e-4);
    mlg_panes_shift(&p, mlg_panes_between(T0 + SEC(15), T0 + SEC(20), 10));
    IS_NEAR(mlg_panes_read(&p, mlg_panes_share(T0 + SEC(20), 10)), 0.0, 0.0);
}

CLAIM(a_window_reads_even_traffic_exactly)
{
    mlg_panes_t p = {0, 0};
    apr_time_t last = T0;

    BEGIN;
    for (int i = 0; i < 1000; i++) { /* ten a second */
        apr_time_t now = T0 + SEC(0.1) * i;

        mlg_panes_shift(&p, mlg_panes_between(last, now, 10));
        mlg_panes_add(&p);
        last = now;
        if (i >= 200) {
            IS_NEAR(mlg_panes_read(&p, mlg_panes_share(now, 10)), 100.0, 1.01);
        }
    }
}

CLAIM(two_idle_panes_empty_a_window)
{
    mlg_panes_t p = {7, 7};

    BEGIN;
    mlg_panes_shift(&p, 2);
    IS_INT(mlg_panes_sum(&p), 0);
    p = (mlg_panes_t){7, 5};
    mlg_panes_shift(&p, 1);
    IS_INT(p.before, 7);
    IS_INT(p.now, 0);
    p = (mlg_panes_t){7, 5};
    mlg_panes_shift(&p, 0);
    IS_INT(mlg_panes_sum(&p), 12);
}

CLAIM(panes_are_cut_by_the_wall_clock)
{
    BEGIN;
    IS_INT(mlg_panes_between(T0, T0 + SEC(9.999999), 10), 0);
    IS_INT(mlg_panes_between(T0 + SEC(9.999999), T0 + SEC(10), 10), 1);
    IS_INT(mlg_panes_between(T0, T0 + SEC(3600), 300), 12);
}

CLAIM(a_clock_that_steps_back_counts_into_the_current_pane)
{
    mlg_panes_t p = {3, 2};

    BEGIN;
    mlg_panes_shift(&p, mlg_panes_between(T0 + SEC(100), T0, 10));
    mlg_panes_add(&p);
    IS_INT(p.now, 4);
    IS_INT(p.before, 2);
}

CLAIM(counts_stop_at_full_and_never_wrap)
{
    mlg_panes_t p = {MLG_PANE_FULL - 1, MLG_PANE_FULL};

    BEGIN;
    mlg_panes_add(&p);
    mlg_panes_add(&p);
    IS_INT(p.now, MLG_PANE_FULL);
    IS_INT(mlg_panes_sum(&p), 2 * MLG_PANE_FULL);
    IS_TRUE(isfinite(mlg_panes_read(&p, 1.0f)));
}

CLAIM(the_share_of_the_pane_before_is_above_zero_and_at_most_one)
{
    static const int64_t widths[] = {1, 10, 60, 300};
    uint64_t seed = 3;

    BEGIN;
    for (int i = 0; i < 100000; i++) {
        apr_time_t at = (apr_time_t)(unit_random(&seed) >> 12);
        int64_t width = widths[i % 4];
        float share = mlg_panes_share(at, width);

        IS_TRUE(share > 0.0f && share <= 1.0f);
        IS_NEAR(share, 1.0 - (double)(at % SEC(width)) / (double)SEC(width),
                1e-6);
    }
}

CLAIM(log2_is_off_by_less_than_a_ten_thousandth)
{
    uint64_t seed = 5;

    BEGIN;
    IS_INT(mlg_log2_q16(0), 0);
    IS_INT(mlg_log2_q16(1), 0);
    for (uint64_t x = 2; x < 200000; x++) {
        IS_NEAR(mlg_log2_q16(x) / 65536.0, log2((double)x), 1e-4);
    }
    for (int i = 0; i < 1000000; i++) {
        uint64_t x = unit_random(&seed) >> (i % 63);

        if (x >= 2) {
            IS_NEAR(mlg_log2_q16(x) / 65536.0, log2((double)x), 1e-4);
        }
    }
    IS_NEAR(mlg_log2_q16(UINT64_MAX) / 65536.0, 64.0, 1e-4);
}

CLAIM(log2_never_falls_as_its_argument_rises)
{
    uint32_t before = 0;

    BEGIN;
    for (uint64_t x = 1; x < 1000000; x++) {
        uint32_t now = mlg_log2_q16(x);

        IS_TRUE(now >= before);
        before = now;
    }
    for (unsigned bit = 1; bit < 64; bit++) {
        IS_INT(mlg_log2_q16(1ull << bit), bit * 65536);
        IS_TRUE(mlg_log2_q16((1ull << bit) - 1) <= bit * 65536);
    }
}

CLAIM(the_first_value_sets_a_mean)
{
    BEGIN;
    IS_INT(mlg_mean_fold(1234, 60000, 1), 60000);
    IS_INT(mlg_mean_fold(1234, 0, 1), 0);
}

CLAIM(a_mean_moves_an_eighth_of_the_way)
{
    BEGIN;
    IS_INT(mlg_mean_fold(0, 8000, 0), 1000);
    IS_INT(mlg_mean_fold(8000, 0, 0), 7000);
    IS_INT(mlg_mean_fold(65535, 0, 0), 57343); /* 57343.1 */
    IS_INT(mlg_mean_fold(0, 65535, 0), 8192);  /* 8191.9 */
}

CLAIM(a_mean_settles_within_four_units_from_either_side)
{
    BEGIN;
    for (unsigned want = 0; want <= 65535; want += 257) {
        mlg_mean_t low = 0;
        mlg_mean_t high = 65535;

        for (int i = 0; i < 200; i++) {
            low = mlg_mean_fold(low, want, 0);
            high = mlg_mean_fold(high, want, 0);
        }
        IS_NEAR(low, want, 4.0);
        IS_NEAR(high, want, 4.0);
    }
}

/* How far off linear counting is on average for n different values. */
static double map_error(int n, uint64_t *seed)
{
    double sum = 0.0;

    for (int run = 0; run < 400; run++) {
        mlg_map_t m = {0, 0};

        for (int i = 0; i < n; i++) {
            mlg_map_add(&m, unit_random(seed));
        }
        sum += mlg_map_read(&m);
    }
    return fabs(sum / 400.0 - n) / n;
}

CLAIM(a_map_counts_different_values_to_a_few_percent)
{
    uint64_t seed = 11;

    BEGIN;
    for (int n = 1; n <= 60; n++) {
        IS_TRUE(map_error(n, &seed) < 0.05);
    }
    IS_TRUE(map_error(100, &seed) < 0.10);
}

CLAIM(a_map_counts_a_value_once_however_often_it_comes)
{
    mlg_map_t m = {0, 0};

    BEGIN;
    for (int i = 0; i < 1000; i++) {
        IS_INT(mlg_map_add(&m, 42), 1);
    }
    IS_NEAR(mlg_map_read(&m), 1.0, 0.01);
}

CLAIM(a_nearly_full_map_takes_no_more_and_says_so)
{
    mlg_map_t m = {0, 0};
    int taken = 0;

    BEGIN;
    for (uint64_t v = 0; v < 64; v++) {
        taken += mlg_map_add(&m, v);
    }
    IS_INT(taken, 60);
    IS_TRUE(mlg_map_read(&m) < 178.0f);
    mlg_map_shift(&m, 1);
    IS_INT(mlg_map_add(&m, 63), 0); /* the pane before still counts */
    mlg_map_shift(&m, 1);
    IS_INT(mlg_map_add(&m, 63), 1);
}

CLAIM(an_empty_map_reads_zero_and_a_full_one_stays_finite)
{
    mlg_map_t empty = {0, 0};
    mlg_map_t full = {UINT64_MAX, UINT64_MAX};

    BEGIN;
    IS_NEAR(mlg_map_read(&empty), 0.0, 0.0);
    IS_TRUE(isfinite(mlg_map_read(&full)));
    for (int used = 0; used <= 63; used++) { /* the table of logarithms */
        mlg_map_t m = {used ? UINT64_MAX >> (64 - used) : 0, 0};

        IS_NEAR(mlg_map_read(&m), -64.0 * log((64.0 - used) / 64.0), 0.001);
    }
}

CLAIM(two_idle_panes_empty_a_map)
{
    mlg_map_t m = {0xff, 0xff};

    BEGIN;
    mlg_map_shift(&m, 1);
    IS_TRUE(m.before == 0xff && m.now == 0);
    mlg_map_shift(&m, 5);
    IS_NEAR(mlg_map_read(&m), 0.0, 0.0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_window_slides_off_the_pane_before_at_its_midpoint),
        TEST(a_window_reads_even_traffic_exactly),
        TEST(two_idle_panes_empty_a_window),
        TEST(panes_are_cut_by_the_wall_clock),
        TEST(a_clock_that_steps_back_counts_into_the_current_pane),
        TEST(counts_stop_at_full_and_never_wrap),
        TEST(the_share_of_the_pane_before_is_above_zero_and_at_most_one),
        TEST(log2_is_off_by_less_than_a_ten_thousandth),
        TEST(log2_never_falls_as_its_argument_rises),
        TEST(the_first_value_sets_a_mean),
        TEST(a_mean_moves_an_eighth_of_the_way),
        TEST(a_mean_settles_within_four_units_from_either_side),
        TEST(a_map_counts_different_values_to_a_few_percent),
        TEST(a_map_counts_a_value_once_however_often_it_comes),
        TEST(a_nearly_full_map_takes_no_more_and_says_so),
        TEST(an_empty_map_reads_zero_and_a_full_one_stays_finite),
        TEST(two_idle_panes_empty_a_map),
    };

    return RUN(tests);
}
