/* SPDX-License-Identifier: Apache-2.0
 *
 * Real logs, where they are: DIR/<site>/combined.log.gz, DIR being $DATA or
 * ../shared/data. They are nobody's to publish, so elsewhere this is skipped.
 */
#include "unit.h"

#include "mlg_log.h"

#include <apr_general.h>
#include <glob.h>

#define LINES_AT_LEAST 700000 /* of all logs together */
#define MALFORMED      2      /* two lines of them are no log lines */

typedef struct count_t {
    uint64_t lines;
    uint64_t malformed;
} count_t;

static count_t count_log(const char *path, mlg_log_parser_t *parser,
                         apr_pool_t *parent)
{
    count_t count = {0, 0};
    mlg_log_reader_t *reader;
    mlg_log_entry_t entry;
    mlg_fault_t fault;
    apr_pool_t *p;
    char *line;
    size_t len;
    apr_status_t rv;

    apr_pool_create(&p, parent);
    IS_INT(mlg_log_open(&reader, path, p), APR_SUCCESS);
    while ((rv = mlg_log_next(reader, &line, &len)) == APR_SUCCESS) {
        count.lines++;
        if (mlg_log_parse(parser, &entry, line, len, &fault) != APR_SUCCESS) {
            count.malformed++;
            print_message("# %s, line %lu: %s\n", path,
                          (unsigned long)count.lines, fault.what);
        }
    }
    IS_INT(rv, APR_EOF);
    apr_pool_destroy(p);
    return count;
}

CLAIM(all_but_two_lines_of_every_real_log_are_read)
{
    const char *data = getenv("DATA");
    char pattern[1024];
    count_t all = {0, 0};
    mlg_log_parser_t *parser;
    apr_pool_t *p;
    glob_t logs;

    BEGIN;
    snprintf(pattern, sizeof(pattern), "%s/*/combined.log.gz",
             (data != NULL) ? data : "../shared/data");
    if (glob(pattern, 0, NULL, &logs) != 0) {
        print_message("# there is no %s\n", pattern);
        return; /* cmocka's skip() is "not ok" to prove */
    }
    apr_pool_create(&p, NULL);
    IS_INT(mlg_log_parser_make(&parser, NULL, p, NULL), APR_SUCCESS);
    for (size_t i = 0; i < logs.gl_pathc; i++) {
        count_t one = count_log(logs.gl_pathv[i], parser, p);

        print_message("# %s: %lu lines, %lu malformed\n", logs.gl_pathv[i],
                      (unsigned long)one.lines, (unsigned long)one.malformed);
        all.lines += one.lines;
        all.malformed += one.malformed;
    }
    print_message("# all: %lu lines, %lu malformed\n", (unsigned long)all.lines,
                  (unsigned long)all.malformed);
    globfree(&logs);
    apr_pool_destroy(p);
    IS_TRUE(all.lines >= LINES_AT_LEAST || data != NULL);
    IS_TRUE(all.malformed <= MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_but_two_lines_of_every_real_log_are_read),
    };

    apr_initialize();
    return RUN(tests);
}
