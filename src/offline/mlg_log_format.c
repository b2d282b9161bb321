/* SPDX-License-Identifier: Apache-2.0 */
#include "log_compile.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#define FORMAT_MAX 8192 /* bytes */

int log_complain(log_compiler_t *c, const char *what)
{
    char text[sizeof(c->fault->what)];

    snprintf(text, sizeof(text), "%.*s: %s",
             (int)((c->spec.len < 40) ? c->spec.len : 40), c->spec.at, what);
    mlg_fault(c->fault, (size_t)(c->spec.at - c->format), text);
    return 0;
}

void log_write_literal(log_compiler_t *c, char byte)
{
    c->literal[c->literal_len++] = byte;
}

/* What was written belongs between the last step and the next. */
static mlg_text_t close_literal(log_compiler_t *c)
{
    mlg_text_t text = {c->literal, c->literal_len};

    c->literal += c->literal_len;
    c->literal_len = 0;
    return text;
}

static void follow(log_compiler_t *c)
{
    log_program_t *program = c->program;
    log_step_t *last = program->step + program->n - 1;
    mlg_text_t literal = close_literal(c);
    mlg_text_t before;

    if (program->n == 0) {
        program->lead = literal;
        return;
    }
    last->after = literal;
    before = (program->n > 1) ? last[-1].after : program->lead;
    if (before.len > 0 && before.at[before.len - 1] == '"' && literal.len > 0 &&
        literal.at[0] == '"') {
        last->flags |= LOG_STEP_QUOTED;
    }
}

/* "%U%q" is one text; any other two have to be kept apart by something. */
static int merges(log_compiler_t *c, log_step_t *last, const log_step_t *step)
{
    if (c->literal_len > 0 || c->program->n == 0 ||
        (last->flags & LOG_STEP_PIECE) != 0) {
        return 0;
    }
    if (last->field == LOG_PATH && step->field == LOG_QUERY) {
        last->field = LOG_TARGET;
        last->spec.len += step->spec.len;
        return 1;
    }
    return 0;
}

int log_add_step(log_compiler_t *c, log_step_t step)
{
    log_program_t *program = c->program;
    log_step_t *last = program->step + program->n - 1;

    step.spec = c->spec;
    if (merges(c, last, &step)) {
        return 1;
    }
    if (program->n > 0 && c->literal_len == 0 &&
        (last->flags & LOG_STEP_PIECE) == 0) {
        return log_complain(c, "nothing tells where the value before it ends");
    }
    if (program->n == LOG_STEPS) {
        return log_complain(c, "more directives than can be read (96)");
    }
    follow(c);
    program->step[program->n++] = step;
    return 1;
}

int log_add_header(log_compiler_t *c, mlg_text_t name, uint8_t flags)
{
    log_step_t step = {.flags = flags, .rank = 1};

    step.field = (uint8_t)log_field_of_header(name);
    step.arg = (step.field == LOG_CLIENT) ? LOG_ARG_LIST : LOG_ARG_NONE;
    return log_add_step(c, step);
}

/* A backslash as in httpd.conf: \" \\ \t \n \r; others stay. */
static char take_escape(log_compiler_t *c)
{
    static const char from[] = "\"\\tnr";
    static const char into[] = "\"\\\t\n\r";
    const char *known = (c->at[0] != '\0') ? strchr(from, c->at[0]) : NULL;

    if (known == NULL) {
        return '\\';
    }
    c->at++;
    return into[known - from];
}

static int compile(log_compiler_t *c, char sign)
{
    while (*c->at != '\0') {
        c->spec = (mlg_text_t){c->at, 1};
        if (*c->at == '\\') {
            c->at++;
            log_write_literal(c, take_escape(c));
        }
        else if (*c->at != sign ||
                 (sign == '$' && !log_is_name(c->at[1]) && c->at[1] != '{')) {
            log_write_literal(c, *c->at++);
        }
        else if (sign == '%' && c->at[1] == '%') {
            c->at += 2;
            log_write_literal(c, '%');
        }
        else {
            c->at++;
            if (!((sign == '%') ? log_add_directive(c) : log_add_variable(c))) {
                return 0;
            }
        }
    }
    if (c->program->n > 0) {
        follow(c);
    }
    return 1;
}

/* Of several steps for one field the best stays. @return its number, or -1 */
static int choose(log_program_t *program, log_field field)
{
    int best = -1;

    for (int i = 0; i < program->n; i++) {
        log_step_t *step = &program->step[i];

        if (step->field != field || (step->flags & LOG_STEP_PIECE) != 0) {
            continue;
        }
        if (best < 0 || step->rank > program->step[best].rank) {
            if (best >= 0) {
                program->step[best].field = LOG_SKIP;
            }
            best = i;
        }
        else {
            step->field = LOG_SKIP;
        }
    }
    return best;
}

static void forget(log_program_t *program, log_field field)
{
    int i = choose(program, field);

    if (i >= 0) {
        program->step[i].field = LOG_SKIP;
    }
}

static int settle(log_compiler_t *c)
{
    log_program_t *program = c->program;
    uint32_t date = LOG_HAS_DATE;
    const char *what = NULL;

    for (int i = LOG_SKIP + 1; i < LOG_NFIELDS; i++) {
        choose(program, (log_field)i);
    }
    if (choose(program, LOG_LINE) >= 0) { /* it says these already */
        forget(program, LOG_METHOD);
        forget(program, LOG_TARGET);
        forget(program, LOG_PATH);
        forget(program, LOG_QUERY);
        forget(program, LOG_PROTOCOL);
    }
    if ((c->has & LOG_HAS_12_HOURS) != 0) {
        date |= LOG_HAS_NOON;
    }
    if (choose(program, LOG_CLIENT) < 0) {
        what = "the format has no client address (%a or %h)";
    }
    else if (c->has == 0) {
        what = "the format has no time (%t)";
    }
    else if ((c->has & LOG_HAS_WHOLE) == 0 && (c->has & date) != date) {
        what = "the times of the format lack a year, month, day, hour, minute "
               "or AM and PM";
    }
    else if (choose(program, LOG_LINE) < 0 && choose(program, LOG_TARGET) < 0 &&
             choose(program, LOG_PATH) < 0) {
        what = "the format has no request (%r, or %m %U%q)";
    }
    if (what != NULL) {
        mlg_fault(c->fault, strlen(c->format), what);
    }
    return what == NULL;
}

apr_status_t log_program_make(log_program_t **out, const char *format,
                              apr_pool_t *p, mlg_fault_t *fault)
{
    size_t len = strlen(format);
    log_compiler_t c = {.format = format, .at = format, .fault = fault};
    int is_nginx = strchr(format, '$') != NULL && strchr(format, '%') == NULL;

    if (len > FORMAT_MAX) {
        mlg_fault(fault, FORMAT_MAX, "a format is at most 8192 bytes long");
        return MLG_ELINE;
    }
    if (strchr(format, '$') == NULL && strchr(format, '%') == NULL) {
        mlg_fault(fault, 0,
                  "neither a format nor one of the names common, combined, "
                  "vhost_combined and json");
        return MLG_ELINE;
    }
    c.program = apr_pcalloc(p, sizeof(*c.program));
    /* %t writes two bytes of its own, the letters of strftime() up to eight */
    c.literal = apr_palloc(p, 8 * len + 8);
    if (!compile(&c, is_nginx ? '$' : '%') || !settle(&c)) {
        return MLG_ELINE;
    }
    *out = c.program;
    return APR_SUCCESS;
}
