/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#define IP "192.0.2.7"

static mlg_verdict judge(const rig_t *rig, const char *addr, apr_time_t at_us)
{
    mlg_arrival_t a = unit_page(addr, at_us);

    return (mlg_verdict)rig_judge(rig, &a).verdict;
}

/* Pages, ten a second, until a verdict is given or `n` are through.
 * @return requests made, this one included; n + 1 when it never was */
static int pages_until(const rig_t *rig, const char *addr, apr_time_t *at_us,
                       mlg_verdict verdict, int n)
{
    for (int i = 1; i <= n; i++) {
        mlg_verdict got = judge(rig, addr, *at_us);

        *at_us += SEC(0.1);
        if (got == verdict) {
            return i;
        }
    }
    return n + 1;
}

/* Convict a client. @return when its block began */
static apr_time_t convict(const rig_t *rig, const char *addr, apr_time_t at_us)
{
    IS_TRUE(pages_until(rig, addr, &at_us, MLG_VERDICT_REFUSE, 50) <= 50);
    return at_us - SEC(0.1);
}

/* A page and three of its assets, answered. */
static void browse(const rig_t *rig, const char *addr, apr_time_t at_us)
{
    mlg_arrival_t a = unit_page(addr, at_us);
    uint64_t page = a.path;

    rig_judge(rig, &a);
    rig_settle(rig, &a, 200);
    for (uint64_t i = 1; i <= 3; i++) {
        a = unit_page(addr, at_us + SEC(0.1));
        a.is |= MLG_IS_ASSET;
        a.path = page + i;
        a.referer = page;
        rig_judge(rig, &a);
        rig_settle(rig, &a, 200);
    }
}

static void is_sound(const rig_t *rig)
{
    mlg_fault_t fault = {0, ""};

    if (mlg_table_check(&rig->gate.table, &fault) != APR_SUCCESS) {
        fail_msg("I%zu: %s", fault.offset, fault.what);
    }
}

CLAIM(who_behaves_like_a_person_has_the_benefit_of_the_doubt)
{
    BEGIN;
    static const char *const who[] = {"192.0.2.7", "192.0.2.8"};
    rig_t rig;
    mlg_decision_t d[2];
    unsigned lower = 0;

    rig_open(&rig);
    rig.rules.threshold = MLG_THRESHOLD_NONE; /* they go on */
    browse(&rig, who[0], T0);
    browse(&rig, who[0], T0 + SEC(3600));
    for (int i = 0; i < 100; i++) {
        for (int k = 0; k < 2; k++) {
            mlg_arrival_t a = unit_page(who[k], T0 + SEC(3660 + i * 1.5));
            float score;

            d[k] = rig_judge(&rig, &a);
            score = mlg_rules_score(&rig.rules, d[k].x, NULL);
            IS_INT(d[k].is_trusted, k == 0);
            IS_TRUE(d[k].score == mlg_policy_credit(score, k == 0));
            lower += d[k].score < score;
        }
    }
    IS_TRUE(lower > 50);
    is_sound(&rig);
    rig_close(&rig);
}

CLAIM(allow_beats_exempt_beats_grace_beats_blocked_beats_judged)
{
    /* what holds of the client, and the verdict */
    static const struct {
        int allow, exempt, grace, blocked;
        mlg_verdict verdict;
    } rows[] = {
        {0, 0, 0, 0, MLG_VERDICT_PASS},   {0, 0, 0, 1, MLG_VERDICT_REFUSE},
        {0, 0, 1, 1, MLG_VERDICT_GRACE},  {0, 0, 1, 0, MLG_VERDICT_GRACE},
        {0, 1, 0, 0, MLG_VERDICT_EXEMPT}, {0, 1, 0, 1, MLG_VERDICT_EXEMPT},
        {0, 1, 1, 0, MLG_VERDICT_EXEMPT}, {0, 1, 1, 1, MLG_VERDICT_EXEMPT},
        {1, 0, 0, 0, MLG_VERDICT_ALLOW},  {1, 0, 0, 1, MLG_VERDICT_ALLOW},
        {1, 0, 1, 0, MLG_VERDICT_ALLOW},  {1, 0, 1, 1, MLG_VERDICT_ALLOW},
        {1, 1, 0, 0, MLG_VERDICT_ALLOW},  {1, 1, 0, 1, MLG_VERDICT_ALLOW},
        {1, 1, 1, 0, MLG_VERDICT_ALLOW},  {1, 1, 1, 1, MLG_VERDICT_ALLOW},
    };
    mlg_prefix_t prefix = {unit_key(IP), 128};
    mlg_cidrs_t allow = {&prefix, 1, 0};

    BEGIN;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rig_t rig;
        mlg_arrival_t a = unit_page(IP, T0);

        rig_open(&rig);
        rig.rules.allow = rows[i].allow ? &allow : NULL;
        a.is |= rows[i].exempt ? MLG_IS_EXEMPT : 0;
        if (rows[i].blocked) {
            rig_order(&rig, MLG_BLOCK_OPERATOR, IP, T0, T0 + SEC(60), "x",
                      NULL);
        }
        if (rows[i].grace) { /* unblocking replaces the block */
            rig_order(&rig, MLG_BLOCK_GRACE, IP, T0, T0 + SEC(60), NULL, NULL);
        }
        IS_INT(rig_judge(&rig, &a).verdict, rows[i].verdict);
        IS_INT(rig_count(&rig, MLG_C_REQUESTS), 1);
        IS_INT(rig_count(&rig, MLG_C_ALLOWED), rows[i].allow);
        IS_INT(rig_count(&rig, MLG_C_JUDGED), i == 0);
        rig_close(&rig);
    }
}

