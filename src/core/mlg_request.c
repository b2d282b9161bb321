/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_request.h"

#include <math.h>
#include <string.h>

mlg_client_t mlg_client_from(const mlg_key_t *addr, const mlg_secret_t *secret,
                             unsigned ipv6_prefix)
{
    mlg_client_t client;

    client.addr = *addr;
    client.key = mlg_key_client(addr, ipv6_prefix);
    client.hash = mlg_hash_key(secret, &client.key);
    return client;
}

#define NO_TEXT ((mlg_text_t){NULL, 0})

/* Up to eight characters as one number, so that a set of short words is a
 * switch and not a chain of comparisons. */
#define WORD1(a)             ((uint64_t)(a))
#define WORD2(a, b)          (WORD1(a) << 8 | (uint64_t)(b))
#define WORD3(a, b, c)       (WORD2(a, b) << 8 | (uint64_t)(c))
#define WORD4(a, b, c, d)    (WORD3(a, b, c) << 8 | (uint64_t)(d))
#define WORD5(a, b, c, d, e) (WORD4(a, b, c, d) << 8 | (uint64_t)(e))

static char lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char)(c | 0x20) : c;
}

int mlg_path_is_asset(mlg_text_t path)
{
    uint64_t word = 0;
    size_t len = 0;

    while (len < path.len && len < 6) {
        char c = lower(path.at[path.len - 1 - len]);

        if (c == '.') {
            break;
        }
        if (c == '\0') { /* would vanish from the word */
            return 0;
        }
        word |= (uint64_t)(unsigned char)c << (8 * len);
        len++;
    }
    if (len == 0 || len == 6 || len == path.len) {
        return 0;
    }
    switch (word) {
    case WORD2('j', 's'):
    case WORD3('c', 's', 's'):
    case WORD3('m', 'j', 's'):
    case WORD3('m', 'a', 'p'):
    case WORD3('p', 'n', 'g'):
    case WORD3('j', 'p', 'g'):
    case WORD3('g', 'i', 'f'):
    case WORD3('s', 'v', 'g'):
    case WORD3('i', 'c', 'o'):
    case WORD3('t', 't', 'f'):
    case WORD3('o', 't', 'f'):
    case WORD3('m', 'p', '4'):
    case WORD3('m', 'p', '3'):
    case WORD3('p', 'd', 'f'):
    case WORD4('j', 'p', 'e', 'g'):
    case WORD4('w', 'e', 'b', 'p'):
    case WORD4('a', 'v', 'i', 'f'):
    case WORD4('w', 'o', 'f', 'f'):
    case WORD4('w', 'e', 'b', 'm'):
    case WORD5('w', 'o', 'f', 'f', '2'):
        return 1;
    default:
        return 0;
    }
}

static int text_is(mlg_text_t text, const char *word, size_t len)
{
    return text.len == len && memcmp(text.at, word, len) == 0;
}
#define IS(text, word) text_is(text, word, sizeof(word) - 1)

static int has(mlg_text_t text, const char *word, size_t len)
{
    return text.at != NULL && memmem(text.at, text.len, word, len) != NULL;
}
#define HAS(text, word) has(text, word, sizeof(word) - 1)

/* The number that follows `word` in a User-Agent, 0 when there is none. */
static unsigned version_after(mlg_text_t agent, const char *word, size_t len)
{
    const char *at = memmem(agent.at, agent.len, word, len);
    const char *end = agent.at + agent.len;
    unsigned version = 0;

    if (at == NULL) {
        return 0;
    }
    for (at += len; at < end && *at >= '0' && *at <= '9' && version < 10000;
         at++) {
        version = version * 10 + (unsigned)(*at - '0');
    }
    return version;
}
#define VERSION_AFTER(agent, word) version_after(agent, word, sizeof(word) - 1)

/* Browsers say "Mozilla/5.0 (...)"; so do bots that say so themselves, and
 * those are held to their own habits, not to a browser's. */
/* "bot", or "compatible;": both have a b, and few other words do. */
static int names_robot(const char *begin, const char *end)
{
    const char *b = begin;

    while ((b = memchr(b, 'b', (size_t)(end - b))) != NULL) {
        if (end - b >= 4 && b - begin >= 7 &&
            memcmp(b - 7, "compatible;", 11) == 0) {
            return 1;
        }
        if (end - b >= 3 && memcmp(b, "bot", 3) == 0) {
            return 1;
        }
        b++;
    }
    return 0;
}

int mlg_agent_claims_browser(mlg_text_t agent)
{
    return agent.at != NULL && agent.len > 11 &&
           memcmp(agent.at, "Mozilla/5.0", 11) == 0 &&
           !names_robot(agent.at, agent.at + agent.len);
}

/* Weighted absences, 0..65535. Fetch metadata is sent to trustworthy origins
 * only, so it is expected over TLS from versions that have it. The User-Agent
 * is searched last and only where it matters: a browser's own requests seldom
 * get that far. */
