/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#define WEEK SEC(604800)
#define DAY  SEC(86400)
/* A border between two weeks. */
#define MONDAY (2811 * (apr_time_t)604800 * APR_USEC_PER_SEC)

static uint64_t words[MLG_POPULARITY_SLOTS];
static uint64_t site;
static const mlg_popularity_t places = {words, &site, MLG_POPULARITY_SLOTS - 1};

static int empty(void **state)
{
    (void)state;
    memset(words, 0, sizeof(words));
    site = 0;
    return 0;
}

/* A place whose pair and tag are given. */
static uint64_t place_at(uint64_t pair, uint64_t tag)
{
    return tag << 48 | pair << 9;
}

static void add_n(uint64_t place, apr_time_t at_us, unsigned n)
{
    while (n-- > 0) {
        mlg_popularity_add(&places, place, at_us);
    }
}

static void clients_n(apr_time_t at_us, unsigned n)
{
    while (n-- > 0) {
        mlg_popularity_add_client(&places, at_us);
    }
}

CLAIM(a_place_counts_over_two_panes_of_a_week)
{
    uint64_t p = unit_hash("/");

    BEGIN;
    add_n(p, MONDAY, 5);
    clients_n(MONDAY, 7);
    IS_INT(mlg_popularity_read(&places, p, MONDAY + WEEK - 1), 5);
    add_n(p, MONDAY + WEEK, 3);
    clients_n(MONDAY + WEEK, 2);
    IS_INT(mlg_popularity_read(&places, p, MONDAY + WEEK), 8);
    IS_INT(mlg_popularity_clients(&places, MONDAY + WEEK), 9);
    IS_INT(mlg_popularity_read(&places, p, MONDAY + 2 * WEEK), 3);
    IS_INT(mlg_popularity_clients(&places, MONDAY + 2 * WEEK), 2);
    IS_INT(mlg_popularity_read(&places, p, MONDAY + 3 * WEEK), 0);
    IS_INT(mlg_popularity_clients(&places, MONDAY + 3 * WEEK), 0);
    IS_INT(mlg_popularity_read(&places, unit_hash("/other"), MONDAY), 0);
}

CLAIM(a_clock_that_steps_back_counts_as_now)
{
    uint64_t p = unit_hash("/");

    BEGIN;
    add_n(p, MONDAY, 5);
    clients_n(MONDAY, 5);
    add_n(p, MONDAY - SEC(1), 1);
    clients_n(MONDAY - SEC(1), 1);
    IS_INT(mlg_popularity_read(&places, p, MONDAY), 6);
    IS_INT(mlg_popularity_clients(&places, MONDAY), 6);
    IS_INT(mlg_popularity_read(&places, p, MONDAY - SEC(1)), 6);
}

CLAIM(counts_stop_at_their_limits_and_never_wrap)
{
    uint64_t p = unit_hash("/");

    BEGIN;
    add_n(p, MONDAY, (1u << 20) + 5);
    IS_INT(mlg_popularity_read(&places, p, MONDAY), (1u << 20) - 1);
    add_n(p, MONDAY + WEEK, (1u << 20) + 5);
    IS_INT(mlg_popularity_read(&places, p, MONDAY + WEEK), (1u << 21) - 2);
    site = (uint64_t)0xfffffe << 24 | /* the pane of MONDAY */
           (uint64_t)(uint16_t)2811 << 48;
    clients_n(MONDAY, 5);
    IS_INT(mlg_popularity_clients(&places, MONDAY), 0xffffff);
}

