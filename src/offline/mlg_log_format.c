/* SPDX-License-Identifier: Apache-2.0 */
#include "log_draft.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#define FORMAT_MAX 8192 /* bytes */

/* A format being compiled. */
typedef struct compiler_t {
    log_program_t *program;
    const char *format;
    const char *at;     /* the next byte of it */
    mlg_text_t spec;    /* the directive at hand */
    char *literal;      /* what was written since the last step, ... */
    size_t literal_len; /* ... in a buffer that holds all of them */
    uint32_t has;       /* LOG_HAS_* of both clocks */
    mlg_fault_t *fault;
} compiler_t;

/* What a directive gives. Of two for one field the higher rank counts. */
typedef struct meaning_t {
    const char *name;
    const char *arg; /* what stands in braces; NULL: whatever */
    log_field field;
    char field_arg;
    uint8_t rank;
} meaning_t;

/* clang-format off */
static const meaning_t apache[] = {
    {"a", "c",  LOG_CLIENT,   0,                 2},
    {"a", NULL, LOG_CLIENT,   0,                 5},
    {"h", "c",  LOG_CLIENT,   0,                 3},
    {"h", NULL, LOG_CLIENT,   0,                 4},
    {"v", NULL, LOG_VHOST,    0,                 2},
    {"V", NULL, LOG_VHOST,    0,                 1},
    {"r", NULL, LOG_LINE,     0,                 1},
    {"m", NULL, LOG_METHOD,   0,                 1},
    {"U", NULL, LOG_PATH,     0,                 1},
    {"q", NULL, LOG_QUERY,    0,                 1},
    {"H", NULL, LOG_PROTOCOL, 0,                 1},
    {"s", NULL, LOG_STATUS,   0,                 1},
    {"b", NULL, LOG_BYTES,    0,                 3},
    {"B", NULL, LOG_BYTES,    0,                 3},
    {"O", NULL, LOG_BYTES,    0,                 2},
    {"D", NULL, LOG_DURATION, LOG_ARG_US,        3},
    {"T", "us", LOG_DURATION, LOG_ARG_US,        3},
    {"T", "ms", LOG_DURATION, LOG_ARG_MS,        2},
    {"T", NULL, LOG_SKIP,     0,                 0}, /* too coarse to use */
    {"k", NULL, LOG_DEPTH,    LOG_ARG_FROM_ZERO, 1},
};

