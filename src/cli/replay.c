/* SPDX-License-Identifier: Apache-2.0
 *
 * mlgatectl replay: whom would the gate have refused? */
#include "mlgatectl.h"

#include "replay.h"

#include <apr_strings.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define QUOTED_LINES 3   /* malformed lines that are shown, of all logs */
#define QUOTED_BYTES 100 /* of each */

static void write_features(run_t *run, const char *client, unsigned class,
                           const mlg_decision_t *d)
{
    fprintf(run->features, "%.6f,%s,%s,%s", (double)d->at_us / 1e6, client,
            run->tally.class[class], mlg_verdict_name(d->verdict));
    for (int i = 0; i < MLG_NFEATURES; i++) {
        if (isnan(d->x[i])) {
            fputc(',', run->features);
        }
        else {
            fprintf(run->features, ",%.6g", (double)d->x[i]);
        }
    }
    fputc('\n', run->features);
}

static void write_block(run_t *run, const char *client, unsigned class,
                        const mlg_decision_t *d)
{
    fprintf(run->blocks, "%.6f\t%s\t%s\t%u\t%.3f", (double)d->at_us / 1e6,
            client, run->tally.class[class], d -> total, (double)d -> score);
    for (uint32_t i = 0; i < d->reasons.n; i++) {
        const mlg_reason_t *r = &d->reasons.top[i];

        fprintf(run->blocks, "\t%s %.3g (+%.2f)", mlg_features[r->feature].name,
                (double)r->value, (double)r->points);
    }
    fputc('\n', run->blocks);
}

/* The class at the end of "epoch<TAB>client<TAB>class". */
static unsigned class_of(run_t *run, const char *label, size_t len)
{
    const char *tab = memrchr(label, '\t', len);
    const char *name = (tab != NULL) ? tab + 1 : label;

    return tally_class(&run->tally, name, (size_t)(label + len - name), run->p);
}

static void quote_malformed(run_t *run, const char *log, uint64_t number,
                            const char *line, size_t len, const char *why)
{
    run->tally.malformed++;
    if (run->quoted++ < QUOTED_LINES) {
        fprintf(stderr, "mlgatectl: %s, line %lu: %s: ", log,
                (unsigned long)number, why);
        for (size_t i = 0; i < len && i < QUOTED_BYTES; i++) {
            unsigned char c = (unsigned char)line[i];

            if (c < 0x20 || c >= 0x7f) {
                fprintf(stderr, "\\x%02x", c);
            }
            else {
                fputc(c, stderr);
            }
        }
        fputc('\n', stderr);
    }
}

static int judge_line(run_t *run, mlg_log_entry_t *entry, unsigned class)
{
    char client[MLG_KEY_TEXT];
    mlg_arrival_t arrival;
    mlg_decision_t d;

    mlg_replay_entry(&run->replay, entry, &arrival, &d);
    if (run->features != NULL || (d.convicts && run->blocks != NULL)) {
        mlg_key_render(client, &d.key, run->replay.ipv6_prefix);
    }
    if (run->features != NULL) {
        write_features(run, client, class, &d);
    }
    if (d.convicts && run->blocks != NULL) {
        write_block(run, client, class, &d);
    }
    if (tally_add(&run->tally, arrival.from.hash, class, &d) != APR_SUCCESS) {
        return ctl_complain(CTL_FAILED, "out of memory after %lu clients",
                            (unsigned long)run->tally.clients);
    }
    return CTL_DONE;
}

static int open_log(mlg_log_reader_t **out, const char *path, apr_pool_t *p)
{
    apr_status_t rv = mlg_log_open(out, path, p);

    return (rv == APR_SUCCESS) ? CTL_DONE
                               : ctl_complain(CTL_MISUSE, "cannot read %s: %s",
                                              path, ctl_reason(rv, p));
}

/* @param labels  open at the label of the first line, or NULL */
static int replay_lines(run_t *run, const char *log, mlg_log_reader_t *lines,
                        mlg_log_reader_t *labels)
{
    char *line;
    char *label;
    size_t len;
    size_t label_len;
    apr_status_t rv;

    for (uint64_t n = 1;; n++) {
        mlg_log_entry_t entry;
        mlg_fault_t fault = {0, "longer than 128 KiB"};
        unsigned class = 0;
        int code;

        rv = mlg_log_next(lines, &line, &len);
        if (rv != APR_SUCCESS && rv != MLG_ELINE) {
            break;
        }
        if (labels != NULL) {
            if (mlg_log_next(labels, &label, &label_len) != APR_SUCCESS) {
                return ctl_complain(CTL_MISUSE,
                                    "%s has no label for its line %lu; the "
                                    "labels need one line for each",
                                    log, (unsigned long)n);
            }
            class = class_of(run, label, label_len);
        }
        if (rv == MLG_ELINE ||
            mlg_log_parse(run->parser, &entry, line, len,
                          &fault) != APR_SUCCESS) {
            quote_malformed(run, log, n, line, len, fault.what);
            continue;
        }
        code = judge_line(run, &entry, class);
        if (code != CTL_DONE) {
            return code;
        }
    }
    return (rv == APR_EOF)
               ? CTL_DONE
               : ctl_complain(CTL_FAILED, "%s cannot be read to its end: %s",
                              log,
                              (rv == APR_EGENERAL) ? "its gzip data are damaged"
                                                   : ctl_reason(rv, run->p));
}

