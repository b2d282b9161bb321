/* SPDX-License-Identifier: Apache-2.0 */
#include "forests.h"

#include <float.h>

/* XGBoost's rule, written once more: from the base on, tree by tree. */
static float naive_margin(const forests_t *f, const float *x)
{
    float margin = f->forest->base;

    for (uint32_t t = 0; t < f->ntrees; t++) {
        const mlg_node_t *tree = f->node + (size_t)t * f->nodes;
        uint32_t i = 0;

        for (uint32_t level = 0; level < f->depth; level++) {
            const mlg_node_t *at = &tree[i];
            int left = 1;

            if (at->feature != MLG_FOREST_FILLER) {
                left = isnan(x[at->feature]) ? at->is_nan_left
                                             : x[at->feature] < at->split;
            }
            i = 2 * i + (left ? 1 : 2);
        }
        IS_INT(mlg_tree_leaf(tree, f->depth, x), i);
        margin += tree[i].value;
    }
    return margin;
}

static int same_bits(float a, float b)
{
    return mlg_float_bits(a) == mlg_float_bits(b);
}

CLAIM(the_walk_gives_the_naive_walks_bits_at_every_depth_and_size)
{
    static const uint32_t sizes[] = {1, 2, 7, 8, 9, 13, 64, 100};
    uint64_t seed = 1;

    BEGIN;
    for (uint32_t depth = 1; depth <= MLG_FOREST_DEPTH_MAX; depth++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            forests_t f;

            forests_open(&f, sizes[i], depth, &seed);
            for (int n = 0; n < 200; n++) {
                float x[MLG_NFEATURES];
                mlg_walk_t walk;

                forests_vector(x, &seed);
                mlg_forest_walk(f.forest, x, &walk);
                IS_TRUE(same_bits(walk.margin, naive_margin(&f, x)));
            }
            forests_close(&f);
        }
    }
}

CLAIM(the_greatest_forest_is_walked_like_any_other)
{
    uint64_t seed = 2;
    forests_t f;
    float x[MLG_NFEATURES];
    mlg_walk_t walk;

    BEGIN;
    forests_open(&f, MLG_FOREST_TREES_MAX, MLG_FOREST_DEPTH_MAX, &seed);
    for (int n = 0; n < 100; n++) {
        forests_vector(x, &seed);
        mlg_forest_walk(f.forest, x, &walk);
        IS_TRUE(same_bits(walk.margin, naive_margin(&f, x)));
    }
    forests_close(&f);
    IS_INT(mlg_forest_bytes(MLG_FOREST_TREES_MAX + 1, 5), 0);
    IS_INT(mlg_forest_bytes(0, 5), 0);
    IS_INT(mlg_forest_bytes(8, 0), 0);
    IS_INT(mlg_forest_bytes(8, MLG_FOREST_DEPTH_MAX + 1), 0);
}

CLAIM(trees_that_only_fill_a_group_leave_even_a_negative_zero_as_it_is)
{
    static mlg_node_t node[MLG_TREE_NODES(1)];
    static unsigned char memory[4096];
    mlg_forest_t *forest = mlg_forest_init(memory, 1, 1, -0.0f, 1.0, 0.0);
    float x[MLG_NFEATURES] = {0};
    mlg_walk_t walk;

    BEGIN;
    node[1].value = node[2].value = -0.0f;
    mlg_forest_plant(forest, 0, node);
    mlg_forest_walk(forest, x, &walk);
    IS_TRUE(same_bits(walk.margin, -0.0f));
    IS_TRUE(same_bits(walk.score, 0.5f));
}

CLAIM(the_curve_is_exp_to_a_float_and_never_leaves_0_and_1)
{
    float before = 0.0f;

    BEGIN;
    for (int i = -19000; i <= 19000; i++) {
        double z = i * 0.0037;
        float score = mlg_forest_curve(1.0, 0.0, z);
        double want = 1.0 / (1.0 + exp(-z));

        IS_TRUE(score >= before && score <= 1.0f);
        if (z > -60.0) {
            IS_NEAR((double)score / want, 1.0, 1e-7);
        }
        before = score;
    }
    IS_TRUE(mlg_forest_curve(1e300, 1e300, 1e9) <= 1.0f);
    IS_TRUE(mlg_forest_curve(1e300, -1e300, -1e9) >= 0.0f);
    IS_TRUE(mlg_forest_curve(1e-300, 0.0, 0.0) == 0.5f);
    IS_FALSE(isnan(mlg_forest_curve(1.0, 0.0, (double)NAN)));
}

