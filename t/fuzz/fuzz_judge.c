/* SPDX-License-Identifier: Apache-2.0
 *
 * Any record and any arrival: features, and what the weights and the shipped
 * forest make of them. A score is a number from 0 to 1, the same each time,
 * and never falls when a feature that is called monotone rises.
 *
 *     [ record 256 | arrival | outcome 1 | feature 1 | by 4 ]
 *
 * What is missing is zero.
 */
#include "fuzz.h"

#include "mlg_features.h"
#include "mlg_model_file.h"
#include "mlg_policy.h"

#include <apr_general.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static mlg_rules_t by_weights = {.model = &mlg_weighted_default,
                                 .engine = MLG_ENGINE_ENFORCE,
                                 .threshold = 0.8f,
                                 .min_requests = 10};
static mlg_rules_t by_forest;

typedef struct input_t {
    mlg_record_t record;
    mlg_arrival_t arrival;
    uint8_t outcome;
    uint8_t feature;
    float by;
} input_t;

static void prepare(void)
{
    static mlg_model_file_t file;
    const char *why = NULL;
    apr_pool_t *p;

    FUZZ_CHECK(apr_initialize() == APR_SUCCESS);
    FUZZ_CHECK(apr_pool_create(&p, NULL) == APR_SUCCESS);
    FUZZ_CHECK(mlg_model_file_read(&file, "conf/mlgate.mlg", &why, p) ==
               APR_SUCCESS);
    by_forest = by_weights;
    by_forest.forest = file.forest;
}

static float score(const mlg_rules_t *rules, const float x[MLG_NFEATURES])
{
    mlg_reasons_t reasons;
    float s = mlg_rules_score(rules, x, &reasons);

    FUZZ_CHECK(s >= 0.0f && s <= 1.0f); /* false for NaN */
    FUZZ_CHECK(reasons.n <= MLG_NREASONS);
    for (uint32_t i = 0; i < reasons.n; i++) {
        FUZZ_CHECK(reasons.top[i].feature < MLG_NFEATURES);
        FUZZ_CHECK(!isnan(reasons.top[i].points));
    }
    FUZZ_CHECK(mlg_rules_score(rules, x, NULL) == s);
    return s;
}

static void check_monotone(const mlg_rules_t *rules, const input_t *in,
                           const float x[MLG_NFEATURES])
{
    unsigned feature = in->feature % MLG_NFEATURES;
    float more[MLG_NFEATURES];
    float was = score(rules, x);

    memcpy(more, x, sizeof(more));
    more[feature] += fabsf(in->by);
    if (mlg_features[feature].monotone && more[feature] > x[feature]) {
        FUZZ_CHECK(score(rules, more) >= was);
    }
}

/* A vector of anything: what no record gives, a file or a shadow might. */
static void check_any(const mlg_rules_t *rules, const input_t *in)
{
    float x[MLG_NFEATURES];

    static_assert(sizeof(x) <= sizeof(in->record), "taken from there");
    memcpy(x, &in->record, sizeof(x));
    check_monotone(rules, in, x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int is_ready;
    input_t in;
    mlg_outcome_t o;
    float x[MLG_NFEATURES];

    if (!is_ready) {
        prepare();
        is_ready = 1;
    }
    memset(&in, 0, sizeof(in));
    memcpy(&in, data, (size < sizeof(in)) ? size : sizeof(in));
    check_any(&by_weights, &in);
    check_any(&by_forest, &in);
    /* times as a clock gives them */
    in.arrival.at_us &= (1ll << 52) - 1;
    in.record.last_us &= (1ll << 52) - 1;
    if (!(in.arrival.subnet_rate >= 0.0f)) {
        in.arrival.subnet_rate = 0.0f;
    }
    o = (mlg_outcome_t){in.arrival.body_bytes, in.arrival.query,
                        in.outcome & 1u, (uint32_t)in.outcome * 3};
    mlg_record_fold_arrival(&in.record, &in.arrival);
    mlg_record_fold_rarity(&in.record, in.arrival.rarity);
    mlg_record_fold_outcome(&in.record, &in.arrival, &o);
    mlg_features_read(x, &in.record, &in.arrival, in.arrival.subnet_rate);
    for (int i = 0; i < MLG_NFEATURES; i++) {
        FUZZ_CHECK(!isinf(x[i]) || isinf(in.arrival.subnet_rate));
    }
    check_monotone(&by_weights, &in, x);
    check_monotone(&by_forest, &in, x);
    mlg_record_note_score(&in.record, score(&by_weights, x), in.record.total,
                          10);
    return 0;
}
