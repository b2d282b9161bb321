/* SPDX-License-Identifier: Apache-2.0
 *
 * A model from a file, and into one, for mlgatectl: read whole, checked, planted and proven,
 * or refused with a sentence. Nothing longer than a bundle can be is read.
 *
 * Reads and writes files; allocates from its pool, 2.7 MB and the forest.
 */
#ifndef MLG_MODEL_FILE_H
#define MLG_MODEL_FILE_H

#include "mlg_bundle.h"

#include <apr_pools.h>

typedef struct mlg_model_file_t {
    mlg_bundle_t bundle; /* borrows from the pool */
    const mlg_forest_t *forest;
} mlg_model_file_t;

/** Read one.
 *
 * @param out   filled on success; lives as long as `p`
 * @param path  may be hostile; no part of `why`
 * @param why   set on failure: a sentence without a full stop, printable
 * @return APR_SUCCESS, what the file system says, or as mlg_bundle_check() and
 *         mlg_bundle_read()
 */
apr_status_t mlg_model_file_read(mlg_model_file_t *out, const char *path,
                                 const char **why, apr_pool_t *p);

/** Write one, beside the file and then in its place, so that who reads the
 * name meets the old model or the new one, whole.
 *
 * @param draft  what to write; see mlg_bundle_render()
 * @param path   a file there is written over
 * @param why    set on failure: a sentence without a full stop, printable
 * @return APR_SUCCESS, what the file system says, or as mlg_bundle_render();
 *         the file is as it was then
 */
apr_status_t mlg_model_file_write(const mlg_bundle_draft_t *draft,
                                  const char *path, const char **why,
                                  apr_pool_t *p);

#endif /* MLG_MODEL_FILE_H */
