/* SPDX-License-Identifier: Apache-2.0 */
#include "panel.h"

#include "remote.h"
#include "visible.h"

#include "mlg_report.h"

#include <apr_strings.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LABEL      10  /* width of what a line of the summary is about */
#define CLIENT     24  /* width of an address */
#define SAMPLE_MIN 0.2 /* seconds; a rate over less says nothing */
#define REASONS    240 /* characters of all the reasons of one line */

void panel_init(panel_t *panel, apr_pool_t *p)
{
    panel->p = p;
    panel->lines = apr_array_make(p, 64, sizeof(panel_line_t));
}

void panel_add(panel_t *panel, int is_title, const char *format, ...)
{
    panel_line_t *line = apr_array_push(panel->lines);
    va_list args;

    va_start(args, format);
    line->text = apr_pvsprintf(panel->p, format, args);
    va_end(args);
    line->is_title = is_title;
}

/* ---- the summary --------------------------------------------------------- */

static const char *shown(panel_t *panel, const json_t *object, const char *name,
                         size_t max)
{
    return visible_string(remote_text(object, name), max, panel->p);
}

static const char *duration(panel_t *panel, double seconds)
{
    return remote_duration(seconds, panel->p);
}

/* How often a second something was counted since `before`; NaN: unknown, as
 * after a restart that set the counters back. */
static double rate(const json_t *stats, const json_t *before, const char *name)
{
    double seconds = remote_number(stats, "time_epoch") -
                     remote_number(before, "time_epoch");
    double n = remote_number(json_object_get(stats, "counters"), name) -
               remote_number(json_object_get(before, "counters"), name);

    return (before != NULL && seconds >= SAMPLE_MIN && n >= 0.0) ? n / seconds
                                                                 : (double)NAN;
}

static double percent(double part, double whole)
{
    return (whole > 0.0) ? 100.0 * part / whole : 0.0;
}

static void add_requests(panel_t *panel, const json_t *stats,
                         const json_t *before)
{
    const json_t *counters = json_object_get(stats, "counters");
    double now = rate(stats, before, "requests");
    double all = remote_number(counters, "requests");
    int observes = strcmp(shown(panel, stats, "engine", 20), "enforce") != 0;
    const char *name = observes ? "would_refuse" : "refused";
    double refused = remote_number(counters, name);
    const char *word = observes ? "would be refused" : "refused";

    if (isnan(now)) {
        panel_add(panel, 0, "%-*s not known yet", LABEL, "now");
    }
    else {
        panel_add(panel, 0, "%-*s %.1f a second, %.1f %s", LABEL, "now", now,
                  rate(stats, before, name), word);
    }
    panel_add(panel, 0, "%-*s %.0f requests, %.0f (%.1f %%) %s", LABEL,
              "in all", all, refused, percent(refused, all), word);
}

static void add_health(panel_t *panel, const json_t *health)
{
    const json_t *reasons = json_object_get(health, "reasons");
    size_t i;
    const json_t *reason;

    panel_add(panel, 0, "%-*s %s", LABEL, "health",
              shown(panel, health, "status", 40));
    json_array_foreach(reasons, i, reason)
    {
        panel_add(panel, 0, "%-*s - %s", LABEL, "",
                  visible_string(json_string_value(reason), 200, panel->p));
    }
}

/* A gate that is older than this program says nothing of its model. */
static void add_models(panel_t *panel, const json_t *stats)
{
    const json_t *model = json_object_get(stats, "model");
    const json_t *shadow = json_object_get(stats, "shadow");

    if (json_is_object(model)) {
        panel_add(panel, 0, "%-*s %s, for %s", LABEL, "model",
                  json_is_string(json_object_get(model, "id"))
                      ? shown(panel, model, "id", 20)
                      : shown(panel, model, "kind", 20),
                  duration(panel, remote_number(model, "for_s")));
    }
    if (json_is_object(shadow)) {
        panel_add(panel, 0, "%-*s %s, disagrees on %.3f %% of the requests",
                  LABEL, "shadow",
                  json_is_string(json_object_get(shadow, "id"))
                      ? shown(panel, shadow, "id", 20)
                      : shown(panel, shadow, "kind", 20),
                  100.0 * remote_number(shadow, "disagreement"));
    }
}

