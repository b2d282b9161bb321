/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is blocked, until when, and why. Apart from the client table, so that
 * no amount of new addresses can push a block out.
 *
 *     line = [ client, word | client, word | client, word | client, word ]
 *     word = overflow:1 | told:1 | until, us since the epoch:52 | kind:3
 *
 * The question "is this client blocked?" reads one cache line without a lock.
 * A client's line is named by its hash; when all four slots of a line hold
 * entries that are live, or whose end is still to be reported, the next entry
 * goes to the line 256 further on (the same stripe), at most eight lines far,
 * and the full line is marked overflowed so that readers follow. An entry that
 * is over and reported (`told`) stays, to remember how often its client
 * offended, until someone else needs the slot. When there is no such entry in
 * eight lines, an end is lost unreported; when they are full of live entries, a
 * block is not recorded: its client is then judged and refused request by
 * request.
 *
 * Who may touch what
 *   lines   read by anyone; written while holding the client's stripe, but for
 *           `overflow` and `told`, which anyone sets
 *   info    `refused` is added to by anyone; the rest while holding the stripe
 *
 * Pure: no clock, no allocation; the caller holds the locks. All-zero bytes
 * are a valid, empty table.
 */
#ifndef MLG_BLOCK_H
#define MLG_BLOCK_H

#include "mlg_policy.h"
#include "mlg_table.h"

#define MLG_BLOCK_SLOTS 4
#define MLG_BLOCK_LINES 8 /* lines an entry may lie away from its own */
#define MLG_BLOCK_NOTE  40

typedef enum mlg_block_kind {
    MLG_BLOCK_NONE,
    MLG_BLOCK_WOULD,    /* convicted while observing: refused nowhere */
    MLG_BLOCK_AUTO,     /* convicted while enforcing */
    MLG_BLOCK_OPERATOR, /* blocked by hand: refused wherever the gate is on */
    MLG_BLOCK_GRACE     /* unblocked by hand: not judged while it lasts */
} mlg_block_kind;

typedef struct mlg_block_slot_t {
    uint64_t client; /* 0 = never used */
    uint64_t word;
} mlg_block_slot_t;

typedef struct mlg_block_line_t {
    _Alignas(MLG_CACHELINE) mlg_block_slot_t slot[MLG_BLOCK_SLOTS];
} mlg_block_line_t;

/* What an operator wants to know of an entry; beside each slot. */
typedef struct mlg_block_info_t {
    mlg_key_t key;
    int64_t since_us;
    uint64_t decision; /* reference ID */
    uint32_t refused;  /* requests refused, or that would have been */
    uint32_t offences; /* this one included */
    float score;       /* NaN: not judged, an operator's order */
    uint32_t nreasons;
    mlg_reason_t reason[MLG_NREASONS];
    char note[MLG_BLOCK_NOTE]; /* an operator's reason, NUL-terminated */
    uint8_t spare[4];
} mlg_block_info_t;

static_assert(sizeof(mlg_block_line_t) == MLG_CACHELINE,
              "a look-up is one line");
static_assert(sizeof(mlg_block_info_t) == 2 * MLG_CACHELINE, "two lines");

typedef struct mlg_blocks_t {
    mlg_block_line_t *line; /* shape [line_mask + 1], borrowed */
    mlg_block_info_t *info; /* shape [(line_mask + 1) * 4], borrowed */
    uint32_t line_mask;     /* lines - 1; lines a power of two >= 256 */
} mlg_blocks_t;

/* One entry, copied out. */
typedef struct mlg_block_t {
    mlg_block_kind kind;
    int is_told; /* its end was reported */
    uint64_t client;
    apr_time_t until_us;
    mlg_block_info_t info;
} mlg_block_t;

/** Is there a live entry for this client? Lock-free.
 *
 * @param until_us  set when there is; may be NULL
 * @param slot      set to its number when there is; may be NULL
 * @return its kind, MLG_BLOCK_NONE when there is none or it is over
 */
mlg_block_kind mlg_block_find(const mlg_blocks_t *b, uint64_t client,
                              apr_time_t now_us, apr_time_t *until_us,
                              uint32_t *slot);

/** Copy out a client's entry, live or over.
 *
 * @param stripe  the client's, held
 * @return 1 when there is one
 */
int mlg_block_latest(const mlg_blocks_t *b, uint64_t client, mlg_block_t *out,
                     const mlg_stripe_t *stripe) MLG_REQUIRES(stripe);

/** Count a refusal against an entry. Lock-free. */
void mlg_block_count(const mlg_blocks_t *b, uint32_t slot);

/** How often was this client blocked before? Remembered while its entry stays,
 * at most 24 h after it was over. What was only observed counts for what is
 * only observed, and an operator's unblock wipes the slate.
 *
 * @param kind  of the entry that is to follow
 */
unsigned mlg_block_offences(const mlg_blocks_t *b, uint64_t client,
                            mlg_block_kind kind, apr_time_t now_us);

/** Enter or replace a client's entry.
 *
 * @param entry   kind, client, until_us and info, the latter's `refused` 0
 * @param stripe  the client's, held
 * @return APR_SUCCESS or MLG_EFULL
 */
apr_status_t mlg_block_put(const mlg_blocks_t *b, const mlg_block_t *entry,
                           apr_time_t now_us, mlg_stripe_t *stripe)
    MLG_REQUIRES(stripe);

/** Copy out slot `n` if it holds an entry, live or over; for lists and sweeps.
 * Hold the slot's stripe (mlg_block_stripe()) for a copy that is whole.
 *
 * @return 1 when it does
 */
int mlg_block_read(const mlg_blocks_t *b, uint32_t n, mlg_block_t *out);

/** The next slot from `n` on whose block is over and was not told; grace is no
 * block. By the entry itself, not by a span of time: one that was entered late,
 * could not be read, or whose reporter died, is met again. Lock-free, a few
 * instructions a slot.
 *
 * @return its number; mlg_block_slots() when there is none
 */
uint32_t mlg_block_next_ended(const mlg_blocks_t *b, uint32_t n,
                              apr_time_t now_us);

/** The end of a block was reported: remember it, unless another entry has taken
 * its place. Lock-free.
 *
 * @param block  as it was read
 */
void mlg_block_tell(const mlg_blocks_t *b, const mlg_block_t *block);

/** @return slots, for mlg_block_read() */
uint32_t mlg_block_slots(const mlg_blocks_t *b);

/** @return the stripe that covers slot `n` */
unsigned mlg_block_stripe(uint32_t n);

/** Entries live now, by kind: one pass over the lines, lock-free.
 *
 * @param count  filled, shape [MLG_BLOCK_GRACE + 1]
 */
void mlg_block_census(const mlg_blocks_t *b, apr_time_t now_us,
                      uint32_t count[MLG_BLOCK_GRACE + 1]);

/** @return a constant word: "would-block", "block", "operator", "grace" */
const char *mlg_block_kind_name(mlg_block_kind kind);

#endif /* MLG_BLOCK_H */
