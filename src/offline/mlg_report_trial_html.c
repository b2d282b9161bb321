/* SPDX-License-Identifier: Apache-2.0 */
#include "trial_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LISTED 200 /* people */
#define WEIGHS 20  /* features */

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

static void put_headings(FILE *to, const char *const *name)
{
    fputs("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>", to);
    for (int i = 0; name[i] != NULL; i++) {
        fprintf(to, "<th%s>%s</th>", (i > 0) ? " class=\"n\"" : "", name[i]);
    }
    fputs("</tr></thead><tbody>\n", to);
}

static void put_end(FILE *to)
{
    fputs("</tbody></table></div>\n", to);
}

/* ---- head ------------------------------------------------------------------ */

static void put_tile(FILE *to, int is_hot, const char *name, const char *value)
{
    fprintf(to, "<div%s><dt>%s</dt><dd>%s</dd></div>\n",
            is_hot ? " class=\"hot\"" : "", name, value);
}

static void put_head(FILE *to, const mlg_trial_report_t *r)
{
    char number[REPLAY_NUMBER_TEXT];

    fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width,"
          "initial-scale=1\"><meta http-equiv=\"Content-Security-Policy\" "
          "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
          "<title>mlgate: what a model is worth</title><style>",
          to);
    fputs(replay_style, to);
    fputs("</style></head>\n<body><header><h1>What is this model worth?</h1>"
          "<p><code>",
          to);
    replay_put_text(to, r->model);
    fprintf(to, "</code>, %s requests on %u sites</p>",
            replay_number(number, r->trial->set->rows), r->trial->set->sites);
    if (r->train != NULL) {
        fputs("<p>Each site is judged by a model that was trained on the "
              "others; the model itself was trained on all of them.</p>",
              to);
    }
    if (r->is_oracle) {
        fputs("<p>Thresholds: each site&#39;s own <b>by its labels</b> "
              "(oracle), which no site without labels can have.</p>",
              to);
    }
    fputs("</header>\n<main>\n", to);
}

static void put_tiles(FILE *to, const mlg_trial_report_t *r)
{
    mlg_count_t people = trial_count(r, TRIAL_ALL, MLG_GROUP_PEOPLE);
    mlg_count_t attackers = trial_count(r, TRIAL_ALL, MLG_GROUP_ATTACKERS);
    char text[REPLAY_NUMBER_TEXT];
    char name[80];

    fputs("<dl class=\"tiles\">\n", to);
    snprintf(name, sizeof(name), "of %u people refused", people.clients);
    put_tile(to, people.refused > 0, name, replay_number(text, people.refused));
    snprintf(name, sizeof(name), "attackers caught, of %u with %u requests",
             attackers.busy, MLG_TRIAL_BUSY);
    put_tile(to, 0, name,
             replay_share(text, attackers.busy_refused, attackers.busy));
    put_tile(to, 0, "median request of a block",
             replay_number(text, attackers.median));
    put_tile(to, 0, "of attackers&#39; requests passed",
             replay_share(text, attackers.passed, attackers.requests));
    snprintf(text, sizeof(text), "%.6g", (double)r->threshold);
    put_tile(to, 0,
             (r->is_oracle || r->trial->is_fitted) ? "threshold of the model"
                                                   : "threshold",
             text);
    fputs("</dl>\n", to);
}

/* ---- sites ----------------------------------------------------------------- */

static void put_site(FILE *to, const mlg_trial_report_t *r, uint32_t site)
{
    mlg_count_t p = trial_count(r, site, MLG_GROUP_PEOPLE);
    mlg_count_t a = trial_count(r, site, MLG_GROUP_ATTACKERS);
    double auc = mlg_trial_auc(r->trial, site);

    fprintf(to, "<tr%s><td>", (site == TRIAL_ALL) ? " class=\"total\"" : "");
    replay_put_text(to, (site == TRIAL_ALL) ? "all"
                                            : r->trial->set->site[site].name);
    fputs("</td>", to);
    put_number(to, p.clients);
    put_number(to, p.refused);
    put_share(to, p.refused, p.clients);
    put_number(to, a.busy);
    put_number(to, a.busy_refused);
    put_share(to, a.busy_refused, a.busy);
    put_number(to, a.median);
    put_share(to, a.passed, a.requests);
    for (int i = 0; i < MLG_NRULES; i++) {
        put_share(to, p.rule_refused[i], p.clients);
        put_share(to, a.rule_busy_refused[i], a.busy);
    }
    fprintf(to,
            isnan(auc) ? "<td class=\"n\">-</td>" : "<td class=\"n\">%.3f</td>",
            auc);
    if (site == TRIAL_ALL) {
        fputs("<td></td></tr>\n", to);
    }
    else if (r->trial->threshold[site] > 1.0f) {
        fputs("<td class=\"n\">floor</td></tr>\n", to);
    }
    else {
        fprintf(to, "<td class=\"n\">%.4f</td></tr>\n",
                (double)r->trial->threshold[site]);
    }
}

static void put_sites(FILE *to, const mlg_trial_report_t *r)
{
    static const char *const headings[] = {
        "site",           "people",
        "refused",        "share",
        "busy attackers", "caught",
        "share",          "median request",
        "passed",         "20 pages in 10 s: people",
        "attackers",      "3 of 5 counts: people",
        "attackers",      "AUC",
        "threshold",      NULL};

    fputs("<section><h2>Site by site, and against two simple rules</h2>\n", to);
    put_headings(to, headings);
    for (uint32_t i = 0; i < r->trial->set->sites; i++) {
        if (!r->trial->set->site[i].is_taught_only) {
            put_site(to, r, i);
        }
    }
    put_site(to, r, TRIAL_ALL);
    put_end(to);
    fprintf(to,
            "<p>Busy attackers have at least %u requests; passed is the share "
            "of their requests that got through.</p></section>\n",
            MLG_TRIAL_BUSY);
}

