/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_log.h"

#include <apr_general.h>
#include <apr_strings.h>

#define AT   (1706295602 * (apr_time_t)APR_USEC_PER_SEC) /* 19:00:02 UTC */
#define HALF (APR_USEC_PER_SEC / 2)
#define CLF  "26/Jan/2024:19:00:02 +0000"

static apr_pool_t *pool;

/* One line, read by one format. */
typedef struct read_t {
    mlg_log_entry_t entry;
    mlg_fault_t fault;
    apr_status_t rv;
} read_t;

static read_t read_line(const char *format, const char *line)
{
    read_t r;
    mlg_log_parser_t *parser;
    char *copy = apr_pstrdup(pool, line);

    memset(&r, 0, sizeof(r));
    IS_INT(mlg_log_parser_make(&parser, format, pool, &r.fault), APR_SUCCESS);
    r.rv = mlg_log_parse(parser, &r.entry, copy, strlen(line), &r.fault);
    return r;
}

static read_t read_well(const char *format, const char *line)
{
    read_t r = read_line(format, line);

    if (r.rv != APR_SUCCESS) {
        fail_msg("%s: %s at byte %zu of %s", format ? format : "Combined",
                 r.fault.what, r.fault.offset, line);
    }
    return r;
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

static void format_is_refused(const char *format, size_t offset,
                              const char *word)
{
    mlg_log_parser_t *parser = NULL;
    mlg_fault_t fault;

    IS_INT(mlg_log_parser_make(&parser, format, pool, &fault), MLG_ELINE);
    assert_null(parser);
    if (strstr(fault.what, word) == NULL || fault.offset != offset) {
        fail_msg("%s: '%s' at %zu", format, fault.what, fault.offset);
    }
}

/* ---- httpd -------------------------------------------------------------- */

CLAIM(a_format_may_have_its_fields_in_any_order)
{
    read_t r = read_well("%>s|%b|%{User-Agent}i|%t|%r|%v|%a|%{Referer}i",
                         "404|12|curl/8|[" CLF "]|GET /x HTTP/1.1|site|"
                         "192.0.2.7|-");

    BEGIN;
    address_is(&r.entry.addr, "192.0.2.7");
    text_is(r.entry.vhost, "site");
    text_is(r.entry.request.method, "GET");
    text_is(r.entry.request.target, "/x");
    text_is(r.entry.request.agent, "curl/8");
    text_is(r.entry.request.referer, NULL);
    IS_INT(r.entry.request.knows, MLG_KNOWS_AGENT | MLG_KNOWS_REFERER);
    IS_INT(r.entry.request.at_us, AT + HALF);
    IS_INT(r.entry.outcome.status, 404);
    IS_INT(r.entry.outcome.sent_bytes, 12);
}

CLAIM(a_format_may_be_copied_from_httpd_conf)
{
    read_t r = read_well("%h %l %u %t \\\"%r\\\" %>s %O\\t\\\"%{Referer}i\\\"",
                         "192.0.2.7 - - [" CLF "] \"GET / HTTP/1.1\" 200 5\t"
                         "\"http://e/\"");

    BEGIN;
    text_is(r.entry.request.referer, "http://e/");
    IS_INT(r.entry.outcome.sent_bytes, 5);
    IS_INT(r.entry.request.knows, MLG_KNOWS_REFERER);
}

CLAIM(nicknames_stand_for_their_formats)
{
    static const char common[] =
        "192.0.2.7 - - [" CLF "] \"GET / HTTP/1.1\" 200 5";
    const char *combined = apr_pstrcat(pool, common, " \"r\" \"a\"", NULL);

    BEGIN;
    read_well("common", common);
    text_is(read_well("combined", combined).entry.request.agent, "a");
    text_is(read_well("vhost_combined",
                      apr_pstrcat(pool, "site:80 ", combined, NULL))
                .entry.vhost,
            "site");
    IS_INT(read_line("common", combined).rv, MLG_ELINE);
    IS_INT(read_line("combined", common).rv, MLG_ELINE);
    format_is_refused("combinde", 0, "neither a format nor");
}

CLAIM(method_path_and_query_may_stand_apart)
{
    read_t r = read_well("%h %t %m %U%q %H %s",
                         "192.0.2.7 [" CLF "] GET /a?b=c HTTP/2.0 200");

    BEGIN;
    text_is(r.entry.request.method, "GET");
    text_is(r.entry.request.target, "/a?b=c");
    IS_INT(r.entry.request.is_http2, 1);
    r = read_well("%h %t \"%U\" \"%q\" %m %s",
                  "192.0.2.7 [" CLF "] \"/a b\" \"?c\" POST 200");
    text_is(r.entry.request.target, "/a b?c");
    text_is(r.entry.request.method, "POST");
    r = read_well("%h %t \"%U\" \"%q\" %m %s",
                  "192.0.2.7 [" CLF "] \"/a\" \"\" POST 200");
    text_is(r.entry.request.target, "/a");
    r = read_well("%h %t %U%q %s", "192.0.2.7 [" CLF "] /a 200");
    text_is(r.entry.request.target, "/a");
}

CLAIM(of_two_directives_for_one_field_the_better_counts)
{
    read_t r = read_well("%h %{X-Forwarded-For}i %{c}a %a %s %>s %O %b %t "
                         "%U \"%r\"",
                         "192.0.2.1 198.51.100.9 192.0.2.2 192.0.2.3 301 200 "
                         "9 5 [" CLF "] /b \"GET /a?q HTTP/1.1\"");

    BEGIN;
    address_is(&r.entry.addr, "192.0.2.3");
    text_is(r.entry.request.target, "/a?q");
    IS_INT(r.entry.outcome.status, 200);
    IS_INT(r.entry.outcome.sent_bytes, 5);
}

CLAIM(a_forwarded_client_counts_where_there_is_no_other)
{
    read_t r =
        read_well("%{X-Forwarded-For}i %t \"%r\"",
                  "203.0.113.5, 2001:db8::7 [" CLF "] \"GET / HTTP/1.1\"");

    BEGIN;
    address_is(&r.entry.addr, "2001:db8::7");
}

CLAIM(durations_are_known_in_milli_and_microseconds_only)
{
    static const struct {
        const char *format;
        int knows;
        uint64_t us;
    } cases[] = {{"%D", 1, 1234},
                 {"%{us}T", 1, 1234},
                 {"%{ms}T", 1, 1234000},
                 {"%{s}T", 0, 0},
                 {"%T", 0, 0}};

    BEGIN;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read_t r =
            read_well(apr_pstrcat(pool, "%h %t \"%r\" ", cases[i].format, NULL),
                      "192.0.2.7 [" CLF "] \"GET / HTTP/1.1\" 1234");

        IS_INT(r.entry.outcome.knows_duration, cases[i].knows);
        IS_INT(r.entry.outcome.duration_us, cases[i].us);
        IS_INT(r.entry.request.at_us, AT + HALF); /* %t is the arrival */
    }
}

