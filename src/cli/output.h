/* SPDX-License-Identifier: Apache-2.0
 *
 * A file that a command writes besides, or instead of, its report. "-" and
 * /dev/stdout are standard output, which main() flushes and looks after.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <apr_pools.h>
#include <stdio.h>

/* All-zero bytes are an output that nobody asked for. */
typedef struct output_t {
    const char *path; /* borrowed; NULL: not asked for */
    FILE *file;       /* NULL: not open */
} output_t;

/** @return 1 when it is standard output */
int output_is_standard(const output_t *output);

/** Refuse to write over what is read, or two outputs to one file. To be asked
 * before any is opened.
 *
 * @param output  shape [n]
 * @param input   shape [ninputs], names of files; NULL: none there
 * @return CTL_DONE, or CTL_MISUSE having said which
 */
int output_check(const output_t *const *output, int n, const char *const *input,
                 int ninputs, apr_pool_t *p);

/** Open it, if it was asked for; what was in the file is gone.
 *
 * @return CTL_DONE, or CTL_MISUSE having said why not
 */
int output_open(output_t *output, apr_pool_t *p);

/** Close it, if it is open, and say when not everything was written.
 *
 * @param code  the command's so far, and then nothing more is said
 * @return `code`, or CTL_FAILED instead of CTL_DONE
 */
int output_close(output_t *output, int code, apr_pool_t *p);

#endif /* OUTPUT_H */
