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
     "so many clients that behave like people are enough to go by; default 10"},
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
    int has_ranges;
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

    run->has_ranges = 1;
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

/* ---- requests ------------------------------------------------------------- */

/* Names are few; a list will do. */
static uint8_t label_of(calibrate_t *c, mlg_text_t name)
{
    unsigned i = 0;

    while (i < c->nlabels && (c->label[i].len != name.len ||
                              memcmp(c->label[i].at, name.at, name.len) != 0)) {
        i++;
    }
    if (i == c->nlabels && i < CALIBRATE_LABELS - 1) {
        c->label[i].at = apr_pmemdup(c->p, name.at, name.len);
        c->label[i].len = name.len;
        c->nlabels++;
    }
    return (uint8_t)((i < c->nlabels) ? i : c->nlabels - 1);
}

/* A crawler whose address bears out what it says. */
static int is_verified(const run_t *run, const judged_t *judged)
{
    return run->has_ranges && judged->entry != NULL &&
           mlg_agents_class(run->agents, judged->entry->request.agent,
                            judged->arrival->agent,
                            &judged->arrival->from.addr) == MLG_CLASS_VERIFIED;
}

static void note_time(calibrate_t *c, apr_time_t at_us)
{
    c->first_us =
        (c->first_us == 0 || at_us < c->first_us) ? at_us : c->first_us;
    c->last_us = (at_us > c->last_us) ? at_us : c->last_us;
    c->load[mlg_profile_hour(at_us)]++;
}

static int take_request(void *data, const judged_t *judged)
{
    run_t *run = data;
    calibrate_t *c = &run->c;
    const mlg_gate_t *gate = &c->feed.replay.gate;
    const mlg_client_t *from = &judged->arrival->from;
    const mlg_decision_t *d = judged->decision;
    uint64_t client = mlg_hash_key(&mlg_replay_secret, &from->key);
    const mlg_record_t *record = mlg_table_find(&gate->table, from->hash);
    unsigned believed = is_verified(run, judged) ? MLG_BELIEF_VERIFIED : 0;
    mlg_census_row_t *row;

    c->requests++;
    c->has_text |= (judged->entry != NULL);
    note_time(c, judged->arrival->at_us);
    if (d->verdict == MLG_VERDICT_ALLOW) {
        c->allowed++;
        return CTL_DONE;
    }
    c->clients += d->total == 1;
    believed |= (d->verdict == MLG_VERDICT_GRACE) ? MLG_BELIEF_UNBLOCKED : 0;
    row = mlg_census_add(c->census, client, &from->key, record, believed, d,
                         c->feed.replay.rules.min_requests);
    if (row != NULL && judged->label.len > 0) {
        row->label = label_of(c, judged->label);
    }
    places_add(&c->places, judged, gate);
    return CTL_DONE;
}

/* ---- the end -------------------------------------------------------------- */

/* Mean requests in each hour of the week; some hours came once more than
 * others. */
static void fill_load(const calibrate_t *c, mlg_profile_t *profile)
{
    const apr_time_t hour_us = 3600 * (apr_time_t)APR_USEC_PER_SEC;
    uint32_t times[MLG_PROFILE_HOURS] = {0};

    for (apr_time_t at = c->first_us - c->first_us % hour_us; at <= c->last_us;
         at += hour_us) {
        times[mlg_profile_hour(at)]++;
    }
    for (unsigned i = 0; i < MLG_PROFILE_HOURS; i++) {
        profile->load[i] =
            (times[i] > 0) ? (float)((double)c->load[i] / times[i]) : 0.0f;
    }
    profile->has_load = 1;
}

static void conclude(calibrate_t *c)
{
    const rules_t *rules = &c->feed.rules;
    const mlg_replay_t *replay = &c->feed.replay;
    mlg_profile_t *profile = &c->profile;
    mlg_fit_seen_t seen;
    uint32_t all;

    mlg_census_end(c->census, replay->rules.min_requests);
    seen = (mlg_fit_seen_t){
        .recommended = rules->recommended,
        .slope = rules->slope,
        .trusted = c->census->trusted,
        .peak = mlg_census_peak(c->census,
                                mlg_fit_ignored(c->census->trusted, c->share)),
        .clients =
            (uint32_t)((c->clients < UINT32_MAX) ? c->clients : UINT32_MAX),
        .span_us = c->last_us - c->first_us,
        .trusted_enough = c->trusted_enough};
    mlg_fit(&c->fit, &seen);
    profile->model = mlg_rules_scorer(&replay->rules);
    profile->features = mlg_features_fingerprint();
    profile->threshold = c->fit.threshold;
    profile->recommended = rules->recommended;
    profile->share = (float)c->share;
    profile->trusted = seen.trusted;
    profile->refused = mlg_census_refused(c->census, c->fit.threshold, &all);
    profile->upper = mlg_wilson_upper(profile->refused, profile->trusted);
    profile->clients = seen.clients;
    profile->requests = c->requests;
    profile->first_us = c->first_us;
    profile->last_us = c->last_us;
    mlg_census_baselines(c->census, profile, c->p);
    fill_load(c, profile);
    if (c->has_text) {
        places_end(&c->places, &replay->gate, c->last_us, profile);
    }
}

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
    conclude(&run->c);
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

    run->c.p = p;
    run->c.share = MLG_FIT_SHARE;
    run->c.trusted_enough = MLG_FIT_TRUSTED;
    feed_init(&run->c.feed, p);
    rules_set(&run->c.feed.rules, "MLGateEngine observe");
    places_init(&run->c.places, p);
    run->c.census = mlg_census_make(MLG_CENSUS_ROWS, p);
    if (mlg_agents_make(&run->agents, p) != APR_SUCCESS ||
        run->c.census == NULL) {
        return ctl_complain(CTL_FAILED, "not enough memory to begin");
    }
    code = args_read(&args, &manual, options, take, run, argc, argv, p);
    if (code != CTL_DONE || args.is_answered) {
        return code;
    }
    code = check_output(run, &args);
    if (code == CTL_DONE) {
        code = feed_run(&run->c.feed, args.n, args.operand, take_request, run);
    }
    return (code == CTL_DONE) ? finish(run) : code;
}
