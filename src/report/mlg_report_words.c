/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* How a value is read before it is written. */
enum scale {
    PLAIN, /* as it is */
    COUNT, /* as a whole number */
    SHARE, /* 0..1 as a percentage */
    LOG2,  /* log2(1 + n): n */
    FOLD   /* log2 of a factor: the factor */
};

/* One phrase per feature: a scale, what it is divided by, and what follows the
 * number. A feature that is missing here does not compile. */
/* clang-format off */
#define SAYS_REQUEST_RATE           PLAIN, 1, " pages a second"
#define SAYS_INTERARRIVAL_SPREAD    FOLD,  1, "-fold spread of the pauses between pages"
#define SAYS_UA_DIVERSITY           COUNT, 1, " different User-Agents"
#define SAYS_REFERER_ABSENT         SHARE, 1, " of requests had no Referer"
#define SAYS_KEEPALIVE_DEPTH        LOG2,  1, " requests on one connection"
#define SAYS_METHOD_MIX             SHARE, 1, " of requests were neither GET nor HEAD"
#define SAYS_PATH_COMPLEXITY        PLAIN, 1, " of path complexity"
#define SAYS_QUERY_NOVELTY          SHARE, 1, " of query strings were new"
#define SAYS_HEADER_COUNT           COUNT, 1, " header fields a request"
#define SAYS_CONTENT_LENGTH_ANOMALY SHARE, 1, " of request bodies were announced wrongly"
#define SAYS_ACCEPT_ENCODING_ABSENT SHARE, 1, " of requests had no Accept-Encoding that fits"
#define SAYS_HOST_INVALID           SHARE, 1, " of requests named no host of ours"
#define SAYS_PAYLOAD_SIZE           LOG2,  1, " bytes sent a request"
#define SAYS_BURST                  PLAIN, 1, " times its usual rate within a second"
#define SAYS_TIMING_REGULARITY      SHARE, 1, " of pauses were like the one before"
#define SAYS_COOKIE_ABSENT          SHARE, 1, " of requests had no Cookie"
#define SAYS_SESSION_PERSISTENCE    SHARE, 1, " of requests kept their session"
#define SAYS_HTTP2_SHARE            SHARE, 1, " of requests came over HTTP/2"
#define SAYS_GEO_ANOMALY            SHARE, 1, " surprise at its country"
#define SAYS_PAGE_RATE_60S          PLAIN, 1, " pages a second over a minute"
#define SAYS_PAGE_RATE_300S         PLAIN, 1, " pages a second over five minutes"
#define SAYS_ASSET_RATE             PLAIN, 1, " assets a second"
#define SAYS_ASSET_SHARE            SHARE, 1, " of requests were for assets"
#define SAYS_PATH_NOVELTY           SHARE, 1, " of paths were new"
#define SAYS_INTERARRIVAL_MEAN      LOG2,  1, " ms between pages"
#define SAYS_ERROR_SHARE            SHARE, 1, " of answers were 4xx other than 404"
#define SAYS_NOTFOUND_SHARE         SHARE, 1, " of answers were 404"
#define SAYS_SERVER_ERROR_SHARE     SHARE, 1, " of answers were 5xx"
#define SAYS_RESPONSE_SIZE          LOG2,  1, " bytes an answer"
#define SAYS_SERVICE_TIME           LOG2,  1000, " ms to answer"
#define SAYS_HEADER_ANOMALY         SHARE, 1, " of the headers its browser sends were missing"
#define SAYS_CONCURRENCY            COUNT, 1, " requests at once"
#define SAYS_CLIENT_AGE             LOG2,  1, " s since it was first seen"
#define SAYS_CLIENT_TOTAL           LOG2,  1, " requests in all"
#define SAYS_SUBNET_RATE            PLAIN, 1, " pages a second from its network"
#define SAYS_PATH_RARITY            SHARE, 1, " rarity of its paths"
#define SAYS_SLOW_POSTS             COUNT, 1, " bodies sent to one path in a day"
#define SAYS_SLOW_UAS               COUNT, 1, " different User-Agents in a day"
#define SAYS_SLOW_PATHS             LOG2,  1, " different paths in a day"
#define SAYS_ERROR_RECENT           SHARE, 1, " of recent answers were 4xx"
#define SAYS_COHORT_EXCESS          PLAIN, 1, " times as many clients like it as usual"
/* clang-format on */

