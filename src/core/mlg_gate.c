/* SPDX-License-Identifier: Apache-2.0 */
#include "gate.h"

#include <math.h>
#include <string.h>

mlg_standing_t mlg_gate_check(const mlg_gate_t *gate, const mlg_rules_t *rules,
                              const mlg_client_t *client, apr_time_t now_us)
{
    mlg_standing_t s = {MLG_VERDICT_UNSET, 0, 0};

    if (mlg_cidrs_contain(rules->allow, &client->addr)) {
        s.verdict = MLG_VERDICT_ALLOW;
        return s;
    }
    switch (mlg_block_find(&gate->blocks, client->hash, now_us, &s.until_us,
                           &s.slot)) {
    case MLG_BLOCK_NONE:
        break;
    case MLG_BLOCK_GRACE:
        s.verdict = MLG_VERDICT_GRACE;
        break;
    case MLG_BLOCK_OPERATOR:
        s.verdict = MLG_VERDICT_REFUSE;
        break;
    case MLG_BLOCK_AUTO:
        s.verdict = (rules->engine == MLG_ENGINE_ENFORCE)
                        ? MLG_VERDICT_REFUSE
                        : MLG_VERDICT_WOULD_REFUSE;
        break;
    case MLG_BLOCK_WOULD:
        s.verdict = (rules->engine == MLG_ENGINE_ENFORCE)
                        ? MLG_VERDICT_UNSET
                        : MLG_VERDICT_WOULD_REFUSE;
        break;
    }
    return s;
}

static void begin(mlg_decision_t *d, const mlg_rules_t *rules,
                  const mlg_client_t *client, apr_time_t now_us)
{
    memset(d, 0, offsetof(mlg_decision_t, x));
    memset(d->spare, 0, sizeof(d->spare));
    d->swarm_is = 0;
    d->swarm = 0;
    d->swarm_begins = 0;
    d->excess = NAN;
    d->rarity = MLG_RARITY_UNKNOWN;
    d->is_recorded = 0;
    d->is_trusted = 0;
    d->model = 0;
    d->at_us = now_us;
    d->key = client->key;
    d->threshold = rules->threshold;
    d->score = NAN;
}

static void no_features(mlg_decision_t *d)
{
    for (int i = 0; i < MLG_NFEATURES; i++) {
        d->x[i] = NAN;
    }
}

void mlg_refuse(const mlg_gate_t *gate, const mlg_rules_t *rules,
                const mlg_client_t *client, apr_time_t now_us,
                const mlg_standing_t *standing, mlg_decision_t *d)
{
    const mlg_block_info_t *info = &gate->blocks.info[standing->slot];

    begin(d, rules, client, now_us);
    no_features(d);
    d->verdict = MLG_VERDICT_REFUSE;
    d->until_us = standing->until_us;
    /* An operator may be replacing the entry this moment: what is shown may
     * mix two entries of this client, never two clients' verdicts. */
    d->id = info->decision;
    d->score = info->score;
    d->offences = (uint8_t)info->offences;
    d->reasons.n =
        (info->nreasons <= MLG_NREASONS) ? info->nreasons : MLG_NREASONS;
    memcpy(d->reasons.top, info->reason, sizeof(d->reasons.top));
    mlg_block_count(&gate->blocks, standing->slot);
    gate_count(gate, client->hash, MLG_C_REQUESTS);
    gate_count(gate, client->hash, MLG_C_REFUSED);
}

uint32_t mlg_gate_rarity(const mlg_gate_t *gate, const mlg_record_t *own,
                         const mlg_arrival_t *a)
{
    uint64_t place = mlg_arrival_place(a);

    if ((a->knows & MLG_KNOWS_RARITY) != 0) {
        return a->rarity;
    }
    return mlg_popularity_rarity(&gate->places, place, a->at_us,
                                 mlg_map_has(&own->slow_paths, place),
                                 mlg_record_is_counted(own));
}

/* The arrival into the record, with what the site says about it. */
static void fold(const mlg_gate_t *gate, const mlg_arrival_t *a,
                 mlg_record_t *own, mlg_decision_t *d)
{
    mlg_record_fold_arrival(own, a);
    d->rarity = mlg_gate_rarity(gate, own, a);
    mlg_record_fold_rarity(own, d->rarity);
}

