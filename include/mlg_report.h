/* SPDX-License-Identifier: Apache-2.0
 *
 * What the gate knows, for people and for machines: JSON, Prometheus text and
 * plain words, made in one place for the status handler, the event log and
 * mlgatectl, so that a figure means the same wherever it is read.
 *
 * Everything here works on copies: whoever needs a lock to make a whole copy
 * takes it, copies, gives it back and renders then.
 *
 * A json_t that is returned belongs to the caller; it is NULL only when memory
 * ran out. A number that cannot be known (NaN) is null. Times are given twice,
 * as ISO 8601 in UTC ("until") and in seconds since the epoch ("until_epoch").
 *
 * Locks nothing, has no clock, allocates through jansson and malloc.
 */
#ifndef MLG_REPORT_H
#define MLG_REPORT_H

#include "mlg_gate.h"
#include "mlg_report_swarm.h"

#include <jansson.h>

#define MLG_WORDS_TEXT       160 /* the longest phrase, with its NUL */
#define MLG_ISO_TEXT         32  /* "2026-11-22T18:54:25.123456Z" and a NUL */
#define MLG_DURATION_TEXT    32  /* "2 d 3 h" and a NUL */
#define MLG_DECISION_ID_TEXT 17  /* 16 hex digits and a NUL */

/* ---- words (mlg_report_words.c) ----------------------------------------- */

/** Say a feature's value in words, such as "2.4 pages a second" or "91 % of
 * answers were 404".
 *
 * @param buf      filled, NUL-terminated
 * @param feature  a number that is no feature reads as "an unknown feature"
 * @param value    in the feature's unit; NaN reads as "... unknown"
 * @return buf
 */
const char *mlg_report_words(char buf[MLG_WORDS_TEXT], uint32_t feature,
                             float value);

/** The same for a reason. */
const char *mlg_report_reason_words(char buf[MLG_WORDS_TEXT],
                                    const mlg_reason_t *reason);

/** @param buf  filled with the time in UTC, microseconds included
 *  @return buf */
const char *mlg_report_time(char buf[MLG_ISO_TEXT], apr_time_t at_us);

/** The same as people read it, to the second: "2026-11-22 18:54:25".
 * @return buf */
const char *mlg_report_clock(char buf[MLG_ISO_TEXT], apr_time_t at_us);

/** Say a duration in its two largest units, such as "9 min 58 s".
 *
 * @param us  negative reads as "0 s"
 * @return buf
 */
const char *mlg_report_duration(char buf[MLG_DURATION_TEXT],
                                apr_interval_time_t us);

/** @return buf, filled with 16 hex digits */
const char *mlg_report_id(char buf[MLG_DECISION_ID_TEXT], uint64_t id);

/** Read what mlg_report_id() wrote.
 *
 * @param out   set on success only; never 0
 * @param text  NUL-terminated, may be hostile; upper and lower case alike
 * @return APR_SUCCESS or MLG_ERANGE: not exactly 16 hex digits, or all zero
 */
apr_status_t mlg_report_id_parse(uint64_t *out, const char *text);

/** What one feature would have to be for a score to cross its threshold. */
typedef struct mlg_relief_t {
    mlg_feature_id feature;
    float now;
    float bound;   /* the value at which the score meets the threshold; may be
                      `now` itself, where a forest splits */
    int must_fall; /* 1: what is just below `bound` changes the verdict */
} mlg_relief_t;

/** List the single changes that would bring a score to the other side of the
 * threshold, all other features as they are.
 *
 * @param out  filled, shape [MLG_NFEATURES]
 * @return how many
 */
size_t mlg_report_reliefs(mlg_relief_t out[MLG_NFEATURES],
                          const mlg_rules_t *rules,
                          const float x[MLG_NFEATURES], float threshold);

/** Say one of them: "less than 1.2 pages a second". @return buf */
const char *mlg_report_relief_words(char buf[MLG_WORDS_TEXT],
                                    const mlg_relief_t *relief);

/** Say which model: "weighted", or "0123456789abcdef (64 trees of depth 5)".
 *
 * @param forest  NULL: weights
 * @return `buf` or a constant
 */
const char *mlg_report_model_words(char buf[MLG_WORDS_TEXT],
                                   const mlg_forest_t *forest);

/* ---- JSON (mlg_report_json.c, mlg_report_client.c, mlg_report_stats.c) --- */