CLAIM(a_standing_depends_on_the_kind_of_block_and_the_engine)
{
    static const struct {
        mlg_block_kind kind;
        mlg_engine engine;
        mlg_verdict verdict;
    } rows[] = {
        {MLG_BLOCK_NONE, MLG_ENGINE_ENFORCE, MLG_VERDICT_UNSET},
        {MLG_BLOCK_NONE, MLG_ENGINE_OBSERVE, MLG_VERDICT_UNSET},
        {MLG_BLOCK_WOULD, MLG_ENGINE_ENFORCE, MLG_VERDICT_UNSET},
        {MLG_BLOCK_WOULD, MLG_ENGINE_OBSERVE, MLG_VERDICT_WOULD_REFUSE},
        {MLG_BLOCK_AUTO, MLG_ENGINE_ENFORCE, MLG_VERDICT_REFUSE},
        {MLG_BLOCK_AUTO, MLG_ENGINE_OBSERVE, MLG_VERDICT_WOULD_REFUSE},
        {MLG_BLOCK_OPERATOR, MLG_ENGINE_ENFORCE, MLG_VERDICT_REFUSE},
        {MLG_BLOCK_OPERATOR, MLG_ENGINE_OBSERVE, MLG_VERDICT_REFUSE},
        {MLG_BLOCK_GRACE, MLG_ENGINE_ENFORCE, MLG_VERDICT_GRACE},
        {MLG_BLOCK_GRACE, MLG_ENGINE_OBSERVE, MLG_VERDICT_GRACE},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rig_t rig;
        mlg_client_t client = unit_client(IP);
        mlg_standing_t s;

        rig_open(&rig);
        rig.rules.engine = rows[i].engine;
        if (rows[i].kind != MLG_BLOCK_NONE) {
            unit_put(&rig.gate.blocks, rows[i].kind, client.hash, T0,
                     T0 + SEC(60));
        }
        s = mlg_gate_check(&rig.gate, &rig.rules, &client, T0);
        IS_INT(s.verdict, rows[i].verdict);
        s = mlg_gate_check(&rig.gate, &rig.rules, &client, T0 + SEC(60));
        IS_INT(s.verdict, MLG_VERDICT_UNSET);
        rig_close(&rig);
    }
}

CLAIM(a_flood_is_convicted_after_the_minimum_and_its_neighbour_is_not)
{
    rig_t rig;
    apr_time_t at = T0;
    int n;

    BEGIN;
    rig_open(&rig);
    for (int i = 0; i < 9; i++) {
        IS_TRUE(judge(&rig, IP, at) != MLG_VERDICT_REFUSE);
    }
    n = 9 + pages_until(&rig, IP, &at, MLG_VERDICT_REFUSE, 50);
    assert_in_range(n, 10, 20);
    IS_INT(judge(&rig, "192.0.2.8", at), MLG_VERDICT_PASS);
    IS_INT(rig_count(&rig, MLG_C_BLOCKS), 1);
    is_sound(&rig);
    rig_close(&rig);
}

