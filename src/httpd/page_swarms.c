/* SPDX-License-Identifier: Apache-2.0
 *
 * The swarms that are remembered: those that go on, then those that are over.
 */
#include "page.h"

#include <http_protocol.h>

static const char *fate_of(const mlgate_page_t *page,
                           const mlg_swarm_event_t *e)
{
    if (e->end_us != 0) {
        return "over";
    }
    if (!e->refuses) {
        return "told, not refused";
    }
    return page->s->swarms.is_held_back ? "held back"
           : page->s->rules->swarm.mode == MLG_SWARM_REFUSE &&
                   page->s->rules->engine == MLG_ENGINE_ENFORCE
               ? "being refused"
               : "observed";
}

static void put_swarm(const mlgate_page_t *page, const mlg_swarm_event_t *e)
{
    request_rec *r = page->r;
    char words[MLG_SWARM_WORDS];

    ap_rprintf(r, "<tr><td class=\"reasons\">%s",
               ap_escape_html(r->pool, mlg_report_swarm_title(words, e)));
    if (e->agent_text[0] != '\0') {
        ap_rprintf(r, "<span class=\"why\">for example %s</span>",
                   ap_escape_html(r->pool, mlg_report_swarm_agent(words, e)));
    }
    ap_rputs("</td>", r);
    mlgate_page_ago(page, e->since_us);
    ap_rprintf(r, "<td class=\"n\">%s</td>", mlgate_page_number(r, e->members));
    ap_rprintf(r, "<td class=\"n\">%s</td>", mlgate_page_number(r, e->refused));
    ap_rprintf(r, "<td class=\"n\">%s</td>", mlgate_page_number(r, e->would));
    ap_rprintf(r, "<td class=\"at\">%s</td></tr>\n", fate_of(page, e));
}

static void put_rows(const mlgate_page_t *page, int is_over)
{
    const mlg_swarm_view_t *v = &page->s->swarms;

    for (size_t i = 0; i < v->n; i++) {
        if ((v->event[i].end_us != 0) == is_over) {
            put_swarm(page, &v->event[i]);
        }
    }
}

void mlgate_page_swarms(const mlgate_page_t *page)
{
    request_rec *r = page->r;

    if (page->s->swarms.n == 0) {
        return;
    }
    ap_rputs("<section><h2>Swarms: many clients, one request each</h2>\n", r);
    if (page->s->swarms.is_held_back) {
        ap_rputs("<p class=\"mark\">MLGateSwarmMaxShare holds verdicts back: "
                 "they would refuse too large a share of all clients.</p>\n",
                 r);
    }
    ap_rputs("<table><thead><tr><th scope=\"col\">What they share</th><th "
             "scope=\"col\">Since</th><th scope=\"col\" class=\"n\">Addresses"
             "</th><th scope=\"col\" class=\"n\">Refused</th><th "
             "scope=\"col\" class=\"n\">Would be</th><th scope=\"col\"></th>"
             "</tr></thead><tbody>\n",
             r);
    put_rows(page, 0);
    put_rows(page, 1);
    ap_rputs("</tbody></table></section>\n", r);
}
