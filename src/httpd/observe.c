/* SPDX-License-Identifier: Apache-2.0
 *
 * MLGateObservationLog: everything the gate saw of a request, one line each,
 * for mlgatectl replay. What it costs is paid only where it is configured.
 */
#include "mlgate.h"

static void write_line(const mlg_observation_t *o, server_rec *s)
{
    char line[MLG_OBSERVATION_TEXT];

    mlgate_sink_write(&mlgate.observation_log, s, line,
                      mlg_observation_render(line, o));
}

static mlg_observation_t observation(mlg_observed kind)
{
    mlg_observation_t o;

    memset(&o, 0, sizeof(o));
    o.kind = kind;
    o.segment = (apr_uint64_t)mlgate.gate.segment->begun_us;
    return o;
}

/* The blocks that a new segment took over: no event of it made them. */
static void write_moved(server_rec *s)
{
    const mlg_blocks_t *blocks = &mlgate.gate.blocks;
    apr_time_t now_us = mlgate_now();
    mlg_block_t block;

    for (apr_uint32_t n = 0; n < mlg_block_slots(blocks); n++) {
        mlg_observation_t o;

        if (!mlg_block_read(blocks, n, &block) || block.until_us <= now_us) {
            continue;
        }
        o = observation(MLG_OBSERVED_ORDER);
        o.arrival.at_us = now_us;
        o.arrival.from.addr = block.info.key;
        o.arrival.from.key = block.info.key;
        o.arrival.from.hash = block.client;
        o.order = block.kind;
        o.until_us = block.until_us;
        o.offences = block.info.offences;
        o.score = block.info.score;
        write_line(&o, s);
    }
}

apr_status_t mlgate_observe_open(server_rec *s, apr_pool_t *pconf)
{
    apr_status_t rv =
        mlgate_sink_open(&mlgate.observation_log, "MLGateObservationLog",
                         mlgate_conf_global(s)->observation_log,
                         MLG_C_OBSERVATIONS_LOST, s, pconf);
    mlg_observation_t o;

    if (rv != APR_SUCCESS || mlgate.observation_log.file == NULL) {
        return rv;
    }
    o = observation(MLG_OBSERVED_START);
    o.clients = mlgate.gate.segment->clients;
    o.ipv6_prefix = mlgate.ipv6_prefix;
    o.features = mlg_features_fingerprint();
    o.from = (apr_uint64_t)mlgate.gate.segment->from_us;
    o.took_over = mlgate.gate.segment->took_over;
    for (int i = 0; i < MLG_STRIPES; i++) {
        o.events += mlg_stripe_events(&mlgate.gate.table.stripe[i]);
    }
    write_line(&o, s);
    if (o.events == 0) {
        write_moved(s);
    }
    return APR_SUCCESS;
}

mlg_observation_t *mlgate_observe_begin(request_rec *r)
{
    return (mlgate.observation_log.file != NULL)
               ? apr_palloc(r->pool, sizeof(mlg_observation_t))
               : NULL;
}

void mlgate_observe_arrival(mlg_observation_t *seen, const mlg_arrival_t *a,
                            const mlg_rules_t *rules, apr_uint64_t arrived,
                            int is_held)
{
    *seen = observation(MLG_OBSERVED_REQUEST);
    seen->arrival = *a;
    seen->rules = mlg_rules_hash(rules);
    seen->arrived = arrived;
    seen->is_arrival_held = is_held;
}

void mlgate_observe_outcome(request_rec *r, mlg_observation_t *seen,
                            const mlg_decision_t *d,
                            const mlg_outcome_t *outcome, apr_uint64_t settled)
{
    seen->outcome = *outcome;
    seen->settled = settled;
    seen->score = d->score;
    seen->threshold = d->threshold;
    seen->verdict = d->verdict;
    seen->vector = mlg_vector_hash(d->x);
    if (d->x[MLG_F_SUBNET_RATE] >= 0.0f) { /* false for NaN: not scored */
        seen->arrival.subnet_rate = d->x[MLG_F_SUBNET_RATE];
        seen->arrival.rarity = d->rarity;
        seen->arrival.excess = d->excess;
        seen->arrival.swarm = d->swarm_is;
        seen->arrival.knows |=
            MLG_KNOWS_SUBNET | MLG_KNOWS_RARITY | MLG_KNOWS_SWARM;
    }
    write_line(seen, r->server);
}

void mlgate_observe_order(server_rec *s, const mlg_client_t *client,
                          mlg_block_kind kind, apr_time_t at_us,
                          apr_time_t until_us, apr_uint64_t arrived)
{
    mlg_observation_t o;

    if (mlgate.observation_log.file == NULL) {
        return;
    }
    o = observation(MLG_OBSERVED_ORDER);
    o.arrival.at_us = at_us;
    o.arrival.from = *client;
    o.order = kind;
    o.until_us = until_us;
    o.arrived = arrived;
    o.is_arrival_held = 1;
    write_line(&o, s);
}
