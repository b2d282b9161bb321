/* SPDX-License-Identifier: Apache-2.0
 *
 * A JSON object in one line, read where it stands. Not with jansson, which
 * refuses a whole line for a byte that is no UTF-8 or for httpd's \xhh: a
 * client could hide its requests from a replay by sending one.
 */
#include "log_draft.h"

#include <string.h>

#define KEY_MAX   48 /* characters of a key that is compared */
#define DEPTH_MAX 24 /* objects and arrays within each other */

/* What a key means. Names are plain: lower case, nothing but letters and
 * digits. Of several keys for one field the highest rank counts, then the
 * first. */
typedef struct meaning_t {
    const char *parent; /* of the object it has to stand in; NULL: any */
    const char *name;
    log_field field;
    char arg;
    uint8_t rank;
} meaning_t;

/* clang-format off */
static const meaning_t meanings[] = {
    {NULL, "clientip",              LOG_CLIENT,   0,           9},
    {NULL, "remoteaddr",            LOG_CLIENT,   0,           8},
    {NULL, "remoteaddress",         LOG_CLIENT,   0,           8},
    {NULL, "remoteip",              LOG_CLIENT,   0,           7},
    {NULL, "clienthost",            LOG_CLIENT,   0,           6},
    {NULL, "clientaddr",            LOG_CLIENT,   0,           5},
    {NULL, "clientaddress",         LOG_CLIENT,   0,           5},
    {NULL, "remotehost",            LOG_CLIENT,   0,           4},
    {NULL, "sourceip",              LOG_CLIENT,   0,           4},
    {NULL, "cip",                   LOG_CLIENT,   0,           4},
    {NULL, "ip",                    LOG_CLIENT,   0,           3},
    {NULL, "client",                LOG_CLIENT,   0,           2},
    {NULL, "xforwardedfor",         LOG_CLIENT,   LOG_ARG_LIST, 1},
    {NULL, "startutc",              LOG_STAMP,    0,           9},
    {NULL, "starttime",             LOG_STAMP,    0,           8},
    {NULL, "requesttimeepoch",      LOG_STAMP,    0,           8},
    {NULL, "msec",                  LOG_STAMP,    LOG_ARG_END, 7},
    {NULL, "ts",                    LOG_STAMP,    LOG_ARG_END, 6},
    {NULL, "timeiso8601",           LOG_STAMP,    LOG_ARG_END, 5},
    {NULL, "timelocal",             LOG_STAMP,    LOG_ARG_END, 4},
    {NULL, "time",                  LOG_STAMP,    0,           3},
    {NULL, "timestamp",             LOG_STAMP,    0,           3},
    {NULL, "datetime",              LOG_STAMP,    0,           2},
    {NULL, "date",                  LOG_STAMP,    0,           1},
    {NULL, "durationus",            LOG_DURATION, LOG_ARG_US,  9},
    {NULL, "requesttimeus",         LOG_DURATION, LOG_ARG_US,  9},
    {NULL, "responsetimeus",        LOG_DURATION, LOG_ARG_US,  9},
    {NULL, "timetakenus",           LOG_DURATION, LOG_ARG_US,  9},
    {NULL, "microseconds",          LOG_DURATION, LOG_ARG_US,  9},
    {NULL, "durationns",            LOG_DURATION, LOG_ARG_NS,  9},
    {NULL, "durationms",            LOG_DURATION, LOG_ARG_MS,  8},
    {NULL, "requesttimems",         LOG_DURATION, LOG_ARG_MS,  8},
    {NULL, "responsetimems",        LOG_DURATION, LOG_ARG_MS,  8},
    {NULL, "latencyms",             LOG_DURATION, LOG_ARG_MS,  8},
    {NULL, "elapsedms",             LOG_DURATION, LOG_ARG_MS,  8},
    {NULL, "requesttime",           LOG_DURATION, LOG_ARG_S,   7},
    {NULL, "Duration",              LOG_DURATION, LOG_ARG_NS,  7},
    {NULL, "duration",              LOG_DURATION, LOG_ARG_S,   6},
    {NULL, "latency",               LOG_DURATION, LOG_ARG_S,   5},
    {NULL, "request",               LOG_LINE,     0,           3},
    {NULL, "requestline",           LOG_LINE,     0,           3},
    {NULL, "firstline",             LOG_LINE,     0,           2},
    {NULL, "requestfirstline",      LOG_LINE,     0,           2},
    {NULL, "method",                LOG_METHOD,   0,           3},
    {NULL, "requestmethod",         LOG_METHOD,   0,           3},
    {NULL, "httpmethod",            LOG_METHOD,   0,           3},
    {NULL, "csmethod",              LOG_METHOD,   0,           3},
    {NULL, "verb",                  LOG_METHOD,   0,           2},
    {NULL, "requesturi",            LOG_TARGET,   0,           9},
    {NULL, "uri",                   LOG_TARGET,   0,           8},
    {NULL, "requestpath",           LOG_TARGET,   0,           7},
    {NULL, "requesturl",            LOG_TARGET,   0,           7},
    {"url", "original",             LOG_TARGET,   0,           6},
    {NULL, "originalurl",           LOG_TARGET,   0,           6},
    {NULL, "url",                   LOG_TARGET,   0,           5},
    {NULL, "target",                LOG_TARGET,   0,           5},
    {NULL, "path",                  LOG_PATH,     0,           3},
    {NULL, "urlpath",               LOG_PATH,     0,           3},
    {NULL, "uripath",               LOG_PATH,     0,           3},
    {NULL, "csuristem",             LOG_PATH,     0,           3},
    {NULL, "querystring",           LOG_QUERY,    0,           4},
    {NULL, "args",                  LOG_QUERY,    0,           3},
    {NULL, "query",                 LOG_QUERY,    0,           3},
    {NULL, "csuriquery",            LOG_QUERY,    0,           3},
    {NULL, "protocol",              LOG_PROTOCOL, 0,           3},
    {NULL, "proto",                 LOG_PROTOCOL, 0,           3},
    {NULL, "requestprotocol",       LOG_PROTOCOL, 0,           3},
    {NULL, "serverprotocol",        LOG_PROTOCOL, 0,           3},
    {NULL, "csprotocolversion",     LOG_PROTOCOL, 0,           3},
    {NULL, "httpversion",           LOG_PROTOCOL, 0,           2},
    {"http", "version",             LOG_PROTOCOL, 0,           1},
    {NULL, "downstreamstatus",      LOG_STATUS,   0,           5},
    {NULL, "status",                LOG_STATUS,   0,           4},
    {NULL, "statuscode",            LOG_STATUS,   0,           4},
    {NULL, "responsestatus",        LOG_STATUS,   0,           4},
    {NULL, "responsecode",          LOG_STATUS,   0,           4},
    {NULL, "httpstatus",            LOG_STATUS,   0,           4},
    {NULL, "scstatus",              LOG_STATUS,   0,           4},
    {NULL, "response",              LOG_STATUS,   0,           2},
    {NULL, "code",                  LOG_STATUS,   0,           1},
    {NULL, "bodybytessent",         LOG_BYTES,    0,           9},
    {NULL, "downstreamcontentsize", LOG_BYTES,    0,           9},
    {NULL, "responsesize",          LOG_BYTES,    0,           8},
    {NULL, "responselength",        LOG_BYTES,    0,           8},
    {NULL, "responsebytes",         LOG_BYTES,    0,           8},
    {"body", "bytes",               LOG_BYTES,    0,           8},
    {NULL, "byteswritten",          LOG_BYTES,    0,           7},
    {NULL, "size",                  LOG_BYTES,    0,           6},
    {NULL, "bytes",                 LOG_BYTES,    0,           5},
    {NULL, "bytessent",             LOG_BYTES,    0,           4},
    {NULL, "scbytes",               LOG_BYTES,    0,           3},
    {NULL, "connectionrequests",    LOG_DEPTH,    0,           2},
    {NULL, "keepalives",            LOG_DEPTH,    LOG_ARG_FROM_ZERO, 1},
    {NULL, "vhost",                 LOG_VHOST,    0,           5},
    {NULL, "virtualhost",           LOG_VHOST,    0,           5},
    {NULL, "servername",            LOG_VHOST,    0,           4},
    {NULL, "requesthost",           LOG_VHOST,    0,           3},
    {NULL, "httphost",              LOG_VHOST,    0,           3},
    {NULL, "host",                  LOG_VHOST,    0,           2},
    {NULL, "useragent",             LOG_AGENT,    0,           5},
    {NULL, "agent",                 LOG_AGENT,    0,           3},
    {"useragent", "original",       LOG_AGENT,    0,           4},
    {NULL, "referrer",              LOG_REFERER,  0,           4},
    {NULL, "httpreferrer",          LOG_REFERER,  0,           4},
};
/* clang-format on */

