/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_sample.h"

#include "mlg_shift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CAP  60
#define SKIP 2

/* What tells a site or a log apart rather than a client, by the study that
 * FEATURES.md sums up. */
static const mlg_feature_id never[] = {MLG_F_CLIENT_AGE, MLG_F_CLIENT_TOTAL,
                                       MLG_F_RESPONSE_SIZE,
                                       MLG_F_PATH_COMPLEXITY};

/* ---- what is known --------------------------------------------------------- */

/* @param live  0: on sites read from logs, 1: on observed ones, 2: on any */
static void find_known(const mlg_dataset_t *set, int live,
                       uint8_t known[MLG_NFEATURES])
{
    memset(known, 0, MLG_NFEATURES);
    for (uint32_t i = 0; i < set->rows; i++) {
        const mlg_row_t *row = &set->row[i];
        uint32_t is_live = set->site[set->client[row->client].site].is_live;

        for (int k = 0; k < MLG_NFEATURES; k++) {
            known[k] |=
                (live == 2 || is_live == (uint32_t)live) && !isnan(row->x[k]);
        }
    }
}

void mlg_draw_init(mlg_draw_t *draw, const mlg_dataset_t *set)
{
    uint8_t known[MLG_NFEATURES];

    memset(draw, 0, sizeof(*draw));
    draw->seed = 1;
    draw->cap = CAP;
    draw->skip = SKIP;
    draw->has_shifts = 1;
    find_known(set, 2, known);
    for (int i = 0; i < MLG_NFEATURES; i++) {
        draw->is_off[i] = !known[i];
    }
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        draw->is_off[never[i]] = 1;
    }
}

mlg_group mlg_sample_group(const mlg_person_t *client)
{
    if (client->is_trusted) {
        return (client->group == MLG_GROUP_ATTACKERS) ? MLG_GROUP_NEITHER
                                                      : MLG_GROUP_PEOPLE;
    }
    return (mlg_group)client->group;
}

/* ---- drawing --------------------------------------------------------------- */

typedef struct pick_t {
    uint64_t draw;
    uint32_t row; /* of the client, from 0 */
} pick_t;

typedef struct drawing_t {
    mlg_sample_t *sample;
    const mlg_dataset_t *set;
    const mlg_draw_t *draw;
    uint32_t fold;
    int is_only;
    int is_mixed; /* logs and observations */
    uint8_t in_logs[MLG_NFEATURES];
    mlg_secret_t secret;
    pick_t *pick; /* of one client */
} drawing_t;

static int by_draw(const void *one, const void *other)
{
    const pick_t *a = one;
    const pick_t *b = other;

    return (a->draw != b->draw) ? ((a->draw < b->draw) ? -1 : 1)
                                : ((a->row < b->row) ? -1 : a->row > b->row);
}

static int by_row(const void *one, const void *other)
{
    const pick_t *a = one;
    const pick_t *b = other;

    return (a->row < b->row) ? -1 : a->row > b->row;
}

/* How many rows a client can come to. */
static uint32_t most_of(const drawing_t *d, const mlg_person_t *client)
{
    uint32_t skip = d->draw->skip;
    uint32_t n = (client->rows > skip) ? client->rows - skip : 0;

    return ((n < d->draw->cap) ? n : d->draw->cap) * 2 *
           (1 + (uint32_t)mlg_nshifts);
}

static int is_drawn(const drawing_t *d, const mlg_person_t *client)
{
    const mlg_dataset_site_t *site = &d->set->site[client->site];

    if (site->is_judged_only || mlg_sample_group(client) == MLG_GROUP_NEITHER) {
        return 0;
    }
    return site->is_taught_only ? !d->is_only
                                : (site->fold == d->fold) == d->is_only;
}

/* For all that will be drawn: what is not used is never touched. */
static apr_status_t make_room(drawing_t *d)
{
    mlg_sample_t *s = d->sample;
    size_t room = 1;
    uint32_t most = 1;

    for (uint32_t i = 0; i < d->set->clients; i++) {
        const mlg_person_t *client = &d->set->client[i];

        if (is_drawn(d, client)) {
            room += most_of(d, client);
            most = (client->rows > most) ? client->rows : most;
        }
    }
    s->x = malloc(sizeof(*s->x) * MLG_NFEATURES * room);
    s->y = calloc(room, sizeof(*s->y));
    s->w = calloc(room, sizeof(*s->w));
    d->pick = malloc(sizeof(*d->pick) * most);
    return (room <= UINT32_MAX && s->x != NULL && s->y != NULL &&
            s->w != NULL && d->pick != NULL)
               ? APR_SUCCESS
               : APR_ENOMEM;
}

