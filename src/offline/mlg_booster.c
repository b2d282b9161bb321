/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_booster.h"

#include <apr_strings.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xgboost/c_api.h>

typedef struct booster_t {
    DMatrixHandle data;
    BoosterHandle booster;
    float *x; /* shape [rows][columns] */
    const char *name[MLG_NFEATURES];
    int feature[MLG_NFEATURES]; /* of a column */
    uint32_t columns;
    apr_pool_t *p;
} booster_t;

void mlg_boost_init(mlg_boost_t *boost)
{
    *boost = (mlg_boost_t){.trees = 64,
                           .depth = 5,
                           .eta = 0.15,
                           .min_child_weight = 64.0,
                           .subsample = 0.7,
                           .columns = 0.6,
                           .lambda = 16.0,
                           .seed = 1};
}

/* Takes the library's word for what went wrong. */
static int fails(const booster_t *b, int code, const char **why)
{
    if (code != 0) {
        *why = apr_psprintf(b->p, "libxgboost: %.300s", XGBGetLastError());
    }
    return code != 0;
}

static int make_data(booster_t *b, const mlg_sample_t *s, const char **why)
{
    for (uint32_t i = 0; i < s->n; i++) {
        for (uint32_t k = 0; k < b->columns; k++) {
            b->x[(size_t)i * b->columns + k] =
                s->x[(size_t)i * MLG_NFEATURES + (size_t)b->feature[k]];
        }
    }
    return fails(b,
                 XGDMatrixCreateFromMat(b->x, s->n, b->columns, NAN, &b->data),
                 why) ||
           fails(b, XGDMatrixSetFloatInfo(b->data, "label", s->y, s->n), why) ||
           fails(b, XGDMatrixSetFloatInfo(b->data, "weight", s->w, s->n), why);
}

/* "(1,0,1)", a column each */
static const char *constraints(const booster_t *b, int is_unconstrained)
{
    char *text = apr_palloc(b->p, 2 * b->columns + 3);
    char *to = text;

    *to++ = '(';
    for (uint32_t i = 0; i < b->columns; i++) {
        int is_on = mlg_features[b->feature[i]].monotone && !is_unconstrained;

        *to++ = is_on ? '1' : '0';
        *to++ = ',';
    }
    to[-1] = ')';
    *to = '\0';
    return text;
}

static int make_booster(booster_t *b, const mlg_boost_t *boost,
                        const char **why)
{
    const struct {
        const char *name;
        const char *value;
    } set[] = {
        {"objective", "binary:logistic"},
        {"base_score", "0.5"},
        {"tree_method", "hist"},
        {"scale_pos_weight", "1"},
        {"nthread", "1"},
        {"verbosity", "0"},
        {"max_depth", apr_psprintf(b->p, "%u", boost->depth)},
        {"eta", apr_psprintf(b->p, "%.9g", boost->eta)},
        {"min_child_weight",
         apr_psprintf(b->p, "%.9g", boost->min_child_weight)},
        {"subsample", apr_psprintf(b->p, "%.9g", boost->subsample)},
        {"colsample_bytree", apr_psprintf(b->p, "%.9g", boost->columns)},
        {"lambda", apr_psprintf(b->p, "%.9g", boost->lambda)},
        {"seed",
         apr_psprintf(b->p, "%u", (unsigned)(boost->seed & 0x7fffffffu))},
        {"monotone_constraints", constraints(b, boost->is_unconstrained)},
    };
    int failed = fails(b, XGBoosterCreate(&b->data, 1, &b->booster), why) ||
                 fails(b,
                       XGBoosterSetStrFeatureInfo(b->booster, "feature_name",
                                                  b->name, b->columns),
                       why);

    for (size_t i = 0; i < sizeof(set) / sizeof(set[0]) && !failed; i++) {
        failed = fails(
            b, XGBoosterSetParam(b->booster, set[i].name, set[i].value), why);
    }
    for (uint32_t i = 0; i < boost->trees && !failed; i++) {
        failed =
            fails(b, XGBoosterUpdateOneIter(b->booster, (int)i, b->data), why);
    }
    return failed;
}

/* Scores of the features that were used at all, by name. */
static int read_scores(booster_t *b, const char *config, double *out,
                       const char **why)
{
    char const **name;
    const float *score;
    const bst_ulong *shape;
    bst_ulong n;
    bst_ulong dim;

    if (fails(b,
              XGBoosterFeatureScore(b->booster, config, &n, &name, &dim, &shape,
                                    &score),
              why)) {
        return 1;
    }
    for (bst_ulong i = 0; i < n; i++) {
        mlg_feature_id id = mlg_feature_find(name[i]);

        if (id < MLG_NFEATURES) {
            out[id] = (double)score[i];
        }
    }
    return 0;
}

static int read_importance(booster_t *b, mlg_boosted_t *out, const char **why)
{
    double splits[MLG_NFEATURES] = {0.0};
    double sum = 0.0;

    if (read_scores(b, "{\"importance_type\":\"total_gain\"}", out->gain,
                    why) ||
        read_scores(b, "{\"importance_type\":\"weight\"}", splits, why)) {
        return 1;
    }
    for (int i = 0; i < MLG_NFEATURES; i++) {
        sum += out->gain[i];
        out->splits[i] = (uint32_t)splits[i];
    }
    for (int i = 0; i < MLG_NFEATURES && sum > 0.0; i++) {
        out->gain[i] /= sum;
    }
    return 0;
}

apr_status_t mlg_booster_train(mlg_boosted_t *out, const mlg_sample_t *sample,
                               const uint8_t is_off[MLG_NFEATURES],
                               const mlg_boost_t *boost, const char **why,
                               apr_pool_t *p)
{
    booster_t b = {.p = p};
    apr_status_t rv = APR_EGENERAL;
    const char *json;
    bst_ulong len;

    memset(out, 0, sizeof(*out));
    for (int i = 0; i < MLG_NFEATURES; i++) {
        if (!is_off[i]) {
            b.name[b.columns] = mlg_features[i].name;
            b.feature[b.columns++] = i;
        }
    }
    b.x = malloc(sizeof(*b.x) * sample->n * b.columns + 1u);
    if (b.x == NULL) {
        *why = "not enough memory for the rows";
        return APR_EGENERAL;
    }
    if (!make_data(&b, sample, why) && !make_booster(&b, boost, why) &&
        !read_importance(&b, out, why) &&
        !fails(&b,
               XGBoosterSaveModelToBuffer(b.booster, "{\"format\":\"json\"}",
                                          &len, &json),
               why)) {
        rv = mlg_xgboost_read(&out->trees, json, len, why, p);
    }
    XGBoosterFree(b.booster);
    XGDMatrixFree(b.data);
    free(b.x);
    return rv;
}

mlg_forest_t *mlg_booster_plant(const mlg_xgboost_t *trees, uint32_t ntrees,
                                double slope, double offset, apr_pool_t *p)
{
    void *memory = apr_palloc(p, mlg_forest_bytes(ntrees, trees->depth));
    mlg_forest_t *forest = mlg_forest_init(memory, ntrees, trees->depth,
                                           trees->base, slope, offset);

    for (uint32_t i = 0; i < ntrees; i++) {
        mlg_forest_plant(
            forest, i, &trees->node[(size_t)i * MLG_TREE_NODES(trees->depth)]);
    }
    return forest;
}