CLAIM(a_newcomer_takes_from_the_smaller_of_a_full_pair_and_its_place_at_zero)
{
    uint64_t big = place_at(7, 1);
    uint64_t small = place_at(7, 2);
    uint64_t third = place_at(7, 3);

    BEGIN;
    add_n(big, MONDAY, 10);
    add_n(small, MONDAY, 3);
    add_n(third, MONDAY, 2);
    IS_INT(mlg_popularity_read(&places, big, MONDAY), 10);
    IS_INT(mlg_popularity_read(&places, small, MONDAY), 1);
    IS_INT(mlg_popularity_read(&places, third, MONDAY), 0);
    add_n(third, MONDAY, 1); /* the last one of the smaller */
    IS_INT(mlg_popularity_read(&places, small, MONDAY), 0);
    add_n(third, MONDAY, 4);
    IS_INT(mlg_popularity_read(&places, third, MONDAY), 4);
    IS_INT(mlg_popularity_read(&places, big, MONDAY), 10);
}

CLAIM(what_was_last_asked_for_two_weeks_ago_gives_its_place_at_once)
{
    BEGIN;
    add_n(place_at(7, 1), MONDAY, 1000);
    add_n(place_at(7, 2), MONDAY, 1000);
    add_n(place_at(7, 3), MONDAY + 2 * WEEK, 1);
    IS_INT(mlg_popularity_read(&places, place_at(7, 3), MONDAY + 2 * WEEK), 1);
}

CLAIM(nothing_is_rare_before_twenty_others_came)
{
    uint64_t p = unit_hash("/");

    BEGIN;
    clients_n(MONDAY, 19);
    IS_INT(mlg_popularity_rarity(&places, p, MONDAY, 0, 0), MLG_RARITY_UNKNOWN);
    clients_n(MONDAY, 1);
    IS_INT(mlg_popularity_rarity(&places, p, MONDAY, 0, 0), 65535);
    IS_INT(mlg_popularity_rarity(&places, p, MONDAY, 1, 1), MLG_RARITY_UNKNOWN);
}

/* The formula as it is written down. */
static double rarity(double others, double clients)
{
    double r = -log2((others + 0.5) / (clients + 1)) / log2(2 * (clients + 1));

    return fmin(fmax(r, 0.0), 1.0);
}

CLAIM(rarity_is_its_formula)
{
    uint64_t p = unit_hash("/");

    BEGIN;
    clients_n(MONDAY, 1000);
    for (unsigned others = 0; others <= 1000; others++) {
        uint32_t got = mlg_popularity_rarity(&places, p, MONDAY, 0, 0);

        IS_NEAR(got / 65535.0, rarity(others, 1000), 0.0001);
        if (others > 0) { /* one of them asks again */
            got = mlg_popularity_rarity(&places, p, MONDAY, 1, 1);
            IS_NEAR(got / 65535.0, rarity(others - 1, 999), 0.0001);
        }
        add_n(p, MONDAY, 1);
    }
    add_n(p, MONDAY, 5000); /* more than there are clients */
    IS_INT(mlg_popularity_rarity(&places, p, MONDAY, 0, 0), 0);
}

/* ---- through the gate --------------------------------------------------- */

#define CLIENTS 300
#define PLACES  60

/* Everything anybody did, and nothing forgotten. */
typedef struct naive_t {
    uint8_t got[CLIENTS][PLACES];   /* an answer below 400 */
    uint8_t asked[CLIENTS][PLACES]; /* any answer */
    uint8_t counted[CLIENTS];
} naive_t;

static double naive_rarity(const naive_t *n, unsigned client, unsigned place)
{
    int others = 0;
    int all = 0;

    for (unsigned c = 0; c < CLIENTS; c++) {
        if (c != client) {
            others += n->got[c][place];
            all += n->counted[c];
        }
    }
    return (all < MLG_POPULARITY_CLIENTS) ? NAN : rarity(others, all);
}