static const meaning_t nginx[] = {
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

/* Directives of httpd that say nothing the gate needs. */
static const char skipped[] = "luXpPfRLAnoeCxScI";

static int complain(compiler_t *c, const char *what)
{
    char text[sizeof(c->fault->what)];

    snprintf(text, sizeof(text), "%.*s: %s",
             (int)((c->spec.len < 40) ? c->spec.len : 40), c->spec.at, what);
    mlg_fault(c->fault, (size_t)(c->spec.at - c->format), text);
    return 0;
}

static void write_literal(compiler_t *c, char byte)
{
    c->literal[c->literal_len++] = byte;
}

/* What was written belongs between the last step and the next. */
static mlg_text_t close_literal(compiler_t *c)
{
    mlg_text_t text = {c->literal, c->literal_len};

    c->literal += c->literal_len;
    c->literal_len = 0;
    return text;
}

static void follow(compiler_t *c)
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
static int merges(compiler_t *c, log_step_t *last, const log_step_t *step)
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

static int add_step(compiler_t *c, log_step_t step)
{
    log_program_t *program = c->program;
    log_step_t *last = program->step + program->n - 1;

    step.spec = c->spec;
    if (merges(c, last, &step)) {
        return 1;
    }
    if (program->n > 0 && c->literal_len == 0 &&
        (last->flags & LOG_STEP_PIECE) == 0) {
        return complain(c, "nothing tells where the value before it ends");
    }
    if (program->n == LOG_STEPS) {
        return complain(c, "more directives than can be read (96)");
    }
    follow(c);
    program->step[program->n++] = step;
    return 1;
}

/* ---- httpd's LogFormat -------------------------------------------------- */

static const char *spelt_out(char letter)
{
    switch (letter) {
    case 'T':
        return "%H:%M:%S";
    case 'D':
        return "%m/%d/%y";
    case 'F':
        return "%Y-%m-%d";
    case 'R':
        return "%H:%M";
    case 'r':
        return "%I:%M:%S %p";
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case 'h':
        return "%b";
    case 'n':
        return "\n";
    case 't':
        return "\t";
    case '%':
        return "";
    default:
        return NULL;
    }
}

static int add_piece(compiler_t *c, char piece, uint8_t flags)
{
    int known;

    c->has |= log_clock_piece(piece, &known);
    if (!known) {
        char text[60];

        snprintf(text, sizeof(text),
                 "%%%c is no part of a time that can be "
                 "read back",
                 (piece > ' ' && piece < 0x7f) ? piece : '?');
        return complain(c, text);
    }
    return add_step(
        c, (log_step_t){.arg = piece, .flags = LOG_STEP_PIECE | flags});
}

/* A format of strftime()'s, `depth` 0 as it was given. */
static int add_strftime(compiler_t *c, const char *at, const char *end,
                        uint8_t flags, int depth)
{
    for (; at < end; at++) {
        const char *more;

        if (*at != '%') {
            write_literal(c, *at);
            continue;
        }
        at++;
        while (at < end && (*at == 'E' || *at == 'O' || *at == '-')) {
            at++; /* modifiers that do not matter for reading */
        }
        if (at == end) {
            return complain(c, "the format of the time ends with %");
        }
        more = (depth == 0) ? spelt_out(*at) : NULL;
        if (more == NULL) {
            if (!add_piece(c, *at, flags)) {
                return 0;
            }
        }
        else if (*at == '%') {
            write_literal(c, '%');
        }
        else if (!add_strftime(c, more, more + strlen(more), flags, 1)) {
            return 0;
        }
    }
    return 1;
}

/* %t, or %{begin:...}t with what mod_log_config knows. */
static int add_time(compiler_t *c, mlg_text_t arg)
{
    static const struct {
        const char *name;
        char piece;
    } own[] = {{"sec", 's'},
               {"msec", LOG_PIECE_MSEC},
               {"usec", LOG_PIECE_USEC},
               {"msec_frac", LOG_PIECE_MSEC_FRAC},
               {"usec_frac", LOG_PIECE_USEC_FRAC}};
    uint8_t flags = 0;
    int n;

    if (arg.len >= 4 && memcmp(arg.at, "end:", 4) == 0) {
        flags = LOG_STEP_END;
        arg = (mlg_text_t){arg.at + 4, arg.len - 4};
    }
    else if (arg.len >= 6 && memcmp(arg.at, "begin:", 6) == 0) {
        arg = (mlg_text_t){arg.at + 6, arg.len - 6};
    }
    if (arg.len == 0) {
        write_literal(c, '[');
        n = add_step(
            c, (log_step_t){.field = LOG_STAMP,
                            .arg = (flags != 0) ? LOG_ARG_END : LOG_ARG_NONE,
                            .rank = (flags != 0) ? 1 : 2});
        write_literal(c, ']');
        c->has |= LOG_HAS_WHOLE;
        return n;
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (strlen(own[i].name) == arg.len &&
            memcmp(own[i].name, arg.at, arg.len) == 0) {
            return add_piece(c, own[i].piece, flags);
        }
    }
    return add_strftime(c, arg.at, arg.at + arg.len, flags, 0);
}

static int add_header(compiler_t *c, mlg_text_t name, uint8_t flags)
{
    log_step_t step = {.flags = flags, .rank = 1};

    step.field = (uint8_t)log_field_of_header(name);
    step.arg = (step.field == LOG_CLIENT) ? LOG_ARG_LIST : LOG_ARG_NONE;
    return add_step(c, step);
}

static int add_letter(compiler_t *c, char letter, mlg_text_t arg, uint8_t flags,
                      int is_final)
{
    for (size_t i = 0; i < sizeof(apache) / sizeof(apache[0]); i++) {
        const meaning_t *m = &apache[i];

        if (letter == m->name[0] &&
            (m->arg == NULL || (strlen(m->arg) == arg.len &&
                                memcmp(m->arg, arg.at, arg.len) == 0))) {
            return add_step(
                c, (log_step_t){.field = (uint8_t)m->field,
                                .arg = m->field_arg,
                                .flags = flags,
                                .rank = (uint8_t)(m->rank + is_final)});
        }
    }
    if (letter == 'i') {
        return add_header(c, arg, flags);
    }
    if (letter != '\0' && strchr(skipped, letter) != NULL) {
        return add_step(c, (log_step_t){.field = LOG_SKIP});
    }
    return complain(c, "no directive of LogFormat");
}

/* "%!400,501{Name}>i" and the like; `at` stands behind the per cent sign. */
static int add_directive(compiler_t *c)
{
    mlg_text_t arg = {NULL, 0};
    uint8_t flags = 0;
    int is_final = 0;
    char letter;

    for (;; c->at++) {
        if (*c->at == '{') {
            const char *close = strchr(c->at, '}');

            if (close == NULL) {
                return complain(c, "the brace is not closed");
            }
            arg = (mlg_text_t){c->at + 1, (size_t)(close - c->at - 1)};
            c->at = close;
        }
        else if (*c->at == '!' || (*c->at >= '0' && *c->at <= '9')) {
            flags |= LOG_STEP_SOMETIMES;
        }
        else if (*c->at == '>') {
            is_final = 1;
        }
        else if (*c->at != '<' && *c->at != ',') {
            break;
        }
    }
    letter = *c->at;
    if (letter == '^' && c->at[1] == 't' &&
        (c->at[2] == 'i' || c->at[2] == 'o')) {
        c->at += 2; /* a trailer field */
        letter = 'o';
    }
    c->at += (*c->at != '\0');
    c->spec.len = (size_t)(c->at - c->spec.at);
    return (letter == 't') ? add_time(c, arg)
                           : add_letter(c, letter, arg, flags, is_final);
}

/* ---- nginx's log_format ------------------------------------------------- */

static int is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_';
}

