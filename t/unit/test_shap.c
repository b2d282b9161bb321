/* SPDX-License-Identifier: Apache-2.0
 *
 * TreeSHAP against its definition, against XGBoost, and against itself. */
#include "boost.h"
#include "forests.h"

#include "mlg_shap.h"
#include "mlg_xgboost.h"

#include <apr_general.h>

#define FEW     8 /* features, so that all subsets can be tried */
#define SUBSETS (1u << FEW)

/* What a tree says when the features of `known` are known, by the definition:
 * the mean by covers over the ways of the others. */
static double told(const mlg_node_t *node, uint32_t depth, const float *x,
                   unsigned known, uint32_t i)
{
    const mlg_node_t *own = &node[i];
    double left;
    double right;

    if (i >= MLG_TREE_SPLITS(depth) || own->feature == MLG_FOREST_FILLER) {
        return (double)own->value;
    }
    if (known >> own->feature & 1) {
        float value = x[own->feature];
        int goes_left = isnan(value) ? own->is_nan_left : value < own->split;

        return told(node, depth, x, known, 2 * i + (goes_left ? 1 : 2));
    }
    left = (double)node[2 * i + 1].cover;
    right = (double)node[2 * i + 2].cover;
    if (!(left + right > 0.0)) {
        left = right = 1.0;
    }
    return (left * told(node, depth, x, known, 2 * i + 1) +
            right * told(node, depth, x, known, 2 * i + 2)) /
           (left + right);
}

static double factorial(unsigned n)
{
    return (n < 2) ? 1.0 : n * factorial(n - 1);
}

/* Shapley's sum over all subsets without the feature. */
static double by_definition(const mlg_node_t *node, uint32_t depth,
                            const float *x, unsigned feature)
{
    double sum = 0.0;

    for (unsigned set = 0; set < SUBSETS; set++) {
        unsigned n = (unsigned)__builtin_popcount(set);

        if ((set >> feature & 1) == 0) {
            sum += factorial(n) * factorial(FEW - n - 1) / factorial(FEW) *
                   (told(node, depth, x, set | 1u << feature, 0) -
                    told(node, depth, x, set, 0));
        }
    }
    return sum;
}

/* Trees that ask for few features, most of them again and again. */
static void squeeze(forests_t *f, uint64_t *seed)
{
    for (size_t i = 0; i < (size_t)f->ntrees * f->nodes; i++) {
        mlg_node_t *node = &f->node[i];

        if (node->feature != MLG_FOREST_FILLER) {
            node->feature = (uint16_t)(node->feature % FEW);
        }
        if (unit_random(seed) % 6 == 0) {
            node->cover = 0.0f;
        }
    }
    for (uint32_t t = 0; t < f->ntrees; t++) {
        mlg_tree_settle(f->node + (size_t)t * f->nodes, f->depth);
    }
}

CLAIM(contributions_are_those_of_the_definition_over_all_subsets)
{
    uint64_t seed = 7;

    BEGIN;
    for (uint32_t depth = 1; depth <= MLG_FOREST_DEPTH_MAX; depth++) {
        forests_t f;

        forests_open(&f, 6, depth, &seed);
        squeeze(&f, &seed);
        for (uint32_t t = 0; t < f.ntrees; t++) {
            const mlg_node_t *node = f.node + (size_t)t * f.nodes;
            double part[MLG_NFEATURES] = {0.0};
            float x[MLG_NFEATURES];
            double mean;

            forests_vector(x, &seed);
            mean = mlg_shap_tree(node, depth, x, part);
            IS_NEAR(mean, told(node, depth, x, 0, 0), 1e-12);
            for (unsigned k = 0; k < FEW; k++) {
                IS_NEAR(part[k], by_definition(node, depth, x, k), 1e-11);
            }
            for (int k = FEW; k < MLG_NFEATURES; k++) {
                IS_TRUE(part[k] == 0.0);
            }
        }
        forests_close(&f);
    }
}

