/* SPDX-License-Identifier: Apache-2.0
 *
 * Swarms and their twins in a town of some 6,000 newcomers a day. Every figure
 * is printed. SWARM_SEEDS=20 plays each twenty times at three speeds. */
#include "swarms.h"

#define ADDRESSES 10000u
#define MINUTE    60.0
#define SEVEN     420.0
#define HOUR      3600.0
#define SIX_HOURS 21600.0

static town_t town;

static int open_town(void **state)
{
    (void)state;
    town_open(&town, 4.0, 10.0, 1);
    return 0;
}

static int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

static double late_share(const wave_result_t *r)
{
    return 100.0 * r->late_refused / (r->late ? r->late : 1);
}

static wave_result_t play(wave_kind kind, unsigned addresses, double seconds,
                          uint64_t seed)
{
    wave_t w = {kind, addresses, seconds, seed};
    wave_result_t r = wave_play(&town, &w);

    printf("# %-24s %5u addresses in %5.0f s: found after %6.1f s, %5u of %5u "
           "requests refused, %5.1f %% after the first 200; bystanders refused "
           "%u of %u; events %u, refusing %u\n",
           wave_name(kind), addresses, seconds, r.found_s, r.refused,
           r.requests, late_share(&r), r.bystanders_hit, r.bystanders, r.events,
           r.refusing);
    return r;
}

static void refuses_most(wave_kind kind, double percent)
{
    static const double speeds[] = {MINUTE, SEVEN, HOUR};

    for (int i = 0; i < 3; i++) {
        wave_result_t r = play(kind, ADDRESSES, speeds[i], 2011);

        IS_TRUE(late_share(&r) >= percent);
        IS_INT(r.bystanders_hit, 0);
        IS_TRUE(r.refusing >= 1);
    }
}

CLAIM(nine_tenths_of_a_swarm_of_one_print_are_refused)
{
    BEGIN;
    refuses_most(WAVE_ONE_PRINT, 90.0);
    refuses_most(WAVE_REFERER, 90.0);
}

CLAIM(nine_tenths_of_a_swarm_of_many_versions_or_paths_are_refused)
{
    BEGIN;
    refuses_most(WAVE_VERSIONS, 90.0);
    refuses_most(WAVE_PATHS, 90.0);
}

CLAIM(three_quarters_of_a_swarm_of_two_hundred_prints_are_refused)
{
    BEGIN;
    refuses_most(WAVE_MANY_PRINTS, 75.0);
}

/* And with it those people whose print it is and who ask where it asks. */
CLAIM(nine_tenths_of_a_swarm_with_a_borrowed_print_are_refused)
{
    static const double speeds[] = {MINUTE, SEVEN, HOUR};

    BEGIN;
    for (int i = 0; i < 3; i++) {
        wave_result_t all = {0};

        for (unsigned n = 0; n < 5; n++) {
            wave_result_t r =
                play(WAVE_BORROWED, ADDRESSES, speeds[i], 2011 + n);

            all.late += r.late;
            all.late_refused += r.late_refused;
            all.bystanders += r.bystanders;
            all.bystanders_hit += r.bystanders_hit;
        }
        IS_TRUE(late_share(&all) >= 90.0);
        IS_TRUE(all.bystanders_hit * 30 <= all.bystanders);
    }
}

CLAIM(a_slow_drip_is_an_event)
{
    BEGIN;
    for (int k = WAVE_ONE_PRINT; wave_is_swarm((wave_kind)k); k++) {
        wave_result_t r = play((wave_kind)k, 3000, SIX_HOURS, 2011);

        IS_TRUE(r.events >= 1);
        IS_INT(r.bystanders_hit, 0);
    }
}

/* ---- people --------------------------------------------------------------- */

static unsigned seeds(void)
{
    const char *asked = getenv("SWARM_SEEDS");

    return (asked != NULL) ? (unsigned)atoi(asked) : 1;
}

/* Waves of one kind, and whom of all people they cost. */
static void spares_people(town_t *site, wave_kind kind, unsigned addresses,
                          double seconds)
{
    unsigned people = 0;
    unsigned hit = 0;

    for (unsigned seed = 0; seed < seeds(); seed++) {
        wave_t w = {kind, addresses, seconds, 100 + seed};
        wave_result_t r = wave_play(site, &w);

        people += r.bystanders;
        hit += r.bystanders_hit;
        if (!wave_is_swarm(kind)) {
            people += r.members;
            hit += r.members_hit;
        }
    }
    printf("# a newcomer every %g s, %-24s in %5.0f s, %u times: %u of %u "
           "people refused\n",
           site->every_s, wave_name(kind), seconds, seeds(), hit, people);
    IS_INT(hit, 0);
}

