/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_state.h"

#define ADDR "192.0.2.7"

/* A state in memory. */
typedef struct state_t {
    unsigned char *bytes;
    size_t len;
} state_t;

static mlg_state_writer_t writer_of(const rig_t *rig, apr_time_t now_us)
{
    return (mlg_state_writer_t){.gate = &rig->gate,
                                .part = MLG_STATE_ALL,
                                .now_us = now_us,
                                .wall_us = now_us,
                                .is_final = 1};
}

static state_t write_state(mlg_state_writer_t w)
{
    _Alignas(8) static unsigned char room[MLG_STATE_PIECE];
    state_t s = {malloc(16u << 20), 0};
    size_t len;

    assert_non_null(s.bytes);
    while ((len = mlg_state_write(&w, room)) > 0) {
        IS_INT(mlg_state_piece_bytes(room), len);
        memcpy(s.bytes + s.len, room, len);
        s.len += len;
    }
    return s;
}

static state_t state_of(const rig_t *rig, apr_time_t now_us)
{
    return write_state(writer_of(rig, now_us));
}

static apr_status_t check(const void *bytes, size_t len, mlg_fault_t *fault)
{
    mlg_state_reader_t r;

    mlg_state_read_begin(&r, NULL, T0, 0);
    return mlg_state_read_all(&r, bytes, len, fault);
}

static mlg_state_reader_t restore(const rig_t *rig, const state_t *s,
                                  apr_time_t wall_us)
{
    mlg_state_reader_t r;

    mlg_state_read_begin(&r, &rig->gate, wall_us, MLG_STATE_KEEP_US);
    IS_INT(mlg_state_read_all(&r, s->bytes, s->len, NULL), APR_SUCCESS);
    IS_INT(mlg_table_check(&rig->gate.table, NULL), APR_SUCCESS);
    return r;
}

/* A rig of any size whose secret is another until it is told. */
static void open_other(rig_t *rig, uint32_t clients)
{
    size_t bytes = mlg_segment_bytes(clients);

    rig_open(rig);
    free(rig->base);
    rig->base = aligned_alloc(MLG_CACHELINE, bytes);
    assert_non_null(rig->base);
    memset(rig->base, 0, bytes);
    mlg_segment_format(rig->base, clients, &(mlg_secret_t){{1}}, T0);
    IS_INT(mlg_segment_view(&rig->gate, rig->base, bytes, NULL), APR_SUCCESS);
}

static void visit(const rig_t *rig, unsigned n, unsigned times,
                  apr_time_t at_us)
{
    for (unsigned i = 0; i < times; i++) {
        mlg_arrival_t a = unit_page_n(n, at_us + SEC(i));

        rig_judge(rig, &a);
        rig_settle(rig, &a, 200);
    }
}

static const mlg_record_t *record_of(const rig_t *rig, unsigned n)
{
    return mlg_table_find(&rig->gate.table, unit_page_n(n, T0).from.hash);
}

static mlg_block_kind kind_of(const rig_t *rig, const char *addr,
                              apr_time_t now_us, apr_time_t *until_us)
{
    return mlg_block_find(&rig->gate.blocks, unit_client(addr).hash, now_us,
                          until_us, NULL);
}

static mlg_block_t block_of(const rig_t *rig, const char *addr)
{
    uint64_t client = unit_client(addr).hash;
    mlg_stripe_t *stripe = &rig->gate.table.stripe[mlg_stripe_of(client)];
    mlg_block_t block;

    mlg_stripe_assume(stripe);
    IS_TRUE(mlg_block_latest(&rig->gate.blocks, client, &block, stripe));
    return block;
}

