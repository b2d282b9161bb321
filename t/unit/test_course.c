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

CLAIM(a_clock_that_steps_back_is_counted_where_it_can_be)
{
    BEGIN;
    memset(&course, 0, sizeof(course));
    mlg_course_add(&course, SEC(5), 0); /* the first minutes of 1970 */
    mlg_course_end(&course);
    IS_INT(course.busiest_us, 0);
    mlg_course_add(&course, T0, 0);
    mlg_course_add(&course, T0 - SEC(86400), 1);
    mlg_course_end(&course);
    IS_INT(course.busiest.requests, 2);
    IS_INT(total(), 3);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(bins_widen_and_lose_nothing),
        TEST(a_bin_holds_what_happened_in_it),
        TEST(the_busiest_ten_minutes_are_found_wherever_they_begin),
        TEST(a_clock_that_steps_back_is_counted_where_it_can_be),
    };

    return RUN(tests);
}
