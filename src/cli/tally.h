/* SPDX-License-Identifier: Apache-2.0
 *
 * What became of each client in a replay, and the report by class of client.
 * Takes memory in proportion to the clients (40 bytes each).
 */
#ifndef TALLY_H
#define TALLY_H

#include "mlg_decision.h"

#include <apr_pools.h>
#include <stdio.h>

#define TALLY_CLASSES 64
#define TALLY_BUSY    20 /* requests from which a client counts as busy */

typedef struct tally_client_t {
    uint64_t hash; /* 0 = empty place */
    uint32_t requests;
    uint32_t refused;
    uint16_t blocks;
    uint16_t class;
} tally_client_t;

typedef struct tally_t {
    tally_client_t *place; /* shape [mask + 1], malloc'ed: it grows */
    uint64_t mask;
    uint64_t clients;
    uint64_t requests;
    uint64_t malformed;
    apr_time_t first_us;
    apr_time_t last_us;
    const char *class[TALLY_CLASSES]; /* names; class 0 is "" */
    unsigned classes;
} tally_t;

/** Begin empty. @return APR_SUCCESS or APR_ENOMEM */
apr_status_t tally_init(tally_t *t);

/** Give the memory back. */
void tally_free(tally_t *t);

/** The number of a class, by its name; a new name gets a new number, the
 * 64th and later ones share the last. */
unsigned tally_class(tally_t *t, const char *name, size_t len, apr_pool_t *p);

/** Count one request. @return APR_SUCCESS or APR_ENOMEM */
apr_status_t tally_add(tally_t *t, uint64_t client, unsigned class,
                       const mlg_decision_t *d);

/** Print the report. */
void tally_print(const tally_t *t, FILE *to);

#endif /* TALLY_H */
