/* SPDX-License-Identifier: Apache-2.0
 *
 * mlgatectl calibrate: where do this site's people end? */
#include "calibrate.h"

#include "args.h"
#include "mlg_agents.h"
#include "mlgatectl.h"
#include "output.h"
#include "visible.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_OUT = 'o', OPT_SHARE = 256, OPT_MIN_TRUSTED, OPT_RANGES };

static const apr_getopt_option_t options[] = {
    {"out", OPT_OUT, 1, "write the profile to this file"},
    {"share", OPT_SHARE, 1,
     "of the clients that behave like people at most this share may be "
     "refused, 0 to 0.1; default 0.0005"},
    {"min-trusted", OPT_MIN_TRUSTED, 1,
     "clients that behave like people in so many networks are enough to go "
     "by; default 10"},
    {"ranges", OPT_RANGES, 1,
     "count crawlers as people whose addresses are in OPERATOR/*.txt of this "
     "directory"},
    FEED_OPTIONS,
    ARGS_HELP,
    {NULL, 0, 0, NULL}};

static const args_manual_t manual = {
    "calibrate [OPTION]... LOG...",
    "Finds the threshold that fits this site, without labels: just above what "
    "its\npeople do. LOG is an access log or an observation log, plain or "
    "gzipped; two\nweeks of them are better than one.",
    "People are known by what they do: a client that fetches the assets of "
    "the\n"
    "pages it shows, on two visits or more, with few errors. Nobody is "
    "refused\n"
    "while this runs. Allow-listed clients are never judged, so they count "
    "for\n"
    "nothing here. --labels are not used; the report is checked against them."};

typedef struct run_t {
    calibrate_t c;
    mlg_agents_t *agents;
    output_t out;
} run_t;

/* ---- options -------------------------------------------------------------- */

static int take_number(const char *option, const char *arg, double least,
                       double most, double *out)
{
    char *end = NULL;

    *out = strtod(arg, &end);
    if (end == arg || *end != '\0' || !(*out >= least && *out <= most)) {
        return ctl_complain(CTL_MISUSE,
                            "--%s '%.60s' is not a number from %g "
                            "to %g",
                            option, arg, least, most);
    }
    return CTL_DONE;
}

static int take_ranges(run_t *run, const char *arg)
{
    mlg_fault_t fault = {0, ""};
    apr_status_t rv = mlg_agents_read_ranges(run->agents, arg, &fault);

    run->c.agents = run->agents;
    if (rv == APR_SUCCESS) {
        return CTL_DONE;
    }
    return ctl_complain(
        CTL_MISUSE, "cannot use %s: %s", visible_string(arg, 200, run->c.p),
        (fault.what[0] != '\0') ? visible_string(fault.what, 200, run->c.p)
                                : ctl_reason(rv, run->c.p));
}

static int take(void *data, int option, const char *arg)
{
    run_t *run = data;
    double n = 0.0;
    int code;

    switch (option) {
    case OPT_OUT:
        run->out.path = arg;
        return CTL_DONE;
    case OPT_SHARE:
        return take_number("share", arg, 0.0, 0.1, &run->c.share);
    case OPT_MIN_TRUSTED:
        code = take_number("min-trusted", arg, 1.0, 1e9, &n);
        run->c.trusted_enough = (uint32_t)n;
        return code;
    case OPT_RANGES:
        return take_ranges(run, arg);
    default:
        return feed_option(&run->c.feed, option, arg);
    }
}

/* ---- the end -------------------------------------------------------------- */

static int write_profile(const run_t *run)
{
    size_t len;
    const char *text;

    if (!run->c.fit.is_sound) {
        return ctl_complain(CTL_FAILED,
                            "not enough was seen yet: %u %%; %s is not written",
                            run->c.fit.progress_percent,
                            visible_string(run->out.path, 200, run->c.p));
    }
    text = mlg_profile_render(&run->c.profile, &len, run->c.p);
    if (text == NULL) {
        return ctl_complain(CTL_FAILED, "the profile breaks a rule of its own "
                                        "format; this is a fault of mlgatectl");
    }
    fwrite(text, 1, len, run->out.file); /* output_close() tells a failure */
    return CTL_DONE;
}

/* What is there stays when nothing can be put in its place. */
static int finish(run_t *run)
{
    int code = CTL_DONE;

    if (run->c.requests == 0) {
        return ctl_complain(CTL_FAILED, "there is not one request to learn "
                                        "from");
    }
    calibrate_end(&run->c);
    if (!output_is_standard(&run->out)) {
        calibrate_print(&run->c);
    }
    if (run->out.path != NULL && run->c.fit.is_sound) {
        code = output_open(&run->out, run->c.p);
    }
    if (run->out.path != NULL && code == CTL_DONE) {
        code = write_profile(run);
    }
    return output_close(&run->out, code, run->c.p);
}

static int check_output(const run_t *run, const args_t *args)
{
    const output_t *const out = &run->out;
    const rules_t *rules = &run->c.feed.rules;
    const char *const read[] = {rules->config, rules->model};
    const apr_array_header_t *labels = run->c.feed.labels;
    int code = output_check(&out, 1, args->operand, args->n, run->c.p);

    if (code == CTL_DONE) {
        code = output_check(&out, 1, read, 2, run->c.p);
    }
    return (code == CTL_DONE)
               ? output_check(&out, 1,
                              (const char *const *)(void *)labels->elts,
                              labels->nelts, run->c.p)
               : code;
}

int ctl_calibrate(int argc, const char *const *argv, apr_pool_t *p)
{
    run_t *run = apr_pcalloc(p, sizeof(*run));
    args_t args;
    int code;

    code = calibrate_begin(&run->c, p);
    rules_set(&run->c.feed.rules, "MLGateEngine observe");
    if (code == CTL_DONE && mlg_agents_make(&run->agents, p) != APR_SUCCESS) {
        code = ctl_complain(CTL_FAILED, "not enough memory to begin");
    }
    if (code != CTL_DONE) {
        return code;
    }
    code = args_read(&args, &manual, options, take, run, argc, argv, p);
    if (code != CTL_DONE || args.is_answered) {
        return code;
    }
    code = check_output(run, &args);
    if (code == CTL_DONE) {
        code = calibrate_read(&run->c, args.n, args.operand);
    }
    return (code == CTL_DONE) ? finish(run) : code;
}