CLAIM(rarity_agrees_with_a_comparison_of_everybody_with_everybody)
{
    static naive_t naive;
    uint64_t seed = 21;
    rig_t rig;
    int known = 0;

    BEGIN;
    memset(&naive, 0, sizeof(naive));
    rig_open(&rig);
    rig.rules.threshold = 2.0f; /* nobody is refused */
    for (int i = 0; i < 20000; i++) {
        uint64_t r = unit_random(&seed);
        unsigned client = (unsigned)(r % CLIENTS);
        /* the low numbers are popular */
        unsigned place =
            (unsigned)((r >> 16) % PLACES * ((r >> 32) % PLACES) / PLACES);
        mlg_arrival_t a = unit_page_n(client, MONDAY + SEC(1) * i);
        uint32_t status = (r >> 48) % 4 == 0 ? 404 : 200;
        mlg_decision_t d;
        double want;

        /* no two of them share a bit of a record's map */
        a.path = unit_hash("/") << 6 | place;
        a.path ^= (uint64_t)place * 0x9E3779B97F4A7C15u << 6;
        want = naive_rarity(&naive, client, place);
        d = rig_judge(&rig, &a);
        if (isnan(want)) {
            IS_INT(d.rarity, MLG_RARITY_UNKNOWN);
        }
        /* the record knows that it asked, not that it got nothing */
        else if (naive.got[client][place] || !naive.asked[client][place]) {
            IS_NEAR(d.rarity / 65535.0, want, 0.0001);
            known++;
        }
        rig_settle(&rig, &a, status);
        if (status < 400) {
            naive.counted[client] = 1;
            naive.got[client][place] |= !naive.asked[client][place];
        }
        naive.asked[client][place] = 1;
    }
    IS_TRUE(known > 15000);
    rig_close(&rig);
}

CLAIM(an_observed_rarity_holds_against_what_is_known_here)
{
    rig_t rig;
    mlg_arrival_t a = unit_page("192.0.2.7", MONDAY);
    mlg_decision_t d;

    BEGIN;
    rig_open(&rig);
    a.knows |= MLG_KNOWS_RARITY;
    a.rarity = 32768;
    d = rig_judge(&rig, &a);
    IS_INT(d.rarity, 32768);
    IS_NEAR(d.x[MLG_F_PATH_RARITY], 0.5, 0.0001);
    rig_close(&rig);
}

CLAIM(what_was_refused_never_teaches)
{
    rig_t rig;
    uint64_t seed = 8;
    int refused = 0;

    BEGIN;
    rig_open(&rig);
    for (int i = 0; i < 60; i++) {
        mlg_arrival_t a = unit_page("192.0.2.7", MONDAY + SEC(0.01) * i);
        mlg_decision_t d;

        a.path = unit_random(&seed) << 6 | (unsigned)i; /* a bit of its own */
        d = rig_judge(&rig, &a);
        refused += (d.verdict == MLG_VERDICT_REFUSE);
        if (d.is_recorded) { /* whatever status an ErrorDocument gives it */
            rig_settle(&rig, &a, 200);
        }
        if (d.verdict == MLG_VERDICT_REFUSE) {
            IS_INT(mlg_popularity_read(&rig.gate.places, a.path, a.at_us), 0);
        }
        else {
            IS_INT(mlg_popularity_read(&rig.gate.places, a.path, a.at_us), 1);
        }
    }
    IS_TRUE(refused > 20 && refused < 50);
    IS_INT(mlg_popularity_clients(&rig.gate.places, MONDAY), 1);
    rig_close(&rig);
}

/* ---- attacks ------------------------------------------------------------ */

#define HONEST  2000
#define SITE    1000 /* places */
#define POPULAR 100  /* of which these are looked at */

static uint64_t site_place(unsigned n)
{
    char name[16];

    snprintf(name, sizeof(name), "/%u", n);
    return unit_hash(name);
}

/* Two thousand clients, each with some of a thousand places: place n is asked
 * for n times less often than the first. */
static void honest_week(apr_time_t at_us)
{
    uint64_t seed = 5;

    clients_n(at_us, HONEST);
    for (unsigned n = 0; n < SITE; n++) {
        for (unsigned c = 0; c < HONEST; c++) {
            if (unit_random(&seed) % (n / 4 + 1) == 0) {
                mlg_popularity_add(&places, site_place(n), at_us);
            }
        }
    }
}

