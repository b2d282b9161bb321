/* SPDX-License-Identifier: Apache-2.0
 *
 * The server's directives for a command that replays logs: --config, --host
 * and --set, the model: --model, and the site: --profile. What --set gives wins
 * over what --config reads, later over earlier, whatever their order on the
 * command line, and --model over any MLGateModel; where nobody names one,
 * MLGATE_MODEL in the environment does, else mlg_model_file_default(); likewise
 * --profile over MLGateProfile. Nothing is read before rules_read().
 */
#ifndef RULES_H
#define RULES_H

#include "mlg_model_file.h"
#include "mlg_origin.h"
#include "mlg_profile_file.h"
#include "mlg_replay.h"
#include "mlg_settings.h"

#include <apr_getopt.h>
#include <apr_tables.h>

/* Ids of the options below, and the rows that a command's table gets. */
enum {
    RULES_CONFIG = 1100,
    RULES_HOST,
    RULES_SET,
    RULES_MODEL,
    RULES_PROFILE,
    RULES_END
};

/* clang-format off */
#define RULES_OPTIONS                                                          \
    {"config", RULES_CONFIG, 1,                                                \
     "read the MLGate... lines of this httpd configuration and of what it "    \
     "includes; whatever its MLGateEngine, a replay enforces"},                \
    {"host", RULES_HOST, 1,                                                    \
     "the virtual host of the configuration that the logs are of: a name of "  \
     "it, or NAME:PORT"},                                                      \
    {"set", RULES_SET, 1,                                                      \
     "a directive over those of --config: 'MLGateThreshold 0.7'; with "        \
     "'MLGateEngine observe' blocked clients go on; may be repeated"},         \
    {"model", RULES_MODEL, 1,                                                  \
     "judge by the model in this .mlg file; 'weighted': by the weights; "      \
     "otherwise by the MLGateModel of --config"},                              \
    {"profile", RULES_PROFILE, 1,                                              \
     "judge by the threshold of this site's profile, as mlgatectl calibrate "  \
     "wrote it, where no MLGateThreshold is given"}
/* clang-format on */

typedef struct rules_t {
    apr_pool_t *p;
    const char *config;       /* file name; NULL: none */
    const char *host;         /* NULL: not said */
    const char *model;        /* file name or "weighted"; NULL: not said */
    const char *profile;      /* file name; NULL: not said */
    apr_array_header_t *sets; /* of const char *, directives */
    int is_quiet;             /* the caller's: notes are not printed */
    int wants_swarms;         /* the caller's: swarms are judged too */
    /* filled by rules_read() */
    int is_read;
    int is_asked; /* by --profile or --model */
    mlg_settings_t settings;
    mlg_weights_t weights;
    mlg_model_file_t file; /* with a model that is a file */
    mlg_cidrs_t allow;
    float recommended; /* the model's own threshold */
    double slope; /* of the curve from its margin to its score; 1: weights */
    const mlg_profile_t *site; /* NULL: none */
    /* what the threshold is fitted to, where rules_want_fit(): LOGS, FLOOR or
     * STREAM; set by the caller. Otherwise set by rules_apply(). */
    mlg_origin_t origin;
} rules_t;

/** Begin with the module's defaults, but for its engine: a replay asks whom
 * the gate would refuse, so it enforces.
 *
 * @param p  lives as long as the rules
 */
void rules_init(rules_t *rules, apr_pool_t *p);

/** Take an option; a second --config is refused.
 *
 * @param option  RULES_CONFIG..RULES_END - 1
 * @param arg     borrowed as long as the rules live
 * @return CTL_DONE, or CTL_MISUSE having said why
 */
int rules_option(rules_t *rules, int option, const char *arg);

/** --set: one directive with its value, such as "MLGateThreshold 0.8".
 * "MLGateEngine observe" lets blocked clients go on; rules_apply() refuses off.
 *
 * @param directive  borrowed as long as the rules live
 */
void rules_set(rules_t *rules, const char *directive);

/** Read what was named, unless that is done. Prints notes about what a log
 * cannot tell to standard error.
 *
 * @return CTL_DONE, or CTL_MISUSE having said why
 */
int rules_read(rules_t *rules);

/** After rules_read(): is the threshold automatic, and no profile says what it
 * is on this site? */
int rules_want_fit(const rules_t *rules);

/** rules_read(), and begin a replay by it: mlg_replay_init() with the right size
 * of table, then the rules.
 *
 * @param replay  filled; borrows from `rules`
 * @param p       holds the replay's memory
 * @return CTL_DONE; CTL_MISUSE or CTL_FAILED having said why
 */
int rules_apply(rules_t *rules, mlg_replay_t *replay, apr_pool_t *p);

#endif /* RULES_H */
