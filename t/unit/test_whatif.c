/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_replay.h"
#include "mlg_threshold.h"
#include "mlg_whatif.h"

#include <apr_general.h>

/* A replay of a crowd: floods, slow floods and people, by number. */
typedef struct crowd_t {
    mlg_replay_t replay;
    mlg_whatif_t whatif;
    uint64_t refused;
    uint64_t blocked;
} crowd_t;

static apr_pool_t *pool;

static void visit(crowd_t *crowd, uint32_t n, apr_time_t at_us)
{
    mlg_replay_t *r = &crowd->replay;
    mlg_arrival_t a = unit_page_n(n, at_us);
    mlg_outcome_t outcome = {.status = (n % 2) ? 200 : 404};
    mlg_outcome_t refusal = {.status = 429};
    mlg_stripe_t *stripe;
    mlg_decision_t d;

    a.from.hash = mlg_hash_key(&r->gate.segment->secret, &a.from.key);
    stripe = &r->gate.table.stripe[mlg_stripe_of(a.from.hash)];
    mlg_judge(&r->gate, &r->rules, &a, stripe, &d);
    if (d.is_recorded) {
        mlg_settle(&r->gate, &a,
                   (d.verdict == MLG_VERDICT_REFUSE) ? &refusal : &outcome,
                   stripe);
    }
    crowd->refused += d.verdict == MLG_VERDICT_REFUSE ||
                      d.verdict == MLG_VERDICT_WOULD_REFUSE;
    crowd->blocked += d.convicts && d.offences == 1;
    mlg_whatif_add(&crowd->whatif, &a, &outcome, &d);
}

static void begin(crowd_t *crowd, float threshold, mlg_engine engine)
{
    static mlg_weighted_t model;

    memset(crowd, 0, sizeof(*crowd));
    IS_INT(mlg_replay_init(&crowd->replay, MLG_CLIENTS_MIN, pool), APR_SUCCESS);
    mlg_weighted_set(&model, MLG_F_REQUEST_RATE, (mlg_ramp_t){0, 4, 0.7f});
    mlg_weighted_set(&model, MLG_F_NOTFOUND_SHARE, (mlg_ramp_t){0, 1, 0.3f});
    crowd->replay.rules.model = &model;
    crowd->replay.rules.threshold = threshold;
    crowd->replay.rules.engine = engine;
    IS_INT(mlg_whatif_init(&crowd->whatif, &crowd->replay.gate,
                           &crowd->replay.rules, pool),
           APR_SUCCESS);
}

/* Client n asks for n pages in each of six spells of 20 s, half an hour
 * apart. */
static void replay(crowd_t *crowd, float threshold, mlg_engine engine)
{
    begin(crowd, threshold, engine);
    for (int spell = 0; spell < 6; spell++) {
        for (int tick = 0; tick < 100; tick++) {
            for (uint32_t n = 1; n <= 100; n++) {
                if ((tick * n) / 100 != (tick + 1) * n / 100) {
                    visit(crowd, n, T0 + SEC(spell * 1800 + tick * 0.2));
                }
            }
        }
    }
}

static const mlg_whatif_row_t *row_at(const crowd_t *crowd, int hundredths)
{
    int i = 0;

    while (mlg_whatif_percent(i) < hundredths) {
        i++;
    }
    return &crowd->whatif.row[i];
}

CLAIM(the_grid_rises_from_5_to_99_hundredths)
{
    BEGIN;
    IS_INT(mlg_whatif_percent(0), 5);
    IS_INT(mlg_whatif_percent(MLG_WHATIF_GRID - 1), 99);
    for (int i = 1; i < MLG_WHATIF_GRID; i++) {
        int step = mlg_whatif_percent(i) - mlg_whatif_percent(i - 1);

        IS_TRUE(step == 1 || step == 2);
    }
}

CLAIM(the_replays_own_threshold_is_told_exactly)
{
    static const int hundredths[] = {5, 6, 60, 68, 76, 80, 88, 96, 97, 99};
    crowd_t crowd;

    BEGIN;
    for (size_t i = 0; i < sizeof(hundredths) / sizeof(int); i++) {
        float threshold = (float)(hundredths[i] / 100.0);

        for (int engine = MLG_ENGINE_OBSERVE; engine <= MLG_ENGINE_ENFORCE;
             engine++) {
            apr_pool_create(&pool, NULL);
            replay(&crowd, threshold, (mlg_engine)engine);
            IS_TRUE(crowd.blocked > 0 || hundredths[i] > 90);
            IS_INT(row_at(&crowd, hundredths[i])->requests, crowd.refused);
            IS_INT(row_at(&crowd, hundredths[i])->clients, crowd.blocked);
            IS_INT(crowd.whatif.row[MLG_WHATIF_GRID].requests, crowd.refused);
            IS_INT(crowd.whatif.row[MLG_WHATIF_GRID].clients, crowd.blocked);
            IS_INT(crowd.whatif.forgotten, 0);
            apr_pool_destroy(pool);
        }
    }
}

