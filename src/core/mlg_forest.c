/* SPDX-License-Identifier: Apache-2.0
 *
 * Eight trees are walked in step: a walk is a chain of loads that wait for one
 * another, and eight chains fill that time. A group of eight lies in memory as
 *
 *     [ at: 8 x 2^depth bytes | key: 8 x 2^depth integers | leaf: as many ]
 *
 * tree after tree in each part, so that the first four levels of a tree's keys
 * are one cache line, and an address is a register and a constant. `at` and
 * `key` are heaps whose root is 1, mirrored: the left child of p is 2p + 1, the
 * right one 2p, so that a step is a comparison and an addition with its carry.
 * Number 0 is not used.
 */
#include "forest.h"

#define NOT_ADDING (-0.0f) /* x + -0 is x for every x, 0 and -0 too */
#define SIGN       0x80000000u
#define KEY_FILLER 0u /* no split's key: nothing is less, all goes right */

static_assert(FOREST_KEYS <= 256, "a place in the doubled vector is a byte");
static_assert(MLG_FOREST_TREES_MAX % FOREST_LANES == 0,
              "walks fill whole groups");

static uint32_t groups_of(uint32_t ntrees)
{
    return (ntrees + FOREST_LANES - 1) / FOREST_LANES;
}

/* ---- making -------------------------------------------------------------- */

/* The forest's own struct, to the next cache line. */
static size_t head_bytes(void)
{
    return (sizeof(mlg_forest_t) + MLG_CACHELINE - 1) / MLG_CACHELINE *
           MLG_CACHELINE;
}

size_t mlg_forest_bytes(uint32_t ntrees, uint32_t depth)
{
    if (ntrees < 1 || ntrees > MLG_FOREST_TREES_MAX || depth < 1 ||
        depth > MLG_FOREST_DEPTH_MAX) {
        return 0;
    }
    return MLG_CACHELINE - 1 + /* to align what follows */
           head_bytes() +
           groups_of(ntrees) *
               (FOREST_GROUP_BYTES(depth) +
                FOREST_LANES * (sizeof(float) << depth)); /* values */
}

mlg_forest_t *mlg_forest_init(void *memory, uint32_t ntrees, uint32_t depth,
                              float base, double slope, double offset)
{
    uintptr_t gap = -(uintptr_t)memory % MLG_CACHELINE;
    unsigned char *at = (unsigned char *)memory + gap;
    mlg_forest_t *forest = (mlg_forest_t *)(void *)at;
    size_t trees = groups_of(ntrees) * FOREST_GROUP_BYTES(depth);

    memset(forest, 0, mlg_forest_bytes(ntrees, depth) - (MLG_CACHELINE - 1));
    forest->ntrees = ntrees;
    forest->depth = depth;
    forest->base = base;
    forest->mean = (double)base;
    forest->most = (double)base;
    forest->slope = slope;
    forest->offset = offset;
    forest->trees = at + head_bytes();
    forest->values = (float *)(void *)(forest->trees + trees);
    for (uint32_t t = 0; t < groups_of(ntrees) * FOREST_LANES; t++) {
        float *leaf = forest_tree(forest, t).leaf;

        for (uint32_t i = 0; i < 1u << depth; i++) {
            leaf[i] = NOT_ADDING;
        }
    }
    return forest;
}

/* An integer for each float, in the same order; 0 and -0 are one. */
static uint32_t key_of(float value)
{
    uint32_t bits = mlg_float_bits(value + 0.0f);

    return bits ^ ((0u - (bits >> 31)) | SIGN);
}

