/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

static void is_same(const mlg_key_t *got, const mlg_key_t *want)
{
    assert_memory_equal(got->b, want->b, sizeof(got->b));
}

CLAIM(a_v4_mapped_address_is_its_ipv4_address)
{
    mlg_key_t mapped = unit_key("::ffff:192.0.2.7");
    mlg_key_t hex = unit_key("::ffff:c000:207");
    mlg_key_t plain = mlg_key_from_v4("\xc0\x00\x02\x07");

    BEGIN;
    is_same(&mapped, &plain);
    is_same(&hex, &plain);
    IS_TRUE(mlg_key_is_v4(&mapped));
}

CLAIM(an_ipv6_address_is_not_ipv4)
{
    mlg_key_t compatible = unit_key("::192.0.2.7");
    mlg_key_t loopback = unit_key("::1");

    BEGIN;
    IS_FALSE(mlg_key_is_v4(&compatible));
    IS_FALSE(mlg_key_is_v4(&loopback));
}

CLAIM(an_ipv6_client_is_its_64)
{
    mlg_client_t here = unit_client("2001:db8:1:2::7");
    mlg_client_t there = unit_client("2001:db8:1:2:ffff:ffff:ffff:ffff");
    mlg_client_t next = unit_client("2001:db8:1:3::7");
    mlg_key_t want = unit_key("2001:db8:1:2::");

    BEGIN;
    is_same(&here.key, &want);
    IS_TRUE(here.hash == there.hash);
    IS_TRUE(here.hash != next.hash);
    IS_TRUE(memcmp(here.addr.b, there.addr.b, 16) != 0);
}

CLAIM(an_ipv4_client_is_whole_whatever_the_ipv6_prefix)
{
    mlg_key_t addr = unit_key("192.0.2.7");

    BEGIN;
    for (unsigned bits = 0; bits <= 128; bits++) {
        mlg_key_t key = mlg_key_client(&addr, bits);

        is_same(&key, &addr);
    }
}

CLAIM(a_network_is_a_24_or_a_48)
{
    mlg_key_t v4 = unit_key("192.0.2.7");
    mlg_key_t v6 = unit_key("2001:db8:1:2::7");
    mlg_key_t got = mlg_key_subnet(&v4);
    mlg_key_t want = unit_key("192.0.2.0");

    BEGIN;
    is_same(&got, &want);
    got = mlg_key_subnet(&v6);
    want = unit_key("2001:db8:1::");
    is_same(&got, &want);
}

CLAIM(a_mask_keeps_the_first_bits_and_clears_the_rest)
{
    mlg_key_t ones;

    BEGIN;
    memset(ones.b, 0xff, sizeof(ones.b));
    for (unsigned bits = 0; bits <= 200; bits++) {
        mlg_key_t got = mlg_key_mask(&ones, bits);

        for (unsigned i = 0; i < 128; i++) {
            IS_INT(got.b[i / 8] >> (7 - i % 8) & 1, i < bits);
        }
    }
}

CLAIM(a_prefix_is_read_with_its_host_bits_cleared)
{
    static const struct {
        const char *text;
        const char *base;
        int bits;
    } good[] = {
        {"192.0.2.7", "192.0.2.7", 128},
        {"192.0.2.7/24", "192.0.2.0", 120},
        {"192.0.2.7/0", "0.0.0.0", 96},
        {"192.0.2.7/32", "192.0.2.7", 128},
        {"192.0.2.7/08", "192.0.0.0", 104},
        {"2001:db8::1", "2001:db8::1", 128},
        {"2001:db8:ffff::1/33", "2001:db8:8000::", 33},
        {"2001:DB8::/32", "2001:db8::", 32},
        {"::/0", "::", 0},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        mlg_prefix_t got;
        mlg_key_t want = unit_key(good[i].base);

        IS_INT(mlg_prefix_parse(&got, good[i].text), APR_SUCCESS);
        IS_INT(got.bits, good[i].bits);
        is_same(&got.base, &want);
        IS_TRUE(mlg_prefix_contains(&got, &want));
    }
}

CLAIM(every_malformed_address_is_refused_and_sets_nothing)
{
    static const char *const bad[] = {
        "",
        "/",
        "/24",
        "192.0.2",
        "192.0.2.",
        "192.0.2.256",
        "192.0.2.7.1",
        "192.0.2.7 ",
        " 192.0.2.7",
        "192.0.2.0x7",
        "01.2.3.4",
        "-1.2.3.4",
        "192.0.2.7\n",
        "1e1.2.3.4",
        "3221225991",
        "localhost",
        "*",
        "any",
        "2001:db8::1%eth0",
        "[::1]",
        "::1::",
        ":",
        ":::",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "12345::",
        "::ffff:192.0.2.256",
        "::g",
        "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555",
        "00000000000000000000000000000000000000000000000000000000000000001"};
    mlg_prefix_t before;

    BEGIN;
    memset(&before, 0x5a, sizeof(before));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        mlg_prefix_t out = before;

        IS_INT(mlg_prefix_parse(&out, bad[i]), MLG_EADDRESS);
        assert_memory_equal(&out, &before, sizeof(out));
    }
}

