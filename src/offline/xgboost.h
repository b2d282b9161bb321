/* SPDX-License-Identifier: Apache-2.0
 *
 * What mlg_xgboost.c, which reads the model around its trees, shares with
 * mlg_xgboost_tree.c, which reads the trees.
 */
#ifndef XGBOOST_H
#define XGBOOST_H

#include "mlg_xgboost.h"

#include <jansson.h>

typedef struct xgboost_t {
    mlg_xgboost_t model;
    uint16_t feature[MLG_NFEATURES]; /* the file's columns as mlg_feature_id,
                                        shape [model.nfeatures] */
    const char *why;
    apr_pool_t *p;
} xgboost_t;

/* @return MLG_EMODEL, the sentence in x->why */
apr_status_t xgboost_refuse(xgboost_t *x, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A whole number >= 0 that stands there as a number or, as XGBoost writes its
 * parameters, in a string.
 *
 * @return -1 when it is neither */
int64_t xgboost_whole(const json_t *value);

/* Through a double: of the nine digits that XGBoost writes, both roundings
 * together come to the float that was written.
 *
 * @return NaN when it is no number that a float can be */
float xgboost_float(const json_t *value);

/* Read the trees into x->model.
 *
 * @param trees  any JSON, NULL too */
apr_status_t xgboost_trees(xgboost_t *x, const json_t *trees);

#endif /* XGBOOST_H */
