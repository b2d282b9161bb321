/* SPDX-License-Identifier: Apache-2.0
 *
 * What each threshold between 0.05 and 0.99 would have done, found in the one
 * pass of a replay that runs under one threshold.
 *
 * For every client that has scored 0.05 or more, and for each threshold, the
 * policy is run on the client's scores: three high ones of the last five, the
 * newest among them, at least the minimum number of requests; a block; the
 * longer one for a repeated offence. The replay's own threshold is run too.
 *
 * What is approximate. A request that the replay refuses is neither scored nor
 * recorded by the gate, and a higher threshold wants to know what would have
 * come of it: while a client is really blocked, a copy of its record goes on
 * counting and is scored, beginning with the request that convicted it (whose
 * answer it holds as refused, and pages of its network stand still). After the
 * block the gate's own scores count again, which did not see those requests. A
 * lower threshold sees scores that counted requests which it would itself have
 * refused. At the replay's own threshold nothing is approximate and the
 * figures are the replay's own, as long as the gate has room for its clients.
 *
 * Memory is fixed: MLG_WHATIF_CLIENTS clients of 0.8 KB, in 8-way sets. One
 * that has done nothing noted lately gives its place first and loses nothing;
 * when another has to, `forgotten` counts it: it may then be counted a second
 * time, and a block that it was in is cut short. A client that an observation
 * log has in several segments is counted in each.
 *
 * No clock, no lock. Allocates from the caller's pool, once.
 */
#ifndef MLG_WHATIF_H
#define MLG_WHATIF_H

#include "mlg_gate.h"

#include <apr_pools.h>

#define MLG_WHATIF_GRID    50 /* 0.05, by 0.02 from 0.06 to 0.96, to 0.99 */
#define MLG_WHATIF_ROWS    (MLG_WHATIF_GRID + 1) /* the last one: the real */
#define MLG_WHATIF_CLIENTS 8192

typedef struct mlg_whatif_row_t {
    float threshold;
    uint64_t clients;  /* blocked at least once */
    uint64_t requests; /* refused, the convicting ones included */
} mlg_whatif_row_t;

typedef struct mlg_whatif_t {
    mlg_whatif_row_t row[MLG_WHATIF_ROWS];
    uint64_t forgotten; /* clients that had to give their place */
    const mlg_gate_t *gate;
    const mlg_rules_t *rules;
    struct mlg_whatif_client_t *client; /* shape [MLG_WHATIF_CLIENTS] */
    uint64_t *tag;                      /* likewise: hashes, 0 = empty */
} mlg_whatif_t;

/** A threshold of the grid, where few are needed in the middle and people may
 * end at either end. @param i  0..MLG_WHATIF_GRID - 1. @return in hundredths */
static inline int mlg_whatif_percent(int i)
{
    return (i == 0) ? 5 : (i <= 46) ? 4 + 2 * i : 50 + i;
}

/** Begin.
 *
 * @param gate   the replay's; borrowed, only read
 * @param rules  the replay's; borrowed, not to be changed
 * @return APR_SUCCESS or APR_ENOMEM
 */
apr_status_t mlg_whatif_init(mlg_whatif_t *w, const mlg_gate_t *gate,
                             const mlg_rules_t *rules, apr_pool_t *p);

/** Weigh one request under every threshold, right after it was judged and
 * settled. In the order of the log.
 *
 * @param outcome  as the log has it, whatever the verdict
 */
void mlg_whatif_add(mlg_whatif_t *w, const mlg_arrival_t *arrival,
                    const mlg_outcome_t *outcome, const mlg_decision_t *d);

#endif /* MLG_WHATIF_H */