static uint16_t header_anomaly(const mlg_request_t *request)
{
    unsigned sum = 0;

    if (request->agent.at == NULL || request->agent.len == 0) {
        sum += 26000;
    }
    if (request->accept.at == NULL) {
        sum += 16000;
    }
    if (request->accept_language.at == NULL) {
        sum += mlg_agent_claims_browser(request->agent) ? 16000 : 8000;
    }
    if (request->is_secure && request->sec_fetch_mode.at == NULL &&
        mlg_agent_claims_browser(request->agent) &&
        (VERSION_AFTER(request->agent, "Chrome/") >= 80 ||
         VERSION_AFTER(request->agent, "Firefox/") >= 90)) {
        sum += 16000;
    }
    return (uint16_t)((sum > 65535) ? 65535 : sum);
}

static int odd_encoding(const mlg_request_t *request, int asset)
{
    mlg_text_t sent = request->accept_encoding;

    if (sent.at == NULL || sent.len == 0) {
        return 1;
    }
    if (asset || (sent.len >= 4 && memcmp(sent.at, "gzip", 4) == 0)) {
        return 0;
    }
    /* Media is asked for with "identity" by every browser. */
    return !HAS(sent, "gzip") && !HAS(sent, "identity") &&
           mlg_agent_claims_browser(request->agent);
}

/* @return bytes announced; sets *odd for a length that is no number */
static uint64_t announced_bytes(mlg_text_t length, int *odd)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < length.len; i++) {
        if (length.at[i] < '0' || length.at[i] > '9' || i >= 18) {
            *odd = 1;
            return 0;
        }
        bytes = bytes * 10 + (uint64_t)(length.at[i] - '0');
    }
    *odd |= (length.at != NULL && length.len == 0);
    return bytes;
}

/* Names that carry a session: PHPSESSID, JSESSIONID, connect.sid, _session,
 * auth_token and their many relatives contain one of these. */
static int names_session(const char *name, size_t len)
{
    for (size_t i = 0; i + 3 <= len; i++) {
        char a = lower(name[i]);
        char b = lower(name[i + 1]);
        char c = lower(name[i + 2]);

        if ((a == 's' && b == 'i' && c == 'd') ||
            (a == 's' && b == 'e' && c == 's' && i + 4 <= len &&
             lower(name[i + 3]) == 's') ||
            (a == 'a' && b == 'u' && c == 't') ||
            (a == 't' && b == 'o' && c == 'k')) {
            return 1;
        }
    }
    return 0;
}

/* The part of a Cookie header that stays while a session lasts: the first
 * cookie whose name says so, else the first cookie. */
static mlg_text_t session_part(mlg_text_t cookie)
{
    mlg_text_t first = NO_TEXT;
    const char *at = cookie.at;
    const char *end = cookie.at + cookie.len;

    for (int n = 0; at < end && n < 32; n++) {
        const char *semi = memchr(at, ';', (size_t)(end - at));
        const char *stop = (semi != NULL) ? semi : end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        mlg_text_t pair = {at, (size_t)(stop - at)};

        if (equals != NULL && names_session(at, (size_t)(equals - at))) {
            return pair;
        }
        if (first.at == NULL) {
            first = pair;
        }
        at = stop + 1;
        while (at < end && *at == ' ') {
            at++;
        }
    }
    return first;
}

/* Split a request target into raw path and query; an absolute target
 * ("http://host/path") loses its scheme and authority. */
static void split_target(mlg_text_t target, mlg_text_t *path, mlg_text_t *query)
{
    const char *at = target.at;
    const char *end;
    const char *mark;
    const char *stop;

    *path = *query = NO_TEXT;
    if (at == NULL) {
        return;
    }
    end = at + target.len;
    mark = memchr(at, '?', target.len);
    stop = (mark != NULL) ? mark : end;
    if (at < stop && *at != '/') {
        const char *scheme = memmem(at, (size_t)(stop - at), "://", 3);

        if (scheme != NULL) {
            at = memchr(scheme + 3, '/', (size_t)(stop - scheme - 3));
            at = (at != NULL) ? at : stop;
        }
    }
    path->at = at;
    path->len = (size_t)(stop - at);
    if (mark != NULL && mark + 1 < end) {
        query->at = mark + 1;
        query->len = (size_t)(end - mark - 1);
    }
}

mlg_text_t mlg_request_path(const mlg_request_t *request)
{
    mlg_text_t path;
    mlg_text_t query;

    split_target(request->target, &path, &query);
    return path;
}

/* The path that a Referer names, "/" when it names a host alone; {NULL, 0}
 * when it is no URL. Browsers send no fragment, and a path before a query. */
