/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the reader of JSON lines: what keys mean. The table is in
 * mlg_log_keys.c; mlg_log.h lists it for people.
 */
#ifndef LOG_JSON_H
#define LOG_JSON_H

#include "log_draft.h"

#define KEY_MAX 48 /* characters of a key that is compared */

/* What stands between braces and brackets is read by whose key it has. */
typedef enum log_context {
    LOG_IN_PLAIN = 1,
    LOG_IN_ANSWER,
    LOG_IN_HEADERS, /* the request's header fields */
    LOG_IN_OTHER    /* the answer's header fields, TLS, an upstream: not ours */
} log_context;

typedef struct log_key_t {
    char text[KEY_MAX + 1]; /* plain; cut, and then it matches nothing */
    char first;             /* of the key as it is written */
    size_t len;
} log_key_t;

/* What a value is for. */
typedef struct log_key_use_t {
    log_field field; /* LOG_SKIP: nothing */
    char arg;        /* LOG_ARG_* */
    uint8_t rank;    /* the higher one counts, then the first */
} log_key_use_t;

/** Make a key comparable: "User-Agent" and "user_agent" are useragent. One
 * that is too long to be known is empty. */
void log_key_plain(log_key_t *out, mlg_text_t key);

/** What stands in an object of this name. */
log_context log_key_context(const log_key_t *name, log_context outer);

/** "http.request.method" is what method is in an object request in an object
 * http. @return what is left of the key, `parent` and `context` being set */
mlg_text_t log_key_enter(mlg_text_t key, log_key_t *parent,
                         log_context *context);

/** What a value of this key is for. */
log_key_use_t log_key_find(const log_key_t *parent, const log_key_t *name,
                           log_context context);

#endif /* LOG_JSON_H */
