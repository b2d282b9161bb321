/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_report_swarm.h"
#include "replay_page.h"

#include <string.h>

void replay_put_text(FILE *to, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'') {
            fprintf(to, "&#%d;", c);
        }
        else if (c >= 0x20 && c < 0x7f && c != '\\') {
            fputc(c, to);
        }
        else {
            fprintf(to, "\\x%02x", c);
        }
    }
}

/* ---- head ----------------------------------------------------------------- */

/* How this replay compares with the server that wrote the log. */
static void put_parity(FILE *to, const mlg_parity_t *p)
{
    char number[REPLAY_NUMBER_TEXT];

    fprintf(to, "<p>Compared with the server: %s requests",
            replay_number(number, p->compared));
    fprintf(to, ", %s scores", replay_number(number, p->scores));
    fprintf(to, ", %s feature vectors", replay_number(number, p->vectors));
    fprintf(to, " and %s verdicts differ; not compared: ",
            replay_number(number, p->verdicts));
    fprintf(to, "%s judged without their record, ",
            replay_number(number, p->skipped));
    fprintf(to, "%s by other rules</p>", replay_number(number, p->other_rules));
}

static void put_origin(FILE *to, const mlg_origin_t *origin)
{
    char buf[MLG_ORIGIN_TEXT];
    const char *words = (origin != NULL) ? mlg_origin_words(buf, origin) : NULL;
    const char *advice;

    if (words == NULL) {
        return;
    }
    advice = mlg_origin_advice(origin->kind);
    fputs("<p>", to);
    replay_put_text(to, words);
    if (advice != NULL) {
        fputs("; ", to);
        replay_put_text(to, advice);
    }
    fputs("</p>", to);
}

static void put_head(FILE *to, const mlg_findings_t *f)
{
    const char *source = (f->source != NULL) ? f->source : "the logs";
    char from[MLG_ISO_TEXT];
    char until[MLG_ISO_TEXT];
    char span[MLG_DURATION_TEXT];
    char rules[160];

    fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width,"
          "initial-scale=1\"><meta http-equiv=\"Content-Security-Policy\" "
          "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
          "<title>mlgate replay: ",
          to);
    replay_put_text(to, source);
    fprintf(to,
            "</title><style>%s</style></head>\n<body><header>"
            "<h1>Whom would the gate have refused?</h1><p><code>",
            replay_style);
    replay_put_text(to, source);
    fputs("</code>", to);
    if (f->all.requests > 0) {
        fprintf(to, ", %s to %s UTC (%s)", mlg_report_clock(from, f->first_us),
                mlg_report_clock(until, f->last_us),
                mlg_report_duration(span, f->last_us - f->first_us));
    }
    fprintf(to, "</p><p>Rules: %s</p>",
            replay_rules(rules, sizeof(rules), f->rules));
    put_origin(to, f->origin);
    if (f->parity != NULL) {
        put_parity(to, f->parity);
    }
    fputs("</header>\n<main>\n", to);
}

static void put_tile(FILE *to, const char *class, const char *name,
                     const char *value)
{
    fprintf(to, "<div%s><dt>%s</dt><dd>%s</dd></div>\n", class, name, value);
}

static void put_tiles(FILE *to, const mlg_findings_t *f)
{
    char number[REPLAY_NUMBER_TEXT];
    char name[64];
    char share[REPLAY_SHARE_TEXT];
    const char *hot = (f->all.blocked > 0) ? " class=\"hot\"" : "";

    fputs("<dl class=\"tiles\">\n", to);
    put_tile(to, "", "requests", replay_number(number, f->all.requests));
    snprintf(name, sizeof(name), "would be refused, %s",
             replay_share(share, f->all.refused, f->all.requests));
    put_tile(to, hot, name, replay_number(number, f->all.refused));
    put_tile(to, "", "clients", replay_number(number, f->all.clients));
    snprintf(name, sizeof(name), "would be blocked, %s",
             replay_share(share, f->all.blocked, f->all.clients));
    put_tile(to, hot, name, replay_number(number, f->all.blocked));
    snprintf(name, sizeof(name), "busiest ten minutes%s",
             (f->course.busiest.requests > 0) ? ", " : "");
    if (f->course.busiest.requests > 0) {
        char at[MLG_ISO_TEXT];

        mlg_report_clock(at, f->course.busiest_us);
        at[16] = '\0';
        strncat(name, at, sizeof(name) - strlen(name) - 1);
    }
    put_tile(to, "", name, replay_number(number, f->course.busiest.requests));
    put_tile(to, "", "malformed lines", replay_number(number, f->malformed));
    fputs("</dl>\n", to);
}

