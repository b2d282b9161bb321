/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

static const mlg_rules_t rules = {.threshold = 0.8f,
                                  .min_requests = 10,
                                  .block_for_us = 600 * APR_USEC_PER_SEC,
                                  .block_max_us = 3600 * APR_USEC_PER_SEC};

CLAIM(policy_table_is_total)
{
    BEGIN;
    for (int s = MLG_STATE_UNSET; s < MLG_NSTATES; s++) {
        for (int e = MLG_EVENT_UNSET + 1; e < MLG_NEVENTS; e++) {
            mlg_state next = mlg_policy_next((mlg_state)s, (mlg_event)e);

            assert_in_range(next, MLG_STATE_CALM, MLG_STATE_BLOCKED);
        }
    }
}

CLAIM(a_blocked_client_leaves_by_time_alone)
{
    BEGIN;
    IS_INT(mlg_policy_next(MLG_STATE_BLOCKED, MLG_EVENT_LOW),
           MLG_STATE_BLOCKED);
    IS_INT(mlg_policy_next(MLG_STATE_BLOCKED, MLG_EVENT_HIGH),
           MLG_STATE_BLOCKED);
    IS_INT(mlg_policy_next(MLG_STATE_BLOCKED, MLG_EVENT_PROOF),
           MLG_STATE_BLOCKED);
    IS_INT(mlg_policy_next(MLG_STATE_BLOCKED, MLG_EVENT_EXPIRED),
           MLG_STATE_CALM);
}

CLAIM(only_proof_blocks)
{
    BEGIN;
    for (int s = MLG_STATE_UNSET; s <= MLG_STATE_SUSPECT; s++) {
        IS_INT(mlg_policy_next((mlg_state)s, MLG_EVENT_PROOF),
               MLG_STATE_BLOCKED);
        IS_INT(mlg_policy_next((mlg_state)s, MLG_EVENT_HIGH),
               MLG_STATE_SUSPECT);
        IS_INT(mlg_policy_next((mlg_state)s, MLG_EVENT_LOW), MLG_STATE_CALM);
    }
}

CLAIM(a_state_out_of_shared_memory_that_is_none_counts_as_calm)
{
    BEGIN;
    IS_INT(mlg_policy_next((mlg_state)255, MLG_EVENT_HIGH), MLG_STATE_SUSPECT);
    IS_TEXT(mlg_state_name((mlg_state)255), "calm");
}

CLAIM(proof_is_three_of_the_last_five_with_the_newest_high)
{
    BEGIN;
    for (unsigned last = 0; last < 32; last++) { /* every five scores */
        uint8_t evidence = 0;
        mlg_event event = MLG_EVENT_UNSET;
        mlg_event want = MLG_EVENT_LOW;

        for (int i = 4; i >= 0; i--) {
            float score = (last >> i & 1) ? 0.9f : 0.1f;

            event = mlg_policy_weigh(&evidence, score, 100, &rules);
        }
        if (last != 0) {
            want = MLG_EVENT_HIGH;
        }
        if ((last & 1) && __builtin_popcount(last) >= 3) {
            want = MLG_EVENT_PROOF;
        }
        IS_INT(event, want);
        IS_INT(evidence, last);
    }
}

CLAIM(a_score_at_the_threshold_is_high)
{
    uint8_t evidence = 0;

    BEGIN;
    mlg_policy_weigh(&evidence, 0.8f, 100, &rules);
    IS_INT(evidence, 1);
    mlg_policy_weigh(&evidence, nextafterf(0.8f, 0.0f), 100, &rules);
    IS_INT(evidence, 2);
}

CLAIM(there_is_no_proof_before_the_minimum_number_of_requests)
{
    uint8_t evidence = 0;

    BEGIN;
    for (uint32_t total = 1; total < 10; total++) {
        IS_INT(mlg_policy_weigh(&evidence, 1.0f, total, &rules),
               MLG_EVENT_HIGH);
    }
    IS_INT(mlg_policy_weigh(&evidence, 1.0f, 10, &rules), MLG_EVENT_PROOF);
}

