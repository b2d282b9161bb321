/* SPDX-License-Identifier: Apache-2.0
 *
 * The site's own threshold: MLGateProfile is read while the configuration is
 * checked, so `httpd -t` does it too; while serving, one process at a time
 * (the singleton watchdog) lets the threshold follow the site (mlg_site.h).
 */
#include "mlgate.h"

#include "mlg_profile_file.h"

#include <apr_strings.h>

APLOG_USE_MODULE(mlgate);

static const mlg_profile_t *profile; /* of the configuration; NULL: none */
static apr_uint64_t profile_id;
static apr_uint32_t generation;

void mlgate_site_reset(void)
{
    profile = NULL;
    profile_id = 0;
}

int mlgate_site_has_profile(void)
{
    return profile != NULL;
}

int mlgate_site_load(server_rec *s, apr_pool_t *pconf)
{
    const char *path = mlgate_conf_global(s)->profile;
    const char *why = NULL;

    if (path == NULL) {
        return OK;
    }
    if (mlg_profile_file_read(&profile, path, &why, pconf) == APR_SUCCESS) {
        /* made anew of the same logs it is the same */
        profile_id = mlg_hash_text(&(mlg_secret_t){{0}}, (const char *)profile,
                                   offsetof(mlg_profile_t, nplaces));
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                 MLG0027 "MLGateProfile %s: %s; the server will not start "
                         "without it: make it with mlgatectl calibrate -o %s "
                         "LOG..., or take the line out",
                 path, why, path);
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* What the main server's requests are judged by. Held: rules borrow. */
static void find_by(mlg_site_by_t *by, const mlgate_rules_t *held,
                    const mlgate_conf_t *conf)
{
    const mlg_rules_t *rules = &held->rules;

    by->scorer = mlg_rules_scorer(rules);
    by->recommended =
        (held->judge != NULL)
            ? held->judge->bundle.threshold
            : (float)((double)mlg_directives[MLG_SET_threshold].dflt / 1e6);
    by->slope = (held->judge != NULL) ? held->judge->bundle.slope : 1.0;
    by->drift = (double)conf->set.threshold_drift / 1e6;
    by->profile =
        (profile != NULL && profile->model == by->scorer) ? profile : NULL;
    by->profile_id = (by->profile != NULL) ? profile_id : 0;
}

void mlgate_site_warn(server_rec *s)
{
    mlgate_rules_t held;
    mlg_site_by_t by;

    mlgate_rules(&held, mlgate_conf_of_server(s));
    find_by(&by, &held, mlgate_conf_global(s));
    mlgate_rules_drop(&held);
    if (profile != NULL && by.profile == NULL) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     MLG0028 "MLGateProfile %s was made for another model "
                             "(%016" APR_UINT64_T_HEX_FMT
                             ") than the one that judges "
                             "(%016" APR_UINT64_T_HEX_FMT
                             ") and is not used: calibrating anew; until then "
                             "only a flood is refused; mlgatectl calibrate "
                             "makes a new one",
                     mlgate_conf_global(s)->profile,
                     (apr_uint64_t)profile->model, (apr_uint64_t)by.scorer);
    }
}

void mlgate_site_open(server_rec *s)
{
    mlgate_rules_t held;
    mlg_site_by_t by;

    generation = mlgate.gate.segment->generation;
    mlgate_rules(&held, mlgate_conf_of_server(s));
    find_by(&by, &held, mlgate_conf_global(s));
    mlg_site_open(&mlgate.gate, &by, mlgate_now());
    mlgate_rules_drop(&held);
}

void mlgate_site_look(server_rec *s)
{
    const mlgate_conf_t *conf = mlgate_conf_of_server(s);
    mlg_site_t *site = mlgate.gate.site;
    apr_time_t now_us = mlgate_now();
    mlgate_rules_t held;
    mlg_site_by_t by;
    int is_found;

    if (mlgate.gate.segment->generation != generation) {
        return; /* we only finish what was begun before a restart */
    }
    mlgate_rules(&held, conf);
    find_by(&by, &held, mlgate_conf_global(s));
    if (by.scorer != site->scorer) { /* a model was taken up while serving */
        mlg_site_open(&mlgate.gate, &by, now_us);
    }
    is_found = mlg_site_look(&mlgate.gate, &by, now_us);
    mlgate_rules_drop(&held);
    if (is_found && mlgate_is_auto(conf)) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     MLG0029 "calibrated: %u clients of %u behave like people; "
                             "the threshold is %.4f from now on (%s), and may "
                             "move between %.4f and %.4f",
                     site->trusted, site->clients, (double)site->anchor,
                     mlg_fit_words((mlg_fit_why)site->why), (double)site->low,
                     (double)site->high);
    }
}

const mlg_profile_t *mlgate_site_profile(void)
{
    return profile;
}