/* What stands between braces and brackets is read by whose key it has. */
typedef enum context_t {
    CTX_PLAIN = 1,
    CTX_ANSWER,
    CTX_HEADERS, /* the request's header fields */
    CTX_OTHER    /* the answer's header fields, TLS, an upstream: not ours */
} context_t;

typedef struct name_t {
    char text[KEY_MAX + 1]; /* plain; cut, and then it matches nothing */
    char first;             /* of the key as it is written */
    size_t len;
} name_t;

typedef struct json_t {
    char *at;
    char *end;
    const char *what; /* why it cannot be read */
    int has_headers;  /* an object with the request's */
    mlg_text_t text[LOG_NFIELDS];
    uint8_t rank[LOG_NFIELDS];
    char arg[LOG_NFIELDS];
} json_t;

static int fail(json_t *j, const char *what)
{
    j->what = what;
    return 0;
}

static void skip_blanks(json_t *j)
{
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' ||
                              *j->at == '\r' || *j->at == '\n')) {
        j->at++;
    }
}

/* @return 1 when `c` was next, and is behind us */
static int take(json_t *j, char c)
{
    skip_blanks(j);
    if (j->at == j->end || *j->at != c) {
        return 0;
    }
    j->at++;
    return 1;
}

/* The quote is next. @return 1 and the text between it and the other one */
static int take_string(json_t *j, mlg_text_t *out)
{
    char *begin = ++j->at;
    char *stop = begin;

    while (stop < j->end && *stop != '"') {
        stop += (*stop == '\\') ? 2 : 1;
    }
    if (stop >= j->end) {
        j->at = j->end;
        return fail(j, "a string that does not end");
    }
    j->at = stop + 1;
    *out = (mlg_text_t){begin, (size_t)(stop - begin)};
    return 1;
}