/* Something of everything. */
static void fill(const rig_t *rig)
{
    for (unsigned n = 0; n < 300; n++) {
        visit(rig, n, 1 + n % 3, T0 + SEC(n));
    }
    rig_order(rig, MLG_BLOCK_OPERATOR, ADDR, T0 + SEC(300), T0 + SEC(900),
              "scraper", NULL);
    rig_order(rig, MLG_BLOCK_GRACE, "192.0.2.8", T0 + SEC(300), T0 + SEC(900),
              NULL, NULL);
    rig->gate.site->anchored = MLG_ANCHORED_LIVE;
    rig->gate.site->threshold = rig->gate.site->anchor = 0.625f;
    rig->gate.site->scorer = 77;
    mlg_calibration_age(rig->gate.calibration, T0);
    for (int i = 0; i < 40; i++) {
        mlg_calibration_note(rig->gate.calibration, MLG_CALIBRATION_NONE,
                             20 * i);
    }
    mlg_ring_add(rig->gate.ring, &(mlg_decision_t){.id = 5, .at_us = T0});
    rig->gate.segment->ipv6_prefix = 48;
    rig->gate.segment->model = (mlg_reign_t){99, T0};
}

CLAIM(what_a_gate_knows_is_the_same_after_writing_and_reading)
{
    rig_t from;
    rig_t to;
    mlg_state_reader_t r;
    mlg_decision_t d;
    mlg_block_t block;
    apr_time_t until_us;
    state_t s;

    BEGIN;
    rig_open(&from);
    fill(&from);
    s = state_of(&from, T0 + SEC(400));
    open_other(&to, MLG_CLIENTS_MIN);
    r = restore(&to, &s, T0 + SEC(400));
    IS_INT(r.read.records, 300);
    IS_INT(r.read.blocks, 2);
    IS_INT(r.dropped + r.full + r.left, 0);
    IS_INT(r.now_us, T0 + SEC(400));
    for (unsigned n = 0; n < 300; n++) {
        mlg_record_t was = *record_of(&from, n);
        const mlg_record_t *is = record_of(&to, n);

        assert_non_null(is);
        was.seq = is->seq; /* a record in memory counts its writers */
        assert_memory_equal(&was, is, sizeof(was));
    }
    IS_INT(kind_of(&to, ADDR, T0 + SEC(400), &until_us), MLG_BLOCK_OPERATOR);
    IS_INT(until_us, T0 + SEC(900));
    IS_INT(kind_of(&to, ADDR, T0 + SEC(900), NULL), MLG_BLOCK_NONE);
    IS_INT(kind_of(&to, "192.0.2.8", T0 + SEC(400), NULL), MLG_BLOCK_GRACE);
    block = block_of(&to, ADDR);
    IS_TEXT(block.info.note, "scraper");
    assert_memory_equal(from.gate.site, to.gate.site, sizeof(mlg_site_t));
    assert_memory_equal(from.gate.calibration, to.gate.calibration,
                        sizeof(mlg_calibration_t));
    assert_memory_equal(from.gate.places.words, to.gate.places.words,
                        8 * (from.gate.places.mask + 1));
    IS_INT(mlg_popularity_clients(&to.gate.places, T0), 300);
    assert_memory_equal(from.gate.networks.words, to.gate.networks.words,
                        8 * (from.gate.networks.mask + 1));
    IS_INT(rig_count(&to, MLG_C_REQUESTS), rig_count(&from, MLG_C_REQUESTS));
    IS_INT(rig_count(&to, MLG_C_NEWCOMERS), 300);
    IS_TRUE(mlg_ring_find(to.gate.ring, 5, &d));
    assert_memory_equal(&to.gate.segment->secret, &unit_secret,
                        sizeof(unit_secret));
    IS_INT(to.gate.segment->ipv6_prefix, 48);
    IS_INT(to.gate.segment->model.id, 99);
    IS_INT(to.gate.segment->formatted_us, T0);
    IS_INT(to.gate.segment->took_over, MLG_TOOK_FINAL);
    IS_INT(to.gate.segment->from_us, T0);
    free(s.bytes);
    rig_close(&from);
    rig_close(&to);
}

