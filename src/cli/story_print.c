/* SPDX-License-Identifier: Apache-2.0
 *
 * A client's story in words. The texts of the log were made visible() when
 * they were gathered. */
#include "story.h"

#include "mlg_report_swarm.h"
#include "mlg_report.h"

#include <math.h>
#include <stdio.h>

#define LISTED_TEXTS  5  /* User-Agents, and paths */
#define LISTED_BLOCKS 10 /* one by one; the rest as one number */

static const char *plural(uint64_t n)
{
    return (n == 1) ? "" : "s";
}

static unsigned long long whole(uint64_t n)
{
    return (unsigned long long)n;
}

/* ---- what it did --------------------------------------------------------- */

static void print_texts(const char *name, const story_texts_t *texts,
                        apr_pool_t *p)
{
    const apr_array_header_t *sorted = story_sort(texts, p);
    int n = sorted->nelts;
    uint64_t rest = texts->others;

    printf("  %-12s %d different%s\n", name, n,
           (texts->others > 0) ? " ones and more" : "");
    for (int i = 0; i < n; i++) {
        const story_text_t *one = APR_ARRAY_IDX(sorted, i, story_text_t *);

        if (i < LISTED_TEXTS) {
            printf("  %12llu %s\n", whole(one->n), one->text);
        }
        else {
            rest += one->n;
        }
    }
    if (rest > 0) {
        printf("  %12llu with all others\n", whole(rest));
    }
}

static void print_doings(const story_t *story)
{
    char from[MLG_ISO_TEXT];
    char to[MLG_ISO_TEXT];
    char span[MLG_DURATION_TEXT];

    printf("What it did (times are UTC)\n");
    printf("  %llu request%s: %llu for pages, %llu for assets", //
           whole(story->requests), plural(story->requests), whole(story->pages),
           whole(story->assets));
    if (story->other_methods > 0) {
        printf("; %llu neither GET nor HEAD", whole(story->other_methods));
    }
    printf("\n  from %s to %s, %s\n", mlg_report_clock(from, story->first_us),
           mlg_report_clock(to, story->last_us),
           mlg_report_duration(span, story->last_us - story->first_us));
    printf("  %-12s", "answers");
    for (unsigned class = 1; class < 6; class ++) {
        if (story->answers[class] > 0) {
            printf(" %llu x %uxx", whole(story->answers[class]), class);
        }
    }
    if (story->answers[0] > 0) {
        printf(" %llu x none", whole(story->answers[0]));
    }
    printf("\n");
    if (story->agents.list->nelts > 0) {
        print_texts("User-Agents", &story->agents, story->p);
    }
    if (story->paths.list->nelts > 0) {
        print_texts("paths", &story->paths, story->p);
    }
}

/* ---- how its score went -------------------------------------------------- */

static void print_moment(const story_moment_t *moment, const char *what)
{
    char at[MLG_ISO_TEXT];

    printf("  %s  request %-6llu %4.2f  %s\n",
           mlg_report_clock(at, moment->decision.at_us), whole(moment->number),
           (double)moment->decision.score, what);
}

static void print_block(const story_block_t *block)
{
    const mlg_decision_t *d = &block->began.decision;
    char until[MLG_ISO_TEXT];
    char span[MLG_DURATION_TEXT];
    char what[160];

    snprintf(what, sizeof(what),
             "blocked for %s, until %s; %llu later request%s fell into it",
             mlg_report_duration(span, d->until_us - d->at_us),
             mlg_report_clock(until, d->until_us), whole(block->refused),
             plural(block->refused));
    print_moment(&block->began,
                 (d->until_us != 0) ? what : "convicted, but not blocked");
}

/* What is to be said of the highest score. */
static const char *peak_words(const story_t *story, const mlg_rules_t *rules)
{
    if (story->crossed.number > 0 || rules->threshold > 1.0f) {
        return "the highest";
    }
    return (story->half.number > 0) ? "the highest; never the threshold"
                                    : "the highest; never half the threshold";
}

const char *story_threshold(char buf[STORY_THRESHOLD_TEXT], float threshold)
{
    if (threshold > 1.0f) {
        return "there is no threshold, only floods are refused";
    }
    snprintf(buf, STORY_THRESHOLD_TEXT, "the threshold is %.2f",
             (double)threshold);
    return buf;
}

static void print_course(const story_t *story, const feed_t *feed)
{
    const mlg_rules_t *rules = &feed->replay.rules;
    int is_fitted = feed->rules.origin.kind == MLG_ORIGIN_LOGS;
    char words[STORY_THRESHOLD_TEXT];
    uint64_t listed = 0;

    printf("\nHow its score went (0 to 1, %s%s)\n",
           story_threshold(words, rules->threshold),
           is_fitted ? ", fitted to these logs" : "");
    if (story->peak.number == 0) {
        printf("  none of its requests was judged\n");
        return;
    }
    if (story->half.number > 0) {
        print_moment(&story->half, "half the threshold for the first time");
    }
    if (story->crossed.number > 0) {
        print_moment(&story->crossed, "the threshold for the first time");
    }
    for (; listed < story->nblocks && listed < LISTED_BLOCKS; listed++) {
        print_block(&story->block[listed]);
    }
    if (story->nblocks > listed) {
        printf("  and %llu more blocks\n", whole(story->nblocks - listed));
    }
    print_moment(&story->peak, peak_words(story, rules));
}

