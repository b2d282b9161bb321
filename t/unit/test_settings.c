/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_settings.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void says(const mlg_why_t *why, const char *part)
{
    if (strstr(why->text, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, why->text);
    }
}

CLAIM(help_states_the_default_that_is_set)
{
    BEGIN;
    for (unsigned id = 0; id < MLG_NSETTINGS; id++) {
        const mlg_directive_t *d = &mlg_directives[id];
        const char *stated = strstr(d->help, "Default ");
        mlg_settings_t settings;
        mlg_why_t why;
        char value[40];
        size_t len;

        IS_TRUE(stated != NULL);
        len = strlen(stated + 8);
        IS_TRUE(len > 1 && len < sizeof(value));
        memcpy(value, stated + 8, len);
        value[len - 1] = '\0';
        mlg_settings_init(&settings);
        IS_INT(settings.value[id], d->dflt);
        IS_TRUE(d->dflt >= d->min && d->dflt <= d->max);
        settings.value[id] = -1;
        IS_INT(mlg_settings_read(&settings, (mlg_directive_id)id, value, &why),
               APR_SUCCESS);
        IS_INT(settings.value[id], d->dflt);
    }
}

CLAIM(nothing_is_given_by_default)
{
    mlg_settings_t settings;

    BEGIN;
    mlg_settings_init(&settings);
    IS_INT(settings.given, 0);
    IS_INT(settings.engine, MLG_ENGINE_OBSERVE);
    IS_INT(settings.threshold, 800000);
    IS_INT(settings.ipv6_prefix, 64);
}

CLAIM(a_good_value_is_set_and_noted)
{
    static const struct {
        mlg_directive_id id;
        const char *text;
        int64_t value;
    } good[] = {
        {MLG_SET_engine, "off", MLG_ENGINE_OFF},
        {MLG_SET_engine, "Enforce", MLG_ENGINE_ENFORCE},
        {MLG_SET_engine, "OBSERVE", MLG_ENGINE_OBSERVE},
        {MLG_SET_threshold, "0.01", 10000},
        {MLG_SET_threshold, ".5", 500000},
        {MLG_SET_threshold, "1", 1000000},
        {MLG_SET_threshold, "7e-1", 700000},
        {MLG_SET_min_requests, "1", 1},
        {MLG_SET_min_requests, "0010", 10},
        {MLG_SET_min_requests, "1000000", 1000000},
        {MLG_SET_block_for_us, "600", SEC(600)},
        {MLG_SET_block_for_us, "1000ms", SEC(1)},
        {MLG_SET_block_for_us, "7d", SEC(604800)},
        {MLG_SET_block_max_us, "30d", SEC(2592000)},
        {MLG_SET_refuse_status, "400", 400},
        {MLG_SET_refuse_status, "599", 599},
        {MLG_SET_table_size, "4096", 4096},
        {MLG_SET_table_size, "16777216", 16777216},
        {MLG_SET_ipv6_prefix, "16", 16},
        {MLG_SET_ipv6_prefix, "128", 128},
    };

    BEGIN;
    for (size_t i = 0; i < LENGTH(good); i++) {
        mlg_settings_t settings;
        mlg_why_t why;

        mlg_settings_init(&settings);
        IS_INT(mlg_settings_read(&settings, good[i].id, good[i].text, &why),
               APR_SUCCESS);
        IS_INT(settings.value[good[i].id], good[i].value);
        IS_INT(settings.given, UINT64_C(1) << good[i].id);
    }
}

