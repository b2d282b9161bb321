/* SPDX-License-Identifier: Apache-2.0
 *
 * A place where threads find something that another thread replaces while
 * they use it: the model that judges. Whoever needs it takes it, uses it and
 * drops it; a new one is put in its place at once; the old one is given back,
 * to be freed, when nobody uses it any more. Nobody ever waits.
 *
 * Why what is given back is in nobody's hands. Things sit in slots, and slots
 * are never freed: a taker may count itself into one at any time. It does so
 * first (A) and then looks whether that slot is still the current one (B);
 * only if it is does it touch what sits there, else it counts itself out and
 * begins anew. The writer first makes another slot current (C) and then reads
 * how many are counted in (D). All four are sequentially consistent. When D
 * reads 0, every A that D did not see comes after it, hence after C, and its B
 * finds another slot current: that taker touches nothing. A slot whose D was
 * not 0 is looked at again at the next mlg_seat_reap().
 *
 * All-zero bytes are an empty seat. Of one process; one thread at a time puts
 * and reaps, any number take.
 *
 * Pure: no clock, no lock (atomics), no allocation.
 */
#ifndef MLG_SEAT_H
#define MLG_SEAT_H

#include "mlg_record.h"

#define MLG_SEAT_SLOTS 4u

typedef struct mlg_seat_t {
    _Alignas(MLG_CACHELINE) uint32_t current; /* slot; seldom written */
    const void *what[MLG_SEAT_SLOTS];
    _Alignas(MLG_CACHELINE) uint32_t users[MLG_SEAT_SLOTS];
} mlg_seat_t;

/** Take what sits there; it stays whole until it is dropped.
 *
 * @param slot  set, for mlg_seat_drop()
 * @return NULL when the seat is empty, which is dropped all the same
 */
const void *mlg_seat_take(mlg_seat_t *seat, unsigned *slot);

/** Give it back. @param slot  from mlg_seat_take() */
void mlg_seat_drop(mlg_seat_t *seat, unsigned slot);

/** Put something in its place.
 *
 * @param what  not NULL; whole, for others see it at once
 * @return 1; 0 when every slot is in use, and nothing has changed: reap, and
 *         try again later
 */
int mlg_seat_put(mlg_seat_t *seat, const void *what);

/** Something that was replaced and that nobody uses any more.
 *
 * @return the caller's again; NULL when there is none. More may be waiting
 */
const void *mlg_seat_reap(mlg_seat_t *seat);

#endif /* MLG_SEAT_H */
