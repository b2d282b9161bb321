/* SPDX-License-Identifier: Apache-2.0 */
#include "feed.h"

#include "mlgatectl.h"
#include "visible.h"

#include <apr_file_info.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUOTED_LINES 3   /* malformed lines that are shown, of all logs */
#define QUOTED_CHARS 160 /* of each */

/* A log, the labels of its lines, and when it begins. */
typedef struct part_t {
    const char *log;
    const char *labels; /* NULL: none */
    apr_time_t first_us;
    uint64_t size_bytes;
    int number; /* on the command line */
} part_t;

void feed_init(feed_t *feed, apr_pool_t *p)
{
    memset(feed, 0, sizeof(*feed));
    feed->p = p;
    feed->labels = apr_array_make(p, 4, sizeof(const char *));
    feed->is_terminal = isatty(STDERR_FILENO);
    rules_init(&feed->rules, p);
}

int feed_is_option(int option)
{
    return option >= FEED_FORMAT && option < RULES_END;
}

int feed_option(feed_t *feed, int option, const char *arg)
{
    switch (option) {
    case FEED_FORMAT:
        feed->format = arg;
        return CTL_DONE;
    case FEED_LABELS:
        APR_ARRAY_PUSH(feed->labels, const char *) = arg;
        return CTL_DONE;
    case FEED_QUIET:
        feed->is_quiet = 1;
        feed->rules.is_quiet = 1;
        return CTL_DONE;
    default:
        return rules_option(&feed->rules, option, arg);
    }
}

static int is_standard_input(const char *log)
{
    return strcmp(log, "-") == 0 || strcmp(log, "/dev/stdin") == 0;
}

static int open_log(mlg_log_reader_t **out, const char *path, apr_pool_t *p)
{
    apr_status_t rv = mlg_log_open(out, path, p);

    return (rv == APR_SUCCESS)
               ? CTL_DONE
               : ctl_complain(CTL_MISUSE, "cannot read %s: %s",
                              visible_string(path, QUOTED_CHARS, p),
                              ctl_reason(rv, p));
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
                visible_string(path, QUOTED_CHARS, p), packers[i].tool,
                packers[i].tool);
        }
    }
    return CTL_DONE;
}

/* ---- progress ----------------------------------------------------------- */

static void erase_progress(feed_t *feed)
{
    if (feed->shown_us != 0) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
}

/* Called now and then; at most five times a second something is drawn. */
static void show_progress(feed_t *feed, const mlg_log_reader_t *reader)
{
    mlg_log_place_t place;
    apr_time_t now_us = apr_time_now();
    double seconds = (double)(now_us - feed->begun_us) / APR_USEC_PER_SEC;
    double done = 0.0;
    apr_time_t last_us =
        (feed->shown_us != 0) ? feed->shown_us : feed->begun_us;

    if (now_us - last_us < APR_USEC_PER_SEC / 5 || seconds <= 0.0) {
        return;
    }
    feed->shown_us = now_us;
    place = mlg_log_place(reader);
    fprintf(stderr, "\r\033[K%.1f million lines, %.0f MB/s",
            (double)feed->lines / 1e6,
            (double)(feed->text_bytes + place.text_bytes) / 1e6 / seconds);
    if (feed->size_bytes > 0) {
        done = (double)(feed->done_bytes + place.file_bytes) /
               (double)feed->size_bytes;
        fprintf(stderr, ", %.0f %%", 100.0 * ((done < 1.0) ? done : 1.0));
    }
    fflush(stderr);
}

/* ---- one log ------------------------------------------------------------ */

static void quote_malformed(feed_t *feed, const char *line, size_t len,
                            const mlg_fault_t *fault)
{
    apr_pool_t *ptemp;

    feed->malformed++;
    if (feed->quoted == QUOTED_LINES) {
        return;
    }
    feed->quoted++;
    erase_progress(feed);
    apr_pool_create(&ptemp, feed->p);
    ctl_complain(CTL_DONE, "%s, line %lu, byte %lu: %s: %s",
                 visible_string(feed->log, QUOTED_CHARS, ptemp),
                 (unsigned long)feed->number, (unsigned long)fault->offset,
                 fault->what, visible(line, len, QUOTED_CHARS, ptemp));
    apr_pool_destroy(ptemp);
}

/* The class at the end of "epoch<TAB>client<TAB>class".
 * @return CTL_DONE, or CTL_MISUSE having said that there is none */
