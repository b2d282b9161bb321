/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_request.h"

#include <string.h>
#include <strings.h>

#define AGENT_LONG  256 /* bytes of a User-Agent that count */
#define TOKEN_LONG  20  /* a segment from here on that has digits is one */
#define TOKEN_HEX   8
#define QUERY_NAMES 8

enum { IS_DIGIT = 1, IS_HEX = 2, IS_VERSION = 4 };

#define DIGIT (IS_DIGIT | IS_HEX | IS_VERSION)

/* What a byte is. A UUID's dashes count as hexadecimal. */
static const unsigned char char_is[256] = {
    ['0'] = DIGIT,      ['1'] = DIGIT,  ['2'] = DIGIT,  ['3'] = DIGIT,
    ['4'] = DIGIT,      ['5'] = DIGIT,  ['6'] = DIGIT,  ['7'] = DIGIT,
    ['8'] = DIGIT,      ['9'] = DIGIT,  ['a'] = IS_HEX, ['b'] = IS_HEX,
    ['c'] = IS_HEX,     ['d'] = IS_HEX, ['e'] = IS_HEX, ['f'] = IS_HEX,
    ['A'] = IS_HEX,     ['B'] = IS_HEX, ['C'] = IS_HEX, ['D'] = IS_HEX,
    ['E'] = IS_HEX,     ['F'] = IS_HEX, ['-'] = IS_HEX, ['.'] = IS_VERSION,
    ['_'] = IS_VERSION,
};

static unsigned what_is(char c)
{
    return char_is[(unsigned char)c];
}

/* ---- User-Agents ---------------------------------------------------------- */

/* How many of eight bytes come before the first digit. */
static unsigned before_digit(uint64_t eight)
{
    uint64_t high = UINT64_C(0x8080808080808080);
    uint64_t x = eight ^ UINT64_C(0x3030303030303030); /* a digit: 0..9 */
    uint64_t other = ((x & ~high) + UINT64_C(0x7676767676767676)) | x;
    uint64_t digits = ~other & high;

    if (digits == 0) {
        return 8;
    }
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return (unsigned)__builtin_clzll(digits) / 8;
#else
    return (unsigned)__builtin_ctzll(digits) / 8;
#endif
}

/* Up to eight bytes. @return how many */
static size_t take_eight(uint64_t *eight, const char *at, size_t left)
{
    *eight = 0;
    if (left >= sizeof(*eight)) { /* no call */
        memcpy(eight, at, sizeof(*eight));
        return sizeof(*eight);
    }
    memcpy(eight, at, left);
    return left;
}

/* A run of digits, with the dots and underscores of a version, is one 0.
 *
 * @param out  shape [AGENT_LONG + 8] */
static size_t fold_agent(char *out, mlg_text_t agent)
{
    size_t len = (agent.len < AGENT_LONG) ? agent.len : AGENT_LONG;
    size_t n = 0;
    size_t i = 0;

    while (i < len) {
        uint64_t eight;
        size_t left = take_eight(&eight, agent.at + i, len - i);
        unsigned plain;

        memcpy(out + n, &eight, sizeof(eight));
        plain = before_digit(eight);
        if (plain >= left) {
            i += left;
            n += left;
            continue;
        }
        n += plain;
        out[n++] = '0';
        for (i += plain; i < len && what_is(agent.at[i]) & IS_VERSION; i++) {
        }
    }
    return n;
}

/* ---- paths ---------------------------------------------------------------- */

typedef struct draft_t {
    char *out;
    size_t n;
} draft_t;

static void put(draft_t *d, char c)
{
    if (d->n < MLG_TEMPLATE_TEXT) {
        d->out[d->n++] = c;
    }
}

static int has_digit(const char *at, size_t len)
{
    uint64_t eight;

    while (len > 0) {
        size_t taken = take_eight(&eight, at, len);

        if (before_digit(eight) < 8) {
            return 1;
        }
        at += taken;
        len -= taken;
    }
    return 0;
}

static void put_plain(draft_t *d, const char *at, size_t len)
{
    size_t room = MLG_TEMPLATE_TEXT - d->n;
    size_t n = (len < room) ? len : room;

    memcpy(d->out + d->n, at, n);
    d->n += n;
}