static const struct phrase {
    enum scale scale;
    double divisor;
    const char *says;
} phrases[MLG_NFEATURES] = {
#define X(id, name, monotone, unit, meaning) {SAYS_##id},
    MLG_FEATURES(X)
#undef X
};

static double scaled(const struct phrase *phrase, float value)
{
    switch (phrase->scale) {
    case SHARE:
        return 100.0 * (double)value;
    case LOG2:
        return (exp2((double)value) - 1.0) / phrase->divisor;
    case FOLD:
        return exp2((double)value);
    case PLAIN:
    case COUNT:
        break;
    }
    return (double)value;
}

/* As many decimals as a reader needs: 0.04, 2.4, 91, but 7 User-Agents. */
static int decimals_of(enum scale scale, double n)
{
    if (scale == COUNT || fabs(n) >= 99.95 ||
        (scale != PLAIN && n == nearbyint(n))) {
        return 0;
    }
    if (scale == SHARE) {
        return (n > 0.0 && (n < 1.0 || n > 99.0)) ? 1 : 0;
    }
    return (n != 0.0 && fabs(n) < 1.0) ? 2 : 1;
}

const char *mlg_report_words(char buf[MLG_WORDS_TEXT], uint32_t feature,
                             float value)
{
    const struct phrase *phrase = &phrases[feature % MLG_NFEATURES];
    double n;

    if (feature >= MLG_NFEATURES) {
        snprintf(buf, MLG_WORDS_TEXT, "an unknown feature");
        return buf;
    }
    if (isnan(value)) {
        snprintf(buf, MLG_WORDS_TEXT, "%s unknown", mlg_features[feature].name);
        return buf;
    }
    n = scaled(phrase, value);
    snprintf(buf, MLG_WORDS_TEXT, "%.*f%s%s", decimals_of(phrase->scale, n), n,
             (phrase->scale == SHARE) ? " %" : "", phrase->says);
    return buf;
}

const char *mlg_report_reason_words(char buf[MLG_WORDS_TEXT],
                                    const mlg_reason_t *reason)
{
    if (mlg_reason_is_floor(reason)) {
        snprintf(buf, MLG_WORDS_TEXT,
                 "%.0f pages a second: no person does that on any site",
                 (double)reason->value);
        return buf;
    }
    return mlg_report_words(buf, reason->feature, reason->value);
}

const char *mlg_report_time(char buf[MLG_ISO_TEXT], apr_time_t at_us)
{
    apr_time_t us = (at_us > 0) ? at_us : 0;
    time_t seconds = (time_t)(us / APR_USEC_PER_SEC);
    struct tm utc;

    if (gmtime_r(&seconds, &utc) == NULL ||
        strftime(buf, MLG_ISO_TEXT, "%Y-%m-%dT%H:%M:%S", &utc) == 0) {
        buf[0] = '\0';
    }
    snprintf(buf + strlen(buf), MLG_ISO_TEXT - strlen(buf), ".%06dZ",
             (int)(us % APR_USEC_PER_SEC));
    return buf;
}

const char *mlg_report_clock(char buf[MLG_ISO_TEXT], apr_time_t at_us)
{
    mlg_report_time(buf, at_us);
    buf[strcspn(buf, ".")] = '\0';
    if (strchr(buf, 'T') != NULL) {
        buf[strcspn(buf, "T")] = ' ';
    }
    return buf;
}

