/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_merge.h"

#include "feed_line.h"
#include "mlgatectl.h"
#include "visible.h"

#include <string.h>

#define QUOTED_LINES 3 /* malformed lines that are shown, of all logs */

/* A log that is being read. */
typedef struct source_t {
    const feed_part_t *part;
    apr_pool_t *p; /* its files and buffers */
    mlg_log_reader_t *lines;
    mlg_log_reader_t *labels; /* NULL: none */
    mlg_log_parser_t *parser; /* its own: `line` borrows from it */
    uint64_t number;          /* of `line`, from 1 */
    feed_line_t line;         /* the next one to be judged */
    mlg_text_t label;         /* its */
} source_t;

typedef struct merge_t {
    feed_t *feed;
    judged_fn fn;
    void *data;
    source_t **open; /* in no order */
    int n;
    int shows; /* progress */
} merge_t;

/* ---- one log ------------------------------------------------------------ */

static void quote_malformed(feed_t *feed, const char *line, size_t len,
                            const mlg_fault_t *fault)
{
    apr_pool_t *ptemp;

    feed->malformed++;
    if (feed->quoted == QUOTED_LINES || feed->is_again) {
        return;
    }
    feed->quoted++;
    feed_erase_progress(feed);
    apr_pool_create(&ptemp, feed->p);
    ctl_complain(CTL_DONE, "%s, line %lu, byte %lu: %s: %s",
                 visible_string(feed->log, FEED_SHOWN, ptemp),
                 (unsigned long)feed->number, (unsigned long)fault->offset,
                 fault->what, visible(line, len, FEED_SHOWN, ptemp));
    apr_pool_destroy(ptemp);
}

/* The class at the end of "epoch<TAB>client<TAB>class".
 * @return CTL_DONE, or CTL_MISUSE having said that there is none */
static int next_label(feed_t *feed, source_t *source)
{
    char *label;
    char *tab;
    size_t len;

    source->label = (mlg_text_t){NULL, 0};
    if (source->labels == NULL) {
        return CTL_DONE;
    }
    if (mlg_log_next(source->labels, &label, &len) != APR_SUCCESS) {
        return ctl_complain(CTL_MISUSE,
                            "%s has no label for its line %lu; the labels "
                            "need one line for each",
                            visible_string(feed->log, FEED_SHOWN, feed->p),
                            (unsigned long)feed->number);
    }
    tab = memrchr(label, '\t', len);
    source->label.at = (tab != NULL) ? tab + 1 : label;
    source->label.len = (size_t)(label + len - source->label.at);
    return CTL_DONE;
}

