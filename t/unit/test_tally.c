/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_tally.h"

#include <apr_general.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#define CLIENTS 5000

static apr_pool_t *pool;
static mlg_tally_t *tally;

static void begin(uint32_t rows)
{
    apr_pool_create(&pool, NULL);
    IS_INT(mlg_tally_make(&tally, rows, &unit_secret, pool), APR_SUCCESS);
}

static void end(void)
{
    apr_pool_destroy(pool);
}

/* One request of a client by number. @return 1 when its row was new */
static int visit(uint32_t n, apr_time_t at_us, mlg_verdict verdict,
                 int convicts)
{
    mlg_arrival_t a = unit_page_n(n, at_us);
    mlg_decision_t d;
    mlg_tally_row_t *row;
    int is_new;

    memset(&d, 0, sizeof(d));
    d.at_us = at_us;
    d.score = (float)(n % 100) / 100.0f;
    d.verdict = (uint16_t)verdict;
    d.convicts = (uint8_t)convicts;
    IS_INT(mlg_tally_get(tally, &a.from, &row, &is_new), APR_SUCCESS);
    if (is_new) {
        row->class = (uint8_t)(n % 7);
    }
    mlg_tally_add(row, &a, &d);
    return is_new;
}

typedef struct sums_t {
    uint64_t clients, requests, refused, blocks, before;
    mlg_tally_row_t of; /* the row of client `wanted` */
    mlg_key_t wanted;
    int seen;
} sums_t;

static apr_status_t sum_up(void *data, const mlg_tally_row_t *row)
{
    sums_t *sums = data;

    sums->clients++;
    sums->requests += row->requests;
    sums->refused += row->refused;
    sums->blocks += row->blocks;
    sums->before += row->before;
    if (memcmp(&row->key, &sums->wanted, sizeof(row->key)) == 0) {
        sums->of = *row;
        sums->seen++;
    }
    return APR_SUCCESS;
}

static sums_t each(uint32_t wanted)
{
    sums_t sums;

    memset(&sums, 0, sizeof(sums));
    sums.wanted = unit_client_n(wanted).key;
    IS_INT(mlg_tally_each(tally, sum_up, &sums), APR_SUCCESS);
    return sums;
}

/* A story that needs the order of its parts: 3 requests, a block, 2 refused,
 * then 4 more that pass, and others in between. */
static sums_t tell(uint32_t rows)
{
    apr_time_t now = T0;

    begin(rows);
    for (int part = 0; part < 10; part++) {
        mlg_verdict verdict =
            (part >= 3 && part <= 5) ? MLG_VERDICT_REFUSE : MLG_VERDICT_PASS;

        visit(42, now, verdict, part == 3);
        for (uint32_t n = 1000; n < 1000 + CLIENTS; n++) {
            now += 1000;
            visit(n, now, MLG_VERDICT_PASS, 0);
        }
    }
    return each(42);
}

CLAIM(a_row_tells_what_its_client_did)
{
    sums_t sums = tell(65536);

    BEGIN;
    IS_INT(mlg_tally_spilled(tally), 0);
    IS_INT(sums.clients, CLIENTS + 1);
    IS_INT(sums.requests, 10 * (CLIENTS + 1));
    IS_INT(sums.of.requests, 10);
    IS_INT(sums.of.pages, 10);
    IS_INT(sums.of.refused, 3);
    IS_INT(sums.of.blocks, 1);
    IS_INT(sums.of.before, 3);
    IS_INT(sums.of.class, 42 % 7);
    IS_INT(sums.of.first_us, T0);
    IS_INT(sums.of.last_us, T0 + 9 * SEC(CLIENTS / 1000));
    IS_INT(sums.of.blocked_us, T0 + 3 * SEC(CLIENTS / 1000));
    IS_NEAR(sums.of.max_score, 0.42, 1e-6);
    end();
}

CLAIM(rows_that_went_to_the_file_come_back_as_one)
{
    sums_t whole = tell(65536);
    sums_t parts;

    BEGIN;
    end();
    /* too small for one 256th of them: parts are read in halves */
    for (uint32_t rows = 8; rows <= 4096; rows *= 8) {
        parts = tell(rows);
        IS_TRUE(mlg_tally_spilled(tally) > CLIENTS);
        IS_INT(parts.seen, 1);
        IS_INT(parts.clients, whole.clients);
        IS_INT(parts.requests, whole.requests);
        IS_INT(parts.before, whole.before);
        assert_memory_equal(&parts.of, &whole.of, sizeof(whole.of));
        end();
    }
}

CLAIM(a_client_that_keeps_coming_is_not_the_one_to_go)
{
    int was_new = 0;

    BEGIN;
    begin(8);
    for (uint32_t n = 0; n < 1000; n++) {
        was_new += visit(7, T0 + SEC(n), MLG_VERDICT_PASS, 0);
        visit(1000 + n, T0 + SEC(n), MLG_VERDICT_PASS, 0);
    }
    IS_INT(was_new, 1);
    end();
}

CLAIM(counts_stop_at_their_largest_value)
{
    mlg_arrival_t a = unit_page_n(1, T0);
    mlg_decision_t d;
    mlg_tally_row_t row;

    BEGIN;
    memset(&row, 0, sizeof(row));
    memset(&d, 0, sizeof(d));
    row.requests = row.refused = row.pages = UINT32_MAX;
    row.blocks = UINT16_MAX;
    d.verdict = MLG_VERDICT_WOULD_REFUSE;
    d.convicts = 1;
    mlg_tally_add(&row, &a, &d);
    IS_INT(row.requests, UINT32_MAX);
    IS_INT(row.refused, UINT32_MAX);
    IS_INT(row.pages, UINT32_MAX);
    IS_INT(row.blocks, UINT16_MAX);
}

CLAIM(a_file_that_cannot_be_written_is_an_error)
{
    struct rlimit before;
    struct rlimit none;
    mlg_client_t client;
    mlg_tally_row_t *row;
    apr_status_t rv = APR_SUCCESS;
    int is_new;

    BEGIN;
    begin(8);
    getrlimit(RLIMIT_FSIZE, &before);
    none = before;
    none.rlim_cur = 4096;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &none);
    for (uint32_t n = 0; n < 1000000 && rv == APR_SUCCESS; n++) {
        client = unit_client_n(n);
        rv = mlg_tally_get(tally, &client, &row, &is_new);
    }
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    IS_TRUE(APR_STATUS_IS_ENOSPC(rv) || APR_TO_OS_ERROR(rv) == EFBIG);
    end();
}

static apr_status_t stop(void *data, const mlg_tally_row_t *row)
{
    (void)row;
    ++*(int *)data;
    return APR_ENOSPC;
}

CLAIM(who_is_handed_the_rows_can_stop_it)
{
    int calls = 0;

    BEGIN;
    begin(8);
    for (uint32_t n = 0; n < 100; n++) {
        visit(n, T0, MLG_VERDICT_PASS, 0);
    }
    IS_INT(mlg_tally_each(tally, stop, &calls), APR_ENOSPC);
    IS_INT(calls, 1);
    end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_row_tells_what_its_client_did),
        TEST(rows_that_went_to_the_file_come_back_as_one),
        TEST(a_client_that_keeps_coming_is_not_the_one_to_go),
        TEST(counts_stop_at_their_largest_value),
        TEST(a_file_that_cannot_be_written_is_an_error),
        TEST(who_is_handed_the_rows_can_stop_it),
    };

    apr_initialize();
    return RUN(tests);
}
