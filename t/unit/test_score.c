/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

static void all_nan(float x[MLG_NFEATURES])
{
    for (int i = 0; i < MLG_NFEATURES; i++) {
        x[i] = NAN;
    }
}

/* A model of random ramps, rising and falling. */
static mlg_weighted_t random_model(uint64_t *seed)
{
    mlg_weighted_t m;

    memset(&m, 0, sizeof(m));
    for (int i = 0; i < MLG_NFEATURES; i++) {
        float lo = (float)(unit_random(seed) % 1000) / 100.0f;
        float span = (float)(1 + unit_random(seed) % 1000) / 100.0f;

        m.lo[i] = lo;
        m.hi[i] = (unit_random(seed) % 4 == 0) ? lo - span : lo + span;
        m.weight[i] = (float)(unit_random(seed) % 2001) / 1000.0f - 1.0f;
        if (unit_random(seed) % 3 == 0) {
            m.weight[i] = 0.0f;
        }
    }
    return m;
}

static void random_vector(float x[MLG_NFEATURES], uint64_t *seed)
{
    for (int i = 0; i < MLG_NFEATURES; i++) {
        uint64_t r = unit_random(seed);

        x[i] = (r % 7 == 0) ? NAN : (float)(r % 4000) / 100.0f - 10.0f;
    }
}

CLAIM(a_ramp_adds_nothing_below_all_above_and_a_share_between)
{
    mlg_weighted_t m;
    float x[MLG_NFEATURES];

    BEGIN;
    memset(&m, 0, sizeof(m));
    all_nan(x);
    mlg_weighted_set(&m, MLG_F_BURST, (mlg_ramp_t){2.0f, 4.0f, 0.5f});
    x[MLG_F_BURST] = 1.0f;
    IS_NEAR(mlg_weighted_score(&m, x), 0.0, 0.0);
    x[MLG_F_BURST] = 3.0f;
    IS_NEAR(mlg_weighted_score(&m, x), 0.25, 1e-6);
    x[MLG_F_BURST] = 9.0f;
    IS_NEAR(mlg_weighted_score(&m, x), 0.5, 0.0);
    mlg_weighted_set(&m, MLG_F_BURST,
                     (mlg_ramp_t){4.0f, 2.0f, 0.5f}); /* falling */
    x[MLG_F_BURST] = 3.0f;
    IS_NEAR(mlg_weighted_score(&m, x), 0.25, 1e-6);
    x[MLG_F_BURST] = 9.0f;
    IS_NEAR(mlg_weighted_score(&m, x), 0.0, 0.0);
}

CLAIM(what_cannot_be_known_adds_nothing)
{
    float x[MLG_NFEATURES];
    mlg_reasons_t reasons;
    uint64_t seed = 9;

    BEGIN;
    all_nan(x);
    for (int i = 0; i < 100; i++) {
        mlg_weighted_t m = random_model(&seed);

        IS_NEAR(mlg_weighted_score(&m, x), 0.0, 0.0);
        mlg_weighted_reasons(&m, x, &reasons);
        IS_INT(reasons.n, 0);
    }
}

CLAIM(a_score_is_within_0_and_1_whatever_the_vector)
{
    uint64_t seed = 21;

    BEGIN;
    for (int i = 0; i < 100000; i++) {
        mlg_weighted_t m = random_model(&seed);
        float x[MLG_NFEATURES];
        float score;

        random_vector(x, &seed);
        x[i % MLG_NFEATURES] = (i % 2) ? INFINITY : -INFINITY;
        score = mlg_weighted_score(&m, x);
        IS_TRUE(score >= 0.0f && score <= 1.0f);
    }
}

CLAIM(reasons_are_the_heaviest_parts_heaviest_first)
{
    uint64_t seed = 33;

    BEGIN;
    for (int i = 0; i < 20000; i++) {
        mlg_weighted_t m = random_model(&seed);
        mlg_reasons_t reasons;
        float x[MLG_NFEATURES];
        unsigned positive = 0;
        unsigned heavier = 0;
        float least;

        random_vector(x, &seed);
        mlg_weighted_reasons(&m, x, &reasons);
        least = (reasons.n > 0) ? reasons.top[reasons.n - 1].points : 0.0f;
        for (uint32_t f = 0; f < MLG_NFEATURES; f++) {
            mlg_ramp_t r = mlg_weighted_ramp(&m, f);
            float h = (x[f] - r.lo) / (r.hi - r.lo);
            float part = (h > 0.0f) ? r.weight * fminf(h, 1.0f) : 0.0f;

            positive += (part > 0.0f);
            heavier += (part > least);
        }
        IS_INT(reasons.n, (positive < 3) ? positive : 3);
        IS_TRUE(heavier < 3);
        for (uint32_t n = 0; n < reasons.n; n++) {
            IS_TRUE(reasons.top[n].points > 0.0f);
            IS_TRUE(reasons.top[n].value == x[reasons.top[n].feature]);
            IS_TRUE(n == 0 ||
                    reasons.top[n].points <= reasons.top[n - 1].points);
        }
    }
}

