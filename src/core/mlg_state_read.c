/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a state. Whoever wrote it may have meant harm: every number that
 * something is indexed, counted or timed by is bounded here.
 */
#include "state.h"

#include <math.h>
#include <string.h>

#define DAY_US        (86400 * (int64_t)APR_USEC_PER_SEC)
#define BLOCK_MAX_US  (30 * DAY_US) /* as MLGateBlockMax and an order's ttl */
#define OFFENCES_KEPT DAY_US        /* mlg_block_offences() */
#define LATEST_US     (INT64_C(1) << 51) /* in the year 2041 */
#define WEEK_US       (7 * DAY_US)
#define STOPPED_US    (5 * WEEK_US) /* nothing that ends lasts longer */

/* A state is written while it is used: what is met meanwhile says a later time
 * than its head. */
#define WRITING_US (60 * (int64_t)APR_USEC_PER_SEC)

static apr_status_t fail(const mlg_state_reader_t *r, apr_status_t rv,
                         const char *what, mlg_fault_t *fault)
{
    mlg_fault(fault, r->offset, what);
    return rv;
}

/* ---- times and numbers ---------------------------------------------------- */

static int64_t between(int64_t value, int64_t low, int64_t high)
{
    return (value < low) ? low : (value > high) ? high : value;
}

/* A time that was past when it was written. */
static int64_t past(const mlg_state_reader_t *r, int64_t at_us)
{
    return between(at_us, 0, r->head.written_us);
}

/* Can this have been met before all was written? */
static int was_met(const mlg_state_reader_t *r, int64_t at_us)
{
    return at_us >= 0 && at_us <= r->head.written_us + WRITING_US;
}

/* How long nobody watched, by the wall clock; not longer than matters, for that
 * clock may have been set, and the hours of the week are kept. */
static int64_t elapsed_us(int64_t wall_us, const mlg_state_head_t *head)
{
    int64_t us = between(wall_us, 0, LATEST_US) - head->wall_us;

    if (us > STOPPED_US) {
        us = STOPPED_US + us % WEEK_US;
    }
    return between(us, 0, LATEST_US - head->written_us);
}

/* How long nobody watched. */
static int64_t stopped_us(const mlg_state_reader_t *r)
{
    return r->now_us - r->head.written_us;
}

static int is_share(float value)
{
    return value >= 0.0f && value <= 1.0f; /* false for NaN */
}

static int are_features(const mlg_reason_t *reason, uint32_t n)
{
    int are = n <= MLG_NREASONS;

    for (uint32_t i = 0; are && i < n; i++) {
        are = reason[i].feature < MLG_NFEATURES;
    }
    return are;
}

/* ---- the head -------------------------------------------------------------- */

static void apply_head(const mlg_state_reader_t *r)
{
    const mlg_state_head_t *head = &r->head;
    mlg_segment_t *s = r->gate->segment;

    s->secret = head->secret;
    s->formatted_us = past(r, head->formatted_us);
    s->ipv6_prefix = head->ipv6_prefix;
    s->model = (mlg_reign_t){head->model.id, past(r, head->model.since_us)};
    s->shadow = (mlg_reign_t){head->shadow.id, past(r, head->shadow.since_us)};
    s->from_us = past(r, head->begun_us);
    s->took_over = head->is_final ? MLG_TOOK_FINAL : MLG_TOOK_SOME;
}

static apr_status_t read_head(mlg_state_reader_t *r,
                              const mlg_state_piece_t *piece, size_t len,
                              mlg_fault_t *fault)
{
    mlg_state_head_t *head = &r->head;

    if (len < sizeof(*piece) + 16) {
        return fail(r, MLG_ENOTSTATE, "it does not begin with a head", fault);
    }
    len -= sizeof(*piece);
    memcpy(head, piece + 1, (len < sizeof(*head)) ? len : sizeof(*head));
    if (head->magic != MLG_STATE_MAGIC || piece->tag != TAG_HEAD) {
        return fail(r, MLG_ENOTSTATE, "it does not begin with a head", fault);
    }
    if (head->format != MLG_STATE_FORMAT) {
        return fail(r, MLG_ESTATEFORMAT, "its format has another number",
                    fault);
    }
    if (len != sizeof(*head) || piece->version != 1 || piece->items != 1 ||
        (head->part != MLG_STATE_ALL && head->part != MLG_STATE_BLOCKS)) {
        return fail(r, MLG_ESTATE, "its head is not as long as it should be",
                    fault);
    }
    if (head->written_us <= 0 || head->written_us > LATEST_US ||
        head->wall_us < 0 || head->wall_us > LATEST_US) {
        return fail(r, MLG_ESTATE, "the time when it was written cannot be",
                    fault);
    }
    r->now_us = head->written_us + elapsed_us(r->wall_us, head);
    return APR_SUCCESS;
}

