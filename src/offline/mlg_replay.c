/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_replay.h"

#include "mlg_settings.h"

static const mlg_secret_t replay_secret = {{'m', 'l', 'g', 'a', 't', 'e', 'c',
                                            't', 'l', ' ', 'r', 'e', 'p', 'l',
                                            'a', 'y'}};

apr_status_t mlg_replay_init(mlg_replay_t *replay, uint32_t clients,
                             apr_pool_t *p)
{
    size_t bytes = mlg_segment_bytes(clients);
    unsigned char *base = apr_pcalloc(p, bytes + MLG_CACHELINE);
    mlg_settings_t defaults;

    if (base == NULL) {
        return APR_ENOMEM;
    }
    base += MLG_CACHELINE - (uintptr_t)base % MLG_CACHELINE;
    mlg_segment_format(base, clients, &replay_secret, 0);
    mlg_settings_init(&defaults);
    replay->ipv6_prefix = (unsigned)defaults.ipv6_prefix;
    replay->refuse_status = (uint32_t)defaults.refuse_status;
    mlg_settings_rules(&replay->rules, &defaults);
    replay->rules.engine = MLG_ENGINE_ENFORCE;
    replay->rules.model = &mlg_weighted_default;
    replay->rules.allow = NULL;
    return mlg_segment_view(&replay->gate, base, bytes, NULL);
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
    /* Only this thread knows the segment: every stripe is free. */
    stripe = &replay->gate.table.stripe[mlg_stripe_of(arrival->from.hash)];
    mlg_judge(&replay->gate, &replay->rules, arrival, stripe, d);
    if (!d->is_recorded) {
        return;
    }
    if (d->verdict == MLG_VERDICT_REFUSE) {
        outcome.status = replay->refuse_status;
        outcome.sent_bytes = 0;
    }
    mlg_settle(&replay->gate, arrival->from.hash, &outcome, stripe);
}
