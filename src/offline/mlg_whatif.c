/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_whatif.h"

#include "pool_lines.h"

#include <math.h>
#include <string.h>

#define WAYS         8u
#define STEP_BACK_US (600 * APR_USEC_PER_SEC) /* a record goes along */
#define LOWEST       0.05f
#define MEMORY_US    (24 * 3600 * APR_USEC_PER_SEC) /* as the block table's */

/* One client under every threshold. */
typedef struct mlg_whatif_client_t {
    apr_time_t last_us;
    apr_time_t until_us[MLG_WHATIF_ROWS]; /* of its latest block, 0 = none */
    uint8_t evidence[MLG_WHATIF_ROWS];    /* as in its record */
    uint8_t offences[MLG_WHATIF_ROWS];
    uint8_t has_block; /* in any of them, ever */
    uint8_t goes_on;   /* `record` is in use: the client is really blocked */
    float pages;       /* of its network */
    mlg_record_t record;
} mlg_whatif_client_t;

apr_status_t mlg_whatif_init(mlg_whatif_t *w, const mlg_gate_t *gate,
                             const mlg_rules_t *rules, apr_pool_t *p)
{
    memset(w, 0, sizeof(*w));
    w->gate = gate;
    w->rules = rules;
    w->client = pool_lines(p, MLG_WHATIF_CLIENTS * sizeof(*w->client));
    w->tag = apr_pcalloc(p, MLG_WHATIF_CLIENTS * sizeof(*w->tag));
    for (int i = 0; i < MLG_WHATIF_GRID; i++) {
        w->row[i].threshold = (float)(mlg_whatif_percent(i) / 100.0);
    }
    w->row[MLG_WHATIF_GRID].threshold = rules->threshold;
    return (w->client != NULL && w->tag != NULL) ? APR_SUCCESS : APR_ENOMEM;
}

/* A record forgets its evidence in a pause of two slow panes. */
static int has_faded(const mlg_whatif_client_t *c, apr_time_t at_us)
{
    return mlg_panes_between(c->last_us, at_us, MLG_SLOW_PANE_S) > 1;
}

static int is_quiet(const mlg_whatif_client_t *c, apr_time_t at_us)
{
    unsigned any = c->has_block;

    if (has_faded(c, at_us)) {
        return any == 0;
    }
    for (int i = 0; i < MLG_WHATIF_ROWS; i++) {
        any |= c->evidence[i];
    }
    return any == 0;
}

/* @return the client's place; NULL when it has none and scored too low to
 * want one */
static mlg_whatif_client_t *find(mlg_whatif_t *w, uint64_t client, float score,
                                 apr_time_t at_us)
{
    uint64_t first = client % MLG_WHATIF_CLIENTS & ~(uint64_t)(WAYS - 1);
    uint64_t best = first;
    int best_rank = -1;

    for (uint64_t i = first; i < first + WAYS; i++) {
        if (w->tag[i] == client) {
            return &w->client[i];
        }
    }
    if (!(score >= fminf(LOWEST, w->rules->threshold))) {
        return NULL;
    }
    for (uint64_t i = first; i < first + WAYS; i++) {
        int rank = (w->tag[i] == 0)                 ? 2
                   : is_quiet(&w->client[i], at_us) ? 1
                                                    : 0;

        if (rank > best_rank ||
            (rank == best_rank &&
             w->client[i].last_us < w->client[best].last_us)) {
            best = i;
            best_rank = rank;
        }
    }
    w->forgotten += best_rank == 0;
    w->tag[best] = client;
    memset(&w->client[best], 0, sizeof(w->client[best]));
    return &w->client[best];
}

/* What a record does with its evidence, and with its time after a long step
 * back of the clock. */
static void fade(mlg_whatif_client_t *c, apr_time_t at_us)
{
    if (has_faded(c, at_us)) {
        memset(c->evidence, 0, sizeof(c->evidence));
    }
    if (at_us > c->last_us || c->last_us - at_us > STEP_BACK_US) {
        c->last_us = at_us;
    }
}

/* Begin a block at threshold number `i`. */
static void block(mlg_whatif_t *w, mlg_whatif_client_t *c, int i,
                  apr_time_t now_us)
{
    if (c->until_us[i] == 0) {
        w->row[i].clients++;
    }
    if (now_us - c->until_us[i] > MEMORY_US) {
        c->offences[i] = 0;
    }
    c->until_us[i] = now_us + mlg_policy_block_us(w->rules, c->offences[i]);
    c->offences[i] = (uint8_t)(c->offences[i] + (c->offences[i] < 255));
    c->evidence[i] = 0; /* gathered anew when the block is over */
    c->has_block = 1;
    w->row[i].requests++;
}

/* The gate stops recording this client; its record is not to. */
static void go_on(const mlg_whatif_t *w, mlg_whatif_client_t *c,
                  const mlg_arrival_t *a, const mlg_decision_t *d)
{
    const mlg_record_t *record = mlg_table_find(&w->gate->table, a->from.hash);

    c->goes_on = record != NULL && d->verdict == MLG_VERDICT_REFUSE &&
                 mlg_record_copy(&c->record, record);
    c->pages = d->x[MLG_F_SUBNET_RATE] * 10.0f;
}

/* @return what a refused request would have scored */
static float score_refused(const mlg_whatif_t *w, mlg_whatif_client_t *c,
                           const mlg_arrival_t *a, const mlg_outcome_t *outcome)
{
    float x[MLG_NFEATURES];
    float score;

    mlg_record_fold_arrival(&c->record, a);
    mlg_record_fold_rarity(&c->record, mlg_gate_rarity(w->gate, &c->record, a));
    mlg_features_read(x, &c->record, a, c->pages);
    score = mlg_policy_credit(mlg_rules_score(w->rules, x, NULL),
                              mlg_record_is_trusted(&c->record));
    mlg_record_fold_outcome(&c->record, a, outcome);
    return mlg_policy_proof(score, x);
}

static void weigh(mlg_whatif_t *w, mlg_whatif_client_t *c, apr_time_t at_us,
                  float score, uint32_t total)
{
    mlg_rules_t rules = *w->rules;

    for (int i = 0; i < MLG_WHATIF_ROWS; i++) {
        if (c->until_us[i] > at_us) {
            w->row[i].requests++;
            continue;
        }
        rules.threshold = w->row[i].threshold;
        if (mlg_policy_weigh(&c->evidence[i], score, total, &rules) ==
            MLG_EVENT_PROOF) {
            block(w, c, i, at_us);
        }
    }
}

void mlg_whatif_add(mlg_whatif_t *w, const mlg_arrival_t *a,
                    const mlg_outcome_t *outcome, const mlg_decision_t *d)
{
    float score = mlg_policy_proof(d->score, d->x);
    uint32_t total = d->total;
    mlg_whatif_client_t *c;

    if (isnan(d->score)) {
        return; /* an operator's word, and no score */
    }
    c = find(w, a->from.hash | (a->from.hash == 0), score, d->at_us);
    if (c == NULL) {
        return;
    }
    fade(c, d->at_us);
    if (!d->is_recorded) {
        score = c->goes_on ? score_refused(w, c, a, outcome) : score;
        total = UINT32_MAX; /* enough to have been blocked */
    }
    weigh(w, c, d->at_us, score, total);
    if (d->convicts) {
        go_on(w, c, a, d);
    }
}
