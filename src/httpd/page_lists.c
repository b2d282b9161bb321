/* SPDX-License-Identifier: Apache-2.0
 *
 * The lists of the status page: blocked clients, top clients, decisions.
 */
#include "page.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include <math.h>

#define ROWS 50 /* of each list; /stats has the rest */

/* ---- cells --------------------------------------------------------------- */

/* 1234567 as 1 234 567, with spaces that do not break. */
const char *mlgate_page_number(request_rec *r, apr_uint64_t n)
{
    const char *digits = apr_psprintf(r->pool, "%" APR_UINT64_T_FMT, n);
    size_t len = strlen(digits);
    char *out = apr_palloc(r->pool, len * 7 + 1);
    char *to = out;

    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            to = apr_cpystrn(to, "\xe2\x80\xaf", 4); /* U+202F */
        }
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}

void mlgate_page_client(const mlgate_page_t *page, const mlg_key_t *key)
{
    char link[MLG_KEY_TEXT];
    char text[MLG_KEY_TEXT];

    ap_rprintf(page->r, "<td><a href=\"%sclient/%s\">%s</a></td>", page->base,
               mlg_key_render(link, key, MLG_KEY_BITS),
               mlg_key_render(text, key, page->s->ipv6_prefix));
}

void mlgate_page_ago(const mlgate_page_t *page, apr_time_t at_us)
{
    char iso[MLG_ISO_TEXT];
    char ago[MLG_DURATION_TEXT];

    mlg_report_time(iso, at_us);
    ap_rprintf(page->r,
               "<td class=\"at\"><time datetime=\"%s\" title=\"%s\">%s "
               "ago</time></td>",
               iso, iso, mlg_report_duration(ago, page->s->now_us - at_us));
}

static void put_score(const mlgate_page_t *page, float score)
{
    if (isnan(score)) {
        ap_rputs("<td class=\"n\">–</td>", page->r);
        return;
    }
    ap_rprintf(page->r,
               "<td class=\"n\">%.2f <meter min=\"0\" max=\"1\" low=\"%.3f\" "
               "high=\"%.3f\" optimum=\"0\" value=\"%.3f\">%.2f</meter></td>",
               score, fminf(mlgate_page_limit(page), 1.0f) / 2,
               fminf(mlgate_page_limit(page), 1.0f), score, score);
}

static void put_reasons(const mlgate_page_t *page, const mlg_reason_t *reason,
                        apr_uint32_t n, const char *note)
{
    char words[MLG_WORDS_TEXT];

    ap_rputs("<td class=\"reasons\">", page->r);
    for (apr_uint32_t i = 0; i < n && i < MLG_NREASONS; i++) {
        ap_rprintf(page->r, "%s%s", (i > 0) ? ", " : "",
                   ap_escape_html(page->r->pool,
                                  mlg_report_reason_words(words, &reason[i])));
    }
    if (note != NULL && *note != '\0') {
        ap_rprintf(page->r, "<span class=\"why\">“%s”</span>",
                   ap_escape_html(page->r->pool, note));
    }
    ap_rputs("</td>", page->r);
}

static void put_more(const mlgate_page_t *page, apr_uint64_t shown,
                     apr_uint64_t all)
{
    if (all > shown) {
        ap_rprintf(page->r,
                   "<p class=\"empty\">%s more; the latest %d are in <a "
                   "href=\"%sstats\">stats</a>.</p>",
                   mlgate_page_number(page->r, all - shown),
                   MLG_SNAPSHOT_BLOCKS, page->base);
    }
}

/* ---- lists --------------------------------------------------------------- */

static void put_unblock(const mlgate_page_t *page, const mlg_block_t *block)
{
    char text[MLG_KEY_TEXT];

    if (block->kind == MLG_BLOCK_GRACE) {
        ap_rputs("<td></td>", page->r);
        return;
    }
    mlg_key_render(text, &block->info.key, MLG_KEY_BITS);
    ap_rprintf(page->r,
               "<td><form method=\"post\" action=\"%sunblock/%s\"><button "
               "aria-label=\"Unblock %s\">Unblock</button></form></td>",
               page->base, text, text);
}

