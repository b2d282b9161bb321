/* SPDX-License-Identifier: Apache-2.0
 *
 * tune DATA [SECONDS [SEED]]: how good are the starting weights, and can
 * better ones be found?
 *
 * Every labelled log under DATA is run through the gate once, without blocks,
 * and the vectors of attackers and people are kept in memory; so are those of
 * the scenes in t/unit. A set of weights is then judged by replaying the
 * policy over them, which is exact: until its first block a client's vectors
 * do not depend on the weights. With SECONDS, weights and ramps are changed
 * one at a time, at random, and a change that lowers the loss is kept.
 */
#include "mlg_replay.h"
#include "scenes.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_LOGS        16
#define MAX_ROWS        1500000
#define MAX_CLIENTS     60000
#define ROWS_PER_CLIENT 3000 /* the search looks no further */
#define MIN_REQUESTS    10
#define BUSY            20
#define SCENES_AT       (1700000100 * (apr_time_t)APR_USEC_PER_SEC)
#define PHASES          7 /* of the wall clock, at which every scene begins */
#define THRESHOLD       0.8f
#define MARGIN          0.7f /* people should stay below this */

enum group { PEOPLE, ATTACKER, SCENE_PERSON, SCENE_FLOOD, OTHER };

typedef struct row_t {
    uint32_t client;
    uint32_t next;   /* of the same client, 0 = last */
    uint8_t forgets; /* two slow panes without it went before */
    float x[MLG_NFEATURES];
} row_t;

typedef struct client_t {
    uint64_t hash;
    const char *name; /* of a scene */
    int within;       /* see scenes.h */
    uint32_t first, last;
    uint32_t rows;
    apr_time_t last_us;
    uint8_t group;
    uint8_t log;
} client_t;

static row_t *row;
static uint32_t rows = 1;
static client_t *client;
static uint32_t clients;
static char log_name[MAX_LOGS][64];
static int logs;

static void keep(uint32_t c, const float *x, apr_time_t at_us)
{
    client_t *k = &client[c];
    row_t *r = &row[rows];

    if (k->rows >= ROWS_PER_CLIENT || rows == MAX_ROWS) {
        return;
    }
    r->client = c;
    r->next = 0;
    r->forgets = k->rows > 0 &&
                 mlg_panes_between(k->last_us, at_us, MLG_SLOW_PANE_S) > 1;
    memcpy(r->x, x, sizeof(r->x));
    if (k->rows++ == 0) {
        k->first = rows;
    }
    else {
        row[k->last].next = rows;
    }
    k->last = rows++;
    k->last_us = at_us;
}

static enum group group_of(const char *class)
{
    static const char *const people[] = {"likely_human", "likely_human_nat",
                                         "monitor",      "verified_crawler",
                                         "app_client",   "mail_proxy"};
    static const char *const attackers[] = {"scanner", "ua_rotator",
                                            "bruteforce"};

    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
        if (strcmp(class, people[i]) == 0) {
            return PEOPLE;
        }
    }
    for (size_t i = 0; i < sizeof(attackers) / sizeof(attackers[0]); i++) {
        if (strcmp(class, attackers[i]) == 0) {
            return ATTACKER;
        }
    }
    return OTHER;
}

/* @param index  hash table of this log: client number + 1 by hash */
static uint32_t client_of(uint32_t *index, uint64_t hash, enum group group)
{
    uint64_t at = hash & 0xffff;

    while (index[at] != 0 && client[index[at] - 1].hash != hash) {
        at = (at + 1) & 0xffff;
    }
    if (index[at] == 0) {
        client[clients] = (client_t){
            .hash = hash, .group = (uint8_t)group, .log = (uint8_t)logs};
        index[at] = ++clients;
    }
    return index[at] - 1;
}

static void load(const char *data, const char *name, apr_pool_t *parent)
{
    static uint32_t index[65536];
    static mlg_weighted_t nothing;
    mlg_log_reader_t *lines, *labels;
    mlg_log_parser_t *parser;
    mlg_replay_t replay;
    apr_pool_t *p;
    char *line, *label;
    size_t len, label_len;

    apr_pool_create(&p, parent);
    if (mlg_log_open(&lines,
                     apr_pstrcat(p, data, "/", name, "/combined.log.gz", NULL),
                     p) ||
        mlg_log_open(&labels,
                     apr_pstrcat(p, data, "/", name, "/labels.tsv.gz", NULL),
                     p) ||
        mlg_log_parser_make(&parser, NULL, p, NULL) ||
        mlg_replay_init(&replay, MLG_REPLAY_CLIENTS, p)) {
        apr_pool_destroy(p);
        return; /* a data set without a log */
    }
    replay.rules.model = &nothing; /* every score is 0 */
    memset(index, 0, sizeof(index));
    apr_cpystrn(log_name[logs], name, sizeof(log_name[0]));
    while (mlg_log_next(lines, &line, &len) == APR_SUCCESS &&
           mlg_log_next(labels, &label, &label_len) == APR_SUCCESS) {
        mlg_log_entry_t entry;
        mlg_arrival_t arrival;
        mlg_decision_t d;
        uint32_t c;

        if (mlg_log_parse(parser, &entry, line, len, NULL) != APR_SUCCESS) {
            continue;
        }
        label[label_len] = '\0'; /* over the newline */
        mlg_replay_entry(&replay, &entry, &arrival, &d);
        c = client_of(index, arrival.from.hash,
                      group_of(strrchr(label, '\t') + 1));
        if (client[c].group != OTHER) {
            keep(c, d.x, arrival.at_us);
        }
    }
    logs++;
    apr_pool_destroy(p);
}

