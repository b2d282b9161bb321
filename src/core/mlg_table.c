/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_table.h"

#include <string.h>

#define QUIET_US (300 * (int64_t)APR_USEC_PER_SEC)

static uint16_t tag_of(uint64_t client)
{
    return (uint16_t)(client >> 48);
}

static mlg_bucket_t *bucket_of(const mlg_table_t *t, uint64_t client)
{
    return &t->bucket[client & t->bucket_mask];
}

static uint64_t client_at(const mlg_bucket_t *b, unsigned way)
{
    return __atomic_load_n(&b->record[way].client, __ATOMIC_RELAXED);
}

/* @return the client's way, or MLG_WAYS */
static unsigned find_way(const mlg_bucket_t *b, uint64_t client)
{
    uint16_t tag = tag_of(client);
    unsigned way;

    for (way = 0; way < MLG_WAYS; way++) {
        if (__atomic_load_n(&b->tag[way], __ATOMIC_RELAXED) == tag &&
            client_at(b, way) == client) {
            break;
        }
    }
    return way;
}

static unsigned rank_of(const mlg_bucket_t *b, unsigned way)
{
    return b->rank[way] ^ way;
}

/* The sixteen ranks as one vector. */
typedef uint8_t ranks_t __attribute__((vector_size(MLG_WAYS)));
static const ranks_t ways = {0, 1, 2,  3,  4,  5,  6,  7,
                             8, 9, 10, 11, 12, 13, 14, 15};

/* Move a way to rank `to`; those between move over by one. */
static void move_to(mlg_bucket_t *b, unsigned way, unsigned to)
{
    unsigned from = rank_of(b, way);
    ranks_t ranks;

    if (from == to) {
        return;
    }
    memcpy(&ranks, b->rank, sizeof(ranks));
    ranks ^= ways;
    /* a vector comparison is -1 where it holds */
    ranks += (ranks_t)((ranks <= (uint8_t)to) & (ranks > (uint8_t)from)) -
             (ranks_t)((ranks >= (uint8_t)to) & (ranks < (uint8_t)from));
    ranks[way] = (uint8_t)to;
    ranks ^= ways;
    memcpy(b->rank, &ranks, sizeof(ranks));
}

/* The way that a newcomer gets: an empty one, else the last in rank. */
static unsigned victim_of(const mlg_bucket_t *b)
{
    unsigned victim = 0;

    for (unsigned way = 0; way < MLG_WAYS; way++) {
        if (client_at(b, way) == 0) {
            return way;
        }
        if (rank_of(b, way) == MLG_WAYS - 1) {
            victim = way;
        }
    }
    return victim;
}

mlg_record_t *mlg_table_find(const mlg_table_t *t, uint64_t client)
{
    mlg_bucket_t *b = bucket_of(t, client);
    unsigned way = find_way(b, client);

    return (way < MLG_WAYS) ? &b->record[way] : NULL;
}

