/* SPDX-License-Identifier: Apache-2.0
 *
 * mlgatectl eval: what is a model worth where its clients are known? */
#include "mlgatectl.h"

#include "args.h"
#include "labelled.h"
#include "mlg_report_trial.h"
#include "number.h"
#include "trial_output.h"
#include "visible.h"

#include <apr_strings.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_THRESHOLD = 256, OPT_MAX_FPR, OPT_ORACLE, OPT_JSON, OPT_HTML };

static const apr_getopt_option_t options[] = {
    {"threshold", OPT_THRESHOLD, 1,
     "a number, or auto: the lowest that suits --max-fpr on these people; "
     "without it MLGateThreshold, or fitted to each site as it shows itself"},
    {"max-fpr", OPT_MAX_FPR, 1,
     "the share of people that --threshold auto and --oracle may refuse "
     "(0.001)"},
    {"oracle", OPT_ORACLE, 0,
     "judge each site by a threshold from its own labels: what no site without "
     "labels can have"},
    LABELLED_OPTIONS,
    {"html", OPT_HTML, 1, "write the report as one page of HTML, too"},
    {"json", OPT_JSON, 1, "write the report in JSON, too"},
    ARGS_HELP,
    {NULL, 0, 0, NULL}};

static const args_manual_t manual = {
    "eval [OPTION]... --model FILE.mlg [--data DIR]... [--csv FILE]... "
    "[LOG...]",
    "Judges a model, or the weights (--model weighted), on requests whose "
    "clients are\nknown to be people or attackers. What it was trained on "
    "tells nothing.",
    "An output FILE of - is standard output, which then has no text.\n"
    "Nobody is refused while logs are read (MLGateEngine observe)."};

typedef struct eval_t {
    apr_pool_t *p;
    labelled_t labelled;
    mlg_replay_t rig; /* for its rules */
    mlg_trial_t trial;
    trial_output_t out;
    double threshold; /* NaN: not given */
    double max_fpr;
    int is_auto;
    int is_fitted; /* to each site, as a gate there would */
    int is_oracle;
} eval_t;

static int take(void *data, int option, const char *arg)
{
    eval_t *e = data;

    switch (option) {
    case OPT_THRESHOLD:
        e->is_auto = strcmp(arg, "auto") == 0;
        return e->is_auto
                   ? CTL_DONE
                   : number_real(&e->threshold, "--threshold", arg, 0.0, 1.0);
    case OPT_MAX_FPR:
        return number_real(&e->max_fpr, "--max-fpr", arg, 0.0, 0.5);
    case OPT_ORACLE:
        e->is_oracle = 1;
        return CTL_DONE;
    case OPT_HTML:
        e->out.html = arg;
        return CTL_DONE;
    case OPT_JSON:
        e->out.json = arg;
        return CTL_DONE;
    default:
        return labelled_option(&e->labelled, option, arg);
    }
}

/* The model and its threshold, as every command that replays takes them. */
static int read_model(eval_t *e)
{
    rules_t *rules = &e->labelled.feed.rules;
    int code;

    if (rules->model == NULL) {
        return ctl_complain(CTL_MISUSE, "eval needs --model FILE.mlg, or "
                                        "--model weighted for the weights");
    }
    code = rules_apply(rules, &e->rig, e->p);
    if (code == CTL_DONE && isnan(e->threshold)) {
        e->threshold = (double)e->rig.rules.threshold;
        e->is_fitted = !e->is_auto && rules_want_fit(rules);
    }
    return code;
}

static float same_for_all(void *data, const mlg_peaks_t *peaks)
{
    (void)peaks;
    return (float)*(const double *)data;
}

static int out_of_memory(const eval_t *e)
{
    return ctl_complain(CTL_FAILED, "not enough memory for %u clients",
                        e->labelled.set->clients);
}

/* One threshold for all, the lowest that suits these people. */
static int choose_threshold(eval_t *e)
{
    uint32_t n;
    float *people =
        mlg_trial_peaks(&e->trial, MLG_GROUP_PEOPLE, UINT32_MAX, 0, &n);

    if (people == NULL) {
        return out_of_memory(e);
    }
    e->threshold = (double)mlg_trial_threshold(people, n, e->max_fpr);
    free(people);
    return CTL_DONE;
}

