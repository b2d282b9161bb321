/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_request.h"

#define CHROME                                                                 \
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 "                      \
    "(KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"

static mlg_text_t text(const char *at)
{
    return (mlg_text_t){at, (at != NULL) ? strlen(at) : 0};
}

/* A browser's ordinary request for a page. */
static mlg_request_t ordinary(void)
{
    mlg_request_t r;

    memset(&r, 0, sizeof(r));
    r.at_us = T0;
    r.from = unit_client("192.0.2.7");
    r.knows = MLG_KNOWS_ALL;
    r.depth = 3;
    r.header_fields = 12;
    r.method = text("GET");
    r.target = text("/a/b?q=1");
    r.agent = text(CHROME);
    r.referer = text("http://site/");
    r.cookie = text("sid=1");
    r.accept = text("text/html");
    r.accept_language = text("de");
    r.accept_encoding = text("gzip, br");
    return r;
}

static mlg_arrival_t arrive(const mlg_request_t *r)
{
    mlg_arrival_t a;

    memset(&a, 0x5a, sizeof(a));
    mlg_request_arrive(&a, r, &unit_secret);
    return a;
}

static mlg_arrival_t arrive_target(const char *target)
{
    mlg_request_t r = ordinary();

    r.target = text(target);
    return arrive(&r);
}

CLAIM(an_ordinary_request_has_nothing_odd)
{
    mlg_request_t r = ordinary();
    mlg_arrival_t a = arrive(&r);

    BEGIN;
    IS_INT(a.is, 0);
    IS_INT(a.header_anomaly, 0);
    IS_INT(a.header_fields, 12);
    IS_INT(a.depth, 3);
    IS_INT(a.at_us, T0);
    IS_INT(a.path_bytes, 4);
    IS_INT(a.path_segments, 2);
    IS_TRUE(a.path == unit_hash("/a/b"));
    IS_TRUE(a.query == unit_hash("q=1"));
    IS_TRUE(a.agent == unit_hash(CHROME));
    IS_TRUE(a.from.hash == r.from.hash);
    IS_TRUE(a.session != 0);
    IS_INT(a.body_bytes, 0);
}

CLAIM(assets_are_told_by_extension_in_any_case)
{
    static const char *const assets[] = {
        "/a.css",       "/a.js",    "/a.mjs",  "/a.js.map", "/a.png",
        "/a.jpg",       "/a.jpeg",  "/a.gif",  "/a.svg",    "/a.webp",
        "/a.avif",      "/a.ico",   "/a.woff", "/a.woff2",  "/a.ttf",
        "/a.otf",       "/a.mp4",   "/a.webm", "/a.mp3",    "/a.pdf",
        "/x/y.z/A.CSS", "/a.WoFf2", "/.css"};
    static const char *const pages[] = {
        "",          "/",         "/css",    "/a.css/", "/a.cs", "/a.csss",
        "/a.woff22", "/a.php",    "/a.html", "/js",     "/a.",   "/.",
        "/a.css ",   "/a.css%00", "/a.txt",  "/a.xcss", "a",     ".j",
        "/a.json",   "/css.php",  "/a.b/css"};

    BEGIN;
    for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++) {
        IS_TRUE(mlg_path_is_asset(text(assets[i])));
    }
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        IS_FALSE(mlg_path_is_asset(text(pages[i])));
    }
    IS_FALSE(mlg_path_is_asset((mlg_text_t){NULL, 0}));
    IS_FALSE(mlg_path_is_asset((mlg_text_t){"/a.\0js", 6}));
    IS_FALSE(mlg_path_is_asset((mlg_text_t){"/a.js\0", 6}));
}

CLAIM(an_extension_in_the_query_makes_no_asset)
{
    BEGIN;
    IS_FALSE(arrive_target("/index.php?f=a.css").is & MLG_IS_ASSET);
    IS_TRUE(arrive_target("/a.css?v=2").is & MLG_IS_ASSET);
}

CLAIM(an_absolute_target_is_its_path)
{
    static const char *const same[] = {"/a/b?q=1", "http://host/a/b?q=1",
                                       "https://u:p@host:81/a/b?q=1",
                                       "HTTP://[::1]:80/a/b?q=1"};

    BEGIN;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        mlg_arrival_t a = arrive_target(same[i]);

        IS_TRUE(a.path == unit_hash("/a/b"));
        IS_TRUE(a.query == unit_hash("q=1"));
        IS_INT(a.path_segments, 2);
    }
}

