/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_dataset.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const mlg_rule_name[MLG_NRULES] = {"pages", "counts"};

#define EVIDENCE 5u /* scores that mlg_policy.h weighs */

static apr_status_t give_back(void *data)
{
    mlg_dataset_t *set = data;

    free(set->row);
    free(set->client);
    return APR_SUCCESS;
}

apr_status_t mlg_dataset_make(mlg_dataset_t **out, const mlg_groups_t *groups,
                              apr_pool_t *p)
{
    mlg_dataset_t *set = apr_pcalloc(p, sizeof(*set));

    set->p = p;
    set->groups = groups;
    set->site = apr_pcalloc(p, sizeof(*set->site) * MLG_DATASET_SITES);
    set->class = apr_pcalloc(p, sizeof(*set->class) * MLG_DATASET_CLASSES);
    set->class[0] = "";
    set->classes = 1;
    apr_pool_cleanup_register(p, set, give_back, apr_pool_cleanup_null);
    *out = set;
    return APR_SUCCESS;
}

apr_status_t mlg_dataset_site(mlg_dataset_t *set, const char *name)
{
    mlg_dataset_site_t *site = &set->site[set->sites];

    if (set->sites == MLG_DATASET_SITES) {
        return APR_ENOSPC;
    }
    if (set->site_pool != NULL) {
        apr_pool_destroy(set->site_pool);
    }
    apr_pool_create(&set->site_pool, set->p);
    set->index = apr_hash_make(set->site_pool);
    site->name = apr_pstrdup(set->p, name);
    site->first = set->clients;
    site->fold = set->sites; /* alone, until it is joined */
    for (uint32_t i = 0; i < set->sites; i++) {
        if (strcmp(set->site[i].name, name) == 0) {
            site->fold = set->site[i].fold;
        }
    }
    set->sites++;
    return APR_SUCCESS;
}

/* ---- adding --------------------------------------------------------------- */

/* Room for one more of an array that doubles. */
static apr_status_t make_room(void *array, uint32_t *room, uint32_t n,
                              size_t bytes)
{
    void **at = array;
    uint32_t more = (*room == 0) ? 1024 : *room + *room / 2;
    void *moved;

    if (n < *room) {
        return APR_SUCCESS;
    }
    moved = (more > *room) ? realloc(*at, bytes * more) : NULL;
    if (moved == NULL) {
        return APR_ENOMEM;
    }
    *at = moved;
    *room = more;
    return APR_SUCCESS;
}

static apr_status_t class_of(mlg_dataset_t *set, mlg_text_t label,
                             uint16_t *class)
{
    uint32_t i = 0;

    while (i < set->classes &&
           (strlen(set->class[i]) != label.len ||
            memcmp(set->class[i], label.at, label.len) != 0)) {
        i++;
    }
    if (i == MLG_DATASET_CLASSES) {
        return APR_ENOSPC;
    }
    if (i == set->classes) {
        set->class[i] = apr_pstrmemdup(set->p, label.at, label.len);
        set->classes++;
    }
    *class = (uint16_t)i;
    return APR_SUCCESS;
}

static apr_status_t client_of(mlg_dataset_t *set, const mlg_key_t *key,
                              uint32_t *out)
{
    const uint32_t *known = apr_hash_get(set->index, key, sizeof(*key));
    uint32_t *number;
    mlg_person_t *client;
    apr_status_t rv;

    if (known != NULL) {
        *out = *known;
        return APR_SUCCESS;
    }
    rv = make_room(&set->client, &set->client_room, set->clients,
                   sizeof(*set->client));
    if (rv != APR_SUCCESS) {
        return rv;
    }
    client = &set->client[set->clients];
    memset(client, 0, sizeof(*client));
    client->key = *key;
    client->site = (uint16_t)(set->sites - 1);
    client->group = MLG_GROUP_NEITHER;
    number = apr_palloc(set->site_pool, sizeof(*number));
    *number = set->clients++;
    apr_hash_set(set->index, apr_pmemdup(set->site_pool, key, sizeof(*key)),
                 sizeof(*key), number);
    set->site[set->sites - 1].n++;
    *out = *number;
    return APR_SUCCESS;
}

/* By the clock alone, as the record lets go of evidence. While a data set
 * grows, `row` of a client is its latest. */
static unsigned proof_of(const mlg_dataset_t *set, const mlg_person_t *client,
                         apr_time_t at_us)
{
    const int64_t pane_us = MLG_SLOW_PANE_S * APR_USEC_PER_SEC;
    const mlg_row_t *last = &set->row[client->row];

    if (client->rows == 0 || at_us / pane_us - last->at_us / pane_us > 1) {
        return 1;
    }
    return (last->proof < EVIDENCE) ? last->proof + 1u : EVIDENCE;
}

/* NaN counts for nothing: every comparison with it is false. */
static uint8_t rules_of(const mlg_recorded_t *more, const float *x)
{
    float pages = x[MLG_F_PAGE_RATE_300S] * 300.0f;
    float all = pages / fmaxf(1.0f - x[MLG_F_ASSET_SHARE], 0.02f);
    float errors = (x[MLG_F_ERROR_SHARE] + x[MLG_F_NOTFOUND_SHARE]) * all;
    float paths = x[MLG_F_PATH_NOVELTY] * all;
    int counts;

    if (more != NULL) {
        errors = (float)more->errors;
        paths = (float)more->paths;
    }
    counts = (x[MLG_F_PAGE_RATE_60S] * 60.0f >= 20.0f) + (pages >= 40.0f) +
             (errors >= 15.0f) + (x[MLG_F_UA_DIVERSITY] >= 5.0f) +
             (paths >= 20.0f);
    return (uint8_t)((x[MLG_F_REQUEST_RATE] >= 2.0f) << MLG_RULE_PAGES |
                     (counts >= 3) << MLG_RULE_COUNTS);
}

