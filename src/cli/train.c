/* SPDX-License-Identifier: Apache-2.0
 *
 * mlgatectl train: a model of your own, from what you know of your clients. */
#include "mlgatectl.h"

#include "args.h"
#include "labelled.h"
#include "mlg_report_trial.h"
#include "mlg_train.h"
#include "mlg_version.h"
#include "number.h"
#include "trial_output.h"
#include "visible.h"
#include "whole.h"

#include <apr_strings.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPT_SEED = 256,
    OPT_MAX_FPR,
    OPT_TREES,
    OPT_ALL_TREES,
    OPT_DEPTH,
    OPT_ETA,
    OPT_CHILD,
    OPT_LAMBDA,
    OPT_CAP,
    OPT_WITHOUT,
    OPT_ORACLE,
    OPT_JSON,
    OPT_HTML
};

static const apr_getopt_option_t options[] = {
    {"out", 'o', 1, "write the model to this file; without it only the report"},
    LABELLED_OPTIONS,
    {"seed", OPT_SEED, 1,
     "of every random number: the same data and seed give the same file (1)"},
    {"max-fpr", OPT_MAX_FPR, 1,
     "the share of people that the threshold may refuse (0.001)"},
    {"trees", OPT_TREES, 1, "at most so many trees, 1 to 512 (64)"},
    {"all-trees", OPT_ALL_TREES, 0,
     "take them all, instead of as many as do best on left-out sites"},
    {"depth", OPT_DEPTH, 1, "of a tree, 1 to 8 (5)"},
    {"eta", OPT_ETA, 1, "what a tree counts, above 0 to 1 (0.15)"},
    {"min-child-weight", OPT_CHILD, 1, "the lightest leaf (64)"},
    {"lambda", OPT_LAMBDA, 1, "what large leaves cost (16)"},
    {"cap", OPT_CAP, 1, "rows of a client at most (60)"},
    {"without", OPT_WITHOUT, 1,
     "features that the trees do not get, a,b, besides client_age, "
     "client_total, response_size and path_complexity; may be repeated"},
    {"oracle", OPT_ORACLE, 0,
     "judge each site by a threshold from its own labels: what no site without "
     "labels can have; the model's stays"},
    {"html", OPT_HTML, 1, "write the report as one page of HTML, too"},
    {"json", OPT_JSON, 1, "write the report in JSON, too"},
    ARGS_HELP,
    {NULL, 0, 0, NULL}};

static const args_manual_t manual = {
    "train [OPTION]... [--data DIR]... [--csv FILE]... [LOG...] -o FILE.mlg",
    "Trains a model on requests whose clients are known to be people or "
    "attackers,\nand judges it on each site by one that was trained on the "
    "others.",
    "An output FILE of - is standard output, which then has no text.\n"
    "Nobody is refused while logs are read (MLGateEngine observe)."};

typedef struct training_t {
    apr_pool_t *p;
    labelled_t labelled;
    mlg_train_t train;
    mlg_boost_t boost;
    uint64_t seed;
    uint32_t cap;
    double max_fpr;
    int is_all_trees;
    int is_oracle;
    uint8_t without[MLG_NFEATURES];
    trial_output_t out;
    const char *path; /* of the model; NULL: none */
    const char *command;
} training_t;

/* ---- options ---------------------------------------------------------------- */

static int take_without(training_t *t, const char *arg)
{
    while (*arg != '\0') {
        size_t len = strcspn(arg, ",");
        const char *name = apr_pstrmemdup(t->p, arg, len);
        mlg_feature_id id = mlg_feature_find(name);

        if (len > 0 && id == MLG_NFEATURES) {
            return ctl_complain(CTL_MISUSE,
                                "--without: there is no feature '%s'; "
                                "mlgatectl features names them all",
                                visible_string(name, 60, t->p));
        }
        if (len > 0) {
            t->without[id] = 1;
        }
        arg += len + (arg[len] == ',');
    }
    return CTL_DONE;
}

