/* SPDX-License-Identifier: Apache-2.0
 *
 * XGBoost's JSON, any bytes. What is taken is a forest that a bundle keeps, of
 * which everything that is asked of bundles can be asked. */
#include "fuzz.h"

#include "mlg_golden.h"
#include "mlg_monotone.h"
#include "mlg_shap.h"
#include "mlg_xgboost.h"

#include <apr_general.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VECTORS 4u

static void check_trees(const mlg_xgboost_t *model)
{
    FUZZ_CHECK(model->ntrees >= 1 && model->ntrees <= MLG_FOREST_TREES_MAX);
    FUZZ_CHECK(model->depth >= 1 && model->depth <= MLG_FOREST_DEPTH_MAX);
    FUZZ_CHECK(model->nfeatures >= 1 && model->nfeatures <= MLG_NFEATURES);
    FUZZ_CHECK(model->nbest <= model->ntrees);
    FUZZ_CHECK(fabsf(model->base) <= MLG_FOREST_VALUE_MAX);
    for (uint32_t t = 0; t < model->ntrees; t++) {
        FUZZ_CHECK(mlg_tree_check(model->node +
                                      (size_t)t * MLG_TREE_NODES(model->depth),
                                  model->depth, NULL) == APR_SUCCESS);
    }
}

/* Explained, it must add up; a fall must be one. */
static void explain(const mlg_bundle_t *bundle, const mlg_forest_t *forest)
{
    double part[MLG_NFEATURES];
    mlg_golden_t golden;
    mlg_fall_t fall;
    mlg_walk_t walk;
    double sum;

    mlg_bundle_golden(bundle, VECTORS - 1, &golden);
    mlg_forest_walk(forest, golden.x, &walk);
    sum = mlg_shap(bundle, golden.x, part);
    for (int k = 0; k < MLG_NFEATURES; k++) {
        sum += part[k];
    }
    /* floats are added in the margin: of great leaves that are unlike, the
     * error is in proportion to them */
    FUZZ_CHECK(fabs(sum - (double)walk.margin) <=
               1e-6 * (double)bundle->ntrees * (double)MLG_FOREST_VALUE_MAX);
    if (mlg_monotone(bundle, forest, MLG_F_REQUEST_RATE, &fall) ==
        MLG_MONOTONE_REFUTED) {
        mlg_forest_walk(forest, fall.x, &walk);
        sum = (double)walk.margin;
        FUZZ_CHECK(fall.higher > fall.x[MLG_F_REQUEST_RATE]);
        fall.x[MLG_F_REQUEST_RATE] = fall.higher;
        mlg_forest_walk(forest, fall.x, &walk);
        FUZZ_CHECK((double)walk.margin < sum);
    }
}

static void keep(const mlg_xgboost_t *model, apr_pool_t *p)
{
    float golden[VECTORS * MLG_NFEATURES];
    mlg_bundle_draft_t draft = {.ntrees = model->ntrees,
                                .depth = model->depth,
                                .ngolden = VECTORS,
                                .base = model->base,
                                .slope = 1.0,
                                .threshold = 0.5f,
                                .node = model->node,
                                .about = "",
                                .golden = golden};
    size_t len = mlg_bundle_bytes(&draft);
    unsigned char *bytes = apr_palloc(p, len);
    void *memory = apr_palloc(p, mlg_forest_bytes(model->ntrees, model->depth));
    const mlg_forest_t *forest = NULL;
    mlg_bundle_t bundle;

    mlg_golden_draw(golden, VECTORS, model->node, model->ntrees, model->depth);
    FUZZ_CHECK(mlg_bundle_render(&draft, bytes, memory, NULL) == APR_SUCCESS);
    FUZZ_CHECK(mlg_bundle_check(&bundle, bytes, len, NULL) == APR_SUCCESS);
    FUZZ_CHECK(mlg_bundle_read(&bundle, memory, &forest, NULL) == APR_SUCCESS);
    explain(&bundle, forest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int is_ready;
    const char *why = NULL;
    mlg_xgboost_t model;
    apr_pool_t *p;

    if (!is_ready) {
        FUZZ_CHECK(apr_initialize() == APR_SUCCESS);
        is_ready = 1;
    }
    FUZZ_CHECK(apr_pool_create(&p, NULL) == APR_SUCCESS);
    if (mlg_xgboost_read(&model, (const char *)data, size, &why, p) ==
        APR_SUCCESS) {
        check_trees(&model);
        keep(&model, p);
    }
    else {
        FUZZ_CHECK(why != NULL && *why != '\0');
        FUZZ_CHECK(model.node == NULL && model.ntrees == 0);
    }
    apr_pool_destroy(p);
    return 0;
}
