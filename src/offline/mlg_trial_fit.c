/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_trial.h"

#include "mlg_threshold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define UNFITTED 0.01 /* of people, may be refused where nothing is fitted */
#define EARLY    4    /* a site's first quarter */

/* What a site shows to somebody who knows no label, up to some time. */
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

/* @return how many of a client's requests came before a time */
static uint32_t rows_before(const mlg_dataset_t *set,
                            const mlg_person_t *client, apr_time_t until_us)
{
    const mlg_row_t *row = &set->row[client->row];
    uint32_t n = client->rows;

    while (n > 0 && row[n - 1].at_us >= until_us) {
        n--;
    }
    return n;
}

static apr_status_t look(showing_t *out, const mlg_trial_t *trial,
                         const mlg_dataset_site_t *site, apr_time_t until_us)
{
    const mlg_dataset_t *set = trial->set;
    vote_t *vote = malloc(sizeof(*vote) * (site->n + 1u));
    uint32_t votes = 0;
    apr_time_t first_us = INT64_MAX;
    apr_time_t last_us = INT64_MIN;

    memset(out, 0, sizeof(*out));
    out->peak = malloc(sizeof(*out->peak) * (site->n + 1u));
    for (uint32_t i = site->first; i < site->first + site->n; i++) {
        const mlg_person_t *client = &set->client[i];
        const mlg_row_t *row = &set->row[client->row];
        uint32_t n = rows_before(set, client, until_us);

        if (n > 0) {
            apr_time_t end_us = row[n - 1].at_us;

            out->clients++;
            first_us = (row->at_us < first_us) ? row->at_us : first_us;
            last_us = (end_us > last_us) ? end_us : last_us;
        }
        if (vote != NULL && n >= trial->rules.min_requests &&
            (row[n - 1].is_trusted || is_verified(set, client))) {
            vote[votes++] =
                (vote_t){is_verified(set, client) ? client->key
                                                  : mlg_key_voter(&client->key),
                         mlg_trial_peak(row, &trial->score[client->row], 0, n,
                                        trial->rules.min_requests)};
        }
    }
    out->span_us = (last_us > first_us) ? last_us - first_us : 0;
    if (vote != NULL && out->peak != NULL) {
        count_votes(out, vote, votes);
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

/* Every site, as it shows itself up to a time of its own.
 *
 * @param until_us  shape [sites]; NULL: to its end
 * @return malloc; NULL: no memory */
static showing_t *look_at_all(const mlg_trial_t *trial,
                              const apr_time_t *until_us)
{
    const mlg_dataset_t *set = trial->set;
    showing_t *site = calloc(set->sites + 1u, sizeof(*site));

    for (uint32_t i = 0; i < set->sites && site != NULL; i++) {
        apr_time_t until = (until_us != NULL) ? until_us[i] : INT64_MAX;

        if (look(&site[i], trial, &set->site[i], until) != APR_SUCCESS) {
            forget(site, i);
            return NULL;
        }
    }
    return site;
}

static void fit_all(mlg_trial_t *trial, const showing_t *site,
                    float recommended, double slope)
{
    for (uint32_t i = 0; i < trial->set->sites; i++) {
        trial->threshold[i] = trial->set->site[i].is_taught_only
                                  ? MLG_THRESHOLD_NONE
                                  : fit(&site[i], recommended, slope);
    }
}

apr_status_t mlg_trial_fit(mlg_trial_t *trial, float recommended, double slope)
{
    showing_t *site = look_at_all(trial, NULL);

    if (site == NULL) {
        return APR_ENOMEM;
    }
    fit_all(trial, site, recommended, slope);
    forget(site, trial->set->sites);
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
    apr_status_t rv = mlg_trial_recommend(trial, slope, max_fpr, recommended);

    if (rv == APR_SUCCESS) {
        rv = mlg_trial_fit(trial, *recommended, slope);
    }
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

static int by_time(const void *one, const void *other)
{
    apr_time_t a = *(const apr_time_t *)one;
    apr_time_t b = *(const apr_time_t *)other;

    return (a < b) ? -1 : a > b;
}

/* When a site had its first quarter of requests behind it. */
static apr_time_t end_of_early(const mlg_dataset_t *set,
                               const mlg_dataset_site_t *site, apr_time_t *room)
{
    size_t n = 0;

    for (uint32_t i = site->first; i < site->first + site->n; i++) {
        for (uint32_t k = 0; k < set->client[i].rows; k++) {
            room[n++] = set->row[set->client[i].row + k].at_us;
        }
    }
    qsort(room, n, sizeof(*room), by_time);
    return (n > 0) ? room[n / EARLY] : INT64_MAX;
}

/* Those who came after some time, and what was seen before. */
typedef struct crowd_t {
    float *peak;    /* shape [n] */
    uint16_t *site; /* shape [n] */
    uint32_t n;
    showing_t *seen; /* what the thresholds are fitted to; shape [sites] */
} crowd_t;

static void forget_crowd(crowd_t *crowd, uint32_t sites)
{
    free(crowd->peak);
    free(crowd->site);
    forget(crowd->seen, sites);
    *crowd = (crowd_t){NULL, NULL, 0, NULL};
}

/* @param from_us  shape [sites]; NULL: from the beginning, seen to the end
 * @param least    requests, from then on */
static apr_status_t gather(crowd_t *crowd, const mlg_trial_t *trial,
                           const apr_time_t *from_us, mlg_group group,
                           uint32_t least)
{
    const mlg_dataset_t *set = trial->set;

    memset(crowd, 0, sizeof(*crowd));
    crowd->peak = calloc(set->clients + 1u, sizeof(*crowd->peak));
    crowd->site = calloc(set->clients + 1u, sizeof(*crowd->site));
    crowd->seen = look_at_all(trial, from_us);
    if (crowd->peak == NULL || crowd->site == NULL || crowd->seen == NULL) {
        forget_crowd(crowd, set->sites);
        return APR_ENOMEM;
    }
    for (uint32_t i = 0; i < set->clients; i++) {
        const mlg_person_t *client = &set->client[i];
        uint32_t from = (from_us != NULL)
                            ? rows_before(set, client, from_us[client->site])
                            : 0;

        if (client->group != (uint8_t)group || client->rows - from < least ||
            set->site[client->site].is_taught_only) {
            continue;
        }
        crowd->site[crowd->n] = client->site;
        crowd->peak[crowd->n++] =
            mlg_trial_peak(&set->row[client->row], &trial->score[client->row],
                           from, client->rows, trial->rules.min_requests);
    }
    return APR_SUCCESS;
}

/* @return how many of them are refused */
static uint32_t refuse(mlg_trial_t *trial, const crowd_t *crowd,
                       float recommended, double slope)
{
    uint32_t refused = 0;

    fit_all(trial, crowd->seen, recommended, slope);
    for (uint32_t i = 0; i < crowd->n; i++) {
        refused += crowd->peak[i] >= trial->threshold[crowd->site[i]];
    }
    return refused;
}

/* The crowds that a recommendation is about. */
typedef struct crowds_t {
    crowd_t all;
    crowd_t later;
    crowd_t attackers; /* later ones */
} crowds_t;

static apr_status_t gather_all(crowds_t *c, const mlg_trial_t *trial)
{
    const mlg_dataset_t *set = trial->set;
    apr_time_t *early = malloc(sizeof(*early) * (set->sites + 1u));
    apr_time_t *room = malloc(sizeof(*room) * (set->rows + 1u));
    apr_status_t rv =
        (early != NULL && room != NULL) ? APR_SUCCESS : APR_ENOMEM;

    memset(c, 0, sizeof(*c));
    for (uint32_t i = 0; i < set->sites && rv == APR_SUCCESS; i++) {
        early[i] = end_of_early(set, &set->site[i], room);
    }
    if (rv == APR_SUCCESS) {
        rv = gather(&c->all, trial, NULL, MLG_GROUP_PEOPLE, 1);
    }
    if (rv == APR_SUCCESS) {
        rv = gather(&c->later, trial, early, MLG_GROUP_PEOPLE, 1);
    }
    if (rv == APR_SUCCESS) {
        rv = gather(&c->attackers, trial, early, MLG_GROUP_ATTACKERS,
                    MLG_TRIAL_BUSY);
    }
    free(early);
    free(room);
    return rv;
}

apr_status_t mlg_trial_recommend(mlg_trial_t *trial, double slope,
                                 double max_fpr, float *recommended)
{
    int least = lowest(trial);
    int percent = 99;
    crowds_t c;
    apr_status_t rv = gather_all(&c, trial);

    while (rv == APR_SUCCESS && percent > least) {
        float lower = (float)(percent - 1) / 100.0f;

        if (refuse(trial, &c.all, lower, slope) > max_fpr * c.all.n ||
            refuse(trial, &c.later, lower, slope) > max_fpr * c.later.n) {
            break;
        }
        percent--;
    }
    *recommended = (float)percent / 100.0f;
    if (rv == APR_SUCCESS) {
        trial->later = (mlg_later_t){
            c.later.n, refuse(trial, &c.later, *recommended, slope),
            c.attackers.n, refuse(trial, &c.attackers, *recommended, slope)};
    }
    forget_crowd(&c.all, trial->set->sites);
    forget_crowd(&c.later, trial->set->sites);
    forget_crowd(&c.attackers, trial->set->sites);
    return rv;
}
