/* SPDX-License-Identifier: Apache-2.0
 *
 * The page that a browser gets: drawn here, with no script and nothing fetched
 * from elsewhere. Links are relative, so that it works wherever it is mounted
 * and behind a proxy that knows it by another path.
 */
#include "page.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include <math.h>

/* Links to things below this page begin with the last segment of the path that
 * the browser asked for, unless that ends in a slash. */
static const char *link_base(request_rec *r)
{
    const char *path = (r->parsed_uri.path != NULL) ? r->parsed_uri.path : "";
    const char *last = strrchr(path, '/');

    last = (last != NULL) ? last + 1 : path;
    return (*last != '\0')
               ? apr_pstrcat(r->pool, "./", ap_escape_html(r->pool, last), "/",
                             NULL)
               : "";
}

/* ---- head and figures ---------------------------------------------------- */

static void put_head(const mlgate_page_t *page, const char *nonce)
{
    const mlg_snapshot_t *s = page->s;
    const char *mode = mlg_engine_name(s->rules->engine);
    char up[MLG_DURATION_TEXT];
    char counting[MLG_DURATION_TEXT];

    ap_rprintf(page->r,
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
               "<meta charset=\"utf-8\">\n"
               "<meta name=\"viewport\" content=\"width=device-width\">\n"
               "<title>Gate: %s</title>\n<style nonce=\"%s\">%s</style>\n"
               "</head>\n<body>\n",
               mode, nonce, mlgate_page_style);
    ap_rprintf(page->r,
               "<header><h1>mod_mlgate</h1><span class=\"mode %s\">%s</span>"
               "<p>version %s, up %s, counting for %s</p></header>\n<main>\n",
               mode, mode, s->version,
               mlg_report_duration(
                   up, (s->started_us != 0) ? s->now_us - s->started_us : 0),
               mlg_report_duration(counting, s->now_us - s->formatted_us));
}

float mlgate_page_limit(const mlgate_page_t *page)
{
    float coming = mlg_snapshot_coming(page->s);

    return isnan(coming) ? page->s->rules->threshold : coming;
}

static void put_model(const mlgate_page_t *page)
{
    const mlg_snapshot_t *s = page->s;
    apr_time_t since_us = mlg_reign_since(&s->model, s->rules->forest);
    char words[MLG_WORDS_TEXT];
    char too_high[MLG_WORDS_TEXT];
    char coming[MLG_COMING_TEXT];
    char age[MLG_DURATION_TEXT];

    ap_rprintf(
        page->r, "<p class=\"model\">Model %s, for %s; %s.</p>\n",
        mlg_report_model_words(words, s->rules->forest),
        mlg_report_duration(age, (since_us != 0) ? s->now_us - since_us : 0),
        mlg_report_threshold_words(too_high, s));
    if (*mlg_report_coming_words(coming, s) != '\0') {
        ap_rprintf(page->r, "<p class=\"model\">%s.</p>\n",
                   ap_escape_html(page->r->pool, coming));
    }
}

static void put_tile(const mlgate_page_t *page, const char *name,
                     apr_uint64_t n, int is_hot)
{
    ap_rprintf(page->r, "<div%s><dt>%s</dt><dd>%s</dd></div>\n",
               (is_hot && n > 0) ? " class=\"hot\"" : "", name,
               mlgate_page_number(page->r, n));
}

static void put_tiles(const mlgate_page_t *page)
{
    const mlg_snapshot_t *s = page->s;
    const apr_uint64_t *count = s->total.count;

    ap_rputs("<dl class=\"tiles\">\n", page->r);
    put_tile(page, "requests", count[MLG_C_REQUESTS], 0);
    put_tile(page, "refused", count[MLG_C_REFUSED], 1);
    put_tile(page, "would be refused", count[MLG_C_WOULD_REFUSE], 0);
    put_tile(page, "clients blocked now",
             (apr_uint64_t)s->blocks[MLG_BLOCK_AUTO] +
                 s->blocks[MLG_BLOCK_OPERATOR],
             1);
    put_tile(page, "clients remembered", s->clients_used, 0);
    put_tile(page, "room for clients", s->clients, 0);
    ap_rputs("</dl>\n", page->r);
}

/* ---- histogram ----------------------------------------------------------- */

#define PLOT_WIDTH  700
#define PLOT_HEIGHT 150
#define PLOT_WORDS  20 /* above the bars */
#define BAR_WIDTH   (PLOT_WIDTH / MLG_SCORE_BUCKETS)

static void put_bars(const mlgate_page_t *page)
{
    const mlg_snapshot_t *s = page->s;
    double limit = (double)mlgate_page_limit(page);
    const char *high = isnan(mlg_snapshot_coming(s)) ? " hot" : " coming";
    const apr_uint64_t *scores = s->total.scores;
    apr_uint64_t most = 1;

    for (int i = 0; i < MLG_SCORE_BUCKETS; i++) {
        most = (scores[i] > most) ? scores[i] : most;
    }
    for (int i = 0; i < MLG_SCORE_BUCKETS; i++) {
        double from = (double)i / MLG_SCORE_BUCKETS;
        double share = log1p((double)scores[i]) / log1p((double)most);
        int height = (int)(share * (PLOT_HEIGHT - PLOT_WORDS));

        ap_rprintf(page->r,
                   "<rect class=\"bar%s\" x=\"%d\" y=\"%d\" width=\"%d\" "
                   "height=\"%d\" rx=\"2\"><title>%s requests scored %.2f to "
                   "%.2f</title></rect>\n",
                   (from + 1e-6 >= limit) ? high : "", i * BAR_WIDTH + 2,
                   PLOT_HEIGHT - height, BAR_WIDTH - 4, height,
                   mlgate_page_number(page->r, scores[i]), from,
                   from + 1.0 / MLG_SCORE_BUCKETS);
    }
}