CLAIM(an_absolute_target_may_lack_a_path)
{
    mlg_arrival_t a = arrive_target("http://host");
    mlg_arrival_t q = arrive_target("http://host?x=/y/z");

    BEGIN;
    IS_INT(a.path_bytes, 0);
    IS_INT(a.path_segments, 0);
    IS_TRUE(a.query == 0);
    IS_INT(q.path_bytes, 0);
    IS_TRUE(q.query == unit_hash("x=/y/z"));
}

CLAIM(an_url_in_a_path_or_query_is_left_alone)
{
    BEGIN;
    IS_TRUE(arrive_target("/go?to=http://x/y").path == unit_hash("/go"));
    IS_TRUE(arrive_target("/go/http://x/y").path ==
            unit_hash("/go/http://x/y"));
    IS_TRUE(arrive_target("go?to=http://x/y").path == unit_hash("go"));
    IS_TRUE(arrive_target("*").path == unit_hash("*"));
    IS_TRUE(arrive_target("host:443").path == unit_hash("host:443"));
}

CLAIM(an_empty_query_is_none)
{
    BEGIN;
    IS_TRUE(arrive_target("/a").query == 0);
    IS_TRUE(arrive_target("/a?").query == 0);
    IS_TRUE(arrive_target("/a??").query == unit_hash("?"));
}

CLAIM(segments_are_counted_without_empty_ones)
{
    static const struct {
        const char *path;
        int n;
    } paths[] = {{"/", 0},        {"/a", 1}, {"/a/", 1}, {"//a//b/", 2},
                 {"/a/b/c/d", 4}, {"a", 1},  {"////", 0}};

    BEGIN;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        IS_INT(arrive_target(paths[i].path).path_segments, paths[i].n);
    }
}

CLAIM(an_endless_path_saturates)
{
    mlg_request_t r = ordinary();
    size_t len = 200000;
    char *path = malloc(len);
    mlg_arrival_t a;

    BEGIN;
    assert_non_null(path);
    for (size_t i = 0; i < len; i++) {
        path[i] = (i % 2) ? 'a' : '/';
    }
    r.target = (mlg_text_t){path, len};
    a = arrive(&r);
    free(path);
    IS_INT(a.path_bytes, 65535);
    IS_INT(a.path_segments, 65535);
}

/* Arrive with a cookie; @return its session. */
static uint32_t session_of(const char *cookie)
{
    mlg_request_t r = ordinary();
    mlg_arrival_t a;

    r.cookie = text(cookie);
    a = arrive(&r);
    IS_INT((a.is & MLG_IS_WITHOUT_COOKIE) != 0, a.session == 0);
    return a.session;
}

CLAIM(the_session_is_the_cookie_that_names_one)
{
    uint32_t s = session_of("PHPSESSID=abc");

    BEGIN;
    IS_TRUE(session_of("theme=dark; PHPSESSID=abc") == s);
    IS_TRUE(session_of("theme=light;PHPSESSID=abc;x=y") == s);
    IS_TRUE(session_of("theme=dark; PHPSESSID=abd") != s);
    IS_TRUE(session_of("a=1; connect.sid=7; b=2") ==
            session_of("connect.sid=7"));
    IS_TRUE(session_of("a=1; auth_token=7") == session_of("auth_token=7"));
    IS_TRUE(session_of("a=1; _app_session=7") == session_of("_app_session=7"));
}

CLAIM(without_a_session_name_the_first_cookie_stands_in)
{
    BEGIN;
    IS_TRUE(session_of("a=1; b=2") == session_of("a=1; b=3"));
    IS_TRUE(session_of("a=1; b=2") != session_of("a=2; b=2"));
    IS_TRUE(session_of("novalue") != 0);
    IS_TRUE(session_of("sid") == session_of("sid; b=2"));
}

CLAIM(no_cookie_and_an_empty_one_are_no_session)
{
    BEGIN;
    IS_INT(session_of(NULL), 0);
    IS_INT(session_of(""), 0);
}

CLAIM(a_session_name_in_a_value_names_no_session)
{
    BEGIN;
    IS_TRUE(session_of("a=1; b=phpsessid") == session_of("a=1; c=3"));
}

/* Does this combination have an odd length? */
static int odd(const char *method, const char *length, const char *encoding,
               int is_http2)
{
    mlg_request_t r = ordinary();

    r.method = text(method);
    r.content_length = text(length);
    r.transfer_encoding = text(encoding);
    r.is_http2 = is_http2;
    return (arrive(&r).is & MLG_IS_ODD_LENGTH) != 0;
}

