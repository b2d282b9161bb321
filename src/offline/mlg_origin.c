/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_origin.h"

#include <stdio.h>

const char *mlg_origin_name(mlg_origin_kind kind)
{
    static const char *const name[MLG_NORIGINS] = {
#define X(id, word) word,
        MLG_ORIGINS(X)
#undef X
    };

    return name[((unsigned)kind < MLG_NORIGINS) ? kind : MLG_ORIGIN_GIVEN];
}

static void fitted_words(char buf[MLG_ORIGIN_TEXT], const mlg_origin_t *o)
{
    if (o->trusted == 0) {
        snprintf(
            buf, MLG_ORIGIN_TEXT,
            "threshold %.3f, the model's own: nobody in these logs behaves "
            "like people",
            (double)o->threshold);
        return;
    }
    snprintf(buf, MLG_ORIGIN_TEXT,
             "threshold %.3f, fitted to these logs: %u client%s like people",
             (double)o->threshold, o->trusted,
             (o->trusted == 1) ? " behaves" : "s behave");
}

const char *mlg_origin_words(char buf[MLG_ORIGIN_TEXT], const mlg_origin_t *o)
{
    switch (o->kind) {
    case MLG_ORIGIN_MODEL:
        snprintf(buf, MLG_ORIGIN_TEXT,
                 "the model's own threshold, which is not fitted to the site");
        return buf;
    case MLG_ORIGIN_OBSERVED:
        snprintf(buf, MLG_ORIGIN_TEXT,
                 "each request by the threshold that was in force");
        return buf;
    case MLG_ORIGIN_LOGS:
        fitted_words(buf, o);
        return buf;
    case MLG_ORIGIN_FLOOR:
        snprintf(buf, MLG_ORIGIN_TEXT,
                 "only floods are refused: %u %% of what fitting a threshold "
                 "takes was seen",
                 o->progress_percent);
        return buf;
    case MLG_ORIGIN_STREAM:
        snprintf(
            buf, MLG_ORIGIN_TEXT,
            "only floods are refused: standard input cannot be read twice, "
            "to fit a threshold first");
        return buf;
    default:
        return NULL;
    }
}

const char *mlg_origin_advice(mlg_origin_kind kind)
{
    switch (kind) {
    case MLG_ORIGIN_MODEL:
        return "run mlgatectl calibrate -o FILE and give --profile FILE";
    case MLG_ORIGIN_LOGS:
        return "the server learns it in a week, or at once from mlgatectl "
               "calibrate -o FILE";
    case MLG_ORIGIN_FLOOR:
        return "so does the server until it has seen enough; give longer logs, "
               "or an MLGateThreshold";
    case MLG_ORIGIN_STREAM:
        return "run mlgatectl calibrate -o FILE on it first and give "
               "--profile FILE, or name the logs";
    default:
        return NULL;
    }
}
