/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_log.h"

#include <apr_general.h>
#include <unistd.h>
#include <zlib.h>

#define STAMP "[26/Jan/2024:19:00:02 +0000]"
#define AT    (1706295602 * (apr_time_t)APR_USEC_PER_SEC)

/* Parsing writes into the line; each claim has its own copy. */
typedef struct parsed_t {
    char line[512];
    mlg_log_entry_t entry;
    mlg_fault_t fault;
    apr_status_t rv;
} parsed_t;

static mlg_log_parser_t *common; /* tells the common formats apart */

static void parse(parsed_t *p, const char *line)
{
    assert_true(strlen(line) < sizeof(p->line));
    memcpy(p->line, line, strlen(line) + 1);
    p->rv = mlg_log_parse(common, &p->entry, p->line, strlen(line), &p->fault);
}

static void text_is(mlg_text_t got, const char *want)
{
    assert_non_null(got.at);
    IS_INT(got.len, strlen(want));
    assert_memory_equal(got.at, want, got.len);
}

static void address_is(const mlg_key_t *got, const char *want)
{
    mlg_key_t key = unit_key(want);

    assert_memory_equal(got, &key, sizeof(key));
}

CLAIM(a_combined_line_becomes_a_request_and_its_outcome)
{
    parsed_t p;

    BEGIN;
    parse(&p, "192.0.2.7 - - " STAMP " \"GET /a/b?c=d HTTP/1.1\" 200 29663 "
              "\"https://example.net/\" \"Mozilla/5.0 (X11)\"");
    IS_INT(p.rv, APR_SUCCESS);
    address_is(&p.entry.addr, "192.0.2.7");
    assert_null(p.entry.vhost.at);
    text_is(p.entry.request.method, "GET");
    text_is(p.entry.request.target, "/a/b?c=d");
    text_is(p.entry.request.referer, "https://example.net/");
    text_is(p.entry.request.agent, "Mozilla/5.0 (X11)");
    IS_INT(p.entry.request.knows, MLG_KNOWS_REFERER | MLG_KNOWS_AGENT);
    IS_INT(p.entry.request.is_http2, 0);
    IS_INT(p.entry.outcome.status, 200);
    IS_INT(p.entry.outcome.sent_bytes, 29663);
    IS_INT(p.entry.outcome.knows_duration, 0);
}

CLAIM(nginx_499_is_no_answer)
{
    parsed_t p;

    BEGIN;
    parse(&p, "192.0.2.7 - - " STAMP " \"GET / HTTP/1.1\" 499 0 \"-\" \"-\"");
    IS_INT(p.rv, APR_SUCCESS);
    IS_INT(p.entry.outcome.status, 0);
}

CLAIM(a_one_second_stamp_stands_for_the_middle_of_its_second)
{
    parsed_t p;

    BEGIN;
    parse(&p, "192.0.2.7 - - " STAMP " \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"");
    IS_INT(p.entry.request.at_us, AT + 500000);
    IS_INT(p.entry.request.knows & MLG_KNOWS_CLOCK, 0);
}

CLAIM(a_stamp_with_a_fraction_is_taken_as_it_is)
{
    parsed_t p;

    BEGIN;
    parse(&p, "192.0.2.7 - - [26/Jan/2024:19:00:02.123456 +0000] "
              "\"GET / HTTP/1.1\" 200 1 \"-\" \"-\"");
    IS_INT(p.rv, APR_SUCCESS);
    IS_INT(p.entry.request.at_us, AT + 123456);
    IS_INT(p.entry.request.knows & MLG_KNOWS_CLOCK, MLG_KNOWS_CLOCK);
}

CLAIM(zones_are_subtracted)
{
    static const struct {
        const char *stamp;
        apr_time_t at_us;
    } cases[] = {
        {"26/Jan/2024:19:00:02 +0000", AT},
        {"27/Jan/2024:00:30:02 +0530", AT},
        {"26/Jan/2024:11:00:02 -0800", AT},
        {"29/Feb/2024:00:00:00 +0000", 1709164800 * SEC(1)},
        {"28/Feb/2100:23:59:59 +0000", 4107542399 * SEC(1)},
        {"01/Jan/1970:00:00:00 +0000", 0},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_time_t at_us = -1;
        int is_precise = -1;
        mlg_text_t text = {cases[i].stamp, strlen(cases[i].stamp)};

        IS_INT(mlg_log_time(&at_us, &is_precise, text), APR_SUCCESS);
        IS_INT(at_us, cases[i].at_us);
        IS_INT(is_precise, 0);
    }
}

CLAIM(impossible_times_are_refused)
{
    static const char *const stamps[] = {
        "31/Dec/1969:23:59:59 +0000",
        "01/Jan/1970:00:00:00 +0100",
        "29/Feb/2023:00:00:00 +0000",
        "00/Jan/2024:00:00:00 +0000",
        "32/Jan/2024:00:00:00 +0000",
        "26/Jax/2024:19:00:02 +0000",
        "26/Jan/2024:24:00:02 +0000",
        "26/Jan/2024:19:60:02 +0000",
        "26/Jan/2024:19:00:61 +0000",
        "26/Jan/2024:19:00:02 0000",
        "26/Jan/2024:19:00:02 +1660",
        "26/Jan/2024:19:00:02",
        "26/Jan/2024:19:00:02. +0000",
        "26/Jan/2024:19:00:02.1234567890 +0000",
        "2024-01-26T19:00",
        "2024-13-26T19:00:02Z",
        "2024-01-26T19:00:02Q",
        "2024-01-26T19:00:02+0g",
        "1e30",
        "-1",
        "0x10",
        "1.5.5",
        "",
        "26/Jan/2024:19:00:02 +0000 "};

    BEGIN;
    for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
        apr_time_t at_us = -1;
        int is_precise;
        mlg_text_t text = {stamps[i], strlen(stamps[i])};

        IS_INT(mlg_log_time(&at_us, &is_precise, text), MLG_ELINE);
        IS_INT(at_us, -1);
    }
}