static int next_label(feed_t *feed, mlg_log_reader_t *labels, mlg_text_t *out)
{
    char *label;
    char *tab;
    size_t len;

    *out = (mlg_text_t){NULL, 0};
    if (labels == NULL) {
        return CTL_DONE;
    }
    if (mlg_log_next(labels, &label, &len) != APR_SUCCESS) {
        return ctl_complain(CTL_MISUSE,
                            "%s has no label for its line %lu; the labels "
                            "need one line for each",
                            visible_string(feed->log, QUOTED_CHARS, feed->p),
                            (unsigned long)feed->number);
    }
    tab = memrchr(label, '\t', len);
    out->at = (tab != NULL) ? tab + 1 : label;
    out->len = (size_t)(label + len - out->at);
    return CTL_DONE;
}

static int judge(feed_t *feed, mlg_log_entry_t *entry, mlg_text_t label,
                 judged_fn fn, void *data)
{
    mlg_arrival_t arrival;
    mlg_decision_t decision;
    judged_t judged = {entry, &arrival, &decision, &entry->outcome, label};

    mlg_replay_entry(&feed->replay, entry, &arrival, &decision);
    return fn(data, &judged);
}

/* A log is through. @return CTL_DONE, or CTL_FAILED having said why */
static int read_ended(feed_t *feed, apr_status_t rv)
{
    if (rv == APR_EOF) {
        return CTL_DONE;
    }
    erase_progress(feed);
    if (rv == APR_INCOMPLETE) {
        return ctl_complain(CTL_DONE,
                            "%s is cut off in the middle of its gzip data; "
                            "what is there was read",
                            visible_string(feed->log, QUOTED_CHARS, feed->p));
    }
    return ctl_complain(CTL_FAILED, "%s cannot be read to its end: %s",
                        visible_string(feed->log, QUOTED_CHARS, feed->p),
                        (rv == APR_EGENERAL) ? "its gzip data are damaged"
                                             : ctl_reason(rv, feed->p));
}

/* One line, of whatever kind. */
static int feed_line(feed_t *feed, char *line, size_t len, mlg_text_t label,
                     judged_fn fn, void *data)
{
    mlg_fault_t fault = {0, "longer than 128 KiB"};
    mlg_observation_t seen;
    mlg_log_entry_t entry;

    if (mlg_observation_is(line, len)) {
        if (mlg_observation_parse(&seen, line, len, &fault) == APR_SUCCESS) {
            return feed_observed(feed, &seen, fn, data);
        }
    }
    else if (len < MLG_LOG_LINE_MAX &&
             mlg_log_parse(feed->parser, &entry, line, len, &fault) ==
                 APR_SUCCESS) {
        return judge(feed, &entry, label, fn, data);
    }
    quote_malformed(feed, line, len, &fault);
    return CTL_DONE;
}

/* @param labels  open at the label of the first line, or NULL */
static int feed_lines(feed_t *feed, mlg_log_reader_t *lines,
                      mlg_log_reader_t *labels, judged_fn fn, void *data)
{
    int shows = feed->is_terminal && !feed->is_quiet;
    mlg_text_t label;
    char *line;
    size_t len;
    int code;

    for (feed->number = 1;; feed->number++) {
        apr_status_t rv = mlg_log_next(lines, &line, &len);

        if (rv != APR_SUCCESS && rv != MLG_ELINE) {
            return read_ended(feed, rv);
        }
        feed->lines++;
        if (shows && feed->lines % 4096 == 0) {
            show_progress(feed, lines);
        }
        code = next_label(feed, labels, &label);
        if (code != CTL_DONE) {
            return code;
        }
        code = feed_line(feed, line, len, label, fn, data);
        if (code != CTL_DONE) {
            return code;
        }
    }
}

static int feed_log(feed_t *feed, const part_t *part, judged_fn fn, void *data)
{
    mlg_log_reader_t *lines = NULL;
    mlg_log_reader_t *labels = NULL;
    apr_pool_t *ptemp;
    int code;

    feed->log = part->log;
    apr_pool_create(&ptemp, feed->p);
    code = open_log(&lines, part->log, ptemp);
    if (code == CTL_DONE && part->labels != NULL) {
        code = open_log(&labels, part->labels, ptemp);
    }
    if (code == CTL_DONE) {
        code = feed_lines(feed, lines, labels, fn, data);
        feed->done_bytes += part->size_bytes;
        feed->text_bytes += mlg_log_place(lines).text_bytes;
    }
    erase_progress(feed);
    apr_pool_destroy(ptemp);
    return code;
}

