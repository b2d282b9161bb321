/* SPDX-License-Identifier: Apache-2.0
 *
 * What mlgatectl calibrate found, in words. */
#include "calibrate.h"

#include "mlg_report.h"
#include "visible.h"

#include <stdio.h>

#define NEAREST 10 /* clients listed */

static unsigned long long whole(uint64_t n)
{
    return (unsigned long long)n;
}

static const char *plural(uint64_t n)
{
    return (n == 1) ? "" : "s";
}

static void print_site(const calibrate_t *c)
{
    char from[MLG_ISO_TEXT];
    char to[MLG_ISO_TEXT];
    uint32_t why[MLG_NBELIEFS] = {0};

    printf("The site, %s to %s UTC\n", mlg_report_clock(from, c->first_us),
           mlg_report_clock(to, c->last_us));
    printf("  %llu request%s of %llu client%s; %u of them made enough to be "
           "judged\n",
           whole(c->requests), plural(c->requests), whole(c->clients),
           plural(c->clients), c->census->n);
    printf("  %u client%s believed to be people or as welcome, in %u "
           "network%s:\n",
           c->census->trusted, (c->census->trusted == 1) ? " is" : "s are",
           c->census->voters, plural(c->census->voters));
    for (uint32_t i = 0; i < c->census->size; i++) {
        for (unsigned b = 0; b < MLG_NBELIEFS; b++) {
            if ((c->census->row[i].believed >> b & 1) != 0) {
                why[b]++;
                break;
            }
        }
    }
    for (unsigned b = 0; b < MLG_NBELIEFS; b++) {
        if (why[b] > 0) {
            printf("    %6u  %s\n", why[b], mlg_belief_words(1u << b));
        }
    }
    if (c->allowed > 0) {
        printf("  %llu request%s of allow-listed clients: never judged, so "
               "they teach nothing\n",
               whole(c->allowed), plural(c->allowed));
    }
    if (c->census->left_out > 0) {
        printf("  %llu requests of clients beyond the first %u were left out\n",
               whole(c->census->left_out), c->census->n);
    }
}

static void print_threshold(const calibrate_t *c)
{
    const mlg_profile_t *profile = &c->profile;
    uint32_t all;
    uint32_t own;
    uint32_t own_all;

    mlg_census_refused(c->census, profile->threshold, &all);
    own = mlg_census_refused(c->census, profile->recommended, &own_all);
    printf("\nThe threshold\n  %.4f  %s\n", (double)profile->threshold,
           mlg_fit_words(c->fit.why));
    printf("          would have refused %u of the %u believed to be people, "
           "and %u of all\n          %u that were judged; of people like them "
           "at most %.2f %% (95 %%, Wilson)\n",
           profile->refused, profile->trusted, all, c->census->n,
           100.0 * (double)profile->upper);
    printf("  %.4f  the model's own would have refused %u and %u\n",
           (double)profile->recommended, own, own_all);
}

static void print_nearest(const calibrate_t *c)
{
    const mlg_census_row_t *nearest[NEAREST];
    size_t n = mlg_census_nearest(c->census, nearest, NEAREST);
    unsigned prefix = c->feed.replay.ipv6_prefix;

    if (n == 0) {
        return;
    }
    printf("\nPeople nearest to it, by the threshold that would just have "
           "refused them\n");
    for (size_t i = 0; i < n; i++) {
        const mlg_census_row_t *row = nearest[i];
        char key[MLG_KEY_TEXT];
        char words[MLG_WORDS_TEXT];

        printf("  %6.4f%s %s, %u requests; %s\n", (double)row->peak / 65535.0,
               mlg_census_is_refused(row, c->profile.threshold) ? " refused:"
                                                                : "",
               mlg_key_render(key, &row->key, prefix), row->requests,
               mlg_belief_words(row->believed));
        for (uint32_t r = 0; r < row->reasons.n; r++) {
            printf("          %s\n",
                   mlg_report_reason_words(words, &row->reasons.top[r]));
        }
    }
}

/* How it looks to whoever knows who was who. */
static void print_labels(const calibrate_t *c)
{
    if (c->nlabels == 0) {
        return;
    }
    printf("\nChecked against labels (clients that made enough requests)\n"
           "  %-24s %8s %8s %8s\n",
           "class", "clients", "refused", "believed");
    for (unsigned label = 0; label < c->nlabels; label++) {
        uint32_t clients = 0;
        uint32_t refused = 0;
        uint32_t believed = 0;

        for (uint32_t i = 0; i < c->census->size; i++) {
            const mlg_census_row_t *row = &c->census->row[i];

            if (row->client != 0 && row->label == label) {
                clients++;
                refused += mlg_census_is_refused(row, c->profile.threshold);
                believed += row->believed != 0;
            }
        }
        printf("  %-24s %8u %8u %8u\n",
               visible(c->label[label].at, c->label[label].len, 24, c->p),
               clients, refused, believed);
    }
}

static void print_verdict(const calibrate_t *c)
{
    if (c->fit.is_sound) {
        printf("\nCalibrated.\n");
        return;
    }
    printf("\nNot enough yet: %u %%. It takes clients that behave like people "
           "in %u networks, or %u\nclients of any kind over three days.\n",
           c->fit.progress_percent, c->trusted_enough, MLG_FIT_CLIENTS);
}

void calibrate_print(const calibrate_t *c)
{
    print_site(c);
    print_threshold(c);
    print_nearest(c);
    print_labels(c);
    print_verdict(c);
}