/* A log is through. @return CTL_DONE, or CTL_FAILED having said why */
static int read_ended(feed_t *feed, apr_status_t rv)
{
    if (rv == APR_EOF || (rv == APR_INCOMPLETE && feed->is_again)) {
        return CTL_DONE;
    }
    feed_erase_progress(feed);
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

static void show_progress(const merge_t *m)
{
    mlg_log_place_t all = {0, 0};

    for (int i = 0; i < m->n; i++) {
        mlg_log_place_t place = mlg_log_place(m->open[i]->lines);

        all.file_bytes += place.file_bytes;
        all.text_bytes += place.text_bytes;
    }
    feed_show_progress(m->feed, all);
}

/* What is said from here on is about this log's line. */
static void attend(feed_t *feed, const source_t *source)
{
    feed->log = source->part->log;
    feed->number = source->number;
}

/* To the next line that waits for its turn. What cannot be read does not, and
 * neither does a start, which has no time.
 *
 * @param is_through  set to 1 when there is none
 * @return as feed_run()
 */
static int read_on(merge_t *m, source_t *source, int *is_through)
{
    feed_t *feed = m->feed;
    int code = CTL_DONE;

    *is_through = 0;
    while (code == CTL_DONE) {
        mlg_fault_t fault = {0, "longer than 128 KiB"};
        char *line;
        size_t len;
        apr_status_t rv = mlg_log_next(source->lines, &line, &len);

        source->number++;
        attend(feed, source);
        if (rv != APR_SUCCESS && rv != MLG_ELINE) {
            *is_through = 1;
            return read_ended(feed, rv);
        }
        feed->lines++;
        if (m->shows && feed->lines % 4096 == 0) {
            show_progress(m);
        }
        code = next_label(feed, source);
        if (code != CTL_DONE) {
            return code;
        }
        if (rv == APR_SUCCESS) {
            rv = feed_line_read(feed, source->parser, &source->line, line, len,
                                &fault);
        }
        if (rv != APR_SUCCESS) {
            quote_malformed(feed, line, len, &fault);
        }
        else if (source->line.is_observed && feed->wants_access) {
            return FEED_OBSERVED;
        }
        else if (feed_line_is_start(&source->line)) {
            code = feed_observed(feed, &source->line.seen, m->fn, m->data);
        }
        else {
            break;
        }
    }
    return code;
}

static int judge(merge_t *m, source_t *source)
{
    mlg_log_entry_t *entry = &source->line.entry;
    mlg_arrival_t arrival;
    mlg_decision_t decision;
    judged_t judged = {entry, &arrival, &decision, &entry->outcome,
                       source->label};

    attend(m->feed, source);
    if (source->line.is_observed) {
        if (source->labels != NULL) {
            return ctl_complain(
                CTL_MISUSE,
                "%s is an observation log, whose requests are "
                "not in the order of its lines; give it "
                "--labels by client",
                visible_string(m->feed->log, FEED_SHOWN, m->feed->p));
        }
        return feed_observed(m->feed, &source->line.seen, m->fn, m->data);
    }
    m->feed->entries++;
    mlg_replay_entry(&m->feed->replay, entry, &arrival, &decision);
    if (m->feed->clients != NULL) {
        judged.label = feed_labels_find(m->feed->clients, &arrival.from.key);
    }
    return m->fn(m->data, &judged);
}

/* ---- all logs ----------------------------------------------------------- */

static void leave(merge_t *m, int i)
{
    source_t *source = m->open[i];

    m->feed->done_bytes += source->part->size_bytes;
    m->feed->text_bytes += mlg_log_place(source->lines).text_bytes;
    m->open[i] = m->open[--m->n];
    apr_pool_destroy(source->p);
}

/* Judge the line at hand, if there is one yet, and go to the next. */
static int step(merge_t *m, int i, int has_line)
{
    int is_through = 0;
    int code = has_line ? judge(m, m->open[i]) : CTL_DONE;

    if (code == CTL_DONE) {
        code = read_on(m, m->open[i], &is_through);
    }
    if (is_through) {
        leave(m, i);
    }
    return code;
}

static int join(merge_t *m, const feed_part_t *part)
{
    source_t *source;
    apr_pool_t *p;
    int code;

    apr_pool_create(&p, m->feed->p);
    source = apr_pcalloc(p, sizeof(*source));
    source->p = p;
    source->part = part;
    code = feed_open(&source->lines, part->log, p);
    if (code == CTL_DONE && part->labels != NULL) {
        code = feed_open(&source->labels, part->labels, p);
    }
    if (code == CTL_DONE &&
        mlg_log_parser_make(&source->parser, m->feed->format, p, NULL) !=
            APR_SUCCESS) {
        code = CTL_MISUSE; /* not so: feed_run() has made one already */
    }
    if (code != CTL_DONE) {
        apr_pool_destroy(p);
        return code;
    }
    m->open[m->n] = source;
    return step(m, m->n++, 0);
}

/* Whose line is next? @return -1 when no log is open */
static int earliest(const merge_t *m)
{
    int best = (m->n > 0) ? 0 : -1;

    for (int i = 1; i < m->n; i++) {
        const source_t *one = m->open[i];
        const source_t *other = m->open[best];

        if (one->line.at_us < other->line.at_us ||
            (one->line.at_us == other->line.at_us &&
             one->part->number < other->part->number)) {
            best = i;
        }
    }
    return best;
}

int feed_merge(feed_t *feed, const feed_part_t *part, int n, judged_fn fn,
               void *data)
{
    const feed_part_t *end = part + n;
    merge_t m = {.feed = feed,
                 .fn = fn,
                 .data = data,
                 .open = apr_palloc(feed->p, sizeof(void *) * (size_t)n),
                 .shows = feed->is_terminal && !feed->is_quiet};
    int code = CTL_DONE;

    while (code == CTL_DONE && (m.n > 0 || part < end)) {
        int i = earliest(&m);

        code =
            (part < end && (i < 0 || part->first_us <= m.open[i]->line.at_us))
                ? join(&m, part++)
                : step(&m, i, 1);
    }
    while (m.n > 0) {
        leave(&m, m.n - 1);
    }
    feed_erase_progress(feed);
    return code;
}
