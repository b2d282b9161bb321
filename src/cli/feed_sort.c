/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_sort.h"

#include "feed_line.h"
#include "mlgatectl.h"
#include "visible.h"

#include <apr_file_info.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_standard_input(const char *log)
{
    return strcmp(log, "-") == 0 || strcmp(log, "/dev/stdin") == 0;
}

int feed_open(mlg_log_reader_t **out, const char *path, apr_pool_t *p)
{
    apr_status_t rv = mlg_log_open(out, path, p);

    return (rv == APR_SUCCESS)
               ? CTL_DONE
               : ctl_complain(CTL_MISUSE, "cannot read %s: %s",
                              visible_string(path, FEED_SHOWN, p),
                              ctl_reason(rv, p));
}

int feed_is_file(const char *log, apr_pool_t *p)
{
    apr_finfo_t info;

    return !is_standard_input(log) &&
           apr_stat(&info, log, APR_FINFO_TYPE, p) == APR_SUCCESS &&
           info.filetype == APR_REG;
}

/* Logs are gzipped at most; of other compression, say how to undo it.
 * @return CTL_DONE, or CTL_MISUSE having said so */
static int refuse_packed(const char *path, apr_pool_t *p)
{
    static const struct {
        const char *magic;
        const char *tool;
    } packers[] = {{"BZh", "bzip2"},
                   {"\xfd"
                    "7zXZ",
                    "xz"},
                   {"\x28\xb5\x2f\xfd", "zstd"}};
    char begin[8] = "";
    FILE *file = fopen(path, "rbe");
    size_t len = (file != NULL) ? fread(begin, 1, sizeof(begin), file) : 0;

    if (file != NULL) {
        fclose(file);
    }
    for (size_t i = 0; i < sizeof(packers) / sizeof(packers[0]); i++) {
        size_t n = strlen(packers[i].magic);

        if (len >= n && memcmp(begin, packers[i].magic, n) == 0) {
            return ctl_complain(
                CTL_MISUSE,
                "%s is neither plain nor gzipped; unpack it with %s, as in "
                "`%s -dc FILE | mlgatectl ... -`",
                visible_string(path, FEED_SHOWN, p), packers[i].tool,
                packers[i].tool);
        }
    }
    return CTL_DONE;
}

/* The time of the first line that has one and can be read; an empty log is
 * oldest. Every log of a segment may begin with its start: that counts only
 * where there is nothing else. */
static int find_first(feed_t *feed, feed_part_t *part)
{
    mlg_log_reader_t *lines = NULL;
    feed_line_t first;
    char *line;
    size_t len;
    apr_pool_t *ptemp;
    apr_status_t rv = APR_SUCCESS;
    int code;

    apr_pool_create(&ptemp, feed->p);
    code = feed_open(&lines, part->log, ptemp);
    while (code == CTL_DONE && (rv == APR_SUCCESS || rv == MLG_ELINE)) {
        rv = mlg_log_next(lines, &line, &len);
        if (rv == APR_SUCCESS &&
            feed_line_read(feed, feed->parser, &first, line, len, NULL) ==
                APR_SUCCESS) {
            part->first_us = first.at_us;
            if (!feed_line_is_start(&first)) {
                break; /* what cannot be read says why when it is its turn */
            }
        }
    }
    apr_pool_destroy(ptemp);
    return code;
}

static int by_first(const void *a, const void *b)
{
    const feed_part_t *left = a;
    const feed_part_t *right = b;

    if (left->first_us != right->first_us) {
        return (left->first_us > right->first_us) ? 1 : -1;
    }
    return (left->number > right->number) - (left->number < right->number);
}

/* What kind of file is it? Sets its size, 0 when that cannot be known.
 * @return CTL_DONE, or CTL_MISUSE having said why it cannot be read */
static int examine(const feed_t *feed, feed_part_t *part, int is_alone)
{
    int is_stdin = is_standard_input(part->log);
    apr_status_t rv = APR_SUCCESS;
    apr_finfo_t info = {.filetype = APR_PIPE};

    if (!is_stdin) {
        rv = apr_stat(&info, part->log, APR_FINFO_SIZE | APR_FINFO_TYPE,
                      feed->p);
    }
    if (rv != APR_SUCCESS) {
        return CTL_DONE; /* opening it will say why */
    }
    if (info.filetype == APR_DIR) {
        return ctl_complain(CTL_MISUSE,
                            "%s is a directory; name the logs in it",
                            visible_string(part->log, FEED_SHOWN, feed->p));
    }
    if (info.filetype == APR_REG) {
        part->size_bytes = (uint64_t)info.size;
        return refuse_packed(part->log, feed->p);
    }
    if (!is_alone) {
        return ctl_complain(
            CTL_MISUSE,
            "%s can be read only once and so not be sorted among other logs; "
            "give it alone, with the logs in order, as in `cat old new | "
            "mlgatectl ... -`",
            is_stdin ? "standard input"
                     : visible_string(part->log, FEED_SHOWN, feed->p));
    }
    return CTL_DONE;
}

/* A shell names rotated logs newest first; the gate saw the oldest first. */
int feed_sort(feed_t *feed, feed_part_t *part, int n)
{
    int sizes_are_known = 1;
    int code = CTL_DONE;

    for (int i = 0; i < n && code == CTL_DONE; i++) {
        part[i].number = i;
        code = examine(feed, &part[i], n == 1);
        if (n > 1 && code == CTL_DONE) {
            code = find_first(feed, &part[i]);
        }
        feed->size_bytes += part[i].size_bytes;
        sizes_are_known &= part[i].size_bytes > 0;
    }
    feed->size_bytes = sizes_are_known ? feed->size_bytes : 0;
    if (code == CTL_DONE) {
        qsort(part, (size_t)n, sizeof(*part), by_first);
    }
    return code;
}
