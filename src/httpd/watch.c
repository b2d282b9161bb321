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

/* Report every block that ran out since the last sweep. */
static void sweep(server_rec *s, apr_pool_t *p, apr_time_t now_us)
{
    const mlg_blocks_t *blocks = &mlgate.gate.blocks;
    apr_time_t from_us = mlgate.gate.segment->swept_us;
    uint32_t n = mlg_block_next_ended(blocks, 0, from_us, now_us);
    mlg_block_t block;

    while (n < mlg_block_slots(blocks)) {
        mlg_stripe_t *held = mlgate_stripe_wait(mlg_block_stripe(n));
        int is_whole = held != NULL && mlg_block_read(blocks, n, &block);

        mlgate_stripe_drop(held);
        if (is_whole && block.until_us <= now_us) {
            mlgate_event_ended(s, p, &block);
        }
        n = mlg_block_next_ended(blocks, n + 1, from_us, now_us);
    }
    mlgate.gate.segment->swept_us = now_us;
}

/* Were there ever blocks? A server that is never attacked sweeps nothing. */
static int has_blocked(void)
{
    mlg_shard_t total;

    mlg_counters_read(mlgate.gate.counters, &total);
    return total.count[MLG_C_BLOCKS] + total.count[MLG_C_WOULD_BLOCKS] +
               total.count[MLG_C_OPERATOR_BLOCKS] >
           0;
}

static apr_status_t on_watch(int state, void *data, apr_pool_t *p)
{
    apr_pool_t *ptemp;

    if (state == AP_WATCHDOG_STATE_RUNNING && mlgate.is_serving &&
        has_blocked()) {
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
