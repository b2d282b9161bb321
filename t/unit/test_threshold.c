/* SPDX-License-Identifier: Apache-2.0
 *
 * The rule for a site's threshold, against figures worked out by hand. */
#include "unit.h"

#include "mlg_threshold.h"

#define DAY_US INT64_C(86400000000)

static float score_of(double odds)
{
    return (float)(1.0 / (1.0 + exp(-odds)));
}

static double odds_of(float score)
{
    return log((double)score / (1.0 - (double)score));
}

/* A model whose own threshold lies at 4.0, people at `people` log-odds. */
static mlg_fit_t fit(uint32_t trusted, double people)
{
    mlg_fit_seen_t seen = {score_of(4.0),    1.0, trusted,    score_of(people),
                           score_of(people), 500, 4 * DAY_US, MLG_FIT_TRUSTED};
    mlg_fit_t out;

    mlg_fit(&out, &seen);
    return out;
}

CLAIM(as_many_are_ignored_as_the_share_says)
{
    static const struct {
        uint32_t trusted;
        uint32_t ignored;
    } rows[] = {{0, 0},    {1, 0},    {9, 0},     {10, 0},
                {1999, 0}, {2000, 1}, {3999, 1},  {4000, 2},
                {5999, 2}, {6001, 3}, {20001, 10}};

    BEGIN;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        IS_INT(mlg_fit_ignored(rows[i].trusted, 0.0005), rows[i].ignored);
    }
}

CLAIM(the_threshold_is_where_the_rule_puts_it)
{
    /* own 4.0, margin 0.15, shrinkage n / (n + 20), from 3.5 on */
    static const struct {
        uint32_t trusted;
        double people;
        double threshold;
        mlg_fit_why why;
    } rows[] = {
        {0, 0.0, 4.0, MLG_FIT_NOBODY},    /* nobody to go by */
        {1, 5.0, 5.15, MLG_FIT_ABOVE},    /* up at once */
        {50, 3.95, 4.1, MLG_FIT_ABOVE},   /* by the margin alone */
        {50, 7.2, 7.35, MLG_FIT_ABOVE},   /* however far */
        {20, 3.45, 3.8, MLG_FIT_BELOW},   /* 4 - 0.4 * 20 / 40 */
        {80, 3.45, 3.68, MLG_FIT_BELOW},  /* 4 - 0.4 * 80 / 100 */
        {5, 1.85, 3.6, MLG_FIT_BELOW},    /* 4 - 2.0 * 5 / 25 */
        {20, 1.85, 3.5, MLG_FIT_LOWEST},  /* 4 - 2.0 * 20 / 40 = 3.0 */
        {1000, -3.0, 3.5, MLG_FIT_LOWEST} /* */
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mlg_fit_t out = fit(rows[i].trusted, rows[i].people);

        IS_NEAR(odds_of(out.threshold), rows[i].threshold, 2e-4);
        IS_INT(out.why, rows[i].why);
    }
}

CLAIM(distances_are_in_the_models_own_units)
{
    mlg_fit_seen_t seen = {score_of(2.0), 0.5, 100, score_of(2.5),
                           score_of(2.5), 0,   0,   10};
    mlg_fit_t out;

    BEGIN;
    mlg_fit(&out, &seen); /* margins 4 and 5: 5.15 * 0.5 */
    IS_NEAR(odds_of(out.threshold), 2.575, 1e-4);
}

CLAIM(a_weighted_model_whose_people_reach_1_stays_below_it)
{
    mlg_fit_seen_t seen = {0.8f, 1.0, 100, 1.0f, 1.0f, 0, 0, 10};
    mlg_fit_t out;

    BEGIN;
    mlg_fit(&out, &seen);
    IS_TRUE(out.threshold < 1.0f); /* which a score of 1 still reaches */
    IS_INT(out.why, MLG_FIT_ABOVE);
    seen.peak = 0.0f;
    mlg_fit(&out, &seen);
    IS_NEAR(odds_of(out.threshold), log(4.0) - 0.5, 1e-4);
    seen.peak = NAN; /* of an empty histogram, if it ever were asked */
    mlg_fit(&out, &seen);
    IS_TRUE(out.threshold > 0.0f && out.threshold < 1.0f);
}