/* ---- blocks and records ---------------------------------------------------- */

static void apply_block(mlg_state_reader_t *r, const void *bytes)
{
    mlg_stripe_t *stripe;
    mlg_state_block_t item;
    mlg_block_t block;

    memcpy(&item, bytes, sizeof(item));
    block = (mlg_block_t){(mlg_block_kind)item.kind, item.is_told != 0,
                          item.client, item.until_us, item.info};
    stripe = &r->gate->table.stripe[mlg_stripe_of(block.client)];
    if (item.kind == MLG_BLOCK_NONE || item.kind > MLG_BLOCK_GRACE ||
        mlg_hash_key(&r->head.secret, &block.info.key) != block.client) {
        r->dropped++;
        return;
    }
    block.until_us =
        between(block.until_us, 0, r->head.written_us + BLOCK_MAX_US);
    if (block.until_us + OFFENCES_KEPT < r->now_us) {
        r->dropped++;
        return;
    }
    block.info.since_us = past(r, block.info.since_us);
    block.info.note[MLG_BLOCK_NOTE - 1] = '\0';
    if (r->head.features != mlg_features_fingerprint() ||
        !are_features(block.info.reason, block.info.nreasons)) {
        block.info.nreasons = 0;
    }
    mlg_stripe_assume(stripe); /* nobody uses this gate yet */
    r->full += (mlg_block_put(&r->gate->blocks, &block, r->now_us, stripe) !=
                APR_SUCCESS);
}

static void apply_record(mlg_state_reader_t *r, const void *item)
{
    mlg_record_t record;

    memcpy(&record, item, sizeof(record));
    if (record.client == 0 || !was_met(r, record.last_us) ||
        (r->keep_us > 0 && record.last_us < r->now_us - r->keep_us)) {
        r->dropped++;
        return;
    }
    record.last_us = past(r, record.last_us);
    record.seq = 0;
    record.in_flight = 0; /* nobody will tell how they ended */
    if (mlg_table_enter(&r->gate->table, &record)) {
        r->clients++;
    }
    else {
        r->full++;
    }
}

static void read_blocks(mlg_state_reader_t *r, const mlg_state_piece_t *piece)
{
    const char *item = (const char *)(piece + 1);

    r->read.blocks += piece->items;
    if (piece->version != BLOCK_VERSION ||
        piece->item_bytes != sizeof(mlg_state_block_t)) {
        r->left += piece->items;
        return;
    }
    for (uint32_t i = 0; r->gate != NULL && i < piece->items; i++) {
        apply_block(r, item + (size_t)i * sizeof(mlg_state_block_t));
    }
}

static void read_records(mlg_state_reader_t *r, const mlg_state_piece_t *piece)
{
    const char *item = (const char *)(piece + 1);

    r->read.records += piece->items;
    if (piece->version != MLG_RECORD_VERSION ||
        piece->item_bytes != sizeof(mlg_record_t)) {
        r->left += piece->items;
        return;
    }
    for (uint32_t i = 0; r->gate != NULL && i < piece->items; i++) {
        apply_record(r, item + (size_t)i * sizeof(mlg_record_t));
    }
}

/* ---- arrays ---------------------------------------------------------------- */

/* @return 1 when there is a place for its items */
static int fits(const array_t *array, const mlg_state_piece_t *piece)
{
    return array->tag == piece->tag && array->version == piece->version &&
           array->item_bytes == piece->item_bytes &&
           piece->first < array->items &&
           piece->items <= array->items - piece->first;
}

static void read_array(mlg_state_reader_t *r, const mlg_state_piece_t *piece)
{
    for (unsigned n = 0; r->gate != NULL && n < NARRAYS; n++) {
        array_t array = array_of(r->gate, n);

        if (fits(&array, piece)) {
            memcpy((char *)array.at + piece->first * array.item_bytes,
                   piece + 1, (size_t)piece->items * array.item_bytes);
            r->has_counters |= (array.at == (void *)r->gate->counters);
            return;
        }
    }
    r->left += (r->gate != NULL) ? piece->items : 0;
}

