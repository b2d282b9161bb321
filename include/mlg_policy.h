/* SPDX-License-Identifier: Apache-2.0
 *
 * From scores to verdicts. A client is not judged by one reading: it is
 * blocked when at least 3 of its last 5 scores reached the threshold and it
 * has made at least the minimum number of requests. A block ends by time
 * alone; knocking on the door does not renew it, and afterwards evidence has
 * to be gathered anew.
 *
 * Who behaves like a person beyond doubt (mlg_record_is_trusted()) has the
 * benefit of it: the odds of its score count a third. People who know a site
 * are quicker there than newcomers, and one who keeps his mail on it is quicker
 * than most scanners; without this, a site's threshold has to lie above him for
 * everybody. What it costs: a program that fetches pages with their assets on
 * two visits has it too, and is then found only from higher scores on, but
 * never hidden: at a threshold of 0.50 from 0.75, and by the floor as before.
 *
 * Pure: no clock, no lock, no allocation.
 */
#ifndef MLG_POLICY_H
#define MLG_POLICY_H

#include "mlg_forest.h"
#include "mlg_swarm.h"
#include "mlg_threshold.h"

/* What the gate thinks of a client. 0 is a fresh record and reads as CALM. */
typedef enum mlg_state {
    MLG_STATE_UNSET,
    MLG_STATE_CALM,    /* none of the last scores was too high */
    MLG_STATE_SUSPECT, /* some were, not enough of them */
    MLG_STATE_BLOCKED, /* convicted; the block table says until when */
    MLG_NSTATES
} mlg_state;

/* What a score, or time, says. */
typedef enum mlg_event {
    MLG_EVENT_UNSET,
    MLG_EVENT_LOW,     /* none of the last scores is too high */
    MLG_EVENT_HIGH,    /* some are */
    MLG_EVENT_PROOF,   /* enough are, over enough requests */
    MLG_EVENT_EXPIRED, /* its block is over, or was lifted */
    MLG_NEVENTS
} mlg_event;

/* What becomes of a request. */
/* clang-format off */
#define MLG_VERDICTS(X)                                                       \
    X(PASS,         "pass",         "judged, nothing against it")             \
    X(SUSPECT,      "suspect",      "passed; recent scores were too high")    \
    X(WOULD_REFUSE, "would-refuse", "passed; enforcing would have refused it")\
    X(REFUSE,       "refuse",       "refused")                                \
    X(ALLOW,        "allow",        "allow-listed, not judged")               \
    X(EXEMPT,       "exempt",       "exempt by expression, not judged")       \
    X(GRACE,        "grace",        "unblocked by an operator, not judged")
/* clang-format on */

typedef enum mlg_verdict {
    MLG_VERDICT_UNSET,
#define X(id, name, meaning) MLG_VERDICT_##id,
    MLG_VERDICTS(X)
#undef X
        MLG_NVERDICTS
} mlg_verdict;

typedef enum mlg_engine {
    MLG_ENGINE_OFF = 1,
    MLG_ENGINE_OBSERVE, /* judge and say so, refuse nobody */
    MLG_ENGINE_ENFORCE
} mlg_engine;

/* A second model that scores beside the one that judges and only counts. */
typedef struct mlg_shadow_t {
    const mlg_weighted_t *model; /* borrowed; not NULL without a forest */
    const mlg_forest_t *forest;  /* borrowed; scores instead unless NULL */
    float threshold;             /* its own: scores from here on are high */
} mlg_shadow_t;

/* How one virtual host or directory wants its requests judged. */
typedef struct mlg_rules_t {
    const mlg_weighted_t *model;     /* borrowed, never NULL */
    const mlg_forest_t *forest;      /* borrowed; judges instead of `model`
                                        unless NULL */
    const mlg_shadow_t *shadow;      /* borrowed; has no say; NULL = none */
    const struct mlg_cidrs_t *allow; /* borrowed; NULL = nobody */
    mlg_engine engine;
    float threshold; /* 0..1, scores from here on are high, and those of clients
                        above the floor; MLG_THRESHOLD_NONE: of them alone */
    uint32_t min_requests;            /* seen before a client can be blocked */
    apr_interval_time_t block_for_us; /* the first block, > 0 */
    apr_interval_time_t block_max_us; /* the longest, >= block_for_us */
    mlg_swarm_by_t swarm;             /* all zero: off */
} mlg_rules_t;

/** Score one vector by the model that judges.
 *
 * @param x        shape [MLG_NFEATURES]
 * @param reasons  filled, empty when the score is below MLG_SCORE_TOLD and
 *                 the threshold; may be NULL
 * @return in [0, 1], never NaN
 */
float mlg_rules_score(const mlg_rules_t *rules, const float x[MLG_NFEATURES],
                      mlg_reasons_t *reasons);

