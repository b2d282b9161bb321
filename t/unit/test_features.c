/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

/* A client's story: arrivals folded one by one, and the vector after. */
typedef struct story_t {
    mlg_record_t record;
    mlg_arrival_t last;
    float x[MLG_NFEATURES];
} story_t;

static story_t begin(void)
{
    story_t s;

    memset(&s, 0, sizeof(s));
    mlg_record_init(&s.record, 77, T0);
    return s;
}

static void fold(story_t *s, const mlg_arrival_t *a)
{
    mlg_record_fold_arrival(&s->record, a);
    s->last = *a;
    mlg_features_read(s->x, &s->record, a, 0.0f);
}

static void page(story_t *s, apr_time_t at_us)
{
    mlg_arrival_t a = unit_page("192.0.2.7", at_us);

    fold(s, &a);
}

static void bits(story_t *s, uint32_t is)
{
    mlg_arrival_t a = unit_page("192.0.2.7", T0);

    a.is = is;
    fold(s, &a);
}

static void answer(story_t *s, uint32_t status, uint64_t bytes, uint64_t us)
{
    mlg_outcome_t o = {bytes, us, 1, status};

    mlg_record_fold_outcome(&s->record, &s->last, &o);
    mlg_features_read(s->x, &s->record, &s->last, 0.0f);
}

CLAIM(request_rate_is_pages_per_second_over_ten)
{
    story_t s = begin();

    BEGIN;
    for (int i = 0; i < 30; i++) {
        page(&s, T0);
    }
    IS_NEAR(s.x[MLG_F_REQUEST_RATE], 3.0, 1e-5);
    page(&s, T0 + SEC(15)); /* half of the thirty, and this one */
    IS_NEAR(s.x[MLG_F_REQUEST_RATE], 1.6, 1e-5);
    IS_NEAR(s.x[MLG_F_PAGE_RATE_60S], 31.0 / 60, 1e-5);
    IS_NEAR(s.x[MLG_F_PAGE_RATE_300S], 31.0 / 300, 1e-5);
}

CLAIM(sixty_assets_are_no_pages)
{
    story_t s = begin();

    BEGIN;
    page(&s, T0);
    for (int i = 0; i < 60; i++) {
        bits(&s, MLG_IS_ASSET);
    }
    IS_NEAR(s.x[MLG_F_REQUEST_RATE], 0.1, 1e-5);
    IS_NEAR(s.x[MLG_F_PAGE_RATE_60S], 1.0 / 60, 1e-6);
    IS_NEAR(s.x[MLG_F_ASSET_RATE], 6.0, 1e-5);
    IS_NEAR(s.x[MLG_F_ASSET_SHARE], 60.0 / 61, 1e-5);
    IS_NEAR(s.x[MLG_F_BURST], 1.0 / (1.0 / 60 + 1), 1e-5);
}

CLAIM(a_clockwork_has_no_spread_and_full_regularity)
{
    story_t s = begin();

    BEGIN;
    for (int i = 0; i < 200; i++) {
        page(&s, T0 + SEC(2) * i);
    }
    IS_NEAR(s.x[MLG_F_INTERARRIVAL_MEAN], log2(2001.0), 0.005);
    IS_NEAR(s.x[MLG_F_INTERARRIVAL_SPREAD], 0.0, 0.01);
    IS_NEAR(s.x[MLG_F_TIMING_REGULARITY], 1.0, 0.001);
}

CLAIM(a_gap_below_half_a_second_counts_as_half_a_second)
{
    story_t fast = begin();
    story_t slow = begin();

    BEGIN;
    for (int i = 0; i < 20; i++) {
        page(&fast, T0 + SEC(0.001) * i);
        page(&slow, T0 + SEC(0.5) * i);
    }
    IS_NEAR(fast.x[MLG_F_INTERARRIVAL_MEAN], log2(501.0), 0.001);
    IS_NEAR(fast.x[MLG_F_INTERARRIVAL_MEAN], slow.x[MLG_F_INTERARRIVAL_MEAN],
            0.0);
    IS_NEAR(fast.x[MLG_F_INTERARRIVAL_SPREAD],
            slow.x[MLG_F_INTERARRIVAL_SPREAD], 0.0);
}

