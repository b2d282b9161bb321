/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_request.h"

static mlg_record_t fresh(apr_time_t at_us)
{
    mlg_record_t r;

    mlg_record_init(&r, 77, at_us);
    return r;
}

/* Fold one page at `at_us` with these bits. */
static void fold(mlg_record_t *r, apr_time_t at_us, uint32_t is)
{
    mlg_arrival_t a = unit_page("192.0.2.7", at_us);

    a.is = is;
    mlg_record_fold_arrival(r, &a);
}

/* Fold an answer to a page. */
static unsigned answer(mlg_record_t *r, const mlg_outcome_t *o)
{
    mlg_arrival_t a = unit_page("192.0.2.7", r->last_us);

    return mlg_record_fold_outcome(r, &a, o);
}

CLAIM(a_fresh_record_is_empty_but_for_its_client)
{
    mlg_record_t r = fresh(T0);

    BEGIN;
    IS_TRUE(r.client == 77);
    IS_INT(r.last_us, T0);
    IS_INT(r.first_s, T0 / APR_USEC_PER_SEC);
    IS_INT(r.total, 0);
    IS_INT(r.seen, 0);
    IS_INT(r.seq, 0);
}

CLAIM(a_page_counts_in_every_page_window_and_an_asset_in_none)
{
    mlg_record_t r = fresh(T0);

    BEGIN;
    fold(&r, T0, 0);
    fold(&r, T0, MLG_IS_ASSET);
    fold(&r, T0, MLG_IS_ASSET);
    IS_INT(r.pages_1s.now, 1);
    IS_INT(r.pages_10s.now, 1);
    IS_INT(r.pages_60s.now, 1);
    IS_INT(r.pages_300s.now, 1);
    IS_INT(r.assets_10s.now, 2);
    IS_INT(r.requests.now, 3);
    IS_INT(r.total, 3);
}

CLAIM(each_bit_counts_into_its_own_share_and_no_other)
{
    static const struct {
        uint32_t is;
        size_t at;
    } shares[] = {
        {MLG_IS_OTHER_METHOD, offsetof(mlg_record_t, other_method)},
        {MLG_IS_WITHOUT_REFERER, offsetof(mlg_record_t, without_referer)},
        {MLG_IS_WITHOUT_COOKIE, offsetof(mlg_record_t, without_cookie)},
        {MLG_IS_ODD_ENCODING, offsetof(mlg_record_t, odd_encoding)},
        {MLG_IS_ODD_HOST, offsetof(mlg_record_t, odd_host)},
        {MLG_IS_HTTP2, offsetof(mlg_record_t, http2)},
    };
    const size_t n = sizeof(shares) / sizeof(shares[0]);

    BEGIN;
    for (size_t i = 0; i < n; i++) {
        mlg_record_t r = fresh(T0);

        fold(&r, T0, shares[i].is);
        for (size_t j = 0; j < n; j++) {
            mlg_panes_t p;

            memcpy(&p, (const char *)&r + shares[j].at, sizeof(p));
            IS_INT(mlg_panes_sum(&p), i == j);
        }
    }
}

CLAIM(windows_slide_with_the_arrivals)
{
    mlg_record_t r = fresh(T0);

    BEGIN;
    fold(&r, T0, 0);
    fold(&r, T0 + SEC(1), 0);
    IS_INT(r.pages_1s.now, 1);
    IS_INT(r.pages_1s.before, 1);
    IS_INT(r.pages_10s.now, 2);
    fold(&r, T0 + SEC(10), 0);
    IS_INT(r.pages_1s.before, 0);
    IS_INT(r.pages_10s.now, 1);
    IS_INT(r.pages_10s.before, 2);
    fold(&r, T0 + SEC(60), 0);
    IS_INT(r.pages_60s.now, 1);
    IS_INT(r.pages_60s.before, 3);
    fold(&r, T0 + SEC(300), 0);
    IS_INT(r.pages_300s.now, 1);
    IS_INT(r.pages_300s.before, 4);
    IS_INT(r.pages_60s.before, 0);
}

