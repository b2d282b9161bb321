/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_train.h"

#include "train_trees.h"

#include <apr_strings.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FPR 0.001

void mlg_train_init(mlg_train_t *train, const mlg_dataset_t *set)
{
    memset(train, 0, sizeof(*train));
    train->set = set;
    train->max_fpr = MAX_FPR;
    mlg_draw_init(&train->draw, set);
    mlg_boost_init(&train->boost);
}

static void tell(const mlg_train_t *train, const char *what)
{
    if (train->progress != NULL) {
        train->progress(train->progress_data, what);
    }
}

/* "a, b": the sites of a fold */
static const char *fold_name(const mlg_dataset_t *set, uint32_t fold,
                             apr_pool_t *p)
{
    const char *name = "";

    for (uint32_t i = 0; i < set->sites; i++) {
        if (set->site[i].fold == fold) {
            name = apr_pstrcat(p, name, (*name != '\0') ? ", " : "",
                               set->site[i].name, NULL);
        }
    }
    return name;
}

/* ---- left-out rows --------------------------------------------------------- */

/* Rows that nobody was trained on, of all folds. */
typedef struct left_out_t {
    float *margin; /* shape [room]; of the chosen number of trees */
    float *y;
    float *w;
    uint32_t n;
} left_out_t;

static int keep_rows(left_out_t *out, const mlg_forest_t *forest,
                     const mlg_sample_t *s)
{
    size_t room = (size_t)out->n + s->n + 1u;
    void *margin = realloc(out->margin, sizeof(float) * room);
    void *y;
    void *w;

    out->margin = (margin != NULL) ? margin : out->margin;
    y = realloc(out->y, sizeof(float) * room);
    out->y = (y != NULL) ? y : out->y;
    w = realloc(out->w, sizeof(float) * room);
    out->w = (w != NULL) ? w : out->w;
    if (margin == NULL || y == NULL || w == NULL) {
        return 0;
    }
    for (uint32_t i = 0; i < s->n; i++, out->n++) {
        mlg_walk_t walk;

        mlg_forest_walk(forest, &s->x[(size_t)i * MLG_NFEATURES], &walk);
        out->margin[out->n] = walk.margin;
        out->y[out->n] = s->y[i];
        out->w[out->n] = s->w[i];
    }
    return 1;
}

/* Of each fold the rows that its model has not seen. */
static apr_status_t each_left_out(mlg_train_t *train, left_out_t *out,
                                  apr_pool_t *p)
{
    mlg_draw_t draw = train->draw;
    apr_status_t rv = APR_SUCCESS;

    draw.has_shifts = 0;
    draw.is_raw = 1;
    for (uint32_t i = 0; i < train->set->folds && rv == APR_SUCCESS; i++) {
        const mlg_xgboost_t *trees = &train->fold[i].trees;
        mlg_sample_t sample;

        if (trees->ntrees == 0) {
            continue;
        }
        rv = mlg_sample_draw(&sample, train->set, &draw, i, 1);
        if (rv == APR_SUCCESS &&
            !keep_rows(out,
                       mlg_booster_plant(trees, train->ntrees, 1.0, 0.0, p),
                       &sample)) {
            rv = APR_ENOMEM;
        }
        mlg_sample_free(&sample);
    }
    return rv;
}

/* ---- the steps ------------------------------------------------------------- */

/* A fold is one site, or sites that are left out together. */
static int is_taught(const mlg_dataset_t *set, uint32_t fold)
{
    for (uint32_t i = 0; i < set->sites; i++) {
        if (set->site[i].fold == fold && !set->site[i].is_taught_only) {
            return 0;
        }
    }
    return 1;
}