/* `at` stands behind the dollar sign. */
static int add_variable(compiler_t *c)
{
    int has_brace = (*c->at == '{');
    mlg_text_t name = {c->at + has_brace, 0};

    while (is_name(name.at[name.len])) {
        name.len++;
    }
    c->at = name.at + name.len;
    if (has_brace && *c->at++ != '}') {
        c->at--;
        return complain(c, "the brace is not closed");
    }
    c->spec.len = (size_t)(c->at - c->spec.at);
    if (name.len == 0) {
        return complain(c, "a variable without a name");
    }
    for (size_t i = 0; i < sizeof(nginx) / sizeof(nginx[0]); i++) {
        const meaning_t *m = &nginx[i];

        if (strlen(m->name) == name.len &&
            memcmp(m->name, name.at, name.len) == 0) {
            c->has |= (m->field == LOG_STAMP) ? LOG_HAS_WHOLE : 0;
            return add_step(c, (log_step_t){.field = (uint8_t)m->field,
                                            .arg = m->field_arg,
                                            .rank = m->rank});
        }
    }
    if (name.len > 5 && memcmp(name.at, "http_", 5) == 0) {
        return add_header(c, (mlg_text_t){name.at + 5, name.len - 5}, 0);
    }
    return add_step(c, (log_step_t){.field = LOG_SKIP}); /* there are many */
}

/* ---- both --------------------------------------------------------------- */

/* A backslash as in httpd.conf: \" \\ \t \n \r; others stay. */
static char take_escape(compiler_t *c)
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

static int compile(compiler_t *c, char sign)
{
    while (*c->at != '\0') {
        c->spec = (mlg_text_t){c->at, 1};
        if (*c->at == '\\') {
            c->at++;
            write_literal(c, take_escape(c));
        }
        else if (*c->at != sign ||
                 (sign == '$' && !is_name(c->at[1]) && c->at[1] != '{')) {
            write_literal(c, *c->at++);
        }
        else if (sign == '%' && c->at[1] == '%') {
            c->at += 2;
            write_literal(c, '%');
        }
        else {
            c->at++;
            if (!((sign == '%') ? add_directive(c) : add_variable(c))) {
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

static int settle(compiler_t *c)
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
    compiler_t c = {.format = format, .at = format, .fault = fault};
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
