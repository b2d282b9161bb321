/* SPDX-License-Identifier: Apache-2.0
 *
 * Directives. The scalar ones are loops over one table; the four that are
 * lists have a setter each.
 */
#include "mlgate.h"

#include "mlg_duration.h"
#include "mlg_report.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <math.h>

APLOG_USE_MODULE(mlgate);

typedef enum setting_kind { ENGINE, COUNT, RATIO, DURATION } setting_kind;
typedef enum setting_scope { GLOBAL, SECTION } setting_scope;

typedef struct setting_t {
    const char *name;
    const char *help;
    size_t offset;
    setting_scope scope;
    setting_kind kind;
    apr_int64_t dflt;
    apr_int64_t min;
    apr_int64_t max;
} setting_t;

static const setting_t settings[] = {
#define X(name, field, scope, kind, dflt, min, max, help)                      \
    {#name, help, offsetof(mlgate_conf_t, field), scope, kind, dflt, min, max},
    MLGATE_SETTINGS(X)
#undef X
};
#define NSETTINGS (sizeof(settings) / sizeof(settings[0]))

enum setting_index {
#define X(name, field, scope, kind, dflt, min, max, help) SETTING_##field,
    MLGATE_SETTINGS(X)
#undef X
};

static apr_int64_t *value_in(void *conf, const setting_t *setting)
{
    return (apr_int64_t *)((char *)conf + setting->offset);
}

static apr_uint64_t bit(size_t i)
{
    return APR_UINT64_C(1) << i;
}

static mlgate_conf_t *conf_create(apr_pool_t *p)
{
    mlgate_conf_t *conf = apr_pcalloc(p, sizeof(*conf));

    for (size_t i = 0; i < NSETTINGS; i++) {
        *value_in(conf, &settings[i]) = settings[i].dflt;
    }
    return conf;
}

void *mlgate_conf_create_dir(apr_pool_t *p, char *dir)
{
    (void)dir;
    return conf_create(p);
}

void *mlgate_conf_create_server(apr_pool_t *p, server_rec *s)
{
    (void)s;
    return conf_create(p);
}

/* Both allow-lists together. */
static mlg_cidrs_t *merge_allow(apr_pool_t *p, const mlg_cidrs_t *base,
                                const mlg_cidrs_t *add)
{
    mlg_cidrs_t *both = apr_palloc(p, sizeof(*both));

    both->n = base->n + add->n;
    both->prefix = apr_palloc(p, both->n * sizeof(both->prefix[0]));
    memcpy(both->prefix, base->prefix, base->n * sizeof(base->prefix[0]));
    memcpy(both->prefix + base->n, add->prefix,
           add->n * sizeof(add->prefix[0]));
    mlg_cidrs_settle(both);
    return both;
}

/* The nearer section's weights over the outer one's. */
static mlg_weighted_t *merge_model(apr_pool_t *p, const mlgate_conf_t *base,
                                   const mlgate_conf_t *add)
{
    mlg_weighted_t *model = apr_pmemdup(p, base->model, sizeof(*model));

    for (int i = 0; i < MLG_NFEATURES; i++) {
        if ((add->weights_given & bit((size_t)i)) != 0) {
            mlg_weighted_set(model, (unsigned)i,
                             mlg_weighted_ramp(add->model, (unsigned)i));
        }
    }
    return model;
}

void *mlgate_conf_merge(apr_pool_t *p, void *base_conf, void *add_conf)
{
    mlgate_conf_t *base = base_conf;
    mlgate_conf_t *add = add_conf;
    mlgate_conf_t *conf = apr_pmemdup(p, add, sizeof(*conf));

    for (size_t i = 0; i < NSETTINGS; i++) {
        if ((add->given & bit(i)) == 0) {
            *value_in(conf, &settings[i]) = *value_in(base, &settings[i]);
        }
    }
    if (add->model == NULL) {
        conf->model = base->model;
    }
    else if (base->model != NULL) {
        conf->model = merge_model(p, base, add);
    }
    conf->given = base->given | add->given;
    conf->weights_given = base->weights_given | add->weights_given;
    if (add->allow == NULL) {
        conf->allow = base->allow;
    }
    else if (base->allow != NULL) {
        conf->allow = merge_allow(p, base->allow, add->allow);
    }
    if (add->exempt == NULL) {
        conf->exempt = base->exempt;
    }
    else if (base->exempt != NULL) {
        conf->exempt = apr_array_append(p, base->exempt, add->exempt);
    }
    if (add->event_log == NULL) {
        conf->event_log = base->event_log;
    }
    return conf;
}

const mlgate_conf_t *mlgate_conf_of(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &mlgate_module);
}

