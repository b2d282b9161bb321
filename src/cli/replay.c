/* SPDX-License-Identifier: Apache-2.0
 *
 * mlgatectl replay: whom would the gate have refused? */
#include "replay.h"

#include "args.h"
#include "fitted.h"
#include "mlg_report.h"
#include "mlg_report_replay.h"
#include "mlgatectl.h"
#include "output.h"
#include "visible.h"

#include <apr_strings.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPT_JSON = 256,
    OPT_CRAWLERS,
    OPT_RANGES,
    OPT_HTML,
    OPT_CLIENTS,
    OPT_DECISIONS
};

static const apr_getopt_option_t options[] = {
    {"json", OPT_JSON, 0, "report in JSON instead of text"},
    {"html", OPT_HTML, 1, "write the report as one page of HTML"},
    {"clients", OPT_CLIENTS, 1, "write a CSV file with one row per client"},
    {"decisions", OPT_DECISIONS, 1,
     "write every block and its end, one JSON line each, as MLGateEventLog "
     "does"},
    {"crawlers", OPT_CRAWLERS, 1,
     "tell crawlers by this list of patterns (crawler-user-agents.json)"},
    {"ranges", OPT_RANGES, 1,
     "tell real crawlers from others by the addresses in OPERATOR/*.txt of "
     "this directory"},
    FEED_OPTIONS,
    ARGS_HELP,
    {NULL, 0, 0, NULL}};

static const args_manual_t manual = {
    "replay [OPTION]... LOG...",
    "Runs access logs through the gate and reports whom it would have "
    "refused.\n"
    "LOG is plain or gzipped, - is standard input; several logs may be named "
    "in\nany order.",
    "An output FILE of - is standard output, which then has no report.\n"
    "Classes tell what a User-Agent claims to be, and claims are cheap."};

typedef struct run_t {
    apr_pool_t *p;
    feed_t feed;
    mlg_agents_t *agents;
    mlg_tally_t *tally; /* NULL until the first request */
    mlg_findings_t findings;
    ends_t ends;
    const char *crawlers; /* file name; NULL: none */
    output_t html;
    output_t clients;
    output_t decisions;
    int is_json;
    int has_lists; /* of crawlers or their addresses */
    int has_ranges;
} run_t;

/* ---- outputs -------------------------------------------------------------- */

/* @return 1 when one of the files goes to standard output */
static int is_taken(const run_t *run)
{
    return output_is_standard(&run->html) ||
           output_is_standard(&run->clients) ||
           output_is_standard(&run->decisions);
}

static int open_outputs(run_t *run, const args_t *args)
{
    const output_t *const all[] = {&run->html, &run->clients, &run->decisions};
    const char *const lists[] = {run->feed.rules.config, run->crawlers};
    const apr_array_header_t *labels = run->feed.labels;
    int code;

    if (run->is_json + output_is_standard(&run->html) +
            output_is_standard(&run->clients) +
            output_is_standard(&run->decisions) >
        1) {
        return ctl_complain(CTL_MISUSE,
                            "only one of --json, --html, --clients and "
                            "--decisions can have standard output; name files "
                            "for the others");
    }
    code = output_check(all, 3, args->operand, args->n, run->p);
    if (code == CTL_DONE) {
        code = output_check(all, 3, lists, 2, run->p);
    }
    if (code == CTL_DONE) {
        code = output_check(all, 3, (const char *const *)(void *)labels->elts,
                            labels->nelts, run->p);
    }
    code = (code == CTL_DONE) ? output_open(&run->html, run->p) : code;
    code = (code == CTL_DONE) ? output_open(&run->clients, run->p) : code;
    return (code == CTL_DONE) ? output_open(&run->decisions, run->p) : code;
}

/* ---- clients -------------------------------------------------------------- */

static void write_time(FILE *to, apr_time_t at_us)
{
    fprintf(to, ",%lld.%06d", (long long)(at_us / APR_USEC_PER_SEC),
            (int)(at_us % APR_USEC_PER_SEC));
}