void mlgate_page_blocks(const mlgate_page_t *page)
{
    static const char *const kinds[] = {"none", "would be blocked", "blocked",
                                        "blocked by operator", "unblocked"};
    const mlg_snapshot_t *s = page->s;
    request_rec *r = page->r;
    char left[MLG_DURATION_TEXT];
    apr_uint64_t all = 0;
    size_t i;

    ap_rputs("<section><h2>Blocked and unblocked clients</h2>\n", r);
    if (s->nblocks == 0) {
        ap_rputs("<p class=\"empty\">Nobody is blocked.</p></section>\n", r);
        return;
    }
    ap_rputs(
        "<table><thead><tr><th scope=\"col\">Client</th><th "
        "scope=\"col\">Standing</th><th scope=\"col\">Since</th><th "
        "scope=\"col\">Still for</th><th scope=\"col\" class=\"n\">Refused"
        "</th><th scope=\"col\" class=\"n\">Offences</th><th scope=\"col\">"
        "Why</th><th scope=\"col\"></th></tr></thead><tbody>\n",
        r);
    for (i = 0; i < s->nblocks && i < ROWS; i++) {
        const mlg_block_t *b = &s->block[i];

        ap_rputs("<tr>", r);
        mlgate_page_client(page, &b->info.key);
        ap_rprintf(r, "<td>%s</td>", kinds[b->kind % 5]);
        mlgate_page_ago(page, b->info.since_us);
        ap_rprintf(r,
                   "<td class=\"at\">%s</td><td class=\"n\">%s</td>"
                   "<td class=\"n\">%u</td>",
                   mlg_report_duration(left, b->until_us - s->now_us),
                   mlgate_page_number(r, b->info.refused),
                   (unsigned)b->info.offences);
        put_reasons(page, b->info.reason, b->info.nreasons, b->info.note);
        put_unblock(page, b);
        ap_rputs("</tr>\n", r);
    }
    ap_rputs("</tbody></table>", r);
    for (int kind = MLG_BLOCK_WOULD; kind <= MLG_BLOCK_GRACE; kind++) {
        all += s->blocks[kind];
    }
    put_more(page, i, all);
    ap_rputs("</section>\n", r);
}

void mlgate_page_watched(const mlgate_page_t *page)
{
    const mlg_snapshot_t *s = page->s;
    float coming = mlg_snapshot_coming(s);
    request_rec *r = page->r;

    ap_rputs("<section><h2>Top clients</h2>\n", r);
    if (s->nwatched == 0) {
        ap_rputs("<p class=\"empty\">Nobody stood out within the last "
                 "hour.</p></section>\n",
                 r);
        return;
    }
    ap_rputs("<table><thead><tr><th scope=\"col\">Client</th><th "
             "scope=\"col\" class=\"n\">Score</th><th scope=\"col\" "
             "class=\"n\">Requests</th><th scope=\"col\">Seen</th><th "
             "scope=\"col\"></th></tr></thead><tbody>\n",
             r);
    for (size_t i = 0; i < s->nwatched && i < ROWS; i++) {
        int is_coming = s->watched[i].score >= coming; /* false for NaN */

        ap_rputs("<tr>", r);
        mlgate_page_client(page, &s->watched[i].key);
        put_score(page, s->watched[i].score);
        ap_rprintf(r, "<td class=\"n\">%s</td>",
                   mlgate_page_number(r, s->watched[i].total));
        mlgate_page_ago(page, s->watched[i].at_us);
        ap_rprintf(r, "<td class=\"mark\">%s</td></tr>\n",
                   is_coming ? "above the coming threshold" : "");
    }
    ap_rputs("</tbody></table></section>\n", r);
}

void mlgate_page_decisions(const mlgate_page_t *page)
{
    const mlg_snapshot_t *s = page->s;
    request_rec *r = page->r;
    char id[MLG_DECISION_ID_TEXT];

    ap_rputs("<section><h2>Latest decisions</h2>\n", r);
    if (s->ndecisions == 0) {
        ap_rputs("<p class=\"empty\">No client was convicted yet.</p>"
                 "</section>\n",
                 r);
        return;
    }
    ap_rputs("<table><thead><tr><th scope=\"col\">Reference</th><th "
             "scope=\"col\">When</th><th scope=\"col\">Client</th><th "
             "scope=\"col\">Verdict</th><th scope=\"col\" class=\"n\">Score"
             "</th><th scope=\"col\">Why</th></tr></thead><tbody>\n",
             r);
    for (size_t i = 0; i < s->ndecisions && i < ROWS; i++) {
        const mlg_decision_t *d = &s->decision[i];

        mlg_report_id(id, d->id);
        ap_rprintf(r, "<tr><td><a href=\"%sdecision/%s\">%s</a></td>",
                   page->base, id, id);
        mlgate_page_ago(page, d->at_us);
        mlgate_page_client(page, &d->key);
        ap_rprintf(r, "<td class=\"at\">%s</td>", mlg_verdict_name(d->verdict));
        put_score(page, d->score);
        put_reasons(page, d->reasons.top, d->reasons.n, NULL);
        ap_rputs("</tr>\n", r);
    }
    ap_rputs("</tbody></table></section>\n", r);
}