CLAIM(every_malformed_length_is_refused_and_sets_nothing)
{
    static const char *const bad[] = {"192.0.2.7/",
                                      "192.0.2.7/33",
                                      "192.0.2.7/-1",
                                      "192.0.2.7/+8",
                                      "192.0.2.7/8x",
                                      "192.0.2.7/ 8",
                                      "192.0.2.7/8/8",
                                      "192.0.2.7/8.0",
                                      "192.0.2.7/255.255.255.0",
                                      "192.0.2.7/99999999999999999999",
                                      "::1/129",
                                      "::1/",
                                      "::1/4294967360",
                                      "::1/x"};
    mlg_prefix_t before;

    BEGIN;
    memset(&before, 0x5a, sizeof(before));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        mlg_prefix_t out = before;

        IS_INT(mlg_prefix_parse(&out, bad[i]), MLG_EPREFIX);
        assert_memory_equal(&out, &before, sizeof(out));
    }
}

CLAIM(an_address_reads_as_it_is_written)
{
    static const struct {
        const char *addr;
        unsigned bits;
        const char *text;
    } shown[] = {
        {"192.0.2.7", 128, "192.0.2.7"},
        {"192.0.2.7", 64, "192.0.2.7"},
        {"::ffff:192.0.2.7", 64, "192.0.2.7"},
        {"2001:db8:0:0:0:0:0:1", 128, "2001:db8::1"},
        {"2001:db8:1:2::", 64, "2001:db8:1:2::/64"},
        {"2000::", 8, "2000::/8"},
        {"::", 0, "::/0"},
        {"2001:db8::", 100, "2001:db8::/100"},
        {"2001:db8::", 127, "2001:db8::/127"},
    };
    char buf[MLG_KEY_TEXT];

    BEGIN;
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        mlg_key_t key = unit_key(shown[i].addr);

        IS_TEXT(mlg_key_render(buf, &key, shown[i].bits), shown[i].text);
    }
}

CLAIM(any_address_survives_being_written_and_read)
{
    uint64_t seed = 1;

    BEGIN;
    for (int i = 0; i < 20000; i++) {
        char buf[MLG_KEY_TEXT];
        mlg_key_t key;
        mlg_key_t back;

        for (int n = 0; n < 16; n++) {
            uint64_t r = unit_random(&seed);

            key.b[n] = (r & 0x300) ? (unsigned char)r : 0;
        }
        back = unit_key(mlg_key_render(buf, &key, 128));
        is_same(&back, &key);
    }
}

CLAIM(who_votes_is_a_network_or_a_private_address)
{
    static const struct {
        const char *address;
        const char *voter;
    } rows[] = {
        {"192.0.2.7", "192.0.2.0"},
        {"2001:db8:1:2::3", "2001:db8:1::"},
        {"9.255.255.255", "9.255.255.0"},
        {"10.0.0.1", "10.0.0.1"},
        {"11.0.0.1", "11.0.0.0"},
        {"127.0.0.1", "127.0.0.1"},
        {"169.254.3.4", "169.254.3.4"},
        {"169.253.3.4", "169.253.3.0"},
        {"172.15.0.9", "172.15.0.0"},
        {"172.16.0.9", "172.16.0.9"},
        {"172.31.255.9", "172.31.255.9"},
        {"172.32.0.9", "172.32.0.0"},
        {"192.168.1.9", "192.168.1.9"},
        {"192.169.1.9", "192.169.1.0"},
        {"100.63.1.9", "100.63.1.0"},
        {"100.64.1.9", "100.64.1.9"},
        {"100.127.1.9", "100.127.1.9"},
        {"100.128.1.9", "100.128.1.0"},
        {"::ffff:10.1.2.3", "10.1.2.3"},
        {"::1", "::1"},
        {"::2", "::"},
        {"fc00::7", "fc00::7"},
        {"fdff::7", "fdff::7"},
        {"fe00::7", "fe00::"},
        {"fe80::7", "fe80::7"},
        {"febf::7", "febf::7"},
        {"fec0::7", "fec0::"},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mlg_key_t voter;
        mlg_prefix_t prefix;
        char text[MLG_KEY_TEXT];

        IS_INT(mlg_prefix_parse(&prefix, rows[i].address), APR_SUCCESS);
        voter = mlg_key_voter(&prefix.base);
        IS_TEXT(mlg_key_render(text, &voter, MLG_KEY_BITS), rows[i].voter);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_v4_mapped_address_is_its_ipv4_address),
        TEST(an_ipv6_address_is_not_ipv4),
        TEST(an_ipv6_client_is_its_64),
        TEST(an_ipv4_client_is_whole_whatever_the_ipv6_prefix),
        TEST(a_network_is_a_24_or_a_48),
        TEST(a_mask_keeps_the_first_bits_and_clears_the_rest),
        TEST(a_prefix_is_read_with_its_host_bits_cleared),
        TEST(every_malformed_address_is_refused_and_sets_nothing),
        TEST(every_malformed_length_is_refused_and_sets_nothing),
        TEST(an_address_reads_as_it_is_written),
        TEST(any_address_survives_being_written_and_read),
        TEST(who_votes_is_a_network_or_a_private_address),
    };

    return RUN(tests);
}
