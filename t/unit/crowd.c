/* SPDX-License-Identifier: Apache-2.0 */
#include "crowd.h"

#include <errno.h>
#include <sys/mman.h>

#define CLIENTS 3000 /* fewer than the table holds in any bucket: none lost */

static void *share(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(at != MAP_FAILED);
    return at;
}

void crowd_open(crowd_view_t *v, const mlg_weighted_t *model)
{
    pthread_mutexattr_t attr;

    v->bytes = mlg_segment_bytes(16 * MLG_CLIENTS_MIN);
    v->base = share(v->bytes);
    v->crowd = share(sizeof(*v->crowd));
    mlg_segment_format(v->base, 16 * MLG_CLIENTS_MIN, &unit_secret, T0);
    IS_INT(mlg_segment_view(&v->gate, v->base, v->bytes, NULL), APR_SUCCESS);
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    for (int i = 0; i < MLG_STRIPES; i++) {
        IS_INT(pthread_mutex_init(&v->crowd->lock[i], &attr), 0);
    }
    v->rules = (mlg_rules_t){
        .model = model,
        .engine = MLG_ENGINE_ENFORCE,
        .threshold = 0.8f,
        /* a crowd is above the floor */
        .min_requests =
            (model->hi[MLG_F_REQUEST_RATE] > 0.0f) ? 10 : UINT32_MAX,
        .block_for_us = SEC(86400),
        .block_max_us = SEC(86400),
        .swarm = {MLG_SWARM_OBSERVE, 4.0f, 0.3f, 0}};
}

void crowd_close(crowd_view_t *v)
{
    munmap(v->base, v->bytes);
    munmap(v->crowd, sizeof(*v->crowd));
}

/* What APR does: a dead owner's lock is made consistent and is ours. */
static mlg_stripe_t *settle_lock(const crowd_view_t *v, unsigned n, int rv)
{
    if (rv == EOWNERDEAD) {
        rv = pthread_mutex_consistent(&v->crowd->lock[n]);
    }
    return (rv == 0) ? &v->gate.table.stripe[n] : NULL;
}

static mlg_stripe_t *take(const crowd_view_t *v, unsigned n)
{
    return settle_lock(v, n, pthread_mutex_trylock(&v->crowd->lock[n]));
}

static void drop(const crowd_view_t *v, mlg_stripe_t *held)
{
    if (held != NULL) {
        pthread_mutex_unlock(&v->crowd->lock[held - v->gate.table.stripe]);
    }
}

static mlg_arrival_t request_of(uint64_t r, int i)
{
    uint32_t who =
        (r % 4 == 0) ? (uint32_t)(r >> 8) % 8 : (uint32_t)(r >> 8) % CLIENTS;

    mlg_arrival_t a = unit_page_n(who, T0 + i * SEC(0.0001));

    a.is |= MLG_IS_BROWSER;
    a.print = 1 + who % 50;
    a.shape = 1 + who % 20;
    a.template = 1 + who % 7;
    return a;
}

void crowd_arrive(const crowd_view_t *v, uint64_t seed, int n)
{
    for (int i = 0; i < n; i++) {
        mlg_arrival_t a = request_of(unit_random(&seed), i);
        mlg_stripe_t *held = take(v, mlg_stripe_of(a.from.hash));
        mlg_decision_t d;

        mlg_judge(&v->gate, &v->rules, &a, held, &d);
        drop(v, held);
    }
}

void crowd_work(const crowd_view_t *v, uint64_t seed, int n)
{
    for (int i = 0; i < n; i++) {
        mlg_arrival_t a = request_of(unit_random(&seed), i);
        mlg_outcome_t o = {1000, 1000, 1, 200};
        unsigned stripe = mlg_stripe_of(a.from.hash);
        mlg_stripe_t *held = take(v, stripe);
        mlg_decision_t d;

        mlg_judge(&v->gate, &v->rules, &a, held, &d);
        drop(v, held);
        if (d.is_recorded) {
            held = take(v, stripe);
            mlg_settle(&v->gate, &a, &o, held);
            drop(v, held);
        }
    }
    __atomic_fetch_add(&v->crowd->made, (uint64_t)n, __ATOMIC_RELAXED);
}

void crowd_order(const crowd_view_t *v, unsigned n, mlg_block_kind kind,
                 apr_time_t until_us)
{
    mlg_client_t client = unit_client_n(n % 4);
    unsigned stripe = mlg_stripe_of(client.hash);
    mlg_stripe_t *held =
        settle_lock(v, stripe, pthread_mutex_lock(&v->crowd->lock[stripe]));

    if (held != NULL) {
        mlg_stripe_assume(held);
        mlg_order(&v->gate, kind, &client, T0, until_us, "order", held, NULL);
        drop(v, held);
    }
}

int crowd_repair(const crowd_view_t *v)
{
    int repaired = 0;

    for (unsigned n = 0; n < MLG_STRIPES; n++) {
        mlg_stripe_t *held =
            settle_lock(v, n, pthread_mutex_lock(&v->crowd->lock[n]));

        if (held == NULL) {
            v->crowd->locked++;
            continue;
        }
        mlg_stripe_assume(held);
        repaired += mlg_table_repair(&v->gate.table, held);
        drop(v, held);
    }
    return repaired;
}

uint64_t crowd_total(const crowd_view_t *v)
{
    uint64_t sum = 0;

    for (uint32_t b = 0; b <= v->gate.table.bucket_mask; b++) {
        for (unsigned way = 0; way < MLG_WAYS; way++) {
            sum += v->gate.table.bucket[b].record[way].total;
        }
    }
    return sum;
}
