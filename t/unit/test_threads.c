/* SPDX-License-Identifier: Apache-2.0
 *
 * The same with threads: ThreadSanitizer cannot see across processes.
 */
#include "crowd.h"

#define WORKERS  4
#define REQUESTS 20000

static const mlg_weighted_t flood_model = {.hi[MLG_F_REQUEST_RATE] = 50.0f,
                                           .weight[MLG_F_REQUEST_RATE] = 1.0f};

typedef struct worker_t {
    const crowd_view_t *view;
    uint64_t seed;
    pthread_t thread;
} worker_t;

static void *work(void *arg)
{
    const worker_t *w = arg;

    crowd_work(w->view, w->seed, REQUESTS);
    return NULL;
}

/* An operator's page, all the while: everything that is read lock-free. */
static void *look(void *arg)
{
    const worker_t *w = arg;
    const mlg_gate_t *gate = &w->view->gate;
    uint64_t wrong = 0;

    for (uint32_t i = 0; i < 20000; i++) {
        mlg_client_t client = unit_client_n(i % 3000);
        mlg_record_t *r = mlg_table_find(&gate->table, client.hash);
        mlg_record_t copy;
        mlg_decision_t d;
        apr_time_t until = 0;

        if (i % 64 == 0) { /* and commands */
            crowd_order(w->view, i / 64,
                        (i % 128 == 0) ? MLG_BLOCK_OPERATOR : MLG_BLOCK_GRACE,
                        T0 + SEC(1000));
        }
        if (r != NULL && mlg_record_copy(&copy, r)) {
            /* all in one pane: these three rise together or it is torn */
            wrong += copy.client == 0 || copy.requests.now != copy.total ||
                     copy.pages_300s.now != copy.total;
        }
        if (mlg_block_find(&gate->blocks, client.hash, T0, &until, NULL) !=
            MLG_BLOCK_NONE) {
            wrong += until <= T0;
        }
        if (mlg_ring_latest(gate->ring, i % 16, &d)) {
            wrong += d.id == 0 || !(d.score >= 0.8f);
        }
    }
    return (wrong == 0) ? NULL : arg;
}

CLAIM(threads_leave_a_sound_table_and_readers_see_whole_states)
{
    crowd_view_t v;
    worker_t w[WORKERS + 1];
    mlg_shard_t n;

    BEGIN;
    crowd_open(&v, &flood_model);
    for (unsigned i = 0; i <= WORKERS; i++) {
        w[i].view = &v;
        w[i].seed = i + 1;
        IS_INT(pthread_create(&w[i].thread, NULL, (i < WORKERS) ? work : look,
                              &w[i]),
               0);
    }
    for (unsigned i = 0; i <= WORKERS; i++) {
        void *wrong = NULL;

        pthread_join(w[i].thread, &wrong);
        assert_null(wrong);
    }
    IS_INT(crowd_repair(&v), 0);
    IS_INT(mlg_table_check(&v.gate.table, NULL), APR_SUCCESS);
    mlg_counters_read(v.gate.counters, &n);
    IS_INT(n.count[MLG_C_REQUESTS], WORKERS * REQUESTS);
    IS_TRUE(n.count[MLG_C_BLOCKS] > 0);
    crowd_close(&v);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(threads_leave_a_sound_table_and_readers_see_whole_states),
    };

    return RUN(tests);
}
