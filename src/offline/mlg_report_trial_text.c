/* SPDX-License-Identifier: Apache-2.0 */
#include "trial_words.h"

#include "replay_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME   20 /* columns of a site's or class's name, with their space */
#define LISTED 20 /* people */
#define WEIGHS 12 /* features */

static void put_name(FILE *to, const char *text)
{
    char name[NAME + 4]; /* replay_visible() keeps room for its dots */

    replay_visible(name, sizeof(name), text);
    fprintf(to, "%-*.*s", NAME, NAME - 1, name);
}

/* "  12/1,234" and a share */
static void put_part(FILE *to, uint32_t part, uint32_t whole)
{
    char a[REPLAY_NUMBER_TEXT];
    char b[REPLAY_SHARE_TEXT];
    char both[2 * REPLAY_NUMBER_TEXT];

    snprintf(both, sizeof(both), "%u/%s", part, replay_number(a, whole));
    fprintf(to, " %10s %8s", both, replay_share(b, part, whole));
}

static void put_threshold(FILE *to, const mlg_trial_report_t *r)
{
    const mlg_later_t *later = &r->trial->later;
    char a[REPLAY_NUMBER_TEXT];

    if (r->is_oracle) {
        fprintf(to, "Threshold  each site's own BY ITS LABELS (oracle), which "
                    "no site without labels can have\n");
    }
    else if (r->trial->is_fitted) {
        fprintf(to,
                "Threshold  %.6g, from where each site is fitted to what it "
                "shows without labels",
                (double)r->threshold);
        if (!isnan(r->max_fpr)) {
            fprintf(to,
                    ";\n           so that at most %.4g %% of people are "
                    "refused",
                    100.0 * r->max_fpr);
        }
        fputc('\n', to);
    }
    else if (isnan(r->max_fpr)) {
        fprintf(to, "Threshold  %.6g\n", (double)r->threshold);
    }
    else {
        fprintf(to, "Threshold  %.6g, for at most %.4g %% of people refused\n",
                (double)r->threshold, 100.0 * r->max_fpr);
    }
    if (r->trial->is_fitted && later->people > 0) {
        fprintf(to,
                "Later      each site fitted to the first quarter of its log: "
                "of those who came then,\n           %u of %s people refused, "
                "%u of %u attackers caught\n",
                later->refused, replay_number(a, later->people), later->caught,
                later->attackers);
    }
}

static void put_head(FILE *to, const mlg_trial_report_t *r)
{
    const mlg_dataset_t *set = r->trial->set;
    const mlg_train_t *t = r->train;
    char a[REPLAY_NUMBER_TEXT];
    char b[REPLAY_NUMBER_TEXT];

    fprintf(to, "Data       %s requests", replay_number(a, set->rows));
    fprintf(to, " of %s clients on %u sites: ", replay_number(b, set->clients),
            set->sites);
    fprintf(to, "%s people, ",
            replay_number(
                a, mlg_dataset_count(set, MLG_GROUP_PEOPLE, 0, UINT32_MAX)));
    fprintf(to, "%s attackers\n",
            replay_number(
                b, mlg_dataset_count(set, MLG_GROUP_ATTACKERS, 0, UINT32_MAX)));
    fprintf(to, "Model      %s\n", r->model);
    if (t != NULL) {
        fprintf(to, "  trained  on %s rows", replay_number(a, t->sample_rows));
        fprintf(to, " of %s people", replay_number(a, t->sample_people));
        fprintf(to, " and %s attackers\n",
                replay_number(a, t->sample_attackers));
        fprintf(to,
                "  curve    slope %.4f, offset %.4f, by %s left-out rows "
                "(log loss %.4f)\n",
                t->platt.slope, t->platt.offset, replay_number(a, t->nrows),
                t->platt.loss);
        fprintf(to, "  judged   each site by a model that never saw it\n");
    }
    put_threshold(to, r);
}

/* ---- sites ----------------------------------------------------------------- */