CLAIM(bodies_need_a_length_and_reads_need_no_body)
{
    BEGIN;
    IS_FALSE(odd("POST", "7", NULL, 0));
    IS_FALSE(odd("POST", "0", NULL, 0));
    IS_FALSE(odd("POST", NULL, "chunked", 0));
    IS_TRUE(odd("POST", NULL, NULL, 0));
    IS_TRUE(odd("PUT", NULL, NULL, 0));
    IS_TRUE(odd("PATCH", NULL, NULL, 0));
    IS_FALSE(odd("POST", NULL, NULL, 1)); /* HTTP/2 frames it */
    IS_FALSE(odd("GET", NULL, NULL, 0));
    IS_FALSE(odd("GET", "0", NULL, 0));
    IS_TRUE(odd("GET", "7", NULL, 0));
    IS_TRUE(odd("HEAD", "7", NULL, 0));
    IS_TRUE(odd("DELETE", NULL, "chunked", 0));
    IS_FALSE(odd("OPTIONS", "7", NULL, 0));
}

CLAIM(a_length_that_is_no_number_is_odd)
{
    static const char *const bad[] = {"",
                                      "-1",
                                      "+7",
                                      "7 ",
                                      "7,7",
                                      "0x10",
                                      "seven",
                                      "1e3",
                                      "9999999999999999999",
                                      "18446744073709551616"};

    BEGIN;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        mlg_request_t r = ordinary();

        r.method = text("POST");
        r.content_length = text(bad[i]);
        IS_TRUE(arrive(&r).is & MLG_IS_ODD_LENGTH);
        IS_INT(arrive(&r).body_bytes, 0);
    }
}

CLAIM(the_announced_length_is_the_body)
{
    mlg_request_t r = ordinary();

    BEGIN;
    r.method = text("POST");
    r.content_length = text("999999999999999999");
    IS_TRUE(arrive(&r).body_bytes == 999999999999999999ull);
}

static int odd_encoding(const char *agent, const char *target,
                        const char *encoding)
{
    mlg_request_t r = ordinary();

    r.agent = text(agent);
    r.target = text(target);
    r.accept_encoding = text(encoding);
    return (arrive(&r).is & MLG_IS_ODD_ENCODING) != 0;
}

CLAIM(an_encoding_that_no_browser_sends_is_odd_for_a_browser_only)
{
    BEGIN;
    IS_TRUE(odd_encoding(CHROME, "/", NULL));
    IS_TRUE(odd_encoding("curl/8", "/", NULL));
    IS_TRUE(odd_encoding("curl/8", "/", ""));
    IS_TRUE(odd_encoding(CHROME, "/", "deflate"));
    IS_FALSE(odd_encoding(CHROME, "/", "gzip, deflate"));
    IS_FALSE(odd_encoding(CHROME, "/v.mp4", "identity;q=1, *;q=0"));
    IS_FALSE(odd_encoding("curl/8", "/", "deflate"));
    IS_FALSE(odd_encoding("Mozilla/5.0 (compatible; x)", "/", "deflate"));
}

CLAIM(every_missing_header_raises_the_anomaly)
{
    mlg_request_t r = ordinary();
    unsigned none = arrive(&r).header_anomaly;
    unsigned fewer;

    BEGIN;
    r.accept_language = text(NULL);
    fewer = arrive(&r).header_anomaly;
    IS_TRUE(fewer > none);
    r.accept = text(NULL);
    IS_TRUE(arrive(&r).header_anomaly > fewer);
    fewer = arrive(&r).header_anomaly;
    r.agent = text("");
    IS_TRUE(arrive(&r).header_anomaly > fewer);
}

CLAIM(fetch_metadata_is_expected_over_tls_from_browsers_that_have_it)
{
    mlg_request_t r = ordinary();

    BEGIN;
    r.is_secure = 1;
    IS_TRUE(arrive(&r).header_anomaly > 0);
    r.sec_fetch_mode = text("navigate");
    IS_INT(arrive(&r).header_anomaly, 0);
    r.sec_fetch_mode = text(NULL);
    r.agent = text("Mozilla/5.0 (X11) Gecko/20100101 Firefox/60.0");
    IS_INT(arrive(&r).header_anomaly, 0);
    r.agent = text("Mozilla/5.0 (X11) Gecko/20100101 Firefox/90.0");
    IS_TRUE(arrive(&r).header_anomaly > 0);
    r.is_secure = 0;
    IS_INT(arrive(&r).header_anomaly, 0);
}

