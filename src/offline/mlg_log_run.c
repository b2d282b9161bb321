/* SPDX-License-Identifier: Apache-2.0 */
#include "log_draft.h"

#include <stdio.h>
#include <string.h>

#define STAMP_MAX 64 /* bytes of a time in text */

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int begins_with(const char *at, const char *end, mlg_text_t text)
{
    return (size_t)(end - at) >= text.len && memcmp(at, text.at, text.len) == 0;
}

/* Does a time in pieces, from step `i` on, stand here? */
static int is_pieces(const log_program_t *program, int i, const char *at,
                     const char *end)
{
    log_clock_t clock = {.has = 0};

    for (; i < program->n; i++) {
        const log_step_t *step = &program->step[i];

        if ((step->flags & LOG_STEP_PIECE) == 0) {
            break;
        }
        if (!log_clock_take(&clock, step->arg, &at, end) ||
            !begins_with(at, end, step->after)) {
            return 0;
        }
        at += step->after.len;
    }
    return 1;
}

/* Can the value of step `i` begin here? Only what is cheap and certain is
 * asked; it lets a user name hold the space that ends it. A time's end has to
 * be in sight: whoever may write before it could put a time of his own
 * there. */
static int can_begin(const log_program_t *program, int i, const char *at,
                     const char *end)
{
    const log_step_t *step = &program->step[i];
    const char *stop;

    if ((step->flags & LOG_STEP_PIECE) != 0) {
        return is_pieces(program, i, at, end);
    }
    switch ((log_field)step->field) {
    case LOG_STATUS:
    case LOG_BYTES:
    case LOG_DURATION:
    case LOG_DEPTH:
        return at < end && (is_digit(*at) || *at == '-');
    case LOG_STAMP:
        if (at == end || !is_digit(*at) || step->after.len == 0) {
            return at < end && is_digit(*at);
        }
        end = (end - at > STAMP_MAX) ? at + STAMP_MAX : end;
        stop = memchr(at, step->after.at[0], (size_t)(end - at));
        return stop != NULL && begins_with(stop, end, step->after);
    default:
        return 1;
    }
}

/* Where the value of step `i` that begins at `at` ends; NULL when what has to
 * follow does not. */
static char *find_end(const log_program_t *program, int i, char *at, char *end)
{
    const log_step_t *step = &program->step[i];
    const log_step_t *next = (i + 1 < program->n) ? step + 1 : NULL;
    int is_quoted = (step->flags & LOG_STEP_QUOTED) != 0;

    if (step->after.len == 0) {
        return end;
    }
    for (char *stop = at;; stop++) {
        const char *rest;

        stop = memchr(stop, step->after.at[0], (size_t)(end - stop));
        if (stop == NULL) {
            break;
        }
        if (!begins_with(stop, end, step->after) ||
            (is_quoted && log_is_escaped(at, stop))) {
            continue;
        }
        rest = stop + step->after.len;
        if ((next != NULL)
                ? can_begin(program, i + 1, rest, end)
                : (rest == end || (program->is_lenient && *rest == ' '))) {
            return stop;
        }
    }
    if (next == NULL || (next->flags & LOG_STEP_OPTIONAL) == 0) {
        return NULL;
    }
    /* the line ends with this value */
    if (!is_quoted) {
        return end;
    }
    return (end > at && end[-1] == '"' && !log_is_escaped(at, end - 1))
               ? end - 1
               : NULL;
}

static int refuse(mlg_fault_t *fault, const log_step_t *step, size_t offset,
                  const char *what)
{
    char text[sizeof(fault->what)];

    snprintf(text, sizeof(text), "%s where %.*s should be", what,
             (int)((step->spec.len < 40) ? step->spec.len : 40), step->spec.at);
    mlg_fault(fault, offset, text);
    return 0;
}

static int no_end(mlg_fault_t *fault, const log_step_t *step, size_t offset)
{
    char text[sizeof(fault->what)];

    snprintf(text, sizeof(text),
             "no %s followed by '%.*s' where %.*s should be",
             log_field_noun((log_field)step->field),
             (int)((step->after.len < 8) ? step->after.len : 8), step->after.at,
             (int)((step->spec.len < 40) ? step->spec.len : 40), step->spec.at);
    mlg_fault(fault, offset, text);
    return 0;
}

/* A piece of a time and what follows it. */
static int run_piece(const log_step_t *step, log_draft_t *draft, char **line,
                     char *end)
{
    log_clock_t *clock = &draft->clock[(step->flags & LOG_STEP_END) != 0];
    const char *at = *line;

    if (!log_clock_take(clock, step->arg, &at, end) ||
        !begins_with(at, end, step->after)) {
        return 0;
    }
    *line += (at - *line) + (ptrdiff_t)step->after.len;
    return 1;
}

static const char *put(const log_step_t *step, log_draft_t *draft, char *at,
                       char *stop)
{
    mlg_text_t text;

    if (step->field == LOG_SKIP) {
        return NULL;
    }
    text = log_unescape(at, stop);
    if ((step->flags & LOG_STEP_SOMETIMES) != 0 && text.len == 1 &&
        text.at[0] == '-') {
        return NULL;
    }
    return log_draft_put(draft, (log_field)step->field, step->arg, text);
}

int log_program_run(const log_program_t *program, log_draft_t *draft,
                    char *line, char *end, mlg_fault_t *fault)
{
    char *at = line;

    if (!begins_with(at, end, program->lead)) {
        mlg_fault(fault, 0, "the line does not begin as the format says");
        return 0;
    }
    at += program->lead.len;
    for (int i = 0; i < program->n; i++) {
        const log_step_t *step = &program->step[i];
        size_t offset = (size_t)(at - line);
        const char *why;
        char *stop;

        if ((step->flags & LOG_STEP_OPTIONAL) != 0 && at == end) {
            return 1;
        }
        if ((step->flags & LOG_STEP_PIECE) != 0) {
            if (!run_piece(step, draft, &at, end)) {
                return refuse(fault, step, offset, "no such part of a time");
            }
            continue;
        }
        stop = find_end(program, i, at, end);
        if (stop == NULL) {
            return no_end(fault, step, offset);
        }
        why = put(step, draft, at, stop);
        if (why != NULL) {
            return refuse(fault, step, offset, why);
        }
        at = ((size_t)(end - stop) > step->after.len) ? stop + step->after.len
                                                      : end;
    }
    if (at < end && !program->is_lenient) {
        mlg_fault(fault, (size_t)(at - line),
                  "the line goes on where the format ends");
        return 0;
    }
    return 1;
}
