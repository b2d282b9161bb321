/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_log.h"

#include <apr_general.h>
#include <apr_strings.h>

#define AT   (1706295602 * (apr_time_t)APR_USEC_PER_SEC) /* 19:00:02 UTC */
#define HALF (APR_USEC_PER_SEC / 2)

static apr_pool_t *pool;
static mlg_log_parser_t *parser;

typedef struct read_t {
    mlg_log_entry_t entry;
    mlg_fault_t fault;
    apr_status_t rv;
} read_t;

static read_t read_bytes(const char *line, size_t len)
{
    read_t r;

    memset(&r, 0, sizeof(r));
    r.rv = mlg_log_parse(parser, &r.entry, apr_pmemdup(pool, line, len + 1),
                         len, &r.fault);
    return r;
}

static read_t read_well(const char *line)
{
    read_t r = read_bytes(line, strlen(line));

    if (r.rv != APR_SUCCESS) {
        fail_msg("%s at byte %zu of %s", r.fault.what, r.fault.offset, line);
    }
    return r;
}

/* A line with these members beside client, time and request. */
static read_t read_with(const char *members)
{
    return read_well(apr_pstrcat(pool,
                                 "{\"remote_addr\":\"192.0.2.7\","
                                 "\"time\":1706295602,\"uri\":\"/\",",
                                 members, "}", NULL));
}

static void text_is(mlg_text_t got, const char *want)
{
    if (want == NULL) {
        assert_null(got.at);
        return;
    }
    assert_non_null(got.at);
    IS_TEXT(apr_pstrmemdup(pool, got.at, got.len), want);
}

static void address_is(const mlg_key_t *got, const char *want)
{
    mlg_key_t key = unit_key(want);

    assert_memory_equal(got, &key, sizeof(key));
}

CLAIM(httpd_and_nginx_lines_are_read)
{
    read_t r = read_well(
        "{ \"time\":\"26/Jan/2024:19:00:02 +0000\", \"remoteIP\":\"192.0.2.7\","
        "\"host\":\"site\", \"request\":\"GET /a?b HTTP/1.1\", "
        "\"status\":\"404\", \"bytes\":\"-\", \"userAgent\":\"x\", "
        "\"referer\":\"-\", \"responseTimeUs\":\"1234\" }");

    BEGIN;
    address_is(&r.entry.addr, "192.0.2.7");
    text_is(r.entry.vhost, "site");
    text_is(r.entry.request.method, "GET");
    text_is(r.entry.request.target, "/a?b");
    text_is(r.entry.request.agent, "x");
    text_is(r.entry.request.referer, NULL);
    IS_INT(r.entry.request.knows, MLG_KNOWS_AGENT | MLG_KNOWS_REFERER);
    IS_INT(r.entry.request.at_us, AT + HALF);
    IS_INT(r.entry.outcome.status, 404);
    IS_INT(r.entry.outcome.sent_bytes, 0);
    IS_INT(r.entry.outcome.duration_us, 1234);

    r = read_well(
        "{\"msec\":\"1706295602.500\",\"time_iso8601\":"
        "\"2024-01-26T19:00:02+00:00\",\"remote_addr\":\"2001:db8::7\""
        ",\"request_method\":\"POST\",\"uri\":\"/a\",\"args\":\"b=c\""
        ",\"server_protocol\":\"HTTP/2.0\",\"status\":200,"
        "\"body_bytes_sent\":7,\"bytes_sent\":300,\"request_time\":"
        "0.25,\"http_user_agent\":\"\",\"http_referer\":\"r\","
        "\"http_accept_language\":\"de\",\"connection_requests\":3,"
        "\"upstream_response_time\":\"0.2\"}");
    address_is(&r.entry.addr, "2001:db8::7");
    text_is(r.entry.request.method, "POST");
    text_is(r.entry.request.target, "/a?b=c");
    text_is(r.entry.request.accept_language, "de");
    IS_INT(r.entry.request.is_http2, 1);
    IS_INT(r.entry.request.depth, 3);
    IS_INT(r.entry.request.at_us, AT + 250000); /* it ended at .5 */
    IS_INT(r.entry.outcome.sent_bytes, 7);
    IS_INT(r.entry.request.knows, MLG_KNOWS_AGENT | MLG_KNOWS_REFERER |
                                      MLG_KNOWS_CLOCK | MLG_KNOWS_CONNECTION);
}

