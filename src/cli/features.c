/* SPDX-License-Identifier: Apache-2.0
 *
 * mlgatectl features: what the model sees of a log, for training and for
 * people's own analysis. */
#include "mlgatectl.h"

#include "args.h"
#include "feed.h"
#include "output.h"
#include "visible.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { OPT_OUT = 256, OPT_WITH_TRUST };

static const apr_getopt_option_t options[] = {
    {"out", OPT_OUT, 1, "write to this file instead of standard output"},
    {"with-trust", OPT_WITH_TRUST, 0,
     "two more columns, of the client as the request leaves it: is it trusted, "
     "and the highest threshold that would have blocked it"},
    FEED_OPTIONS,
    ARGS_HELP,
    {NULL, 0, 0, NULL}};

static const args_manual_t manual = {
    "features [OPTION]... LOG...",
    "Writes the feature vector of every request of these access logs as CSV:\n"
    "at,client,label and one column per feature, empty where a log cannot "
    "tell.\n"
    "LOG may be gzipped; - is standard input.",
    "Nobody is refused while this runs (MLGateEngine observe), so that a "
    "client's\n"
    "later requests have vectors too. With --set 'MLGateEngine enforce' the\n"
    "requests of blocked clients are left out, as a server would not score "
    "them."};

typedef struct features_t {
    feed_t feed;
    output_t out;
    int with_trust;
    uint64_t written;
    uint64_t left_out; /* had no vector */
} features_t;

static int take(void *data, int option, const char *arg)
{
    features_t *features = data;

    if (feed_is_option(option)) {
        return feed_option(&features->feed, option, arg);
    }
    if (option == OPT_WITH_TRUST) {
        features->with_trust = 1;
        return CTL_DONE;
    }
    features->out.path = arg;
    return CTL_DONE;
}

static void write_header(FILE *out, int with_trust)
{
    fputs("at,client,label", out);
    for (int i = 0; i < MLG_NFEATURES; i++) {
        fprintf(out, ",%s", mlg_features[i].name);
    }
    fputs(with_trust ? ",trusted,peak\n" : "\n", out);
}

/* A label comes from a file; RFC 4180 quotes what would end the field. */
static void write_label(FILE *out, mlg_text_t label)
{
    int is_plain = 1;

    if (label.len == 0) {
        return; /* no label at all is no text either */
    }
    for (size_t i = 0; i < label.len; i++) {
        is_plain &= strchr(",\"\r\n", label.at[i]) == NULL;
    }
    if (is_plain) {
        fwrite(label.at, 1, label.len, out);
        return;
    }
    fputc('"', out);
    for (size_t i = 0; i < label.len; i++) {
        if (label.at[i] == '"') {
            fputc('"', out);
        }
        fputc(label.at[i], out);
    }
    fputc('"', out);
}

/* Both columns are empty for a client that the table has no room for. */
static void write_trust(FILE *out, const mlg_gate_t *gate, uint64_t client)
{
    const mlg_record_t *shared = mlg_table_find(&gate->table, client);
    mlg_record_t own;

    if (shared == NULL || !mlg_record_copy(&own, shared)) {
        fputs(",,", out);
        return;
    }
    fprintf(out, ",%d,%.9g", mlg_record_is_trusted(&own),
            (double)own.peak / 65535.0);
}

/* A request that falls into a block is refused by what the block says. */
static int has_vector(const mlg_decision_t *d)
{
    return !isnan(d->score) &&
           (d->verdict != MLG_VERDICT_REFUSE || d->convicts);
}

static int write_row(void *data, const judged_t *judged)
{
    features_t *features = data;
    const mlg_decision_t *d = judged->decision;
    FILE *out = features->out.file;
    char client[MLG_KEY_TEXT];

    if (!has_vector(d)) {
        features->left_out++;
        return CTL_DONE;
    }
    features->written++;
    mlg_key_render(client, &d->key, features->feed.replay.ipv6_prefix);
    fprintf(out, "%lld.%06d,%s,", (long long)(d->at_us / APR_USEC_PER_SEC),
            (int)(d->at_us % APR_USEC_PER_SEC), client);
    write_label(out, judged->label);
    for (int i = 0; i < MLG_NFEATURES; i++) {
        if (isnan(d->x[i])) {
            fputc(',', out);
        }
        else {
            fprintf(out, ",%.9g", (double)d->x[i]); /* reads back the same */
        }
    }
    if (features->with_trust) {
        write_trust(out, &features->feed.replay.gate,
                    judged->arrival->from.hash);
    }
    return (fputc('\n', out) != EOF)
               ? CTL_DONE
               : ctl_complain(CTL_FAILED, "%s cannot be written: %s",
                              output_is_standard(&features->out)
                                  ? "standard output"
                                  : visible_string(features->out.path, 200,
                                                   features->feed.p),
                              strerror(errno));
}

static int open_output(features_t *features, const args_t *args, apr_pool_t *p)
{
    const output_t *const out = &features->out;
    const apr_array_header_t *labels = features->feed.labels;
    int code = output_check(&out, 1, args->operand, args->n, p);

    if (code == CTL_DONE) {
        code = output_check(&out, 1, &features->feed.rules.config, 1, p);
    }
    if (code == CTL_DONE) {
        code = output_check(&out, 1, (const char *const *)(void *)labels->elts,
                            labels->nelts, p);
    }
    return (code == CTL_DONE) ? output_open(&features->out, p) : code;
}

int ctl_features(int argc, const char *const *argv, apr_pool_t *p)
{
    features_t *features = apr_pcalloc(p, sizeof(*features));
    args_t args;
    int code;

    feed_init(&features->feed, p);
    rules_set(&features->feed.rules, "MLGateEngine observe");
    features->out.path = "-";
    code = args_read(&args, &manual, options, take, features, argc, argv, p);
    if (code != CTL_DONE || args.is_answered) {
        return code;
    }
    if (args.n == 0) {
        return ctl_complain(CTL_MISUSE, "features needs a log to read; see "
                                        "mlgatectl features --help");
    }
    code = open_output(features, &args, p);
    if (code == CTL_DONE) {
        write_header(features->out.file, features->with_trust);
        code = feed_run(&features->feed, args.n, args.operand, write_row,
                        features);
    }
    code = output_close(&features->out, code, p);
    if (code == CTL_DONE && features->left_out > 0) {
        fprintf(stderr,
                "mlgatectl: %llu requests were not judged (refused, allowed or "
                "exempt) and are left out; %llu rows\n",
                (unsigned long long)features->left_out,
                (unsigned long long)features->written);
    }
    return code;
}
