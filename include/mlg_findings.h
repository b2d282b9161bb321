/* SPDX-License-Identifier: Apache-2.0
 *
 * What a replay found, as one struct that text, JSON and HTML are made of, and
 * the collecting of it: request by request while the log runs, then client by
 * client from the tally. Its size is fixed (some 1 MB, most of it the reasons
 * of up to MLG_FOUND_CONVICTS blocked clients).
 *
 * Texts of clients (User-Agents) are kept as they came, cut to fit, for
 * whoever shows them to escape. No clock, no lock; allocates from the caller's
 * pool, once and for the names of labels.
 */
#ifndef MLG_FINDINGS_H
#define MLG_FINDINGS_H

#include "mlg_agents.h"
#include "mlg_course.h"
#include "mlg_origin.h"
#include "mlg_tally.h"
#include "mlg_replay.h"
#include "mlg_whatif.h"

#define MLG_FOUND_TOP      20   /* clients in a list */
#define MLG_FOUND_BUSY     20   /* requests from which a client is busy */
#define MLG_FOUND_BUCKETS  100  /* of scores, 0.01 each, the last with 1.0 */
#define MLG_FOUND_LABELS   64   /* later ones share the last */
#define MLG_FOUND_AGENT    160  /* bytes of a User-Agent, with its NUL */
#define MLG_FOUND_CONVICTS 4096 /* whose reasons are remembered */
#define MLG_FOUND_SWARMS   256  /* remembered; the smallest are dropped */

/* The clients of one class. */
typedef struct mlg_found_group_t {
    const char *name;
    uint64_t clients;
    uint64_t blocked; /* of them */
    uint64_t busy;    /* with MLG_FOUND_BUSY requests or more */
    uint64_t busy_blocked;
    uint64_t requests;
    uint64_t refused;
} mlg_found_group_t;

/* Why a client was blocked. */
typedef struct mlg_found_why_t {
    uint32_t refused; /* so far */
    float score;      /* the highest that convicted it */
    mlg_reasons_t reasons;
    char agent[MLG_FOUND_AGENT]; /* of that request; "" = none or unknown */
} mlg_found_why_t;

/* One client of a list. */
typedef struct mlg_found_client_t {
    mlg_tally_row_t row;
    int has_why; /* 0: too many others were blocked to remember */
    mlg_found_why_t why;
} mlg_found_client_t;

/* The most refused first. */
typedef struct mlg_found_list_t {
    uint64_t total; /* how many there were */
    size_t n;
    mlg_found_client_t client[MLG_FOUND_TOP];
} mlg_found_list_t;

typedef struct mlg_findings_t {
    const mlg_rules_t *rules;   /* borrowed */
    const mlg_parity_t *parity; /* the caller's; NULL = no observations */
    const mlg_origin_t *origin; /* the caller's; NULL = threshold was given */
    const char *source; /* the caller's: names the logs; NULL = no name */
    unsigned ipv6_prefix;
    uint64_t lines;
    uint64_t malformed;
    mlg_found_group_t all;
    uint64_t judged; /* requests that were scored */
    apr_time_t first_us;
    apr_time_t last_us;
    uint64_t score[MLG_FOUND_BUCKETS]; /* judged requests */
    mlg_course_t course;
    mlg_whatif_t whatif;
    int has_lists; /* classes told with crawler lists */
    mlg_found_group_t class[MLG_NCLASSES];
    size_t nlabels;
    mlg_found_group_t label[MLG_FOUND_LABELS]; /* 0: without one */
    mlg_swarm_event_t *swarm; /* shape [MLG_FOUND_SWARMS], oldest first */
    size_t nswarms;
    uint64_t swarms_forgotten;
    apr_time_t swarms_us; /* looked at then */
    mlg_found_list_t top;
    mlg_found_list_t alike; /* crawlers and monitors, by claim or verified */
    mlg_found_why_t *why;   /* shape [MLG_FOUND_CONVICTS] */
    uint64_t *convict;      /* their hashes, 0 = empty */
    const mlg_secret_t *secret;
} mlg_findings_t;

/** The bucket of a score, or of a threshold. @param score  0..1 */
static inline int mlg_found_bucket(float score)
{
    /* a hair up: 0.29f * 100 is 28.999999 */
    int bucket = (int)(score * (float)MLG_FOUND_BUCKETS + 1e-4f);

    return (bucket < MLG_FOUND_BUCKETS) ? bucket : MLG_FOUND_BUCKETS - 1;
}

/** Begin.
 *
 * @param gate   the replay's; borrowed, only read
 * @param rules  the replay's; borrowed, not to be changed
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t mlg_findings_init(mlg_findings_t *f, const mlg_gate_t *gate,
                               const mlg_rules_t *rules, apr_pool_t *p);

/** The number of a label; a new name gets a new one. @param name  any bytes */
uint8_t mlg_findings_label(mlg_findings_t *f, mlg_text_t name, apr_pool_t *p);

/** Take in one request that was judged and settled.
 *
 * @param agent    at == NULL: none or unknown
 * @param outcome  as the log has it
 */
void mlg_findings_add(mlg_findings_t *f, const mlg_arrival_t *arrival,
                      mlg_text_t agent, const mlg_outcome_t *outcome,
                      const mlg_decision_t *d);

/** Take in one client of the tally; a mlg_tally_fn but for its type. */
void mlg_findings_client(mlg_findings_t *f, const mlg_tally_row_t *row);

/** Look what swarms there are: once in a minute, however often it is called, and
 * for the last time with `now_us` 0. */
void mlg_findings_swarms(mlg_findings_t *f, const mlg_swarms_t *swarms,
                         apr_time_t now_us);

/** After the last client. */
void mlg_findings_end(mlg_findings_t *f);

#endif /* MLG_FINDINGS_H */