CLAIM(a_caddy_line_is_read)
{
    read_t r = read_well(
        "{\"level\":\"info\",\"ts\":1706295602.5,\"logger\":\"http.log."
        "access\","
        "\"msg\":\"handled request\",\"request\":{\"remote_ip\":\"192.0.2.1\","
        "\"remote_port\":\"4\",\"client_ip\":\"192.0.2.7\",\"proto\":"
        "\"HTTP/2.0\",\"method\":\"GET\",\"host\":\"site\",\"uri\":\"/a?b\","
        "\"headers\":{\"User-Agent\":[\"x\",\"y\"],\"Accept-Encoding\":"
        "[\"gzip\"]},\"tls\":{\"proto\":\"h1\",\"status\":9}},\"bytes_read\":0,"
        "\"user_id\":\"\",\"duration\":0.25,\"size\":12,\"status\":200,"
        "\"resp_headers\":{\"Referer\":[\"no\"],\"Content-Length\":[\"3\"]}}");

    BEGIN;
    address_is(&r.entry.addr, "192.0.2.7");
    text_is(r.entry.request.target, "/a?b");
    text_is(r.entry.request.agent, "x");
    text_is(r.entry.request.accept_encoding, "gzip");
    text_is(r.entry.request.referer, NULL);
    text_is(r.entry.request.content_length, NULL);
    IS_INT(r.entry.request.is_http2, 1);
    IS_INT(r.entry.request.at_us, AT + 250000);
    IS_INT(r.entry.request.knows, MLG_KNOWS_AGENT | MLG_KNOWS_REFERER |
                                      MLG_KNOWS_CLOCK | MLG_KNOWS_COOKIE |
                                      MLG_KNOWS_ENCODING);
    IS_INT(r.entry.outcome.duration_us, 250000);
    IS_INT(r.entry.outcome.sent_bytes, 12);
    IS_INT(r.entry.outcome.status, 200);
}

CLAIM(a_traefik_line_is_read)
{
    read_t r = read_well(
        "{\"ClientAddr\":\"192.0.2.7:5555\",\"ClientHost\":\"192.0.2.7\","
        "\"DownstreamContentSize\":19,\"DownstreamStatus\":404,\"Duration\":"
        "250000000,\"OriginStatus\":200,\"RequestHost\":\"site\","
        "\"RequestMethod\":\"GET\",\"RequestPath\":\"/a?b\","
        "\"RequestProtocol\":\"HTTP/1.1\",\"StartUTC\":"
        "\"2024-01-26T19:00:02.123456789Z\",\"level\":\"info\","
        "\"request_User-Agent\":\"x\",\"time\":\"2024-01-26T19:00:03Z\"}");

    BEGIN;
    address_is(&r.entry.addr, "192.0.2.7");
    text_is(r.entry.request.target, "/a?b");
    text_is(r.entry.request.agent, "x");
    IS_INT(r.entry.request.at_us, AT + 123456);
    IS_INT(r.entry.outcome.duration_us, 250000);
    IS_INT(r.entry.outcome.status, 404);
    IS_INT(r.entry.outcome.sent_bytes, 19);
}

CLAIM(elastic_and_cloud_lines_are_read)
{
    read_t r = read_well(
        "{\"@timestamp\":\"2024-01-26T19:00:02.250Z\",\"source\":{\"ip\":"
        "\"192.0.2.7\"},\"url\":{\"path\":\"/a\",\"query\":\"b\"},\"http\":{"
        "\"request\":{\"method\":\"GET\",\"body\":{\"bytes\":99}},"
        "\"response\":{\"status_code\":404,\"body\":{\"bytes\":5},"
        "\"headers\":{\"referer\":\"no\"}},\"version\":\"2\"},"
        "\"user_agent\":{\"original\":\"x\"}}");

    BEGIN;
    address_is(&r.entry.addr, "192.0.2.7");
    text_is(r.entry.request.target, "/a?b");
    text_is(r.entry.request.agent, "x");
    text_is(r.entry.request.referer, NULL);
    IS_INT(r.entry.request.is_http2, 1);
    IS_INT(r.entry.outcome.status, 404);
    IS_INT(r.entry.outcome.sent_bytes, 5);
    IS_INT(r.entry.request.at_us, AT + 250000);

    r = read_well(
        "{\"@timestamp\":\"2024-01-26T19:00:02Z\",\"source.ip\":"
        "\"192.0.2.7\",\"url.original\":\"/a\",\"http.request.method\""
        ":\"PUT\",\"http.request.body.bytes\":99,"
        "\"http.response.status_code\":204,"
        "\"http.response.body.bytes\":5}");
    text_is(r.entry.request.method, "PUT");
    IS_INT(r.entry.outcome.status, 204);
    IS_INT(r.entry.outcome.sent_bytes, 5);

    r = read_well("{\"httpRequest\":{\"requestMethod\":\"GET\",\"requestUrl\":"
                  "\"http://site/a\",\"status\":200,\"responseSize\":\"3\","
                  "\"userAgent\":\"x\",\"remoteIp\":\"192.0.2.7\",\"latency\":"
                  "\"0.25s\"},\"timestamp\":\"2024-01-26T19:00:02.5Z\"}");
    IS_INT(r.entry.outcome.duration_us, 250000);
    text_is(r.entry.request.target, "http://site/a");

    r = read_well("{\"requestTime\":\"26/Jan/2024:19:00:02 +0000\",\"ip\":"
                  "\"192.0.2.7\",\"httpMethod\":\"GET\",\"path\":\"/a\","
                  "\"status\":\"200\",\"responseLength\":\"3\"}");
    IS_INT(r.entry.request.at_us, AT + HALF);
    IS_INT(r.entry.outcome.knows_duration, 0);
}