/* @return the row's place, for what changes it further */
static float *put(drawing_t *d, const float *x, mlg_group group, double weight)
{
    mlg_sample_t *s = d->sample;
    float *out = &s->x[(size_t)s->n * MLG_NFEATURES];

    memcpy(out, x, sizeof(*x) * MLG_NFEATURES);
    for (int i = 0; i < MLG_NFEATURES; i++) {
        out[i] = d->draw->is_off[i] ? NAN : out[i];
    }
    s->y[s->n] = (group == MLG_GROUP_ATTACKERS) ? 1.0f : 0.0f;
    s->w[s->n] = (float)weight;
    s->n++;
    return out;
}

static void put_all(drawing_t *d, const mlg_person_t *client, mlg_group group,
                    const pick_t *pick, double weight)
{
    const float *x = d->set->row[client->row + pick->row].x;
    int is_live = (int)d->set->site[client->site].is_live;
    int copies = 1 + (d->is_mixed && is_live);
    uint64_t draw = pick->draw;

    for (int copy = 0; copy < copies; copy++) {
        uint32_t base = d->sample->n;
        float *out = put(d, x, group, weight / copies);

        for (int i = 0; copy > 0 && i < MLG_NFEATURES; i++) {
            out[i] = d->in_logs[i] ? out[i] : NAN;
        }
        for (size_t i = 0; d->draw->has_shifts && i < mlg_nshifts; i++) {
            const mlg_shift_t *shift = &mlg_shifts[i];

            draw = mlg_shift_mix(draw);
            if (shift->group == group && shift->weight > 0.0f) {
                out = put(d, &d->sample->x[(size_t)base * MLG_NFEATURES], group,
                          weight / copies * (double)shift->weight);
                mlg_shift_move(shift, out, draw);
            }
        }
    }
}

static void draw_client(drawing_t *d, const mlg_person_t *client)
{
    const char *site = d->set->site[client->site].name;
    uint64_t salt = mlg_hash_key(&d->secret, &client->key) ^
                    mlg_hash_text(&d->secret, site, strlen(site));
    mlg_group group = mlg_sample_group(client);
    uint32_t n = 0;

    for (uint32_t i = d->draw->skip; i < client->rows; i++) {
        d->pick[n].row = i;
        d->pick[n++].draw = mlg_shift_mix(salt + i);
    }
    if (n > d->draw->cap) {
        qsort(d->pick, n, sizeof(*d->pick), by_draw);
        n = d->draw->cap;
        qsort(d->pick, n, sizeof(*d->pick), by_row);
    }
    for (uint32_t i = 0; i < n; i++) {
        put_all(d, client, group, &d->pick[i], 1.0 / sqrt(n));
    }
    if (n > 0) {
        d->sample->people += group == MLG_GROUP_PEOPLE;
        d->sample->attackers += group == MLG_GROUP_ATTACKERS;
    }
}

/* ---- weights --------------------------------------------------------------- */

/* Both groups alike, 1 a row on average. */
static void level_groups(mlg_sample_t *s)
{
    double sum[2] = {0.0, 0.0};

    for (uint32_t i = 0; i < s->n; i++) {
        sum[s->y[i] > 0.0f] += (double)s->w[i];
    }
    for (uint32_t i = 0; i < s->n; i++) {
        s->w[i] *= (float)(0.5 * s->n / sum[s->y[i] > 0.0f]);
    }
}

apr_status_t mlg_sample_draw(mlg_sample_t *sample, const mlg_dataset_t *set,
                             const mlg_draw_t *draw, uint32_t fold, int is_only)
{
    drawing_t d = {.sample = sample,
                   .set = set,
                   .draw = draw,
                   .fold = fold,
                   .is_only = is_only};
    int has[2] = {0, 0};
    apr_status_t rv;

    memset(sample, 0, sizeof(*sample));
    memcpy(d.secret.b, &draw->seed, sizeof(draw->seed));
    for (uint32_t i = 0; i < set->sites; i++) {
        has[set->site[i].is_live != 0] = 1;
    }
    d.is_mixed = has[0] && has[1];
    if (d.is_mixed) {
        find_known(set, 0, d.in_logs);
    }
    rv = make_room(&d);
    for (uint32_t i = 0; i < set->clients && rv == APR_SUCCESS; i++) {
        if (is_drawn(&d, &set->client[i])) {
            draw_client(&d, &set->client[i]);
        }
    }
    if (rv == APR_SUCCESS && !draw->is_raw) {
        level_groups(sample);
    }
    if (rv != APR_SUCCESS) {
        mlg_sample_free(sample);
    }
    free(d.pick);
    return rv;
}

void mlg_sample_free(mlg_sample_t *sample)
{
    free(sample->x);
    free(sample->y);
    free(sample->w);
    memset(sample, 0, sizeof(*sample));
}