CLAIM(keep_alive_counts_make_the_connection_known)
{
    read_t r = read_well("%h %t \"%r\" %k",
                         "192.0.2.7 [" CLF "] \"GET / HTTP/1.1\" 3");

    BEGIN;
    IS_INT(r.entry.request.depth, 4); /* httpd counts from 0 */
    IS_INT(r.entry.request.knows, MLG_KNOWS_CONNECTION);
    r = read_well("%h %t \"%r\" %k",
                  "192.0.2.7 [" CLF "] \"GET / HTTP/1.1\" -");
    IS_INT(r.entry.request.knows, 0);
}

CLAIM(times_are_read_in_every_form_that_strftime_writes)
{
    static const struct {
        const char *format;
        const char *text;
        apr_time_t at_us;
        int is_precise;
    } cases[] = {
        {"%t", "[" CLF "]", AT + HALF, 0},
        {"%{sec}t", "1706295602", AT + HALF, 0},
        {"%{msec}t", "1706295602250", AT + 250000, 1},
        {"%{usec}t", "1706295602250001", AT + 250001, 1},
        {"%{sec}t%{usec_frac}t", "1706295602250001", AT + 250001, 1},
        {"%{begin:usec}t %t", "1706295602000001 [" CLF "]", AT + 1, 1},
        {"[%{%d/%b/%Y:%T}t.%{msec_frac}t %{%z}t]",
         "[26/Jan/2024:20:00:02.007 +0100]", AT + 7000, 1},
        {"[%{%d/%b/%Y %T}t.%{usec_frac}t %{%z}t]",
         "[26/Jan/2024 19:00:02.000007 +0000]", AT + 7, 1},
        {"%{%Y-%m-%dT%H:%M:%S%z}t", "2024-01-26T19:00:02+0000", AT + HALF, 0},
        {"%{%FT%TZ}t", "2024-01-26T19:00:02Z", AT + HALF, 0},
        {"%{%c}t", "Fri Jan 26 19:00:02 2024", AT + HALF, 0},
        {"%{%A %B %e %y, %I:%M:%S %p %Z}t",
         "Friday January 26 24, 07:00:02 PM UTC", AT + HALF, 0},
        {"%{%D %r}t", "01/26/24 07:00:02 PM", AT + HALF, 0},
        {"%{%D %R}t", "01/26/24 19:00", AT - 2 * APR_USEC_PER_SEC + HALF, 0},
        {"%{%s}t", "1706295602", AT + HALF, 0},
        {"%{100%%%t%s}t", "100%\t1706295602", AT + HALF, 0},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read_t r = read_well(
            apr_pstrcat(pool, "%h ", cases[i].format, " \"%r\"", NULL),
            apr_pstrcat(pool, "192.0.2.7 ", cases[i].text,
                        " \"GET / HTTP/1.1\"", NULL));

        if (r.entry.request.at_us != cases[i].at_us) {
            fail_msg("%s: %ld", cases[i].format,
                     (long)(r.entry.request.at_us - AT));
        }
        IS_INT(r.entry.request.knows,
               cases[i].is_precise ? MLG_KNOWS_CLOCK : 0);
    }
}

