/* SPDX-License-Identifier: Apache-2.0 */
#include "boost.h"
#include "forests.h"

#include "mlg_monotone.h"
#include "mlg_xgboost.h"

#include <apr_general.h>
#include <float.h>

#define FEW 3 /* features, so that every cell of their splits can be tried */

/* The values that tell all cells of a feature apart, NaN last. */
static int cells_of(float *cell, const mlg_node_t *node, uint32_t nodes,
                    unsigned feature)
{
    int n = 0;

    cell[n++] = -FLT_MAX;
    for (uint32_t i = 0; i < nodes; i++) {
        if (node[i].feature == feature) {
            cell[n++] = node[i].split;
        }
    }
    cell[n++] = NAN;
    return n;
}

static float value_of(const mlg_node_t *node, uint32_t depth, const float *x)
{
    return node[mlg_tree_leaf(node, depth, x)].value;
}

/* Does it fall? Every cell of every feature is tried. */
static int falls_somewhere(const mlg_node_t *node, uint32_t depth,
                           unsigned feature)
{
    float cell[FEW][MLG_TREE_NODES(4) + 2];
    int n[FEW];
    float x[MLG_NFEATURES] = {0};
    unsigned a = (feature + 1) % FEW;
    unsigned b = (feature + 2) % FEW;

    for (unsigned k = 0; k < FEW; k++) {
        n[k] = cells_of(cell[k], node, MLG_TREE_NODES(depth), k);
    }
    for (int i = 0; i < n[a]; i++) {
        for (int j = 0; j < n[b]; j++) {
            x[a] = cell[a][i];
            x[b] = cell[b][j];
            for (int low = 0; low < n[feature] - 1; low++) {
                for (int high = 0; high < n[feature] - 1; high++) {
                    float was;

                    x[feature] = cell[feature][low];
                    was = value_of(node, depth, x);
                    x[feature] = cell[feature][high];
                    if (cell[feature][high] > cell[feature][low] &&
                        value_of(node, depth, x) < was) {
                        return 1;
                    }
                }
            }
        }
    }
    return 0;
}

/* What was found is what it says it is. */
static void check_fall(const mlg_node_t *node, uint32_t depth,
                       const mlg_fall_t *fall)
{
    float x[MLG_NFEATURES];
    float was;

    memcpy(x, fall->x, sizeof(x));
    IS_TRUE(fall->higher > x[fall->feature]);
    was = value_of(node, depth, x);
    x[fall->feature] = fall->higher;
    IS_TRUE(fall->depth > 0.0f);
    IS_TRUE(was - value_of(node, depth, x) == fall->depth);
}

CLAIM(a_tree_falls_just_when_some_cell_of_its_splits_does)
{
    uint64_t seed = 11;
    int fell = 0;
    int held = 0;

    BEGIN;
    for (int n = 0; n < 3000; n++) {
        uint32_t depth = 1 + (uint32_t)n % 4;
        forests_t f;

        forests_open(&f, 1, depth, &seed);
        for (uint32_t i = 0; i < f.nodes; i++) {
            if (f.node[i].feature != MLG_FOREST_FILLER) {
                f.node[i].feature = (uint16_t)(f.node[i].feature % FEW);
            }
            /* few values, so that some trees rise */
            f.node[i].value = floorf(f.node[i].value);
            if (i >= MLG_TREE_SPLITS(depth) && n % 3 > 0) {
                f.node[i].value = (float)(i * (uint32_t)(n % 2));
            }
        }
        mlg_tree_settle(f.node, depth);
        for (unsigned k = 0; k < FEW; k++) {
            mlg_fall_t fall;
            int falls =
                mlg_monotone_tree(f.node, depth, (mlg_feature_id)k, &fall);

            IS_INT(falls, falls_somewhere(f.node, depth, k));
            if (falls) {
                check_fall(f.node, depth, &fall);
            }
            fell += falls;
            held += !falls;
        }
        forests_close(&f);
    }
    IS_TRUE(fell > 500 && held > 500); /* neither answer is a rare one */
}

/* Trees of one feature each, as a bundle and its forest. */
typedef struct kept_t {
    unsigned char *bytes;
    void *memory;
    mlg_bundle_t bundle;
    const mlg_forest_t *forest;
} kept_t;