const mlgate_conf_t *mlgate_conf_of_server(const server_rec *s)
{
    return ap_get_module_config(s->lookup_defaults, &mlgate_module);
}

const mlgate_conf_t *mlgate_conf_global(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &mlgate_module);
}

/* The default cap gives way to a longer MLGateBlockFor; a given one must not
 * be shorter, see mlgate_conf_check(). */
static apr_int64_t longest_block(const mlgate_conf_t *conf)
{
    int is_given = (conf->given & bit(SETTING_block_max_us)) != 0;

    return (is_given || conf->block_max_us > conf->block_for_us)
               ? conf->block_max_us
               : conf->block_for_us;
}

void mlgate_rules(mlg_rules_t *rules, const mlgate_conf_t *conf)
{
    rules->model = (conf->model != NULL) ? conf->model : &mlg_weighted_default;
    rules->allow = conf->allow;
    rules->engine = (mlg_engine)conf->engine;
    rules->threshold = (float)((double)conf->threshold / 1e6);
    rules->min_requests = (uint32_t)conf->min_requests;
    rules->block_for_us = conf->block_for_us;
    rules->block_max_us = longest_block(conf);
}

const char *mlgate_conf_check(const mlgate_conf_t *conf, const char *where,
                              apr_pool_t *ptemp)
{
    if ((conf->given & bit(SETTING_block_max_us)) != 0 &&
        conf->block_max_us < conf->block_for_us) {
        return apr_psprintf(
            ptemp,
            "MLGateBlockMax (%" APR_INT64_T_FMT
            " s) is shorter than MLGateBlockFor (%" APR_INT64_T_FMT
            " s) in %s; raise the one or lower the other",
            (apr_int64_t)apr_time_sec(conf->block_max_us),
            (apr_int64_t)apr_time_sec(conf->block_for_us), where);
    }
    return NULL;
}

/* ---- setters ------------------------------------------------------------ */

static int parse_engine(apr_int64_t *out, const char *arg)
{
    for (int engine = MLG_ENGINE_OFF; engine <= MLG_ENGINE_ENFORCE; engine++) {
        if (ap_cstr_casecmp(arg, mlg_engine_name((mlg_engine)engine)) == 0) {
            *out = engine;
            return 1;
        }
    }
    return 0;
}

static int parse_count(apr_int64_t *out, const char *arg)
{
    char *end = NULL;

    *out = apr_strtoi64(arg, &end, 10);
    return apr_isdigit(*arg) && *end == '\0' && errno == 0;
}

static int parse_float(double *out, const char *arg)
{
    char *end = NULL;

    *out = strtod(arg, &end);
    return end != arg && *end == '\0' && isfinite(*out) &&
           strspn(arg, "+-.0123456789eE") == strlen(arg);
}

static int parse_ratio(apr_int64_t *out, const char *arg)
{
    double ratio = 0.0;

    if (!parse_float(&ratio, arg) || fabs(ratio) > 1000.0) {
        return 0;
    }
    *out = llround(ratio * 1e6);
    return 1;
}

static int parse_value(apr_int64_t *out, const setting_t *setting,
                       const char *arg)
{
    switch (setting->kind) {
    case ENGINE:
        return parse_engine(out, arg);
    case COUNT:
        errno = 0;
        return parse_count(out, arg);
    case RATIO:
        return parse_ratio(out, arg);
    case DURATION:
        return mlg_duration_parse(out, arg) == APR_SUCCESS;
    }
    return 0;
}

/* httpd turns a status it does not know into 500. */
static int can_be_sent(apr_int64_t status)
{
    return status == HTTP_INTERNAL_SERVER_ERROR ||
           ap_index_of_response((int)status) !=
               ap_index_of_response(HTTP_INTERNAL_SERVER_ERROR);
}