CLAIM(shares_of_300_s_freeze_together_when_their_pane_is_full)
{
    mlg_record_t r = fresh(T0);

    BEGIN;
    for (int i = 0; i < MLG_PANE_FULL + 500; i++) {
        mlg_arrival_t a = unit_page("192.0.2.7", T0);

        a.is = (i % 2) ? MLG_IS_WITHOUT_REFERER : MLG_IS_ASSET;
        mlg_record_fold_arrival(&r, &a);
    }
    IS_INT(r.requests.now, MLG_PANE_FULL);
    IS_INT(r.without_referer.now, MLG_PANE_FULL / 2);
    IS_INT(r.pages_300s.now, MLG_PANE_FULL / 2);
    IS_INT(r.total, MLG_PANE_FULL + 500);
    IS_TRUE(r.paths_seen.now <= r.requests.now);
}

CLAIM(answers_freeze_together_when_their_pane_is_full)
{
    mlg_record_t r = fresh(T0);
    mlg_outcome_t o = {100, 100, 1, 404};

    BEGIN;
    for (int i = 0; i < MLG_PANE_FULL; i++) {
        answer(&r, &o);
    }
    o.status = 500;
    answer(&r, &o);
    IS_INT(r.answered.now, MLG_PANE_FULL);
    IS_INT(r.not_found.now, MLG_PANE_FULL);
    IS_INT(r.server_errors.now, 0);
}

CLAIM(each_status_counts_where_it_belongs)
{
    static const struct {
        uint32_t status;
        unsigned answered, client, lost, server;
    } rows[] = {{0, 0, 0, 0, 0},   {100, 1, 0, 0, 0}, {200, 1, 0, 0, 0},
                {302, 1, 0, 0, 0}, {399, 1, 0, 0, 0}, {400, 1, 1, 0, 0},
                {403, 1, 1, 0, 0}, {404, 1, 0, 1, 0}, {408, 1, 1, 0, 0},
                {410, 1, 0, 1, 0}, {429, 1, 1, 0, 0}, {499, 1, 1, 0, 0},
                {500, 1, 0, 0, 1}, {599, 1, 0, 0, 1}};

    BEGIN;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mlg_record_t r = fresh(T0);
        mlg_outcome_t o = {0, 0, 1, rows[i].status};

        answer(&r, &o);
        IS_INT(r.answered.now, rows[i].answered);
        IS_INT(r.client_errors.now, rows[i].client);
        IS_INT(r.not_found.now, rows[i].lost);
        IS_INT(r.server_errors.now, rows[i].server);
    }
}

CLAIM(an_outcome_without_its_arrival_is_harmless)
{
    mlg_record_t r = fresh(T0);
    mlg_outcome_t o = {UINT64_MAX, UINT64_MAX, 1, 200};

    BEGIN;
    answer(&r, &o);
    IS_INT(r.in_flight, 0);
    IS_INT(r.total, 0);
    IS_INT(r.answered.now, 1);
}

CLAIM(requests_in_flight_rise_and_fall)
{
    mlg_record_t r = fresh(T0);
    mlg_outcome_t o = {1, 1, 1, 200};

    BEGIN;
    for (int i = 0; i < 5; i++) {
        fold(&r, T0, 0);
    }
    IS_INT(r.in_flight, 5);
    for (int i = 0; i < 3; i++) {
        answer(&r, &o);
    }
    IS_INT(r.in_flight, 2);
}

CLAIM(what_a_killed_child_left_in_flight_fades)
{
    mlg_record_t r = fresh(T0);

    BEGIN;
    for (int i = 0; i < 8; i++) {
        fold(&r, T0, 0);
    }
    fold(&r, T0 + SEC(300), 0); /* halved, and this one */
    IS_INT(r.in_flight, 5);
    fold(&r, T0 + SEC(1200), 0);
    IS_INT(r.in_flight, 1);
}

