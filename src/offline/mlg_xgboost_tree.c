/* SPDX-License-Identifier: Apache-2.0
 *
 * The trees of an XGBoost model. XGBoost keeps a tree as arrays that name each
 * node's children by number; a hostile file may name anything. One walk from
 * the root finds the depth and refuses what is no tree, a second one writes
 * the heap.
 */
#include "xgboost.h"

#include <math.h>

#define NO_CHILD (-1)

typedef struct tree_t {
    xgboost_t *x;
    uint32_t number; /* of the tree */
    uint32_t n;      /* nodes of it, those that were pruned too */
    const json_t *left;
    const json_t *right;
    const json_t *feature;
    const json_t *split; /* of leaves, their values */
    const json_t *is_nan_left;
    const json_t *cover;
    const json_t *kind;     /* NULL: all are numerical */
    unsigned char *is_seen; /* shape [n] */
} tree_t;

/* Where a walk is: a node of the file and its place in the heap. */
typedef struct place_t {
    uint32_t node;
    uint32_t heap;
    uint32_t level;
} place_t;

static apr_status_t refuse_node(const tree_t *t, uint32_t node,
                                const char *what)
{
    return xgboost_refuse(t->x, "tree %u, node %u: %s", t->number, node, what);
}

/* ---- arrays -------------------------------------------------------------- */

static int64_t whole_at(const json_t *array, uint32_t i)
{
    const json_t *value = json_array_get(array, i);

    if (json_is_boolean(value)) {
        return json_is_true(value);
    }
    return json_is_integer(value) ? json_integer_value(value) : INT64_MIN;
}

static float real_at(const json_t *array, uint32_t i)
{
    return xgboost_float(json_array_get(array, i));
}

static apr_status_t find_array(const tree_t *t, const json_t *tree,
                               const char *name, const json_t **array)
{
    *array = json_object_get(tree, name);
    if (!json_is_array(*array)) {
        return xgboost_refuse(t->x,
                              "tree %u has no array %s: the file is not whole, "
                              "or no model of XGBoost",
                              t->number, name);
    }
    if (json_array_size(*array) != t->n) {
        return xgboost_refuse(
            t->x, "tree %u: %s has %llu entries for %u nodes", t->number, name,
            (unsigned long long)json_array_size(*array), t->n);
    }
    return APR_SUCCESS;
}

static apr_status_t find_arrays(tree_t *t, const json_t *tree)
{
    const struct {
        const char *name;
        const json_t **array;
    } part[] = {
        {"left_children", &t->left},       {"right_children", &t->right},
        {"split_indices", &t->feature},    {"split_conditions", &t->split},
        {"default_left", &t->is_nan_left}, {"sum_hessian", &t->cover}};
    const json_t *first = json_object_get(tree, part[0].name);

    if (json_array_size(first) == 0 || json_array_size(first) > INT32_MAX) {
        return xgboost_refuse(t->x,
                              "tree %u has no nodes: the file is not whole, or "
                              "no model of XGBoost",
                              t->number);
    }
    t->n = (uint32_t)json_array_size(first);
    for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
        apr_status_t rv = find_array(t, tree, part[i].name, part[i].array);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    t->kind = NULL;
    if (json_object_get(tree, "split_type") == NULL) {
        return APR_SUCCESS;
    }
    return find_array(t, tree, "split_type", &t->kind);
}

/* What says that a leaf is more than one number, or a split a set. */
static apr_status_t check_kind(const tree_t *t, const json_t *tree)
{
    const json_t *param = json_object_get(tree, "tree_param");
    const json_t *nodes = json_object_get(param, "num_nodes");

    if (xgboost_whole(json_object_get(param, "size_leaf_vector")) > 1) {
        return xgboost_refuse(t->x,
                              "tree %u has leaves that hold several numbers "
                              "(multi_output_tree); train with one target",
                              t->number);
    }
    if (json_array_size(json_object_get(tree, "categories")) > 0) {
        return xgboost_refuse(t->x,
                              "tree %u splits by categories; every feature of "
                              "the gate is a number: train without "
                              "enable_categorical",
                              t->number);
    }
    if (nodes != NULL && xgboost_whole(nodes) != (int64_t)t->n) {
        return xgboost_refuse(t->x,
                              "tree %u: num_nodes is not the number of its "
                              "nodes",
                              t->number);
    }
    return APR_SUCCESS;
}