void panel_summary(panel_t *panel, const json_t *info, const json_t *health,
                   const json_t *stats, const json_t *before)
{
    const json_t *table = json_object_get(stats, "table");
    const json_t *blocked = json_object_get(stats, "blocked");

    panel_add(panel, 0, "%-*s %s, blocks for %s and longer", LABEL, "engine",
              shown(panel, stats, "engine", 20),
              duration(panel, remote_number(info, "block_for_s")));
    panel_add(panel, 0, "%-*s %s", LABEL, "threshold",
              shown(panel, json_object_get(stats, "calibration"), "says", 120));
    add_models(panel, stats);
    if (health != NULL) {
        add_health(panel, health);
    }
    panel_add(
        panel, 0, "%-*s %s, counting for %s", LABEL, "up",
        duration(panel, remote_number(stats, "uptime_s")),
        duration(panel, remote_number(stats, "time_epoch") -
                            remote_number(stats, "counting_since_epoch")));
    add_requests(panel, stats, before);
    panel_add(panel, 0,
              "%-*s %.0f of %.0f clients (%.1f %%), %.0f lost their "
              "place",
              LABEL, "table", remote_number(table, "in_use"),
              remote_number(table, "clients"),
              100.0 * remote_number(table, "used_share"),
              remote_number(table, "evictions"));
    panel_add(panel, 0,
              "%-*s %.0f by the gate, %.0f by operators, %.0f that observing "
              "spares; %.0f let through by operators",
              LABEL, "blocks", remote_number(blocked, "block"),
              remote_number(blocked, "operator"),
              remote_number(blocked, "would-block"),
              remote_number(blocked, "grace"));
}

/* ---- the histogram ------------------------------------------------------- */

void panel_scores(double count[PANEL_BARS], const json_t *stats)
{
    const json_t *histogram = json_object_get(stats, "score_histogram");

    for (size_t i = 0; i < PANEL_BARS; i++) {
        count[i] = remote_number(json_array_get(histogram, i), "requests");
    }
}

void panel_histogram(panel_t *panel, const double count[PANEL_BARS],
                     const char *when, int is_utf8)
{
    static const char *const block[] = {" ",      "\u2581", "\u2582",
                                        "\u2583", "\u2584", "\u2585",
                                        "\u2586", "\u2587", "\u2588"};
    static const char *const ascii[] = {" ", ".", ":", "-", "=",
                                        "+", "*", "#", "@"};
    const char *bars = "";
    double most = 1.0;

    for (int i = 0; i < PANEL_BARS; i++) {
        most = (count[i] > most) ? count[i] : most;
    }
    for (int i = 0; i < PANEL_BARS; i++) {
        /* by the logarithm: a few high scores must show beside many low */
        double height =
            (count[i] > 0.0) ? 1.0 + 7.0 * log1p(count[i]) / log1p(most) : 0.0;
        const char *bar = (is_utf8 ? block : ascii)[(int)height % 9];

        bars = apr_pstrcat(panel->p, bars, bar, bar, NULL);
    }
    panel_add(panel, 0, "%-*s %s  %s", LABEL, "scores", bars, when);
    panel_add(panel, 0, "%-*s 0         0.25      0.5       0.75     1", LABEL,
              "");
}

/* ---- lists --------------------------------------------------------------- */

/* "2.4 pages a second; 91 % of answers were 404" */
static const char *reasons_of(panel_t *panel, const json_t *object)
{
    const json_t *reasons = json_object_get(object, "reasons");
    const char *text = "";
    size_t i;
    const json_t *reason;

    json_array_foreach(reasons, i, reason)
    {
        text = apr_pstrcat(panel->p, text, (i > 0) ? "; " : "",
                           shown(panel, reason, "words", MLG_WORDS_TEXT), NULL);
        if (strlen(text) > REASONS) {
            break;
        }
    }
    return text;
}

static const char *score_of(panel_t *panel, const json_t *object)
{
    const json_t *score = json_object_get(object, "score");

    return json_is_number(score)
               ? apr_psprintf(panel->p, "%.2f", json_number_value(score))
               : "-";
}

static const char *kind_of(panel_t *panel, const json_t *block)
{
    const char *kind = shown(panel, block, "kind", 20);

    return (strcmp(kind, "would-block") == 0) ? "would" : kind;
}