CLAIM(escapes_are_undone)
{
    parsed_t p;

    BEGIN;
    parse(&p, "192.0.2.7 - - " STAMP " \"GET /\\xc3\\xA4\\\"\\\\ HTTP/1.1\" "
              "404 7 \"\\t\\q\\x\" \"a \\\" b\"");
    IS_INT(p.rv, APR_SUCCESS);
    text_is(p.entry.request.target, "/\xc3\xa4\"\\");
    text_is(p.entry.request.referer, "\t\\q\\x");
    text_is(p.entry.request.agent, "a \" b");
}

CLAIM(bare_quotes_do_not_end_a_field)
{
    parsed_t p;

    BEGIN;
    parse(&p, "192.0.2.7 - - " STAMP " \"GET /?q=\"x\"y HTTP/1.1\" 200 7 "
              "\"-\" \"a\"b\"");
    IS_INT(p.rv, APR_SUCCESS);
    text_is(p.entry.request.target, "/?q=\"x\"y");
    text_is(p.entry.request.agent, "a\"b");
    assert_null(p.entry.request.referer.at);
}

CLAIM(the_common_format_knows_neither_referer_nor_agent)
{
    parsed_t p;

    BEGIN;
    parse(&p, "192.0.2.7 - frank " STAMP " \"HEAD / HTTP/1.0\" 304 -");
    IS_INT(p.rv, APR_SUCCESS);
    IS_INT(p.entry.request.knows, 0);
    IS_INT(p.entry.outcome.status, 304);
    IS_INT(p.entry.outcome.sent_bytes, 0);
}

CLAIM(a_virtual_host_may_come_first)
{
    parsed_t p;

    BEGIN;
    parse(&p, "www.example.net:443 2001:db8::7 - - " STAMP
              " \"GET / HTTP/2.0\" 200 1 \"-\" \"-\"");
    IS_INT(p.rv, APR_SUCCESS);
    text_is(p.entry.vhost, "www.example.net:443");
    address_is(&p.entry.addr, "2001:db8::7");
    IS_INT(p.entry.request.is_http2, 1);
    parse(&p, "198.51.100.1 192.0.2.7 - - " STAMP " \"GET / HTTP/1.1\" 200 1");
    IS_INT(p.rv, APR_SUCCESS);
    address_is(&p.entry.addr, "192.0.2.7");
}

CLAIM(user_names_may_hold_spaces_and_brackets)
{
    parsed_t p;

    BEGIN;
    parse(&p, "192.0.2.7 - a [b] c " STAMP " \"GET / HTTP/1.1\" 200 1");
    IS_INT(p.rv, APR_SUCCESS);
    text_is(p.entry.request.target, "/");
}