/* "User-Agent" and "user_agent" are useragent. */
static void make_plain(name_t *out, mlg_text_t key)
{
    out->len = 0;
    out->first = (key.len > 0) ? key.at[0] : '\0';
    for (size_t i = 0; i < key.len; i++) {
        char c = key.at[i];

        if (c >= 'A' && c <= 'Z') {
            c = (char)(c | 0x20);
        }
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            if (out->len == KEY_MAX) {
                out->len = 0; /* nothing of ours is that long */
                break;
            }
            out->text[out->len++] = c;
        }
    }
    out->text[out->len] = '\0';
}

static int is_name(const name_t *name, const char *plain)
{
    /* a capital in the table: the key has to begin with it */
    if (*plain >= 'A' && *plain <= 'Z') {
        return name->first == *plain &&
               strcmp(name->text + (name->len > 0), plain + 1) == 0;
    }
    return name->text[0] == *plain && strcmp(name->text, plain) == 0;
}

/* Keep a value unless there is a better one. */
static void keep(json_t *j, log_field field, char arg, uint8_t rank,
                 mlg_text_t text)
{
    if (field != LOG_SKIP && rank > j->rank[field]) {
        j->text[field] = text;
        j->rank[field] = rank;
        j->arg[field] = arg;
    }
}

/* A header field by its own name, or as "http_user_agent" and Traefik's
 * "request_User-Agent". */
