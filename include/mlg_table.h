/* SPDX-License-Identifier: Apache-2.0
 *
 * The client table: 16-way set-associative, segmented LRU, of fixed size.
 *
 *     bucket = [ tag line: u16 tag[16], u8 rank[16] | record 0 | .. | 15 ]
 *
 * A client's hash names its bucket; insert, find and eviction look at that one
 * bucket and never further, so nobody can make them slow. The 16 ways are in
 * one order of recency: ranks 0..11 are protected, 12..15 are on probation. A
 * newcomer enters at rank 12 and pushes out whoever is at 15; a client that
 * comes back moves to rank 0 and lets the one at 11 slide into probation. So
 * addresses that come once only ever displace each other.
 *
 * Stripe s covers the buckets whose number is s modulo 256, and the block
 * lines likewise: one client's record and block are under one lock.
 *
 * Who may touch what
 *   tag, rank, records   read by anyone, records through mlg_record_copy();
 *                        written while holding the bucket's stripe
 *   stripe.busy, .watch  while holding the stripe
 *   stripe.events        read by anyone; counted while holding the stripe
 *
 * Invariants, verified by mlg_table_check() under these numbers
 *   I1  the ranks of a bucket are a permutation of 0..15
 *   I2  a record that is in use lies in the bucket its hash names
 *   I3  the tag of a record in use is the top 16 bits of its hash
 *   I4  a client has one record in its bucket, not two
 *   I5  while no one holds a stripe and none died in it, busy is 0 and every
 *       record's seq is even
 *
 * A process that dies inside leaves `busy` naming the record it wrote; the
 * next holder empties that record and puts the ranks in order. Forgetting is
 * safe, believing a torn record is not.
 *
 * Pure: no clock, no allocation; the caller holds the locks. All-zero bytes
 * are a valid, empty table.
 */
#ifndef MLG_TABLE_H
#define MLG_TABLE_H

#include "mlg_lock.h"
#include "mlg_record.h"

#define MLG_WAYS           16
#define MLG_WAYS_PROTECTED 12
#define MLG_STRIPES        256
#define MLG_WATCHED        2 /* suspicious clients remembered per stripe */

/* A client worth an operator's look: the records hold no addresses. */
typedef struct mlg_watched_t {
    mlg_key_t key;
    int64_t at_us;  /* latest request; 0 = empty */
    float score;    /* the latest */
    uint32_t total; /* requests */
} mlg_watched_t;

typedef struct MLG_CAPABILITY mlg_stripe_t {
    _Alignas(MLG_CACHELINE) uint32_t busy; /* record being written + 1, or 0 */
    uint32_t spare;
    uint64_t events; /* arrivals, outcomes and orders so far, in their order;
                        read by anyone, counted while holding the stripe */
    mlg_watched_t watch[MLG_WATCHED];
} mlg_stripe_t;

typedef struct mlg_bucket_t {
    _Alignas(MLG_CACHELINE) uint16_t tag[MLG_WAYS];
    uint8_t rank[MLG_WAYS]; /* XOR the way, so that zeroes are in order */
    uint8_t spare[MLG_WAYS];
    mlg_record_t record[MLG_WAYS];
} mlg_bucket_t;

static_assert(sizeof(mlg_stripe_t) == 2 * MLG_CACHELINE,
              "a stripe is two lines");
static_assert(offsetof(mlg_bucket_t, record) == MLG_CACHELINE,
              "tags and ranks share one line");

/* A process's view of the table in the segment. */
typedef struct mlg_table_t {
    mlg_bucket_t *bucket; /* shape [bucket_mask + 1], borrowed */
    mlg_stripe_t *stripe; /* shape [MLG_STRIPES], borrowed */
    uint32_t bucket_mask; /* buckets - 1; buckets a power of two >= 256 */
} mlg_table_t;

/** The stripe that covers a client. @return 0..MLG_STRIPES - 1 */
static inline unsigned mlg_stripe_of(uint64_t client)
{
    return (unsigned)(client % MLG_STRIPES);
}

/** Fetch ahead what a later mlg_table_* call for this client will read. */
static inline void mlg_table_prefetch(const mlg_table_t *t, uint64_t client)
{
    __builtin_prefetch(&t->bucket[client & t->bucket_mask]);
}

/** How many events a stripe has seen: a caller that holds it has the number of
 * its own, the latest. */
static inline uint64_t mlg_stripe_events(const mlg_stripe_t *stripe)
{
    return __atomic_load_n(&stripe->events, __ATOMIC_ACQUIRE);
}

/** Number one more event. */
static inline void mlg_stripe_count(mlg_stripe_t *stripe) MLG_REQUIRES(stripe)
{
    __atomic_store_n(&stripe->events, stripe->events + 1, __ATOMIC_RELEASE);
}

/** Tell the compiler that the caller has the stripe. Does nothing. */
static inline void mlg_stripe_assume(mlg_stripe_t *stripe) MLG_ASSERTS(stripe)
{
    (void)stripe;
}

/** Find a client's record, changing nothing.
 *
 * @return record in the table, to be read with mlg_record_copy() and checked
 *         for `client` again; NULL when the client is not there
 */
mlg_record_t *mlg_table_find(const mlg_table_t *t, uint64_t client);

/** What a mlg_table_get() had to do. */
typedef struct mlg_got_t {
    int is_new;      /* the client had no record */
    int has_evicted; /* another client lost its record for it */
} mlg_got_t;

/** Find or make a client's record and move it to the front. Sets `busy`;
 * the caller publishes and then clears it with mlg_table_done().
 *
 * @param own  filled with a copy of the record, or an empty one
 * @return record in the table, to publish to
 */
mlg_record_t *mlg_table_get(const mlg_table_t *t, mlg_stripe_t *stripe,
                            uint64_t client, apr_time_t at_us,
                            mlg_record_t *own, mlg_got_t *got)
    MLG_REQUIRES(stripe);

/** The record named by `busy` is whole again. */
void mlg_table_done(mlg_stripe_t *stripe) MLG_REQUIRES(stripe);

/** Enter a whole record, while nobody else uses the table. Those of a bucket
 * get their order by what they say: who came more than once goes before who
 * came once, then the latest first.
 *
 * @param record  its client not 0
 * @return 1; 0 when its client has one already or the bucket is full of better
 *         ones
 */
int mlg_table_enter(const mlg_table_t *t, const mlg_record_t *record);

/** After taking a stripe: repair what a dead holder left half done.
 *
 * @return 1 when a record had to be emptied
 */
int mlg_table_repair(const mlg_table_t *t, mlg_stripe_t *stripe)
    MLG_REQUIRES(stripe);

/** Remember a suspicious client for operators, if it is more so than one of
 * the stripe's remembered ones or they have been quiet for 5 minutes. */
void mlg_table_watch(mlg_stripe_t *stripe, const mlg_watched_t *seen)
    MLG_REQUIRES(stripe);

/** Verify I1-I5 over the whole table, while nobody writes.
 *
 * @param fault  on failure the invariant's number and where; may be NULL
 * @return APR_SUCCESS or MLG_EBROKEN
 */
apr_status_t mlg_table_check(const mlg_table_t *t, mlg_fault_t *fault);

#endif /* MLG_TABLE_H */
