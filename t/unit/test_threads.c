/* SPDX-License-Identifier: Apache-2.0
 *
 * The same with threads: ThreadSanitizer cannot see across processes.
 */
#include "crowd.h"

#include "mlg_seat.h"
#include "mlg_state.h"

#define WORKERS  4
#define REQUESTS 20000

static const mlg_weighted_t flood_model = {.hi[MLG_F_REQUEST_RATE] = 50.0f,
                                           .weight[MLG_F_REQUEST_RATE] = 1.0f};

typedef struct worker_t {
    const crowd_view_t *view;
    uint64_t seed;
    pthread_t thread;
} worker_t;

static void *work(void *arg)
{
    const worker_t *w = arg;

    crowd_work(w->view, w->seed, REQUESTS);
    return NULL;
}

/* An operator's page, all the while: everything that is read lock-free. */
static void *look(void *arg)
{
    const worker_t *w = arg;
    const mlg_gate_t *gate = &w->view->gate;
    uint64_t wrong = 0;

    for (uint32_t i = 0; i < 20000; i++) {
        mlg_client_t client = unit_client_n(i % 3000);
        mlg_record_t *r = mlg_table_find(&gate->table, client.hash);
        mlg_record_t copy;
        mlg_decision_t d;
        apr_time_t until = 0;

        if (i % 64 == 0) { /* and commands */
            crowd_order(w->view, i / 64,
                        (i % 128 == 0) ? MLG_BLOCK_OPERATOR : MLG_BLOCK_GRACE,
                        T0 + SEC(1000));
        }
        if (r != NULL && mlg_record_copy(&copy, r)) {
            /* all in one pane: these three rise together or it is torn */
            wrong += copy.client == 0 || copy.requests.now != copy.total ||
                     copy.pages_300s.now != copy.total;
        }
        if (mlg_block_find(&gate->blocks, client.hash, T0, &until, NULL) !=
            MLG_BLOCK_NONE) {
            wrong += until <= T0;
        }
        if (mlg_ring_latest(gate->ring, i % 16, &d)) {
            wrong += d.id == 0 || !(d.score >= 0.8f);
        }
    }
    return (wrong == 0) ? NULL : arg;
}

CLAIM(threads_leave_a_sound_table_and_readers_see_whole_states)
{
    crowd_view_t v;
    worker_t w[WORKERS + 1];
    mlg_shard_t n;

    BEGIN;
    crowd_open(&v, &flood_model);
    for (unsigned i = 0; i <= WORKERS; i++) {
        w[i].view = &v;
        w[i].seed = i + 1;
        IS_INT(pthread_create(&w[i].thread, NULL, (i < WORKERS) ? work : look,
                              &w[i]),
               0);
    }
    for (unsigned i = 0; i <= WORKERS; i++) {
        void *wrong = NULL;

        pthread_join(w[i].thread, &wrong);
        assert_null(wrong);
    }
    IS_INT(crowd_repair(&v), 0);
    IS_INT(mlg_table_check(&v.gate.table, NULL), APR_SUCCESS);
    mlg_counters_read(v.gate.counters, &n);
    IS_INT(n.count[MLG_C_REQUESTS], WORKERS * REQUESTS);
    IS_TRUE(n.count[MLG_C_BLOCKS] > 0);
    crowd_close(&v);
}

/* ---- a state, written while others work ---------------------------------- */

static const crowd_view_t *written;

static mlg_stripe_t *take_stripe(unsigned n)
{
    return (pthread_mutex_trylock(&written->crowd->lock[n]) == 0)
               ? &written->gate.table.stripe[n]
               : NULL;
}

static void drop_stripe(mlg_stripe_t *held)
{
    pthread_mutex_unlock(
        &written->crowd->lock[held - written->gate.table.stripe]);
}

/* @return what was not whole in a piece of records or blocks */
static uint64_t count_torn(const unsigned char *bytes)
{
    uint64_t wrong = 0;
    mlg_state_piece_t piece;
    mlg_state_block_t block;
    mlg_record_t record;

    memcpy(&piece, bytes, sizeof(piece));
    for (uint32_t i = 0; i < piece.items; i++) {
        const unsigned char *item =
            bytes + sizeof(piece) + (size_t)i * piece.item_bytes;

        if (piece.tag == MLG_STATE_TAG('R', 'E', 'C', 'O')) {
            memcpy(&record, item, sizeof(record));
            wrong += record.client == 0 ||
                     record.requests.now != record.total ||
                     record.pages_300s.now != record.total;
        }
        if (piece.tag == MLG_STATE_TAG('B', 'L', 'O', 'K')) {
            memcpy(&block, item, sizeof(block));
            wrong +=
                mlg_hash_key(&unit_secret, &block.info.key) != block.client ||
                block.until_us <= T0;
        }
    }
    return wrong;
}