static void spares_all(town_t *site)
{
    static const double speeds[] = {SEVEN, MINUTE, HOUR};
    unsigned nspeeds = (seeds() > 1) ? 3 : 1;

    for (int k = 0; k <= WAVE_QUIET; k++) {
        for (unsigned i = 0; i < nspeeds; i++) {
            spares_people(site, (wave_kind)k, ADDRESSES, speeds[i]);
        }
    }
    for (int k = 0; wave_is_swarm((wave_kind)k); k++) {
        spares_people(site, (wave_kind)k, 3000, SIX_HOURS);
    }
}

CLAIM(nobody_of_a_twin_or_beside_a_swarm_is_refused)
{
    BEGIN;
    spares_all(&town);
}

CLAIM(nor_on_a_site_with_a_newcomer_a_second)
{
    town_t site;

    BEGIN;
    town_open(&site, 4.0, 1.0, 1);
    spares_all(&site);
    town_close(&site);
}

/* 864,000 newcomers a day. Not once for each change: it takes minutes. */
CLAIM(nor_on_one_with_ten_newcomers_a_second)
{
    town_t site;

    BEGIN;
    if (seeds() == 1) {
        printf("# not played: SWARM_SEEDS=2 does\n");
        return; /* cmocka's skip() is "not ok" to prove */
    }
    town_open(&site, 4.0, 0.1, 1);
    spares_all(&site);
    for (int k = 0; wave_is_swarm((wave_kind)k); k++) {
        wave_t w = {(wave_kind)k, ADDRESSES, SEVEN, 2011};
        wave_result_t r = wave_play(&site, &w);

        printf("# a newcomer every %g s, %-24s: %.1f %% after the first 200\n",
               site.every_s, wave_name(w.kind), late_share(&r));
        IS_TRUE(late_share(&r) >= 60.0);
    }
    town_close(&site);
}

CLAIM(nor_on_one_with_a_newcomer_every_five_minutes)
{
    town_t site;

    BEGIN;
    town_open(&site, 4.0, 300.0, 1);
    spares_all(&site);
    town_close(&site);
}

/* A crowd of people who bring nothing and look alike is all that a swarm with
 * a borrowed print is, but that the others who come there bring nothing too. */
CLAIM(few_people_are_refused_at_a_page_without_assets)
{
    static const double every_s[] = {1.0, 10.0, 300.0, 0.3, 0.1, 0.04, 0.015};
    int nsites = (seeds() > 1) ? 7 : 3;

    BEGIN;
    for (int i = 0; i < nsites; i++) {
        town_t site;
        unsigned hit = 0;
        unsigned people = 0;

        town_open(&site, 4.0, every_s[i], 1);
        for (unsigned seed = 0; seed < 3 + seeds(); seed++) {
            wave_t w = {WAVE_BARE_ALIKE, ADDRESSES, SEVEN, 100 + seed};
            wave_result_t r = wave_play(&site, &w);

            people += r.members + r.bystanders;
            hit += r.members_hit + r.bystanders_hit;
        }
        town_close(&site);
        printf("# a newcomer every %g s, %s: %u of %u people refused\n",
               every_s[i], wave_name(WAVE_BARE_ALIKE), hit, people);
        IS_TRUE(hit * 200.0 <= people);
    }
}

CLAIM(who_shares_an_address_with_a_member_is_judged_by_its_own_print)
{
    wave_t w = {WAVE_MANY_PRINTS, ADDRESSES, SEVEN, 2011};
    wave_result_t r;

    BEGIN;
    r = wave_play_shared(&town, &w, 1000);
    printf("# %u of %u people refused, 1000 of them behind a member's "
           "address\n",
           r.bystanders_hit, r.bystanders);
    IS_INT(r.bystanders_hit, 0);
    IS_TRUE(late_share(&r) >= 60.0);
}

/* ---- what a site has to be ------------------------------------------------ */

CLAIM(a_site_that_was_watched_for_a_day_or_two_refuses_nobody)
{
    town_t young;
    wave_t w = {WAVE_ONE_PRINT, ADDRESSES, SEVEN, 2011};
    wave_result_t r;

    BEGIN;
    town_open(&young, 2.0, 60.0, 1);
    r = wave_play(&young, &w);
    IS_INT(r.refused, 0);
    IS_TRUE(r.events >= 1); /* and tells */
    town_close(&young);
}

CLAIM(observing_counts_and_refuses_nobody)
{
    wave_t w = {WAVE_ONE_PRINT, ADDRESSES, SEVEN, 2011};
    wave_result_t r;

    BEGIN;
    town.rules.swarm.mode = MLG_SWARM_OBSERVE;
    r = wave_play(&town, &w);
    IS_INT(r.refused, 0);
    IS_INT(r.refusing, 1);
    IS_TRUE(r.would > 15000);
    town.rules.swarm.mode = MLG_SWARM_REFUSE;
}

