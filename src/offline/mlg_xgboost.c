/* SPDX-License-Identifier: Apache-2.0 */
#include "xgboost.h"

#include <apr_strings.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENTENCE_MAX 400
#define QUOTED       60    /* characters of the file in a sentence */
#define ODDS_BOUND   1e-6f /* XGBoost 3 moves a base_score nearer to 0 or 1 */

/* The least double that no longer rounds to FLT_MAX. */
#define BEYOND_FLOAT 0x1.ffffffp127

apr_status_t xgboost_refuse(xgboost_t *x, const char *format, ...)
{
    char text[SENTENCE_MAX]; /* apr_pvsprintf() does not know %ll */
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    x->why = apr_pstrdup(x->p, text);
    return MLG_EMODEL;
}

int64_t xgboost_whole(const json_t *value)
{
    const char *text = json_string_value(value);
    char *end;
    long long n;

    if (json_is_integer(value)) {
        return (json_integer_value(value) >= 0) ? json_integer_value(value)
                                                : -1;
    }
    if (text == NULL || *text < '0' || *text > '9') {
        return -1;
    }
    errno = 0;
    n = strtoll(text, &end, 10);
    return (errno == 0 && *end == '\0') ? n : -1;
}

float xgboost_float(const json_t *value)
{
    double real = json_is_number(value) ? json_number_value(value) : NAN;

    if (!(fabs(real) < BEYOND_FLOAT)) {
        return NAN;
    }
    real = (real > (double)FLT_MAX) ? (double)FLT_MAX : real;
    return (float)((real < (double)-FLT_MAX) ? (double)-FLT_MAX : real);
}

/* ---- the file ------------------------------------------------------------ */

static int begins_as_json(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && memchr(" \t\r\n", text[i], 4) != NULL) {
        i++;
    }
    return i < len && (text[i] == '{' || text[i] == '[');
}

static apr_status_t check_bytes(xgboost_t *x, const char *text, size_t len)
{
    if (len == 0) {
        return xgboost_refuse(x, "the file is empty");
    }
    if (len > MLG_XGBOOST_BYTES_MAX) {
        return xgboost_refuse(x,
                              "the file is longer than %llu MiB, which no "
                              "model of %u trees of depth %u is",
                              (unsigned long long)MLG_XGBOOST_BYTES_MAX >> 20,
                              MLG_FOREST_TREES_MAX, MLG_FOREST_DEPTH_MAX);
    }
    /* in UBJSON, the kind of a key's length follows the brace */
    if (len > 1 && text[0] == '{' && text[1] != '\0' &&
        strchr("LlIiU#$", text[1]) != NULL) {
        return xgboost_refuse(x, "it is a model in UBJSON; save it as JSON, by "
                                 "a name that ends in .json");
    }
    if (len > 1 && memcmp(text, "\x1f\x8b", 2) == 0) {
        return xgboost_refuse(x, "it is gzipped; gunzip it first");
    }
    if (!begins_as_json(text, len)) {
        return xgboost_refuse(
            x, "it is not JSON, perhaps a model in XGBoost's old "
               "binary format or a pickle; load it where it was "
               "trained and save it by a name that ends in "
               ".json");
    }
    return APR_SUCCESS;
}

static apr_status_t parse(xgboost_t *x, const char *text, size_t len,
                          json_t **root)
{
    json_error_t at;

    *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at);
    if (*root != NULL) {
        return APR_SUCCESS;
    }
    if (json_error_code(&at) == json_error_premature_end_of_input) {
        return xgboost_refuse(x, "the file is cut short: it ends in the midst "
                                 "of its JSON");
    }
    if (json_error_code(&at) == json_error_numeric_overflow) {
        return xgboost_refuse(x, "byte %d: a number is too great", at.position);
    }
    if (strstr(at.text, "near 'NaN") != NULL ||
        strstr(at.text, "near 'Infinity") != NULL ||
        strstr(at.text, "near '-") != NULL) {
        return xgboost_refuse(x,
                              "byte %d: a number is not finite; look for "
                              "infinities in the training data",
                              at.position);
    }
    return xgboost_refuse(x, "byte %d: it is not JSON: %.*s", at.position,
                          QUOTED, at.text);
}

/* ---- what kind of model -------------------------------------------------- */

static apr_status_t check_version(xgboost_t *x, const json_t *root)
{
    const json_t *version = json_object_get(root, "version");
    uint32_t *v = x->model.version;

    if (json_array_size(version) != 3) {
        return xgboost_refuse(x, "it does not say which version of XGBoost "
                                 "saved it: it is no model of XGBoost");
    }
    for (size_t i = 0; i < 3; i++) {
        int64_t n = xgboost_whole(json_array_get(version, i));

        if (n < 0 || n > 9999) {
            return xgboost_refuse(x, "its version is not three numbers");
        }
        v[i] = (uint32_t)n;
    }
    if (v[0] < 1 || (v[0] == 1 && v[1] < 7) || v[0] > 3) {
        return xgboost_refuse(x,
                              "XGBoost %u.%u saved it, and 1.7 to 3 are known "
                              "here; load and save it with one of these",
                              v[0], v[1]);
    }
    return APR_SUCCESS;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return (text != NULL) ? text : "";
}

