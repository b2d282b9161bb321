/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_request.h"

#include <string.h>
#include <strings.h>

#define AGENT_LONG  256 /* bytes of a User-Agent that count */
#define TOKEN_LONG  20  /* a segment from here on that has digits is one */
#define TOKEN_HEX   8
#define QUERY_NAMES 8
#define SLACK       9 /* beyond what fold() was given */

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

/* ---- runs of digits, eight bytes at a time -------------------------------- */

/* The high bit of each of eight bytes that is a digit. */
static uint64_t digits_of(uint64_t eight)
{
    uint64_t high = UINT64_C(0x8080808080808080);
    uint64_t x = eight ^ UINT64_C(0x3030303030303030); /* a digit: 0..9 */

    return ~(((x & ~high) + UINT64_C(0x7676767676767676)) | x) & high;
}

/* How many bytes come before the first of them. @param digits  not 0 */
static unsigned before_digit(uint64_t digits)
{
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
    for (size_t i = 0; i < left; i++) {
        ((char *)eight)[i] = at[i];
    }
    return left;
}

/* Copy, with a 0 for each run that begins with a digit.
 *
 * @param out   shape [room + SLACK]
 * @param runs  IS_DIGIT, or IS_VERSION: with dots and underscores
 * @return bytes, at most `room`
 */
static size_t fold(char *out, size_t room, const char *at, size_t len,
                   unsigned runs)
{
    size_t n = 0;
    size_t i = 0;

    while (i < len && n < room) {
        uint64_t eight;
        size_t taken = take_eight(&eight, at + i, len - i);
        uint64_t digits = digits_of(eight);

        memcpy(out + n, &eight, sizeof(eight));
        if (digits == 0) {
            i += taken;
            n += taken;
            continue;
        }
        i += before_digit(digits);
        n += before_digit(digits);
        out[n++] = '0';
        while (++i < len && (what_is(at[i]) & runs) != 0) {
        }
    }
    return (n < room) ? n : room;
}

static size_t count_digits(const char *at, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        n += what_is(at[i]) & IS_DIGIT;
    }
    return n;
}

/* ---- paths ---------------------------------------------------------------- */

typedef struct draft_t {
    char out[MLG_TEMPLATE_TEXT + SLACK];
    size_t n;
} draft_t;

static void put(draft_t *d, char c)
{
    if (d->n < MLG_TEMPLATE_TEXT) {
        d->out[d->n++] = c;
    }
}

/* Hexadecimal with digits and letters, or long and an eighth of it digits. */
static int is_token(const char *at, size_t len)
{
    size_t hex = 0;
    size_t digits;

    if (len < TOKEN_HEX) {
        return 0;
    }
    while (hex < len && (what_is(at[hex]) & IS_HEX) != 0) {
        hex++;
    }
    if (hex < len && len < TOKEN_LONG) {
        return 0;
    }
    digits = count_digits(at, len);
    return digits > 0 && ((hex == len && digits < len) ||
                          (len >= TOKEN_LONG && digits * 8 >= len));
}

/* Its runs of digits as one 0 each; all of it as a * when it is a token. */
static void put_segment(draft_t *d, const char *at, size_t len)
{
    if (is_token(at, len)) {
        put(d, '*');
        return;
    }
    d->n += fold(d->out + d->n, MLG_TEMPLATE_TEXT - d->n, at, len, IS_DIGIT);
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

static void put_target(draft_t *d, mlg_text_t target)
{
    mlg_request_t request;
    mlg_text_t path;

    memset(&request, 0, sizeof(request));
    request.target = target;
    path = mlg_request_path(&request);
    d->n = 0;
    if (path.at == NULL) {
        return;
    }
    put_path(d, path.at, path.at + path.len);
    if (path.at + path.len < target.at + target.len) {
        put_names(d, path.at + path.len + 1, target.at + target.len);
    }
}

size_t mlg_request_template(char out[MLG_TEMPLATE_TEXT], mlg_text_t target)
{
    draft_t d;

    put_target(&d, target);
    memcpy(out, d.out, d.n);
    return d.n;
}

/* ---- header --------------------------------------------------------------- */

static int is_named(mlg_text_t name, const char *word, size_t len)
{
    return name.len == len && strncasecmp(name.at, word, len) == 0;
}
#define IS(name, word) is_named(name, word, sizeof(word) - 1)

static int begins(mlg_text_t name, const char *word, size_t len)
{
    return name.len >= len && strncasecmp(name.at, word, len) == 0;
}
#define BEGINS(name, word) begins(name, word, sizeof(word) - 1)

static int depends_on_request(mlg_text_t name)
{
    switch ((name.len > 0) ? name.at[0] | 0x20 : 0) {
    case 'a':
        return IS(name, "authorization");
    case 'c':
        return IS(name, "cookie") || IS(name, "cache-control") ||
               BEGINS(name, "content-");
    case 'f':
        return IS(name, "forwarded");
    case 'h':
        return IS(name, "host");
    case 'i':
        return BEGINS(name, "if-");
    case 'o':
        return IS(name, "origin");
    case 'p':
        return IS(name, "pragma");
    case 'r':
        return IS(name, "referer") || IS(name, "range");
    case 'v':
        return IS(name, "via");
    case 'x':
        return IS(name, "x-forwarded-for");
    default:
        return 0;
    }
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
        (IS(name, "accept") || IS(name, "accept-encoding"))) {
        word += mlg_hash_text(secret, value.at, value.len);
    }
    print = (print ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    print ^= print >> 29;
    return print | (print == 0);
}

void mlg_request_cohorts(mlg_arrival_t *out, const mlg_request_t *request,
                         const mlg_secret_t *secret)
{
    char text[AGENT_LONG + SLACK];
    draft_t place;

    put_target(&place, request->target);
    out->template =
        (place.n > 0) ? mlg_hash_text(secret, place.out, place.n) : 0;
    out->print = (request->print != 0) ? request->print : out->agent;
    if (out->agent != 0) {
        size_t len =
            (request->agent.len < AGENT_LONG) ? request->agent.len : AGENT_LONG;

        len = fold(text, AGENT_LONG, request->agent.at, len, IS_VERSION);
        out->shape = mlg_hash_text(secret, text, len);
        out->is |=
            mlg_agent_claims_browser(request->agent) ? MLG_IS_BROWSER : 0;
    }
}