/* A border between two panes of 12 hours. */
#define NOON ((apr_time_t)1700006400 * APR_USEC_PER_SEC)
#define HALF (MLG_SLOW_PANE_S * (apr_time_t)APR_USEC_PER_SEC)

/* One request for a path and its answer. @return what it teaches */
static unsigned visit(mlg_record_t *r, apr_time_t at_us, const char *path,
                      const char *referer, uint32_t status)
{
    mlg_arrival_t a = unit_page("192.0.2.7", at_us);
    mlg_outcome_t o = {.status = status};
    mlg_text_t text = {path, strlen(path)};

    a.path = unit_hash(path);
    a.referer = (referer != NULL) ? unit_hash(referer) : 0;
    a.is = mlg_path_is_asset(text) ? MLG_IS_ASSET : 0;
    mlg_record_fold_arrival(r, &a);
    return mlg_record_fold_outcome(r, &a, &o);
}

CLAIM(evidence_stays_for_a_day_and_goes_after_two_empty_panes)
{
    mlg_record_t r = fresh(NOON);

    BEGIN;
    fold(&r, NOON, 0);
    r.evidence = 0x1f;
    r.peak = 60000;
    r.score[0] = 50000;
    for (int i = 1; i <= 100; i++) { /* every ten minutes, over a border */
        fold(&r, NOON + SEC(600) * i, 0);
    }
    fold(&r, NOON + 2 * HALF + HALF - SEC(1), 0);
    IS_INT(r.evidence, 0x1f);
    IS_INT(r.peak, 60000);
    IS_INT(r.score[0], 50000);
    fold(&r, NOON + 4 * HALF, 0);
    IS_INT(r.evidence, 0);
    IS_INT(r.peak, 0);
    IS_INT(r.score[0], 0);
}

CLAIM(slow_windows_slide_at_noon_and_midnight)
{
    mlg_record_t r = fresh(NOON - SEC(1));

    BEGIN;
    fold(&r, NOON - SEC(1), MLG_IS_OTHER_METHOD);
    visit(&r, NOON - SEC(1), "/a", NULL, 200);
    IS_INT(r.slow_posts.now, 1);
    IS_TRUE(r.slow_agents.now != 0);
    IS_TRUE(r.slow_paths.now != 0);
    IS_TRUE(mlg_record_is_counted(&r));
    fold(&r, NOON, 0);
    IS_INT(r.slow_posts.now, 0);
    IS_INT(r.slow_posts.before, 1);
    IS_TRUE(r.slow_paths.now == 0);
    IS_TRUE(r.slow_paths.before != 0);
    IS_TRUE(mlg_record_is_counted(&r));
    fold(&r, NOON + HALF - SEC(1), 0);
    IS_INT(r.slow_posts.before, 1);
    fold(&r, NOON + HALF, 0);
    IS_INT(r.slow_posts.before, 0);
    IS_TRUE(r.slow_paths.before == 0);
    IS_TRUE(r.slow_agents.before != 0); /* it was here in the morning */
    IS_FALSE(mlg_record_is_counted(&r));
}

CLAIM(a_clock_that_steps_back_leaves_the_slow_windows_alone)
{
    static const apr_time_t back[] = {SEC(1), SEC(599), SEC(3600), 3 * HALF};

    BEGIN;
    for (int i = 0; i < 4; i++) {
        mlg_record_t r = fresh(NOON + SEC(100));

        fold(&r, NOON + SEC(100), MLG_IS_OTHER_METHOD);
        r.evidence = 3;
        fold(&r, NOON + SEC(100) - back[i], 0);
        IS_INT(r.slow_posts.now, 1);
        IS_INT(r.slow_posts.before, 0);
        IS_INT(r.evidence, 3);
        fold(&r, r.last_us + 2 * HALF, 0); /* and they age from there */
        IS_INT(mlg_panes_sum(&r.slow_posts), 0);
        IS_INT(r.evidence, 0);
    }
}

