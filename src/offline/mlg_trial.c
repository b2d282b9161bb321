/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_trial.h"

#include "mlg_settings.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EVIDENCE 5 /* scores that are weighed */
#define PROOF    3 /* of which so many have to be high */

/* ---- one vector ------------------------------------------------------------ */

float mlg_judge_score(const mlg_judge_t *judge, const float x[MLG_NFEATURES])
{
    mlg_walk_t walk;

    return (judge->forest != NULL) ? mlg_forest_walk(judge->forest, x, &walk)
                                   : mlg_weighted_score(judge->weighted, x);
}

void mlg_judge_reasons(const mlg_judge_t *judge, const float x[MLG_NFEATURES],
                       mlg_reasons_t *reasons)
{
    mlg_walk_t walk;

    if (judge->forest == NULL) {
        mlg_weighted_reasons(judge->weighted, x, reasons);
        return;
    }
    mlg_forest_walk(judge->forest, x, &walk);
    mlg_forest_reasons(judge->forest, x, &walk, reasons);
}

/* ---- one client ------------------------------------------------------------ */

/* The highest threshold at which the last of these scores is a proof.
 *
 * @param score  of the latest request
 * @param n      how many of the scores up to it count, 1..5 */
static float proof_of(const float *score, unsigned n)
{
    float top[PROOF] = {-FLT_MAX, -FLT_MAX, -FLT_MAX};

    for (unsigned i = 0; i < n; i++) {
        float s = score[-(int)i];

        for (int k = 0; k < PROOF; k++) {
            if (s > top[k]) {
                float lower = top[k];

                top[k] = s;
                s = lower;
            }
        }
    }
    return fminf(top[PROOF - 1], *score);
}

float mlg_trial_peak(const mlg_row_t *row, const float *score, uint32_t from,
                     uint32_t n, uint32_t min_requests)
{
    float peak = -FLT_MAX;

    for (uint32_t i = (from < min_requests) ? min_requests - 1 : from; i < n;
         i++) {
        unsigned known = (row[i].proof < i + 1) ? row[i].proof : i + 1;

        peak = fmaxf(peak, proof_of(&score[i], known));
    }
    return peak;
}

/* As the gate would: blocks end by time, the next one is longer. */
static void decide(const mlg_trial_t *trial, const mlg_person_t *client,
                   float threshold, mlg_fate_t *fate)
{
    const mlg_row_t *row = &trial->set->row[client->row];
    const float *score = &trial->score[client->row];
    mlg_rules_t rules = trial->rules;
    int64_t until_us = INT64_MIN;
    uint8_t evidence = 0;
    unsigned offences = 0;

    rules.threshold = threshold;
    fate->refused_at = 0;
    fate->passed = 0;
    for (uint32_t i = 0; i < client->rows; i++) {
        if (row[i].at_us < until_us) {
            continue; /* refused */
        }
        if (row[i].proof < EVIDENCE) { /* older scores were let go */
            evidence &= (uint8_t)((1u << (row[i].proof - 1)) - 1);
        }
        if (mlg_policy_weigh(&evidence, mlg_policy_proof(score[i], row[i].x),
                             i + 1, &rules) != MLG_EVENT_PROOF) {
            fate->passed++;
            continue;
        }
        fate->refused_at = (fate->refused_at == 0) ? i + 1 : fate->refused_at;
        until_us = row[i].at_us + mlg_policy_block_us(&rules, offences++);
        evidence = 0;
    }
}

/* ---- everybody ------------------------------------------------------------- */

apr_status_t mlg_trial_init(mlg_trial_t *trial, const mlg_dataset_t *set,
                            apr_pool_t *p)
{
    mlg_settings_t settings;

    memset(trial, 0, sizeof(*trial));
    trial->set = set;
    trial->judge = apr_pcalloc(p, sizeof(*trial->judge) * (set->sites + 1u));
    trial->threshold =
        apr_pcalloc(p, sizeof(*trial->threshold) * (set->sites + 1u));
    trial->score = apr_palloc(p, sizeof(*trial->score) * (set->rows + 1u));
    trial->fate = apr_pcalloc(p, sizeof(*trial->fate) * (set->clients + 1u));
    mlg_settings_init(&settings);
    mlg_settings_rules(&trial->rules, &settings);
    return APR_SUCCESS;
}

static void move_client(mlg_trial_t *trial, const mlg_judge_t *judge,
                        const mlg_person_t *client, mlg_fate_t *fate,
                        float *room)
{
    const mlg_row_t *row = &trial->set->row[client->row];

    for (size_t k = 0; k < mlg_nshifts && k < MLG_TRIAL_SHIFTS; k++) {
        fate->moved[k] = -FLT_MAX;
        if (mlg_shifts[k].group != (mlg_group)client->group ||
            client->rows < trial->rules.min_requests) {
            continue;
        }
        for (uint32_t i = 0; i < client->rows; i++) {
            float x[MLG_NFEATURES];

            memcpy(x, row[i].x, sizeof(x));
            mlg_shift_move(&mlg_shifts[k], x,
                           mlg_shift_mix(client->row + i + k));
            room[i] = mlg_judge_score(judge, x);
        }
        fate->moved[k] = mlg_trial_peak(row, room, 0, client->rows,
                                        trial->rules.min_requests);
    }
}

