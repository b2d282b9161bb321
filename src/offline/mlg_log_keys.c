/* SPDX-License-Identifier: Apache-2.0 */
#include "log_json.h"

#include <string.h>

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

void log_key_plain(log_key_t *out, mlg_text_t key)
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

static int is_name(const log_key_t *name, const char *plain)
{
    /* a capital in the table: the key has to begin with it */
    if (*plain >= 'A' && *plain <= 'Z') {
        return name->first == *plain &&
               strcmp(name->text + (name->len > 0), plain + 1) == 0;
    }
    return name->text[0] == *plain && strcmp(name->text, plain) == 0;
}

/* A header field by its own name, or as "http_user_agent" and Traefik's
 * "request_User-Agent". */
static log_field header_of(const log_key_t *name, log_context context)
{
    mlg_text_t text = {name->text, name->len};

    if (context != LOG_IN_HEADERS) {
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

log_key_use_t log_key_find(const log_key_t *parent, const log_key_t *name,
                           log_context context)
{
    log_key_use_t use = {LOG_SKIP, LOG_ARG_NONE, 1};

    if (context == LOG_IN_OTHER || name->len == 0) {
        return use;
    }
    use.field = header_of(name, context);
    if (use.field != LOG_SKIP || context == LOG_IN_HEADERS) {
        use.arg = (use.field == LOG_CLIENT) ? LOG_ARG_LIST : LOG_ARG_NONE;
        return use;
    }
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        const meaning_t *m = &meanings[i];

        if (is_name(name, m->name) &&
            (m->parent == NULL || strcmp(parent->text, m->parent) == 0)) {
            return (log_key_use_t){m->field, m->arg, m->rank};
        }
    }
    return use;
}

static int begins(const log_key_t *name, const char *plain)
{
    return strncmp(name->text, plain, strlen(plain)) == 0;
}

log_context log_key_context(const log_key_t *name, log_context outer)
{
    if (outer == LOG_IN_OTHER || begins(name, "tls") ||
        begins(name, "upstream") || begins(name, "origin")) {
        return LOG_IN_OTHER;
    }
    if (strcmp(name->text, "response") == 0) {
        return LOG_IN_ANSWER;
    }
    if (strcmp(name->text, "body") == 0) { /* the request's has a size, too */
        return (outer == LOG_IN_ANSWER) ? outer : LOG_IN_OTHER;
    }
    if (begins(name, "resp")) {
        return LOG_IN_OTHER;
    }
    if (strcmp(name->text, "headers") == 0 ||
        strcmp(name->text, "requestheaders") == 0) {
        return (outer == LOG_IN_ANSWER) ? LOG_IN_OTHER : LOG_IN_HEADERS;
    }
    return outer;
}

mlg_text_t log_key_enter(mlg_text_t key, log_key_t *parent,
                         log_context *context)
{
    const char *point;

    while ((point = memchr(key.at, '.', key.len)) != NULL) {
        size_t len = (size_t)(point - key.at);

        log_key_plain(parent, (mlg_text_t){key.at, len});
        *context = log_key_context(parent, *context);
        key.at += len + 1;
        key.len -= len + 1;
    }
    return key;
}