static apr_status_t check_booster(xgboost_t *x, const json_t *booster)
{
    const char *name = text_of(booster, "name");

    if (strcmp(name, "dart") == 0) {
        return xgboost_refuse(x, "its booster is dart, whose trees weigh "
                                 "differently; train with booster gbtree");
    }
    if (strcmp(name, "gbtree") != 0) {
        return xgboost_refuse(x,
                              "its booster is '%.*s', which has no trees; "
                              "train with booster gbtree",
                              QUOTED, name);
    }
    return APR_SUCCESS;
}

static apr_status_t check_classes(xgboost_t *x, const json_t *learner)
{
    const json_t *param = json_object_get(learner, "learner_model_param");
    const char *name = text_of(json_object_get(learner, "objective"), "name");

    if (xgboost_whole(json_object_get(param, "num_class")) > 1) {
        return xgboost_refuse(x, "it tells several classes apart; train one "
                                 "that tells attackers (1) from people (0)");
    }
    if (xgboost_whole(json_object_get(param, "num_target")) > 1) {
        return xgboost_refuse(x, "it has several targets; train one that tells "
                                 "attackers (1) from people (0)");
    }
    if (strcmp(name, "binary:logistic") != 0 &&
        strcmp(name, "reg:logistic") != 0) {
        return xgboost_refuse(x,
                              "its objective is '%.*s'; a score is made of "
                              "log-odds: train with binary:logistic",
                              QUOTED, name);
    }
    return APR_SUCCESS;
}

static apr_status_t check_groups(xgboost_t *x, const json_t *booster)
{
    const json_t *model = json_object_get(booster, "model");
    const json_t *param = json_object_get(model, "gbtree_model_param");
    const json_t *encoded =
        json_object_get(json_object_get(model, "cats"), "enc");
    const json_t *group;
    size_t i;

    if (xgboost_whole(json_object_get(param, "size_leaf_vector")) > 1) {
        return xgboost_refuse(x, "its leaves hold several numbers "
                                 "(multi_output_tree); train with one target");
    }
    if (json_array_size(encoded) > 0) {
        return xgboost_refuse(x, "it encodes categories; every feature of the "
                                 "gate is a number: train without "
                                 "enable_categorical");
    }
    json_array_foreach(json_object_get(model, "tree_info"), i, group)
    {
        if (xgboost_whole(group) != 0) {
            return xgboost_refuse(x, "its trees belong to several classes; "
                                     "train one that tells attackers (1) from "
                                     "people (0)");
        }
    }
    return APR_SUCCESS;
}

/* ---- its numbers --------------------------------------------------------- */

/* "5E-1", since 3.1 "[5E-1]"; a number or an array of one is taken too.
 *
 * @return NaN when it is not one number */
static float read_float(const json_t *value)
{
    const char *text;
    char *end;
    float number;
    int is_vector;

    if (json_is_array(value) && json_array_size(value) == 1) {
        value = json_array_get(value, 0);
    }
    if (json_is_number(value)) {
        return xgboost_float(value);
    }
    text = json_string_value(value);
    if (text == NULL) {
        return NAN;
    }
    is_vector = *text == '[';
    text += is_vector;
    if (*text != '-' && *text != '.' && (*text < '0' || *text > '9')) {
        return NAN;
    }
    number = strtof(text, &end);
    return (strcmp(end, is_vector ? "]" : "") == 0) ? number : NAN;
}

/* XGBoost's own steps, in floats. */
static apr_status_t read_base(xgboost_t *x, const json_t *learner)
{
    const json_t *param = json_object_get(learner, "learner_model_param");
    const json_t *value = json_object_get(param, "base_score");
    float score = read_float(value);

    if (isnan(score)) {
        return xgboost_refuse(
            x, (value == NULL)
                   ? "it has no base_score: it is no model of XGBoost, or a "
                     "dump instead of what save_model() writes"
                   : "its base_score is not one number; train one that tells "
                     "attackers (1) from people (0)");
    }
    if (!(score >= ODDS_BOUND && score <= 1.0f - ODDS_BOUND)) {
        return xgboost_refuse(x, "its base_score is not within 0 and 1, or "
                                 "nearer to one of them than 0.000001: train "
                                 "on data that has both classes");
    }
    x->model.base = -logf(1.0f / score - 1.0f);
    return APR_SUCCESS;
}

