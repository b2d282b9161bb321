/* SPDX-License-Identifier: Apache-2.0
 *
 * The directives: one table for httpd and for mlgatectl. A row makes a
 * directive's field, its default, merge rule, parser, range error and help
 * text; who reads a configuration, and where from, is not decided here.
 *
 * Pure: no clock, no lock, no allocation. Every text may be hostile.
 */
#ifndef MLG_SETTINGS_H
#define MLG_SETTINGS_H

#include "mlg_gate.h"

#define MLG_SEC(n) INT64_C(n##000000)

/* Directives that are one value. Scope: GLOBAL is read from the main server
 * only; SERVER also from a virtual host; SECTION also from a directory
 * section; none from .htaccess. Kinds: ENGINE; COUNT, a whole number; RATIO,
 * 0..1 kept in millionths; THRESHOLD, a RATIO or auto, which is
 * MLG_THRESHOLD_AUTO; DURATION, with a unit, kept in microseconds. The
 * help states unit, range and default. */
/* clang-format off */
#define MLG_SETTINGS(X)                                                        \
  X(MLGateEngine, engine, SECTION, ENGINE, MLG_ENGINE_OBSERVE,                 \
    MLG_ENGINE_OFF, MLG_ENGINE_ENFORCE,                                        \
    "off, observe (judge and log, refuse nobody) or enforce. Default observe.")\
  X(MLGateThreshold, threshold, SECTION, THRESHOLD, 800000, 10000, 1000000,    \
    "Score from which a request counts against its client, 0.01 to 1, or auto, where this site's people end; it is auto with a model from a file or a profile. Default 0.8.")\
  X(MLGateThresholdDrift, threshold_drift, GLOBAL, RATIO, 80000, 0, 500000,    \
    "How far an automatic threshold may move from where it was calibrated, 0 (not at all) to 0.5, in score at 0.5 and less further out; at most 0.005 a day. Default 0.08.")\
  X(MLGateMinRequests, min_requests, SECTION, COUNT, 10, 1, 1000000,           \
    "Requests a client makes before it can be blocked, 1 to 1000000. Default 10.")\
  X(MLGateBlockFor, block_for_us, SECTION, DURATION, MLG_SEC(600),             \
    MLG_SEC(1), MLG_SEC(604800),                                               \
    "How long a first block lasts, 1s to 7d; each further one is twice as long. Default 10min.")\
  X(MLGateBlockMax, block_max_us, SECTION, DURATION, MLG_SEC(86400),           \
    MLG_SEC(1), MLG_SEC(2592000),                                              \
    "The longest a repeat offender is blocked, 1s to 30d. Default 24h.")       \
  X(MLGateRefuseStatus, refuse_status, SECTION, COUNT, 429, 400, 599,          \
    "HTTP status of a refusal, 400 to 599, one that httpd knows. Default 429.")\
  X(MLGateTableSize, table_size, GLOBAL, COUNT, 262144,                        \
    MLG_CLIENTS_MIN, MLG_CLIENTS_MAX,                                          \
    "Clients remembered, 4096 to 16777216, rounded up to a power of two; 296 bytes each. Default 262144.")\
  X(MLGateIPv6Prefix, ipv6_prefix, GLOBAL, COUNT, 64, 16, 128,                 \
    "Bits of an IPv6 address that make one client, 16 to 128. Default 64.")    \
  X(MLGateSwarm, swarm, SECTION, SWARM, MLG_SWARM_OBSERVE,                     \
    MLG_SWARM_OFF, MLG_SWARM_REFUSE,                                           \
    "What is done about swarms, many clients with a request or three each: off, observe (count and tell) or refuse (where MLGateEngine enforces). Default observe.")\
  X(MLGateSwarmThreshold, swarm_threshold, GLOBAL, RATIO, 4000000, 1500000,    \
    100000000,                                                                 \
    "How many times as many newcomers as usual make a swarm of those who bring nothing, 1.5 to 100. Default 4.")\
  X(MLGateSwarmMaxShare, swarm_max_share, GLOBAL, RATIO, 300000, 10000,        \
    1000000,                                                                   \
    "Share of the clients of ten minutes, 0.01 to 1, above which swarms are only observed while the server is not short of workers. Default 0.3.")

