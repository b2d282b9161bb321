/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm_nurse.h"

#define SECOND_BITS 0xFFFFu
#define FORGET_S    600u /* a newcomer is one no longer */
#define LOAD(at)    __atomic_load_n((at), __ATOMIC_RELAXED)

static uint32_t age_of(uint64_t who, uint32_t at_s)
{
    return (at_s - (uint32_t)(who >> 8)) & SECOND_BITS;
}

uint32_t swarm_nurse_age(const swarm_nurse_t *n, uint32_t at_s)
{
    return age_of(n->who, at_s);
}

static void nurse_read(swarm_nurse_t *n, mlg_nurse_t *at)
{
    uint64_t __attribute__((__may_alias__)) *slots = (void *)at->slot;

    n->at = at;
    n->who = LOAD(&at->who);
    n->slots = LOAD(slots);
}

void swarm_nurse_write(const swarm_nurse_t *n)
{
    uint64_t __attribute__((__may_alias__)) *slots = (void *)n->at->slot;

    __atomic_store_n(slots, n->slots, __ATOMIC_RELAXED);
    __atomic_store_n(&n->at->who, n->who, __ATOMIC_RELAXED);
}

void swarm_nurse_turn(swarm_nurse_t *n, unsigned state, uint32_t at_s)
{
    n->who = (n->who >> 24 << 24) | (uint64_t)(at_s & SECOND_BITS) << 8 |
             (n->who & SWARM_IS_CONTROL) | state << 2 | swarm_nurse_class(n);
    swarm_nurse_write(n);
}

static mlg_nurse_t *pair_of(mlg_swarms_t *s, uint64_t client)
{
    return &s->nurse[client % MLG_SWARM_NURSERY & ~UINT64_C(1)];
}

int swarm_nurse_find(swarm_nurse_t *n, mlg_swarms_t *s, uint64_t client,
                     uint32_t at_s)
{
    mlg_nurse_t *pair = pair_of(s, client);

    for (int i = 0; i < 2; i++) {
        nurse_read(n, &pair[i]);
        if (n->who >> 24 == client >> 24 && age_of(n->who, at_s) <= FORGET_S) {
            return swarm_nurse_state(n) != 0;
        }
    }
    return 0;
}

void swarm_nurse_put(swarm_nurse_t *n, mlg_swarms_t *s, uint64_t client,
                     uint32_t at_s, unsigned class)
{
    mlg_nurse_t *pair = pair_of(s, client);
    uint64_t first = LOAD(&pair[0].who);
    uint64_t second = LOAD(&pair[1].who);
    int is_second = first != 0 &&
                    (second == 0 || age_of(second, at_s) > age_of(first, at_s));

    n->at = &pair[is_second];
    n->who = client >> 24 << 24 | (uint64_t)(at_s & SECOND_BITS) << 8 |
             SWARM_WAITS << 2 | class;
}