CLAIM(the_end_of_a_request_less_its_duration_is_its_arrival)
{
    read_t r = read_well("%h %{end:usec}t %D \"%r\"",
                         "192.0.2.7 1706295602500000 200000 "
                         "\"GET / HTTP/1.1\"");

    BEGIN;
    IS_INT(r.entry.request.at_us, AT + 300000);
    r = read_well("%h %{end:usec}t \"%r\"",
                  "192.0.2.7 1706295602500000 \"GET / HTTP/1.1\"");
    IS_INT(r.entry.request.at_us, AT + 500000);
    r = read_well("%h %{end:usec}t %t %D \"%r\"",
                  "192.0.2.7 1706295602500000 [" CLF "] 7 \"GET / HTTP/1.1\"");
    IS_INT(r.entry.request.at_us, AT + HALF); /* %t is the arrival itself */
}

CLAIM(header_fields_are_taken_by_name_in_any_case)
{
    read_t r = read_well(
        "%h %t \"%r\" \"%{cookie}i\" \"%{ACCEPT}i\" \"%{Accept-Language}i\" "
        "\"%{Accept-Encoding}i\" \"%{Content-Length}i\" "
        "\"%{Transfer-Encoding}i\" \"%{Sec-Fetch-Mode}i\" \"%{X-Else}i\" "
        "\"%{Set-Cookie}o\" %{UNIQUE_ID}e %{note}n \"%{c}C\" %{SSL_CIPHER}x "
        "%{X}^ti %X %L %P %R %f %p",
        "192.0.2.7 [" CLF "] \"POST / HTTP/1.1\" \"a=b\" \"*/*\" \"de\" "
        "\"gzip\" \"12\" \"chunked\" \"cors\" \"x\" \"s\" id n \"c\" TLS t + "
        "l 123 h /f 80");

    BEGIN;
    text_is(r.entry.request.cookie, "a=b");
    text_is(r.entry.request.accept, "*/*");
    text_is(r.entry.request.accept_language, "de");
    text_is(r.entry.request.accept_encoding, "gzip");
    text_is(r.entry.request.content_length, "12");
    text_is(r.entry.request.transfer_encoding, "chunked");
    text_is(r.entry.request.sec_fetch_mode, "cors");
    /* not every header field */
    IS_INT(r.entry.request.knows, MLG_KNOWS_COOKIE | MLG_KNOWS_ENCODING);
}

CLAIM(what_is_logged_only_sometimes_is_not_known_to_be_absent)
{
    static const char format[] = "%h %t \"%r\" \"%!200,304{Referer}i\"";

    BEGIN;
    IS_INT(read_well(format, "192.0.2.7 [" CLF "] \"GET / HTTP/1.1\" \"-\"")
               .entry.request.knows,
           0);
    IS_INT(read_well(format, "192.0.2.7 [" CLF "] \"GET / HTTP/1.1\" \"x\"")
               .entry.request.knows,
           MLG_KNOWS_REFERER);
}

CLAIM(a_per_cent_sign_may_be_written_twice)
{
    read_t r = read_well("100%% %h\\\\ %t \"%r\" \\q",
                         "100% 192.0.2.7\\ [" CLF "] \"GET / HTTP/1.1\" \\q");

    BEGIN;
    text_is(r.entry.request.target, "/");
}