CLAIM(addresses_are_read_in_every_form)
{
    static const struct {
        const char *text;
        const char *want; /* NULL: refused */
    } cases[] = {
        {"192.0.2.7", "192.0.2.7"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"fe80::1%eth0", "fe80::1"},
        {"::1", "::1"},
        {"256.0.2.7", NULL},
        {"192.0.2", NULL},
        {"192.0.2.7.1", NULL},
        {"192.0.2.", NULL},
        {"1922.0.2.7", NULL},
        {"localhost", NULL},
        {":", NULL},
        {"", NULL},
        {"2001:db8:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:1", NULL},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        mlg_key_t key;
        mlg_text_t text = {cases[i].text, strlen(cases[i].text)};
        apr_status_t rv = mlg_log_address(&key, text);

        IS_INT(rv, (cases[i].want != NULL) ? APR_SUCCESS : MLG_EADDRESS);
        if (cases[i].want != NULL) {
            address_is(&key, cases[i].want);
        }
    }
}

CLAIM(a_request_that_is_none_has_no_method)
{
    parsed_t p;

    BEGIN;
    parse(&p,
          "192.0.2.7 - - " STAMP " \"\\x16\\x03\\x01\" 400 226 \"-\" \"-\"");
    IS_INT(p.rv, APR_SUCCESS);
    assert_null(p.entry.request.method.at);
    text_is(p.entry.request.target, "\x16\x03\x01");
    parse(&p, "192.0.2.7 - - " STAMP " \"-\" 408 - \"-\" \"-\"");
    IS_INT(p.rv, APR_SUCCESS);
    assert_null(p.entry.request.method.at);
    assert_null(p.entry.request.target.at);
    parse(&p, "192.0.2.7 - - " STAMP " \"\" 400 0");
    IS_INT(p.rv, APR_SUCCESS);
    parse(&p, "192.0.2.7 - - " STAMP " \"GET HTTP/1.1\" 400 0");
    IS_INT(p.rv, APR_SUCCESS);
    text_is(p.entry.request.method, "GET");
    IS_INT(p.entry.request.target.len, 0);
}

CLAIM(a_broken_line_says_what_is_missing)
{
    static const struct {
        const char *line;
        const char *what;
    } cases[] = {
        {"", "client"},
        {"localhost - - " STAMP " \"GET / HTTP/1.1\" 200 1", "client"},
        {"192.0.2.7", "%h"},
        {"192.0.2.7 - - [", "%u"},
        {"192.0.2.7 - - [31/Feb/2024:19:00:02 +0000] \"", "time"},
        {"192.0.2.7 - - " STAMP, "%u"},
        {"192.0.2.7 - - " STAMP " \"", "request line"},
        {"192.0.2.7 - - " STAMP " \"GET / HTTP/1.1", "request line"},
        {"192.0.2.7 - - " STAMP " \"GET / HTTP/1.1\\\"", "request line"},
        {"192.0.2.7 - - " STAMP " \"GET / HTTP/1.1\"", "request line"},
        {"192.0.2.7 - - " STAMP " \"GET / HTTP/1.1\" abc 1", "request line"},
        {"192.0.2.7 - - " STAMP " \"GET / HTTP/1.1\" 2000 1", "status"},
        {"192.0.2.7 - - " STAMP " \"GET / HTTP/1.1\" 200 1x", "size"},
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        parsed_t p;

        parse(&p, cases[i].line);
        IS_INT(p.rv, MLG_ELINE);
        assert_non_null(strstr(p.fault.what, cases[i].what));
        IS_TRUE(p.fault.offset <= strlen(cases[i].line));
    }
}

/* Each line lies in a block of its own size, so that a sanitizer sees a read
 * or a write outside it. */
CLAIM(no_damage_to_a_line_leads_outside_it)
{
    static const char whole[] =
        "www:80 192.0.2.7 - u " STAMP " \"GET /\\xc3\\\"?a HTTP/1.1\" 200 29 "
        "\"https://e/\\\\\" \"Mozilla/5.0 \\x\"";
    uint64_t state = 88172645463325252ull;
    int parsed = 0;

    BEGIN;
    for (int i = 0; i < 200000; i++) {
        size_t len = (size_t)(unit_random(&state) % sizeof(whole));
        char *line = malloc(len + 1);
        mlg_log_entry_t entry;
        mlg_fault_t fault;

        memcpy(line, whole, len);
        for (uint64_t n = unit_random(&state) % 4; n > 0 && len > 0; n--) {
            static const char bytes[] = "\"\\[] -x:.%\0\xff/19";

            line[unit_random(&state) % len] =
                bytes[unit_random(&state) % sizeof(bytes)];
        }
        line = realloc(line, len + (len == 0));
        if (mlg_log_parse(common, &entry, line, len, &fault) == APR_SUCCESS) {
            mlg_arrival_t arrival;

            mlg_request_arrive(&arrival, &entry.request, &unit_secret);
            IS_TRUE(entry.request.at_us >= 0);
            parsed++;
        }
        free(line);
    }
    IS_TRUE(parsed > 1000);
}