static void write_client(FILE *to, const mlg_tally_row_t *row,
                         unsigned ipv6_prefix)
{
    char key[MLG_KEY_TEXT];

    fprintf(to, "%s,%u,%u", mlg_key_render(key, &row->key, ipv6_prefix),
            row->requests, row->pages);
    write_time(to, row->first_us);
    write_time(to, row->last_us);
    if (isnan(row->max_score)) {
        fputc(',', to);
    }
    else {
        fprintf(to, ",%.6g", (double)row->max_score);
    }
    fprintf(to, ",%u", row->blocks);
    if (row->blocks == 0) {
        fputs(",,", to);
    }
    else {
        write_time(to, row->blocked_us);
        fprintf(to, ",%u", row->before);
    }
    fprintf(to, ",%u\n", row->refused);
}

static apr_status_t take_client(void *data, const mlg_tally_row_t *row)
{
    run_t *run = data;

    mlg_findings_client(&run->findings, row);
    if (run->clients.file != NULL) {
        write_client(run->clients.file, row, run->feed.replay.ipv6_prefix);
    }
    return APR_SUCCESS;
}

/* ---- requests ------------------------------------------------------------- */

/* The gate is ready: what hangs on its rules and its secret begins. */
static int begin(run_t *run)
{
    const mlg_replay_t *replay = &run->feed.replay;
    const mlg_secret_t *secret = &mlg_replay_secret;

    if (mlg_tally_make(&run->tally, MLG_TALLY_ROWS, secret, run->p) !=
            APR_SUCCESS ||
        mlg_findings_init(&run->findings, &replay->gate, &replay->rules,
                          run->p) != APR_SUCCESS ||
        ends_init(&run->ends, replay, run->decisions.file, run->p) !=
            APR_SUCCESS) {
        return ctl_complain(CTL_FAILED, "not enough memory for %u clients",
                            MLG_TALLY_ROWS);
    }
    run->findings.ipv6_prefix = replay->ipv6_prefix;
    run->findings.has_lists = run->has_lists;
    return CTL_DONE;
}

static mlg_text_t agent_of(const judged_t *judged)
{
    return (judged->entry != NULL) ? judged->entry->request.agent
                                   : (mlg_text_t){NULL, 0};
}

static mlg_class class_of(run_t *run, const judged_t *judged)
{
    const mlg_arrival_t *arrival = judged->arrival;

    if (judged->entry == NULL || (arrival->knows & MLG_KNOWS_AGENT) == 0) {
        return MLG_CLASS_NOT_LOGGED;
    }
    return mlg_agents_class(run->agents, agent_of(judged), arrival->agent,
                            &arrival->from.addr);
}

static int take_request(void *data, const judged_t *judged)
{
    run_t *run = data;
    const mlg_client_t *from = &judged->arrival->from;
    mlg_client_t counted = *from;
    mlg_tally_row_t *row;
    int is_new;
    apr_status_t rv;

    if (run->tally == NULL && begin(run) != CTL_DONE) {
        return CTL_FAILED;
    }
    if (judged->entry == NULL) { /* hashed under its server's secret */
        counted.hash = mlg_hash_key(run->findings.secret, &from->key);
    }
    rv = mlg_tally_get(run->tally, &counted, &row, &is_new);
    if (rv != APR_SUCCESS) {
        return ctl_complain(CTL_FAILED,
                            "more than %u clients need a temporary file, and "
                            "it cannot be written (see TMPDIR): %s",
                            MLG_TALLY_ROWS, ctl_reason(rv, run->p));
    }
    if (is_new) {
        row->class = (uint8_t)class_of(run, judged);
        row->label = mlg_findings_label(&run->findings, judged->label, run->p);
    }
    mlg_tally_add(row, judged->arrival, judged->decision);
    mlg_findings_add(&run->findings, judged->arrival, agent_of(judged),
                     judged->outcome, judged->decision);
    mlg_findings_swarms(&run->findings, run->feed.replay.gate.swarms,
                        judged->decision->at_us);
    ends_add(&run->ends, from->hash, judged->decision);
    return CTL_DONE;
}

/* ---- the command ---------------------------------------------------------- */

static int read_failed(run_t *run, const char *path, apr_status_t rv,
                       const mlg_fault_t *fault)
{
    return ctl_complain(
        CTL_MISUSE, "cannot use %s: %s", visible_string(path, 200, run->p),
        (fault->what[0] != '\0') ? visible_string(fault->what, 200, run->p)
                                 : ctl_reason(rv, run->p));
}

