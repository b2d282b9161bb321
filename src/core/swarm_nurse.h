/* SPDX-License-Identifier: Apache-2.0
 *
 * The nursery: newcomers of the last minutes, which cohorts they were counted
 * in, and what is waited for. Of two places a newcomer takes the older; whoever
 * is pushed out is forgotten, which takes nothing from its cohorts.
 *
 *     who = hash:40 | second:16 | 0:2 | control:1 | state:3 | class:2
 */
#ifndef SWARM_NURSE_H
#define SWARM_NURSE_H

#include "mlg_swarm.h"

/* What a newcomer is at. */
enum swarm_nurse_states {
    SWARM_WAITS = 1, /* for its page */
    SWARM_OWES,      /* what people bring: its page was answered */
    SWARM_BROUGHT,   /* it; or was refused and is a person after all */
    SWARM_REFUSED
};

#define SWARM_IS_CONTROL (UINT64_C(1) << 5)

/* A place, copied out. */
typedef struct swarm_nurse_t {
    mlg_nurse_t *at;
    uint64_t who;
    uint64_t slots; /* 1 + place in each kind's table, 16 bits each */
} swarm_nurse_t;

static inline unsigned swarm_nurse_state(const swarm_nurse_t *n)
{
    return n->who >> 2 & 7;
}

static inline unsigned swarm_nurse_class(const swarm_nurse_t *n)
{
    return (unsigned)(n->who & 3) % MLG_NSWARM_CLASSES;
}

/** @return the place of a kind's cohort, or -1 */
static inline int swarm_nurse_slot(const swarm_nurse_t *n, unsigned kind)
{
    unsigned slot = n->slots >> (16 * kind) & 0xFFFF;

    return (slot <= MLG_SWARM_COHORTS) ? (int)slot - 1 : -1;
}

/** @return 1 when it is known and `n` is filled */
int swarm_nurse_find(swarm_nurse_t *n, mlg_swarms_t *s, uint64_t client,
                     uint32_t at_s);

/** Choose its place; swarm_nurse_write() takes it. */
void swarm_nurse_put(swarm_nurse_t *n, mlg_swarms_t *s, uint64_t client,
                     uint32_t at_s, unsigned class);

void swarm_nurse_write(const swarm_nurse_t *n);

/** Another state, from now on. */
void swarm_nurse_turn(swarm_nurse_t *n, unsigned state, uint32_t at_s);

/** Seconds since its state changed, modulo 2^16. */
uint32_t swarm_nurse_age(const swarm_nurse_t *n, uint32_t at_s);

#endif /* SWARM_NURSE_H */