static apr_status_t read_name(xgboost_t *x, uint32_t column, const char *name)
{
    mlg_feature_id id = (name != NULL) ? mlg_feature_find(name) : MLG_NFEATURES;

    if (id == MLG_NFEATURES) {
        return xgboost_refuse(
            x,
            "its column %u is '%.*s', which is no feature of "
            "the gate; the first line of `mlgatectl features` "
            "names them",
            column, QUOTED, (name != NULL) ? name : "");
    }
    for (uint32_t i = 0; i < column; i++) {
        if (x->feature[i] == id) {
            return xgboost_refuse(x, "two of its columns are '%s'", name);
        }
    }
    x->feature[column] = (uint16_t)id;
    return APR_SUCCESS;
}

static apr_status_t read_names(xgboost_t *x, const json_t *learner)
{
    const json_t *names = json_object_get(learner, "feature_names");
    const json_t *param = json_object_get(learner, "learner_model_param");
    size_t n = json_array_size(names);
    apr_status_t rv = APR_SUCCESS;

    if (n == 0) {
        return xgboost_refuse(x, "its columns have no names; before saving, "
                                 "set Booster.feature_names to those that the "
                                 "first line of `mlgatectl features` has");
    }
    if (n != (uint64_t)xgboost_whole(json_object_get(param, "num_feature"))) {
        return xgboost_refuse(x, "num_feature is not the number of its "
                                 "feature_names");
    }
    for (uint32_t i = 0; i < n && rv == APR_SUCCESS; i++) {
        /* at the first name too many, one is unknown or there twice */
        rv = read_name(x, i, json_string_value(json_array_get(names, i)));
    }
    x->model.nfeatures = (uint32_t)n;
    return rv;
}

static apr_status_t check_types(xgboost_t *x, const json_t *learner)
{
    const json_t *type;
    size_t i;

    json_array_foreach(json_object_get(learner, "feature_types"), i, type)
    {
        const char *name = json_string_value(type);

        if (name != NULL &&
            (strcmp(name, "c") == 0 || strncmp(name, "categor", 7) == 0)) {
            return xgboost_refuse(x,
                                  "its column %u is a category; every feature "
                                  "of the gate is a number",
                                  (unsigned)i);
        }
    }
    return APR_SUCCESS;
}

/* Rounds, of which each made num_parallel_tree trees. */
static void read_best(xgboost_t *x, const json_t *learner)
{
    const json_t *model =
        json_object_get(json_object_get(learner, "gradient_booster"), "model");
    int64_t best = xgboost_whole(json_object_get(
        json_object_get(learner, "attributes"), "best_iteration"));
    int64_t width = xgboost_whole(json_object_get(
        json_object_get(model, "gbtree_model_param"), "num_parallel_tree"));

    width = (width > 1) ? width : 1;
    if (best >= 0 && width <= MLG_FOREST_TREES_MAX &&
        best < MLG_FOREST_TREES_MAX &&
        (best + 1) * width <= (int64_t)x->model.ntrees) {
        x->model.nbest = (uint32_t)((best + 1) * width);
    }
}

/* ---- all of it ----------------------------------------------------------- */

static apr_status_t read_model(xgboost_t *x, const json_t *root)
{
    const json_t *learner = json_object_get(root, "learner");
    const json_t *booster = json_object_get(learner, "gradient_booster");
    apr_status_t rv;

    if (!json_is_object(booster)) {
        return xgboost_refuse(x, "it is JSON, but not what save_model() "
                                 "writes; a dump will not do");
    }
    rv = check_version(x, root);
    if (rv == APR_SUCCESS) {
        rv = check_booster(x, booster);
    }
    if (rv == APR_SUCCESS) {
        rv = check_classes(x, learner);
    }
    if (rv == APR_SUCCESS) {
        rv = check_groups(x, booster);
    }
    if (rv == APR_SUCCESS) {
        rv = check_types(x, learner);
    }
    if (rv == APR_SUCCESS) {
        rv = read_names(x, learner);
    }
    if (rv == APR_SUCCESS) {
        rv = read_base(x, learner);
    }
    if (rv == APR_SUCCESS) {
        rv = xgboost_trees(
            x, json_object_get(json_object_get(booster, "model"), "trees"));
    }
    if (rv == APR_SUCCESS) {
        read_best(x, learner);
    }
    return rv;
}

apr_status_t mlg_xgboost_read(mlg_xgboost_t *model, const char *text,
                              size_t len, const char **why, apr_pool_t *p)
{
    xgboost_t x = {.p = p};
    json_t *root = NULL;
    apr_status_t rv = check_bytes(&x, text, len);

    if (rv == APR_SUCCESS) {
        rv = parse(&x, text, len, &root);
    }
    if (rv == APR_SUCCESS) {
        rv = read_model(&x, root);
    }
    json_decref(root);
    memset(model, 0, sizeof(*model));
    if (rv == APR_SUCCESS) {
        *model = x.model;
    }
    else {
        *why = x.why;
    }
    return rv;
}
