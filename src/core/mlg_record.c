/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_record.h"

#include "mlg_policy.h"

#include <string.h>

#define HOUR_US           (3600 * (int64_t)APR_USEC_PER_SEC)
#define LONGEST_WINDOW_US (600 * (int64_t)APR_USEC_PER_SEC)
#define COPY_TRIES        4
/* A shorter gap is as good as this one: a clock of whole seconds cannot tell,
 * and a model that was trained on logs must find the same here. */
#define GAP_FLOOR_US (APR_USEC_PER_SEC / 2)

static const uint8_t mean_bits[MLG_NMEANS] = {
#define X(name, bits) bits,
    MLG_MEANS(X)
#undef X
};

int mlg_record_copy(mlg_record_t *out, const mlg_record_t *shared)
{
    const mlg_word_t *from = (const mlg_word_t *)shared;
    mlg_word_t *to = (mlg_word_t *)out;

    for (int i = 0; i < COPY_TRIES; i++) {
        uint32_t before = __atomic_load_n(&shared->seq, __ATOMIC_ACQUIRE);

        if ((before & 1) != 0) {
            continue;
        }
#pragma GCC unroll 32
        for (size_t w = 0; w < MLG_RECORD_WORDS; w++) {
            to[w] = __atomic_load_n(&from[w], __ATOMIC_RELAXED);
        }
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__atomic_load_n(&shared->seq, __ATOMIC_RELAXED) == before) {
            return 1;
        }
    }
    memset(out, 0, sizeof(*out));
    return 0;
}

void mlg_record_publish(mlg_record_t *shared, const mlg_record_t *own)
{
    uint32_t seq = __atomic_load_n(&shared->seq, __ATOMIC_RELAXED) | 1;
    const mlg_word_t *from = (const mlg_word_t *)own;
    mlg_word_t *to = (mlg_word_t *)shared;

    /* The first word holds seq and first_s: each has its own store. */
    __atomic_store_n(&shared->seq, seq, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&shared->first_s, own->first_s, __ATOMIC_RELAXED);
#pragma GCC unroll 32
    for (size_t w = 1; w < MLG_RECORD_WORDS; w++) {
        __atomic_store_n(&to[w], from[w], __ATOMIC_RELAXED);
    }
    __atomic_store_n(&shared->seq, seq + 1, __ATOMIC_RELEASE);
}

void mlg_record_init(mlg_record_t *own, uint64_t client, apr_time_t at_us)
{
    memset(own, 0, sizeof(*own));
    own->client = client;
    own->last_us = at_us;
    own->first_s = (uint32_t)(at_us / APR_USEC_PER_SEC);
}

/* `value_q16` in 1/65536; what does not fit the mean's range saturates */
static void fold_mean(mlg_record_t *r, enum mlg_mean_id id, uint64_t value_q16)
{
    uint64_t value = value_q16 >> (16 - mean_bits[id]);

    r->mean[id] =
        mlg_mean_fold(r->mean[id], (unsigned)((value > 65535) ? 65535 : value),
                      (r->seen & (1u << id)) == 0);
    r->seen = (uint16_t)(r->seen | 1u << id);
}

static void shift_300s(mlg_record_t *r, int64_t steps)
{
    mlg_panes_t *panes[] = {
        &r->requests,       &r->pages_300s,   &r->without_referer,
        &r->other_method,   &r->odd_encoding, &r->odd_host,
        &r->without_cookie, &r->http2,        &r->queries_seen,
        &r->paths_seen,     &r->answered,     &r->client_errors,
        &r->not_found,      &r->server_errors};

    for (size_t i = 0; i < sizeof(panes) / sizeof(panes[0]); i++) {
        mlg_panes_shift(panes[i], steps);
    }
    mlg_map_shift(&r->agents, steps);
    mlg_map_shift(&r->queries, steps);
    mlg_map_shift(&r->paths, steps);
    /* A child that is killed never reports its outcomes: what it left in
     * flight fades instead of staying for ever. */
    r->in_flight = (uint16_t)((steps == 1) ? r->in_flight / 2 : 0);
}

static void shift_slow(mlg_record_t *r, int64_t steps)
{
    uint16_t success = r->seen & MLG_SEEN_SUCCESS_NOW;

    mlg_panes_shift(&r->slow_posts, steps);
    mlg_map_shift(&r->slow_agents, steps);
    mlg_map_shift(&r->slow_paths, steps);
    r->seen &= (uint16_t) ~(MLG_SEEN_SUCCESS_NOW | MLG_SEEN_SUCCESS_BEFORE);
    if (steps == 1) {
        r->seen |= (uint16_t)(success >> 1); /* NOW becomes BEFORE */
        return;
    }
    /* A day of silence, or nearly: what counted against it is forgotten. */
    r->evidence = 0;
    r->peak = 0;
    memset(r->score, 0, sizeof(r->score));
    memset(r->shadow, 0, sizeof(r->shadow));
}