typedef struct rig_t {
    mlg_replay_t replay;
    uint32_t client;
} rig_t;

static int arrive(void *context, int n, const mlg_arrival_t *a)
{
    rig_t *rig = context;
    mlg_decision_t d;

    (void)n;
    mlg_judge(&rig->replay.gate, &rig->replay.rules, a,
              &rig->replay.gate.table.stripe[mlg_stripe_of(a->from.hash)], &d);
    keep(rig->client, d.x, a->at_us);
    return 1;
}

static void settle(void *context, int n, const mlg_arrival_t *a,
                   const mlg_outcome_t *o)
{
    rig_t *rig = context;

    (void)n;
    mlg_settle(&rig->replay.gate, a, o,
               &rig->replay.gate.table.stripe[mlg_stripe_of(a->from.hash)]);
}

static void load_scenes(apr_pool_t *parent)
{
    static mlg_weighted_t nothing;
    stage_t stage = {.request = calloc(SCENE_MAX, sizeof(scene_request_t))};

    for (int i = 0; i < scenes_count * PHASES; i++) {
        const scene_t *scene = &scenes[i / PHASES];
        rig_t rig = {.client = clients};
        apr_time_t at_us = SCENES_AT + i % PHASES * 41700000;
        apr_pool_t *p;

        apr_pool_create(&p, parent);
        mlg_replay_init(&rig.replay, 4096, p);
        rig.replay.rules.model = &nothing;
        client[clients++] =
            (client_t){.name = scene->name,
                       .within = scene->within,
                       .group = scene->within ? SCENE_FLOOD : SCENE_PERSON};
        scene_write(&stage, scene, at_us);
        scene_play(&stage, &rig, arrive, settle);
        apr_pool_destroy(p);
    }
    free(stage.request);
}

/* ---- judging weights ---------------------------------------------------- */

/* The ramps that count, side by side: mlg_weighted_score() in less time. */
static struct {
    int id[MLG_NFEATURES];
    int n;
} active;

static float score_of(const mlg_weighted_t *m, const float *x)
{
    float sum = 0.0f;

    for (int i = 0; i < active.n; i++) {
        mlg_ramp_t r = mlg_weighted_ramp(m, (unsigned)active.id[i]);
        float height = (x[active.id[i]] - r.lo) / (r.hi - r.lo);

        if (height > 0.0f) {
            sum += r.weight * fminf(height, 1.0f);
        }
    }
    return fminf(fmaxf(sum, 0.0f), 1.0f);
}

typedef struct verdict_t {
    int blocked_at; /* request number; 0 = never */
    float peak;     /* the threshold at which it just would be */
} verdict_t;

/* @param away  1: as if its site had assets and referers elsewhere */
static verdict_t judge(const mlg_weighted_t *model, const client_t *k, int away)
{
    verdict_t v = {0, 0.0f};
    float last[5] = {0};
    int total = 0;

    for (uint32_t i = k->first; i != 0; i = row[i].next) {
        float x[MLG_NFEATURES];
        float score;
        int higher = 0;

        memcpy(x, row[i].x, sizeof(x));
        if (away) {
            x[MLG_F_ASSET_SHARE] = 0.0f;
            x[MLG_F_REFERER_ABSENT] = 1.0f;
        }
        score = score_of(model, x);
        if (row[i].forgets) {
            memset(last, 0, sizeof(last));
        }
        memmove(last + 1, last, 4 * sizeof(last[0]));
        last[0] = score;
        if (++total < MIN_REQUESTS || score <= v.peak) {
            continue;
        }
        /* the third highest of five, and not above the newest */
        for (int a = 0; a < 5; a++) {
            int rank = 0;

            for (int b = 0; b < 5; b++) {
                rank += last[b] > last[a] || (last[b] == last[a] && b < a);
            }
            if (rank == 2) {
                float proof = fminf(last[a], score);

                v.peak = fmaxf(v.peak, proof);
            }
            higher += last[a] >= THRESHOLD;
        }
        if (v.blocked_at == 0 && score >= THRESHOLD && higher >= 3) {
            v.blocked_at = total;
            return v;
        }
    }
    return v;
}

