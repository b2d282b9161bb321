/* SPDX-License-Identifier: Apache-2.0
 *
 * Forests and vectors drawn at random, for tests of what walks, keeps and
 * explains them; and whether a forest is monotone.
 */
#ifndef FORESTS_H
#define FORESTS_H

#include "mlg_bundle.h"
#include "unit.h"

/* A forest with the plain trees that it was planted from. */
typedef struct forests_t {
    mlg_node_t *node; /* shape [ntrees][MLG_TREE_NODES(depth)], settled */
    void *memory;
    mlg_forest_t *forest; /* within `memory` */
    uint32_t ntrees;
    uint32_t depth;
    uint32_t nodes; /* of one tree */
} forests_t;

/** Memory that a test cannot do without. @return the caller's to free() */
void *forests_room(size_t bytes);

/** Draw one: a third of the trees end early somewhere, splits are few so that
 * vectors meet them exactly. forests_close() gives it back. */
void forests_open(forests_t *f, uint32_t ntrees, uint32_t depth,
                  uint64_t *seed);
void forests_close(forests_t *f);

/** Draw a vector: a fifth NaN, often a split itself, sometimes 0, -0, the
 * least and the greatest floats, infinities. */
void forests_vector(float x[MLG_NFEATURES], uint64_t *seed);

/** Draw a vector as a gate could read it: finite or NaN. */
void forests_sane_vector(float x[MLG_NFEATURES], uint64_t *seed);

/** Does a higher value of a monotone feature ever lower a score? Tries every
 * split of each monotone feature on many vectors.
 *
 * @param node     the trees of `forest`, shape [ntrees][MLG_TREE_NODES(depth)]
 * @param vectors  how many to try
 * @return the first feature that lowers one, MLG_NFEATURES when none does
 */
mlg_feature_id forests_lowering(const mlg_forest_t *forest,
                                const mlg_node_t *node, int vectors,
                                uint64_t *seed);

#endif /* FORESTS_H */
