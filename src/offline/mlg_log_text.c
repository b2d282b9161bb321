/* SPDX-License-Identifier: Apache-2.0 */
#include "log_draft.h"

#include <arpa/inet.h>
#include <string.h>

static apr_status_t parse_v4(mlg_key_t *out, mlg_text_t text)
{
    unsigned char raw[4];
    const char *at = text.at;
    const char *end = at + text.len;

    for (int i = 0; i < 4; i++) {
        unsigned part = 0;
        int digits = 0;

        for (; at < end && *at >= '0' && *at <= '9' && digits < 3;
             at++, digits++) {
            part = part * 10 + (unsigned)(*at - '0');
        }
        if (digits == 0 || part > 255 ||
            (i < 3 && (at == end || *at++ != '.'))) {
            return MLG_EADDRESS;
        }
        raw[i] = (unsigned char)part;
    }
    if (at != end) {
        return MLG_EADDRESS;
    }
    *out = mlg_key_from_v4(raw);
    return APR_SUCCESS;
}

apr_status_t mlg_log_address(mlg_key_t *out, mlg_text_t text)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char raw[16];
    const char *zone;

    if (text.len == 0 || text.len > 80) {
        return MLG_EADDRESS;
    }
    if (memchr(text.at, ':', text.len) == NULL) {
        return parse_v4(out, text);
    }
    zone = memchr(text.at, '%', text.len);
    if (zone != NULL) {
        text.len = (size_t)(zone - text.at);
    }
    if (text.len >= sizeof(copy)) {
        return MLG_EADDRESS;
    }
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET6, copy, raw) != 1) {
        return MLG_EADDRESS;
    }
    *out = mlg_key_from_v6(raw);
    return APR_SUCCESS;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}

/* @return the number in exactly `digits` hexadecimal digits, or -1 */
static int hex_at(const char *at, const char *end, int digits)
{
    int n = 0;

    if (end - at < digits) {
        return -1;
    }
    for (int i = 0; i < digits; i++) {
        int value = hex_value(at[i]);

        if (value < 0) {
            return -1;
        }
        n = n * 16 + value;
    }
    return n;
}

/* A code point as UTF-8, at most three bytes for the six of \uhhhh and four
 * for the twelve of a surrogate pair. @return how many */
static int put_utf8(char *to, int point)
{
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        to[0] = (char)(0xc0 | point >> 6);
        to[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        to[0] = (char)(0xe0 | point >> 12);
        to[1] = (char)(0x80 | (point >> 6 & 0x3f));
        to[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | point >> 18);
    to[1] = (char)(0x80 | (point >> 12 & 0x3f));
    to[2] = (char)(0x80 | (point >> 6 & 0x3f));
    to[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

/* "uhhhh" and, after a high surrogate, the low one's "\uhhhh".
 * @return how many characters were taken */
static int unescape_point(char **to, const char *at, const char *end)
{
    int point = hex_at(at + 1, end, 4);
    int low;

    if (point < 0) {
        return 0;
    }
    if ((point & 0xfc00) == 0xd800 && end - at >= 11 && at[5] == '\\' &&
        at[6] == 'u') {
        low = hex_at(at + 7, end, 4);
        if (low >= 0 && (low & 0xfc00) == 0xdc00) {
            point = 0x10000 + ((point & 0x3ff) << 10) + (low & 0x3ff);
            *to += put_utf8(*to, point);
            return 11;
        }
    }
    *to += put_utf8(*to, point);
    return 5;
}

/* Write what the escape at `at` (behind its backslash) stands for.
 * @return how many characters it takes; 0 when it is no escape */
static int unescape_one(char **to, const char *at, const char *end)
{
    static const char from[] = "\"\\/ntrbvfa";
    static const char into[] = "\"\\/\n\t\r\b\v\f\a";
    const char *known;

    if (at == end) {
        return 0;
    }
    if (*at == 'x') {
        int byte = hex_at(at + 1, end, 2);

        if (byte < 0) {
            return 0;
        }
        *(*to)++ = (char)byte;
        return 3;
    }
    if (*at == 'u') {
        return unescape_point(to, at, end);
    }
    known = memchr(from, *at, sizeof(from) - 1);
    if (known == NULL) {
        return 0;
    }
    *(*to)++ = into[known - from];
    return 1;
}

mlg_text_t log_unescape(char *at, char *end)
{
    char *first = memchr(at, '\\', (size_t)(end - at));
    mlg_text_t text = {at, (size_t)(end - at)};
    char *to = first;

    if (first == NULL) {
        return text;
    }
    for (char *from = first; from < end;) {
        int taken = (*from == '\\') ? unescape_one(&to, from + 1, end) : 0;

        if (taken == 0) {
            *to++ = *from;
        }
        from += 1 + taken;
    }
    text.len = (size_t)(to - at);
    return text;
}

int log_is_escaped(const char *begin, const char *quote)
{
    const char *at = quote;

    while (at > begin && at[-1] == '\\') {
        at--;
    }
    return ((quote - at) & 1) != 0;
}
