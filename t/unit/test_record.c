/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

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
        mlg_record_fold_outcome(&r, &o);
    }
    o.status = 500;
    mlg_record_fold_outcome(&r, &o);
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

        mlg_record_fold_outcome(&r, &o);
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
    mlg_record_fold_outcome(&r, &o);
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
        mlg_record_fold_outcome(&r, &o);
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

CLAIM(evidence_is_forgotten_by_a_client_that_was_away)
{
    mlg_record_t r = fresh(T0);

    BEGIN;
    r.evidence = 0x1f;
    fold(&r, T0 + SEC(300), 0);
    IS_INT(r.evidence, 0x1f);
    fold(&r, T0 + SEC(900), 0);
    IS_INT(r.evidence, 0);
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
    mlg_record_fold_outcome(&r, &o);
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
        TEST(evidence_is_forgotten_by_a_client_that_was_away),
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
