/* SPDX-License-Identifier: Apache-2.0
 *
 * Why a forest says what it says. None of this is needed to judge.
 */
#include "forest.h"

#include <math.h>

#define MEAN_ENOUGH 1e-3 /* of margin: nearer, the curve counts as straight */
#define NO_KEY      UINT32_MAX

/* ---- parts --------------------------------------------------------------- */

/* The ways from the leaves back to the roots. */
static void add_up(const mlg_forest_t *forest, const uint8_t *leaf,
                   double sum[MLG_NFEATURES])
{
    uint32_t width = 1u << forest->depth;

    for (uint32_t t = 0; t < forest->ntrees; t++) {
        forest_tree_t tree = forest_tree(forest, t);
        uint32_t p = width | leaf[t]; /* at full depth the low byte lacks it */
        float below = tree.leaf[p - width];

        for (p /= 2; p > 0; p /= 2) {
            float here = tree.value[p];

            sum[tree.at[p] / 2] += (double)below - (double)here; /* filler: 0 */
            below = here;
        }
    }
}

float mlg_forest_parts(const mlg_forest_t *forest, const mlg_walk_t *walk,
                       float part[MLG_NFEATURES])
{
    double sum[MLG_NFEATURES] = {0.0};
    float from = mlg_forest_curve(forest->slope, forest->offset, forest->mean);
    double all = 0.0;
    double scale;

    add_up(forest, walk->leaf, sum);
    for (int i = 0; i < MLG_NFEATURES; i++) {
        all += sum[i];
    }
    scale = (fabs(all) > MEAN_ENOUGH)
                ? ((double)walk->score - (double)from) / all
                : forest->slope * (double)from * (1.0 - (double)from);
    for (int i = 0; i < MLG_NFEATURES; i++) {
        part[i] = (float)(sum[i] * scale);
    }
    return from;
}

void mlg_forest_reasons(const mlg_forest_t *forest,
                        const float x[MLG_NFEATURES], const mlg_walk_t *walk,
                        mlg_reasons_t *reasons)
{
    float part[MLG_NFEATURES];

    mlg_forest_parts(forest, walk, part);
    reasons->n = 0;
    for (uint32_t i = 0; i < MLG_NFEATURES; i++) {
        if (part[i] > 0.0f) {
            mlg_reasons_note(reasons, i, x[i], part[i]);
        }
    }
}

/* ---- relief -------------------------------------------------------------- */

typedef struct search_t {
    const mlg_forest_t *forest;
    uint32_t order[FOREST_KEYS]; /* of the vector, changed as it is tried */
    uint32_t feature;
    int falls; /* 1: lesser values are tried, 0: greater ones */
} search_t;

static uint32_t nearer(const search_t *s, uint32_t split, uint32_t best)
{
    uint32_t now = s->order[2 * s->feature];

    if (split == 0 || (split <= now) != s->falls) {
        return best; /* a filler's, or on the other side */
    }
    if (best == NO_KEY) {
        return split;
    }
    return (s->falls ? split > best : split < best) ? split : best;
}

/* The feature's nearest split in one tree, among the nodes that the vector can
 * come to whatever the feature is. */
static uint32_t nearest_in(const search_t *s, uint32_t t, uint32_t best)
{
    forest_tree_t tree = forest_tree(s->forest, t);
    uint32_t width = 1u << s->forest->depth;
    uint32_t wait[MLG_FOREST_DEPTH_MAX + 1] = {1}; /* nodes to look at */
    uint32_t n = 1;

    while (n > 0) {
        uint32_t p = wait[--n];

        if (p >= width) {
            continue;
        }
        if (tree.at[p] / 2u == s->feature) {
            best = nearer(s, tree.key[p], best);
            wait[n++] = 2 * p;
            wait[n++] = 2 * p + 1;
        }
        else {
            wait[n++] = 2 * p + (s->order[tree.at[p]] < tree.key[p]);
        }
    }
    return best;
}

/* @return the first split that helps, NO_KEY when none does */
static uint32_t first_help(search_t *s, float threshold)
{
    uint8_t leaf[MLG_FOREST_TREES_MAX];
    const mlg_forest_t *forest = s->forest;

    for (int tries = 0; tries < MLG_FOREST_TRIES; tries++) {
        uint32_t split = NO_KEY;
        uint32_t now;

        for (uint32_t t = 0; t < forest->ntrees; t++) {
            split = nearest_in(s, t, split);
        }
        if (split == NO_KEY) {
            break;
        }
        now = s->falls ? split - 1 : split;
        s->order[2 * s->feature] = now;
        s->order[2 * s->feature + 1] = now;
        if (mlg_forest_curve(forest->slope, forest->offset,
                             (double)forest_margin(forest, s->order, leaf)) <
            threshold) {
            return split;
        }
    }
    return NO_KEY;
}

float mlg_forest_relief(const mlg_forest_t *forest,
                        const float x[MLG_NFEATURES], float threshold,
                        mlg_feature_id feature)
{
    search_t s = {.forest = forest, .feature = feature};
    mlg_walk_t walk;
    float bound = NAN;

    if (isnan(x[feature]) || mlg_forest_walk(forest, x, &walk) < threshold) {
        return NAN;
    }
    for (s.falls = 0; s.falls <= 1; s.falls++) {
        uint32_t split;
        float value;

        forest_keys(s.order, x);
        split = first_help(&s, threshold);
        value = (split != NO_KEY) ? forest_value(split) : NAN;
        if (!(fabsf(bound - x[feature]) <= fabsf(value - x[feature])) &&
            !isnan(value)) {
            bound = value;
        }
    }
    return bound;
}
