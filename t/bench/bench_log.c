/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines a second, one core: read, read and parsed, and also scored. The log is
 * $BPLOGS, else the one beside the tree, else a synthetic one. */
#include "mlg_replay.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define USUAL_LOG       "../shared/data/bplogs/combined.log.gz"
#define SYNTHETIC_LINES 300000

enum { READ = 1, PARSE, SCORE };

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A plain file, so that gzip is not what is measured.
 * @return its name, or NULL */
static const char *write_plain(const char *log, apr_pool_t *p)
{
    char *path = apr_pstrdup(p, "/tmp/mlg_bench_log.XXXXXX");
    int fd = mkstemp(path);
    FILE *file = (fd >= 0) ? fdopen(fd, "w") : NULL;
    mlg_log_reader_t *reader;
    char *line;
    size_t len;

    if (file == NULL) {
        return NULL;
    }
    if (mlg_log_open(&reader, log, p) == APR_SUCCESS) {
        while (mlg_log_next(reader, &line, &len) == APR_SUCCESS) {
            fwrite(line, 1, len, file);
            fputc('\n', file);
        }
    }
    else {
        printf("# no %s: a synthetic log\n", log);
        for (int i = 0; i < SYNTHETIC_LINES; i++) {
            fprintf(file,
                    "10.0.%d.%d - - [26/Jan/2024:19:%02d:%02d +0000] \"GET "
                    "/item/%d?page=%d HTTP/1.1\" 200 %d \"https://example.net/"
                    "list\" \"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 "
                    "Firefox/122.0\"\n",
                    i / 97 % 256, i % 97, i / 6000, i / 100 % 60, i % 1009,
                    i % 13, 1000 + i % 5000);
        }
    }
    return (fclose(file) == 0) ? path : NULL;
}

static int run(const char *name, const char *path, int what, apr_pool_t *parent)
{
    mlg_log_reader_t *reader;
    mlg_log_parser_t *parser;
    mlg_replay_t replay;
    apr_pool_t *p;
    char *line;
    size_t len;
    uint64_t lines = 0;
    uint64_t refused = 0;
    double begun;

    apr_pool_create(&p, parent);
    if (mlg_log_open(&reader, path, p) != APR_SUCCESS ||
        mlg_log_parser_make(&parser, NULL, p, NULL) != APR_SUCCESS ||
        mlg_replay_init(&replay, MLG_REPLAY_CLIENTS, p) != APR_SUCCESS) {
        return 0;
    }
    begun = seconds();
    for (; mlg_log_next(reader, &line, &len) == APR_SUCCESS; lines++) {
        mlg_log_entry_t entry;
        mlg_arrival_t arrival;
        mlg_decision_t d;

        if (what == READ ||
            mlg_log_parse(parser, &entry, line, len, NULL) != APR_SUCCESS ||
            what == PARSE) {
            continue;
        }
        mlg_replay_entry(&replay, &entry, &arrival, &d);
        refused += (d.verdict == MLG_VERDICT_REFUSE);
    }
    begun = seconds() - begun;
    printf("%-32s %6.2f million lines/s", name, (double)lines / begun / 1e6);
    if (what == SCORE) {
        printf(" (%lu of %lu refused)", (unsigned long)refused,
               (unsigned long)lines);
    }
    putchar('\n');
    apr_pool_destroy(p);
    return 1;
}

int main(void)
{
    apr_pool_t *p;
    const char *log;
    const char *path;
    int ok;

    apr_initialize();
    apr_pool_create(&p, NULL);
    log = getenv("BPLOGS");
    path = write_plain((log != NULL) ? log : USUAL_LOG, p);
    ok = path != NULL && run("log, read", path, READ, p) &&
         run("log, read and parsed", path, PARSE, p) &&
         run("log, read, parsed and scored", path, SCORE, p);
    if (path != NULL) {
        unlink(path);
    }
    apr_pool_destroy(p);
    apr_terminate();
    if (!ok) {
        fputs("bench_log: no log to read\n", stderr);
    }
    return !ok;
}