const char *mlg_report_duration(char buf[MLG_DURATION_TEXT],
                                apr_interval_time_t us)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = {{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}};
    int64_t s = (us > 0) ? us / APR_USEC_PER_SEC : 0;
    size_t i = 0;

    while (i < 3 && s < units[i].seconds) {
        i++;
    }
    if (i == 3 || s % units[i].seconds < units[i + 1].seconds) {
        snprintf(buf, MLG_DURATION_TEXT, "%lld %s",
                 (long long)(s / units[i].seconds), units[i].name);
    }
    else {
        snprintf(buf, MLG_DURATION_TEXT, "%lld %s %lld %s",
                 (long long)(s / units[i].seconds), units[i].name,
                 (long long)(s % units[i].seconds / units[i + 1].seconds),
                 units[i + 1].name);
    }
    return buf;
}

const char *mlg_report_id(char buf[MLG_DECISION_ID_TEXT], uint64_t id)
{
    snprintf(buf, MLG_DECISION_ID_TEXT, "%016llx", (unsigned long long)id);
    return buf;
}

apr_status_t mlg_report_id_parse(uint64_t *out, const char *text)
{
    uint64_t id = 0;
    size_t n;

    for (n = 0; n < MLG_DECISION_ID_TEXT - 1; n++) {
        unsigned char c = (unsigned char)text[n];

        if (c >= '0' && c <= '9') {
            id = id << 4 | (uint64_t)(c - '0');
        }
        else if ((c | 32) >= 'a' && (c | 32) <= 'f') {
            id = id << 4 | (uint64_t)((c | 32) - 'a' + 10);
        }
        else {
            return MLG_ERANGE; /* the text's end as well */
        }
    }
    if (text[n] != '\0' || id == 0) {
        return MLG_ERANGE;
    }
    *out = id;
    return APR_SUCCESS;
}

/* Above the floor only fewer pages help, whatever the score, and where that is
 * too high as well they have to be fewer than either asks for. */
static float below_floor(const mlg_rules_t *rules, const float x[MLG_NFEATURES],
                         float threshold, mlg_feature_id id, float bound)
{
    int is_low = mlg_rules_score(rules, x, NULL) < threshold;

    if (id != MLG_F_REQUEST_RATE || (!is_low && isnan(bound))) {
        return NAN;
    }
    return is_low ? mlg_floor_of(x) : fminf(bound, mlg_floor_of(x));
}

size_t mlg_report_reliefs(mlg_relief_t out[MLG_NFEATURES],
                          const mlg_rules_t *rules,
                          const float x[MLG_NFEATURES], float threshold)
{
    size_t n = 0;

    for (int i = 0; i < MLG_NFEATURES; i++) {
        mlg_feature_id id = (mlg_feature_id)i;
        float bound = mlg_rules_relief(rules, x, threshold, id);

        if (mlg_floor_is_passed(x)) {
            bound = below_floor(rules, x, threshold, id, bound);
        }
        /* a vector may stand on a split: then less is what helps */
        if (isfinite(bound) && (bound != x[i] || rules->forest != NULL)) {
            out[n++] = (mlg_relief_t){id, x[i], bound, bound <= x[i]};
        }
    }
    return n;
}

const char *mlg_report_relief_words(char buf[MLG_WORDS_TEXT],
                                    const mlg_relief_t *relief)
{
    char words[MLG_WORDS_TEXT];
    float bound = relief->bound;

    if (phrases[relief->feature].scale == COUNT) {
        /* "less than 7" of what comes in whole numbers, for 6.75 */
        bound = relief->must_fall ? ceilf(bound) : floorf(bound);
    }
    mlg_report_words(words, relief->feature, bound);
    snprintf(buf, MLG_WORDS_TEXT, "%s than %.*s",
             relief->must_fall ? "less" : "more", MLG_WORDS_TEXT - 16, words);
    return buf;
}
