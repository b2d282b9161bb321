/* SPDX-License-Identifier: Apache-2.0
 *
 * What the models see: one vector of floats per request, computed from the
 * client's record and the request at hand. The list below fixes names, order,
 * units and direction; a model made for another list is refused by its
 * fingerprint.
 *
 * NaN means "cannot be known here" (a log without that field, too few
 * requests) and is a value that models handle; it is never written as 0.
 *
 * Pages and assets are counted apart: an asset is a path with a static
 * extension, a page is anything else. Browsers fetch 20-70 assets per page, so
 * rates and rhythm are about pages unless they say otherwise.
 *
 * Where the list says less than the first design did: payload_size is the
 * announced Content-Length, for nothing is read before the decision;
 * host_invalid takes an address that the operator made a ServerName for valid;
 * query_novelty and path_novelty divide by the requests that the 64-bit map
 * took (all of them until about 170 different ones in ten minutes), so that a
 * long flood of new paths stays near 1.
 *
 * cohort_excess stays NaN. A client's first requests alone have it, before it
 * can be convicted; and trees that knew it did no better. Of 189 attackers on
 * sites left out, seeds 1 to 4 found 161 to 163 and once 126 (612 in all)
 * without it, 143 to 155 (592) with what each request's cohorts said, and 140
 * to 158 (599) with a client's highest kept for good, which its record has no
 * room for; people refused were 1 of 7,552 each time (without it, once 2).
 *
 * A gap between pages counts as 500 ms when it is shorter, whatever the clock:
 * a log's clock of whole seconds cannot tell less, and what a model learned
 * from logs has to hold before a server.
 *
 * Pure: no clock, no lock, no allocation.
 */
#ifndef MLG_FEATURES_H
#define MLG_FEATURES_H

#include "mlg_record.h"

/* id, name, monotone (1: a higher value never lowers a score), unit, meaning.
 * P_W and N_W: pages and requests of the client in the last W seconds, this
 * one included; EW: exponentially weighted mean, weight 1/8; shares are over
 * two 300 s panes. */