static int take_option(void *data, int option, const char *arg)
{
    run_t *run = data;
    mlg_fault_t fault = {0, ""};
    apr_status_t rv;

    switch (option) {
    case OPT_JSON:
        run->is_json = 1;
        return CTL_DONE;
    case OPT_HTML:
        run->html.path = arg;
        return CTL_DONE;
    case OPT_CLIENTS:
        run->clients.path = arg;
        return CTL_DONE;
    case OPT_DECISIONS:
        run->decisions.path = arg;
        return CTL_DONE;
    case OPT_CRAWLERS:
        run->crawlers = arg;
        rv = mlg_agents_read_patterns(run->agents, arg, &fault);
        if (mlg_agents_unusable(run->agents) > 0) {
            ctl_complain(CTL_DONE,
                         "%u patterns of %s are no regular expressions and are "
                         "left out",
                         mlg_agents_unusable(run->agents),
                         visible_string(arg, 200, run->p));
        }
        break;
    case OPT_RANGES:
        run->has_ranges = 1;
        rv = mlg_agents_read_ranges(run->agents, arg, &fault);
        break;
    default:
        return feed_option(&run->feed, option, arg);
    }
    run->has_lists = 1;
    return (rv == APR_SUCCESS) ? CTL_DONE : read_failed(run, arg, rv, &fault);
}

static int write_reports(run_t *run)
{
    const mlg_findings_t *f = &run->findings;
    char *json;

    if (run->html.file != NULL) {
        mlg_report_replay_html(run->html.file, f);
    }
    if (is_taken(run)) {
        return CTL_DONE;
    }
    if (!run->is_json) {
        mlg_report_replay_text(stdout, f);
        return CTL_DONE;
    }
    json = mlg_report_render(mlg_report_replay(f), 0);
    if (json == NULL) {
        return ctl_complain(CTL_FAILED, "not enough memory for the report");
    }
    puts(json);
    free(json);
    return CTL_DONE;
}

static const char *source_of(const args_t *args, apr_pool_t *p)
{
    const char *first = args->operand[0];

    if (args->n == 1) {
        return (strcmp(first, "-") == 0) ? "standard input" : first;
    }
    return apr_psprintf(p, "%s and %d more", first, args->n - 1);
}

static int replay(run_t *run, const args_t *args)
{
    apr_status_t rv;
    int code;

    if (run->clients.file != NULL) {
        fputs("client,requests,pages,first_seen,last_seen,max_score,blocks,"
              "first_block_at,requests_before_block,refused\n",
              run->clients.file);
    }
    code = fitted_run(&run->feed, run->has_ranges ? run->agents : NULL, args->n,
                      args->operand, take_request, run);
    if (code == CTL_DONE && run->tally == NULL) {
        code = begin(run); /* not one request */
    }
    if (code != CTL_DONE) {
        return code;
    }
    run->findings.source = source_of(args, run->p);
    run->findings.origin = &run->feed.rules.origin;
    run->findings.parity =
        (run->feed.parity.requests > 0) ? &run->feed.parity : NULL;
    run->findings.lines = run->feed.lines;
    run->findings.malformed = run->feed.malformed;
    rv = mlg_tally_each(run->tally, take_client, run);
    if (rv != APR_SUCCESS) {
        return ctl_complain(CTL_FAILED,
                            "the temporary file of clients cannot be used: %s",
                            ctl_reason(rv, run->p));
    }
    mlg_findings_swarms(&run->findings, run->feed.replay.gate.swarms, 0);
    mlg_findings_end(&run->findings);
    return write_reports(run);
}

int ctl_replay(int argc, const char *const *argv, apr_pool_t *p)
{
    run_t *run = apr_pcalloc(p, sizeof(*run));
    args_t args;
    int code;

    run->p = p;
    feed_init(&run->feed, p);
    run->feed.rules.wants_swarms = 1;
    if (mlg_agents_make(&run->agents, p) != APR_SUCCESS) {
        return ctl_complain(CTL_FAILED, "not enough memory to begin");
    }
    code = args_read(&args, &manual, options, take_option, run, argc, argv, p);
    if (code != CTL_DONE || args.is_answered) {
        return code;
    }
    code = open_outputs(run, &args);
    if (code == CTL_DONE) {
        code = replay(run, &args);
    }
    code = output_close(&run->html, code, p);
    code = output_close(&run->clients, code, p);
    return output_close(&run->decisions, code, p);
}
