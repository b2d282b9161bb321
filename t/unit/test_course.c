/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_course.h"

static mlg_course_t course;

static uint64_t total(void)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < course.n; i++) {
        n += course.bin[i].requests;
    }
    return n;
}

CLAIM(bins_widen_and_lose_nothing)
{
    static const double spans_s[] = {1,   479, 480, 4800, 86400,
                                     1e6, 1e7, 1e8, 1e9,  1.6e9};

    BEGIN;
    for (size_t i = 0; i < sizeof(spans_s) / sizeof(spans_s[0]); i++) {
        memset(&course, 0, sizeof(course));
        for (int k = 0; k <= 1000; k++) {
            mlg_course_add(&course, T0 + SEC(spans_s[i] * k / 1000.0),
                           k % 4 == 0);
        }
        IS_INT(total(), 1001);
        IS_TRUE(course.n <= MLG_COURSE_BINS);
        IS_INT(course.first, T0 / APR_USEC_PER_SEC / course.width_s);
    }
}

CLAIM(a_bin_holds_what_happened_in_it)
{
    BEGIN;
    memset(&course, 0, sizeof(course));
    mlg_course_add(&course, T0, 0);
    mlg_course_add(&course, T0 + SEC(1), 1);
    mlg_course_add(&course, T0 + SEC(1.5), 0);
    IS_INT(course.width_s, 1);
    IS_INT(course.n, 2);
    IS_INT(course.bin[1].requests, 2);
    IS_INT(course.bin[1].refused, 1);
    mlg_course_add(&course, T0 - SEC(100), 0); /* before the first */
    IS_INT(course.bin[0].requests, 2);
}

CLAIM(the_busiest_ten_minutes_are_found_wherever_they_begin)
{
    BEGIN;
    memset(&course, 0, sizeof(course));
    for (int m = 0; m < 300; m++) {
        int n = (m >= 107 && m < 117) ? 50 : 5;

        for (int k = 0; k < n; k++) {
            mlg_course_add(&course, T0 + SEC(m * 60 + k), k % 2);
        }
    }
    mlg_course_end(&course);
    IS_INT(course.busiest.requests, 500);
    IS_INT(course.busiest.refused, 250);
    IS_INT(course.busiest_us, (T0 / SEC(60) + 107) * SEC(60));
}

CLAIM(the_epoch_is_a_time)
{
    BEGIN;
    memset(&course, 0, sizeof(course));
    mlg_course_add(&course, SEC(5), 0); /* the first minutes of 1970 */
    mlg_course_end(&course);
    IS_INT(course.busiest_us, 0);
    IS_INT(course.busiest.requests, 1);
}

CLAIM(a_clock_that_steps_back_fills_ten_minutes_of_its_own)
{
    BEGIN;
    memset(&course, 0, sizeof(course));
    for (int k = 0; k < 30; k++) {
        mlg_course_add(&course, T0 + SEC(k), 0);
    }
    for (int k = 0; k < 40; k++) {
        mlg_course_add(&course, T0 - SEC(86400) + SEC(k), 1);
    }
    mlg_course_end(&course);
    IS_INT(course.busiest.requests, 40);
    IS_INT(course.busiest.refused, 40);
    IS_INT(course.busiest_us, (T0 / SEC(60) - 1440) * SEC(60));
    IS_INT(total(), 70);
}

CLAIM(late_lines_leave_the_ten_minutes_at_hand_alone)
{
    BEGIN;
    memset(&course, 0, sizeof(course));
    for (int k = 0; k < 600; k++) {
        mlg_course_add(&course, T0 + SEC(k), 0);
        mlg_course_add(&course, T0 + SEC(k) - SEC(1200 + 60 * (k % 7)), 0);
    }
    mlg_course_end(&course);
    IS_TRUE(course.busiest.requests >= 540);
    IS_TRUE(course.busiest.requests <= 600);
    IS_INT(total(), 1200);
}

CLAIM(one_line_far_ahead_swallows_nothing)
{
    static const double ahead_s[] = {86400.0 * 2, 86400.0 * 365 * 7};

    BEGIN;
    for (size_t i = 0; i < sizeof(ahead_s) / sizeof(ahead_s[0]); i++) {
        memset(&course, 0, sizeof(course));
        for (int m = 0; m < 60; m++) {
            int n = (m >= 40 && m < 50) ? 20 : 2;

            for (int k = 0; k < n; k++) {
                mlg_course_add(&course, T0 + SEC(m * 60 + k), 0);
            }
            if (m == 5 || m == 45) {
                mlg_course_add(&course, T0 + SEC(ahead_s[i]), 1);
            }
        }
        mlg_course_end(&course);
        IS_INT(course.busiest.requests, 200);
        IS_INT(course.busiest.refused, 0);
        IS_INT(course.busiest_us, (T0 / SEC(60) + 40) * SEC(60));
    }
}

CLAIM(after_days_of_silence_the_first_request_counts)
{
    BEGIN;
    memset(&course, 0, sizeof(course));
    for (int day = 0; day < 9; day += 3) {
        for (int k = 0; k <= day; k++) {
            mlg_course_add(&course, T0 + SEC(86400.0 * day + k), 0);
        }
    }
    mlg_course_end(&course);
    IS_INT(course.busiest.requests, 7);
    IS_INT(course.busiest_us, (T0 / SEC(60) + 6 * 1440) * SEC(60));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(bins_widen_and_lose_nothing),
        TEST(a_bin_holds_what_happened_in_it),
        TEST(the_busiest_ten_minutes_are_found_wherever_they_begin),
        TEST(the_epoch_is_a_time),
        TEST(a_clock_that_steps_back_fills_ten_minutes_of_its_own),
        TEST(late_lines_leave_the_ten_minutes_at_hand_alone),
        TEST(one_line_far_ahead_swallows_nothing),
        TEST(after_days_of_silence_the_first_request_counts),
    };

    return RUN(tests);
}