CLAIM(blocks_alone_are_a_state_too_and_a_short_one)
{
    rig_t from;
    rig_t to;
    mlg_state_reader_t r;
    mlg_state_writer_t w;
    state_t s;

    BEGIN;
    rig_open(&from);
    fill(&from);
    w = writer_of(&from, T0 + SEC(400));
    w.part = MLG_STATE_BLOCKS;
    w.is_final = 0;
    s = write_state(w);
    IS_INT(s.len, 3 * 32 + sizeof(mlg_state_head_t) +
                      2 * sizeof(mlg_state_block_t) + sizeof(mlg_state_end_t));
    open_other(&to, MLG_CLIENTS_MIN);
    r = restore(&to, &s, T0 + SEC(400));
    IS_INT(r.read.blocks, 2);
    IS_INT(kind_of(&to, ADDR, T0 + SEC(400), NULL), MLG_BLOCK_OPERATOR);
    IS_INT(to.gate.segment->took_over, MLG_TOOK_SOME);
    free(s.bytes);
    rig_close(&from);
    rig_close(&to);
}

CLAIM(a_block_never_lasts_longer_than_was_left_of_it)
{
    /* by the wall clock: as read, how much of 600 s has passed */
    static const struct {
        apr_time_t later_us;
        apr_time_t left_us;
    } cases[] = {
        {0, SEC(600)},      {SEC(100), SEC(500)}, {SEC(-3600), SEC(600)},
        {SEC(599), SEC(1)}, {SEC(601), 0},        {SEC(86400), 0},
        {-T0, SEC(600)},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rig_t from;
        rig_t to;
        mlg_state_reader_t r;
        mlg_state_writer_t w;
        apr_time_t until_us = 0;
        state_t s;

        rig_open(&from);
        rig_order(&from, MLG_BLOCK_OPERATOR, ADDR, T0, T0 + SEC(600), NULL,
                  NULL);
        w = writer_of(&from, T0);
        w.wall_us = T0 + SEC(7200); /* the two clocks differ */
        s = write_state(w);
        open_other(&to, MLG_CLIENTS_MIN);
        r = restore(&to, &s, w.wall_us + cases[i].later_us);
        if (kind_of(&to, ADDR, r.now_us, &until_us) == MLG_BLOCK_NONE) {
            until_us = r.now_us;
        }
        IS_INT(until_us - r.now_us, cases[i].left_us);
        free(s.bytes);
        rig_close(&from);
        rig_close(&to);
    }
}

CLAIM(an_end_is_told_once_whatever_lies_between)
{
    const apr_time_t end_us = T0 + SEC(600);

    BEGIN;
    for (int is_told = 0; is_told < 2; is_told++) {
        rig_t from;
        rig_t to;
        state_t s;

        rig_open(&from);
        rig_order(&from, MLG_BLOCK_OPERATOR, ADDR, T0, end_us, NULL, NULL);
        if (is_told) {
            mlg_block_t block = block_of(&from, ADDR);

            mlg_block_tell(&from.gate.blocks, &block);
        }
        s = state_of(&from, end_us + SEC(1));
        open_other(&to, MLG_CLIENTS_MIN);
        restore(&to, &s, end_us + SEC(60));
        IS_INT(block_of(&to, ADDR).is_told, is_told);
        IS_INT(mlg_block_next_ended(&to.gate.blocks, 0, end_us + SEC(60)) ==
                   mlg_block_slots(&to.gate.blocks),
               is_told);
        free(s.bytes);
        rig_close(&from);
        rig_close(&to);
    }
}

/* A site that was watched for an hour, and then stopped for a week. */
CLAIM(a_stop_is_no_time_in_which_a_site_was_watched)
{
    const apr_time_t week_us = SEC(7 * 86400);
    const apr_time_t at_us = T0 + SEC(3600);
    rig_t from;
    rig_t to;
    mlg_state_reader_t r;
    state_t s;

    BEGIN;
    rig_open(&from);
    from.gate.swarms->whole[0].first_s = (uint32_t)(T0 / APR_USEC_PER_SEC);
    s = state_of(&from, at_us);
    open_other(&to, MLG_CLIENTS_MIN);
    r = restore(&to, &s, at_us + week_us);
    IS_INT(r.now_us - to.gate.site->since_us, SEC(3600));
    IS_INT((r.now_us / APR_USEC_PER_SEC) - to.gate.swarms->whole[0].first_s,
           3600);
    IS_INT(to.gate.swarms->whole[1].first_s, 0);
    rig_close(&to);
    open_other(&to, MLG_CLIENTS_MIN);
    from.gate.site->anchored = MLG_ANCHORED_LIVE; /* watched enough */
    from.gate.site->since_us = T0;
    free(s.bytes);
    s = state_of(&from, at_us);
    restore(&to, &s, at_us + week_us);
    IS_INT(to.gate.site->since_us, T0);
    free(s.bytes);
    rig_close(&from);
    rig_close(&to);
}

