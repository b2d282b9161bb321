/* SPDX-License-Identifier: Apache-2.0
 *
 * Two walks go down a tree at once, one for the lower value and one for the
 * higher. What both have in common is kept as bounds on every other feature,
 * so that no pair of leaves is compared that no two vectors come to. A pair of
 * nodes whose greatest and least leaves are in order already is not entered:
 * in a monotone tree that is almost every one.
 */
#include "mlg_monotone.h"

#include <float.h>
#include <math.h>

/* What a feature can still be on the way: a number in [from, below), or NaN. */
typedef struct bounds_t {
    float from;  /* -INFINITY: any */
    float below; /* INFINITY: any; not above `from`: no number */
    int has_nan;
} bounds_t;

typedef struct pair_t {
    const mlg_node_t *node;
    uint32_t nsplits;
    mlg_feature_id feature;
    bounds_t bounds[MLG_NFEATURES]; /* of the feature: the lower vector's */
    bounds_t high;                  /* of the feature: the higher vector's */
    float least[MLG_TREE_NODES(MLG_FOREST_DEPTH_MAX)]; /* leaf below a node */
    float most[MLG_TREE_NODES(MLG_FOREST_DEPTH_MAX)];
    mlg_fall_t *fall;
} pair_t;

static void find_extremes(pair_t *p)
{
    const mlg_node_t *node = p->node;

    for (uint32_t i = 2 * p->nsplits + 1; i-- > 0;) {
        int is_inner = i < p->nsplits && node[i].feature != MLG_FOREST_FILLER;
        uint32_t left = 2 * i + 1;

        p->least[i] = is_inner ? fminf(p->least[left], p->least[left + 1])
                               : node[i].value;
        p->most[i] =
            is_inner ? fmaxf(p->most[left], p->most[left + 1]) : node[i].value;
    }
}

static int is_leaf(const pair_t *p, uint32_t i)
{
    return i >= p->nsplits || p->node[i].feature == MLG_FOREST_FILLER;
}

static float before(float value)
{
    return isinf(value) ? FLT_MAX : nextafterf(value, -INFINITY);
}

/* Is there a lower and a higher value within the bounds of both? */
static int is_possible(const pair_t *p)
{
    const bounds_t *low = &p->bounds[p->feature];
    float least = isinf(low->from) ? -FLT_MAX : low->from;

    return low->from < low->below && p->high.from < p->high.below &&
           least < before(p->high.below);
}

/* ---- the vectors that were found ----------------------------------------- */

static float any_within(const bounds_t *bounds)
{
    if (bounds->has_nan) {
        return NAN;
    }
    return isinf(bounds->from) ? before(bounds->below) : bounds->from;
}

static void note_fall(const pair_t *p, uint32_t a, uint32_t b)
{
    const bounds_t *low = &p->bounds[p->feature];
    mlg_fall_t *fall = p->fall;
    float top = before(p->high.below);
    float lower = low->from;

    for (int k = 0; k < MLG_NFEATURES; k++) {
        fall->x[k] = any_within(&p->bounds[k]);
    }
    if (isinf(lower)) {
        lower = fminf(before(low->below), before(top));
    }
    fall->x[p->feature] = lower;
    fall->higher = fmaxf(p->high.from, nextafterf(lower, INFINITY));
    fall->feature = p->feature;
    fall->depth = p->node[a].value - p->node[b].value;
}

/* ---- the walks ----------------------------------------------------------- */

static int falls(pair_t *p, uint32_t a, uint32_t b);

/* What a side of a node leaves of the bounds. */
static bounds_t narrow(const bounds_t *was, const mlg_node_t *node, int is_left)
{
    bounds_t now = *was;

    if (is_left) {
        now.below = fminf(now.below, node->split);
    }
    else {
        now.from = fmaxf(now.from, node->split);
    }
    now.has_nan &= node->is_nan_left == is_left;
    return now;
}

/* One walk goes on from `at`, the other stays. */
static int falls_below(pair_t *p, uint32_t at, uint32_t other, int is_high)
{
    const mlg_node_t *node = &p->node[at];
    bounds_t *bounds = (is_high && node->feature == p->feature)
                           ? &p->high
                           : &p->bounds[node->feature];
    bounds_t was = *bounds;
    int found = 0;

    for (int is_left = 0; is_left < 2 && !found; is_left++) {
        uint32_t to = 2 * at + 2 - (uint32_t)is_left;

        *bounds = narrow(&was, node, is_left);
        if (bounds->from < bounds->below || bounds->has_nan) {
            found = is_high ? falls(p, other, to) : falls(p, to, other);
        }
    }
    *bounds = was;
    return found;
}

/* @param a  where the lower vector is, @param b  the higher one */
static int falls(pair_t *p, uint32_t a, uint32_t b)
{
    if (p->most[a] <= p->least[b] || !is_possible(p)) {
        return 0;
    }
    if (is_leaf(p, a) && is_leaf(p, b)) {
        note_fall(p, a, b);
        return 1;
    }
    /* the one that is less far down, so that both meet the same questions */
    return (is_leaf(p, a) || (!is_leaf(p, b) && b < a))
               ? falls_below(p, b, a, 1)
               : falls_below(p, a, b, 0);
}

int mlg_monotone_tree(const mlg_node_t *node, uint32_t depth,
                      mlg_feature_id feature, mlg_fall_t *fall)
{
    pair_t p = {.node = node,
                .nsplits = MLG_TREE_SPLITS(depth),
                .feature = feature,
                .high = {-INFINITY, INFINITY, 0},
                .fall = fall};
    int is_asked = 0;

    for (uint32_t i = 0; i < p.nsplits; i++) {
        is_asked |= node[i].feature == feature;
    }
    if (!is_asked) {
        return 0;
    }
    for (int k = 0; k < MLG_NFEATURES; k++) {
        p.bounds[k] = (bounds_t){-INFINITY, INFINITY, k != (int)feature};
    }
    find_extremes(&p);
    return falls(&p, 0, 0);
}

/* ---- a model ------------------------------------------------------------- */

static int is_refuted(const mlg_forest_t *forest, const mlg_fall_t *fall)
{
    float x[MLG_NFEATURES];
    mlg_walk_t walk;
    float margin;

    for (int k = 0; k < MLG_NFEATURES; k++) {
        x[k] = fall->x[k];
    }
    mlg_forest_walk(forest, x, &walk);
    margin = walk.margin;
    x[fall->feature] = fall->higher;
    mlg_forest_walk(forest, x, &walk);
    return walk.margin < margin;
}

mlg_monotone_t mlg_monotone(const mlg_bundle_t *bundle,
                            const mlg_forest_t *forest, mlg_feature_id feature,
                            mlg_fall_t *fall)
{
    mlg_node_t node[MLG_TREE_NODES(MLG_FOREST_DEPTH_MAX)];
    mlg_monotone_t known = MLG_MONOTONE_PROVEN;

    for (uint32_t t = 0; t < bundle->ntrees; t++) {
        mlg_fall_t own;

        mlg_bundle_tree(bundle, t, node);
        if (!mlg_monotone_tree(node, bundle->depth, feature, &own)) {
            continue;
        }
        own.tree = t;
        if (is_refuted(forest, &own)) {
            *fall = own;
            return MLG_MONOTONE_REFUTED;
        }
        if (known == MLG_MONOTONE_PROVEN) {
            *fall = own;
            known = MLG_MONOTONE_OPEN;
        }
    }
    return known;
}
