/* SPDX-License-Identifier: Apache-2.0
 *
 * The shared segment: made once in the process pool, found again after a
 * restart, so that what the gate knows survives it. A new one takes over what
 * the last one held, or what is on disk.
 */
#include "mlgate.h"

#include "mlg_state.h"

#include <apr_shm.h>
#include <apr_strings.h>

APLOG_USE_MODULE(mlgate);

#define RETAINED "mlgate_segment"

mlgate_process_t mlgate;

/* What the parent remembers from one configuration to the next. */
typedef struct retained_t {
    apr_shm_t *shm;
    void *base;       /* of the segment, aligned inside shm */
    apr_size_t bytes; /* from base to the end of shm */
} retained_t;

static apr_status_t map(retained_t *into, apr_size_t bytes, server_rec *s)
{
    apr_pool_t *p = s->process->pool;
    /* APR puts its own header first and promises no alignment. */
    apr_size_t room = bytes + MLG_CACHELINE;
    apr_status_t rv = apr_shm_create(&into->shm, room, NULL, p);
    apr_uintptr_t at;

    if (APR_STATUS_IS_ENOTIMPL(rv)) {
        const char *file = ap_runtime_dir_relative(p, "mlgate-shm");

        apr_shm_remove(file, p); /* left by a crash, if anything */
        rv = apr_shm_create(&into->shm, room, file, p);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     MLG0001 "cannot get %" APR_SIZE_T_FMT
                             " bytes of shared memory; the server will not "
                             "start without them; lower MLGateTableSize or "
                             "raise the limit on shared memory",
                     room);
        return rv;
    }
    at = (apr_uintptr_t)apr_shm_baseaddr_get(into->shm);
    at = (at + MLG_CACHELINE - 1) & ~(apr_uintptr_t)(MLG_CACHELINE - 1);
    into->base = (void *)at;
    into->bytes = bytes;
    memset(into->base, 0, sizeof(mlg_segment_t));
    return APR_SUCCESS;
}

static apr_status_t draw_secret(mlg_secret_t *secret, server_rec *s)
{
    apr_status_t rv = apr_generate_random_bytes(secret->b, sizeof(secret->b));

    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     MLG0017 "cannot draw a secret from the system's source "
                             "of random numbers; make it readable");
    }
    return rv;
}

/* What the old segment knows. Its children may still be writing to it. */
static void move_over(const mlg_gate_t *gate, const mlg_gate_t *old,
                      server_rec *s)
{
    mlg_state_writer_t w = {.gate = old,
                            .part = MLG_STATE_ALL,
                            .now_us = mlgate_clock_read(old->segment)};
    apr_uint32_t live[MLG_BLOCK_GRACE + 1];
    mlg_state_reader_t r;
    apr_pool_t *p;

    apr_pool_create(&p, s->process->pool);
    mlg_state_copy(gate, &w, apr_palloc(p, MLG_STATE_PIECE), &r);
    apr_pool_destroy(p);
    old->segment->generation++; /* its children only finish */
    gate->segment->begun_us = w.now_us;
    gate->segment->clock_us = old->segment->clock_us;
    mlg_block_census(&gate->blocks, w.now_us, live);
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                 MLG0005 "the table was resized from %u to %u clients: %u "
                         "blocks and %" APR_UINT64_T_FMT
                         " clients moved over, %" APR_UINT64_T_FMT
                         " found no room, %" APR_UINT64_T_FMT " too old",
                 old->segment->clients, gate->segment->clients,
                 live[MLG_BLOCK_WOULD] + live[MLG_BLOCK_AUTO] +
                     live[MLG_BLOCK_OPERATOR] + live[MLG_BLOCK_GRACE],
                 r.clients, r.full, r.dropped);
}