CLAIM(the_shipped_weights_convict_a_flood_and_not_its_neighbour)
{
    rig_t rig;
    apr_time_t at = T0;

    BEGIN;
    rig_open(&rig);
    rig.rules.model = &mlg_weighted_default;
    for (int i = 0; i < 10; i++) { /* the issue: within 30 requests */
        mlg_arrival_t a = unit_page(IP, at);

        a.is = MLG_IS_WITHOUT_REFERER | MLG_IS_WITHOUT_COOKIE;
        rig_judge(&rig, &a);
    }
    {
        int n = 0;
        mlg_decision_t d;

        do {
            mlg_arrival_t a = unit_page(IP, at);

            a.is = MLG_IS_WITHOUT_REFERER | MLG_IS_WITHOUT_COOKIE;
            d = rig_judge(&rig, &a);
            rig_settle(&rig, &a, 200);
            at += SEC(0.01);
        } while (d.verdict != MLG_VERDICT_REFUSE && ++n < 50);
        IS_TRUE(10 + n <= 30);
    }
    IS_INT(judge(&rig, "192.0.2.8", at), MLG_VERDICT_PASS);
    rig_close(&rig);
}

CLAIM(a_browsers_pages_with_sixty_assets_are_never_suspect)
{
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    rig.rules.model = &mlg_weighted_default;
    for (int page = 0; page < 10; page++) { /* a page every eight seconds */
        apr_time_t at = T0 + SEC(8.3) * page + SEC(0.7) * (page % 3);
        mlg_arrival_t a = unit_page(IP, at);

        a.session = 5;
        IS_INT(rig_judge(&rig, &a).verdict, MLG_VERDICT_PASS);
        rig_settle(&rig, &a, 200);
        for (int i = 0; i < 60; i++) {
            a = unit_asset(IP, at + SEC(0.01) * i);
            a.session = 5;
            a.path = (uint64_t)i + 1;
            IS_INT(rig_judge(&rig, &a).verdict, MLG_VERDICT_PASS);
            rig_settle(&rig, &a, 200);
        }
    }
    IS_INT(rig_count(&rig, MLG_C_ASSETS), 600);
    rig_close(&rig);
}

CLAIM(a_conviction_explains_itself_and_can_be_looked_up)
{
    rig_t rig;
    mlg_decision_t d;
    mlg_decision_t kept;
    apr_time_t at = T0;

    BEGIN;
    rig_open(&rig);
    do {
        mlg_arrival_t a = unit_page(IP, at);

        d = rig_judge(&rig, &a);
        at += SEC(0.1);
    } while (d.verdict != MLG_VERDICT_REFUSE);
    IS_INT(d.convicts, 1);
    IS_INT(d.offences, 1);
    IS_INT(d.is_recorded, 1);
    IS_INT(d.until_us, d.at_us + SEC(600));
    IS_TRUE(d.score >= 0.8f);
    IS_INT(d.reasons.n, 1);
    IS_INT(d.reasons.top[0].feature, MLG_F_REQUEST_RATE);
    IS_TRUE(d.id != 0);
    IS_INT(mlg_ring_find(rig.gate.ring, d.id, &kept), 1);
    /* is_recorded, behind the features, is set once it is published */
    assert_memory_equal(&kept, &d, offsetof(mlg_decision_t, is_recorded));
    rig_close(&rig);
}

CLAIM(a_blocked_client_is_refused_with_its_conviction_and_not_judged)
{
    rig_t rig;
    apr_time_t at;
    mlg_arrival_t a;
    mlg_decision_t d;

    BEGIN;
    rig_open(&rig);
    at = convict(&rig, IP, T0);
    a = unit_page(IP, at + SEC(300));
    d = rig_judge(&rig, &a);
    IS_INT(d.verdict, MLG_VERDICT_REFUSE);
    IS_INT(d.convicts, 0);
    IS_INT(d.is_recorded, 0);
    IS_INT(d.until_us, at + SEC(600));
    IS_INT(d.reasons.top[0].feature, MLG_F_REQUEST_RATE);
    IS_INT(mlg_ring_find(rig.gate.ring, d.id, &d), 1);
    IS_INT(rig_count(&rig, MLG_C_REFUSED), 2);
    IS_INT(rig_count(&rig, MLG_C_BLOCKS), 1);
    rig_close(&rig);
}

CLAIM(knocking_on_the_door_does_not_renew_a_block)
{
    rig_t rig;
    apr_time_t at;

    BEGIN;
    rig_open(&rig);
    at = convict(&rig, IP, T0);
    for (int s = 1; s < 600; s++) {
        IS_INT(judge(&rig, IP, at + SEC(s)), MLG_VERDICT_REFUSE);
    }
    IS_INT(judge(&rig, IP, at + SEC(600)), MLG_VERDICT_PASS);
    IS_INT(rig_count(&rig, MLG_C_BLOCKS), 1);
    rig_close(&rig);
}

