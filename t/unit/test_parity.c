/* SPDX-License-Identifier: Apache-2.0
 *
 * A server and its replay: what the one decides about requests that overlap
 * and end in any order, the other decides from the lines alone. */
#include "unit.h"

#include "mlg_replay.h"

#include <apr_general.h>

#define CLIENTS  40
#define REQUESTS 6000

/* Requests of one run, as a server sees them and as it writes them down. */
typedef struct server_t {
    rig_t rig;
    mlg_observation_t line[REQUESTS];
    int lines;
    int open[64]; /* requests in flight, by number */
    int nopen;
    uint64_t seed;
    apr_time_t now_us;
} server_t;

static uint64_t events(const server_t *s, uint64_t client)
{
    return mlg_stripe_events(&s->rig.gate.table.stripe[mlg_stripe_of(client)]);
}

static void arrive(server_t *s, int is_contended)
{
    uint32_t n = (uint32_t)(unit_random(&s->seed) % CLIENTS);
    mlg_observation_t *o = &s->line[s->lines];
    mlg_arrival_t a = unit_page_n((n % 3 == 0) ? 0 : n, s->now_us);
    mlg_decision_t d;

    a.path = unit_random(&s->seed) % 50;
    a.query = unit_random(&s->seed) % 9;
    a.agent = unit_random(&s->seed) % 3;
    a.depth = 1 + (uint32_t)(unit_random(&s->seed) % 5);
    a.is |= (unit_random(&s->seed) % 3 == 0) ? MLG_IS_ASSET : 0;
    a.referer = unit_random(&s->seed) % 50;
    memset(o, 0, sizeof(*o));
    d = is_contended ? rig_judge_unheld(&s->rig, &a) : rig_judge(&s->rig, &a);
    o->kind = MLG_OBSERVED_REQUEST;
    o->arrival = a;
    o->rules = mlg_rules_hash(&s->rig.rules);
    o->arrived = events(s, a.from.hash);
    o->is_arrival_held = !is_contended;
    o->score = d.score;
    o->verdict = d.verdict;
    o->vector = mlg_vector_hash(d.x);
    if (o->vector != 0) {
        o->arrival.knows |=
            MLG_KNOWS_SUBNET | MLG_KNOWS_RARITY | MLG_KNOWS_SWARM;
        o->arrival.excess = d.excess;
        o->arrival.swarm = d.swarm_is;
        o->arrival.rarity = d.rarity;
        o->arrival.subnet_rate = d.x[MLG_F_SUBNET_RATE];
    }
    o->settled = d.is_recorded; /* to be settled */
    s->open[s->nopen++] = s->lines++;
}

/* One of the requests in flight ends. @return its line */
static const mlg_observation_t *end(server_t *s)
{
    int i = (int)(unit_random(&s->seed) % (unsigned)s->nopen);
    mlg_observation_t *o = &s->line[s->open[i]];
    uint64_t client = o->arrival.from.hash;

    s->open[i] = s->open[--s->nopen];
    o->outcome.status = (unit_random(&s->seed) % 4 == 0) ? 404 : 200;
    o->outcome.sent_bytes = unit_random(&s->seed) % 100000;
    o->outcome.duration_us = (uint64_t)(s->now_us - o->arrival.at_us);
    o->outcome.knows_duration = 1;
    if (o->settled) {
        mlg_stripe_t *held = &s->rig.gate.table.stripe[mlg_stripe_of(client)];

        mlg_settle(&s->rig.gate, &o->arrival, &o->outcome, held);
        o->settled = events(s, client);
    }
    return o;
}

typedef struct reader_t {
    apr_pool_t *p;
    mlg_replay_t replay;
    mlg_reorder_t *reorder;
    mlg_parity_t parity;
    uint64_t refused;
} reader_t;

static void reader_open(reader_t *r, const rig_t *rig, unsigned room)
{
    memset(r, 0, sizeof(*r));
    apr_pool_create(&r->p, NULL);
    IS_INT(mlg_replay_init(&r->replay, MLG_CLIENTS_MIN, r->p), APR_SUCCESS);
    r->replay.rules = rig->rules;
    IS_INT(mlg_reorder_make(&r->reorder, room, r->p), APR_SUCCESS);
    mlg_reorder_begin(r->reorder, 1);
}

static void reader_drain(reader_t *r)
{
    mlg_step_t step;

    while (mlg_reorder_next(r->reorder, &step)) {
        mlg_arrival_t a;
        mlg_decision_t d;

        if (mlg_replay_step(&r->replay, &step, &a, &d)) {
            mlg_parity_add(&r->parity, &r->replay.rules, step.seen, &d);
            r->refused += (d.verdict == MLG_VERDICT_REFUSE);
        }
    }
}

static void reader_take(reader_t *r, const mlg_observation_t *o)
{
    char line[MLG_OBSERVATION_TEXT];
    mlg_observation_t back;
    size_t len = mlg_observation_render(line, o);

    IS_INT(mlg_observation_parse(&back, line, len - 1, NULL), APR_SUCCESS);
    mlg_reorder_add(r->reorder, &back);
    reader_drain(r);
}

/* @param room       lines that the reader may keep
 * @param contended  one arrival in so many finds its stripe busy; 0 = none
 * @param lost       the line with this number is never written; -1 = none */