static void mend_site(const mlg_state_reader_t *r, mlg_site_t *site)
{
    if (!is_share(site->threshold) || !is_share(site->anchor) ||
        !is_share(site->low) || !is_share(site->high) ||
        !is_share(site->target) || !is_share(site->upper) ||
        !is_share(site->last) || !is_share(site->shadow_threshold) ||
        !(site->load >= 0.0f && isfinite(site->load)) ||
        site->anchored > MLG_ANCHORED_LIVE ||
        site->pressed > MLG_PRESSED_LAST || site->progress_percent > 100) {
        memset(site, 0, sizeof(*site));
    }
    site->since_us = past(r, site->since_us);
    if (site->anchored == MLG_ANCHORED_NOT && r->left > 0) {
        /* it may be what was seen that is left out */
        site->since_us = r->now_us;
    }
    else if (site->anchored == MLG_ANCHORED_NOT && stopped_us(r) > 0) {
        /* else a week's stop would be the week of watching */
        site->since_us = stopped_us(r) + ((site->since_us != 0)
                                              ? site->since_us
                                              : past(r, r->head.formatted_us));
    }
    site->anchored_us = past(r, site->anchored_us);
    site->moved_us = past(r, site->moved_us);
    site->looked_us = past(r, site->looked_us);
}

/* Nor is a stop days in which a swarm could have been seen. */
static void mend_swarms(const mlg_state_reader_t *r, mlg_swarms_t *swarms)
{
    const int64_t written_s = r->head.written_us / APR_USEC_PER_SEC;
    const int64_t stopped_s = stopped_us(r) / APR_USEC_PER_SEC;

    for (unsigned i = 0; i < MLG_NSWARM_CLASSES; i++) {
        mlg_cohort_t *whole = &swarms->whole[i];

        if (whole->first_s != 0) {
            whole->first_s =
                (uint32_t)(between(whole->first_s, 0, written_s) + stopped_s);
        }
    }
}

static void mend_calibration(const mlg_state_reader_t *r, mlg_calibration_t *c)
{
    const uint32_t week = (uint32_t)(r->head.written_us / APR_USEC_PER_SEC /
                                     MLG_CALIBRATION_WEEK_S);

    c->week = (c->week < week) ? c->week : week;
    for (int i = 0; i < MLG_CALIBRATION_BINS; i++) {
        const uint32_t most = UINT32_MAX / MLG_CALIBRATION_BINS;

        c->bin[i] = (c->bin[i] < most) ? c->bin[i] : most;
    }
}

static void mend_disputes(const mlg_state_reader_t *r, mlg_disputes_t *disputes)
{
    disputes->since_us = past(r, disputes->since_us);
    for (size_t i = 0; i < MLG_DISPUTES; i++) {
        mlg_dispute_place_t *place = &disputes->place[i];

        if ((place->seq & 1) != 0 || !is_share(place->dispute.score) ||
            !is_share(place->dispute.shadow_score) ||
            !was_met(r, place->dispute.at_us)) {
            memset(place, 0, sizeof(*place));
        }
    }
}

static void mend_ring(const mlg_state_reader_t *r, mlg_ring_t *ring)
{
    for (size_t i = 0; i < MLG_DECISIONS; i++) {
        mlg_decision_t *d = &ring->slot[i].decision;

        if ((ring->slot[i].seq & 1) != 0 || !was_met(r, d->at_us) ||
            d->until_us != between(d->until_us, 0, d->at_us + BLOCK_MAX_US) ||
            !was_met(r, d->ended_us) || d->ended_kind > MLG_BLOCK_GRACE ||
            !are_features(d->reasons.top, d->reasons.n)) {
            memset(&ring->slot[i], 0, sizeof(ring->slot[i]));
        }
    }
}

/* Records in use are who came less who went: those that are not taken went, and
 * when the counters of another build were left out, all that is here came. */
static void mend_counters(const mlg_state_reader_t *r)
{
    mlg_shard_t *shard = r->gate->counters;
    mlg_shard_t total;
    uint64_t used;

    mlg_counters_read(shard, &total);
    used = total.count[MLG_C_NEWCOMERS] - total.count[MLG_C_EVICTIONS] -
           total.count[MLG_C_REPAIRS];
    if ((int64_t)used > (int64_t)r->clients) {
        shard->count[MLG_C_EVICTIONS] += used - r->clients;
    }
    else {
        shard->count[MLG_C_NEWCOMERS] += r->clients - used;
    }
    if (!r->has_counters) { /* what was told by the old ones begins anew */
        r->gate->segment->formatted_us = r->now_us;
        r->gate->site->newcomers_from = 0;
        memset(r->gate->disputes->base, 0, sizeof(r->gate->disputes->base));
    }
}

/* Words of sketches and places are sound whatever they are. */
static void mend(const mlg_state_reader_t *r)
{
    mend_counters(r);
    mend_site(r, r->gate->site);
    mend_calibration(r, r->gate->calibration);
    mend_swarms(r, r->gate->swarms);
    mend_disputes(r, r->gate->disputes);
    mend_ring(r, r->gate->ring);
    mend_ring(r, r->gate->members);
}

