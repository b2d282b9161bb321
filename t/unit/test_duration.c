/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_duration.h"

CLAIM(every_unit_is_read)
{
    static const struct {
        const char *text;
        apr_interval_time_t us;
    } good[] = {{"0", 0},
                {"90", SEC(90)},
                {"500ms", 500000},
                {"30s", SEC(30)},
                {"10m", SEC(600)},
                {"10min", SEC(600)},
                {"24h", SEC(86400)},
                {"7d", SEC(604800)},
                {"007s", SEC(7)},
                {"36500d", SEC(36500.0 * 86400)}};

    BEGIN;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        apr_interval_time_t us = -1;

        IS_INT(mlg_duration_parse(&us, good[i].text), APR_SUCCESS);
        IS_INT(us, good[i].us);
    }
}

CLAIM(nonsense_is_refused_and_sets_nothing)
{
    static const char *const bad[] = {"",
                                      "s",
                                      "-1s",
                                      "+1s",
                                      " 1s",
                                      "1 s",
                                      "1s ",
                                      "1.5h",
                                      "1w",
                                      "1H",
                                      "1M",
                                      "1hour",
                                      "0x10",
                                      "1s1s",
                                      "36501d",
                                      "3155760001s",
                                      "99999999999999999999999",
                                      "9223372036854775807d"};

    BEGIN;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        apr_interval_time_t us = 42;

        IS_INT(mlg_duration_parse(&us, bad[i]), MLG_ERANGE);
        IS_INT(us, 42);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(every_unit_is_read),
        TEST(nonsense_is_refused_and_sets_nothing),
    };

    return RUN(tests);
}
