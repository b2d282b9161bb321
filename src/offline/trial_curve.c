/* SPDX-License-Identifier: Apache-2.0 */
#include "trial_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POINTS 400

/* Both lists fall. */
static void walk(trial_curve_t *curve, const float *people,
                 const float *attackers)
{
    uint32_t p = 0;
    uint32_t a = 0;

    while (p < curve->people || a < curve->attackers) {
        float next = -1.0f;

        next = (p < curve->people) ? fmaxf(next, people[p]) : next;
        next = (a < curve->attackers) ? fmaxf(next, attackers[a]) : next;
        if (next < 0.0f) {
            break; /* the rest has no proof at any threshold */
        }
        while (p < curve->people && people[p] >= next) {
            p++;
        }
        while (a < curve->attackers && attackers[a] >= next) {
            a++;
        }
        curve->point[curve->n++] = (trial_point_t){next, p, a};
    }
}

/* Keep what an eye can tell apart: a step of either share. */
static void thin(trial_curve_t *curve)
{
    double people = fmax(1.0, curve->people);
    double attackers = fmax(1.0, curve->attackers);
    double step = 4.0 / POINTS;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < curve->n; i++) {
        const trial_point_t *last = &curve->point[(kept > 0) ? kept - 1 : 0];
        const trial_point_t *here = &curve->point[i];
        int is_few = here->people <= people / 100.0;

        if (kept == 0 || i + 1 == curve->n ||
            (is_few && here->people != last->people) ||
            (here->people - last->people) / people >= step ||
            (here->attackers - last->attackers) / attackers >= step) {
            curve->point[kept++] = *here;
        }
    }
    curve->n = kept;
}

int trial_curve(trial_curve_t *curve, const mlg_trial_report_t *r)
{
    float *people = mlg_trial_peaks(r->trial, MLG_GROUP_PEOPLE, TRIAL_ALL, 0,
                                    &curve->people);
    float *attackers = mlg_trial_peaks(r->trial, MLG_GROUP_ATTACKERS, TRIAL_ALL,
                                       MLG_TRIAL_BUSY, &curve->attackers);

    curve->n = 0;
    curve->point = NULL;
    if (people != NULL && attackers != NULL) {
        curve->point = malloc(sizeof(*curve->point) *
                              ((size_t)curve->people + curve->attackers + 1u));
    }
    if (curve->point != NULL) {
        walk(curve, people, attackers);
        thin(curve);
    }
    free(people);
    free(attackers);
    return curve->point != NULL;
}

void trial_bins(trial_bin_t bin[TRIAL_BINS], const mlg_trial_report_t *r)
{
    const mlg_dataset_t *set = r->trial->set;

    memset(bin, 0, sizeof(*bin) * TRIAL_BINS);
    for (uint32_t i = 0; i < set->clients; i++) {
        const mlg_person_t *client = &set->client[i];
        double weight = 1.0 / client->rows;

        if (client->group == MLG_GROUP_NEITHER) {
            continue;
        }
        for (uint32_t k = 0; k < client->rows; k++) {
            double score = (double)r->trial->score[client->row + k];
            int at = (int)fmin(score * TRIAL_BINS, TRIAL_BINS - 1);

            bin[at].weight += weight;
            bin[at].score += weight * score;
            bin[at].share +=
                (client->group == MLG_GROUP_ATTACKERS) ? weight : 0.0;
        }
    }
    for (int i = 0; i < TRIAL_BINS; i++) {
        bin[i].score /= bin[i].weight; /* 0 / 0 is NaN */
        bin[i].share /= bin[i].weight;
    }
}
