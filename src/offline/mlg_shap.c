/* SPDX-License-Identifier: Apache-2.0
 *
 * On the way down, a path keeps each feature that was asked once, with two
 * shares: of all ways that get past its splits when it is not known (`cold`),
 * and whether the vector itself does (`warm`, 0 or 1); and for every number k
 * the weight of the sets of k known features that lead here. At a leaf each
 * feature's contribution falls out of the weights without it.
 */
#include "mlg_shap.h"

#include <math.h>
#include <string.h>

#define STEPS_MAX (MLG_FOREST_DEPTH_MAX + 1) /* the first is nobody's */
#define NOBODY    MLG_NFEATURES

typedef struct step_t {
    uint32_t feature;
    double cold;
    double warm;
    double weight; /* of the sets of as many known features as steps before */
} step_t;

typedef struct path_t {
    step_t step[STEPS_MAX];
    uint32_t n;
} path_t;

typedef struct walk_t {
    const mlg_node_t *node;
    uint32_t nsplits;
    const float *x;
    double *part;
} walk_t;

static int is_leaf(const mlg_node_t *node, uint32_t nsplits, uint32_t i)
{
    return i >= nsplits || node[i].feature == MLG_FOREST_FILLER;
}

/* @return the share of a node's ways that goes left */
static double left_share(const mlg_node_t *node, uint32_t i)
{
    double left = (double)node[2 * i + 1].cover;
    double cover = left + (double)node[2 * i + 2].cover;

    return (cover > 0.0) ? left / cover : 0.5;
}

/* Algorithm 2's EXTEND: one more feature is known or not. */
static void extend(path_t *path, uint32_t feature, double cold, double warm)
{
    step_t *step = path->step;
    uint32_t l = path->n++;

    step[l] = (step_t){feature, cold, warm, (l == 0) ? 1.0 : 0.0};
    for (uint32_t i = l; i-- > 0;) {
        step[i + 1].weight += warm * step[i].weight * (i + 1) / (l + 1);
        step[i].weight = cold * step[i].weight * (l - i) / (l + 1);
    }
}

/* The weights as they were before a step was taken, its own entry left in.
 *
 * @return their sum */
static double without(const path_t *path, uint32_t out,
                      double weight[STEPS_MAX])
{
    const step_t *step = path->step;
    double cold = step[out].cold;
    double warm = step[out].warm;
    uint32_t l = path->n - 1;
    double next = step[l].weight;
    double sum = 0.0;

    for (uint32_t i = l; i-- > 0;) {
        if (warm != 0.0) {
            weight[i] = next * (l + 1) / ((i + 1) * warm);
            next = step[i].weight - weight[i] * cold * (l - i) / (l + 1);
        }
        else { /* then cold is not 0: go_on() saw to it */
            weight[i] = step[i].weight * (l + 1) / (cold * (l - i));
        }
        sum += weight[i];
    }
    return sum;
}

/* UNWIND: a feature that is asked again is taken out first. */
static void unwind(path_t *path, uint32_t out)
{
    double weight[STEPS_MAX];

    without(path, out, weight);
    path->n--;
    for (uint32_t i = out; i < path->n; i++) {
        path->step[i] = path->step[i + 1];
    }
    for (uint32_t i = 0; i < path->n; i++) {
        path->step[i].weight = weight[i];
    }
}

static void arrive(const walk_t *w, const path_t *path, float value)
{
    double weight[STEPS_MAX];

    for (uint32_t i = 1; i < path->n; i++) {
        const step_t *step = &path->step[i];

        w->part[step->feature] += without(path, i, weight) *
                                  (step->warm - step->cold) * (double)value;
    }
}

static void go(const walk_t *w, uint32_t i, const path_t *path);

static void go_on(const walk_t *w, uint32_t child, const path_t *before,
                  uint32_t feature, double cold, double warm)
{
    path_t path = *before;

    for (uint32_t i = 1; i < path.n; i++) {
        if (path.step[i].feature == feature) {
            cold *= path.step[i].cold;
            warm *= path.step[i].warm;
            unwind(&path, i);
            break;
        }
    }
    if (cold == 0.0 && warm == 0.0) {
        return; /* nothing comes here, whatever is known */
    }
    extend(&path, feature, cold, warm);
    go(w, child, &path);
}

/* At most one level of the heap deeper with each call. */
static void go(const walk_t *w, uint32_t i, const path_t *path)
{
    const mlg_node_t *own = &w->node[i];
    double share;
    int goes_left;

    if (is_leaf(w->node, w->nsplits, i)) {
        arrive(w, path, own->value);
        return;
    }
    share = left_share(w->node, i);
    goes_left = isnan(w->x[own->feature]) ? own->is_nan_left
                                          : w->x[own->feature] < own->split;
    go_on(w, 2 * i + 1, path, own->feature, share, goes_left);
    go_on(w, 2 * i + 2, path, own->feature, 1.0 - share, !goes_left);
}

/* In doubles: node->value is rounded at every level. */
static double mean_of(const mlg_node_t *node, uint32_t nsplits, uint32_t i)
{
    double share;

    if (is_leaf(node, nsplits, i)) {
        return (double)node[i].value;
    }
    share = left_share(node, i);
    return share * mean_of(node, nsplits, 2 * i + 1) +
           (1.0 - share) * mean_of(node, nsplits, 2 * i + 2);
}

double mlg_shap_tree(const mlg_node_t *node, uint32_t depth,
                     const float x[MLG_NFEATURES], double part[MLG_NFEATURES])
{
    walk_t w = {node, MLG_TREE_SPLITS(depth), x, part};
    path_t path = {.n = 0};

    extend(&path, NOBODY, 1.0, 1.0);
    go(&w, 0, &path);
    return mean_of(node, w.nsplits, 0);
}

double mlg_shap(const mlg_bundle_t *bundle, const float x[MLG_NFEATURES],
                double part[MLG_NFEATURES])
{
    mlg_node_t node[MLG_TREE_NODES(MLG_FOREST_DEPTH_MAX)];
    double mean = (double)bundle->base;

    memset(part, 0, sizeof(*part) * MLG_NFEATURES);
    for (uint32_t t = 0; t < bundle->ntrees; t++) {
        mlg_bundle_tree(bundle, t, node);
        mean += mlg_shap_tree(node, bundle->depth, x, part);
    }
    for (int i = 0; i < MLG_NFEATURES; i++) {
        part[i] *= bundle->slope;
    }
    return bundle->slope * mean + bundle->offset;
}
