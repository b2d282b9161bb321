/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_words.h"

#include "mlg_report_swarm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WIDTH  100
#define INDENT 4
#define FIELD  11 /* columns of the head's names */
#define BAR    40
#define NEAR   6  /* buckets shown on each side of the threshold */
#define LISTED 10 /* clients of a list */

static void put_number(FILE *to, int width, uint64_t n)
{
    char text[REPLAY_NUMBER_TEXT];

    fprintf(to, " %*s", width, replay_number(text, n));
}

static void put_share(FILE *to, int width, uint64_t part, uint64_t whole)
{
    char text[REPLAY_SHARE_TEXT];

    fprintf(to, " %*s", width, replay_share(text, part, whole));
}

/* Words between margins. The first line begins with a name, in as many columns
 * as the others are indented by. */
static void put_words(FILE *to, const char *name, int indent, const char *text)
{
    size_t room = (size_t)(WIDTH - indent);

    while (*text != '\0') {
        size_t len = strlen(text);

        if (len > room) {
            const char *space = memrchr(text, ' ', room + 1);

            len =
                (space != NULL && space > text) ? (size_t)(space - text) : room;
        }
        fprintf(to, "%-*s%.*s\n", indent, name, (int)len, text);
        name = "";
        text += len;
        text += strspn(text, " ");
    }
}

static void put_wrapped(FILE *to, const char *text)
{
    put_words(to, "", INDENT, text);
}

/* How this replay compares with the server that wrote the log. */
static void put_parity(FILE *to, const mlg_parity_t *p)
{
    char number[REPLAY_NUMBER_TEXT];

    if (p->compared > 0) {
        fprintf(to, "Server     %s requests compared",
                replay_number(number, p->compared));
        fprintf(to, ": %s scores", replay_number(number, p->scores));
        fprintf(to, ", %s feature vectors", replay_number(number, p->vectors));
        fprintf(to, " and %s verdicts differ\n",
                replay_number(number, p->verdicts));
    }
    if (p->skipped > 0) {
        fprintf(to, "  not      %s judged while another held their record\n",
                replay_number(number, p->skipped));
    }
    if (p->other_rules > 0) {
        fprintf(to,
                "  not      %s judged by other rules: give the server's "
                "--config, and\n           --set 'MLGateEngine observe' if it "
                "observed\n",
                replay_number(number, p->other_rules));
    }
    if (p->is_partial) {
        fputs("  partial  the log does not begin with the server's memory: what"
              " it knew before,\n           without "
              "a start line its MLGateTableSize, too, is not known here;\n     "
              "      "
              "differences are expected\n",
              to);
    }
    if (p->gaps + p->late + p->foreign > 0) {
        fprintf(to, "  gaps     %s", replay_number(number, p->gaps));
        fprintf(to, "; %s lines out of turn", replay_number(number, p->late));
        fprintf(to, ", %s of a gate that was gone\n",
                replay_number(number, p->foreign));
    }
}

/* ---- head ----------------------------------------------------------------- */

static void put_origin(FILE *to, const mlg_origin_t *origin)
{
    char buf[MLG_ORIGIN_TEXT];
    char all[2 * MLG_ORIGIN_TEXT];
    const char *words = mlg_origin_words(buf, origin);
    const char *advice = mlg_origin_advice(origin->kind);

    if (words != NULL) {
        snprintf(all, sizeof(all), "%s%s%s", words,
                 (advice != NULL) ? "; " : "", (advice != NULL) ? advice : "");
        put_words(to, "", FIELD, all);
    }
}

static void put_head(FILE *to, const mlg_findings_t *f)
{
    char number[REPLAY_NUMBER_TEXT];
    char share[REPLAY_SHARE_TEXT];
    char from[MLG_ISO_TEXT];
    char until[MLG_ISO_TEXT];
    char span[MLG_DURATION_TEXT];
    char rules[160];

    if (f->all.requests > 0) {
        fprintf(to, "Time       %s to %s UTC (%s)\n",
                mlg_report_clock(from, f->first_us),
                mlg_report_clock(until, f->last_us),
                mlg_report_duration(span, f->last_us - f->first_us));
    }
    put_words(to, "Rules", FIELD, replay_rules(rules, sizeof(rules), f->rules));
    if (f->origin != NULL) {
        put_origin(to, f->origin);
    }
    if (f->parity != NULL) {
        put_parity(to, f->parity);
    }
    fprintf(to, "Requests   %s", replay_number(number, f->all.requests));
    fprintf(to, " in %s lines", replay_number(number, f->lines));
    fprintf(to, ", %s of them malformed\n",
            replay_number(number, f->malformed));
    fprintf(to, "  refused  %s (%s)\n", replay_number(number, f->all.refused),
            replay_share(share, f->all.refused, f->all.requests));
    fprintf(to, "Clients    %s\n", replay_number(number, f->all.clients));
    fprintf(to, "  blocked  %s (%s)\n", replay_number(number, f->all.blocked),
            replay_share(share, f->all.blocked, f->all.clients));
}