static uint16_t minute_of(apr_time_t at_us)
{
    return (uint16_t)(at_us / (60 * APR_USEC_PER_SEC));
}

/* Bring every window up to `at_us`. */
static void advance(mlg_record_t *r, apr_time_t at_us)
{
    apr_time_t slow_from_us = r->last_us;
    int64_t steps;

    if (at_us < r->last_us) {
        if (r->last_us - at_us <= LONGEST_WINDOW_US) {
            return;
        }
        /* empty every window but the slow ones */
        r->last_us = at_us - 2 * LONGEST_WINDOW_US;
        r->visit_minute = minute_of(at_us);
    }
    if (at_us / APR_USEC_PER_SEC == r->last_us / APR_USEC_PER_SEC) {
        return; /* no window is shorter than a second */
    }
    steps = mlg_panes_between(slow_from_us, at_us, MLG_SLOW_PANE_S);
    if (steps > 0) {
        shift_slow(r, steps);
    }
    steps = mlg_panes_between(r->last_us, at_us, 1);
    mlg_panes_shift(&r->pages_1s, steps);
    steps = mlg_panes_between(r->last_us, at_us, 10);
    mlg_panes_shift(&r->pages_10s, steps);
    mlg_panes_shift(&r->assets_10s, steps);
    steps = mlg_panes_between(r->last_us, at_us, 60);
    mlg_panes_shift(&r->pages_60s, steps);
    steps = mlg_panes_between(r->last_us, at_us, 300);
    if (steps > 0) {
        shift_300s(r, steps);
    }
}

/* The gap before this page, and what it says of the client's rhythm. */
static void fold_gap(mlg_record_t *r, uint32_t gap_us)
{
    uint32_t last = r->page_gap_us;
    uint64_t gap_q16 = mlg_log2_q16(
        1 + ((gap_us > GAP_FLOOR_US) ? gap_us : GAP_FLOOR_US) / 1000);
    int64_t diff = (int64_t)(gap_q16 >> 5) - r->mean[MLG_MEAN_GAP];

    if ((r->seen & (1u << MLG_MEAN_GAP)) != 0) {
        uint32_t apart = (gap_us > last) ? gap_us - last : last - gap_us;

        /* EW variance with weight 1/8: v' = 7/8 (v + d^2 / 8), West 1979 */
        r->gap_var_q16 =
            (uint32_t)(((int64_t)r->gap_var_q16 + (diff * diff >> 6) / 8) * 7 /
                       8);
        fold_mean(r, MLG_MEAN_REGULAR, (apart <= last / 10) ? 65535 : 0);
    }
    fold_mean(r, MLG_MEAN_GAP, gap_q16);
    r->page_gap_us = gap_us;
}

static uint32_t sat_hour(int64_t us)
{
    return (uint32_t)((us < 0) ? 0 : (us > HOUR_US) ? HOUR_US : us);
}

/* Sixteen bits of a hash, to tell a few values apart. */
static uint16_t tag_of(uint64_t hash)
{
    return (uint16_t)(hash >> 48);
}

static void fold_page(mlg_record_t *r, const mlg_arrival_t *a)
{
    if ((r->seen & MLG_SEEN_PAGE) != 0) {
        fold_gap(r, r->page_ago_us);
    }
    r->seen |= MLG_SEEN_PAGE;
    r->page_ago_us = 0;
    mlg_panes_add(&r->pages_1s);
    mlg_panes_add(&r->pages_10s);
    mlg_panes_add(&r->pages_60s);
    r->page[1] = r->page[0];
    r->page[0] = tag_of(a->path);
    if (r->visit_assets >= MLG_VISIT_ASSETS) {
        r->visit_assets = 0;
    }
}

/* Whose share is more than half of them keeps the place to itself; what went
 * elsewhere counts against it (Boyer and Moore 1981). */
static void fold_post(mlg_record_t *r, const mlg_arrival_t *a)
{
    uint16_t tag = tag_of(mlg_arrival_place(a));
    mlg_panes_t *posts = &r->slow_posts;

    if (posts->now == 0 && posts->before == 0) {
        r->slow_post_place = tag;
    }
    if (r->slow_post_place == tag) {
        mlg_panes_add(posts);
    }
    else if (posts->before > 0) {
        posts->before--;
    }
    else {
        posts->now--;
    }
}

