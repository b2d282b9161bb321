/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_settings.h"

#include "mlg_duration.h"
#include "mlg_word.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const mlg_directive_t mlg_directives[MLG_NDIRECTIVES] = {
#define X(name, field, scope, kind, dflt, min, max, help)                      \
    {#name, help, MLG_SCOPE_##scope, MLG_KIND_##kind, dflt, min, max},
    MLG_SETTINGS(X)
#undef X
#define X(name, field, scope, kind, help)                                      \
    {#name, help, MLG_SCOPE_##scope, MLG_KIND_##kind, 0, 0, 0},
    MLG_LISTS(X)
#undef X
};
/* clang-format on */

static_assert(sizeof(mlg_settings_t) == (MLG_NSETTINGS + 1) * sizeof(int64_t),
              "the fields are an array");
static_assert(MLG_NSETTINGS < 64 && MLG_NFEATURES <= 64, "one bit each");

static uint64_t bit(unsigned i)
{
    return UINT64_C(1) << i;
}

/* ---- sentences ---------------------------------------------------------- */

/* Add texts, up to a NULL, to what is said; what does not fit is cut. */
static void add_all(mlg_why_t *why, const char *const *part)
{
    size_t len = strlen(why->text);

    for (; *part != NULL; part++) {
        size_t n = strnlen(*part, sizeof(why->text) - 1 - len);

        memcpy(why->text + len, *part, n);
        len += n;
    }
    why->text[len] = '\0';
}

#define ADD(why, ...) add_all(why, (const char *const[]){__VA_ARGS__, NULL})

/* Begin with the value that is refused, in quotes. */
static void quote(mlg_why_t *why, const char *value)
{
    char cut[MLG_QUOTED_MAX + 1];
    size_t n = strnlen(value, MLG_QUOTED_MAX);

    memcpy(cut, value, n);
    cut[n] = '\0';
    why->text[0] = '\0';
    ADD(why, "'", cut, (value[n] != '\0') ? "..." : "", "'");
}

/* ---- names -------------------------------------------------------------- */

mlg_directive_id mlg_directive_find(const char *name)
{
    unsigned id = 0;

    while (id < MLG_NDIRECTIVES &&
           !mlg_word_is_same(name, mlg_directives[id].name)) {
        id++;
    }
    return (mlg_directive_id)id;
}

const char *mlg_directive_nearest(const char *name)
{
    const char *nearest = NULL;
    unsigned fewest = 4; /* more is another word */

    for (unsigned id = 0; id < MLG_NDIRECTIVES; id++) {
        unsigned slips = mlg_word_slips(name, mlg_directives[id].name);

        if (slips < fewest) {
            fewest = slips;
            nearest = mlg_directives[id].name;
        }
    }
    return nearest;
}

/* ---- values ------------------------------------------------------------- */

void mlg_settings_init(mlg_settings_t *settings)
{
    for (unsigned id = 0; id < MLG_NSETTINGS; id++) {
        settings->value[id] = mlg_directives[id].dflt;
    }
    settings->given = 0;
}

static int parse_engine(int64_t *out, const char *text)
{
    for (int engine = MLG_ENGINE_OFF; engine <= MLG_ENGINE_ENFORCE; engine++) {
        if (mlg_word_is_same(text, mlg_engine_name((mlg_engine)engine))) {
            *out = engine;
            return 1;
        }
    }
    return 0;
}

static int parse_swarm(int64_t *out, const char *text)
{
    for (int mode = MLG_SWARM_OFF; mode <= MLG_SWARM_REFUSE; mode++) {
        if (mlg_word_is_same(text, mlg_swarm_mode_name((mlg_swarm_mode)mode))) {
            *out = mode;
            return 1;
        }
    }
    return 0;
}

static int parse_count(int64_t *out, const char *text)
{
    char *end = NULL;

    errno = 0;
    *out = strtoll(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

static int parse_float(double *out, const char *text)
{
    char *end = NULL;

    *out = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*out) &&
           strspn(text, "+-.0123456789eE") == strlen(text);
}

static int parse_ratio(int64_t *out, const char *text)
{
    double ratio = 0.0;

    if (!parse_float(&ratio, text) || fabs(ratio) > 1000.0) {
        return 0;
    }
    *out = llround(ratio * 1e6);
    return 1;
}

static int parse_threshold(int64_t *out, const char *text)
{
    if (!mlg_word_is_same(text, "auto")) {
        return parse_ratio(out, text);
    }
    *out = MLG_THRESHOLD_AUTO;
    return 1;
}

static int parse_value(int64_t *out, mlg_kind kind, const char *text)
{
    switch (kind) {
    case MLG_KIND_ENGINE:
        return parse_engine(out, text);
    case MLG_KIND_SWARM:
        return parse_swarm(out, text);
    case MLG_KIND_COUNT:
        return parse_count(out, text);
    case MLG_KIND_RATIO:
        return parse_ratio(out, text);
    case MLG_KIND_THRESHOLD:
        return parse_threshold(out, text);
    case MLG_KIND_DURATION:
        return mlg_duration_parse(out, text) == APR_SUCCESS;
    default:
        return 0;
    }
}

apr_status_t mlg_settings_read(mlg_settings_t *settings, mlg_directive_id id,
                               const char *text, mlg_why_t *why)
{
    const mlg_directive_t *directive = &mlg_directives[id];
    int64_t value = 0;
    int is_value = parse_value(&value, directive->kind, text);
    int is_auto = directive->kind == MLG_KIND_THRESHOLD && is_value &&
                  mlg_word_is_same(text, "auto");

    if (!is_value ||
        (!is_auto && (value < directive->min || value > directive->max))) {
        quote(why, text);
        ADD(why, is_value ? " is out of range for " : " is not a value for ",
            directive->name, ". ", directive->help);
        return MLG_ERANGE;
    }
    settings->value[id] = value;
    settings->given |= bit(id);
    return APR_SUCCESS;
}

void mlg_settings_merge(mlg_settings_t *out, const mlg_settings_t *base,
                        const mlg_settings_t *nearer)
{
    uint64_t given = base->given | nearer->given;

    for (unsigned id = 0; id < MLG_NSETTINGS; id++) {
        out->value[id] =
            ((nearer->given & bit(id)) != 0 ? nearer : base)->value[id];
    }
    out->given = given;
}

static int is_max_given(const mlg_settings_t *settings)
{
    return (settings->given & bit(MLG_SET_block_max_us)) != 0;
}

/* @return digits of a duration in whole seconds */
static const char *seconds(char buf[24], int64_t us)
{
    uint64_t s = (uint64_t)us / APR_USEC_PER_SEC;
    char *at = buf + 23;

    *at = '\0';
    do {
        *--at = (char)('0' + s % 10);
        s /= 10;
    } while (s > 0);
    return at;
}

apr_status_t mlg_settings_check(const mlg_settings_t *settings,
                                const char *where, mlg_why_t *why)
{
    char longest[24];
    char first[24];

    if (!is_max_given(settings) ||
        settings->block_max_us >= settings->block_for_us) {
        return APR_SUCCESS;
    }
    why->text[0] = '\0';
    ADD(why, "MLGateBlockMax (", seconds(longest, settings->block_max_us),
        " s) is shorter than MLGateBlockFor (",
        seconds(first, settings->block_for_us), " s) in ", where,
        "; raise the one or lower the other");
    return MLG_ERANGE;
}

void mlg_settings_swarms(mlg_swarm_by_t *by, const mlg_settings_t *global)
{
    by->threshold = (float)((double)global->swarm_threshold / 1e6);
    by->max_share = (float)((double)global->swarm_max_share / 1e6);
}

void mlg_settings_rules(mlg_rules_t *rules, const mlg_settings_t *settings)
{
    rules->forest = NULL;
    rules->shadow = NULL;
    rules->engine = (mlg_engine)settings->engine;
    rules->threshold = (settings->threshold == MLG_THRESHOLD_AUTO)
                           ? MLG_THRESHOLD_NONE
                           : (float)((double)settings->threshold / 1e6);
    rules->min_requests = (uint32_t)settings->min_requests;
    rules->swarm.mode = (mlg_swarm_mode)settings->swarm;
    mlg_settings_swarms(&rules->swarm, settings);
    rules->swarm.is_busy = 0;
    rules->block_for_us = settings->block_for_us;
    rules->block_max_us = settings->block_max_us;
    if (!is_max_given(settings) && rules->block_max_us < rules->block_for_us) {
        rules->block_max_us = rules->block_for_us;
    }
}

int mlg_settings_is_auto(const mlg_settings_t *settings, int has_either)
{
    int is_given = (settings->given & bit(MLG_SET_threshold)) != 0;

    return is_given ? settings->threshold == MLG_THRESHOLD_AUTO : has_either;
}

/* ---- weights ------------------------------------------------------------ */

void mlg_weights_init(mlg_weights_t *weights)
{
    weights->model = mlg_weighted_default;
    weights->given = 0;
}

static apr_status_t refuse_feature(mlg_why_t *why, const char *name)
{
    quote(why, name);
    ADD(why, " is not the name of a feature. They are:");
    for (int i = 0; i < MLG_NFEATURES; i++) {
        ADD(why, " ", mlg_features[i].name);
    }
    return MLG_EFEATURE;
}

apr_status_t mlg_weights_read(mlg_weights_t *weights, int n,
                              const char *const *word, mlg_why_t *why)
{
    const char *help = mlg_directives[MLG_SET_weights].help;
    double number[3];
    mlg_feature_id feature;
    mlg_ramp_t ramp;

    why->text[0] = '\0';
    if (n != 4) {
        ADD(why, "MLGateWeight takes four arguments. ", help);
        return MLG_ERANGE;
    }
    feature = mlg_feature_find(word[0]);
    if (feature == MLG_NFEATURES) {
        return refuse_feature(why, word[0]);
    }
    for (int i = 0; i < 3; i++) {
        if (!parse_float(&number[i], word[1 + i])) {
            quote(why, word[1 + i]);
            ADD(why, " is not a number. ", help);
            return MLG_ERANGE;
        }
    }
    ramp = (mlg_ramp_t){(float)number[0], (float)number[1], (float)number[2]};
    if (mlg_ramp_check(&ramp) != APR_SUCCESS) {
        ADD(why, "'", word[1], " ", word[2], " ", word[3],
            "' is no ramp: lo and hi must differ and the weight lie ",
            "between -1 and 1. ", help);
        return MLG_ERANGE;
    }
    mlg_weighted_set(&weights->model, feature, ramp);
    weights->given |= bit(feature);
    return APR_SUCCESS;
}

void mlg_weights_merge(mlg_weights_t *out, const mlg_weights_t *base,
                       const mlg_weights_t *nearer)
{
    uint64_t given = base->given | nearer->given;

    if (out != base) {
        *out = *base;
    }
    for (unsigned i = 0; i < MLG_NFEATURES; i++) {
        if ((nearer->given & bit(i)) != 0) {
            mlg_weighted_set(&out->model, i,
                             mlg_weighted_ramp(&nearer->model, i));
        }
    }
    out->given = given;
}

/* ---- allow-lists -------------------------------------------------------- */

apr_status_t mlg_allow_read(mlg_prefix_t *out, const char *text, mlg_why_t *why)
{
    apr_status_t rv = mlg_prefix_parse(out, text);

    if (rv != APR_SUCCESS) {
        quote(why, text);
        ADD(why, ": ", mlg_error_text(rv));
    }
    return rv;
}

int mlg_allow_cut(char *line)
{
    line[strcspn(line, "# \t")] = '\0';
    return line[0] != '\0';
}
