/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_golden.h"

#include <float.h>
#include <math.h>

#define SEED       0x6d6c676174656d6cULL
#define NAN_OF     8 /* one of so many questions is answered by NaN */
#define TREES_EACH 4 /* ways that one vector follows, times its trees */

/* xorshift64*: the same everywhere. */
static uint32_t draw(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)(*state * 0x2545f4914f6cdd1dULL >> 32);
}

static float just_below(float split)
{
    return (split > -FLT_MAX) ? nextafterf(split, -INFINITY) : split;
}

/* Answer a node's question, at random unless it was answered before.
 *
 * @return whether the way goes left */
static int answer(float *x, uint64_t *asked, const mlg_node_t *node,
                  uint64_t *state)
{
    uint32_t f = node->feature;

    if ((*asked >> f & 1) == 0) {
        uint32_t r = draw(state);

        *asked |= 1ull << f;
        if (r % NAN_OF != 0) {
            x[f] = (r & 0x8000) ? node->split : just_below(node->split);
        }
    }
    return isnan(x[f]) ? node->is_nan_left : x[f] < node->split;
}

static void follow(float *x, uint64_t *asked, const mlg_node_t *node,
                   uint32_t depth, uint64_t *state)
{
    uint32_t i = 0;

    while (i < MLG_TREE_SPLITS(depth) && node[i].feature != MLG_FOREST_FILLER) {
        i = 2 * i + (answer(x, asked, &node[i], state) ? 1 : 2);
    }
}

static_assert(MLG_NFEATURES <= 64, "`asked` has a bit for each");

void mlg_golden_draw(float *x, uint32_t n, const mlg_node_t *node,
                     uint32_t ntrees, uint32_t depth)
{
    uint64_t state = SEED;

    for (uint32_t i = 0; i < n; i++, x += MLG_NFEATURES) {
        uint64_t asked = 0;

        for (int k = 0; k < MLG_NFEATURES; k++) {
            x[k] = NAN;
        }
        for (uint32_t t = 0; t < TREES_EACH * ntrees && i > 0; t++) {
            follow(x, &asked,
                   node +
                       (size_t)(draw(&state) % ntrees) * MLG_TREE_NODES(depth),
                   depth, &state);
        }
    }
}
