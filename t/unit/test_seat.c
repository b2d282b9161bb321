/* SPDX-License-Identifier: Apache-2.0
 *
 * With threads: test_threads.c. */
#include "unit.h"

#include "mlg_seat.h"

static const char a[] = "a", b[] = "b", c[] = "c", d[] = "d", e[] = "e";

CLAIM(an_empty_seat_gives_nothing_and_has_nothing_to_free)
{
    mlg_seat_t seat;
    unsigned slot = 99;

    BEGIN;
    memset(&seat, 0, sizeof(seat));
    assert_null(mlg_seat_take(&seat, &slot));
    mlg_seat_drop(&seat, slot);
    assert_null(mlg_seat_reap(&seat));
}

CLAIM(the_latest_is_taken_and_the_one_before_given_back_once)
{
    mlg_seat_t seat;
    unsigned slot;

    BEGIN;
    memset(&seat, 0, sizeof(seat));
    IS_INT(mlg_seat_put(&seat, a), 1);
    IS_TRUE(mlg_seat_take(&seat, &slot) == a);
    mlg_seat_drop(&seat, slot);
    assert_null(mlg_seat_reap(&seat));
    IS_INT(mlg_seat_put(&seat, b), 1);
    IS_TRUE(mlg_seat_take(&seat, &slot) == b);
    mlg_seat_drop(&seat, slot);
    IS_TRUE(mlg_seat_reap(&seat) == a);
    assert_null(mlg_seat_reap(&seat));
}

CLAIM(what_is_in_use_is_not_given_back)
{
    mlg_seat_t seat;
    unsigned first;
    unsigned second;

    BEGIN;
    memset(&seat, 0, sizeof(seat));
    mlg_seat_put(&seat, a);
    mlg_seat_take(&seat, &first);
    mlg_seat_take(&seat, &second);
    mlg_seat_put(&seat, b);
    assert_null(mlg_seat_reap(&seat));
    mlg_seat_drop(&seat, first);
    assert_null(mlg_seat_reap(&seat));
    mlg_seat_drop(&seat, second);
    IS_TRUE(mlg_seat_reap(&seat) == a);
}

CLAIM(when_all_slots_are_in_use_a_new_one_has_to_wait)
{
    static const char *const all[] = {a, b, c, d};
    unsigned slot[MLG_SEAT_SLOTS];
    mlg_seat_t seat;

    BEGIN;
    memset(&seat, 0, sizeof(seat));
    for (unsigned i = 0; i < MLG_SEAT_SLOTS; i++) {
        IS_INT(mlg_seat_put(&seat, all[i]), 1);
        IS_TRUE(mlg_seat_take(&seat, &slot[i]) == all[i]);
    }
    IS_INT(mlg_seat_put(&seat, e), 0);
    assert_null(mlg_seat_reap(&seat));
    IS_TRUE(mlg_seat_take(&seat, &slot[3]) == d);
    mlg_seat_drop(&seat, slot[3]);
    mlg_seat_drop(&seat, slot[1]);
    IS_INT(mlg_seat_put(&seat, e), 0); /* not before it is given back */
    IS_TRUE(mlg_seat_reap(&seat) == b);
    IS_INT(mlg_seat_put(&seat, e), 1);
    IS_TRUE(mlg_seat_take(&seat, &slot[1]) == e);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(an_empty_seat_gives_nothing_and_has_nothing_to_free),
        TEST(the_latest_is_taken_and_the_one_before_given_back_once),
        TEST(what_is_in_use_is_not_given_back),
        TEST(when_all_slots_are_in_use_a_new_one_has_to_wait),
    };

    return RUN(tests);
}
