/* SPDX-License-Identifier: Apache-2.0
 *
 * What the unit tests share: thin names over cmocka's assertions, and a rig,
 * which is a whole gate in ordinary memory. Time is a literal: T0 begins a
 * pane of every width.
 */
#ifndef UNIT_H
#define UNIT_H

#include "mlg_gate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEC(n) ((apr_time_t)((n) * (double)APR_USEC_PER_SEC))
#define T0     (1700000100 * (apr_time_t)APR_USEC_PER_SEC)

#define IS_INT(got, want)       assert_int_equal((got), (want))
#define IS_TRUE(what)           assert_true(what)
#define IS_FALSE(what)          assert_false(what)
#define IS_TEXT(got, want)      assert_string_equal((got), (want))
#define IS_NAN(got)             assert_true(isnan(got))
#define IS_NEAR(got, want, off) unit_near((got), (want), (off), #got, __LINE__)

#define TEST(name) cmocka_unit_test(name)
#define RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)
/* A cmocka test takes a state that none of these uses. */
#define CLAIM(name) static void name(void **unused)
#define BEGIN       (void)unused

/** Fail unless `got` lies within `off` of `want`. */
void unit_near(double got, double want, double off, const char *what, int line);

/* A gate and the rules it judges by. Owns its memory. */
typedef struct rig_t {
    void *base;
    mlg_gate_t gate;
    mlg_weighted_t model; /* one ramp: 10 pages in 10 s are 0.5, 20 are 1 */
    mlg_rules_t rules;    /* enforce, 0.8, 10 requests, 600 s, 24 h */
} rig_t;

extern const mlg_secret_t unit_secret;

/** Set up a gate of MLG_CLIENTS_MIN clients; rig_close() gives it back. */
void rig_open(rig_t *rig);
void rig_close(rig_t *rig);

/** A counter's value, all shards. */
uint64_t rig_count(const rig_t *rig, mlg_counter_id id);

/** Judge with the client's stripe held. */
mlg_decision_t rig_judge(const rig_t *rig, const mlg_arrival_t *arrival);

/** Judge without it. */
mlg_decision_t rig_judge_unheld(const rig_t *rig, const mlg_arrival_t *arrival);

/** Settle with the client's stripe held. */
void rig_settle(const rig_t *rig, const mlg_arrival_t *arrival,
                uint32_t status);

/** An operator's order. */
apr_status_t rig_order(const rig_t *rig, mlg_block_kind kind, const char *addr,
                       apr_time_t now_us, apr_time_t until_us, const char *note,
                       mlg_block_t *was);

/** The table's and the block table's calls that need a stripe. */
mlg_record_t *unit_get(const mlg_table_t *t, uint64_t client, apr_time_t at_us,
                       mlg_got_t *got);
int unit_repair(const mlg_table_t *t, unsigned stripe);
apr_status_t unit_put(const mlg_blocks_t *b, mlg_block_kind kind,
                      uint64_t client, apr_time_t now_us, apr_time_t until_us);

/** An address; the test fails if it is none. */
mlg_key_t unit_key(const char *text);
mlg_client_t unit_client(const char *addr);

/** A client by number: 10.0.0.0 and on. */
mlg_client_t unit_client_n(uint32_t n);

/** A page asked for by one; everything known, nothing odd. */
mlg_arrival_t unit_page(const char *addr, apr_time_t at_us);
mlg_arrival_t unit_page_n(uint32_t n, apr_time_t at_us);
mlg_arrival_t unit_asset(const char *addr, apr_time_t at_us);

/** Hash of a text under unit_secret. */
uint64_t unit_hash(const char *text);

/** The next of a fixed series of pseudo-random numbers (xorshift64*).
 * @param state  not 0 */
uint64_t unit_random(uint64_t *state);

#endif /* UNIT_H */
