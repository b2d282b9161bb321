/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

/* Clients of one line: in a table of 256 lines there is nowhere to overflow
 * to, so these tests make a larger one of their own. */
#define LINES 4096u

static mlg_blocks_t blocks;

static int open_blocks(void **state)
{
    (void)state;
    blocks.line_mask = LINES - 1;
    blocks.line =
        aligned_alloc(MLG_CACHELINE, sizeof(mlg_block_line_t) * LINES);
    blocks.info = calloc(LINES * MLG_BLOCK_SLOTS, sizeof(mlg_block_info_t));
    if (blocks.line == NULL || blocks.info == NULL) {
        return -1;
    }
    memset(blocks.line, 0, sizeof(mlg_block_line_t) * LINES);
    return 0;
}

static int close_blocks(void **state)
{
    (void)state;
    free(blocks.line);
    free(blocks.info);
    return 0;
}

static uint64_t mate(unsigned n)
{
    return (uint64_t)(n + 1) << 32 | 5;
}

static apr_status_t block(uint64_t client, apr_time_t now, apr_time_t until)
{
    return unit_put(&blocks, MLG_BLOCK_AUTO, client, now, until);
}

static mlg_block_kind find(uint64_t client, apr_time_t now)
{
    return mlg_block_find(&blocks, client, now, NULL, NULL);
}

/* @return how many ends it met, and reported */
static unsigned sweep(apr_time_t now)
{
    unsigned ended = 0;
    mlg_block_t entry;

    for (uint32_t n = mlg_block_next_ended(&blocks, 0, now);
         n < mlg_block_slots(&blocks);
         n = mlg_block_next_ended(&blocks, n + 1, now)) {
        IS_INT(mlg_block_read(&blocks, n, &entry), 1);
        IS_INT(entry.kind, MLG_BLOCK_AUTO);
        IS_TRUE(entry.until_us <= now);
        mlg_block_tell(&blocks, &entry);
        ended++;
    }
    return ended;
}

CLAIM(a_block_is_found_until_it_ends_and_not_after)
{
    apr_time_t until = 0;
    uint32_t slot = 0;

    BEGIN;
    IS_INT(find(mate(0), T0), MLG_BLOCK_NONE);
    IS_INT(block(mate(0), T0, T0 + SEC(600)), APR_SUCCESS);
    IS_INT(mlg_block_find(&blocks, mate(0), T0, &until, &slot), MLG_BLOCK_AUTO);
    IS_INT(until, T0 + SEC(600));
    IS_INT(find(mate(0), T0 + SEC(600) - 1), MLG_BLOCK_AUTO);
    IS_INT(find(mate(0), T0 + SEC(600)), MLG_BLOCK_NONE);
    IS_INT(find(mate(1), T0), MLG_BLOCK_NONE);
}

CLAIM(a_miss_leaves_the_outputs_alone)
{
    apr_time_t until = 42;
    uint32_t slot = 43;

    BEGIN;
    mlg_block_find(&blocks, mate(0), T0, &until, &slot);
    IS_INT(until, 42);
    IS_INT(slot, 43);
}

CLAIM(a_new_entry_replaces_the_clients_old_one)
{
    uint32_t count[MLG_BLOCK_GRACE + 1];

    BEGIN;
    block(mate(0), T0, T0 + SEC(600));
    unit_put(&blocks, MLG_BLOCK_GRACE, mate(0), T0, T0 + SEC(60));
    IS_INT(find(mate(0), T0), MLG_BLOCK_GRACE);
    IS_INT(find(mate(0), T0 + SEC(60)), MLG_BLOCK_NONE);
    mlg_block_census(&blocks, T0, count);
    IS_INT(count[MLG_BLOCK_AUTO], 0);
    IS_INT(count[MLG_BLOCK_GRACE], 1);
}