static void put_site(FILE *to, const mlg_trial_report_t *r, uint32_t site)
{
    mlg_count_t people = trial_count(r, site, MLG_GROUP_PEOPLE);
    mlg_count_t attackers = trial_count(r, site, MLG_GROUP_ATTACKERS);
    double auc = mlg_trial_auc(r->trial, site);
    char share[REPLAY_SHARE_TEXT];

    put_name(to, (site == TRIAL_ALL) ? "all" : r->trial->set->site[site].name);
    put_part(to, people.refused, people.clients);
    put_part(to, attackers.busy_refused, attackers.busy);
    fprintf(to, (attackers.median > 0) ? " %6u" : "      -", attackers.median);
    fprintf(to, " %8s",
            replay_share(share, attackers.passed, attackers.requests));
    if (isnan(auc)) {
        fputs("      -", to);
    }
    else {
        fprintf(to, "  %.3f", auc);
    }
    if (site != TRIAL_ALL && r->trial->threshold[site] <= 1.0f) {
        fprintf(to, "  %.4f", (double)r->trial->threshold[site]);
    }
    else if (site != TRIAL_ALL) {
        fputs("   floor", to);
    }
    fputc('\n', to);
}

static void put_sites(FILE *to, const mlg_trial_report_t *r)
{
    fprintf(to, "\n%-*s %19s %19s %6s %8s %6s %s\n", NAME, "Site",
            "people refused", "attackers caught", "median", "passed", "AUC",
            "threshold");
    for (uint32_t i = 0; i < r->trial->set->sites; i++) {
        if (!r->trial->set->site[i].is_taught_only) {
            put_site(to, r, i);
        }
    }
    put_site(to, r, TRIAL_ALL);
    fprintf(to,
            "attackers: with at least %u requests; median: the request that is "
            "refused; passed: share of\ntheir requests that got through; AUC: "
            "how well peaks tell them from people;\nfloor: too little was "
            "seen to fit it, only floods are refused\n",
            MLG_TRIAL_BUSY);
}

/* ---- other kinds of site --------------------------------------------------- */

static void put_moved(FILE *to, const mlg_trial_report_t *r)
{
    fprintf(to, "\n%-*s\n", NAME, "People moved");
    for (size_t k = 0; k < mlg_nshifts && k < MLG_TRIAL_SHIFTS; k++) {
        mlg_count_t people = trial_count(r, TRIAL_ALL, mlg_shifts[k].group);

        put_name(to, mlg_shifts[k].name);
        put_part(to, people.moved[k], people.clients);
        fprintf(to, "  %s\n", mlg_shifts[k].what);
    }
}

/* ---- simple rules ---------------------------------------------------------- */

static void put_rule_row(FILE *to, const mlg_trial_report_t *r, uint32_t site)
{
    mlg_count_t p = trial_count(r, site, MLG_GROUP_PEOPLE);
    mlg_count_t a = trial_count(r, site, MLG_GROUP_ATTACKERS);
    char share[REPLAY_SHARE_TEXT];

    put_name(to, (site == TRIAL_ALL) ? "all" : r->trial->set->site[site].name);
    fprintf(to, " %6u %6u", p.clients, a.busy);
    fprintf(to, " %9s", replay_share(share, p.refused, p.clients));
    fprintf(to, " %8s", replay_share(share, a.busy_refused, a.busy));
    for (int i = 0; i < MLG_NRULES; i++) {
        fprintf(to, " %9s", replay_share(share, p.rule_refused[i], p.clients));
        fprintf(to, " %8s",
                replay_share(share, a.rule_busy_refused[i], a.busy));
    }
    fputc('\n', to);
}

static void put_rules(FILE *to, const mlg_trial_report_t *r)
{
    fprintf(to, "\n%-*s %13s %18s %18s %18s\n", NAME, "Simple rules", "",
            "this model", "20 pages in 10 s", "3 of 5 counts");
    fprintf(to, "%-*s %6s %6s %9s %8s %9s %8s %9s %8s\n", NAME, "", "people",
            "busy", "refused", "caught", "refused", "caught", "refused",
            "caught");
    for (uint32_t i = 0; i < r->trial->set->sites; i++) {
        if (!r->trial->set->site[i].is_taught_only) {
            put_rule_row(to, r, i);
        }
    }
    put_rule_row(to, r, TRIAL_ALL);
}