CLAIM(spread_is_the_weighted_deviation_of_the_gaps)
{
    story_t s = begin();
    static const double gaps[] = {1.0, 3.0, 0.7, 40.0, 7.0, 7.5};
    double at = 0.0;
    double mean = 0.0;
    double var = 0.0;

    BEGIN;
    page(&s, T0);
    for (int i = 0; i < 6; i++) {
        double g = log2(1.0 + gaps[i] * 1000.0);
        double d = g - mean;

        at += gaps[i];
        page(&s, T0 + SEC(at));
        if (i == 0) {
            mean = g;
        }
        else { /* West 1979 */
            var = 0.875 * (var + d * d / 8);
            mean += d / 8;
        }
    }
    IS_NEAR(s.x[MLG_F_INTERARRIVAL_MEAN], mean, 0.01);
    IS_NEAR(s.x[MLG_F_INTERARRIVAL_SPREAD], sqrt(var), 0.01);
    /* five comparisons; only 7.0 to 7.5 is within 10 % */
    IS_NEAR(s.x[MLG_F_TIMING_REGULARITY], 0.125, 0.001);
}

CLAIM(rhythm_is_unknown_before_the_third_page_and_its_mean_before_the_second)
{
    static const mlg_feature_id rhythm[] = {MLG_F_INTERARRIVAL_SPREAD,
                                            MLG_F_TIMING_REGULARITY};
    story_t s = begin();

    BEGIN;
    for (int n = 1; n <= 3; n++) {
        page(&s, T0 + SEC(n));
        IS_INT(!isnan(s.x[MLG_F_INTERARRIVAL_MEAN]), n >= 2);
        for (int i = 0; i < 2; i++) {
            IS_INT(!isnan(s.x[rhythm[i]]), n == 3);
        }
    }
}

CLAIM(ua_diversity_counts_different_agents)
{
    story_t s = begin();

    BEGIN;
    for (int i = 0; i < 200; i++) {
        mlg_arrival_t a = unit_page("192.0.2.7", T0);

        a.agent = 1 + (uint64_t)i % 5; /* five that share no bit */
        fold(&s, &a);
    }
    IS_NEAR(s.x[MLG_F_UA_DIVERSITY], 5.206, 0.01); /* -64 ln(59/64) */
}

CLAIM(no_user_agent_is_not_one_more_user_agent)
{
    story_t s = begin();
    mlg_arrival_t a = unit_page("192.0.2.7", T0);

    BEGIN;
    a.agent = 0;
    fold(&s, &a);
    IS_NEAR(s.x[MLG_F_UA_DIVERSITY], 0.0, 0.0);
}

CLAIM(every_share_is_its_part_of_all_requests)
{
    static const struct {
        uint32_t is;
        mlg_feature_id id;
    } shares[] = {
        {MLG_IS_WITHOUT_REFERER, MLG_F_REFERER_ABSENT},
        {MLG_IS_OTHER_METHOD, MLG_F_METHOD_MIX},
        {MLG_IS_ODD_ENCODING, MLG_F_ACCEPT_ENCODING_ABSENT},
        {MLG_IS_ODD_HOST, MLG_F_HOST_INVALID},
        {MLG_IS_WITHOUT_COOKIE, MLG_F_COOKIE_ABSENT},
        {MLG_IS_HTTP2, MLG_F_HTTP2_SHARE},
        {MLG_IS_ASSET, MLG_F_ASSET_SHARE},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        story_t s = begin();

        for (int n = 0; n < 8; n++) {
            bits(&s, (n < 3) ? shares[i].is : 0);
        }
        for (size_t j = 0; j < sizeof(shares) / sizeof(shares[0]); j++) {
            IS_NEAR(s.x[shares[j].id], (i == j) ? 3.0 / 8 : 0.0, 1e-6);
        }
    }
}

