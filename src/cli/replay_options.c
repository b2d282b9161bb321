/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include "mlgatectl.h"

#include <apr_getopt.h>
#include <apr_strings.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPT_HELP = 'h',
    OPT_ENGINE = 256,
    OPT_THRESHOLD,
    OPT_MIN,
    OPT_WEIGHT,
    OPT_LABELS,
    OPT_BLOCKS,
    OPT_FEATURES
};

static const apr_getopt_option_t options[] = {
    {"engine", OPT_ENGINE, 1,
     "observe or enforce (default): enforce refuses what a blocked client "
     "asks"},
    {"threshold", OPT_THRESHOLD, 1,
     "0.01 to 1, scores from here on are high (MLGateThreshold, 0.8)"},
    {"min-requests", OPT_MIN, 1,
     "1 to 1000000, before a client can be blocked (MLGateMinRequests, 10)"},
    {"weight", OPT_WEIGHT, 1,
     "'NAME lo hi weight' instead of a feature's own (MLGateWeight); repeat"},
    {"labels", OPT_LABELS, 1,
     "epoch<TAB>client<TAB>class for every line of a log; once for each log"},
    {"blocks", OPT_BLOCKS, 1, "write every block and its reasons to this file"},
    {"features", OPT_FEATURES, 1,
     "write every feature vector to this CSV file"},
    {"help", OPT_HELP, 0, "show this"},
    {NULL, 0, 0, NULL}};

static void help(void)
{
    puts("Usage: mlgatectl replay [OPTION]... LOG...\n\n"
         "Runs access logs (common, combined, vhost_combined; plain or .gz; -"
         " is\nstandard input) through the gate and reports whom it would have"
         " refused.\n");
    for (const apr_getopt_option_t *o = options; o->name != NULL; o++) {
        printf("  --%-14s %s\n", o->name, o->description);
    }
}

/* @return 1 and *out set when all of the text is a number in [min, max] */
static int parse_number(double *out, const char *text, double min, double max)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= min && value <= max)) {
        return 0;
    }
    *out = value;
    return 1;
}

static int set_weight(run_t *run, const char *text)
{
    char name[64];
    mlg_ramp_t ramp;
    mlg_feature_id id;
    int used = 0;

    if (sscanf(text, "%63s %f %f %f %n", name, &ramp.lo, &ramp.hi, &ramp.weight,
               &used) != 4 ||
        text[used] != '\0') {
        return ctl_complain(CTL_MISUSE,
                            "--weight '%s' is not of the form 'NAME lo hi "
                            "weight', as in 'request_rate 0.5 2 0.6'",
                            text);
    }
    id = mlg_feature_find(name);
    if (id == MLG_NFEATURES) {
        return ctl_complain(CTL_MISUSE,
                            "--weight: no feature is called '%s'; see "
                            "MLGateWeight in conf/mlgate.conf",
                            name);
    }
    if (mlg_ramp_check(&ramp) != APR_SUCCESS) {
        return ctl_complain(CTL_MISUSE,
                            "--weight '%s': lo and hi must differ and the "
                            "weight must lie within -1 and 1",
                            text);
    }
    mlg_weighted_set(&run->model, id, ramp);
    return CTL_DONE;
}

static int open_output(FILE **out, const char *path)
{
    *out = fopen(path, "we");
    return (*out != NULL) ? CTL_DONE
                          : ctl_complain(CTL_MISUSE, "cannot write %s: %s",
                                         path, strerror(errno));
}

static int set_rule(run_t *run, int option, const char *arg)
{
    mlg_rules_t *rules = &run->replay.rules;
    double number;

    if (option == OPT_ENGINE) {
        int enforce = strcmp(arg, "enforce") == 0;

        if (!enforce && strcmp(arg, "observe") != 0) {
            return ctl_complain(
                CTL_MISUSE, "--engine is observe or enforce, not '%s'", arg);
        }
        rules->engine = enforce ? MLG_ENGINE_ENFORCE : MLG_ENGINE_OBSERVE;
    }
    else if (option == OPT_THRESHOLD) {
        if (!parse_number(&number, arg, 0.01, 1.0)) {
            return ctl_complain(CTL_MISUSE,
                                "--threshold is 0.01 to 1, not '%s'", arg);
        }
        rules->threshold = (float)number;
    }
    else {
        if (!parse_number(&number, arg, 1, 1000000) ||
            number != floor(number)) {
            return ctl_complain(
                CTL_MISUSE, "--min-requests is 1 to 1000000, not '%s'", arg);
        }
        rules->min_requests = (uint32_t)number;
    }
    return CTL_DONE;
}

static int set_option(run_t *run, int option, const char *arg)
{
    switch (option) {
    case OPT_WEIGHT:
        return set_weight(run, arg);
    case OPT_LABELS:
        APR_ARRAY_PUSH(run->labels, const char *) = arg;
        return CTL_DONE;
    case OPT_BLOCKS:
        return open_output(&run->blocks, arg);
    case OPT_FEATURES:
        return open_output(&run->features, arg);
    default:
        return set_rule(run, option, arg);
    }
}

/* apr_getopt takes a single "-" for an option without a letter. */
static const char *const *with_standard_input(int argc, const char *const *argv,
                                              apr_pool_t *p)
{
    const char **out = apr_pmemdup(p, argv, sizeof(*argv) * (size_t)(argc + 1));

    for (int i = 1; i < argc; i++) {
        out[i] = (strcmp(argv[i], "-") == 0) ? "/dev/stdin" : argv[i];
    }
    return out;
}

int replay_options(run_t *run, int argc, const char *const *argv,
                   const char *const **logs, int *nlogs, int *wants_help)
{
    apr_getopt_t *opt;
    const char *arg;
    int option;
    int code = CTL_DONE;
    apr_status_t rv;

    *wants_help = 0;
    apr_getopt_init(&opt, run->p, argc,
                    with_standard_input(argc, argv, run->p));
    opt->interleave = 1;
    while (code == CTL_DONE && !*wants_help) {
        rv = apr_getopt_long(opt, options, &option, &arg);
        if (rv == APR_EOF) {
            break;
        }
        if (rv != APR_SUCCESS) {
            code = ctl_complain(CTL_MISUSE, "see mlgatectl replay --help");
        }
        else if (option == OPT_HELP) {
            *wants_help = 1;
            help();
        }
        else {
            code = set_option(run, option, arg);
        }
    }
    *logs = opt->argv + opt->ind;
    *nlogs = argc - opt->ind;
    return code;
}