/* ---- nodes --------------------------------------------------------------- */

static int is_leaf(const tree_t *t, uint32_t node)
{
    return whole_at(t->left, node) == NO_CHILD &&
           whole_at(t->right, node) == NO_CHILD;
}

static apr_status_t check_split(const tree_t *t, uint32_t node)
{
    int64_t feature = whole_at(t->feature, node);
    int64_t side = whole_at(t->is_nan_left, node);

    if (t->kind != NULL && whole_at(t->kind, node) != 0) {
        return refuse_node(t, node,
                           "it splits by categories; every feature of the gate "
                           "is a number: train without enable_categorical");
    }
    if (feature < 0 || feature >= (int64_t)t->x->model.nfeatures) {
        return refuse_node(t, node,
                           "it asks for a feature that has no name in "
                           "feature_names");
    }
    if (side != 0 && side != 1) {
        return refuse_node(t, node, "its default_left is neither 0 nor 1");
    }
    return isnan(real_at(t->split, node))
               ? refuse_node(t, node, "its split is not a finite number")
               : APR_SUCCESS;
}

static apr_status_t check_node(const tree_t *t, uint32_t node)
{
    if (!(real_at(t->cover, node) >= 0.0f)) {
        return refuse_node(t, node,
                           "its sum_hessian is below 0 or not a finite number");
    }
    if (!is_leaf(t, node)) {
        return check_split(t, node);
    }
    return (fabsf(real_at(t->split, node)) <= MLG_FOREST_VALUE_MAX)
               ? APR_SUCCESS
               : refuse_node(t, node,
                             "its leaf adds more than 1,000,000 or what is not "
                             "a number");
}

static apr_status_t check_child(const tree_t *t, uint32_t node, int64_t child)
{
    if (child < 0 || child >= (int64_t)t->n) {
        return refuse_node(t, node, "it has a child that is not there");
    }
    return t->is_seen[child]
               ? refuse_node(t, node,
                             "it has a child that has another parent: nodes "
                             "run in a circle or are shared")
               : APR_SUCCESS;
}

/* ---- walks --------------------------------------------------------------- */

/* Nodes that were pruned stay in the arrays; no way leads there. */
static apr_status_t check_left_out(const tree_t *t, const json_t *tree)
{
    const json_t *param = json_object_get(tree, "tree_param");
    int64_t pruned = xgboost_whole(json_object_get(param, "num_deleted"));
    int64_t left_out = 0;

    for (uint32_t i = 0; i < t->n; i++) {
        left_out += !t->is_seen[i];
    }
    if (left_out == 0 || left_out == pruned) {
        return APR_SUCCESS;
    }
    return xgboost_refuse(t->x,
                          "tree %u has %lld nodes that cannot be reached from "
                          "its root",
                          t->number, (long long)left_out);
}

/* Every node that can be reached, once.
 *
 * @param depth  raised to that of this tree */
static apr_status_t check_shape(const tree_t *t, uint32_t *depth)
{
    place_t wait[MLG_FOREST_DEPTH_MAX + 1] = {{0}};
    uint32_t n = 1;
    apr_status_t rv = APR_SUCCESS;

    t->is_seen[0] = 1;
    while (n > 0 && rv == APR_SUCCESS) {
        place_t at = wait[--n];
        const json_t *const side[] = {t->left, t->right};

        rv = check_node(t, at.node);
        if (is_leaf(t, at.node)) {
            *depth = (at.level > *depth) ? at.level : *depth;
            continue;
        }
        if (rv == APR_SUCCESS && at.level == MLG_FOREST_DEPTH_MAX) {
            rv = xgboost_refuse(t->x,
                                "tree %u is deeper than %u; train with "
                                "max_depth %u or less",
                                t->number, MLG_FOREST_DEPTH_MAX,
                                MLG_FOREST_DEPTH_MAX);
        }
        for (int i = 0; i < 2 && rv == APR_SUCCESS; i++) {
            int64_t child = whole_at(side[i], at.node);

            rv = check_child(t, at.node, child);
            if (rv == APR_SUCCESS) {
                t->is_seen[child] = 1;
                wait[n++] = (place_t){(uint32_t)child, 0, at.level + 1};
            }
        }
    }
    return rv;
}