CLAIM(a_referer_is_the_hash_of_its_path)
{
    static const struct {
        const char *referer;
        const char *path; /* NULL: none */
    } rows[] = {
        {"https://www.example.org/shop/list?page=2", "/shop/list"},
        {"http://[2001:db8::1]:8080/a", "/a"},
        {"https://www.example.org", "/"},
        {"https://www.example.org/", "/"},
        {"/shop", "/shop"},
        {"/shop?x", "/shop"},
        {"//host/x", "//host/x"}, /* nobody's browser sends this */
        {"https:", NULL},
        {"https:/", NULL},
        {"https://", NULL},
        {"about:blank", NULL},
        {"www.example.org/shop", NULL},
        {"a-scheme-that-is-too-long://x/y", NULL},
        {"?x", NULL},
        {"", NULL},
        {NULL, NULL},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mlg_request_t r = ordinary();
        uint64_t want = (rows[i].path != NULL) ? unit_hash(rows[i].path) : 0;

        r.referer = text(rows[i].referer);
        IS_TRUE(arrive(&r).referer == want);
        r.knows &= ~(uint32_t)MLG_KNOWS_REFERER;
        IS_TRUE(arrive(&r).referer == 0);
    }
}

CLAIM(a_referer_names_the_page_that_was_asked_for)
{
    mlg_request_t page = ordinary();
    mlg_request_t asset = ordinary();

    BEGIN;
    page.target = text("/a%20b/c?d=e");
    asset.referer = text("https://example.org/a%20b/c?d=e");
    IS_TRUE(arrive(&asset).referer == arrive(&page).path);
}

CLAIM(what_the_source_cannot_know_is_no_bit)
{
    mlg_request_t r = ordinary();
    mlg_arrival_t a;

    BEGIN;
    r.knows = 0;
    r.is_http2 = 1;
    r.is_odd_host = 1;
    r.referer = text(NULL);
    r.cookie = text(NULL);
    r.accept_encoding = text(NULL);
    r.content_length = text("x");
    a = arrive(&r);
    IS_INT(a.is, 0);
    IS_INT(a.depth, 0);
    IS_INT(a.header_fields, 0);
    IS_INT(a.session, 0);
    IS_TRUE(a.agent == 0);
}

CLAIM(what_the_source_knows_is_a_bit)
{
    mlg_request_t r = ordinary();

    BEGIN;
    r.method = text("POST");
    r.content_length = text("1");
    r.is_http2 = 1;
    r.is_odd_host = 1;
    r.is = MLG_IS_EXEMPT;
    r.referer = text("");
    r.cookie = text(NULL);
    IS_INT(arrive(&r).is, MLG_IS_OTHER_METHOD | MLG_IS_HTTP2 | MLG_IS_ODD_HOST |
                              MLG_IS_EXEMPT | MLG_IS_WITHOUT_REFERER |
                              MLG_IS_WITHOUT_COOKIE);
}

CLAIM(hostile_bytes_of_any_length_are_only_read_where_they_are)
{
    uint64_t seed = 17;

    BEGIN;
    for (int i = 0; i < 50000; i++) {
        static const char likely[] = ":/?.=; \0aZ%sid,0";
        mlg_request_t r = ordinary();
        mlg_text_t *fields[] = {&r.method,          &r.target,
                                &r.agent,           &r.referer,
                                &r.cookie,          &r.accept,
                                &r.accept_language, &r.accept_encoding,
                                &r.content_length,  &r.transfer_encoding,
                                &r.sec_fetch_mode};
        uint64_t pick = unit_random(&seed);
        size_t len = pick % 64;
        /* under ASan a step outside is an error */
        char *copy = malloc(len ? len : 1);

        assert_non_null(copy);
        for (size_t n = 0; n < len; n++) {
            copy[n] = likely[unit_random(&seed) % (sizeof(likely) - 1)];
        }
        *fields[(pick >> 8) % 11] =
            (mlg_text_t){(pick & 64) ? copy : NULL, (pick & 64) ? len : 0};
        arrive(&r);
        free(copy);
    }
}

