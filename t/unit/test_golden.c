/* SPDX-License-Identifier: Apache-2.0 */
#include "forests.h"

#include "mlg_golden.h"

#define VECTORS 32

/* @return how many different leaves the vectors come to, of all trees */
static uint32_t leaves_of(const forests_t *f, const float *x)
{
    uint8_t *seen = forests_room((size_t)f->ntrees * f->nodes);
    uint32_t reached = 0;

    for (uint32_t t = 0; t < f->ntrees; t++) {
        for (uint32_t i = 0; i < VECTORS; i++) {
            uint32_t leaf = mlg_tree_leaf(f->node + (size_t)t * f->nodes,
                                          f->depth, x + i * MLG_NFEATURES);

            reached += !seen[t * f->nodes + leaf];
            seen[t * f->nodes + leaf] = 1;
        }
    }
    free(seen);
    return reached;
}

CLAIM(vectors_made_from_splits_are_the_same_again_and_reach_many_leaves)
{
    static float x[VECTORS * MLG_NFEATURES];
    static float again[VECTORS * MLG_NFEATURES];
    uint64_t seed = 21;
    uint32_t nans = 0;
    forests_t f;

    BEGIN;
    forests_open(&f, 64, 5, &seed);
    mlg_golden_draw(x, VECTORS, f.node, f.ntrees, f.depth);
    mlg_golden_draw(again, VECTORS, f.node, f.ntrees, f.depth);
    for (int i = 0; i < VECTORS * MLG_NFEATURES; i++) {
        IS_INT(mlg_float_bits(x[i]), mlg_float_bits(again[i]));
        IS_FALSE(isinf(x[i]));
        nans += isnan(x[i]) != 0;
    }
    for (int k = 0; k < MLG_NFEATURES; k++) {
        IS_NAN(x[k]);
    }
    IS_TRUE(nans > 2 * MLG_NFEATURES && nans < VECTORS * MLG_NFEATURES / 3);
    /* eleven of 32 leaves a tree */
    IS_TRUE(leaves_of(&f, x) > 64 * 9);
    forests_close(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(vectors_made_from_splits_are_the_same_again_and_reach_many_leaves),
    };

    return RUN(tests);
}