CLAIM(means_are_in_the_unit_their_name_says)
{
    story_t s = begin();
    mlg_arrival_t a = unit_page("192.0.2.7", T0);

    BEGIN;
    a.depth = 3;
    a.path_bytes = 31;
    a.path_segments = 6;
    a.header_fields = 17;
    a.body_bytes = 1023;
    a.header_anomaly = 32768;
    a.is = MLG_IS_ODD_LENGTH;
    fold(&s, &a);
    IS_NEAR(s.x[MLG_F_KEEPALIVE_DEPTH], 2.0, 0.001);
    IS_NEAR(s.x[MLG_F_PATH_COMPLEXITY], 5.0 + 1.5, 0.001);
    IS_NEAR(s.x[MLG_F_HEADER_COUNT], 17.0, 0.001);
    IS_NEAR(s.x[MLG_F_PAYLOAD_SIZE], 10.0, 0.001);
    IS_NEAR(s.x[MLG_F_HEADER_ANOMALY], 0.5, 0.001);
    IS_NEAR(s.x[MLG_F_CONTENT_LENGTH_ANOMALY], 1.0, 0.0);
    IS_NEAR(s.x[MLG_F_SESSION_PERSISTENCE], 0.0, 0.0);
    a.header_fields = 25; /* an eighth of the way */
    a.is = 0;
    fold(&s, &a);
    IS_NEAR(s.x[MLG_F_HEADER_COUNT], 18.0, 0.01);
    IS_NEAR(s.x[MLG_F_CONTENT_LENGTH_ANOMALY], 0.875, 0.001);
}

CLAIM(session_persistence_rises_while_the_cookie_stays)
{
    story_t s = begin();
    mlg_arrival_t a = unit_page("192.0.2.7", T0);

    BEGIN;
    a.session = 5;
    fold(&s, &a);
    fold(&s, &a);
    IS_NEAR(s.x[MLG_F_SESSION_PERSISTENCE], 0.125, 0.001);
}

/* A story of n requests, each with its own path and query. */
static story_t wanderer(int n, int with_query)
{
    story_t s = begin();

    for (int i = 0; i < n; i++) {
        mlg_arrival_t a = unit_page("192.0.2.7", T0);

        a.path = (uint64_t)i + 1;
        a.query = with_query ? (uint64_t)i + 1 : 0;
        fold(&s, &a);
    }
    return s;
}

CLAIM(novelty_is_the_share_of_different_ones)
{
    story_t crawl = wanderer(40, 1);
    story_t poll = begin();

    BEGIN;
    for (int i = 0; i < 40; i++) {
        mlg_arrival_t a = unit_page("192.0.2.7", T0);

        a.query = 5;
        fold(&poll, &a);
    }
    IS_NEAR(crawl.x[MLG_F_PATH_NOVELTY], 1.0, 0.0);
    IS_NEAR(crawl.x[MLG_F_QUERY_NOVELTY], 1.0, 0.0);
    IS_NEAR(poll.x[MLG_F_PATH_NOVELTY], 1.0 / 40, 0.001);
    IS_NEAR(poll.x[MLG_F_QUERY_NOVELTY], 1.0 / 40, 0.001);
}

CLAIM(query_novelty_is_zero_when_nobody_sent_a_query)
{
    story_t s = wanderer(10, 0);

    BEGIN;
    IS_NEAR(s.x[MLG_F_QUERY_NOVELTY], 0.0, 0.0);
}

CLAIM(novelty_of_a_long_crawl_does_not_fade)
{
    story_t s = wanderer(5000, 1);

    BEGIN;
    IS_TRUE(s.x[MLG_F_PATH_NOVELTY] > 0.9f);
    IS_TRUE(s.x[MLG_F_QUERY_NOVELTY] > 0.9f);
}

