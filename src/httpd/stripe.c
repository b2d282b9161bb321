/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking and giving back stripes. On the request path nobody waits.
 *
 * The mutexes are robust, process-shared pthread mutexes inside the segment
 * rather than apr_global_mutexes: a pair of calls costs 90 instructions instead
 * of 290 and never a system call (httpd's "Mutex file:" would make four for
 * each request), there are no 256 descriptors and pages beside the segment, a
 * graceful restart keeps them with it, and the system says when a holder died,
 * where APR reports plain success.
 */
#include "mlgate.h"

#include <http_main.h>

#include <pthread.h>

APLOG_USE_MODULE(mlgate);

#define SPINS        64
#define WAIT_STEP_US 500
#define WAIT_STEPS   2000 /* a second in all */

static_assert(sizeof(pthread_mutex_t) <= sizeof(mlg_lock_room_t),
              "a mutex fits its room");

static pthread_mutex_t *mutex_of(const mlg_gate_t *gate, unsigned stripe)
{
    return (pthread_mutex_t *)&gate->lock[stripe];
}

apr_status_t mlgate_stripes_init(const mlg_gate_t *gate)
{
    pthread_mutexattr_t attr;
    int err = pthread_mutexattr_init(&attr);

    if (err != 0) {
        return err;
    }
    err = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    if (err == 0) {
        err = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    }
    for (unsigned i = 0; err == 0 && i < MLG_STRIPES; i++) {
        err = pthread_mutex_init(mutex_of(gate, i), &attr);
    }
    pthread_mutexattr_destroy(&attr);
    return err;
}

/* A lock that fails is treated as busy: the request is judged from a copy and
 * goes on. Counted each time, logged once per process. */
static void fail_open(unsigned stripe, int err)
{
    static int has_said;

    mlg_count(mlgate.gate.counters, stripe, MLG_C_LOCK_ERRORS);
    if (!has_said) {
        has_said = 1;
        ap_log_error(APLOG_MARK, APLOG_ERR, err, ap_server_conf,
                     MLG0013 "the lock of stripe %u failed; its clients are "
                             "judged but no longer remembered (said once per "
                             "process; see lock_errors in the statistics); "
                             "restart the server",
                     stripe);
    }
}

/* @return as pthread_mutex_trylock(), but success after a holder's death */
static int take(unsigned stripe)
{
    pthread_mutex_t *mutex = mutex_of(&mlgate.gate, stripe);
    int err = pthread_mutex_trylock(mutex);

    if (err == EOWNERDEAD) {
        /* The next mlg_judge() or mlg_settle() repairs what `busy` names. */
        err = pthread_mutex_consistent(mutex);
    }
    return err;
}

/* Take a stripe, trying again so often, with a pause, while it is busy. */
static mlg_stripe_t *take_within(unsigned stripe, int tries,
                                 apr_interval_time_t pause_us)
{
    int err = take(stripe);

    while (err == EBUSY && --tries > 0) {
        if (pause_us > 0) {
            apr_sleep(pause_us);
        }
        err = take(stripe);
    }
    if (err != 0 && err != EBUSY) {
        fail_open(stripe, err);
    }
    return (err == 0) ? &mlgate.gate.table.stripe[stripe] : NULL;
}

mlg_stripe_t *mlgate_stripe_try(unsigned stripe)
{
    return take_within(stripe, 2, 0);
}

mlg_stripe_t *mlgate_stripe_spin(unsigned stripe)
{
    return take_within(stripe, SPINS, 0);
}

mlg_stripe_t *mlgate_stripe_wait(unsigned stripe)
{
    mlg_stripe_t *held = take_within(stripe, WAIT_STEPS, WAIT_STEP_US);

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
        pthread_mutex_unlock(mutex_of(
            &mlgate.gate, (unsigned)(held - mlgate.gate.table.stripe)));
    }
}
