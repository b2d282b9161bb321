/* SPDX-License-Identifier: Apache-2.0
 *
 * A client's story for programs. */
#include "story.h"

#include "mlg_report_swarm.h"
#include "mlg_report_json.h"
#include "mlg_report_replay.h"

#include <math.h>

static json_t *whole(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *time_of(apr_time_t at_us)
{
    char text[MLG_ISO_TEXT];

    return json_string(mlg_report_time(text, at_us));
}

static json_t *texts_of(const story_texts_t *texts, apr_pool_t *p)
{
    const apr_array_header_t *sorted = story_sort(texts, p);
    json_t *list = json_array();

    for (int i = 0; i < sorted->nelts; i++) {
        const story_text_t *text = APR_ARRAY_IDX(sorted, i, story_text_t *);
        json_t *one = json_object();

        json_object_set_new(one, "text", json_string(text->text));
        json_object_set_new(one, "requests", whole(text->n));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *answers_of(const story_t *story)
{
    static const char *const name[] = {"other", "1xx", "2xx",
                                       "3xx",   "4xx", "5xx"};
    json_t *answers = json_object();

    for (int i = 0; i < 6; i++) {
        json_object_set_new(answers, name[i], whole(story->answers[i]));
    }
    return answers;
}

/* null when it never came. */
static json_t *moment_of(const story_moment_t *moment)
{
    json_t *one;

    if (moment->number == 0) {
        return json_null();
    }
    one = json_object();
    json_object_set_new(one, "request", whole(moment->number));
    json_object_set_new(one, "time", time_of(moment->decision.at_us));
    json_object_set_new(one, "score",
                        json_real((double)moment->decision.score));
    return one;
}

static json_t *blocks_of(const story_t *story)
{
    json_t *list = json_array();

    for (uint64_t i = 0; i < story->nblocks && i < STORY_BLOCKS; i++) {
        const story_block_t *block = &story->block[i];
        apr_time_t until_us = block->began.decision.until_us;
        json_t *one = moment_of(&block->began);

        json_object_set_new(one, "until",
                            (until_us != 0) ? time_of(until_us) : json_null());
        json_object_set_new(one, "later_refused", whole(block->refused));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *parts_of(const mlg_rules_t *rules, const float x[MLG_NFEATURES])
{
    story_part_t part[MLG_NFEATURES];
    char words[MLG_WORDS_TEXT];
    size_t n = story_parts(part, rules, x);
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        uint32_t f = part[i].feature;
        json_t *one = json_object();

        json_object_set_new(one, "feature", json_string(mlg_features[f].name));
        json_object_set_new(one, "value", mlg_json_number(part[i].value));
        json_object_set_new(one, "points", json_real((double)part[i].points));
        json_object_set_new(
            one, "words",
            json_string(mlg_report_words(words, f, part[i].value)));
        json_array_append_new(list, one);
    }
    return list;
}

json_t *story_json(const story_t *story, const feed_t *feed)
{
    const mlg_rules_t *rules = &feed->replay.rules;
    const story_moment_t *moment = story_moment(story);
    unsigned prefix = feed->replay.ipv6_prefix;
    char client[MLG_KEY_TEXT];
    json_t *out = json_object();

    json_object_set_new(
        out, "client",
        json_string(mlg_key_render(client, &story->key, prefix)));
    json_object_set_new(out, "threshold", mlg_json_threshold(rules->threshold));
    json_object_set_new(out, "threshold_origin",
                        mlg_report_origin(&feed->rules.origin));
    json_object_set_new(out, "requests", whole(story->requests));
    json_object_set_new(out, "pages", whole(story->pages));
    json_object_set_new(out, "assets", whole(story->assets));
    json_object_set_new(out, "refused", whole(story->refused));
    json_object_set_new(out, "not_judged", whole(story->spared));
    json_object_set_new(out, "first_seen", time_of(story->first_us));
    json_object_set_new(out, "last_seen", time_of(story->last_us));
    json_object_set_new(out, "answers", answers_of(story));
    json_object_set_new(out, "user_agents", texts_of(&story->agents, story->p));
    json_object_set_new(out, "paths", texts_of(&story->paths, story->p));
    json_object_set_new(out, "half_threshold", moment_of(&story->half));
    json_object_set_new(out, "threshold_crossed", moment_of(&story->crossed));
    json_object_set_new(out, "highest", moment_of(&story->peak));
    json_object_set_new(out, "blocked", whole(story->nblocks));
    json_object_set_new(out, "blocks", blocks_of(story));
    json_object_set_new(out, "refused_for_swarm", whole(story->in_swarm));
    json_object_set_new(out, "swarm",
                        (story->swarm.id != 0) ? mlg_report_swarm(&story->swarm)
                                               : json_null());
    json_object_set_new(out, "moment", moment_of(moment));
    if (moment->number > 0) {
        json_object_set_new(out, "parts", parts_of(rules, moment->decision.x));
        if (rules->forest != NULL) {
            json_object_set_new(out, "log_odds",
                                story_odds_json(feed, moment->decision.x,
                                                moment->decision.is_trusted));
        }
        json_object_set_new(
            out, "decision",
            mlg_report_decision(&moment->decision, prefix, rules));
    }
    return out;
}
