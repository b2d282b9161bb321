/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate under attack itself: what strangers can make it cost and forget.
 * `make attack`. The core with a table of a million, single-threaded; prints
 * TAP, with the figures.
 *
 * ATTACK_ADDRESSES  how many distinct ones; the default is 10,000,000
 */
#include "unit.h"

#include "mlg_request.h"

#include <sys/mman.h>
#include <time.h>

#define SLOTS    (1u << 20)
#define ORDINARY 20000 /* clients who were there before */
#define VISIT    3     /* requests of a visit, one after another */

static uint32_t addresses = 10000000;

static void open_million(rig_t *rig)
{
    size_t bytes = mlg_segment_bytes(SLOTS);
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    assert_true(base != MAP_FAILED);
    rig_open(rig);
    rig_close(rig);
    rig->base = base;
    mlg_segment_format(base, SLOTS, &unit_secret, T0);
    IS_INT(mlg_segment_view(&rig->gate, base, bytes, NULL), APR_SUCCESS);
}

static void close_million(const rig_t *rig)
{
    munmap(rig->base, mlg_segment_bytes(SLOTS));
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Nanoseconds by their logarithm, in steps of a sixteenth. */
typedef struct times_t {
    uint32_t count[64 * 16];
    uint64_t n;
} times_t;

static void times_add(times_t *t, uint64_t ns)
{
    t->count[(unsigned)(log2((double)ns + 1) * 16)]++;
    t->n++;
}

static double times_at(const times_t *t, double share)
{
    uint64_t seen = 0;
    unsigned i = 0;

    while (i < 64 * 16 &&
           (double)(seen += t->count[i]) < share * (double)t->n) {
        i++;
    }
    return exp2((i + 1) / 16.0) - 1;
}

/* As in httpd, where the client is known, and its bucket fetched, when the
 * request is read, and judged a while later: here one request later. */
static void judge_all(const rig_t *rig, uint32_t n, uint32_t distinct,
                      times_t *t)
{
    mlg_arrival_t next = unit_page_n(0, T0);

    for (uint32_t i = 0; i < n; i++) {
        mlg_arrival_t a = next;
        uint64_t begun;

        next = unit_page_n((uint32_t)((i + 1) * 7919ull % distinct), T0 + i);
        mlg_table_prefetch(&rig->gate.table, next.from.hash);
        begun = now_ns();
        rig_judge(rig, &a);
        times_add(t, now_ns() - begun);
    }
}

/* A page asked for by the nth /64 of 2001:db8::/32. */
static mlg_arrival_t page_of_network(uint32_t n)
{
    unsigned char v6[16] = {0x20, 0x01, 0x0d, 0xb8};
    mlg_arrival_t a = unit_page_n(0, T0);
    mlg_key_t key;

    memcpy(v6 + 4, &n, 4);
    v6[15] = 1;
    key = mlg_key_from_v6(v6);
    a.from = mlg_client_from(&key, &unit_secret, 64);
    return a;
}

CLAIM(ten_million_addresses_do_not_make_decisions_slow)
{
    rig_t rig;
    times_t few = {{0}, 0};
    times_t many = {{0}, 0};
    double ratio;

    BEGIN;
    open_million(&rig);
    rig.rules.min_requests = UINT32_MAX; /* a refusal is quicker */
    judge_all(&rig, 1000000, 1000, &few);
    close_million(&rig);
    open_million(&rig);
    rig.rules.min_requests = UINT32_MAX;
    judge_all(&rig, addresses, addresses, &many);
    IS_INT(mlg_table_check(&rig.gate.table, NULL), APR_SUCCESS);
    close_million(&rig);
    ratio = times_at(&many, 0.99) / times_at(&few, 0.99);
    print_message(
        "# a decision, of 1,000 addresses: p50 %.0f ns, p99 %.0f ns; "
        "of %u: p50 %.0f ns, p99 %.0f ns, p99.9 %.0f ns; p99 x %.1f\n",
        times_at(&few, 0.5), times_at(&few, 0.99), addresses,
        times_at(&many, 0.5), times_at(&many, 0.99), times_at(&many, 0.999),
        ratio);
    IS_TRUE(ratio <= 4.0);
}

/* Ordinary clients come for three requests and are away for a while; all
 * others, 98 of 100 requests, come once and never again. @return the share of
 * returning ordinary clients who found their record */
static double keep(const rig_t *rig, uint32_t requests,
                   mlg_arrival_t (*stranger)(uint32_t))
{
    uint64_t seed = 71;
    uint32_t returned = 0;
    uint32_t found = 0;
    uint32_t left = 0;
    uint32_t who = 0;
    static uint8_t was_here[ORDINARY];

    memset(was_here, 0, sizeof(was_here));
    for (uint32_t i = 0; i < requests; i++) {
        apr_time_t at_us = T0 + (apr_time_t)i * 100; /* 10,000 a second */
        mlg_arrival_t a;

        if (unit_random(&seed) % 50 == 0) {
            if (left == 0) {
                who = (uint32_t)(unit_random(&seed) >> 16) % ORDINARY;
                left = VISIT;
            }
            a = unit_page_n(who, at_us);
            if (left-- == VISIT) {
                returned += was_here[who];
                found += was_here[who] &&
                         mlg_table_find(&rig->gate.table, a.from.hash) != NULL;
                was_here[who] = 1;
            }
        }
        else {
            a = stranger(1u << 20 | i);
            a.at_us = at_us;
        }
        rig_judge(rig, &a);
    }
    print_message("# %u returned, %u found their record\n", returned, found);
    return (double)found / returned;
}

static mlg_arrival_t anybody(uint32_t n)
{
    return unit_page_n(n, T0);
}

/* Half of what a balancer says is random, half counts upwards. */
static mlg_arrival_t forwarded(uint32_t n)
{
    uint64_t state = n | 1ull << 40;

    return unit_page_n(
        (n % 2 != 0) ? (uint32_t)unit_random(&state) | 1u << 20 : n, T0);
}

static void keeps(const char *what, mlg_arrival_t (*stranger)(uint32_t))
{
    rig_t rig;
    double kept;

    open_million(&rig);
    rig.rules.min_requests = 1000000;
    kept = keep(&rig, addresses, stranger);
    close_million(&rig);
    print_message("# %s: %.1f %% of ordinary clients kept\n", what,
                  100.0 * kept);
    IS_TRUE(kept >= 0.8);
}

CLAIM(ordinary_clients_are_remembered_among_one_shot_addresses)
{
    BEGIN;
    keeps("98 % one-shot addresses", anybody);
}

CLAIM(ordinary_clients_are_remembered_among_the_networks_of_a_32)
{
    BEGIN;
    keeps("98 % from the /64s of one /32", page_of_network);
}

CLAIM(ordinary_clients_are_remembered_whatever_a_balancer_says)
{
    BEGIN;
    keeps("98 % of what a trusted balancer made up", forwarded);
}

CLAIM(who_is_blocked_stays_blocked_through_all_of_it)
{
    rig_t rig;
    uint32_t refused = 0;
    uint32_t entered = 0;
    mlg_shard_t n;

    BEGIN;
    open_million(&rig);
    for (uint32_t i = 0; i < 1000 * 30; i++) { /* a thousand who flood */
        mlg_arrival_t a = unit_page_n(i % 1000, T0 + (i / 1000) * SEC(0.01));

        rig_judge(&rig, &a);
    }
    for (uint32_t i = 0; i < addresses / 2; i++) {
        mlg_arrival_t a = page_of_network(i);

        a.at_us = T0 + SEC(1) + (apr_time_t)i * 20;
        rig_judge(&rig, &a);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        mlg_arrival_t a = unit_page_n(i, T0 + SEC(300));

        refused += rig_judge(&rig, &a).verdict == MLG_VERDICT_REFUSE;
    }
    IS_INT(refused, 1000);

    /* More floods than the block table has places: who is in it stays. */
    for (uint32_t who = 1u << 22; who < (1u << 22) + 300000; who++) {
        for (uint32_t i = 0; i < 30; i++) {
            mlg_arrival_t a = unit_page_n(who, T0 + SEC(301) + i * 1000);

            if (rig_judge(&rig, &a).convicts) {
                entered++;
                break;
            }
        }
    }
    mlg_counters_read(rig.gate.counters, &n);
    print_message("# blocks: a thousand kept through %u addresses; of 300,000 "
                  "more, %u entered, %u found no room\n",
                  addresses / 2, entered, (unsigned)n.count[MLG_C_UNRECORDED]);
    refused = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        mlg_arrival_t a = unit_page_n(i, T0 + SEC(302));

        refused += rig_judge(&rig, &a).verdict == MLG_VERDICT_REFUSE;
    }
    IS_INT(refused, 1000);
    close_million(&rig);
}

