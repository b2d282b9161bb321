/* SPDX-License-Identifier: Apache-2.0
 *
 * Vectors that a bundle proves itself by: made from a model's own splits, or
 * taken from the rows of `mlgatectl features`. The same input gives the same
 * vectors.
 *
 * Memory is the caller's or the pool's.
 */
#ifndef MLG_GOLDEN_H
#define MLG_GOLDEN_H

#include "mlg_bundle.h"

#include <apr_pools.h>

/** Make vectors that come to many different leaves: each follows random ways
 * through the trees until every feature is spoken for, and stands on a split,
 * just below one, or is NaN. The first knows nothing: all NaN.
 *
 * @param x     filled, shape [n][MLG_NFEATURES], finite or NaN
 * @param node  shape [ntrees][MLG_TREE_NODES(depth)], valid by mlg_tree_check()
 */
void mlg_golden_draw(float *x, uint32_t n, const mlg_node_t *node,
                     uint32_t ntrees, uint32_t depth);

/* Rows of a CSV file with the names of features in its first line; other
 * columns are passed over, and features without a column are NaN, as are empty
 * fields. */
typedef struct mlg_golden_csv_t {
    float *x;      /* shape [n][MLG_NFEATURES], of the pool */
    uint32_t n;    /* 1..MLG_BUNDLE_GOLDEN_MAX */
    uint64_t rows; /* of the file, of which these were drawn */
} mlg_golden_csv_t;

/** Draw up to MLG_BUNDLE_GOLDEN_MAX rows of a file, each as likely as any
 * other.
 *
 * @param out   filled on success
 * @param path  plain or gzipped; "-" is standard input
 * @param why   set on failure: a sentence without a full stop that may quote
 *              the file
 * @return APR_SUCCESS, what the file system says, or MLG_ELINE
 */
apr_status_t mlg_golden_csv(mlg_golden_csv_t *out, const char *path,
                            const char **why, apr_pool_t *p);

#endif /* MLG_GOLDEN_H */