CLAIM(posts_are_counted_for_the_place_that_most_of_them_go_to)
{
    uint64_t seed = 7;

    BEGIN;
    for (int round = 0; round < 50; round++) {
        mlg_record_t r = fresh(T0);
        int n[2] = {0, 0};

        for (int i = 0; i < 300; i++) {
            mlg_arrival_t a = unit_page("192.0.2.7", T0);
            int other = unit_random(&seed) % 10 < 3;

            a.is = MLG_IS_OTHER_METHOD;
            a.path = unit_hash("/login") ^ (other ? unit_random(&seed) : 0);
            n[other]++;
            mlg_record_fold_arrival(&r, &a);
        }
        /* each of the others takes away one at most */
        IS_TRUE(mlg_panes_sum(&r.slow_posts) >= (unsigned)(n[0] - n[1]));
        IS_TRUE(mlg_panes_sum(&r.slow_posts) <= (unsigned)n[0]);
    }
}

CLAIM(posts_all_over_the_place_count_for_none)
{
    mlg_record_t r = fresh(T0);
    unsigned most = 0;

    BEGIN;
    for (uint64_t i = 1; i <= 1000; i++) {
        mlg_arrival_t a = unit_page("192.0.2.7", T0);

        a.is = MLG_IS_OTHER_METHOD;
        a.path = i << 48;
        mlg_record_fold_arrival(&r, &a);
        most = (mlg_panes_sum(&r.slow_posts) > most)
                   ? mlg_panes_sum(&r.slow_posts)
                   : most;
    }
    IS_INT(most, 1);
}

CLAIM(a_path_teaches_with_its_first_success_alone)
{
    mlg_record_t r = fresh(NOON);
    const unsigned both = MLG_TEACHES_PLACE | MLG_TEACHES_CLIENT;

    BEGIN;
    IS_INT(visit(&r, NOON, "/gone", NULL, 404), 0);
    IS_INT(visit(&r, NOON, "/broken", NULL, 500), 0);
    IS_INT(visit(&r, NOON, "/never", NULL, 0), 0);
    IS_INT(visit(&r, NOON, "/a", NULL, 200), both);
    IS_INT(visit(&r, NOON, "/a", NULL, 200), 0);
    IS_INT(visit(&r, NOON, "/b", NULL, 302), MLG_TEACHES_PLACE);
    IS_INT(visit(&r, NOON, "/gone", NULL, 200), 0); /* asked before */
    IS_INT(visit(&r, NOON + 2 * HALF, "/a", NULL, 304), both);
}

CLAIM(a_blocked_client_teaches_nothing)
{
    mlg_record_t r = fresh(NOON);

    BEGIN;
    r.state = MLG_STATE_BLOCKED;
    IS_INT(visit(&r, NOON, "/a", NULL, 200), 0);
    IS_FALSE(mlg_record_is_counted(&r));
}

CLAIM(one_address_teaches_at_most_sixty_places_in_two_panes)
{
    mlg_record_t r = fresh(NOON);
    uint64_t seed = 3;
    unsigned taught[14] = {0};

    BEGIN;
    for (int pane = 0; pane < 14; pane++) {
        for (int i = 0; i < 5000; i++) {
            mlg_arrival_t a = unit_page("192.0.2.7", NOON + HALF * pane);

            a.path = unit_random(&seed);
            mlg_record_fold_arrival(&r, &a);
            taught[pane] += (mlg_record_fold_outcome(
                                 &r, &a, &(mlg_outcome_t){.status = 200}) &
                             MLG_TEACHES_PLACE) != 0;
        }
        IS_TRUE(taught[pane] + ((pane > 0) ? taught[pane - 1] : 0) <= 60);
    }
}