static void set_busy(mlg_stripe_t *stripe, uint32_t busy)
{
    __atomic_store_n(&stripe->busy, busy, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* a kill is not a thread */
}

mlg_record_t *mlg_table_get(const mlg_table_t *t, mlg_stripe_t *stripe,
                            uint64_t client, apr_time_t at_us,
                            mlg_record_t *own, mlg_got_t *got)
{
    mlg_bucket_t *b = bucket_of(t, client);
    unsigned way = find_way(b, client);

    got->is_new = (way == MLG_WAYS);
    got->has_evicted = 0;
    if (got->is_new) {
        way = victim_of(b);
        got->has_evicted = (client_at(b, way) != 0);
    }
    set_busy(stripe,
             (uint32_t)((client & t->bucket_mask) * MLG_WAYS + way + 1));
    if (got->is_new) {
        mlg_record_init(own, client, at_us);
        /* a reader that still matches the old tag sees the new client */
        mlg_record_publish(&b->record[way], own);
        __atomic_store_n(&b->tag[way], tag_of(client), __ATOMIC_RELAXED);
        move_to(b, way, MLG_WAYS - 1);
        move_to(b, way, MLG_WAYS_PROTECTED);
    }
    else {
        if (!mlg_record_copy(own, &b->record[way])) {
            mlg_record_init(own, client, at_us); /* its last writer died */
        }
        move_to(b, way, 0);
    }
    return &b->record[way];
}

/* Is a worth more than b to whoever has to forget one? */
static int is_better(const mlg_record_t *a, const mlg_record_t *b)
{
    int has_returned = a->total > 1;

    return (has_returned != (b->total > 1)) ? has_returned
                                            : a->last_us > b->last_us;
}

int mlg_table_enter(const mlg_table_t *t, const mlg_record_t *record)
{
    mlg_bucket_t *b = bucket_of(t, record->client);
    unsigned way = victim_of(b);
    unsigned rank = 0;

    if (find_way(b, record->client) < MLG_WAYS ||
        (client_at(b, way) != 0 && !is_better(record, &b->record[way]))) {
        return 0;
    }
    for (unsigned other = 0; other < MLG_WAYS; other++) {
        rank += (client_at(b, other) != 0 && other != way &&
                 is_better(&b->record[other], record));
    }
    mlg_record_publish(&b->record[way], record);
    __atomic_store_n(&b->tag[way], tag_of(record->client), __ATOMIC_RELAXED);
    move_to(b, way, rank);
    return 1;
}

void mlg_table_done(mlg_stripe_t *stripe)
{
    set_busy(stripe, 0);
}

/* Put ranks that a dead writer left half moved back in order: by what they
 * say, then by way, so that an intact order stays as it was. */
static void mend_ranks(mlg_bucket_t *b)
{
    unsigned order[MLG_WAYS];
    unsigned n = 0;

    for (unsigned rank = 0; rank < 256 && n < MLG_WAYS; rank++) {
        for (unsigned way = 0; way < MLG_WAYS; way++) {
            if (rank_of(b, way) == rank) {
                order[n++] = way;
            }
        }
    }
    for (unsigned rank = 0; rank < MLG_WAYS; rank++) {
        b->rank[order[rank]] = (uint8_t)(rank ^ order[rank]);
    }
}

int mlg_table_repair(const mlg_table_t *t, mlg_stripe_t *stripe)
{
    uint32_t slot = __atomic_load_n(&stripe->busy, __ATOMIC_ACQUIRE) - 1;
    mlg_record_t empty;
    mlg_bucket_t *b;

    if (slot == UINT32_MAX) {
        return 0;
    }
    if (slot / MLG_WAYS <= t->bucket_mask) {
        b = &t->bucket[slot / MLG_WAYS];
        memset(&empty, 0, sizeof(empty));
        mlg_record_publish(&b->record[slot % MLG_WAYS], &empty);
        __atomic_store_n(&b->tag[slot % MLG_WAYS], 0, __ATOMIC_RELAXED);
        mend_ranks(b);
    }
    set_busy(stripe, 0);
    return 1;
}

void mlg_table_watch(mlg_stripe_t *stripe, const mlg_watched_t *seen)
{
    mlg_watched_t *place = NULL;

    for (unsigned i = 0; i < MLG_WATCHED; i++) {
        mlg_watched_t *w = &stripe->watch[i];

        if (memcmp(w->key.b, seen->key.b, sizeof(w->key.b)) == 0) {
            *w = *seen;
            return;
        }
        if (w->at_us + QUIET_US < seen->at_us || w->score < seen->score) {
            if (place == NULL || w->score < place->score) {
                place = w;
            }
        }
    }
    if (place != NULL) {
        *place = *seen;
    }
}

static apr_status_t check_bucket(const mlg_table_t *t, uint32_t n,
                                 mlg_fault_t *fault)
{
    const mlg_bucket_t *b = &t->bucket[n];
    unsigned ranks = 0;

    for (unsigned way = 0; way < MLG_WAYS; way++) {
        uint64_t client = b->record[way].client;

        ranks |= 1u << (rank_of(b, way) & 31);
        if ((b->record[way].seq & 1) != 0) {
            return mlg_fault(fault, 5, "a record is half written");
        }
        if (client == 0) {
            continue;
        }
        if ((client & t->bucket_mask) != n) {
            return mlg_fault(fault, 2, "a record lies in the wrong bucket");
        }
        if (b->tag[way] != tag_of(client)) {
            return mlg_fault(fault, 3, "a tag does not match its record");
        }
        if (find_way(b, client) != way) {
            return mlg_fault(fault, 4, "a client has two records");
        }
    }
    if (ranks != 0xffff) {
        return mlg_fault(fault, 1, "ranks are not a permutation of 0..15");
    }
    return APR_SUCCESS;
}

apr_status_t mlg_table_check(const mlg_table_t *t, mlg_fault_t *fault)
{
    apr_status_t rv = APR_SUCCESS;

    for (unsigned s = 0; s < MLG_STRIPES; s++) {
        if (t->stripe[s].busy != 0) {
            return mlg_fault(fault, 5, "a stripe is marked busy");
        }
    }
    for (uint32_t n = 0; n <= t->bucket_mask && rv == APR_SUCCESS; n++) {
        rv = check_bucket(t, n, fault);
    }
    return rv;
}