/** Write a report as text and let go of it.
 *
 * @param report   taken over, freed whatever happens; may be NULL
 * @param is_line  1: one line, for a log; 0: indented, for a person
 * @return malloc'd text without a final newline, the caller's to free(); NULL
 *         when memory ran out
 */
char *mlg_report_render(json_t *report, int is_line);

/** A string that may hold any bytes: what is not UTF-8 becomes '?'.
 * @param text  NULL gives null */
json_t *mlg_report_string(const char *text);

/** One decision: the request's verdict, its reasons and its whole vector;
 * "for_swarm" when it was made for the swarm that the request came with, and
 * nothing of its client's own would have changed it.
 *
 * @param ipv6_prefix  bits of an IPv6 address that name a client
 * @param rules        to say what would have changed the verdict; may be NULL
 */
json_t *mlg_report_decision(const mlg_decision_t *d, unsigned ipv6_prefix,
                            const mlg_rules_t *rules);

/** One entry of the block table. @param now_us  for what remains of it */
json_t *mlg_report_block(const mlg_block_t *block, unsigned ipv6_prefix,
                         apr_time_t now_us);

/* A client's passage from one state to another; a line of the event log. */
typedef struct mlg_transition_t {
    const char *event;   /* "block", "would-block", "operator-block", "unblock"
                          or "end" */
    mlg_block_kind kind; /* of the entry it is about */
    apr_time_t at_us;
    apr_time_t until_us; /* of the block or grace; 0 = none */
    mlg_key_t key;
    uint64_t decision; /* reference ID, 0 = none */
    float score;       /* NaN = was not judged */
    float threshold;   /* NaN likewise */
    uint64_t model; /* with a threshold: the forest that judged; 0: weights */
    uint32_t requests; /* of the client so far; 0 = unknown */
    uint32_t refused;  /* while the block lasted; for "end" */
    uint32_t offences;
    mlg_reasons_t reasons;
    const char *note; /* borrowed; NULL = none */
} mlg_transition_t;

/** A conviction: "block" or, while observing, "would-block". */
mlg_transition_t mlg_transition_convicted(const mlg_decision_t *d);

/** An operator's order. @param event "operator-block" or "unblock" */
mlg_transition_t mlg_transition_ordered(const char *event, const mlg_key_t *key,
                                        apr_time_t now_us, apr_time_t until_us,
                                        const char *note);

/** The block that ended before a conviction, as far as the conviction tells.
 * @param d  its ended_us is not 0 */
mlg_block_t mlg_decision_ended(const mlg_decision_t *d);

/** A block that ran out. The transition borrows the block's note. */
mlg_transition_t mlg_transition_ended(const mlg_block_t *block);

/** One transition; render it with is_line = 1 for the event log. */
json_t *mlg_report_event(const mlg_transition_t *t, unsigned ipv6_prefix);

/* What is known of one client, copied out. */
typedef struct mlg_client_view_t {
    mlg_client_t client;
    unsigned ipv6_prefix;
    apr_time_t now_us;             /* this and the block's times are the wall
                                      clock's */
    apr_interval_time_t behind_us; /* by which the record's are behind it */
    const mlg_rules_t *rules;      /* borrowed, never NULL */
    int is_allowed;                /* on the allow-list */
    int has_record;
    mlg_record_t record;
    float subnet_pages; /* of its network, last 10 s */
    int has_block;      /* a live entry, grace included */
    mlg_block_t block;
} mlg_client_view_t;

/** The client's vector as of its latest request. What its source did not know
 * cannot be told from the record and shows as if it had been known.
 *
 * @param x  filled, shape [MLG_NFEATURES]; all NaN without a record
 */
void mlg_client_view_features(float x[MLG_NFEATURES],
                              const mlg_client_view_t *view);

/** One client: standing, record, features, score, reasons, and what would
 * change the verdict. */
json_t *mlg_report_client(const mlg_client_view_t *view);

/* ---- the whole gate (mlg_snapshot.c and all renderers) ------------------- */

/* Blocks that a copy of the gate holds at most, and likewise the others. */
#define MLG_SNAPSHOT_BLOCKS    1000
#define MLG_SNAPSHOT_WATCHED   50
#define MLG_SNAPSHOT_DECISIONS 50

