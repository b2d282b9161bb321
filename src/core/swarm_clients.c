/* SPDX-License-Identifier: Apache-2.0
 *
 * How many clients there were in the last ten minutes, and how many of them
 * verdicts took.
 */
#include "swarm.h"

#include <math.h>

#define PANE_S           600u
#define LOAD(at)         __atomic_load_n((at), __ATOMIC_RELAXED)
#define STORE(at, value) __atomic_store_n((at), (value), __ATOMIC_RELAXED)

void swarm_clients_note(mlg_swarms_t *s, uint64_t client, uint32_t at_s)
{
    uint32_t pane = at_s / PANE_S;
    uint32_t last = LOAD(&s->clients_pane);
    uint64_t *word = &s->clients_now[client % MLG_SWARM_CLIENTS / 64];
    uint64_t bit = UINT64_C(1) << (client % 64);

    if (pane > last &&
        __atomic_compare_exchange_n(&s->clients_pane, &last, pane, 0,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        for (unsigned i = 0; i < MLG_SWARM_CLIENTS / 64; i++) {
            uint64_t now = (pane == last + 1) ? LOAD(&s->clients_now[i]) : 0;

            STORE(&s->clients_before[i], now);
            STORE(&s->clients_now[i], 0);
        }
        STORE(&s->refused_before,
              (pane == last + 1) ? LOAD(&s->refused_now) : 0);
        STORE(&s->refused_now, 0);
    }
    if ((LOAD(word) & bit) == 0) {
        __atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
    }
}

float mlg_swarm_clients(const mlg_swarms_t *s)
{
    unsigned set = 0;
    float all = (float)MLG_SWARM_CLIENTS;

    for (unsigned i = 0; i < MLG_SWARM_CLIENTS / 64; i++) {
        set += (unsigned)__builtin_popcountll(LOAD(&s->clients_now[i]) |
                                              LOAD(&s->clients_before[i]));
    }
    set -= (set == MLG_SWARM_CLIENTS);
    return -all * logf(1.0f - (float)set / all);
}

/* MLGateSwarmMaxShare: would verdicts take too many of all clients? Looked at
 * once in 64 of them, for it reads a whole map. */
int mlg_swarm_holds_back(mlg_swarms_t *s, const mlg_swarm_by_t *by)
{
    uint32_t refused = LOAD(&s->refused_now) + LOAD(&s->refused_before);

    if (by->is_busy || by->max_share >= 1.0f) {
        STORE(&s->is_degraded, 0);
    }
    else if (refused % 64 == 0) {
        STORE(&s->is_degraded,
              refused > 0 &&
                  (float)refused > by->max_share * mlg_swarm_clients(s));
    }
    return LOAD(&s->is_degraded) != 0;
}
