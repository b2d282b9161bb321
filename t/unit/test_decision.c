/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

static mlg_ring_t ring;

static int empty(void **state)
{
    (void)state;
    memset(&ring, 0, sizeof(ring));
    return 0;
}

static void add(uint64_t id)
{
    mlg_decision_t d;

    memset(&d, 0, sizeof(d));
    d.id = id;
    d.total = (uint32_t)id;
    mlg_ring_add(&ring, &d);
}

CLAIM(a_conviction_is_found_by_its_id)
{
    mlg_decision_t d;

    BEGIN;
    IS_INT(mlg_ring_find(&ring, 7, &d), 0);
    add(7);
    add(8);
    IS_INT(mlg_ring_find(&ring, 7, &d), 1);
    IS_TRUE(d.id == 7);
    IS_INT(d.total, 7);
    IS_INT(mlg_ring_find(&ring, 9, &d), 0);
    IS_INT(mlg_ring_find(&ring, 0, &d), 0);
}

CLAIM(the_ring_keeps_the_latest_4096_and_forgets_the_oldest)
{
    mlg_decision_t d;

    BEGIN;
    for (uint64_t id = 1; id <= MLG_DECISIONS + 10; id++) {
        add(id);
    }
    IS_INT(mlg_ring_find(&ring, 10, &d), 0);
    IS_INT(mlg_ring_find(&ring, 11, &d), 1);
    IS_INT(mlg_ring_find(&ring, MLG_DECISIONS + 10, &d), 1);
}

CLAIM(the_latest_come_first_and_there_are_no_more_than_were_added)
{
    mlg_decision_t d;

    BEGIN;
    IS_INT(mlg_ring_latest(&ring, 0, &d), 0);
    for (uint64_t id = 1; id <= 3; id++) {
        add(id);
    }
    for (unsigned n = 0; n < 3; n++) {
        IS_INT(mlg_ring_latest(&ring, n, &d), 1);
        IS_TRUE(d.id == 3 - n);
    }
    IS_INT(mlg_ring_latest(&ring, 3, &d), 0);
    IS_INT(mlg_ring_latest(&ring, MLG_DECISIONS, &d), 0);
}

CLAIM(a_conviction_that_is_half_written_is_not_shown)
{
    mlg_decision_t d;

    BEGIN;
    add(7);
    ring.slot[0].seq = 3; /* its writer died */
    IS_INT(mlg_ring_find(&ring, 7, &d), 0);
    IS_INT(mlg_ring_latest(&ring, 0, &d), 0);
}

#define FRESH(name) cmocka_unit_test_setup(name, empty)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FRESH(a_conviction_is_found_by_its_id),
        FRESH(the_ring_keeps_the_latest_4096_and_forgets_the_oldest),
        FRESH(the_latest_come_first_and_there_are_no_more_than_were_added),
        FRESH(a_conviction_that_is_half_written_is_not_shown),
    };

    return RUN(tests);
}
