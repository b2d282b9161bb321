/* SPDX-License-Identifier: Apache-2.0
 *
 * Weights or a forest: whichever judges, judges everywhere. */
#include "forests.h"

#include "mlg_observation.h"
#include "mlg_report.h"
#include "mlg_settings.h"

/* A forest of one question: ten pages in ten seconds? */
typedef struct one_t {
    mlg_node_t node[MLG_TREE_NODES(1)];
    unsigned char memory[2048];
    mlg_forest_t *forest;
} one_t;

static void one_open(one_t *one)
{
    memset(one, 0, sizeof(*one));
    one->node[0] = (mlg_node_t){.feature = MLG_F_REQUEST_RATE, .split = 1.0f};
    one->node[1] = (mlg_node_t){.value = -2.0f, .cover = 3.0f};
    one->node[2] = (mlg_node_t){.value = 2.0f, .cover = 1.0f};
    mlg_tree_settle(one->node, 1);
    IS_TRUE(mlg_forest_bytes(1, 1) <= sizeof(one->memory));
    one->forest = mlg_forest_init(one->memory, 1, 1, 0.0f, 1.0, 0.0);
    one->forest->id = 77;
    mlg_forest_plant(one->forest, 0, one->node);
}

CLAIM(the_forest_judges_where_there_is_one_and_the_weights_where_not)
{
    uint64_t seed = 1;
    forests_t f;
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    forests_open(&f, 12, 3, &seed);
    for (int i = 0; i < 1000; i++) {
        float x[MLG_NFEATURES];
        mlg_reasons_t reasons;
        mlg_reasons_t want;
        mlg_walk_t walk;
        float score;

        forests_vector(x, &seed);
        rig.rules.forest = f.forest;
        score = mlg_rules_score(&rig.rules, x, &reasons);
        IS_TRUE(score == mlg_forest_walk(f.forest, x, &walk));
        mlg_forest_reasons(f.forest, x, &walk, &want);
        IS_INT(reasons.n, (score >= MLG_SCORE_TOLD) ? want.n : 0);
        for (uint32_t r = 0; r < reasons.n; r++) {
            IS_INT(reasons.top[r].feature, want.top[r].feature);
            IS_TRUE(reasons.top[r].points == want.top[r].points);
        }
        IS_TRUE(score <= mlg_rules_most(&rig.rules));
        rig.rules.forest = NULL;
        score = mlg_rules_score(&rig.rules, x, NULL);
        IS_TRUE(score == mlg_weighted_score(&rig.model, x));
        IS_TRUE(score <= mlg_rules_most(&rig.rules));
    }
    forests_close(&f);
    rig_close(&rig);
}

CLAIM(the_gate_convicts_by_the_forest_and_names_its_reasons)
{
    mlg_decision_t d = {0};
    one_t one;
    rig_t rig;
    int n = 0;

    BEGIN;
    rig_open(&rig);
    one_open(&one);
    rig.rules.forest = one.forest;
    rig.model.weight[MLG_F_REQUEST_RATE] = 0.0f; /* the weights would not */
    while (d.verdict != MLG_VERDICT_REFUSE && n < 60) {
        mlg_arrival_t a = unit_page("192.0.2.7", T0 + SEC(0.1 * n));

        d = rig_judge(&rig, &a);
        n++;
        if (n == 9) { /* not yet ten */
            IS_NEAR(d.score, 1.0 / (1.0 + exp(2.0)), 1e-6);
            IS_INT(d.reasons.n, 0);
        }
    }
    IS_INT(n, 12); /* the third above the threshold */
    IS_NEAR(d.score, 1.0 / (1.0 + exp(-2.0)), 1e-6);
    IS_INT(d.reasons.n, 1);
    IS_INT(d.reasons.top[0].feature, MLG_F_REQUEST_RATE);
    IS_NEAR(d.reasons.top[0].points,
            1.0 / (1.0 + exp(-2.0)) - 1.0 / (1.0 + exp(1.0)), 1e-6);
    rig_close(&rig);
}

CLAIM(rules_of_another_model_have_another_hash)
{
    one_t one;
    rig_t rig;
    uint32_t weighted;
    uint32_t first;

    BEGIN;
    rig_open(&rig);
    one_open(&one);
    weighted = mlg_rules_hash(&rig.rules);
    rig.rules.forest = one.forest;
    first = mlg_rules_hash(&rig.rules);
    IS_TRUE(first != weighted);
    one.forest->id = 78;
    IS_TRUE(mlg_rules_hash(&rig.rules) != first);
    one.forest->id = 77;
    rig.model.weight[0] += 0.1f; /* which do not judge */
    IS_INT(mlg_rules_hash(&rig.rules), first);
    rig_close(&rig);
}

CLAIM(a_client_that_stands_on_a_split_is_told_to_have_less)
{
    mlg_relief_t relief[MLG_NFEATURES];
    float x[MLG_NFEATURES] = {0};
    char words[MLG_WORDS_TEXT];
    one_t one;
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    one_open(&one);
    rig.rules.forest = one.forest;
    x[MLG_F_REQUEST_RATE] = 1.0f;
    IS_INT(mlg_report_reliefs(relief, &rig.rules, x, 0.8f), 1);
    IS_INT(relief[0].feature, MLG_F_REQUEST_RATE);
    IS_TRUE(relief[0].bound == 1.0f && relief[0].must_fall);
    IS_TRUE(strncmp(mlg_report_relief_words(words, &relief[0]), "less than 1",
                    11) == 0);
    x[MLG_F_REQUEST_RATE] = 0.9f;
    IS_INT(mlg_report_reliefs(relief, &rig.rules, x, 0.8f), 0);
    rig_close(&rig);
}

CLAIM(parts_make_the_sum_whichever_model_judges)
{
    uint64_t seed = 5;
    forests_t f;
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    rig.rules.model = &mlg_weighted_default;
    forests_open(&f, 12, 3, &seed);
    for (int i = 0; i < 2000; i++) {
        float x[MLG_NFEATURES];
        float part[MLG_NFEATURES];
        double sum;

        rig.rules.forest = (i % 2 == 0) ? f.forest : NULL;
        forests_sane_vector(x, &seed);
        sum = (double)mlg_rules_parts(&rig.rules, x, part);
        for (int k = 0; k < MLG_NFEATURES; k++) {
            sum += (double)part[k];
        }
        sum = (sum < 0.0) ? 0.0 : (sum > 1.0) ? 1.0 : sum;
        IS_NEAR(sum, mlg_rules_score(&rig.rules, x, NULL), 1e-5);
    }
    forests_close(&f);
    rig_close(&rig);
}

CLAIM(settings_name_no_forest)
{
    mlg_rules_t rules;
    mlg_settings_t settings;

    BEGIN;
    memset(&rules, 0xff, sizeof(rules));
    mlg_settings_init(&settings);
    mlg_settings_rules(&rules, &settings);
    IS_TRUE(rules.forest == NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_forest_judges_where_there_is_one_and_the_weights_where_not),
        TEST(the_gate_convicts_by_the_forest_and_names_its_reasons),
        TEST(rules_of_another_model_have_another_hash),
        TEST(a_client_that_stands_on_a_split_is_told_to_have_less),
        TEST(parts_make_the_sum_whichever_model_judges),
        TEST(settings_name_no_forest),
    };

    return RUN(tests);
}