static void templates_to(const char *target, const char *want)
{
    char out[MLG_TEMPLATE_TEXT];
    size_t len =
        mlg_request_template(out, (mlg_text_t){target, strlen(target)});
    char text[MLG_TEMPLATE_TEXT + 1] = "";

    memcpy(text, out, len);
    IS_TEXT(text, want);
}

CLAIM(a_template_leaves_out_what_varies)
{
    char longest[4096];
    char out[MLG_TEMPLATE_TEXT];

    BEGIN;
    templates_to("/", "/");
    templates_to("/news/1237/show", "/news/0/show");
    templates_to("/a/2024-01-31/b", "/a/*/b");
    templates_to("/t/3f2a9c0d1e/x", "/t/*/x");
    templates_to("/u/550e8400-e29b-41d4-a716-446655440000", "/u/*");
    templates_to("/page?id=7&name=joe", "/page?id&name");
    templates_to("/page?a1=7&a2=x", "/page?a0&a0");
    templates_to("/page?", "/page");
    templates_to("http://example.org/x/9", "/x/0");
    templates_to("/deadbeef", "/deadbeef"); /* a word, without a digit */
    memset(longest, 'x', sizeof(longest));
    longest[0] = '/';
    IS_INT(mlg_request_template(out, (mlg_text_t){longest, sizeof(longest)}),
           MLG_TEMPLATE_TEXT);
    IS_INT(mlg_request_template(out, (mlg_text_t){NULL, 0}), 0);
}

static mlg_arrival_t cohorts_of(const char *agent, const char *target)
{
    mlg_request_t r;
    mlg_arrival_t a;

    memset(&r, 0, sizeof(r));
    r.knows = MLG_KNOWS_ALL;
    r.target = (mlg_text_t){target, strlen(target)};
    r.method = (mlg_text_t){"GET", 3};
    r.agent = (mlg_text_t){agent, (agent != NULL) ? strlen(agent) : 0};
    mlg_request_arrive(&a, &r, &unit_secret);
    IS_INT(a.shape, 0); /* until it is asked for */
    mlg_request_cohorts(&a, &r, &unit_secret);
    return a;
}

CLAIM(user_agents_that_differ_in_numbers_have_one_shape)
{
    mlg_arrival_t a =
        cohorts_of("Mozilla/5.0 (X11) Chrome/65.0.1 Safari/537.36", "/news/1");
    mlg_arrival_t b =
        cohorts_of("Mozilla/5.0 (X11) Chrome/110.2 Safari/537.36", "/news/22");
    mlg_arrival_t c = cohorts_of("Mozilla/5.0 (X11) Firefox/65.0", "/olds/1");
    mlg_arrival_t none = cohorts_of(NULL, "/");

    BEGIN;
    IS_TRUE(a.shape == b.shape && a.shape != c.shape);
    IS_TRUE(a.template == b.template && a.template != c.template);
    IS_TRUE(a.print != b.print); /* no header known: the whole User-Agent */
    IS_TRUE((a.is & MLG_IS_BROWSER) != 0);
    IS_INT(none.shape, 0);
    IS_INT(none.is & MLG_IS_BROWSER, 0);
    IS_INT(cohorts_of("ClaudeBot", "/").is & MLG_IS_BROWSER, 0);
}

static uint64_t print_of(int n, const char *const pair[][2])
{
    uint64_t print = 0;

    for (int i = 0; i < n; i++) {
        print = mlg_print_add(
            print, (mlg_text_t){pair[i][0], strlen(pair[i][0])},
            (mlg_text_t){pair[i][1], strlen(pair[i][1])}, &unit_secret);
    }
    return print;
}

CLAIM(what_depends_on_the_request_is_no_part_of_a_print)
{
    static const char *const names[] = {
        "Referer",       "COOKIE", "Cache-Control",  "pragma",
        "Range",         "Origin", "Authorization",  "X-Forwarded-For",
        "Via",           "Host",   "Forwarded",      "If-Modified-Since",
        "if-none-match", "IF-",    "Content-Length", "content-type"};
    static const char *const others[] = {
        "DNT",     "Via2",   "Contents",       "Ifs",
        "Origins", "Range ", "Accept-Language"};
    const char *pair[][2] = {{"Accept", "*/*"}, {NULL, "1"}};
    uint64_t print = print_of(1, pair);

    BEGIN;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        pair[1][0] = names[i];
        IS_TRUE(print_of(2, pair) == print);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        pair[1][0] = others[i];
        IS_TRUE(print_of(2, pair) != print);
    }
}

