/* SPDX-License-Identifier: Apache-2.0 */
#include "feed.h"

#include "feed_merge.h"
#include "mlgatectl.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

void feed_erase_progress(feed_t *feed)
{
    if (feed->shown_us != 0) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
}

void feed_show_progress(feed_t *feed, mlg_log_place_t open)
{
    apr_time_t now_us = apr_time_now();
    double seconds = (double)(now_us - feed->begun_us) / APR_USEC_PER_SEC;
    double done = 0.0;
    apr_time_t last_us =
        (feed->shown_us != 0) ? feed->shown_us : feed->begun_us;

    if (now_us - last_us < APR_USEC_PER_SEC / 5 || seconds <= 0.0) {
        return;
    }
    feed->shown_us = now_us;
    fprintf(stderr, "\r\033[K%s%.1f million lines, %.0f MB/s",
            (feed->doing != NULL) ? feed->doing : "", (double)feed->lines / 1e6,
            (double)(feed->text_bytes + open.text_bytes) / 1e6 / seconds);
    if (feed->size_bytes > 0) {
        done = (double)(feed->done_bytes + open.file_bytes) /
               (double)feed->size_bytes;
        fprintf(stderr, ", %.0f %%", 100.0 * ((done < 1.0) ? done : 1.0));
    }
    fflush(stderr);
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

/* Labels by client are for all logs, those by line for one each.
 *
 * @param part  shape [n], `labels` gets set
 * @return CTL_DONE, or CTL_MISUSE having said why
 */
static int find_labels(feed_t *feed, feed_part_t *part, int n)
{
    int nlabels = feed->labels->nelts;

    for (int i = 0; i < nlabels; i++) {
        const char *path = APR_ARRAY_IDX(feed->labels, i, const char *);
        int code = feed_labels_read(&feed->clients, path,
                                    feed->replay.ipv6_prefix, feed->p);

        if (code != CTL_DONE) {
            return code;
        }
        if (feed->clients != NULL) {
            return (nlabels == 1)
                       ? CTL_DONE
                       : ctl_complain(CTL_MISUSE,
                                      "labels by client are for all logs: "
                                      "give one file of them and no other");
        }
        if (i < n) {
            part[i].labels = path;
        }
    }
    if (nlabels != 0 && nlabels != n) {
        return ctl_complain(CTL_MISUSE,
                            "%d logs and %d --labels: give one for each log, "
                            "in the same order",
                            n, nlabels);
    }
    return CTL_DONE;
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
    for (int i = 0; i < nlogs; i++) {
        part[i].log = logs[i];
    }
    code = make_parser(feed);
    if (code == CTL_DONE) {
        code = rules_apply(&feed->rules, &feed->replay, feed->p);
    }
    if (code == CTL_DONE) {
        code = find_labels(feed, part, nlogs);
    }
    if (code == CTL_DONE) {
        code = feed_sort(feed, part, nlogs);
    }
    feed->begun_us = apr_time_now();
    if (code == CTL_DONE) {
        code = feed_merge(feed, part, nlogs, fn, data);
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
