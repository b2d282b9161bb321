/* SPDX-License-Identifier: Apache-2.0
 *
 * Logs judged by the threshold that fits them: where nobody gave one and there
 * is no profile of the site, they are read twice, first as mlgatectl calibrate
 * does and then by what that found. Where too little was seen only the floor
 * refuses, as on a server that is not calibrated yet (mlg_threshold.h).
 *
 * Observation logs are read once: each line carries the threshold that was in
 * force.
 */
#ifndef FITTED_H
#define FITTED_H

#include "feed.h"
#include "mlg_agents.h"

/** feed_run(), by the threshold that fits these logs where none is given. Says
 * on standard error which that is, when all is read.
 *
 * @param feed    its rules' `origin` is set
 * @param agents  with the addresses of crawlers, which then count as people;
 *                NULL: none are known
 * @return as feed_run()
 */
int fitted_run(feed_t *feed, mlg_agents_t *agents, int nlogs,
               const char *const *logs, judged_fn fn, void *data);

#endif /* FITTED_H */