/* Directives that are more than a value. Kinds: WEIGHT, ALLOW, MODEL (a file or
 * "weighted") and PROFILE, a file, mean something for a log too; EXPR, PATH,
 * SHADOW and FILE are httpd's alone. */
#define MLG_LISTS(X)                                                           \
  X(MLGateWeight, weights, SERVER, WEIGHT,                                     \
    "NAME lo hi weight: a feature adds nothing to the score at lo, its whole weight (-1 to 1) at hi, a share in between. May be repeated.")\
  X(MLGateModel, model, GLOBAL, MODEL,                                         \
    "The model that judges: weighted (the weights of MLGateWeight), or a .mlg file, which is taken up again whenever it changes.")\
  X(MLGateShadowModel, shadow_model, GLOBAL, SHADOW,                           \
    "A second model (a .mlg file, or weighted) that scores every request beside the first and only counts where they disagree; or off. Default off.")\
  X(MLGateAllow, allow, SERVER, ALLOW,                                         \
    "Clients that are never judged or refused: addresses, CIDR prefixes, file:PATH with one a line. May be repeated.")\
  X(MLGateExempt, exempt, SECTION, EXPR,                                       \
    "An expression (ap_expr); requests for which it is true are not judged. May be repeated.")\
  X(MLGateEventLog, event_log, GLOBAL, PATH,                                   \
    "A file or a \"|program\" that gets one JSON object a line for each block, unblock and end of a block.")\
  X(MLGateProfile, profile, GLOBAL, PROFILE,                                   \
    "A file that mlgatectl calibrate wrote about this site: its threshold, its paths, its load.")\
  X(MLGateStateFile, state_file, GLOBAL, FILE,                                 \
    "A file that keeps what the gate knows over a stop or a crash, in a directory that User can write to; or off. Default off.")\
  X(MLGateObservationLog, observation_log, GLOBAL, PATH,                       \
    "A file or a \"|program\" that gets one line a request with everything the gate saw of it, for mlgatectl replay.")
/* clang-format on */

typedef enum mlg_kind {
    MLG_KIND_ENGINE,
    MLG_KIND_SWARM,
    MLG_KIND_COUNT,
    MLG_KIND_RATIO,
    MLG_KIND_THRESHOLD,
    MLG_KIND_DURATION,
    MLG_KIND_WEIGHT,
    MLG_KIND_ALLOW,
    MLG_KIND_MODEL,
    MLG_KIND_PROFILE,
    MLG_KIND_EXPR, /* from here on httpd's alone */
    MLG_KIND_PATH,
    MLG_KIND_SHADOW,
    MLG_KIND_FILE
} mlg_kind;

typedef enum mlg_scope {
    MLG_SCOPE_GLOBAL,
    MLG_SCOPE_SERVER,
    MLG_SCOPE_SECTION
} mlg_scope;

/* Directives by number; those that are one value come first. */
typedef enum mlg_directive_id {
#define X(name, field, scope, kind, dflt, min, max, help) MLG_SET_##field,
    MLG_SETTINGS(X)
#undef X
        MLG_NSETTINGS,
    MLG_BEFORE_LISTS = MLG_NSETTINGS - 1,
#define X(name, field, scope, kind, help) MLG_SET_##field,
    MLG_LISTS(X)
#undef X
        MLG_NDIRECTIVES
} mlg_directive_id;

/* The values in force: what a directive gave, here or further out, or the
 * default. By name, or by mlg_directive_id. */
typedef struct mlg_settings_t {
    union {
        struct {
#define X(name, field, scope, kind, dflt, min, max, help) int64_t field;
            MLG_SETTINGS(X)
#undef X
        };
        int64_t value[MLG_NSETTINGS];
    };
    uint64_t given; /* bit i: directive i gave its value */
} mlg_settings_t;

typedef struct mlg_directive_t {
    const char *name;
    const char *help;
    mlg_scope scope;
    mlg_kind kind;
    int64_t dflt; /* this and the range: of MLG_SETTINGS only */
    int64_t min;
    int64_t max;
} mlg_directive_t;

/* shape [MLG_NDIRECTIVES], in mlg_directive_id order */
extern const mlg_directive_t mlg_directives[MLG_NDIRECTIVES];

/* The weights in force, and which of them MLGateWeight gave. */
typedef struct mlg_weights_t {
    mlg_weighted_t model;
    uint64_t given; /* bit i: of feature i */
} mlg_weights_t;

