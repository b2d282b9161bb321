/* SPDX-License-Identifier: Apache-2.0
 *
 * Copying what operators ask for out of the segment: a stripe at a time is
 * held for as long as one copy takes, and rendering begins when none is.
 */
#include "status.h"

#include <apr_atomic.h>
#include <scoreboard.h>

#include <stdlib.h>

#define BASELINE_AGE (60 * (apr_time_t)APR_USEC_PER_SEC)
#define WATCHED_AGE  (3600 * (apr_time_t)APR_USEC_PER_SEC)

/* ---- the wall clock's times, which people read ---------------------------- */

void mlgate_survey_wall(mlg_block_t *block)
{
    apr_interval_time_t behind_us = mlgate_clock_behind();

    block->until_us = mlgate_wall_of(block->until_us, behind_us);
    block->info.since_us = mlgate_wall_of(block->info.since_us, behind_us);
}

void mlgate_survey_wall_decision(mlg_decision_t *d)
{
    apr_interval_time_t behind_us = mlgate_clock_behind();

    d->at_us = mlgate_wall_of(d->at_us, behind_us);
    d->until_us = mlgate_wall_of(d->until_us, behind_us);
    d->ended_us = mlgate_wall_of(d->ended_us, behind_us);
}

static void to_wall(mlg_snapshot_t *s)
{
    apr_interval_time_t behind_us = mlgate_clock_behind();
    apr_time_t *const times[] = {&s->now_us,         &s->formatted_us,
                                 &s->site.since_us,  &s->site.moved_us,
                                 &s->site.looked_us, &s->site.anchored_us,
                                 &s->model.since_us, &s->shadow.since_us};

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        *times[i] = mlgate_wall_of(*times[i], behind_us);
    }
}

/* ---- blocks -------------------------------------------------------------- */

typedef struct found_t {
    apr_int64_t since_us;
    apr_uint32_t slot;
} found_t;

static int latest_block_first(const void *a, const void *b)
{
    apr_int64_t left = ((const found_t *)a)->since_us;
    apr_int64_t right = ((const found_t *)b)->since_us;

    return (left < right) - (left > right);
}

/* Where the latest live entries lie, found without a lock. The list is cut
 * back to the latest whenever it has grown to twice what is wanted, so that a
 * table full of blocks costs time but no memory. */
static apr_size_t find_latest(const mlg_blocks_t *blocks, apr_time_t now_us,
                              found_t found[2 * MLG_SNAPSHOT_BLOCKS])
{
    apr_size_t n = 0;

    for (apr_uint32_t i = 0; i < mlg_block_slots(blocks); i++) {
        mlg_block_t block;

        if (!mlg_block_read(blocks, i, &block) || block.until_us <= now_us) {
            continue;
        }
        found[n].since_us = block.info.since_us;
        found[n++].slot = i;
        if (n == 2 * MLG_SNAPSHOT_BLOCKS) {
            qsort(found, n, sizeof(found[0]), latest_block_first);
            n = MLG_SNAPSHOT_BLOCKS;
        }
    }
    qsort(found, n, sizeof(found[0]), latest_block_first);
    return (n < MLG_SNAPSHOT_BLOCKS) ? n : MLG_SNAPSHOT_BLOCKS;
}

/* A stripe for reading. When one could not be had after a wait, a whole list
 * does not wait for each of the others too. */
static mlg_stripe_t *take(unsigned stripe, int *has_waited)
{
    mlg_stripe_t *held = mlgate_stripe_try(stripe);

    if (held == NULL && !*has_waited) {
        held = mlgate_stripe_wait(stripe);
        *has_waited = (held == NULL);
    }
    return held;
}

static void copy_blocks(request_rec *r, mlg_snapshot_t *s)
{
    const mlg_blocks_t *blocks = &mlgate.gate.blocks;
    found_t *found =
        apr_palloc(r->pool, 2 * MLG_SNAPSHOT_BLOCKS * sizeof(*found));
    apr_size_t n = find_latest(blocks, s->now_us, found);
    mlg_block_t *copy = apr_palloc(r->pool, (n + 1) * sizeof(*copy));
    int has_waited = 0;

    for (apr_size_t i = 0; i < n; i++) {
        mlg_stripe_t *held = take(mlg_block_stripe(found[i].slot), &has_waited);
        int is_there = held != NULL &&
                       mlg_block_read(blocks, found[i].slot, &copy[s->nblocks]);

        mlgate_stripe_drop(held);
        if (is_there && copy[s->nblocks].until_us > s->now_us) {
            mlgate_survey_wall(&copy[s->nblocks++]);
        }
    }
    s->block = copy;
}

/* ---- top clients and decisions ------------------------------------------- */

static int highest_score_first(const void *a, const void *b)
{
    float left = ((const mlg_watched_t *)a)->score;
    float right = ((const mlg_watched_t *)b)->score;

    return (left < right) - (left > right);
}

static void copy_watched(request_rec *r, mlg_snapshot_t *s)
{
    mlg_watched_t *copy =
        apr_palloc(r->pool, MLG_STRIPES * MLG_WATCHED * sizeof(*copy));
    apr_size_t n = 0;
    int has_waited = 0;

    for (unsigned i = 0; i < MLG_STRIPES; i++) {
        mlg_stripe_t *held = take(i, &has_waited);
        apr_size_t first = n;

        if (held == NULL) {
            continue;
        }
        memcpy(&copy[n], held->watch, sizeof(held->watch));
        mlgate_stripe_drop(held);
        for (apr_size_t w = first; w < first + MLG_WATCHED; w++) {
            if (copy[w].at_us > s->now_us - WATCHED_AGE) {
                copy[n] = copy[w];
                copy[n++].at_us += mlgate_clock_behind();
            }
        }
    }
    qsort(copy, n, sizeof(copy[0]), highest_score_first);
    s->watched = copy;
    s->nwatched = (n < MLG_SNAPSHOT_WATCHED) ? n : MLG_SNAPSHOT_WATCHED;
}

