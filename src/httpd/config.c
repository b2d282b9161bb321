/* SPDX-License-Identifier: Apache-2.0
 *
 * The directives of mlg_settings.h, as httpd's commands.
 */
#include "mlgate.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_main.h>
#include <http_protocol.h>

APLOG_USE_MODULE(mlgate);

static mlgate_conf_t *conf_create(apr_pool_t *p)
{
    mlgate_conf_t *conf = apr_pcalloc(p, sizeof(*conf));

    mlg_settings_init(&conf->set);
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
static mlg_weights_t *merge_weights(apr_pool_t *p, const mlg_weights_t *base,
                                    const mlg_weights_t *add)
{
    mlg_weights_t *both = apr_palloc(p, sizeof(*both));

    mlg_weights_merge(both, base, add);
    return both;
}

void *mlgate_conf_merge(apr_pool_t *p, void *base_conf, void *add_conf)
{
    mlgate_conf_t *base = base_conf;
    mlgate_conf_t *add = add_conf;
    mlgate_conf_t *conf = apr_pmemdup(p, add, sizeof(*conf));

    mlg_settings_merge(&conf->set, &base->set, &add->set);
    if (add->weights == NULL) {
        conf->weights = base->weights;
    }
    else if (base->weights != NULL) {
        conf->weights = merge_weights(p, base->weights, add->weights);
    }
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
    if (add->model == NULL) {
        conf->model = base->model;
    }
    if (add->shadow_model == NULL) {
        conf->shadow_model = base->shadow_model;
    }
    if (add->event_log == NULL) {
        conf->event_log = base->event_log;
    }
    if (add->profile == NULL) {
        conf->profile = base->profile;
    }
    if (add->state_file == NULL) {
        conf->state_file = base->state_file;
    }
    if (add->observation_log == NULL) {
        conf->observation_log = base->observation_log;
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

static const mlg_weighted_t *weights_of(const mlgate_conf_t *conf)
{
    return (conf->weights != NULL) ? &conf->weights->model
                                   : &mlg_weighted_default;
}

int mlgate_is_auto(const mlgate_conf_t *conf)
{
    return mlg_settings_is_auto(&conf->set, mlgate_models_judge_is_file() ||
                                                mlgate_site_has_profile());
}

float mlgate_own_threshold(const mlg_model_file_t *model)
{
    return (model != NULL)
               ? model->bundle.threshold
               : (float)((double)mlg_directives[MLG_SET_threshold].dflt / 1e6);
}

/* A shadow goes by its own threshold, for MLGateThreshold is the judge's. Where
 * that is fitted to the site, the shadow's is too, or the two would not be
 * compared alike: there is none before there is one for the judge. */
static void add_shadow(mlgate_rules_t *held, const mlgate_conf_t *conf)
{
    const mlg_model_file_t *second = held->second;
    float own = mlgate_own_threshold(second);

    held->shadow.model = weights_of(conf);
    held->shadow.forest = (second != NULL) ? second->forest : NULL;
    held->shadow.threshold =
        !mlgate_is_auto(conf) ? own
        : (held->rules.threshold > 1.0f)
            ? MLG_THRESHOLD_NONE
            : mlg_site_shadow_threshold(mlgate.gate.site, own);
    held->rules.shadow = &held->shadow;
}

/* Is the site's threshold one of these scores? Not of a model that is just
 * being taken up, and not of a virtual host's own weights. */
static int is_sites_scorer(const mlg_rules_t *rules)
{
    return (rules->forest != NULL)
               ? rules->forest->id == mlgate.gate.site->scorer
               : rules->model ==
                     weights_of(mlgate_conf_of_server(ap_server_conf));
}

void mlgate_rules(mlgate_rules_t *held, const mlgate_conf_t *conf)
{
    mlg_rules_t *rules = &held->rules;

    mlg_settings_rules(rules, &conf->set);
    mlg_settings_swarms(&rules->swarm,
                        &mlgate_conf_global(ap_server_conf)->set);
    rules->swarm.is_busy =
        mlgate.is_serving &&
        __atomic_load_n(&mlgate.gate.swarms->is_busy, __ATOMIC_RELAXED) != 0;
    rules->model = weights_of(conf);
    rules->allow = conf->allow;
    mlgate_models_take(held);
    if (held->judge != NULL) {
        rules->forest = held->judge->forest;
    }
    if (mlgate_is_auto(conf)) {
        rules->threshold = (mlgate.is_serving && is_sites_scorer(rules))
                               ? mlg_site_threshold(mlgate.gate.site)
                               : MLG_THRESHOLD_NONE;
    }
    if (held->has_shadow) {
        add_shadow(held, conf);
    }
}

const char *mlgate_conf_check(const mlgate_conf_t *conf, const char *where,
                              apr_pool_t *ptemp)
{
    mlg_why_t why;

    return (mlg_settings_check(&conf->set, where, &why) == APR_SUCCESS)
               ? NULL
               : apr_pstrdup(ptemp, why.text);
}

/* ---- setters ------------------------------------------------------------ */

/* httpd turns a status it does not know into 500. */
static int can_be_sent(apr_int64_t status)
{
    return status == HTTP_INTERNAL_SERVER_ERROR ||
           ap_index_of_response((int)status) !=
               ap_index_of_response(HTTP_INTERNAL_SERVER_ERROR);
}

/* The main server's own, for a GLOBAL directive.
 * @return a sentence when it stands elsewhere */
static const char *find_global(mlgate_conf_t **conf, cmd_parms *cmd)
{
    *conf = ap_get_module_config(cmd->server->module_config, &mlgate_module);
    return ap_check_cmd_context(cmd, GLOBAL_ONLY);
}

static const char *set_value(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    const mlg_directive_t *directive = cmd->info;
    mlg_directive_id id = (mlg_directive_id)(directive - mlg_directives);
    mlgate_conf_t *conf = dir_conf;
    mlg_why_t why;

    if (directive->scope == MLG_SCOPE_GLOBAL) {
        const char *err = find_global(&conf, cmd);

        if (err != NULL) {
            return err;
        }
    }
    if (mlg_settings_read(&conf->set, id, arg, &why) != APR_SUCCESS) {
        return apr_pstrdup(cmd->pool, why.text);
    }
    if (id == MLG_SET_refuse_status && !can_be_sent(conf->set.refuse_status)) {
        return apr_psprintf(cmd->pool,
                            "'%s' is no status that httpd can send. %s", arg,
                            directive->help);
    }
    return NULL;
}

static const char *set_weight(cmd_parms *cmd, void *dir_conf, int argc,
                              char *const argv[])
{
    mlgate_conf_t *conf = dir_conf;
    mlg_why_t why;

    if (conf->weights == NULL) {
        conf->weights = apr_palloc(cmd->pool, sizeof(*conf->weights));
        mlg_weights_init(conf->weights);
    }
    return (mlg_weights_read(conf->weights, argc, (const char *const *)argv,
                             &why) == APR_SUCCESS)
               ? NULL
               : apr_pstrdup(cmd->pool, why.text);
}

/* A growing list of prefixes while one directive is read. */
static const char *add_prefix(apr_array_header_t *list, apr_pool_t *p,
                              const char *text)
{
    mlg_prefix_t prefix;
    mlg_why_t why;

    if (mlg_allow_read(&prefix, text, &why) != APR_SUCCESS) {
        return apr_pstrdup(p, why.text);
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
        if (mlg_allow_cut(line)) {
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

/* Takes the raw line, because httpd leaves out what stands behind the 64th
 * word and says nothing. */
static const char *set_allow(cmd_parms *cmd, void *dir_conf, const char *args)
{
    mlgate_conf_t *conf = dir_conf;
    apr_array_header_t *list =
        apr_array_make(cmd->pool, 16, sizeof(mlg_prefix_t));
    const char *err = (*args != '\0') ? NULL : cmd->cmd->errmsg;
    mlg_cidrs_t *added;

    while (*args != '\0' && err == NULL) {
        const char *word = ap_getword_conf(cmd->temp_pool, &args);

        err = (strncmp(word, "file:", 5) == 0)
                  ? add_prefixes_of(list, cmd, word + 5)
                  : add_prefix(list, cmd->pool, word);
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

/* @param cmd  its info is the offset of a path in mlgate_conf_t */
static const char *set_path(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    mlgate_conf_t *conf = NULL;
    const char *err = find_global(&conf, cmd);
    const char *path =
        (arg[0] == '|') ? arg : ap_server_root_relative(cmd->pool, arg);

    (void)dir_conf;
    if (err != NULL) {
        return err;
    }
    if (path == NULL || arg[0] == '\0' || strcmp(arg, "|") == 0) {
        return apr_psprintf(cmd->pool, "'%s' is not a file or a pipe. %s", arg,
                            cmd->cmd->errmsg);
    }
    *(const char **)((char *)conf + (size_t)cmd->info) = path;
    return NULL;
}

static const char *set_profile(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    return (arg[0] != '|') ? set_path(cmd, dir_conf, arg)
                           : apr_psprintf(cmd->pool, "'%s' is not a file. %s",
                                          arg, cmd->cmd->errmsg);
}

static const char *set_file(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    mlgate_conf_t *conf = NULL;
    const char *err;

    if (ap_cstr_casecmp(arg, "off") != 0) {
        return set_profile(cmd, dir_conf, arg);
    }
    err = find_global(&conf, cmd);
    *(const char **)((char *)conf + (size_t)cmd->info) = NULL;
    return err;
}

/* Which file is read, and whether it is a model, is for check_config: httpd
 * may yet come to another line. */
static const char *set_model(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    int is_shadow = cmd->info != NULL;
    mlgate_conf_t *conf = NULL;
    const char *err = find_global(&conf, cmd);
    const char *model = mlg_model_file_is_named(arg)
                            ? ap_server_root_relative(cmd->pool, arg)
                            : arg;

    (void)dir_conf;
    if (err != NULL) {
        return err;
    }
    if (model == NULL || arg[0] == '\0') {
        return apr_psprintf(cmd->pool, "'%s' is not a file. %s", arg,
                            cmd->cmd->errmsg);
    }
    if (!is_shadow) {
        conf->model = model;
        return NULL;
    }
    conf->shadow_model = (ap_cstr_casecmp(arg, "off") != 0) ? model : NULL;
    return NULL;
}

#define SCOPE_GLOBAL  RSRC_CONF
#define SCOPE_SERVER  RSRC_CONF
#define SCOPE_SECTION (RSRC_CONF | ACCESS_CONF)

/* clang-format off */
#define COMMAND_WEIGHT(name, field, where, help)                               \
    AP_INIT_TAKE_ARGV(name, set_weight, NULL, where, help)
#define COMMAND_ALLOW(name, field, where, help)                                \
    AP_INIT_RAW_ARGS(name, set_allow, NULL, where, help)
#define COMMAND_MODEL(name, field, where, help)                                \
    AP_INIT_TAKE1(name, set_model, NULL, where, help)
#define COMMAND_SHADOW(name, field, where, help)                               \
    AP_INIT_TAKE1(name, set_model, (void *)1, where, help)
#define COMMAND_EXPR(name, field, where, help)                                 \
    AP_INIT_TAKE1(name, set_exempt, NULL, where, help)
#define COMMAND_PATH(name, field, where, help)                                 \
    AP_INIT_TAKE1(name, set_path, (void *)offsetof(mlgate_conf_t, field),      \
                  where, help)

#define COMMAND_FILE(name, field, where, help)                                 \
    AP_INIT_TAKE1(name, set_file, (void *)offsetof(mlgate_conf_t, field),      \
                  where, help)

#define COMMAND_PROFILE(name, field, where, help)                              \
    AP_INIT_TAKE1(name, set_profile, (void *)offsetof(mlgate_conf_t, field),   \
                  where, help)

const command_rec mlgate_commands[] = {
#define X(name, field, scope, kind, dflt, min, max, help)                      \
    AP_INIT_TAKE1(#name, set_value, (void *)&mlg_directives[MLG_SET_##field],  \
                  SCOPE_##scope, help),
    MLG_SETTINGS(X)
#undef X
#define X(name, field, scope, kind, help)                                      \
    COMMAND_##kind(#name, field, SCOPE_##scope, help),
    MLG_LISTS(X)
#undef X
    {0}
};
/* clang-format on */