CLAIM(a_bad_value_gets_a_sentence_and_changes_nothing)
{
    static const struct {
        mlg_directive_id id;
        const char *text;
        const char *says;
    } bad[] = {
        {MLG_SET_engine, "on", "'on' is not a value for MLGateEngine. off, "},
        {MLG_SET_engine, "", "'' is not a value"},
        {MLG_SET_engine, "enforced", "'enforced' is not a value"},
        {MLG_SET_engine, "unknown", "is not a value"},
        {MLG_SET_threshold, "high", "is not a value for MLGateThreshold. "},
        {MLG_SET_threshold, "0", "'0' is out of range for MLGateThreshold. "},
        {MLG_SET_threshold, "0.0099", "is out of range"},
        {MLG_SET_threshold, "1.5", "0.01 to 1"},
        {MLG_SET_threshold, "-0.5", "is out of range"},
        {MLG_SET_threshold, "1001", "is not a value"},
        {MLG_SET_threshold, "nan", "is not a value"},
        {MLG_SET_threshold, "inf", "is not a value"},
        {MLG_SET_threshold, "1e999", "is not a value"},
        {MLG_SET_threshold, "0x1p-1", "is not a value"},
        {MLG_SET_threshold, " 0.5", "is not a value"},
        {MLG_SET_threshold, "0.5 ", "is not a value"},
        {MLG_SET_threshold, "0,5", "is not a value"},
        {MLG_SET_threshold, "80%", "is not a value"},
        {MLG_SET_threshold, "", "is not a value"},
        {MLG_SET_min_requests, "0", "is out of range"},
        {MLG_SET_min_requests, "1000001", "is out of range"},
        {MLG_SET_min_requests, "ten", "is not a value"},
        {MLG_SET_min_requests, "10.5", "is not a value"},
        {MLG_SET_min_requests, "-3", "is not a value"},
        {MLG_SET_min_requests, "+3", "is not a value"},
        {MLG_SET_min_requests, " 3", "is not a value"},
        {MLG_SET_min_requests, "", "is not a value"},
        {MLG_SET_min_requests, "99999999999999999999", "is not a value"},
        {MLG_SET_block_for_us, "ten", "is not a value"},
        {MLG_SET_block_for_us, "0s", "is out of range"},
        {MLG_SET_block_for_us, "999ms", "is out of range"},
        {MLG_SET_block_for_us, "8d", "1s to 7d"},
        {MLG_SET_block_for_us, "10 fortnights", "is not a value"},
        {MLG_SET_block_for_us, "-5s", "is not a value"},
        {MLG_SET_block_max_us, "31d", "1s to 30d"},
        {MLG_SET_refuse_status, "399", "is out of range"},
        {MLG_SET_refuse_status, "600", "400 to 599"},
        {MLG_SET_refuse_status, "gone", "is not a value"},
        {MLG_SET_table_size, "4095", "4096 to 16777216"},
        {MLG_SET_table_size, "16777217", "is out of range"},
        {MLG_SET_table_size, "64k", "is not a value"},
        {MLG_SET_ipv6_prefix, "15", "is out of range"},
        {MLG_SET_ipv6_prefix, "129", "16 to 128"},
    };

    BEGIN;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        mlg_settings_t settings;
        mlg_settings_t before;
        mlg_why_t why;

        mlg_settings_init(&settings);
        before = settings;
        IS_INT(mlg_settings_read(&settings, bad[i].id, bad[i].text, &why),
               MLG_ERANGE);
        says(&why, bad[i].says);
        says(&why, mlg_directives[bad[i].id].name);
        says(&why, mlg_directives[bad[i].id].help);
        assert_memory_equal(&settings, &before, sizeof(before));
    }
}

CLAIM(a_long_value_is_cut_and_the_help_stays_whole)
{
    static char text[100000];
    mlg_settings_t settings;
    mlg_why_t why;

    BEGIN;
    memset(text, '9', sizeof(text) - 1);
    mlg_settings_init(&settings);
    IS_INT(mlg_settings_read(&settings, MLG_SET_table_size, text, &why),
           MLG_ERANGE);
    says(&why, "9...' is not a value for MLGateTableSize. ");
    says(&why, mlg_directives[MLG_SET_table_size].help);
    IS_TRUE(strlen(why.text) < MLG_QUOTED_MAX + 250);
}

CLAIM(a_directive_is_found_in_any_case_and_only_whole)
{
    BEGIN;
    for (unsigned id = 0; id < MLG_NDIRECTIVES; id++) {
        IS_INT(mlg_directive_find(mlg_directives[id].name), id);
    }
    IS_INT(mlg_directive_find("mlgatethreshold"), MLG_SET_threshold);
    IS_INT(mlg_directive_find("MLGATEALLOW"), MLG_SET_allow);
    IS_INT(mlg_directive_find("MLGateThreshol"), MLG_NDIRECTIVES);
    IS_INT(mlg_directive_find("MLGateThresholds"), MLG_NDIRECTIVES);
    IS_INT(mlg_directive_find("MLGate"), MLG_NDIRECTIVES);
    IS_INT(mlg_directive_find(""), MLG_NDIRECTIVES);
}