CLAIM(after_a_block_evidence_is_gathered_anew_and_the_next_is_longer)
{
    rig_t rig;
    mlg_client_t client = unit_client(IP);
    apr_time_t at;
    apr_time_t again;
    int n;

    BEGIN;
    rig_open(&rig);
    at = convict(&rig, IP, T0) + SEC(600);
    again = at;
    n = pages_until(&rig, IP, &again, MLG_VERDICT_REFUSE, 50);
    IS_TRUE(n >= 3); /* not by the first page after */
    again -= SEC(0.1);
    IS_INT(mlg_gate_check(&rig.gate, &rig.rules, &client, again + 1).until_us,
           again + SEC(1200));
    IS_INT(mlg_block_offences(&rig.gate.blocks, client.hash, MLG_BLOCK_AUTO,
                              again),
           2);
    rig_close(&rig);
}

CLAIM(observing_never_refuses_and_says_what_it_would_have_done)
{
    rig_t rig;
    int would = 0;

    BEGIN;
    rig_open(&rig);
    rig.rules.engine = MLG_ENGINE_OBSERVE;
    for (int i = 0; i < 300; i++) {
        mlg_verdict v = judge(&rig, IP, T0 + SEC(0.01) * i);

        IS_TRUE(v != MLG_VERDICT_REFUSE);
        would += (v == MLG_VERDICT_WOULD_REFUSE);
    }
    IS_TRUE(would > 270);
    IS_INT(rig_count(&rig, MLG_C_REFUSED), 0);
    IS_INT(rig_count(&rig, MLG_C_WOULD_REFUSE), would);
    IS_INT(rig_count(&rig, MLG_C_WOULD_BLOCKS), 1);
    IS_INT(rig_count(&rig, MLG_C_BLOCKS), 0);
    IS_INT(rig_count(&rig, MLG_C_JUDGED), 300);
    rig_close(&rig);
}

CLAIM(a_conviction_made_observing_refuses_nobody_once_enforcing)
{
    rig_t rig;
    apr_time_t at = T0;

    BEGIN;
    rig_open(&rig);
    rig.rules.engine = MLG_ENGINE_OBSERVE;
    pages_until(&rig, IP, &at, MLG_VERDICT_WOULD_REFUSE, 50);
    rig.rules.engine = MLG_ENGINE_ENFORCE;
    at += SEC(30); /* it calmed down */
    IS_INT(judge(&rig, IP, at), MLG_VERDICT_PASS);
    IS_TRUE(pages_until(&rig, IP, &at, MLG_VERDICT_REFUSE, 50) <= 50);
    IS_INT(rig_count(&rig, MLG_C_BLOCKS), 1);
    rig_close(&rig);
}

CLAIM(judging_without_the_stripe_changes_nothing_but_counters)
{
    rig_t rig;
    size_t bytes = mlg_segment_bytes(MLG_CLIENTS_MIN);
    unsigned char *before = malloc(bytes);
    mlg_arrival_t a = unit_page(IP, T0 + SEC(1));
    mlg_decision_t d;

    BEGIN;
    assert_non_null(before);
    rig_open(&rig);
    for (int i = 0; i < 5; i++) {
        judge(&rig, IP, T0 + SEC(0.1) * i);
    }
    memcpy(before, rig.base, bytes);
    a.is |= MLG_IS_ASSET; /* a page would count for its network as well */
    d = rig_judge_unheld(&rig, &a);
    IS_INT(d.verdict, MLG_VERDICT_PASS);
    IS_INT(d.total, 6);
    IS_INT(d.is_recorded, 0);
    mlg_settle(&rig.gate, &a, &(mlg_outcome_t){.status = 200}, NULL);
    IS_INT(rig_count(&rig, MLG_C_SKIPPED), 2);
    memcpy(before + ((unsigned char *)rig.gate.counters - //
                     (unsigned char *)rig.base),
           rig.gate.counters, sizeof(mlg_shard_t) * MLG_COUNTER_SHARDS);
    assert_memory_equal(before, rig.base, bytes);
    free(before);
    rig_close(&rig);
}

CLAIM(judging_without_the_stripe_gives_the_same_score)
{
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    for (int i = 0; i < 9; i++) {
        mlg_arrival_t a = unit_page(IP, T0 + SEC(0.1) * i);
        /* the network's count is the one thing both add to */
        float unheld = rig_judge_unheld(&rig, &a).score;

        IS_TRUE(rig_judge(&rig, &a).score == unheld);
    }
    rig_close(&rig);
}