CLAIM(eight_lines_take_thirty_two_blocks_and_the_next_is_refused)
{
    BEGIN;
    for (unsigned n = 0; n < 32; n++) {
        IS_INT(block(mate(n), T0, T0 + SEC(600)), APR_SUCCESS);
    }
    IS_INT(block(mate(32), T0, T0 + SEC(600)), MLG_EFULL);
    for (unsigned n = 0; n < 32; n++) { /* pressure unblocks nobody */
        IS_INT(find(mate(n), T0), MLG_BLOCK_AUTO);
    }
    IS_INT(find(mate(32), T0), MLG_BLOCK_NONE);
}

CLAIM(a_full_line_still_takes_a_client_that_is_in_it)
{
    BEGIN;
    for (unsigned n = 0; n < 32; n++) {
        block(mate(n), T0, T0 + SEC(600));
    }
    IS_INT(block(mate(31), T0, T0 + SEC(900)), APR_SUCCESS);
    IS_INT(find(mate(31), T0 + SEC(700)), MLG_BLOCK_AUTO);
}

CLAIM(the_slot_of_a_block_that_is_over_is_used_again)
{
    BEGIN;
    for (unsigned n = 0; n < 32; n++) {
        block(mate(n), T0, T0 + SEC(600) + n);
    }
    IS_INT(block(mate(40), T0 + SEC(700), T0 + SEC(900)), APR_SUCCESS);
    IS_INT(find(mate(40), T0 + SEC(700)), MLG_BLOCK_AUTO);
    IS_INT(mlg_block_offences(&blocks, mate(0), MLG_BLOCK_AUTO, T0 + SEC(700)),
           0); /* oldest */
    IS_INT(mlg_block_offences(&blocks, mate(1), MLG_BLOCK_AUTO, T0 + SEC(700)),
           1);
}

CLAIM(no_end_is_lost_for_a_new_block_while_there_is_room)
{
    BEGIN;
    for (unsigned n = 0; n < 4; n++) {
        block(mate(n), T0, T0 + SEC(10) + n);
    }
    for (unsigned n = 4; n < 12; n++) { /* two lines more */
        IS_INT(block(mate(n), T0 + SEC(11), T0 + SEC(600)), APR_SUCCESS);
    }
    IS_INT(sweep(T0 + SEC(12)), 4);
    block(mate(12), T0 + SEC(13), T0 + SEC(600)); /* in the first again */
    IS_INT(mlg_block_offences(&blocks, mate(0), MLG_BLOCK_AUTO, T0 + SEC(13)),
           0);
    for (unsigned n = 4; n < 13; n++) {
        IS_INT(find(mate(n), T0 + SEC(13)), MLG_BLOCK_AUTO);
    }
}

CLAIM(an_overflowed_block_is_found_after_its_line_has_room_again)
{
    BEGIN;
    for (unsigned n = 0; n < 4; n++) {
        block(mate(n), T0, T0 + SEC(10));
    }
    block(mate(4), T0, T0 + SEC(600)); /* one line further */
    IS_INT(sweep(T0 + SEC(11)), 4);
    block(mate(5), T0 + SEC(20), T0 + SEC(600)); /* in the first again */
    IS_INT(find(mate(4), T0 + SEC(20)), MLG_BLOCK_AUTO);
    IS_INT(find(mate(5), T0 + SEC(20)), MLG_BLOCK_AUTO);
    block(mate(4), T0 + SEC(20), T0 + SEC(900)); /* renewed, not doubled */
    {
        uint32_t count[MLG_BLOCK_GRACE + 1];

        mlg_block_census(&blocks, T0 + SEC(20), count);
        IS_INT(count[MLG_BLOCK_AUTO], 2);
    }
}

CLAIM(offences_are_remembered_for_a_day_after_the_block)
{
    const apr_time_t over = T0 + SEC(600);

    BEGIN;
    IS_INT(mlg_block_offences(&blocks, mate(0), MLG_BLOCK_AUTO, T0), 0);
    block(mate(0), T0, over);
    IS_INT(mlg_block_offences(&blocks, mate(0), MLG_BLOCK_AUTO, T0), 1);
    IS_INT(
        mlg_block_offences(&blocks, mate(0), MLG_BLOCK_AUTO, over + SEC(86400)),
        1);
    IS_INT(mlg_block_offences(&blocks, mate(0), MLG_BLOCK_AUTO,
                              over + SEC(86400) + 1),
           0);
    block(mate(0), over, over + SEC(600));
    IS_INT(mlg_block_offences(&blocks, mate(0), MLG_BLOCK_AUTO, over), 2);
}