CLAIM(numbers_are_folded_wherever_they_begin_and_end)
{
    char one[400];
    char two[400];

    BEGIN;
    for (int i = 0; i < 20; i++) {
        snprintf(one, sizeof(one), "%.*s1234567890123.45_6\xe9/%.*s9", i,
                 "xxxxxxxxxxxxxxxxxxxx", i, "yyyyyyyyyyyyyyyyyyyy");
        snprintf(two, sizeof(two), "%.*s7\xe9/%.*s10.1", i,
                 "xxxxxxxxxxxxxxxxxxxx", i, "yyyyyyyyyyyyyyyyyyyy");
        IS_TRUE(cohorts_of(one, "/").shape == cohorts_of(two, "/").shape);
        two[i] = 'z';
        IS_TRUE(cohorts_of(one, "/").shape != cohorts_of(two, "/").shape);
    }
    memset(one, '5', sizeof(one) - 1);
    one[sizeof(one) - 1] = '\0';
    IS_TRUE(cohorts_of(one, "/").shape == cohorts_of("1", "/").shape);
    memset(one, 'x', sizeof(one) - 1);
    memcpy(two, one, sizeof(two));
    two[256] = 'y'; /* no more is looked at */
    IS_TRUE(cohorts_of(one, "/").shape == cohorts_of(two, "/").shape);
    two[255] = 'y';
    IS_TRUE(cohorts_of(one, "/").shape != cohorts_of(two, "/").shape);
}

CLAIM(a_print_is_names_order_case_and_what_is_accepted)
{
    const char *const one[][2] = {
        {"Host", "a"}, {"Accept", "*/*"}, {"User-Agent", "x"}};
    const char *const same[][2] = {{"Host", "b"},       {"Accept", "*/*"},
                                   {"User-Agent", "y"}, {"Referer", "/"},
                                   {"Cookie", "c=1"},   {"If-None-Match", "e"}};
    const char *const order[][2] = {
        {"Host", "a"}, {"User-Agent", "x"}, {"Accept", "*/*"}};
    const char *const cased[][2] = {
        {"Host", "a"}, {"accept", "*/*"}, {"User-Agent", "x"}};
    const char *const value[][2] = {
        {"Host", "a"}, {"Accept", "text/html"}, {"User-Agent", "x"}};
    uint64_t print = print_of(3, one);

    BEGIN;
    IS_TRUE(print_of(6, same) == print);
    IS_TRUE(print_of(3, order) != print);
    IS_TRUE(print_of(3, cased) != print);
    IS_TRUE(print_of(3, value) != print);
    IS_TRUE(print_of(1, one) != 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(an_ordinary_request_has_nothing_odd),
        TEST(assets_are_told_by_extension_in_any_case),
        TEST(an_extension_in_the_query_makes_no_asset),
        TEST(an_absolute_target_is_its_path),
        TEST(an_absolute_target_may_lack_a_path),
        TEST(an_url_in_a_path_or_query_is_left_alone),
        TEST(an_empty_query_is_none),
        TEST(segments_are_counted_without_empty_ones),
        TEST(an_endless_path_saturates),
        TEST(the_session_is_the_cookie_that_names_one),
        TEST(without_a_session_name_the_first_cookie_stands_in),
        TEST(no_cookie_and_an_empty_one_are_no_session),
        TEST(a_session_name_in_a_value_names_no_session),
        TEST(bodies_need_a_length_and_reads_need_no_body),
        TEST(a_length_that_is_no_number_is_odd),
        TEST(the_announced_length_is_the_body),
        TEST(an_encoding_that_no_browser_sends_is_odd_for_a_browser_only),
        TEST(every_missing_header_raises_the_anomaly),
        TEST(fetch_metadata_is_expected_over_tls_from_browsers_that_have_it),
        TEST(a_referer_is_the_hash_of_its_path),
        TEST(a_referer_names_the_page_that_was_asked_for),
        TEST(what_the_source_cannot_know_is_no_bit),
        TEST(what_the_source_knows_is_a_bit),
        TEST(hostile_bytes_of_any_length_are_only_read_where_they_are),
        TEST(a_template_leaves_out_what_varies),
        TEST(user_agents_that_differ_in_numbers_have_one_shape),
        TEST(a_print_is_names_order_case_and_what_is_accepted),
        TEST(what_depends_on_the_request_is_no_part_of_a_print),
        TEST(numbers_are_folded_wherever_they_begin_and_end),
    };

    return RUN(tests);
}
