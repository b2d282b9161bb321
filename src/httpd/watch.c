/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens without a request: one process at a time looks for blocks that
 * have run out and reports them, and for model files that have changed; each
 * process takes up what that one published. Blocks end by themselves; without
 * mod_watchdog only the report is missing, and a changed model waits for a
 * restart.
 */
#include "mlgate.h"

#include <http_core.h>
#include <mod_watchdog.h>

APLOG_USE_MODULE(mlgate);

#define WATCHDOG        "_mlgate_"       /* one process at a time */
#define FOLLOWER        "_mlgate_model_" /* each process */
#define WRITER          "_mlgate_state_" /* one at a time; may wait for a disk */
#define SWEEP_EVERY_US  (2 * (apr_interval_time_t)APR_USEC_PER_SEC)
#define WRITE_EVERY_US  ((apr_interval_time_t)APR_USEC_PER_SEC)
#define FOLLOW_EVERY_US ((apr_interval_time_t)APR_USEC_PER_SEC)
#define QUIET_US        ((apr_interval_time_t)APR_USEC_PER_SEC)

/* httpd -D MLGATE_HURRY: a test that changes models a hundred times. */
#define HURRY_EVERY_US (100 * (apr_interval_time_t)1000)

static int is_hurried;

/* Report every block that ran out and was not told. One whose stripe is busy is
 * left to the next sweep: whoever holds it may have been stopped. It is told
 * first and marked then, so that a death between the two reports it twice
 * rather than never. */
static void sweep(server_rec *s, apr_pool_t *p, apr_time_t now_us)
{
    const mlg_blocks_t *blocks = &mlgate.gate.blocks;
    uint32_t n = mlg_block_next_ended(blocks, 0, now_us);
    mlg_block_t block;

    while (n < mlg_block_slots(blocks)) {
        mlg_stripe_t *held = mlgate_stripe_spin(mlg_block_stripe(n));
        int is_whole = held != NULL && mlg_block_read(blocks, n, &block);

        mlgate_stripe_drop(held);
        if (is_whole && block.until_us <= now_us) {
            mlgate_event_ended(s, p, &block);
            mlg_block_tell(blocks, &block);
        }
        n = mlg_block_next_ended(blocks, n + 1, now_us);
    }
}

/* Were there ever blocks? A server that is never attacked sweeps nothing. What
 * was taken up may be blocks without the counters. */
static int has_blocked(void)
{
    mlg_shard_t total;

    mlg_counters_read(mlgate.gate.counters, &total);
    return mlgate.gate.segment->took_over != 0 ||
           total.count[MLG_C_BLOCKS] + total.count[MLG_C_WOULD_BLOCKS] +
                   total.count[MLG_C_OPERATOR_BLOCKS] >
               0;
}

static apr_status_t on_watch(int state, void *data, apr_pool_t *p)
{
    apr_pool_t *ptemp;

    if (state != AP_WATCHDOG_STATE_RUNNING || !mlgate.is_serving) {
        return APR_SUCCESS;
    }
    apr_pool_create(&ptemp, p);
    if (has_blocked()) {
        sweep(data, ptemp, mlgate_now());
    }
    mlgate_swarm_weigh_load();
    mlgate_swarm_sweep(data, ptemp);
    mlgate_site_look(data);
    mlgate_models_look(data, is_hurried ? HURRY_EVERY_US : QUIET_US, ptemp);
    apr_pool_destroy(ptemp);
    return APR_SUCCESS;
}

static apr_status_t on_follow(int state, void *data, apr_pool_t *p)
{
    (void)data;
    (void)p;
    if (state == AP_WATCHDOG_STATE_RUNNING && mlgate.is_serving) {
        mlgate_models_follow();
    }
    return APR_SUCCESS;
}

static apr_status_t on_write(int state, void *data, apr_pool_t *p)
{
    apr_pool_t *ptemp;

    if (state == AP_WATCHDOG_STATE_RUNNING && mlgate.is_serving) {
        apr_pool_create(&ptemp, p);
        mlgate_state_look(data, is_hurried, ptemp);
        apr_pool_destroy(ptemp);
    }
    return APR_SUCCESS;
}

typedef APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) get_instance_t;
typedef APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) add_callback_t;

/* A watchdog of ours that calls back. Logs what fails. */
static apr_status_t set_watch(const char *name, int is_singleton,
                              apr_interval_time_t every_us,
                              ap_watchdog_callback_fn_t *callback,
                              server_rec *s, apr_pool_t *pconf)
{
    get_instance_t *get_instance =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    add_callback_t *add_callback =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog = NULL;
    apr_status_t rv = get_instance(&watchdog, name, 0, is_singleton, pconf);

    if (rv == APR_SUCCESS) {
        rv = add_callback(watchdog, is_hurried ? HURRY_EVERY_US : every_us, s,
                          callback);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     MLG0018 "mod_watchdog refused our callback");
    }
    return rv;
}

apr_status_t mlgate_watch_start(server_rec *s, apr_pool_t *pconf)
{
    apr_status_t rv;

    is_hurried = ap_exists_config_define("MLGATE_HURRY");
    if (APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance) == NULL ||
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback) == NULL) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     MLG0014 "mod_watchdog is not loaded: blocks end by "
                             "themselves, but nobody reports it, and "
                             "MLGateThreshold auto never learns this site: "
                             "load it, or give a number or a profile%s%s",
                     mlgate_models_are_files()
                         ? "; a changed model file is taken up at the next "
                           "restart"
                         : "",
                     (mlgate_conf_global(s)->state_file != NULL)
                         ? "; MLGateStateFile is written at a stop only"
                         : "");
        return APR_SUCCESS;
    }
    rv = set_watch(WATCHDOG, 1, SWEEP_EVERY_US, on_watch, s, pconf);
    if (rv == APR_SUCCESS && mlgate_models_are_files()) {
        rv = set_watch(FOLLOWER, 0, FOLLOW_EVERY_US, on_follow, s, pconf);
    }
    if (rv == APR_SUCCESS && mlgate_conf_global(s)->state_file != NULL) {
        rv = set_watch(WRITER, 1, WRITE_EVERY_US, on_write, s, pconf);
    }
    return rv;
}
