/* SPDX-License-Identifier: Apache-2.0
 *
 * What a gate knows, as a stream of pieces: written into a file while others
 * use the gate, or into a table of another size; and read from there into a
 * fresh segment, whatever its size. conf/mlg-state.md is the format byte by
 * byte.
 *
 *     HEAD | BLOK.. | arrays.. | RECO.. | END
 *     piece = [ tag, version, item bytes, items, first item, check | items ]
 *
 * A piece is at most MLG_STATE_PIECE bytes, so nobody needs memory for the
 * whole. Its check is XXH3 of it, seeded with the check of the piece before:
 * what is damaged, cut short, moved or left out is found. It proves nothing
 * against one who writes a file on purpose; such a one can make the gate
 * forget, block and let pass whom they like, but not read or write outside the
 * segment, loop, or make a block last longer than 30 days.
 *
 * Times go by the gate's clock (src/httpd/clock.c), which never steps; the
 * file says besides what the wall clock said. Between writing and reading that
 * much time has passed as the wall clock says (of more than five weeks: five and
 * what is over whole weeks), and never less than none: a
 * block never lasts longer than was left of it when it was written.
 *
 * A piece that this build has no place for, or whose items have another version
 * or size, is left out and counted: records of another build are forgotten,
 * its blocks are not.
 *
 * Pure: no clock, no allocation, no lock of its own: while others use the gate,
 * the caller's stripes are taken for one block at a time.
 */
#ifndef MLG_STATE_H
#define MLG_STATE_H

#include "mlg_gate.h"

#define MLG_STATE_MAGIC  0x31304554414C474Dull /* "MGLATE01" in memory */
#define MLG_STATE_FORMAT 1u /* of heads and pieces; items have their own */
#define MLG_STATE_PIECE  65536u

/* Whoever was not seen for so long has empty windows, and is forgotten. */
#define MLG_STATE_KEEP_US (2 * MLG_SLOW_PANE_S * (int64_t)APR_USEC_PER_SEC)

#define MLG_STATE_TAG(a, b, c, d)                                              \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 |                \
     (uint32_t)(d) << 24)

/* How the items of an array may be copied while others write them. */
#define MLG_STATE_WORDS 0 /* each 64-bit word by itself is whole */
#define MLG_STATE_SLOTS 1 /* each begins with its sequence number */

/* The fixed arrays of the segment: tag, version of the items' meaning, how they
 * are copied, of type, where in `gate`, how many. One more array of the
 * segment is one more line here; readers that do not know it leave it out. */
/* clang-format off */
#define MLG_STATE_ARRAYS(X)                                                    \
    X(('S','I','T','E'), 1, WORDS, mlg_site_t, gate->site, 1)                  \
    X(('C','A','L','I'), 1, WORDS, uint64_t, gate->calibration,                \
      sizeof(mlg_calibration_t) / sizeof(uint64_t))                            \
    X(('S','C','A','L'), 1, WORDS, uint64_t, gate->shadow_calibration,         \
      sizeof(mlg_calibration_t) / sizeof(uint64_t))                            \
    X(('S','W','R','M'), 2, WORDS, uint64_t, gate->swarms,                     \
      sizeof(mlg_swarms_t) / sizeof(uint64_t))                                 \
    X(('P','L','A','C'), 1, WORDS, uint64_t, gate->places.words,               \
      gate->places.mask + 1)                                                   \
    X(('C','L','N','T'), 1, WORDS, uint64_t, gate->places.site, 1)             \
    X(('N','E','T','S'), 1, WORDS, uint64_t, gate->networks.words,             \
      gate->networks.mask + 1)                                                 \
    X(('P','E','E','R'), 1, WORDS, uint64_t, gate->peers.words,                \
      gate->peers.mask + 1)                                                    \
    X(('C','O','U','N'), MLG_NCOUNTERS << 8 | MLG_SCORE_BUCKETS, WORDS,        \
      mlg_shard_t, gate->counters, MLG_COUNTER_SHARDS)                         \
    X(('D','I','S','0'), 1, WORDS, uint64_t, gate->disputes,                   \
      MLG_SHADOW_COUNTS + 1)                                                   \
    X(('D','I','S','P'), 1, SLOTS, mlg_dispute_place_t, gate->disputes->place, \
      MLG_DISPUTES)                                                            \
    X(('R','I','N','0'), 1, WORDS, uint64_t, &gate->ring->next, 1)             \
    X(('R','I','N','G'), (uint32_t)mlg_features_fingerprint(), SLOTS,          \
      mlg_ring_slot_t, gate->ring->slot, MLG_DECISIONS)                        \
    X(('M','E','M','0'), 1, WORDS, uint64_t, &gate->members->next, 1)          \
    X(('M','E','M','B'), (uint32_t)mlg_features_fingerprint(), SLOTS,          \
      mlg_ring_slot_t, gate->members->slot, MLG_DECISIONS)
/* clang-format on */

typedef struct mlg_state_piece_t {
    uint32_t tag;
    uint32_t version; /* of its items */
    uint32_t item_bytes;
    uint32_t items;
    uint64_t first; /* number of the first one; 0 but for arrays */
    uint64_t check;
} mlg_state_piece_t;

/* What is written. */
typedef enum mlg_state_part {
    MLG_STATE_ALL = 1,
    MLG_STATE_BLOCKS /* HEAD, BLOK, END: cheap enough for every few seconds */
} mlg_state_part;