CLAIM(a_wrong_format_is_told_with_the_directive_and_its_byte)
{
    BEGIN;
    format_is_refused("%h %t %r %y", 9, "%y: no directive of LogFormat");
    format_is_refused("%h %{x %t %r", 3, "brace");
    format_is_refused("%h %", 3, "no directive");
    format_is_refused("%h%l %t %r", 2, "nothing tells where");
    format_is_refused("%u%h %t %r", 2, "nothing tells where");
    format_is_refused("%h %{%Y-%Q}t %r", 3, "%Q");
    format_is_refused("%h %{%Y%}t %r", 3, "ends with %");
    format_is_refused("%t %r", 5, "no client address");
    format_is_refused("%h %r", 5, "no time");
    format_is_refused("%h %t", 5, "no request");
    format_is_refused("%h %{%H:%M}t %r", 15, "lack");
    format_is_refused("%h %{%F %I:%M}t %r", 18, "lack");
    format_is_refused("%h %{msec_frac}t %r", 19, "lack");
    format_is_refused("", 0, "neither a format nor");
    format_is_refused("$remote_addr ${msec $request", 13, "brace");
    format_is_refused("$remote_addr$msec $request", 12, "nothing tells where");
}

CLAIM(a_format_has_bounds)
{
    char *format = apr_pcalloc(pool, 9000);

    BEGIN;
    for (int i = 0; i < 200; i++) {
        memcpy(format + 3 * i, "%u ", 3);
    }
    format_is_refused(format, 3 * 96, "96");
    memset(format, 'x', 8999);
    format[0] = '%';
    format_is_refused(format, 8192, "8192");
}

CLAIM(a_line_that_is_not_of_the_format_says_where)
{
    static const struct {
        const char *format;
        const char *line;
        const char *word;
        size_t offset;
    } cases[] = {
        {"[%h %t %r", "192.0.2.7 [" CLF "] /", "does not begin", 0},
        {"%h %t \"%r\"", "192.0.2.7 [" CLF "] \"GET /\" 200", "%r", 40},
        {"%h %t \"%r\" %>s;", "192.0.2.7 [" CLF "] \"GET /\" 200", "%>s", 47},
        {"%h %t \"%r\" %{%Y}t", "192.0.2.7 [" CLF "] \"GET /\" 2024x",
         "goes on", 51},
        {"%h %t \"%r\" %D", "192.0.2.7 [" CLF "] \"GET /\" 1x", "no duration",
         47},
        {"%h %{sec}t \"%r\"", "192.0.2.7 now \"GET /\"", "%h", 0},
        {"%h %t \"%r\"", "www.example.net [" CLF "] \"GET /\"",
         "HostnameLookups", 0},
        {"%h %t \"%r\"", "- [" CLF "] \"GET /\"", "no client address", 0},
        {"%h %{%s}t \"%r\" %{%Y}t", "192.0.2.7 1706295602 \"GET /\" x", "%r",
         22},
        {"%h %t \"%r\"", "192.0.2.7 [31/Dec/1969:23:59:59 +0000] \"GET /\"",
         "no time", 11},
        {"%h %t \"%r\"", "192.0.2.7 [01/Jan/1970:00:00:00 +0100] \"GET /\"",
         "1970", 0},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read_t r = read_line(cases[i].format, cases[i].line);

        if (r.rv != MLG_ELINE || strstr(r.fault.what, cases[i].word) == NULL ||
            r.fault.offset != cases[i].offset) {
            fail_msg("%s: %d '%s' at %zu", cases[i].line, r.rv, r.fault.what,
                     r.fault.offset);
        }
    }
}

CLAIM(nobody_forges_a_field_with_a_user_name)
{
    read_t r =
        read_well(NULL, "192.0.2.7 - x [26/Jan/2024:18:00:00 +0000] 7 [" CLF
                        "] \"GET / HTTP/1.1\" 401 5 \"-\" \"a\"");

    BEGIN;
    IS_INT(r.entry.request.at_us, AT + HALF);
    r = read_well("%h %u [%{%d/%b/%Y:%T %z}t] \"%r\"",
                  "192.0.2.7 x [26/Jan/2024:18:00:00 +0000] y [" CLF
                  "] \"GET / HTTP/1.1\"");
    IS_INT(r.entry.request.at_us, AT + HALF);
    r = read_well(NULL, "192.0.2.7 - - [" CLF "] \"GET /\\\" 200 1 HTTP/1.1\" "
                        "404 5 \"\\\" \\\"forged\" \"a\\\\\"");
    text_is(r.entry.request.target, "/\" 200 1");
    text_is(r.entry.request.referer, "\" \"forged");
    text_is(r.entry.request.agent, "a\\");
    IS_INT(r.entry.outcome.status, 404);
}