/* @return CTL_DONE with the threshold of each site set */
static int set_thresholds(eval_t *e)
{
    const rules_t *rules = &e->labelled.feed.rules;
    apr_status_t rv;
    int code = e->is_auto ? choose_threshold(e) : CTL_DONE;

    if (code != CTL_DONE) {
        return code;
    }
    e->trial.is_fitted = e->is_fitted;
    rv = e->is_fitted
             ? mlg_trial_fit(&e->trial, (float)e->threshold, rules->slope)
             : mlg_trial_calibrate(&e->trial, same_for_all, &e->threshold);
    return (rv == APR_SUCCESS) ? CTL_DONE : out_of_memory(e);
}

static int judge(eval_t *e)
{
    const mlg_dataset_t *set = e->labelled.set;
    mlg_trial_t *trial = &e->trial;
    int code;

    mlg_trial_init(trial, set, e->p);
    trial->rules.min_requests = e->rig.rules.min_requests;
    for (uint32_t i = 0; i < set->sites; i++) {
        trial->judge[i].forest = e->rig.rules.forest;
        trial->judge[i].weighted = e->rig.rules.model;
    }
    mlg_trial_score(trial);
    code = set_thresholds(e);
    if (code != CTL_DONE) {
        return code;
    }
    mlg_trial_decide(trial);
    if (e->is_oracle) {
        trial_oracle(trial, &e->max_fpr);
    }
    return CTL_DONE;
}

/* What each answer moves the expected margin, squared, over the training
 * data: what `mlgatectl inspect --importance` shows. */
static const double *gain_of(eval_t *e)
{
    const mlg_bundle_t *bundle = &e->labelled.feed.rules.file.bundle;
    double *gain = apr_pcalloc(e->p, sizeof(*gain) * MLG_NFEATURES);
    mlg_node_t *node;

    if (e->rig.rules.forest == NULL) {
        return NULL;
    }
    node = apr_palloc(e->p, sizeof(*node) * MLG_TREE_NODES(bundle->depth));
    for (uint32_t t = 0; t < bundle->ntrees; t++) {
        mlg_bundle_tree(bundle, t, node);
        for (uint32_t i = 0; i < MLG_TREE_SPLITS(bundle->depth); i++) {
            const mlg_node_t *left = &node[2 * i + 1];
            const mlg_node_t *right = &node[2 * i + 2];
            double apart = (double)left->value - (double)right->value;
            double cover = (double)left->cover + (double)right->cover;

            if (node[i].feature < MLG_NFEATURES && cover > 0.0) {
                gain[node[i].feature] += (double)left->cover *
                                         (double)right->cover / cover * apart *
                                         apart;
            }
        }
    }
    return gain;
}

static const char *name_of(const eval_t *e)
{
    const mlg_forest_t *forest = e->rig.rules.forest;
    char id[MLG_DECISION_ID_TEXT];

    if (forest == NULL) {
        return "weighted";
    }
    return apr_psprintf(e->p, "%s, %s, %u trees of depth %u",
                        mlg_report_id(id, forest->id),
                        visible_string(e->labelled.feed.rules.model, 200, e->p),
                        forest->ntrees, forest->depth);
}

static int run(eval_t *e, const args_t *args)
{
    mlg_trial_report_t report;
    int code = labelled_read(&e->labelled, args->n, args->operand);

    code = (code == CTL_DONE) ? judge(e) : code;
    report = (mlg_trial_report_t){.model = name_of(e),
                                  .trial = &e->trial,
                                  .gain = gain_of(e),
                                  .threshold = (float)e->threshold,
                                  .max_fpr = e->is_auto ? e->max_fpr : NAN,
                                  .is_oracle = e->is_oracle,
                                  .ipv6_prefix = e->labelled.ipv6_prefix};
    return (code == CTL_DONE) ? trial_output_write(&e->out, &report, e->p)
                              : code;
}

int ctl_eval(int argc, const char *const *argv, apr_pool_t *p)
{
    eval_t *e = apr_pcalloc(p, sizeof(*e));
    args_t args;
    int code;

    e->p = p;
    e->threshold = NAN;
    e->max_fpr = 0.001;
    labelled_init(&e->labelled, p);
    code = args_read(&args, &manual, options, take, e, argc, argv, p);
    if (code != CTL_DONE || args.is_answered) {
        return code;
    }
    code = trial_output_check(&e->out, &e->labelled, &args, p);
    code = (code == CTL_DONE) ? read_model(e) : code;
    return (code == CTL_DONE) ? run(e, &args) : code;
}