void mlg_trial_score(mlg_trial_t *trial)
{
    const mlg_dataset_t *set = trial->set;
    float *room = calloc(set->rows + 1u, sizeof(*room));

    for (uint32_t i = 0; i < set->clients; i++) {
        const mlg_person_t *client = &set->client[i];
        const mlg_judge_t *judge = &trial->judge[client->site];
        const mlg_row_t *row = &set->row[client->row];
        float *score = &trial->score[client->row];
        mlg_fate_t *fate = &trial->fate[i];

        memset(fate, 0, sizeof(*fate));
        for (uint32_t k = 0; k < client->rows; k++) {
            score[k] = mlg_policy_credit(mlg_judge_score(judge, row[k].x),
                                         row[k].is_trusted);
            for (int rule = 0; rule < MLG_NRULES; rule++) {
                if (fate->rule[rule] == 0 && (row[k].holds >> rule & 1) != 0) {
                    fate->rule[rule] = k + 1;
                }
            }
        }
        fate->peak = mlg_trial_peak(row, score, 0, client->rows,
                                    trial->rules.min_requests);
        if (room != NULL) {
            move_client(trial, judge, client, fate, room);
        }
    }
    free(room);
}

void mlg_trial_decide(mlg_trial_t *trial)
{
    const mlg_dataset_t *set = trial->set;

    for (uint32_t i = 0; i < set->clients; i++) {
        const mlg_person_t *client = &set->client[i];

        decide(trial, client, trial->threshold[client->site], &trial->fate[i]);
    }
}

/* ---- thresholds ------------------------------------------------------------ */

static int falling(const void *one, const void *other)
{
    float a = *(const float *)one;
    float b = *(const float *)other;

    return (a > b) ? -1 : a < b;
}

/* @param trusted  1: whoever is trusted, of any group */
static float *collect(const mlg_trial_t *trial, mlg_group group, int trusted,
                      uint32_t site, uint32_t rows, uint32_t *n)
{
    const mlg_dataset_t *set = trial->set;
    float *peak = malloc(sizeof(*peak) * (set->clients + 1u));

    *n = 0;
    for (uint32_t i = 0; i < set->clients && peak != NULL; i++) {
        const mlg_person_t *client = &set->client[i];

        if ((trusted ? client->is_trusted : client->group == (uint8_t)group) &&
            (site == UINT32_MAX || client->site == site) &&
            client->rows >= rows && !set->site[client->site].is_taught_only) {
            peak[(*n)++] = trial->fate[i].peak;
        }
    }
    if (peak != NULL) {
        qsort(peak, *n, sizeof(*peak), falling);
    }
    return peak;
}

float *mlg_trial_peaks(const mlg_trial_t *trial, mlg_group group, uint32_t site,
                       uint32_t rows, uint32_t *n)
{
    return collect(trial, group, 0, site, rows, n);
}

float mlg_trial_threshold(const float *peak, uint32_t n, double max_fpr)
{
    uint32_t k = (uint32_t)(max_fpr * n + 1e-9);
    float least = (k < n) ? nextafterf(fmaxf(peak[k], 0.0f), 2.0f) : 0.0f;
    float round = ceilf(least * 1e4f) / 1e4f;

    if (least < 0.01f) {
        return 0.01f; /* a threshold that says something */
    }
    /* rounding up must not let anyone go who is caught without it */
    if (round <= 1.0f && (k == 0 || round <= peak[k - 1])) {
        return round;
    }
    return fminf(least, 1.0f);
}

apr_status_t mlg_trial_calibrate(mlg_trial_t *trial, mlg_threshold_fn fn,
                                 void *data)
{
    for (uint32_t i = 0; i < trial->set->sites; i++) {
        mlg_peaks_t peaks = {.site = &trial->set->site[i]};
        float *people =
            collect(trial, MLG_GROUP_PEOPLE, 0, i, 0, &peaks.npeople);
        float *trusted =
            collect(trial, MLG_GROUP_PEOPLE, 1, i, 0, &peaks.ntrusted);

        if (people == NULL || trusted == NULL) {
            free(people);
            free(trusted);
            return APR_ENOMEM;
        }
        peaks.people = people;
        peaks.trusted = trusted;
        trial->threshold[i] = fn(data, &peaks);
        free(people);
        free(trusted);
    }
    return APR_SUCCESS;
}
