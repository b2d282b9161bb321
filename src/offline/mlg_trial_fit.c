/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_trial.h"

#include "mlg_threshold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define UNFITTED 0.01 /* of people, may be refused where nothing is fitted */

/* What a site shows to somebody who knows no label. */
typedef struct showing_t {
    float *peak; /* of its trusted networks, the highest first; malloc */
    uint32_t n;
    uint32_t clients;
    apr_interval_time_t span_us;
} showing_t;

/* Of a trusted client. */
typedef struct vote_t {
    mlg_key_t voter;
    float peak;
} vote_t;

static int by_voter(const void *one, const void *other)
{
    return memcmp(&((const vote_t *)one)->voter,
                  &((const vote_t *)other)->voter, sizeof(mlg_key_t));
}

static int falling(const void *one, const void *other)
{
    float a = *(const float *)one;
    float b = *(const float *)other;

    return (a > b) ? -1 : a < b;
}

/* A crawler whose operator vouches for its addresses: the logs' makers looked
 * them up before they hid them. */
static int is_verified(const mlg_dataset_t *set, const mlg_person_t *client)
{
    return strcmp(set->class[client->class], MLG_LABEL_VERIFIED) == 0;
}

/* The highest peak of each voter, the highest first. */
static void count_votes(showing_t *out, vote_t *vote, uint32_t n)
{
    qsort(vote, n, sizeof(*vote), by_voter);
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0 && by_voter(&vote[i - 1], &vote[i]) == 0) {
            float *peak = &out->peak[out->n - 1];

            *peak = (vote[i].peak > *peak) ? vote[i].peak : *peak;
        }
        else {
            out->peak[out->n++] = vote[i].peak;
        }
    }
    qsort(out->peak, out->n, sizeof(*out->peak), falling);
}

static apr_status_t look(showing_t *out, const mlg_trial_t *trial,
                         const mlg_dataset_site_t *site)
{
    vote_t *vote = malloc(sizeof(*vote) * (site->n + 1u));
    uint32_t n = 0;
    const mlg_dataset_t *set = trial->set;
    apr_time_t first_us = INT64_MAX;
    apr_time_t last_us = INT64_MIN;

    memset(out, 0, sizeof(*out));
    out->peak = malloc(sizeof(*out->peak) * (site->n + 1u));
    out->clients = site->n;
    for (uint32_t i = site->first; i < site->first + site->n; i++) {
        const mlg_person_t *client = &set->client[i];
        const mlg_row_t *row = &set->row[client->row];

        if (client->rows > 0) {
            apr_time_t end_us = row[client->rows - 1].at_us;

            first_us = (row->at_us < first_us) ? row->at_us : first_us;
            last_us = (end_us > last_us) ? end_us : last_us;
        }
        if (vote != NULL && client->rows >= trial->rules.min_requests &&
            (client->is_trusted || is_verified(set, client))) {
            vote[n++] =
                (vote_t){is_verified(set, client) ? client->key
                                                  : mlg_key_voter(&client->key),
                         trial->fate[i].peak};
        }
    }
    out->span_us = (last_us > first_us) ? last_us - first_us : 0;
    if (vote != NULL && out->peak != NULL) {
        count_votes(out, vote, n);
        free(vote);
        return APR_SUCCESS;
    }
    free(vote);
    free(out->peak);
    return APR_ENOMEM;
}

static float peak_but(const showing_t *site, uint32_t ignored)
{
    return (ignored < site->n) ? site->peak[ignored] : 0.0f;
}

/* @return MLG_THRESHOLD_NONE where too little is seen */
static float fit(const showing_t *site, float recommended, double slope)
{
    uint32_t ignored = mlg_fit_ignored(site->n, MLG_FIT_SHARE);
    mlg_fit_seen_t seen = {.recommended = recommended,
                           .slope = slope,
                           .trusted = site->n,
                           .peak = peak_but(site, ignored),
                           .vouched = peak_but(site, ignored + MLG_FIT_FEW),
                           .clients = site->clients,
                           .span_us = site->span_us,
                           .trusted_enough = MLG_FIT_TRUSTED};
    mlg_fit_t found;

    mlg_fit(&found, &seen);
    return found.is_sound ? found.threshold : MLG_THRESHOLD_NONE;
}

static void forget(showing_t *site, uint32_t n)
{
    for (uint32_t i = 0; site != NULL && i < n; i++) {
        free(site[i].peak);
    }
    free(site);
}

