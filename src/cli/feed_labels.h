/* SPDX-License-Identifier: Apache-2.0
 *
 * feed.c's own: classes of clients, from a file with a line for each.
 *
 *     client<TAB>class
 *     192.0.2.7<TAB>likely_human
 *
 * The first line may name the columns; then the class is the column "class",
 * wherever it stands, else the second. Further columns are left alone.
 *
 * Memory: some 100 bytes a client.
 */
#ifndef FEED_LABELS_H
#define FEED_LABELS_H

#include "mlg_key.h"
#include "mlg_log.h"

typedef struct feed_labels_t feed_labels_t;

/** Read such a file, plain or gzipped. It may be hostile.
 *
 * @param out          owned by the pool; NULL when the file has no clients in
 *                     its first column, but a label for each line of a log
 * @param ipv6_prefix  bits of an IPv6 address that name a client
 * @return CTL_DONE, or CTL_MISUSE having said which line is wrong
 */
int feed_labels_read(feed_labels_t **out, const char *path,
                     unsigned ipv6_prefix, apr_pool_t *p);

/** The class of a client.
 *
 * @param labels  NULL has none
 * @return borrowed from `labels`; {NULL, 0} for a client that is not named
 */
mlg_text_t feed_labels_find(const feed_labels_t *labels, const mlg_key_t *key);

#endif /* FEED_LABELS_H */
