/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_request.h"

#include <string.h>
#include <strings.h>

#define AGENT_LONG  256 /* bytes of a User-Agent that count */
#define TOKEN_LONG  20  /* a segment from here on that has digits is one */
#define TOKEN_HEX   8
#define QUERY_NAMES 8

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* A run of digits, with the dots and underscores of a version, is one 0. */
static size_t fold_agent(char *out, mlg_text_t agent)
{
    size_t n = 0;
    size_t len = (agent.len < AGENT_LONG) ? agent.len : AGENT_LONG;
    int in_number = 0;

    for (size_t i = 0; i < len; i++) {
        char c = agent.at[i];

        if (is_digit(c)) {
            if (!in_number) {
                out[n++] = '0';
            }
            in_number = 1;
        }
        else if (!(in_number && (c == '.' || c == '_'))) {
            in_number = 0;
            out[n++] = c;
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

static int is_token(const char *at, size_t len)
{
    size_t hex = 0;
    size_t digits = 0;

    for (size_t i = 0; i < len; i++) {
        hex += (size_t)is_hex(at[i]) | (size_t)(at[i] == '-');
        digits += (size_t)is_digit(at[i]);
    }
    return digits > 0 && ((len >= TOKEN_HEX && hex == len && digits < len) ||
                          (len >= TOKEN_LONG && digits * 8 >= len));
}

static void put_segment(draft_t *d, const char *at, size_t len)
{
    int in_number = 0;

    if (is_token(at, len)) {
        put(d, '*');
        return;
    }
    for (size_t i = 0; i < len; i++) {
        int digit = is_digit(at[i]);

        if (!digit || !in_number) {
            put(d, digit ? '0' : at[i]);
        }
        in_number = digit;
    }
}

static void put_path(draft_t *d, mlg_text_t path)
{
    size_t from = 0;

    for (size_t i = 0; i <= path.len && d->n < MLG_TEMPLATE_TEXT; i++) {
        if (i == path.len || path.at[i] == '/') {
            put_segment(d, path.at + from, i - from);
            if (i < path.len) {
                put(d, '/');
            }
            from = i + 1;
        }
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
    put_path(&d, path);
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
    char text[AGENT_LONG];
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
