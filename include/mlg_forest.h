/* SPDX-License-Identifier: Apache-2.0
 *
 * Gradient-boosted trees: the model that was learned. Every tree is a perfect
 * binary heap of the forest's depth. At a node a vector goes left when the
 * node's feature is less than its split, else right, and to the node's own
 * side when the feature is NaN: XGBoost's rule. The leaves where it ends are
 * added to the base margin one by one in the order of the trees, in single
 * precision, so the margin is XGBoost's to the bit. The score is
 *
 *     1 / (1 + exp(-(slope * margin + offset)))        (Platt's calibration)
 *
 * with an exp() of our own, so that it is the same everywhere.
 *
 * A walk takes no branch that depends on a vector, a NaN included: values
 * become integers of the same order, a NaN becomes the least of them in one
 * half of a doubled vector and the greatest in the other, and a node names the
 * half that sends it to its side.
 *
 * Trees are given and given back as plain nodes (mlg_node_t); the layout that
 * is walked is the forest's own.
 *
 * Pure: no clock, no lock, no allocation. Memory is the caller's. Once planted
 * a forest is read only, by any number of threads. It holds pointers into
 * itself: it is neither copied nor shared between processes.
 */
#ifndef MLG_FOREST_H
#define MLG_FOREST_H

#include "mlg_score.h"

#include <string.h>

#define MLG_FOREST_TREES_MAX 512u
#define MLG_FOREST_DEPTH_MAX 8u
#define MLG_FOREST_FILLER    0xffffu /* feature of a node that asks nothing */
#define MLG_FOREST_TRIES     256     /* splits that a relief looks at */

/* Bound of a leaf, the base, the slope and the offset, either sign: no margin
 * and no part of a score is ever infinite. */
#define MLG_FOREST_VALUE_MAX 1e6f

/* Nodes of one tree in heap order: the root is 0, the children of i are
 * 2i + 1 (left) and 2i + 2; the last 2^depth are leaves. */
#define MLG_TREE_NODES(depth)  ((2u << (depth)) - 1u)
#define MLG_TREE_SPLITS(depth) ((1u << (depth)) - 1u)

/* A node. Of a leaf only value and cover count. Where a tree ends above the
 * last level, a leaf's place is taken by a filler: both its children are
 * fillers or leaves with its value and cover, down to the last level. */
typedef struct mlg_node_t {
    float split;          /* finite; less than this goes left */
    float value;          /* of a leaf: what it adds to the margin, within
                             MLG_FOREST_VALUE_MAX; else the mean of its
                             children's by cover, plain where both have none */
    float cover;          /* training weight that came here, finite, >= 0 */
    uint16_t feature;     /* mlg_feature_id or MLG_FOREST_FILLER */
    uint16_t is_nan_left; /* 1: a NaN goes left; 0: right */
} mlg_node_t;

static_assert(sizeof(mlg_node_t) == 16, "four to a cache line");

typedef struct mlg_forest_t {
    uint64_t id;     /* tells models apart; 0 = said by nobody. Of a bundle:
                        the first 8 bytes of its SHA-256, first byte highest */
    uint32_t ntrees; /* 1..MLG_FOREST_TREES_MAX */
    uint32_t depth;  /* 1..MLG_FOREST_DEPTH_MAX */
    float base;      /* margin before the first tree */
    double mean;     /* margin of the average of the training data: base and
                        the values of all roots */
    double most;     /* no margin is greater, but for rounding: base and the
                        greatest leaf of each tree */
    double slope;    /* > 0, at most MLG_FOREST_VALUE_MAX */
    double offset;   /* within MLG_FOREST_VALUE_MAX */
    /* Private, within the forest's own memory: trees in groups of eight, the
     * last group filled with trees that add nothing. */
    unsigned char *trees;
    float *values; /* of inner nodes, for mlg_forest_reasons() */
} mlg_forest_t;

/* Where one vector came out: what it needs to be explained without another
 * walk. The caller's, filled by mlg_forest_walk(). */
typedef struct mlg_walk_t {
    float margin;
    float score;
    uint8_t leaf[MLG_FOREST_TREES_MAX]; /* shape [ntrees], private */
} mlg_walk_t;

