/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that the gate saw of one request, as a line of text: what
 * MLGateObservationLog writes and mlgatectl replay reads. Replaying a server's
 * observations gives its scores to the bit, so the log is also the proof that
 * the two are one detector.
 *
 * A line is written when a request ends, but what counts is the order in which
 * requests were folded into their clients' records. Each stripe numbers what
 * is done under it; a line carries the numbers of its arrival and of its
 * outcome, and mlg_reorder.h puts them back in order.
 *
 *     mlg3 SEGMENT AT ADDRESS CLIENT SUBNET PATH QUERY AGENT REFERER BODY
 *          SESSION DEPTH IS KNOWS BYTES SEGMENTS FIELDS ANOMALY RATE RARITY
 *          PRINT SHAPE TEMPLATE EXCESS SWARM
 *          ARRIVED SETTLED STATUS SENT TOOK VERDICT SCORE THRESHOLD
 *          VECTOR RULES
 *
 * on one line; times in microseconds, hashes, bit sets and floats' bits in
 * hexadecimal, the rest decimal; "-" for a time that is not known. An ARRIVED
 * that ends in "+" was judged without its stripe, after the event it names.
 * Two more kinds of line tell what else changed the gate's mind: a start of
 * the server and an operator's order, which with ARRIVED 0+ is a block that a
 * new segment took over from the last.
 *
 *     mlg3-start SEGMENT CLIENTS IPV6_PREFIX FEATURES EVENTS [FROM TOOK]
 *     mlg3-order SEGMENT AT ADDRESS CLIENT KIND UNTIL OFFENCES SCORE
 *          ARRIVED
 *
 * FROM names the segment whose records this one began with, and TOOK how
 * (mlg_took_over); without them it began with none. Times are the gate's: a
 * wall clock that is set while a server runs does not move them.
 *
 * Lines of earlier formats, mlg1 and mlg2, are known as such and refused: what
 * they lack, decisions of today are made of.
 *
 * Pure: no clock, no lock, no allocation. Lines may be hostile.
 */
#ifndef MLG_OBSERVATION_H
#define MLG_OBSERVATION_H

#include "mlg_block.h"
#include "mlg_decision.h"
#include "mlg_gate.h"

#define MLG_OBSERVATION_TEXT 720 /* the longest line, newline and NUL too */

/* The words that begin the lines; a change of fields changes the number. */
#define MLG_OBSERVED_TAG       "mlg3"
#define MLG_OBSERVED_TAG_START "mlg3-start"
#define MLG_OBSERVED_TAG_ORDER "mlg3-order"
#define MLG_OBSERVED_FIRST     "mlg1" /* no longer read */
#define MLG_OBSERVED_FORMER    "mlg2" /* neither */
#define MLG_OBSERVED_UNHELD    '+' /* ends the ARRIVED of is_arrival_held 0 */

typedef enum mlg_observed {
    MLG_OBSERVED_REQUEST = 1,
    MLG_OBSERVED_START,
    MLG_OBSERVED_ORDER
} mlg_observed;

typedef struct mlg_observation_t {
    mlg_observed kind;
    uint64_t segment;      /* its begun_us, which names it */
    mlg_arrival_t arrival; /* of an order: at_us and from */
    mlg_outcome_t outcome;
    /* Place in the order of the client's stripe, first is 1. Without
     * is_arrival_held it is the number of the event before. */
    uint64_t arrived;
    uint64_t settled; /* 0: the outcome was never folded */
    int is_arrival_held;
    /* What came of it. */
    float score;     /* NaN: not scored */
    float threshold; /* in force then */
    uint32_t verdict;
    uint32_t vector; /* mlg_vector_hash() */
    uint32_t rules;  /* mlg_rules_hash() */
    /* An order's. */
    mlg_block_kind order;
    apr_time_t until_us;
    uint32_t offences; /* of a block that was moved here; so is its score */
    /* A start's. */
    uint32_t clients; /* of its table */
    uint32_t ipv6_prefix;
    uint64_t features;  /* mlg_features_fingerprint() */
    uint64_t events;    /* in this segment before this start */
    uint64_t from;      /* the segment whose records it began with */
    uint32_t took_over; /* mlg_took_over */
} mlg_observation_t;

/** Write one line.
 *
 * @param out  room for MLG_OBSERVATION_TEXT bytes; ends in newline and NUL
 * @return its length with the newline
 */
size_t mlg_observation_render(char *out, const mlg_observation_t *o);

/** Is this a line of an observation log, by its first word? Also of a former
 * format, which mlg_observation_parse() refuses. */
int mlg_observation_is(const char *line, size_t len);

/** Read one line.
 *
 * @param o      filled on success, undefined otherwise; `from.key` is the
 *               address until the caller knows the prefix
 * @param line   `len` bytes without newline, may be hostile
 * @param fault  why not, and at which byte; may be NULL
 * @return APR_SUCCESS or MLG_ELINE
 */
apr_status_t mlg_observation_parse(mlg_observation_t *o, const char *line,
                                   size_t len, mlg_fault_t *fault);

/** Tell two feature vectors apart. @return 0 for one that is all NaN */
uint32_t mlg_vector_hash(const float x[MLG_NFEATURES]);

/** Tell apart the rules that requests were judged by. */
uint32_t mlg_rules_hash(const mlg_rules_t *rules);

#endif /* MLG_OBSERVATION_H */
