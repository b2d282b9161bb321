/* SPDX-License-Identifier: Apache-2.0
 *
 * The feed's own: the lines of logs that were put in order, as one.
 */
#ifndef FEED_MERGE_H
#define FEED_MERGE_H

#include "feed_sort.h"

/** Judge every line of these logs, in the order that feed.h tells. A log that
 * does not overlap another is opened when that is through.
 *
 * @param part  shape [n], as feed_sort() left them
 * @return as feed_run()
 */
int feed_merge(feed_t *feed, const feed_part_t *part, int n, judged_fn fn,
               void *data);

/** Tell how far the run is, five times a second at most.
 *
 * @param open  of all logs that are open, together
 */
void feed_show_progress(feed_t *feed, mlg_log_place_t open);

/** Make room on the line for what is said next. */
void feed_erase_progress(feed_t *feed);

#endif /* FEED_MERGE_H */