CLAIM(times_are_told_apart_by_their_form_and_size)
{
    static const struct {
        const char *text;
        apr_time_t at_us;
        int is_precise;
    } cases[] = {
        {"1706295602", AT + HALF, 0},
        {"1706295602.000001", AT + 1, 1},
        {"1.706295602e9", AT, 1},
        {"1706295602001", AT + 1000, 1},
        {"1706295602000001", AT + 1, 1},
        {"1706295602000001999", AT + 2, 1},
        {"\"1706295602\"", AT + HALF, 0},
        {"\"26/Jan/2024:20:00:02 +0100\"", AT + HALF, 0},
        {"\"2024-01-26T19:00:02Z\"", AT + HALF, 0},
        {"\"2024-01-26 19:00:02\"", AT + HALF, 0},
        {"\"2024-01-26T19:00:02,5 +0000\"", AT + HALF, 1},
        {"\"2024-01-26T14:00:02.000001-05\"", AT + 1, 1},
        {"\"2024-01-27T00:30:02+05:30\"", AT + HALF, 0},
        {"\"9999-12-31T23:59:59Z\"",
         253402300799 * (apr_time_t)APR_USEC_PER_SEC + HALF, 0},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read_t r = read_well(apr_pstrcat(pool,
                                         "{\"ip\":\"192.0.2.7\",\"path\":\"/\","
                                         "\"timestamp\":",
                                         cases[i].text, "}", NULL));

        if (r.entry.request.at_us != cases[i].at_us) {
            fail_msg("%s: %ld", cases[i].text,
                     (long)(r.entry.request.at_us - AT));
        }
        IS_INT(r.entry.request.knows,
               cases[i].is_precise ? MLG_KNOWS_CLOCK : 0);
    }
}

CLAIM(durations_have_the_unit_of_their_key_or_their_own)
{
    static const struct {
        const char *member;
        uint64_t us;
    } cases[] = {
        {"\"request_time\":1.5", 1500000}, {"\"duration\":0.001", 1000},
        {"\"duration\":1.5e-3", 1500},     {"\"Duration\":1500000", 1500},
        {"\"duration_ms\":1.5", 1500},     {"\"durationNs\":1500", 2},
        {"\"latency\":\"12ms\"", 12000},   {"\"latency\":\"3\\u00b5s\"", 3},
        {"\"latency\":\"3\xc2\xb5s\"", 3}, {"\"latency\":\"3us\"", 3},
        {"\"microseconds\":\"77\"", 77},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read_t r = read_with(cases[i].member);

        IS_INT(r.entry.outcome.knows_duration, 1);
        IS_INT(r.entry.outcome.duration_us, cases[i].us);
    }
    IS_INT(read_with("\"latency\":\"fast\"").entry.outcome.knows_duration, 0);
    IS_INT(read_with("\"duration\":\"1h\"").entry.outcome.knows_duration, 0);
    IS_INT(read_with("\"duration\":1e300").entry.outcome.knows_duration, 0);
}

CLAIM(escapes_and_bytes_that_are_no_utf8_are_read)
{
    read_t r = read_with("\"user_agent\":\"\\u00e4\\ud83d\\ude00\\ud83d\\\"\\/"
                         "\\x22\\xff\xff\\n\\q\"");

    BEGIN;
    text_is(r.entry.request.agent, "\xc3\xa4\xf0\x9f\x98\x80\xed\xa0\xbd\"/\""
                                   "\xff\xff\n\\q");
    text_is(read_with("\"user_agent\":\"\\u12\"").entry.request.agent, "\\u12");
}

CLAIM(a_key_twice_counts_once)
{
    read_t r = read_with("\"status\":200,\"status\":404,\"uri\":\"/b\","
                         "\"remote_addr\":\"192.0.2.9\"");

    BEGIN;
    IS_INT(r.entry.outcome.status, 200);
    text_is(r.entry.request.target, "/");
    address_is(&r.entry.addr, "192.0.2.7");
}

CLAIM(a_cookie_that_was_hidden_is_not_known)
{
    read_t open = read_with("\"headers\":{\"Cookie\":[\"sid=7\"]}");
    read_t hidden = read_with("\"headers\":{\"Cookie\":[\"REDACTED\"]}");

    BEGIN;
    IS_TRUE(open.entry.request.knows & MLG_KNOWS_COOKIE);
    IS_FALSE(hidden.entry.request.knows & MLG_KNOWS_COOKIE);
}