static log_field header_of(const name_t *name, context_t context)
{
    mlg_text_t text = {name->text, name->len};

    if (context != CTX_HEADERS) {
        size_t skip = (strncmp(name->text, "http", 4) == 0)      ? 4
                      : (strncmp(name->text, "request", 7) == 0) ? 7
                      : (strncmp(name->text, "cs", 2) == 0)      ? 2
                                                                 : 0;

        if (skip == 0 && strcmp(name->text, "referer") != 0) {
            return LOG_SKIP;
        }
        text.at += skip;
        text.len -= skip;
    }
    return log_field_of_header(text);
}

static void keep_value(json_t *j, const name_t *parent, const name_t *name,
                       context_t context, mlg_text_t text)
{
    log_field header;

    if (context == CTX_OTHER || name->len == 0) {
        return;
    }
    header = header_of(name, context);
    if (header != LOG_SKIP) {
        keep(j, header, (header == LOG_CLIENT) ? LOG_ARG_LIST : LOG_ARG_NONE, 1,
             text);
        return;
    }
    if (context == CTX_HEADERS) {
        return;
    }
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        const meaning_t *m = &meanings[i];

        if (is_name(name, m->name) &&
            (m->parent == NULL || strcmp(parent->text, m->parent) == 0)) {
            /* AWS writes a date where nginx writes seconds */
            int is_date = m->field == LOG_DURATION &&
                          memchr(text.at, ':', text.len) != NULL;

            keep(j, is_date ? LOG_STAMP : m->field, is_date ? 0 : m->arg,
                 m->rank, text);
            return;
        }
    }
}

static int begins(const name_t *name, const char *plain)
{
    return strncmp(name->text, plain, strlen(plain)) == 0;
}

static context_t context_in(const name_t *name, context_t outer)
{
    if (outer == CTX_OTHER || begins(name, "tls") || begins(name, "upstream") ||
        begins(name, "origin")) {
        return CTX_OTHER;
    }
    if (strcmp(name->text, "response") == 0) {
        return CTX_ANSWER;
    }
    if (strcmp(name->text, "body") == 0) { /* the request's has a size, too */
        return (outer == CTX_ANSWER) ? outer : CTX_OTHER;
    }
    if (begins(name, "resp")) {
        return CTX_OTHER;
    }
    if (strcmp(name->text, "headers") == 0 ||
        strcmp(name->text, "requestheaders") == 0) {
        return (outer == CTX_ANSWER) ? CTX_OTHER : CTX_HEADERS;
    }
    return outer;
}

/* "http.request.method" is what method is in an object request in an object
 * http. @return what is left of the key, `parent` and `context` being set */
static mlg_text_t enter_parts(mlg_text_t key, name_t *parent,
                              context_t *context)
{
    const char *point;

    while ((point = memchr(key.at, '.', key.len)) != NULL) {
        size_t len = (size_t)(point - key.at);

        make_plain(parent, (mlg_text_t){key.at, len});
        *context = context_in(parent, *context);
        key.at += len + 1;
        key.len -= len + 1;
    }
    return key;
}

static int take_value(json_t *j, const name_t *parent, const name_t *name,
                      context_t context, int depth);

/* A key and its value. @param name  of the object they are in */
static int take_member(json_t *j, const name_t *name, context_t context,
                       int depth)
{
    name_t parent = *name;
    name_t own;
    mlg_text_t key;

    skip_blanks(j);
    if (j->at == j->end || *j->at != '"') {
        return fail(j, "no \"key\" where one should be");
    }
    if (!take_string(j, &key)) {
        return 0;
    }
    if (context != CTX_HEADERS) {
        key = enter_parts(key, &parent, &context);
    }
    make_plain(&own, key);
    if (!take(j, ':')) {
        return fail(j, "no colon behind a key");
    }
    return take_value(j, &parent, &own, context, depth);
}