/* ---- all logs ----------------------------------------------------------- */

/* The time of the first line that can be read; an empty log is oldest. */
static int find_first(feed_t *feed, part_t *part)
{
    mlg_log_reader_t *lines = NULL;
    mlg_log_entry_t entry;
    char *line;
    size_t len;
    apr_pool_t *ptemp;
    apr_status_t rv = APR_SUCCESS;
    int code;

    apr_pool_create(&ptemp, feed->p);
    code = open_log(&lines, part->log, ptemp);
    while (code == CTL_DONE && (rv == APR_SUCCESS || rv == MLG_ELINE)) {
        rv = mlg_log_next(lines, &line, &len);
        if (rv == APR_SUCCESS && mlg_observation_is(line, len)) {
            mlg_observation_t seen;

            if (mlg_observation_parse(&seen, line, len, NULL) == APR_SUCCESS) {
                /* a start has no time but its segment's */
                part->first_us = (seen.kind == MLG_OBSERVED_START)
                                     ? (apr_time_t)seen.segment
                                     : seen.arrival.at_us;
                break;
            }
        }
        else if (rv == APR_SUCCESS && mlg_log_parse(feed->parser, &entry, line,
                                                    len, NULL) == APR_SUCCESS) {
            part->first_us = entry.request.at_us;
            break; /* what cannot be read says why when it is its turn */
        }
    }
    apr_pool_destroy(ptemp);
    return code;
}

static int by_first(const void *a, const void *b)
{
    const part_t *left = a;
    const part_t *right = b;

    if (left->first_us != right->first_us) {
        return (left->first_us > right->first_us) ? 1 : -1;
    }
    return (left->number > right->number) - (left->number < right->number);
}

/* What kind of file is it? Sets its size, 0 when that cannot be known.
 * @return CTL_DONE, or CTL_MISUSE having said why it cannot be read */
static int examine(const feed_t *feed, part_t *part, int is_alone)
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
                            visible_string(part->log, QUOTED_CHARS, feed->p));
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
                     : visible_string(part->log, QUOTED_CHARS, feed->p));
    }
    return CTL_DONE;
}

/* A shell names rotated logs newest first; the gate saw the oldest first. */
static int sort_parts(feed_t *feed, part_t *part, int n)
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

static int make_parser(feed_t *feed)
{
    mlg_fault_t fault;
    apr_status_t rv =
        mlg_log_parser_make(&feed->parser, feed->format, feed->p, &fault);

    if (rv == APR_SUCCESS) {
        return CTL_DONE;
    }
    return ctl_complain(CTL_MISUSE, "--format, byte %lu: %s",
                        (unsigned long)fault.offset, fault.what);
}

int feed_run(feed_t *feed, int nlogs, const char *const *logs, judged_fn fn,
             void *data)
{
    part_t *part = apr_pcalloc(feed->p, sizeof(*part) * (size_t)(nlogs + 1));
    int code;

    if (nlogs == 0) {
        return ctl_complain(CTL_MISUSE, "there is no log to read; name one, "
                                        "or - for standard input");
    }
    if (feed->labels->nelts != 0 && feed->labels->nelts != nlogs) {
        return ctl_complain(CTL_MISUSE,
                            "%d logs and %d --labels: give one for each log, "
                            "in the same order",
                            nlogs, feed->labels->nelts);
    }
    for (int i = 0; i < nlogs; i++) {
        part[i].log = logs[i];
        part[i].labels = (feed->labels->nelts > 0)
                             ? APR_ARRAY_IDX(feed->labels, i, const char *)
                             : NULL;
    }
    code = make_parser(feed);
    if (code == CTL_DONE) {
        code = rules_apply(&feed->rules, &feed->replay, feed->p);
    }
    if (code == CTL_DONE) {
        code = sort_parts(feed, part, nlogs);
    }
    feed->begun_us = apr_time_now();
    for (int i = 0; i < nlogs && code == CTL_DONE; i++) {
        code = feed_log(feed, &part[i], fn, data);
    }
    if (code == CTL_DONE && feed->lines > 0 && feed->malformed == feed->lines) {
        return ctl_complain(CTL_FAILED,
                            "none of the %lu lines could be read; tell how "
                            "they are written with --format, as in the "
                            "LogFormat or log_format of the server",
                            (unsigned long)feed->lines);
    }
    return (code == CTL_DONE) ? feed_observed_end(feed, fn, data) : code;
}