CLAIM(old_high_scores_are_forgotten_after_five_low_ones)
{
    uint8_t evidence = 0x1f;

    BEGIN;
    for (int i = 0; i < 4; i++) {
        IS_INT(mlg_policy_weigh(&evidence, 0.0f, 100, &rules), MLG_EVENT_HIGH);
    }
    IS_INT(mlg_policy_weigh(&evidence, 0.0f, 100, &rules), MLG_EVENT_LOW);
}

CLAIM(each_block_is_twice_as_long_up_to_the_cap)
{
    BEGIN;
    IS_INT(mlg_policy_block_us(&rules, 0), SEC(600));
    IS_INT(mlg_policy_block_us(&rules, 1), SEC(1200));
    IS_INT(mlg_policy_block_us(&rules, 2), SEC(2400));
    IS_INT(mlg_policy_block_us(&rules, 3), SEC(3600));
    IS_INT(mlg_policy_block_us(&rules, UINT32_MAX), SEC(3600));
}

CLAIM(a_cap_equal_to_the_first_block_keeps_all_alike)
{
    mlg_rules_t flat = rules;

    BEGIN;
    flat.block_max_us = flat.block_for_us;
    IS_INT(mlg_policy_block_us(&flat, 0), SEC(600));
    IS_INT(mlg_policy_block_us(&flat, 9), SEC(600));
}

CLAIM(the_odds_of_a_trusted_client_count_a_third)
{
    BEGIN;
    for (int i = 0; i <= 1000; i++) {
        float score = (float)i / 1000.0f;
        float counted = mlg_policy_credit(score, 1);
        double odds = (double)score / (1.0 - (double)score);

        IS_TRUE(mlg_policy_credit(score, 0) == score);
        IS_TRUE(mlg_policy_reach(score, 0) == score);
        IS_TRUE(counted >= 0.0f && counted <= score);
        if (i < 1000) {
            IS_NEAR(counted / (1.0f - counted), odds / 3.0, 1e-3 * (1 + odds));
            IS_NEAR(mlg_policy_reach(counted, 1), score, 1e-5);
        }
    }
    IS_TRUE(mlg_policy_credit(1.0f, 1) == 1.0f); /* certain is certain */
    IS_NEAR(mlg_policy_reach(0.5f, 1), 0.75, 1e-6);
    IS_TRUE(mlg_policy_reach(MLG_THRESHOLD_NONE, 1) == MLG_THRESHOLD_NONE);
}

CLAIM(every_verdict_and_state_has_a_word)
{
    BEGIN;
    IS_TEXT(mlg_verdict_name(MLG_VERDICT_UNSET), "-");
    IS_TEXT(mlg_verdict_name(MLG_VERDICT_WOULD_REFUSE), "would-refuse");
    IS_TEXT(mlg_verdict_name(MLG_VERDICT_GRACE), "grace");
    IS_TEXT(mlg_verdict_name(MLG_NVERDICTS), "-");
    IS_TEXT(mlg_state_name(MLG_STATE_UNSET), "calm");
    IS_TEXT(mlg_state_name(MLG_STATE_SUSPECT), "suspect");
    IS_TEXT(mlg_state_name(MLG_STATE_BLOCKED), "blocked");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(policy_table_is_total),
        TEST(a_blocked_client_leaves_by_time_alone),
        TEST(only_proof_blocks),
        TEST(a_state_out_of_shared_memory_that_is_none_counts_as_calm),
        TEST(proof_is_three_of_the_last_five_with_the_newest_high),
        TEST(a_score_at_the_threshold_is_high),
        TEST(there_is_no_proof_before_the_minimum_number_of_requests),
        TEST(old_high_scores_are_forgotten_after_five_low_ones),
        TEST(each_block_is_twice_as_long_up_to_the_cap),
        TEST(a_cap_equal_to_the_first_block_keeps_all_alike),
        TEST(the_odds_of_a_trusted_client_count_a_third),
        TEST(every_verdict_and_state_has_a_word),
    };

    return RUN(tests);
}
