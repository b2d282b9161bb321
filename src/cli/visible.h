/* SPDX-License-Identifier: Apache-2.0
 *
 * Text from logs and servers on a terminal. Whoever wrote it may have meant to
 * move the cursor, recolour the screen or turn the reading direction: only
 * printable ASCII is shown as it is, every other byte as \xhh.
 */
#ifndef VISIBLE_H
#define VISIBLE_H

#include <apr_pools.h>
#include <stddef.h>

/** Make a text fit to be shown.
 *
 * @param text  `len` bytes, any; NULL is shown as "-"
 * @param max   longest result in characters, > 4; what is cut ends in "..."
 * @return text of the pool
 */
const char *visible(const char *text, size_t len, size_t max, apr_pool_t *p);

/** The same for a NUL-terminated text, or NULL. */
const char *visible_string(const char *text, size_t max, apr_pool_t *p);

#endif /* VISIBLE_H */