/* A page and four of its assets, as a browser fetches them. */
static void browse(mlg_record_t *r, apr_time_t at_us, const char *page)
{
    static const char *const assets[] = {"/a.css", "/b.js", "/c.png", "/d.svg"};

    visit(r, at_us, page, NULL, 200);
    for (int i = 0; i < 4; i++) {
        visit(r, at_us + SEC(0.1), assets[i], page, 200);
    }
}

CLAIM(a_person_who_comes_back_is_trusted)
{
    mlg_record_t r = fresh(T0);

    BEGIN;
    browse(&r, T0, "/");
    browse(&r, T0 + SEC(60), "/news");
    IS_FALSE(mlg_record_is_trusted(&r)); /* one visit, and it goes on */
    IS_INT(r.visits, 1);
    browse(&r, T0 + SEC(1799), "/more");
    IS_INT(r.visits, 1);
    browse(&r, T0 + SEC(1860), "/");
    IS_INT(r.visits, 2);
    IS_TRUE(mlg_record_is_trusted(&r));
}

CLAIM(who_meets_errors_all_the_time_is_not_trusted)
{
    mlg_record_t r = fresh(T0);

    BEGIN;
    browse(&r, T0, "/");
    browse(&r, T0 + SEC(7200), "/");
    IS_TRUE(mlg_record_is_trusted(&r));
    visit(&r, T0 + SEC(7200), "/gone", NULL, 404); /* 1 of 11 */
    IS_FALSE(mlg_record_is_trusted(&r));
    browse(&r, T0 + SEC(7300), "/"); /* 1 of 16 */
    IS_TRUE(mlg_record_is_trusted(&r));
    r.errors = UINT16_MAX; /* and who knows how many more */
    r.total = UINT32_MAX;
    IS_FALSE(mlg_record_is_trusted(&r));
}

CLAIM(a_scanner_is_not_trusted)
{
    mlg_record_t r = fresh(T0);

    BEGIN;
    for (int i = 0; i < 2000; i++) {
        visit(&r, T0 + SEC(60) * i, (i % 9) ? "/.env" : "/x.php", "/",
              (i % 9) ? 404 : 200);
        visit(&r, T0 + SEC(60) * i, "/backup.css", "/", 404);
    }
    IS_INT(r.coherent, 0);
    IS_FALSE(mlg_record_is_trusted(&r));
}

CLAIM(a_bot_that_asks_for_pages_alone_is_not_trusted)
{
    mlg_record_t r = fresh(T0);

    BEGIN;
    for (int i = 0; i < 2000; i++) {
        visit(&r, T0 + SEC(60) * i, (i % 2) ? "/a" : "/b",
              (i % 2) ? "/b" : "/a", 200);
    }
    IS_INT(r.visits, 0);
    IS_FALSE(mlg_record_is_trusted(&r));
}

CLAIM(assets_of_pages_that_were_not_asked_for_are_not_coherent)
{
    mlg_record_t r = fresh(T0);

    BEGIN;
    visit(&r, T0, "/1", NULL, 200);
    visit(&r, T0, "/2", NULL, 200);
    visit(&r, T0, "/3", NULL, 200);
    visit(&r, T0, "/a.css", "/3", 200);
    visit(&r, T0, "/a.css", "/2", 304);
    IS_INT(r.coherent, 2);
    visit(&r, T0, "/a.css", "/1", 200); /* the last but two */
    visit(&r, T0, "/a.css", "/9", 200);
    visit(&r, T0, "/a.css", NULL, 200);
    visit(&r, T0, "/a.css", "/3", 404);
    visit(&r, T0, "/4", "/3", 200);
    IS_INT(r.coherent, 2);
}