CLAIM(a_slip_of_the_pen_finds_the_name_that_was_meant)
{
    char endless[5000];

    BEGIN;
    IS_TEXT(mlg_directive_nearest("MLGateTreshold"), "MLGateThreshold");
    IS_TEXT(mlg_directive_nearest("mlgateblockfr"), "MLGateBlockFor");
    IS_TEXT(mlg_directive_nearest("MLGateTablesSizes"), "MLGateTableSize");
    assert_null(mlg_directive_nearest("MLGateSomethingElse"));
    assert_null(mlg_directive_nearest(""));
    memset(endless, 'M', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    assert_null(mlg_directive_nearest(endless));
}

static mlg_settings_t with(mlg_directive_id id, const char *text)
{
    mlg_settings_t settings;
    mlg_why_t why;

    mlg_settings_init(&settings);
    IS_INT(mlg_settings_read(&settings, id, text, &why), APR_SUCCESS);
    return settings;
}

CLAIM(the_nearer_section_wins_where_it_says_something)
{
    mlg_settings_t base = with(MLG_SET_threshold, "0.6");
    mlg_settings_t nearer = with(MLG_SET_min_requests, "7");
    mlg_settings_t both;

    BEGIN;
    base.min_requests = 9;
    base.given |= UINT64_C(1) << MLG_SET_min_requests;
    mlg_settings_merge(&both, &base, &nearer);
    IS_INT(both.threshold, 600000);
    IS_INT(both.min_requests, 7);
    IS_INT(both.block_for_us, SEC(600));
    IS_INT(both.given, (UINT64_C(1) << MLG_SET_threshold) |
                           (UINT64_C(1) << MLG_SET_min_requests));
}

CLAIM(a_default_given_on_purpose_wins_over_what_surrounds_it)
{
    mlg_settings_t base = with(MLG_SET_threshold, "0.6");
    mlg_settings_t nearer = with(MLG_SET_threshold, "0.8");
    mlg_settings_t both;

    BEGIN;
    mlg_settings_merge(&both, &base, &nearer);
    IS_INT(both.threshold, 800000);
}

CLAIM(merging_into_either_side_gives_the_same)
{
    mlg_settings_t base = with(MLG_SET_threshold, "0.6");
    mlg_settings_t nearer = with(MLG_SET_min_requests, "7");
    mlg_settings_t both;
    mlg_settings_t left = base;
    mlg_settings_t right = nearer;

    BEGIN;
    mlg_settings_merge(&both, &base, &nearer);
    mlg_settings_merge(&left, &left, &nearer);
    mlg_settings_merge(&right, &base, &right);
    assert_memory_equal(&left, &both, sizeof(both));
    assert_memory_equal(&right, &both, sizeof(both));
}

CLAIM(a_cap_below_the_first_block_is_refused_in_words)
{
    mlg_settings_t settings = with(MLG_SET_block_max_us, "60");
    mlg_why_t why;

    BEGIN;
    IS_INT(mlg_settings_check(&settings, "shop.example", &why), MLG_ERANGE);
    IS_TEXT(why.text, "MLGateBlockMax (60 s) is shorter than MLGateBlockFor "
                      "(600 s) in shop.example; raise the one or lower the "
                      "other");
    settings.block_max_us = settings.block_for_us;
    IS_INT(mlg_settings_check(&settings, "x", &why), APR_SUCCESS);
}

CLAIM(a_default_cap_gives_way_to_a_longer_block)
{
    mlg_settings_t settings = with(MLG_SET_block_for_us, "7d");
    mlg_rules_t rules = {.model = &mlg_weighted_default};
    mlg_why_t why;

    BEGIN;
    IS_INT(mlg_settings_check(&settings, "x", &why), APR_SUCCESS);
    mlg_settings_rules(&rules, &settings);
    IS_INT(rules.block_for_us, SEC(604800));
    IS_INT(rules.block_max_us, SEC(604800));
}

CLAIM(rules_say_what_the_settings_say)
{
    mlg_settings_t settings;
    mlg_rules_t rules = {.model = &mlg_weighted_default};

    BEGIN;
    mlg_settings_init(&settings);
    mlg_settings_rules(&rules, &settings);
    IS_INT(rules.engine, MLG_ENGINE_OBSERVE);
    IS_TRUE(rules.swarm.threshold == 4.0f && rules.swarm.max_share == 0.3f);
    settings.swarm_threshold = 9000000;
    settings.swarm_max_share = 500000;
    mlg_settings_swarms(&rules.swarm, &settings);
    IS_TRUE(rules.swarm.threshold == 9.0f && rules.swarm.max_share == 0.5f);
    IS_TRUE(rules.threshold == 0.8f);
    IS_INT(rules.min_requests, 10);
    IS_INT(rules.block_for_us, SEC(600));
    IS_INT(rules.block_max_us, SEC(86400));
    assert_ptr_equal(rules.model, &mlg_weighted_default);
    assert_null(rules.allow);
}

CLAIM(a_weight_replaces_one_ramp)
{
    static const char *const words[] = {"burst", "2", "1.5", "-0.25"};
    mlg_weights_t weights;
    mlg_why_t why;
    mlg_ramp_t ramp;

    BEGIN;
    mlg_weights_init(&weights);
    IS_INT(mlg_weights_read(&weights, 4, words, &why), APR_SUCCESS);
    ramp = mlg_weighted_ramp(&weights.model, mlg_feature_find("burst"));
    IS_TRUE(ramp.lo == 2.0f && ramp.hi == 1.5f && ramp.weight == -0.25f);
    IS_INT(weights.given, UINT64_C(1) << mlg_feature_find("burst"));
    mlg_weighted_set(
        &weights.model, mlg_feature_find("burst"),
        mlg_weighted_ramp(&mlg_weighted_default, mlg_feature_find("burst")));
    assert_memory_equal(&weights.model, &mlg_weighted_default,
                        sizeof(weights.model));
}

CLAIM(a_bad_weight_gets_a_sentence_and_changes_nothing)
{
    static const struct {
        const char *word[5];
        int n;
        apr_status_t status;
        const char *says;
    } bad[] = {
        {{"burst", "1", "2"}, 3, MLG_ERANGE, "MLGateWeight takes four"},
        {{"burst", "1", "2", "3", "4"}, 5, MLG_ERANGE, "takes four arguments"},
        {{NULL}, 0, MLG_ERANGE, "takes four arguments"},
        {{"speed", "1", "2", "0.5"},
         4,
         MLG_EFEATURE,
         "'speed' is not the name of a feature. They are: request_rate "},
        {{"", "1", "2", "0.5"}, 4, MLG_EFEATURE, "'' is not the name"},
        {{"burst", "low", "2", "0.5"}, 4, MLG_ERANGE, "'low' is not a number"},
        {{"burst", "1", "inf", "0.5"}, 4, MLG_ERANGE, "'inf' is not a number"},
        {{"burst", "1", "2", "nan"}, 4, MLG_ERANGE, "'nan' is not a number"},
        {{"burst", "1", "2", ""}, 4, MLG_ERANGE, "'' is not a number"},
        {{"burst", "1e99", "2", "0.5"}, 4, MLG_ERANGE, "is no ramp"},
        {{"burst", "2", "2", "0.5"},
         4,
         MLG_ERANGE,
         "'2 2 0.5' is no ramp: lo and hi must differ"},
        {{"burst", "1", "2", "1.5"}, 4, MLG_ERANGE, "between -1 and 1"},
    };

    BEGIN;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        mlg_weights_t weights;
        mlg_weights_t before;
        mlg_why_t why;

        mlg_weights_init(&weights);
        before = weights;
        IS_INT(mlg_weights_read(&weights, bad[i].n, bad[i].word, &why),
               bad[i].status);
        says(&why, bad[i].says);
        assert_memory_equal(&weights, &before, sizeof(before));
    }
}

