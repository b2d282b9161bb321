/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_threshold.h"

#include <math.h>

#define CERTAIN 1e-6 /* closer to 0 or 1 than any score that means it */

static double log_odds(double score)
{
    double s = (score > CERTAIN) ? score : CERTAIN; /* NaN too */

    s = (s < 1.0 - CERTAIN) ? s : 1.0 - CERTAIN;
    return log(s / (1.0 - s));
}

static double score_of(double odds)
{
    return 1.0 / (1.0 + exp(-odds));
}

uint32_t mlg_fit_ignored(uint32_t trusted, double share)
{
    return (uint32_t)((double)trusted * share);
}

/* ---- the rule ------------------------------------------------------------ */

static unsigned percent(double part)
{
    return (part >= 1.0) ? 100 : (part > 0.0) ? (unsigned)(100.0 * part) : 0;
}

static unsigned progress(const mlg_fit_seen_t *seen)
{
    double trusted = (seen->trusted_enough > 0)
                         ? (double)seen->trusted / seen->trusted_enough
                         : 1.0;
    double clients = (double)seen->clients / MLG_FIT_CLIENTS;
    double days = (double)seen->span_us / MLG_FIT_SPAN_US;
    double anybody = (clients < days) ? clients : days;

    return percent((trusted > anybody) ? trusted : anybody);
}

/* In margin units: log-odds over the slope. */
static double place(const mlg_fit_seen_t *seen, double own, mlg_fit_why *why)
{
    double highest = log_odds(seen->peak) / seen->slope;
    double most =
        fmax(log_odds(seen->vouched) / seen->slope, own) + MLG_FIT_STEP;
    double people = fmin(highest, most) + MLG_FIT_MARGIN;
    double n = seen->trusted;

    if (seen->trusted == 0) {
        *why = MLG_FIT_NOBODY;
        return own;
    }
    if (people > own) {
        *why = (highest > most) ? MLG_FIT_ALONE : MLG_FIT_ABOVE;
        return people;
    }
    *why = MLG_FIT_BELOW;
    return own - (own - people) * n / (n + MLG_FIT_SHRINK);
}

void mlg_fit(mlg_fit_t *out, const mlg_fit_seen_t *seen)
{
    double own = log_odds(seen->recommended) / seen->slope;
    double t = place(seen, own, &out->why);

    if (t < own - MLG_FIT_DOWN) {
        t = own - MLG_FIT_DOWN;
        out->why = MLG_FIT_LOWEST;
    }
    out->threshold = (float)score_of(t * seen->slope);
    out->progress_percent = progress(seen);
    out->is_sound = out->progress_percent == 100;
}

const char *mlg_fit_words(mlg_fit_why why)
{
    static const char *const words[MLG_NFIT_WHYS] = {
#define X(id, text) text,
        MLG_FIT_WHYS(X)
#undef X
    };

    return words[((unsigned)why < MLG_NFIT_WHYS) ? why : MLG_FIT_NOBODY];
}

/* ---- following ----------------------------------------------------------- */

float mlg_drift_bounds(float anchor, double drift, float *low, float *high)
{
    double at = log_odds(anchor);
    double reach = MLG_DRIFT_STEEP * drift;

    *low = (float)score_of(at - reach);
    *high = (float)score_of(at + reach);
    return (float)score_of(at + MLG_DRIFT_LIFTED * reach);
}

float mlg_drift_move(float threshold, float target,
                     apr_interval_time_t elapsed_us)
{
    double days = (double)((elapsed_us < MLG_DRIFT_GAP_US) ? elapsed_us
                                                           : MLG_DRIFT_GAP_US) /
                  86400e6;
    double reach = MLG_DRIFT_STEEP * MLG_DRIFT_A_DAY * fmax(days, 0.0);
    double from = log_odds(threshold);
    double to = fmin(fmax(log_odds(target), from - reach), from + reach);

    return (to == from) ? threshold : (float)score_of(to);
}
