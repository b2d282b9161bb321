/* SPDX-License-Identifier: Apache-2.0
 *
 * What the core's calls cost, in nanoseconds: `make bench`.
 *
 * judge   mlg_judge() with the client's stripe tried, taken and given back as
 *         src/httpd/stripe.c does it, over a table full of clients; per call,
 *         so that p50 and p99 can be told. The clock's own cost is taken off.
 * others  means over many calls.
 *
 * BENCH_CLIENTS names one size only; the default is 100,000 and 1,000,000.
 */
#include "mlg_gate.h"
#include "mlg_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <pthread.h>
#include <time.h>

#define T0    (1700000100 * (apr_time_t)APR_USEC_PER_SEC)
#define CALLS 1000000
#define KNOWN 4096 /* arrivals made ready, so that hashing is not timed */

static const mlg_secret_t secret = {"0123456789abcde"};

typedef struct bench_t {
    mlg_gate_t gate;
    mlg_rules_t rules;
    void *base;
    size_t bytes;
    pthread_mutex_t *lock; /* shape [MLG_STRIPES], robust and shared */
} bench_t;

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Dull;
}

static void *shared(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED) {
        perror("bench: mmap");
        exit(1);
    }
    return at;
}

static void open_bench(bench_t *b, uint32_t clients)
{
    pthread_mutexattr_t attr;

    b->bytes = mlg_segment_bytes(clients);
    b->base = shared(b->bytes);
    b->lock = shared(sizeof(*b->lock) * MLG_STRIPES);
    mlg_segment_format(b->base, clients, &secret, T0);
    if (mlg_segment_view(&b->gate, b->base, b->bytes, NULL) != APR_SUCCESS) {
        fputs("bench: the segment cannot be viewed\n", stderr);
        exit(1);
    }
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    for (int i = 0; i < MLG_STRIPES; i++) {
        pthread_mutex_init(&b->lock[i], &attr);
    }
    b->rules = (mlg_rules_t){.model = &mlg_weighted_default,
                             .engine = MLG_ENGINE_ENFORCE,
                             .threshold = 1.0f,
                             .min_requests = 1000000,
                             .block_for_us = 600 * APR_USEC_PER_SEC,
                             .block_max_us = 600 * APR_USEC_PER_SEC};
}

static void close_bench(bench_t *b)
{
    munmap(b->base, b->bytes);
    munmap(b->lock, sizeof(*b->lock) * MLG_STRIPES);
}

static mlg_text_t text(const char *at)
{
    return (mlg_text_t){at, strlen(at)};
}

static mlg_request_t request_of(uint32_t client)
{
    unsigned char v4[4] = {10, (unsigned char)(client >> 16),
                           (unsigned char)(client >> 8), (unsigned char)client};
    mlg_key_t key = mlg_key_from_v4(v4);
    mlg_request_t r;

    memset(&r, 0, sizeof(r));
    r.at_us = T0;
    r.from = mlg_client_from(&key, &secret, 64);
    r.knows = MLG_KNOWS_ALL;
    r.depth = 3;
    r.header_fields = 12;
    r.method = text("GET");
    r.target = text("/catalogue/shoes/red?page=2&sort=price");
    r.agent = text("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, "
                   "like Gecko) Chrome/120.0.0.0 Safari/537.36");
    r.referer = text("https://shop.example/catalogue/shoes");
    r.cookie = text("theme=dark; consent=1; PHPSESSID=0123456789abcdef012345");
    r.accept = text("text/html,application/xhtml+xml,*/*;q=0.8");
    r.accept_language = text("de-DE,de;q=0.9,en;q=0.8");
    r.accept_encoding = text("gzip, deflate, br");
    return r;
}

static mlg_arrival_t arrival_of(uint32_t client, apr_time_t at_us)
{
    mlg_request_t r = request_of(client);
    mlg_arrival_t a;

    r.at_us = at_us;
    mlg_request_arrive(&a, &r, &secret);
    return a;
}