static apr_status_t train_folds(mlg_train_t *train, const char **why,
                                apr_pool_t *p)
{
    const mlg_dataset_t *set = train->set;

    train->fold = apr_pcalloc(p, sizeof(*train->fold) * (set->folds + 1u));
    for (uint32_t i = 0; i < set->folds; i++) {
        mlg_sample_t sample;
        apr_status_t rv;

        if (is_taught(set, i)) {
            continue;
        }
        rv = mlg_sample_draw(&sample, set, &train->draw, i, 0);
        if (rv != APR_SUCCESS) {
            *why = "not enough memory for the rows";
            return rv;
        }
        tell(train,
             apr_psprintf(p, "without %s (%u of %u): %u rows",
                          fold_name(set, i, p), i + 1, set->folds, sample.n));
        if (sample.people > 0 && sample.attackers > 0) {
            rv = mlg_booster_train(&train->fold[i], &sample, train->draw.is_off,
                                   &train->boost, why, p);
            train->nfolds++;
        }
        mlg_sample_free(&sample);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    if (train->nfolds == 0) {
        *why = "no site can be left out: without it there are no people or no "
               "attackers to learn from; give data of more sites";
        return APR_EGENERAL;
    }
    return APR_SUCCESS;
}

static apr_status_t calibrate(mlg_train_t *train, const char **why,
                              apr_pool_t *p)
{
    left_out_t *out = apr_pcalloc(p, sizeof(*out));
    apr_status_t rv = each_left_out(train, out, p);

    if (rv == APR_SUCCESS) {
        train->platt = mlg_platt_fit(out->margin, out->y, out->w, out->n);
        train->nrows = out->n;
    }
    else {
        *why = "not enough memory for the rows";
    }
    free(out->margin);
    free(out->y);
    free(out->w);
    return rv;
}

static apr_status_t judge_sites(mlg_train_t *train, const char **why,
                                apr_pool_t *p)
{
    const mlg_dataset_t *set = train->set;
    mlg_trial_t *trial = &train->trial;
    const mlg_xgboost_t *any = NULL;

    for (uint32_t i = 0; i < set->folds && any == NULL; i++) {
        any = (train->fold[i].trees.ntrees > 0) ? &train->fold[i].trees : NULL;
    }
    mlg_trial_init(trial, set, p);
    for (uint32_t i = 0; i < set->sites; i++) {
        const mlg_xgboost_t *trees = &train->fold[set->site[i].fold].trees;

        trial->judge[i].forest =
            mlg_booster_plant((trees->ntrees > 0) ? trees : any, train->ntrees,
                              train->platt.slope, train->platt.offset, p);
    }
    mlg_trial_score(trial);
    if (mlg_trial_thresholds(trial, train->platt.slope, train->max_fpr,
                             &train->threshold) != APR_SUCCESS) {
        *why = "not enough memory for the clients";
        return APR_ENOMEM;
    }
    mlg_trial_decide(trial);
    return APR_SUCCESS;
}

/* ---- the model itself ------------------------------------------------------ */

typedef struct rank_t {
    float margin;
    uint32_t row;
} rank_t;

static int by_margin(const void *one, const void *other)
{
    const rank_t *a = one;
    const rank_t *b = other;

    return (a->margin != b->margin)
               ? ((a->margin < b->margin) ? -1 : 1)
               : ((a->row < b->row) ? -1 : a->row > b->row);
}

/* Rows from the lowest margin to the highest, and one of which nothing is
 * known. */
static void choose_golden(mlg_train_t *train, const mlg_sample_t *s,
                          apr_pool_t *p)
{
    const mlg_forest_t *forest = mlg_booster_plant(
        &train->model.trees, train->model.trees.ntrees, 1.0, 0.0, p);
    rank_t *rank = malloc(sizeof(*rank) * (s->n + 1u));
    uint32_t n = (s->n < MLG_TRAIN_GOLDEN - 1) ? s->n : MLG_TRAIN_GOLDEN - 1;

    if (rank == NULL) {
        n = 0;
    }
    for (uint32_t i = 0; i < s->n && n > 0; i++) {
        mlg_walk_t walk;

        mlg_forest_walk(forest, &s->x[(size_t)i * MLG_NFEATURES], &walk);
        rank[i] = (rank_t){walk.margin, i};
    }
    if (n > 0) {
        qsort(rank, s->n, sizeof(*rank), by_margin);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at =
            (n == 1) ? 0 : (uint32_t)((uint64_t)i * (s->n - 1) / (n - 1));

        memcpy(train->golden[i], &s->x[(size_t)rank[at].row * MLG_NFEATURES],
               sizeof(train->golden[i]));
    }
    for (int i = 0; i < MLG_NFEATURES; i++) {
        train->golden[n][i] = NAN;
    }
    train->ngolden = n + 1;
    free(rank);
}

static apr_status_t train_model(mlg_train_t *train, const char **why,
                                apr_pool_t *p)
{
    mlg_boost_t boost = train->boost;
    mlg_sample_t sample;
    apr_status_t rv =
        mlg_sample_draw(&sample, train->set, &train->draw, UINT32_MAX, 0);

    if (rv != APR_SUCCESS) {
        *why = "not enough memory for the rows";
        return rv;
    }
    tell(train, apr_psprintf(p, "on all sites: %u rows, %u trees", sample.n,
                             train->ntrees));
    boost.trees = train->ntrees;
    rv = mlg_booster_train(&train->model, &sample, train->draw.is_off, &boost,
                           why, p);
    if (rv == APR_SUCCESS) {
        train->sample_rows = sample.n;
        train->sample_people = sample.people;
        train->sample_attackers = sample.attackers;
        choose_golden(train, &sample, p);
    }
    mlg_sample_free(&sample);
    return rv;
}

apr_status_t mlg_train_run(mlg_train_t *train, const char **why, apr_pool_t *p)
{
    apr_status_t rv = train_folds(train, why, p);

    if (rv == APR_SUCCESS) {
        rv = train_choose_trees(train, why);
    }
    if (rv == APR_SUCCESS) {
        rv = calibrate(train, why, p);
    }
    if (rv == APR_SUCCESS) {
        tell(train, "judging every site");
        rv = judge_sites(train, why, p);
    }
    return (rv == APR_SUCCESS) ? train_model(train, why, p) : rv;
}

apr_status_t mlg_train_bundle(const mlg_train_t *train, const char *about,
                              const unsigned char **bytes, size_t *len,
                              mlg_fault_t *fault, apr_pool_t *p)
{
    const mlg_xgboost_t *trees = &train->model.trees;
    mlg_bundle_draft_t draft = {.ntrees = trees->ntrees,
                                .depth = trees->depth,
                                .ngolden = train->ngolden,
                                .base = trees->base,
                                .slope = train->platt.slope,
                                .offset = train->platt.offset,
                                .threshold = train->threshold,
                                .max_fpr = (float)train->max_fpr,
                                .node = trees->node,
                                .about = about,
                                .golden = train->golden[0]};
    unsigned char *out;
    apr_status_t rv;

    *len = mlg_bundle_bytes(&draft);
    out = apr_palloc(p, *len + 1u);
    rv = mlg_bundle_render(
        &draft, out,
        apr_palloc(p, mlg_forest_bytes(draft.ntrees, draft.depth) + 1u), fault);
    *bytes = out;
    return rv;
}