CLAIM(too_large_a_share_is_held_back_until_workers_run_short)
{
    wave_t w = {WAVE_ONE_PRINT, ADDRESSES, SEVEN, 2011};
    wave_result_t r;

    BEGIN;
    town.rules.swarm.max_share = 0.3f;
    town.rules.swarm.is_busy = 0;
    r = wave_play(&town, &w);
    printf("# at most 30 %% of clients: %u of %u members refused at least "
           "once, %u requests would have been\n",
           r.members_hit, r.members, r.would);
    IS_TRUE(r.members_hit < 4500);
    IS_TRUE(r.is_degraded);
    town.rules.swarm.is_busy = 1;
    r = wave_play(&town, &w);
    IS_TRUE(late_share(&r) >= 90.0);
    IS_FALSE(r.is_degraded);
    town.rules.swarm.max_share = 1.0f;
}

/* What MLGateSwarmMaxShare is a share of. */
CLAIM(clients_of_ten_minutes_are_counted_up_to_a_million)
{
    static const unsigned up_to[] = {100, 10000, 300000, 1000000};
    mlg_swarms_t *site = aligned_alloc(MLG_CACHELINE, sizeof(*site));
    const mlg_swarm_by_t by = {MLG_SWARM_REFUSE, 3.0f, 0.3f, 0};
    mlg_record_t known = {.total = MLG_SWARM_BRINGS + 1};
    mlg_arrival_t a = {.at_us = SEC(1700006400)};
    mlg_swarm_found_t found;
    uint64_t seed = 7;
    unsigned n = 0;

    BEGIN;
    assert_non_null(site);
    memset(site, 0, sizeof(*site));
    for (size_t i = 0; i < sizeof(up_to) / sizeof(up_to[0]); i++) {
        for (; n < up_to[i]; n++) {
            a.from.hash = unit_random(&seed);
            mlg_swarm_arrive(site, &by, &a, &known, &found);
        }
        IS_NEAR(mlg_swarm_clients(site) / (float)n, 1,
                (n < 1000000) ? 0.02 : 0.05);
    }
    a.at_us += SEC(1200);
    mlg_swarm_arrive(site, &by, &a, &known, &found);
    IS_NEAR(mlg_swarm_clients(site), 1, 0.01);
    free(site);
}

CLAIM(an_event_is_over_when_nobody_comes_to_it)
{
    wave_t w = {WAVE_ONE_PRINT, 2000, MINUTE, 2011};
    mlg_gate_t gate;
    const mlg_swarm_event_t *e;

    BEGIN;
    wave_play(&town, &w);
    IS_INT(mlg_segment_view(&gate, town.scratch, town.bytes, NULL),
           APR_SUCCESS);
    e = NULL;
    for (unsigned i = 0; i < MLG_SWARM_EVENTS; i++) {
        const mlg_swarm_event_t *one = &gate.swarms->event[i];

        if (one->refuses && (e == NULL || one->members > e->members)) {
            e = one;
        }
    }
    assert_non_null(e);
    IS_INT(e->end_us, 0);
    IS_TRUE(e->members > 1800 && e->members <= 2000);
    mlg_swarm_sweep(gate.swarms, e->last_us + SEC(899));
    IS_INT(e->end_us, 0);
    IS_TRUE(mlg_swarm_sweep(gate.swarms, e->last_us + SEC(901)) >= 1);
    IS_INT(e->end_us, e->last_us);
    IS_INT(mlg_swarm_sweep(gate.swarms, e->last_us + SEC(902)), 0);
}

CLAIM(an_event_is_described_by_what_most_of_its_members_are)
{
    wave_t w = {WAVE_ONE_PRINT, 2000, MINUTE, 2011};
    mlg_arrival_t member = {.agent = 1, .template = 2};
    mlg_gate_t gate;
    unsigned event = 0;
    mlg_swarm_event_t *e;

    BEGIN;
    wave_play(&town, &w);
    IS_INT(mlg_segment_view(&gate, town.scratch, town.bytes, NULL),
           APR_SUCCESS);
    while (event < MLG_SWARM_EVENTS && !gate.swarms->event[event].refuses) {
        event++;
    }
    assert_true(event < MLG_SWARM_EVENTS);
    e = &gate.swarms->event[event++];
    IS_TRUE(e->seen > 1800);
    IS_TRUE(e->same_agent + 3 > e->seen); /* a bystander began it */
    IS_INT(mlg_swarm_asks(gate.swarms, event, &member), 0);
    mlg_swarm_describe(gate.swarms, event, &member, "curl/8", 6, "/", 1);
    IS_TEXT(e->agent_text, "");
    member.agent = e->agent;
    IS_INT(mlg_swarm_asks(gate.swarms, event, &member), MLG_SWARM_KNOWS_AGENT);
    mlg_swarm_describe(gate.swarms, event, &member, "curl/8", 6, "/", 1);
    IS_TEXT(e->agent_text, "curl/8");
    IS_TEXT(e->place_text, "");
    member.template = e->place;
    IS_INT(mlg_swarm_asks(gate.swarms, event, &member), MLG_SWARM_KNOWS_PLACE);
    mlg_swarm_describe(gate.swarms, event, &member, "wget/2", 6, "/x", 2);
    IS_TEXT(e->agent_text, "curl/8");
    IS_TEXT(e->place_text, "/x");
    IS_INT(mlg_swarm_asks(gate.swarms, event, &member), 0);
    IS_INT(mlg_swarm_asks(gate.swarms, 0, &member), 0);
    IS_INT(mlg_swarm_asks(gate.swarms, MLG_SWARM_EVENTS + 1, &member), 0);
}

