/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a higher value of a feature ever lower what a model says? Decided, not
 * sampled: every pair of ways through a tree that two vectors can take which
 * differ in this feature alone is compared. A model whose trees never fall is
 * monotone to the bit, for the sum of floats in a fixed order never falls
 * either when no part of it does.
 *
 * A single tree may fall and the model not, where others take it back. That is
 * told apart only as far as a vector at hand proves it.
 *
 * Values that are known are compared: NaN is neither higher nor lower than
 * another value of the feature asked for. The others may be NaN.
 *
 * Pure: no clock, no lock, no allocation; 10 KB of stack.
 */
#ifndef MLG_MONOTONE_H
#define MLG_MONOTONE_H

#include "mlg_bundle.h"

/* Two vectors, alike but for one feature, of which the higher value comes to
 * the lesser leaf of one tree. */
typedef struct mlg_fall_t {
    mlg_feature_id feature;
    uint32_t tree;
    float x[MLG_NFEATURES]; /* with the lower value; what does not count here is
                               NaN */
    float higher;           /* of the feature */
    float depth;            /* by so much the tree falls */
} mlg_fall_t;

/** Look for a fall within one tree.
 *
 * @param node     shape [MLG_TREE_NODES(depth)], valid by mlg_tree_check()
 * @param depth    1..MLG_FOREST_DEPTH_MAX
 * @param feature  on the list
 * @param fall     filled when there is one, but for `tree`
 * @return 1 when the tree falls somewhere, 0 when it never does
 */
int mlg_monotone_tree(const mlg_node_t *node, uint32_t depth,
                      mlg_feature_id feature, mlg_fall_t *fall);

/* What is known of a model and one feature. */
typedef enum mlg_monotone_t {
    MLG_MONOTONE_PROVEN = 1, /* no tree falls */
    MLG_MONOTONE_OPEN,   /* a tree falls; the model does not at that place */
    MLG_MONOTONE_REFUTED /* the model's margin falls */
} mlg_monotone_t;

/** Ask it of a whole model.
 *
 * @param bundle  checked
 * @param forest  of this bundle
 * @param fall    filled unless it is proven: the refutation, or the first fall
 */
mlg_monotone_t mlg_monotone(const mlg_bundle_t *bundle,
                            const mlg_forest_t *forest, mlg_feature_id feature,
                            mlg_fall_t *fall);

#endif /* MLG_MONOTONE_H */