CLAIM(an_operators_block_and_unblock_are_obeyed_and_counted)
{
    rig_t rig;
    mlg_block_t was;
    char note[100];

    BEGIN;
    rig_open(&rig);
    memset(note, 'n', sizeof(note) - 1);
    note[sizeof(note) - 1] = '\0';
    IS_INT(
        rig_order(&rig, MLG_BLOCK_OPERATOR, IP, T0, T0 + SEC(60), note, &was),
        APR_SUCCESS);
    IS_INT(was.kind, MLG_BLOCK_NONE);
    IS_INT(judge(&rig, IP, T0), MLG_VERDICT_REFUSE);
    IS_INT(rig_order(&rig, MLG_BLOCK_GRACE, IP, T0, T0 + SEC(60), NULL, &was),
           APR_SUCCESS);
    IS_INT(was.kind, MLG_BLOCK_OPERATOR);
    IS_INT(was.info.refused, 1);
    IS_INT(strlen(was.info.note), MLG_BLOCK_NOTE - 1);
    IS_INT(judge(&rig, IP, T0), MLG_VERDICT_GRACE);
    IS_INT(rig_count(&rig, MLG_C_OPERATOR_BLOCKS), 1);
    IS_INT(rig_count(&rig, MLG_C_UNBLOCKS), 1);
    IS_INT(rig_count(&rig, MLG_C_GRACE), 1);
    rig_close(&rig);
}

CLAIM(grace_ends_and_then_the_client_is_judged_again)
{
    rig_t rig;
    apr_time_t at;

    BEGIN;
    rig_open(&rig);
    at = convict(&rig, IP, T0);
    rig_order(&rig, MLG_BLOCK_GRACE, IP, at, at + SEC(60), NULL, NULL);
    for (int i = 0; i < 100; i++) {
        IS_INT(judge(&rig, IP, at + SEC(0.1) * i), MLG_VERDICT_GRACE);
    }
    at += SEC(60);
    IS_TRUE(pages_until(&rig, IP, &at, MLG_VERDICT_REFUSE, 50) <= 50);
    rig_close(&rig);
}

CLAIM(a_conviction_without_room_refuses_its_request_and_is_counted)
{
    rig_t rig;
    mlg_client_t client = unit_client(IP);
    apr_time_t at = T0;

    BEGIN;
    rig_open(&rig);
    for (uint32_t n = 0; n < 32; n++) { /* fill the lines it could go to */
        unit_put(&rig.gate.blocks, MLG_BLOCK_AUTO,
                 client.hash + ((uint64_t)(n + 1) << 32), T0, T0 + SEC(6000));
    }
    IS_TRUE(pages_until(&rig, IP, &at, MLG_VERDICT_REFUSE, 50) <= 50);
    IS_INT(judge(&rig, IP, at), MLG_VERDICT_REFUSE);
    IS_INT(rig_count(&rig, MLG_C_UNRECORDED), 2);
    IS_INT(rig_count(&rig, MLG_C_BLOCKS), 0);
    rig_close(&rig);
}

CLAIM(a_late_request_counts_against_its_client_and_is_never_refused)
{
    rig_t rig;
    mlg_arrival_t a = unit_page(IP, T0);
    mlg_decision_t d;

    BEGIN;
    rig_open(&rig);
    a.is |= MLG_IS_LATE;
    for (int i = 0; i < 50; i++) {
        a.at_us += SEC(0.01);
        d = rig_judge(&rig, &a);
    }
    IS_INT(rig_count(&rig, MLG_C_LATE), 50);
    IS_INT(rig_count(&rig, MLG_C_REFUSED), 0);
    IS_INT(d.total, 50);
    IS_INT(judge(&rig, IP, a.at_us), MLG_VERDICT_REFUSE); /* convicted by it */
    rig_close(&rig);
}

CLAIM(what_was_observed_does_not_lengthen_the_first_block)
{
    rig_t rig;
    mlg_client_t client = unit_client(IP);

    BEGIN;
    rig_open(&rig);
    for (int i = 0; i < 3; i++) {
        unit_put(&rig.gate.blocks, MLG_BLOCK_WOULD, client.hash, T0,
                 T0 + SEC(600));
    }
    IS_INT(mlg_block_offences(&rig.gate.blocks, client.hash, MLG_BLOCK_WOULD,
                              T0 + SEC(601)),
           3);
    IS_INT(mlg_block_offences(&rig.gate.blocks, client.hash, MLG_BLOCK_AUTO,
                              T0 + SEC(601)),
           0);
    rig_close(&rig);
}