static void fold_headers(mlg_record_t *r, const mlg_arrival_t *a)
{
    fold_mean(r, MLG_MEAN_HEADERS, (uint64_t)a->header_fields << 16);
    fold_mean(r, MLG_MEAN_ODD_LENGTH,
              ((a->is & MLG_IS_ODD_LENGTH) != 0) ? 65535 : 0);
    fold_mean(r, MLG_MEAN_PAYLOAD,
              (a->body_bytes < UINT64_MAX) ? mlg_log2_q16(1 + a->body_bytes)
                                           : 64u << 16);
    fold_mean(r, MLG_MEAN_HEADER_ANOMALY, a->header_anomaly);
}

static void fold_session(mlg_record_t *r, const mlg_arrival_t *a)
{
    int is_same = a->session != 0 && (uint16_t)a->session == r->session;

    fold_mean(r, MLG_MEAN_SESSION, is_same ? 65535 : 0);
    if (a->session != 0) {
        r->session = (uint16_t)a->session;
    }
}

static void count_if(mlg_panes_t *p, uint32_t bits)
{
    p->now = (uint16_t)(p->now + (bits != 0));
}

static void fold_shares(mlg_record_t *r, const mlg_arrival_t *a)
{
    if (r->requests.now == MLG_PANE_FULL) {
        return;
    }
    r->requests.now++;
    count_if(&r->pages_300s, ~a->is & MLG_IS_ASSET);
    count_if(&r->without_referer, a->is & MLG_IS_WITHOUT_REFERER);
    count_if(&r->other_method, a->is & MLG_IS_OTHER_METHOD);
    count_if(&r->odd_encoding, a->is & MLG_IS_ODD_ENCODING);
    count_if(&r->odd_host, a->is & MLG_IS_ODD_HOST);
    count_if(&r->without_cookie, a->is & MLG_IS_WITHOUT_COOKIE);
    count_if(&r->http2, a->is & MLG_IS_HTTP2);
    if (a->agent != 0) {
        mlg_map_add(&r->agents, a->agent);
    }
    if (a->query != 0 && mlg_map_add(&r->queries, a->query)) {
        r->queries_seen.now++;
    }
    if (mlg_map_add(&r->paths, a->path)) {
        r->paths_seen.now++;
    }
}

void mlg_record_fold_arrival(mlg_record_t *r, const mlg_arrival_t *a)
{
    advance(r, a->at_us);
    r->page_ago_us =
        sat_hour((int64_t)r->page_ago_us +
                 ((a->at_us > r->last_us) ? a->at_us - r->last_us : 0));
    r->last_us = (a->at_us > r->last_us) ? a->at_us : r->last_us;
    r->total += (r->total < UINT32_MAX);
    r->in_flight = (uint16_t)(r->in_flight + (r->in_flight < UINT16_MAX));
    if ((a->is & MLG_IS_ASSET) != 0) {
        mlg_panes_add(&r->assets_10s);
    }
    else {
        fold_page(r, a);
    }
    if ((a->is & MLG_IS_OTHER_METHOD) != 0) {
        fold_post(r, a);
    }
    if (a->agent != 0 && (r->slow_agents.now >> (a->agent % 64) & 1) == 0) {
        mlg_map_add(&r->slow_agents, a->agent);
    }
    fold_shares(r, a);
    fold_mean(r, MLG_MEAN_PATH,
              (uint64_t)mlg_log2_q16(1u + a->path_bytes) +
                  (uint64_t)a->path_segments * 16384);
    if ((a->knows & MLG_KNOWS_CONNECTION) != 0) {
        fold_mean(r, MLG_MEAN_DEPTH, mlg_log2_q16(1ull + a->depth));
    }
    if ((a->knows & MLG_KNOWS_HEADERS) != 0) {
        fold_headers(r, a);
    }
    if ((a->knows & MLG_KNOWS_COOKIE) != 0) {
        fold_session(r, a);
    }
}

void mlg_record_fold_rarity(mlg_record_t *r, uint32_t rarity)
{
    if (rarity < MLG_RARITY_UNKNOWN) {
        fold_mean(r, MLG_MEAN_RARITY, rarity);
    }
}

static uint16_t add_u16(uint16_t n)
{
    return (uint16_t)(n + (n < UINT16_MAX));
}

/* An asset of one of the last two pages. */
static void fold_coherent(mlg_record_t *r)
{
    uint16_t minute = minute_of(r->last_us);

    r->coherent = add_u16(r->coherent);
    if (r->visit_assets >= MLG_VISIT_ASSETS) {
        return;
    }
    r->visit_assets++;
    if (r->visit_assets < MLG_VISIT_ASSETS) {
        return;
    }
    if (r->visits == 0 ||
        (uint16_t)(minute - r->visit_minute) > MLG_VISIT_APART_MINUTES) {
        r->visits = (uint8_t)(r->visits + (r->visits < UINT8_MAX));
        r->visit_minute = minute;
    }
}

