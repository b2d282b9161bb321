/* SPDX-License-Identifier: Apache-2.0 */
#include "scenes.h"

#include <apr_time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS(n)   ((apr_time_t)(n)*1000)
#define SEC(n)  ((apr_time_t)(n)*APR_USEC_PER_SEC)
#define TEXT(s) ((mlg_text_t){s, strlen(s)})
#define NONE    ((mlg_text_t){NULL, 0})

#define CHROME                                                                 \
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "  \
    "Chrome/126.0.0.0 Safari/537.36"

/* ---- header fields ------------------------------------------------------ */

static void tool(stage_t *s, const char *agent, const char *accept)
{
    mlg_request_t *r = &s->now;

    r->method = TEXT("GET");
    r->agent = (agent != NULL) ? TEXT(agent) : NONE;
    r->accept = (accept != NULL) ? TEXT(accept) : NONE;
    r->accept_language = r->accept_encoding = r->referer = r->cookie = NONE;
    r->content_length = r->transfer_encoding = r->sec_fetch_mode = NONE;
    r->header_fields = 1u + (agent != NULL) + (accept != NULL);
    r->is_odd_host = 0;
    r->is_http2 = 0;
}

static void browser(stage_t *s, const char *cookie, const char *referer)
{
    mlg_request_t *r = &s->now;

    tool(s, CHROME, "text/html,application/xhtml+xml,*/*;q=0.8");
    r->accept_language = TEXT("en-US,en;q=0.5");
    r->accept_encoding = TEXT("gzip, deflate, br");
    r->sec_fetch_mode = TEXT("navigate");
    r->cookie = (cookie != NULL) ? TEXT(cookie) : NONE;
    r->referer = (referer != NULL) ? TEXT(referer) : NONE;
    r->header_fields = 9u + (cookie != NULL) + (referer != NULL);
}

/* ---- one request -------------------------------------------------------- */

static void ask(stage_t *s, apr_time_t at_us, unsigned depth,
                const char *target)
{
    scene_request_t *q = &s->request[s->n];

    if (s->n == SCENE_MAX) {
        return;
    }
    s->n++;
    s->now.at_us = at_us;
    s->now.depth = depth;
    s->now.target = TEXT(target);
    mlg_request_arrive(&q->arrival, &s->now, &s->secret);
    q->outcome = (mlg_outcome_t){.status = s->status,
                                 .duration_us = (uint64_t)s->takes_us,
                                 .knows_duration = 1,
                                 .sent_bytes = s->bytes};
}

static unsigned chance(stage_t *s, unsigned below)
{
    s->random ^= s->random >> 12;
    s->random ^= s->random << 25;
    s->random ^= s->random >> 27;
    return (unsigned)((s->random * 0x2545F4914F6CDD1Dull) >> 33) % below;
}

/* @param pattern  with at most one %d */
#define ASK_N(s, at, depth, pattern, number)                                   \
    do {                                                                       \
        char target_[200];                                                     \
        snprintf(target_, sizeof(target_), pattern, number);                   \
        ask(s, at, depth, target_);                                            \
    } while (0)

/* `n` assets from `at_us` on, `step_us` apart, over `connections`. */
static void assets(stage_t *s, apr_time_t at_us, int n, apr_time_t step_us,
                   unsigned connections, unsigned before)
{
    for (int i = 0; i < n; i++) {
        ASK_N(s, at_us + i * step_us, before + 1 + (unsigned)i / connections,
              "/static/%d.js", i);
    }
}

/* ---- floods ------------------------------------------------------------- */

/* @param per_second   requests
 * @param connections  used in turn, new ones each time unless kept alive
 * @param path         asked for again and again, or with a number behind it */
static void flood(stage_t *s, apr_time_t at_us, int n, int per_second,
                  unsigned connections, int keeps_alive, const char *path)
{
    int is_one_page = path[1] == '\0';

    for (int i = 0; i < n; i++) {
        apr_time_t when = at_us + SEC(1) * i / per_second;
        unsigned depth = keeps_alive ? 1 + (unsigned)i / connections : 1;
        char target[100];

        snprintf(target, sizeof(target), "%s%u", path, chance(s, 500));
        ask(s, when, depth, is_one_page ? path : target);
    }
}