static float sorted_third(const float *score, int n)
{
    float five[5] = {0};

    for (int i = 0; i < 5 && i < n; i++) {
        five[i] = score[n - 1 - i];
    }
    for (int i = 0; i < 5; i++) {
        for (int k = i + 1; k < 5; k++) {
            if (five[k] > five[i]) {
                float f = five[i];

                five[i] = five[k];
                five[k] = f;
            }
        }
    }
    return five[2];
}

CLAIM(the_peak_is_what_a_naive_computation_finds)
{
    uint64_t seed = 9;

    BEGIN;
    for (int round = 0; round < 100; round++) {
        mlg_record_t r = fresh(T0);
        float score[200];
        float peak = 0.0f;

        for (int i = 0; i < 200; i++) {
            float proof;

            score[i] = (float)(unit_random(&seed) % 1001) / 1000.0f;
            mlg_record_note_score(&r, score[i], (uint32_t)i + 1, 10);
            proof = fminf(score[i], sorted_third(score, i + 1));
            peak = (i >= 9) ? fmaxf(peak, proof) : 0.0f;
            IS_NEAR(r.peak / 65535.0, peak, 1.1 / 65535);
            IS_NEAR(r.score[0] / 65535.0, score[i], 1.1 / 65535);
        }
    }
}

CLAIM(the_peak_is_the_threshold_that_would_have_blocked)
{
    uint64_t seed = 10;

    BEGIN;
    for (int round = 0; round < 200; round++) {
        mlg_record_t r = fresh(T0);
        mlg_rules_t rules = {.min_requests = 10};
        float score[60];

        for (int i = 0; i < 60; i++) {
            score[i] = (float)(unit_random(&seed) % 65536) / 65535.0f;
            mlg_record_note_score(&r, score[i], (uint32_t)i + 1, 10);
        }
        for (int above = 0; above < 2; above++) {
            uint8_t evidence = 0;
            int proofs = 0;

            rules.threshold = ((float)r.peak + (above ? 0.5f : -0.5f)) / 65535;
            for (int i = 0; i < 60; i++) {
                proofs += mlg_policy_weigh(&evidence, score[i], (uint32_t)i + 1,
                                           &rules) == MLG_EVENT_PROOF;
            }
            IS_INT(proofs > 0, !above);
        }
    }
}

CLAIM(a_small_step_back_counts_into_the_current_panes)
{
    mlg_record_t r = fresh(T0 + SEC(599));

    BEGIN;
    fold(&r, T0 + SEC(599), 0);
    fold(&r, T0, 0); /* 599 s back */
    IS_INT(r.pages_1s.now, 2);
    IS_INT(r.pages_300s.now, 2);
    IS_INT(r.last_us, T0 + SEC(599));
    IS_INT(r.page_gap_us, 0);
}

CLAIM(a_step_back_of_more_than_600_s_empties_every_window)
{
    mlg_record_t r = fresh(T0 + SEC(5000));

    BEGIN;
    for (int i = 0; i < 9; i++) {
        fold(&r, T0 + SEC(5000), MLG_IS_WITHOUT_REFERER);
    }
    fold(&r, T0, 0);
    IS_INT(r.pages_1s.now + r.pages_1s.before, 1);
    IS_INT(mlg_panes_sum(&r.pages_10s), 1);
    IS_INT(mlg_panes_sum(&r.pages_60s), 1);
    IS_INT(mlg_panes_sum(&r.pages_300s), 1);
    IS_INT(mlg_panes_sum(&r.without_referer), 0);
    IS_INT(r.last_us, T0);
    IS_INT(r.total, 10);
    fold(&r, T0 + SEC(10), 0); /* and it counts on from there */
    IS_INT(r.pages_10s.before, 1);
}