typedef struct tally_t {
    int people, people_blocked, near, away_blocked, busy, busy_blocked;
} tally_t;

/* The first phase of each scene, and every one that does not end well. */
static int show_scene(const client_t *k, const verdict_t *v)
{
    int is_well = (v->blocked_at != 0) == (k->group == SCENE_FLOOD) &&
                  v->blocked_at <= k->within;

    return !is_well || k->name != k[-1].name;
}

static double judge_all(const mlg_weighted_t *model, tally_t *t, int show)
{
    double loss = 0.0;

    active.n = 0;
    for (int i = 0; i < MLG_NFEATURES; i++) {
        if (model->weight[i] != 0.0f) {
            active.id[active.n++] = i;
        }
    }
    memset(t, 0, sizeof(*t) * MAX_LOGS);
    for (uint32_t c = 0; c < clients; c++) {
        const client_t *k = &client[c];
        verdict_t v;

        if (k->group == OTHER || (k->name == NULL && k->rows < MIN_REQUESTS)) {
            t[k->log].people += (k->group == PEOPLE);
            continue;
        }
        if (k->group == ATTACKER && k->rows < BUSY) {
            continue;
        }
        v = judge(model, k, 0);
        if (k->group == PEOPLE) {
            t[k->log].people++;
            t[k->log].people_blocked += v.blocked_at != 0;
            t[k->log].near += v.peak > MARGIN;
            t[k->log].away_blocked +=
                v.blocked_at != 0 || judge(model, k, 1).blocked_at != 0;
        }
        else if (k->group == ATTACKER) {
            t[k->log].busy++;
            t[k->log].busy_blocked += v.blocked_at != 0;
        }
        else if (k->group == SCENE_PERSON) {
            loss += (v.peak > MARGIN)
                        ? (1.0 + 10.0 * (double)(v.peak - MARGIN) +
                           ((v.blocked_at != 0) ? 2.0 : 0.0)) /
                              PHASES
                        : 0.0;
        }
        else if (v.blocked_at == 0 || v.blocked_at > k->within) {
            int at = (v.blocked_at == 0) ? 4000 : v.blocked_at;

            loss += (0.5 + fmin(2.0, (at - k->within) / 500.0) +
                     ((v.blocked_at == 0) ? 2.0 * (double)(THRESHOLD - v.peak)
                                          : 0.0)) /
                    PHASES;
        }
        if (show && k->name != NULL && show_scene(k, &v)) {
            printf("  %-58s %s at %4d, highest %.2f\n", k->name,
                   (v.blocked_at != 0) == (k->group == SCENE_FLOOD) &&
                           v.blocked_at <= k->within
                       ? "  "
                       : "!!",
                   v.blocked_at, (double)v.peak);
        }
    }
    for (int i = 0; i < logs; i++) {
        double weight = (t[i].busy >= 20) ? 2.0 : (t[i].busy >= 5) ? 1.0 : 0.3;

        loss += weight * (double)(t[i].busy - t[i].busy_blocked) /
                fmax(1.0, t[i].busy);
        loss += 300.0 * t[i].people_blocked / (t[i].people + 200.0) +
                60.0 * t[i].near / (t[i].people + 200.0) +
                60.0 * t[i].away_blocked / (t[i].people + 200.0);
        if (show) {
            printf("  %-16s people %4d/%5d (%.2f %%), near %d, away %d; "
                   "attackers %d/%d (%.0f %%)\n",
                   log_name[i], t[i].people_blocked, t[i].people,
                   100.0 * t[i].people_blocked / fmax(1, t[i].people),
                   t[i].near, t[i].away_blocked, t[i].busy_blocked, t[i].busy,
                   100.0 * t[i].busy_blocked / fmax(1, t[i].busy));
        }
    }
    return loss;
}

static void print_model(const mlg_weighted_t *m)
{
    for (int i = 0; i < MLG_NFEATURES; i++) {
        if (m->weight[i] != 0.0f) {
            printf("  %-24s %6.3g %6.3g %6.2f\n", mlg_features[i].name,
                   (double)m->lo[i], (double)m->hi[i], (double)m->weight[i]);
        }
    }
}

static double uniform(void)
{
    return (double)rand() / RAND_MAX;
}

static float round_to_two_digits(double value)
{
    char text[32];

    snprintf(text, sizeof(text), "%.2g", value);
    return strtof(text, NULL);
}

