/* SPDX-License-Identifier: Apache-2.0
 *
 * A site's profile in a file: read (src/files), and written (src/offline).
 *
 * Reads and writes files; allocates from its pool.
 */
#ifndef MLG_PROFILE_FILE_H
#define MLG_PROFILE_FILE_H

#include "mlg_profile.h"

#include <apr_pools.h>

/** Write a profile as text.
 *
 * @param profile  borrowed
 * @param len      set
 * @return text of the pool, which mlg_profile_parse() takes; NULL when a number
 *         is out of range, which is a fault of the caller's
 */
const char *mlg_profile_render(const mlg_profile_t *profile, size_t *len,
                               apr_pool_t *p);

/** Make a path fit for a profile's line: what is no printable ASCII, blanks
 * and backslashes become \xhh.
 *
 * @return text of the pool; {NULL, 0} when it is too long
 */
mlg_text_t mlg_profile_escape(mlg_text_t path, apr_pool_t *p);

/** Read one.
 *
 * @param out   set on success; lives as long as `p`
 * @param path  may be hostile; no part of `why`
 * @param why   set on failure: a sentence without a full stop, printable
 * @return APR_SUCCESS, what the file system says, or MLG_EPROFILE
 */
apr_status_t mlg_profile_file_read(const mlg_profile_t **out, const char *path,
                                   const char **why, apr_pool_t *p);

#endif /* MLG_PROFILE_FILE_H */