/* Learn how high people score here. mlg_key_voter(), hashed already. */
static void calibrate(mlg_calibration_t *calibration, const mlg_arrival_t *a,
                      const mlg_record_t *own, uint16_t peak)
{
    uint64_t voter =
        mlg_key_is_private(&a->from.addr) ? a->from.hash : a->subnet;

    if (mlg_record_is_trusted(own)) {
        mlg_calibration_age(calibration, a->at_us);
        mlg_calibration_follow(calibration, voter, peak, a->at_us);
    }
}

/* What a refusal teaches: that its client got as far as the threshold, and not
 * how far beyond; else nobody would know of people who are refused. The floor's
 * proof is no score, and teaches nothing about scores. */
static uint16_t peak_of_refused(uint16_t before, uint16_t now, float threshold,
                                float proof)
{
    uint16_t reached = (uint16_t)(fminf(threshold, 1.0f) * 65535.0f);

    now = (now < reached) ? now : reached;
    return (proof > 1.0f || now < before) ? before : now;
}

/* The floor convicts where the score alone would not, and says so. */
static void name_floor(mlg_decision_t *d)
{
    d->reasons.n = 1;
    d->reasons.top[0] = (mlg_reason_t){d->x[MLG_F_REQUEST_RATE],
                                       MLG_FLOOR_POINTS, MLG_F_REQUEST_RATE};
}

/* Let the shadow score the same vector, and count how the two compare. */
static void ask_shadow(const mlg_gate_t *gate, const mlg_rules_t *rules,
                       const mlg_arrival_t *a, mlg_record_t *own,
                       const mlg_decision_t *d)
{
    static const mlg_counter_id seen[2][2] = {
        {MLG_C_SHADOW_BOTH_LOW, MLG_C_SHADOW_ONLY_SHADOW},
        {MLG_C_SHADOW_ONLY_MODEL, MLG_C_SHADOW_BOTH_HIGH}};
    float score =
        mlg_policy_credit(mlg_shadow_score(rules->shadow, d->x), d->is_trusted);
    int is_high = mlg_policy_proof(d->score, d->x) >= rules->threshold;
    int is_high_too = mlg_policy_proof(score, d->x) >= rules->shadow->threshold;

    uint16_t peak = mlg_record_note_shadow(own, score);

    if (own->total >= rules->min_requests) {
        calibrate(gate->shadow_calibration, a, own, peak);
    }
    gate_count(gate, a->from.hash, seen[is_high][is_high_too]);
    if (is_high != is_high_too) {
        mlg_dispute_t dispute = {.client = a->from.hash,
                                 .key = a->from.key,
                                 .at_us = a->at_us,
                                 .score = d->score,
                                 .shadow_score = score,
                                 .total = d->total,
                                 .is_shadow_high = (uint32_t)is_high_too};

        mlg_dispute_note(gate->disputes, &dispute);
    }
}

/* Score the vector and remember how high. @return what it counts as evidence */
static float prove(const mlg_gate_t *gate, const mlg_rules_t *rules,
                   const mlg_arrival_t *a, mlg_record_t *own, mlg_decision_t *d)
{
    float proof;

    d->is_trusted = (uint8_t)mlg_record_is_trusted(own);
    d->score = mlg_policy_credit(mlg_rules_score(rules, d->x, &d->reasons),
                                 d->is_trusted);
    d->model = mlg_rules_model(rules);
    proof = mlg_policy_proof(d->score, d->x);
    if (rules->shadow != NULL) {
        ask_shadow(gate, rules, a, own, d);
    }
    mlg_record_note_score(own, d->score, own->total, rules->min_requests);
    if (proof > d->score && d->score < rules->threshold) {
        name_floor(d);
    }
    return proof;
}