static const char *set_value(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    const setting_t *setting = cmd->info;
    apr_int64_t value = 0;
    mlgate_conf_t *conf = dir_conf;

    if (setting->scope == GLOBAL) {
        const char *err = ap_check_cmd_context(cmd, GLOBAL_ONLY);

        if (err != NULL) {
            return err;
        }
        conf = ap_get_module_config(cmd->server->module_config, &mlgate_module);
    }
    if (!parse_value(&value, setting, arg)) {
        return apr_psprintf(cmd->pool, "'%s' is not a value for %s. %s", arg,
                            cmd->cmd->name, setting->help);
    }
    if (value < setting->min || value > setting->max) {
        return apr_psprintf(cmd->pool, "'%s' is out of range for %s. %s", arg,
                            cmd->cmd->name, setting->help);
    }
    if (setting == &settings[SETTING_refuse_status] && !can_be_sent(value)) {
        return apr_psprintf(cmd->pool,
                            "'%s' is no status that httpd can send. %s", arg,
                            setting->help);
    }
    *value_in(conf, setting) = value;
    conf->given |= bit((size_t)(setting - settings));
    return NULL;
}

static const char *feature_names(apr_pool_t *p)
{
    const char *names = mlg_features[0].name;

    for (int i = 1; i < MLG_NFEATURES; i++) {
        names = apr_pstrcat(p, names, " ", mlg_features[i].name, NULL);
    }
    return names;
}

static const char *set_weight(cmd_parms *cmd, void *dir_conf, int argc,
                              char *const argv[])
{
    mlgate_conf_t *conf = dir_conf;
    double number[3];
    mlg_feature_id feature;
    mlg_ramp_t ramp;

    if (argc != 4) {
        return apr_psprintf(cmd->pool, "%s takes four arguments. %s",
                            cmd->cmd->name, cmd->cmd->errmsg);
    }
    feature = mlg_feature_find(argv[0]);
    if (feature == MLG_NFEATURES) {
        return apr_psprintf(cmd->pool,
                            "'%s' is not the name of a feature. They are: %s",
                            argv[0], feature_names(cmd->temp_pool));
    }
    for (int i = 0; i < 3; i++) {
        if (!parse_float(&number[i], argv[1 + i])) {
            return apr_psprintf(cmd->pool, "'%s' is not a number. %s",
                                argv[1 + i], cmd->cmd->errmsg);
        }
    }
    ramp.lo = (float)number[0];
    ramp.hi = (float)number[1];
    ramp.weight = (float)number[2];
    if (mlg_ramp_check(&ramp) != APR_SUCCESS) {
        return apr_psprintf(cmd->pool,
                            "'%s %s %s' is no ramp: lo and hi must differ and "
                            "the weight lie between -1 and 1. %s",
                            argv[1], argv[2], argv[3], cmd->cmd->errmsg);
    }
    if (conf->model == NULL) {
        conf->model =
            apr_pmemdup(cmd->pool, &mlg_weighted_default, sizeof(*conf->model));
    }
    mlg_weighted_set(conf->model, feature, ramp);
    conf->weights_given |= bit(feature);
    return NULL;
}

/* A growing list of prefixes while one directive is read. */
static const char *add_prefix(apr_array_header_t *list, apr_pool_t *p,
                              const char *text)
{
    mlg_prefix_t prefix;
    apr_status_t rv = mlg_prefix_parse(&prefix, text);

    if (rv != APR_SUCCESS) {
        return apr_psprintf(p, "'%s': %s", text, mlg_error_text(rv));
    }
    APR_ARRAY_PUSH(list, mlg_prefix_t) = prefix;
    return NULL;
}

/* One address or CIDR a line; "#" begins a comment. */
static const char *add_prefixes_of(apr_array_header_t *list, cmd_parms *cmd,
                                   const char *path)
{
    const char *file = ap_server_root_relative(cmd->temp_pool, path);
    ap_configfile_t *in = NULL;
    const char *err = NULL;
    char line[1024];
    apr_status_t rv;

    rv = (file != NULL) ? ap_pcfg_openfile(&in, cmd->temp_pool, file)
                        : APR_EBADPATH;
    if (rv != APR_SUCCESS) {
        return apr_psprintf(cmd->pool,
                            "cannot read '%s': %pm; name a readable file or "
                            "take the line out",
                            path, &rv);
    }
    while (err == NULL &&
           (rv = ap_cfg_getline(line, sizeof(line), in)) == APR_SUCCESS) {
        line[strcspn(line, "# \t")] = '\0';
        if (line[0] != '\0') {
            err = add_prefix(list, cmd->pool, line);
        }
    }
    if (err == NULL && rv != APR_EOF) {
        err = apr_psprintf(cmd->pool, "%pm", &rv);
    }
    if (err != NULL) {
        err = apr_psprintf(cmd->pool, "%s line %u: %s", file, in->line_number,
                           err);
    }
    ap_cfg_closefile(in);
    return err;
}