/** Score one vector by the shadow. @return in [0, 1], never NaN */
float mlg_shadow_score(const mlg_shadow_t *shadow,
                       const float x[MLG_NFEATURES]);

#define MLG_TRUST_ODDS 3.0f

/** The score that counts.
 *
 * @param score       0..1, of a model
 * @param is_trusted  mlg_record_is_trusted() of its client, with the request
 *                    folded in
 * @return 0..1; never more than `score`
 */
static inline float mlg_policy_credit(float score, int is_trusted)
{
    /* s / 3 / (1 - s + s / 3) */
    return is_trusted ? score / (MLG_TRUST_ODDS - (MLG_TRUST_ODDS - 1) * score)
                      : score;
}

/** From which score of a model on a client reaches a threshold: the inverse of
 * mlg_policy_credit(). @return 0..1; `threshold` itself from 1 on */
static inline float mlg_policy_reach(float threshold, int is_trusted)
{
    return (is_trusted && threshold < 1.0f)
               ? MLG_TRUST_ODDS * threshold /
                     (1 + (MLG_TRUST_ODDS - 1) * threshold)
               : threshold;
}

/** Which model judges. @return the forest's id; 0: weights */
static inline uint64_t mlg_rules_model(const mlg_rules_t *rules)
{
    return (rules->forest != NULL) ? rules->forest->id : 0;
}

/** What each feature does to a score, whatever the score: those of a forest as
 * mlg_forest_parts(), those of weights as they stand on their list.
 *
 * @param part  filled, shape [MLG_NFEATURES]; below 0 speaks for the client
 * @return what the parts come on top of: 0 of weights
 */
float mlg_rules_parts(const mlg_rules_t *rules, const float x[MLG_NFEATURES],
                      float part[MLG_NFEATURES]);

/** Name the three heaviest of the parts that speak against the client, whatever
 * the score: for operators' pages.
 *
 * @param reasons  filled
 */
void mlg_rules_reasons(const mlg_rules_t *rules, const float x[MLG_NFEATURES],
                       mlg_reasons_t *reasons);

/** To what value would one feature have to fall or rise for the score to come
 * below the threshold, all others as they are? See mlg_weighted_relief() and
 * mlg_forest_relief().
 *
 * @return the bound of the values that do it, in the feature's unit; NaN when
 *         this feature alone cannot
 */
float mlg_rules_relief(const mlg_rules_t *rules, const float x[MLG_NFEATURES],
                       float threshold, mlg_feature_id feature);

/* What a client above the floor proves, whatever its score: more than any
 * threshold asks for. */
#define MLG_SCORE_FLOOR 3.0f

/** What a score counts as evidence. @return `score` or MLG_SCORE_FLOOR */
static inline float mlg_policy_proof(float score, const float x[MLG_NFEATURES])
{
    return mlg_floor_is_passed(x) ? MLG_SCORE_FLOOR : score;
}

/* The points of the reason that the floor is. */
#define MLG_FLOOR_POINTS 1.0f

/** Is this the floor, where the score alone would not have been too high? */
static inline int mlg_reason_is_floor(const mlg_reason_t *reason)
{
    return reason->feature == MLG_F_REQUEST_RATE &&
           reason->value >= MLG_FLOOR_PAGES_PER_S &&
           reason->points == MLG_FLOOR_POINTS;
}

/** Whose scores these are: two rules with one model give the same.
 *
 * @return the forest's id, or a hash of the weights
 */
uint64_t mlg_rules_scorer(const mlg_rules_t *rules);

/** @return the highest score that any vector could get, in [0, 1] */
float mlg_rules_most(const mlg_rules_t *rules);

/** The state that follows.
 *
 * @param state  MLG_STATE_UNSET counts as CALM
 * @param event  not UNSET
 */
mlg_state mlg_policy_next(mlg_state state, mlg_event event);

/** Weigh one more score.
 *
 * @param evidence  the client's register of the latest five, updated
 * @param score     0..1, or mlg_policy_proof()
 * @param total     requests of this client so far, this one included
 */
mlg_event mlg_policy_weigh(uint8_t *evidence, float score, uint32_t total,
                           const mlg_rules_t *rules);

/** How long the next block lasts: the first one doubled for each offence
 * before, at most `block_max_us`.
 *
 * @param offences  blocks before this one
 */
apr_interval_time_t mlg_policy_block_us(const mlg_rules_t *rules,
                                        unsigned offences);

/** @return a constant word such as "would-refuse"; "-" for UNSET */
const char *mlg_verdict_name(mlg_verdict verdict);

/** @return a constant word such as "suspect" */
const char *mlg_state_name(mlg_state state);

/** @return "off", "observe" or "enforce" */
const char *mlg_engine_name(mlg_engine engine);

#endif /* MLG_POLICY_H */