/* ---- tables --------------------------------------------------------------- */

static void put_number(FILE *to, uint64_t n)
{
    char number[REPLAY_NUMBER_TEXT];

    fprintf(to, "<td class=\"n\">%s</td>", replay_number(number, n));
}

static void put_share(FILE *to, uint64_t part, uint64_t whole)
{
    char share[REPLAY_SHARE_TEXT];

    fprintf(to, "<td class=\"n\">%s</td>", replay_share(share, part, whole));
}

static void put_group(FILE *to, const mlg_found_group_t *g, const char *class)
{
    fprintf(to, "<tr%s><td>", class);
    replay_put_text(to, g->name);
    fputs("</td>", to);
    put_number(to, g->clients);
    put_number(to, g->blocked);
    put_share(to, g->blocked, g->clients);
    put_number(to, g->busy);
    put_number(to, g->busy_blocked);
    put_share(to, g->busy_blocked, g->busy);
    put_number(to, g->requests);
    put_number(to, g->refused);
    fputs("</tr>\n", to);
}

static void put_groups(FILE *to, const char *title,
                       const mlg_found_group_t *group, size_t n,
                       const mlg_found_group_t *all)
{
    fprintf(to,
            "<section><h2>%s</h2><div class=\"scroll\" "
            "tabindex=\"0\"><table><thead><tr>"
            "<th>class</th><th class=\"n\">clients</th><th class=\"n\">blocked"
            "</th><th class=\"n\">share</th><th class=\"n\">busy</th>"
            "<th class=\"n\">blocked</th><th class=\"n\">share</th>"
            "<th class=\"n\">requests</th><th class=\"n\">refused</th></tr>"
            "</thead><tbody>\n",
            title);
    for (size_t i = 0; i < n; i++) {
        if (group[i].clients > 0) {
            put_group(to, &group[i], "");
        }
    }
    put_group(to, all, " class=\"total\"");
    fprintf(to,
            "</tbody></table></div><p>Busy: clients with at least %d "
            "requests.</p></section>\n",
            MLG_FOUND_BUSY);
}

/* ---- lists of clients ----------------------------------------------------- */

static void put_why(FILE *to, const mlg_found_client_t *c)
{
    char words[4 * MLG_WORDS_TEXT];

    if (!c->has_why) {
        fputs("why is not known: too many others were blocked", to);
        return;
    }
    replay_put_text(to, replay_reasons(words, sizeof(words), &c->why.reasons));
    fprintf(to, " <span class=\"soft\">(score %.3f)</span>",
            (double)c->why.score);
    if (c->why.agent[0] != '\0') {
        fputs("<small><code>", to);
        replay_put_text(to, c->why.agent);
        fputs("</code></small>", to);
    }
}

static void put_client(FILE *to, const mlg_findings_t *f,
                       const mlg_found_client_t *c)
{
    const mlg_tally_row_t *row = &c->row;
    char key[MLG_KEY_TEXT];
    char a[REPLAY_NUMBER_TEXT];
    char b[REPLAY_NUMBER_TEXT];
    char at[MLG_ISO_TEXT];

    fprintf(to, "<li><div><span class=\"addr\">%s</span><small>%s",
            mlg_key_render(key, &row->key, f->ipv6_prefix),
            f->class[row->class % MLG_NCLASSES].name);
    if (f->nlabels > 1) {
        fputs(", ", to);
        replay_put_text(to, f->label[row->label % MLG_FOUND_LABELS].name);
    }
    fprintf(to,
            "</small><div class=\"part\"><i style=\"width:%.1f%%\"></i></div>"
            "</div><div>",
            100.0 * row->refused / row->requests);
    put_why(to, c);
    fprintf(to, "<small>%s of %s requests refused in %u block%s",
            replay_number(a, row->refused), replay_number(b, row->requests),
            row->blocks, (row->blocks == 1) ? "" : "s");
    fprintf(to, ", the first %s after %s</small></div></li>\n",
            mlg_report_clock(at, row->blocked_us),
            replay_number(a, row->before));
}

