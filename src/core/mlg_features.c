/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_features.h"

#include <math.h>
#include <string.h>

const mlg_feature_t mlg_features[MLG_NFEATURES] = {
#define X(id, name, monotone, unit, meaning) {#name, unit, meaning, monotone},
    MLG_FEATURES(X)
#undef X
};

mlg_feature_id mlg_feature_find(const char *name)
{
    int i = 0;

    while (i < MLG_NFEATURES && strcmp(mlg_features[i].name, name) != 0) {
        i++;
    }
    return (mlg_feature_id)i;
}

uint64_t mlg_features_fingerprint(void)
{
    static const char names[] =
#define X(id, name, monotone, unit, meaning) #name " "
        MLG_FEATURES(X)
#undef X
        ;
    static const mlg_secret_t no_secret;

    return mlg_hash_bytes(&no_secret, names, sizeof(names) - 1);
}

static float ratio(unsigned part, unsigned whole)
{
    return (whole == 0) ? 0.0f : (float)part / (float)whole;
}

static float share(const mlg_panes_t *part, const mlg_panes_t *whole)
{
    return ratio(mlg_panes_sum(part), mlg_panes_sum(whole));
}

static const float mean_unit[MLG_NMEANS] = {
#define X(name, bits) 1.0f / (float)((1u << (bits)) - ((bits) == 16)),
    MLG_MEANS(X)
#undef X
};

/* A mean in its unit, or NaN when nothing was folded into it yet. */
static float mean(const mlg_record_t *r, enum mlg_mean_id id)
{
    return ((r->seen & (1u << id)) != 0) ? (float)r->mean[id] * mean_unit[id]
                                         : NAN;
}

static float log2f_q16(uint64_t value)
{
    return (float)mlg_log2_q16(1 + value) / 65536.0f;
}

/* Rates and rhythm, from the windows of pages. */
static void read_pace(float *x, const mlg_record_t *r, const mlg_arrival_t *a)
{
    apr_time_t now = r->last_us;
    float share_10s = mlg_panes_share(now, 10);
    float p_60 = mlg_panes_read(&r->pages_60s, mlg_panes_share(now, 60));
    float p_300 = mlg_panes_read(&r->pages_300s, mlg_panes_share(now, 300));
    int paced = (r->seen & (1u << MLG_MEAN_REGULAR)) != 0; /* three pages */

    x[MLG_F_REQUEST_RATE] = mlg_panes_read(&r->pages_10s, share_10s) / 10.0f;
    x[MLG_F_ASSET_RATE] = mlg_panes_read(&r->assets_10s, share_10s) / 10.0f;
    x[MLG_F_PAGE_RATE_60S] = p_60 / 60.0f;
    x[MLG_F_PAGE_RATE_300S] = p_300 / 300.0f;
    x[MLG_F_INTERARRIVAL_MEAN] = mean(r, MLG_MEAN_GAP);
    x[MLG_F_INTERARRIVAL_SPREAD] =
        paced ? sqrtf((float)r->gap_var_q16 / 65536.0f) : NAN;
    x[MLG_F_TIMING_REGULARITY] = NAN;
    x[MLG_F_BURST] = NAN;
    if ((a->knows & MLG_KNOWS_CLOCK) == 0) {
        return; /* a 1-second clock spoils these two */
    }
    x[MLG_F_BURST] = mlg_panes_read(&r->pages_1s, mlg_panes_share(now, 1)) /
                     (p_60 / 60.0f + 1.0f);
    if (paced) {
        x[MLG_F_TIMING_REGULARITY] = mean(r, MLG_MEAN_REGULAR);
    }
}

/* What the client asks for, over two panes of 300 s. */
static void read_shares(float *x, const mlg_record_t *r)
{
    const mlg_panes_t *all = &r->requests;
    unsigned paths = mlg_panes_sum(&r->paths_seen);
    unsigned queries = mlg_panes_sum(&r->queries_seen);
    float novelty;

    x[MLG_F_UA_DIVERSITY] = mlg_map_read(&r->agents);
    x[MLG_F_REFERER_ABSENT] = share(&r->without_referer, all);
    x[MLG_F_METHOD_MIX] = share(&r->other_method, all);
    x[MLG_F_ACCEPT_ENCODING_ABSENT] = share(&r->odd_encoding, all);
    x[MLG_F_HOST_INVALID] = share(&r->odd_host, all);
    x[MLG_F_COOKIE_ABSENT] = share(&r->without_cookie, all);
    x[MLG_F_HTTP2_SHARE] = share(&r->http2, all);
    x[MLG_F_ASSET_SHARE] = 1.0f - share(&r->pages_300s, all);
    novelty = (queries > 0) ? mlg_map_read(&r->queries) / (float)queries : 0.0f;
    x[MLG_F_QUERY_NOVELTY] = fminf(novelty, 1.0f);
    novelty = (paths > 0) ? mlg_map_read(&r->paths) / (float)paths : 0.0f;
    x[MLG_F_PATH_NOVELTY] = fminf(novelty, 1.0f);
}

