/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the compiler of formats. What httpd's and nginx's have in common is
 * in mlg_log_format.c; each has a file for its directives.
 */
#ifndef LOG_COMPILE_H
#define LOG_COMPILE_H

#include "log_draft.h"

/* A format being compiled. */
typedef struct log_compiler_t {
    log_program_t *program;
    const char *format;
    const char *at;     /* the next byte of it */
    mlg_text_t spec;    /* the directive at hand */
    char *literal;      /* what was written since the last step, ... */
    size_t literal_len; /* ... in a buffer that holds all of them */
    uint32_t has;       /* LOG_HAS_* of both clocks */
    mlg_fault_t *fault;
} log_compiler_t;

/* What a directive gives. Of two for one field the higher rank counts. */
typedef struct log_meaning_t {
    const char *name;
    const char *arg; /* what stands in braces; NULL: whatever */
    log_field field;
    char field_arg;
    uint8_t rank;
} log_meaning_t;

/** Say what is wrong with the directive at hand. @return 0 */
int log_complain(log_compiler_t *c, const char *what);

/** A byte that has to stand between two values. */
void log_write_literal(log_compiler_t *c, char byte);

/** Add a step, its `spec` being the directive at hand.
 * @return 1, or 0 having said why not */
int log_add_step(log_compiler_t *c, log_step_t step);

/** Add a step for a request header. @return as log_add_step() */
int log_add_header(log_compiler_t *c, mlg_text_t name, uint8_t flags);

/** Compile one directive; `c->at` stands behind its sign and moves on.
 * @return as log_add_step() */
int log_add_directive(log_compiler_t *c);
int log_add_variable(log_compiler_t *c);

/** Can the name of a variable hold this? */
int log_is_name(char c);

#endif /* LOG_COMPILE_H */
