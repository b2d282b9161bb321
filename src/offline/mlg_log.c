/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_log.h"

#include <arpa/inet.h>
#include <string.h>

#define NO_TEXT ((mlg_text_t){NULL, 0})
#define ABSENT_OR(text)                                                        \
    (((text).len == 1 && (text).at[0] == '-') ? NO_TEXT : (text))

/* What is left of the line; every take_*() moves `at` on. */
typedef struct cursor_t {
    char *at;
    char *end;
} cursor_t;

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static apr_status_t parse_v4(mlg_key_t *out, mlg_text_t text)
{
    unsigned char raw[4];
    const char *at = text.at;
    const char *end = at + text.len;

    for (int i = 0; i < 4; i++) {
        unsigned part = 0;
        int digits = 0;

        for (; at < end && is_digit(*at) && digits < 3; at++, digits++) {
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

/* A word up to the next space, which is skipped. */
static mlg_text_t take_word(cursor_t *c)
{
    char *space = memchr(c->at, ' ', (size_t)(c->end - c->at));
    char *stop = (space != NULL) ? space : c->end;
    mlg_text_t word = {c->at, (size_t)(stop - c->at)};

    c->at = (space != NULL) ? space + 1 : c->end;
    return word;
}

static int hex_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}

/* The byte that the escape at `at` (behind its backslash) stands for.
 * @return how many characters it takes; 0 when it is no escape */
static int unescape_one(char *byte, const char *at, const char *end)
{
    static const char from[] = "\"\\ntrbvfa";
    static const char to[] = "\"\\\n\t\r\b\v\f\a";
    const char *known;

    if (at == end) {
        return 0;
    }
    if (*at == 'x' && end - at >= 3 && hex_value(at[1]) >= 0 &&
        hex_value(at[2]) >= 0) {
        *byte = (char)(hex_value(at[1]) * 16 + hex_value(at[2]));
        return 3;
    }
    known = memchr(from, *at, sizeof(from) - 1);
    if (known == NULL) {
        return 0;
    }
    *byte = to[known - from];
    return 1;
}

static mlg_text_t unescape(char *at, char *end)
{
    char *first = memchr(at, '\\', (size_t)(end - at));
    mlg_text_t text = {at, (size_t)(end - at)};
    char *to = first;

    if (first == NULL) {
        return text;
    }
    for (char *from = first; from < end;) {
        int taken = (*from == '\\') ? unescape_one(to, from + 1, end) : 0;

        if (taken == 0) {
            *to = *from;
        }
        from += 1 + taken;
        to++;
    }
    text.len = (size_t)(to - at);
    return text;
}

/* Is the quote at `quote` escaped, in a text that begins at `begin`? */
static int is_escaped(const char *begin, const char *quote)
{
    const char *at = quote;

    while (at > begin && at[-1] == '\\') {
        at--;
    }
    return ((quote - at) & 1) != 0;
}

/* A text in quotes. Servers that do not escape them leave bare ones inside:
 * the closing quote is the one before a space or the end of the line.
 * @return 1 when there was one */
static int take_quoted(cursor_t *c, mlg_text_t *out)
{
    char *begin = c->at + 1;
    char *quote = begin;

    if (c->at >= c->end || *c->at != '"') {
        return 0;
    }
    for (;; quote++) {
        quote = memchr(quote, '"', (size_t)(c->end - quote));
        if (quote == NULL) {
            return 0;
        }
        if ((quote + 1 == c->end || quote[1] == ' ') &&
            !is_escaped(begin, quote)) {
            break;
        }
    }
    c->at = (quote + 2 < c->end) ? quote + 2 : c->end;
    *out = unescape(begin, quote);
    return 1;
}

/* @return 1 when the word is a number of at most 19 digits, or "-" for 0 */
static int parse_number(uint64_t *out, mlg_text_t word)
{
    uint64_t n = 0;

    if (word.len == 1 && word.at[0] == '-') {
        *out = 0;
        return 1;
    }
    if (word.len == 0 || word.len > 19) {
        return 0;
    }
    for (size_t i = 0; i < word.len; i++) {
        if (!is_digit(word.at[i])) {
            return 0;
        }
        n = n * 10 + (uint64_t)(word.at[i] - '0');
    }
    *out = n;
    return 1;
}

/* "GET /path HTTP/1.1". What does not look like that (a 408's "-", the bytes
 * of a TLS handshake) has no method, and all of it is the target. */
static void split_request(mlg_request_t *r, mlg_text_t line)
{
    const char *space = memchr(line.at, ' ', line.len);
    const char *last = memrchr(line.at, ' ', line.len);
    const char *end = line.at + line.len;

    line = ABSENT_OR(line);
    r->method = r->target = NO_TEXT;
    r->target = line;
    if (space == NULL || space == line.at) {
        return;
    }
    r->method = (mlg_text_t){line.at, (size_t)(space - line.at)};
    if (end - last > 5 && memcmp(last + 1, "HTTP/", 5) == 0) {
        r->is_http2 = (end - last > 6 && last[6] == '2');
        end = (last > space) ? last : space + 1;
    }
    r->target = (mlg_text_t){space + 1, (size_t)(end - space - 1)};
}

/* "[stamp]": user names may hold spaces and brackets, so the first bracket
 * that holds a time is the one. @return 1 when found */
static int take_time(cursor_t *c, mlg_request_t *r)
{
    char *open = c->at;

    while ((open = memchr(open, '[', (size_t)(c->end - open))) != NULL) {
        char *close = memchr(open, ']', (size_t)(c->end - open));
        mlg_text_t stamp;
        int is_precise = 0;

        if (close == NULL) {
            return 0;
        }
        stamp = (mlg_text_t){open + 1, (size_t)(close - open - 1)};
        if (mlg_log_time(&r->at_us, &is_precise, stamp) == APR_SUCCESS) {
            r->knows |= is_precise ? MLG_KNOWS_CLOCK : 0;
            r->at_us += is_precise ? 0 : APR_USEC_PER_SEC / 2;
            c->at = (close + 2 < c->end) ? close + 2 : c->end;
            return 1;
        }
        open++;
    }
    return 0;
}

/* "client ident user" or, in vhost_combined, "vhost client ident user".
 * @return 1 when there is an address */
static int take_client(cursor_t *c, mlg_log_entry_t *out)
{
    mlg_text_t first = take_word(c);
    cursor_t rest = *c;
    mlg_text_t second = take_word(&rest);

    if (!(second.len == 1 && second.at[0] == '-') &&
        mlg_log_address(&out->addr, second) == APR_SUCCESS) {
        out->vhost = first;
        *c = rest;
        return 1;
    }
    return mlg_log_address(&out->addr, first) == APR_SUCCESS;
}

static apr_status_t refuse(mlg_fault_t *fault, const cursor_t *c,
                           const char *line, const char *what)
{
    mlg_fault(fault, (size_t)(c->at - line), what);
    return MLG_ELINE;
}

struct mlg_log_parser_t {
    const char *format;
};

apr_status_t mlg_log_parser_make(mlg_log_parser_t **out, const char *format,
                                 apr_pool_t *p, mlg_fault_t *fault)
{
    if (format != NULL) {
        mlg_fault(fault, 0, "formats cannot be named yet");
        return MLG_ELINE;
    }
    *out = apr_pcalloc(p, sizeof(**out));
    return APR_SUCCESS;
}

apr_status_t mlg_log_parse(mlg_log_parser_t *parser, mlg_log_entry_t *out,
                           char *line, size_t len, mlg_fault_t *fault)
{
    cursor_t c = {line, line + len};
    mlg_text_t text;
    uint64_t status = 0;

    (void)parser;
    memset(out, 0, sizeof(*out));
    if (!take_client(&c, out)) {
        c.at = line;
        return refuse(fault, &c, line, "no client address where it should be");
    }
    if (!take_time(&c, &out->request)) {
        return refuse(fault, &c, line,
                      "no [dd/Mon/yyyy:hh:mm:ss +zzzz] after the client");
    }
    if (!take_quoted(&c, &text)) {
        return refuse(fault, &c, line, "no \"request line\" after the time");
    }
    split_request(&out->request, text);
    if (!parse_number(&status, take_word(&c)) || status > 999) {
        return refuse(fault, &c, line, "no status after the request line");
    }
    out->outcome.status = (uint32_t)status;
    if (c.at < c.end &&
        !parse_number(&out->outcome.sent_bytes, take_word(&c))) {
        return refuse(fault, &c, line, "no size after the status");
    }
    if (take_quoted(&c, &text)) {
        out->request.knows |= MLG_KNOWS_REFERER;
        out->request.referer = ABSENT_OR(text);
    }
    if (take_quoted(&c, &text)) {
        out->request.knows |= MLG_KNOWS_AGENT;
        out->request.agent = ABSENT_OR(text);
    }
    return APR_SUCCESS;
}