CLAIM(a_score_is_within_0_and_1_whatever_the_vector)
{
    uint64_t seed = 3;

    BEGIN;
    for (int i = 0; i < 40; i++) {
        forests_t f;

        forests_open(&f, 1 + (uint32_t)(unit_random(&seed) % 30), 4, &seed);
        for (int n = 0; n < 500; n++) {
            float x[MLG_NFEATURES];
            uint32_t bits[MLG_NFEATURES];
            mlg_walk_t walk;
            float score;

            for (int k = 0; k < MLG_NFEATURES; k++) {
                bits[k] = (uint32_t)unit_random(&seed); /* any float at all */
            }
            memcpy(x, bits, sizeof(x));
            score = mlg_forest_walk(f.forest, x, &walk);
            IS_TRUE(score >= 0.0f && score <= 1.0f);
        }
        forests_close(&f);
    }
}

/* ---- parts --------------------------------------------------------------- */

CLAIM(the_parts_make_what_the_score_is_above_the_average_clients)
{
    uint64_t seed = 4;

    BEGIN;
    for (int i = 0; i < 60; i++) {
        uint32_t depth = 1 + (uint32_t)i % MLG_FOREST_DEPTH_MAX;
        forests_t f;

        forests_open(&f, 1 + (uint32_t)(unit_random(&seed) % 40), depth, &seed);
        for (int n = 0; n < 50; n++) {
            float part[MLG_NFEATURES];
            float x[MLG_NFEATURES];
            mlg_walk_t walk;
            double sum;

            forests_vector(x, &seed);
            mlg_forest_walk(f.forest, x, &walk);
            sum = (double)mlg_forest_parts(f.forest, &walk, part);
            for (int k = 0; k < MLG_NFEATURES; k++) {
                IS_TRUE(isfinite(part[k]));
                sum += (double)part[k];
            }
            IS_NEAR(sum, (double)walk.score, 1e-5);
        }
        forests_close(&f);
    }
}

CLAIM(a_part_is_what_the_steps_of_its_feature_changed)
{
    mlg_node_t node[MLG_TREE_NODES(2)] = {
        {.feature = MLG_F_BURST, .split = 3.0f, .cover = 100.0f},
        {.feature = MLG_FOREST_FILLER, .value = -1.0f, .cover = 80.0f},
        {.feature = MLG_F_ERROR_SHARE, .split = 0.5f, .cover = 20.0f},
        [5] = {.value = 1.0f, .cover = 10.0f},
        [6] = {.value = 3.0f, .cover = 10.0f}};
    static unsigned char memory[8192];
    mlg_forest_t *forest = mlg_forest_init(memory, 1, 2, 0.5f, 1.0, 0.0);
    float x[MLG_NFEATURES] = {0};
    float part[MLG_NFEATURES];
    mlg_reasons_t reasons;
    mlg_walk_t walk;
    double scale;

    BEGIN;
    mlg_tree_settle(node, 2);
    IS_TRUE(node[2].value == 2.0f);
    IS_NEAR(node[0].value, -0.4, 1e-6); /* (80 * -1 + 20 * 2) / 100 */
    mlg_forest_plant(forest, 0, node);
    IS_NEAR(forest->mean, 0.1, 1e-6);
    x[MLG_F_BURST] = 4.0f;
    x[MLG_F_ERROR_SHARE] = 0.5f;
    mlg_forest_walk(forest, x, &walk);
    IS_TRUE(walk.margin == 3.5f);
    mlg_forest_parts(forest, &walk, part);
    scale = (1.0 / (1.0 + exp(-3.5)) - 1.0 / (1.0 + exp(-0.1))) / 3.4;
    IS_NEAR(part[MLG_F_BURST], 2.4 * scale, 1e-6);
    IS_NEAR(part[MLG_F_ERROR_SHARE], 1.0 * scale, 1e-6);
    IS_TRUE(part[MLG_F_REQUEST_RATE] == 0.0f); /* where a filler's at is 0 */
    mlg_forest_reasons(forest, x, &walk, &reasons);
    IS_INT(reasons.n, 2);
    IS_INT(reasons.top[0].feature, MLG_F_BURST);
    IS_TRUE(reasons.top[0].value == 4.0f);
    IS_INT(reasons.top[1].feature, MLG_F_ERROR_SHARE);
    x[MLG_F_BURST] = 2.0f;
    mlg_forest_walk(forest, x, &walk);
    mlg_forest_reasons(forest, x, &walk, &reasons);
    IS_INT(reasons.n, 0); /* all of it speaks for the client */
}