CLAIM(a_flood_is_refused_under_every_threshold_and_under_none)
{
    crowd_t crowd;

    BEGIN;
    apr_pool_create(&pool, NULL);
    begin(&crowd, MLG_THRESHOLD_NONE, MLG_ENGINE_ENFORCE);
    for (int i = 0; i < 3000; i++) {
        visit(&crowd, 7, T0 + SEC(i / 100.0));
    }
    IS_INT(crowd.blocked, 1);
    IS_INT(crowd.whatif.row[MLG_WHATIF_GRID].requests, crowd.refused);
    IS_INT(crowd.whatif.row[MLG_WHATIF_GRID].clients, 1);
    IS_INT(row_at(&crowd, 99)->clients, 1);
    apr_pool_destroy(pool);
}

CLAIM(a_threshold_off_the_grid_is_told_too)
{
    crowd_t crowd;

    BEGIN;
    apr_pool_create(&pool, NULL);
    replay(&crowd, 0.033f, MLG_ENGINE_ENFORCE);
    IS_TRUE(crowd.refused > row_at(&crowd, 60)->requests);
    IS_INT(crowd.whatif.row[MLG_WHATIF_GRID].requests, crowd.refused);
    IS_INT(crowd.whatif.row[MLG_WHATIF_GRID].clients, crowd.blocked);
    apr_pool_destroy(pool);
}

CLAIM(other_thresholds_are_told_nearly)
{
    crowd_t seen;
    crowd_t real;

    BEGIN;
    apr_pool_create(&pool, NULL);
    replay(&seen, 0.76f, MLG_ENGINE_ENFORCE);
    for (int i = 60; i <= 90; i += 10) {
        replay(&real, (float)(i / 100.0), MLG_ENGINE_ENFORCE);
        IS_NEAR(row_at(&seen, i)->requests, real.refused,
                0.05 * (double)real.refused + 1);
        IS_NEAR(row_at(&seen, i)->clients, real.blocked, 2);
    }
    apr_pool_destroy(pool);
}

CLAIM(a_lower_threshold_never_blocks_fewer_clients)
{
    crowd_t crowd;

    BEGIN;
    apr_pool_create(&pool, NULL);
    replay(&crowd, 0.8f, MLG_ENGINE_OBSERVE);
    for (int i = 1; i < MLG_WHATIF_GRID; i++) {
        IS_TRUE(crowd.whatif.row[i].clients <= crowd.whatif.row[i - 1].clients);
    }
    apr_pool_destroy(pool);
}

CLAIM(more_clients_than_fit_are_counted_as_forgotten)
{
    crowd_t crowd;
    mlg_decision_t d;
    mlg_outcome_t outcome = {.status = 200};

    BEGIN;
    apr_pool_create(&pool, NULL);
    replay(&crowd, 0.8f, MLG_ENGINE_ENFORCE);
    memset(&d, 0, sizeof(d));
    d.score = 0.6f;
    d.is_recorded = 1;
    for (uint32_t n = 1000; n < 1000 + 2 * MLG_WHATIF_CLIENTS; n++) {
        mlg_arrival_t a = unit_page_n(n, T0 + SEC(20000));

        d.at_us = a.at_us;
        mlg_whatif_add(&crowd.whatif, &a, &outcome, &d);
    }
    IS_TRUE(crowd.whatif.forgotten > 0);
    IS_TRUE(crowd.whatif.forgotten <= 2 * MLG_WHATIF_CLIENTS);
    apr_pool_destroy(pool);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_grid_rises_from_5_to_99_hundredths),
        TEST(the_replays_own_threshold_is_told_exactly),
        TEST(a_flood_is_refused_under_every_threshold_and_under_none),
        TEST(a_threshold_off_the_grid_is_told_too),
        TEST(other_thresholds_are_told_nearly),
        TEST(a_lower_threshold_never_blocks_fewer_clients),
        TEST(more_clients_than_fit_are_counted_as_forgotten),
    };

    apr_initialize();
    return RUN(tests);
}
