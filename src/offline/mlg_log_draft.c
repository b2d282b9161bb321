/* SPDX-License-Identifier: Apache-2.0 */
#include "log_draft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NO_TEXT ((mlg_text_t){NULL, 0})

const char *log_field_noun(log_field field)
{
    static const char *const nouns[LOG_NFIELDS] = {
#define X(name, noun) noun,
        LOG_FIELDS(X)
#undef X
    };

    return nouns[field];
}

/* Compare without '_' and '-' and case. `name` may be any text. */
static int is_named(mlg_text_t name, const char *plain)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];

        if (c == '-' || c == '_') {
            continue;
        }
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c | 0x20);
        }
        if (c != *plain || c == '\0') {
            return 0;
        }
        plain++;
    }
    return *plain == '\0';
}

log_field log_field_of_header(mlg_text_t name)
{
    static const struct {
        const char *name;
        log_field field;
    } headers[] = {
        {"referer", LOG_REFERER},
        {"useragent", LOG_AGENT},
        {"cookie", LOG_COOKIE},
        {"accept", LOG_ACCEPT},
        {"acceptlanguage", LOG_ACCEPT_LANGUAGE},
        {"acceptencoding", LOG_ACCEPT_ENCODING},
        {"contentlength", LOG_CONTENT_LENGTH},
        {"transferencoding", LOG_TRANSFER_ENCODING},
        {"secfetchmode", LOG_SEC_FETCH_MODE},
        {"xforwardedfor", LOG_CLIENT},
        {"xrealip", LOG_CLIENT},
        {"trueclientip", LOG_CLIENT},
        {"cfconnectingip", LOG_CLIENT},
    };

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        if (is_named(name, headers[i].name)) {
            return headers[i].field;
        }
    }
    return LOG_SKIP;
}

void log_draft_init(log_draft_t *draft, mlg_log_entry_t *out)
{
    memset(out, 0, sizeof(*out));
    memset(draft, 0, sizeof(*draft));
    draft->out = out;
}

static int is_absent(mlg_text_t text)
{
    return text.at == NULL || (text.len == 1 && text.at[0] == '-');
}

/* @return 1 when all of the text is a number of at most 19 digits */
static int parse_number(uint64_t *out, mlg_text_t text)
{
    uint64_t n = 0;

    if (text.len == 0 || text.len > 19) {
        return 0;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return 0;
        }
        n = n * 10 + (uint64_t)(text.at[i] - '0');
    }
    *out = n;
    return 1;
}

/* "1.25", "12ms", "0.1s", "3µs"; a bare number is in `unit`.
 * @return 1 and whole microseconds */
static int parse_duration(uint64_t *us, mlg_text_t text, char unit)
{
    char copy[40];
    char *end;
    double value;

    if (text.len == 0 || text.len >= sizeof(copy) || text.at[0] < '0' ||
        text.at[0] > '9' || memchr(text.at, 'x', text.len) != NULL) {
        return 0;
    }
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    value = strtod(copy, &end);
    if (*end != '\0') {
        unit = (end[0] == '\xc2' || end[0] == '\xce') ? 'u' : end[0];
        if (memchr("nums", unit, 4) == NULL || strlen(end) > 3) {
            return 0;
        }
    }
    value *= (unit == LOG_ARG_S)    ? 1e6
             : (unit == LOG_ARG_MS) ? 1e3
             : (unit == LOG_ARG_NS) ? 1e-3
                                    : 1.0;
    if (!(value < 1e15)) { /* thirty years */
        return 0;
    }
    *us = (uint64_t)llround(value);
    return 1;
}

/* "192.0.2.7", "192.0.2.7:1234", "[2001:db8::7]:1234"; of a list the last,
 * which the nearest proxy wrote. */