/** A float's bits: for those who must tell 0 from -0. */
static inline uint32_t mlg_float_bits(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* ---- making ------------------------------------------------------------- */

/** How much memory a forest takes.
 *
 * @return bytes; 0 when ntrees or depth is out of range
 */
size_t mlg_forest_bytes(uint32_t ntrees, uint32_t depth);

/** Begin a forest; every tree adds nothing until it is planted.
 *
 * @param memory  mlg_forest_bytes(ntrees, depth) bytes, any alignment, the
 *                caller's for as long as the forest is used
 * @param base    within MLG_FOREST_VALUE_MAX
 * @param slope   > 0, at most MLG_FOREST_VALUE_MAX
 * @param offset  within MLG_FOREST_VALUE_MAX
 * @return the forest, within `memory`
 */
mlg_forest_t *mlg_forest_init(void *memory, uint32_t ntrees, uint32_t depth,
                              float base, double slope, double offset);

/** Put one tree in its place, once.
 *
 * @param tree  0..ntrees - 1
 * @param node  shape [MLG_TREE_NODES(depth)], settled (mlg_tree_settle()),
 *              valid by mlg_tree_check(); copied
 */
void mlg_forest_plant(mlg_forest_t *forest, uint32_t tree,
                      const mlg_node_t *node);

/* ---- judging ------------------------------------------------------------ */

/** Score one vector.
 *
 * @param x     shape [MLG_NFEATURES]; any floats, NaN and infinities included
 * @param walk  filled: margin, score and the leaves
 * @return the score: in [0, 1], never NaN
 */
float mlg_forest_walk(const mlg_forest_t *forest, const float x[MLG_NFEATURES],
                      mlg_walk_t *walk);

/** Say what each feature added to a score.
 *
 * Along a vector's way through a tree, each step changes the expected margin
 * from a node's value to its child's; the change is the part of the feature
 * that the node asks for. All parts together are the margin less `mean`. They
 * are scaled by one factor for all, so that together they make
 *
 *     score - (score of the mean margin)
 *
 * which is how this request's score differs from the average client's; where
 * the margin is the mean, the factor is the curve's own slope there. A part may
 * so be greater than 1 where another takes some of it back.
 *
 * @param part  filled, shape [MLG_NFEATURES]; finite; below 0 speaks for the
 *              client; 0 for what no tree asked
 * @param walk  of this forest by mlg_forest_walk()
 * @return the score of the mean margin
 */
float mlg_forest_parts(const mlg_forest_t *forest, const mlg_walk_t *walk,
                       float part[MLG_NFEATURES]);

/** Name the three heaviest parts that speak against the client.
 *
 * @param x        the vector that was walked, for the values. A NaN can be a
 *                 reason: that something was not known is what weighed
 * @param reasons  filled; points as mlg_forest_parts() has them
 */
void mlg_forest_reasons(const mlg_forest_t *forest,
                        const float x[MLG_NFEATURES], const mlg_walk_t *walk,
                        mlg_reasons_t *reasons);

/** To what value would one feature have to fall or rise for the score to come
 * below the threshold, all others as they are? Tries the feature's splits one
 * after another, the nearest first, at most MLG_FOREST_TRIES a direction: for
 * operators' pages, not for requests.
 *
 * @return the split nearest to x[feature] beyond which the score is below:
 *         anything just below it when it is not above x[feature], else itself
 *         and just above; NaN when this feature alone cannot do it, when it
 *         is NaN, or when the score is below as it is
 */
float mlg_forest_relief(const mlg_forest_t *forest,
                        const float x[MLG_NFEATURES], float threshold,
                        mlg_feature_id feature);

/** Platt's curve, the same bits on every machine.
 *
 * @return in [0, 1], never NaN
 */
float mlg_forest_curve(double slope, double offset, double margin);

/* ---- plain trees -------------------------------------------------------- */

/** Complete a tree whose leaves are known: copies the leaf of each filler down
 * to the last level, and sets the value of every other node from its children.
 *
 * @param node  shape [MLG_TREE_NODES(depth)]. Set by the caller: feature,
 *              split, is_nan_left and cover of nodes that ask; value and cover
 *              of leaves; of a leaf above the last level, feature FILLER, value
 *              and cover. What is below a filler is written over
 */
void mlg_tree_settle(mlg_node_t *node, uint32_t depth);

/** Set the value of every node that is no leaf from its children's; the last
 * step of mlg_tree_settle(). */
void mlg_tree_average(mlg_node_t *node, uint32_t depth);

/** Is this a tree that may be planted?
 *
 * @param node   shape [MLG_TREE_NODES(depth)], any bytes
 * @param fault  offset is the number of the node; may be NULL
 * @return APR_SUCCESS or MLG_EMODEL
 */
apr_status_t mlg_tree_check(const mlg_node_t *node, uint32_t depth,
                            mlg_fault_t *fault);

/** The leaf that a vector comes to, node by node, as the definition reads.
 *
 * @return its number in the heap
 */
uint32_t mlg_tree_leaf(const mlg_node_t *node, uint32_t depth,
                       const float x[MLG_NFEATURES]);

#endif /* MLG_FOREST_H */