/* Decide by the folded copy. */
static void weigh(const mlg_gate_t *gate, const mlg_rules_t *rules,
                  const mlg_arrival_t *a, const mlg_standing_t *standing,
                  mlg_stripe_t *held, mlg_record_t *own, mlg_decision_t *d)
{
    unsigned page = (a->is & MLG_IS_ASSET) == 0;
    float pages = mlg_sketch_add(&gate->networks, a->subnet, a->at_us, page);
    uint16_t peak;
    mlg_event event;
    float proof;

    d->total = own->total;
    mlg_features_read(d->x, own, a, pages);
    if ((a->knows & MLG_KNOWS_SUBNET) != 0) {
        d->x[MLG_F_SUBNET_RATE] = a->subnet_rate;
    }
    peak = own->peak;
    proof = prove(gate, rules, a, own, d);
    if (standing->verdict == MLG_VERDICT_WOULD_REFUSE) {
        d->verdict = MLG_VERDICT_WOULD_REFUSE; /* nothing new to find */
        d->until_us = standing->until_us;
        d->id = gate->blocks.info[standing->slot].decision;
        mlg_block_count(&gate->blocks, standing->slot);
        return;
    }
    if (own->state == MLG_STATE_BLOCKED) { /* and yet it got here: over */
        own->state =
            (uint8_t)mlg_policy_next(MLG_STATE_BLOCKED, MLG_EVENT_EXPIRED);
        own->evidence = 0;
    }
    event = mlg_policy_weigh(&own->evidence, proof, own->total, rules);
    if (event == MLG_EVENT_PROOF) {
        gate_convict(gate, rules, a, held, own, d);
        if (d->verdict == MLG_VERDICT_REFUSE) {
            own->peak =
                peak_of_refused(peak, own->peak, rules->threshold, proof);
        }
        return;
    }
    own->state = (uint8_t)mlg_policy_next((mlg_state)own->state, event);
    d->verdict = (own->state == MLG_STATE_SUSPECT) ? MLG_VERDICT_SUSPECT
                                                   : MLG_VERDICT_PASS;
}

static void judge_held(const mlg_gate_t *gate, const mlg_rules_t *rules,
                       const mlg_arrival_t *a, const mlg_standing_t *standing,
                       mlg_stripe_t *held, mlg_decision_t *d) MLG_REQUIRES(held)
{
    mlg_record_t own;
    mlg_got_t got;
    mlg_record_t *shared =
        mlg_table_get(&gate->table, held, a->from.hash, a->at_us, &own, &got);

    if (own.last_us < gate->site->since_us) {
        mlg_record_forget_scores(&own);
    }
    fold(gate, a, &own, d);
    gate_ask_cohorts(gate, rules, a, &own, d);
    weigh(gate, rules, a, standing, held, &own, d);
    gate_refuse_member(gate, rules, a, d);
    calibrate(gate->calibration, a, &own, own.peak);
    mlg_record_publish(shared, &own);
    mlg_table_done(held);
    d->is_recorded = 1;
    if (d->score >= MLG_SCORE_NOTED) {
        mlg_watched_t seen = {a->from.key, a->at_us, d->score, own.total};

        mlg_table_watch(held, &seen);
    }
    if (got.is_new) {
        gate_count(gate, a->from.hash, MLG_C_NEWCOMERS);
        if (got.has_evicted) {
            gate_count(gate, a->from.hash, MLG_C_EVICTIONS);
        }
    }
}

/* The stripe is someone else's: judge from a copy, keep nothing. */
static void judge_unheld(const mlg_gate_t *gate, const mlg_rules_t *rules,
                         const mlg_arrival_t *a, const mlg_standing_t *standing,
                         mlg_decision_t *d)
{
    const mlg_record_t *shared = mlg_table_find(&gate->table, a->from.hash);
    mlg_record_t own;

    if (shared == NULL || !mlg_record_copy(&own, shared) ||
        own.client != a->from.hash) {
        mlg_record_init(&own, a->from.hash, a->at_us);
    }
    fold(gate, a, &own, d);
    weigh(gate, rules, a, standing, NULL, &own, d);
    gate_count(gate, a->from.hash, MLG_C_SKIPPED);
}

static void repair(const mlg_gate_t *gate, uint64_t client, mlg_stripe_t *held)
    MLG_REQUIRES(held)
{
    if (mlg_table_repair(&gate->table, held)) {
        gate_count(gate, client, MLG_C_REPAIRS);
    }
}

static void count_judged(const mlg_gate_t *gate, const mlg_arrival_t *a,
                         const mlg_decision_t *d)
{
    uint64_t client = a->from.hash;

    gate_count(gate, client, MLG_C_JUDGED);
    if ((a->is & MLG_IS_ASSET) != 0) {
        gate_count(gate, client, MLG_C_ASSETS);
    }
    if ((a->is & MLG_IS_LATE) != 0) {
        gate_count(gate, client,
                   MLG_C_LATE); /* whatever the verdict: it is out */
    }
    else if (d->verdict == MLG_VERDICT_REFUSE) {
        gate_count(gate, client, MLG_C_REFUSED);
    }
    else if (d->verdict == MLG_VERDICT_WOULD_REFUSE) {
        gate_count(gate, client, MLG_C_WOULD_REFUSE);
    }
    mlg_count_score(gate->counters, client, d->score);
}

