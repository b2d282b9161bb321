/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate's operations in any order, deaths included, against the table's
 * own invariants. Two bytes are one step: what, and whose. Clients are few and
 * share buckets, so that they evict each other; time goes on by itself.
 *
 * A death is what mlg_table.h says it is: a record half written, or a stripe
 * marked busy with ranks and tag in any state.
 */
#include "fuzz.h"

#include "mlg_gate.h"

#include <stdlib.h>
#include <string.h>

#define T0 (1700000100 * (apr_time_t)APR_USEC_PER_SEC)

static const mlg_secret_t secret = {"0123456789abcde"};

typedef struct rig_t {
    mlg_gate_t gate;
    mlg_rules_t rules;
    void *base;
    size_t bytes;
    apr_time_t now_us;
} rig_t;

static rig_t rig;

/* Buckets 0 to 3 of 256, 64 clients each: more than their 16 ways. */
static mlg_arrival_t arrival_of(uint8_t who)
{
    mlg_arrival_t a;

    memset(&a, 0, sizeof(a));
    a.at_us = rig.now_us;
    a.from.hash = (uint64_t)(who / 4 + 1) << 48 | 1ull << 20 | who % 4u;
    a.path = who * 0x9E3779B97F4A7C15u;
    a.knows = MLG_KNOWS_ALL;
    a.depth = 1;
    a.is = (who % 8 == 7) ? MLG_IS_ASSET : 0;
    return a;
}

static mlg_stripe_t *stripe_of(const mlg_arrival_t *a)
{
    return &rig.gate.table.stripe[mlg_stripe_of(a->from.hash)];
}

static void judge(const mlg_arrival_t *a, mlg_stripe_t *held)
{
    mlg_decision_t d;

    mlg_judge(&rig.gate, &rig.rules, a, held, &d);
    FUZZ_CHECK(d.verdict > MLG_VERDICT_UNSET);
    FUZZ_CHECK(!(d.score < 0.0f) && !(d.score > 1.0f));
    FUZZ_CHECK(held == NULL || d.verdict == MLG_VERDICT_REFUSE ||
               d.verdict == MLG_VERDICT_GRACE || d.is_recorded);
}

static void settle(const mlg_arrival_t *a, uint8_t who, mlg_stripe_t *held)
{
    mlg_outcome_t o = {1000, 1000, 1, (who % 3 == 0) ? 404 : 200};

    mlg_settle(&rig.gate, a, &o, held);
}

static void order(const mlg_arrival_t *a, mlg_block_kind kind)
{
    mlg_stripe_t *held = stripe_of(a);

    mlg_stripe_assume(held);
    mlg_order(&rig.gate, kind, &a->from, rig.now_us, rig.now_us + 60000000,
              "an operator's", held, NULL);
    FUZZ_CHECK(mlg_block_find(&rig.gate.blocks, a->from.hash, rig.now_us, NULL,
                              NULL) == kind);
}

/* Dies while it settles: one record is left half written. */
static void die_settling(const mlg_arrival_t *a)
{
    mlg_record_t *r = mlg_table_find(&rig.gate.table, a->from.hash);

    if (r != NULL) {
        r->seq |= 1;
        memset(&r->pages_1s, 0xa5, 64);
    }
}

/* Dies while it judges: the record it writes, its tag and the ranks. */
static void die_judging(const mlg_arrival_t *a, uint8_t salt)
{
    mlg_stripe_t *stripe = stripe_of(a);
    mlg_bucket_t *b =
        &rig.gate.table.bucket[a->from.hash & rig.gate.table.bucket_mask];
    mlg_record_t own;
    mlg_got_t got;
    mlg_record_t *shared;

    mlg_stripe_assume(stripe);
    mlg_table_repair(&rig.gate.table, stripe); /* as every holder does */
    shared = mlg_table_get(&rig.gate.table, stripe, a->from.hash, rig.now_us,
                           &own, &got);
    shared->seq |= salt & 1u;
    if ((salt & 2) != 0) {
        memset(&shared->mean, salt, sizeof(shared->mean));
    }
    if ((salt & 4) != 0) {
        b->rank[salt % MLG_WAYS] = b->rank[salt / 16];
    }
    if ((salt & 8) != 0) {
        b->tag[shared - b->record] = 0;
    }
}