/* One address asks for random places that all exist. */
static void random_places(apr_time_t at_us, uint64_t *seed, int n)
{
    mlg_record_t r;

    mlg_record_init(&r, 1, at_us);
    for (int i = 0; i < n; i++) {
        mlg_arrival_t a = {.at_us = at_us, .path = unit_random(seed)};
        unsigned teaches =
            mlg_record_fold_outcome(&r, &a, &(mlg_outcome_t){.status = 200});

        if ((teaches & MLG_TEACHES_PLACE) != 0) {
            mlg_popularity_add(&places, a.path, at_us);
        }
        if ((teaches & MLG_TEACHES_CLIENT) != 0) {
            mlg_popularity_add_client(&places, at_us);
        }
    }
}

static void look(uint32_t *rarities, apr_time_t at_us)
{
    for (unsigned n = 0; n < POPULAR; n++) {
        rarities[n] =
            mlg_popularity_rarity(&places, site_place(n), at_us, 0, 0);
    }
}

/* @return how much rarer the one that suffered most became */
static double worst(const uint32_t *before, const uint32_t *after)
{
    double most = 0.0;

    for (unsigned n = 0; n < POPULAR; n++) {
        most = fmax(most, ((double)after[n] - before[n]) / 65535.0);
    }
    return most;
}

CLAIM(one_address_cannot_flush_what_is_popular)
{
    uint32_t before[POPULAR];
    uint32_t after[POPULAR];
    uint64_t seed = 31;

    BEGIN;
    honest_week(MONDAY);
    look(before, MONDAY);
    for (int pane = 0; pane < 14; pane++) { /* a week, forgotten each time */
        random_places(MONDAY + DAY / 2 * pane, &seed, 100000);
    }
    look(after, MONDAY);
    IS_TRUE(worst(before, after) <= 0.002);
}

CLAIM(ten_thousand_addresses_flush_nothing_they_only_are_more_clients)
{
    const double more =
        log2(1.0 + 10000.0 / HONEST) / log2(2.0 * (HONEST + 10000.0 + 1));
    uint32_t before[POPULAR];
    uint32_t after[POPULAR];
    uint64_t seed = 32;

    BEGIN;
    honest_week(MONDAY);
    look(before, MONDAY);
    for (int i = 0; i < 10000; i++) {
        random_places(MONDAY + SEC(1) * i, &seed, 200);
    }
    look(after, MONDAY + DAY);
    IS_TRUE(worst(before, after) <= more + 0.05);
}

CLAIM(the_first_hour_of_a_new_week_is_no_better_time_to_flush)
{
    uint32_t before[POPULAR];
    uint32_t after[POPULAR];
    uint64_t seed = 33;

    BEGIN;
    honest_week(MONDAY);
    look(before, MONDAY + WEEK);
    for (int i = 0; i < 10000; i++) {
        random_places(MONDAY + WEEK, &seed, 200);
    }
    site = 0; /* leave the number of clients aside */
    clients_n(MONDAY, HONEST);
    look(after, MONDAY + WEEK);
    IS_TRUE(worst(before, after) <= 0.05);
}

#define FRESH(name) cmocka_unit_test_setup(name, empty)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FRESH(a_place_counts_over_two_panes_of_a_week),
        FRESH(a_clock_that_steps_back_counts_as_now),
        FRESH(counts_stop_at_their_limits_and_never_wrap),
        FRESH(
            a_newcomer_takes_from_the_smaller_of_a_full_pair_and_its_place_at_zero),
        FRESH(what_was_last_asked_for_two_weeks_ago_gives_its_place_at_once),
        FRESH(nothing_is_rare_before_twenty_others_came),
        FRESH(rarity_is_its_formula),
        TEST(rarity_agrees_with_a_comparison_of_everybody_with_everybody),
        TEST(an_observed_rarity_holds_against_what_is_known_here),
        TEST(what_was_refused_never_teaches),
        FRESH(one_address_cannot_flush_what_is_popular),
        FRESH(ten_thousand_addresses_flush_nothing_they_only_are_more_clients),
        FRESH(the_first_hour_of_a_new_week_is_no_better_time_to_flush),
    };

    return RUN(tests);
}
