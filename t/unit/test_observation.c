/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_observation.h"

/* Anything a server may see, by chance. */
static mlg_observation_t random_request(uint64_t *seed)
{
    mlg_observation_t o;
    unsigned char raw[16];

    memset(&o, 0, sizeof(o));
    for (int i = 0; i < 16; i++) {
        raw[i] = (unsigned char)unit_random(seed);
    }
    o.kind = MLG_OBSERVED_REQUEST;
    o.segment = unit_random(seed);
    o.arrival.at_us = (apr_time_t)(unit_random(seed) % 253402300800000000u);
    o.arrival.from.addr =
        (unit_random(seed) % 2) ? mlg_key_from_v6(raw) : mlg_key_from_v4(raw);
    o.arrival.from.key = o.arrival.from.addr;
    o.arrival.from.hash = unit_random(seed);
    o.arrival.subnet = unit_random(seed);
    o.arrival.path = unit_random(seed);
    o.arrival.query = unit_random(seed);
    o.arrival.agent = unit_random(seed);
    o.arrival.referer = unit_random(seed);
    o.arrival.body_bytes = unit_random(seed);
    o.arrival.session = (uint32_t)unit_random(seed);
    o.arrival.depth = (uint32_t)unit_random(seed);
    o.arrival.is = (uint32_t)unit_random(seed);
    o.arrival.knows = (uint32_t)unit_random(seed);
    o.arrival.path_bytes = (uint16_t)unit_random(seed);
    o.arrival.path_segments = (uint16_t)unit_random(seed);
    o.arrival.header_fields = (uint16_t)unit_random(seed);
    o.arrival.header_anomaly = (uint16_t)unit_random(seed);
    o.arrival.subnet_rate = (float)(unit_random(seed) % 100000) / 7.0f;
    o.arrival.rarity = (uint32_t)(unit_random(seed) % 65537);
    o.arrival.print = unit_random(seed);
    o.arrival.shape = unit_random(seed);
    o.arrival.template = unit_random(seed);
    o.arrival.excess = (float)(unit_random(seed) % 1000) / 7.0f;
    o.arrival.swarm = (uint32_t)(unit_random(seed) % 8);
    o.arrived = unit_random(seed) >> 1;
    o.is_arrival_held = (int)(unit_random(seed) % 2);
    o.settled = unit_random(seed) >> 1;
    o.outcome.status = (uint32_t)(unit_random(seed) % 1000);
    o.outcome.sent_bytes = unit_random(seed);
    o.outcome.knows_duration = (uint32_t)(unit_random(seed) % 2);
    o.outcome.duration_us = o.outcome.knows_duration ? unit_random(seed) : 0;
    o.verdict = 1 + (uint32_t)(unit_random(seed) % (MLG_NVERDICTS - 1));
    o.score = (float)(unit_random(seed) % 1000) / 999.0f;
    o.threshold = (float)(unit_random(seed) % 1000) / 500.0f;
    o.vector = (uint32_t)unit_random(seed);
    o.rules = (uint32_t)unit_random(seed);
    return o;
}

static apr_status_t parse(mlg_observation_t *o, const char *line)
{
    mlg_fault_t fault = {0, ""};
    apr_status_t rv = mlg_observation_parse(o, line, strlen(line), &fault);

    IS_TRUE((rv == APR_SUCCESS) == (fault.what[0] == '\0'));
    IS_TRUE(fault.offset <= strlen(line));
    return rv;
}

CLAIM(what_was_written_is_read_back_to_the_bit)
{
    uint64_t seed = 1;

    BEGIN;
    for (int i = 0; i < 5000; i++) {
        mlg_observation_t o = random_request(&seed);
        mlg_observation_t back;
        char line[MLG_OBSERVATION_TEXT];
        size_t len = mlg_observation_render(line, &o);

        IS_INT(line[len], '\0');
        IS_INT(line[len - 1], '\n');
        IS_INT(mlg_observation_parse(&back, line, len - 1, NULL), APR_SUCCESS);
        assert_memory_equal(&back, &o, sizeof(o));
    }
}