#define MLG_THRESHOLD_AUTO 0 /* the value of MLGateThreshold auto */

/* Why a line of configuration was refused. Fixed size: filling it cannot
 * fail. A value longer than MLG_QUOTED_MAX bytes is cut. */
#define MLG_QUOTED_MAX 200
typedef struct mlg_why_t {
    char text[1600]; /* one line, NUL-terminated; may hold bytes of the value */
} mlg_why_t;

/** Find a directive by its name, in any case.
 *
 * @return MLG_NDIRECTIVES when there is none
 */
mlg_directive_id mlg_directive_find(const char *name);

/** The name that was probably meant.
 *
 * @param name  of no directive
 * @return a name that is a few slips of the pen away, or NULL
 */
const char *mlg_directive_nearest(const char *name);

/** Set every value to its default, given by nobody. */
void mlg_settings_init(mlg_settings_t *settings);

/** @return 1 when a line gave this value; 0: it is the default */
static inline int mlg_settings_has(const mlg_settings_t *settings,
                                   mlg_directive_id id)
{
    return (settings->given >> id & 1) != 0;
}

/** Read one value.
 *
 * @param id    below MLG_NSETTINGS
 * @param text  NUL-terminated
 * @param why   on failure a sentence; may not be NULL
 * @return APR_SUCCESS, and the value is set and noted as given; MLG_ERANGE,
 *         and nothing has changed
 */
apr_status_t mlg_settings_read(mlg_settings_t *settings, mlg_directive_id id,
                               const char *text, mlg_why_t *why);

/** What a section, virtual host or server says over what surrounds it.
 *
 * @param out  filled; may be `base` or `nearer`
 */
void mlg_settings_merge(mlg_settings_t *out, const mlg_settings_t *base,
                        const mlg_settings_t *nearer);

/** Check what single directives cannot: MLGateBlockMax below MLGateBlockFor.
 *
 * @param where  what the settings are for, to say it
 * @return APR_SUCCESS or MLG_ERANGE
 */
apr_status_t mlg_settings_check(const mlg_settings_t *settings,
                                const char *where, mlg_why_t *why);

/** Settings in the core's terms. A default MLGateBlockMax gives way to a
 * longer MLGateBlockFor.
 *
 * @param rules  its threshold becomes MLG_THRESHOLD_NONE where auto was said;
 *               its model and allow-list are left as they are; its forest and
 *               shadow, which no setting names, become NULL
 */
void mlg_settings_rules(mlg_rules_t *rules, const mlg_settings_t *settings);

/** What holds of swarms on every site of a server.
 *
 * @param by      its threshold and max_share are set
 * @param global  of the main server, where GLOBAL directives are
 */
void mlg_settings_swarms(mlg_swarm_by_t *by, const mlg_settings_t *global);

/** Is the threshold to be fitted to the site? As it was said, else with a model
 * from a file or a profile.
 *
 * @param has_either  there is one of the two
 */
int mlg_settings_is_auto(const mlg_settings_t *settings, int has_either);

/** Begin with the default model. */
void mlg_weights_init(mlg_weights_t *weights);

/** Read "NAME lo hi weight".
 *
 * @param word  shape [n], NUL-terminated each
 * @param why   on failure a sentence
 * @return APR_SUCCESS, MLG_EFEATURE or MLG_ERANGE, and nothing has changed
 */
apr_status_t mlg_weights_read(mlg_weights_t *weights, int n,
                              const char *const *word, mlg_why_t *why);

/** The nearer section's weights over the outer one's.
 *
 * @param out  filled; may be `base`
 */
void mlg_weights_merge(mlg_weights_t *out, const mlg_weights_t *base,
                       const mlg_weights_t *nearer);

/** Read an address or prefix of MLGateAllow.
 *
 * @param why  on failure a sentence
 * @return as mlg_prefix_parse()
 */
apr_status_t mlg_allow_read(mlg_prefix_t *out, const char *text,
                            mlg_why_t *why);

/** Cut one line of a file:PATH of MLGateAllow at the first blank or "#".
 *
 * @return 1 when an address or prefix is left, for mlg_allow_read(); 0 when
 *         the line names nobody
 */
int mlg_allow_cut(char *line);

#endif /* MLG_SETTINGS_H */
