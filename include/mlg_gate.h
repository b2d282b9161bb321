/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate: one segment of memory and the calls that every user makes on it.
 * In httpd the segment is shared by all processes; in mlgatectl and in tests
 * it is a block of ordinary memory.
 *
 *     [ header | locks | stripes | counters | ring | members | disputes | networks |
 *       peers | places | calibration | the shadow's | site |
 *       swarms | block lines |
 *       block info | client table ]
 *
 * A request takes this way: mlg_gate_check() before anything else (is the
 * client blocked?), mlg_judge() once when it is known where the request goes,
 * mlg_settle() when it has been answered.
 *
 * Pure: no clock, no allocation, and no lock of its own: the caller says
 * whether it holds the client's stripe. With it, what was seen is recorded;
 * without it, the request is judged just the same from a copy, and the update
 * is skipped and counted.
 */
#ifndef MLG_GATE_H
#define MLG_GATE_H

#include "mlg_block.h"
#include "mlg_calibration.h"
#include "mlg_cidr.h"
#include "mlg_counters.h"
#include "mlg_decision.h"
#include "mlg_dispute.h"
#include "mlg_popularity.h"
#include "mlg_site.h"
#include "mlg_sketch.h"

#define MLG_SEGMENT_MAGIC  0x31304745534C474Dull /* "MGLSEG01" in memory */
#define MLG_SEGMENT_LAYOUT 10 /* bump on any change of layout */

#define MLG_CLIENTS_MIN 4096u
#define MLG_CLIENTS_MAX (16u << 20)

/* Which model is in force, and since when, over restarts. */
typedef struct mlg_reign_t {
    uint64_t id;      /* of the forest; 0: weights */
    int64_t since_us; /* microseconds since the epoch; 0 = none is */
} mlg_reign_t;

/* What a segment began with. */
typedef enum mlg_took_over {
    MLG_TOOK_NOTHING,
    MLG_TOOK_ALL,   /* of another segment, as it was: the table was resized */
    MLG_TOOK_FINAL, /* what a server wrote down when it stopped */
    MLG_TOOK_SOME   /* what it had written down before it was killed */
} mlg_took_over;

typedef struct mlg_segment_t {
    uint64_t magic;
    uint32_t layout;
    uint32_t record_bytes;
    uint64_t features;    /* mlg_features_fingerprint() */
    uint64_t bytes;       /* of the whole segment */
    uint32_t clients;     /* size of the client table */
    uint32_t generation;  /* times attached by a (re)started server */
    uint32_t ipv6_prefix; /* of the clients in the tables; 0 = not said yet */
    uint32_t took_over;   /* mlg_took_over */
    int64_t begun_us;     /* when this memory was made: names the segment */
    int64_t formatted_us; /* when counting began, over stops; microseconds
                             since the epoch */
    int64_t clock_us;     /* the caller's, who keeps time */
    int64_t from_us;      /* `begun_us` of the segment that it took over */
    mlg_reign_t model;    /* that judges */
    mlg_reign_t shadow;   /* that scores beside it */
    mlg_secret_t secret;
} mlg_segment_t;

/* Room for one mutex per stripe, whatever the caller's mutexes are. */
typedef struct mlg_lock_room_t {
    _Alignas(MLG_CACHELINE) unsigned char bytes[MLG_CACHELINE];
} mlg_lock_room_t;

/* A process's view of the segment: pointers into it and nothing else. */
typedef struct mlg_gate_t {
    mlg_segment_t *segment;
    mlg_lock_room_t *lock; /* shape [MLG_STRIPES]; the caller's */
    mlg_shard_t *counters; /* shape [MLG_COUNTER_SHARDS] */
    mlg_ring_t *ring;
    mlg_ring_t *members; /* who was refused for their swarm, or would have
                            been: apart, for they are many */
    mlg_disputes_t *disputes;
    mlg_sketch_t networks; /* pages per /24 or /48, 10 s */
    mlg_sketch_t peers;    /* peers that spoke for others, one day */
    mlg_popularity_t places;
    mlg_calibration_t *calibration;
    mlg_calibration_t *shadow_calibration;
    mlg_site_t *site;
    mlg_swarms_t *swarms;
    mlg_blocks_t blocks;
    mlg_table_t table;
} mlg_gate_t;

/** How much memory a gate for so many clients takes.
 *
 * @param clients  rounded up to a power of two, at least MLG_CLIENTS_MIN and
 *                 at most MLG_CLIENTS_MAX
 * @return bytes; 296 per client and 11 MB
 */
size_t mlg_segment_bytes(uint32_t clients);