CLAIM(eight_kilobytes_of_path_and_binary_junk_are_a_request)
{
    char *path = apr_palloc(pool, 8193);
    char line[] =
        "192.0.2.7 - - [" CLF "] \"\x00\xff\x01 \x7f\" 400 5 \"\x00\" "
        "\"\xfe\"";
    mlg_log_parser_t *parser;
    mlg_log_entry_t entry;
    read_t r;

    BEGIN;
    memset(path, 'p', 8192);
    path[8192] = '\0';
    r = read_well(NULL,
                  apr_pstrcat(pool, "192.0.2.7 - - [" CLF "] \"GET /", path,
                              " HTTP/1.1\" 414 5 \"-\" \"-\"", NULL));
    IS_INT(r.entry.request.target.len, 8193);
    IS_INT(mlg_log_parser_make(&parser, NULL, pool, NULL), APR_SUCCESS);
    IS_INT(mlg_log_parse(parser, &entry, line, sizeof(line) - 1, NULL),
           APR_SUCCESS);
    IS_INT(entry.request.method.len, 3);
    IS_INT(entry.request.referer.len, 1);
    IS_INT(entry.request.agent.len, 1);
}

/* ---- nginx -------------------------------------------------------------- */

CLAIM(nginx_formats_are_read_by_their_variables)
{
    read_t r = read_well(
        "$remote_addr - $remote_user [$time_local] \"$request\" $status "
        "$body_bytes_sent \"$http_referer\" \"$http_user_agent\" "
        "rt=$request_time uct=\"$upstream_connect_time\" ${connection_requests}"
        " $msec $http_accept_language",
        "2001:db8::7 - - [" CLF "] \"GET /\\x22 HTTP/2.0\" 200 7 \"-\" \"a\" "
        "rt=0.250 uct=\"-\" 3 1706295602.500 de");

    BEGIN;
    address_is(&r.entry.addr, "2001:db8::7");
    text_is(r.entry.request.target, "/\"");
    IS_INT(r.entry.request.is_http2, 1);
    IS_INT(r.entry.request.depth, 3);
    IS_INT(r.entry.outcome.duration_us, 250000);
    IS_INT(r.entry.request.at_us, AT + 250000);
    IS_INT(r.entry.request.knows, MLG_KNOWS_CLOCK | MLG_KNOWS_REFERER |
                                      MLG_KNOWS_AGENT | MLG_KNOWS_CONNECTION);
    text_is(r.entry.request.accept_language, "de");
}

CLAIM(nginx_writes_times_in_three_ways)
{
    static const struct {
        const char *format;
        const char *text;
        apr_time_t at_us;
    } cases[] = {
        {"[$time_local]", "[" CLF "]", AT + HALF},
        {"$time_iso8601", "2024-01-26T20:00:02+01:00", AT + HALF},
        {"$msec", "1706295602.007", AT + 7000},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read_t r = read_well(
            apr_pstrcat(pool, "$remote_addr ", cases[i].format,
                        " $request_method $uri $args|$server_protocol", NULL),
            apr_pstrcat(pool, "192.0.2.7 ", cases[i].text,
                        " PUT /a b=c|HTTP/1.0", NULL));

        IS_INT(r.entry.request.at_us, cases[i].at_us);
        text_is(r.entry.request.method, "PUT");
        text_is(r.entry.request.target, "/a?b=c");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_format_may_have_its_fields_in_any_order),
        TEST(a_format_may_be_copied_from_httpd_conf),
        TEST(nicknames_stand_for_their_formats),
        TEST(method_path_and_query_may_stand_apart),
        TEST(of_two_directives_for_one_field_the_better_counts),
        TEST(a_forwarded_client_counts_where_there_is_no_other),
        TEST(durations_are_known_in_milli_and_microseconds_only),
        TEST(keep_alive_counts_make_the_connection_known),
        TEST(times_are_read_in_every_form_that_strftime_writes),
        TEST(the_end_of_a_request_less_its_duration_is_its_arrival),
        TEST(header_fields_are_taken_by_name_in_any_case),
        TEST(what_is_logged_only_sometimes_is_not_known_to_be_absent),
        TEST(a_per_cent_sign_may_be_written_twice),
        TEST(a_wrong_format_is_told_with_the_directive_and_its_byte),
        TEST(a_format_has_bounds),
        TEST(a_line_that_is_not_of_the_format_says_where),
        TEST(nobody_forges_a_field_with_a_user_name),
        TEST(eight_kilobytes_of_path_and_binary_junk_are_a_request),
        TEST(nginx_formats_are_read_by_their_variables),
        TEST(nginx_writes_times_in_three_ways),
    };

    apr_initialize();
    apr_pool_create(&pool, NULL);
    return RUN(tests);
}