CLAIM(page_gaps_skip_over_assets)
{
    mlg_record_t r = fresh(T0);

    BEGIN;
    fold(&r, T0, 0);
    for (int i = 1; i < 20; i++) {
        fold(&r, T0 + SEC(0.1) * i, MLG_IS_ASSET);
    }
    IS_FALSE(r.seen & (1u << MLG_MEAN_GAP));
    fold(&r, T0 + SEC(7), 0);
    IS_INT(r.page_gap_us, SEC(7));
    IS_TRUE(r.seen & (1u << MLG_MEAN_GAP));
    IS_FALSE(r.seen & (1u << MLG_MEAN_REGULAR));
}

CLAIM(a_page_gap_is_at_most_an_hour)
{
    mlg_record_t r = fresh(T0);

    BEGIN;
    fold(&r, T0, 0);
    fold(&r, T0 + SEC(864000), 0);
    IS_INT(r.page_gap_us, SEC(3600));
}

CLAIM(a_session_persists_only_with_the_same_cookie)
{
    mlg_record_t r = fresh(T0);
    mlg_arrival_t a = unit_page("192.0.2.7", T0);

    BEGIN;
    a.session = 0x12345;
    mlg_record_fold_arrival(&r, &a);
    IS_INT(r.mean[MLG_MEAN_SESSION], 0); /* the first proves nothing */
    mlg_record_fold_arrival(&r, &a);
    IS_INT(r.mean[MLG_MEAN_SESSION], 8192);
    a.session = 0x99999;
    mlg_record_fold_arrival(&r, &a);
    IS_INT(r.mean[MLG_MEAN_SESSION], 7168);
    a.session = 0; /* none sent: it is not kept, nor forgotten */
    mlg_record_fold_arrival(&r, &a);
    IS_INT(r.session, 0x9999);
}

CLAIM(means_of_facts_that_are_not_known_stay_unseen)
{
    mlg_record_t r = fresh(T0);
    mlg_arrival_t a = unit_page("192.0.2.7", T0);
    unsigned headers = 1u << MLG_MEAN_HEADERS | 1u << MLG_MEAN_ODD_LENGTH |
                       1u << MLG_MEAN_PAYLOAD | 1u << MLG_MEAN_HEADER_ANOMALY;

    BEGIN;
    a.knows = 0;
    mlg_record_fold_arrival(&r, &a);
    IS_INT(r.seen, MLG_SEEN_PAGE | 1u << MLG_MEAN_PATH);
    a.knows = MLG_KNOWS_HEADERS;
    mlg_record_fold_arrival(&r, &a);
    IS_INT(r.seen & headers, headers);
    IS_FALSE(r.seen & (1u << MLG_MEAN_DEPTH | 1u << MLG_MEAN_SESSION));
    a.knows = MLG_KNOWS_COOKIE;
    mlg_record_fold_arrival(&r, &a);
    IS_TRUE(r.seen & (1u << MLG_MEAN_SESSION));
}

CLAIM(the_largest_numbers_saturate)
{
    mlg_record_t r = fresh(T0);
    mlg_arrival_t a = unit_page("192.0.2.7", T0);
    mlg_outcome_t o = {UINT64_MAX, UINT64_MAX - 1, 1, 200};

    BEGIN;
    a.body_bytes = UINT64_MAX;
    a.depth = UINT32_MAX;
    a.header_fields = a.path_bytes = a.path_segments = UINT16_MAX;
    a.header_anomaly = UINT16_MAX;
    r.total = UINT32_MAX;
    r.in_flight = UINT16_MAX;
    mlg_record_fold_arrival(&r, &a);
    IS_INT(r.total, UINT32_MAX);
    IS_INT(r.in_flight, UINT16_MAX);
    IS_INT(r.mean[MLG_MEAN_PATH], UINT16_MAX);
    IS_INT(r.mean[MLG_MEAN_HEADERS], UINT16_MAX);
    IS_INT(r.mean[MLG_MEAN_PAYLOAD], UINT16_MAX);
    IS_NEAR(r.mean[MLG_MEAN_DEPTH] / 2048.0, 32.0, 0.001);
    answer(&r, &o);
    IS_INT(r.mean[MLG_MEAN_RESPONSE], UINT16_MAX);
    IS_INT(r.mean[MLG_MEAN_SERVICE], UINT16_MAX);
}