CLAIM(the_longest_line_fits)
{
    mlg_observation_t o;
    char line[MLG_OBSERVATION_TEXT];

    BEGIN;
    memset(&o, 0xff, sizeof(o));
    o.kind = MLG_OBSERVED_REQUEST;
    o.arrival.at_us = 253402300799999999;
    o.is_arrival_held = 0;
    o.verdict = MLG_VERDICT_WOULD_REFUSE;
    IS_TRUE(mlg_observation_render(line, &o) < sizeof(line));
}

CLAIM(a_start_and_an_order_are_read_back)
{
    mlg_observation_t start = {.kind = MLG_OBSERVED_START,
                               .segment = 0x660e4649dc6ee,
                               .clients = 262144,
                               .ipv6_prefix = 64,
                               .features = mlg_features_fingerprint(),
                               .events = 77,
                               .score = NAN};
    mlg_observation_t order = {.kind = MLG_OBSERVED_ORDER,
                               .segment = 5,
                               .order = MLG_BLOCK_GRACE,
                               .until_us = T0 + SEC(600),
                               .arrived = 9,
                               .is_arrival_held = 1,
                               .score = NAN};
    mlg_observation_t back;
    char line[MLG_OBSERVATION_TEXT];
    size_t len = mlg_observation_render(line, &start);

    BEGIN;
    IS_INT(mlg_observation_parse(&back, line, len - 1, NULL), APR_SUCCESS);
    IS_INT(back.kind, MLG_OBSERVED_START);
    IS_INT(back.segment, start.segment);
    IS_INT(back.clients, 262144);
    IS_INT(back.ipv6_prefix, 64);
    IS_TRUE(back.features == start.features);
    IS_INT(back.events, 77);
    order.arrival.at_us = T0;
    order.arrival.from = unit_client("2001:db8::7");
    len = mlg_observation_render(line, &order);
    IS_INT(mlg_observation_parse(&back, line, len - 1, NULL), APR_SUCCESS);
    IS_INT(back.kind, MLG_OBSERVED_ORDER);
    IS_INT(back.order, MLG_BLOCK_GRACE);
    IS_INT(back.until_us, order.until_us);
    IS_INT(back.arrived, 9);
    IS_TRUE(back.is_arrival_held);
    IS_TRUE(back.arrival.from.hash == order.arrival.from.hash);
    assert_memory_equal(&back.arrival.from.addr, &order.arrival.from.addr, 16);
}

CLAIM(a_line_that_is_cut_anywhere_is_refused_with_a_place)
{
    uint64_t seed = 3;
    mlg_observation_t o = random_request(&seed);
    mlg_observation_t back;
    char line[MLG_OBSERVATION_TEXT];
    size_t len = mlg_observation_render(line, &o) - 1;

    BEGIN;
    while (line[len - 1] != ' ') { /* the last number is one when it is cut */
        len--;
    }
    for (; len > 0; len--) {
        line[len] = '\0';
        IS_INT(parse(&back, line), MLG_ELINE);
    }
}

CLAIM(lines_of_other_kinds_and_nonsense_are_refused)
{
    static const char *const bad[] = {
        "",
        "mlg3",
        "mlg3 1 2 3",
        "mlg3-stop 1",
        "127.0.0.1 - - [26/Jan/2024:19:00:02 +0000] \"GET / HTTP/1.1\" 200 5",
        "mlg3-start 1 2 3 4 5 6",
        "mlg3-start 1 2 129 4 5",
        "mlg3-start 1 -2 64 4 5",
        "mlg3-start 1 2  64 4 5",
        "mlg3-start g 2 64 4 5",
        "mlg3-start 1 99999999999999999999 64 4 5",
        "mlg3-order 1 2 nobody 4 3 5 0 0 6",
        "mlg3-order 1 2 10.0.0.0/8 4 3 5 0 0 6",
        "mlg3-order 1 2 10.0.0.1 4 9 5 0 0 6",
        "mlg3-order 1 2 10.0.0.1 4 3 5 0 0 +",
        "mlg3-order 1 99999999999999999999 10.0.0.1 4 3 5 0 0 6"};
    mlg_observation_t o;

    BEGIN;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        IS_INT(parse(&o, bad[i]), MLG_ELINE);
    }
}

