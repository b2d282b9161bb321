/* SPDX-License-Identifier: Apache-2.0 */
#include "feed.h"

#include "feed_sort.h"
#include "mlgatectl.h"
#include "visible.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define QUOTED_LINES 3 /* malformed lines that are shown, of all logs */

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
                 visible_string(feed->log, FEED_SHOWN, ptemp),
                 (unsigned long)feed->number, (unsigned long)fault->offset,
                 fault->what, visible(line, len, FEED_SHOWN, ptemp));
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
                            visible_string(feed->log, FEED_SHOWN, feed->p),
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
                            visible_string(feed->log, FEED_SHOWN, feed->p));
    }
    return ctl_complain(CTL_FAILED, "%s cannot be read to its end: %s",
                        visible_string(feed->log, FEED_SHOWN, feed->p),
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

static int feed_log(feed_t *feed, const feed_part_t *part, judged_fn fn,
                    void *data)
{
    mlg_log_reader_t *lines = NULL;
    mlg_log_reader_t *labels = NULL;
    apr_pool_t *ptemp;
    int code;

    feed->log = part->log;
    apr_pool_create(&ptemp, feed->p);
    code = feed_open(&lines, part->log, ptemp);
    if (code == CTL_DONE && part->labels != NULL) {
        code = feed_open(&labels, part->labels, ptemp);
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
    feed_part_t *part =
        apr_pcalloc(feed->p, sizeof(*part) * (size_t)(nlogs + 1));
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
        code = feed_sort(feed, part, nlogs);
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