/* Every site, as it shows itself. @return malloc; NULL: no memory */
static showing_t *look_at_all(const mlg_trial_t *trial)
{
    const mlg_dataset_t *set = trial->set;
    showing_t *site = calloc(set->sites + 1u, sizeof(*site));

    for (uint32_t i = 0; i < set->sites && site != NULL; i++) {
        if (look(&site[i], trial, &set->site[i]) != APR_SUCCESS) {
            forget(site, i);
            return NULL;
        }
    }
    return site;
}

/* People that these thresholds refuse. */
static uint32_t refused(const mlg_trial_t *trial, const float *threshold)
{
    const mlg_dataset_t *set = trial->set;
    uint32_t n = 0;

    for (uint32_t i = 0; i < set->clients; i++) {
        n += set->client[i].group == MLG_GROUP_PEOPLE &&
             !set->site[set->client[i].site].is_taught_only &&
             trial->fate[i].peak >= threshold[set->client[i].site];
    }
    return n;
}

apr_status_t mlg_trial_fit(mlg_trial_t *trial, float recommended, double slope)
{
    uint32_t sites = trial->set->sites;
    showing_t *site = look_at_all(trial);

    if (site == NULL) {
        return APR_ENOMEM;
    }
    for (uint32_t i = 0; i < sites; i++) {
        trial->threshold[i] = trial->set->site[i].is_taught_only
                                  ? MLG_THRESHOLD_NONE
                                  : fit(&site[i], recommended, slope);
    }
    forget(site, sites);
    return APR_SUCCESS;
}

/* One threshold for all, where no site shows enough to be fitted. */
static float for_all(mlg_trial_t *trial, double max_fpr)
{
    uint32_t n;
    float *people = mlg_trial_peaks(trial, MLG_GROUP_PEOPLE, UINT32_MAX, 0, &n);
    float threshold =
        (people != NULL) ? mlg_trial_threshold(people, n, max_fpr) : 1.0f;

    free(people);
    for (uint32_t i = 0; i < trial->set->sites; i++) {
        trial->threshold[i] = threshold;
    }
    return threshold;
}

static int is_any_fitted(const mlg_trial_t *trial)
{
    for (uint32_t i = 0; i < trial->set->sites; i++) {
        if (trial->threshold[i] < MLG_THRESHOLD_NONE) {
            return 1;
        }
    }
    return 0;
}

apr_status_t mlg_trial_thresholds(mlg_trial_t *trial, double slope,
                                  double max_fpr, float *recommended)
{
    apr_status_t rv;

    *recommended = mlg_trial_recommend(trial, slope, max_fpr);
    rv = mlg_trial_fit(trial, *recommended, slope);
    trial->is_fitted = is_any_fitted(trial);
    if (rv == APR_SUCCESS && !trial->is_fitted) {
        *recommended = for_all(trial, max_fpr);
    }
    return rv;
}

/* In hundredths: from where one person in a hundred would be refused on a site
 * that is not fitted. */
static int lowest(const mlg_trial_t *trial)
{
    uint32_t n;
    float *people = mlg_trial_peaks(trial, MLG_GROUP_PEOPLE, UINT32_MAX, 0, &n);
    float threshold =
        (people != NULL) ? mlg_trial_threshold(people, n, UNFITTED) : 1.0f;

    free(people);
    return (int)ceilf(threshold * 100.0f);
}

float mlg_trial_recommend(mlg_trial_t *trial, double slope, double max_fpr)
{
    const mlg_dataset_t *set = trial->set;
    int least = lowest(trial);
    showing_t *site = look_at_all(trial);
    uint32_t people = 0;
    int percent = 99;

    for (uint32_t i = 0; i < set->clients; i++) {
        people += set->client[i].group == MLG_GROUP_PEOPLE &&
                  !set->site[set->client[i].site].is_taught_only;
    }
    while (site != NULL && percent > least) {
        float lower = (float)(percent - 1) / 100.0f;

        for (uint32_t i = 0; i < set->sites; i++) {
            trial->threshold[i] = fit(&site[i], lower, slope);
        }
        if (refused(trial, trial->threshold) > max_fpr * people) {
            break;
        }
        percent--;
    }
    forget(site, (site != NULL) ? set->sites : 0);
    return (float)percent / 100.0f;
}