/* A block must not keep its client's next request from its record. */
static void forgive(const mlg_arrival_t *a)
{
    mlg_stripe_t *held = stripe_of(a);

    mlg_stripe_assume(held);
    mlg_order(&rig.gate, MLG_BLOCK_GRACE, &a->from, rig.now_us, rig.now_us + 1,
              NULL, held, NULL);
}

/* Every stripe is taken, repaired, and each record that a death left odd is
 * visited, as its client's next request does. Then all must be sound. */
static void check_all(void)
{
    mlg_fault_t fault;

    for (unsigned s = 0; s < 4; s++) {
        mlg_stripe_t *stripe = &rig.gate.table.stripe[s];

        mlg_stripe_assume(stripe);
        mlg_table_repair(&rig.gate.table, stripe);
    }
    for (unsigned who = 0; who < 256; who++) {
        mlg_arrival_t a = arrival_of((uint8_t)who);
        const mlg_record_t *r = mlg_table_find(&rig.gate.table, a.from.hash);
        mlg_record_t copy;

        if (r == NULL) {
            continue;
        }
        FUZZ_CHECK(mlg_record_copy(&copy, r) == ((r->seq & 1) == 0));
        if ((r->seq & 1) != 0) {
            rig.rules.engine = MLG_ENGINE_OBSERVE; /* nobody is refused */
            forgive(&a);
            rig.now_us += 2;
            a.at_us = rig.now_us;
            judge(&a, stripe_of(&a));
            rig.rules.engine = MLG_ENGINE_ENFORCE;
        }
        else {
            FUZZ_CHECK(copy.client == a.from.hash);
        }
    }
    FUZZ_CHECK(mlg_table_check(&rig.gate.table, &fault) == APR_SUCCESS);
}

static void step(uint8_t what, uint8_t who)
{
    mlg_arrival_t a = arrival_of(who);

    rig.now_us += (what & 0x80) ? 7000000 : 20000;
    a.at_us = rig.now_us;
    switch (what % 9) {
    case 0:
    case 1:
        judge(&a, stripe_of(&a));
        break;
    case 2:
        judge(&a, NULL);
        break;
    case 3:
        settle(&a, who, stripe_of(&a));
        break;
    case 4:
        order(&a, (what & 0x40) ? MLG_BLOCK_OPERATOR : MLG_BLOCK_GRACE);
        break;
    case 5:
        die_settling(&a);
        break;
    case 6:
        die_judging(&a, (uint8_t)(what * 29));
        break;
    case 7:
        rig.now_us -= (what & 0x40) ? 900000000 : 3000000; /* steps back */
        break;
    default:
        for (int i = 0; i < 12; i++) { /* a flood */
            judge(&a, stripe_of(&a));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (rig.base == NULL) {
        rig.bytes = mlg_segment_bytes(MLG_CLIENTS_MIN);
        rig.base = aligned_alloc(MLG_CACHELINE, rig.bytes);
        FUZZ_CHECK(rig.base != NULL);
    }
    memset(rig.base, 0, rig.bytes);
    mlg_segment_format(rig.base, MLG_CLIENTS_MIN, &secret, T0);
    FUZZ_CHECK(mlg_segment_view(&rig.gate, rig.base, rig.bytes, NULL) ==
               APR_SUCCESS);
    rig.rules = (mlg_rules_t){.model = &mlg_weighted_default,
                              .engine = MLG_ENGINE_ENFORCE,
                              .threshold = 0.3f,
                              .min_requests = 3,
                              .block_for_us = 30000000,
                              .block_max_us = 60000000};
    rig.now_us = T0;
    for (size_t i = 0; i + 1 < size && i < 4096; i += 2) {
        step(data[i], data[i + 1]);
    }
    check_all();
    return 0;
}
