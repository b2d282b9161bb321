/* SPDX-License-Identifier: Apache-2.0 */
#include "forests.h"

#include <float.h>

#define GRID 21 /* different splits */

void *forests_room(size_t bytes)
{
    void *room = calloc(1, bytes);

    if (room == NULL) {
        abort();
    }
    return room;
}

static float grid(uint64_t r)
{
    return (float)(int)(r % GRID) / 2.0f - 5.0f;
}

static mlg_node_t draw_node(uint64_t *seed)
{
    mlg_node_t node = {
        .split = grid(unit_random(seed)),
        .value = (float)(int)(unit_random(seed) % 20001 - 10000) / 7919.0f,
        .cover = (float)(unit_random(seed) % 1000) / 8.0f,
        .feature = (uint16_t)(unit_random(seed) % MLG_NFEATURES),
        .is_nan_left = unit_random(seed) % 2};

    if (unit_random(seed) % 50 == 0) {
        node.split = -0.0f;
    }
    return node;
}

static void draw_tree(mlg_node_t *node, uint32_t depth, uint64_t *seed)
{
    int ends_early = unit_random(seed) % 3 == 0;

    for (uint32_t i = 0; i < MLG_TREE_NODES(depth); i++) {
        node[i] = draw_node(seed);
        if (ends_early && unit_random(seed) % 4 == 0) {
            node[i].feature = MLG_FOREST_FILLER;
        }
    }
    mlg_tree_settle(node, depth);
}

void forests_open(forests_t *f, uint32_t ntrees, uint32_t depth, uint64_t *seed)
{
    float base = (float)(unit_random(seed) % 100) / 37.0f - 1.0f;

    f->ntrees = ntrees;
    f->depth = depth;
    f->nodes = MLG_TREE_NODES(depth);
    f->node = forests_room((size_t)ntrees * f->nodes * sizeof(*f->node));
    /* at an odd address: a forest aligns itself */
    f->memory = forests_room(mlg_forest_bytes(ntrees, depth) + 1);
    f->forest = mlg_forest_init((char *)f->memory + 1, ntrees, depth, base,
                                0.75, -0.25);
    for (uint32_t t = 0; t < ntrees; t++) {
        draw_tree(f->node + (size_t)t * f->nodes, depth, seed);
        mlg_forest_plant(f->forest, t, f->node + (size_t)t * f->nodes);
    }
}

void forests_close(forests_t *f)
{
    free(f->node);
    free(f->memory);
}

void forests_sane_vector(float x[MLG_NFEATURES], uint64_t *seed)
{
    for (int i = 0; i < MLG_NFEATURES; i++) {
        switch (unit_random(seed) % 5) {
        case 0:
            x[i] = NAN;
            break;
        case 1:
        case 2:
            x[i] = grid(unit_random(seed)); /* a split itself */
            break;
        default:
            x[i] = (float)(unit_random(seed) % 12000) / 1000.0f - 6.0f;
        }
    }
}

void forests_vector(float x[MLG_NFEATURES], uint64_t *seed)
{
    static const float odd[] = {0.0f,    -0.0f,    INFINITY, -INFINITY,
                                FLT_MAX, -FLT_MAX, FLT_MIN,  1e-44f,
                                -1e-44f, -FLT_MIN};

    forests_sane_vector(x, seed);
    for (int i = 0; i < MLG_NFEATURES; i++) {
        if (unit_random(seed) % 8 == 0) {
            x[i] = odd[unit_random(seed) % (sizeof(odd) / sizeof(odd[0]))];
        }
    }
}

/* ---- monotone ------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    float left = *(const float *)a;
    float right = *(const float *)b;

    return (left > right) - (left < right);
}

static int is_lowering(const mlg_forest_t *forest, float *x, int feature,
                       const float *split, size_t nsplits)
{
    mlg_walk_t walk;
    float was = x[feature];
    float before;
    int lowers = 0;

    x[feature] = -FLT_MAX;
    before = mlg_forest_walk(forest, x, &walk);
    for (size_t i = 0; i < nsplits && !lowers; i++) {
        float score;

        x[feature] = split[i];
        score = mlg_forest_walk(forest, x, &walk);
        lowers = score < before;
        before = score;
    }
    x[feature] = was;
    return lowers;
}

/* @return how many; the splits of one feature, in order */
static size_t splits_of(float *split, const mlg_forest_t *forest,
                        const mlg_node_t *node, int feature)
{
    size_t nodes = (size_t)forest->ntrees * MLG_TREE_NODES(forest->depth);
    size_t n = 0;

    for (size_t i = 0; i < nodes; i++) {
        if (node[i].feature == feature) {
            split[n++] = node[i].split;
        }
    }
    qsort(split, n, sizeof(*split), by_value);
    return n;
}

mlg_feature_id forests_lowering(const mlg_forest_t *forest,
                                const mlg_node_t *node, int vectors,
                                uint64_t *seed)
{
    size_t nodes = (size_t)forest->ntrees * MLG_TREE_NODES(forest->depth);
    float *split = forests_room(nodes * sizeof(*split));
    int found = MLG_NFEATURES;

    for (int f = 0; f < MLG_NFEATURES && found == MLG_NFEATURES; f++) {
        size_t n =
            mlg_features[f].monotone ? splits_of(split, forest, node, f) : 0;

        for (int i = 0; i < vectors && n > 0 && found == MLG_NFEATURES; i++) {
            float x[MLG_NFEATURES];

            forests_sane_vector(x, seed);
            for (int k = 0; k < MLG_NFEATURES; k++) {
                size_t any = unit_random(seed) % nodes;

                /* most around the forest's own splits, whatever their range */
                if (node[any].feature < MLG_NFEATURES &&
                    unit_random(seed) % 4 > 0) {
                    x[node[any].feature] = node[any].split;
                }
            }
            if (is_lowering(forest, x, f, split, n)) {
                found = f;
            }
        }
    }
    free(split);
    return (mlg_feature_id)found;
}
