/* SPDX-License-Identifier: Apache-2.0
 *
 * What libxgboost trains, saves and says, against what is read, kept in a
 * bundle, and walked here. */
#include "boost.h"
#include "forests.h"

#include "mlg_xgboost.h"

#include <apr_general.h>
#include <float.h>

#define ROWS    1500
#define VECTORS 10000

/* clang-format off */
static const boost_t configs[] = {
    {1, 1,   ".5", {{NULL, NULL}}, MLG_NFEATURES, 0, 10},
    {2, 100, ".2", {{NULL, NULL}}, MLG_NFEATURES, 0, 0},
    {3, 17,  NULL, {{"tree_method", "exact"}, {"gamma", "2"}, {NULL, NULL}},
     12, 5, 30},
    {4, 40,  "0.0625", {{"monotone_constraints", "(1,0,1,0,-1)"},
                        {"learning_rate", "0.07"}, {NULL, NULL}}, 5, 30, 20},
    {5, 64,  ".5", {{"subsample", "0.6"}, {"colsample_bynode", "0.5"},
                    {"min_child_weight", "0"}, {NULL, NULL}},
     MLG_NFEATURES, 0, 25},
    {6, 100, "0.9871", {{"lambda", "0"}, {"learning_rate", "1"}, {NULL, NULL}},
     MLG_NFEATURES, 0, 45},
    {4, 10,  ".37", {{"num_parallel_tree", "4"}, {"subsample", "0.5"},
                     {NULL, NULL}}, 20, 10, 5},
    {8, 12,  ".5", {{"grow_policy", "lossguide"}, {"max_leaves", "20"},
                    {NULL, NULL}}, MLG_NFEATURES, 0, 15},
    {5, 20,  ".5", {{"tree_method", "approx"}, {"max_bin", "16"},
                    {NULL, NULL}}, MLG_NFEATURES, 0, 15},
};
/* clang-format on */
#define NCONFIGS (sizeof(configs) / sizeof(configs[0]))

static int same_bits(float a, float b)
{
    return mlg_float_bits(a) == mlg_float_bits(b);
}

static apr_pool_t *pool(void)
{
    static apr_pool_t *root;
    apr_pool_t *p;

    if (root == NULL) {
        IS_INT(apr_initialize(), APR_SUCCESS);
        IS_INT(apr_pool_create(&root, NULL), APR_SUCCESS);
    }
    IS_INT(apr_pool_create(&p, root), APR_SUCCESS);
    return p;
}

/* Into a bundle and out of it again, as a server has it. */
static const mlg_forest_t *through_a_bundle(const mlg_xgboost_t *model,
                                            apr_pool_t *p)
{
    float golden[MLG_NFEATURES] = {0};
    mlg_bundle_draft_t draft = {.ntrees = model->ntrees,
                                .depth = model->depth,
                                .ngolden = 1,
                                .base = model->base,
                                .slope = 1.0,
                                .threshold = 0.5f,
                                .node = model->node,
                                .about = "",
                                .golden = golden};
    size_t len = mlg_bundle_bytes(&draft);
    unsigned char *bytes = apr_palloc(p, len);
    void *memory = apr_palloc(p, mlg_forest_bytes(model->ntrees, model->depth));
    const mlg_forest_t *forest = NULL;
    mlg_bundle_t bundle;

    IS_TRUE(len > 0);
    IS_INT(mlg_bundle_render(&draft, bytes, memory, NULL), APR_SUCCESS);
    IS_INT(mlg_bundle_check(&bundle, bytes, len, NULL), APR_SUCCESS);
    IS_INT(mlg_bundle_read(&bundle, memory, &forest, NULL), APR_SUCCESS);
    return forest;
}

/* Mostly splits of the model and their neighbours, whole patterns of NaN, and
 * what floats have at their edges. XGBoost refuses infinities itself. */
static void draw_vector(const mlg_xgboost_t *model, float *x, uint64_t *seed)
{
    static const float odd[] = {0.0f,     -0.0f,  FLT_MAX, -FLT_MAX, FLT_MIN,
                                -FLT_MIN, 1e-44f, -1e-44f, 1e-45f,   0.5f};
    size_t nodes = (size_t)model->ntrees * MLG_TREE_NODES(model->depth);
    unsigned nans = (unsigned)(unit_random(seed) % 4) * 25;

    for (int k = 0; k < MLG_NFEATURES; k++) {
        x[k] = (float)(unit_random(seed) % 4000) / 160.0f - 9.0f;
        if (unit_random(seed) % 10 == 0) {
            x[k] = odd[unit_random(seed) % (sizeof(odd) / sizeof(odd[0]))];
        }
    }
    for (int i = 0; i < 40; i++) {
        const mlg_node_t *node = &model->node[unit_random(seed) % nodes];

        if (node->feature < MLG_NFEATURES) {
            float near[] = {node->split, nextafterf(node->split, -FLT_MAX),
                            nextafterf(node->split, FLT_MAX)};

            x[node->feature] = near[unit_random(seed) % 3];
        }
    }
    for (int k = 0; k < MLG_NFEATURES; k++) {
        if (unit_random(seed) % 100 < nans) {
            x[k] = NAN;
        }
    }
}

static void compare(const boost_t *how, uint64_t *seed)
{
    apr_pool_t *p = pool();
    float *x = apr_palloc(p, sizeof(*x) * VECTORS * MLG_NFEATURES);
    float *want = apr_palloc(p, sizeof(*want) * VECTORS);
    const char *why = NULL;
    const mlg_forest_t *forest;
    mlg_xgboost_t model;
    booster_t b;

    boost_open(&b, how, ROWS, seed);
    if (mlg_xgboost_read(&model, b.json, b.len, &why, p) != APR_SUCCESS) {
        fail_msg("%s", why);
    }
    IS_TRUE(model.depth <= (uint32_t)how->depth);
    IS_INT(model.nfeatures, how->columns);
    forest = through_a_bundle(&model, p);
    for (int i = 0; i < VECTORS; i++) {
        draw_vector(&model, x + (size_t)i * MLG_NFEATURES, seed);
    }
    boost_margins(&b, x, VECTORS, want);
    for (int i = 0; i < VECTORS; i++) {
        mlg_walk_t walk;

        mlg_forest_walk(forest, x + (size_t)i * MLG_NFEATURES, &walk);
        if (!same_bits(walk.margin, want[i])) {
            fail_msg("depth %d, row %d: %.9g, XGBoost says %.9g", how->depth, i,
                     (double)walk.margin, (double)want[i]);
        }
    }
    boost_close(&b);
    apr_pool_destroy(p);
}

CLAIM(a_margin_is_xgboosts_to_the_bit_on_10000_rows_of_every_model)
{
    uint64_t seed = 20260704;

    BEGIN;
    for (size_t i = 0; i < NCONFIGS; i++) {
        compare(&configs[i], &seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_margin_is_xgboosts_to_the_bit_on_10000_rows_of_every_model),
    };

    return RUN(tests);
}