static void print_verdict(const story_t *story, const mlg_rules_t *rules)
{
    if (story->nblocks > 0) {
        printf("  All in all %llu of its %llu requests would have been refused "
               "(%.1f %%).\n",
               whole(story->refused), whole(story->requests),
               100.0 * (double)story->refused / (double)story->requests);
    }
    else if (story->crossed.number > 0) {
        printf("  It was not blocked: that takes 3 high scores among its last "
               "5, and %u requests.\n",
               (unsigned)rules->min_requests);
    }
    else if (story->peak.number > 0) {
        printf("  It would not have been refused.\n");
    }
    if (story->spared > 0) {
        printf("  %llu request%s were not judged: allow-listed.\n",
               whole(story->spared), plural(story->spared));
    }
}

/* ---- why ----------------------------------------------------------------- */

void story_print_parts(const feed_t *feed, const float x[MLG_NFEATURES],
                       int is_trusted, float threshold)
{
    const mlg_rules_t *rules = &feed->replay.rules;
    story_part_t part[MLG_NFEATURES];
    char words[MLG_WORDS_TEXT];
    char limit[STORY_THRESHOLD_TEXT];
    size_t n;
    double sum = 0.0;
    float score;

    if (rules->forest != NULL) {
        story_print_odds(feed, x, is_trusted, threshold);
        return;
    }
    n = story_parts(part, rules, x);
    for (size_t i = 0; i < n; i++) {
        sum += (double)part[i].points;
        printf("  %+6.2f  %-22s  %s\n", (double)part[i].points,
               mlg_features[part[i].feature].name,
               mlg_report_words(words, part[i].feature, part[i].value));
    }
    score = mlg_rules_score(rules, x, NULL);
    if (is_trusted) {
        printf("  %6.2f  %s\n", (double)score, "in all of anybody else");
        printf("  %6.2f  %s", (double)mlg_policy_credit(score, 1),
               STORY_CREDIT);
    }
    else {
        printf("  %6.2f  %s", (double)score, "in all");
    }
    if (sum > 1.005 || sum < -0.005) {
        printf(" (the parts make %.2f; a score stays within 0 and 1)", sum);
    }
    printf("; %s\n", story_threshold(limit, threshold));
}

/* What would have let a request pass, or that no single change would. */
static void print_reliefs(const mlg_rules_t *rules,
                          const float x[MLG_NFEATURES], float threshold)
{
    mlg_relief_t relief[MLG_NFEATURES];
    char words[MLG_WORDS_TEXT];
    size_t n;

    if (mlg_rules_score(rules, x, NULL) < threshold) {
        return;
    }
    n = mlg_report_reliefs(relief, rules, x, threshold);
    printf("\nWhat would have let it pass then");
    if (n == 0) {
        printf("\n  no single change: several things spoke against it at once"
               "\n");
        return;
    }
    printf("%s\n", (n == 1) ? "" : ", each of these by itself");
    for (size_t i = 0; i < n; i++) {
        printf("  %-22s  %s\n", mlg_features[relief[i].feature].name,
               mlg_report_relief_words(words, &relief[i]));
    }
}

/* It came with others who did the same. */
static void print_swarm(const story_t *story)
{
    char words[MLG_SWARM_WORDS];

    if (story->swarm.id == 0) {
        return;
    }
    printf("\nIt came with a swarm: %s\n",
           mlg_report_swarm_words(words, &story->swarm));
    if (story->in_swarm > 0) {
        printf(
            "  %llu of its requests would have been refused for that alone.\n",
            whole(story->in_swarm));
    }
}

void story_print(const story_t *story, const feed_t *feed)
{
    const mlg_rules_t *rules = &feed->replay.rules;
    const story_moment_t *moment = story_moment(story);
    char client[MLG_KEY_TEXT];

    printf("%s\n\n",
           mlg_key_render(client, &story->key, feed->replay.ipv6_prefix));
    print_doings(story);
    print_course(story, feed);
    print_verdict(story, rules);
    print_swarm(story);
    if (moment->number > 0) {
        const mlg_decision_t *d = &moment->decision;

        printf("\nWhat weighed at request %llu, the %s\n",
               whole(moment->number),
               (story->nblocks > 0) ? "one that had it blocked"
                                    : "one with the highest score");
        story_print_parts(feed, d->x, d->is_trusted, d->threshold);
        print_reliefs(rules, d->x,
                      mlg_policy_reach(d->threshold, d->is_trusted));
    }
}