CLAIM(an_unblock_forgets_what_the_client_did)
{
    rig_t rig;
    mlg_client_t client = unit_client(IP);

    BEGIN;
    rig_open(&rig);
    unit_put(&rig.gate.blocks, MLG_BLOCK_AUTO, client.hash, T0, T0 + SEC(600));
    rig_order(&rig, MLG_BLOCK_GRACE, IP, T0, T0 + SEC(600), NULL, NULL);
    IS_INT(mlg_block_offences(&rig.gate.blocks, client.hash, MLG_BLOCK_AUTO,
                              T0 + SEC(601)),
           0);
    rig_close(&rig);
}

CLAIM(a_slow_scanner_that_comes_every_ten_minutes_is_convicted)
{
    mlg_decision_t d = {.verdict = MLG_VERDICT_PASS};
    rig_t rig;
    int n = 0;

    BEGIN;
    rig_open(&rig);
    mlg_weighted_set(&rig.model, MLG_F_ERROR_RECENT,
                     (mlg_ramp_t){0.0f, 0.5f, 1.0f});
    while (d.verdict != MLG_VERDICT_REFUSE && n < 100) {
        mlg_arrival_t a = unit_page(IP, T0 + SEC(600) * n++);

        d = rig_judge(&rig, &a);
        rig_settle(&rig, &a, 404);
    }
    IS_INT(n, 10); /* as soon as it has made so many requests */
    rig_close(&rig);
}

CLAIM(an_outcome_is_folded_and_one_without_a_record_is_harmless)
{
    rig_t rig;
    mlg_arrival_t a = unit_page(IP, T0);
    mlg_arrival_t gone = unit_page("192.0.2.99", T0); /* evicted since */

    BEGIN;
    rig_open(&rig);
    rig_judge(&rig, &a);
    rig_settle(&rig, &a, 408);
    IS_INT(mlg_table_find(&rig.gate.table, a.from.hash)->client_errors.now, 1);
    rig_settle(&rig, &gone, 200);
    is_sound(&rig);
    rig_close(&rig);
}

CLAIM(any_arrivals_give_a_score_within_0_and_1_and_a_sound_table)
{
    rig_t rig;
    uint64_t seed = 101;
    apr_time_t at = T0;

    BEGIN;
    rig_open(&rig);
    rig.rules.model = &mlg_weighted_default;
    for (int i = 0; i < 200000; i++) {
        uint64_t r = unit_random(&seed);
        mlg_arrival_t a = unit_page_n((uint32_t)(r % 9000), at);
        mlg_decision_t d;

        at += (apr_time_t)(r >> 20 & 0xfffff) - ((r & 15) ? 0 : 0x200000);
        a.is = (uint32_t)(r >> 8) & 0x3ff & ~(uint32_t)MLG_IS_EXEMPT;
        a.knows = (uint32_t)(r >> 4) & MLG_KNOWS_ALL;
        a.body_bytes = r << 1;
        a.depth = (uint32_t)r;
        a.path = a.agent = a.query = r >> 32;
        a.header_fields = a.path_bytes = a.path_segments = (uint16_t)r;
        a.header_anomaly = (uint16_t)(r >> 5);
        d = (r & 1) ? rig_judge(&rig, &a) : rig_judge_unheld(&rig, &a);
        IS_TRUE(isnan(d.score) || (d.score >= 0.0f && d.score <= 1.0f));
        IS_TRUE(!isnan(d.score) || d.verdict == MLG_VERDICT_REFUSE);
        if (d.is_recorded) {
            rig_settle(&rig, &a, (uint32_t)(r % 700));
        }
    }
    is_sound(&rig);
    rig_close(&rig);
}

CLAIM(every_request_is_counted_exactly_once)
{
    rig_t rig;
    mlg_shard_t n;
    uint64_t scored = 0;

    BEGIN;
    rig_open(&rig);
    for (int i = 0; i < 5000; i++) {
        mlg_arrival_t a = unit_page_n((uint32_t)i % 50, T0 + SEC(0.01) * i);

        a.is |= (i % 7 == 0) ? MLG_IS_EXEMPT : 0;
        rig_judge(&rig, &a);
    }
    mlg_counters_read(rig.gate.counters, &n);
    for (int i = 0; i < MLG_SCORE_BUCKETS; i++) {
        scored += n.scores[i];
    }
    IS_INT(n.count[MLG_C_REQUESTS], 5000);
    IS_INT(scored, n.count[MLG_C_JUDGED]);
    /* a conviction is judged and refused */
    IS_INT(n.count[MLG_C_REQUESTS],
           n.count[MLG_C_JUDGED] + n.count[MLG_C_REFUSED] -
               n.count[MLG_C_BLOCKS] + n.count[MLG_C_EXEMPT]);
    IS_INT(n.count[MLG_C_NEWCOMERS], 50);
    rig_close(&rig);
}

