/* SPDX-License-Identifier: Apache-2.0
 *
 * labelled.c's own: logs become sites of the data set.
 */
#ifndef LABELLED_LOGS_H
#define LABELLED_LOGS_H

#include "labelled.h"

/** Read logs as one more site.
 *
 * @param feed  with their labels; set to observe
 * @return CTL_DONE, or having said why not
 */
int labelled_logs(labelled_t *labelled, const char *name, feed_t *feed,
                  int nlogs, const char *const *logs);

/** Read a directory that is a site, or those in it that are.
 * @return CTL_DONE, or having said why not */
int labelled_directory(labelled_t *labelled, const char *arg);

/** @return "access" of "/var/log/access.log.gz" */
const char *labelled_stem(labelled_t *labelled, const char *path);

#endif /* LABELLED_LOGS_H */