/* What leaves the windows of 300 s empty, over two panes of 12 h. */
static void read_slow(float *x, const mlg_record_t *r)
{
    float paths = mlg_map_read(&r->slow_paths);

    x[MLG_F_SLOW_POSTS] = (float)r->slow_posts.now;
    if (r->slow_posts.before > 0) {
        x[MLG_F_SLOW_POSTS] = mlg_panes_read(
            &r->slow_posts, mlg_panes_share(r->last_us, MLG_SLOW_PANE_S));
    }
    x[MLG_F_SLOW_UAS] = mlg_map_read(&r->slow_agents);
    x[MLG_F_SLOW_PATHS] = log2f_q16((uint64_t)(paths * 1024.0f) + 1023) - 10.0f;
}

/* How the client was answered so far. */
static void read_answers(float *x, const mlg_record_t *r)
{
    if (mlg_panes_sum(&r->answered) == 0) {
        x[MLG_F_ERROR_SHARE] = NAN;
        x[MLG_F_NOTFOUND_SHARE] = NAN;
        x[MLG_F_SERVER_ERROR_SHARE] = NAN;
    }
    else {
        x[MLG_F_ERROR_SHARE] = share(&r->client_errors, &r->answered);
        x[MLG_F_NOTFOUND_SHARE] = share(&r->not_found, &r->answered);
        x[MLG_F_SERVER_ERROR_SHARE] = share(&r->server_errors, &r->answered);
    }
    x[MLG_F_ERROR_RECENT] = mean(r, MLG_MEAN_ERRORS);
    x[MLG_F_RESPONSE_SIZE] = mean(r, MLG_MEAN_RESPONSE);
    x[MLG_F_SERVICE_TIME] = mean(r, MLG_MEAN_SERVICE);
}

static void hide(float *x, uint32_t knows)
{
    if ((knows & MLG_KNOWS_REFERER) == 0) {
        x[MLG_F_REFERER_ABSENT] = NAN;
    }
    if ((knows & MLG_KNOWS_AGENT) == 0) {
        x[MLG_F_UA_DIVERSITY] = NAN;
        x[MLG_F_SLOW_UAS] = NAN;
    }
    if ((knows & MLG_KNOWS_ENCODING) == 0) {
        x[MLG_F_ACCEPT_ENCODING_ABSENT] = NAN;
    }
    if ((knows & MLG_KNOWS_COOKIE) == 0) {
        x[MLG_F_COOKIE_ABSENT] = NAN;
    }
    if ((knows & MLG_KNOWS_HOST) == 0) {
        x[MLG_F_HOST_INVALID] = NAN;
    }
    if ((knows & MLG_KNOWS_HTTP2) == 0) {
        x[MLG_F_HTTP2_SHARE] = NAN;
    }
    if ((knows & MLG_KNOWS_CLOCK) == 0) {
        x[MLG_F_CONCURRENCY] = NAN; /* a log line is written at the end */
    }
}

void mlg_features_read(float x[MLG_NFEATURES], const mlg_record_t *r,
                       const mlg_arrival_t *a, float subnet_pages)
{
    int64_t age_s = r->last_us / APR_USEC_PER_SEC - (int64_t)r->first_s;

    read_pace(x, r, a);
    read_shares(x, r);
    read_slow(x, r);
    read_answers(x, r);
    x[MLG_F_KEEPALIVE_DEPTH] = mean(r, MLG_MEAN_DEPTH);
    x[MLG_F_PATH_COMPLEXITY] = mean(r, MLG_MEAN_PATH);
    x[MLG_F_HEADER_COUNT] = mean(r, MLG_MEAN_HEADERS);
    x[MLG_F_CONTENT_LENGTH_ANOMALY] = mean(r, MLG_MEAN_ODD_LENGTH);
    x[MLG_F_PAYLOAD_SIZE] = mean(r, MLG_MEAN_PAYLOAD);
    x[MLG_F_SESSION_PERSISTENCE] = mean(r, MLG_MEAN_SESSION);
    x[MLG_F_HEADER_ANOMALY] = mean(r, MLG_MEAN_HEADER_ANOMALY);
    x[MLG_F_CONCURRENCY] = (float)r->in_flight;
    x[MLG_F_CLIENT_AGE] = log2f_q16((uint64_t)((age_s > 0) ? age_s : 0));
    x[MLG_F_CLIENT_TOTAL] = log2f_q16(r->total);
    x[MLG_F_SUBNET_RATE] = subnet_pages / 10.0f;
    x[MLG_F_GEO_ANOMALY] = NAN;
    x[MLG_F_PATH_RARITY] = mean(r, MLG_MEAN_RARITY);
    x[MLG_F_COHORT_EXCESS] = NAN;
    hide(x, a->knows);
}
