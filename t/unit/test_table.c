/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

/* Make sure of a client's record. @return what it took */
static mlg_got_t visit(const rig_t *rig, uint64_t client)
{
    mlg_got_t got;

    unit_get(&rig->gate.table, client, T0, &got);
    return got;
}

static int has(const rig_t *rig, uint64_t client)
{
    return mlg_table_find(&rig->gate.table, client) != NULL;
}

static void is_sound(const rig_t *rig)
{
    mlg_fault_t fault = {0, ""};

    if (mlg_table_check(&rig->gate.table, &fault) != APR_SUCCESS) {
        fail_msg("I%zu: %s", fault.offset, fault.what);
    }
}

static mlg_bucket_t *bucket_of(const rig_t *rig, uint64_t client)
{
    return &rig->gate.table.bucket[client & rig->gate.table.bucket_mask];
}

/* The nth client of one bucket, tags all different. */
static uint64_t mate(unsigned n)
{
    return (uint64_t)(n + 1) << 48 | 5;
}

CLAIM(a_client_is_found_after_its_first_visit_and_not_before)
{
    rig_t rig;
    mlg_got_t got;

    BEGIN;
    rig_open(&rig);
    IS_FALSE(has(&rig, mate(0)));
    got = visit(&rig, mate(0));
    IS_TRUE(got.is_new && !got.has_evicted);
    IS_TRUE(has(&rig, mate(0)));
    got = visit(&rig, mate(0));
    IS_FALSE(got.is_new);
    IS_INT(mlg_table_find(&rig.gate.table, mate(0))->total, 2);
    is_sound(&rig);
    rig_close(&rig);
}

CLAIM(clients_with_the_same_tag_are_told_apart)
{
    rig_t rig;
    uint64_t twin = mate(0) | 1ull << 40;

    BEGIN;
    rig_open(&rig);
    visit(&rig, mate(0));
    IS_FALSE(has(&rig, twin));
    visit(&rig, twin);
    visit(&rig, twin);
    IS_INT(mlg_table_find(&rig.gate.table, mate(0))->total, 1);
    IS_INT(mlg_table_find(&rig.gate.table, twin)->total, 2);
    is_sound(&rig);
    rig_close(&rig);
}

CLAIM(a_bucket_holds_sixteen_clients_before_anyone_is_evicted)
{
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    for (unsigned n = 0; n < MLG_WAYS; n++) {
        IS_FALSE(visit(&rig, mate(n)).has_evicted);
    }
    IS_TRUE(visit(&rig, mate(MLG_WAYS)).has_evicted);
    is_sound(&rig);
    rig_close(&rig);
}

CLAIM(newcomers_only_displace_each_other)
{
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    for (unsigned n = 0; n < MLG_WAYS_PROTECTED; n++) {
        visit(&rig, mate(n));
        visit(&rig, mate(n)); /* came back: protected */
    }
    for (unsigned n = 100; n < 5000; n++) {
        visit(&rig, mate(n)); /* once each */
    }
    for (unsigned n = 0; n < MLG_WAYS_PROTECTED; n++) {
        IS_TRUE(has(&rig, mate(n)));
    }
    is_sound(&rig);
    rig_close(&rig);
}

CLAIM(a_newcomer_survives_the_next_three)
{
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    for (unsigned n = 0; n < 100; n++) {
        visit(&rig, mate(n));
        for (unsigned back = 0; back < 4 && back <= n; back++) {
            IS_TRUE(has(&rig, mate(n - back)));
        }
    }
    rig_close(&rig);
}

CLAIM(eviction_looks_at_one_bucket_only)
{
    rig_t rig;
    size_t bytes = mlg_segment_bytes(MLG_CLIENTS_MIN);
    size_t at;
    unsigned char *before = malloc(bytes);
    unsigned char *now;

    BEGIN;
    assert_non_null(before);
    rig_open(&rig);
    for (uint32_t n = 0; n < 3 * MLG_CLIENTS_MIN; n++) {
        visit(&rig, unit_client_n(n).hash);
    }
    memcpy(before, rig.base, bytes);
    visit(&rig, mate(1));
    now = rig.base;
    at = (size_t)((unsigned char *)bucket_of(&rig, mate(1)) - now);
    memcpy(before + at, now + at, sizeof(mlg_bucket_t));
    assert_memory_equal(before, now, bytes);
    is_sound(&rig);
    free(before);
    rig_close(&rig);
}