/* Whoever knows how buckets are chosen, but not the secret. */
CLAIM(addresses_that_collide_under_another_secret_spread_under_ours)
{
    static const mlg_secret_t guessed = {"fedcba987654321"};
    static uint8_t load[SLOTS / MLG_WAYS];
    uint32_t chosen = 0;
    unsigned most = 0;

    BEGIN;
    for (uint32_t n = 0; chosen < SLOTS / MLG_WAYS && n < 1u << 28; n++) {
        unsigned char v4[4];
        mlg_key_t key;
        uint64_t hash;
        unsigned at;

        memcpy(v4, &n, 4);
        key = mlg_key_from_v4(v4);
        if (mlg_client_from(&key, &guessed, 64).hash % (SLOTS / MLG_WAYS) >=
            256) {
            continue;
        }
        hash = mlg_client_from(&key, &unit_secret, 64).hash;
        at = (unsigned)(hash % (SLOTS / MLG_WAYS));
        load[at]++;
        most = (load[at] > most) ? load[at] : most;
        chosen++;
    }
    print_message("# %u addresses that share 256 buckets under a guessed "
                  "secret: at most %u in one of ours\n",
                  chosen, most);
    IS_INT(chosen, SLOTS / MLG_WAYS);
    IS_TRUE(most <= MLG_WAYS); /* one each on average: 9 is usual */
}