static int take(void *data, int option, const char *arg)
{
    training_t *t = data;

    switch (option) {
    case 'o':
        t->path = arg;
        return CTL_DONE;
    case OPT_SEED:
        return number_whole(&t->seed, "--seed", arg, 0, UINT32_MAX);
    case OPT_MAX_FPR:
        return number_real(&t->max_fpr, "--max-fpr", arg, 0.0, 0.5);
    case OPT_TREES:
        return number_whole32(&t->boost.trees, "--trees", arg, 1,
                              MLG_FOREST_TREES_MAX);
    case OPT_ALL_TREES:
        t->is_all_trees = 1;
        return CTL_DONE;
    case OPT_DEPTH:
        return number_whole32(&t->boost.depth, "--depth", arg, 1,
                              MLG_FOREST_DEPTH_MAX);
    case OPT_ETA:
        return number_real(&t->boost.eta, "--eta", arg, 0.001, 1.0);
    case OPT_CHILD:
        return number_real(&t->boost.min_child_weight, "--min-child-weight",
                           arg, 0.0, 1e6);
    case OPT_LAMBDA:
        return number_real(&t->boost.lambda, "--lambda", arg, 0.0, 1e6);
    case OPT_CAP:
        return number_whole32(&t->cap, "--cap", arg, 1, 1000000);
    case OPT_WITHOUT:
        return take_without(t, arg);
    case OPT_ORACLE:
        t->is_oracle = 1;
        return CTL_DONE;
    case OPT_HTML:
        t->out.html = arg;
        return CTL_DONE;
    case OPT_JSON:
        t->out.json = arg;
        return CTL_DONE;
    default:
        return labelled_option(&t->labelled, option, arg);
    }
}

/* ---- about the model --------------------------------------------------------- */

/* What a line of metadata may hold: no control characters. */
static const char *line_of(training_t *t, const char *text)
{
    return visible_string(text, 1000, t->p);
}

static const char *sites_of(const training_t *t)
{
    const mlg_dataset_t *set = t->labelled.set;
    const char *text = "";

    for (uint32_t i = 0; i < set->sites && strlen(text) < 3000; i++) {
        text = apr_psprintf(
            t->p, "%s%s%s %" APR_UINT64_T_FMT, text, (i > 0) ? ", " : "",
            visible_string(set->site[i].name, 60, t->p), set->site[i].rows);
    }
    return text;
}

static const char *without_of(const training_t *t)
{
    const char *text = "";

    for (int i = 0; i < MLG_NFEATURES; i++) {
        if (t->train.draw.is_off[i]) {
            text = apr_pstrcat(t->p, text, (*text != '\0') ? "," : "",
                               mlg_features[i].name, NULL);
        }
    }
    return text;
}

static const char *about(training_t *t)
{
    const mlg_train_t *train = &t->train;
    static const mlg_whom_t everybody = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
    mlg_whom_t whom = everybody;
    mlg_count_t people;
    mlg_count_t attackers;

    whom.group = MLG_GROUP_PEOPLE;
    people = mlg_trial_count(&train->trial, whom);
    whom.group = MLG_GROUP_ATTACKERS;
    attackers = mlg_trial_count(&train->trial, whom);
    return apr_psprintf(
        t->p,
        "made-by: mlgatectl " MLG_VERSION " train\n"
        "command: %s\n"
        "data: %s\n"
        "seed: %" APR_UINT64_T_FMT "\n"
        "without: %s\n"
        "trees: %u of at most %u, depth %u, eta %.9g\n"
        "rows: %u of %u people and %u attackers\n"
        "left-out-people: %u of %u refused%s\n"
        "left-out-attackers: %u of %u caught, median request %u, %.4f of their "
        "requests passed\n",
        line_of(t, t->command), sites_of(t), t->seed, without_of(t),
        train->ntrees, train->boost.trees, train->boost.depth, train->boost.eta,
        train->sample_rows, train->sample_people, train->sample_attackers,
        people.refused, people.clients,
        t->is_oracle ? " (each site's threshold by its labels)" : "",
        attackers.busy_refused, attackers.busy, attackers.median,
        (attackers.requests > 0)
            ? (double)attackers.passed / (double)attackers.requests
            : 0.0);
}