CLAIM(a_published_record_is_copied_whole)
{
    static mlg_record_t shared;
    mlg_record_t own = fresh(T0);
    mlg_record_t copy;

    BEGIN;
    fold(&own, T0, 0);
    mlg_record_publish(&shared, &own);
    IS_INT(shared.seq, 2);
    IS_INT(mlg_record_copy(&copy, &shared), 1);
    own.seq = copy.seq;
    assert_memory_equal(&copy, &own, sizeof(own));
}

CLAIM(a_half_written_record_is_not_believed)
{
    mlg_record_t shared = fresh(T0);
    mlg_record_t copy;

    BEGIN;
    shared.seq = 7;
    memset(&copy, 0x5a, sizeof(copy));
    IS_INT(mlg_record_copy(&copy, &shared), 0);
    IS_TRUE(copy.client == 0);
    IS_INT(copy.total, 0);
}

CLAIM(publishing_over_a_half_written_record_makes_it_whole)
{
    mlg_record_t shared = fresh(T0);
    mlg_record_t own = fresh(T0);

    BEGIN;
    shared.seq = 7;
    mlg_record_publish(&shared, &own);
    IS_INT(shared.seq, 8);
    shared.seq = UINT32_MAX; /* odd; the next even number is 0 */
    mlg_record_publish(&shared, &own);
    IS_INT(shared.seq, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_fresh_record_is_empty_but_for_its_client),
        TEST(a_page_counts_in_every_page_window_and_an_asset_in_none),
        TEST(each_bit_counts_into_its_own_share_and_no_other),
        TEST(windows_slide_with_the_arrivals),
        TEST(shares_of_300_s_freeze_together_when_their_pane_is_full),
        TEST(answers_freeze_together_when_their_pane_is_full),
        TEST(each_status_counts_where_it_belongs),
        TEST(an_outcome_without_its_arrival_is_harmless),
        TEST(requests_in_flight_rise_and_fall),
        TEST(what_a_killed_child_left_in_flight_fades),
        TEST(evidence_stays_for_a_day_and_goes_after_two_empty_panes),
        TEST(slow_windows_slide_at_noon_and_midnight),
        TEST(a_clock_that_steps_back_leaves_the_slow_windows_alone),
        TEST(posts_are_counted_for_the_place_that_most_of_them_go_to),
        TEST(posts_all_over_the_place_count_for_none),
        TEST(a_path_teaches_with_its_first_success_alone),
        TEST(a_blocked_client_teaches_nothing),
        TEST(one_address_teaches_at_most_sixty_places_in_two_panes),
        TEST(a_person_who_comes_back_is_trusted),
        TEST(who_meets_errors_all_the_time_is_not_trusted),
        TEST(a_scanner_is_not_trusted),
        TEST(a_bot_that_asks_for_pages_alone_is_not_trusted),
        TEST(assets_of_pages_that_were_not_asked_for_are_not_coherent),
        TEST(the_peak_is_what_a_naive_computation_finds),
        TEST(the_peak_is_the_threshold_that_would_have_blocked),
        TEST(a_small_step_back_counts_into_the_current_panes),
        TEST(a_step_back_of_more_than_600_s_empties_every_window),
        TEST(page_gaps_skip_over_assets),
        TEST(a_page_gap_is_at_most_an_hour),
        TEST(a_session_persists_only_with_the_same_cookie),
        TEST(means_of_facts_that_are_not_known_stay_unseen),
        TEST(the_largest_numbers_saturate),
        TEST(a_published_record_is_copied_whole),
        TEST(a_half_written_record_is_not_believed),
        TEST(publishing_over_a_half_written_record_makes_it_whole),
    };

    return RUN(tests);
}
