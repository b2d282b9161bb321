/* SPDX-License-Identifier: Apache-2.0
 *
 * feed.c's own: the logs of one run, opened, looked at and put in the order in
 * which they were written.
 */
#ifndef FEED_SORT_H
#define FEED_SORT_H

#include "feed.h"

#define FEED_SHOWN 160 /* characters of a path or a line in a sentence */

/* A log, the labels of its lines, and when it begins. */
typedef struct feed_part_t {
    const char *log;
    const char *labels; /* NULL: none */
    apr_time_t first_us;
    uint64_t size_bytes;
    int number; /* on the command line */
} feed_part_t;

/** Open a log, or a file of labels.
 *
 * @param out  owned by the pool
 * @return CTL_DONE, or CTL_MISUSE having said why not
 */
int feed_open(mlg_log_reader_t **out, const char *path, apr_pool_t *p);

/** Is this a file, so that what it says can be read more than once? */
int feed_is_file(const char *log, apr_pool_t *p);

/** Put logs in order, the one that begins first first, and tell how large they
 * are together.
 *
 * @param feed  its parser is made; `size_bytes` is set
 * @param part  shape [n]; `log` is set, the rest but `labels` gets set
 * @return CTL_DONE, or CTL_MISUSE having said which cannot be read
 */
int feed_sort(feed_t *feed, feed_part_t *part, int n);

#endif /* FEED_SORT_H */