/* ---- swarms --------------------------------------------------------------- */

/* What a server observed of a member holds in a gate that saw no swarm. */
static mlg_arrival_t member(const char *addr, uint32_t swarm)
{
    mlg_arrival_t a = unit_page(addr, T0);

    a.knows |= MLG_KNOWS_SWARM;
    a.is |= MLG_IS_WITHOUT_REFERER;
    a.swarm = swarm;
    a.excess = 9.0f;
    return a;
}

CLAIM(a_member_is_refused_for_its_request_and_not_blocked)
{
    rig_t rig;
    mlg_arrival_t a = member("192.0.2.1", MLG_IN_SWARM_REFUSES);
    mlg_arrival_t later = unit_page("192.0.2.1", T0 + SEC(1));
    mlg_decision_t d;
    mlg_decision_t found;

    BEGIN;
    rig_open(&rig);
    rig.rules.swarm = (mlg_swarm_by_t){MLG_SWARM_REFUSE, 4.0f, 1.0f, 0};
    d = rig_judge(&rig, &a);
    IS_INT(d.verdict, MLG_VERDICT_REFUSE);
    IS_TRUE(mlg_decision_is_for_swarm(&d));
    IS_TRUE(d.id != 0);
    IS_INT(d.until_us, 0);
    IS_INT(d.convicts, 0);
    IS_TRUE(d.is_recorded);
    IS_NEAR(d.excess, 9.0, 0);
    IS_TRUE(mlg_ring_find(rig.gate.members, d.id, &found));
    IS_TRUE(mlg_decision_is_for_swarm(&found));
    IS_FALSE(mlg_ring_find(rig.gate.ring, d.id, &found)); /* no conviction */
    IS_INT(rig_count(&rig, MLG_C_SWARM_REFUSED), 1);
    IS_INT(rig_count(&rig, MLG_C_REFUSED), 1);
    IS_INT(rig_count(&rig, MLG_C_BLOCKS), 0);
    d = rig_judge(&rig, &later);
    IS_INT(d.verdict, MLG_VERDICT_PASS);
    rig_close(&rig);
}

CLAIM(a_member_is_observed_where_the_rules_say_so)
{
    static const struct {
        mlg_engine engine;
        mlg_swarm_mode mode;
        uint32_t swarm;
        uint32_t is;
        mlg_verdict verdict;
    } cases[] = {
        {MLG_ENGINE_ENFORCE, MLG_SWARM_REFUSE, MLG_IN_SWARM_REFUSES, 0,
         MLG_VERDICT_REFUSE},
        {MLG_ENGINE_OBSERVE, MLG_SWARM_REFUSE, MLG_IN_SWARM_REFUSES, 0,
         MLG_VERDICT_WOULD_REFUSE},
        {MLG_ENGINE_ENFORCE, MLG_SWARM_OBSERVE, MLG_IN_SWARM_REFUSES, 0,
         MLG_VERDICT_WOULD_REFUSE},
        {MLG_ENGINE_ENFORCE, MLG_SWARM_REFUSE,
         MLG_IN_SWARM_REFUSES | MLG_IN_SWARM_HELD, 0, MLG_VERDICT_WOULD_REFUSE},
        {MLG_ENGINE_ENFORCE, MLG_SWARM_REFUSE, MLG_IN_SWARM_REFUSES,
         MLG_IS_LATE, MLG_VERDICT_WOULD_REFUSE},
        {MLG_ENGINE_ENFORCE, MLG_SWARM_OFF, MLG_IN_SWARM_REFUSES, 0,
         MLG_VERDICT_PASS},
        {MLG_ENGINE_ENFORCE, MLG_SWARM_REFUSE, 0, 0, MLG_VERDICT_PASS},
        {MLG_ENGINE_ENFORCE, MLG_SWARM_REFUSE, MLG_IN_SWARM_REFUSES,
         MLG_IS_EXEMPT, MLG_VERDICT_EXEMPT},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rig_t rig;
        mlg_arrival_t a = member("192.0.2.1", cases[i].swarm);
        mlg_decision_t d;

        rig_open(&rig);
        rig.rules.engine = cases[i].engine;
        rig.rules.swarm = (mlg_swarm_by_t){cases[i].mode, 4.0f, 1.0f, 0};
        a.is |= cases[i].is;
        d = rig_judge(&rig, &a);
        IS_INT(d.verdict, cases[i].verdict);
        rig_close(&rig);
    }
}

