/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_log.h"

#include <string.h>

/* @return the number in exactly `digits` digits, or -1 */
static int digits_at(const char *at, int digits)
{
    int n = 0;

    for (int i = 0; i < digits; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return -1;
        }
        n = n * 10 + (at[i] - '0');
    }
    return n;
}

/* @return 0..11, or -1 */
static int month_at(const char *at)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++) {
        if (memcmp(at, names + 3 * i, 3) == 0) {
            return i;
        }
    }
    return -1;
}

static int days_in(int year, int month)
{
    static const int8_t days[12] = {31, 28, 31, 30, 31, 30,
                                    31, 31, 30, 31, 30, 31};
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month] + (month == 1 && leap);
}

/* Days since the epoch; the year begins in March, so that the leap day is its
 * last (Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
static int64_t days_since_epoch(int year, int month, int day)
{
    int from_march = (month + 10) % 12;
    int64_t y = year - (month < 2);
    int64_t era = y / 400;
    int64_t of_era = y % 400;
    int64_t of_year = (153 * from_march + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

/* @return 1 and `us` set to the fraction of a second at `*at`, if there is
 * one; 0 when there is a point without digits or too many of them */
static int take_fraction(const char **at, const char *end, int64_t *us)
{
    int64_t scale = APR_USEC_PER_SEC / 10;
    int n = 0;

    *us = 0;
    if (*at == end || **at != '.') {
        return 1;
    }
    for (++*at; *at < end && **at >= '0' && **at <= '9'; ++*at, n++) {
        *us += (**at - '0') * scale;
        scale /= 10;
    }
    return n > 0 && n <= 9;
}

/* @return 1 and `s` set for "+0530" */
static int parse_zone(const char *at, int64_t *s)
{
    int hours = digits_at(at + 1, 2);
    int minutes = digits_at(at + 3, 2);

    if ((*at != '+' && *at != '-') || hours < 0 || hours > 15 || minutes < 0 ||
        minutes > 59) {
        return 0;
    }
    *s = (hours * 3600 + minutes * 60) * ((*at == '-') ? -1 : 1);
    return 1;
}

apr_status_t mlg_log_time(apr_time_t *at_us, int *is_precise, mlg_text_t text)
{
    /* 0123456789012345678901234567
     * 26/Jan/2024:19:00:02 +0000 */
    const char *t = text.at;
    const char *at = t + 20;
    const char *end = t + text.len;
    int day, month, year, hour, minute, second;
    int64_t zone_s, fraction_us, at_s;

    if (text.len < 26 || t[2] != '/' || t[6] != '/' || t[11] != ':' ||
        t[14] != ':' || t[17] != ':') {
        return MLG_ELINE;
    }
    day = digits_at(t, 2);
    month = month_at(t + 3);
    year = digits_at(t + 7, 4);
    hour = digits_at(t + 12, 2);
    minute = digits_at(t + 15, 2);
    second = digits_at(t + 18, 2);
    if (month < 0 || year < 1970 || day < 1 || day > days_in(year, month) ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60) {
        return MLG_ELINE;
    }
    *is_precise = (*at == '.');
    if (!take_fraction(&at, end, &fraction_us) || end - at != 6 || *at != ' ' ||
        !parse_zone(at + 1, &zone_s)) {
        return MLG_ELINE;
    }
    at_s = days_since_epoch(year, month, day) * 86400 + hour * 3600 +
           minute * 60 + second - zone_s;
    if (at_s < 0) {
        return MLG_ELINE;
    }
    *at_us = at_s * APR_USEC_PER_SEC + fraction_us;
    return APR_SUCCESS;
}
