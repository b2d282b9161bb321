/* SPDX-License-Identifier: Apache-2.0
 *
 * An observation log, whole: its lines are parsed, put in order, judged and
 * compared. A line that is read must be written as it was. */
#include "fuzz.h"

#include "mlg_replay.h"

#include <apr_general.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 16 /* few, so that waiting is given up */

static mlg_replay_t replay;
static apr_pool_t *pool;

static void begin(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    FUZZ_CHECK(mlg_replay_init(&replay, MLG_CLIENTS_MIN, pool) == APR_SUCCESS);
}

/* @return 1 when `line` was read */
static int read_line(mlg_observation_t *seen, const char *line, size_t len)
{
    char text[MLG_OBSERVATION_TEXT];
    char again[MLG_OBSERVATION_TEXT];
    mlg_observation_t back;
    mlg_fault_t fault = {0, ""};
    size_t written;

    if (mlg_observation_parse(seen, line, len, &fault) != APR_SUCCESS) {
        FUZZ_CHECK(fault.offset <= len);
        FUZZ_CHECK(fault.what[0] != '\0');
        return 0;
    }
    written = mlg_observation_render(text, seen);
    FUZZ_CHECK(written < sizeof(text));
    FUZZ_CHECK(mlg_observation_parse(&back, text, written - 1, NULL) ==
               APR_SUCCESS);
    mlg_observation_render(again, &back);
    FUZZ_CHECK(strcmp(again, text) == 0);
    return 1;
}

/* @return requests that were judged */
static uint64_t drain(mlg_reorder_t *reorder, mlg_parity_t *parity)
{
    uint64_t judged = 0;
    mlg_step_t step;

    while (mlg_reorder_next(reorder, &step)) {
        mlg_arrival_t arrival;
        mlg_decision_t d;

        if (mlg_replay_step(&replay, &step, &arrival, &d)) {
            FUZZ_CHECK(isnan(d.score) || (d.score >= 0 && d.score <= 1));
            mlg_parity_add(parity, &replay.rules, step.seen, &d);
            judged++;
        }
    }
    return judged;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data;
    const char *end = at + size;
    mlg_parity_t parity = {0};
    mlg_reorder_t *reorder;
    uint64_t requests = 0;
    uint64_t judged = 0;
    apr_pool_t *p;

    if (pool == NULL) {
        begin();
    }
    apr_pool_create(&p, pool);
    FUZZ_CHECK(mlg_reorder_make(&reorder, ROOM, p) == APR_SUCCESS);
    mlg_reorder_begin(reorder, size % 2);
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = (newline != NULL) ? newline : end;
        mlg_observation_t seen;

        if (read_line(&seen, at, (size_t)(stop - at)) &&
            seen.kind != MLG_OBSERVED_START) {
            requests += (seen.kind == MLG_OBSERVED_REQUEST);
            mlg_reorder_add(reorder, &seen);
            judged += drain(reorder, &parity);
        }
        at = (newline != NULL) ? newline + 1 : end;
    }
    mlg_reorder_finish(reorder);
    judged += drain(reorder, &parity);
    FUZZ_CHECK(judged == requests); /* none twice, none never */
    FUZZ_CHECK(parity.requests == requests);
    apr_pool_destroy(p);
    return 0;
}
