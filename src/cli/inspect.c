/* SPDX-License-Identifier: Apache-2.0
 *
 * mlgatectl inspect: what is in a model, and does it hold? */
#include "mlgatectl.h"

#include "args.h"
#include "inspect.h"
#include "visible.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 200 /* characters of a name or a text */
#define LINE  400 /* of a line of metadata */

#define NAME_COLUMN 15 /* where the names of features begin */
#define RIGHT_EDGE  79

enum { OPT_JSON = 256, OPT_TREE, OPT_IMPORTANCE };

static const apr_getopt_option_t options[] = {
    {"json", OPT_JSON, 0, "the same for programs"},
    {"tree", OPT_TREE, 1, "show this tree, from 0, as the questions it asks"},
    {"importance", OPT_IMPORTANCE, 0,
     "list the features by how much of the model they explain"},
    ARGS_HELP,
    {NULL, 0, 0, NULL}};

static const args_manual_t manual = {
    "inspect [OPTION]... FILE.mlg",
    "Says what a model is: its trees and their calibration, what its maker "
    "says of\n"
    "it, which features it asks for, whether its golden vectors give here "
    "what\n"
    "they gave where it was made, and whether it is monotone: whether a "
    "higher\n"
    "value can ever lower a score where it must not.",
    "Exit code 1 when the file is no model, or not whole."};

static int take(void *data, int option, const char *arg)
{
    inspect_t *inspect = data;
    char *end;
    unsigned long tree;

    if (option == OPT_JSON) {
        inspect->wants_json = 1;
        return CTL_DONE;
    }
    if (option == OPT_IMPORTANCE) {
        inspect->wants_importance = 1;
        return CTL_DONE;
    }
    tree = strtoul(arg, &end, 10);
    if (*arg < '0' || *arg > '9' || *end != '\0' ||
        tree >= MLG_FOREST_TREES_MAX) {
        return ctl_complain(CTL_MISUSE,
                            "--tree takes a number from 0 to %u, the first "
                            "tree is 0",
                            MLG_FOREST_TREES_MAX - 1);
    }
    inspect->tree = (uint32_t)tree;
    return CTL_DONE;
}

const char *inspect_sha(char buf[INSPECT_SHA], const mlg_bundle_t *bundle)
{
    for (unsigned i = 0; i < MLG_BUNDLE_SHA; i++) {
        snprintf(buf + (size_t)2 * i, 3, "%02x", bundle->sha[i]);
    }
    return buf;
}

static void print_threshold(const mlg_bundle_t *bundle)
{
    printf("  threshold    %.6g", (double)bundle->threshold);
    if (bundle->max_fpr > 0.0f) {
        printf(", from where a site is fitted; chosen for %.6g %% of people",
               100.0 * (double)bundle->max_fpr);
    }
    printf("\n");
}

static void print_model(const inspect_t *inspect)
{
    const mlg_bundle_t *bundle = &inspect->file.bundle;
    const model_view_t *view = &inspect->view;
    char words[MODEL_SENTENCE];
    char sha[INSPECT_SHA];

    printf("%s\n", visible_string(inspect->path, SHOWN, inspect->p));
    printf("  model        %016llx, format version %u\n",
           (unsigned long long)bundle->id, MLG_BUNDLE_VERSION);
    printf("  SHA-256      %s\n", inspect_sha(sha, bundle));
    printf("  trees        %u of depth %u: %u splits, %u leaves\n",
           bundle->ntrees, bundle->depth, view->splits, view->leaves);
    printf("  base margin  %.9g; of the average client %.6g\n",
           (double)bundle->base + 0.0, inspect->file.forest->mean + 0.0);
    printf("  score        %s\n", model_curve(words, bundle));
    print_threshold(bundle);
    printf("  golden       %u vector%s, each to the bit as where it was made\n",
           bundle->ngolden, (bundle->ngolden == 1) ? "" : "s");
    printf("  features     %u of %d, list %016llx\n", view->used, MLG_NFEATURES,
           (unsigned long long)mlg_features_fingerprint());
}