static const char *put_client(mlg_log_entry_t *out, char arg, mlg_text_t text)
{
    const char *comma = NULL;
    const char *colon;
    const char *bracket;

    if (is_absent(text)) {
        return "no client address";
    }
    if (arg == LOG_ARG_LIST) {
        comma = memrchr(text.at, ',', text.len);
    }
    if (comma != NULL) {
        text.len -= (size_t)(comma + 1 - text.at);
        text.at = comma + 1;
    }
    while (text.len > 0 && *text.at == ' ') {
        text.at++;
        text.len--;
    }
    if (mlg_log_address(&out->addr, text) == APR_SUCCESS) {
        return NULL;
    }
    colon = memchr(text.at, ':', text.len);
    bracket = memchr(text.at, ']', text.len);
    if (text.len > 0 && *text.at == '[' && bracket != NULL) {
        text = (mlg_text_t){text.at + 1, (size_t)(bracket - text.at - 1)};
    }
    else if (colon != NULL) {
        text.len = (size_t)(colon - text.at);
    }
    if (mlg_log_address(&out->addr, text) == APR_SUCCESS) {
        return NULL;
    }
    return "the client is no address; a log with host names cannot be used "
           "(log %a, HostnameLookups Off)";
}

static void put_protocol(mlg_request_t *r, mlg_text_t text)
{
    const char *digit = memchr(text.at, '2', text.len);

    /* HTTP/2.0, HTTP/2, h2, h2c, 2.0 */
    r->is_http2 =
        digit != NULL && text.len < 16 &&
        (digit == text.at || digit[-1] == '/' || (digit[-1] | 0x20) == 'h');
}

/* "GET /path HTTP/1.1". What does not look like that (a 408's "-", the bytes
 * of a TLS handshake) has no method, and all of it is the target. */
