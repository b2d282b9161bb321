/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

static mlg_shard_t shards[MLG_COUNTER_SHARDS];

CLAIM(every_count_is_in_the_sum_whatever_its_shard)
{
    mlg_shard_t total;

    BEGIN;
    memset(shards, 0, sizeof(shards));
    for (uint64_t i = 0; i < 1000; i++) {
        mlg_count(shards, i * 7919, (mlg_counter_id)(i % MLG_NCOUNTERS));
    }
    mlg_counters_read(shards, &total);
    for (int i = 0; i < MLG_NCOUNTERS; i++) {
        IS_INT(total.count[i],
               1000 / MLG_NCOUNTERS + (i < 1000 % MLG_NCOUNTERS));
    }
}

CLAIM(the_histogram_has_a_place_for_every_score)
{
    mlg_shard_t total;

    BEGIN;
    memset(shards, 0, sizeof(shards));
    for (int i = 0; i <= 1000; i++) {
        mlg_count_score(shards, (uint64_t)i, (float)i / 1000.0f);
    }
    mlg_counters_read(shards, &total);
    for (int i = 0; i < MLG_SCORE_BUCKETS; i++) {
        IS_NEAR(total.scores[i], 50.0, 1.0);
    }
    IS_INT(total.scores[0], 50);
    IS_INT(total.scores[MLG_SCORE_BUCKETS - 1], 51); /* with 1.0 */
}

CLAIM(every_counter_has_a_name_of_its_own_and_a_sentence)
{
    BEGIN;
    for (int i = 0; i < MLG_NCOUNTERS; i++) {
        IS_TRUE(strlen(mlg_counters[i].help) > 8);
        for (const char *c = mlg_counters[i].name; *c != '\0'; c++) {
            IS_TRUE((*c >= 'a' && *c <= 'z') || *c == '_');
        }
        for (int j = 0; j < i; j++) {
            IS_TRUE(strcmp(mlg_counters[i].name, mlg_counters[j].name) != 0);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(every_count_is_in_the_sum_whatever_its_shard),
        TEST(the_histogram_has_a_place_for_every_score),
        TEST(every_counter_has_a_name_of_its_own_and_a_sentence),
    };

    return RUN(tests);
}