/* The checker has seen to it that every line ends. */
static void print_about(const inspect_t *inspect)
{
    const mlg_bundle_t *bundle = &inspect->file.bundle;
    const char *line = bundle->about;
    const char *end = line + bundle->about_bytes;

    if (line < end) {
        printf("\nWhat its maker says\n");
    }
    while (line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));

        printf("  %s\n",
               visible(line, (size_t)(stop - line), LINE, inspect->p));
        line = stop + 1;
    }
}

static double share(double part, double whole)
{
    return (whole > 0.0) ? 100.0 * part / whole : 0.0;
}

static void print_importance(const inspect_t *inspect)
{
    const model_view_t *view = &inspect->view;
    uint32_t order[MLG_NFEATURES];

    model_order(view, order);
    printf("\nExplains  splits  cover       feature\n");
    for (uint32_t i = 0; i < view->used; i++) {
        const model_use_t *use = &view->use[order[i]];

        printf(
            "%6.1f %%  %6u  %-10.4g  %s%s\n", share(use->effect, view->effect),
            use->splits, use->cover, mlg_features[order[i]].name,
            (use->monotone == 0)                      ? ""
            : (use->monotone == MLG_MONOTONE_PROVEN)  ? ", monotone"
            : (use->monotone == MLG_MONOTONE_REFUTED) ? ", NOT MONOTONE"
                                                      : ", perhaps monotone");
    }
    printf(
        "\nWhat a feature explains is how much its answers move the expected "
        "margin,\nsquared, over the training data; cover is the training "
        "weight that was asked.\n");
}

static void print_names(const inspect_t *inspect)
{
    const model_view_t *view = &inspect->view;
    uint32_t order[MLG_NFEATURES];
    int column = 0;

    model_order(view, order);
    for (uint32_t i = 0; i < view->used; i++) {
        const char *name = mlg_features[order[i]].name;
        int len = (int)strlen(name) + 2;

        if (column == 0 || column + len > RIGHT_EDGE) {
            printf("%s%*s", (i > 0) ? "\n" : "", NAME_COLUMN, "");
            column = NAME_COLUMN;
        }
        else {
            putchar(' ');
        }
        column += len;
        printf("%s%s", name, (i + 1 < view->used) ? "," : "");
    }
    if (view->used > 0) {
        printf("\n");
    }
}

static int show(const inspect_t *inspect)
{
    char words[MODEL_SENTENCE];

    if (inspect->wants_json) {
        json_t *json = inspect_json(inspect);

        json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        putchar('\n');
        json_decref(json);
        return CTL_DONE;
    }
    if (inspect->tree != INSPECT_NO_TREE) {
        inspect_print_tree(inspect);
        return CTL_DONE;
    }
    print_model(inspect);
    print_names(inspect);
    printf("  %s\n", model_monotone(words, &inspect->view));
    print_about(inspect);
    if (inspect->wants_importance) {
        print_importance(inspect);
    }
    return CTL_DONE;
}

int ctl_inspect(int argc, const char *const *argv, apr_pool_t *p)
{
    inspect_t *inspect = apr_pcalloc(p, sizeof(*inspect));
    const char *why = "";
    args_t args;
    int code;

    inspect->p = p;
    inspect->tree = INSPECT_NO_TREE;
    code = args_read(&args, &manual, options, take, inspect, argc, argv, p);
    if (code != CTL_DONE || args.is_answered) {
        return code;
    }
    inspect->path = args_shift(&args);
    if (inspect->path == NULL || args.n > 0) {
        return ctl_complain(CTL_MISUSE, "inspect takes one model, as in "
                                        "mlgatectl inspect model.mlg");
    }
    if (mlg_model_file_read(&inspect->file, inspect->path, &why, p) !=
        APR_SUCCESS) {
        return ctl_complain(CTL_FAILED, "%s: %s",
                            visible_string(inspect->path, SHOWN, p), why);
    }
    if (inspect->tree != INSPECT_NO_TREE &&
        inspect->tree >= inspect->file.bundle.ntrees) {
        return ctl_complain(CTL_MISUSE,
                            "--tree %u: it has %u trees, the last is %u",
                            inspect->tree, inspect->file.bundle.ntrees,
                            inspect->file.bundle.ntrees - 1);
    }
    model_view(&inspect->view, &inspect->file);
    return show(inspect);
}
