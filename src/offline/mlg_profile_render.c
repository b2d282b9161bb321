/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_profile_file.h"

#include "mlg_features.h"
#include "mlg_version.h"

#include <apr_strings.h>
#include <sha256.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HOURS 24

/* A growing text. */
typedef struct draft_t {
    char *text;
    size_t len;
    size_t room;
    apr_pool_t *p;
} draft_t;

static void put(draft_t *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(draft_t *d, const char *format, ...)
{
    char line[MLG_PROFILE_PATH_MAX + 100];
    va_list args;
    size_t n;

    va_start(args, format);
    n = (size_t)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    n = (n < sizeof(line)) ? n : sizeof(line) - 1;
    if (d->len + n + 1 > d->room) {
        char *more = apr_palloc(d->p, 2 * (d->len + n) + 65536);

        memcpy(more, d->text, d->len);
        d->room = 2 * (d->len + n) + 65536;
        d->text = more;
    }
    memcpy(d->text + d->len, line, n + 1);
    d->len += n;
}

static void put_remarks(draft_t *d, const mlg_profile_t *profile)
{
    char day[2][16];
    const apr_time_t at[2] = {profile->first_us, profile->last_us};

    for (int i = 0; i < 2; i++) {
        time_t s = (time_t)(at[i] / APR_USEC_PER_SEC);
        struct tm utc;

        day[i][0] = '\0';
        if (gmtime_r(&s, &utc) != NULL) {
            strftime(day[i], sizeof(day[i]), "%Y-%m-%d", &utc);
        }
    }
    put(d, "# made by mlgatectl %s calibrate from logs of %s to %s\n",
        MLG_VERSION, day[0], day[1]);
    put(d, "# for MLGateProfile; a change makes it unusable: calibrate anew\n");
}

static void put_figures(draft_t *d, const mlg_profile_t *profile)
{
    put(d, "model %016llx\nfeatures %016llx\n",
        (unsigned long long)profile->model,
        (unsigned long long)profile->features);
    put(d, "threshold %.9g\nrecommended %.9g\nshare %.6g\n",
        (double)profile->threshold, (double)profile->recommended,
        (double)profile->share);
    put(d, "trusted %u\nrefused %u\nupper %.6g\n", profile->trusted,
        profile->refused, (double)profile->upper);
    put(d, "clients %u\nrequests %llu\nspan %lld %lld\n", profile->clients,
        (unsigned long long)profile->requests,
        (long long)(profile->first_us / APR_USEC_PER_SEC),
        (long long)(profile->last_us / APR_USEC_PER_SEC));
    for (uint32_t i = 0; i < profile->nbaselines; i++) {
        const mlg_baseline_t *b = &profile->baseline[i];

        put(d, "baseline %s %.4g %.4g %.4g\n", mlg_features[b->feature].name,
            (double)b->quantile[0], (double)b->quantile[1],
            (double)b->quantile[2]);
    }
}

static void put_load(draft_t *d, const mlg_profile_t *profile)
{
    for (unsigned day = 0; profile->has_load && day < 7; day++) {
        put(d, "load %s", mlg_profile_days[day]);
        for (unsigned hour = 0; hour < HOURS; hour++) {
            put(d, " %.4g", (double)profile->load[day * HOURS + hour]);
        }
        put(d, "\n");
    }
}

static void put_places(draft_t *d, const mlg_profile_t *profile)
{
    if (profile->places > 0) {
        put(d, "places %u\n", profile->places);
    }
    for (uint32_t i = 0; i < profile->nplaces; i++) {
        const mlg_profile_place_t *place = &profile->place[i];

        put(d, "place %u %s %.*s\n", place->clients,
            place->has_body ? "body" : "get", (int)place->path.len,
            place->path.at);
    }
}

const char *mlg_profile_render(const mlg_profile_t *profile, size_t *len,
                               apr_pool_t *p)
{
    draft_t d = {apr_palloc(p, 65536), 0, 65536, p};
    mlg_profile_t *again = apr_palloc(p, sizeof(*again));
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_CTX hash;

    put(&d, "%s %s\n", MLG_PROFILE_MAGIC, MLG_PROFILE_VERSION);
    put_remarks(&d, profile);
    put_figures(&d, profile);
    put_load(&d, profile);
    put_places(&d, profile);
    SHA256Init(&hash);
    SHA256Update(&hash, (const uint8_t *)d.text, d.len);
    SHA256Final(digest, &hash);
    put(&d, "end ");
    for (size_t i = 0; i < sizeof(digest); i++) {
        put(&d, "%02x", digest[i]);
    }
    put(&d, "\n");
    *len = d.len;
    return (mlg_profile_parse(again, d.text, d.len, NULL) == APR_SUCCESS)
               ? d.text
               : NULL;
}

mlg_text_t mlg_profile_escape(mlg_text_t path, apr_pool_t *p)
{
    char buf[MLG_PROFILE_PATH_MAX];
    size_t n = 0;

    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.at[i];
        int is_plain = c > ' ' && c <= '~' && c != '\\';

        if (n + 4 >= sizeof(buf)) {
            return (mlg_text_t){NULL, 0};
        }
        if (is_plain) {
            buf[n++] = (char)c;
        }
        else {
            snprintf(buf + n, 5, "\\x%02x", c);
            n += 4;
        }
    }
    return (mlg_text_t){apr_pstrmemdup(p, buf, n), n};
}