static void ab(stage_t *s, apr_time_t at)
{
    tool(s, "ApacheBench/2.3", "*/*");
    flood(s, at, 2000, 1000, 10, 0, "/");
}

static void ab_slow(stage_t *s, apr_time_t at)
{
    tool(s, "ApacheBench/2.3", "*/*");
    flood(s, at, 600, 20, 1, 0, "/");
}

static void ab_keepalive(stage_t *s, apr_time_t at)
{
    tool(s, "ApacheBench/2.3", "*/*");
    flood(s, at, 2000, 1000, 1, 1, "/");
}

static void wrk(stage_t *s, apr_time_t at)
{
    tool(s, NULL, NULL);
    flood(s, at, 2000, 2000, 10, 1, "/");
}

static void wrk_one(stage_t *s, apr_time_t at)
{
    tool(s, NULL, NULL);
    flood(s, at, 2000, 300, 1, 1, "/");
}

/* bench/peers.py: browser-like header fields, cookie and referer */
static void wrk_disguised(stage_t *s, apr_time_t at)
{
    browser(s, "sid=7", "http://localhost/shop/list");
    s->now.is_secure = 0;
    s->now.sec_fetch_mode = NONE;
    s->takes_us = MS(10);
    flood(s, at, 4000, 1500, 32, 1, "/shop/item/");
}

static void siege(stage_t *s, apr_time_t at)
{
    tool(s, "Mozilla/5.0 (pc-x86_64-linux-gnu) Siege/4.0.7", "*/*");
    s->now.accept_encoding = TEXT("gzip, deflate");
    flood(s, at, 2000, 300, 25, 0, "/");
}

static void siege_random(stage_t *s, apr_time_t at)
{
    tool(s, "Mozilla/5.0 (pc-x86_64-linux-gnu) Siege/4.0.7", "*/*");
    s->now.accept_encoding = TEXT("gzip, deflate");
    flood(s, at, 2000, 100, 5, 0, "/page/");
}

static void h2load(stage_t *s, apr_time_t at)
{
    tool(s, "h2load nghttp2/1.52.0", NULL);
    s->now.is_http2 = 1;
    flood(s, at, 2000, 2000, 1, 1, "/");
}

static void h2load_many(stage_t *s, apr_time_t at)
{
    tool(s, "h2load nghttp2/1.52.0", NULL);
    s->now.is_http2 = 1;
    flood(s, at, 2000, 500, 10, 1, "/page/");
}

static void script_as_browser(stage_t *s, apr_time_t at)
{
    browser(s, NULL, NULL);
    flood(s, at, 2000, 100, 8, 0, "/page/");
}

static void script_as_browser_kept(stage_t *s, apr_time_t at)
{
    browser(s, NULL, NULL);
    flood(s, at, 4000, 300, 8, 1, "/page/");
}

/* Every disguise there is, over one connection that is kept. */
static void wrk_disguised_one(stage_t *s, apr_time_t at)
{
    browser(s, "sid=7", "http://localhost/shop/list");
    flood(s, at, 6000, 300, 1, 1, "/shop/item/");
}

static void wrk_disguised_h2(stage_t *s, apr_time_t at)
{
    browser(s, "sid=7", "http://localhost/shop/list");
    s->now.is_http2 = 1;
    flood(s, at, 12000, 800, 4, 1, "/shop/item/");
}

/* Guessing passwords, as fast as the application answers. */
static void password_guesses(stage_t *s, apr_time_t at)
{
    tool(s, "python-requests/2.31.0", "*/*");
    s->now.accept_encoding = TEXT("gzip, deflate");
    s->now.method = TEXT("POST");
    s->now.content_length = TEXT("40");
    s->status = 401;
    flood(s, at, 1000, 10, 1, 1, "/");
}

/* Known holes, one after the other. */
static void vulnerability_scan(stage_t *s, apr_time_t at)
{
    tool(s, "Mozilla/5.0 (compatible; scan)", "*/*");
    s->status = 404;
    flood(s, at, 300, 3, 1, 0, "/cgi/");
}

/* ---- people ------------------------------------------------------------- */

static void page_60_assets_h1(stage_t *s, apr_time_t at)
{
    browser(s, NULL, NULL);
    ask(s, at, 1, "/");
    browser(s, NULL, "https://example.net/");
    assets(s, at + MS(120), 60, MS(4), 6, 0);
}