CLAIM(refusals_are_counted_against_the_entry)
{
    uint32_t slot = 0;
    mlg_block_t entry;

    BEGIN;
    block(mate(0), T0, T0 + SEC(600));
    mlg_block_find(&blocks, mate(0), T0, NULL, &slot);
    for (int i = 0; i < 5; i++) {
        mlg_block_count(&blocks, slot);
    }
    IS_INT(mlg_block_read(&blocks, slot, &entry), 1);
    IS_INT(entry.info.refused, 5);
    IS_TRUE(entry.client == mate(0));
    IS_INT(entry.until_us, T0 + SEC(600));
}

CLAIM(reading_all_slots_finds_every_entry_live_or_over_once)
{
    unsigned found = 0;
    mlg_block_t entry;

    BEGIN;
    for (unsigned n = 0; n < 500; n++) {
        block(unit_client_n(n).hash, T0, T0 + SEC(1 + n));
    }
    for (uint32_t n = 0; n < mlg_block_slots(&blocks); n++) {
        if (mlg_block_read(&blocks, n, &entry)) {
            found++;
            IS_INT(mlg_block_stripe(n), mlg_stripe_of(entry.client));
        }
    }
    IS_INT(found, 500);
}

CLAIM(the_census_counts_live_entries_by_kind)
{
    uint32_t count[MLG_BLOCK_GRACE + 1];

    BEGIN;
    for (unsigned n = 0; n < 20; n++) {
        unit_put(&blocks, (mlg_block_kind)(1 + n % 4), unit_client_n(n).hash,
                 T0, T0 + SEC((n < 8) ? 10 : 600));
    }
    mlg_block_census(&blocks, T0 + SEC(10), count);
    for (int kind = MLG_BLOCK_WOULD; kind <= MLG_BLOCK_GRACE; kind++) {
        IS_INT(count[kind], 3);
    }
}

CLAIM(a_sweep_meets_every_block_that_ended_and_was_not_told)
{
    BEGIN;
    for (unsigned n = 0; n < 300; n++) { /* one ends each second */
        unit_put(&blocks, (n % 3 == 0) ? MLG_BLOCK_GRACE : MLG_BLOCK_AUTO,
                 unit_client_n(n).hash, T0, T0 + SEC(1 + n));
    }
    IS_INT(sweep(T0 + SEC(90)), 60); /* 90 ended, a third of them grace */
    IS_INT(sweep(T0 + SEC(150)), 40);
    IS_INT(sweep(T0 + SEC(150)), 0);
}

CLAIM(a_block_that_is_entered_after_its_end_is_told_too)
{
    BEGIN;
    IS_INT(sweep(T0 + SEC(90)), 0);
    block(mate(0), T0, T0 + SEC(60)); /* ordered at T0; the stripe was busy */
    IS_INT(sweep(T0 + SEC(91)), 1);
    IS_INT(sweep(T0 + SEC(92)), 0);
}

CLAIM(a_told_end_says_nothing_of_the_block_that_follows)
{
    mlg_block_t first;

    BEGIN;
    block(mate(0), T0, T0 + SEC(10));
    IS_INT(mlg_block_read(&blocks, 5 * MLG_BLOCK_SLOTS, &first), 1);
    block(mate(0), T0 + SEC(11), T0 + SEC(20));
    mlg_block_tell(&blocks, &first); /* too late: it is another's place */
    IS_INT(find(mate(0), T0 + SEC(12)), MLG_BLOCK_AUTO);
    IS_INT(sweep(T0 + SEC(21)), 1);
    block(mate(0), T0 + SEC(30), T0 + SEC(40));
    IS_INT(sweep(T0 + SEC(41)), 1);
}

