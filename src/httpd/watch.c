/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens without a request: one process at a time looks for blocks that
 * have run out and reports them. Blocks end by themselves; without
 * mod_watchdog only the report is missing.
 */
#include "mlgate.h"

#include <http_core.h>
#include <mod_watchdog.h>

APLOG_USE_MODULE(mlgate);

#define WATCHDOG       "_mlgate_"
#define SWEEP_EVERY_US (2 * APR_USEC_PER_SEC)

/* Did this block run out since the last sweep? */
static int has_ended(const mlg_block_t *block, apr_time_t from_us,
                     apr_time_t to_us)
{
    return block->kind != MLG_BLOCK_GRACE && block->until_us > from_us &&
           block->until_us <= to_us;
}

static void sweep(server_rec *s, apr_pool_t *p, apr_time_t now_us)
{
    const mlg_blocks_t *blocks = &mlgate.gate.blocks;
    apr_time_t from_us = mlgate.gate.segment->swept_us;
    mlg_block_t block;

    for (uint32_t n = 0; n < mlg_block_slots(blocks); n++) {
        mlg_stripe_t *held;

        if (!mlg_block_read(blocks, n, &block) ||
            !has_ended(&block, from_us, now_us)) {
            continue;
        }
        held = mlgate_stripe_wait(mlg_block_stripe(n)); /* for a whole copy */
        if (mlg_block_read(blocks, n, &block) &&
            has_ended(&block, from_us, now_us)) {
            mlgate_stripe_drop(held);
            mlgate_event_ended(s, p, &block);
            continue;
        }
        mlgate_stripe_drop(held);
    }
    mlgate.gate.segment->swept_us = now_us;
}

static apr_status_t on_watch(int state, void *data, apr_pool_t *p)
{
    apr_pool_t *ptemp;

    if (state == AP_WATCHDOG_STATE_RUNNING && mlgate.is_serving) {
        apr_pool_create(&ptemp, p);
        sweep(data, ptemp, apr_time_now());
        apr_pool_destroy(ptemp);
    }
    return APR_SUCCESS;
}

apr_status_t mlgate_watch_start(server_rec *s, apr_pool_t *pconf)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get_instance =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *register_callback =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog = NULL;
    apr_status_t rv;

    if (get_instance == NULL || register_callback == NULL) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     MLG0014 "mod_watchdog is not loaded: blocks end by "
                             "themselves, but nobody reports it");
        return APR_SUCCESS;
    }
    rv = get_instance(&watchdog, WATCHDOG, 0, 1, pconf);
    if (rv == APR_SUCCESS) {
        rv = register_callback(watchdog, SWEEP_EVERY_US, s, on_watch);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     MLG0018 "mod_watchdog refused our callback");
    }
    return rv;
}