static void page_60_assets_h2(stage_t *s, apr_time_t at)
{
    browser(s, NULL, NULL);
    s->now.is_http2 = 1;
    ask(s, at, 1, "/");
    browser(s, NULL, "https://example.net/");
    s->now.is_http2 = 1;
    assets(s, at + MS(80), 60, 100, 1, 1);
}

/* Many a page of a shop: twenty of them, ten seconds apart. */
static void shopper(stage_t *s, apr_time_t at)
{
    for (int i = 0; i < 20; i++) {
        browser(s, (i > 0) ? "sid=8a7b" : NULL, "https://example.net/");
        ASK_N(s, at + SEC(10) * i, 1 + (unsigned)i, "/product/%d", i);
        assets(s, at + SEC(10) * i + MS(90), (i == 0) ? 40 : 12, MS(3), 6, 0);
    }
}

static void restores_15_tabs(stage_t *s, apr_time_t at)
{
    browser(s, "sid=8a7b", NULL);
    for (int i = 0; i < 15; i++) {
        ASK_N(s, at + MS(60) * i, 1 + (unsigned)i / 6, "/thread/%d", i);
    }
    browser(s, "sid=8a7b", "https://example.net/thread/1");
    assets(s, at + MS(1000), 150, MS(5), 6, 2);
}

static void restores_15_tabs_without_cookie(stage_t *s, apr_time_t at)
{
    browser(s, NULL, NULL);
    for (int i = 0; i < 15; i++) {
        ASK_N(s, at + MS(60) * i, 1 + (unsigned)i / 6, "/thread/%d", i);
    }
    browser(s, NULL, "https://example.net/thread/1");
    assets(s, at + MS(1000), 150, MS(5), 6, 2);
}

static void dashboard(stage_t *s, apr_time_t at)
{
    browser(s, "grafana_session=1f", "https://example.net/d/1");
    for (int i = 0; i < 6000; i++) {
        ask(s, at + MS(100) * i + (apr_time_t)chance(s, 4000),
            1 + (unsigned)i % 100, "/api/ds/query");
    }
}

static void dashboard_posts(stage_t *s, apr_time_t at)
{
    browser(s, "grafana_session=1f", "https://example.net/d/1");
    s->now.method = TEXT("POST");
    s->now.content_length = TEXT("120");
    for (int i = 0; i < 6000; i++) {
        ask(s, at + MS(100) * i + (apr_time_t)chance(s, 4000),
            1 + (unsigned)i % 100, "/api/ds/query");
    }
}

static void sync_client(stage_t *s, apr_time_t at)
{
    tool(s, "Mozilla/5.0 (Linux) mirall/3.13.0", "*/*");
    s->now.accept_encoding = TEXT("gzip, deflate");
    s->now.accept_language = TEXT("de-DE,en,*");
    s->now.cookie = TEXT("oc_sessionPassphrase=x; nc_session=4");
    s->now.header_fields = 9;
    s->now.method = TEXT("PROPFIND");
    s->now.content_length = TEXT("300");
    s->status = 207;
    for (int i = 0; i < 500; i++) {
        ASK_N(s, at + MS(18) * i + (apr_time_t)chance(s, 9000),
              1 + (unsigned)i / 3, "/remote.php/dav/files/me/dir%d", i);
    }
}

/* Rows of thumbnails, each as it scrolls into view. */
static void photo_library(stage_t *s, apr_time_t at)
{
    browser(s, "sessionid=33", "https://example.net/photos");
    s->now.accept = TEXT("image/avif,image/webp,*/*");
    for (int i = 0; i < 300; i++) {
        ASK_N(s, at + SEC(1) * (i / 10) + MS(15) * (i % 10),
              5 + (unsigned)i / 6, "/preview?id=%d", i);
    }
}

static void photo_library_h2(stage_t *s, apr_time_t at)
{
    browser(s, "sessionid=33", "https://example.net/photos");
    s->now.is_http2 = 1;
    for (int i = 0; i < 300; i++) {
        ASK_N(s, at + SEC(3) * (i / 30) + 300 * (i % 30), 5 + (unsigned)i,
              "/preview?id=%d", i);
    }
}