/* An empty one, its mutexes made. @param gate  filled: a view of it */
static apr_status_t format(const retained_t *fresh, uint32_t clients,
                           mlg_gate_t *gate, server_rec *s)
{
    mlg_secret_t secret;
    apr_status_t rv = draw_secret(&secret, s);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    mlg_segment_format(fresh->base, clients, &secret, apr_time_now());
    mlg_segment_view(gate, fresh->base, fresh->bytes, NULL);
    mlgate_clock_set(gate->segment, gate->segment->begun_us);
    rv = mlgate_stripes_init(gate);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     MLG0002 "this system has no mutexes that processes can "
                             "share; the server will not start without them");
    }
    return rv;
}

/* A new segment of the wanted size. What the old one knows moves over if `old`
 * is a view of it; its mapping is given up either way. Children of the last
 * generation keep their own. */
static apr_status_t renew(retained_t *kept, const mlg_gate_t *old,
                          uint32_t clients, server_rec *s)
{
    retained_t fresh = *kept;
    mlg_gate_t gate;
    unsigned refused = 0; /* state files */
    int is_done = 0;

    while (!is_done) {
        apr_status_t rv = map(&fresh, mlg_segment_bytes(clients), s);

        if (rv == APR_SUCCESS) {
            rv = format(&fresh, clients, &gate, s);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (old != NULL) {
            move_over(&gate, old, s);
            is_done = 1;
        }
        else {
            is_done = mlgate_state_take_up(&gate, s, &refused);
        }
        if (!is_done) { /* half of a file is in it */
            apr_shm_destroy(fresh.shm);
        }
    }
    if (kept->shm != NULL) {
        apr_shm_destroy(kept->shm);
    }
    *kept = fresh;
    return APR_SUCCESS;
}

/* The segment that a restart kept, or a new one. */
static apr_status_t attach(retained_t *kept, uint32_t clients, server_rec *s)
{
    mlg_fault_t fault = {0, ""};
    mlg_gate_t old;
    int is_ours = 0;
    apr_status_t rv;

    if (kept->shm != NULL) {
        rv = mlg_segment_view(&old, kept->base, kept->bytes, &fault);
        is_ours = (rv == APR_SUCCESS);
        if (!is_ours) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                         MLG0003 "what the last generation shared is left: %s "
                                 "(%s), as after an upgrade; the gate begins "
                                 "with what MLGateStateFile holds, if anything",
                         mlg_error_text(rv), fault.what);
        }
    }
    if (!is_ours || mlg_segment_bytes(clients) != kept->bytes) {
        rv = renew(kept, is_ours ? &old : NULL, clients, s);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return mlg_segment_view(&mlgate.gate, kept->base, kept->bytes, NULL);
}

int mlgate_segment_is_kept(void)
{
    const retained_t *kept = ap_retained_data_get(RETAINED);

    return kept != NULL && kept->shm != NULL;
}

apr_status_t mlgate_segment_open(server_rec *s)
{
    retained_t *kept = ap_retained_data_get(RETAINED);
    const mlgate_conf_t *conf = mlgate_conf_global(s);
    apr_status_t rv;

    if (kept == NULL) {
        kept = ap_retained_data_create(RETAINED, sizeof(*kept));
    }
    rv = attach(kept, (uint32_t)conf->set.table_size, s);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    mlgate_state_set_aside(&mlgate.gate, s);
    mlgate.ipv6_prefix = (unsigned)conf->set.ipv6_prefix;
    if (mlgate.gate.segment->ipv6_prefix != 0 &&
        mlgate.gate.segment->ipv6_prefix != mlgate.ipv6_prefix) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     MLG0020 "MLGateIPv6Prefix changed from %u to %u: blocks "
                             "and windows of IPv6 clients begin afresh",
                     mlgate.gate.segment->ipv6_prefix, mlgate.ipv6_prefix);
    }
    mlgate.gate.segment->ipv6_prefix = mlgate.ipv6_prefix;
    mlgate.gate.segment->generation++;
    mlgate.is_serving = 1;
    return APR_SUCCESS;
}