/* ---- classes -------------------------------------------------------------- */

static void put_group(FILE *to, const mlg_found_group_t *g)
{
    char name[26]; /* 24 columns and an end */

    fprintf(to, "%-24s", replay_visible(name, sizeof(name), g->name));
    put_number(to, 9, g->clients);
    put_number(to, 7, g->blocked);
    put_share(to, 8, g->blocked, g->clients);
    put_number(to, 8, g->busy);
    put_number(to, 7, g->busy_blocked);
    put_share(to, 8, g->busy_blocked, g->busy);
    put_number(to, 11, g->requests);
    put_number(to, 10, g->refused);
    fputc('\n', to);
}

static void put_groups(FILE *to, const char *title,
                       const mlg_found_group_t *group, size_t n,
                       const mlg_found_group_t *all)
{
    fprintf(to, "\n%-24s %9s %7s %8s %8s %7s %8s %11s %10s\n", title, "clients",
            "blocked", "share", "busy", "blocked", "share", "requests",
            "refused");
    for (size_t i = 0; i < n; i++) {
        if (group[i].clients > 0) {
            put_group(to, &group[i]);
        }
    }
    put_group(to, all);
    fprintf(to, "busy: with at least %d requests\n", MLG_FOUND_BUSY);
}

/* ---- lists of clients ----------------------------------------------------- */

static void put_client(FILE *to, const mlg_findings_t *f, size_t i,
                       const mlg_found_client_t *c)
{
    const mlg_tally_row_t *row = &c->row;
    char key[MLG_KEY_TEXT];
    char a[REPLAY_NUMBER_TEXT];
    char b[REPLAY_NUMBER_TEXT];
    char at[MLG_ISO_TEXT];
    char words[4 * MLG_WORDS_TEXT];

    fprintf(to, "%2zu  %s  %s", i,
            mlg_key_render(key, &row->key, f->ipv6_prefix),
            f->class[row->class % MLG_NCLASSES].name);
    if (f->nlabels > 1) {
        fprintf(to, ", %s",
                replay_visible(words, 40,
                               f->label[row->label % MLG_FOUND_LABELS].name));
    }
    fprintf(to, "\n%*s%s of %s requests refused in %u block%s, the first %s",
            INDENT, "", replay_number(a, row->refused),
            replay_number(b, row->requests), row->blocks,
            (row->blocks == 1) ? "" : "s",
            mlg_report_clock(at, row->blocked_us));
    fprintf(to, " after %s\n", replay_number(a, row->before));
    if (!c->has_why) {
        put_wrapped(to, "why is not known: too many others were blocked");
        return;
    }
    snprintf(words, sizeof(words), "%.3f: ", (double)c->why.score);
    replay_reasons(words + strlen(words), sizeof(words) - strlen(words),
                   &c->why.reasons);
    put_wrapped(to, words);
    if (c->why.agent[0] != '\0') {
        put_wrapped(to, replay_visible(words, WIDTH - INDENT, c->why.agent));
    }
}

static void put_list(FILE *to, const mlg_findings_t *f, const char *title,
                     const mlg_found_list_t *list)
{
    char number[REPLAY_NUMBER_TEXT];
    size_t n = (list->n < LISTED) ? list->n : LISTED;

    fprintf(to, "\n%s", title);
    if (list->total > n) {
        fprintf(to, " (%zu of %s)", n, replay_number(number, list->total));
    }
    fputs((n == 0) ? ": none\n" : "\n", to);
    for (size_t i = 0; i < n; i++) {
        put_client(to, f, i + 1, &list->client[i]);
    }
}

/* ---- scores --------------------------------------------------------------- */

/* A logarithmic bar; one request is a mark. */
static void put_bar(FILE *to, uint64_t n, uint64_t most)
{
    int len =
        (n == 0)
            ? 0
            : 1 + (int)((BAR - 1) * log1p((double)n) / log1p((double)most));

    for (int i = 0; i < len; i++) {
        fputs((i == 0) ? " #" : "#", to);
    }
    fputc('\n', to);
}

static uint64_t sum_of(const uint64_t *score, int from, int until)
{
    uint64_t sum = 0;

    for (int i = from; i < until; i++) {
        sum += score[i];
    }
    return sum;
}

