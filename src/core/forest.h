/* SPDX-License-Identifier: Apache-2.0
 *
 * What mlg_forest.c shares with mlg_forest_parts.c.
 */
#ifndef FOREST_H
#define FOREST_H

#include "mlg_forest.h"

#define FOREST_LANES 8u                  /* trees of a group */
#define FOREST_KEYS  (2 * MLG_NFEATURES) /* of the doubled vector */

/* Where in a group its keys and leaves begin, and where it ends. */
#define FOREST_KEY_AT(depth)      (((size_t)FOREST_LANES) << (depth))
#define FOREST_LEAF_AT(depth)     (((size_t)FOREST_LANES * 5) << (depth))
#define FOREST_GROUP_BYTES(depth) (((size_t)FOREST_LANES * 9) << (depth))

/* One tree's rows, shape [2^depth] each. The heaps are mirrored and begin at
 * 1; the leaf of heap number p is leaf[p - 2^depth]. */
typedef struct forest_tree_t {
    uint8_t *at; /* in the doubled vector: 2 * feature + (NaN is greatest) */
    uint32_t *key;
    float *leaf;
    float *value; /* expected margin */
} forest_tree_t;

static inline forest_tree_t forest_tree(const mlg_forest_t *forest,
                                        uint32_t tree)
{
    uint32_t depth = forest->depth;
    unsigned char *group =
        forest->trees + tree / FOREST_LANES * FOREST_GROUP_BYTES(depth);
    size_t before = (size_t)(tree % FOREST_LANES) << depth;
    forest_tree_t rows = {
        group + before,
        (uint32_t *)(void *)(group + FOREST_KEY_AT(depth)) + before,
        (float *)(void *)(group + FOREST_LEAF_AT(depth)) + before,
        forest->values + ((size_t)tree << depth)};

    return rows;
}

/* The float that a key stands for. */
float forest_value(uint32_t key);

/* The doubled vector: of each feature first the key with NaN as the least,
 * then with NaN as the greatest. */
void forest_keys(uint32_t key[FOREST_KEYS], const float x[MLG_NFEATURES]);

/* @param leaf  filled, in whole groups: the low byte of each tree's heap
 *              number, which is 2^depth or more */
float forest_margin(const mlg_forest_t *forest, const uint32_t key[FOREST_KEYS],
                    uint8_t leaf[MLG_FOREST_TREES_MAX]);

#endif /* FOREST_H */
