/* SPDX-License-Identifier: Apache-2.0
 *
 * What the gate remembers of one client: four cache lines of integers in
 * shared memory, from which every per-client feature is computed.
 *
 * A record is never changed in place. Whoever holds the stripe copies it out,
 * folds the event into the copy, scores the copy and publishes it; whoever
 * does not hold the stripe does the same without publishing. A process that
 * dies half way through publishing leaves `seq` odd, and the next holder of
 * the stripe starts that one record afresh.
 *
 * Who may touch what
 *   seq, words in the table   read by anyone, through mlg_record_copy();
 *                             written through mlg_record_publish() while
 *                             holding the client's stripe
 *   a copy                    its owner, freely
 *
 * Windows are aligned to the wall clock, so `last_us` alone says how many
 * panes have passed in each of them. The slow ones are two panes of 12 hours:
 * whoever comes every ten minutes leaves the others empty and stays in these.
 * A clock that steps back leaves them as they are; they age from there.
 *
 * Trust says who behaves like a person beyond doubt, without looking at rates
 * or scores, so that scores can be calibrated by it. A browser shows a page by
 * fetching its assets, and says so: an asset is *coherent* when its Referer is
 * one of the client's last two pages and it was answered below 400. Three of
 * them are a *visit*, which counts once in half an hour. Trusted is who has
 * two visits, six coherent assets and few errors on pages. A program can do all that;
 * what it gains is a place among many in a histogram (mlg_calibration.h).
 *
 * Pure: no clock, no lock, no allocation.
 */
#ifndef MLG_RECORD_H
#define MLG_RECORD_H

#include "mlg_event.h"
#include "mlg_window.h"

#include <assert.h>

#define MLG_CACHELINE 64

/* Of what the fields below mean: records of another are not taken from a state
 * file. */
#define MLG_RECORD_VERSION 1

/* The means, and how many of their 16 bits are the fraction. */
/* clang-format off */
#define MLG_MEANS(X)                                                          \
    X(GAP,             11) /* log2(1 + ms between pages)              0..21.8 */\
    X(REGULAR,         16) /* page gap within 10 % of the last one       0..1 */\
    X(DEPTH,           11) /* log2(1 + requests on the connection)     0..31 */\
    X(PATH,            11) /* log2(1 + path bytes) + segments / 4      0..31 */\
    X(HEADERS,          8) /* request header fields                   0..255 */\
    X(ODD_LENGTH,      16) /* odd Content-Length                         0..1 */\
    X(PAYLOAD,         10) /* log2(1 + body bytes)                     0..63 */\
    X(SESSION,         16) /* the session cookie is the last one         0..1 */\
    X(RESPONSE,        10) /* log2(1 + response bytes)                 0..63 */\
    X(SERVICE,         10) /* log2(1 + microseconds to answer)         0..63 */\
    X(HEADER_ANOMALY,  16) /* weighted absences                          0..1 */\
    X(RARITY,          16) /* rarity of what is asked for                0..1 */\
    X(ERRORS,          16) /* answered 4xx                               0..1 */
/* clang-format on */

enum mlg_mean_id {
#define X(name, bits) MLG_MEAN_##name,
    MLG_MEANS(X)
#undef X
        MLG_NMEANS
};

/* In `seen`, above the means. The last two are a window of two slow panes. */
#define MLG_SEEN_PAGE           (1u << 15) /* a page was asked for */
#define MLG_SEEN_SUCCESS_NOW    (1u << 14) /* an answer below 400 */
#define MLG_SEEN_SUCCESS_BEFORE (1u << 13)

#define MLG_SLOW_PANE_S 43200 /* of the slow windows */

/* Who is trusted. */
#define MLG_TRUST_VISITS         2
#define MLG_TRUST_COHERENT       6
#define MLG_TRUST_ERRORS_PERCENT 8 /* pages 4xx, of all requests, at most */
#define MLG_VISIT_ASSETS         3
#define MLG_VISIT_APART_MINUTES  30

/* What an outcome teaches the site, see mlg_popularity.h. */
enum mlg_teaches {
    MLG_TEACHES_PLACE = 1 << 0, /* the client's first success there */
    MLG_TEACHES_CLIENT = 1 << 1 /* the client's first success at all */
};

