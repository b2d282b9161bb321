/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_forest.h"

#include <math.h>

static uint32_t left_of(uint32_t i)
{
    return 2 * i + 1;
}

/* Products of two floats are exact in double: every compiler comes to the same
 * bits. */
static float mean_of(const mlg_node_t *left, const mlg_node_t *right)
{
    double cover = (double)left->cover + (double)right->cover;

    if (!(cover > 0.0)) {
        return (float)(((double)left->value + (double)right->value) / 2.0);
    }
    return (float)(((double)left->value * (double)left->cover +
                    (double)right->value * (double)right->cover) /
                   cover);
}

void mlg_tree_average(mlg_node_t *node, uint32_t depth)
{
    for (uint32_t i = MLG_TREE_SPLITS(depth); i-- > 0;) {
        const mlg_node_t *left = &node[left_of(i)];

        node[i].value = (node[i].feature == MLG_FOREST_FILLER)
                            ? left->value
                            : mean_of(left, left + 1);
    }
}

void mlg_tree_settle(mlg_node_t *node, uint32_t depth)
{
    uint32_t nsplits = MLG_TREE_SPLITS(depth);

    for (uint32_t i = 0; i < nsplits; i++) {
        if (node[i].feature == MLG_FOREST_FILLER) {
            for (uint32_t child = left_of(i); child <= left_of(i) + 1;
                 child++) {
                node[child] = (mlg_node_t){.value = node[i].value,
                                           .cover = node[i].cover,
                                           .feature = MLG_FOREST_FILLER};
            }
            node[i].split = 0.0f;
            node[i].is_nan_left = 0;
        }
    }
    for (uint32_t i = nsplits; i <= 2 * nsplits; i++) {
        node[i].feature = MLG_FOREST_FILLER; /* a leaf asks nothing either */
        node[i].split = 0.0f;
        node[i].is_nan_left = 0;
    }
    mlg_tree_average(node, depth);
}

/* ---- checking ------------------------------------------------------------ */

static const char *leaf_fault(const mlg_node_t *leaf)
{
    if (!(fabsf(leaf->value) <= MLG_FOREST_VALUE_MAX)) {
        return "a leaf adds more than 1,000,000 or what is not a number";
    }
    if (!(leaf->cover >= 0.0f) || isinf(leaf->cover)) {
        return "a cover is below 0 or not a finite number";
    }
    return NULL;
}

static int is_copy(const mlg_node_t *child, const mlg_node_t *filler)
{
    return child->feature == MLG_FOREST_FILLER &&
           mlg_float_bits(child->value) == mlg_float_bits(filler->value) &&
           mlg_float_bits(child->cover) == mlg_float_bits(filler->cover);
}

static const char *split_fault(const mlg_node_t *node, uint32_t i)
{
    const mlg_node_t *own = &node[i];
    const char *what = leaf_fault(own);

    if (what != NULL) {
        return what;
    }
    if (own->is_nan_left > 1) {
        return "a side for NaN is neither left nor right";
    }
    if (own->feature == MLG_FOREST_FILLER) {
        if (own->is_nan_left != 0 || own->split != 0.0f) {
            return "a filler has a split or a side for NaN";
        }
        return (is_copy(&node[left_of(i)], own) &&
                is_copy(&node[left_of(i) + 1], own))
                   ? NULL
                   : "below a filler are two different leaves";
    }
    if (own->feature >= MLG_NFEATURES) {
        return "a node asks for a feature that is not on the list";
    }
    return isfinite(own->split) ? NULL : "a split is not a finite number";
}

apr_status_t mlg_tree_check(const mlg_node_t *node, uint32_t depth,
                            mlg_fault_t *fault)
{
    uint32_t nsplits = MLG_TREE_SPLITS(depth);

    for (uint32_t i = 0; i < MLG_TREE_NODES(depth); i++) {
        const char *what =
            (i < nsplits) ? split_fault(node, i) : leaf_fault(&node[i]);

        if (what != NULL) {
            mlg_fault(fault, i, what);
            return MLG_EMODEL;
        }
    }
    return APR_SUCCESS;
}

/* ---- walking -------------------------------------------------------------- */

uint32_t mlg_tree_leaf(const mlg_node_t *node, uint32_t depth,
                       const float x[MLG_NFEATURES])
{
    uint32_t i = 0;

    while (i < MLG_TREE_SPLITS(depth)) {
        int goes_left = 1; /* a filler: both sides are alike */

        if (node[i].feature != MLG_FOREST_FILLER) {
            float value = x[node[i].feature];

            goes_left =
                isnan(value) ? node[i].is_nan_left : value < node[i].split;
        }
        i = left_of(i) + !goes_left;
    }
    return i;
}