static apr_status_t check_tree(tree_t *t, const json_t *tree, uint32_t *depth)
{
    apr_pool_t *ptemp;
    apr_status_t rv = find_arrays(t, tree);

    if (rv == APR_SUCCESS) {
        rv = check_kind(t, tree);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_create(&ptemp, t->x->p);
    t->is_seen = apr_pcalloc(ptemp, t->n);
    rv = check_shape(t, depth);
    if (rv == APR_SUCCESS) {
        rv = check_left_out(t, tree);
    }
    apr_pool_destroy(ptemp);
    return rv;
}

static void write_node(const tree_t *t, uint32_t i, mlg_node_t *node)
{
    float split = real_at(t->split, i);

    *node = (mlg_node_t){.cover = real_at(t->cover, i),
                         .feature = MLG_FOREST_FILLER};
    if (is_leaf(t, i)) {
        node->value = split;
        return;
    }
    node->split = split;
    node->feature = t->x->feature[whole_at(t->feature, i)];
    node->is_nan_left = (uint16_t)whole_at(t->is_nan_left, i);
}

/* A tree that was checked, into the heap. */
static void write_tree(const tree_t *t, mlg_node_t *heap, uint32_t depth)
{
    place_t wait[MLG_FOREST_DEPTH_MAX + 1] = {{0}};
    uint32_t n = 1;

    while (n > 0) {
        place_t at = wait[--n];

        write_node(t, at.node, &heap[at.heap]);
        if (!is_leaf(t, at.node)) {
            uint32_t left = (uint32_t)whole_at(t->left, at.node);
            uint32_t right = (uint32_t)whole_at(t->right, at.node);

            wait[n++] = (place_t){left, 2 * at.heap + 1, at.level + 1};
            wait[n++] = (place_t){right, 2 * at.heap + 2, at.level + 1};
        }
    }
    mlg_tree_settle(heap, depth);
}

/* ---- all of them --------------------------------------------------------- */

static apr_status_t check_count(xgboost_t *x, const json_t *trees)
{
    size_t n = json_array_size(trees);

    if (!json_is_array(trees) || n == 0) {
        return xgboost_refuse(x, "the model has no trees: train it first");
    }
    if (n > MLG_FOREST_TREES_MAX) {
        return xgboost_refuse(x,
                              "the model has %llu trees, more than %u; train "
                              "fewer rounds with a higher learning_rate",
                              (unsigned long long)n, MLG_FOREST_TREES_MAX);
    }
    x->model.ntrees = (uint32_t)n;
    return APR_SUCCESS;
}

apr_status_t xgboost_trees(xgboost_t *x, const json_t *trees)
{
    mlg_xgboost_t *model = &x->model;
    uint32_t depth = 1;
    apr_status_t rv = check_count(x, trees);
    tree_t *tree;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    tree = apr_pcalloc(x->p, sizeof(*tree) * model->ntrees);
    for (uint32_t i = 0; i < model->ntrees && rv == APR_SUCCESS; i++) {
        tree[i].x = x;
        tree[i].number = i;
        rv = check_tree(&tree[i], json_array_get(trees, i), &depth);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    model->depth = depth;
    model->node = apr_pcalloc(x->p, sizeof(*model->node) * model->ntrees *
                                        MLG_TREE_NODES(depth));
    for (uint32_t i = 0; i < model->ntrees; i++) {
        write_tree(&tree[i], model->node + (size_t)i * MLG_TREE_NODES(depth),
                   depth);
    }
    return APR_SUCCESS;
}