/* ---- classes and moves ----------------------------------------------------- */

static void put_classes(FILE *to, const mlg_trial_report_t *r)
{
    static const char *const headings[] = {
        "class", "are",     "clients",        "refused", "share",
        "busy",  "refused", "median request", "passed",  NULL};
    const mlg_dataset_t *set = r->trial->set;

    fputs("<section><h2>Class by class</h2>\n", to);
    put_headings(to, headings);
    for (uint32_t i = 0; i < set->classes; i++) {
        mlg_text_t name = {set->class[i], strlen(set->class[i])};
        mlg_count_t c = trial_class(r, i);

        if (c.clients == 0) {
            continue;
        }
        fputs("<tr><td>", to);
        replay_put_text(to, (name.len > 0) ? name.at : "(none)");
        fprintf(to, "</td><td class=\"n\">%s</td>",
                mlg_group_name(mlg_groups_find(set->groups, name)));
        put_number(to, c.clients);
        put_number(to, c.refused);
        put_share(to, c.refused, c.clients);
        put_number(to, c.busy);
        put_number(to, c.busy_refused);
        put_number(to, c.median);
        put_share(to, c.passed, c.requests);
        fputs("</tr>\n", to);
    }
    put_end(to);
    fputs("</section>\n", to);
}

static void put_moved(FILE *to, const mlg_trial_report_t *r)
{
    static const char *const headings[] = {"people", "refused", "share", NULL};

    fputs("<section><h2>The same people on other kinds of site</h2>\n", to);
    put_headings(to, headings);
    for (size_t k = 0; k < mlg_nshifts && k < MLG_TRIAL_SHIFTS; k++) {
        mlg_count_t c = trial_count(r, TRIAL_ALL, mlg_shifts[k].group);

        fprintf(to, "<tr><td>%s</td>", mlg_shifts[k].what);
        put_number(to, c.moved[k]);
        put_share(to, c.moved[k], c.clients);
        fputs("</tr>\n", to);
    }
    put_end(to);
    fputs("</section>\n", to);
}

/* ---- people and features --------------------------------------------------- */

static void put_victim(FILE *to, const mlg_trial_report_t *r,
                       const trial_victim_t *victim)
{
    const mlg_dataset_t *set = r->trial->set;
    const mlg_person_t *client = &set->client[victim->client];
    char key[MLG_KEY_TEXT];
    char words[4 * MLG_WORDS_TEXT];

    fprintf(to, "<li><div><span class=\"addr\">%s</span><small>",
            mlg_key_render(key, &client->key, r->ipv6_prefix));
    replay_put_text(to, set->class[client->class]);
    fputs(" of ", to);
    replay_put_text(to, set->site[client->site].name);
    fprintf(to, "%s</small></div><div>request %u of %u, score %.4f<small>",
            client->is_trusted ? ", trusted" : "", victim->refused_at,
            client->rows, (double)victim->score);
    replay_put_text(to, replay_reasons(words, sizeof(words), &victim->reasons));
    fputs("</small></div></li>\n", to);
}

static void put_victims(FILE *to, const mlg_trial_report_t *r)
{
    uint32_t n;
    trial_victim_t *victim = trial_victims(r, LISTED, &n);

    fputs("<section><h2>People who would be refused</h2>\n", to);
    if (n == 0) {
        fputs("<p class=\"empty\">Nobody.</p>\n", to);
    }
    fputs((n > 0) ? "<ol>\n" : "", to);
    for (uint32_t i = 0; victim != NULL && i < n && i < LISTED; i++) {
        put_victim(to, r, &victim[i]);
    }
    fputs((n > 0) ? "</ol>\n" : "", to);
    if (n > LISTED) {
        fprintf(to, "<p>and %u more</p>", n - LISTED);
    }
    fputs("</section>\n", to);
    free(victim);
}

static void put_weights(FILE *to, const mlg_trial_report_t *r)
{
    trial_weight_t weight[MLG_NFEATURES];
    size_t n = trial_weights(weight, r);

    fputs("<section><h2>What weighs</h2>\n<ol>\n", to);
    for (size_t i = 0; i < n && i < WEIGHS; i++) {
        const mlg_feature_t *feature = &mlg_features[weight[i].feature];

        fprintf(to,
                "<li><div><code>%s</code></div><div>%.1f %%<div class=\"part\">"
                "<i style=\"width:%.1f%%\"></i></div></div></li>\n",
                feature->name, 100.0 * weight[i].share,
                100.0 * weight[i].share / weight[0].share);
    }
    fputs("</ol>", to);
    fprintf(to, "<p>%s</p></section>\n",
            (r->train != NULL)
                ? "Shares of what the splits gained in training."
                : "Shares of how far the answers move the expected score.");
}

void mlg_report_trial_html(FILE *to, const mlg_trial_report_t *r)
{
    put_head(to, r);
    put_tiles(to, r);
    put_sites(to, r);
    put_victims(to, r);
    trial_put_plots(to, r);
    put_moved(to, r);
    put_classes(to, r);
    put_weights(to, r);
    fputs("</main><footer><p>Made by mlgatectl. Labels err, and rates are of "
          "clients: one who is refused once counts.</p></footer></body></html>"
          "\n",
          to);
}