static mlg_text_t referer_path(mlg_text_t referer)
{
    const char *at = referer.at;
    const char *end;
    const char *mark;

    if (at == NULL || referer.len == 0) {
        return NO_TEXT;
    }
    end = at + referer.len;
    if (*at != '/') {
        const char *colon =
            memchr(at, ':', (referer.len < 8) ? referer.len : 8);

        if (colon == NULL || end - colon < 4 || colon[1] != '/' ||
            colon[2] != '/') {
            return NO_TEXT;
        }
        at = memchr(colon + 3, '/', (size_t)(end - colon - 3));
        if (at == NULL) {
            return (mlg_text_t){"/", 1};
        }
    }
    mark = memchr(at, '?', (size_t)(end - at));
    return (mlg_text_t){at, (size_t)(((mark != NULL) ? mark : end) - at)};
}

static void arrive_with_referer(mlg_arrival_t *out, mlg_text_t referer,
                                const mlg_secret_t *secret)
{
    mlg_text_t path = referer_path(referer);

    if (referer.at == NULL || referer.len == 0) {
        out->is |= MLG_IS_WITHOUT_REFERER;
    }
    if (path.len > 0) {
        out->referer = mlg_hash_text(secret, path.at, path.len);
    }
}

static uint16_t count_segments(mlg_text_t path)
{
    unsigned n = 0;
    char before = '/';

    for (size_t i = 0; i < path.len; i++) {
        n += (before == '/' && path.at[i] != '/');
        before = path.at[i];
    }
    return (uint16_t)((n > 65535) ? 65535 : n);
}

static void arrive_with_cookie(mlg_arrival_t *out, const mlg_request_t *request,
                               const mlg_secret_t *secret)
{
    if (request->cookie.at == NULL || request->cookie.len == 0) {
        out->is |= MLG_IS_WITHOUT_COOKIE;
    }
    else {
        mlg_text_t session = session_part(request->cookie);

        out->session =
            (uint32_t)mlg_hash_text(secret, session.at, session.len) | 1;
    }
}

static void arrive_with_headers(mlg_arrival_t *out,
                                const mlg_request_t *request)
{
    int odd_length = 0;
    int has_body;

    out->header_fields =
        (uint16_t)((request->header_fields > 65535) ? 65535
                                                    : request->header_fields);
    out->header_anomaly = header_anomaly(request);
    out->body_bytes = announced_bytes(request->content_length, &odd_length);
    has_body = out->body_bytes > 0 || request->transfer_encoding.at != NULL;
    if (IS(request->method, "POST") || IS(request->method, "PUT") ||
        IS(request->method, "PATCH")) {
        odd_length |= request->content_length.at == NULL &&
                      request->transfer_encoding.at == NULL &&
                      !request->is_http2; /* HTTP/2 frames its bodies */
    }
    else if (IS(request->method, "GET") || IS(request->method, "HEAD") ||
             IS(request->method, "DELETE")) {
        odd_length |= has_body;
    }
    if (odd_length) {
        out->is |= MLG_IS_ODD_LENGTH;
    }
}

void mlg_request_arrive(mlg_arrival_t *out, const mlg_request_t *request,
                        const mlg_secret_t *secret)
{
    mlg_text_t path;
    mlg_text_t query;

    memset(out, 0, sizeof(*out));
    out->excess = NAN;
    split_target(request->target, &path, &query);
    out->at_us = request->at_us;
    out->knows = request->knows;
    out->from = request->from;
    out->subnet = mlg_hash_subnet(secret, &request->from.addr);
    out->path = mlg_hash_text(secret, path.at, path.len);
    out->path_bytes = (uint16_t)((path.len > 65535) ? 65535 : path.len);
    out->path_segments = count_segments(path);
    out->query =
        (query.at != NULL) ? mlg_hash_text(secret, query.at, query.len) : 0;
    if ((request->knows & MLG_KNOWS_AGENT) != 0 && request->agent.len > 0) {
        out->agent =
            mlg_hash_text(secret, request->agent.at, request->agent.len);
    }
    out->is |= mlg_path_is_asset(path) ? MLG_IS_ASSET : 0;
    if (!IS(request->method, "GET") && !IS(request->method, "HEAD")) {
        out->is |= MLG_IS_OTHER_METHOD;
    }
    if ((request->knows & MLG_KNOWS_REFERER) != 0) {
        arrive_with_referer(out, request->referer, secret);
    }
    if ((request->knows & MLG_KNOWS_CONNECTION) != 0) {
        out->depth = request->depth;
    }
    if ((request->knows & MLG_KNOWS_HEADERS) != 0) {
        arrive_with_headers(out, request);
    }
    if ((request->knows & MLG_KNOWS_COOKIE) != 0) {
        arrive_with_cookie(out, request, secret);
    }
    if ((request->knows & MLG_KNOWS_ENCODING) != 0 &&
        odd_encoding(request, (out->is & MLG_IS_ASSET) != 0)) {
        out->is |= MLG_IS_ODD_ENCODING;
    }
    if ((request->knows & MLG_KNOWS_HOST) != 0 && request->is_odd_host) {
        out->is |= MLG_IS_ODD_HOST;
    }
    if ((request->knows & MLG_KNOWS_HTTP2) != 0 && request->is_http2) {
        out->is |= MLG_IS_HTTP2;
    }
    out->is |= request->is;
}
