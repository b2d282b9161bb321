/* SPDX-License-Identifier: Apache-2.0
 *
 * A tree in words. */
#include "inspect.h"

#include <stdio.h>

typedef struct tree_t {
    const mlg_node_t *node;
    uint32_t depth;
} tree_t;

static void print_node(const tree_t *tree, uint32_t i, unsigned level,
                       const char *answer)
{
    const mlg_node_t *own = &tree->node[i];

    printf("%*s%s", (int)(2 * level), "", answer);
    if (i >= MLG_TREE_SPLITS(tree->depth) ||
        own->feature == MLG_FOREST_FILLER) {
        printf("%+.6g  (cover %.6g)\n", (double)own->value, (double)own->cover);
        return;
    }
    printf("%s less than %.9g %s? unknown is %s  (cover %.6g, on average "
           "%+.4g)\n",
           mlg_features[own->feature].name, (double)own->split,
           mlg_features[own->feature].unit, own->is_nan_left ? "yes" : "no",
           (double)own->cover, (double)own->value);
    print_node(tree, 2 * i + 1, level + 1, "yes: ");
    print_node(tree, 2 * i + 2, level + 1, "no: ");
}

void inspect_print_tree(const inspect_t *inspect)
{
    const mlg_bundle_t *bundle = &inspect->file.bundle;
    mlg_node_t node[MLG_TREE_NODES(MLG_FOREST_DEPTH_MAX)];
    tree_t tree = {node, bundle->depth};

    mlg_bundle_tree(bundle, inspect->tree, node);
    printf("Tree %u of model %016llx: what it adds to the margin\n",
           inspect->tree, (unsigned long long)bundle->id);
    print_node(&tree, 0, 0, "");
}
