/* SPDX-License-Identifier: Apache-2.0 */
#include "story.h"

#include "visible.h"

#include <apr_strings.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void init_texts(story_texts_t *texts, apr_pool_t *p)
{
    texts->seen = apr_hash_make(p);
    texts->list = apr_array_make(p, 16, sizeof(story_text_t *));
}

void story_init(story_t *story, const mlg_key_t *addr, apr_pool_t *p)
{
    memset(story, 0, sizeof(*story));
    story->p = p;
    story->addr = *addr;
    story->block = apr_pcalloc(p, sizeof(*story->block) * STORY_BLOCKS);
    init_texts(&story->agents, p);
    init_texts(&story->paths, p);
}

static void count_text(story_texts_t *texts, mlg_text_t text, apr_pool_t *p)
{
    story_text_t *one;
    apr_pool_t *ptemp;
    const char *shown;

    apr_pool_create(&ptemp, p);
    shown = visible(text.at, text.len, STORY_TEXT_SHOWN, ptemp);
    one = apr_hash_get(texts->seen, shown, APR_HASH_KEY_STRING);
    if (one == NULL && texts->list->nelts < STORY_TEXTS) {
        one = apr_pcalloc(p, sizeof(*one));
        one->text = apr_pstrdup(p, shown);
        apr_hash_set(texts->seen, one->text, APR_HASH_KEY_STRING, one);
        APR_ARRAY_PUSH(texts->list, story_text_t *) = one;
    }
    if (one != NULL) {
        one->n++;
    }
    else {
        texts->others++;
    }
    apr_pool_destroy(ptemp);
}

static mlg_text_t path_of(mlg_text_t target)
{
    const char *mark =
        (target.at != NULL) ? memchr(target.at, '?', target.len) : NULL;

    return (mark != NULL) ? (mlg_text_t){target.at, (size_t)(mark - target.at)}
                          : target;
}

/* What the client did, as the log has it. */
static void count_request(story_t *story, const judged_t *judged)
{
    const mlg_arrival_t *arrival = judged->arrival;
    uint32_t class = judged->outcome->status / 100;
    int is_asset = (arrival->is & MLG_IS_ASSET) != 0;

    story->requests++;
    story->assets += is_asset;
    story->pages += !is_asset;
    story->other_methods += (arrival->is & MLG_IS_OTHER_METHOD) != 0;
    story->answers[(class < 6) ? class : 0]++;
    if (story->requests == 1 || arrival->at_us < story->first_us) {
        story->first_us = arrival->at_us;
    }
    if (story->requests == 1 || arrival->at_us > story->last_us) {
        story->last_us = arrival->at_us;
    }
    if (judged->entry != NULL) {
        const mlg_request_t *request = &judged->entry->request;

        count_text(&story->paths, path_of(request->target), story->p);
        if (request->knows & MLG_KNOWS_AGENT) {
            count_text(&story->agents, request->agent, story->p);
        }
    }
}

static void note(story_moment_t *moment, uint64_t number,
                 const mlg_decision_t *d)
{
    moment->number = number;
    moment->decision = *d;
}

/* What the gate made of it. */
static void weigh(story_t *story, const mlg_decision_t *d)
{
    uint64_t n = story->requests;
    int is_refused = mlg_decision_refuses(d);

    story->refused += is_refused;
    story->spared += d->verdict == MLG_VERDICT_ALLOW ||
                     d->verdict == MLG_VERDICT_EXEMPT ||
                     d->verdict == MLG_VERDICT_GRACE;
    if (d->convicts) {
        if (story->nblocks++ < STORY_BLOCKS) {
            note(&story->block[story->nblocks - 1].began, n, d);
        }
    }
    else if (is_refused && (d->swarm_is & MLG_IN_SWARM_ALONE) != 0) {
        story->in_swarm++;
    }
    else if (is_refused && story->nblocks > 0 &&
             story->nblocks <= STORY_BLOCKS) {
        story->block[story->nblocks - 1].refused++;
    }
    if (isnan(d->score) || (d->verdict == MLG_VERDICT_REFUSE && !d->convicts)) {
        return; /* not judged, or refused by what its block says */
    }
    if (story->half.number == 0 && d->threshold <= 1.0f &&
        d->score >= d->threshold / 2) {
        note(&story->half, n, d);
    }
    if (story->crossed.number == 0 && d->score >= d->threshold) {
        note(&story->crossed, n, d);
    }
    if (story->peak.number == 0 || d->score > story->peak.decision.score) {
        note(&story->peak, n, d);
    }
}

void story_add(story_t *story, const judged_t *judged, unsigned ipv6_prefix)
{
    if (!story->has_key) {
        story->key = mlg_key_client(&story->addr, ipv6_prefix);
        story->has_key = 1;
    }
    if (memcmp(&judged->arrival->from.key, &story->key, sizeof(story->key)) ==
        0) {
        count_request(story, judged);
        weigh(story, judged->decision);
    }
}

void story_swarm(story_t *story, const judged_t *judged,
                 const mlg_swarms_t *swarms)
{
    if (judged != NULL && judged->decision->swarm != 0 && story->has_key &&
        memcmp(&judged->arrival->from.key, &story->key, sizeof(story->key)) ==
            0) {
        story->swarm = swarms->event[judged->decision->swarm - 1];
    }
    for (unsigned i = 0; i < MLG_SWARM_EVENTS && story->swarm.id != 0; i++) {
        if (swarms->event[i].id == story->swarm.id && judged == NULL) {
            story->swarm = swarms->event[i]; /* as it ended */
        }
    }
}

static int by_count(const void *a, const void *b)
{
    const story_text_t *left = *(story_text_t *const *)a;
    const story_text_t *right = *(story_text_t *const *)b;

    if (left->n != right->n) {
        return (left->n < right->n) ? 1 : -1;
    }
    return strcmp(left->text, right->text);
}

apr_array_header_t *story_sort(const story_texts_t *texts, apr_pool_t *p)
{
    apr_array_header_t *sorted = apr_array_copy(p, texts->list);

    qsort(sorted->elts, (size_t)sorted->nelts, (size_t)sorted->elt_size,
          by_count);
    return sorted;
}

const story_moment_t *story_moment(const story_t *story)
{
    return (story->nblocks > 0) ? &story->block[0].began : &story->peak;
}

int story_by_points(const void *a, const void *b)
{
    float left = ((const story_part_t *)a)->points;
    float right = ((const story_part_t *)b)->points;

    return (left < right) - (left > right);
}

size_t story_parts(story_part_t out[MLG_NFEATURES], const mlg_rules_t *rules,
                   const float x[MLG_NFEATURES])
{
    float part[MLG_NFEATURES];
    size_t n = 0;

    mlg_rules_parts(rules, x, part);
    for (unsigned i = 0; i < MLG_NFEATURES; i++) {
        if (part[i] != 0.0f) {
            out[n++] = (story_part_t){(mlg_feature_id)i, x[i], part[i]};
        }
    }
    qsort(out, n, sizeof(*out), story_by_points);
    return n;
}