static void app_prefetches(stage_t *s, apr_time_t at)
{
    browser(s, "sid=8a7b", NULL);
    s->now.is_http2 = 1;
    ask(s, at, 1, "/app");
    browser(s, "sid=8a7b", "https://example.net/app");
    s->now.is_http2 = 1;
    assets(s, at + MS(60), 12, 200, 1, 1);
    for (int i = 0; i < 60; i++) {
        ASK_N(s, at + MS(400) + MS(12) * i, 14 + (unsigned)i, "/api/item/%d",
              i);
    }
}

/* The same on somebody's first visit, when there are no cookies yet. */
static void app_first_visit(stage_t *s, apr_time_t at)
{
    browser(s, NULL, NULL);
    s->now.is_http2 = 1;
    ask(s, at, 1, "/app");
    browser(s, NULL, "https://example.net/app");
    s->now.is_http2 = 1;
    assets(s, at + MS(60), 12, 200, 1, 1);
    for (int i = 0; i < 30; i++) {
        ASK_N(s, at + MS(400) + 300 * i, 14 + (unsigned)i, "/api/item/%d", i);
    }
}

/* 500 people: a page a minute each, and what it needs if that is here. */
static void nat(stage_t *s, apr_time_t at, int assets_here)
{
    char agent[100];
    char cookie[40];

    for (int i = 0; i < 1500; i++) {
        apr_time_t when = at + MS(120) * i;
        int person = (int)chance(s, 500);

        snprintf(cookie, sizeof(cookie), "sid=%d", person);
        snprintf(agent, sizeof(agent), "Mozilla/5.0 (Linux; Android %d) P%d",
                 9 + person % 6, person % 60);
        browser(s, cookie, (i % 3 > 0) ? "https://example.net/" : NULL);
        s->now.agent = TEXT(agent);
        ASK_N(s, when, 1 + chance(s, 4), "/article/%d", (int)chance(s, 40));
        if (assets_here) {
            browser(s, cookie, "https://example.net/article");
            s->now.agent = TEXT(agent);
            assets(s, when + MS(1), 12, MS(9), 6, 1);
        }
    }
}

static void nat_of_500(stage_t *s, apr_time_t at)
{
    nat(s, at, 1);
}

static void nat_of_500_pages_only(stage_t *s, apr_time_t at)
{
    nat(s, at, 0);
}

/* "Open the site, everybody": sixty people behind one address, eight kinds of
 * browser, a page with sixty assets each within three seconds. No rate of
 * assets may convict them. */
static void classroom(stage_t *s, apr_time_t at)
{
    browser(s, NULL, "http://localhost/");
    for (int i = 0; i < 60; i++) {
        char agent[100];
        char cookie[20];
        apr_time_t opens = at + MS(chance(s, 3000));

        snprintf(agent, sizeof(agent), "Mozilla/5.0 (X11) Chrome/%d.0.0.0",
                 120 + i % 8);
        snprintf(cookie, sizeof(cookie), "sid=%d", i);
        s->now.agent = TEXT(agent);
        s->now.cookie = TEXT(cookie);
        ask(s, opens, 1, "/lesson");
        assets(s, opens + MS(100), 60, MS(40), 6, 1);
    }
}

static void office_autodiscover(stage_t *s, apr_time_t at)
{
    tool(s, "Microsoft Office/16.0 (Windows NT 10.0; Outlook)", "*/*");
    s->now.method = TEXT("POST");
    s->now.content_length = TEXT("350");
    s->now.accept_encoding = TEXT("gzip, deflate");
    s->status = 404;
    for (int i = 0; i < 240; i++) { /* 30 seats, every quarter of an hour */
        ask(s, at + SEC(30) * i + MS(chance(s, 20000)), 1,
            (i % 2) ? "/autodiscover/autodiscover.xml"
                    : "/Autodiscover/Autodiscover.xml");
    }
}

static void uptime_monitor(stage_t *s, apr_time_t at)
{
    tool(s, "Uptime-Kuma/1.23.1", "text/html, */*");
    for (int i = 0; i < 600; i++) {
        ask(s, at + SEC(60) * i, 1, "/");
    }
}

static void failing_monitor(stage_t *s, apr_time_t at)
{
    tool(s, "Uptime-Kuma/1.23.1", "text/html, */*");
    s->status = 503;
    for (int i = 0; i < 600; i++) {
        ask(s, at + SEC(20) * i, 1, "/health");
    }
}

