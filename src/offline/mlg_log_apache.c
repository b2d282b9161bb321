/* SPDX-License-Identifier: Apache-2.0 */
#include "log_compile.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const log_meaning_t apache[] = {
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
/* clang-format on */

/* Directives of httpd that say nothing the gate needs. */
static const char skipped[] = "luXpPfRLAnoeCxScI";

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

static int add_piece(log_compiler_t *c, char piece, uint8_t flags)
{
    int known;

    c->has |= log_clock_piece(piece, &known);
    if (!known) {
        char text[60];

        snprintf(text, sizeof(text),
                 "%%%c is no part of a time that can be "
                 "read back",
                 (piece > ' ' && piece < 0x7f) ? piece : '?');
        return log_complain(c, text);
    }
    return log_add_step(
        c, (log_step_t){.arg = piece, .flags = LOG_STEP_PIECE | flags});
}

/* A format of strftime()'s, `depth` 0 as it was given. */
static int add_strftime(log_compiler_t *c, const char *at, const char *end,
                        uint8_t flags, int depth)
{
    for (; at < end; at++) {
        const char *more;

        if (*at != '%') {
            log_write_literal(c, *at);
            continue;
        }
        at++;
        while (at < end && (*at == 'E' || *at == 'O' || *at == '-')) {
            at++; /* modifiers that do not matter for reading */
        }
        if (at == end) {
            return log_complain(c, "the format of the time ends with %");
        }
        more = (depth == 0) ? spelt_out(*at) : NULL;
        if (more == NULL) {
            if (!add_piece(c, *at, flags)) {
                return 0;
            }
        }
        else if (*at == '%') {
            log_write_literal(c, '%');
        }
        else if (!add_strftime(c, more, more + strlen(more), flags, 1)) {
            return 0;
        }
    }
    return 1;
}

/* %t, or %{begin:...}t with what mod_log_config knows. */
static int add_time(log_compiler_t *c, mlg_text_t arg)
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
        log_write_literal(c, '[');
        n = log_add_step(
            c, (log_step_t){.field = LOG_STAMP,
                            .arg = (flags != 0) ? LOG_ARG_END : LOG_ARG_NONE,
                            .rank = (flags != 0) ? 1 : 2});
        log_write_literal(c, ']');
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

static int add_letter(log_compiler_t *c, char letter, mlg_text_t arg,
                      uint8_t flags, int is_final)
{
    for (size_t i = 0; i < sizeof(apache) / sizeof(apache[0]); i++) {
        const log_meaning_t *m = &apache[i];

        if (letter == m->name[0] &&
            (m->arg == NULL || (strlen(m->arg) == arg.len &&
                                memcmp(m->arg, arg.at, arg.len) == 0))) {
            return log_add_step(
                c, (log_step_t){.field = (uint8_t)m->field,
                                .arg = m->field_arg,
                                .flags = flags,
                                .rank = (uint8_t)(m->rank + is_final)});
        }
    }
    if (letter == 'i') {
        return log_add_header(c, arg, flags);
    }
    if (letter != '\0' && strchr(skipped, letter) != NULL) {
        return log_add_step(c, (log_step_t){.field = LOG_SKIP});
    }
    return log_complain(c, "no directive of LogFormat");
}

/* "%!400,501{Name}>i" and the like; `at` stands behind the per cent sign. */
int log_add_directive(log_compiler_t *c)
{
    mlg_text_t arg = {"", 0};
    uint8_t flags = 0;
    int is_final = 0;
    char letter;

    for (;; c->at++) {
        if (*c->at == '{') {
            const char *close = strchr(c->at, '}');

            if (close == NULL) {
                return log_complain(c, "the brace is not closed");
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