CLAIM(reasons_are_the_heaviest_parts_heaviest_first)
{
    uint64_t seed = 5;
    forests_t f;

    BEGIN;
    forests_open(&f, 50, 5, &seed);
    for (int n = 0; n < 1000; n++) {
        float part[MLG_NFEATURES];
        float x[MLG_NFEATURES];
        mlg_reasons_t reasons;
        mlg_walk_t walk;
        float least;

        forests_vector(x, &seed);
        mlg_forest_walk(f.forest, x, &walk);
        mlg_forest_parts(f.forest, &walk, part);
        mlg_forest_reasons(f.forest, x, &walk, &reasons);
        least = (reasons.n == MLG_NREASONS) ? reasons.top[2].points : 0.0f;
        for (int k = 0; k < MLG_NFEATURES; k++) {
            int is_named = 0;

            for (uint32_t r = 0; r < reasons.n; r++) {
                is_named |= reasons.top[r].feature == (uint32_t)k;
            }
            IS_TRUE(is_named || part[k] <= least);
        }
        for (uint32_t r = 0; r + 1 < reasons.n; r++) {
            IS_TRUE(reasons.top[r].points >= reasons.top[r + 1].points);
        }
    }
    forests_close(&f);
}

/* ---- relief -------------------------------------------------------------- */

CLAIM(relief_brings_the_score_below_the_threshold_and_less_does_not)
{
    uint64_t seed = 6;
    int found = 0;
    int exact = 0;
    forests_t f;

    BEGIN;
    forests_open(&f, 20, 4, &seed);
    for (int n = 0; n < 2000; n++) {
        float x[MLG_NFEATURES];
        mlg_walk_t walk;
        float threshold;

        forests_sane_vector(x, &seed);
        threshold = mlg_forest_walk(f.forest, x, &walk) - 0.05f;
        for (int k = 0; k < MLG_NFEATURES; k++) {
            float was = x[k];
            float bound =
                mlg_forest_relief(f.forest, x, threshold, (mlg_feature_id)k);

            if (isnan(bound)) {
                continue;
            }
            found++;
            exact += bound == was;
            x[k] = (bound <= was) ? nextafterf(bound, -INFINITY) : bound;
            IS_TRUE(mlg_forest_walk(f.forest, x, &walk) < threshold);
            x[k] = (bound <= was) ? bound : nextafterf(bound, -INFINITY);
            IS_TRUE(mlg_forest_walk(f.forest, x, &walk) >= threshold);
            x[k] = was;
        }
    }
    IS_TRUE(found > 1000 && exact > 10);
    forests_close(&f);
}

CLAIM(a_feature_without_relief_helps_at_none_of_its_splits)
{
    uint64_t seed = 7;
    int none = 0;
    forests_t f;

    BEGIN;
    forests_open(&f, 10, 3, &seed);
    for (int n = 0; n < 300; n++) {
        float x[MLG_NFEATURES];
        mlg_walk_t walk;
        float threshold;

        forests_sane_vector(x, &seed);
        threshold = mlg_forest_walk(f.forest, x, &walk) - 0.02f;
        for (int k = 0; k < MLG_NFEATURES; k++) {
            float was = x[k];

            if (isnan(was)) {
                IS_NAN(mlg_forest_relief(f.forest, x, threshold,
                                         (mlg_feature_id)k));
            }
            else if (isnan(mlg_forest_relief(f.forest, x, threshold,
                                             (mlg_feature_id)k))) {
                none++;
                for (int v = -25; v <= 28; v++) {
                    x[k] = (float)v / 4.0f;
                    IS_TRUE(mlg_forest_walk(f.forest, x, &walk) >= threshold);
                }
                x[k] = was;
            }
        }
        IS_NAN(mlg_forest_relief(f.forest, x, 1.1f, MLG_F_BURST)); /* below */
    }
    IS_TRUE(none > 100);
    forests_close(&f);
}

/* ---- plain trees --------------------------------------------------------- */

