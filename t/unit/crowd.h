/* SPDX-License-Identifier: Apache-2.0
 *
 * A gate that many workers hammer at once, processes or threads, each stripe
 * under a robust, process-shared mutex that is only ever tried, as in
 * src/httpd.
 */
#ifndef CROWD_H
#define CROWD_H

#include "unit.h"

#include <pthread.h>

typedef struct crowd_t {
    /* shared by all workers */
    pthread_mutex_t lock[MLG_STRIPES];
    uint64_t made;   /* requests made, by workers that were not killed */
    uint64_t locked; /* stripes that could not be taken at the end */
} crowd_t;

typedef struct crowd_view_t {
    crowd_t *crowd;
    void *base; /* of the segment */
    size_t bytes;
    mlg_gate_t gate;
    mlg_rules_t rules;
} crowd_view_t;

/** Map a crowd and its segment, shared with children. */
void crowd_open(crowd_view_t *v, const mlg_weighted_t *model);
void crowd_close(crowd_view_t *v);

/** Judge and settle `n` requests of a few thousand clients, from `seed` on. */
void crowd_work(const crowd_view_t *v, uint64_t seed, int n);

/** Judge only: then `skipped` counts arrivals that no record holds. */
void crowd_arrive(const crowd_view_t *v, uint64_t seed, int n);

/** An operator's order about half of the clients that flood, waiting. */
void crowd_order(const crowd_view_t *v, unsigned n, mlg_block_kind kind,
                 apr_time_t until_us);

/** Take every stripe, waiting, and repair it. @return how many needed it */
int crowd_repair(const crowd_view_t *v);

/** The sum of all records' requests. */
uint64_t crowd_total(const crowd_view_t *v);

#endif /* CROWD_H */