static void feed_readers(stage_t *s, apr_time_t at)
{
    tool(s, "FreshRSS/1.24.0 (Linux; https://freshrss.org)", "*/*");
    s->now.accept_encoding = TEXT("gzip");
    for (int i = 0; i < 600; i++) { /* twelve feeds every 20 minutes */
        ASK_N(s, at + SEC(1200) * (i / 12) + MS(250) * (i % 12), 1,
              "/feed/%d.xml", i % 12);
    }
}

static void git_clone(stage_t *s, apr_time_t at)
{
    tool(s, "git/2.45.0", "*/*");
    s->now.accept_encoding = TEXT("deflate, gzip");
    for (int i = 0; i < 40; i++) { /* a superproject's submodules */
        s->now.method = TEXT("GET");
        ASK_N(s, at + MS(700) * i, 1, "/git/%d/info/refs?service=x", i);
        s->now.method = TEXT("POST");
        s->now.content_length = TEXT("500");
        ASK_N(s, at + MS(700) * i + MS(80), 2, "/git/%d/git-upload-pack", i);
        s->now.content_length = NONE;
    }
}

static void map_tiles(stage_t *s, apr_time_t at)
{
    browser(s, NULL, "https://maps.example/");
    for (int i = 0; i < 600; i++) {
        ASK_N(s, at + SEC(2) * (i / 24) + MS(6) * (i % 24), 1 + (unsigned)i / 6,
              "/tiles/12/%d/1.png", i);
    }
}

/* Tiles without an extension are pages to the gate. */
static void map_tiles_bare(stage_t *s, apr_time_t at)
{
    browser(s, NULL, "https://maps.example/");
    for (int i = 0; i < 600; i++) {
        ASK_N(s, at + SEC(2) * (i / 24) + MS(6) * (i % 24), 1 + (unsigned)i / 6,
              "/tiles/12/%d/1", i);
    }
}

static void video_segments(stage_t *s, apr_time_t at)
{
    browser(s, NULL, "https://video.example/");
    for (int i = 0; i < 400; i++) { /* a buffer of ten, then as it plays */
        ASK_N(s, at + ((i < 10) ? MS(60) * i : SEC(4) * (i - 9)),
              1 + (unsigned)i, "/v/seg%d.ts", i);
    }
}

static void api_client(stage_t *s, apr_time_t at)
{
    tool(s, "acme-sdk/3.1 python-requests/2.32", "application/json");
    s->now.accept_encoding = TEXT("gzip, deflate");
    for (int i = 0; i < 2400; i++) {
        ASK_N(s, at + MS(500) * i + (apr_time_t)chance(s, 40000),
              1 + (unsigned)i, "/v1/orders/%d", i);
    }
}

static void api_client_bare(stage_t *s, apr_time_t at)
{
    tool(s, "Go-http-client/1.1", NULL);
    for (int i = 0; i < 2400; i++) { /* opens a connection each time */
        ASK_N(s, at + MS(500) * i + (apr_time_t)chance(s, 40000), 1,
              "/v1/orders/%d", i);
    }
}

static void phone_posts_json(stage_t *s, apr_time_t at)
{
    tool(s, "AcmeApp/5.2 (iPhone; iOS 17.5) Alamofire/5.9", "*/*");
    s->now.accept_encoding = TEXT("br, gzip, deflate");
    s->now.accept_language = TEXT("en-US;q=1.0");
    s->now.method = TEXT("POST");
    s->now.content_length = TEXT("200");
    for (int i = 0; i < 600; i++) { /* ten when it is opened, then slowly */
        ASK_N(s,
              at + ((i % 40 < 10) ? MS(80) * (i % 40) : SEC(2) * (i % 40)) +
                  SEC(100) * (i / 40),
              1 + (unsigned)i % 40, "/api/v2/call%d", i % 7);
    }
}

static void expired_session(stage_t *s, apr_time_t at)
{
    browser(s, "sid=old", "https://example.net/app");
    s->status = 401;
    for (int i = 0; i < 60; i++) { /* an open tab that keeps asking */
        ask(s, at + SEC(5) * i, 1 + (unsigned)i % 100, "/api/notifications");
    }
}