CLAIM(contributions_and_the_mean_make_the_leaf_whatever_the_covers)
{
    uint64_t seed = 8;

    BEGIN;
    for (int n = 0; n < 400; n++) {
        uint32_t depth = 1 + (uint32_t)n % MLG_FOREST_DEPTH_MAX;
        double part[MLG_NFEATURES] = {0.0};
        float x[MLG_NFEATURES];
        double sum;
        forests_t f;

        forests_open(&f, 1, depth, &seed);
        for (size_t i = 0; i < f.nodes; i++) {
            static const float cover[] = {0.0f, 1e-38f, 1e-3f, 1.0f, 3e38f};

            f.node[i].cover = cover[unit_random(&seed) % 5];
        }
        mlg_tree_settle(f.node, depth);
        forests_vector(x, &seed);
        sum = mlg_shap_tree(f.node, depth, x, part);
        for (int k = 0; k < MLG_NFEATURES; k++) {
            IS_TRUE(isfinite(part[k]));
            sum += part[k];
        }
        IS_NEAR(sum, (double)f.node[mlg_tree_leaf(f.node, depth, x)].value,
                1e-9);
        forests_close(&f);
    }
}

/* A bundle of a forest, in memory of malloc(). */
static unsigned char *bundle_of(const forests_t *f, mlg_bundle_t *bundle)
{
    float golden[MLG_NFEATURES] = {0};
    mlg_bundle_draft_t draft = {.ntrees = f->ntrees,
                                .depth = f->depth,
                                .ngolden = 1,
                                .base = f->forest->base,
                                .slope = 0.75,
                                .offset = -0.25,
                                .threshold = 0.5f,
                                .node = f->node,
                                .about = "",
                                .golden = golden};
    size_t len = mlg_bundle_bytes(&draft);
    unsigned char *bytes = forests_room(len);
    void *memory = forests_room(mlg_forest_bytes(f->ntrees, f->depth));

    IS_INT(mlg_bundle_render(&draft, bytes, memory, NULL), APR_SUCCESS);
    IS_INT(mlg_bundle_check(bundle, bytes, len, NULL), APR_SUCCESS);
    free(memory);
    return bytes;
}

CLAIM(contributions_make_the_log_odds_of_a_bundles_score)
{
    uint64_t seed = 9;

    BEGIN;
    for (uint32_t depth = 1; depth <= MLG_FOREST_DEPTH_MAX; depth++) {
        unsigned char *bytes;
        mlg_bundle_t bundle;
        forests_t f;

        forests_open(&f, 100, depth, &seed);
        bytes = bundle_of(&f, &bundle);
        for (int n = 0; n < 20; n++) {
            double part[MLG_NFEATURES];
            float x[MLG_NFEATURES];
            mlg_walk_t walk;
            double sum;
            double odds;

            forests_vector(x, &seed);
            mlg_forest_walk(f.forest, x, &walk);
            odds = 0.75 * (double)walk.margin - 0.25;
            sum = mlg_shap(&bundle, x, part);
            for (int k = 0; k < MLG_NFEATURES; k++) {
                sum += part[k];
            }
            IS_NEAR(sum, odds, 1e-5 * (1.0 + fabs(odds)));
        }
        free(bytes);
        forests_close(&f);
    }
}

CLAIM(xgboost_has_the_same_contributions)
{
    static const boost_t how = {
        5, 30, ".4", {{"min_child_weight", "0"}, {NULL, NULL}}, 12, 3, 20};
    uint64_t seed = 10;
    const char *why = "";
    mlg_xgboost_t model;
    apr_pool_t *p;
    booster_t b;

    BEGIN;
    IS_INT(apr_initialize(), APR_SUCCESS);
    IS_INT(apr_pool_create(&p, NULL), APR_SUCCESS);
    boost_open(&b, &how, 800, &seed);
    IS_INT(mlg_xgboost_read(&model, b.json, b.len, &why, p), APR_SUCCESS);
    for (int n = 0; n < 50; n++) {
        float want[MLG_NFEATURES + 1];
        double part[MLG_NFEATURES] = {0.0};
        double mean = (double)model.base;
        float x[MLG_NFEATURES];

        forests_sane_vector(x, &seed);
        boost_parts(&b, x, 1, want);
        for (uint32_t t = 0; t < model.ntrees; t++) {
            mean += mlg_shap_tree(model.node +
                                      (size_t)t * MLG_TREE_NODES(model.depth),
                                  model.depth, x, part);
        }
        IS_NEAR(mean, (double)want[MLG_NFEATURES], 1e-3);
        for (int k = 0; k < MLG_NFEATURES; k++) {
            IS_NEAR(part[k], (double)want[k], 1e-3);
        }
    }
    boost_close(&b);
    apr_pool_destroy(p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(contributions_are_those_of_the_definition_over_all_subsets),
        TEST(contributions_and_the_mean_make_the_leaf_whatever_the_covers),
        TEST(contributions_make_the_log_odds_of_a_bundles_score),
        TEST(xgboost_has_the_same_contributions),
    };

    return RUN(tests);
}
