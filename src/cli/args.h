/* SPDX-License-Identifier: Apache-2.0
 *
 * A command's own command line: long options anywhere among the operands,
 * --help, and "-" as an operand.
 */
#ifndef ARGS_H
#define ARGS_H

#include <apr_getopt.h>
#include <apr_pools.h>

/* What --help says around the list of options. */
typedef struct args_manual_t {
    const char *usage; /* lines that follow "Usage: mlgatectl ", the next ones
                          indented by the writer */
    const char *about; /* what it does, in lines of at most 79 characters */
    const char *notes; /* after the options; NULL: nothing */
} args_manual_t;

/* The row that every command's table of options has. */
#define ARGS_HELP                                                              \
    {                                                                          \
        "help", 'h', 0, "show this"                                            \
    }

/** Take one option.
 *
 * @param option  its id in the table
 * @param arg     its value, NULL for one that takes none
 * @return CTL_DONE, or CTL_MISUSE having said why
 */
typedef int (*args_option_fn)(void *data, int option, const char *arg);

/* What is left when the options are taken. */
typedef struct args_t {
    const char *const *operand; /* shape [n]; borrowed from argv */
    int n;
    int is_answered; /* 1: --help was asked for, and printed */
} args_t;

/** Read a command line.
 *
 * @param args     filled on success
 * @param options  ends with a row of zeros; has ARGS_HELP
 * @param take     called for every option but --help
 * @param argv     shape [argc]; argv[0] is the command's name
 * @return CTL_DONE, or CTL_MISUSE having said why
 */
int args_read(args_t *args, const args_manual_t *manual,
              const apr_getopt_option_t *options, args_option_fn take,
              void *data, int argc, const char *const *argv, apr_pool_t *p);

/** Take the first operand away. @return it, or NULL when there is none */
const char *args_shift(args_t *args);

#endif /* ARGS_H */
