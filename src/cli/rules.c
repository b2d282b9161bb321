/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include "mlg_config.h"
#include "mlg_threshold.h"
#include "mlgatectl.h"
#include "visible.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENTENCE_MAX 2000

void rules_init(rules_t *rules, apr_pool_t *p)
{
    memset(rules, 0, sizeof(*rules));
    rules->p = p;
    rules->sets = apr_array_make(p, 4, sizeof(const char *));
}

static int take_config(rules_t *rules, const char *path)
{
    if (rules->config != NULL) {
        return ctl_complain(CTL_MISUSE, "--config is given twice; let one file "
                                        "Include the other");
    }
    rules->config = path;
    return CTL_DONE;
}

int rules_option(rules_t *rules, int option, const char *arg)
{
    switch (option) {
    case RULES_CONFIG:
        return take_config(rules, arg);
    case RULES_HOST:
        rules->host = arg;
        return CTL_DONE;
    case RULES_PROFILE:
        rules->profile = arg;
        return CTL_DONE;
    case RULES_MODEL:
        rules->model = arg;
        return CTL_DONE;
    default:
        rules_set(rules, arg);
        return CTL_DONE;
    }
}

void rules_set(rules_t *rules, const char *directive)
{
    APR_ARRAY_PUSH(rules->sets, const char *) = directive;
}

static int read_config(const rules_t *rules, mlg_config_t *config)
{
    apr_pool_t *p = rules->p;

    if (rules->config == NULL) {
        return (rules->host == NULL)
                   ? CTL_DONE
                   : ctl_complain(CTL_MISUSE,
                                  "--host names a virtual host of --config, "
                                  "which is not given");
    }
    if (mlg_config_read(config, rules->config, rules->host) != APR_SUCCESS) {
        return ctl_complain(CTL_MISUSE, "%s",
                            visible_string(config->why, SENTENCE_MAX, p));
    }
    for (int i = 0; i < config->notes->nelts && !rules->is_quiet; i++) {
        ctl_complain(
            CTL_DONE, "note: %s",
            visible_string(APR_ARRAY_IDX(config->notes, i, const char *),
                           SENTENCE_MAX, p));
    }
    return CTL_DONE;
}

/* Whatever the engine of the configuration is: a replay asks whom it would
 * refuse. */
static int read_sets(const rules_t *rules, mlg_config_t *config)
{
    mlg_why_t why;

    config->settings.engine = MLG_ENGINE_ENFORCE;
    config->settings.swarm = MLG_SWARM_REFUSE;
    for (int i = 0; i < rules->sets->nelts; i++) {
        const char *directive = APR_ARRAY_IDX(rules->sets, i, const char *);

        if (mlg_config_set(config, directive) != APR_SUCCESS) {
            return ctl_complain(
                CTL_MISUSE, "--set %s",
                visible_string(config->why, SENTENCE_MAX, rules->p));
        }
    }
    if (config->settings.engine == MLG_ENGINE_OFF) {
        return ctl_complain(CTL_MISUSE, "--set MLGateEngine off judges nobody; "
                                        "say observe or enforce");
    }
    if (mlg_settings_check(&config->settings, "these rules", &why) !=
        APR_SUCCESS) {
        return ctl_complain(CTL_MISUSE, "%s", why.text);
    }
    return CTL_DONE;
}

/* Who names the model, and which: the nearest that does; NULL: nobody, so it is
 * the one that this program came with. */
static const char *name_model(const rules_t *rules, const mlg_config_t *config,
                              const char **model)
{
    const char *named = getenv("MLGATE_MODEL");

    if (rules->model != NULL) {
        *model = rules->model;
        return "--model";
    }
    if (config->model != NULL) {
        *model = config->model;
        return "MLGateModel";
    }
    if (named != NULL && named[0] != '\0') {
        *model = named;
        return "MLGATE_MODEL";
    }
    *model = mlg_model_file_default();
    return NULL;
}

/* The model's own threshold, unless someone gave one. */
static int read_model(rules_t *rules, const mlg_config_t *config)
{
    const char *model;
    const char *who = name_model(rules, config, &model);
    const char *why;
    apr_status_t rv;

    rules->recommended =
        (float)((double)mlg_directives[MLG_SET_threshold].dflt / 1e6);
    rules->slope = 1.0;
    if (!mlg_model_file_is_named(model)) {
        return CTL_DONE;
    }
    rv = mlg_model_file_read(&rules->file, model, &why, rules->p);
    if (who == NULL && APR_STATUS_IS_ENOENT(rv)) {
        if (!rules->is_quiet) {
            ctl_complain(CTL_DONE,
                         "note: the model that this program came with is not "
                         "installed as %s: the weights judge; --model names "
                         "another, conf/mlgate.mlg in the source tree",
                         visible_string(model, SENTENCE_MAX, rules->p));
        }
        return CTL_DONE;
    }
    if (rv != APR_SUCCESS) {
        who = (who != NULL) ? who : "the model that this program came with,";
        return ctl_complain(CTL_MISUSE, "%s %s: %s", who,
                            visible_string(model, SENTENCE_MAX, rules->p), why);
    }
    rules->recommended = rules->file.bundle.threshold;
    rules->slope = rules->file.bundle.slope;
    return CTL_DONE;
}