typedef struct mlg_record_t {
    /* line 0: who, when, and the means */
    _Alignas(MLG_CACHELINE) uint32_t seq; /* even = whole */
    uint32_t first_s;     /* first seen, seconds since the epoch */
    uint64_t client;      /* mlg_hash_key(); 0 = empty record */
    int64_t last_us;      /* latest arrival, microseconds since the epoch */
    uint32_t page_ago_us; /* last_us minus the latest page, at most 1 h */
    uint32_t total;       /* requests since first_s, saturating */
    uint32_t gap_var_q16; /* EW variance of the gap, (log2 ms)^2 in 1/65536 */
    mlg_mean_t mean[MLG_NMEANS];
    uint16_t seen; /* bit i: mean i holds a value; MLG_SEEN_* */
    /* lines 1 and 2: windows */
    uint32_t page_gap_us; /* between the two latest pages, at most 1 h */
    uint16_t in_flight;   /* requests not yet answered */
    uint8_t state;        /* enum mlg_state, see mlg_policy.h */
    uint8_t evidence;     /* latest verdicts, bit 0 the newest, 1 = too high */
    mlg_panes_t pages_1s;
    mlg_panes_t pages_10s;
    mlg_panes_t pages_60s;
    mlg_panes_t assets_10s;
    /* 300 s panes. The first group stops together when `requests` is full, the
     * last four when `answered` is, so that shares stay right. */
    mlg_panes_t requests;
    mlg_panes_t pages_300s;
    mlg_panes_t without_referer;
    mlg_panes_t other_method;
    mlg_panes_t odd_encoding;
    mlg_panes_t odd_host;
    mlg_panes_t without_cookie;
    mlg_panes_t http2;
    mlg_panes_t queries_seen; /* requests that `queries` took */
    mlg_panes_t paths_seen;   /* requests that `paths` took */
    mlg_panes_t answered;
    mlg_panes_t client_errors; /* 4xx but for 404 and 410 */
    mlg_panes_t not_found;     /* 404 and 410 */
    mlg_panes_t server_errors; /* 5xx */
    mlg_map_t agents;
    mlg_map_t queries;
    mlg_map_t paths;
    /* line 3: slow windows, scores and trust */
    mlg_map_t slow_agents;
    mlg_map_t slow_paths;     /* mlg_arrival_place() of what was answered */
    mlg_panes_t slow_posts;   /* to the one place that most of them went to */
    uint16_t slow_post_place; /* its tag, by majority */
    uint16_t session;         /* low half of the last session hash */
    uint16_t score[4];        /* the latest, newest first, in 1/65535 */
    uint16_t peak;            /* mlg_record_note_score() */
    uint8_t shadow[2];        /* its latest scores, likewise, in 1/255 */
    uint16_t coherent;        /* assets, saturating */
    uint16_t errors;          /* pages answered 4xx, saturating */
    uint16_t visit_minute;    /* of the last counted visit, modulo 2^16 */
    uint16_t page[2];         /* tags of the last two pages, newest first */
    uint8_t visits;           /* saturating */
    uint8_t visit_assets;     /* coherent ones in this visit, at most 3 */
} mlg_record_t;

/* Shared structs are copied in words, whatever their fields are. */
typedef uint64_t __attribute__((__may_alias__)) mlg_word_t;

#define MLG_RECORD_WORDS (sizeof(mlg_record_t) / sizeof(mlg_word_t))

static_assert(sizeof(mlg_record_t) == 4 * MLG_CACHELINE,
              "a record is four lines");
static_assert(offsetof(mlg_record_t, page_gap_us) == MLG_CACHELINE,
              "identity and means share the first line");
static_assert(offsetof(mlg_record_t, slow_agents) == 3 * MLG_CACHELINE,
              "what is slow has a line of its own");
static_assert(MLG_NMEANS <= 13, "`seen` has 13 bits for means");
static_assert(sizeof(apr_time_t) == 8, "layout assumes 64-bit time");

/** Copy a record that others may be publishing to.
 *
 * @param out     filled; zeroed when the copy could not be had
 * @param shared  record in the table
 * @return 1 when `out` is one whole state of the record; 0 when it was being
 *         written four times in a row or its last writer died
 */
int mlg_record_copy(mlg_record_t *out, const mlg_record_t *shared);

/** Replace a shared record. The caller holds its stripe; `seq` in `own` is
 * ignored. */
void mlg_record_publish(mlg_record_t *shared, const mlg_record_t *own);

/** Begin an empty record for a client first seen at `at_us`. */
void mlg_record_init(mlg_record_t *own, uint64_t client, apr_time_t at_us);

/** Fold one arrival into the caller's copy. Counts saturate. A clock that
 * steps back less than 600 s counts into the current panes; one that steps
 * back further empties them, but for the slow ones. */
void mlg_record_fold_arrival(mlg_record_t *own, const mlg_arrival_t *arrival);

/** Fold how rare it is what that arrival asks for.
 *
 * @param rarity  0..65535, or MLG_RARITY_UNKNOWN, which changes nothing
 */
void mlg_record_fold_rarity(mlg_record_t *own, uint32_t rarity);

/** Fold one outcome into the caller's copy. One without its arrival (the
 * record was evicted in between) is harmless.
 *
 * @param arrival  what was asked; its place, referer and kind are read
 * @return MLG_TEACHES_* bits; 0 while the client is blocked
 */
unsigned mlg_record_fold_outcome(mlg_record_t *own,
                                 const mlg_arrival_t *arrival,
                                 const mlg_outcome_t *outcome);

/** Does the site count this client, or does it have a success to come? */
static inline int mlg_record_is_counted(const mlg_record_t *own)
{
    return (own->seen & (MLG_SEEN_SUCCESS_NOW | MLG_SEEN_SUCCESS_BEFORE)) != 0;
}

/** Note the score of the request that was just folded. `peak` becomes the
 * highest proof so far: the highest threshold at which this client would have
 * been blocked, that is with three of its last five scores at or above it, the
 * newest one among them.
 *
 * @param score         0..1
 * @param total         requests of the client so far
 * @param min_requests  before so many there is no proof
 */
void mlg_record_note_score(mlg_record_t *own, float score, uint32_t total,
                           uint32_t min_requests);

/** Note what the shadow scored the request that was just folded. Two bytes have
 * to do, so a proof here is three high scores in a row.
 *
 * @param score  0..1
 * @return the highest threshold that these three reach, in 1/65535, rounded
 *         down to 1/255
 */
uint16_t mlg_record_note_shadow(mlg_record_t *own, float score);

/** Forget what another model scored: the scores and the peak. */
void mlg_record_forget_scores(mlg_record_t *own);

/** Is this an asset of one of the client's last two pages, and says so? */
int mlg_record_is_coherent(const mlg_record_t *own,
                           const mlg_arrival_t *arrival);

/** Does this client behave like a person beyond doubt? */
int mlg_record_is_trusted(const mlg_record_t *own);

#endif /* MLG_RECORD_H */