static void copy_decisions(request_rec *r, mlg_snapshot_t *s)
{
    mlg_decision_t *copy =
        apr_palloc(r->pool, MLG_SNAPSHOT_DECISIONS * sizeof(*copy));

    for (unsigned i = 0; i < MLG_SNAPSHOT_DECISIONS; i++) {
        if (mlg_ring_latest(mlgate.gate.ring, i, &copy[s->ndecisions])) {
            mlgate_survey_wall_decision(&copy[s->ndecisions++]);
        }
    }
    s->decision = copy;
}

static void copy_disputes(request_rec *r, mlg_snapshot_t *s)
{
    mlg_dispute_t *copy = apr_palloc(r->pool, MLG_DISPUTES * sizeof(*copy));

    s->ndisputes = mlg_disputes_read(mlgate.gate.disputes, copy);
    for (apr_size_t i = 0; i < s->ndisputes; i++) {
        copy[i].at_us += mlgate_clock_behind();
    }
    s->dispute = copy;
}

/* ---- the whole, and one client ------------------------------------------- */

static apr_status_t let_go(void *held)
{
    mlgate_rules_drop(held);
    return APR_SUCCESS;
}

const mlg_rules_t *mlgate_survey_rules(request_rec *r)
{
    mlgate_rules_t *held = apr_palloc(r->pool, sizeof(*held));

    mlgate_rules(held, mlgate_conf_of_server(r->server));
    apr_pool_cleanup_register(r->pool, held, let_go, apr_pool_cleanup_null);
    return &held->rules;
}

const mlg_snapshot_t *mlgate_survey(request_rec *r, int with_lists)
{
    mlg_snapshot_t *s = apr_pcalloc(r->pool, sizeof(*s));

    s->now_us = mlgate_now();
    s->version = MLG_VERSION;
    s->ipv6_prefix = mlgate.ipv6_prefix;
    s->rules = mlgate_survey_rules(r);
    s->is_auto = mlgate_is_auto(mlgate_conf_of_server(r->server));
    s->profile = mlgate_site_profile();
    s->behind_us = mlgate_clock_behind();
    if (ap_exists_scoreboard_image()) {
        s->started_us = ap_scoreboard_image->global->restart_time;
    }
    mlg_snapshot_read(s, &mlgate.gate);
    if (with_lists) {
        copy_blocks(r, s);
        copy_watched(r, s);
        copy_decisions(r, s);
        if (s->rules->shadow != NULL) {
            copy_disputes(r, s);
        }
    }
    to_wall(s);
    return s;
}

apr_status_t mlgate_survey_client(request_rec *r, const mlg_key_t *addr,
                                  mlg_client_view_t *view)
{
    const mlg_gate_t *gate = &mlgate.gate;
    const mlg_secret_t *secret = &gate->segment->secret;
    const mlg_record_t *record;
    mlg_stripe_t *held;
    apr_uint32_t slot;

    memset(view, 0, sizeof(*view));
    view->client = mlg_client_from(addr, secret, mlgate.ipv6_prefix);
    view->ipv6_prefix = mlgate.ipv6_prefix;
    view->now_us = mlgate_now();
    view->rules = mlgate_survey_rules(r);
    view->is_allowed = mlg_cidrs_contain(view->rules->allow, addr);
    held = mlgate_stripe_wait(mlg_stripe_of(view->client.hash));
    if (held == NULL) {
        return APR_EBUSY;
    }
    record = mlg_table_find(&gate->table, view->client.hash);
    view->has_record = record != NULL &&
                       mlg_record_copy(&view->record, record) &&
                       view->record.client == view->client.hash;
    view->has_block =
        mlg_block_find(&gate->blocks, view->client.hash, view->now_us, NULL,
                       &slot) != MLG_BLOCK_NONE &&
        mlg_block_read(&gate->blocks, slot, &view->block);
    mlgate_stripe_drop(held);
    mlgate_survey_wall(&view->block);
    view->behind_us = mlgate_clock_behind();
    view->now_us += view->behind_us;
    if (view->has_record) { /* n = 0 only reads */
        view->subnet_pages =
            mlg_sketch_add(&gate->networks, mlg_hash_subnet(secret, addr),
                           view->record.last_us, 0);
    }
    return APR_SUCCESS;
}

/* Two readings, the older of which is compared with. A thread that finds
 * another one here goes without. */
int mlgate_survey_before(apr_time_t now_us, const mlg_shard_t *now,
                         mlg_shard_t *before)
{
    static apr_uint32_t busy;
    static mlg_shard_t newer, older;
    static apr_time_t newer_at;
    static int has_older;
    int found;

    if (apr_atomic_cas32(&busy, 1, 0) != 0) {
        return 0;
    }
    if (now_us - newer_at >= BASELINE_AGE) {
        older = (newer_at != 0) ? newer : *now;
        newer = *now;
        newer_at = now_us;
        has_older = 1;
    }
    found = has_older;
    *before = older;
    apr_atomic_set32(&busy, 0);
    return found;
}
