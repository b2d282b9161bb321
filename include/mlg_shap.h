/* SPDX-License-Identifier: Apache-2.0
 *
 * Exactly what each feature did to a margin: Shapley values, path-dependent
 * (Lundberg, Erion and Lee 2018, algorithm 2). What a tree says when only some
 * features are known is its mean by the covers over every way that the unknown
 * ones could go; a feature's contribution is what knowing it changes, averaged
 * over all orders in which the features could become known.
 *
 * mlg_forest_parts() follows one order, the trees' own, which is cheap and
 * depends on how the trees were grown; this follows all, in 2^depth * depth^2
 * steps a tree: for explanations, not for requests.
 *
 * Of a split whose sides have no cover at all each side counts half, as
 * mlg_tree_average() has it; a side without cover beside one with cover is
 * never gone by an unknown feature.
 *
 * Pure: no clock, no lock, no allocation; 10 KB of stack.
 */
#ifndef MLG_SHAP_H
#define MLG_SHAP_H

#include "mlg_bundle.h"

/** Add one tree's contributions.
 *
 * @param node   shape [MLG_TREE_NODES(depth)], valid by mlg_tree_check()
 * @param depth  1..MLG_FOREST_DEPTH_MAX
 * @param x      shape [MLG_NFEATURES]; any floats
 * @param part   added to, shape [MLG_NFEATURES]: units of margin
 * @return what the tree says when nothing is known. With the parts that were
 *         added it makes the value of the leaf that x comes to, but for
 *         rounding of doubles
 */
double mlg_shap_tree(const mlg_node_t *node, uint32_t depth,
                     const float x[MLG_NFEATURES], double part[MLG_NFEATURES]);

/** What each feature did to a model's log-odds, which are
 *
 *     slope * margin + offset = log(score / (1 - score))
 *
 * @param bundle  checked
 * @param part    filled, shape [MLG_NFEATURES]; below 0 speaks for the client;
 *                0 for what no tree asks
 * @return the log-odds when nothing is known. With all parts it makes the
 *         log-odds of x, but for the rounding of floats in the margin
 */
double mlg_shap(const mlg_bundle_t *bundle, const float x[MLG_NFEATURES],
                double part[MLG_NFEATURES]);

#endif /* MLG_SHAP_H */