/* How heavy a weight the search may try; 0 leaves a feature alone. Facts that
 * only live traffic has are in no log: nothing but the scenes holds them back,
 * so most of them are set by hand. */
static const struct {
    mlg_feature_id id;
    float most;
} limits[] = {
    {MLG_F_HOST_INVALID, 0.0f},       {MLG_F_CONTENT_LENGTH_ANOMALY, 0.0f},
    {MLG_F_COOKIE_ABSENT, 0.3f},      {MLG_F_ACCEPT_ENCODING_ABSENT, 0.15f},
    {MLG_F_HEADER_ANOMALY, 0.2f},     {MLG_F_SESSION_PERSISTENCE, 0.0f},
    {MLG_F_CONCURRENCY, 0.0f},        {MLG_F_KEEPALIVE_DEPTH, 0.3f},
    {MLG_F_INTERARRIVAL_MEAN, 0.35f}, {MLG_F_PAGE_RATE_300S, 0.5f},
    {MLG_F_REFERER_ABSENT, 0.2f},     {MLG_F_ERROR_SHARE, 0.6f},
    {MLG_F_NOTFOUND_SHARE, 0.6f},     {MLG_F_UA_DIVERSITY, 0.8f},
};

static float most_of(unsigned id)
{
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (limits[i].id == (mlg_feature_id)id) {
            return limits[i].most;
        }
    }
    return 1.0f;
}

/* Change one number of one ramp, keeping its direction and sign. */
static void change(mlg_weighted_t *m)
{
    unsigned id;
    mlg_ramp_t r;
    mlg_ramp_t was;

    do {
        id = (unsigned)rand() % MLG_NFEATURES;
    } while (m->weight[id] == 0.0f);
    r = was = mlg_weighted_ramp(m, id);
    switch (rand() % 4) {
    case 0:
        r.lo =
            round_to_two_digits((double)r.lo * (0.7 + 0.6 * uniform()) +
                                0.05 * (uniform() - 0.5) * fabs((double)r.hi));
        break;
    case 1:
        r.hi = round_to_two_digits((double)r.hi * (0.7 + 0.6 * uniform()));
        break;
    default:
        r.weight += 0.05f * (float)(rand() % 7 - 3);
        r.weight = roundf(r.weight * 100.0f) / 100.0f;
    }
    if ((r.lo < r.hi) != (was.lo < was.hi) || r.lo == r.hi || r.lo < 0.0f ||
        r.hi < 0.0f || r.weight * was.weight <= 0.0f ||
        fabsf(r.hi - r.lo) < 0.3f * fmaxf(r.hi, r.lo) || /* no cliffs */
        fabsf(r.weight) > most_of(id)) {
        return;
    }
    mlg_weighted_set(m, id, r);
}

static void search(mlg_weighted_t *best, int seconds, unsigned seed)
{
    time_t end = time(NULL) + seconds;
    tally_t tally[MAX_LOGS];
    double loss = judge_all(best, tally, 0);

    srand(seed);
    while (time(NULL) < end) {
        mlg_weighted_t trial = *best;
        double l;

        for (int n = 1 + rand() % 3; n > 0; n--) {
            change(&trial);
        }
        l = judge_all(&trial, tally, 0);
        if (l <= loss) {
            if (l < loss) {
                fprintf(stderr, "loss %.3f\n", l);
            }
            loss = l;
            *best = trial;
        }
    }
}

int main(int argc, const char *const *argv)
{
    mlg_weighted_t model = mlg_weighted_default;
    tally_t tally[MAX_LOGS];
    apr_pool_t *p;
    struct dirent **entry;
    int n;

    if (argc < 2) {
        fputs("Usage: tune DATA [SECONDS [SEED]]\n", stderr);
        return 2;
    }
    apr_initialize();
    apr_pool_create(&p, NULL);
    row = calloc(MAX_ROWS, sizeof(*row));
    client = calloc(MAX_CLIENTS, sizeof(*client));
    n = scandir(argv[1], &entry, NULL, alphasort);
    for (int i = 0; i < n && logs < MAX_LOGS; i++) {
        if (entry[i]->d_name[0] != '.') {
            load(argv[1], entry[i]->d_name, p);
        }
    }
    if (logs == 0) {
        fprintf(stderr, "tune: no DIR/combined.log.gz with labels in %s\n",
                argv[1]);
        return 2;
    }
    load_scenes(p);
    if (argc > 2) {
        search(&model, atoi(argv[2]), (argc > 3) ? (unsigned)atoi(argv[3]) : 1);
    }
    print_model(&model);
    printf("loss %.3f\n", judge_all(&model, tally, 1));
    return 0;
}