CLAIM(every_feature_is_named_to_who_named_none)
{
    static const char *const words[] = {"?", "1", "2", "0.5"};
    mlg_weights_t weights;
    mlg_why_t why;

    BEGIN;
    mlg_weights_init(&weights);
    IS_INT(mlg_weights_read(&weights, 4, words, &why), MLG_EFEATURE);
    for (int i = 0; i < MLG_NFEATURES; i++) {
        says(&why, mlg_features[i].name);
    }
}

CLAIM(nearer_weights_replace_outer_ones_one_by_one)
{
    static const char *const outer[] = {"burst", "1", "2", "0.5"};
    static const char *const inner[] = {"burst", "3", "4", "0.25"};
    static const char *const other[] = {"ua_diversity", "1", "9", "0.125"};
    mlg_weights_t base;
    mlg_weights_t nearer;
    mlg_weights_t both;
    mlg_why_t why;
    mlg_feature_id burst = mlg_feature_find("burst");
    mlg_feature_id agents = mlg_feature_find("ua_diversity");

    BEGIN;
    mlg_weights_init(&base);
    mlg_weights_init(&nearer);
    mlg_weights_read(&base, 4, outer, &why);
    mlg_weights_read(&base, 4, other, &why);
    mlg_weights_read(&nearer, 4, inner, &why);
    mlg_weights_merge(&both, &base, &nearer);
    IS_TRUE(both.model.weight[burst] == 0.25f);
    IS_TRUE(both.model.lo[burst] == 3.0f);
    IS_TRUE(both.model.weight[agents] == 0.125f);
    IS_INT(both.given, (UINT64_C(1) << burst) | (UINT64_C(1) << agents));
    mlg_weights_merge(&base, &base, &nearer);
    assert_memory_equal(&base, &both, sizeof(both));
}