CLAIM(a_rate_that_is_no_rate_is_refused)
{
    uint64_t seed = 5;
    mlg_observation_t o = random_request(&seed);
    mlg_observation_t back;
    char line[MLG_OBSERVATION_TEXT];
    static const float bad[] = {-1.0f, INFINITY, NAN};

    BEGIN;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        o.arrival.subnet_rate = bad[i];
        mlg_observation_render(line, &o);
        IS_INT(mlg_observation_parse(&back, line, strlen(line) - 1, NULL),
               MLG_ELINE);
    }
}

CLAIM(a_rarity_beyond_unknown_is_refused)
{
    uint64_t seed = 6;
    mlg_observation_t o = random_request(&seed);
    mlg_observation_t back;
    char line[MLG_OBSERVATION_TEXT];

    BEGIN;
    o.arrival.rarity = MLG_RARITY_UNKNOWN + 1;
    mlg_observation_render(line, &o);
    IS_INT(mlg_observation_parse(&back, line, strlen(line) - 1, NULL),
           MLG_ELINE);
}

CLAIM(a_line_of_an_earlier_format_is_known_and_refused_as_such)
{
    mlg_observation_t back;
    mlg_fault_t fault = {0, ""};
    const char *lines[] = {"mlg1 1 2 3", "mlg2-start 1 262144 64 0 0"};

    BEGIN;
    for (int i = 0; i < 2; i++) {
        size_t len = strlen(lines[i]);

        IS_TRUE(mlg_observation_is(lines[i], len));
        IS_INT(mlg_observation_parse(&back, lines[i], len, &fault), MLG_ELINE);
        IS_TRUE(strstr(fault.what, "earlier version") != NULL);
    }
    IS_FALSE(mlg_observation_is("mlg0 1", 6));
}

CLAIM(vectors_that_differ_in_one_feature_have_other_hashes)
{
    float x[MLG_NFEATURES];

    BEGIN;
    for (int i = 0; i < MLG_NFEATURES; i++) {
        x[i] = NAN;
    }
    IS_INT(mlg_vector_hash(x), 0);
    for (int i = 0; i < MLG_NFEATURES; i++) {
        uint32_t one;

        x[i] = 1.0f;
        one = mlg_vector_hash(x);
        IS_TRUE(one != 0);
        x[i] = nextafterf(1.0f, 2.0f);
        IS_TRUE(mlg_vector_hash(x) != one);
        x[i] = NAN;
    }
}

CLAIM(every_rule_has_a_part_in_the_hash_of_rules)
{
    mlg_weighted_t model = mlg_weighted_default;
    mlg_rules_t rules = {.model = &model,
                         .engine = MLG_ENGINE_ENFORCE,
                         .threshold = 0.8f,
                         .min_requests = 10,
                         .block_for_us = SEC(600),
                         .block_max_us = SEC(86400)};
    uint32_t was = mlg_rules_hash(&rules);
    mlg_rules_t other = rules;

    BEGIN;
    IS_INT(mlg_rules_hash(&rules), was);
    other.engine = MLG_ENGINE_OBSERVE;
    IS_TRUE(mlg_rules_hash(&other) != was);
    other = rules;
    other.threshold = 0.81f;
    IS_TRUE(mlg_rules_hash(&other) != was);
    other = rules;
    other.min_requests = 11;
    IS_TRUE(mlg_rules_hash(&other) != was);
    other = rules;
    other.block_for_us++;
    IS_TRUE(mlg_rules_hash(&other) != was);
    other = rules;
    other.block_max_us++;
    IS_TRUE(mlg_rules_hash(&other) != was);
    other = rules;
    other.allow = &(mlg_cidrs_t){NULL, 0, 7};
    IS_TRUE(mlg_rules_hash(&other) != was);
    model.weight[MLG_F_BURST] += 0.01f;
    IS_TRUE(mlg_rules_hash(&rules) != was);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_read_back_to_the_bit),
        TEST(the_longest_line_fits),
        TEST(a_start_and_an_order_are_read_back),
        TEST(a_line_that_is_cut_anywhere_is_refused_with_a_place),
        TEST(lines_of_other_kinds_and_nonsense_are_refused),
        TEST(a_rate_that_is_no_rate_is_refused),
        TEST(a_rarity_beyond_unknown_is_refused),
        TEST(a_line_of_an_earlier_format_is_known_and_refused_as_such),
        TEST(vectors_that_differ_in_one_feature_have_other_hashes),
        TEST(every_rule_has_a_part_in_the_hash_of_rules),
    };

    return RUN(tests);
}
