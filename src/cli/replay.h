/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of mlgatectl replay: what was asked for and what came of it. */
#ifndef REPLAY_H
#define REPLAY_H

#include "mlg_replay.h"
#include "tally.h"

#include <apr_tables.h>

/* One run. */
typedef struct run_t {
    apr_pool_t *p;
    mlg_replay_t replay;
    mlg_log_parser_t *parser;
    mlg_weighted_t model;
    tally_t tally;
    apr_array_header_t *labels; /* of const char *, file names */
    FILE *blocks;
    FILE *features;
    unsigned quoted; /* malformed lines shown so far */
} run_t;

/** Read the options into `run`.
 *
 * @param logs   set to the logs named, shape [*nlogs]
 * @param wants_help  set to 1 when help was asked for, and printed
 * @return CTL_DONE, or CTL_MISUSE having said why
 */
int replay_options(run_t *run, int argc, const char *const *argv,
                   const char *const **logs, int *nlogs, int *wants_help);

#endif /* REPLAY_H */