CLAIM(a_settled_tree_may_be_planted_and_what_breaks_a_rule_may_not)
{
    static const struct {
        uint32_t node; /* of a tree of depth 2; 1 is a filler */
        mlg_node_t is;
        const char *what;
    } bad[] = {
        {0,
         {.feature = MLG_NFEATURES},
         "a node asks for a feature that is not on the list"},
        {0, {.split = NAN}, "a split is not a finite number"},
        {2, {.split = -INFINITY}, "a split is not a finite number"},
        {2, {.cover = -1.0f}, "a cover is below 0 or not a finite number"},
        {2, {.cover = INFINITY}, "a cover is below 0 or not a finite number"},
        {6, {.cover = NAN}, "a cover is below 0 or not a finite number"},
        {6,
         {.value = 1.1e6f},
         "a leaf adds more than 1,000,000 or what is not a number"},
        {5,
         {.value = NAN},
         "a leaf adds more than 1,000,000 or what is not a number"},
        {2, {.is_nan_left = 2}, "a side for NaN is neither left nor right"},
        {1,
         {.feature = MLG_FOREST_FILLER, .value = 0.5f},
         "below a filler are two different leaves"},
        {1,
         {.feature = MLG_FOREST_FILLER,
          .value = 1.0f,
          .cover = 3.0f,
          .split = 1.0f},
         "a filler has a split or a side for NaN"},
    };
    mlg_node_t sound[MLG_TREE_NODES(2)] = {
        {.feature = MLG_F_BURST},
        {.feature = MLG_FOREST_FILLER, .value = 1.0f, .cover = 3.0f},
        {.feature = MLG_F_BURST}};

    BEGIN;
    mlg_tree_settle(sound, 2);
    IS_INT(mlg_tree_check(sound, 2, NULL), APR_SUCCESS);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        mlg_node_t node[MLG_TREE_NODES(2)];
        mlg_fault_t fault;

        memcpy(node, sound, sizeof(node));
        node[bad[i].node] = bad[i].is;
        IS_INT(mlg_tree_check(node, 2, &fault), MLG_EMODEL);
        IS_INT(fault.offset, bad[i].node);
        IS_TEXT(fault.what, bad[i].what);
    }
}

CLAIM(a_node_that_no_one_came_to_means_the_plain_mean)
{
    mlg_node_t node[MLG_TREE_NODES(1)] = {
        {.feature = MLG_F_BURST}, {.value = 1.0f}, {.value = 4.0f}};

    BEGIN;
    mlg_tree_settle(node, 1);
    IS_TRUE(node[0].value == 2.5f);
}

/* ---- monotone ------------------------------------------------------------ */

/* Of a forest of this one tree. */
static mlg_feature_id lowering(const mlg_node_t *node)
{
    static unsigned char memory[4096];
    mlg_forest_t *forest = mlg_forest_init(memory, 1, 1, 0.0f, 1.0, 0.0);
    uint64_t seed = 8;

    mlg_forest_plant(forest, 0, node);
    return forests_lowering(forest, node, 10, &seed);
}

CLAIM(a_forest_that_lowers_a_score_for_more_is_found_out)
{
    mlg_node_t node[MLG_TREE_NODES(1)] = {
        {.feature = MLG_F_BURST, .split = 77.0f},
        {.value = -1.0f, .cover = 1.0f, .feature = MLG_FOREST_FILLER},
        {.value = 1.0f, .cover = 1.0f, .feature = MLG_FOREST_FILLER}};

    BEGIN;
    IS_INT(lowering(node), MLG_NFEATURES);
    node[1].value = 2.0f;
    IS_INT(lowering(node), MLG_F_BURST);
    node[0].feature = MLG_F_ASSET_SHARE; /* may go either way */
    IS_INT(lowering(node), MLG_NFEATURES);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_walk_gives_the_naive_walks_bits_at_every_depth_and_size),
        TEST(the_greatest_forest_is_walked_like_any_other),
        TEST(trees_that_only_fill_a_group_leave_even_a_negative_zero_as_it_is),
        TEST(the_curve_is_exp_to_a_float_and_never_leaves_0_and_1),
        TEST(a_score_is_within_0_and_1_whatever_the_vector),
        TEST(the_parts_make_what_the_score_is_above_the_average_clients),
        TEST(a_part_is_what_the_steps_of_its_feature_changed),
        TEST(reasons_are_the_heaviest_parts_heaviest_first),
        TEST(relief_brings_the_score_below_the_threshold_and_less_does_not),
        TEST(a_feature_without_relief_helps_at_none_of_its_splits),
        TEST(a_settled_tree_may_be_planted_and_what_breaks_a_rule_may_not),
        TEST(a_node_that_no_one_came_to_means_the_plain_mean),
        TEST(a_forest_that_lowers_a_score_for_more_is_found_out),
    };

    return RUN(tests);
}