/** Make a fresh, empty segment. Once, before any process shares it.
 *
 * @param base     mlg_segment_bytes(clients) bytes, all zero, aligned to
 *                 MLG_CACHELINE; owned by the caller
 * @param secret   random bytes that nobody else knows
 * @param now_us   microseconds since the epoch
 */
void mlg_segment_format(void *base, uint32_t clients,
                        const mlg_secret_t *secret, apr_time_t now_us);

/** View a formatted segment.
 *
 * @param gate   filled on success; borrows `base`
 * @param bytes  length of the memory at base; anything may stand there
 * @param fault  what is wrong; may be NULL
 * @return APR_SUCCESS, MLG_ENOTSEG, MLG_ELAYOUT or MLG_ESHAPE
 */
apr_status_t mlg_segment_view(mlg_gate_t *gate, void *base, size_t bytes,
                              mlg_fault_t *fault);

/* Where a client stands before its request is looked at. */
typedef struct mlg_standing_t {
    mlg_verdict verdict; /* UNSET: to be judged; else ALLOW, GRACE, REFUSE or
                            WOULD_REFUSE */
    apr_time_t until_us; /* of its block, 0 = none */
    uint32_t slot;       /* of its block, when until_us is set */
} mlg_standing_t;

/** Look a client up: allow-listed, else in grace, else blocked. Lock-free.
 * Precedence is allow > exempt > grace > blocked > judged; an exemption is the
 * caller's to evaluate when this says REFUSE.
 *
 * @return WOULD_REFUSE for an automatic block met under observe and for a
 *         conviction made there; those requests are judged all the same
 */
mlg_standing_t mlg_gate_check(const mlg_gate_t *gate, const mlg_rules_t *rules,
                              const mlg_client_t *client, apr_time_t now_us);

/** Judge one request: the one call that every user makes.
 *
 * @param arrival  borrowed for the call
 * @param held     the client's stripe (mlg_stripe_of()), held by the caller;
 *                 NULL when it could not be had
 * @param d        filled
 */
void mlg_judge(const mlg_gate_t *gate, const mlg_rules_t *rules,
               const mlg_arrival_t *arrival, mlg_stripe_t *held,
               mlg_decision_t *d);

/** Could this request count in cohorts, as its client's first page, or be
 * refused for them? If so, hash what it has in common with others
 * (mlg_request_cohorts()). Lock-free.
 *
 * @param a  filled but for that
 */
int mlg_gate_asks_cohorts(const mlg_gate_t *gate, const mlg_arrival_t *a);

/** Refuse a request because of its client's standing, and count it.
 *
 * @param standing  verdict REFUSE
 * @param d         filled as mlg_judge() would
 */
void mlg_refuse(const mlg_gate_t *gate, const mlg_rules_t *rules,
                const mlg_client_t *client, apr_time_t now_us,
                const mlg_standing_t *standing, mlg_decision_t *d);

/** Fold an outcome into its client's record, and let the site learn from it.
 * Only for arrivals whose decision says `is_recorded`.
 *
 * @param arrival  as it was judged
 * @param held     as for mlg_judge(); NULL skips the update and counts that
 */
void mlg_settle(const mlg_gate_t *gate, const mlg_arrival_t *arrival,
                const mlg_outcome_t *outcome, mlg_stripe_t *held);

/** How rare it is on this site what a client asks for, as observed when the
 * arrival says so, else as known now.
 *
 * @param own  the client's record with the arrival folded in
 * @return as mlg_popularity_rarity()
 */
uint32_t mlg_gate_rarity(const mlg_gate_t *gate, const mlg_record_t *own,
                         const mlg_arrival_t *arrival);

/** An operator's order: block (OPERATOR) or unblock with grace (GRACE).
 *
 * @param kind      MLG_BLOCK_OPERATOR or MLG_BLOCK_GRACE
 * @param client    its `key` and `hash` are read
 * @param note      the operator's reason, cut to fit; may be NULL
 * @param was       filled with the entry it replaces, kind NONE when there was
 *                  none alive; may be NULL
 * @return APR_SUCCESS or MLG_EFULL
 */
apr_status_t mlg_order(const mlg_gate_t *gate, mlg_block_kind kind,
                       const mlg_client_t *client, apr_time_t now_us,
                       apr_time_t until_us, const char *note,
                       mlg_stripe_t *held, mlg_block_t *was) MLG_REQUIRES(held);

/** Note which models are in force from now on. What was counted of a shadow
 * counts for this pair of models alone. Not while another process does it.
 *
 * @param model   id of the forest that judges; 0: weights
 * @param shadow  id of the shadow likewise; NULL: there is none
 */
void mlg_gate_crown(const mlg_gate_t *gate, uint64_t model,
                    const uint64_t *shadow, apr_time_t now_us);

#endif /* MLG_GATE_H */
