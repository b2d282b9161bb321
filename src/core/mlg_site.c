/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_gate.h"

#include <math.h>
#include <string.h>

#define MOVE_EVERY_US (3600 * (apr_time_t)APR_USEC_PER_SEC)
#define LEARN_US      (7 * INT64_C(86400000000)) /* every day of the week */

static void put_threshold(mlg_site_t *site, float threshold)
{
    __atomic_store(&site->threshold, &threshold, __ATOMIC_RELAXED);
}

static void anchor(mlg_site_t *site, mlg_anchored by, float threshold,
                   apr_time_t now_us)
{
    site->anchor = threshold;
    site->anchored = by;
    site->anchored_us = now_us;
    site->moved_us = now_us;
    put_threshold(site, threshold);
}

/* Scores of another model say nothing here. */
static void forget(const mlg_gate_t *gate, apr_time_t now_us)
{
    uint64_t requests = gate->site->requests;
    mlg_shard_t total;

    mlg_counters_read(gate->counters, &total);
    memset(gate->site, 0, sizeof(*gate->site));
    gate->site->requests = requests;
    gate->site->since_us = now_us;
    gate->site->newcomers_from = (uint32_t)total.count[MLG_C_NEWCOMERS];
    memset(gate->calibration, 0, sizeof(*gate->calibration));
}

static void bound(mlg_site_t *site, double drift, apr_time_t now_us)
{
    float threshold = mlg_site_threshold(site);

    if (site->anchored == MLG_ANCHORED_NOT) {
        return;
    }
    mlg_drift_bounds(site->anchor, drift, &site->low, &site->high);
    if (now_us - site->moved_us < 0) {
        site->moved_us = now_us; /* the clock stepped back */
    }
    put_threshold(site,
                  mlg_drift_move(threshold, site->anchor, threshold, drift, 0));
}

void mlg_site_open(const mlg_gate_t *gate, const mlg_site_by_t *by,
                   apr_time_t now_us)
{
    mlg_site_t *site = gate->site;
    int is_new = by->profile != NULL && site->profile != by->profile_id;

    if (site->scorer != 0 && site->scorer != by->scorer) {
        forget(gate, now_us);
        is_new = by->profile != NULL;
    }
    site->scorer = by->scorer;
    if (is_new) {
        site->profile = by->profile_id;
        anchor(site, MLG_ANCHORED_PROFILE, by->profile->threshold, now_us);
        site->upper = by->profile->upper;
    }
    if (is_new && mlg_popularity_clients(&gate->places, now_us) == 0) {
        mlg_profile_seed(by->profile, &gate->places, &gate->segment->secret,
                         now_us);
    }
    if (by->profile == NULL && site->anchored == MLG_ANCHORED_PROFILE) {
        forget(gate, now_us); /* its profile was taken away */
        site->scorer = by->scorer;
    }
    bound(site, by->drift, now_us);
}

/* ---- looking ------------------------------------------------------------- */

/* Requests an hour, a mean over some ten looks. */
static void weigh_load(mlg_site_t *site, uint64_t requests, apr_time_t now_us)
{
    apr_time_t elapsed_us = now_us - site->looked_us;

    if (site->looked_us != 0 && elapsed_us > 0 && requests >= site->requests) {
        float load = (float)((double)(requests - site->requests) * 3600e6 /
                             (double)elapsed_us);

        site->load += (load - site->load) / 8.0f;
    }
    site->requests = requests;
}

static void see(const mlg_gate_t *gate, const mlg_site_by_t *by,
                apr_time_t now_us, mlg_fit_seen_t *seen)
{
    mlg_shard_t total;
    double share =
        (by->profile != NULL) ? (double)by->profile->share : MLG_FIT_SHARE;
    uint32_t newcomers;

    mlg_counters_read(gate->counters, &total);
    weigh_load(gate->site, total.count[MLG_C_REQUESTS], now_us);
    mlg_calibration_age(gate->calibration, now_us);
    newcomers =
        (uint32_t)total.count[MLG_C_NEWCOMERS] - gate->site->newcomers_from;
    seen->recommended = by->recommended;
    seen->slope = by->slope;
    seen->trusted = mlg_calibration_clients(gate->calibration);
    seen->peak = mlg_calibration_quantile(
        gate->calibration, 0, mlg_fit_ignored(seen->trusted, share));
    seen->clients = newcomers;
    seen->span_us =
        now_us - ((gate->site->since_us != 0) ? gate->site->since_us
                                              : gate->segment->formatted_us);
    seen->trusted_enough = MLG_FIT_TRUSTED;
}

/* An hour at a time, and only where there are people to follow. */
static void follow(mlg_site_t *site, const mlg_site_by_t *by, float target,
                   uint32_t trusted, apr_time_t now_us)
{
    apr_time_t elapsed_us = now_us - site->moved_us;

    if (elapsed_us >= 0 && elapsed_us < MOVE_EVERY_US) {
        return;
    }
    site->moved_us = now_us;
    if (trusted >= MLG_FIT_TRUSTED) {
        put_threshold(site,
                      mlg_drift_move(mlg_site_threshold(site), site->anchor,
                                     target, by->drift, elapsed_us));
    }
}

/* Those who come first are not all kinds of people: a rule that was sound on a
 * whole log is not on its first hour. */
static void wait_for_all_kinds(mlg_fit_t *fit, apr_interval_time_t span_us)
{
    apr_interval_time_t percent = span_us / (LEARN_US / 100);

    if (percent < fit->progress_percent) {
        fit->progress_percent = (percent > 0) ? (unsigned)percent : 0;
        fit->is_sound = 0;
    }
}

int mlg_site_look(const mlg_gate_t *gate, const mlg_site_by_t *by,
                  apr_time_t now_us)
{
    mlg_site_t *site = gate->site;
    int is_found = 0;
    mlg_fit_seen_t seen;
    mlg_fit_t fit;

    if (site->scorer != by->scorer) {
        return 0; /* of a model that is about to be opened, or was */
    }
    see(gate, by, now_us, &seen);
    mlg_fit(&fit, &seen);
    wait_for_all_kinds(&fit, seen.span_us);
    if (site->anchored != MLG_ANCHORED_NOT) {
        follow(site, by, fit.threshold, seen.trusted, now_us);
    }
    else if (fit.is_sound) {
        anchor(site, MLG_ANCHORED_LIVE, fit.threshold, now_us);
        bound(site, by->drift, now_us);
        is_found = 1;
    }
    site->target = fit.threshold;
    site->why = fit.why;
    site->trusted = seen.trusted;
    site->clients = seen.clients;
    site->progress_percent =
        (site->anchored != MLG_ANCHORED_NOT) ? 100 : fit.progress_percent;
    site->refused = mlg_calibration_above(
        gate->calibration, fminf(mlg_site_threshold(site), 1.0f));
    if (seen.trusted >= MLG_FIT_TRUSTED) {
        site->upper = mlg_wilson_upper(site->refused, seen.trusted);
    }
    site->looked_us = now_us;
    return is_found;
}

const char *mlg_site_words(const mlg_site_t *site)
{
    return (site->anchored == MLG_ANCHORED_PROFILE) ? "profile"
           : (site->anchored == MLG_ANCHORED_LIVE)  ? "live"
                                                    : "calibrating";
}
