/* SPDX-License-Identifier: Apache-2.0 */
#include "model_view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double effect_of(const mlg_node_t *own, const mlg_node_t *left)
{
    double sum = 0.0;

    for (int i = 0; i < 2; i++) {
        double change = (double)left[i].value - (double)own->value;

        sum += (double)left[i].cover * change * change;
    }
    return sum;
}

/* A filler and all below it are one leaf. */
static void view_tree(model_view_t *view, const mlg_node_t *node,
                      uint32_t depth, uint32_t i)
{
    model_use_t *use;

    if (i >= MLG_TREE_SPLITS(depth) || node[i].feature == MLG_FOREST_FILLER) {
        view->leaves++;
        return;
    }
    use = &view->use[node[i].feature];
    use->splits++;
    use->cover += (double)node[i].cover;
    use->effect += effect_of(&node[i], &node[2 * i + 1]);
    view->splits++;
    view_tree(view, node, depth, 2 * i + 1);
    view_tree(view, node, depth, 2 * i + 2);
}

static void ask_monotone(model_view_t *view, mlg_feature_id feature)
{
    const mlg_model_file_t *file = view->file;
    model_use_t *use = &view->use[feature];

    view->declared++;
    use->monotone =
        mlg_monotone(&file->bundle, file->forest, feature, &use->fall);
    view->open += use->monotone == MLG_MONOTONE_OPEN;
    view->refuted += use->monotone == MLG_MONOTONE_REFUTED;
}

void model_view(model_view_t *view, const mlg_model_file_t *file)
{
    const mlg_bundle_t *bundle = &file->bundle;
    mlg_node_t node[MLG_TREE_NODES(MLG_FOREST_DEPTH_MAX)];

    memset(view, 0, sizeof(*view));
    view->file = file;
    for (uint32_t t = 0; t < bundle->ntrees; t++) {
        mlg_bundle_tree(bundle, t, node);
        view_tree(view, node, bundle->depth, 0);
    }
    for (int k = 0; k < MLG_NFEATURES; k++) {
        view->used += view->use[k].splits > 0;
        view->effect += view->use[k].effect;
        if (mlg_features[k].monotone) {
            ask_monotone(view, (mlg_feature_id)k);
        }
    }
}

static const model_use_t *sorted; /* qsort() has no room for it */

static int by_effect(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    double l = sorted[left].effect;
    double r = sorted[right].effect;

    return (l != r) ? (l < r) - (l > r) : (left > right) - (left < right);
}

void model_order(const model_view_t *view, uint32_t order[MLG_NFEATURES])
{
    uint32_t n = 0;

    for (uint32_t k = 0; k < MLG_NFEATURES; k++) {
        if (view->use[k].splits > 0) {
            order[n++] = k;
        }
    }
    sorted = view->use;
    qsort(order, n, sizeof(*order), by_effect);
}

/* The first feature that is so. */
static const model_use_t *first_of(const model_view_t *view,
                                   mlg_monotone_t what)
{
    const model_use_t *use = view->use;

    while (use->monotone != what) {
        use++;
    }
    return use;
}

const char *model_monotone(char buf[MODEL_SENTENCE], const model_view_t *view)
{
    mlg_monotone_t what =
        (view->refuted > 0) ? MLG_MONOTONE_REFUTED : MLG_MONOTONE_OPEN;
    uint32_t others = view->refuted + view->open - 1;
    const mlg_fall_t *fall;
    int n;

    if (view->refuted + view->open == 0) {
        snprintf(buf, MODEL_SENTENCE, "monotone in all %u declared features",
                 view->declared);
        return buf;
    }
    fall = &first_of(view, what)->fall;
    n = snprintf(buf, MODEL_SENTENCE, "%s in %s",
                 (view->refuted > 0) ? "not monotone" : "not proven monotone",
                 mlg_features[fall->feature].name);
    if (others > 0) {
        n += snprintf(buf + n, MODEL_SENTENCE - (size_t)n,
                      " and %u other declared feature%s", others,
                      (others == 1) ? "" : "s");
    }
    snprintf(buf + n, MODEL_SENTENCE - (size_t)n,
             ": tree %u falls by %.4g where %s rises to %.6g %s%s", fall->tree,
             (double)fall->depth, mlg_features[fall->feature].name,
             (double)fall->higher, mlg_features[fall->feature].unit,
             (view->refuted > 0) ? ", and the score with it"
                                 : "; no vector was found whose score does");
    return buf;
}

const char *model_curve(char buf[MODEL_SENTENCE], const mlg_bundle_t *bundle)
{
    if (bundle->slope == 1.0 && bundle->offset == 0.0) {
        snprintf(buf, MODEL_SENTENCE, "1 / (1 + exp(-margin))");
    }
    else {
        snprintf(buf, MODEL_SENTENCE, "1 / (1 + exp(-(%.6g * margin %c %.6g)))",
                 bundle->slope, (bundle->offset < 0.0) ? '-' : '+',
                 fabs(bundle->offset));
    }
    return buf;
}