static void phone_asks_for_what_is_gone(stage_t *s, apr_time_t at)
{
    tool(s, "AcmeApp/3.0 (Linux; Android 12) okhttp/4.12", "*/*");
    s->now.accept_encoding = TEXT("gzip");
    s->status = 404;
    for (int i = 0; i < 300; i++) {
        ask(s, at + SEC(2) * i, 1 + (unsigned)i % 50, "/api/v1/feed");
    }
}

static void phone_with_expired_token(stage_t *s, apr_time_t at)
{
    tool(s, "AcmeApp/5.2 (iPhone; iOS 17.5) Alamofire/5.9", "*/*");
    s->now.accept_encoding = TEXT("br, gzip, deflate");
    s->now.accept_language = TEXT("en-US;q=1.0");
    s->now.method = TEXT("POST");
    s->now.content_length = TEXT("200");
    s->status = 401;
    for (int i = 0; i < 200; i++) {
        ASK_N(s, at + SEC(3) * i, 1 + (unsigned)i % 20, "/api/v2/call%d",
              i % 3);
    }
}

/* A file manager that shows its password only when asked for it. */
static void challenged_webdav(stage_t *s, apr_time_t at)
{
    tool(s, "Microsoft-WebDAV-MiniRedir/10.0.19045", NULL);
    s->now.method = TEXT("PROPFIND");
    s->now.content_length = TEXT("0");
    for (int i = 0; i < 200; i++) {
        s->status = 401;
        ASK_N(s, at + MS(400) * i, 1 + 2 * (unsigned)i, "/dav/dir%d", i);
        s->status = 207;
        ASK_N(s, at + MS(400) * i + MS(30), 2 + 2 * (unsigned)i, "/dav/dir%d",
              i);
    }
}

/* All its pictures are gone. */
static void reader_of_a_broken_site(stage_t *s, apr_time_t at)
{
    for (int i = 0; i < 10; i++) {
        browser(s, NULL, "https://example.net/");
        s->status = 200;
        ASK_N(s, at + SEC(15) * i, 1, "/story/%d", i);
        s->status = 404;
        assets(s, at + SEC(15) * i + MS(90), 20, MS(4), 6, 0);
    }
}

static void package_mirror(stage_t *s, apr_time_t at)
{
    tool(s, "Debian APT-HTTP/1.3 (2.6.1)", NULL);
    s->bytes = 300000;
    for (int i = 0; i < 120; i++) {
        ASK_N(s, at + MS(80) * i + MS(chance(s, 60)), 1 + (unsigned)i,
              "/debian/pool/main/p/%d.deb", i);
    }
}

/* Behind a balancer that opens a connection for every request. */
static void app_prefetches_unkept(stage_t *s, apr_time_t at)
{
    browser(s, "sid=8a7b", NULL);
    ask(s, at, 1, "/app");
    browser(s, "sid=8a7b", "https://example.net/app");
    for (int i = 0; i < 12; i++) {
        ASK_N(s, at + MS(60) + MS(2) * i, 1, "/static/%d.js", i);
    }
    for (int i = 0; i < 60; i++) {
        ASK_N(s, at + MS(400) + MS(12) * i, 1, "/api/item/%d", i);
    }
}

/* Two seconds for each answer: all of them are open at once. */
static void app_prefetches_from_slow_server(stage_t *s, apr_time_t at)
{
    s->takes_us = SEC(2);
    app_prefetches(s, at);
}

