/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_seat.h"

const void *mlg_seat_take(mlg_seat_t *seat, unsigned *slot)
{
    for (;;) {
        uint32_t n = __atomic_load_n(&seat->current, __ATOMIC_SEQ_CST);

        __atomic_fetch_add(&seat->users[n], 1, __ATOMIC_SEQ_CST);     /* A */
        if (__atomic_load_n(&seat->current, __ATOMIC_SEQ_CST) == n) { /* B */
            *slot = n;
            return seat->what[n];
        }
        mlg_seat_drop(seat, n);
    }
}

void mlg_seat_drop(mlg_seat_t *seat, unsigned slot)
{
    __atomic_fetch_sub(&seat->users[slot], 1, __ATOMIC_SEQ_CST);
}

/* Nobody may touch what sits here: it is not current, and D reads 0. */
static int is_idle(const mlg_seat_t *seat, uint32_t slot)
{
    return slot != seat->current &&
           __atomic_load_n(&seat->users[slot], __ATOMIC_SEQ_CST) == 0;
}

int mlg_seat_put(mlg_seat_t *seat, const void *what)
{
    for (uint32_t n = 0; n < MLG_SEAT_SLOTS; n++) {
        if (seat->what[n] == NULL && is_idle(seat, n)) {
            seat->what[n] = what;
            __atomic_store_n(&seat->current, n, __ATOMIC_SEQ_CST); /* C */
            return 1;
        }
    }
    return 0;
}

const void *mlg_seat_reap(mlg_seat_t *seat)
{
    for (uint32_t n = 0; n < MLG_SEAT_SLOTS; n++) {
        const void *what = seat->what[n];

        if (what != NULL && is_idle(seat, n)) {
            seat->what[n] = NULL;
            return what;
        }
    }
    return NULL;
}