CLAIM(swarms_that_are_only_told_hide_none_that_is_refused)
{
    wave_t w = {WAVE_ONE_PRINT, 2000, MINUTE, 2012};
    mlg_gate_t gate;
    unsigned told = 0;
    unsigned refused = 0;

    BEGIN;
    IS_INT(mlg_segment_view(&gate, town.base, town.bytes, NULL), APR_SUCCESS);
    for (unsigned i = 0; i < MLG_SWARM_EVENTS; i++) {
        gate.swarms->event[i] = (mlg_swarm_event_t){.id = i + 1,
                                                    .tag = i + 1,
                                                    .begin_us = town.now_us,
                                                    .last_us = town.now_us + i,
                                                    .kind = MLG_SWARM_NETWORK};
    }
    wave_play(&town, &w);
    memset(gate.swarms->event, 0, sizeof(gate.swarms->event));
    IS_INT(mlg_segment_view(&gate, town.scratch, town.bytes, NULL),
           APR_SUCCESS);
    for (unsigned i = 0; i < MLG_SWARM_EVENTS; i++) {
        refused += gate.swarms->event[i].refuses != 0;
        told += gate.swarms->event[i].id == i + 1; /* as they were */
    }
    IS_TRUE(refused >= 1);
    IS_INT(told + refused, MLG_SWARM_EVENTS);
    IS_INT(gate.swarms->event[MLG_SWARM_EVENTS - 1].refuses, 0);
}

/* ---- poison --------------------------------------------------------------- */

/* Twenty addresses on the first day, then 1.7 times as many each day. */
CLAIM(who_ramps_up_over_two_weeks_is_caught_all_the_same)
{
    double members = 20.0;
    double share = 0.0;
    town_t site;

    BEGIN;
    town_open(&site, 4.0, 30.0, 5);
    printf("# day addresses  refused\n");
    for (int day = 1; day <= 14; day++) {
        wave_result_t r =
            town_day(&site, (unsigned)members, 500 + (unsigned)day);

        share = 100.0 * r.refused / r.requests;
        printf("# %3d %9.0f %6.1f %%\n", day, members, share);
        IS_INT(r.bystanders_hit, 0);
        members *= 1.7;
    }
    IS_TRUE(share >= 80.0);
    town_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nine_tenths_of_a_swarm_of_one_print_are_refused),
        TEST(nine_tenths_of_a_swarm_of_many_versions_or_paths_are_refused),
        TEST(three_quarters_of_a_swarm_of_two_hundred_prints_are_refused),
        TEST(nine_tenths_of_a_swarm_with_a_borrowed_print_are_refused),
        TEST(a_slow_drip_is_an_event),
        TEST(nobody_of_a_twin_or_beside_a_swarm_is_refused),
        TEST(nor_on_a_site_with_a_newcomer_a_second),
        TEST(nor_on_one_with_ten_newcomers_a_second),
        TEST(nor_on_one_with_a_newcomer_every_five_minutes),
        TEST(few_people_are_refused_at_a_page_without_assets),
        TEST(who_shares_an_address_with_a_member_is_judged_by_its_own_print),
        TEST(a_site_that_was_watched_for_a_day_or_two_refuses_nobody),
        TEST(observing_counts_and_refuses_nobody),
        TEST(too_large_a_share_is_held_back_until_workers_run_short),
        TEST(clients_of_ten_minutes_are_counted_up_to_a_million),
        TEST(an_event_is_over_when_nobody_comes_to_it),
        TEST(an_event_is_described_by_what_most_of_its_members_are),
        TEST(swarms_that_are_only_told_hide_none_that_is_refused),
        TEST(who_ramps_up_over_two_weeks_is_caught_all_the_same),
    };

    return cmocka_run_group_tests(tests, open_town, close_town);
}