static void put_line(mlg_request_t *r, mlg_text_t line)
{
    const char *space = memchr(line.at, ' ', line.len);
    const char *last = memrchr(line.at, ' ', line.len);
    const char *end = line.at + line.len;

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

static const char *put_number(mlg_log_entry_t *out, log_field field, char arg,
                              mlg_text_t text)
{
    uint64_t n = 0;

    if (is_absent(text) || text.len == 0) {
        return NULL;
    }
    if (field == LOG_DURATION) {
        if (!parse_duration(&out->outcome.duration_us, text, arg)) {
            return "no duration";
        }
        out->outcome.knows_duration = 1;
        return NULL;
    }
    if (!parse_number(&n, text)) {
        return (field == LOG_STATUS)  ? "no status"
               : (field == LOG_BYTES) ? "no size"
                                      : "no number";
    }
    if (field == LOG_STATUS) {
        if (n > 999) {
            return "no status";
        }
        /* nginx: the client hung up before the answer, which people do where
         * a page takes long; that is no answer, and no error of theirs */
        out->outcome.status = (n == 499) ? 0 : (uint32_t)n;
    }
    else if (field == LOG_BYTES) {
        out->outcome.sent_bytes = n;
    }
    else {
        n += (arg == LOG_ARG_FROM_ZERO);
        out->request.depth = (n < UINT32_MAX) ? (uint32_t)n : UINT32_MAX;
        out->request.knows |= MLG_KNOWS_CONNECTION;
    }
    return NULL;
}

/* Caddy hides cookies so: sent, but every client's alike. */
static int is_redacted(mlg_text_t text)
{
    return text.len == 8 && memcmp(text.at, "REDACTED", 8) == 0;
}

static void put_header(mlg_request_t *r, log_field field, mlg_text_t text)
{
    switch (field) {
    case LOG_REFERER:
        r->knows |= MLG_KNOWS_REFERER;
        r->referer = text;
        break;
    case LOG_AGENT:
        r->knows |= MLG_KNOWS_AGENT;
        r->agent = text;
        break;
    case LOG_COOKIE:
        r->cookie = text;
        if (!is_redacted(text)) {
            r->knows |= MLG_KNOWS_COOKIE;
        }
        break;
    case LOG_ACCEPT:
        r->accept = text;
        break;
    case LOG_ACCEPT_LANGUAGE:
        r->accept_language = text;
        break;
    case LOG_ACCEPT_ENCODING:
        r->accept_encoding = text;
        r->knows |= MLG_KNOWS_ENCODING;
        break;
    case LOG_CONTENT_LENGTH:
        r->content_length = text;
        break;
    case LOG_TRANSFER_ENCODING:
        r->transfer_encoding = text;
        break;
    default:
        r->sec_fetch_mode = text;
        break;
    }
}

const char *log_draft_put(log_draft_t *draft, log_field field, char arg,
                          mlg_text_t text)
{
    mlg_log_entry_t *out = draft->out;

    switch (field) {
    case LOG_CLIENT:
        return put_client(out, arg, text);
    case LOG_STAMP:
        return log_clock_read(&draft->clock[arg == LOG_ARG_END], text)
                   ? NULL
                   : "no time such as 26/Jan/2024:19:00:02 +0000";
    case LOG_STATUS:
    case LOG_BYTES:
    case LOG_DURATION:
    case LOG_DEPTH:
        return put_number(out, field, arg, text);
    default:
        break;
    }
    if (is_absent(text)) {
        text = NO_TEXT;
    }
    switch (field) {
    case LOG_SKIP:
        break;
    case LOG_VHOST:
        out->vhost = text;
        break;
    case LOG_LINE:
        if (text.at != NULL) {
            put_line(&out->request, text);
        }
        break;
    case LOG_METHOD:
        out->request.method = text;
        break;
    case LOG_TARGET:
        out->request.target = text;
        break;
    case LOG_PATH:
        draft->path = text;
        break;
    case LOG_QUERY:
        draft->query = text;
        break;
    case LOG_PROTOCOL:
        if (text.at != NULL) {
            put_protocol(&out->request, text);
        }
        break;
    default:
        put_header(&out->request, field, text);
        break;
    }
    return NULL;
}

/* Path and query from two places become one target. */
static void join_target(log_draft_t *draft, char *room, size_t room_bytes)
{
    mlg_text_t *target = &draft->out->request.target;
    mlg_text_t path = (target->at != NULL) ? *target : draft->path;
    mlg_text_t query = draft->query;
    size_t len;

    if (query.len > 0 && query.at[0] == '?') {
        query.at++;
        query.len--;
    }
    *target = path;
    if (path.at == NULL || query.len == 0 ||
        memchr(path.at, '?', path.len) != NULL) {
        return;
    }
    len = (path.len < room_bytes - 1) ? path.len : room_bytes - 1;
    memcpy(room, path.at, len);
    room[len++] = '?';
    query.len = (query.len < room_bytes - len) ? query.len : room_bytes - len;
    memcpy(room + len, query.at, query.len);
    *target = (mlg_text_t){room, len + query.len};
}

const char *log_draft_finish(log_draft_t *draft, char *room, size_t room_bytes)
{
    mlg_request_t *r = &draft->out->request;
    mlg_outcome_t *outcome = &draft->out->outcome;
    int is_precise = 0;

    if (draft->query.len > 0 || draft->path.at != NULL) {
        join_target(draft, room, room_bytes);
    }
    if (!log_clock_join(&draft->clock[0], &r->at_us, &is_precise)) {
        if (!log_clock_join(&draft->clock[1], &r->at_us, &is_precise)) {
            return "no time from 1970 on that is complete";
        }
        if (outcome->knows_duration) {
            r->at_us -= (apr_time_t)outcome->duration_us;
        }
    }
    if (is_precise) {
        r->knows |= MLG_KNOWS_CLOCK;
    }
    else {
        r->at_us += APR_USEC_PER_SEC / 2;
    }
    return (r->at_us >= 0) ? NULL : "no time from 1970 on that is complete";
}