CLAIM(relief_brings_the_score_below_the_threshold_and_less_does_not)
{
    const float threshold = 0.5f;
    uint64_t seed = 41;
    int found = 0;

    BEGIN;
    for (int i = 0; i < 20000; i++) {
        mlg_weighted_t m = random_model(&seed);
        float x[MLG_NFEATURES];

        random_vector(x, &seed);
        if (mlg_weighted_score(&m, x) < threshold) {
            continue;
        }
        for (int f = 0; f < MLG_NFEATURES; f++) {
            mlg_ramp_t r = mlg_weighted_ramp(&m, f);
            float down = (r.hi - r.lo) * ((r.weight > 0) ? -0.001f : 0.001f);
            float was = x[f];
            float relief =
                mlg_weighted_relief(&m, x, threshold, (mlg_feature_id)f);

            if (isnan(relief)) {
                continue;
            }
            found++;
            x[f] = relief + down; /* a hair further than it says */
            if (fabsf(r.weight) > 0.01f && relief != r.hi) {
                IS_TRUE(mlg_weighted_score(&m, x) < threshold);
            }
            x[f] = relief - down;
            IS_TRUE(mlg_weighted_score(&m, x) > threshold - 1e-4f);
            x[f] = was;
        }
    }
    IS_TRUE(found > 1000);
}

CLAIM(a_feature_that_alone_cannot_help_has_no_relief)
{
    mlg_weighted_t m;
    float x[MLG_NFEATURES];

    BEGIN;
    memset(&m, 0, sizeof(m));
    all_nan(x);
    mlg_weighted_set(&m, MLG_F_BURST, (mlg_ramp_t){0.0f, 1.0f, 0.1f});
    mlg_weighted_set(&m, MLG_F_METHOD_MIX, (mlg_ramp_t){0.0f, 1.0f, 0.9f});
    x[MLG_F_BURST] = 1.0f;
    x[MLG_F_METHOD_MIX] = 1.0f;
    IS_NAN(mlg_weighted_relief(&m, x, 0.5f, MLG_F_BURST));
    IS_NEAR(mlg_weighted_relief(&m, x, 0.5f, MLG_F_METHOD_MIX), 4.0 / 9, 1e-5);
    IS_NAN(mlg_weighted_relief(&m, x, 0.5f, MLG_F_CLIENT_AGE));  /* no weight */
    IS_NAN(mlg_weighted_relief(&m, x, 0.5f, MLG_F_GEO_ANOMALY)); /* unknown */
}

CLAIM(a_monotone_feature_never_lowers_the_shipped_score)
{
    uint64_t seed = 55;

    BEGIN;
    for (int i = 0; i < 20000; i++) {
        float x[MLG_NFEATURES];
        float before;

        random_vector(x, &seed);
        before = mlg_weighted_score(&mlg_weighted_default, x);
        for (int f = 0; f < MLG_NFEATURES; f++) {
            float was = x[f];

            if (!mlg_features[f].monotone || isnan(was)) {
                continue;
            }
            x[f] = was + (float)(unit_random(&seed) % 1000) / 50.0f;
            IS_TRUE(mlg_weighted_score(&mlg_weighted_default, x) >= before);
            x[f] = was;
        }
    }
}

CLAIM(every_shipped_ramp_is_valid_or_weighs_nothing)
{
    float sum = 0.0f;

    BEGIN;
    for (int i = 0; i < MLG_NFEATURES; i++) {
        mlg_ramp_t r = mlg_weighted_ramp(&mlg_weighted_default, (unsigned)i);

        IS_TRUE(r.weight == 0.0f || mlg_ramp_check(&r) == APR_SUCCESS);
        sum += (r.weight > 0.0f) ? r.weight : 0.0f;
    }
    IS_TRUE(sum >= 0.8f); /* somebody can reach the default threshold */
}

CLAIM(a_ramp_that_makes_no_sense_is_refused)
{
    static const mlg_ramp_t bad[] = {
        {1.0f, 1.0f, 0.5f},      {0.0f, 1.0f, 1.01f},    {0.0f, 1.0f, -1.01f},
        {NAN, 1.0f, 0.5f},       {0.0f, NAN, 0.5f},      {0.0f, 1.0f, NAN},
        {-INFINITY, 1.0f, 0.5f}, {0.0f, INFINITY, 0.5f}, {0.0f, 1.0f, INFINITY},
        {-3e38f, 3e38f, 0.5f}};
    static const mlg_ramp_t good[] = {
        {0.0f, 1.0f, 1.0f}, {1.0f, 0.0f, -1.0f}, {0.0f, 1.0f, 0.0f}};

    BEGIN;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        IS_INT(mlg_ramp_check(&bad[i]), MLG_ERANGE);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        IS_INT(mlg_ramp_check(&good[i]), APR_SUCCESS);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_ramp_adds_nothing_below_all_above_and_a_share_between),
        TEST(what_cannot_be_known_adds_nothing),
        TEST(a_score_is_within_0_and_1_whatever_the_vector),
        TEST(reasons_are_the_heaviest_parts_heaviest_first),
        TEST(relief_brings_the_score_below_the_threshold_and_less_does_not),
        TEST(a_feature_that_alone_cannot_help_has_no_relief),
        TEST(a_monotone_feature_never_lowers_the_shipped_score),
        TEST(every_shipped_ramp_is_valid_or_weighs_nothing),
        TEST(a_ramp_that_makes_no_sense_is_refused),
    };

    return RUN(tests);
}