/* A flood of one-shot addresses (98 %) over hot clients (a visit every 500
 * requests) and ordinary ones (every 5000), as in ARCHITECTURE section 4.
 * @return the share of a group's visits that found their record */
typedef struct kept_t {
    double hot;
    double ordinary;
} kept_t;

static kept_t flood(const rig_t *rig)
{
    unsigned seen[2] = {0, 0};
    unsigned found[2] = {0, 0};
    uint64_t seed = 71;
    uint32_t once = 1 << 20;

    for (int i = 0; i < 1000000; i++) {
        uint64_t r = unit_random(&seed);
        int group = (r % 100 == 0) ? 0 : (r % 100 == 1) ? 1 : 2;
        uint32_t n = (group == 0)   ? (uint32_t)(r >> 32) % 100
                     : (group == 1) ? 10000 + (uint32_t)(r >> 32) % 1000
                                    : once++;
        mlg_got_t got = visit(rig, unit_client_n(n).hash);

        if (group < 2 && i > 300000) {
            seen[group]++;
            found[group] += !got.is_new;
        }
    }
    return (kept_t){(double)found[0] / seen[0], (double)found[1] / seen[1]};
}

CLAIM(a_flood_of_one_shot_addresses_keeps_hot_and_most_ordinary_clients)
{
    rig_t rig;
    kept_t kept;

    BEGIN;
    rig_open(&rig);
    kept = flood(&rig);
    is_sound(&rig);
    rig_close(&rig);
    /* 4096 places, one visit of a hot client in 10,000 requests: LRU alone
     * would keep exp(-10000/4096), 9 % or less */
    print_message("# kept: hot %.3f, ordinary %.3f\n", kept.hot, kept.ordinary);
    IS_TRUE(kept.hot > 0.95);
}

CLAIM(ranks_stay_a_permutation_under_any_visits)
{
    rig_t rig;
    uint64_t seed = 81;

    BEGIN;
    rig_open(&rig);
    for (int i = 0; i < 20000; i++) {
        visit(&rig, mate((unsigned)(unit_random(&seed) % 24)));
        if (i % 100 == 0) {
            is_sound(&rig);
        }
    }
    rig_close(&rig);
}

/* Check must fail with this invariant. */
static void is_broken(const rig_t *rig, size_t invariant)
{
    mlg_fault_t fault = {0, ""};

    IS_INT(mlg_table_check(&rig->gate.table, &fault), MLG_EBROKEN);
    IS_INT(fault.offset, invariant);
    IS_TRUE(strlen(fault.what) > 0);
}

CLAIM(check_finds_each_broken_invariant_by_its_number)
{
    rig_t rig;
    mlg_bucket_t *b;
    mlg_bucket_t whole;

    BEGIN;
    rig_open(&rig);
    for (unsigned n = 0; n < 3; n++) {
        visit(&rig, mate(n));
    }
    is_sound(&rig);
    b = bucket_of(&rig, mate(0));
    whole = *b;
    b->rank[3] ^= 1;
    is_broken(&rig, 1);
    *b = whole;
    b->record[0].client ^= 1;
    is_broken(&rig, 2);
    *b = whole;
    b->tag[0] ^= 1;
    is_broken(&rig, 3);
    *b = whole;
    b->record[1] = b->record[0];
    b->tag[1] = b->tag[0];
    is_broken(&rig, 4);
    *b = whole;
    b->record[0].seq |= 1;
    is_broken(&rig, 5);
    *b = whole;
    rig.gate.table.stripe[9].busy = 1;
    is_broken(&rig, 5);
    rig.gate.table.stripe[9].busy = 0;
    is_sound(&rig);
    rig_close(&rig);
}

/* A writer changes a bucket in single stores. Play its death after each: the
 * bucket is a mix of what was and what was to be, word by word. */
