/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

const mlg_secret_t unit_secret = {"0123456789abcde"};

void unit_near(double got, double want, double off, const char *what, int line)
{
    if (!(fabs(got - want) <= off)) {
        fail_msg("line %d: %s is %.9g, not %.9g +- %.3g", line, what, got, want,
                 off);
    }
}

void rig_open(rig_t *rig)
{
    size_t bytes = mlg_segment_bytes(MLG_CLIENTS_MIN);

    memset(rig, 0, sizeof(*rig));
    rig->base = aligned_alloc(MLG_CACHELINE, bytes);
    assert_non_null(rig->base);
    memset(rig->base, 0, bytes);
    mlg_segment_format(rig->base, MLG_CLIENTS_MIN, &unit_secret, T0);
    IS_INT(mlg_segment_view(&rig->gate, rig->base, bytes, NULL), APR_SUCCESS);
    mlg_weighted_set(&rig->model, MLG_F_REQUEST_RATE,
                     (mlg_ramp_t){0.0f, 2.0f, 1.0f});
    rig->rules = (mlg_rules_t){.model = &rig->model,
                               .engine = MLG_ENGINE_ENFORCE,
                               .threshold = 0.8f,
                               .min_requests = 10,
                               .block_for_us = SEC(600),
                               .block_max_us = SEC(86400)};
}

void rig_close(rig_t *rig)
{
    free(rig->base);
}

uint64_t rig_count(const rig_t *rig, mlg_counter_id id)
{
    mlg_shard_t total;

    mlg_counters_read(rig->gate.counters, &total);
    return total.count[id];
}

static mlg_stripe_t *stripe_of(const mlg_table_t *t, uint64_t client)
{
    return &t->stripe[mlg_stripe_of(client)];
}

mlg_decision_t rig_judge(const rig_t *rig, const mlg_arrival_t *arrival)
{
    mlg_decision_t d;

    mlg_judge(&rig->gate, &rig->rules, arrival,
              stripe_of(&rig->gate.table, arrival->from.hash), &d);
    return d;
}

mlg_decision_t rig_judge_unheld(const rig_t *rig, const mlg_arrival_t *arrival)
{
    mlg_decision_t d;

    mlg_judge(&rig->gate, &rig->rules, arrival, NULL, &d);
    return d;
}

void rig_settle(const rig_t *rig, const mlg_arrival_t *arrival, uint32_t status)
{
    mlg_outcome_t outcome = {.status = status,
                             .sent_bytes = 1000,
                             .duration_us = 1000,
                             .knows_duration = 1};

    mlg_settle(&rig->gate, arrival, &outcome,
               stripe_of(&rig->gate.table, arrival->from.hash));
}

apr_status_t rig_order(const rig_t *rig, mlg_block_kind kind, const char *addr,
                       apr_time_t now_us, apr_time_t until_us, const char *note,
                       mlg_block_t *was)
{
    mlg_client_t client = unit_client(addr);
    mlg_stripe_t *stripe = stripe_of(&rig->gate.table, client.hash);

    mlg_stripe_assume(stripe);
    return mlg_order(&rig->gate, kind, &client, now_us, until_us, note, stripe,
                     was);
}

mlg_record_t *unit_get(const mlg_table_t *t, uint64_t client, apr_time_t at_us,
                       mlg_got_t *got)
{
    mlg_stripe_t *stripe = stripe_of(t, client);
    mlg_record_t own;
    mlg_record_t *shared;

    mlg_stripe_assume(stripe);
    shared = mlg_table_get(t, stripe, client, at_us, &own, got);
    own.total++;
    mlg_record_publish(shared, &own);
    mlg_table_done(stripe);
    return shared;
}

int unit_repair(const mlg_table_t *t, unsigned stripe)
{
    mlg_stripe_t *held = &t->stripe[stripe];

    mlg_stripe_assume(held);
    return mlg_table_repair(t, held);
}

apr_status_t unit_put(const mlg_blocks_t *b, mlg_block_kind kind,
                      uint64_t client, apr_time_t now_us, apr_time_t until_us)
{
    mlg_stripe_t unused;
    mlg_block_t entry;

    memset(&entry, 0, sizeof(entry));
    entry.kind = kind;
    entry.client = client;
    entry.until_us = until_us;
    entry.info.since_us = now_us;
    entry.info.offences = mlg_block_offences(b, client, kind, now_us) + 1;
    mlg_stripe_assume(&unused);
    return mlg_block_put(b, &entry, now_us, &unused);
}

mlg_key_t unit_key(const char *text)
{
    mlg_prefix_t prefix = {{{0}}, 0};

    IS_INT(mlg_prefix_parse(&prefix, text), APR_SUCCESS);
    IS_INT(prefix.bits, MLG_KEY_BITS);
    return prefix.base;
}

mlg_client_t unit_client(const char *addr)
{
    mlg_key_t key = unit_key(addr);

    return mlg_client_from(&key, &unit_secret, 64);
}

mlg_client_t unit_client_n(uint32_t n)
{
    unsigned char v4[4] = {10, (unsigned char)(n >> 16),
                           (unsigned char)(n >> 8), (unsigned char)n};
    mlg_key_t key = mlg_key_from_v4(v4);

    return mlg_client_from(&key, &unit_secret, 64);
}

static mlg_arrival_t page_of(const mlg_client_t *client, apr_time_t at_us)
{
    mlg_key_t subnet = mlg_key_subnet(&client->addr);
    mlg_arrival_t a;

    memset(&a, 0, sizeof(a));
    a.at_us = at_us;
    a.from = *client;
    a.subnet = mlg_hash_key(&unit_secret, &subnet);
    a.path = unit_hash("/page");
    a.agent = unit_hash("agent");
    a.depth = 1;
    a.knows = MLG_KNOWS_ALL;
    a.path_bytes = 5;
    a.path_segments = 1;
    a.header_fields = 10;
    return a;
}

mlg_arrival_t unit_page(const char *addr, apr_time_t at_us)
{
    mlg_client_t client = unit_client(addr);

    return page_of(&client, at_us);
}

mlg_arrival_t unit_page_n(uint32_t n, apr_time_t at_us)
{
    mlg_client_t client = unit_client_n(n);

    return page_of(&client, at_us);
}

mlg_arrival_t unit_asset(const char *addr, apr_time_t at_us)
{
    mlg_arrival_t a = unit_page(addr, at_us);

    a.is = MLG_IS_ASSET;
    a.path = unit_hash("/style.css");
    return a;
}

uint64_t unit_hash(const char *text)
{
    return mlg_hash_text(&unit_secret, text, strlen(text));
}

uint64_t unit_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Dull;
}