/* @return 1 when what was written is whole and can be taken up */
static int write_once(unsigned char *piece, const mlg_gate_t *to)
{
    mlg_state_writer_t w = {.gate = &written->gate,
                            .part = MLG_STATE_ALL,
                            .now_us = T0 + SEC(86400),
                            .wall_us = T0,
                            .take = take_stripe,
                            .drop = drop_stripe};
    mlg_state_reader_t r;
    uint64_t torn = 0;
    apr_status_t rv = APR_SUCCESS;
    size_t len;

    mlg_state_read_begin(&r, to, T0, 0);
    while ((len = mlg_state_write(&w, piece)) > 0 && rv == APR_SUCCESS) {
        torn += count_torn(piece);
        rv = mlg_state_read(&r, piece, len, NULL);
    }
    return torn == 0 && rv == APR_SUCCESS && r.is_ended && r.clients > 0 &&
           mlg_table_check(&to->table, NULL) == APR_SUCCESS;
}

CLAIM(a_state_that_is_written_while_others_work_is_whole)
{
    _Alignas(8) static unsigned char piece[MLG_STATE_PIECE];
    crowd_view_t v;
    worker_t w[WORKERS];
    rig_t to;
    int is_whole = 1;

    BEGIN;
    crowd_open(&v, &flood_model);
    written = &v;
    crowd_work(&v, 99, 1000);
    for (unsigned i = 0; i < WORKERS; i++) {
        w[i] = (worker_t){.view = &v, .seed = i + 1};
        IS_INT(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
    }
    for (int i = 0; i < 10; i++) {
        rig_open(&to);
        is_whole &= write_once(piece, &to.gate);
        rig_close(&to);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        pthread_join(w[i].thread, NULL);
    }
    IS_TRUE(is_whole);
    IS_INT(crowd_repair(&v), 0);
    crowd_close(&v);
}

/* What sits in a seat: whole as long as both numbers are the same. Freed
 * ones are filled with others, so that a reader would see it. */
typedef struct sitter_t {
    volatile uint64_t first;
    volatile uint64_t last;
    int is_used;
} sitter_t;

#define SITTERS 64
#define SWAPS   200000

static mlg_seat_t seat;
static sitter_t sitters[SITTERS];
static int is_over;

static void *sit(void *arg)
{
    uint64_t wrong = 0;
    uint64_t seen = 0;

    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        unsigned slot;
        const sitter_t *s = mlg_seat_take(&seat, &slot);
        uint64_t first = s->first;

        wrong += first == 0 || first < seen;
        seen = first;
        wrong += s->last != first;
        mlg_seat_drop(&seat, slot);
    }
    return (wrong == 0) ? NULL : arg;
}

/* @return how many were freed */
static unsigned reap(void)
{
    unsigned n = 0;
    sitter_t *old;

    while ((old = (sitter_t *)mlg_seat_reap(&seat)) != NULL) {
        old->first = 0;
        old->last = UINT64_MAX;
        old->is_used = 0;
        n++;
    }
    return n;
}

CLAIM(what_sits_in_a_seat_is_never_freed_in_anyones_hands)
{
    pthread_t thread[WORKERS];
    uint64_t put = 0;
    uint64_t freed = 0;

    BEGIN;
    for (uint64_t n = 1; n <= SWAPS; n++) {
        sitter_t *s = &sitters[n % SITTERS];

        while (s->is_used || put - freed == MLG_SEAT_SLOTS) {
            freed += reap();
        }
        s->first = n;
        s->last = n;
        s->is_used = 1;
        while (!mlg_seat_put(&seat, s)) {
            freed += reap();
        }
        put++;
        for (int i = 0; n == 1 && i < WORKERS; i++) {
            IS_INT(pthread_create(&thread[i], NULL, sit, &seat), 0);
        }
        freed += reap();
    }
    __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < WORKERS; i++) {
        void *wrong = NULL;

        pthread_join(thread[i], &wrong);
        assert_null(wrong);
    }
    freed += reap();
    IS_INT(freed, put - 1); /* all but the one that sits there */
}

