/* SPDX-License-Identifier: Apache-2.0 */
#include "log_draft.h"

#include <math.h>
#include <stdlib.h>
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

int log_month_at(const char *at)
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
    if (*at == end || (**at != '.' && **at != ',')) {
        return 1;
    }
    for (++*at; *at < end && **at >= '0' && **at <= '9'; ++*at, n++) {
        *us += (**at - '0') * scale;
        scale /= 10;
    }
    return n > 0 && n <= 9;
}

int log_take_zone(const char **at, const char *end, int64_t *s)
{
    const char *t = *at;
    int has_colon = end - t >= 6 && t[3] == ':';
    int hours;
    int minutes = 0;

    *s = 0;
    if (t < end && *t == 'Z') {
        ++*at;
        return 1;
    }
    if (end - t < 3 || (*t != '+' && *t != '-')) {
        return 0;
    }
    hours = digits_at(t + 1, 2);
    *at = t + 3;
    if (end - t >= 5 + has_colon && digits_at(t + 3 + has_colon, 2) >= 0) {
        minutes = digits_at(t + 3 + has_colon, 2);
        *at = t + 5 + has_colon;
    }
    if (hours < 0 || hours > 15 || minutes > 59) {
        return 0;
    }
    *s = (hours * 3600 + minutes * 60) * ((*t == '-') ? -1 : 1);
    return 1;
}

int log_join_date(const log_clock_t *c, apr_time_t *at_us)
{
    int64_t at_s;

    if (c->month < 0 || c->month > 11 || c->year < 1970 || c->year > 9999 ||
        c->day < 1 || c->day > days_in(c->year, c->month) || c->hour < 0 ||
        c->hour > 23 || c->minute < 0 || c->minute > 59 || c->second < 0 ||
        c->second > 60) {
        return 0;
    }
    at_s = days_since_epoch(c->year, c->month, c->day) * 86400 +
           c->hour * 3600 + c->minute * 60 + c->second - c->zone_s;
    *at_us = at_s * APR_USEC_PER_SEC + c->fraction_us;
    return 1;
}

/* "26/Jan/2024:19:00:02.123 +0000" and "2024-01-26T19:00:02.123Z", where the
 * letter may be a space and the zone be missing, for UTC. */
static int read_date(log_clock_t *c, const char *t, const char *end)
{
    const char *at = t + 20;
    int is_clf = end - t >= 26 && t[2] == '/';

    if (is_clf) {
        if (t[6] != '/' || t[11] != ':' || t[14] != ':' || t[17] != ':') {
            return 0;
        }
        c->day = digits_at(t, 2);
        c->month = log_month_at(t + 3);
        c->year = digits_at(t + 7, 4);
    }
    else {
        if (end - t < 19 || t[4] != '-' || t[7] != '-' ||
            (t[10] != 'T' && t[10] != ' ') || t[13] != ':' || t[16] != ':') {
            return 0;
        }
        c->year = digits_at(t, 4);
        c->month = digits_at(t + 5, 2) - 1;
        c->day = digits_at(t + 8, 2);
        at = t + 19;
    }
    c->hour = digits_at(at - 8, 2);
    c->minute = digits_at(at - 5, 2);
    c->second = digits_at(at - 2, 2);
    c->is_precise = (at < end && (*at == '.' || *at == ','));
    if (!take_fraction(&at, end, &c->fraction_us)) {
        return 0;
    }
    if (is_clf && (end - at != 6 || *at++ != ' ')) {
        return 0;
    }
    if (at < end && *at == ' ') {
        at++;
    }
    if ((at < end || is_clf) && !log_take_zone(&at, end, &c->zone_s)) {
        return 0;
    }
    return at == end;
}

/* Seconds, milliseconds, microseconds or nanoseconds since the epoch: which
 * one, its size tells until the year 5138. */
static int read_number(log_clock_t *c, mlg_text_t text)
{
    char copy[40];
    char *end;
    double value;
    double per_s = 1.0;

    if (text.len == 0 || text.len >= sizeof(copy) ||
        memchr(text.at, 'x', text.len) != NULL || text.at[0] < '0' ||
        text.at[0] > '9') {
        return 0;
    }
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    value = strtod(copy, &end);
    if (*end != '\0' || !(value < 1e20)) {
        return 0;
    }
    c->is_precise = value >= 1e11 || memchr(copy, '.', text.len) != NULL;
    while (value >= per_s * 1e11) {
        per_s *= 1e3;
    }
    c->whole_us = llround(value * (1e6 / per_s));
    return 1;
}

int log_keep_whole(log_clock_t *clock, apr_time_t at_us, int is_precise)
{
    if ((clock->has & LOG_HAS_WHOLE) == 0 || is_precise) {
        clock->whole_us = at_us;
        clock->is_precise = is_precise;
    }
    clock->has |= LOG_HAS_WHOLE;
    return 1;
}

int log_clock_read(log_clock_t *clock, mlg_text_t text)
{
    log_clock_t own = {.has = 0};

    if (text.len > 4 && (text.at[2] == '/' || text.at[4] == '-')) {
        return read_date(&own, text.at, text.at + text.len) &&
               log_join_date(&own, &own.whole_us) &&
               log_keep_whole(clock, own.whole_us, own.is_precise);
    }
    return read_number(&own, text) &&
           log_keep_whole(clock, own.whole_us, own.is_precise);
}

apr_status_t mlg_log_time(apr_time_t *at_us, int *is_precise, mlg_text_t text)
{
    log_clock_t clock = {.has = 0};

    if (!log_clock_read(&clock, text) || clock.whole_us < 0) {
        return MLG_ELINE;
    }
    *at_us = clock.whole_us;
    *is_precise = clock.is_precise;
    return APR_SUCCESS;
}