CLAIM(who_was_not_seen_for_a_day_is_dropped_and_so_is_a_block_long_over)
{
    rig_t from;
    rig_t to;
    mlg_state_reader_t r;
    mlg_state_writer_t w;
    state_t s;

    BEGIN;
    rig_open(&from);
    visit(&from, 1, 1, T0);
    visit(&from, 2, 1, T0 + SEC(3600));
    rig_order(&from, MLG_BLOCK_OPERATOR, ADDR, T0, T0 + SEC(60), NULL, NULL);
    w = writer_of(&from, T0 + SEC(86000));
    s = write_state(w);
    open_other(&to, MLG_CLIENTS_MIN);
    r = restore(&to, &s, T0 + SEC(86450));
    IS_INT(r.read.records, 2);
    IS_INT(r.dropped, 1); /* the block is over, and remembered for a day */
    assert_null(record_of(&to, 1));
    assert_non_null(record_of(&to, 2));
    IS_INT(mlg_block_offences(&to.gate.blocks, unit_client(ADDR).hash,
                              MLG_BLOCK_AUTO, T0 + SEC(86400)),
           mlg_block_offences(&from.gate.blocks, unit_client(ADDR).hash,
                              MLG_BLOCK_AUTO, T0 + SEC(86400)));
    free(s.bytes);
    w.oldest_us = T0 + SEC(1); /* the writer leaves them out as well */
    s = write_state(w);
    r = restore(&to, &s, T0 + SEC(2 * 86400));
    IS_INT(r.read.records, 1);
    IS_INT(r.dropped, 2);
    free(s.bytes);
    rig_close(&from);
    rig_close(&to);
}

CLAIM(a_state_fits_tables_of_other_sizes)
{
    rig_t from;
    rig_t large;
    rig_t small;
    mlg_state_reader_t r;
    mlg_state_writer_t w;
    _Alignas(8) static unsigned char room[MLG_STATE_PIECE];
    unsigned came_back = 0;
    unsigned kept = 0;

    BEGIN;
    open_other(&from, 4 * MLG_CLIENTS_MIN);
    for (unsigned n = 0; n < 3 * MLG_CLIENTS_MIN; n++) {
        mlg_arrival_t a = unit_page_n(n, T0 + SEC(n));

        a.from = mlg_client_from(&a.from.addr, &from.gate.segment->secret, 64);
        rig_judge(&from, &a);
        if (n % 8 == 0) { /* the older half of whom comes back */
            rig_judge(&from, &a);
        }
    }
    w = writer_of(&from, T0 + SEC(20000));
    open_other(&large, 16 * MLG_CLIENTS_MIN);
    mlg_state_copy(&large.gate, &w, room, &r);
    IS_INT(mlg_table_check(&large.gate.table, NULL), APR_SUCCESS);
    IS_INT(r.full, 0);
    IS_INT(large.gate.segment->took_over, MLG_TOOK_ALL);
    w = writer_of(&from, T0 + SEC(20000));
    open_other(&small, MLG_CLIENTS_MIN);
    mlg_state_copy(&small.gate, &w, room, &r);
    IS_INT(mlg_table_check(&small.gate.table, NULL), APR_SUCCESS);
    IS_TRUE(r.full > 0);
    for (unsigned n = 0; n < 3 * MLG_CLIENTS_MIN; n++) {
        mlg_arrival_t a = unit_page_n(n, T0);
        uint64_t client =
            mlg_client_from(&a.from.addr, &from.gate.segment->secret, 64).hash;
        int is_there = mlg_table_find(&small.gate.table, client) != NULL;

        IS_INT(mlg_table_find(&large.gate.table, client) != NULL,
               mlg_table_find(&from.gate.table, client) != NULL);
        kept += (unsigned)is_there;
        came_back += (unsigned)(is_there && n % 8 == 0);
    }
    /* an eighth of 12,288 came back, and few buckets have 16 of those */
    IS_TRUE(came_back > 3 * MLG_CLIENTS_MIN / 8 * 98 / 100);
    IS_TRUE(kept > MLG_CLIENTS_MIN * 95 / 100 && kept <= MLG_CLIENTS_MIN);
    rig_close(&from);
    rig_close(&large);
    rig_close(&small);
}

