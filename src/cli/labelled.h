/* SPDX-License-Identifier: Apache-2.0
 *
 * The labelled data of `mlgatectl train` and `eval`: what their options name
 * becomes one data set. Taken are
 *
 *     --data DIR   DIR, or every directory in it, is a site when it has a log
 *                  (combined.log, access.log or observations.log, .gz or not)
 *                  and labels.tsv (.gz or not) beside it
 *     --csv FILE   what `mlgatectl features` wrote; a site named like the file
 *     LOG...       one site of logs, with --labels as every command takes them
 *     --people F   whom an operator let go: an address a line, or an event log,
 *                  whose unblock events name them
 *
 * Nobody is refused while logs are read (MLGateEngine observe), so that every
 * request has a vector.
 */
#ifndef LABELLED_H
#define LABELLED_H

#include "feed.h"
#include "mlg_dataset.h"

typedef struct labelled_t {
    apr_pool_t *p;
    mlg_groups_t groups;
    mlg_dataset_t *set;         /* filled by labelled_read() */
    feed_t feed;                /* takes the options; reads LOG... */
    apr_array_header_t *data;   /* of const char * */
    apr_array_header_t *csv;    /* of const char * */
    apr_array_header_t *people; /* of const char * */
    apr_array_header_t *same;   /* of const char *, "a,b" */
    apr_array_header_t *judged; /* of const char *: not trained on */
    apr_array_header_t *taught; /* of const char *: always trained on */
    uint64_t forgiven;          /* clients that --people named */
    uint64_t left_out;          /* requests without a vector */
    unsigned ipv6_prefix;       /* by the rules of the last log */
} labelled_t;

enum labelled_option {
    LABELLED_DATA = 2000,
    LABELLED_CSV,
    LABELLED_PEOPLE,
    LABELLED_SAME,
    LABELLED_JUDGE_ONLY,
    LABELLED_TEACH_ONLY,
    LABELLED_ATTACKERS,
    LABELLED_PEOPLE_CLASSES,
    LABELLED_END
};

/* Rows for a command's apr_getopt_option_t table, FEED_OPTIONS among them. */
/* clang-format off */
#define LABELLED_OPTIONS                                                       \
    {"data", LABELLED_DATA, 1,                                                 \
     "a directory with a log and its labels.tsv, or of such directories, a "   \
     "site each; may be repeated"},                                            \
    {"csv", LABELLED_CSV, 1,                                                   \
     "what mlgatectl features wrote, as one more site; may be repeated"},      \
    {"people", LABELLED_PEOPLE, 1,                                             \
     "clients that are people whatever their label: an address a line, or an " \
     "event log with an operator's unblocks; may be repeated"},                \
    {"same-site", LABELLED_SAME, 1,                                            \
     "leave these out together, by their names: a,b; may be repeated"},        \
    {"judge-only", LABELLED_JUDGE_ONLY, 1,                                     \
     "train on nothing of this site, by its name; may be repeated"},           \
    {"teach-only", LABELLED_TEACH_ONLY, 1,                                     \
     "never leave this site out, and tell no figure of it; may be repeated"},  \
    {"attackers", LABELLED_ATTACKERS, 1,                                       \
     "classes that are attackers, a,b, instead of scanner, ua_rotator, "       \
     "bruteforce, flood and scraper"},                                         \
    {"people-classes", LABELLED_PEOPLE_CLASSES, 1,                             \
     "classes that are people, instead of likely_human, likely_human_nat, "    \
     "monitor, verified_crawler, app_client and mail_proxy"},                  \
    FEED_OPTIONS
/* clang-format on */

/** @param p  lives as long */
void labelled_init(labelled_t *labelled, apr_pool_t *p);

/** @return 1 for an id of these options */
int labelled_is_option(int option);

/** Take one. @return CTL_DONE, or CTL_MISUSE having said why */
int labelled_option(labelled_t *labelled, int option, const char *arg);

/** Every file that is named, not to be written over. @return shape [*n] */
const char *const *labelled_inputs(const labelled_t *labelled, int nlogs,
                                   const char *const *logs, int *n);

/** Read everything.
 *
 * @param logs  shape [nlogs]; may be none
 * @return CTL_DONE, `set` settled, with people and attackers in it; else
 *         having said why
 */
int labelled_read(labelled_t *labelled, int nlogs, const char *const *logs);

#endif /* LABELLED_H */