apr_status_t mlg_dataset_add(mlg_dataset_t *set, const mlg_key_t *key,
                             mlg_text_t label, apr_time_t at_us,
                             const mlg_recorded_t *more,
                             const float x[MLG_NFEATURES], uint32_t *out)
{
    mlg_person_t *client;
    mlg_row_t *row;
    uint32_t number;
    apr_status_t rv =
        make_room(&set->row, &set->row_room, set->rows, sizeof(*set->row));

    if (rv == APR_SUCCESS) {
        rv = client_of(set, key, &number);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    client = &set->client[number];
    if (client->class == 0 && label.len > 0) {
        rv = class_of(set, label, &client->class);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        client->group = (uint8_t)mlg_groups_find(set->groups, label);
    }
    row = &set->row[set->rows];
    memset(row, 0, sizeof(*row));
    row->at_us = at_us;
    row->client = number;
    row->proof = (uint8_t)((more != NULL && more->proof > 0)
                               ? more->proof
                               : proof_of(set, client, at_us));
    row->holds = rules_of(more, x);
    memcpy(row->x, x, sizeof(row->x));
    client->row = set->rows++;
    client->rows++;
    set->site[client->site].rows++;
    if (out != NULL) {
        *out = number;
    }
    return APR_SUCCESS;
}

/* ---- what is known of clients besides -------------------------------------- */

void mlg_dataset_trust(mlg_dataset_t *set, uint32_t client, int is_trusted)
{
    set->client[client].is_trusted = (uint8_t)is_trusted;
    set->row[set->client[client].row].is_trusted = (uint8_t)is_trusted;
}

uint32_t mlg_dataset_forgive(mlg_dataset_t *set, const mlg_key_t *key,
                             uint32_t n)
{
    static const mlg_text_t label = {MLG_CLASS_UNBLOCKED,
                                     sizeof(MLG_CLASS_UNBLOCKED) - 1};
    apr_pool_t *ptemp;
    apr_hash_t *keys;
    uint16_t class;
    uint32_t found = 0;

    if (class_of(set, label, &class) != APR_SUCCESS) {
        return 0;
    }
    apr_pool_create(&ptemp, set->p);
    keys = apr_hash_make(ptemp);
    for (uint32_t i = 0; i < n; i++) {
        apr_hash_set(keys, &key[i], sizeof(key[i]), &key[i]);
    }
    for (uint32_t i = 0; i < set->clients; i++) {
        mlg_person_t *client = &set->client[i];

        if (apr_hash_get(keys, &client->key, sizeof(client->key)) != NULL) {
            client->class = class;
            client->group = MLG_GROUP_PEOPLE;
            found++;
        }
    }
    apr_pool_destroy(ptemp);
    return found;
}

uint32_t mlg_dataset_count(const mlg_dataset_t *set, mlg_group group,
                           uint32_t rows, uint32_t fold)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < set->clients; i++) {
        const mlg_person_t *client = &set->client[i];

        n += client->group == group && client->rows >= rows &&
             set->site[client->site].fold != fold;
    }
    return n;
}

/* ---- folds and order ------------------------------------------------------- */

apr_status_t mlg_dataset_join(mlg_dataset_t *set, const char *names,
                              const char **bad)
{
    uint32_t fold = UINT32_MAX;

    while (*names != '\0') {
        size_t len = strcspn(names, ",");
        int is_known = 0;

        for (uint32_t i = 0; i < set->sites; i++) {
            mlg_dataset_site_t *site = &set->site[i];
            uint32_t was = site->fold;

            if (strlen(site->name) != len ||
                memcmp(site->name, names, len) != 0) {
                continue;
            }
            is_known = 1;
            fold = (fold == UINT32_MAX) ? was : fold;
            for (uint32_t k = 0; k < set->sites; k++) {
                if (set->site[k].fold == was) {
                    set->site[k].fold = fold;
                }
            }
        }
        if (!is_known) {
            *bad = apr_pstrmemdup(set->p, names, len);
            return MLG_ERANGE;
        }
        names += len + (names[len] == ',');
    }
    return APR_SUCCESS;
}

/* From 0 in the order of their first sites, without holes. */
static void number_folds(mlg_dataset_t *set)
{
    uint32_t number[MLG_DATASET_SITES];

    memset(number, 0xff, sizeof(number));
    set->folds = 0;
    for (uint32_t i = 0; i < set->sites; i++) {
        uint32_t *known = &number[set->site[i].fold];

        *known = (*known == UINT32_MAX) ? set->folds++ : *known;
        set->site[i].fold = *known;
    }
}

apr_status_t mlg_dataset_settle(mlg_dataset_t *set)
{
    uint32_t *place = malloc(sizeof(*place) * (size_t)(set->rows + 1u));
    uint32_t sum = 0;

    if (place == NULL) {
        return APR_ENOMEM;
    }
    for (uint32_t i = 0; i < set->clients; i++) {
        set->client[i].row = sum;
        sum += set->client[i].rows;
        set->client[i].rows = 0;
    }
    for (uint32_t i = 0; i < set->rows; i++) {
        mlg_person_t *client = &set->client[set->row[i].client];

        place[i] = client->row + client->rows++;
    }
    for (uint32_t i = 0; i < set->rows; i++) { /* cycle by cycle, in place */
        while (place[i] != i) {
            uint32_t to = place[i];
            mlg_row_t row = set->row[to];

            set->row[to] = set->row[i];
            set->row[i] = row;
            place[i] = place[to];
            place[to] = to;
        }
    }
    free(place);
    number_folds(set);
    set->is_settled = 1;
    return APR_SUCCESS;
}