CLAIM(a_state_that_is_cut_short_anywhere_is_refused)
{
    rig_t from;
    state_t s;
    mlg_fault_t fault;

    BEGIN;
    rig_open(&from);
    fill(&from);
    s = state_of(&from, T0 + SEC(400));
    IS_INT(check(s.bytes, s.len, NULL), APR_SUCCESS);
    for (size_t len = 0; len < s.len; len += (len < 70000) ? 1 : 509) {
        apr_status_t rv = check(s.bytes, len, &fault);

        IS_TRUE(rv == MLG_ESTATE || rv == MLG_ENOTSTATE);
        IS_TRUE(fault.what[0] != '\0');
    }
    IS_INT(check(s.bytes, 0, NULL), MLG_ENOTSTATE);
    memset(s.bytes + s.len, 0, 8);
    IS_INT(check(s.bytes, s.len + 8, NULL), MLG_ESTATE);
    free(s.bytes);
    rig_close(&from);
}

CLAIM(every_flipped_bit_is_seen)
{
    rig_t from;
    state_t s;
    mlg_state_writer_t w;

    BEGIN;
    rig_open(&from);
    fill(&from);
    w = writer_of(&from, T0 + SEC(400));
    w.part = MLG_STATE_BLOCKS; /* heads of pieces, the head, blocks, the end */
    s = write_state(w);
    for (size_t bit = 0; bit < 8 * s.len; bit++) {
        s.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        IS_TRUE(check(s.bytes, s.len, NULL) != APR_SUCCESS);
        s.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    IS_INT(check(s.bytes, s.len, NULL), APR_SUCCESS);
    free(s.bytes);
    s = state_of(&from, T0 + SEC(400)); /* and one in some bytes of the rest */
    for (size_t at = 0; at < s.len; at += 40009) {
        s.bytes[at] ^= 4;
        IS_TRUE(check(s.bytes, s.len, NULL) != APR_SUCCESS);
        s.bytes[at] ^= 4;
    }
    free(s.bytes);
    rig_close(&from);
}

/* Make the checks right again, as whoever means harm would. */
static void seal(const state_t *s)
{
    uint64_t chain = 0;

    for (size_t at = 0; at < s->len;) {
        size_t len = mlg_state_piece_bytes(s->bytes + at);
        mlg_state_piece_t piece;

        if (len == 0 || len > s->len - at) {
            return;
        }
        memcpy(&piece, s->bytes + at, sizeof(piece));
        chain =
            mlg_hash_check(chain, &piece, offsetof(mlg_state_piece_t, check));
        chain = mlg_hash_check(chain, s->bytes + at + sizeof(piece),
                               len - sizeof(piece));
        piece.check = chain;
        memcpy(s->bytes + at, &piece, sizeof(piece));
        at += len;
    }
}

/* Where the nth piece with this tag begins. */
static size_t find_piece(const state_t *s, const char tag[4])
{
    for (size_t at = 0; at < s->len;
         at += mlg_state_piece_bytes(s->bytes + at)) {
        if (memcmp(s->bytes + at, tag, 4) == 0) {
            return at;
        }
    }
    fail_msg("no piece %.4s", tag);
    return 0;
}

static void put(const state_t *s, size_t at, const void *value, size_t len)
{
    memcpy(s->bytes + at, value, len);
    seal(s);
}

CLAIM(other_formats_and_no_states_are_told_apart)
{
    rig_t from;
    state_t s;
    mlg_fault_t fault;
    char text[4096];

    BEGIN;
    rig_open(&from);
    s = state_of(&from, T0);
    put(&s, 32 + offsetof(mlg_state_head_t, format), &(uint32_t){2}, 4);
    IS_INT(check(s.bytes, s.len, &fault), MLG_ESTATEFORMAT);
    put(&s, 32 + offsetof(mlg_state_head_t, format), &(uint32_t){1}, 4);
    IS_INT(check(s.bytes, s.len, &fault), APR_SUCCESS);
    put(&s, 32 + offsetof(mlg_state_head_t, part), &(uint32_t){3}, 4);
    IS_INT(check(s.bytes, s.len, &fault), MLG_ESTATE);
    put(&s, 32 + offsetof(mlg_state_head_t, part), &(uint32_t){1}, 4);
    put(&s, 32 + offsetof(mlg_state_head_t, written_us), &(int64_t){INT64_MAX},
        8);
    IS_INT(check(s.bytes, s.len, &fault), MLG_ESTATE);
    free(s.bytes);
    rig_close(&from);
    memset(text, 'a', sizeof(text));
    IS_INT(check(text, sizeof(text), &fault), MLG_ENOTSTATE);
    memset(text, 0, sizeof(text));
    IS_INT(check(text, sizeof(text), &fault), MLG_ENOTSTATE);
}

CLAIM(items_of_another_version_are_left_out_and_the_others_taken)
{
    static const char *const tags[] = {"SITE", "RECO", "COUN", "NETS"};

    BEGIN;
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        rig_t from;
        rig_t to;
        mlg_state_reader_t r;
        state_t s;

        rig_open(&from);
        fill(&from);
        s = state_of(&from, T0 + SEC(400));
        put(&s, find_piece(&s, tags[i]) + offsetof(mlg_state_piece_t, version),
            &(uint32_t){12345}, 4);
        open_other(&to, MLG_CLIENTS_MIN);
        r = restore(&to, &s, T0 + SEC(400));
        IS_TRUE(r.left > 0);
        IS_INT(kind_of(&to, ADDR, T0 + SEC(400), NULL), MLG_BLOCK_OPERATOR);
        IS_INT(to.gate.site->scorer, (i == 0) ? 0 : 77);
        IS_INT(rig_count(&to, MLG_C_REQUESTS), (i == 2) ? 0 : 600);
        IS_INT(rig_count(&to, MLG_C_NEWCOMERS) -
                   rig_count(&to, MLG_C_EVICTIONS),
               (i == 1) ? 300 - 255 : 300); /* in use, the first piece left */
        IS_INT(to.gate.segment->formatted_us,
               (i == 2) ? T0 + SEC(400) : from.gate.segment->formatted_us);
        free(s.bytes);
        rig_close(&from);
        rig_close(&to);
    }
}

