/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

static mlg_prefix_t prefix(const char *text)
{
    mlg_prefix_t p = {{{0}}, 0};

    IS_INT(mlg_prefix_parse(&p, text), APR_SUCCESS);
    return p;
}

CLAIM(the_empty_set_contains_nobody)
{
    mlg_cidrs_t empty = {NULL, 0, 0};
    mlg_key_t addr = unit_key("192.0.2.7");

    BEGIN;
    mlg_cidrs_settle(&empty);
    IS_FALSE(mlg_cidrs_contain(&empty, &addr));
    IS_FALSE(mlg_cidrs_contain(NULL, &addr));
}

CLAIM(prefixes_inside_another_and_doubles_are_dropped)
{
    mlg_prefix_t list[] = {prefix("10.1.2.0/24"), prefix("10.0.0.0/8"),
                           prefix("192.0.2.7"),   prefix("192.0.2.7"),
                           prefix("10.0.0.0/9"),  prefix("10.255.0.0/16")};
    mlg_cidrs_t set = {list, 6, 0};
    mlg_key_t in = unit_key("10.200.3.4");
    mlg_key_t edge = unit_key("11.0.0.0");

    BEGIN;
    mlg_cidrs_settle(&set);
    IS_INT(set.n, 2);
    IS_TRUE(set.hash != 0);
    IS_TRUE(mlg_cidrs_contain(&set, &in));
    IS_FALSE(mlg_cidrs_contain(&set, &edge));
}

CLAIM(the_first_and_the_last_address_of_a_prefix_are_in_it)
{
    mlg_prefix_t list[] = {prefix("192.0.2.64/26"), prefix("2001:db8::/32")};
    mlg_cidrs_t set = {list, 2, 0};
    static const struct {
        const char *addr;
        int is_in;
    } rows[] = {{"192.0.2.63", 0},
                {"192.0.2.64", 1},
                {"192.0.2.127", 1},
                {"192.0.2.128", 0},
                {"2001:db7:ffff::", 0},
                {"2001:db8::", 1},
                {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 1},
                {"2001:db9::", 0},
                {"::ffff:192.0.2.100", 1}};

    BEGIN;
    mlg_cidrs_settle(&set);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mlg_key_t addr = unit_key(rows[i].addr);

        IS_INT(mlg_cidrs_contain(&set, &addr), rows[i].is_in);
    }
}

/* An address in which prefixes nest often. */
static mlg_key_t random_key(uint64_t *seed)
{
    uint64_t r = unit_random(seed);
    unsigned char v4[4] = {(unsigned char)(r & 3), (unsigned char)(r >> 8 & 7),
                           (unsigned char)(r >> 16), (unsigned char)(r >> 24)};

    return mlg_key_from_v4(v4);
}

CLAIM(a_set_agrees_with_asking_each_prefix_in_turn)
{
    uint64_t seed = 61;
    mlg_prefix_t raw[40];
    mlg_prefix_t list[40];

    BEGIN;
    for (int round = 0; round < 2000; round++) {
        size_t n = unit_random(&seed) % 40;
        mlg_cidrs_t set = {list, n, 0};

        for (size_t i = 0; i < n; i++) {
            mlg_key_t base = random_key(&seed);

            raw[i].bits = (uint8_t)(96 + unit_random(&seed) % 33);
            raw[i].base = mlg_key_mask(&base, raw[i].bits);
            list[i] = raw[i];
        }
        mlg_cidrs_settle(&set);
        for (int probe = 0; probe < 50; probe++) {
            mlg_key_t addr = random_key(&seed);
            int want = 0;

            for (size_t i = 0; i < n; i++) {
                want |= mlg_prefix_contains(&raw[i], &addr);
            }
            IS_INT(mlg_cidrs_contain(&set, &addr), want);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_empty_set_contains_nobody),
        TEST(prefixes_inside_another_and_doubles_are_dropped),
        TEST(the_first_and_the_last_address_of_a_prefix_are_in_it),
        TEST(a_set_agrees_with_asking_each_prefix_in_turn),
    };

    return RUN(tests);
}