static int asks(const rig_t *rig, mlg_arrival_t a)
{
    return mlg_gate_asks_cohorts(&rig->gate, &a);
}

CLAIM(cohorts_are_asked_for_the_first_page_of_the_first_three_requests)
{
    rig_t rig;
    mlg_arrival_t page = unit_page("192.0.2.1", T0);
    mlg_arrival_t form = page;

    BEGIN;
    rig_open(&rig);
    form.is |= MLG_IS_OTHER_METHOD;
    IS_TRUE(asks(&rig, page));
    IS_FALSE(asks(&rig, form));
    rig_judge(&rig, &page);
    IS_FALSE(asks(&rig, page));
    for (int i = 0; i < 4; i++) {
        mlg_arrival_t a = unit_asset("192.0.2.2", T0 + SEC(i));

        IS_FALSE(asks(&rig, a));
        IS_INT(asks(&rig, unit_page("192.0.2.2", T0)), i < 3);
        rig_judge(&rig, &a);
    }
    rig_close(&rig);
}

CLAIM(cohorts_are_asked_for_the_first_twelve_requests_while_there_is_a_swarm)
{
    rig_t rig;
    mlg_arrival_t page = unit_page("192.0.2.1", T0);

    BEGIN;
    rig_open(&rig);
    rig.gate.swarms->hot_until_s = (uint32_t)(T0 / SEC(1)) + 1;
    for (int i = 0; i < 13; i++) {
        IS_INT(asks(&rig, page), i < 12);
        rig_judge(&rig, &page);
    }
    rig_close(&rig);
    rig_open(&rig);
    rig.gate.swarms->hot_until_s = (uint32_t)(T0 / SEC(1)); /* was one */
    rig_judge(&rig, &page);
    IS_FALSE(asks(&rig, page));
    rig_close(&rig);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(who_behaves_like_a_person_has_the_benefit_of_the_doubt),
        TEST(allow_beats_exempt_beats_grace_beats_blocked_beats_judged),
        TEST(a_standing_depends_on_the_kind_of_block_and_the_engine),
        TEST(a_flood_is_convicted_after_the_minimum_and_its_neighbour_is_not),
        TEST(the_shipped_weights_convict_a_flood_and_not_its_neighbour),
        TEST(a_browsers_pages_with_sixty_assets_are_never_suspect),
        TEST(a_conviction_explains_itself_and_can_be_looked_up),
        TEST(a_blocked_client_is_refused_with_its_conviction_and_not_judged),
        TEST(knocking_on_the_door_does_not_renew_a_block),
        TEST(after_a_block_evidence_is_gathered_anew_and_the_next_is_longer),
        TEST(observing_never_refuses_and_says_what_it_would_have_done),
        TEST(a_conviction_made_observing_refuses_nobody_once_enforcing),
        TEST(judging_without_the_stripe_changes_nothing_but_counters),
        TEST(judging_without_the_stripe_gives_the_same_score),
        TEST(an_operators_block_and_unblock_are_obeyed_and_counted),
        TEST(grace_ends_and_then_the_client_is_judged_again),
        TEST(a_conviction_without_room_refuses_its_request_and_is_counted),
        TEST(a_late_request_counts_against_its_client_and_is_never_refused),
        TEST(what_was_observed_does_not_lengthen_the_first_block),
        TEST(an_unblock_forgets_what_the_client_did),
        TEST(a_slow_scanner_that_comes_every_ten_minutes_is_convicted),
        TEST(an_outcome_is_folded_and_one_without_a_record_is_harmless),
        TEST(any_arrivals_give_a_score_within_0_and_1_and_a_sound_table),
        TEST(every_request_is_counted_exactly_once),
        TEST(a_member_is_refused_for_its_request_and_not_blocked),
        TEST(a_member_is_observed_where_the_rules_say_so),
        TEST(cohorts_are_asked_for_the_first_page_of_the_first_three_requests),
        TEST(
            cohorts_are_asked_for_the_first_twelve_requests_while_there_is_a_swarm),
    };

    return RUN(tests);
}