CLAIM(a_site_of_numbers_that_cannot_be_is_forgotten)
{
    static const size_t shares[] = {
        offsetof(mlg_site_t, threshold), offsetof(mlg_site_t, low),
        offsetof(mlg_site_t, last), offsetof(mlg_site_t, shadow_threshold),
        offsetof(mlg_site_t, pressed)};
    uint32_t nan = 0x7fc00000;

    BEGIN;
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        rig_t from;
        rig_t to;
        state_t s;

        rig_open(&from);
        fill(&from);
        s = state_of(&from, T0 + SEC(400));
        put(&s, find_piece(&s, "SITE") + 32 + shares[i], &nan, 4);
        open_other(&to, MLG_CLIENTS_MIN);
        restore(&to, &s, T0 + SEC(400));
        IS_INT(to.gate.site->anchored, MLG_ANCHORED_NOT);
        free(s.bytes);
        rig_close(&from);
        rig_close(&to);
    }
}

CLAIM(numbers_that_mean_harm_are_bounded)
{
    rig_t from;
    rig_t to;
    state_t s;
    size_t at;
    apr_time_t until_us = 0;
    mlg_block_t block;
    uint32_t nan = 0x7fc00000;

    BEGIN;
    rig_open(&from);
    fill(&from);
    s = state_of(&from, T0 + SEC(400));
    at = find_piece(&s, "BLOK") + 32;
    for (int i = 0; i < 2; i++, at += sizeof(mlg_state_block_t)) {
        put(&s, at + offsetof(mlg_state_block_t, until_us),
            &(int64_t){INT64_MAX}, 8);
        put(&s, at + offsetof(mlg_state_block_t, info.nreasons),
            &(uint32_t){UINT32_MAX}, 4);
    }
    at = find_piece(&s, "SITE") + 32;
    put(&s, at + offsetof(mlg_site_t, threshold), &nan, 4);
    put(&s, at + offsetof(mlg_site_t, since_us), &(int64_t){INT64_MIN}, 8);
    put(&s, find_piece(&s, "NETS") + offsetof(mlg_state_piece_t, first),
        &(uint64_t){UINT64_MAX - 3}, 8);
    at = find_piece(&s, "RECO") + 32;
    put(&s, at + offsetof(mlg_record_t, last_us), &(int64_t){INT64_MAX}, 8);
    put(&s, at + 256 + offsetof(mlg_record_t, last_us), &(int64_t){-1}, 8);
    put(&s, at + 512 + offsetof(mlg_record_t, client), &(uint64_t){0}, 8);
    open_other(&to, MLG_CLIENTS_MIN);
    {
        mlg_state_reader_t r = restore(&to, &s, T0 + SEC(400));

        IS_INT(r.dropped, 3);
        IS_TRUE(r.left > 0);
    }
    kind_of(&to, ADDR, T0 + SEC(400), &until_us);
    IS_INT(until_us, T0 + SEC(400) + SEC(30 * 86400));
    block = block_of(&to, ADDR);
    IS_INT(block.info.nreasons, 0);
    IS_INT(to.gate.site->anchored, MLG_ANCHORED_NOT);
    IS_INT(to.gate.site->since_us, T0 + SEC(400)); /* some is left out */
    free(s.bytes);
    rig_close(&from);
    rig_close(&to);
}