CLAIM(repair_mends_a_death_after_any_store)
{
    const unsigned words = sizeof(mlg_bucket_t) / sizeof(uint64_t);
    uint64_t seed = 91;

    BEGIN;
    for (unsigned n = 0; n < 200; n++) {
        rig_t rig;
        mlg_bucket_t *b;
        mlg_bucket_t was;
        unsigned way;

        rig_open(&rig);
        for (unsigned i = 0; i < 12 + n % 8; i++) {
            visit(&rig, mate((unsigned)(unit_random(&seed) % 20)));
        }
        b = bucket_of(&rig, mate(0));
        was = *b;
        visit(&rig, mate(n % 24));
        for (way = 0; b->record[way].client != mate(n % 24); way++) {
        }
        for (unsigned w = 0; w < words; w++) { /* which stores happened */
            if (unit_random(&seed) % 2) {
                memcpy((uint64_t *)b + w, (uint64_t *)&was + w, 8);
            }
        }
        for (unsigned i = 0; i < MLG_WAYS; i++) { /* ranks move one by one */
            b->rank[i] = (unit_random(&seed) % 2) ? was.rank[i] : b->rank[i];
        }
        b->record[way].seq |= unit_random(&seed) & 1;
        rig.gate.table.stripe[5].busy = 5 * MLG_WAYS + way + 1;
        IS_INT(unit_repair(&rig.gate.table, 5), 1);
        is_sound(&rig);
        IS_TRUE(b->record[way].client == 0);
        IS_INT(unit_repair(&rig.gate.table, 5), 0);
        IS_TRUE(visit(&rig, mate(n % 24)).is_new);
        rig_close(&rig);
    }
}

CLAIM(repair_loses_no_other_client)
{
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    for (unsigned n = 0; n < MLG_WAYS; n++) {
        visit(&rig, mate(n));
    }
    rig.gate.table.stripe[5].busy = 5 * MLG_WAYS + 7 + 1;
    unit_repair(&rig.gate.table, 5);
    for (unsigned n = 0; n < MLG_WAYS; n++) {
        IS_INT(has(&rig, mate(n)), n != 7); /* ways fill in order */
    }
    rig_close(&rig);
}

CLAIM(repair_survives_a_busy_mark_that_names_no_record)
{
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    rig.gate.table.stripe[5].busy = UINT32_MAX;
    IS_INT(unit_repair(&rig.gate.table, 5), 1);
    is_sound(&rig);
    rig_close(&rig);
}

static void watch(const rig_t *rig, unsigned n, float score, apr_time_t at_us)
{
    mlg_stripe_t *stripe = &rig->gate.table.stripe[0];
    mlg_watched_t seen = {unit_client_n(n).key, at_us, score, 1};

    mlg_stripe_assume(stripe);
    mlg_table_watch(stripe, &seen);
}

static int is_watched(const rig_t *rig, unsigned n)
{
    mlg_key_t key = unit_client_n(n).key;
    int found = 0;

    for (int i = 0; i < MLG_WATCHED; i++) {
        const mlg_watched_t *w = &rig->gate.table.stripe[0].watch[i];

        found += memcmp(w->key.b, key.b, 16) == 0;
    }
    return found;
}

CLAIM(the_most_suspicious_clients_of_a_stripe_are_remembered_once_each)
{
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    watch(&rig, 1, 0.5f, T0);
    watch(&rig, 2, 0.6f, T0);
    watch(&rig, 2, 0.7f, T0);
    watch(&rig, 3, 0.4f, T0); /* less so than both */
    IS_INT(is_watched(&rig, 1), 1);
    IS_INT(is_watched(&rig, 2), 1);
    IS_INT(is_watched(&rig, 3), 0);
    watch(&rig, 4, 0.9f, T0);
    IS_INT(is_watched(&rig, 4), 1);
    IS_INT(is_watched(&rig, 1), 0);
    watch(&rig, 3, 0.3f, T0 + SEC(301)); /* the others went quiet */
    IS_INT(is_watched(&rig, 3), 1);
    rig_close(&rig);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_client_is_found_after_its_first_visit_and_not_before),
        TEST(clients_with_the_same_tag_are_told_apart),
        TEST(a_bucket_holds_sixteen_clients_before_anyone_is_evicted),
        TEST(newcomers_only_displace_each_other),
        TEST(a_newcomer_survives_the_next_three),
        TEST(eviction_looks_at_one_bucket_only),
        TEST(a_flood_of_one_shot_addresses_keeps_hot_and_most_ordinary_clients),
        TEST(ranks_stay_a_permutation_under_any_visits),
        TEST(check_finds_each_broken_invariant_by_its_number),
        TEST(repair_mends_a_death_after_any_store),
        TEST(repair_loses_no_other_client),
        TEST(repair_survives_a_busy_mark_that_names_no_record),
        TEST(the_most_suspicious_clients_of_a_stripe_are_remembered_once_each),
    };

    return RUN(tests);
}
