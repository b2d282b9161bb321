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
    by->recommended = mlgate_own_threshold(held->judge);
    by->slope = (held->judge != NULL) ? held->judge->bundle.slope : 1.0;
    by->drift = (double)conf->set.threshold_drift / 1e6;
    by->profile =
        (profile != NULL && profile->model == by->scorer) ? profile : NULL;
    by->profile_id = (by->profile != NULL) ? profile_id : 0;
    by->shadow_recommended =
        held->has_shadow ? mlgate_own_threshold(held->second) : 0.0f;
    by->shadow_slope =
        (held->second != NULL) ? held->second->bundle.slope : 1.0;
}

/* Is there any virtual host whose threshold is the site's? */
static int is_any_auto(server_rec *s)
{
    for (server_rec *host = s; host != NULL; host = host->next) {
        if (mlgate_is_auto(mlgate_conf_of_server(host))) {
            return 1;
        }
    }
    return 0;
}

void mlgate_site_warn(server_rec *s)
{
    mlgate_rules_t held;
    mlg_site_by_t by;

    mlgate_rules(&held, mlgate_conf_of_server(s));
    find_by(&by, &held, mlgate_conf_global(s));
    mlgate_rules_drop(&held);
    if (profile != NULL && !is_any_auto(s)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     MLG0033
                     "MLGateProfile %s has no effect: every virtual "
                     "host has a number as its MLGateThreshold; write "
                     "MLGateThreshold auto, or take those lines out, to "
                     "go by the profile",
                     mlgate_conf_global(s)->profile);
    }
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

static void tell(server_rec *s, mlg_site_news news)
{
    const mlg_site_t *site = mlgate.gate.site;

    if (news == MLG_SITE_FOUND) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     MLG0029 "calibrated: clients of %u networks, of %u "
                             "clients in all, behave like people; the "
                             "threshold is %.4f from now on (%s), and may move "
                             "between %.4f and %.4f",
                     site->trusted, site->clients, (double)site->anchor,
                     mlg_fit_words((mlg_fit_why)site->why), (double)site->low,
                     (double)site->high);
    }
    else if (news == MLG_SITE_LIFTED) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     MLG0031 "clients that behave like people would be refused "
                             "at %.4f, the bound of the threshold (%u networks "
                             "of %u at what is in force): it follows them "
                             "beyond, by 0.005 a day and to %.4f at most, and "
                             "comes back when they are gone; mlgatectl "
                             "calibrate tells who they are",
                     (double)site->high, site->refused, site->trusted,
                     (double)site->last);
    }
    else if (news == MLG_SITE_LAST) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     MLG0032 "clients that behave like people are too high for "
                             "%.4f, the highest that the threshold may become "
                             "by itself (%u networks of %u): see who they are "
                             "with mlgatectl calibrate; if they are people, "
                             "give its profile as MLGateProfile, or raise "
                             "MLGateThresholdDrift",
                     (double)site->last, site->refused, site->trusted);
    }
}

void mlgate_site_look(server_rec *s)
{
    const mlgate_conf_t *conf = mlgate_conf_of_server(s);
    mlg_site_t *site = mlgate.gate.site;
    apr_time_t now_us = mlgate_now();
    mlgate_rules_t held;
    mlg_site_by_t by;
    mlg_site_news news;

    if (mlgate.gate.segment->generation != generation) {
        return; /* we only finish what was begun before a restart */
    }
    mlgate_rules(&held, conf);
    find_by(&by, &held, mlgate_conf_global(s));
    if (by.scorer != site->scorer) { /* a model was taken up while serving */
        mlg_site_open(&mlgate.gate, &by, now_us);
    }
    news = mlg_site_look(&mlgate.gate, &by, now_us);
    mlgate_rules_drop(&held);
    if (mlgate_is_auto(conf)) {
        tell(s, news);
    }
}

const mlg_profile_t *mlgate_site_profile(void)
{
    return profile;
}