static void judge(const bench_t *b, const mlg_arrival_t *a, mlg_decision_t *d)
{
    unsigned n = mlg_stripe_of(a->from.hash);
    int busy = pthread_mutex_trylock(&b->lock[n]);

    mlg_judge(&b->gate, &b->rules, a,
              (busy == 0) ? &b->gate.table.stripe[n] : NULL, d);
    if (busy == 0) {
        pthread_mutex_unlock(&b->lock[n]);
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

/* The median of what it costs to look at the clock twice. */
static uint32_t clock_cost(uint32_t *ns, int n)
{
    for (int i = 0; i < n; i++) {
        uint64_t start = now_ns();

        ns[i] = (uint32_t)(now_ns() - start);
    }
    qsort(ns, (size_t)n, sizeof(ns[0]), by_size);
    return ns[n / 2];
}

static uint32_t less(uint32_t ns, uint32_t clock)
{
    return (ns > clock) ? ns - clock : 0;
}

static void bench_judge(const bench_t *b, uint32_t clients)
{
    uint32_t *ns = malloc(sizeof(*ns) * CALLS);
    uint64_t seed = 1;
    uint64_t total = 0;
    uint32_t clock;
    mlg_decision_t d;

    if (ns == NULL) {
        exit(1);
    }
    clock = clock_cost(ns, CALLS);
    for (uint32_t i = 0; i < clients; i++) {
        mlg_arrival_t a = arrival_of(i, T0);

        judge(b, &a, &d);
    }
    for (int i = 0; i < CALLS; i++) {
        mlg_arrival_t a =
            arrival_of((uint32_t)(next_random(&seed) % clients), T0 + i * 100);
        uint64_t start;

        /* as in httpd, much else was touched since this client's last */
        start = now_ns();
        judge(b, &a, &d);
        ns[i] = (uint32_t)(now_ns() - start);
        total += less(ns[i], clock);
    }
    qsort(ns, CALLS, sizeof(ns[0]), by_size);
    printf("judge, %u clients      p50 %u  p99 %u  p99.9 %u  mean %llu ns\n",
           clients, less(ns[CALLS / 2], clock),
           less(ns[CALLS / 100 * 99], clock),
           less(ns[CALLS / 1000 * 999], clock),
           (unsigned long long)(total / CALLS));
    free(ns);
}

typedef void (*body_t)(const bench_t *b, const mlg_arrival_t *a, uint64_t *sum);

static void call_check(const bench_t *b, const mlg_arrival_t *a, uint64_t *sum)
{
    *sum += mlg_gate_check(&b->gate, &b->rules, &a->from, a->at_us).verdict;
}

static void call_find(const bench_t *b, const mlg_arrival_t *a, uint64_t *sum)
{
    *sum += (uintptr_t)mlg_table_find(&b->gate.table, a->from.hash) & 1;
}

static void call_features(const bench_t *b, const mlg_arrival_t *a,
                          uint64_t *sum)
{
    static mlg_record_t record;
    float x[MLG_NFEATURES];

    (void)b;
    mlg_record_fold_arrival(&record, a);
    mlg_features_read(x, &record, a, 1.0f);
    *sum += x[0] > 0.0f;
}

static void call_score(const bench_t *b, const mlg_arrival_t *a, uint64_t *sum)
{
    static float x[MLG_NFEATURES];

    x[a->at_us % MLG_NFEATURES] += 0.01f;
    *sum += mlg_weighted_score(b->rules.model, x) > 0.5f;
}

static void call_arrive(const bench_t *b, const mlg_arrival_t *a, uint64_t *sum)
{
    static mlg_request_t r;
    mlg_arrival_t made;

    (void)b;
    if (r.at_us == 0) {
        r = request_of(1);
    }
    r.from = a->from;
    mlg_request_arrive(&made, &r, &secret);
    *sum += made.path;
}

static void call_settle(const bench_t *b, const mlg_arrival_t *a, uint64_t *sum)
{
    mlg_outcome_t o = {1000, 1000, 1, 200};
    unsigned n = mlg_stripe_of(a->from.hash);
    int busy = pthread_mutex_trylock(&b->lock[n]);

    mlg_settle(&b->gate, a, &o, (busy == 0) ? &b->gate.table.stripe[n] : NULL);
    if (busy == 0) {
        pthread_mutex_unlock(&b->lock[n]);
    }
    *sum += 1;
}

/* The best of five rounds: what disturbs only adds. */
static void bench_mean(const bench_t *b, const char *name, body_t body)
{
    static mlg_arrival_t ready[KNOWN];
    uint64_t best = UINT64_MAX;
    uint64_t sum = 0;

    for (uint32_t i = 0; i < KNOWN; i++) {
        mlg_decision_t d;

        ready[i] = arrival_of(i, T0 + i);
        judge(b, &ready[i], &d);
    }
    for (int round = 0; round < 5; round++) {
        uint64_t start = now_ns();
        uint64_t took;

        for (int i = 0; i < CALLS; i++) {
            body(b, &ready[i % KNOWN], &sum);
        }
        took = now_ns() - start;
        best = (took < best) ? took : best;
    }
    printf("%-22s mean %.1f ns%s\n", name, (double)best / CALLS,
           (sum == 1) ? " " : ""); /* `sum` keeps the calls */
}

static void print_machine(void)
{
    char line[256];
    struct utsname u;
    FILE *cpu = fopen("/proc/cpuinfo", "r");

    while (cpu != NULL && fgets(line, sizeof(line), cpu) != NULL) {
        if (strncmp(line, "model name", 10) == 0) {
            printf("# %s", strchr(line, ':') ? strchr(line, ':') + 2 : line);
            break;
        }
    }
    if (cpu != NULL) {
        fclose(cpu);
    }
    if (uname(&u) == 0) {
        printf("# %s %s, %s\n", u.sysname, u.release, __VERSION__);
    }
}

int main(void)
{
    static const uint32_t sizes[] = {100000, 1000000};
    const char *only = getenv("BENCH_CLIENTS");
    bench_t b;

    print_machine();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint32_t clients = sizes[i];

        if (only != NULL && (uint32_t)atoi(only) != clients) {
            continue;
        }
        open_bench(&b, clients);
        bench_judge(&b, clients);
        close_bench(&b);
    }
    open_bench(&b, 65536);
    bench_mean(&b, "request_arrive", call_arrive);
    bench_mean(&b, "gate_check, no block", call_check);
    bench_mean(&b, "table_find", call_find);
    bench_mean(&b, "fold + features", call_features);
    bench_mean(&b, "score", call_score);
    bench_mean(&b, "settle, with trylock", call_settle);
    close_bench(&b);
    return 0;
}