/* clang-format off */
const scene_t scenes[] = {
    {"ab, 1000 pages a second",                          30, ab},
    {"ab, 20 pages a second",                            30, ab_slow},
    {"ab -k over one connection",                        30, ab_keepalive},
    {"wrk as it comes",                                  30, wrk},
    {"wrk over one connection, 300 pages a second",      30, wrk_one},
    {"wrk with a browser's header fields, cookie and referer", 30, wrk_disguised},
    {"siege",                                            30, siege},
    {"siege over random pages, 100 a second",            30, siege_random},
    {"h2load over one connection",                       30, h2load},
    {"h2load over ten connections",                      30, h2load_many},
    {"a script with a browser's header fields",          30, script_as_browser},
    {"the same over kept connections",                   30, script_as_browser_kept},
    {"wrk in every disguise over one connection", 3000, wrk_disguised_one},
    {"wrk in every disguise over HTTP/2", 3000, wrk_disguised_h2},
    {"a password guesser", 300, password_guesses},
    {"a vulnerability scan", 60, vulnerability_scan},
    {"a page with 60 assets over HTTP/1.1",              0, page_60_assets_h1},
    {"a page with 60 assets over HTTP/2",                0, page_60_assets_h2},
    {"a shopper",                                        0, shopper},
    {"15 tabs restored at once",                         0, restores_15_tabs},
    {"15 tabs restored at once, no cookies",             0, restores_15_tabs_without_cookie},
    {"a dashboard that polls ten times a second",        0, dashboard},
    {"a dashboard that posts ten times a second",        0, dashboard_posts},
    {"a sync client's PROPFIND burst",                   0, sync_client},
    {"scrolling through 300 thumbnails",                 0, photo_library},
    {"scrolling through 300 thumbnails over HTTP/2",     0, photo_library_h2},
    {"an application that prefetches 60 items",          0, app_prefetches},
    {"an application's first visit: 30 calls, no cookies", 0, app_first_visit},
    {"500 people behind one address",                    0, nat_of_500},
    {"500 people behind one address, the assets elsewhere", 0, nat_of_500_pages_only},
    {"a classroom that opens one page at once",          0, classroom},
    {"an office that asks for autodiscover",             0, office_autodiscover},
    {"an uptime monitor",                                0, uptime_monitor},
    {"an uptime monitor of a service that is down",      0, failing_monitor},
    {"a feed reader with twelve feeds",                  0, feed_readers},
    {"git cloning forty repositories",                   0, git_clone},
    {"map tiles",                                        0, map_tiles},
    {"map tiles without an extension",                   0, map_tiles_bare},
    {"video segments",                                   0, video_segments},
    {"an API client at two requests a second",           0, api_client},
    {"an API client without any courtesy",               0, api_client_bare},
    {"a phone that only posts",                          0, phone_posts_json},
    {"a phone that asks for what is gone",               0, phone_asks_for_what_is_gone},
    {"a phone whose token has expired",                  0, phone_with_expired_token},
    {"a WebDAV client challenged at every step",         0, challenged_webdav},
    {"a reader of a site whose pictures are gone",       0, reader_of_a_broken_site},
    {"a package manager's upgrade",                      0, package_mirror},
    {"the application behind a balancer without keep-alive", 0, app_prefetches_unkept},
    {"the application while the server is slow",         0, app_prefetches_from_slow_server},
    {"a tab whose session has expired",                  0, expired_session},
};
/* clang-format on */
const int scenes_count = sizeof(scenes) / sizeof(scenes[0]);

/* ---- writing and playing ------------------------------------------------ */

static int by_arrival(const void *left, const void *right)
{
    const scene_request_t *a = left;
    const scene_request_t *b = right;

    return (a->arrival.at_us > b->arrival.at_us) -
           (a->arrival.at_us < b->arrival.at_us);
}

void scene_write(stage_t *s, const scene_t *scene, apr_time_t at_us)
{
    static const unsigned char v4[4] = {192, 0, 2, 7};
    mlg_key_t key = mlg_key_from_v4(v4);

    memset(&s->now, 0, sizeof(s->now));
    s->now.from = mlg_client_from(&key, &s->secret, 64);
    s->now.knows = MLG_KNOWS_ALL;
    s->now.is_secure = 1;
    s->n = 0;
    s->status = 200;
    s->takes_us = MS(5);
    s->bytes = 8000;
    s->random = 88172645463325252ull;
    scene->play(s, at_us);
    qsort(s->request, (size_t)s->n, sizeof(s->request[0]), by_arrival);
}

/* Answers come after takes_us, so in nearly the order of arrival: those due
 * are looked for among the oldest open ones. */
void scene_play(const stage_t *s, void *context,
                int (*arrive)(void *context, int n, const mlg_arrival_t *a),
                void (*settle)(void *context, int n, const mlg_arrival_t *a,
                               const mlg_outcome_t *o))
{
    int open = 0;

    for (int i = 0; i < s->n; i++) {
        apr_time_t now = s->request[i].arrival.at_us;

        for (; open < i; open++) {
            const scene_request_t *q = &s->request[open];

            if (q->arrival.at_us + (apr_time_t)q->outcome.duration_us > now) {
                break;
            }
            settle(context, open, &q->arrival, &q->outcome);
        }
        if (!arrive(context, i, &s->request[i].arrival)) {
            return;
        }
    }
}
