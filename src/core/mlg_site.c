/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_gate.h"

#include <math.h>
#include <string.h>

#define MOVE_EVERY_US (3600 * (apr_time_t)APR_USEC_PER_SEC)
#define LEARN_US      (7 * INT64_C(86400000000)) /* every day of the week */
#define THERE         1e-4f /* closer to a bound and it is there */

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
    site->pressed = MLG_PRESSED_NOT;
    put_threshold(site, threshold);
}

/* Scores of another model say nothing here. */
static void forget(const mlg_gate_t *gate, apr_time_t now_us)
{
    uint64_t requests = gate->site->requests;
    float shadow_threshold = gate->site->shadow_threshold;
    mlg_shard_t total;

    mlg_counters_read(gate->counters, &total);
    memset(gate->site, 0, sizeof(*gate->site));
    gate->site->requests = requests;
    gate->site->shadow_threshold = shadow_threshold; /* another's scores */
    gate->site->since_us = now_us;
    gate->site->newcomers_from = (uint32_t)total.count[MLG_C_NEWCOMERS];
    memset(gate->calibration, 0, sizeof(*gate->calibration));
}

/* What was counted by another threshold says nothing of this one. */
static void compare_anew(const mlg_gate_t *gate, apr_time_t now_us)
{
    mlg_shard_t total;

    mlg_counters_read(gate->counters, &total);
    mlg_disputes_begin(gate->disputes, &total, now_us);
}