CLAIM(who_is_allowed_is_an_address_or_a_prefix)
{
    mlg_prefix_t prefix;
    mlg_why_t why;

    BEGIN;
    IS_INT(mlg_allow_read(&prefix, "192.0.2.0/24", &why), APR_SUCCESS);
    IS_INT(prefix.bits, 96 + 24);
    IS_INT(mlg_allow_read(&prefix, "example.org", &why), MLG_EADDRESS);
    IS_TEXT(why.text, "'example.org': not an IPv4 or IPv6 address");
    IS_INT(mlg_allow_read(&prefix, "192.0.2.0/33", &why), MLG_EPREFIX);
    says(&why, "'192.0.2.0/33': the prefix length");
    IS_INT(mlg_allow_read(&prefix, "", &why), MLG_EADDRESS);
}

CLAIM(a_line_of_a_list_ends_at_a_blank_or_a_comment)
{
    char with_comment[] = "192.0.2.1#me";
    char with_words[] = "192.0.2.1\tthe office";
    char comment[] = "# nobody";
    char empty[] = "";

    BEGIN;
    IS_TRUE(mlg_allow_cut(with_comment));
    IS_TEXT(with_comment, "192.0.2.1");
    IS_TRUE(mlg_allow_cut(with_words));
    IS_TEXT(with_words, "192.0.2.1");
    IS_FALSE(mlg_allow_cut(comment));
    IS_FALSE(mlg_allow_cut(empty));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(help_states_the_default_that_is_set),
        TEST(nothing_is_given_by_default),
        TEST(a_good_value_is_set_and_noted),
        TEST(a_bad_value_gets_a_sentence_and_changes_nothing),
        TEST(a_long_value_is_cut_and_the_help_stays_whole),
        TEST(a_directive_is_found_in_any_case_and_only_whole),
        TEST(a_slip_of_the_pen_finds_the_name_that_was_meant),
        TEST(the_nearer_section_wins_where_it_says_something),
        TEST(a_default_given_on_purpose_wins_over_what_surrounds_it),
        TEST(merging_into_either_side_gives_the_same),
        TEST(a_cap_below_the_first_block_is_refused_in_words),
        TEST(a_default_cap_gives_way_to_a_longer_block),
        TEST(rules_say_what_the_settings_say),
        TEST(a_weight_replaces_one_ramp),
        TEST(a_bad_weight_gets_a_sentence_and_changes_nothing),
        TEST(every_feature_is_named_to_who_named_none),
        TEST(nearer_weights_replace_outer_ones_one_by_one),
        TEST(who_is_allowed_is_an_address_or_a_prefix),
        TEST(a_line_of_a_list_ends_at_a_blank_or_a_comment),
    };

    return RUN(tests);
}
