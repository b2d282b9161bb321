/* SPDX-License-Identifier: Apache-2.0 */
#include "train_trees.h"

#include "mlg_settings.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define STEP  4     /* trees */
#define MOST  0.01  /* of people refused */
#define ALIKE 0.002 /* of attackers found */

typedef struct trees_t {
    const mlg_train_t *train;
    const mlg_dataset_t *set;
    uint32_t min_requests;
    float *margin; /* shape [set->rows] */
    float *people; /* shape [set->clients]; peaks of one site, then sorted */
    float *busy;   /* shape [set->clients] */
} trees_t;

static const mlg_xgboost_t *trees_of(const trees_t *t, uint32_t site)
{
    return &t->train->fold[t->set->site[site].fold].trees;
}

/* Trees from..to - 1 of a site's model on its rows. */
static void add_trees(trees_t *t, uint32_t site, uint32_t from, uint32_t to)
{
    const mlg_xgboost_t *trees = trees_of(t, site);
    const mlg_dataset_site_t *s = &t->set->site[site];
    size_t nodes = MLG_TREE_NODES(trees->depth);
    uint32_t row;

    if (s->n == 0) {
        return;
    }
    row = t->set->client[s->first].row;
    for (uint64_t i = 0; i < s->rows; i++, row++) {
        for (uint32_t k = from; k < to && k < trees->ntrees; k++) {
            const mlg_node_t *node = &trees->node[k * nodes];

            t->margin[row] +=
                node[mlg_tree_leaf(node, trees->depth, t->set->row[row].x)]
                    .value;
        }
    }
}

static int falling(const void *one, const void *other)
{
    float a = *(const float *)one;
    float b = *(const float *)other;

    return (a > b) ? -1 : a < b;
}

/* @param busy  set to how many attackers there are
 * @return share that is found */
static double found_on(trees_t *t, uint32_t site, uint32_t *busy)
{
    const mlg_dataset_site_t *s = &t->set->site[site];
    uint32_t npeople = 0;
    double sum = 0.0;
    uint32_t most;

    *busy = 0;
    for (uint32_t i = s->first; i < s->first + s->n; i++) {
        const mlg_person_t *client = &t->set->client[i];
        float *peak = (client->group == MLG_GROUP_PEOPLE) ? &t->people[npeople]
                                                          : &t->busy[*busy];

        if (client->group == MLG_GROUP_PEOPLE ||
            (client->group == MLG_GROUP_ATTACKERS &&
             client->rows >= MLG_TRIAL_BUSY)) {
            *peak = mlg_trial_peak(&t->set->row[client->row],
                                   &t->margin[client->row], 0, client->rows,
                                   t->min_requests);
            npeople += client->group == MLG_GROUP_PEOPLE;
            *busy += client->group == MLG_GROUP_ATTACKERS;
        }
    }
    if (npeople == 0) {
        *busy = 0; /* nobody to be refused: tells nothing */
    }
    qsort(t->people, npeople, sizeof(*t->people), falling);
    most = (uint32_t)(MOST * npeople) + 1;
    for (uint32_t k = 0; k<most && * busy> 0; k++) {
        uint32_t above = 0;

        for (uint32_t i = 0; i < *busy; i++) {
            above += t->busy[i] > t->people[k];
        }
        sum += (double)above / *busy;
    }
    return sum / most;
}

static double found(trees_t *t)
{
    double sum = 0.0;
    double weight = 0.0;

    for (uint32_t i = 0; i < t->set->sites; i++) {
        uint32_t busy;
        double here;

        if (trees_of(t, i)->ntrees == 0) {
            continue;
        }
        here = found_on(t, i, &busy);
        sum += here * busy;
        weight += busy;
    }
    return (weight > 0.0) ? sum / weight : 0.0;
}

static void choose(mlg_train_t *train, trees_t *t)
{
    double best = -1.0;

    train->ntrees = train->boost.trees;
    for (uint32_t n = 1; n <= train->boost.trees; n++) {
        int is_asked = n % STEP == 0 || n == train->boost.trees;

        for (uint32_t i = 0; i < t->set->sites; i++) {
            if (trees_of(t, i)->ntrees > 0) {
                add_trees(t, i, n - 1, n);
            }
        }
        train->found[n - 1] = is_asked ? found(t) : NAN;
        best = is_asked ? fmax(best, train->found[n - 1]) : best;
    }
    for (uint32_t n = train->boost.trees; n > 0 && !train->is_all_trees; n--) {
        if (train->found[n - 1] >= best - ALIKE) { /* no, for a NaN */
            train->ntrees = n;
        }
    }
}

apr_status_t train_choose_trees(mlg_train_t *train, const char **why)
{
    const mlg_dataset_t *set = train->set;
    mlg_settings_t settings;
    trees_t t = {.train = train, .set = set};
    apr_status_t rv = APR_SUCCESS;

    mlg_settings_init(&settings);
    t.min_requests = (uint32_t)settings.min_requests;
    t.margin = calloc(set->rows + 1u, sizeof(*t.margin));
    t.people = calloc(set->clients + 1u, sizeof(*t.people));
    t.busy = calloc(set->clients + 1u, sizeof(*t.busy));
    if (t.margin == NULL || t.people == NULL || t.busy == NULL) {
        *why = "not enough memory for the margins";
        rv = APR_ENOMEM;
    }
    else {
        choose(train, &t);
    }
    free(t.margin);
    free(t.people);
    free(t.busy);
    return rv;
}