CLAIM(more_trusted_clients_with_higher_peaks_never_lower_the_threshold)
{
    BEGIN;
    for (uint32_t n = 1; n < 100; n += 7) {
        for (int tenths = -20; tenths < 80; tenths++) {
            double people = tenths / 10.0;

            IS_TRUE(fit(n, people).threshold <= fit(n, people + 0.1).threshold);
        }
    }
}

CLAIM(enough_is_ten_trusted_clients_or_three_days_of_three_hundred)
{
    static const struct {
        uint32_t trusted;
        uint32_t clients;
        double days;
        unsigned percent;
    } rows[] = {{0, 0, 0.0, 0},       {6, 0, 0.0, 60},    {9, 0, 0.0, 90},
                {10, 0, 0.0, 100},    {0, 300, 3.0, 100}, {0, 299, 9.0, 99},
                {0, 100000, 1.5, 50}, {3, 150, 2.0, 50},  {7, 150, 2.0, 70},
                {0, 10, 30.0, 3},     {99, 0, 0.0, 100},  {0, 0, -5.0, 0}};

    BEGIN;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mlg_fit_seen_t seen = {0.8f,
                               1.0,
                               rows[i].trusted,
                               0.5f,
                               0.5f,
                               rows[i].clients,
                               (apr_interval_time_t)(rows[i].days * DAY_US),
                               10};
        mlg_fit_t out;

        mlg_fit(&out, &seen);
        IS_INT(out.progress_percent, rows[i].percent);
        IS_INT(out.is_sound, rows[i].percent == 100);
    }
}

CLAIM(bounds_are_never_further_away_than_the_drift_in_score)
{
    BEGIN;
    for (int percent = 1; percent < 100; percent++) {
        float anchor = (float)percent / 100.0f;
        float low;
        float high;

        mlg_drift_bounds(anchor, MLG_DRIFT, &low, &high);
        IS_TRUE(low < anchor && anchor < high);
        IS_TRUE(anchor - low <= 0.0801f && high - anchor <= 0.0801f);
        IS_TRUE(low > 0.0f && high < 1.0f);
    }
}

CLAIM(bounds_at_a_half_are_the_drift_itself)
{
    float low;
    float high;

    BEGIN;
    mlg_drift_bounds(0.5f, 0.08, &low, &high);
    IS_NEAR(low, 0.42, 1e-3);
    IS_NEAR(high, 0.58, 1e-3);
    mlg_drift_bounds(0.5f, 0.0, &low, &high);
    IS_NEAR(low, 0.5, 1e-6);
    IS_NEAR(high, 0.5, 1e-6);
}

CLAIM(a_day_moves_a_threshold_by_no_more_than_a_day_may)
{
    float t = 0.5f;

    BEGIN;
    for (int hour = 0; hour < 24; hour++) {
        t = mlg_drift_move(t, 0.9f, SEC(3600));
    }
    IS_TRUE(t <= 0.505f);
    IS_NEAR(t, 0.505, 2e-4);
}

CLAIM(a_clock_that_jumps_moves_two_hours_worth_and_one_that_steps_back_nothing)
{
    float some = mlg_drift_move(0.5f, 0.9f, SEC(7200));

    BEGIN;
    IS_TRUE(some > 0.5f);
    IS_TRUE(mlg_drift_move(0.5f, 0.9f, 400 * DAY_US) == some);
    IS_TRUE(mlg_drift_move(0.5f, 0.9f, -DAY_US) == 0.5f);
    IS_TRUE(mlg_drift_move(0.5f, 0.9f, 0) == 0.5f);
}