CLAIM(an_end_that_tells_of_other_pieces_is_refused)
{
    rig_t from;
    state_t s;
    size_t at;

    BEGIN;
    rig_open(&from);
    fill(&from);
    s = state_of(&from, T0 + SEC(400));
    at = find_piece(&s, "END ") + 32;
    put(&s, at + offsetof(mlg_state_end_t, records), &(uint64_t){299}, 8);
    IS_INT(check(s.bytes, s.len, NULL), MLG_ESTATE);
    put(&s, at + offsetof(mlg_state_end_t, records), &(uint64_t){300}, 8);
    IS_INT(check(s.bytes, s.len, NULL), APR_SUCCESS);
    free(s.bytes);
    rig_close(&from);
}

/* While others write: what they hold is left alone or copied whole. */
CLAIM(a_slot_that_is_being_written_is_copied_as_if_it_had_never_been)
{
    rig_t from;
    rig_t to;
    state_t s;
    mlg_decision_t d;

    BEGIN;
    rig_open(&from);
    fill(&from);
    from.gate.ring->slot[0].seq |= 1;
    s = state_of(&from, T0 + SEC(400));
    open_other(&to, MLG_CLIENTS_MIN);
    restore(&to, &s, T0 + SEC(400));
    IS_FALSE(mlg_ring_find(to.gate.ring, 5, &d));
    IS_INT(to.gate.ring->slot[0].seq, 0);
    free(s.bytes);
    rig_close(&from);
    rig_close(&to);
}