int mlg_record_is_coherent(const mlg_record_t *r, const mlg_arrival_t *a)
{
    uint16_t tag = tag_of(a->referer);

    return (a->is & MLG_IS_ASSET) != 0 && a->referer != 0 &&
           (r->page[0] == tag || r->page[1] == tag);
}

/* What the client got, and what the site learns from it. */
static unsigned fold_place(mlg_record_t *r, const mlg_arrival_t *a,
                           uint32_t status)
{
    uint64_t place = mlg_arrival_place(a);
    int had = mlg_map_has(&r->slow_paths, place);
    int took = mlg_map_add(&r->slow_paths, place);
    unsigned teaches = 0;

    if (status >= 400 || r->state == MLG_STATE_BLOCKED) {
        return 0;
    }
    if (!mlg_record_is_counted(r)) {
        teaches |= MLG_TEACHES_CLIENT;
    }
    r->seen |= MLG_SEEN_SUCCESS_NOW;
    if (took && !had) {
        teaches |= MLG_TEACHES_PLACE;
    }
    return teaches;
}

static void fold_status(mlg_record_t *r, uint32_t status)
{
    if (r->answered.now == MLG_PANE_FULL) {
        return;
    }
    r->answered.now++;
    if (status == 404 || status == 410) {
        r->not_found.now++;
    }
    else if (status >= 400 && status < 500) {
        r->client_errors.now++;
    }
    else if (status >= 500) {
        r->server_errors.now++;
    }
}

unsigned mlg_record_fold_outcome(mlg_record_t *r, const mlg_arrival_t *a,
                                 const mlg_outcome_t *o)
{
    int is_error = o->status >= 400 && o->status < 500;

    r->in_flight = (uint16_t)(r->in_flight - (r->in_flight > 0));
    if (o->status == 0) {
        return 0;
    }
    fold_mean(r, MLG_MEAN_RESPONSE,
              (o->sent_bytes < UINT64_MAX) ? mlg_log2_q16(1 + o->sent_bytes)
                                           : 64u << 16);
    if (o->knows_duration && o->duration_us < UINT64_MAX) {
        fold_mean(r, MLG_MEAN_SERVICE, mlg_log2_q16(1 + o->duration_us));
    }
    fold_mean(r, MLG_MEAN_ERRORS, is_error ? 65535 : 0);
    /* A page's own assets that are missing are the site's fault. */
    if (is_error && (a->is & MLG_IS_ASSET) == 0) {
        r->errors = add_u16(r->errors);
    }
    fold_status(r, o->status);
    if (o->status < 400 && mlg_record_is_coherent(r, a)) {
        fold_coherent(r);
    }
    return fold_place(r, a, o->status);
}

/* The third highest of five. */
static uint16_t third_of(const uint16_t five[5])
{
    uint16_t top[3] = {0, 0, 0};

    for (int i = 0; i < 5; i++) {
        uint16_t s = five[i];

        for (int k = 0; k < 3; k++) {
            if (s > top[k]) {
                uint16_t lower = top[k];

                top[k] = s;
                s = lower;
            }
        }
    }
    return top[2];
}

void mlg_record_note_score(mlg_record_t *r, float score, uint32_t total,
                           uint32_t min_requests)
{
    uint16_t newest = (uint16_t)(score * 65535.0f);
    uint16_t five[5] = {newest, r->score[0], r->score[1], r->score[2],
                        r->score[3]};

    memcpy(r->score, five, sizeof(r->score));
    if (total >= min_requests && newest > r->peak) {
        uint16_t third = third_of(five);
        uint16_t proof = (third < newest) ? third : newest;

        r->peak = (proof > r->peak) ? proof : r->peak;
    }
}

void mlg_record_forget_scores(mlg_record_t *r)
{
    memset(r->score, 0, sizeof(r->score));
    r->peak = 0;
}

uint16_t mlg_record_note_shadow(mlg_record_t *r, float score)
{
    uint8_t newest = (uint8_t)(score * 255.0f);
    uint8_t least = (newest < r->shadow[0]) ? newest : r->shadow[0];

    least = (least < r->shadow[1]) ? least : r->shadow[1];
    r->shadow[1] = r->shadow[0];
    r->shadow[0] = newest;
    return (uint16_t)(least * 257);
}

int mlg_record_is_trusted(const mlg_record_t *r)
{
    return r->visits >= MLG_TRUST_VISITS && r->coherent >= MLG_TRUST_COHERENT &&
           r->errors < UINT16_MAX &&
           100ull * r->errors <= (uint64_t)MLG_TRUST_ERRORS_PERCENT * r->total;
}