typedef struct mlg_state_head_t {
    uint64_t magic;
    uint32_t format;
    uint32_t part;        /* mlg_state_part */
    int64_t written_us;   /* by the gate's clock */
    int64_t wall_us;      /* by the wall clock */
    int64_t begun_us;     /* of the segment; names it */
    int64_t formatted_us; /* as in mlg_segment_t, and so on */
    int64_t spare0;
    mlg_secret_t secret;
    uint64_t features;
    uint32_t ipv6_prefix;
    uint32_t clients;
    uint32_t is_final; /* nobody used the segment any more */
    uint32_t spare;
    mlg_reign_t model;
    mlg_reign_t shadow;
} mlg_state_head_t;

/* An entry of the block table. */
typedef struct mlg_state_block_t {
    uint64_t client;
    int64_t until_us;
    uint32_t kind;
    uint32_t is_told; /* its end was reported */
    mlg_block_info_t info;
} mlg_state_block_t;

/* The last piece: what there should have been. */
typedef struct mlg_state_end_t {
    uint64_t pieces; /* before this one */
    uint64_t blocks;
    uint64_t records;
} mlg_state_end_t;

static_assert(sizeof(mlg_state_piece_t) == 32, "a piece begins with 32 bytes");
static_assert(sizeof(mlg_state_head_t) == 128, "as conf/mlg-state.md has it");
static_assert(sizeof(mlg_state_block_t) == 152, "as conf/mlg-state.md has it");

/* Writing. Set the first group, zero the rest. */
typedef struct mlg_state_writer_t {
    const mlg_gate_t *gate; /* borrowed */
    mlg_state_part part;
    apr_time_t now_us;    /* by the gate's clock */
    apr_time_t wall_us;   /* by the wall clock */
    apr_time_t oldest_us; /* clients not seen since are left out; 0: none is */
    int is_final;
    /* Take the stripe of a block that is copied; may find it busy and return
     * NULL: then its texts may be of two blocks of one client. NULL: nobody
     * else uses the gate, or that is put up with. */
    mlg_stripe_t *(*take)(unsigned stripe);
    void (*drop)(mlg_stripe_t *stripe);

    unsigned section;
    uint64_t at; /* slot or item that comes next */
    uint64_t chain;
    mlg_state_end_t end;
} mlg_state_writer_t;

/** Write the next piece.
 *
 * @param out  room for MLG_STATE_PIECE bytes, aligned to 8
 * @return its length; 0: there is no more
 */
size_t mlg_state_write(mlg_state_writer_t *w, void *out);

/* Reading. Zero it with mlg_state_read_begin(). */
typedef struct mlg_state_reader_t {
    const mlg_gate_t *gate; /* NULL: only look whether it is sound */
    apr_time_t wall_us;     /* by the wall clock, now */
    apr_interval_time_t keep_us;

    mlg_state_head_t head; /* once a piece was read */
    apr_time_t now_us;     /* by the gate's clock, now; likewise */
    uint64_t chain;
    uint64_t offset; /* bytes read */
    mlg_state_end_t read;
    uint64_t clients; /* whose records were taken */
    uint64_t dropped; /* clients and blocks that were too old */
    uint64_t full;    /* that found no room */
    uint64_t left;    /* items that this build has no place for */
    int has_counters;
    int is_ended;
} mlg_state_reader_t;

/** Begin to read.
 *
 * @param gate     a fresh segment that nobody uses yet; NULL: only check
 * @param wall_us  by the wall clock, now; of a longer stop than five weeks, when
 *                 nothing is left that ends, only the hour of the week counts
 * @param keep_us  clients not seen for longer are dropped; 0: none is
 */
void mlg_state_read_begin(mlg_state_reader_t *r, const mlg_gate_t *gate,
                          apr_time_t wall_us, apr_interval_time_t keep_us);

/** How long a piece says it is.
 *
 * @param bytes  its first sizeof(mlg_state_piece_t)
 * @return 40..MLG_STATE_PIECE; 0: that cannot be
 */
size_t mlg_state_piece_bytes(const void *bytes);

/** Read the next piece.
 *
 * @param piece  aligned to 8; anything may stand there
 * @param len    mlg_state_piece_bytes() of it, which is what there is to read
 * @param fault  why not, and at which byte of the stream; may be NULL
 * @return APR_SUCCESS, MLG_ENOTSTATE, MLG_ESTATEFORMAT or MLG_ESTATE; then the
 *         segment is not to be used
 */
apr_status_t mlg_state_read(mlg_state_reader_t *r, const void *piece,
                            size_t len, mlg_fault_t *fault);

/** The stream is over.
 * @return as mlg_state_read(); success when it ended where it should */
apr_status_t mlg_state_read_end(const mlg_state_reader_t *r,
                                mlg_fault_t *fault);

/** Read a stream that lies in memory, aligned to 8. @return as above */
apr_status_t mlg_state_read_all(mlg_state_reader_t *r, const void *bytes,
                                size_t len, mlg_fault_t *fault);

/** Take over what another gate knows, as after a change of the table's size.
 *
 * @param to      a fresh segment of any size, that nobody uses yet; gets the
 *                secret of the other, too
 * @param w       its gate is the other one; the first group set, the rest zero
 * @param room    MLG_STATE_PIECE bytes, aligned to 8
 * @param r       filled: what was read
 */
void mlg_state_copy(const mlg_gate_t *to, mlg_state_writer_t *w, void *room,
                    mlg_state_reader_t *r);

#endif /* MLG_STATE_H */
