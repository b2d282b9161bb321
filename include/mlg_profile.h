/* SPDX-License-Identifier: Apache-2.0
 *
 * A site's profile: what mlgatectl calibrate learned of it, as a text that
 * people can read and the module loads (MLGateProfile).
 *
 *     mlgate-profile 1
 *     # remarks
 *     model 8c1f...                  16 hex digits: whose scores these are
 *     features 90aa...               of the list of features, likewise
 *     threshold 0.973120
 *     recommended 0.950000           by the model itself
 *     share 0.0005                   of trusted clients, may be refused
 *     trusted 812                    clients
 *     refused 0                      of them, by this threshold
 *     upper 0.004707                 that share's upper bound, 95 % (Wilson)
 *     clients 9193                   of any kind
 *     requests 496706
 *     span 1706295602 1707331202     first and last request, s since the epoch
 *     baseline page_rate_60s 0.05 0.63 1.1
 *                                    the busiest moment of each trusted client:
 *                                    median, 99 %, 99.9 % of them
 *     load mon 12.5 11 ...           mean requests in each hour, UTC, 24 of
 *                                    them; one line a day, mon to sun
 *     places 4021                    clients that got an answer
 *     place 812 get /index.html      so many of them from here; get or body (a
 *                                    method that carries one). Bytes of the
 *                                    path that are no printable ASCII, blanks
 *                                    and \ are \xhh
 *     end 5e88...                    SHA-256 of all lines above, 64 hex digits
 *
 * Keys stand once each, but for baseline, load and place, which may be
 * missing: an observation log has no paths.
 *
 * Pure: no clock, no lock, no allocation. Texts may be hostile.
 */
#ifndef MLG_PROFILE_H
#define MLG_PROFILE_H

#include "mlg_error.h"
#include "mlg_popularity.h"
#include "mlg_request.h"

#define MLG_PROFILE_MAGIC     "mlgate-profile"
#define MLG_PROFILE_VERSION   "1"
#define MLG_PROFILE_BYTES_MAX (4u << 20)
#define MLG_PROFILE_PLACES    1000u /* at most */
#define MLG_PROFILE_PLACE_MIN 5u    /* clients: fewer might be someone's own */
#define MLG_PROFILE_PATH_MAX  2000u /* bytes of a path, escaped */
#define MLG_PROFILE_BASELINES 4u
#define MLG_PROFILE_HOURS     168u

/* The busiest moments of trusted clients. */
typedef struct mlg_baseline_t {
    uint32_t feature;  /* mlg_feature_id */
    float quantile[3]; /* median, 99 %, 99.9 %; finite, >= 0 */
} mlg_baseline_t;

typedef struct mlg_profile_place_t {
    mlg_text_t path; /* as in the file, escaped; borrowed */
    uint32_t clients;
    int has_body;
} mlg_profile_place_t;

typedef struct mlg_profile_t {
    uint64_t model;    /* mlg_rules_scorer(), see mlg_policy.h */
    uint64_t features; /* mlg_features_fingerprint() */
    float threshold;   /* 0..1, exclusive */
    float recommended; /* likewise */
    float share;       /* 0..1 */
    float upper;       /* 0..1 */
    uint32_t trusted;
    uint32_t refused; /* at most `trusted` */
    uint32_t clients;
    uint32_t places; /* clients with an answer; 0 = not known */
    uint64_t requests;
    apr_time_t first_us;
    apr_time_t last_us; /* not before first_us */
    uint32_t nbaselines;
    mlg_baseline_t baseline[MLG_PROFILE_BASELINES];
    int has_load;
    float load[MLG_PROFILE_HOURS]; /* by mlg_profile_hour() */
    uint32_t nplaces;
    mlg_profile_place_t place[MLG_PROFILE_PLACES]; /* the most popular first */
} mlg_profile_t;

/* The features that have a baseline. */
extern const uint32_t mlg_profile_baselines[MLG_PROFILE_BASELINES];

/* The days of `load`, three letters each. */
extern const char *const mlg_profile_days[7];

/** Read a profile.
 *
 * @param out    filled on success, undefined otherwise; borrows from `text`
 * @param text   `len` bytes, any
 * @param fault  offset is the number of the line, from 1; 0: of none. May be
 *               NULL
 * @return APR_SUCCESS or MLG_EPROFILE
 */
apr_status_t mlg_profile_parse(mlg_profile_t *out, const char *text, size_t len,
                               mlg_fault_t *fault);

/** The hour of the week, UTC. @return 0 (Monday, midnight)..167 */
unsigned mlg_profile_hour(apr_time_t at_us);

/** Undo the escapes of a path.
 *
 * @param out  room for path.len bytes
 * @return bytes written
 */
size_t mlg_profile_unescape(char *out, mlg_text_t path);

/** Let a site begin with the popularity of its places as the profile has it,
 * in proportion when that is more than MLG_PROFILE_SEED clients.
 *
 * @param places  empty so far
 * @param secret  that paths are hashed with
 */
#define MLG_PROFILE_SEED 5000u
void mlg_profile_seed(const mlg_profile_t *profile,
                      const mlg_popularity_t *places,
                      const mlg_secret_t *secret, apr_time_t now_us);

#endif /* MLG_PROFILE_H */