/* ---- pieces ---------------------------------------------------------------- */

static apr_status_t read_finish(mlg_state_reader_t *r,
                                const mlg_state_piece_t *piece, size_t len,
                                mlg_fault_t *fault)
{
    if (len != sizeof(*piece) + sizeof(r->read) ||
        memcmp(piece + 1, &r->read, sizeof(r->read)) != 0) {
        return fail(r, MLG_ESTATE, "its end tells of other pieces", fault);
    }
    r->is_ended = 1;
    if (r->gate != NULL && r->head.part == MLG_STATE_ALL) {
        mend(r);
    }
    return APR_SUCCESS;
}

static void read_items(mlg_state_reader_t *r, const mlg_state_piece_t *piece)
{
    switch (piece->tag) {
    case TAG_BLOCK:
        read_blocks(r, piece);
        break;
    case TAG_RECORD:
        read_records(r, piece);
        break;
    default:
        if (r->head.part == MLG_STATE_ALL) {
            read_array(r, piece);
        }
        else { /* there is nothing to mend in blocks alone */
            r->left += piece->items;
        }
        break;
    }
}

void mlg_state_read_begin(mlg_state_reader_t *r, const mlg_gate_t *gate,
                          apr_time_t wall_us, apr_interval_time_t keep_us)
{
    memset(r, 0, sizeof(*r));
    r->gate = gate;
    r->wall_us = wall_us;
    r->keep_us = keep_us;
}

size_t mlg_state_piece_bytes(const void *bytes)
{
    mlg_state_piece_t piece;
    uint64_t len;

    memcpy(&piece, bytes, sizeof(piece));
    len = (uint64_t)piece.item_bytes * piece.items;
    return (len > 0 && len <= MLG_STATE_PIECE - sizeof(piece) && len % 8 == 0)
               ? (size_t)len + sizeof(piece)
               : 0;
}

apr_status_t mlg_state_read(mlg_state_reader_t *r, const void *bytes,
                            size_t len, mlg_fault_t *fault)
{
    const mlg_state_piece_t *piece = bytes;
    apr_status_t rv = APR_SUCCESS;

    if (r->is_ended) {
        return fail(r, MLG_ESTATE, "something follows its end", fault);
    }
    if (len < sizeof(*piece) || len != mlg_state_piece_bytes(bytes)) {
        return (r->read.pieces == 0)
                   ? fail(r, MLG_ENOTSTATE, "it does not begin with a head",
                          fault)
                   : fail(r, MLG_ESTATE, "a piece has no length that can be",
                          fault);
    }
    if (r->read.pieces == 0) {
        rv = read_head(r, piece, len, fault);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (piece->check != check_of(r->chain, piece, len)) {
        return fail(r, MLG_ESTATE, "a check is wrong", fault);
    }
    if (r->read.pieces == 0) {
        if (r->gate != NULL) {
            apply_head(r);
        }
    }
    else if (piece->tag == TAG_END) {
        rv = read_finish(r, piece, len, fault);
    }
    else {
        read_items(r, piece);
    }
    r->chain = piece->check;
    r->offset += len;
    r->read.pieces++;
    return rv;
}

apr_status_t mlg_state_read_end(const mlg_state_reader_t *r, mlg_fault_t *fault)
{
    if (r->read.pieces == 0) {
        return fail(r, MLG_ENOTSTATE, "it is empty", fault);
    }
    return r->is_ended ? APR_SUCCESS
                       : fail(r, MLG_ESTATE, "it ends before its end", fault);
}

apr_status_t mlg_state_read_all(mlg_state_reader_t *r, const void *bytes,
                                size_t len, mlg_fault_t *fault)
{
    const char *at = bytes;
    apr_status_t rv = APR_SUCCESS;

    while (len > 0 && rv == APR_SUCCESS) {
        size_t piece =
            (len >= sizeof(mlg_state_piece_t)) ? mlg_state_piece_bytes(at) : 0;

        if (piece > len) {
            return fail(r, (r->read.pieces == 0) ? MLG_ENOTSTATE : MLG_ESTATE,
                        "it is cut short", fault);
        }
        if (piece == 0) {
            return mlg_state_read(r, at, 0, fault); /* and says why */
        }
        rv = mlg_state_read(r, at, piece, fault);
        at += piece;
        len -= piece;
    }
    return (rv == APR_SUCCESS) ? mlg_state_read_end(r, fault) : rv;
}
