/* SPDX-License-Identifier: Apache-2.0
 *
 * The one way in which every command reads logs: their lines, oldest first,
 * through the gate, one call per request.
 *
 * Logs may be plain or gzipped and named in any order. Those that overlap in
 * time, as one for each virtual host do, are merged: of the lines that are
 * next in their logs the one with the earliest time is judged, of several with
 * one time the one whose log was named first. Within a log the order is kept,
 * even where times step back; so a line dated far ahead makes the rest of its
 * log wait until the other logs have come as far or to their ends.
 *
 * A line that cannot be read is counted, the first few are quoted on standard
 * error, and the run goes on. On a terminal one line of standard error tells
 * how far it is.
 *
 * Memory: the gate's table, and 0.7 MB for each log that is open, 1.2 MB with
 * labels. A log is open from when its first line is due to its end: rotated
 * logs one after another, those that overlap together, one or two files each.
 */
#ifndef FEED_H
#define FEED_H

#include "feed_labels.h"
#include "mlg_replay.h"
#include "rules.h"

#include <apr_tables.h>

#define FEED_OBSERVED (-1) /* of feed_run(): see feed_t.wants_access */

/* One request, judged. Borrowed until the callback returns. */
typedef struct judged_t {
    const mlg_log_entry_t *entry; /* its line; NULL: of an observation log */
    const mlg_arrival_t *arrival;
    const mlg_decision_t *decision;
    const mlg_outcome_t *outcome; /* as the log has it */
    mlg_text_t label;             /* its class by --labels, else {NULL, 0} */
} judged_t;

/** @return CTL_DONE to go on; anything else ends the run and is its code */
typedef int (*judged_fn)(void *data, const judged_t *judged);

typedef struct feed_t {
    apr_pool_t *p;
    mlg_replay_t replay;        /* ready once feed_run() has begun */
    rules_t rules;              /* may be changed until then */
    const char *format;         /* --format; NULL: tell line by line */
    apr_array_header_t *labels; /* --labels, of const char *: file names */
    int is_quiet;               /* --quiet: no progress */
    const char *doing;          /* stands before the progress; NULL: nothing */
    int is_again;               /* these logs were read: what cannot be read in
                                   them has been told */
    int wants_access;           /* an observation ends the run: FEED_OBSERVED */
    /* while and after running */
    uint64_t lines;
    uint64_t malformed;
    uint64_t entries;       /* lines of access logs that were judged */
    const char *log;        /* whose line is at hand; "-": standard input */
    uint64_t number;        /* of the line in it, from 1 */
    mlg_parity_t parity;    /* all 0 unless observations were read */
    mlg_reorder_t *reorder; /* NULL until then */
    /* feed*.c's own */
    uint64_t segment;         /* whose observations are read; 0 = none yet */
    mlg_log_parser_t *parser; /* to look into logs with */
    feed_labels_t *clients;   /* --labels by client; NULL: by line, or none */
    unsigned quoted;          /* malformed lines shown so far */
    uint64_t size_bytes;      /* of all logs; 0 when one is no file */
    uint64_t done_bytes;      /* of the logs that are through */
    uint64_t text_bytes;      /* of the lines of those */
    apr_time_t begun_us;      /* by the wall clock */
    apr_time_t shown_us;      /* progress, last; 0: never */
    int is_terminal;          /* standard error */
} feed_t;

/* Ids of the feed's options beside those of the rules; a command's own lie
 * below. */
enum feed_option { FEED_FORMAT = 1000, FEED_LABELS, FEED_QUIET };

/* Rows for a command's apr_getopt_option_t table. */
/* clang-format off */
#define FEED_OPTIONS                                                           \
    {"format", FEED_FORMAT, 1,                                                 \
     "the logs' LogFormat, its nickname, or nginx's log_format; without it "   \
     "common, combined, vhost_combined and JSON lines are told apart"},        \
    {"labels", FEED_LABELS, 1,                                                 \
     "epoch<TAB>client<TAB>class for every line of a log, once for each log; " \
     "or client<TAB>class once for each client, for all logs"},                \
    RULES_OPTIONS,                                                             \
    {"quiet", FEED_QUIET, 0, "show no progress and no notes"}
/* clang-format on */

/** Begin, with the module's defaults in enforce mode.
 *
 * @param p  lives as long as the feed
 */
void feed_init(feed_t *feed, apr_pool_t *p);

/** @return 1 for an id of the feed's options */
int feed_is_option(int option);

/** Take one of the feed's options.
 *
 * @param arg  borrowed as long as the feed lives
 * @return CTL_DONE, or CTL_MISUSE having said why
 */
int feed_option(feed_t *feed, int option, const char *arg);

/** Judge every line of these logs.
 *
 * @param logs  shape [nlogs]; "-" and /dev/stdin are standard input, which
 *              cannot be sorted and so has to be alone
 * @param fn    called once for each request, in the order of the merged lines
 * @return CTL_DONE; CTL_MISUSE or CTL_FAILED having said why; FEED_OBSERVED; or
 *         what `fn` returned to end the run
 */
int feed_run(feed_t *feed, int nlogs, const char *const *logs, judged_fn fn,
             void *data);

/** Take one line of an observation log: judge what is due (feed_run()'s own).
 * @return as feed_run() */
int feed_observed(feed_t *feed, const mlg_observation_t *seen, judged_fn fn,
                  void *data);

/** Judge what still waits (feed_run()'s own). @return as feed_run() */
int feed_observed_end(feed_t *feed, judged_fn fn, void *data);

#endif /* FEED_H */
