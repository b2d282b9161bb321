/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_replay.h"

#include <apr_general.h>

typedef struct run_t {
    apr_pool_t *p;
    mlg_replay_t replay;
    mlg_log_parser_t *parser;
    mlg_weighted_t model; /* 10 pages in 10 s are 0.5, 20 are 1 */
} run_t;

static void run_open(run_t *run)
{
    memset(run, 0, sizeof(*run));
    apr_pool_create(&run->p, NULL);
    mlg_log_parser_make(&run->parser, NULL, run->p, NULL);
    IS_INT(mlg_replay_init(&run->replay, MLG_CLIENTS_MIN, run->p), APR_SUCCESS);
    mlg_weighted_set(&run->model, MLG_F_REQUEST_RATE,
                     (mlg_ramp_t){0.0f, 2.0f, 1.0f});
    run->replay.rules.model = &run->model;
}

/* One line of a log: this client asked for a page in this second. */
static mlg_decision_t replay(run_t *run, const char *client, int second,
                             unsigned status)
{
    char line[200];
    mlg_log_entry_t entry;
    mlg_arrival_t arrival;
    mlg_decision_t d;
    int len = snprintf(line, sizeof(line),
                       "%s - - [26/Jan/2024:19:00:%02d +0000] "
                       "\"GET /a?b HTTP/1.1\" %u 10 \"-\" \"x\"",
                       client, second, status);

    IS_INT(mlg_log_parse(run->parser, &entry, line, (size_t)len, NULL),
           APR_SUCCESS);
    mlg_replay_entry(&run->replay, &entry, &arrival, &d);
    return d;
}

CLAIM(a_flood_in_a_log_is_refused_and_its_neighbour_is_not)
{
    run_t run;
    mlg_decision_t d;
    int passed = 0;

    BEGIN;
    run_open(&run);
    for (int i = 0; i < 40; i++) {
        d = replay(&run, "192.0.2.7", i / 20, 200);
        passed += d.verdict != MLG_VERDICT_REFUSE;
    }
    IS_INT(d.verdict, MLG_VERDICT_REFUSE);
    IS_TRUE(passed >= 9 && passed < 20);
    d = replay(&run, "192.0.2.8", 2, 200);
    IS_INT(d.verdict, MLG_VERDICT_PASS);
    apr_pool_destroy(run.p);
}

CLAIM(what_is_refused_leaves_the_record_as_it_was)
{
    run_t run;
    mlg_decision_t d;
    mlg_record_t *record;
    mlg_client_t client;
    mlg_key_t key = unit_key("192.0.2.7");

    BEGIN;
    run_open(&run);
    do {
        d = replay(&run, "192.0.2.7", 0, 404);
    } while (!d.convicts);
    client = mlg_client_from(&key, &run.replay.gate.segment->secret, 64);
    record = mlg_table_find(&run.replay.gate.table, client.hash);
    assert_non_null(record);
    IS_INT(record->total, d.total);
    /* the last answer was the refusal, not the log's 404 */
    IS_INT(mlg_panes_sum(&record->answered), d.total);
    IS_INT(mlg_panes_sum(&record->not_found), d.total - 1);
    IS_INT(mlg_panes_sum(&record->client_errors), 1);
    IS_INT(record->in_flight, 0);
    IS_INT(replay(&run, "192.0.2.7", 30, 404).verdict, MLG_VERDICT_REFUSE);
    IS_INT(record->total, d.total);
    apr_pool_destroy(run.p);
}

CLAIM(a_log_of_whole_seconds_hides_what_they_spoil)
{
    run_t run;
    mlg_decision_t d = {.id = 0};

    BEGIN;
    run_open(&run);
    for (int i = 0; i < 5; i++) {
        d = replay(&run, "192.0.2.7", i, 200);
    }
    IS_NAN(d.x[MLG_F_BURST]);
    IS_NAN(d.x[MLG_F_TIMING_REGULARITY]);
    IS_NAN(d.x[MLG_F_CONCURRENCY]);
    IS_NEAR(d.x[MLG_F_INTERARRIVAL_MEAN], log2(1001.0), 0.001);
    IS_NEAR(d.x[MLG_F_INTERARRIVAL_SPREAD], 0.0, 0.001);
    IS_NAN(d.x[MLG_F_COOKIE_ABSENT]);
    IS_NAN(d.x[MLG_F_KEEPALIVE_DEPTH]);
    IS_NAN(d.x[MLG_F_SERVICE_TIME]);
    IS_NEAR(d.x[MLG_F_REQUEST_RATE], 0.5, 1e-6);
    IS_NEAR(d.x[MLG_F_REFERER_ABSENT], 1.0, 1e-6);
    apr_pool_destroy(run.p);
}

CLAIM(a_replay_gives_the_same_scores_twice)
{
    run_t first;
    run_t second;

    BEGIN;
    run_open(&first);
    run_open(&second);
    for (int i = 0; i < 60; i++) {
        mlg_decision_t a = replay(&first, "2001:db8::7", i, 200);
        mlg_decision_t b = replay(&second, "2001:db8::7", i, 200);

        assert_memory_equal(&a.score, &b.score, sizeof(a.score));
        IS_INT(a.id, b.id);
    }
    apr_pool_destroy(first.p);
    apr_pool_destroy(second.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_flood_in_a_log_is_refused_and_its_neighbour_is_not),
        TEST(what_is_refused_leaves_the_record_as_it_was),
        TEST(a_log_of_whole_seconds_hides_what_they_spoil),
        TEST(a_replay_gives_the_same_scores_twice),
    };

    apr_initialize();
    return RUN(tests);
}
