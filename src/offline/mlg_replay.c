/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_replay.h"

#include "mlg_settings.h"
#include "mlg_state.h"
#include "pool_lines.h"

#include <math.h>
#include <string.h>

const mlg_secret_t mlg_replay_secret = {{'m', 'l', 'g', 'a', 't', 'e', 'c', 't',
                                         'l', ' ', 'r', 'e', 'p', 'l', 'a',
                                         'y'}};

apr_status_t mlg_replay_restart(mlg_replay_t *replay, uint32_t clients)
{
    size_t bytes = mlg_segment_bytes(clients);
    unsigned char *base = (unsigned char *)replay->gate.segment;

    if (base == NULL || replay->gate.segment->bytes != bytes) {
        apr_pool_clear(replay->gate_pool);
        base = pool_lines(replay->gate_pool, bytes);
        if (base == NULL) {
            return APR_ENOMEM;
        }
    }
    memset(base, 0, bytes);
    mlg_segment_format(base, clients, &mlg_replay_secret, 0);
    return mlg_segment_view(&replay->gate, base, bytes, NULL);
}

apr_status_t mlg_replay_move(mlg_replay_t *replay, uint32_t clients,
                             mlg_took_over took_over, apr_time_t now_us)
{
    mlg_state_writer_t w = {
        .gate = &replay->gate, .part = MLG_STATE_ALL, .now_us = now_us};
    mlg_replay_t next = *replay;
    mlg_state_reader_t r;
    apr_status_t rv;

    if (took_over == MLG_TOOK_NOTHING) {
        return mlg_replay_restart(replay, clients);
    }
    if (took_over != MLG_TOOK_ALL) { /* from a file */
        w.oldest_us = now_us - MLG_STATE_KEEP_US;
    }
    memset(&next.gate, 0, sizeof(next.gate));
    apr_pool_create(&next.gate_pool, apr_pool_parent_get(replay->gate_pool));
    rv = mlg_replay_restart(&next, clients);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(next.gate_pool);
        return rv;
    }
    mlg_state_copy(&next.gate, &w,
                   apr_palloc(replay->gate_pool, MLG_STATE_PIECE), &r);
    apr_pool_destroy(replay->gate_pool);
    *replay = next;
    return APR_SUCCESS;
}

apr_status_t mlg_replay_init(mlg_replay_t *replay, uint32_t clients,
                             apr_pool_t *p)
{
    mlg_settings_t defaults;

    memset(replay, 0, sizeof(*replay));
    mlg_settings_init(&defaults);
    replay->ipv6_prefix = (unsigned)defaults.ipv6_prefix;
    replay->refuse_status = (uint32_t)defaults.refuse_status;
    mlg_settings_rules(&replay->rules, &defaults);
    replay->rules.engine = MLG_ENGINE_ENFORCE;
    replay->rules.model = &mlg_weighted_default;
    replay->rules.allow = NULL;
    apr_pool_create(&replay->gate_pool, p);
    return mlg_replay_restart(replay, clients);
}

/* Once in a minute of the log, as a server's watchdog does. */
static void sweep(mlg_replay_t *replay, apr_time_t at_us)
{
    apr_time_t since_us = at_us - replay->swept_us;

    if (since_us < 0 || since_us >= 60 * (apr_time_t)APR_USEC_PER_SEC) {
        replay->swept_us = at_us;
        mlg_swarm_sweep(replay->gate.swarms, at_us);
    }
}

static void describe(mlg_replay_t *replay, const mlg_request_t *request,
                     const mlg_arrival_t *arrival, unsigned event)
{
    char place[MLG_TEMPLATE_TEXT];
    size_t len;

    if (mlg_swarm_asks(replay->gate.swarms, event, arrival) == 0) {
        return;
    }
    len = mlg_request_template(place, request->target);
    mlg_swarm_describe(replay->gate.swarms, event, arrival, request->agent.at,
                       request->agent.len, place, len);
}

void mlg_replay_entry(mlg_replay_t *replay, mlg_log_entry_t *entry,
                      mlg_arrival_t *arrival, mlg_decision_t *d)
{
    const mlg_secret_t *secret = &replay->gate.segment->secret;
    mlg_outcome_t outcome = entry->outcome;
    mlg_stripe_t *stripe;

    entry->request.from =
        mlg_client_from(&entry->addr, secret, replay->ipv6_prefix);
    mlg_table_prefetch(&replay->gate.table, entry->request.from.hash);
    mlg_request_arrive(arrival, &entry->request, secret);
    if (replay->rules.swarm.mode > MLG_SWARM_OFF &&
        mlg_gate_asks_cohorts(&replay->gate, arrival)) {
        mlg_request_cohorts(arrival, &entry->request, secret);
    }
    /* Only this thread knows the segment: every stripe is free. */
    stripe = &replay->gate.table.stripe[mlg_stripe_of(arrival->from.hash)];
    sweep(replay, arrival->at_us);
    mlg_judge(&replay->gate, &replay->rules, arrival, stripe, d);
    describe(replay, &entry->request, arrival, d->swarm);
    if (!d->is_recorded) {
        return;
    }
    if (mlg_decision_is_for_swarm(d)) {
        outcome.status = 0; /* no evidence against a member */
    }
    else if (d->verdict == MLG_VERDICT_REFUSE) {
        outcome.status = replay->refuse_status;
        outcome.sent_bytes = 0;
    }
    mlg_settle(&replay->gate, arrival, &outcome, stripe);
}

