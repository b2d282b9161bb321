/* SPDX-License-Identifier: Apache-2.0
 *
 * The pass over the logs that finds where a site's people end. */
#include "calibrate.h"

#include "mlgatectl.h"

#include <apr_strings.h>
#include <string.h>

int calibrate_begin(calibrate_t *c, apr_pool_t *p)
{
    c->p = p;
    c->share = MLG_FIT_SHARE;
    c->trusted_enough = MLG_FIT_TRUSTED;
    feed_init(&c->feed, p);
    places_init(&c->places, p);
    c->census = mlg_census_make(MLG_CENSUS_ROWS, p);
    return (c->census != NULL)
               ? CTL_DONE
               : ctl_complain(CTL_FAILED, "not enough memory to begin");
}

/* ---- requests ------------------------------------------------------------- */

/* Names are few; a list will do. */
static uint8_t label_of(calibrate_t *c, mlg_text_t name)
{
    unsigned i = 0;

    while (i < c->nlabels && (c->label[i].len != name.len ||
                              memcmp(c->label[i].at, name.at, name.len) != 0)) {
        i++;
    }
    if (i == c->nlabels && i < CALIBRATE_LABELS - 1) {
        c->label[i].at = apr_pmemdup(c->p, name.at, name.len);
        c->label[i].len = name.len;
        c->nlabels++;
    }
    return (uint8_t)((i < c->nlabels) ? i : c->nlabels - 1);
}

/* A crawler whose address bears out what it says. */
static int is_verified(const calibrate_t *c, const judged_t *judged)
{
    return c->agents != NULL && judged->entry != NULL &&
           mlg_agents_class(c->agents, judged->entry->request.agent,
                            judged->arrival->agent,
                            &judged->arrival->from.addr) == MLG_CLASS_VERIFIED;
}

static void note_time(calibrate_t *c, apr_time_t at_us)
{
    c->first_us =
        (c->first_us == 0 || at_us < c->first_us) ? at_us : c->first_us;
    c->last_us = (at_us > c->last_us) ? at_us : c->last_us;
    c->load[mlg_profile_hour(at_us)]++;
}

static int take_request(void *data, const judged_t *judged)
{
    calibrate_t *c = data;
    const mlg_gate_t *gate = &c->feed.replay.gate;
    const mlg_client_t *from = &judged->arrival->from;
    const mlg_decision_t *d = judged->decision;
    uint64_t client = mlg_hash_key(&mlg_replay_secret, &from->key);
    const mlg_record_t *record = mlg_table_find(&gate->table, from->hash);
    unsigned believed = is_verified(c, judged) ? MLG_BELIEF_VERIFIED : 0;
    mlg_census_row_t *row;

    c->requests++;
    c->has_text |= (judged->entry != NULL);
    note_time(c, judged->arrival->at_us);
    if (d->verdict == MLG_VERDICT_ALLOW) {
        c->allowed++;
        return CTL_DONE;
    }
    c->clients += d->total == 1;
    believed |= (d->verdict == MLG_VERDICT_GRACE) ? MLG_BELIEF_UNBLOCKED : 0;
    row = mlg_census_add(c->census, client, &from->key, record, believed, d,
                         c->feed.replay.rules.min_requests);
    if (row != NULL && judged->label.len > 0) {
        row->label = label_of(c, judged->label);
    }
    places_add(&c->places, judged, gate);
    return CTL_DONE;
}

int calibrate_read(calibrate_t *c, int nlogs, const char *const *logs)
{
    return feed_run(&c->feed, nlogs, logs, take_request, c);
}

/* ---- the end -------------------------------------------------------------- */

/* Mean requests in each hour of the week; some hours came once more than
 * others. */
static void fill_load(const calibrate_t *c, mlg_profile_t *profile)
{
    const apr_time_t hour_us = 3600 * (apr_time_t)APR_USEC_PER_SEC;
    uint32_t times[MLG_PROFILE_HOURS] = {0};

    for (apr_time_t at = c->first_us - c->first_us % hour_us; at <= c->last_us;
         at += hour_us) {
        times[mlg_profile_hour(at)]++;
    }
    for (unsigned i = 0; i < MLG_PROFILE_HOURS; i++) {
        profile->load[i] =
            (times[i] > 0) ? (float)((double)c->load[i] / times[i]) : 0.0f;
    }
    profile->has_load = 1;
}

void calibrate_end(calibrate_t *c)
{
    const rules_t *rules = &c->feed.rules;
    const mlg_replay_t *replay = &c->feed.replay;
    mlg_profile_t *profile = &c->profile;
    mlg_fit_seen_t seen;
    uint32_t ignored;
    uint32_t all;

    mlg_census_end(c->census, replay->rules.min_requests, c->p);
    ignored = mlg_fit_ignored(c->census->voters, c->share);
    seen = (mlg_fit_seen_t){
        .recommended = rules->recommended,
        .slope = rules->slope,
        .trusted = c->census->voters,
        .peak = mlg_census_peak(c->census, ignored),
        .vouched = mlg_census_peak(c->census, ignored + MLG_FIT_FEW),
        .clients =
            (uint32_t)((c->clients < UINT32_MAX) ? c->clients : UINT32_MAX),
        .span_us = c->last_us - c->first_us,
        .trusted_enough = c->trusted_enough};
    mlg_fit(&c->fit, &seen);
    profile->model = mlg_rules_scorer(&replay->rules);
    profile->features = mlg_features_fingerprint();
    profile->threshold = c->fit.threshold;
    profile->recommended = rules->recommended;
    profile->share = (float)c->share;
    profile->trusted = c->census->trusted;
    profile->refused = mlg_census_refused(c->census, c->fit.threshold, &all);
    profile->upper = mlg_wilson_upper(profile->refused, profile->trusted);
    profile->clients = seen.clients;
    profile->requests = c->requests;
    profile->first_us = c->first_us;
    profile->last_us = c->last_us;
    mlg_census_baselines(c->census, profile, c->p);
    fill_load(c, profile);
    if (c->has_text) {
        places_end(&c->places, &replay->gate, c->last_us, profile);
    }
}