/* The gate at one moment. */
typedef struct mlg_snapshot_t {
    /* from the caller */
    apr_time_t now_us;
    apr_time_t started_us; /* this server was (re)started; 0 = unknown */
    const char *version;   /* of the program */
    unsigned ipv6_prefix;
    const mlg_rules_t *rules;      /* borrowed, never NULL */
    int is_auto;                   /* their threshold is fitted to the site */
    const mlg_profile_t *profile;  /* of the site; borrowed; NULL: none */
    apr_interval_time_t behind_us; /* swarms' times are shown so much later */
    /* from mlg_snapshot_read() */
    mlg_site_t site;
    apr_time_t formatted_us; /* counting since */
    uint64_t bytes;          /* of shared memory */
    uint32_t generation;
    uint32_t clients; /* records the table has room for */
    uint32_t clients_used;
    uint32_t block_slots;
    uint32_t blocks[MLG_BLOCK_GRACE + 1]; /* live entries by kind */
    mlg_shard_t total;
    uint32_t recent;      /* convictions in the last 10 minutes, those that
                                the ring still has */
    uint32_t recent_lost; /* of which no block was entered */
    mlg_reign_t model;    /* in force over all processes: may be ahead of
                             `rules` for a moment */
    mlg_reign_t shadow;
    uint64_t shadow_count[MLG_SHADOW_COUNTS]; /* since these two models met */
    mlg_swarm_view_t swarms;
    /* lists from the caller; what is not there has n = 0 */
    const mlg_block_t *block; /* live ones, latest first */
    size_t nblocks;
    const mlg_watched_t *watched; /* highest score first */
    size_t nwatched;
    const mlg_decision_t *decision; /* latest first */
    size_t ndecisions;
    const mlg_dispute_t *dispute; /* latest first */
    size_t ndisputes;
} mlg_snapshot_t;

#define MLG_COMING_TEXT 240

/** What is too high a score here, and how that is known: "calibrating, 61 %".
 * @return buf */
const char *mlg_report_threshold_words(char buf[MLG_WORDS_TEXT],
                                       const mlg_snapshot_t *s);

/** From where a score would be too high if the gate knew the site by now.
 * @return 0..1; NaN when a threshold is in force, or nothing is known yet */
float mlg_snapshot_coming(const mlg_snapshot_t *s);

/** The same in a sentence, with whom it would refuse.
 * @return buf; empty when there is none */
const char *mlg_report_coming_words(char buf[MLG_COMING_TEXT],
                                    const mlg_snapshot_t *s);

/** Read what can be read without a lock.
 *
 * @param s  the caller's part is set
 */
void mlg_snapshot_read(mlg_snapshot_t *s, const mlg_gate_t *gate);

/** Since when is the model in force that these rules have?
 *
 * @param forest  NULL: weights
 * @return 0 when the reign is another's
 */
apr_time_t mlg_reign_since(const mlg_reign_t *reign,
                           const mlg_forest_t *forest);

/** Is the shadow's threshold fitted to the site, as the judge's is? */
int mlg_snapshot_is_shadow_fitted(const mlg_snapshot_t *s);

/** What is too high a score for the shadow. @return buf */
const char *mlg_report_shadow_words(char buf[MLG_WORDS_TEXT],
                                    const mlg_snapshot_t *s);

/** @return the share of requests on which model and shadow disagreed, 0..1 */
double mlg_snapshot_disagreement(const mlg_snapshot_t *s);

/** What the gate is and how it is set. @param endpoints  taken over; may be
 * NULL */
json_t *mlg_report_info(const mlg_snapshot_t *s, json_t *endpoints);

/** Counters, histogram, pressure, blocks, top clients, latest decisions. */
json_t *mlg_report_stats(const mlg_snapshot_t *s);

/** Is the gate well?
 *
 * @param s       NULL when there is no segment to look at
 * @param before  counters some time ago, to see what happened since; NULL
 *                looks at everything since the segment was made
 * @param is_well set to 1 or 0
 */
json_t *mlg_report_health(const mlg_snapshot_t *s, const mlg_shard_t *before,
                          int *is_well);

/** Everything countable in Prometheus's text format.
 *
 * @param bytes  set to the length
 * @return malloc'd, NUL-terminated, the caller's to free(); NULL when memory
 *         ran out
 */
char *mlg_report_metrics(const mlg_snapshot_t *s, size_t *bytes);

#endif /* MLG_REPORT_H */