/* Text of `len` bytes, a pattern over and over. */
static mlg_text_t filled(char *buf, size_t len, const char *pattern)
{
    size_t n = strlen(pattern);

    for (size_t i = 0; i < len; i++) {
        buf[i] = pattern[i % n];
    }
    return (mlg_text_t){buf, len};
}

static double arrive_us(const mlg_request_t *r, int times)
{
    uint64_t begun = now_ns();
    mlg_arrival_t a;

    for (int i = 0; i < times; i++) {
        mlg_request_arrive(&a, r, &unit_secret);
    }
    return (double)(now_ns() - begun) / times / 1000.0;
}

/* httpd takes lines of 8,190 bytes and a hundred fields, and makes one of
 * those with the same name. */
CLAIM(no_request_is_long_in_being_read)
{
    static const char *const patterns[] = {
        "a",  "/",      "//",  "/a",    "/../", "/.",  "%",     "%41",
        "?",  "&",      "=",   "a=b&",  "a=&",  ";",   "a=b; ", "PHPSESSID=a; ",
        ",",  "\xff",   " ",   "sid=",  "#",    "\t",  "://",   "session=1;",
        "..", "%2e%2f", "/?/", "=;=; ", "\"",   "a:b", "[]",    "http://a/"};
    const size_t line = 8190;
    const size_t fields = 100 * 8190;
    char *buf = malloc(fields + 1);
    char *target = malloc(line + 1);
    double slowest[2] = {0, 0};
    const char *which[2] = {"", ""};

    BEGIN;
    assert_non_null(buf);
    assert_non_null(target);
    for (size_t p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++) {
        for (int query = 0; query < 3; query++) {
            mlg_request_t r;
            double us[2];

            memset(&r, 0, sizeof(r));
            r.at_us = T0;
            r.knows = MLG_KNOWS_ALL;
            r.method = (mlg_text_t){"GET", 3};
            r.target = filled(target, line, patterns[p]);
            target[0] = '/';
            if (query > 0) {
                target[(query == 1) ? 1 : line / 2] = '?';
            }
            r.agent = r.referer = r.accept = r.accept_language =
                r.accept_encoding = filled(buf, line, patterns[p]);
            r.cookie = r.agent;
            us[0] = arrive_us(&r, 20);
            r.agent = r.accept = (mlg_text_t){"-", 1};
            r.cookie = filled(buf, fields, patterns[p]); /* 10,000 and more */
            r.referer = r.accept_language = r.accept_encoding = r.agent;
            us[1] = arrive_us(&r, 3);
            for (int i = 0; i < 2; i++) {
                if (us[i] > slowest[i]) {
                    slowest[i] = us[i];
                    which[i] = patterns[p];
                }
            }
        }
    }
    print_message("# reading 7 fields of 8,190 bytes: at most %.1f us ('%s'); "
                  "819,000 bytes of cookies: at most %.0f us ('%s')\n",
                  slowest[0], which[0], slowest[1], which[1]);
    IS_TRUE(slowest[0] < 1000);  /* 57,330 bytes */
    IS_TRUE(slowest[1] < 10000); /* 12 ns a byte */
    free(buf);
    free(target);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(ten_million_addresses_do_not_make_decisions_slow),
        TEST(ordinary_clients_are_remembered_among_one_shot_addresses),
        TEST(ordinary_clients_are_remembered_among_the_networks_of_a_32),
        TEST(ordinary_clients_are_remembered_whatever_a_balancer_says),
        TEST(who_is_blocked_stays_blocked_through_all_of_it),
        TEST(addresses_that_collide_under_another_secret_spread_under_ours),
        TEST(no_request_is_long_in_being_read),
    };
    const char *wanted = getenv("ATTACK_ADDRESSES");

    addresses = (wanted != NULL) ? (uint32_t)atoi(wanted) : addresses;
    return RUN(tests);
}