CLAIM(who_asks_while_the_state_is_written_is_not_forgotten)
{
    _Alignas(8) static unsigned char piece[MLG_STATE_PIECE];
    state_t s = {malloc(16u << 20), 0};
    mlg_state_reader_t r;
    mlg_state_writer_t w;
    rig_t from;
    rig_t to;
    size_t len;

    BEGIN;
    rig_open(&from);
    visit(&from, 1, 30, T0);
    visit(&from, 2, 30, T0);
    w = writer_of(&from, T0 + SEC(60));
    len = mlg_state_write(&w, piece); /* the head */
    visit(&from, 2, 1, T0 + SEC(60) + 20000);
    for (; len > 0; len = mlg_state_write(&w, piece)) {
        memcpy(s.bytes + s.len, piece, len);
        s.len += len;
    }
    open_other(&to, MLG_CLIENTS_MIN);
    r = restore(&to, &s, T0 + SEC(90));
    IS_INT(r.dropped, 0);
    IS_TRUE(record_of(&to, 1) != NULL);
    IS_TRUE(record_of(&to, 2) != NULL);
    IS_INT(record_of(&to, 2)->last_us, T0 + SEC(60)); /* no later than now */
    free(s.bytes);
    rig_close(&from);
    rig_close(&to);
}

CLAIM(a_clock_set_while_nothing_ran_takes_the_gate_five_weeks_on_at_most)
{
    const apr_interval_time_t week_us = SEC(7 * 86400);
    mlg_state_reader_t r;
    rig_t from;
    rig_t to;
    state_t s;

    BEGIN;
    rig_open(&from);
    visit(&from, 1, 30, T0);
    s = state_of(&from, T0 + SEC(60));
    open_other(&to, MLG_CLIENTS_MIN);
    r = restore(&to, &s, T0 + SEC(60) + 100 * week_us + SEC(7));
    IS_INT(r.now_us, T0 + SEC(60) + 5 * week_us + SEC(7)); /* the same hour */
    free(s.bytes);
    rig_close(&from);
    rig_close(&to);
}

CLAIM(blocks_alone_bring_nothing_that_would_have_to_be_mended)
{
    const uint32_t part = MLG_STATE_BLOCKS;
    mlg_state_reader_t r;
    rig_t from;
    rig_t to;
    state_t s;

    BEGIN;
    rig_open(&from);
    from.gate.site->anchored = 77;
    s = state_of(&from, T0 + SEC(60));
    put(&s, sizeof(mlg_state_piece_t) + offsetof(mlg_state_head_t, part), &part,
        sizeof(part));
    open_other(&to, MLG_CLIENTS_MIN);
    r = restore(&to, &s, T0 + SEC(60));
    IS_TRUE(r.left > 0);
    IS_INT(to.gate.site->anchored, 0);
    free(s.bytes);
    rig_close(&from);
    rig_close(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_gate_knows_is_the_same_after_writing_and_reading),
        TEST(blocks_alone_are_a_state_too_and_a_short_one),
        TEST(a_block_never_lasts_longer_than_was_left_of_it),
        TEST(an_end_is_told_once_whatever_lies_between),
        TEST(a_stop_is_no_time_in_which_a_site_was_watched),
        TEST(blocks_alone_bring_nothing_that_would_have_to_be_mended),
        TEST(who_asks_while_the_state_is_written_is_not_forgotten),
        TEST(
            a_clock_set_while_nothing_ran_takes_the_gate_five_weeks_on_at_most),
        TEST(who_was_not_seen_for_a_day_is_dropped_and_so_is_a_block_long_over),
        TEST(a_state_fits_tables_of_other_sizes),
        TEST(a_state_that_is_cut_short_anywhere_is_refused),
        TEST(every_flipped_bit_is_seen),
        TEST(other_formats_and_no_states_are_told_apart),
        TEST(items_of_another_version_are_left_out_and_the_others_taken),
        TEST(a_site_of_numbers_that_cannot_be_is_forgotten),
        TEST(numbers_that_mean_harm_are_bounded),
        TEST(an_end_that_tells_of_other_pieces_is_refused),
        TEST(a_slot_that_is_being_written_is_copied_as_if_it_had_never_been),
    };

    return RUN(tests);
}