static int write_model(training_t *t)
{
    const unsigned char *bytes;
    mlg_fault_t fault = {0, ""};
    size_t len;
    apr_status_t rv;

    if (t->path == NULL) {
        return CTL_DONE;
    }
    rv = mlg_train_bundle(&t->train, about(t), &bytes, &len, &fault, t->p);
    return (rv == APR_SUCCESS)
               ? whole_write(t->path, bytes, len, t->p)
               : ctl_complain(CTL_FAILED,
                              "the model cannot be written (byte %lu): %s",
                              (unsigned long)fault.offset, fault.what);
}

/* ---- the command ------------------------------------------------------------- */

static void show(void *data, const char *what)
{
    const training_t *t = data;

    if (!t->labelled.feed.is_quiet) {
        fprintf(stderr, "mlgatectl: training %s\n",
                visible_string(what, 200, t->p));
    }
}

static int run(training_t *t)
{
    mlg_train_t *train = &t->train;
    mlg_trial_report_t report;
    const char *why = "";
    int code;

    mlg_train_init(train, t->labelled.set);
    train->draw.seed = t->seed;
    train->draw.cap = t->cap;
    for (int i = 0; i < MLG_NFEATURES; i++) {
        train->draw.is_off[i] |= t->without[i];
    }
    train->boost = t->boost;
    train->boost.seed = t->seed;
    train->max_fpr = t->max_fpr;
    train->is_all_trees = t->is_all_trees;
    train->progress = show;
    train->progress_data = t;
    if (mlg_train_run(train, &why, t->p) != APR_SUCCESS) {
        return ctl_complain(CTL_FAILED, "%s", visible_string(why, 500, t->p));
    }
    if (t->is_oracle) {
        trial_oracle(&train->trial, &t->max_fpr);
    }
    code = write_model(t);
    report = (mlg_trial_report_t){
        .model =
            apr_psprintf(t->p, "%u trees of depth %u, seed %" APR_UINT64_T_FMT,
                         train->ntrees, train->boost.depth, t->seed),
        .trial = &train->trial,
        .train = train,
        .threshold = train->threshold,
        .max_fpr = t->max_fpr,
        .is_oracle = t->is_oracle,
        .ipv6_prefix = t->labelled.ipv6_prefix};
    return (code == CTL_DONE) ? trial_output_write(&t->out, &report, t->p)
                              : code;
}

/* The command line without the names of what it writes: the same data and seed
 * give the same bytes, wherever they go. */
static const char *join_command(int argc, const char *const *argv,
                                apr_pool_t *p)
{
    static const char *const outputs[] = {"-o", "--out", "--html", "--json"};
    const char *text = "mlgatectl";

    for (int i = 0; i < argc; i++) {
        int is_output = strcmp(argv[i], "--quiet") == 0;

        for (size_t k = 0; k < sizeof(outputs) / sizeof(outputs[0]); k++) {
            size_t len = strlen(outputs[k]);

            if (strcmp(argv[i], outputs[k]) == 0) {
                is_output = 1;
                i++; /* its name */
                break;
            }
            is_output |= strncmp(argv[i], outputs[k], len) == 0 &&
                         (argv[i][len] == '=' || len == 2);
        }
        if (!is_output) {
            text = apr_pstrcat(p, text, " ", argv[i], NULL);
        }
    }
    return text;
}

int ctl_train(int argc, const char *const *argv, apr_pool_t *p)
{
    training_t *t = apr_pcalloc(p, sizeof(*t));
    args_t args;
    int code;

    t->p = p;
    t->seed = 1;
    t->cap = 60;
    t->max_fpr = 0.001;
    mlg_boost_init(&t->boost);
    labelled_init(&t->labelled, p);
    t->labelled.feed.rules.model = MLG_MODEL_WEIGHTED; /* no score is used */
    code = args_read(&args, &manual, options, take, t, argc, argv, p);
    if (code != CTL_DONE || args.is_answered) {
        return code;
    }
    t->command = join_command(argc, argv, p);
    t->out.model = t->path;
    code = trial_output_check(&t->out, &t->labelled, &args, p);
    if (code == CTL_DONE) {
        code = labelled_read(&t->labelled, args.n, args.operand);
    }
    return (code == CTL_DONE) ? run(t) : code;
}