static reader_t run(unsigned room, unsigned contended, int lost)
{
    static server_t s;
    reader_t r;

    memset(&s, 0, sizeof(s));
    s.seed = 11;
    s.now_us = T0;
    rig_open(&s.rig);
    reader_open(&r, &s.rig, room);
    while (s.lines < REQUESTS || s.nopen > 0) {
        int is_full = s.nopen == 64 || s.lines == REQUESTS;

        s.now_us += (apr_time_t)(unit_random(&s.seed) % 40000);
        if (!is_full && (s.nopen == 0 || unit_random(&s.seed) % 2)) {
            arrive(&s, contended > 0 && unit_random(&s.seed) % contended == 0);
        }
        else {
            const mlg_observation_t *o = end(&s);

            if (o - s.line != lost) {
                reader_take(&r, o);
            }
        }
    }
    mlg_reorder_finish(r.reorder);
    reader_drain(&r);
    rig_close(&s.rig);
    return r;
}

static void is_the_same(const mlg_parity_t *p)
{
    IS_INT(p->other_rules, 0);
    IS_INT(p->scores, 0);
    IS_INT(p->vectors, 0);
    IS_INT(p->verdicts, 0);
}

CLAIM(requests_that_end_in_any_order_are_judged_alike)
{
    reader_t r = run(1024, 0, -1);

    BEGIN;
    IS_INT(r.parity.requests, REQUESTS);
    IS_INT(r.parity.compared, REQUESTS);
    IS_TRUE(r.refused > 100 && r.refused < REQUESTS);
    IS_INT(mlg_reorder_gaps(r.reorder), 0);
    IS_INT(mlg_reorder_late(r.reorder), 0);
    is_the_same(&r.parity);
    apr_pool_destroy(r.p);
}

CLAIM(what_was_judged_without_its_stripe_changes_nothing_for_the_rest)
{
    reader_t r = run(1024, 20, -1);

    BEGIN;
    IS_INT(r.parity.requests, REQUESTS);
    IS_TRUE(r.parity.skipped > 100);
    IS_INT(r.parity.compared + r.parity.skipped, REQUESTS);
    is_the_same(&r.parity);
    apr_pool_destroy(r.p);
}

CLAIM(a_line_that_never_comes_holds_up_nobody_for_ever)
{
    reader_t r = run(1024, 0, 3);

    BEGIN;
    IS_INT(r.parity.requests, REQUESTS - 1);
    IS_TRUE(mlg_reorder_gaps(r.reorder) >= 1);
    apr_pool_destroy(r.p);
}

CLAIM(a_reader_without_room_goes_on_and_says_so)
{
    reader_t r = run(8, 0, -1);

    BEGIN;
    IS_INT(r.parity.requests, REQUESTS); /* not one is lost */
    IS_TRUE(mlg_reorder_gaps(r.reorder) > 0);
    IS_TRUE(mlg_reorder_late(r.reorder) > 0);
    apr_pool_destroy(r.p);
}

CLAIM(other_rules_are_noticed_and_not_compared)
{
    static server_t s;
    reader_t r;

    BEGIN;
    memset(&s, 0, sizeof(s));
    s.seed = 12;
    s.now_us = T0;
    rig_open(&s.rig);
    reader_open(&r, &s.rig, 16);
    r.replay.rules.threshold = 0.5f;
    arrive(&s, 0);
    reader_take(&r, end(&s));
    IS_INT(r.parity.other_rules, 1);
    IS_INT(r.parity.compared, 0);
    rig_close(&s.rig);
    apr_pool_destroy(r.p);
}

CLAIM(an_operators_order_is_carried_out_in_its_place)
{
    mlg_client_t client = unit_client("192.0.2.7");
    mlg_observation_t order = {.kind = MLG_OBSERVED_ORDER,
                               .order = MLG_BLOCK_OPERATOR,
                               .until_us = T0 + SEC(60),
                               .arrived = 1,
                               .is_arrival_held = 1};
    mlg_observation_t refused = {.kind = MLG_OBSERVED_REQUEST,
                                 .arrived = 1,
                                 .verdict = MLG_VERDICT_REFUSE,
                                 .score = NAN};
    rig_t rig;
    reader_t r;

    BEGIN;
    rig_open(&rig);
    reader_open(&r, &rig, 16);
    order.arrival.at_us = T0;
    order.arrival.from = client;
    refused.arrival = unit_page("192.0.2.7", T0 + SEC(1));
    refused.rules = mlg_rules_hash(&rig.rules);
    reader_take(&r, &refused); /* its line comes first, and waits */
    IS_INT(r.parity.requests, 0);
    reader_take(&r, &order);
    IS_INT(r.parity.requests, 1);
    IS_INT(r.parity.compared, 1);
    is_the_same(&r.parity);
    rig_close(&rig);
    apr_pool_destroy(r.p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(requests_that_end_in_any_order_are_judged_alike),
        TEST(what_was_judged_without_its_stripe_changes_nothing_for_the_rest),
        TEST(a_line_that_never_comes_holds_up_nobody_for_ever),
        TEST(a_reader_without_room_goes_on_and_says_so),
        TEST(other_rules_are_noticed_and_not_compared),
        TEST(an_operators_order_is_carried_out_in_its_place),
    };
    int failed;

    apr_initialize();
    failed = RUN(tests);
    apr_terminate();
    return failed;
}