static void put_list(FILE *to, const mlg_findings_t *f, const char *title,
                     const mlg_found_list_t *list, const char *none)
{
    char number[REPLAY_NUMBER_TEXT];

    fprintf(to, "<section><h2>%s", title);
    if (list->total > list->n) {
        fprintf(to, ": the first %zu of %s", list->n,
                replay_number(number, list->total));
    }
    fputs("</h2>\n", to);
    if (list->n == 0) {
        fprintf(to, "<p class=\"empty\">%s</p></section>\n", none);
        return;
    }
    fputs("<ol>\n", to);
    for (size_t i = 0; i < list->n; i++) {
        put_client(to, f, &list->client[i]);
    }
    fputs("</ol></section>\n", to);
}

/* ---- thresholds ----------------------------------------------------------- */

/* @return 1 when the row's threshold is the run's */
static int put_threshold(FILE *to, const mlg_findings_t *f, int i)
{
    const mlg_whatif_row_t *row = &f->whatif.row[i];
    int is_real = row->threshold == f->rules->threshold;

    fprintf(to, "<tr%s><td>", is_real ? " class=\"real\"" : "");
    if (row->threshold <= 1.0f) {
        fprintf(to, (i < MLG_WHATIF_GRID) ? "%.2f</td>" : "%.6g</td>",
                (double)row->threshold);
    }
    else {
        fputs("none</td>", to);
    }
    put_number(to, row->clients);
    put_share(to, row->clients, f->all.clients);
    put_number(to, row->requests);
    put_share(to, row->requests, f->all.requests);
    fputs("</tr>\n", to);
    return is_real;
}

/* Below the curves, in their section. */
static void put_thresholds(FILE *to, const mlg_findings_t *f)
{
    char number[REPLAY_NUMBER_TEXT];
    int has_real = 0;

    fputs("<p>Found in the same pass: the scores are those under the "
          "replay&#39;s own threshold, so far from it the figures are "
          "estimates.</p><details><summary>As a table"
          "</summary><div class=\"scroll\" "
          "tabindex=\"0\"><table><thead><tr><th>threshold"
          "</th><th class=\"n\">clients blocked</th><th class=\"n\">share</th>"
          "<th class=\"n\">requests refused</th><th class=\"n\">share</th>"
          "</tr></thead><tbody>\n",
          to);
    for (int i = 0; i < MLG_WHATIF_GRID; i++) {
        has_real |= put_threshold(to, f, i);
    }
    if (!has_real) { /* it lies between two rows, or outside */
        put_threshold(to, f, MLG_WHATIF_GRID);
    }
    fputs("</tbody></table></div></details>", to);
    if (f->whatif.forgotten > 0) {
        fprintf(to,
                "<p>More clients scored high than can be followed at once; %s "
                "were dropped for others and may be counted twice.</p>",
                replay_number(number, f->whatif.forgotten));
    }
    fputs("</section>\n", to);
}

static void put_swarms(FILE *to, const mlg_findings_t *f)
{
    char words[MLG_SWARM_WORDS];

    fputs("<section><h2>Swarms: many clients with a request or three each"
          "</h2>\n",
          to);
    if (f->nswarms == 0) {
        fputs("<p>None.</p></section>\n", to);
        return;
    }
    fputs("<ol>\n", to);
    for (size_t i = 0; i < f->nswarms; i++) {
        fputs("<li>", to);
        replay_put_text(to, mlg_report_swarm_words(words, &f->swarm[i]));
        fputs("</li>\n", to);
    }
    fputs("</ol></section>\n", to);
}

void mlg_report_replay_html(FILE *to, const mlg_findings_t *f)
{
    put_head(to, f);
    put_tiles(to, f);
    replay_put_course(to, f);
    if (f->nlabels > 1) {
        put_groups(to, "By label", f->label, f->nlabels, &f->all);
    }
    put_groups(to,
               f->has_lists ? "By User-Agent and published lists"
                            : "By User-Agent",
               f->class, MLG_NCLASSES, &f->all);
    put_list(to, f, "Most refused", &f->top,
             "Nobody: not one client would have been blocked.");
    put_list(to, f, "Crawlers and monitors that would be hit", &f->alike,
             "None of the blocked clients claims to be a crawler or a "
             "monitor.");
    put_swarms(to, f);
    replay_put_scores(to, f);
    replay_put_curves(to, f);
    put_thresholds(to, f);
    fputs("</main><footer><p>Made by mlgatectl replay from a log alone; what a "
          "log does not carry was not counted against anybody. A User-Agent is "
          "a claim.</p></footer></body></html>\n",
          to);
}
