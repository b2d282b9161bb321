/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_census.h"

#include <stdlib.h>
#include <string.h>

#define PEAKS 65536

mlg_census_t *mlg_census_make(uint32_t rows, apr_pool_t *p)
{
    uint32_t size = 8;
    mlg_census_t *census;

    while (size < rows) {
        size *= 2;
    }
    census = apr_pcalloc(p, sizeof(*census) + size * sizeof(census->row[0]));
    if (census != NULL) {
        census->size = size;
        census->at_peak = apr_pcalloc(p, PEAKS * sizeof(uint32_t));
    }
    return (census != NULL && census->at_peak != NULL) ? census : NULL;
}

/* An eighth stays free, so that a search ends. */
static mlg_census_row_t *find(mlg_census_t *census, uint64_t client, int is_to)
{
    uint32_t at = (uint32_t)client & (census->size - 1);
    mlg_census_row_t *row = &census->row[at];

    while (row->client != 0 && row->client != client) {
        at = (at + 1) & (census->size - 1);
        row = &census->row[at];
    }
    if (row->client == client) {
        return row;
    }
    if (!is_to || census->n >= census->size - census->size / 8) {
        return NULL;
    }
    row->client = client;
    census->n++;
    return row;
}

/* What a request changed of its client's record. */
static void follow(mlg_census_row_t *row, const mlg_record_t *record,
                   const mlg_decision_t *d)
{
    if (record->peak > row->peak || row->peak_us == 0) {
        row->peak = record->peak;
        row->peak_us = d->at_us;
        row->reasons = d->reasons;
    }
    if (mlg_record_is_trusted(record)) {
        row->believed |= MLG_BELIEF_BEHAVES;
    }
}

mlg_census_row_t *mlg_census_add(mlg_census_t *census, uint64_t client,
                                 const mlg_key_t *key,
                                 const mlg_record_t *record, unsigned believed,
                                 const mlg_decision_t *d, uint32_t min_requests)
{
    uint32_t total = (record != NULL) ? record->total : 0;
    mlg_census_row_t *row =
        find(census, client,
             believed == MLG_BELIEF_UNBLOCKED || total >= min_requests);

    if (row == NULL) {
        census->left_out += total >= min_requests;
        return NULL;
    }
    row->key = *key;
    row->believed |= (uint8_t)believed;
    row->requests = (row->requests == 0) ? total : row->requests + 1;
    if (record != NULL && d->is_recorded) {
        follow(row, record, d);
    }
    for (unsigned i = 0; i < MLG_PROFILE_BASELINES; i++) {
        float value = d->x[mlg_profile_baselines[i]];

        if (value > row->busiest[i]) { /* false for NaN */
            row->busiest[i] = value;
        }
    }
    return row;
}

/* Of a trusted client. */
typedef struct vote_t {
    mlg_key_t voter;
    uint16_t peak;
} vote_t;

/* Those of one voter stand together, the highest first. */
static int by_voter(const void *one, const void *other)
{
    const vote_t *a = one;
    const vote_t *b = other;
    int order = memcmp(&a->voter, &b->voter, sizeof(a->voter));

    return (order != 0) ? order : b->peak - a->peak;
}

/* For whom somebody else vouches counts by himself. */
static mlg_key_t voter_of(const mlg_census_row_t *row)
{
    return (row->believed != MLG_BELIEF_BEHAVES) ? row->key
                                                 : mlg_key_voter(&row->key);
}

void mlg_census_end(mlg_census_t *census, uint32_t min_requests, apr_pool_t *p)
{
    vote_t *vote = apr_palloc(p, (census->n + 1) * sizeof(*vote));

    for (uint32_t i = 0; i < census->size; i++) {
        mlg_census_row_t *row = &census->row[i];

        if (row->requests < min_requests) {
            row->believed = 0;
        }
        if (row->believed != 0) {
            vote[census->trusted++] = (vote_t){voter_of(row), row->peak};
        }
    }
    qsort(vote, census->trusted, sizeof(*vote), by_voter);
    for (uint32_t i = 0; i < census->trusted; i++) {
        if (i == 0 || memcmp(&vote[i - 1].voter, &vote[i].voter,
                             sizeof(vote[i].voter)) != 0) {
            census->at_peak[vote[i].peak]++;
            census->voters++;
        }
    }
}

float mlg_census_peak(const mlg_census_t *census, uint32_t ignored)
{
    uint32_t above = 0;

    for (int peak = PEAKS - 1; peak >= 0; peak--) {
        above += census->at_peak[peak];
        if (above > ignored) {
            return (float)peak / 65535.0f;
        }
    }
    return 0.0f;
}

uint32_t mlg_census_refused(const mlg_census_t *census, float threshold,
                            uint32_t *all)
{
    uint32_t trusted = 0;

    *all = 0;
    for (uint32_t i = 0; i < census->size; i++) {
        const mlg_census_row_t *row = &census->row[i];

        if (row->client != 0 && mlg_census_is_refused(row, threshold)) {
            *all += 1;
            trusted += row->believed != 0;
        }
    }
    return trusted;
}

static int ascending(const void *a, const void *b)
{
    float left = *(const float *)a;
    float right = *(const float *)b;

    return (left > right) - (left < right);
}

void mlg_census_baselines(const mlg_census_t *census, mlg_profile_t *profile,
                          apr_pool_t *p)
{
    static const double quantiles[3] = {0.5, 0.99, 0.999};
    float *value = apr_palloc(p, (census->trusted + 1) * sizeof(*value));

    profile->nbaselines = (census->trusted > 0) ? MLG_PROFILE_BASELINES : 0;
    for (uint32_t b = 0; b < profile->nbaselines; b++) {
        size_t n = 0;

        for (uint32_t i = 0; i < census->size; i++) {
            if (census->row[i].believed != 0) {
                value[n++] = census->row[i].busiest[b];
            }
        }
        qsort(value, n, sizeof(*value), ascending);
        profile->baseline[b].feature = mlg_profile_baselines[b];
        for (int q = 0; q < 3; q++) {
            profile->baseline[b].quantile[q] =
                value[(size_t)((double)(n - 1) * quantiles[q] + 0.5)];
        }
    }
}

size_t mlg_census_nearest(const mlg_census_t *census,
                          const mlg_census_row_t **out, size_t most)
{
    size_t n = 0;

    for (uint32_t i = 0; i < census->size; i++) {
        const mlg_census_row_t *row = &census->row[i];
        size_t at;

        if (row->believed == 0 ||
            (n == most && row->peak <= out[most - 1]->peak)) {
            continue;
        }
        n += (n < most);
        at = n - 1;
        while (at > 0 && out[at - 1]->peak < row->peak) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = row;
    }
    return n;
}

const char *mlg_belief_words(unsigned believed)
{
    static const char *const words[MLG_NBELIEFS] = {
#define X(id, text) text,
        MLG_BELIEFS(X)
#undef X
    };

    for (unsigned i = 0; i < MLG_NBELIEFS; i++) {
        if ((believed >> i & 1) != 0) {
            return words[i];
        }
    }
    return "not known to be a person";
}