CLAIM(a_burst_is_this_second_over_the_minutes_average)
{
    story_t s = begin();

    BEGIN;
    for (int i = 0; i < 12; i++) {
        page(&s, T0);
    }
    IS_NEAR(s.x[MLG_F_BURST], 12.0 / (12.0 / 60 + 1), 1e-4);
}

CLAIM(error_shares_are_of_answered_requests)
{
    story_t s = begin();

    BEGIN;
    page(&s, T0);
    IS_NAN(s.x[MLG_F_ERROR_SHARE]);
    IS_NAN(s.x[MLG_F_NOTFOUND_SHARE]);
    IS_NAN(s.x[MLG_F_SERVER_ERROR_SHARE]);
    IS_NAN(s.x[MLG_F_RESPONSE_SIZE]);
    IS_NAN(s.x[MLG_F_SERVICE_TIME]);
    answer(&s, 200, 1023, 255);
    answer(&s, 404, 1023, 255);
    answer(&s, 410, 1023, 255);
    answer(&s, 403, 1023, 255);
    answer(&s, 503, 1023, 255);
    IS_NEAR(s.x[MLG_F_ERROR_SHARE], 0.2, 1e-6);
    IS_NEAR(s.x[MLG_F_NOTFOUND_SHARE], 0.4, 1e-6);
    IS_NEAR(s.x[MLG_F_SERVER_ERROR_SHARE], 0.2, 1e-6);
    IS_NEAR(s.x[MLG_F_RESPONSE_SIZE], 10.0, 0.001);
    IS_NEAR(s.x[MLG_F_SERVICE_TIME], 8.0, 0.001);
}

CLAIM(age_total_concurrency_and_network_say_what_they_are)
{
    story_t s = begin();

    BEGIN;
    for (int i = 0; i < 7; i++) {
        page(&s, T0 + SEC(63));
    }
    mlg_features_read(s.x, &s.record, &s.last, 45.0f);
    IS_NEAR(s.x[MLG_F_CLIENT_AGE], 6.0, 0.001);
    IS_NEAR(s.x[MLG_F_CLIENT_TOTAL], 3.0, 0.001);
    IS_NEAR(s.x[MLG_F_CONCURRENCY], 7.0, 0.0);
    IS_NEAR(s.x[MLG_F_SUBNET_RATE], 4.5, 1e-6);
}

CLAIM(a_days_windows_say_what_the_short_ones_forgot)
{
    story_t s = begin();
    apr_time_t at = 1700006400 * (apr_time_t)APR_USEC_PER_SEC; /* a border */

    BEGIN;
    for (uint64_t i = 0; i < 12; i++) {
        mlg_arrival_t a = unit_page("192.0.2.7", at + SEC(1800) * (int)i);

        a.is = MLG_IS_OTHER_METHOD;
        a.agent = 1 + i;
        fold(&s, &a);
    }
    IS_NEAR(s.x[MLG_F_UA_DIVERSITY], 1.008, 0.01);
    IS_NEAR(s.x[MLG_F_SLOW_UAS], 13.289, 0.01); /* -64 ln(52/64) */
    IS_NEAR(s.x[MLG_F_SLOW_POSTS], 12.0, 1e-5);
    page(&s, at + SEC(64800)); /* half way through the next pane */
    IS_NEAR(s.x[MLG_F_SLOW_POSTS], 6.0, 1e-5);
    page(&s, at + SEC(86400));
    IS_NEAR(s.x[MLG_F_SLOW_POSTS], 0.0, 0.0);
}

