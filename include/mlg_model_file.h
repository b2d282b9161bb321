/* SPDX-License-Identifier: Apache-2.0
 *
 * A model from a file, for httpd and for mlgatectl: read whole, checked,
 * planted and proven, or refused with a sentence. Nothing longer than a bundle
 * can be is read.
 *
 * Reads a file; allocates from its pool: the file's length and the forest.
 */
#ifndef MLG_MODEL_FILE_H
#define MLG_MODEL_FILE_H

#include "mlg_bundle.h"

#include <apr_pools.h>

#define MLG_MODEL_WEIGHTED "weighted" /* instead of a file: the weights */

typedef struct mlg_model_file_t {
    mlg_bundle_t bundle; /* borrows from the pool */
    const mlg_forest_t *forest;
} mlg_model_file_t;

/** The model that judges where nobody names one: the file that this build
 * installs (MODEL_FILE in build/install.mk), else MLG_MODEL_WEIGHTED. */
const char *mlg_model_file_default(void);

/** Is it a file, and not MLG_MODEL_WEIGHTED, in any case? @return 1 or 0 */
int mlg_model_file_is_named(const char *model);

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

/** Its first half: all the bytes of a file, unchecked.
 *
 * @param bytes  set on success; of the pool
 */
apr_status_t mlg_model_file_load(void **bytes, apr_size_t *len,
                                 const char *path, const char **why,
                                 apr_pool_t *p);

/** Its second half. @param bytes  borrowed as long as `out` is used */
apr_status_t mlg_model_file_plant(mlg_model_file_t *out, const void *bytes,
                                  apr_size_t len, const char **why,
                                  apr_pool_t *p);

#endif /* MLG_MODEL_FILE_H */