/* What the arrival of an observation tells its outcome. */
enum { NOTE_RECORDED = 1 };

/* A refusal for a swarm is no evidence against its member: to the record it
 * was never answered. */
static void settle_seen(mlg_replay_t *replay, const mlg_observation_t *seen,
                        mlg_stripe_t *stripe)
{
    mlg_outcome_t outcome = seen->outcome;

    if (seen->verdict == MLG_VERDICT_REFUSE &&
        (seen->arrival.swarm & MLG_IN_SWARM_ALONE) != 0) {
        outcome.status = 0;
    }
    mlg_settle(&replay->gate, &seen->arrival, &outcome, stripe);
}

/* Refused for its client's block: no arrival to the server, but one to rules
 * that would have let it pass. */
static int is_refused_unseen(const mlg_observation_t *seen)
{
    return seen->verdict == MLG_VERDICT_REFUSE && seen->vector == 0;
}

/* Judged from a copy, because its stripe was busy. */
static int is_skipped(const mlg_observation_t *seen)
{
    return !seen->is_arrival_held && seen->vector != 0;
}

static void carry_out(mlg_replay_t *replay, const mlg_observation_t *seen,
                      const mlg_client_t *client, mlg_stripe_t *stripe)
{
    mlg_stripe_assume(stripe);    /* only this thread knows the gate */
    if (!seen->is_arrival_held) { /* a block from before the segment */
        mlg_block_t block;

        memset(&block, 0, sizeof(block));
        block.kind = seen->order;
        block.client = client->hash;
        block.until_us = seen->until_us;
        block.info.key = client->key;
        block.info.since_us = seen->arrival.at_us;
        block.info.offences = seen->offences;
        block.info.score = seen->score;
        mlg_block_put(&replay->gate.blocks, &block, seen->arrival.at_us,
                      stripe);
    }
    else if (seen->order == MLG_BLOCK_OPERATOR ||
             seen->order == MLG_BLOCK_GRACE) {
        mlg_order(&replay->gate, seen->order, client, seen->arrival.at_us,
                  seen->until_us, NULL, stripe, NULL);
    }
}

int mlg_replay_step(mlg_replay_t *replay, const mlg_step_t *step,
                    mlg_arrival_t *arrival, mlg_decision_t *d)
{
    const mlg_observation_t *seen = step->seen;
    uint64_t client = seen->arrival.from.hash;
    mlg_stripe_t *stripe = &replay->gate.table.stripe[mlg_stripe_of(client)];
    int was_refused = is_refused_unseen(seen);

    if (step->is_outcome) {
        if (*step->note == NOTE_RECORDED) {
            settle_seen(replay, seen, stripe);
        }
        return 0;
    }
    *arrival = seen->arrival;
    arrival->from.key =
        mlg_key_client(&arrival->from.addr, replay->ipv6_prefix);
    if (seen->kind == MLG_OBSERVED_ORDER) {
        carry_out(replay, seen, &arrival->from, stripe);
        return 0;
    }
    if (replay->is_auto) {
        replay->rules.threshold = seen->threshold;
    }
    sweep(replay, arrival->at_us);
    mlg_judge(&replay->gate, &replay->rules, arrival,
              (seen->is_arrival_held || was_refused) ? stripe : NULL, d);
    *step->note = d->is_recorded ? NOTE_RECORDED : 0;
    if (d->is_recorded && seen->settled == 0 && was_refused) {
        mlg_settle(&replay->gate, arrival, &(mlg_outcome_t){.status = 0},
                   stripe);
    }
    return 1;
}

/* A score's bits; NaN, not scored, is one. */
static uint32_t bits_of(float score)
{
    uint32_t bits = UINT32_MAX;

    if (!isnan(score)) {
        memcpy(&bits, &score, sizeof(bits));
    }
    return bits;
}

void mlg_parity_add(mlg_parity_t *parity, const mlg_rules_t *rules,
                    const mlg_observation_t *seen, const mlg_decision_t *d)
{
    parity->requests++;
    if (is_skipped(seen)) {
        parity->skipped++;
    }
    else if (seen->rules != mlg_rules_hash(rules)) {
        parity->other_rules++;
    }
    else {
        parity->compared++;
        parity->scores += (bits_of(seen->score) != bits_of(d->score));
        parity->vectors += (seen->vector != mlg_vector_hash(d->x));
        parity->verdicts += (seen->verdict != d->verdict);
    }
}