CLAIM(slow_paths_is_the_log_of_the_different_paths_that_were_answered)
{
    story_t s = begin();

    BEGIN;
    for (uint64_t i = 0; i < 20; i++) {
        mlg_arrival_t a = unit_page("192.0.2.7", T0 + SEC(600) * (int)i);

        a.path = 64 * 1000 + i % 10; /* ten that share no bit */
        fold(&s, &a);
        answer(&s, (i % 2) ? 200 : 404, 1, 1);
    }
    /* -64 ln(54/64) different ones */
    IS_NEAR(s.x[MLG_F_SLOW_PATHS], log2(1.0 + 10.874), 0.001);
    IS_NEAR(begin().x[MLG_F_SLOW_PATHS], 0.0, 0.0);
}

CLAIM(recent_errors_are_an_eighth_of_the_way_each)
{
    static const uint32_t errors[] = {400, 403, 404, 429, 499};
    static const uint32_t others[] = {200, 301, 399, 500, 503};

    BEGIN;
    for (int i = 0; i < 5; i++) {
        story_t s = begin();

        page(&s, T0);
        IS_NAN(s.x[MLG_F_ERROR_RECENT]);
        answer(&s, others[i], 1, 1);
        IS_NEAR(s.x[MLG_F_ERROR_RECENT], 0.0, 0.0);
        answer(&s, errors[i], 1, 1);
        IS_NEAR(s.x[MLG_F_ERROR_RECENT], 0.125, 0.001);
    }
}

CLAIM(path_rarity_is_the_mean_of_what_was_known)
{
    story_t s = begin();

    BEGIN;
    page(&s, T0);
    mlg_record_fold_rarity(&s.record, MLG_RARITY_UNKNOWN);
    page(&s, T0);
    IS_NAN(s.x[MLG_F_PATH_RARITY]);
    mlg_record_fold_rarity(&s.record, 65535);
    mlg_record_fold_rarity(&s.record, MLG_RARITY_UNKNOWN);
    page(&s, T0);
    IS_NEAR(s.x[MLG_F_PATH_RARITY], 1.0, 0.0);
    mlg_record_fold_rarity(&s.record, 0);
    page(&s, T0);
    IS_NEAR(s.x[MLG_F_PATH_RARITY], 0.875, 0.001);
}

CLAIM(a_feature_is_nan_exactly_when_its_source_cannot_know_it)
{
    static const struct {
        uint32_t fact;
        mlg_feature_id id;
    } needs[] = {
        {MLG_KNOWS_CLOCK, MLG_F_TIMING_REGULARITY},
        {MLG_KNOWS_CLOCK, MLG_F_BURST},
        {MLG_KNOWS_CLOCK, MLG_F_CONCURRENCY},
        {MLG_KNOWS_REFERER, MLG_F_REFERER_ABSENT},
        {MLG_KNOWS_AGENT, MLG_F_UA_DIVERSITY},
        {MLG_KNOWS_AGENT, MLG_F_SLOW_UAS},
        {MLG_KNOWS_CONNECTION, MLG_F_KEEPALIVE_DEPTH},
        {MLG_KNOWS_HEADERS, MLG_F_HEADER_COUNT},
        {MLG_KNOWS_HEADERS, MLG_F_CONTENT_LENGTH_ANOMALY},
        {MLG_KNOWS_ENCODING, MLG_F_ACCEPT_ENCODING_ABSENT},
        {MLG_KNOWS_HEADERS, MLG_F_PAYLOAD_SIZE},
        {MLG_KNOWS_COOKIE, MLG_F_COOKIE_ABSENT},
        {MLG_KNOWS_COOKIE, MLG_F_SESSION_PERSISTENCE},
        {MLG_KNOWS_HEADERS, MLG_F_HEADER_ANOMALY},
        {MLG_KNOWS_HOST, MLG_F_HOST_INVALID},
        {MLG_KNOWS_HTTP2, MLG_F_HTTP2_SHARE},
    };
    static const mlg_feature_id never[] = {MLG_F_GEO_ANOMALY,
                                           MLG_F_COHORT_EXCESS};

    BEGIN;
    for (uint32_t knows = 0; knows <= MLG_KNOWS_ALL; knows++) {
        int unknown[MLG_NFEATURES] = {0};
        story_t s = begin();

        for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
            unknown[never[i]] = 1;
        }
        for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
            unknown[needs[i].id] |= (knows & needs[i].fact) == 0;
        }
        for (int n = 0; n < 3; n++) {
            mlg_arrival_t a = unit_page("192.0.2.7", T0 + SEC(n));

            a.knows = knows;
            fold(&s, &a);
            mlg_record_fold_rarity(&s.record, 30000);
            answer(&s, 200, 1, 1);
        }
        for (int i = 0; i < MLG_NFEATURES; i++) {
            IS_INT(isnan(s.x[i]) != 0, unknown[i]);
        }
    }
}