/* ---- reading ------------------------------------------------------------ */

static const char *write_file(const char *text, size_t len, int gzipped)
{
    static char path[] = "/tmp/mlg_test_log.XXXXXX";
    gzFile file;
    int fd;

    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    fd = mkstemp(path);
    IS_TRUE(fd >= 0);
    file = gzdopen(fd, gzipped ? "wb" : "wbT");
    IS_INT(gzwrite(file, text, (unsigned)len), len);
    IS_INT(gzclose(file), Z_OK);
    return path;
}

CLAIM(lines_are_read_alike_from_plain_and_gzipped_files)
{
    static const char text[] = "one\r\n\ntwo\nlast";
    static const char *const want[] = {"one", "", "two", "last"};

    BEGIN;
    for (int gzipped = 0; gzipped < 2; gzipped++) {
        const char *path = write_file(text, sizeof(text) - 1, gzipped);
        mlg_log_reader_t *reader;
        apr_pool_t *p;
        char *line;
        size_t len;

        apr_pool_create(&p, NULL);
        IS_INT(mlg_log_open(&reader, path, p), APR_SUCCESS);
        for (int i = 0; i < 4; i++) {
            IS_INT(mlg_log_next(reader, &line, &len), APR_SUCCESS);
            IS_INT(len, strlen(want[i]));
            assert_memory_equal(line, want[i], len);
        }
        IS_INT(mlg_log_next(reader, &line, &len), APR_EOF);
        IS_INT(mlg_log_next(reader, &line, &len), APR_EOF);
        apr_pool_destroy(p);
        unlink(path);
    }
}

CLAIM(a_line_that_is_too_long_is_skipped_whole)
{
    size_t big = 5 * MLG_LOG_LINE_MAX;
    char *text = malloc(big + 20);
    const char *path;
    mlg_log_reader_t *reader;
    apr_pool_t *p;
    char *line;
    size_t len;

    BEGIN;
    memset(text, 'x', big);
    memcpy(text, "a\n", 2);
    memcpy(text + big, "\nb\n", 3);
    path = write_file(text, big + 3, 0);
    apr_pool_create(&p, NULL);
    IS_INT(mlg_log_open(&reader, path, p), APR_SUCCESS);
    IS_INT(mlg_log_next(reader, &line, &len), APR_SUCCESS);
    IS_INT(mlg_log_next(reader, &line, &len), MLG_ELINE);
    IS_INT(len, MLG_LOG_LINE_MAX);
    IS_INT(mlg_log_next(reader, &line, &len), APR_SUCCESS);
    IS_INT(len, 1);
    IS_INT(*line, 'b');
    IS_INT(mlg_log_next(reader, &line, &len), APR_EOF);
    apr_pool_destroy(p);
    unlink(path);
    free(text);
}

CLAIM(a_log_that_is_not_there_is_told_from_an_empty_one)
{
    mlg_log_reader_t *reader;
    apr_pool_t *p;
    char *line;
    size_t len;

    BEGIN;
    apr_pool_create(&p, NULL);
    IS_TRUE(APR_STATUS_IS_ENOENT(mlg_log_open(&reader, "/nowhere/log", p)));
    IS_INT(mlg_log_open(&reader, "/dev/null", p), APR_SUCCESS);
    IS_INT(mlg_log_next(reader, &line, &len), APR_EOF);
    apr_pool_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_combined_line_becomes_a_request_and_its_outcome),
        TEST(nginx_499_is_no_answer),
        TEST(a_one_second_stamp_stands_for_the_middle_of_its_second),
        TEST(a_stamp_with_a_fraction_is_taken_as_it_is),
        TEST(zones_are_subtracted),
        TEST(impossible_times_are_refused),
        TEST(escapes_are_undone),
        TEST(bare_quotes_do_not_end_a_field),
        TEST(the_common_format_knows_neither_referer_nor_agent),
        TEST(a_virtual_host_may_come_first),
        TEST(user_names_may_hold_spaces_and_brackets),
        TEST(addresses_are_read_in_every_form),
        TEST(a_request_that_is_none_has_no_method),
        TEST(a_broken_line_says_what_is_missing),
        TEST(no_damage_to_a_line_leads_outside_it),
        TEST(lines_are_read_alike_from_plain_and_gzipped_files),
        TEST(a_line_that_is_too_long_is_skipped_whole),
        TEST(a_log_that_is_not_there_is_told_from_an_empty_one),
    };

    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    mlg_log_parser_make(&common, NULL, p, NULL);
    return RUN(tests);
}
