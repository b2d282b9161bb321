/* SPDX-License-Identifier: Apache-2.0 */
#include "log_draft.h"

uint32_t log_clock_piece(char piece, int *known)
{
    *known = 1;
    switch (piece) {
    case 's':
    case LOG_PIECE_MSEC:
    case LOG_PIECE_USEC:
        return LOG_HAS_WHOLE;
    case 'Y':
    case 'y':
        return LOG_HAS_YEAR;
    case 'm':
    case 'b':
    case 'B':
        return LOG_HAS_MONTH;
    case 'd':
    case 'e':
        return LOG_HAS_DAY;
    case 'H':
    case 'k':
        return LOG_HAS_HOUR;
    case 'I':
    case 'l':
        return LOG_HAS_HOUR | LOG_HAS_12_HOURS;
    case 'p':
        return LOG_HAS_NOON;
    case 'M':
        return LOG_HAS_MINUTE;
    case LOG_PIECE_MSEC_FRAC:
    case LOG_PIECE_USEC_FRAC:
        return LOG_HAS_FRACTION;
    case 'S':
    case 'z':
    case 'Z':
    case 'a':
    case 'A':
    case 'j':
    case 'u':
    case 'w':
        return 0;
    default:
        *known = 0;
        return 0;
    }
}

/* Up to `width` digits, after blanks that pad them. @return -1 for none */
static int64_t take_number(const char **at, const char *end, int width)
{
    int64_t n = 0;
    const char *begin;

    while (*at < end && **at == ' ' && width > 1) {
        ++*at;
        width--;
    }
    begin = *at;
    while (*at < end && **at >= '0' && **at <= '9' && width-- > 0) {
        n = n * 10 + (**at - '0');
        ++*at;
    }
    return (*at > begin) ? n : -1;
}

static int is_letter(char c)
{
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'z';
}

/* "Jan", "January", "Friday", "CET", "PM". @return its length */
static int take_letters(const char **at, const char *end)
{
    const char *begin = *at;

    while (*at < end && is_letter(**at) && *at - begin < 12) {
        ++*at;
    }
    return (int)(*at - begin);
}

static int take_word(log_clock_t *c, char piece, const char **at,
                     const char *end)
{
    const char *word = *at;
    int len = take_letters(at, end);

    if (piece == 'p') {
        c->has |= LOG_HAS_NOON;
        c->has |= (len == 2 && (*word | 0x20) == 'p') ? LOG_HAS_PM : 0;
        return len == 2;
    }
    if (piece == 'b' || piece == 'B') {
        c->month = (len >= 3) ? log_month_at(word) : -1;
        return c->month >= 0;
    }
    return len > 0;
}

/* @return 1 when `n` digits, already taken, are kept */
static int keep_number(log_clock_t *c, char piece, int64_t n)
{
    switch (piece) {
    case 's':
        return log_keep_whole(c, n * APR_USEC_PER_SEC, 0);
    case LOG_PIECE_MSEC:
        return log_keep_whole(c, n * 1000, 1);
    case LOG_PIECE_USEC:
        return log_keep_whole(c, n, 1);
    case LOG_PIECE_MSEC_FRAC:
        c->fraction_us = n * 1000;
        return 1;
    case LOG_PIECE_USEC_FRAC:
        c->fraction_us = n;
        return 1;
    case 'Y':
        c->year = (int)n;
        return 1;
    case 'y': /* as POSIX splits the centuries */
        c->year = (int)(n + ((n < 69) ? 2000 : 1900));
        return 1;
    case 'm':
        c->month = (int)n - 1;
        return 1;
    case 'd':
    case 'e':
        c->day = (int)n;
        return 1;
    case 'H':
    case 'k':
    case 'I':
    case 'l':
        c->hour = (int)n;
        return 1;
    case 'M':
        c->minute = (int)n;
        return 1;
    case 'S':
        c->second = (int)n;
        return 1;
    default: /* a day's number in the week or the year */
        return 1;
    }
}

static int width_of(char piece)
{
    switch (piece) {
    case 's':
        return 10;
    case LOG_PIECE_MSEC:
        return 13;
    case LOG_PIECE_USEC:
        return 16;
    case LOG_PIECE_USEC_FRAC:
        return 6;
    case 'Y':
        return 4;
    case LOG_PIECE_MSEC_FRAC:
    case 'j':
        return 3;
    case 'u':
    case 'w':
        return 1;
    default:
        return 2;
    }
}

/* @return 1 when the piece was there */
static int take_piece(log_clock_t *c, char piece, const char **at,
                      const char *end)
{
    int64_t n;

    switch (piece) {
    case 'p':
    case 'b':
    case 'B':
    case 'a':
    case 'A':
        return take_word(c, piece, at, end);
    case 'Z':
        if (*at < end && (**at == '+' || **at == '-')) {
            return log_take_zone(at, end, &c->zone_s);
        }
        return take_word(c, piece, at, end);
    case 'z':
        return log_take_zone(at, end, &c->zone_s);
    default:
        n = take_number(at, end, width_of(piece));
        return n >= 0 && keep_number(c, piece, n);
    }
}

int log_clock_take(log_clock_t *c, char piece, const char **at, const char *end)
{
    int known;
    int was_there = take_piece(c, piece, at, end);

    c->has |= was_there ? log_clock_piece(piece, &known) : 0;
    return was_there;
}

int log_clock_join(const log_clock_t *clock, apr_time_t *at_us, int *is_precise)
{
    log_clock_t c = *clock;

    *is_precise = (c.has & LOG_HAS_FRACTION) != 0;
    if ((c.has & LOG_HAS_WHOLE) != 0) {
        *at_us = c.whole_us + (c.is_precise ? 0 : c.fraction_us);
        *is_precise |= c.is_precise;
        return *at_us >= 0;
    }
    if ((c.has & LOG_HAS_DATE) != LOG_HAS_DATE) {
        return 0;
    }
    if ((c.has & LOG_HAS_12_HOURS) != 0) {
        c.hour = c.hour % 12 + (((c.has & LOG_HAS_PM) != 0) ? 12 : 0);
    }
    return log_join_date(&c, at_us) && *at_us >= 0;
}
