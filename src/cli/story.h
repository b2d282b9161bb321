/* SPDX-License-Identifier: Apache-2.0
 *
 * What one client did in a log and what the gate made of it, gathered request
 * by request for `mlgatectl explain`.
 *
 * Memory is bounded whatever the client sent: of each kind of text the first
 * STORY_TEXTS different ones are counted, the rest together.
 */
#ifndef STORY_H
#define STORY_H

#include "feed.h"

#include <apr_hash.h>
#include <jansson.h>

#define STORY_TEXTS      4096 /* different User-Agents, and paths */
#define STORY_TEXT_SHOWN 200 /* characters of each, escaped as visible() does */
#define STORY_BLOCKS     100 /* told one by one */

/* A text and how many requests had it. */
typedef struct story_text_t {
    const char *text;
    uint64_t n;
} story_text_t;

typedef struct story_texts_t {
    apr_hash_t *seen;         /* of story_text_t *, by their text */
    apr_array_header_t *list; /* of story_text_t *, as they came */
    uint64_t others;          /* requests with one of those not kept */
} story_texts_t;

/* One request worth telling. */
typedef struct story_moment_t {
    uint64_t number; /* of the client's requests, from 1; 0: never came */
    mlg_decision_t decision;
} story_moment_t;

typedef struct story_block_t {
    story_moment_t began;
    uint64_t refused; /* later requests that fell into it */
} story_block_t;

typedef struct story_t {
    apr_pool_t *p;
    mlg_key_t addr; /* that was asked for */
    mlg_key_t key;  /* its client, once the first line was judged */
    int has_key;
    uint64_t requests;
    uint64_t pages;
    uint64_t assets;
    uint64_t other_methods; /* neither GET nor HEAD */
    uint64_t refused;       /* fell into blocks, those that began one too */
    uint64_t spared;     /* allow-listed, exempt or let through: not judged */
    uint64_t answers[6]; /* by class of status: [2] for 2xx; [0]: other */
    apr_time_t first_us;
    apr_time_t last_us;
    story_texts_t agents;
    story_texts_t paths;
    story_moment_t half;    /* the first score of half the threshold or more */
    story_moment_t crossed; /* the first at the threshold */
    story_moment_t peak;    /* the highest */
    uint64_t nblocks;
    uint64_t in_swarm;       /* of `refused`, for its swarm alone */
    mlg_swarm_event_t swarm; /* the latest that it came with; id 0: none */
    story_block_t *block;    /* shape [min(nblocks, STORY_BLOCKS)] */
} story_t;

/** Begin. @param addr  any address of the client */
void story_init(story_t *story, const mlg_key_t *addr, apr_pool_t *p);

/** Take one request of the log, of whichever client.
 *
 * @param ipv6_prefix  the same on every call
 */
void story_add(story_t *story, const judged_t *judged, unsigned ipv6_prefix);

/** Look at the swarm that a client came with: after each request of the log,
 * and once when the log has ended, with `judged` NULL. */
void story_swarm(story_t *story, const judged_t *judged,
                 const mlg_swarms_t *swarms);

/** The texts, the most frequent first.
 *
 * @return of story_text_t *, of the pool
 */
apr_array_header_t *story_sort(const story_texts_t *texts, apr_pool_t *p);

/** The moment that explains most: the first block, else the highest score. */
const story_moment_t *story_moment(const story_t *story);

/* ---- telling it ---------------------------------------------------------- */

/* One feature's part in a score. */
typedef struct story_part_t {
    mlg_feature_id feature;
    float value;
    float points; /* not 0; below 0 it speaks for the client */
} story_part_t;

/** What a score is made of, the heaviest first, those that speak for the client
 * last.
 *
 * @param out  filled, shape [MLG_NFEATURES]
 * @return how many
 */
size_t story_parts(story_part_t out[MLG_NFEATURES], const mlg_rules_t *rules,
                   const float x[MLG_NFEATURES]);

/** Order of two parts, the heaviest first, for qsort(). */
int story_by_points(const void *a, const void *b);

/** Print what made a score, and their sum: points of weights, log-odds of a
 * forest. */
void story_print_parts(const feed_t *feed, const float x[MLG_NFEATURES],
                       int is_trusted, float threshold);

#define STORY_THRESHOLD_TEXT 32

/** "the threshold is 0.80", or that there is none.
 * @return `buf`, or a constant */
const char *story_threshold(char buf[STORY_THRESHOLD_TEXT], float threshold);

/* Said of a score that is with it. */
#define STORY_CREDIT                                                           \
    "the benefit of the doubt: it behaves like a person, its odds count a "    \
    "third"

/* What made a forest's score, exactly (mlg_shap.h): `from`, all parts and
 * `credit` add up to `all`, and score = 1 / (1 + exp(-all)). */
typedef struct story_odds_t {
    double from;   /* log-odds of the average client */
    double credit; /* mlg_policy_credit(); 0: not trusted */
    double all;    /* log-odds of the score that counts */
    size_t n;
    story_part_t part[MLG_NFEATURES]; /* shape [n], sorted as story_parts() */
} story_odds_t;

/** @param feed  whose rules have a forest */
void story_odds(story_odds_t *odds, const feed_t *feed,
                const float x[MLG_NFEATURES], int is_trusted);

/** Print them. */
void story_print_odds(const feed_t *feed, const float x[MLG_NFEATURES],
                      int is_trusted, float threshold);

/** {base, credit, total, parts: [{feature, value, log_odds, words}]}. */
json_t *story_odds_json(const feed_t *feed, const float x[MLG_NFEATURES],
                        int is_trusted);

/** Print the story. */
void story_print(const story_t *story, const feed_t *feed);

/** The story for programs. @return the caller's to json_decref() */
json_t *story_json(const story_t *story, const feed_t *feed);

#endif /* STORY_H */
