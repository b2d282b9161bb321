/* SPDX-License-Identifier: Apache-2.0 */
#include "boost.h"
#include "forests.h"

#define NAME 8 /* bytes of a number as text */

/* A call into XGBoost that must not fail. */
static void is_done(int rv)
{
    if (rv != 0) {
        fail_msg("XGBoost: %s", XGBGetLastError());
    }
}

static void set_number(BoosterHandle handle, const char *name, int value)
{
    char text[NAME];

    snprintf(text, sizeof(text), "%d", value);
    is_done(XGBoosterSetParam(handle, name, text));
}

/* Values on a coarse grid, so that splits are met exactly. */
static void draw_rows(const boost_t *how, int rows, float *x, float *y,
                      uint64_t *seed)
{
    for (int i = 0; i < rows; i++) {
        float *row = x + (size_t)i * (size_t)how->columns;
        float sum = 0.0f;

        for (int k = 0; k < how->columns; k++) {
            float value = (float)(unit_random(seed) % 400) / 16.0f - 9.0f;
            int is_missing =
                (int)(unit_random(seed) % 100) < how->missing * (1 + k % 2);

            row[k] = is_missing ? NAN : value;
            sum += is_missing ? 2.0f : value * (float)(k % 3) - value / 3.0f;
        }
        y[i] = (sum + (float)(unit_random(seed) % 20) > 8.0f) ? 1.0f : 0.0f;
    }
}

/* A model is saved with the names that its booster has, not its data. */
static void name_columns(BoosterHandle booster, DMatrixHandle data,
                         const boost_t *how)
{
    const char *name[MLG_NFEATURES];

    for (int k = 0; k < how->columns; k++) {
        name[k] = mlg_features[how->first + k].name;
    }
    is_done(XGDMatrixSetStrFeatureInfo(data, "feature_name", name,
                                       (bst_ulong)how->columns));
    is_done(XGBoosterSetStrFeatureInfo(booster, "feature_name", name,
                                       (bst_ulong)how->columns));
}

void boost_open(booster_t *b, const boost_t *how, int rows, uint64_t *seed)
{
    float *x = forests_room(sizeof(*x) * (size_t)rows * (size_t)how->columns);
    float *y = forests_room(sizeof(*y) * (size_t)rows);
    bst_ulong len;

    b->how = how;
    draw_rows(how, rows, x, y, seed);
    is_done(XGDMatrixCreateFromMat(x, (bst_ulong)rows, (bst_ulong)how->columns,
                                   NAN, &b->data));
    is_done(XGDMatrixSetFloatInfo(b->data, "label", y, (bst_ulong)rows));
    is_done(XGBoosterCreate(&b->data, 1, &b->handle));
    name_columns(b->handle, b->data, how);
    is_done(XGBoosterSetParam(b->handle, "objective", "binary:logistic"));
    is_done(XGBoosterSetParam(b->handle, "tree_method", "hist"));
    set_number(b->handle, "nthread", 1);
    set_number(b->handle, "max_depth", how->depth);
    if (how->base_score != NULL) {
        is_done(XGBoosterSetParam(b->handle, "base_score", how->base_score));
    }
    for (int i = 0; how->param[i][0] != NULL; i++) {
        is_done(
            XGBoosterSetParam(b->handle, how->param[i][0], how->param[i][1]));
    }
    for (int i = 0; i < how->rounds; i++) {
        is_done(XGBoosterUpdateOneIter(b->handle, i, b->data));
    }
    is_done(XGBoosterSaveModelToBuffer(b->handle, "{\"format\":\"json\"}", &len,
                                       &b->json));
    b->len = len;
    free(x);
    free(y);
}

void boost_close(booster_t *b)
{
    XGBoosterFree(b->handle);
    XGDMatrixFree(b->data);
}

/* @param type  as XGBoosterPredictFromDMatrix() counts them */
static void predict(const booster_t *b, const float *x, size_t n, int type,
                    float *out, size_t stride, size_t given)
{
    int columns = b->how->columns;
    float *own = forests_room(sizeof(*own) * n * (size_t)columns);
    DMatrixHandle data;
    bst_ulong const *shape;
    bst_ulong dims;
    const float *result;
    char config[200];

    for (size_t i = 0; i < n; i++) {
        memcpy(own + i * (size_t)columns, x + i * MLG_NFEATURES + b->how->first,
               sizeof(*own) * (size_t)columns);
    }
    is_done(XGDMatrixCreateFromMat(own, n, (bst_ulong)columns, NAN, &data));
    name_columns(b->handle, data, b->how);
    snprintf(config, sizeof(config),
             "{\"type\":%d,\"training\":false,\"iteration_begin\":0,"
             "\"iteration_end\":0,\"strict_shape\":false}",
             type);
    is_done(XGBoosterPredictFromDMatrix(b->handle, data, config, &shape, &dims,
                                        &result));
    for (size_t i = 0; i < n; i++) {
        memcpy(out + i * stride, result + i * given, sizeof(*out) * given);
    }
    XGDMatrixFree(data);
    free(own);
}

void boost_margins(const booster_t *b, const float *x, size_t n, float *margin)
{
    predict(b, x, n, 1, margin, 1, 1);
}

void boost_parts(const booster_t *b, const float *x, size_t n, float *part)
{
    size_t columns = (size_t)b->how->columns;
    float *given = forests_room(sizeof(*given) * n * (columns + 1));

    predict(b, x, n, 2, given, columns + 1, columns + 1);
    memset(part, 0, sizeof(*part) * n * (MLG_NFEATURES + 1));
    for (size_t i = 0; i < n; i++) {
        float *row = part + i * (MLG_NFEATURES + 1);

        memcpy(row + b->how->first, given + i * (columns + 1),
               sizeof(*row) * columns);
        row[MLG_NFEATURES] = given[i * (columns + 1) + columns];
    }
    free(given);
}