/* By these rules and no threshold yet. */
static void fill_rules(const rules_t *rules, mlg_rules_t *to)
{
    mlg_settings_rules(to, &rules->settings);
    to->model = &rules->weights.model;
    to->forest = rules->file.forest;
    to->allow = &rules->allow;
}

static int read_profile(rules_t *rules)
{
    mlg_rules_t to;
    const char *name = visible_string(rules->profile, SENTENCE_MAX, rules->p);
    const char *why;

    if (rules->profile == NULL) {
        return CTL_DONE;
    }
    if (mlg_profile_file_read(&rules->site, rules->profile, &why, rules->p) !=
        APR_SUCCESS) {
        return ctl_complain(CTL_MISUSE, "the profile %s: %s", name, why);
    }
    fill_rules(rules, &to);
    if (rules->site->model != mlg_rules_scorer(&to)) {
        return ctl_complain(CTL_MISUSE,
                            "the profile %s was made for another model; "
                            "calibrate anew with this one",
                            name);
    }
    return CTL_DONE;
}

static int is_auto(const rules_t *rules)
{
    return mlg_settings_is_auto(&rules->settings, rules->file.forest != NULL ||
                                                      rules->site != NULL);
}

int rules_want_fit(const rules_t *rules)
{
    return is_auto(rules) && rules->site == NULL;
}

/* As it was given, else the site's, else what was fitted to the logs, else the
 * model's own; of observations what was in force, unless it is asked what
 * --profile or --model would do. */
static void choose_threshold(rules_t *rules, mlg_replay_t *replay)
{
    mlg_origin_t *origin = &rules->origin;
    float *threshold = &replay->rules.threshold;

    if (!is_auto(rules)) {
        origin->kind = MLG_ORIGIN_GIVEN;
        return;
    }
    replay->is_auto = !rules->is_asked;
    if (rules->site != NULL) {
        origin->kind = MLG_ORIGIN_PROFILE;
        *threshold = rules->site->threshold;
        return;
    }
    if (origin->kind == MLG_ORIGIN_LOGS) {
        *threshold = origin->threshold;
        return;
    }
    if (origin->kind == MLG_ORIGIN_FLOOR || origin->kind == MLG_ORIGIN_STREAM) {
        *threshold = MLG_THRESHOLD_NONE;
        return;
    }
    origin->kind = MLG_ORIGIN_MODEL;
    *threshold = rules->recommended;
}

int rules_read(rules_t *rules)
{
    mlg_config_t config;
    int code;

    if (rules->is_read) {
        return CTL_DONE;
    }
    rules->is_asked = rules->profile != NULL || rules->model != NULL;
    mlg_config_init(&config, rules->p);
    code = read_config(rules, &config);
    if (code == CTL_DONE) {
        code = read_sets(rules, &config);
    }
    if (code != CTL_DONE) {
        return code;
    }
    rules->settings = config.settings;
    rules->profile = (rules->profile != NULL) ? rules->profile : config.profile;
    rules->weights = config.weights;
    rules->allow.prefix = (mlg_prefix_t *)(void *)config.allow->elts;
    rules->allow.n = (size_t)config.allow->nelts;
    mlg_cidrs_settle(&rules->allow);
    code = read_model(rules, &config);
    if (code == CTL_DONE) {
        code = read_profile(rules);
    }
    rules->is_read = code == CTL_DONE;
    return code;
}

int rules_apply(rules_t *rules, mlg_replay_t *replay, apr_pool_t *p)
{
    int code = rules_read(rules);

    if (code != CTL_DONE) {
        return code;
    }
    if (mlg_replay_init(replay, (uint32_t)rules->settings.table_size, p) !=
        APR_SUCCESS) {
        return ctl_complain(CTL_FAILED, "not enough memory for %ld clients",
                            (long)rules->settings.table_size);
    }
    fill_rules(rules, &replay->rules);
    replay->ipv6_prefix = (unsigned)rules->settings.ipv6_prefix;
    replay->refuse_status = (uint32_t)rules->settings.refuse_status;
    choose_threshold(rules, replay);
    if (!rules->wants_swarms) {
        replay->rules.swarm.mode = MLG_SWARM_OFF;
    }
    return CTL_DONE;
}
