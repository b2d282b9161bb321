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

#define MLG_REPLAY_CLIENTS 262144 /* MLGateTableSize's default */

typedef struct mlg_replay_t {
    mlg_gate_t gate;
    mlg_rules_t rules;      /* the caller sets them before the first line */
    unsigned ipv6_prefix;   /* MLGateIPv6Prefix */
    uint32_t refuse_status; /* MLGateRefuseStatus: what a conviction answers */
} mlg_replay_t;

/** Begin, with the module's default settings but for its engine: a log is
 * asked whom enforcing would have refused.
 *
 * @param replay   filled; borrows memory of the pool
 * @param clients  size of the table, rounded as mlg_segment_bytes() does
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t mlg_replay_init(mlg_replay_t *replay, uint32_t clients,
                             apr_pool_t *p);

/** Judge one line.
 *
 * @param entry    its `request.from` is filled in
 * @param arrival  filled
 * @param d        filled
 */
void mlg_replay_entry(mlg_replay_t *replay, mlg_log_entry_t *entry,
                      mlg_arrival_t *arrival, mlg_decision_t *d);

#endif /* MLG_REPLAY_H */
