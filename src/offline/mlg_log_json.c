/* SPDX-License-Identifier: Apache-2.0
 *
 * A JSON object in one line, read where it stands. Not with jansson, which
 * refuses a whole line for a byte that is no UTF-8 or for httpd's \xhh: a
 * client could hide its requests from a replay by sending one.
 */
#include "log_json.h"

#include <string.h>

#define DEPTH_MAX 24 /* objects and arrays within each other */

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

/* Keep a value unless there is a better one. */
static void keep(json_t *j, log_key_use_t use, mlg_text_t text)
{
    if (use.field != LOG_SKIP && use.rank > j->rank[use.field]) {
        j->text[use.field] = text;
        j->rank[use.field] = use.rank;
        j->arg[use.field] = use.arg;
    }
}

static void keep_value(json_t *j, const log_key_t *parent,
                       const log_key_t *name, log_context context,
                       mlg_text_t text)
{
    log_key_use_t use = log_key_find(parent, name, context);

    /* AWS writes a date where nginx writes seconds */
    if (use.field == LOG_DURATION && text.len > 0 &&
        memchr(text.at, ':', text.len) != NULL) {
        use.field = LOG_STAMP;
        use.arg = LOG_ARG_NONE;
    }
    keep(j, use, text);
}

static int take_value(json_t *j, const log_key_t *parent, const log_key_t *name,
                      log_context context, int depth);

/* A key and its value. @param name  of the object they are in */
static int take_member(json_t *j, const log_key_t *name, log_context context,
                       int depth)
{
    log_key_t parent = *name;
    log_key_t own;
    mlg_text_t key;

    skip_blanks(j);
    if (j->at == j->end || *j->at != '"') {
        return fail(j, "no \"key\" where one should be");
    }
    if (!take_string(j, &key)) {
        return 0;
    }
    if (context != LOG_IN_HEADERS) {
        key = log_key_enter(key, &parent, &context);
    }
    log_key_plain(&own, key);
    if (!take(j, ':')) {
        return fail(j, "no colon behind a key");
    }
    return take_value(j, &parent, &own, context, depth);
}

/* Behind the '{'. @param name  the object's own */
static int take_object(json_t *j, const log_key_t *name, log_context context,
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
static int take_array(json_t *j, const log_key_t *parent, const log_key_t *name,
                      log_context context, int depth)
{
    static const log_key_t nameless;

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

static int take_value(json_t *j, const log_key_t *parent, const log_key_t *name,
                      log_context context, int depth)
{
    mlg_text_t text;

    if (depth == DEPTH_MAX) {
        return fail(j, "nested too deep to be a log");
    }
    skip_blanks(j);
    if (take(j, '{')) {
        context = log_key_context(name, context);
        j->has_headers |= (context == LOG_IN_HEADERS);
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
    log_key_t top = {.len = 0};
    const char *why = NULL;

    if (!take(&j, '{')) {
        fail(&j, "no JSON object");
    }
    else if (take_object(&j, &top, LOG_IN_PLAIN, 0)) {
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
        draft->out->request.knows |=
            MLG_KNOWS_REFERER | MLG_KNOWS_AGENT | MLG_KNOWS_ENCODING;
        draft->out->request.knows |=
            (j.text[LOG_COOKIE].at == NULL) ? MLG_KNOWS_COOKIE : 0;
    }
    return 1;
}