/* Its runs of digits as one 0 each; all of it as a * when it is a token. */
static void put_segment(draft_t *d, const char *at, size_t len)
{
    size_t from = d->n;
    size_t n = from;
    size_t hex = 0;
    size_t digits = 0;
    unsigned before = 0;

    if (!has_digit(at, len)) {
        put_plain(d, at, len);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned is = what_is(at[i]);
        unsigned digit = is & IS_DIGIT;

        hex += is / IS_HEX & 1;
        digits += digit;
        if ((digit & before) == 0 && n < MLG_TEMPLATE_TEXT) {
            d->out[n++] = (char)(digit ? '0' : at[i]);
        }
        before = digit;
    }
    d->n = n;
    if (digits > 0 && ((len >= TOKEN_HEX && hex == len && digits < len) ||
                       (len >= TOKEN_LONG && digits * 8 >= len))) {
        d->n = from;
        put(d, '*');
    }
}

static void put_path(draft_t *d, const char *at, const char *end)
{
    while (d->n < MLG_TEMPLATE_TEXT) {
        const char *slash = memchr(at, '/', (size_t)(end - at));

        put_segment(d, at, (size_t)(((slash != NULL) ? slash : end) - at));
        if (slash == NULL) {
            return;
        }
        put(d, '/');
        at = slash + 1;
    }
}

static void put_names(draft_t *d, const char *at, const char *end)
{
    for (int i = 0; i < QUERY_NAMES && at < end; i++) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        const char *equals;

        stop = (stop != NULL) ? stop : end;
        equals = memchr(at, '=', (size_t)(stop - at));
        put(d, (i == 0) ? '?' : '&');
        put_segment(d, at, (size_t)(((equals != NULL) ? equals : stop) - at));
        at = stop + 1;
    }
}

size_t mlg_request_template(char out[MLG_TEMPLATE_TEXT], mlg_text_t target)
{
    mlg_request_t request;
    mlg_text_t path;
    draft_t d = {out, 0};

    memset(&request, 0, sizeof(request));
    request.target = target;
    path = mlg_request_path(&request);
    if (path.at == NULL) {
        return 0;
    }
    put_path(&d, path.at, path.at + path.len);
    if (path.at + path.len < target.at + target.len) {
        put_names(&d, path.at + path.len + 1, target.at + target.len);
    }
    return d.n;
}

/* ---- header --------------------------------------------------------------- */

static int depends_on_request(mlg_text_t name)
{
    static const char *const names[] = {
        "referer", "cookie",        "cache-control", "pragma",
        "range",   "authorization", "origin",        "x-forwarded-for",
        "via",     "forwarded",     "host"};

    if ((name.len >= 3 && strncasecmp(name.at, "if-", 3) == 0) ||
        (name.len >= 8 && strncasecmp(name.at, "content-", 8) == 0)) {
        return 1;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) == name.len &&
            strncasecmp(name.at, names[i], name.len) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_named(mlg_text_t name, const char *word)
{
    return strlen(word) == name.len &&
           strncasecmp(name.at, word, name.len) == 0;
}

uint64_t mlg_print_add(uint64_t print, mlg_text_t name, mlg_text_t value,
                       const mlg_secret_t *secret)
{
    uint64_t word;

    if (depends_on_request(name)) {
        return print | (print == 0);
    }
    word = mlg_hash_text(secret, name.at, name.len);
    if (value.at != NULL &&
        (is_named(name, "accept") || is_named(name, "accept-encoding"))) {
        word += mlg_hash_text(secret, value.at, value.len);
    }
    print = (print ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    print ^= print >> 29;
    return print | (print == 0);
}

void mlg_request_cohorts(mlg_arrival_t *out, const mlg_request_t *request,
                         const mlg_secret_t *secret)
{
    char text[AGENT_LONG + 8];
    char path[MLG_TEMPLATE_TEXT];
    size_t len = mlg_request_template(path, request->target);

    out->template = (len > 0) ? mlg_hash_text(secret, path, len) : 0;
    out->print = (request->print != 0) ? request->print : out->agent;
    if (out->agent != 0) {
        len = fold_agent(text, request->agent);
        out->shape = mlg_hash_text(secret, text, len);
        out->is |=
            mlg_agent_claims_browser(request->agent) ? MLG_IS_BROWSER : 0;
    }
}