/* Not judged: an operator said so. */
static void let_pass(const mlg_gate_t *gate, uint64_t client,
                     mlg_verdict verdict, mlg_decision_t *d)
{
    no_features(d);
    d->verdict = (uint16_t)verdict;
    gate_count(gate, client,
               (verdict == MLG_VERDICT_ALLOW)    ? MLG_C_ALLOWED
               : (verdict == MLG_VERDICT_EXEMPT) ? MLG_C_EXEMPT
                                                 : MLG_C_GRACE);
}

void mlg_judge(const mlg_gate_t *gate, const mlg_rules_t *rules,
               const mlg_arrival_t *a, mlg_stripe_t *held, mlg_decision_t *d)
{
    mlg_standing_t standing;

    if (held != NULL) {
        mlg_stripe_assume(held);
        mlg_stripe_count(held);
        repair(gate, a->from.hash, held);
    }
    standing = mlg_gate_check(gate, rules, &a->from, a->at_us);
    if (standing.verdict != MLG_VERDICT_ALLOW && (a->is & MLG_IS_EXEMPT) != 0) {
        standing.verdict = MLG_VERDICT_EXEMPT;
    }
    if (standing.verdict == MLG_VERDICT_REFUSE && (a->is & MLG_IS_LATE) != 0) {
        standing.verdict = MLG_VERDICT_WOULD_REFUSE;
    }
    if (standing.verdict == MLG_VERDICT_REFUSE) {
        mlg_refuse(gate, rules, &a->from, a->at_us, &standing, d);
        return;
    }
    begin(d, rules, &a->from, a->at_us);
    gate_count(gate, a->from.hash, MLG_C_REQUESTS);
    if (standing.verdict != MLG_VERDICT_UNSET &&
        standing.verdict != MLG_VERDICT_WOULD_REFUSE) {
        let_pass(gate, a->from.hash, standing.verdict, d);
        return;
    }
    if (held != NULL) {
        mlg_stripe_assume(held);
        judge_held(gate, rules, a, &standing, held, d);
    }
    else {
        judge_unheld(gate, rules, a, &standing, d);
    }
    count_judged(gate, a, d);
}

/* What the site learns from an outcome. */
static void teach(const mlg_gate_t *gate, const mlg_arrival_t *a,
                  unsigned teaches)
{
    if ((teaches & MLG_TEACHES_PLACE) != 0) {
        mlg_popularity_add(&gate->places, mlg_arrival_place(a), a->at_us);
    }
    if ((teaches & MLG_TEACHES_CLIENT) != 0) {
        mlg_popularity_add_client(&gate->places, a->at_us);
    }
}

void mlg_settle(const mlg_gate_t *gate, const mlg_arrival_t *a,
                const mlg_outcome_t *outcome, mlg_stripe_t *held)
{
    uint64_t client = a->from.hash;
    mlg_record_t *shared;
    mlg_record_t own;

    if (held == NULL) {
        gate_count(gate, client, MLG_C_SKIPPED);
        return;
    }
    mlg_stripe_assume(held);
    mlg_stripe_count(held);
    repair(gate, client, held);
    shared = mlg_table_find(&gate->table, client);
    if (shared != NULL && mlg_record_copy(&own, shared)) {
        teach(gate, a, mlg_record_fold_outcome(&own, a, outcome));
        mlg_swarm_answer(gate->swarms, a, &own, outcome->status);
        /* no `busy`: a record left half written is seen by its odd seq */
        mlg_record_publish(shared, &own);
    }
}

void mlg_gate_crown(const mlg_gate_t *gate, uint64_t model,
                    const uint64_t *shadow, apr_time_t now_us)
{
    mlg_reign_t *judge = &gate->segment->model;
    mlg_reign_t *second = &gate->segment->shadow;
    int is_other_judge = judge->since_us == 0 || judge->id != model;
    int is_other_second = (shadow == NULL)
                              ? second->since_us != 0
                              : second->since_us == 0 || second->id != *shadow;
    mlg_shard_t total;

    if (is_other_judge) {
        *judge = (mlg_reign_t){model, now_us};
    }
    if (is_other_second) {
        memset(gate->shadow_calibration, 0, sizeof(*gate->shadow_calibration));
        gate->site->shadow_threshold = 0.0f;
        *second = (shadow != NULL) ? (mlg_reign_t){*shadow, now_us}
                                   : (mlg_reign_t){0, 0};
    }
    if (shadow != NULL && (is_other_judge || is_other_second)) {
        mlg_counters_read(gate->counters, &total);
        mlg_disputes_begin(gate->disputes, &total, now_us);
    }
}