/* ---- classes --------------------------------------------------------------- */

static void put_classes(FILE *to, const mlg_trial_report_t *r)
{
    const mlg_dataset_t *set = r->trial->set;

    fprintf(to, "\n%-*s %-10s %19s %19s %6s %8s\n", NAME, "Class", "are",
            "refused", "busy ones refused", "median", "passed");
    for (uint32_t i = 0; i < set->classes; i++) {
        mlg_count_t c = trial_class(r, i);
        mlg_text_t name = {set->class[i], strlen(set->class[i])};
        char share[REPLAY_SHARE_TEXT];

        if (c.clients == 0) {
            continue;
        }
        put_name(to, (name.len > 0) ? name.at : "(none)");
        fprintf(to, " %-10s",
                mlg_group_name((i == 0) ? MLG_GROUP_NEITHER
                                        : mlg_groups_find(set->groups, name)));
        put_part(to, c.refused, c.clients);
        put_part(to, c.busy_refused, c.busy);
        fprintf(to, (c.median > 0) ? " %6u" : "      -", c.median);
        fprintf(to, " %8s\n", replay_share(share, c.passed, c.requests));
    }
}

/* ---- people ---------------------------------------------------------------- */

static void put_victims(FILE *to, const mlg_trial_report_t *r)
{
    const mlg_dataset_t *set = r->trial->set;
    uint32_t n;
    trial_victim_t *victim = trial_victims(r, LISTED, &n);

    if (victim == NULL) {
        return;
    }
    fprintf(to, "\nPeople refused: %u\n", n);
    for (uint32_t i = 0; i < n && i < LISTED; i++) {
        const mlg_person_t *client = &set->client[victim[i].client];
        char key[MLG_KEY_TEXT];
        char class[30];
        char words[4 * MLG_WORDS_TEXT];

        fprintf(to, "  %s  %s, %s%s, request %u of %u, score %.4f\n    %s\n",
                mlg_key_render(key, &client->key, r->ipv6_prefix),
                set->site[client->site].name,
                replay_visible(class, sizeof(class), set->class[client->class]),
                client->is_trusted ? " (trusted)" : "", victim[i].refused_at,
                client->rows, (double)victim[i].score,
                replay_reasons(words, sizeof(words), &victim[i].reasons));
    }
    if (n > LISTED) {
        fprintf(to, "  and %u more\n", n - LISTED);
    }
    free(victim);
}

/* ---- the model ------------------------------------------------------------- */

static void put_weights(FILE *to, const mlg_trial_report_t *r)
{
    trial_weight_t weight[MLG_NFEATURES];
    size_t n = trial_weights(weight, r);

    fprintf(to, "\nWhat weighs%s\n",
            (r->train != NULL) ? " (share of what the splits gained)" : "");
    for (size_t i = 0; i < n && i < WEIGHS; i++) {
        fprintf(to, "  %-24s %5.1f %%\n", mlg_features[weight[i].feature].name,
                100.0 * weight[i].share);
    }
    if (n > WEIGHS) {
        fprintf(to, "  and %zu more\n", n - WEIGHS);
    }
}

static void put_trees(FILE *to, const mlg_train_t *t)
{
    fputs("\nTrees      attackers found on left-out sites, while up to 1 % of "
          "their people are refused\n",
          to);
    for (uint32_t i = 0; i < t->boost.trees; i++) {
        if (!isnan(t->found[i])) {
            fprintf(to, "  %4u     %5.1f %%%s\n", i + 1, 100.0 * t->found[i],
                    (i + 1 == t->ntrees) ? "  taken" : "");
        }
    }
}

void mlg_report_trial_text(FILE *to, const mlg_trial_report_t *r)
{
    put_head(to, r);
    put_sites(to, r);
    put_rules(to, r);
    put_moved(to, r);
    put_classes(to, r);
    put_victims(to, r);
    put_weights(to, r);
    if (r->train != NULL) {
        put_trees(to, r->train);
    }
}
