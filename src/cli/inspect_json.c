/* SPDX-License-Identifier: Apache-2.0
 *
 * A model for programs. */
#include "inspect.h"

#include "mlg_report_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void set(json_t *object, const char *name, json_t *value)
{
    json_object_set_new(object, name, value);
}

/* So that it reads back to the same float, which mlg_json_number() rounds. */
static json_t *exact(float value)
{
    return isnan(value) ? json_null() : json_real((double)value);
}

/* As they stand there: a key may come twice. The checker knows them for UTF-8. */
static json_t *about_of(const mlg_bundle_t *bundle)
{
    const char *line = bundle->about;
    const char *end = line + bundle->about_bytes;
    json_t *list = json_array();

    while (line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        const char *colon = memchr(line, ':', (size_t)(stop - line));
        json_t *one = json_object();

        set(one, "key", json_stringn(line, (size_t)(colon - line)));
        set(one, "value", json_stringn(colon + 2, (size_t)(stop - colon - 2)));
        json_array_append_new(list, one);
        line = stop + 1;
    }
    return list;
}

static const char *word_of(mlg_monotone_t monotone)
{
    return (monotone == MLG_MONOTONE_PROVEN)    ? "proven"
           : (monotone == MLG_MONOTONE_REFUTED) ? "refuted"
                                                : "open";
}

static json_t *fall_of(const mlg_fall_t *fall)
{
    json_t *x = json_object();
    json_t *out = json_object();

    set(out, "tree", json_integer(fall->tree));
    set(out, "falls_by", exact(fall->depth));
    set(out, "higher", exact(fall->higher));
    for (int k = 0; k < MLG_NFEATURES; k++) {
        set(x, mlg_features[k].name, exact(fall->x[k]));
    }
    set(out, "features", x);
    return out;
}

static json_t *features_of(const model_view_t *view)
{
    json_t *list = json_array();
    uint32_t order[MLG_NFEATURES];

    model_order(view, order);
    for (uint32_t i = 0; i < view->used; i++) {
        uint32_t k = order[i];
        const model_use_t *use = &view->use[k];
        json_t *one = json_object();

        set(one, "feature", json_string(mlg_features[k].name));
        set(one, "splits", json_integer(use->splits));
        set(one, "cover", json_real(use->cover));
        set(one, "explains",
            json_real((view->effect > 0.0) ? use->effect / view->effect : 0.0));
        set(one, "monotone",
            (use->monotone != 0) ? json_string(word_of(use->monotone))
                                 : json_null());
        if (use->monotone > MLG_MONOTONE_PROVEN) {
            set(one, "fall", fall_of(&use->fall));
        }
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *monotone_of(const model_view_t *view)
{
    char words[MODEL_SENTENCE];
    json_t *out = json_object();

    set(out, "declared", json_integer(view->declared));
    set(out, "proven",
        json_integer(view->declared - view->open - view->refuted));
    set(out, "refuted", json_integer(view->refuted));
    set(out, "words", json_string(model_monotone(words, view)));
    return out;
}

static json_t *node_of(const mlg_node_t *node, uint32_t depth, uint32_t i)
{
    const mlg_node_t *own = &node[i];
    json_t *out = json_object();

    set(out, "value", exact(own->value));
    set(out, "cover", exact(own->cover));
    if (i < MLG_TREE_SPLITS(depth) && own->feature != MLG_FOREST_FILLER) {
        set(out, "feature", json_string(mlg_features[own->feature].name));
        set(out, "less_than", exact(own->split));
        set(out, "unknown", json_string(own->is_nan_left ? "yes" : "no"));
        set(out, "yes", node_of(node, depth, 2 * i + 1));
        set(out, "no", node_of(node, depth, 2 * i + 2));
    }
    return out;
}

static json_t *tree_of(const inspect_t *inspect)
{
    const mlg_bundle_t *bundle = &inspect->file.bundle;
    mlg_node_t node[MLG_TREE_NODES(MLG_FOREST_DEPTH_MAX)];

    mlg_bundle_tree(bundle, inspect->tree, node);
    return node_of(node, bundle->depth, 0);
}

json_t *inspect_json(const inspect_t *inspect)
{
    const mlg_bundle_t *bundle = &inspect->file.bundle;
    const model_view_t *view = &inspect->view;
    char sha[INSPECT_SHA];
    json_t *out = json_object();

    set(out, "model", mlg_json_id(bundle->id));
    set(out, "sha256", json_string(inspect_sha(sha, bundle)));
    set(out, "version", json_integer(MLG_BUNDLE_VERSION));
    set(out, "feature_list", mlg_json_id(mlg_features_fingerprint()));
    set(out, "trees", json_integer(bundle->ntrees));
    set(out, "depth", json_integer(bundle->depth));
    set(out, "splits", json_integer(view->splits));
    set(out, "leaves", json_integer(view->leaves));
    set(out, "base", exact(bundle->base));
    set(out, "mean", json_real(inspect->file.forest->mean));
    set(out, "slope", json_real(bundle->slope));
    set(out, "offset", json_real(bundle->offset));
    set(out, "threshold", mlg_json_number(bundle->threshold));
    set(out, "max_fpr", mlg_json_number(bundle->max_fpr));
    set(out, "golden_vectors", json_integer(bundle->ngolden));
    set(out, "about", about_of(bundle));
    set(out, "monotone", monotone_of(view));
    set(out, "features", features_of(view));
    if (inspect->tree != INSPECT_NO_TREE) {
        set(out, "tree", tree_of(inspect));
    }
    return out;
}
