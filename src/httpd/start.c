/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting: directives and models are checked, the segment is mapped, logs are
 * opened. What cannot be had stops the start with a sentence; `httpd -t` touches no
 * shared memory.
 */
#include "mlgate.h"

#include "mlg_report.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <mod_status.h>

APLOG_USE_MODULE(mlgate);

static int on_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    memset(&mlgate, 0, sizeof(mlgate));
    mlgate_models_reset();
    mlgate_site_reset();
    mlgate_tell_prepare();
    return OK;
}

/* Sections as their virtual host's requests meet them. */
static const char *check_sections(const server_rec *s,
                                  const apr_array_header_t *sections,
                                  apr_pool_t *ptemp)
{
    const char *err = NULL;

    for (int i = 0; sections != NULL && i < sections->nelts && !err; i++) {
        ap_conf_vector_t *section =
            APR_ARRAY_IDX(sections, i, ap_conf_vector_t *);
        const core_dir_config *core = ap_get_core_module_config(section);
        void *own = ap_get_module_config(section, &mlgate_module);

        if (own != NULL) {
            err = mlgate_conf_check(
                mlgate_conf_merge(ptemp, (void *)mlgate_conf_of_server(s), own),
                apr_pstrcat(ptemp, "the section for ",
                            (core->d != NULL) ? core->d : "<If>", NULL),
                ptemp);
        }
        /* <Files> and <If> may stand inside */
        err = (err != NULL) ? err : check_sections(s, core->sec_file, ptemp);
        err = (err != NULL) ? err : check_sections(s, core->sec_if, ptemp);
    }
    return err;
}

static const char *check_server(const server_rec *s, apr_pool_t *ptemp)
{
    const core_server_config *core =
        ap_get_core_module_config(s->module_config);
    const core_dir_config *top = ap_get_core_module_config(s->lookup_defaults);
    const char *host = (s->server_hostname != NULL) ? s->server_hostname : "-";
    const char *err = mlgate_conf_check(
        mlgate_conf_of_server(s),
        apr_pstrcat(ptemp, "virtual host ", host, NULL), ptemp);

    err = (err != NULL) ? err : check_sections(s, top->sec_file, ptemp);
    err = (err != NULL) ? err : check_sections(s, top->sec_if, ptemp);
    err = (err != NULL) ? err : check_sections(s, core->sec_url, ptemp);
    return (err != NULL) ? err : check_sections(s, core->sec_dir, ptemp);
}

static int check_servers(server_rec *s, apr_pool_t *ptemp)
{
    for (server_rec *vhost = s; vhost != NULL; vhost = vhost->next) {
        const char *err = check_server(vhost, ptemp);

        if (err != NULL) {
            ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, MLG0012 "%s", err);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

/* httpd -t checks directives and models with this: it is the last hook that
 * it runs. */
static int on_check_config(apr_pool_t *pconf, apr_pool_t *plog,
                           apr_pool_t *ptemp, server_rec *s)
{
    int rv = check_servers(s, ptemp);

    (void)plog;
    if (rv == OK) {
        rv = mlgate_models_load(s, pconf);
    }
    if (rv == OK) {
        rv = mlgate_site_load(s, pconf);
    }
    if (rv == OK && ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST) {
        mlgate_models_warn(s);
        mlgate_site_warn(s);
        mlgate_state_check(s, ptemp);
    }
    return rv;
}

static const char *threshold_words(const mlgate_conf_t *conf,
                                   const mlg_rules_t *rules, apr_pool_t *p)
{
    const mlg_site_t *site = mlgate.gate.site;

    if (!mlgate_is_auto(conf)) {
        return apr_psprintf(p, "%.3f", (double)rules->threshold);
    }
    if (site->anchored == MLG_ANCHORED_NOT) {
        return "auto (calibrating: only a flood is refused)";
    }
    return apr_psprintf(p, "%.4f (auto, %s; between %.4f and %.4f)",
                        (double)rules->threshold, mlg_site_words(site),
                        (double)site->low, (double)site->high);
}

static void tell_start(server_rec *s)
{
    const mlgate_conf_t *conf = mlgate_conf_of_server(s);
    const mlg_segment_t *segment = mlgate.gate.segment;
    char judge[MLG_WORDS_TEXT];
    char shadow[MLG_WORDS_TEXT];
    mlgate_rules_t held;

    mlgate_rules(&held, conf);
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                 MLG0004
                 "mod_mlgate %s: engine %s, model %s, threshold %s, shadow "
                 "%s, %u clients in %" APR_SIZE_T_FMT " KiB, generation %u",
                 MLG_VERSION, mlg_engine_name((mlg_engine)conf->set.engine),
                 mlg_report_model_words(judge, held.rules.forest),
                 threshold_words(conf, &held.rules, s->process->pconf),
                 (held.rules.shadow != NULL)
                     ? mlg_report_model_words(shadow, held.shadow.forest)
                     : "off",
                 segment->clients, (apr_size_t)(segment->bytes / 1024),
                 segment->generation);
    mlgate_rules_drop(&held);
}

static int on_post_config(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG ||
        ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_NORMAL) {
        return OK;
    }
    mlgate_state_open(s, pconf);
    if (mlgate_segment_open(s) != APR_SUCCESS ||
        mlgate_models_open(s, pconf) != APR_SUCCESS ||
        mlgate_event_open(s, pconf) != APR_SUCCESS ||
        mlgate_observe_open(s, pconf) != APR_SUCCESS ||
        mlgate_watch_start(s, pconf) != APR_SUCCESS) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    mlgate_state_begin();
    mlgate_models_warn(s);
    mlgate_site_warn(s);
    mlgate_site_open(s);
    tell_start(s);
    return OK;
}

/* What was published since the parent started. */
static void on_child(apr_pool_t *pchild, server_rec *s)
{
    (void)pchild;
    (void)s;
    mlgate_models_follow();
}

void mlgate_hooks(apr_pool_t *p)
{
    static const char *const before_watchdog[] = {"mod_watchdog.c", NULL};

    (void)p;
    ap_hook_pre_config(on_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(on_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    /* before its thread: one at a time follows */
    ap_hook_child_init(on_child, NULL, before_watchdog, APR_HOOK_MIDDLE);
    ap_hook_post_config(on_post_config, NULL, before_watchdog, APR_HOOK_MIDDLE);
    mlgate_access_hooks();
    ap_hook_handler(mlgate_status_handler, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ap, status_hook, mlgate_status_hook, NULL, NULL,
                      APR_HOOK_MIDDLE);
}