CLAIM(null_and_strange_values_are_not_there)
{
    read_t r =
        read_with("\"user_agent\":null,\"referer\":[],\"size\":\"12 kB\","
                  "\"method\":{\"x\":[true,{}]},\"status\":\"\","
                  "\"\":1,\"duration\":false");

    BEGIN;
    text_is(r.entry.request.agent, NULL);
    IS_INT(r.entry.request.knows, MLG_KNOWS_AGENT);
    IS_INT(r.entry.outcome.sent_bytes, 0);
    IS_INT(r.entry.outcome.status, 0);
    IS_INT(r.entry.outcome.knows_duration, 0);
}

CLAIM(a_line_that_is_no_log_says_why)
{
    static const struct {
        const char *line;
        const char *word;
    } cases[] = {
        {"{", "key"},
        {"{\"a\"", "colon"},
        {"{\"a", "string"},
        {"{\"a\\", "string"},
        {"{\"a\":", "value"},
        {"{\"a\":\"b\"", "object that does not end"},
        {"{\"a\":[1 2]}", "array"},
        {"{\"a\":1,}", "key"},
        {"{a:1}", "key"},
        {"{}", "client"},
        {"{\"ip\":\"192.0.2.7\",\"uri\":\"/\"}", "time"},
        {"{\"ip\":\"host\",\"ts\":1,\"uri\":\"/\"}", "address"},
        {"{\"ip\":\"192.0.2.7\",\"ts\":\"soon\"}", "time"},
        {"{\"ip\":\"192.0.2.7\",\"ts\":-1}", "time"},
        {"{\"ip\":\"192.0.2.7\",\"ts\":1,\"status\":\"ok\"}", "status"},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read_t r = read_bytes(cases[i].line, strlen(cases[i].line));

        if (r.rv != MLG_ELINE || strstr(r.fault.what, cases[i].word) == NULL) {
            fail_msg("%s: %s", cases[i].line, r.fault.what);
        }
        IS_TRUE(r.fault.offset <= strlen(cases[i].line));
    }
}

CLAIM(nesting_has_an_end)
{
    char line[8000];
    read_t r;

    BEGIN;
    memset(line, '[', sizeof(line));
    memcpy(line, "{\"a\":", 5);
    r = read_bytes(line, sizeof(line) - 1);
    IS_INT(r.rv, MLG_ELINE);
    assert_non_null(strstr(r.fault.what, "too deep"));
}

CLAIM(no_damage_to_a_line_leads_outside_it)
{
    static const char whole[] =
        "{\"ts\":1706295602.5,\"request\":{\"client_ip\":\"192.0.2.7\",\"uri\":"
        "\"/\\u00e4\\ud83d\\ude00\",\"headers\":{\"Cookie\":[\"a\\\\\"]}},"
        "\"args\":\"?x\",\"duration\":0.5}";
    uint64_t state = 88172645463325252ull;
    int parsed = 0;

    BEGIN;
    for (int i = 0; i < 100000; i++) {
        size_t len = sizeof(whole) - 1 - (size_t)(unit_random(&state) % 4);
        char *line = malloc(len);
        mlg_log_entry_t entry;

        memcpy(line, whole, len);
        for (uint64_t n = unit_random(&state) % 3; n > 0; n--) {
            static const char bytes[] = "\"\\[]{}:,u.\0\xff/19";

            line[unit_random(&state) % len] =
                bytes[unit_random(&state) % sizeof(bytes)];
        }
        if (mlg_log_parse(parser, &entry, line, len, NULL) == APR_SUCCESS) {
            mlg_arrival_t arrival;

            mlg_request_arrive(&arrival, &entry.request, &unit_secret);
            IS_TRUE(entry.request.at_us >= 0);
            parsed++;
        }
        free(line);
    }
    IS_TRUE(parsed > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(httpd_and_nginx_lines_are_read),
        TEST(a_caddy_line_is_read),
        TEST(a_traefik_line_is_read),
        TEST(elastic_and_cloud_lines_are_read),
        TEST(times_are_told_apart_by_their_form_and_size),
        TEST(durations_have_the_unit_of_their_key_or_their_own),
        TEST(escapes_and_bytes_that_are_no_utf8_are_read),
        TEST(a_key_twice_counts_once),
        TEST(a_cookie_that_was_hidden_is_not_known),
        TEST(null_and_strange_values_are_not_there),
        TEST(a_line_that_is_no_log_says_why),
        TEST(nesting_has_an_end),
        TEST(no_damage_to_a_line_leads_outside_it),
    };

    apr_initialize();
    apr_pool_create(&pool, NULL);
    mlg_log_parser_make(&parser, NULL, pool, NULL);
    return RUN(tests);
}
