/* SPDX-License-Identifier: Apache-2.0 */
#include "trial_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

mlg_count_t trial_count(const mlg_trial_report_t *r, uint32_t site,
                        mlg_group group)
{
    return mlg_trial_count(r->trial,
                           (mlg_whom_t){site, TRIAL_ALL, (uint32_t)group});
}

mlg_count_t trial_class(const mlg_trial_report_t *r, uint32_t class)
{
    return mlg_trial_count(r->trial, (mlg_whom_t){TRIAL_ALL, class, TRIAL_ALL});
}

/* ---- what weighs ----------------------------------------------------------- */

static int heavier(const void *one, const void *other)
{
    const trial_weight_t *a = one;
    const trial_weight_t *b = other;

    return (a->share != b->share) ? ((a->share > b->share) ? -1 : 1)
                                  : (int)a->feature - (int)b->feature;
}

size_t trial_weights(trial_weight_t out[MLG_NFEATURES],
                     const mlg_trial_report_t *r)
{
    const mlg_judge_t *judge = &r->trial->judge[0];
    double share[MLG_NFEATURES] = {0.0};
    double sum = 0.0;
    size_t n = 0;

    for (int i = 0; i < MLG_NFEATURES; i++) {
        if (r->train != NULL) {
            share[i] = r->train->model.gain[i];
        }
        else if (r->gain != NULL) {
            share[i] = r->gain[i];
        }
        else if (judge->forest == NULL) {
            share[i] = fabs((double)judge->weighted->weight[i]);
        }
        sum += share[i];
    }
    for (int i = 0; i < MLG_NFEATURES; i++) {
        if (share[i] > 0.0) {
            out[n++] = (trial_weight_t){(uint32_t)i, share[i] / sum};
        }
    }
    qsort(out, n, sizeof(*out), heavier);
    return n;
}

/* ---- people ---------------------------------------------------------------- */

typedef struct place_t {
    float peak;
    uint32_t client;
} place_t;

static int higher(const void *one, const void *other)
{
    const place_t *a = one;
    const place_t *b = other;

    return (a->peak != b->peak) ? ((a->peak > b->peak) ? -1 : 1)
                                : ((a->client < b->client) ? -1 : 1);
}

trial_victim_t *trial_victims(const mlg_trial_report_t *r, uint32_t most,
                              uint32_t *n)
{
    const mlg_trial_t *trial = r->trial;
    const mlg_dataset_t *set = trial->set;
    place_t *place = malloc(sizeof(*place) * (set->clients + 1u));
    trial_victim_t *victim = calloc(most + 1u, sizeof(*victim));

    *n = 0;
    if (place == NULL || victim == NULL) {
        free(place);
        free(victim);
        return NULL;
    }
    for (uint32_t i = 0; i < set->clients; i++) {
        if (set->client[i].group == MLG_GROUP_PEOPLE &&
            trial->fate[i].refused_at != 0) {
            place[(*n)++] = (place_t){trial->fate[i].peak, i};
        }
    }
    qsort(place, *n, sizeof(*place), higher);
    for (uint32_t i = 0; i < *n && i < most; i++) {
        const mlg_person_t *client = &set->client[place[i].client];
        uint32_t at = trial->fate[place[i].client].refused_at;
        uint32_t row = client->row + at - 1;

        victim[i].client = place[i].client;
        victim[i].refused_at = at;
        victim[i].score = trial->score[row];
        mlg_judge_reasons(&trial->judge[client->site], set->row[row].x,
                          &victim[i].reasons);
    }
    free(place);
    return victim;
}