/* What the site learns of everybody, without a lock: all of it at once, while
 * panes, days and weeks go by and somebody reads. */
#define LEARNERS 4
#define LESSONS  20000

static void *learn(void *arg)
{
    const worker_t *w = arg;
    const mlg_gate_t *gate = &w->view->gate;
    uint64_t seed = w->seed;
    uint64_t wrong = 0;

    for (int i = 0; i < LESSONS; i++) {
        uint64_t r = unit_random(&seed);
        apr_time_t at_us = T0 + i * SEC(60);
        uint32_t rarity;
        mlg_dispute_t d = {.client = r % 100 + 1,
                           .at_us = at_us,
                           .score = 0.5f,
                           .shadow_score = 0.9f,
                           .is_shadow_high = 1};

        wrong += !(mlg_sketch_add(&gate->networks, r % 50, at_us, 1) >= 0.0f);
        mlg_popularity_add(&gate->places, r % 200, at_us);
        mlg_popularity_add_client(&gate->places, at_us);
        rarity = mlg_popularity_rarity(&gate->places, r % 200, at_us,
                                       (int)(r >> 20 & 1), (int)(r >> 21 & 1));
        wrong += rarity > MLG_RARITY_UNKNOWN;
        mlg_calibration_age(gate->calibration, at_us);
        mlg_calibration_follow(gate->calibration, r % 300, (uint16_t)(r >> 32),
                               at_us);
        mlg_dispute_note(gate->disputes, &d);
        mlg_count(gate->counters, r, MLG_C_JUDGED);
        mlg_count_score(gate->counters, r, (float)(r >> 40) / 16777216.0f);
    }
    return (wrong == 0) ? NULL : arg;
}

static void *look_at_lessons(void *arg)
{
    const worker_t *w = arg;
    const mlg_gate_t *gate = &w->view->gate;
    uint64_t wrong = 0;

    for (int i = 0; i < 2000; i++) {
        mlg_dispute_t out[MLG_DISPUTES];
        size_t n = mlg_disputes_read(gate->disputes, out);
        mlg_shard_t total;
        float quantile = mlg_calibration_quantile(gate->calibration, 0);

        for (size_t k = 0; k < n; k++) {
            wrong += out[k].client == 0 || out[k].client > 100 ||
                     out[k].shadow_score != 0.9f;
        }
        wrong += quantile < 0.0f; /* NaN at first */
        mlg_counters_read(gate->counters, &total);
        wrong += total.count[MLG_C_JUDGED] > LEARNERS * LESSONS;
    }
    return (wrong == 0) ? NULL : arg;
}

CLAIM(what_is_learnt_without_a_lock_is_counted_once_and_never_torn)
{
    crowd_view_t v;
    worker_t w[LEARNERS + 1];
    mlg_shard_t n;
    uint64_t scores = 0;

    BEGIN;
    crowd_open(&v, &flood_model);
    for (unsigned i = 0; i <= LEARNERS; i++) {
        w[i].view = &v;
        w[i].seed = i + 1;
        IS_INT(pthread_create(&w[i].thread, NULL,
                              (i < LEARNERS) ? learn : look_at_lessons, &w[i]),
               0);
    }
    for (unsigned i = 0; i <= LEARNERS; i++) {
        void *wrong = NULL;

        pthread_join(w[i].thread, &wrong);
        assert_null(wrong);
    }
    mlg_counters_read(v.gate.counters, &n);
    for (int i = 0; i < MLG_SCORE_BUCKETS; i++) {
        scores += n.scores[i];
    }
    IS_INT(n.count[MLG_C_JUDGED], LEARNERS * LESSONS);
    IS_INT(scores, LEARNERS * LESSONS);
    crowd_close(&v);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(threads_leave_a_sound_table_and_readers_see_whole_states),
        TEST(a_state_that_is_written_while_others_work_is_whole),
        TEST(what_sits_in_a_seat_is_never_freed_in_anyones_hands),
        TEST(what_is_learnt_without_a_lock_is_counted_once_and_never_torn),
    };

    return RUN(tests);
}