void panel_blocks(panel_t *panel, const json_t *stats, size_t max)
{
    const json_t *blocks = json_object_get(stats, "blocks");
    const json_t *block;
    size_t i;

    if (json_array_size(blocks) == 0) {
        return;
    }
    panel_add(panel, 0, "%s", "");
    panel_add(panel, 1, "%-*s %-8s %-10s %7s %5s  %s", CLIENT, "BLOCKS", "kind",
              "left", "refused", "score", "because");
    json_array_foreach(blocks, i, block)
    {
        const char *note = remote_text(block, "note");

        if (i == max) {
            panel_add(panel, 0, "and %d more",
                      (int)(json_array_size(blocks) - max));
            break;
        }
        panel_add(panel, 0, "%-*s %-8s %-10s %7.0f %5s  %s", CLIENT,
                  shown(panel, block, "client", MLG_KEY_TEXT),
                  kind_of(panel, block),
                  duration(panel, remote_number(block, "remaining_s")),
                  remote_number(block, "refused"), score_of(panel, block),
                  (note != NULL) ? visible_string(note, 160, panel->p)
                                 : reasons_of(panel, block));
    }
}

void panel_swarms(panel_t *panel, const json_t *stats, size_t max)
{
    const json_t *swarms = json_object_get(stats, "swarms");
    const json_t *one;
    size_t shown_ones = 0;
    size_t i;

    json_array_foreach(json_object_get(swarms, "swarms"), i, one)
    {
        if (!json_is_null(json_object_get(one, "end")) || shown_ones == max) {
            continue;
        }
        if (shown_ones++ == 0) {
            panel_add(panel, 0, "%s", "");
            panel_add(panel, 1, "%-*s %9s %9s  %s", CLIENT, "SWARMS",
                      "addresses", "refused",
                      json_is_true(json_object_get(swarms, "held_back"))
                          ? "share (held back by MLGateSwarmMaxShare)"
                          : "share");
        }
        panel_add(panel, 0, "%-*s %9.0f %9.0f  %s", CLIENT,
                  remote_time(one, "since", panel->p),
                  remote_number(one, "members"), remote_number(one, "refused"),
                  shown(panel, one, "words", MLG_WORDS_TEXT));
    }
}

/* What is known to speak against a client: its block's reasons or those of its
 * latest decision. */
static const char *reasons_for(panel_t *panel, const json_t *stats,
                               const char *client)
{
    static const char *const lists[] = {"blocks", "decisions"};

    for (size_t l = 0; l < 2 && client != NULL; l++) {
        const json_t *list = json_object_get(stats, lists[l]);
        const json_t *one;
        size_t i;

        json_array_foreach(list, i, one)
        {
            const char *name = remote_text(one, "client");

            if (name != NULL && strcmp(name, client) == 0) {
                return reasons_of(panel, one);
            }
        }
    }
    return "";
}

void panel_clients(panel_t *panel, const json_t *stats, size_t max)
{
    const json_t *clients = json_object_get(stats, "top_clients");
    double now = remote_number(stats, "time_epoch");
    const json_t *client;
    size_t i;

    if (json_array_size(clients) == 0) {
        return;
    }
    panel_add(panel, 0, "%s", "");
    panel_add(panel, 1, "%-*s %5s %9s %-13s  %s", CLIENT, "HIGHEST SCORES",
              "score", "requests", "last seen", "because");
    json_array_foreach(clients, i, client)
    {
        if (i == max) {
            break;
        }
        panel_add(
            panel, 0, "%-*s %5s %9.0f %-13s  %s", CLIENT,
            shown(panel, client, "client", MLG_KEY_TEXT),
            score_of(panel, client), remote_number(client, "requests"),
            apr_pstrcat(
                panel->p,
                duration(panel, now - remote_number(client, "last_seen_epoch")),
                " ago", NULL),
            reasons_for(panel, stats, remote_text(client, "client")));
    }
}

void panel_decisions(panel_t *panel, const json_t *stats, size_t max)
{
    const json_t *decisions = json_object_get(stats, "decisions");
    const json_t *one;
    size_t i;

    if (json_array_size(decisions) == 0) {
        return;
    }
    panel_add(panel, 0, "%s", "");
    panel_add(panel, 1, "%-*s %-8s %5s %-16s  %s", CLIENT, "LATEST CONVICTIONS",
              "at (UTC)", "score", "reference ID", "because");
    json_array_foreach(decisions, i, one)
    {
        const char *time = shown(panel, one, "time", MLG_ISO_TEXT);
        const char *clock = strchr(time, 'T');

        if (i == max) {
            break;
        }
        panel_add(panel, 0, "%-*s %-8.8s %5s %-16s  %s", CLIENT,
                  shown(panel, one, "client", MLG_KEY_TEXT),
                  (clock != NULL) ? clock + 1 : time, score_of(panel, one),
                  shown(panel, one, "id", 16), reasons_of(panel, one));
    }
}
