/* SPDX-License-Identifier: Apache-2.0
 *
 * Eight processes on one segment. KILL_SECONDS (default 2) says how long they
 * are killed at random moments.
 */
#include "crowd.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS  8
#define REQUESTS 30000

static const mlg_weighted_t flood_model = {.hi[MLG_F_REQUEST_RATE] = 50.0f,
                                           .weight[MLG_F_REQUEST_RATE] = 1.0f};
static const mlg_weighted_t calm_model;

static pid_t start(const crowd_view_t *v, uint64_t seed, int n)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        crowd_work(v, seed, n);
        _exit(0);
    }
    return pid;
}

static void is_sound(const crowd_view_t *v)
{
    mlg_fault_t fault = {0, ""};

    if (mlg_table_check(&v->gate.table, &fault) != APR_SUCCESS) {
        fail_msg("I%zu: %s", fault.offset, fault.what);
    }
}

static mlg_shard_t counters(const crowd_view_t *v)
{
    mlg_shard_t total;

    mlg_counters_read(v->gate.counters, &total);
    return total;
}

CLAIM(counting_is_exact_across_eight_processes)
{
    crowd_view_t v;
    pid_t pid[WORKERS];
    mlg_shard_t n;
    uint64_t arrivals;

    BEGIN;
    crowd_open(&v, &calm_model);
    for (int i = 0; i < WORKERS; i++) {
        pid[i] = start(&v, (uint64_t)i + 1, REQUESTS);
    }
    for (int i = 0; i < WORKERS; i++) {
        int status = 0;

        IS_INT(waitpid(pid[i], &status, 0), pid[i]);
        IS_INT(status, 0);
    }
    IS_INT(crowd_repair(&v), 0);
    is_sound(&v);
    n = counters(&v);
    arrivals = (uint64_t)WORKERS * REQUESTS;
    IS_INT(v.crowd->made, arrivals);
    IS_INT(n.count[MLG_C_REQUESTS], arrivals);
    IS_INT(n.count[MLG_C_JUDGED], arrivals);
    IS_INT(n.count[MLG_C_EVICTIONS], 0);
    /* what the records miss was skipped, and counted; so were outcomes */
    IS_TRUE(crowd_total(&v) <= arrivals);
    IS_TRUE(crowd_total(&v) + n.count[MLG_C_SKIPPED] >= arrivals);
    print_message("# skipped: %.2f %%\n",
                  100.0 * (double)n.count[MLG_C_SKIPPED] / (double)arrivals);
    crowd_close(&v);
}

CLAIM(arrivals_that_no_record_holds_were_skipped_one_for_one)
{
    crowd_view_t v;
    pid_t pid[WORKERS];
    mlg_shard_t n;

    BEGIN;
    crowd_open(&v, &calm_model);
    for (int i = 0; i < WORKERS; i++) {
        pid[i] = fork();
        assert_true(pid[i] >= 0);
        if (pid[i] == 0) {
            crowd_arrive(&v, (uint64_t)i + 1, REQUESTS);
            _exit(0);
        }
    }
    for (int i = 0; i < WORKERS; i++) {
        waitpid(pid[i], NULL, 0);
    }
    n = counters(&v);
    IS_INT(crowd_total(&v) + n.count[MLG_C_SKIPPED], WORKERS * REQUESTS);
    is_sound(&v);
    crowd_close(&v);
}

/* Records that a death inside mlg_settle() left half written: there is no
 * mark for them, their client's next arrival makes them whole. */
static unsigned revive_half_written(const crowd_view_t *v)
{
    unsigned revived = 0;

    for (uint32_t b = 0; b <= v->gate.table.bucket_mask; b++) {
        for (unsigned way = 0; way < MLG_WAYS; way++) {
            const mlg_record_t *r = &v->gate.table.bucket[b].record[way];
            mlg_got_t got;

            if ((r->seq & 1) != 0) {
                revived++;
                unit_get(&v->gate.table, r->client, T0, &got);
                IS_FALSE(got.is_new);
                IS_INT(r->seq & 1, 0);
                IS_INT(r->total, 1);
            }
        }
    }
    return revived;
}

static double seconds_left(const struct timespec *end)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(end->tv_sec - now.tv_sec) +
           (double)(end->tv_nsec - now.tv_nsec) / 1e9;
}

/* Kill a random worker every few milliseconds and put another in its place.
 * @return kills */
static unsigned massacre(const crowd_view_t *v, int seconds)
{
    pid_t pid[WORKERS];
    struct timespec end;
    uint64_t seed = 4242;
    unsigned kills = 0;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += seconds;
    for (int i = 0; i < WORKERS; i++) {
        pid[i] = start(v, (uint64_t)i + 1, INT32_MAX);
    }
    while (seconds_left(&end) > 0) {
        unsigned i = (unsigned)(unit_random(&seed) % WORKERS);

        usleep((useconds_t)(unit_random(&seed) % 3000));
        kill(pid[i], SIGKILL);
        IS_INT(waitpid(pid[i], NULL, 0), pid[i]);
        pid[i] = start(v, unit_random(&seed) | 1, INT32_MAX);
        kills++;
    }
    for (int i = 0; i < WORKERS; i++) {
        kill(pid[i], SIGKILL);
        waitpid(pid[i], NULL, 0);
    }
    return kills + WORKERS;
}

CLAIM(killed_processes_leave_a_sound_table_free_locks_and_every_block)
{
    const char *wanted = getenv("KILL_SECONDS");
    crowd_view_t v;
    uint32_t live[MLG_BLOCK_GRACE + 1];
    unsigned kills;
    unsigned revived;
    int repaired;

    BEGIN;
    crowd_open(&v, &flood_model);
    for (uint32_t n = 100000; n < 100500; n++) { /* blocks from before */
        IS_INT(unit_put(&v.gate.blocks, MLG_BLOCK_OPERATOR,
                        unit_client_n(n).hash, T0, T0 + SEC(86400)),
               APR_SUCCESS);
    }
    kills = massacre(&v, (wanted != NULL) ? atoi(wanted) : 2);
    repaired = crowd_repair(&v);
    revived = revive_half_written(&v);
    print_message("# kills %u, repairs %u + %d, revived %u, blocks %u\n", kills,
                  (unsigned)counters(&v).count[MLG_C_REPAIRS], repaired,
                  revived, (unsigned)counters(&v).count[MLG_C_BLOCKS]);
    IS_INT(v.crowd->locked, 0);
    is_sound(&v);
    mlg_block_census(&v.gate.blocks, T0, live);
    IS_INT(live[MLG_BLOCK_OPERATOR], 500);
    IS_TRUE(live[MLG_BLOCK_AUTO] > 0);
    /* a block is entered before it is counted */
    IS_TRUE(live[MLG_BLOCK_AUTO] >= counters(&v).count[MLG_C_BLOCKS]);
    IS_TRUE(live[MLG_BLOCK_AUTO] <= counters(&v).count[MLG_C_BLOCKS] + kills);
    crowd_work(&v, 7, REQUESTS); /* and the gate goes on */
    is_sound(&v);
    crowd_close(&v);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(counting_is_exact_across_eight_processes),
        TEST(arrivals_that_no_record_holds_were_skipped_one_for_one),
        TEST(killed_processes_leave_a_sound_table_free_locks_and_every_block),
    };

    return RUN(tests);
}
