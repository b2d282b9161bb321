/* SPDX-License-Identifier: Apache-2.0
 *
 * How the model and its shadow compare, and on whom they disagreed.
 */
#include "page.h"

#include <http_protocol.h>

#define ROWS 50 /* /stats has the rest */

static void put_counts(const mlgate_page_t *page)
{
    static const char *const rows[MLG_SHADOW_COUNTS] = {
        "too high for neither", "too high for both",
        "too high for the model alone", "too high for the shadow alone"};

    ap_rputs("<table><tbody>\n", page->r);
    for (int i = 0; i < MLG_SHADOW_COUNTS; i++) {
        ap_rprintf(page->r, "<tr><td>%s</td><td class=\"n\">%s</td></tr>\n",
                   rows[i],
                   mlgate_page_number(page->r, page->s->shadow_count[i]));
    }
    ap_rputs("</tbody></table>\n", page->r);
}

static void put_disputes(const mlgate_page_t *page)
{
    const mlg_snapshot_t *s = page->s;

    ap_rputs("<table><thead><tr><th scope=\"col\">Client</th><th "
             "scope=\"col\">Latest</th><th scope=\"col\">Too high for</th><th "
             "scope=\"col\" class=\"n\">Model</th><th scope=\"col\" "
             "class=\"n\">Shadow</th><th scope=\"col\" class=\"n\">Times</th>"
             "<th scope=\"col\" class=\"n\">Requests</th></tr></thead>"
             "<tbody>\n",
             page->r);
    for (size_t i = 0; i < s->ndisputes && i < ROWS; i++) {
        const mlg_dispute_t *d = &s->dispute[i];

        ap_rputs("<tr>", page->r);
        mlgate_page_client(page, &d->key);
        mlgate_page_ago(page, d->at_us);
        ap_rprintf(page->r,
                   "<td class=\"at\">%s</td><td class=\"n\">%.2f</td><td "
                   "class=\"n\">%.2f</td><td class=\"n\">%u</td><td "
                   "class=\"n\">%u</td></tr>\n",
                   d->is_shadow_high ? "the shadow" : "the model", d->score,
                   d->shadow_score, (unsigned)d->times, (unsigned)d->total);
    }
    ap_rputs("</tbody></table>", page->r);
}

void mlgate_page_shadow(const mlgate_page_t *page)
{
    const mlg_snapshot_t *s = page->s;
    const mlg_shadow_t *shadow = s->rules->shadow;
    char words[MLG_WORDS_TEXT];
    char limit[MLG_WORDS_TEXT];

    if (shadow == NULL) {
        return;
    }
    ap_rprintf(page->r,
               "<section><h2>Shadow model</h2>\n<p>%s scores every request too "
               "and has no say; %s. It disagreed on %.3f %% of the "
               "requests.</p>\n",
               mlg_report_model_words(words, shadow->forest),
               mlg_report_shadow_words(limit, s),
               100.0 * mlg_snapshot_disagreement(s));
    put_counts(page);
    if (s->ndisputes > 0) {
        put_disputes(page);
    }
    ap_rputs("</section>\n", page->r);
}