static const char *set_allow(cmd_parms *cmd, void *dir_conf, int argc,
                             char *const argv[])
{
    mlgate_conf_t *conf = dir_conf;
    apr_array_header_t *list =
        apr_array_make(cmd->pool, 16, sizeof(mlg_prefix_t));
    const char *err = (argc > 0) ? NULL : cmd->cmd->errmsg;
    mlg_cidrs_t *added;

    for (int i = 0; i < argc && err == NULL; i++) {
        err = (strncmp(argv[i], "file:", 5) == 0)
                  ? add_prefixes_of(list, cmd, argv[i] + 5)
                  : add_prefix(list, cmd->pool, argv[i]);
    }
    if (err != NULL) {
        return apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, err);
    }
    added = apr_palloc(cmd->pool, sizeof(*added));
    added->prefix = (mlg_prefix_t *)list->elts;
    added->n = (size_t)list->nelts;
    mlg_cidrs_settle(added);
    conf->allow = (conf->allow != NULL)
                      ? merge_allow(cmd->pool, conf->allow, added)
                      : added;
    return NULL;
}

static const char *set_exempt(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    mlgate_conf_t *conf = dir_conf;
    const char *err = NULL;
    ap_expr_info_t *expr =
        ap_expr_parse_cmd(cmd, arg, AP_EXPR_FLAG_DONT_VARY, &err, NULL);

    if (err != NULL) {
        return apr_psprintf(cmd->pool, "'%s' is not an expression: %s. %s", arg,
                            err, cmd->cmd->errmsg);
    }
    if (conf->exempt == NULL) {
        conf->exempt =
            apr_array_make(cmd->pool, 2, sizeof(const ap_expr_info_t *));
    }
    APR_ARRAY_PUSH(conf->exempt, const ap_expr_info_t *) = expr;
    return NULL;
}

static const char *set_event_log(cmd_parms *cmd, void *dir_conf,
                                 const char *arg)
{
    const char *err = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    mlgate_conf_t *conf =
        ap_get_module_config(cmd->server->module_config, &mlgate_module);

    (void)dir_conf;
    if (err != NULL) {
        return err;
    }
    conf->event_log =
        (arg[0] == '|') ? arg : ap_server_root_relative(cmd->pool, arg);
    if (conf->event_log == NULL || arg[0] == '\0' || strcmp(arg, "|") == 0) {
        return apr_psprintf(cmd->pool, "'%s' is not a file or a pipe. %s", arg,
                            cmd->cmd->errmsg);
    }
    return NULL;
}

#define SCOPE_GLOBAL  RSRC_CONF
#define SCOPE_SECTION (RSRC_CONF | ACCESS_CONF)

/* clang-format off */
const command_rec mlgate_commands[] = {
#define X(name, field, scope, kind, dflt, min, max, help)                      \
    AP_INIT_TAKE1(#name, set_value, (void *)&settings[SETTING_##field],        \
                  SCOPE_##scope, help),
    MLGATE_SETTINGS(X)
#undef X
    AP_INIT_TAKE_ARGV("MLGateWeight", set_weight, NULL, RSRC_CONF,
        "NAME lo hi weight: a feature adds nothing to the score at lo, its whole weight (-1 to 1) at hi, a share in between. May be repeated."),
    AP_INIT_TAKE_ARGV("MLGateAllow", set_allow, NULL, RSRC_CONF,
        "Clients that are never judged or refused: addresses, CIDR prefixes, file:PATH with one a line. May be repeated."),
    AP_INIT_TAKE1("MLGateExempt", set_exempt, NULL, SCOPE_SECTION,
        "An expression (ap_expr); requests for which it is true are not judged. May be repeated."),
    AP_INIT_TAKE1("MLGateEventLog", set_event_log, NULL, RSRC_CONF,
        "A file or a \"|program\" that gets one JSON object a line for each block, unblock and end of a block."),
    {0}
};
/* clang-format on */
