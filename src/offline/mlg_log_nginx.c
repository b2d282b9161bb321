/* SPDX-License-Identifier: Apache-2.0 */
#include "log_compile.h"

#include <string.h>

/* clang-format off */
static const log_meaning_t nginx[] = {
    {"remote_addr",         NULL, LOG_CLIENT,   0,           5},
    {"binary_remote_addr",  NULL, LOG_SKIP,     0,           0},
    {"time_local",          NULL, LOG_STAMP,    LOG_ARG_END, 1},
    {"time_iso8601",        NULL, LOG_STAMP,    LOG_ARG_END, 2},
    {"msec",                NULL, LOG_STAMP,    LOG_ARG_END, 3},
    {"request",             NULL, LOG_LINE,     0,           1},
    {"request_method",      NULL, LOG_METHOD,   0,           1},
    {"request_uri",         NULL, LOG_TARGET,   0,           2},
    {"uri",                 NULL, LOG_PATH,     0,           1},
    {"document_uri",        NULL, LOG_PATH,     0,           1},
    {"args",                NULL, LOG_QUERY,    0,           1},
    {"query_string",        NULL, LOG_QUERY,    0,           1},
    {"server_protocol",     NULL, LOG_PROTOCOL, 0,           1},
    {"status",              NULL, LOG_STATUS,   0,           1},
    {"body_bytes_sent",     NULL, LOG_BYTES,    0,           3},
    {"bytes_sent",          NULL, LOG_BYTES,    0,           2},
    {"request_time",        NULL, LOG_DURATION, LOG_ARG_S,   3},
    {"connection_requests", NULL, LOG_DEPTH,    0,           1},
    {"host",                NULL, LOG_VHOST,    0,           1},
    {"server_name",         NULL, LOG_VHOST,    0,           2},
};
/* clang-format on */

int log_is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_';
}

/* `at` stands behind the dollar sign. */
int log_add_variable(log_compiler_t *c)
{
    int has_brace = (*c->at == '{');
    mlg_text_t name = {c->at + has_brace, 0};

    while (log_is_name(name.at[name.len])) {
        name.len++;
    }
    c->at = name.at + name.len;
    if (has_brace && *c->at++ != '}') {
        c->at--;
        return log_complain(c, "the brace is not closed");
    }
    c->spec.len = (size_t)(c->at - c->spec.at);
    if (name.len == 0) {
        return log_complain(c, "a variable without a name");
    }
    for (size_t i = 0; i < sizeof(nginx) / sizeof(nginx[0]); i++) {
        const log_meaning_t *m = &nginx[i];

        if (strlen(m->name) == name.len &&
            memcmp(m->name, name.at, name.len) == 0) {
            c->has |= (m->field == LOG_STAMP) ? LOG_HAS_WHOLE : 0;
            return log_add_step(c, (log_step_t){.field = (uint8_t)m->field,
                                                .arg = m->field_arg,
                                                .rank = m->rank});
        }
    }
    if (name.len > 5 && memcmp(name.at, "http_", 5) == 0) {
        return log_add_header(c, (mlg_text_t){name.at + 5, name.len - 5}, 0);
    }
    return log_add_step(c,
                        (log_step_t){.field = LOG_SKIP}); /* there are many */
}
