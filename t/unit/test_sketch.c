/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#define SLOTS 1024

static uint64_t words[SLOTS];
static const mlg_sketch_t sketch = {words, SLOTS - 1, 10};

static int empty(void **state)
{
    (void)state;
    memset(words, 0, sizeof(words));
    return 0;
}

static float add(uint64_t hash, apr_time_t at_us)
{
    return mlg_sketch_add(&sketch, hash, at_us, 1);
}

static float look(uint64_t hash, apr_time_t at_us)
{
    return mlg_sketch_add(&sketch, hash, at_us, 0);
}

CLAIM(a_sketch_counts_and_slides_like_a_window)
{
    uint64_t h = unit_hash("net");

    BEGIN;
    for (int i = 1; i <= 100; i++) {
        IS_NEAR(add(h, T0), i, 0.0);
    }
    IS_NEAR(look(h, T0 + SEC(15)), 50.0, 1e-4);
    IS_NEAR(add(h, T0 + SEC(15)), 51.0, 1e-4);
    IS_NEAR(look(h, T0 + SEC(40)), 0.0, 0.0);
}

CLAIM(looking_changes_nothing)
{
    uint64_t h = unit_hash("net");
    uint64_t before[SLOTS];

    BEGIN;
    add(h, T0);
    memcpy(before, words, sizeof(words));
    IS_NEAR(look(h, T0 + SEC(5)), 1.0, 0.0);
    IS_NEAR(look(unit_hash("other"), T0), 0.0, 0.0);
    assert_memory_equal(before, words, sizeof(words));
}

CLAIM(a_small_step_back_counts_as_now)
{
    uint64_t h = unit_hash("net");

    BEGIN;
    add(h, T0 + SEC(100));
    IS_NEAR(add(h, T0), 2.0, 0.0);
    IS_NEAR(add(h, T0 + SEC(100)), 3.0, 0.0);
}

CLAIM(a_network_that_was_silent_for_days_begins_afresh)
{
    /* panes are numbered in 16 bits: half of them is 3.8 days of 10 s */
    uint64_t h = unit_hash("net");
    static const double days[] = {1, 3.7, 3.8, 4, 5, 6, 7, 7.4};

    BEGIN;
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        apr_time_t later = T0 + SEC(days[i] * 86400);

        memset(words, 0, sizeof(words));
        for (int n = 0; n < 50; n++) {
            add(h, T0);
        }
        IS_NEAR(look(h, later), 0.0, 0.0);
        add(h, later);
        IS_NEAR(add(h, later + SEC(30)), 1.0, 0.0);
    }
}

CLAIM(a_count_saturates)
{
    uint64_t h = unit_hash("net");

    BEGIN;
    for (int i = 0; i < MLG_PANE_FULL + 10; i++) {
        add(h, T0);
    }
    IS_NEAR(look(h, T0), MLG_PANE_FULL, 0.0);
}

CLAIM(two_networks_of_one_slot_are_counted_apart)
{
    uint64_t a = 1ull << 48 | 7 << 8;
    uint64_t b = 2ull << 48 | 7 << 8;

    BEGIN;
    for (int i = 0; i < 9; i++) {
        add(a, T0);
        add(b, T0);
    }
    IS_NEAR(look(a, T0), 9.0, 0.0);
    IS_NEAR(look(b, T0), 9.0, 0.0);
}

CLAIM(a_third_network_takes_the_slot_that_was_silent_longer)
{
    uint64_t a = 1ull << 48 | 7 << 8;
    uint64_t b = 2ull << 48 | 7 << 8;
    uint64_t c = 3ull << 48 | 7 << 8;

    BEGIN;
    add(a, T0);
    add(b, T0 + SEC(60));
    add(c, T0 + SEC(60));
    IS_NEAR(look(a, T0 + SEC(60)), 0.0, 0.0);
    IS_NEAR(look(b, T0 + SEC(60)), 1.0, 0.0);
    IS_NEAR(look(c, T0 + SEC(60)), 1.0, 0.0);
}

CLAIM(a_few_networks_in_a_large_sketch_are_counted_exactly)
{
    BEGIN;
    for (int n = 0; n < 20; n++) {
        for (int i = 0; i < 10; i++) {
            char name[8];

            snprintf(name, sizeof(name), "net%d", n);
            IS_NEAR(add(unit_hash(name), T0), i + 1, 0.0);
        }
    }
}

#define FRESH(name) cmocka_unit_test_setup(name, empty)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FRESH(a_sketch_counts_and_slides_like_a_window),
        FRESH(looking_changes_nothing),
        FRESH(a_small_step_back_counts_as_now),
        FRESH(a_network_that_was_silent_for_days_begins_afresh),
        FRESH(a_count_saturates),
        FRESH(two_networks_of_one_slot_are_counted_apart),
        FRESH(a_third_network_takes_the_slot_that_was_silent_longer),
        FRESH(a_few_networks_in_a_large_sketch_are_counted_exactly),
    };

    return RUN(tests);
}