/* clang-format off */
#define MLG_FEATURES(X)                                                        \
  /* the nineteen */                                                           \
  X(REQUEST_RATE,           request_rate,           1, "pages/s",              \
    "P_10 / 10")                                                               \
  X(INTERARRIVAL_SPREAD,    interarrival_spread,    0, "log2 ms",              \
    "standard deviation (EW) of log2(1 + ms between pages, 500 at least)")     \
  X(UA_DIVERSITY,           ua_diversity,           1, "count",                \
    "distinct User-Agents")                                                    \
  X(REFERER_ABSENT,         referer_absent,         0, "share",                \
    "requests without Referer")                                                \
  X(KEEPALIVE_DEPTH,        keepalive_depth,        0, "log2",                 \
    "EW of log2(1 + requests so far on the connection)")                       \
  X(METHOD_MIX,             method_mix,             0, "share",                \
    "requests with a method other than GET and HEAD")                          \
  X(PATH_COMPLEXITY,        path_complexity,        0, "log2",                 \
    "EW of log2(1 + path bytes) + segments / 4")                               \
  X(QUERY_NOVELTY,          query_novelty,          1, "share",                \
    "distinct query strings per request with a query")                         \
  X(HEADER_COUNT,           header_count,           0, "count",                \
    "EW of the number of request header fields")                               \
  X(CONTENT_LENGTH_ANOMALY, content_length_anomaly, 0, "share",                \
    "EW of bodies without length, bodies where none belongs, false lengths")   \
  X(ACCEPT_ENCODING_ABSENT, accept_encoding_absent, 1, "share",                \
    "requests without Accept-Encoding, or one the claimed browser never sends")\
  X(HOST_INVALID,           host_invalid,           1, "share",                \
    "requests with no Host, or one that is no name of the virtual host")   \
  X(PAYLOAD_SIZE,           payload_size,           0, "log2 bytes",           \
    "EW of log2(1 + request body bytes)")                                      \
  X(BURST,                  burst,                  1, "ratio",                \
    "P_1 / (P_60 / 60 + 1)")                                                   \
  X(TIMING_REGULARITY,      timing_regularity,      1, "share",                \
    "EW of page gaps within 10 % of the one before")                           \
  X(COOKIE_ABSENT,          cookie_absent,          0, "share",                \
    "requests without Cookie")                                                 \
  X(SESSION_PERSISTENCE,    session_persistence,    0, "share",                \
    "EW of requests whose session cookie is the client's last one")            \
  X(HTTP2_SHARE,            http2_share,            0, "share",                \
    "requests over HTTP/2")                                                    \
  X(GEO_ANOMALY,            geo_anomaly,            1, "0..1",                 \
    "surprise of the country; needs a database, NaN in this version")          \
  /* context */                                                                \
  X(PAGE_RATE_60S,          page_rate_60s,          1, "pages/s",              \
    "P_60 / 60")                                                               \
  X(PAGE_RATE_300S,         page_rate_300s,         1, "pages/s",              \
    "P_300 / 300")                                                             \
  X(ASSET_RATE,             asset_rate,             0, "assets/s",             \
    "(N_10 - P_10) / 10")                                                      \
  X(ASSET_SHARE,            asset_share,            0, "share",                \
    "requests for assets")                                                     \
  X(PATH_NOVELTY,           path_novelty,           0, "share",                \
    "distinct paths per request")                                              \
  X(INTERARRIVAL_MEAN,      interarrival_mean,      0, "log2 ms",              \
    "EW of log2(1 + ms between pages), 500 ms at least")                       \
  X(ERROR_SHARE,            error_share,            1, "share",                \
    "answers 4xx but for 404 and 410")                                         \
  X(NOTFOUND_SHARE,         notfound_share,         1, "share",                \
    "answers 404 and 410")                                                     \
  X(SERVER_ERROR_SHARE,     server_error_share,     0, "share",                \
    "answers 5xx")                                                             \
  X(RESPONSE_SIZE,          response_size,          0, "log2 bytes",           \
    "EW of log2(1 + response body bytes)")                                     \
  X(SERVICE_TIME,           service_time,           0, "log2 us",              \
    "EW of log2(1 + microseconds to answer)")                                  \
  X(HEADER_ANOMALY,         header_anomaly,         1, "0..1",                 \
    "EW of weighted absences of headers the claimed browser sends")            \
  X(CONCURRENCY,            concurrency,            1, "count",                \
    "requests of this client in flight")                                       \
  X(CLIENT_AGE,             client_age,             0, "log2 s",               \
    "log2(1 + seconds since first seen)")                                      \
  X(CLIENT_TOTAL,           client_total,           0, "log2",                 \
    "log2(1 + requests since first seen)")                                     \
  X(SUBNET_RATE,            subnet_rate,            1, "pages/s",              \
    "pages of the IPv4 /24 or IPv6 /48 in 10 s, / 10")                         \
  X(PATH_RARITY,            path_rarity,            1, "0..1",                 \
    "EW of how rare the request is among the site's clients")                  \
  X(SLOW_POSTS,             slow_posts,             1, "count",                \
    "bodies sent to one path in 24 h")                                         \
  X(SLOW_UAS,               slow_uas,               1, "count",                \
    "distinct User-Agents in 24 h")                                            \
  X(SLOW_PATHS,             slow_paths,             1, "log2",                 \
    "log2(1 + distinct paths in 24 h)")                                        \
  X(ERROR_RECENT,           error_recent,           1, "share",                \
    "EW of answers 4xx")                                                       \
  X(COHORT_EXCESS,          cohort_excess,          1, "ratio",                \
    "the request's cohort above its baseline; NaN, see above")
/* clang-format on */

typedef enum mlg_feature_id {
#define X(id, name, monotone, unit, meaning) MLG_F_##id,
    MLG_FEATURES(X)
#undef X
        MLG_NFEATURES
} mlg_feature_id;

typedef struct mlg_feature_t {
    const char *name;
    const char *unit;
    const char *meaning;
    int monotone; /* 1: a higher value never lowers the score of a model */
} mlg_feature_t;

/* shape [MLG_NFEATURES], in mlg_feature_id order */
extern const mlg_feature_t mlg_features[MLG_NFEATURES];

/** Compute the vector for the request that was just folded into `record`.
 *
 * @param x             filled, shape [MLG_NFEATURES]; each finite or NaN
 * @param record        the caller's copy, mlg_record_fold_arrival() done
 * @param arrival       the same arrival; its `knows` decides what is NaN
 * @param subnet_pages  pages of the client's network in the last 10 s
 */
void mlg_features_read(float x[MLG_NFEATURES], const mlg_record_t *record,
                       const mlg_arrival_t *arrival, float subnet_pages);

/** @return the feature of this name, or MLG_NFEATURES when there is none */
mlg_feature_id mlg_feature_find(const char *name);

/** A number that changes when a name, the order or the length of the list
 * does. Segments and models carry it. */
uint64_t mlg_features_fingerprint(void);

#endif /* MLG_FEATURES_H */