float forest_value(uint32_t key)
{
    uint32_t bits = key ^ (((key >> 31) - 1u) | SIGN);
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

void mlg_forest_plant(mlg_forest_t *forest, uint32_t tree,
                      const mlg_node_t *node)
{
    uint32_t nsplits = MLG_TREE_SPLITS(forest->depth);
    forest_tree_t to = forest_tree(forest, tree);
    uint32_t first = 0; /* of the level, in `node` */
    float most = node[nsplits].value;

    for (uint32_t width = 1; width <= nsplits; width *= 2) {
        for (uint32_t i = 0; i < width; i++) {
            const mlg_node_t *from = &node[first + i];
            uint32_t at = 2 * width - 1 - i;
            int asks = from->feature != MLG_FOREST_FILLER;

            to.at[at] =
                (uint8_t)(asks ? 2 * from->feature + !from->is_nan_left : 0);
            to.key[at] = asks ? key_of(from->split) : KEY_FILLER;
            to.value[at] = from->value;
        }
        first += width;
    }
    for (uint32_t i = 0; i <= nsplits; i++) {
        float value = node[nsplits + i].value;

        to.leaf[nsplits - i] = value;
        most = (value > most) ? value : most;
    }
    forest->mean += (double)node[0].value;
    forest->most += (double)most;
}

/* ---- judging ------------------------------------------------------------- */

void forest_keys(uint32_t key[FOREST_KEYS], const float x[MLG_NFEATURES])
{
    for (int i = 0; i < MLG_NFEATURES; i++) {
        uint32_t ordered = key_of(x[i]);
        uint32_t is_nan = 0u - (x[i] != x[i]);

        key[2 * i] = ordered & ~is_nan;
        key[2 * i + 1] = ordered | is_nan;
    }
}

/* clang-format off */
#define EACH_LANE(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
/* clang-format on */

/* Inlined once for each depth, a constant there. Lanes are written out, for an
 * array of eight would be kept in memory by a compiler that does not unroll.
 * The sum is in the order of the trees, as XGBoost has it. */
static inline __attribute__((always_inline)) float
margin_of(const mlg_forest_t *forest, const uint32_t *order, uint8_t *leaf,
          const unsigned depth)
{
    const unsigned char *group = forest->trees;
    const unsigned char *end =
        group + groups_of(forest->ntrees) * FOREST_GROUP_BYTES(depth);
    float margin = forest->base;

    for (; group < end; group += FOREST_GROUP_BYTES(depth)) {
        const uint32_t *key =
            (const uint32_t *)(const void *)(group + FOREST_KEY_AT(depth));
        const float *value =
            (const float *)(const void *)(group + FOREST_LEAF_AT(depth));
#define BEGIN(n) size_t p##n = 1;
        EACH_LANE(BEGIN)
#undef BEGIN

        for (unsigned step = 0; step < depth; step++) {
            /* 2p + (less), said so that compilers take the carry for it */
#define STEP(n)                                                                \
    p##n = 2 * p##n + 1 -                                                      \
           (order[group[p##n + (n << depth)]] >= key[p##n + (n << depth)]);
            EACH_LANE(STEP)
#undef STEP
        }
#define LEAVE(n)                                                               \
    margin += value[p##n + (n << depth) - (1u << depth)];                      \
    leaf[n] = (uint8_t)p##n;
        EACH_LANE(LEAVE)
#undef LEAVE
        leaf += FOREST_LANES;
    }
    return margin;
}

float forest_margin(const mlg_forest_t *forest, const uint32_t key[FOREST_KEYS],
                    uint8_t leaf[MLG_FOREST_TREES_MAX])
{
    switch (forest->depth) {
    case 1:
        return margin_of(forest, key, leaf, 1);
    case 2:
        return margin_of(forest, key, leaf, 2);
    case 3:
        return margin_of(forest, key, leaf, 3);
    case 4:
        return margin_of(forest, key, leaf, 4);
    case 5:
        return margin_of(forest, key, leaf, 5);
    case 6:
        return margin_of(forest, key, leaf, 6);
    case 7:
        return margin_of(forest, key, leaf, 7);
    default:
        return margin_of(forest, key, leaf, MLG_FOREST_DEPTH_MAX);
    }
}

/* exp(z) for -60 <= z <= 60, to a few units in the last place: 2^k times the
 * series of what remains, which is at most ln(2) / 2. libm's exp() may differ
 * between systems by a bit, and then a golden vector would be refused. */
static double exp_of(double z)
{
    static const double ln2_high = 0x1.62e42feep-1; /* k times it is exact */
    static const double ln2_low = 0x1.a39ef35793c76p-33;
    static const double term[] = {1.0 / 479001600.0,
                                  1.0 / 39916800.0,
                                  1.0 / 3628800.0,
                                  1.0 / 362880.0,
                                  1.0 / 40320.0,
                                  1.0 / 5040.0,
                                  1.0 / 720.0,
                                  1.0 / 120.0,
                                  1.0 / 24.0,
                                  1.0 / 6.0,
                                  1.0 / 2.0,
                                  1.0,
                                  1.0};
    int k = (int)(z * 0x1.71547652b82fep+0 + ((z < 0.0) ? -0.5 : 0.5));
    double r = z - k * ln2_high - k * ln2_low;
    double sum = 0.0;
    uint64_t bits = (uint64_t)(1023 + k) << 52;
    double power;

    memcpy(&power, &bits, sizeof(power));
    for (size_t i = 0; i < sizeof(term) / sizeof(term[0]); i++) {
        sum = sum * r + term[i];
    }
    return sum * power;
}

float mlg_forest_curve(double slope, double offset, double margin)
{
    double z = slope * margin + offset;

    z = (z > -60.0) ? z : -60.0;
    z = (z < 60.0) ? z : 60.0;
    return (float)(1.0 / (1.0 + exp_of(-z)));
}

float mlg_forest_walk(const mlg_forest_t *forest, const float x[MLG_NFEATURES],
                      mlg_walk_t *walk)
{
    uint32_t key[FOREST_KEYS];

    forest_keys(key, x);
    walk->margin = forest_margin(forest, key, walk->leaf);
    walk->score =
        mlg_forest_curve(forest->slope, forest->offset, (double)walk->margin);
    return walk->score;
}