static int replay_log(run_t *run, const char *path, const char *labels_path)
{
    mlg_log_reader_t *lines = NULL;
    mlg_log_reader_t *labels = NULL;
    apr_pool_t *ptemp;
    int code;

    apr_pool_create(&ptemp, run->p);
    code = open_log(&lines, path, ptemp);
    if (code == CTL_DONE && labels_path != NULL) {
        code = open_log(&labels, labels_path, ptemp);
    }
    if (code == CTL_DONE) {
        code = replay_lines(run, path, lines, labels);
    }
    apr_pool_destroy(ptemp);
    return code;
}

/* @return 1 when all was written */
static int close_output(FILE *file)
{
    int flushed = (file == NULL) || fflush(file) == 0;

    return (file == NULL || fclose(file) == 0) && flushed;
}

/* A log, the labels of its lines, and when it begins. */
typedef struct part_t {
    const char *log;
    const char *labels; /* NULL: none */
    apr_time_t first_us;
} part_t;

/* The time of the first line that can be read; an empty log is oldest. */
static int find_first(part_t *part, mlg_log_parser_t *parser, apr_pool_t *p)
{
    mlg_log_reader_t *lines = NULL;
    mlg_log_entry_t entry;
    char *line;
    size_t len;
    apr_pool_t *ptemp;
    apr_status_t rv = APR_SUCCESS;
    int code;

    apr_pool_create(&ptemp, p);
    code = open_log(&lines, part->log, ptemp);
    while (code == CTL_DONE && rv != APR_EOF) {
        rv = mlg_log_next(lines, &line, &len);
        if (rv == APR_SUCCESS &&
            mlg_log_parse(parser, &entry, line, len, NULL) == APR_SUCCESS) {
            part->first_us = entry.request.at_us;
            break;
        }
        if (rv != APR_SUCCESS && rv != MLG_ELINE) {
            break; /* reading it in earnest will say why */
        }
    }
    apr_pool_destroy(ptemp);
    return code;
}

static int by_first(const void *a, const void *b)
{
    apr_time_t left = ((const part_t *)a)->first_us;
    apr_time_t right = ((const part_t *)b)->first_us;

    return (left > right) - (left < right);
}

/* A shell names rotated logs newest first; the gate saw the oldest first. */
static int sort_parts(run_t *run, part_t *part, int n)
{
    int code = CTL_DONE;

    for (int i = 0; n > 1 && i < n && code == CTL_DONE; i++) {
        if (strcmp(part[i].log, "/dev/stdin") == 0) {
            return ctl_complain(CTL_MISUSE, "standard input can only be read "
                                            "alone, not among other logs");
        }
        code = find_first(&part[i], run->parser, run->p);
    }
    if (code == CTL_DONE) {
        qsort(part, (size_t)n, sizeof(*part), by_first);
    }
    return code;
}

static int replay_all(run_t *run, int nlogs, const char *const *logs)
{
    part_t *part = apr_pcalloc(run->p, sizeof(*part) * (size_t)(nlogs + 1));
    int code = CTL_DONE;

    if (nlogs == 0) {
        return ctl_complain(CTL_MISUSE, "replay needs a log to read; see "
                                        "mlgatectl replay --help");
    }
    if (run->labels->nelts != 0 && run->labels->nelts != nlogs) {
        return ctl_complain(CTL_MISUSE,
                            "%d logs and %d --labels: give one for each log, "
                            "in the same order",
                            nlogs, run->labels->nelts);
    }
    if (run->features != NULL) {
        fputs("at,client,class,verdict", run->features);
        for (int i = 0; i < MLG_NFEATURES; i++) {
            fprintf(run->features, ",%s", mlg_features[i].name);
        }
        fputc('\n', run->features);
    }
    for (int i = 0; i < nlogs; i++) {
        part[i].log = logs[i];
        part[i].labels = (run->labels->nelts > 0)
                             ? APR_ARRAY_IDX(run->labels, i, const char *)
                             : NULL;
    }
    code = sort_parts(run, part, nlogs);
    for (int i = 0; i < nlogs && code == CTL_DONE; i++) {
        code = replay_log(run, part[i].log, part[i].labels);
    }
    if (code == CTL_DONE) {
        tally_print(&run->tally, stdout);
    }
    return code;
}

int ctl_replay(int argc, const char *const *argv, apr_pool_t *p)
{
    run_t *run = apr_pcalloc(p, sizeof(*run));
    const char *const *logs;
    int nlogs;
    int wants_help;
    int code;

    run->p = p;
    run->labels = apr_array_make(p, 4, sizeof(const char *));
    if (mlg_replay_init(&run->replay, MLG_REPLAY_CLIENTS, p) != APR_SUCCESS ||
        tally_init(&run->tally) != APR_SUCCESS) {
        return ctl_complain(CTL_FAILED, "not enough memory for %u clients",
                            MLG_REPLAY_CLIENTS);
    }
    mlg_log_parser_make(&run->parser, NULL, p, NULL);
    run->model = mlg_weighted_default;
    run->replay.rules.model = &run->model;
    code = replay_options(run, argc, argv, &logs, &nlogs, &wants_help);
    if (code == CTL_DONE && !wants_help) {
        code = replay_all(run, nlogs, logs);
    }
    tally_free(&run->tally);
    if (!(close_output(run->blocks) & close_output(run->features)) &&
        code == CTL_DONE) {
        code = ctl_complain(CTL_FAILED, "an output file is not whole: %s",
                            strerror(errno));
    }
    return code;
}