static void bound(mlg_site_t *site, double drift, apr_time_t now_us)
{
    float threshold = mlg_site_threshold(site);

    if (site->anchored == MLG_ANCHORED_NOT) {
        return;
    }
    site->last = mlg_drift_bounds(site->anchor, drift, &site->low, &site->high);
    if (now_us - site->moved_us < 0) {
        site->moved_us = now_us; /* the clock stepped back */
    }
    put_threshold(site, mlg_drift_within(threshold, site->low, site->last));
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
        compare_anew(gate, now_us);
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

/* Where the trusted end in one of the two histograms. */
static void see_peaks(mlg_calibration_t *calibration, const mlg_site_by_t *by,
                      apr_time_t now_us, mlg_fit_seen_t *seen)
{
    double share =
        (by->profile != NULL) ? (double)by->profile->share : MLG_FIT_SHARE;
    uint32_t ignored;

    mlg_calibration_age(calibration, now_us);
    seen->trusted = mlg_calibration_clients(calibration);
    seen->trusted_enough = MLG_FIT_TRUSTED;
    ignored = mlg_fit_ignored(seen->trusted, share);
    seen->peak = mlg_calibration_quantile(calibration, ignored);
    seen->vouched = mlg_calibration_quantile(
        calibration, ignored + MLG_FIT_FEW * MLG_CALIBRATION_TWICE);
}

static void see(const mlg_gate_t *gate, const mlg_site_by_t *by,
                apr_time_t now_us, mlg_fit_seen_t *seen)
{
    mlg_shard_t total;
    uint32_t newcomers;

    mlg_counters_read(gate->counters, &total);
    weigh_load(gate->site, total.count[MLG_C_REQUESTS], now_us);
    see_peaks(gate->calibration, by, now_us, seen);
    newcomers =
        (uint32_t)total.count[MLG_C_NEWCOMERS] - gate->site->newcomers_from;
    seen->recommended = by->recommended;
    seen->slope = by->slope;
    seen->clients = newcomers;
    seen->span_us =
        now_us - ((gate->site->since_us != 0) ? gate->site->since_us
                                              : gate->segment->formatted_us);
}

/* Where the threshold is to go. Towards its bounds it needs people to follow,
 * to come back within them nobody. */
static float aim(const mlg_site_t *site, const mlg_fit_seen_t *seen,
                 float target, int is_pushed)
{
    float most = is_pushed ? site->last : site->high;

    return fminf((seen->trusted >= MLG_FIT_TRUSTED) ? target
                                                    : mlg_site_threshold(site),
                 most);
}

/* An hour at a time. @return 1 when people push harder than before */
static int follow(mlg_site_t *site, const mlg_fit_seen_t *seen, float target,
                  apr_time_t now_us)
{
    apr_time_t elapsed_us = now_us - site->moved_us;
    int is_pushed =
        seen->trusted >= MLG_FIT_TRUSTED && seen->vouched >= site->high;
    mlg_pressed before = (mlg_pressed)site->pressed;
    float threshold;

    if (elapsed_us >= 0 && elapsed_us < MOVE_EVERY_US) {
        return 0;
    }
    site->moved_us = now_us;
    threshold = mlg_drift_within(
        mlg_drift_move(mlg_site_threshold(site),
                       aim(site, seen, target, is_pushed), elapsed_us),
        site->low, site->last);
    put_threshold(site, threshold);
    if (is_pushed && seen->vouched >= site->last &&
        threshold > site->last - THERE) {
        site->pressed = MLG_PRESSED_LAST;
    }
    else {
        site->pressed = (threshold > site->high + THERE) ? MLG_PRESSED_LIFTED
                                                         : MLG_PRESSED_NOT;
    }
    return site->pressed > before;
}

/* By the rule alone: it refuses nobody, so it needs no bounds. */
static void fit_shadow(const mlg_gate_t *gate, const mlg_site_by_t *by,
                       apr_time_t now_us)
{
    mlg_fit_seen_t seen = {.recommended = by->shadow_recommended,
                           .slope = by->shadow_slope};
    mlg_site_t *site = gate->site;
    int is_first = site->shadow_threshold <= 0.0f;
    mlg_fit_t fit;

    see_peaks(gate->shadow_calibration, by, now_us, &seen);
    mlg_fit(&fit, &seen);
    if (seen.trusted < MLG_FIT_TRUSTED) {
        return;
    }
    __atomic_store(&site->shadow_threshold, &fit.threshold, __ATOMIC_RELAXED);
    if (is_first) {
        compare_anew(gate, now_us);
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

/* Anchor, or follow. */
static mlg_site_news settle(const mlg_gate_t *gate, const mlg_site_by_t *by,
                            const mlg_fit_seen_t *seen, const mlg_fit_t *fit,
                            apr_time_t now_us)
{
    mlg_site_t *site = gate->site;

    if (site->anchored != MLG_ANCHORED_NOT) {
        return !follow(site, seen, fit->threshold, now_us) ? MLG_SITE_NO_NEWS
               : (site->pressed == MLG_PRESSED_LAST)       ? MLG_SITE_LAST
                                                           : MLG_SITE_LIFTED;
    }
    if (!fit->is_sound) {
        return MLG_SITE_NO_NEWS;
    }
    anchor(site, MLG_ANCHORED_LIVE, fit->threshold, now_us);
    bound(site, by->drift, now_us);
    compare_anew(gate, now_us);
    return MLG_SITE_FOUND;
}

mlg_site_news mlg_site_look(const mlg_gate_t *gate, const mlg_site_by_t *by,
                            apr_time_t now_us)
{
    mlg_site_t *site = gate->site;
    mlg_site_news news;
    mlg_fit_seen_t seen;
    mlg_fit_t fit;

    if (site->scorer != by->scorer) {
        return MLG_SITE_NO_NEWS; /* of a model that is about to be opened, or was */
    }
    see(gate, by, now_us, &seen);
    mlg_fit(&fit, &seen);
    wait_for_all_kinds(&fit, seen.span_us);
    news = settle(gate, by, &seen, &fit, now_us);
    if (by->shadow_recommended > 0.0f) {
        fit_shadow(gate, by, now_us);
    }
    site->target = fit.threshold;
    site->why = fit.why;
    site->trusted = seen.trusted;
    site->clients = seen.clients;
    site->progress_percent =
        (site->anchored != MLG_ANCHORED_NOT) ? 100 : fit.progress_percent;
    site->refused = mlg_calibration_above(
        gate->calibration, fminf(mlg_site_threshold(site), 1.0f));
    site->target_refused =
        mlg_calibration_above(gate->calibration, site->target);
    if (seen.trusted >= MLG_FIT_TRUSTED) {
        site->upper = mlg_wilson_upper(site->refused, seen.trusted);
    }
    site->looked_us = now_us;
    return news;
}

const char *mlg_site_words(const mlg_site_t *site)
{
    return (site->anchored == MLG_ANCHORED_PROFILE) ? "profile"
           : (site->anchored == MLG_ANCHORED_LIVE)  ? "live"
                                                    : "calibrating";
}
