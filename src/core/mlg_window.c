/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_window.h"

#define MAP_BITS 64
#define MAP_FULL 60 /* bits set: beyond, linear counting only guesses */

int64_t mlg_panes_between(apr_time_t from_us, apr_time_t to_us, int64_t width_s)
{
    int64_t steps = to_us / APR_USEC_PER_SEC / width_s -
                    from_us / APR_USEC_PER_SEC / width_s;

    return (steps > 0) ? steps : 0;
}

float mlg_panes_share(apr_time_t at_us, int64_t width_s)
{
    int64_t width_us = width_s * APR_USEC_PER_SEC;

    return (float)(width_us - at_us % width_us) / (float)width_us;
}

/* log2(1 + i/64) in 1/65536, rounded; the line between two entries is off by
 * less than 0.00005. */
static const uint32_t log2_table[65] = {
    0,     1466,  2909,  4331,  5732,  7112,  8473,  9814,  11136, 12440, 13727,
    14996, 16248, 17484, 18704, 19909, 21098, 22272, 23433, 24579, 25711, 26830,
    27936, 29029, 30109, 31178, 32234, 33279, 34312, 35334, 36346, 37346, 38336,
    39316, 40286, 41246, 42196, 43137, 44068, 44990, 45904, 46809, 47705, 48593,
    49472, 50344, 51207, 52063, 52911, 53751, 54584, 55410, 56229, 57040, 57845,
    58643, 59434, 60219, 60997, 61769, 62534, 63294, 64047, 64794, 65536};

uint32_t mlg_log2_q16(uint64_t x)
{
    unsigned whole;
    uint64_t fraction; /* the bits below the leading one, as 0.32 */
    uint64_t i;
    uint64_t rest;

    if (x < 2) {
        return 0;
    }
    whole = 63u - (unsigned)__builtin_clzll(x);
    fraction = (x << (63 - whole) << 1) >> 32;
    i = fraction >> 26;
    rest = fraction & ((1u << 26) - 1);
    return (uint32_t)((uint64_t)whole * 65536 + log2_table[i] +
                      (((uint64_t)(log2_table[i + 1] - log2_table[i]) * rest) >>
                       26));
}

/* Bits set, without a call: a portable build has no instruction for it. */
static unsigned count_bits(uint64_t x)
{
    x -= x >> 1 & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (unsigned)(x * 0x0101010101010101u >> 56);
}

/* At most 64 - MAP_FULL bits left: dropping as many leaves none. */
static int is_full(uint64_t map)
{
    uint64_t left = ~map;

    for (int i = 0; i < MAP_BITS - MAP_FULL; i++) {
        left &= left - 1;
    }
    return left == 0;
}

int mlg_map_add(mlg_map_t *m, uint64_t hash)
{
    if (is_full(m->now | m->before)) {
        return 0;
    }
    m->now |= 1ull << (hash % MAP_BITS);
    return 1;
}

/* -64 ln(empty / 64) for empty = 0..64; a full map, which adding never makes,
 * reads as if half a bit were still empty. */
static const float distinct_of_empty[MAP_BITS + 1] = {
    310.530f, 266.169f, 221.807f, 195.857f, 177.446f, 163.164f, 151.496f,
    141.630f, 133.084f, 125.546f, 118.803f, 112.703f, 107.134f, 102.012f,
    97.269f,  92.853f,  88.723f,  84.843f,  81.185f,  77.724f,  74.442f,
    71.319f,  68.342f,  65.497f,  62.773f,  60.160f,  57.650f,  55.235f,
    52.907f,  50.662f,  48.492f,  46.393f,  44.361f,  42.392f,  40.481f,
    38.626f,  36.823f,  35.070f,  33.363f,  31.701f,  30.080f,  28.500f,
    26.958f,  25.452f,  23.980f,  22.542f,  21.135f,  19.759f,  18.412f,
    17.092f,  15.799f,  14.532f,  13.289f,  12.070f,  10.874f,  9.699f,
    8.546f,   7.413f,   6.300f,   5.206f,   4.130f,   3.073f,   2.032f,
    1.008f,   0.000f};

float mlg_map_read(const mlg_map_t *m)
{
    return distinct_of_empty[MAP_BITS - count_bits(m->now | m->before)];
}