CLAIM(a_feature_is_found_by_its_name_and_by_no_other)
{
    BEGIN;
    for (int i = 0; i < MLG_NFEATURES; i++) {
        IS_INT(mlg_feature_find(mlg_features[i].name), i);
        IS_TRUE(strlen(mlg_features[i].meaning) > 0);
    }
    IS_INT(mlg_feature_find("request_rat"), MLG_NFEATURES);
    IS_INT(mlg_feature_find(""), MLG_NFEATURES);
    IS_INT(mlg_feature_find("Request_Rate"), MLG_NFEATURES);
}

CLAIM(the_features_that_must_be_monotone_are)
{
    static const char *const monotone[] = {
        "request_rate",      "ua_diversity",
        "query_novelty",     "accept_encoding_absent",
        "host_invalid",      "burst",
        "timing_regularity", "geo_anomaly",
        "page_rate_60s",     "page_rate_300s",
        "error_share",       "notfound_share",
        "header_anomaly",    "concurrency",
        "subnet_rate",       "path_rarity",
        "slow_posts",        "slow_uas",
        "slow_paths",        "error_recent",
        "cohort_excess"};

    BEGIN;
    for (size_t i = 0; i < sizeof(monotone) / sizeof(monotone[0]); i++) {
        mlg_feature_id id = mlg_feature_find(monotone[i]);

        IS_TRUE(id < MLG_NFEATURES);
        IS_TRUE(mlg_features[id].monotone);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(request_rate_is_pages_per_second_over_ten),
        TEST(sixty_assets_are_no_pages),
        TEST(a_clockwork_has_no_spread_and_full_regularity),
        TEST(spread_is_the_weighted_deviation_of_the_gaps),
        TEST(
            rhythm_is_unknown_before_the_third_page_and_its_mean_before_the_second),
        TEST(a_gap_below_half_a_second_counts_as_half_a_second),
        TEST(a_days_windows_say_what_the_short_ones_forgot),
        TEST(slow_paths_is_the_log_of_the_different_paths_that_were_answered),
        TEST(recent_errors_are_an_eighth_of_the_way_each),
        TEST(path_rarity_is_the_mean_of_what_was_known),
        TEST(ua_diversity_counts_different_agents),
        TEST(no_user_agent_is_not_one_more_user_agent),
        TEST(every_share_is_its_part_of_all_requests),
        TEST(means_are_in_the_unit_their_name_says),
        TEST(session_persistence_rises_while_the_cookie_stays),
        TEST(novelty_is_the_share_of_different_ones),
        TEST(query_novelty_is_zero_when_nobody_sent_a_query),
        TEST(novelty_of_a_long_crawl_does_not_fade),
        TEST(a_burst_is_this_second_over_the_minutes_average),
        TEST(error_shares_are_of_answered_requests),
        TEST(age_total_concurrency_and_network_say_what_they_are),
        TEST(a_feature_is_nan_exactly_when_its_source_cannot_know_it),
        TEST(a_feature_is_found_by_its_name_and_by_no_other),
        TEST(the_features_that_must_be_monotone_are),
    };

    return RUN(tests);
}