CLAIM(an_end_is_told_and_its_full_line_stays_marked)
{
    BEGIN;
    for (unsigned n = 0; n < 6; n++) { /* two of them on the next line */
        block(mate(n), T0, T0 + SEC((n == 0) ? 10 : 600));
    }
    IS_INT(sweep(T0 + SEC(11)), 1);
    IS_INT(find(mate(5), T0 + SEC(11)), MLG_BLOCK_AUTO);
    IS_INT(mlg_block_offences(&blocks, mate(0), MLG_BLOCK_AUTO, T0 + SEC(11)),
           1);
}

CLAIM(a_writer_that_died_half_way_blocks_nobody_and_loses_no_one)
{
    mlg_block_slot_t *slot = blocks.line[5].slot;

    BEGIN;
    block(mate(0), T0, T0 + SEC(600));
    block(mate(1), T0, T0 + SEC(10));
    /* died replacing mate(1) by mate(2), the word not yet set */
    slot[1].word &= 1ull << 63;
    IS_INT(find(mate(1), T0), MLG_BLOCK_NONE);
    slot[1].client = mate(2);
    IS_INT(find(mate(2), T0), MLG_BLOCK_NONE);
    IS_INT(find(mate(0), T0), MLG_BLOCK_AUTO);
    IS_INT(block(mate(2), T0, T0 + SEC(600)), APR_SUCCESS);
    IS_INT(find(mate(2), T0), MLG_BLOCK_AUTO);
}

CLAIM(the_end_of_a_block_keeps_52_bits_of_microseconds)
{
    apr_time_t until = 0;
    const apr_time_t far = (1ll << 52) - 1; /* the year 2112 */

    BEGIN;
    block(mate(0), T0, far);
    mlg_block_find(&blocks, mate(0), T0, &until, NULL);
    IS_INT(until, far);
}

CLAIM(every_kind_has_a_word)
{
    BEGIN;
    IS_TEXT(mlg_block_kind_name(MLG_BLOCK_NONE), "none");
    IS_TEXT(mlg_block_kind_name(MLG_BLOCK_WOULD), "would-block");
    IS_TEXT(mlg_block_kind_name(MLG_BLOCK_AUTO), "block");
    IS_TEXT(mlg_block_kind_name(MLG_BLOCK_OPERATOR), "operator");
    IS_TEXT(mlg_block_kind_name(MLG_BLOCK_GRACE), "grace");
    IS_TEXT(mlg_block_kind_name((mlg_block_kind)9), "none");
}

#define FRESH(name)                                                            \
    cmocka_unit_test_setup_teardown(name, open_blocks, close_blocks)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FRESH(a_block_is_found_until_it_ends_and_not_after),
        FRESH(a_miss_leaves_the_outputs_alone),
        FRESH(a_new_entry_replaces_the_clients_old_one),
        FRESH(eight_lines_take_thirty_two_blocks_and_the_next_is_refused),
        FRESH(a_full_line_still_takes_a_client_that_is_in_it),
        FRESH(the_slot_of_a_block_that_is_over_is_used_again),
        FRESH(no_end_is_lost_for_a_new_block_while_there_is_room),
        FRESH(an_overflowed_block_is_found_after_its_line_has_room_again),
        FRESH(offences_are_remembered_for_a_day_after_the_block),
        FRESH(refusals_are_counted_against_the_entry),
        FRESH(reading_all_slots_finds_every_entry_live_or_over_once),
        FRESH(the_census_counts_live_entries_by_kind),
        FRESH(a_sweep_meets_every_block_that_ended_and_was_not_told),
        FRESH(a_block_that_is_entered_after_its_end_is_told_too),
        FRESH(a_told_end_says_nothing_of_the_block_that_follows),
        FRESH(an_end_is_told_and_its_full_line_stays_marked),
        FRESH(a_writer_that_died_half_way_blocks_nobody_and_loses_no_one),
        FRESH(the_end_of_a_block_keeps_52_bits_of_microseconds),
        FRESH(every_kind_has_a_word),
    };

    return RUN(tests);
}