CLAIM(a_threshold_outside_of_its_bounds_is_brought_back)
{
    BEGIN;
    IS_TRUE(mlg_drift_within(0.99f, 0.2f, 0.4f) == 0.4f);
    IS_TRUE(mlg_drift_within(0.1f, 0.2f, 0.4f) == 0.2f);
    IS_TRUE(mlg_drift_within(0.3f, 0.2f, 0.4f) == 0.3f);
    IS_TRUE(mlg_drift_within(NAN, 0.2f, 0.4f) == 0.2f);
}

CLAIM(the_last_bound_is_three_times_as_far_in_log_odds)
{
    float low;
    float high;

    BEGIN;
    IS_NEAR(odds_of(mlg_drift_bounds(0.5f, 0.08, &low, &high)), 0.96, 1e-4);
    IS_NEAR(odds_of(high), 0.32, 1e-4);
    IS_TRUE(mlg_drift_bounds(0.5f, 0.0, &low, &high) == high);
}

/* One network, or two, that behave like people and then are as quick as can be;
 * the third says where people end. */
CLAIM(one_or_two_lift_the_threshold_by_a_step_and_no_further)
{
    static const struct {
        double highest;
        double third;
        double threshold; /* own is 4.0, the step 2, the margin 0.15 */
        mlg_fit_why why;
    } rows[] = {
        {13.0, 3.0, 6.15, MLG_FIT_ALONE}, /* above the model's own */
        {13.0, 5.0, 7.15, MLG_FIT_ALONE}, /* above the third */
        {13.0, 13.0, 13.15, MLG_FIT_ABOVE},
        {5.9, 3.0, 6.05, MLG_FIT_ABOVE}, /* people do differ so much */
        {3.0, 1.0, 3.5, MLG_FIT_LOWEST},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mlg_fit_seen_t seen = {
            score_of(4.0),           1.0, 400,        score_of(rows[i].highest),
            score_of(rows[i].third), 500, 4 * DAY_US, 10};
        mlg_fit_t out;

        mlg_fit(&out, &seen);
        IS_NEAR(odds_of(out.threshold), rows[i].threshold, 0.1);
        IS_INT(out.why, rows[i].why);
    }
}

CLAIM(where_there_is_no_third_the_models_own_threshold_takes_its_place)
{
    mlg_fit_seen_t seen = {score_of(4.0), 1.0, 1, score_of(9.0),
                           0.0f,          0,   0, 10};
    mlg_fit_t out;

    BEGIN;
    mlg_fit(&out, &seen);
    IS_NEAR(odds_of(out.threshold), 6.15, 0.01);
}

/* Three weeks of an attacker with as many trusted networks as it takes, each of
 * which climbs to just below the threshold and no further; the rule follows,
 * margin by margin, an hour at a time. */
static void besiege(float *anchored, float *free_running)
{
    const float own = score_of(1.5);
    mlg_fit_seen_t seen = {own,           1.0,  200,         score_of(1.2),
                           score_of(1.2), 5000, 30 * DAY_US, 10};
    float anchor;
    float low;
    float high;
    mlg_fit_t out;

    mlg_fit(&out, &seen);
    anchor = *anchored = *free_running = out.threshold;
    mlg_drift_bounds(anchor, MLG_DRIFT, &low, &high);
    for (int day = 0; day < 21; day++) {
        float morning = *anchored;

        for (int hour = 0; hour < 24; hour++) {
            seen.peak = seen.vouched = *free_running;
            mlg_fit(&out, &seen);
            *free_running = out.threshold;
            seen.peak = seen.vouched = *anchored;
            mlg_fit(&out, &seen);
            *anchored = mlg_drift_within(
                mlg_drift_move(*anchored, out.threshold, SEC(3600)), low, high);
            IS_TRUE(*anchored >= low && *anchored <= high);
        }
        IS_TRUE(fabsf(*anchored - morning) <= (float)MLG_DRIFT_A_DAY);
    }
    IS_TRUE(fabsf(*anchored - anchor) <= (float)MLG_DRIFT);
}

