/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking and giving back stripes. On the request path nobody waits.
 */
#include "mlgate.h"

#include <apr_global_mutex.h>

#define WAIT_STEP_US 500
#define WAIT_STEPS   2000 /* a second in all */

static mlg_stripe_t *take(unsigned stripe)
{
    return (apr_global_mutex_trylock(mlgate.mutex[stripe]) == APR_SUCCESS)
               ? &mlgate.gate.table.stripe[stripe]
               : NULL;
}

mlg_stripe_t *mlgate_stripe_try(unsigned stripe)
{
    mlg_stripe_t *held = take(stripe);

    return (held != NULL) ? held : take(stripe);
}

mlg_stripe_t *mlgate_stripe_wait(unsigned stripe)
{
    mlg_stripe_t *held = take(stripe);

    for (int i = 0; held == NULL && i < WAIT_STEPS; i++) {
        apr_sleep(WAIT_STEP_US);
        held = take(stripe);
    }
    if (held != NULL) {
        mlg_stripe_assume(held);
        if (mlg_table_repair(&mlgate.gate.table, held)) {
            mlg_count(mlgate.gate.counters, stripe, MLG_C_REPAIRS);
        }
    }
    return held;
}

void mlgate_stripe_drop(mlg_stripe_t *held)
{
    if (held != NULL) {
        apr_global_mutex_unlock(mlgate.mutex[held - mlgate.gate.table.stripe]);
    }
}
