/* SPDX-License-Identifier: Apache-2.0
 *
 * What made a forest's score, exactly. Contributions add up in log-odds, where
 * trees add up; in points of score they would depend on their order. */
#include "story.h"

#include "mlg_report.h"
#include "mlg_report_json.h"
#include "mlg_shap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TOLD 0.05 /* log-odds: lesser contributions are told together */

void story_odds(story_odds_t *odds, const feed_t *feed,
                const float x[MLG_NFEATURES], int is_trusted)
{
    const mlg_bundle_t *bundle = &feed->rules.file.bundle;
    double part[MLG_NFEATURES];
    mlg_walk_t walk;

    mlg_forest_walk(feed->replay.rules.forest, x, &walk);
    odds->credit = is_trusted ? -log((double)MLG_TRUST_ODDS) : 0.0;
    odds->all =
        bundle->slope * (double)walk.margin + bundle->offset + odds->credit;
    odds->from = mlg_shap(bundle, x, part);
    odds->n = 0;
    for (int i = 0; i < MLG_NFEATURES; i++) {
        if (part[i] != 0.0) {
            odds->part[odds->n++] =
                (story_part_t){(mlg_feature_id)i, x[i], (float)part[i]};
        }
    }
    qsort(odds->part, odds->n, sizeof(*odds->part), story_by_points);
}

static double score_of(double log_odds)
{
    return (double)mlg_forest_curve(1.0, 0.0, log_odds);
}

void story_print_odds(const feed_t *feed, const float x[MLG_NFEATURES],
                      int is_trusted, float threshold)
{
    char words[MLG_WORDS_TEXT];
    char limit[STORY_THRESHOLD_TEXT];
    story_odds_t odds;
    double rest = 0.0;
    unsigned others = 0;

    story_odds(&odds, feed, x, is_trusted);
    printf("  %+6.2f  what the average client scores, %.2f, in log-odds\n",
           odds.from, score_of(odds.from));
    for (size_t i = 0; i < odds.n; i++) {
        const story_part_t *part = &odds.part[i];

        if (fabs((double)part->points) < TOLD) {
            rest += (double)part->points;
            others++;
            continue;
        }
        printf("  %+6.2f  %-22s  %s\n", (double)part->points,
               mlg_features[part->feature].name,
               mlg_report_words(words, part->feature, part->value));
    }
    if (others > 0) {
        printf("  %+6.2f  %u other%s, less than %.2f each\n", rest, others,
               (others == 1) ? "" : "s", TOLD);
    }
    if (is_trusted) {
        printf("  %+6.2f  %s\n", odds.credit, STORY_CREDIT);
    }
    printf("  %+6.2f  in all: a score of %.2f; %s", odds.all,
           score_of(odds.all), story_threshold(limit, threshold));
    if (threshold > 0.0f && threshold < 1.0f) {
        printf(" (%+.2f)", log((double)threshold / (1.0 - (double)threshold)));
    }
    printf("\n");
}

json_t *story_odds_json(const feed_t *feed, const float x[MLG_NFEATURES],
                        int is_trusted)
{
    char words[MLG_WORDS_TEXT];
    json_t *list = json_array();
    json_t *out = json_object();
    story_odds_t odds;

    story_odds(&odds, feed, x, is_trusted);
    for (size_t i = 0; i < odds.n; i++) {
        const story_part_t *part = &odds.part[i];
        json_t *one = json_object();

        json_object_set_new(one, "feature",
                            json_string(mlg_features[part->feature].name));
        json_object_set_new(one, "value", mlg_json_number(part->value));
        json_object_set_new(one, "log_odds", json_real((double)part->points));
        json_object_set_new(
            one, "words",
            json_string(mlg_report_words(words, part->feature, part->value)));
        json_array_append_new(list, one);
    }
    json_object_set_new(out, "base", json_real(odds.from));
    json_object_set_new(out, "credit", json_real(odds.credit));
    json_object_set_new(out, "total", json_real(odds.all));
    json_object_set_new(out, "parts", list);
    return out;
}