CLAIM(a_patient_attacker_moves_the_threshold_to_its_bound_and_no_further)
{
    float anchored;
    float free_running;

    BEGIN;
    besiege(&anchored, &free_running);
    IS_TRUE(free_running > 0.99f); /* what the bounds are there for */
    IS_TRUE(anchored < 0.87f);
}

CLAIM(the_floor_is_four_hundred_pages_in_ten_seconds)
{
    float x[MLG_NFEATURES];

    BEGIN;
    for (int i = 0; i < MLG_NFEATURES; i++) {
        x[i] = NAN;
    }
    IS_FALSE(mlg_floor_is_passed(x)); /* not known */
    x[MLG_F_REQUEST_RATE] = 39.9f;
    IS_FALSE(mlg_floor_is_passed(x));
    x[MLG_F_REQUEST_RATE] = 400.0f / 10.0f;
    IS_TRUE(mlg_floor_is_passed(x));
    x[MLG_F_METHOD_MIX] = 0.0f;
    IS_TRUE(mlg_floor_is_passed(x));
}

CLAIM(the_floor_is_twice_as_high_where_nothing_is_a_get)
{
    float x[MLG_NFEATURES] = {0.0f};

    BEGIN;
    x[MLG_F_REQUEST_RATE] = 55.0f; /* a sync client's PROPFINDs */
    x[MLG_F_METHOD_MIX] = 1.0f;
    IS_FALSE(mlg_floor_is_passed(x));
    x[MLG_F_REQUEST_RATE] = 80.0f;
    IS_TRUE(mlg_floor_is_passed(x));
    x[MLG_F_REQUEST_RATE] = 59.9f;
    x[MLG_F_METHOD_MIX] = 0.5f;
    IS_FALSE(mlg_floor_is_passed(x));
    x[MLG_F_REQUEST_RATE] = 60.0f;
    IS_TRUE(mlg_floor_is_passed(x));
}

CLAIM(every_why_has_its_words)
{
    BEGIN;
    for (int why = 0; why < MLG_NFIT_WHYS; why++) {
        IS_TRUE(strlen(mlg_fit_words((mlg_fit_why)why)) > 10);
    }
    IS_TEXT(mlg_fit_words((mlg_fit_why)99), mlg_fit_words(MLG_FIT_NOBODY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(as_many_are_ignored_as_the_share_says),
        TEST(the_threshold_is_where_the_rule_puts_it),
        TEST(distances_are_in_the_models_own_units),
        TEST(a_weighted_model_whose_people_reach_1_stays_below_it),
        TEST(more_trusted_clients_with_higher_peaks_never_lower_the_threshold),
        TEST(enough_is_ten_trusted_clients_or_three_days_of_three_hundred),
        TEST(bounds_are_never_further_away_than_the_drift_in_score),
        TEST(bounds_at_a_half_are_the_drift_itself),
        TEST(a_day_moves_a_threshold_by_no_more_than_a_day_may),
        TEST(
            a_clock_that_jumps_moves_two_hours_worth_and_one_that_steps_back_nothing),
        TEST(a_threshold_outside_of_its_bounds_is_brought_back),
        TEST(the_last_bound_is_three_times_as_far_in_log_odds),
        TEST(one_or_two_lift_the_threshold_by_a_step_and_no_further),
        TEST(where_there_is_no_third_the_models_own_threshold_takes_its_place),
        TEST(
            a_patient_attacker_moves_the_threshold_to_its_bound_and_no_further),
        TEST(the_floor_is_four_hundred_pages_in_ten_seconds),
        TEST(the_floor_is_twice_as_high_where_nothing_is_a_get),
        TEST(every_why_has_its_words),
    };

    return RUN(tests);
}