static void keep(kept_t *kept, const mlg_node_t *node, uint32_t ntrees,
                 uint32_t depth)
{
    float golden[MLG_NFEATURES] = {0};
    mlg_bundle_draft_t draft = {.ntrees = ntrees,
                                .depth = depth,
                                .ngolden = 1,
                                .slope = 1.0,
                                .threshold = 0.5f,
                                .node = node,
                                .about = "",
                                .golden = golden};
    size_t len = mlg_bundle_bytes(&draft);

    kept->bytes = forests_room(len);
    kept->memory = forests_room(mlg_forest_bytes(ntrees, depth));
    IS_INT(mlg_bundle_render(&draft, kept->bytes, kept->memory, NULL),
           APR_SUCCESS);
    IS_INT(mlg_bundle_check(&kept->bundle, kept->bytes, len, NULL),
           APR_SUCCESS);
    IS_INT(mlg_bundle_read(&kept->bundle, kept->memory, &kept->forest, NULL),
           APR_SUCCESS);
}

static void drop(kept_t *kept)
{
    free(kept->bytes);
    free(kept->memory);
}

CLAIM(a_fall_that_another_tree_takes_back_stays_open)
{
    mlg_node_t node[3][MLG_TREE_NODES(1)] = {
        {{.feature = MLG_F_BURST, .split = 2.0f, .cover = 1.0f},
         {.value = 1.0f, .cover = 1.0f},
         {.value = 3.0f, .cover = 1.0f}},
        {{.feature = MLG_F_BURST, .split = 2.0f, .cover = 1.0f},
         {.value = 1.0f, .cover = 1.0f},
         {.value = 0.5f, .cover = 1.0f}},
        {{.feature = MLG_F_BURST, .split = 5.0f, .cover = 1.0f},
         {.value = 1.0f, .cover = 1.0f},
         {.value = 0.5f, .cover = 1.0f}}};
    mlg_fall_t fall;
    kept_t kept;

    BEGIN;
    for (int t = 0; t < 3; t++) {
        mlg_tree_settle(node[t], 1);
    }
    keep(&kept, node[0], 1, 1);
    IS_INT(mlg_monotone(&kept.bundle, kept.forest, MLG_F_BURST, &fall),
           MLG_MONOTONE_PROVEN);
    drop(&kept);
    keep(&kept, node[0], 2, 1);
    IS_INT(mlg_monotone(&kept.bundle, kept.forest, MLG_F_BURST, &fall),
           MLG_MONOTONE_OPEN);
    IS_INT(fall.tree, 1);
    IS_INT(mlg_monotone(&kept.bundle, kept.forest, MLG_F_CONCURRENCY, &fall),
           MLG_MONOTONE_PROVEN);
    drop(&kept);
    keep(&kept, node[0], 3, 1);
    IS_INT(mlg_monotone(&kept.bundle, kept.forest, MLG_F_BURST, &fall),
           MLG_MONOTONE_REFUTED);
    IS_INT(fall.tree, 2);
    IS_TRUE(fall.x[MLG_F_BURST] < 5.0f && fall.higher >= 5.0f);
    drop(&kept);
}

CLAIM(what_xgboost_trains_under_constraints_is_proven_monotone)
{
    static const boost_t how = {6,
                                60,
                                ".5",
                                {{"monotone_constraints", "(1,0,1,1)"},
                                 {"min_child_weight", "0"},
                                 {NULL, NULL}},
                                4,
                                MLG_F_CONCURRENCY,
                                20};
    uint64_t seed = 12;
    const char *why = "";
    mlg_xgboost_t model;
    int free_falls = 0;
    apr_pool_t *p;
    booster_t b;

    BEGIN;
    IS_INT(apr_initialize(), APR_SUCCESS);
    IS_INT(apr_pool_create(&p, NULL), APR_SUCCESS);
    boost_open(&b, &how, 1500, &seed);
    IS_INT(mlg_xgboost_read(&model, b.json, b.len, &why, p), APR_SUCCESS);
    for (uint32_t t = 0; t < model.ntrees; t++) {
        const mlg_node_t *node =
            model.node + (size_t)t * MLG_TREE_NODES(model.depth);
        mlg_fall_t fall;

        for (int k = 0; k < 4; k++) {
            int falls = mlg_monotone_tree(
                node, model.depth, (mlg_feature_id)(how.first + k), &fall);

            IS_FALSE(falls && k != 1);
            free_falls += falls;
        }
    }
    IS_TRUE(free_falls > 0);
    boost_close(&b);
    apr_pool_destroy(p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_tree_falls_just_when_some_cell_of_its_splits_does),
        TEST(a_fall_that_another_tree_takes_back_stays_open),
        TEST(what_xgboost_trains_under_constraints_is_proven_monotone),
    };

    return RUN(tests);
}
