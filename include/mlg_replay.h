/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate over a log: every line goes through mlg_judge() and mlg_settle() in
 * ordinary memory, in the order of the log, as httpd would have sent it. A
 * blocked client's requests are refused and not recorded; the request that
 * convicts is answered with the refusal's status and not with the log's.
 *
 * Memory is fixed at the start. The secret is fixed too, so that a replay
 * gives the same figures twice: nobody is waiting to aim at its buckets.
 */
#ifndef MLG_REPLAY_H
#define MLG_REPLAY_H

#include "mlg_gate.h"
#include "mlg_log.h"
#include "mlg_reorder.h"

#define MLG_REPLAY_CLIENTS 262144 /* MLGateTableSize's default */

/* For the hashes of a replay's clients, whatever segment it is at. */
extern const mlg_secret_t mlg_replay_secret;

typedef struct mlg_replay_t {
    mlg_gate_t gate;
    apr_pool_t *gate_pool; /* the memory behind it */
    mlg_rules_t rules;     /* the caller sets them before the first line */
    int is_auto; /* MLGateThreshold auto: an observation is judged by the
                    threshold that was in force when it was made */
    apr_time_t swept_us;    /* swarms that were over by then have ended */
    unsigned ipv6_prefix;   /* MLGateIPv6Prefix */
    uint32_t refuse_status; /* MLGateRefuseStatus: what a conviction answers */
} mlg_replay_t;

/* How a replay of observations compares with the server that made them. */
typedef struct mlg_parity_t {
    uint64_t requests;    /* observed */
    uint64_t compared;    /* judged by the same rules and kept by both */
    uint64_t skipped;     /* the server found its stripe busy: not compared */
    uint64_t other_rules; /* judged by other rules there: not compared */
    uint64_t gaps;        /* waits for a line that were given up */
    uint64_t late;        /* lines that came after their turn */
    int is_partial;       /* the log does not begin where the server's memory
                             does: what it knew before is not known here */
    uint64_t foreign;     /* lines of a segment that was gone: left out */
    uint64_t scores;      /* of those compared, scores that differ ... */
    uint64_t vectors;     /* ... feature vectors that do ... */
    uint64_t verdicts;    /* ... and verdicts */
} mlg_parity_t;

/** Begin, with the module's default settings but for its engine: a log is
 * asked whom enforcing would have refused.
 *
 * @param replay   filled; borrows memory of the pool
 * @param clients  size of the table, rounded as mlg_segment_bytes() does
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t mlg_replay_init(mlg_replay_t *replay, uint32_t clients,
                             apr_pool_t *p);

/** Begin with another segment, of what the server's began with.
 *
 * @param clients    size of its table
 * @param took_over  MLG_TOOK_NOTHING: an empty gate; else what this one knows,
 *                   as the server took it over
 * @param now_us     when; without effect on an empty gate
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t mlg_replay_move(mlg_replay_t *replay, uint32_t clients,
                             mlg_took_over took_over, apr_time_t now_us);

/** Judge one line.
 *
 * @param entry    its `request.from` is filled in
 * @param arrival  filled
 * @param d        filled
 */
void mlg_replay_entry(mlg_replay_t *replay, mlg_log_entry_t *entry,
                      mlg_arrival_t *arrival, mlg_decision_t *d);

/** Begin anew with an empty gate, as a server does.
 *
 * @param clients  as for mlg_replay_init(); memory of the same size is used
 *                 again, of another size given back
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t mlg_replay_restart(mlg_replay_t *replay, uint32_t clients);

/** Do again what a server did: judge an arrival, fold an outcome, carry out an
 * order. A request that the server refused and these rules let pass has an
 * unknown outcome.
 *
 * @param step     from mlg_reorder_next(); its note is used
 * @param arrival  filled for a request's arrival
 * @param d        filled for a request's arrival
 * @return 1 when it was a request's arrival
 */
int mlg_replay_step(mlg_replay_t *replay, const mlg_step_t *step,
                    mlg_arrival_t *arrival, mlg_decision_t *d);

/** Compare a decision of mlg_replay_step() with the server's own. */
void mlg_parity_add(mlg_parity_t *parity, const mlg_rules_t *rules,
                    const mlg_observation_t *seen, const mlg_decision_t *d);

#endif /* MLG_REPLAY_H */