static void put_scores(FILE *to, const mlg_findings_t *f)
{
    int has_threshold = f->rules->threshold <= 1.0f;
    int at = has_threshold ? mlg_found_bucket(f->rules->threshold)
                           : MLG_FOUND_BUCKETS;
    int from = (at > NEAR) ? at - NEAR : 0;
    int until = (at + NEAR < MLG_FOUND_BUCKETS) ? at + NEAR : MLG_FOUND_BUCKETS;
    uint64_t below = sum_of(f->score, 0, from);
    uint64_t above = sum_of(f->score, until, MLG_FOUND_BUCKETS);
    uint64_t most = (below > above) ? below : above;

    for (int i = from; i < until; i++) {
        most = (f->score[i] > most) ? f->score[i] : most;
    }
    fprintf(to, "\n%s: judged requests, bars logarithmic\n",
            has_threshold ? "Scores around the threshold" : "High scores");
    if (from > 0) {
        fprintf(to, "  below %.2f  ", from / 100.0);
        put_number(to, 11, below);
        put_bar(to, below, most);
    }
    for (int i = from; i < until; i++) {
        fprintf(to, "%c %.2f - %.2f ", (i == at) ? '>' : ' ', i / 100.0,
                (i + 1) / 100.0);
        put_number(to, 11, f->score[i]);
        put_bar(to, f->score[i], most);
    }
    if (until < MLG_FOUND_BUCKETS) {
        fprintf(to, "  from %.2f   ", until / 100.0);
        put_number(to, 11, above);
        put_bar(to, above, most);
    }
}

/* ---- thresholds ----------------------------------------------------------- */

/* @return 1 when the row's threshold is the run's */
static int put_threshold(FILE *to, const mlg_findings_t *f, int i)
{
    const mlg_whatif_row_t *row = &f->whatif.row[i];
    int is_real = row->threshold == f->rules->threshold;
    int len = (row->threshold <= 1.0f)
                  ? fprintf(to, (i < MLG_WHATIF_GRID) ? "%c %.2f" : "%c %.6g",
                            is_real ? '>' : ' ', (double)row->threshold)
                  : fprintf(to, "> none");

    put_number(to, 14 - len, row->clients);
    put_number(to, 12, row->requests);
    put_share(to, 9, row->requests, f->all.requests);
    return is_real;
}

static void put_thresholds(FILE *to, const mlg_findings_t *f)
{
    char number[REPLAY_NUMBER_TEXT];
    const char *column = " threshold blocked     refused     share";
    int has_real = 0;

    fputs("\nWhat each threshold would have done: clients blocked, requests "
          "refused\n",
          to);
    fprintf(to, "%s    %s\n", column, column);
    for (int i = 0; i < MLG_WHATIF_GRID / 2; i++) {
        has_real |= put_threshold(to, f, i);
        fputs("    ", to);
        has_real |= put_threshold(to, f, i + MLG_WHATIF_GRID / 2);
        fputc('\n', to);
    }
    if (!has_real) { /* it lies between two rows, or outside */
        put_threshold(to, f, MLG_WHATIF_GRID);
        fputc('\n', to);
    }
    if (f->whatif.forgotten > 0) {
        fprintf(to,
                "More clients scored high than can be followed at once; %s "
                "were dropped for others\nand may be counted twice.\n",
                replay_number(number, f->whatif.forgotten));
    }
}

/* ---- swarms --------------------------------------------------------------- */

static void put_swarm(FILE *to, size_t i, const mlg_swarm_event_t *e)
{
    char words[MLG_SWARM_WORDS];
    char name[24];

    snprintf(name, sizeof(name), "%2zu", i);
    put_words(to, name, INDENT, mlg_report_swarm_words(words, e));
}

static void put_swarms(FILE *to, const mlg_findings_t *f)
{
    fputs("\nSwarms: many clients with a request or three each", to);
    fputs((f->nswarms == 0) ? ": none\n" : "\n", to);
    for (size_t i = 0; i < f->nswarms; i++) {
        put_swarm(to, i + 1, &f->swarm[i]);
    }
}

static void put_busiest(FILE *to, const mlg_course_t *c)
{
    char at[MLG_ISO_TEXT];
    char a[REPLAY_NUMBER_TEXT];
    char b[REPLAY_NUMBER_TEXT];

    if (c->busiest.requests > 0) {
        fprintf(to,
                "\nBusiest ten minutes: from %s, %s requests (%.1f a second), "
                "%s refused\n",
                mlg_report_clock(at, c->busiest_us),
                replay_number(a, c->busiest.requests),
                (double)c->busiest.requests / 600.0,
                replay_number(b, c->busiest.refused));
    }
}

void mlg_report_replay_text(FILE *to, const mlg_findings_t *f)
{
    put_head(to, f);
    if (f->nlabels > 1) {
        put_groups(to, "Label", f->label, f->nlabels, &f->all);
    }
    put_groups(to, f->has_lists ? "By User-Agent and lists" : "By User-Agent",
               f->class, MLG_NCLASSES, &f->all);
    put_list(to, f, "Most refused", &f->top);
    put_list(to, f, "Crawlers and monitors that would be hit", &f->alike);
    put_swarms(to, f);
    put_busiest(to, &f->course);
    put_scores(to, f);
    put_thresholds(to, f);
}