/* Where a score is too high, or would be. */
static void put_limit(const mlgate_page_t *page)
{
    double limit = (double)mlgate_page_limit(page);
    int is_coming = !isnan(mlg_snapshot_coming(page->s));
    const char *kind = is_coming ? "coming" : "limit";
    int x = (int)(fmin(limit, 1.0) * PLOT_WIDTH);
    int is_right = x > PLOT_WIDTH / 2; /* there is more room on its left */

    if (limit > 1.0) {
        ap_rprintf(page->r,
                   "<text x=\"%d\" y=\"14\" text-anchor=\"end\">no score is "
                   "too high yet: calibrating</text>\n",
                   PLOT_WIDTH - 6);
        return;
    }
    ap_rprintf(page->r,
               "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"0\" y2=\"%d\"/>\n"
               "<text class=\"%s\" x=\"%d\" y=\"14\" text-anchor=\"%s\">%s "
               "%.2f%s</text>\n",
               kind, x, x, PLOT_HEIGHT, kind, is_right ? x - 6 : x + 6,
               is_right ? "end" : "start",
               is_coming ? "coming: too high from" : "too high from", limit,
               is_coming ? ", not in force while calibrating" : "");
}

static void put_histogram(const mlgate_page_t *page)
{
    request_rec *r = page->r;

    ap_rprintf(r,
               "<section><h2>Scores of judged requests, on a logarithmic "
               "scale</h2>\n"
               "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Requests "
               "by score on a logarithmic scale; stats has the figures\">\n",
               PLOT_WIDTH, PLOT_HEIGHT + 22);
    put_bars(page);
    ap_rprintf(
        r, "<line class=\"axis\" x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n",
        PLOT_WIDTH, PLOT_HEIGHT, PLOT_HEIGHT);
    put_limit(page);
    for (int i = 0; i <= 4; i++) {
        ap_rprintf(r,
                   "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%.2f</text>\n",
                   i * PLOT_WIDTH / 4, PLOT_HEIGHT + 17,
                   (i == 0)   ? "start"
                   : (i == 4) ? "end"
                              : "middle",
                   i / 4.0);
    }
    ap_rputs("</svg></section>\n", r);
}

/* ---- foot ----------------------------------------------------------------- */

static void put_counters(const mlgate_page_t *page)
{
    ap_rputs("<section><details><summary>All counters</summary><table>"
             "<tbody>\n",
             page->r);
    for (int i = 0; i < MLG_NCOUNTERS; i++) {
        ap_rprintf(page->r, "<tr><td>%s</td><td class=\"n\">%s</td></tr>\n",
                   ap_escape_html(page->r->pool, mlg_counters[i].help),
                   mlgate_page_number(page->r, page->s->total.count[i]));
    }
    ap_rputs("</tbody></table></details></section>\n", page->r);
}

static void put_foot(const mlgate_page_t *page)
{
    const char *b = page->base;

    ap_rprintf(page->r,
               "</main>\n<footer><p>For programs: <a href=\"%shealth\">health"
               "</a>, <a href=\"%sstats\">stats</a>, <a href=\"%smetrics\">"
               "metrics</a>, <a href=\"%sswarms\">swarms</a>, "
               "<code>client/{ip}</code>, "
               "<code>decision/{id}</code>, <code>POST block/{ip}?ttl=10m"
               "</code>, <code>POST unblock/{ip}</code>.</p></footer>\n"
               "</body>\n</html>\n",
               b, b, b, b);
}

/* ---- the page ------------------------------------------------------------ */

int mlgate_page(request_rec *r, const mlg_snapshot_t *s)
{
    mlgate_page_t page = {r, s, link_base(r)};
    unsigned char random[16];
    char nonce[2 * sizeof(random) + 1];

    if (apr_generate_random_bytes(random, sizeof(random)) != APR_SUCCESS) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    ap_bin2hex(random, sizeof(random), nonce);
    mlgate_answer_headers(r);
    ap_set_content_type(r, "text/html; charset=utf-8");
    apr_table_setn(
        r->headers_out, "Content-Security-Policy",
        apr_psprintf(r->pool,
                     "default-src 'none'; style-src 'nonce-%s'; form-action "
                     "'self'; base-uri 'none'; frame-ancestors 'none'",
                     nonce));
    apr_table_setn(r->headers_out, "Referrer-Policy", "same-origin");
    put_head(&page, nonce);
    put_model(&page);
    put_tiles(&page);
    put_histogram(&page);
    mlgate_page_swarms(&page);
    mlgate_page_blocks(&page);
    mlgate_page_watched(&page);
    mlgate_page_decisions(&page);
    mlgate_page_shadow(&page);
    put_counters(&page);
    put_foot(&page);
    return OK;
}
