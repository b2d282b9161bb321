/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

CLAIM(a_clients_hash_is_siphash_2_4)
{
    /* The vector of the SipHash paper, appendix A. */
    mlg_secret_t secret;
    char text[15];

    BEGIN;
    for (int i = 0; i < 16; i++) {
        secret.b[i] = (unsigned char)i;
    }
    for (int i = 0; i < 15; i++) {
        text[i] = (char)i;
    }
    IS_TRUE(mlg_hash_bytes(&secret, text, 15) == 0xa129ca6149be45e5ull);
}

CLAIM(a_hash_is_never_zero_so_that_zero_means_none)
{
    uint64_t seed = 7;

    BEGIN;
    IS_TRUE(mlg_hash_text(&unit_secret, NULL, 0) != 0);
    for (int i = 0; i < 100000; i++) {
        uint64_t text = unit_random(&seed);

        IS_TRUE(mlg_hash_text(&unit_secret, (const char *)&text, 8) != 0);
    }
}

CLAIM(without_the_secret_the_hash_cannot_be_told)
{
    mlg_secret_t other = unit_secret;
    mlg_key_t key = unit_key("192.0.2.7");

    BEGIN;
    other.b[15] ^= 1;
    IS_TRUE(mlg_hash_key(&unit_secret, &key) != mlg_hash_key(&other, &key));
    IS_TRUE(mlg_hash_text(&unit_secret, "a", 1) !=
            mlg_hash_text(&other, "a", 1));
}

CLAIM(bytes_after_a_nul_count)
{
    BEGIN;
    IS_TRUE(mlg_hash_text(&unit_secret, "a\0b", 3) !=
            mlg_hash_text(&unit_secret, "a\0c", 3));
    IS_TRUE(mlg_hash_text(&unit_secret, "a\0", 2) !=
            mlg_hash_text(&unit_secret, "a", 1));
}

CLAIM(neighbouring_addresses_spread_over_every_stripe)
{
    unsigned seen[MLG_STRIPES] = {0};

    BEGIN;
    for (uint32_t n = 0; n < 100 * MLG_STRIPES; n++) {
        seen[mlg_stripe_of(unit_client_n(n).hash)]++;
    }
    for (unsigned i = 0; i < MLG_STRIPES; i++) {
        assert_in_range(seen[i], 50, 160); /* 100 +- 6 sigma */
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_clients_hash_is_siphash_2_4),
        TEST(a_hash_is_never_zero_so_that_zero_means_none),
        TEST(without_the_secret_the_hash_cannot_be_told),
        TEST(bytes_after_a_nul_count),
        TEST(neighbouring_addresses_spread_over_every_stripe),
    };

    return RUN(tests);
}