/* Behind the '{'. @param name  the object's own */
static int take_object(json_t *j, const name_t *name, context_t context,
                       int depth)
{
    if (take(j, '}')) {
        return 1;
    }
    do {
        if (!take_member(j, name, context, depth)) {
            return 0;
        }
    } while (take(j, ','));
    return take(j, '}') || fail(j, "an object that does not end");
}

/* Behind the '['. Its first element has its key, the others have none. */
static int take_array(json_t *j, const name_t *parent, const name_t *name,
                      context_t context, int depth)
{
    static const name_t nameless;

    if (take(j, ']')) {
        return 1;
    }
    do {
        if (!take_value(j, parent, name, context, depth)) {
            return 0;
        }
        name = &nameless;
    } while (take(j, ','));
    return take(j, ']') || fail(j, "an array that does not end");
}

static int is_bare(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || c == '+' || c == '-' || c == '.';
}

/* A number, true, false or null. */
static int take_bare(json_t *j, mlg_text_t *out)
{
    char *begin = j->at;

    while (j->at < j->end && is_bare(*j->at)) {
        j->at++;
    }
    *out = (mlg_text_t){begin, (size_t)(j->at - begin)};
    if (out->len == 4 && memcmp(begin, "null", 4) == 0) {
        *out = (mlg_text_t){"-", 1};
    }
    return out->len > 0 || fail(j, "no value where one should be");
}

static int take_value(json_t *j, const name_t *parent, const name_t *name,
                      context_t context, int depth)
{
    mlg_text_t text;

    if (depth == DEPTH_MAX) {
        return fail(j, "nested too deep to be a log");
    }
    skip_blanks(j);
    if (take(j, '{')) {
        context = context_in(name, context);
        j->has_headers |= (context == CTX_HEADERS);
        return take_object(j, name, context, depth + 1);
    }
    if (take(j, '[')) {
        return take_array(j, parent, name, context, depth + 1);
    }
    if (j->at < j->end && *j->at == '"') {
        if (!take_string(j, &text)) {
            return 0;
        }
    }
    else if (!take_bare(j, &text)) {
        return 0;
    }
    keep_value(j, parent, name, context, text);
    return 1;
}

/* Other keys are guesses: one that does not fit meant something else. */
static int is_needed(log_field field)
{
    return field == LOG_CLIENT || field == LOG_STAMP || field == LOG_STATUS;
}

static const char *put_all(json_t *j, log_draft_t *draft)
{
    for (int i = LOG_SKIP + 1; i < LOG_NFIELDS; i++) {
        const char *why;
        char *at = (char *)j->text[i].at;

        if (at == NULL) {
            continue;
        }
        j->text[i] = (*at == '-' && j->text[i].len == 1)
                         ? j->text[i]
                         : log_unescape(at, at + j->text[i].len);
        why = log_draft_put(draft, (log_field)i, j->arg[i], j->text[i]);
        if (why != NULL && is_needed((log_field)i)) {
            return why;
        }
    }
    return NULL;
}

int log_json_run(log_draft_t *draft, char *line, char *end, mlg_fault_t *fault)
{
    json_t j = {.at = line, .end = end};
    name_t top = {.len = 0};
    const char *why = NULL;

    if (!take(&j, '{')) {
        fail(&j, "no JSON object");
    }
    else if (take_object(&j, &top, CTX_PLAIN, 0)) {
        why = put_all(&j, draft);
        if (why == NULL && j.text[LOG_CLIENT].at == NULL) {
            why = "no key that names the client's address";
        }
        if (why == NULL && j.text[LOG_STAMP].at == NULL) {
            why = "no key that tells the time";
        }
        j.what = why;
    }
    if (j.what != NULL) {
        mlg_fault(fault, (size_t)(j.at - line), j.what);
        return 0;
    }
    if (j.has_headers) { /* all of them: what is not there was not sent */
        draft->out->request.knows |= MLG_KNOWS_REFERER | MLG_KNOWS_AGENT;
    }
    return 1;
}
