/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm.h"

#include <float.h>
#include <math.h>

#define ALARM_SLACK      25.0f
#define ALARM_NETS       300.0f
#define ALARM_NETS_SHARE 0.6f
#define CONTROLS_FEW     8.0f
#define FACTOR_MOST      4.0f

/* ---- the site ------------------------------------------------------------- */

static uint32_t hour_of_week(uint32_t at_s)
{
    return at_s / 3600 % SWARM_WEEK_H;
}

/* Of an hour of the week, against the mean; 1 until a week was seen. */
static float factor_of(const mlg_swarms_t *s, uint32_t at_s, float mean,
                       uint32_t age_s)
{
    float curve;
    float factor;

    if (age_s < SWARM_WEEK_H * 3600u) {
        return 1.0f;
    }
    __atomic_load(&s->curve[hour_of_week(at_s)], &curve, __ATOMIC_RELAXED);
    factor = (curve + 2.0f) / (mean + 2.0f);
    return fminf(fmaxf(factor, 1.0f / FACTOR_MOST), FACTOR_MOST);
}

static void follow_curve(mlg_swarms_t *s, const swarm_site_t *site,
                         uint32_t at_s)
{
    uint32_t last_s = site->whole[0].last_s;
    float brought = 0.0f;
    float *at = &s->curve[hour_of_week(last_s)];
    float before;
    float next;

    if (last_s == 0 || at_s / 3600 <= last_s / 3600) {
        return;
    }
    for (int r = 0; r < 2; r++) {
        brought += (float)site->whole[r].brought[MLG_COHORT_3600S].now;
    }
    __atomic_load(at, &before, __ATOMIC_RELAXED);
    next = (before > 0.0f) ? before + (brought - before) / 4.0f : brought;
    __atomic_store(at, &next, __ATOMIC_RELAXED);
}

/* ---- networks ------------------------------------------------------------- */

void swarm_site_net(mlg_swarms_t *s, unsigned class, uint32_t at_s,
                    uint64_t net)
{
    mlg_spread_t *spread = &s->spread[class];
    uint64_t minute = at_s / 60;
    uint64_t last = __atomic_load_n(&spread->minute, __ATOMIC_RELAXED);
    uint64_t bit = UINT64_C(1) << (net % 64);
    unsigned at = net / 64 % (MLG_SWARM_NETS / 64);

    if (minute > last &&
        __atomic_compare_exchange_n(&spread->minute, &last, minute, 0,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        uint32_t set =
            __atomic_exchange_n(&spread->set_now, 0, __ATOMIC_RELAXED);

        __atomic_store_n(&spread->set, (minute == last + 1) ? set : 0,
                         __ATOMIC_RELAXED);
        for (unsigned i = 0; i < MLG_SWARM_NETS / 64; i++) {
            uint64_t now =
                __atomic_exchange_n(&spread->now[i], 0, __ATOMIC_RELAXED);

            __atomic_store_n(&spread->before[i], (minute == last + 1) ? now : 0,
                             __ATOMIC_RELAXED);
        }
    }
    if ((__atomic_fetch_or(&spread->now[at], bit, __ATOMIC_RELAXED) & bit) ==
        0) {
        uint64_t before =
            __atomic_load_n(&spread->before[at], __ATOMIC_RELAXED);

        __atomic_fetch_add(&spread->set_now, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&spread->set, (before & bit) == 0, __ATOMIC_RELAXED);
    }
}

static float nets_of(const mlg_spread_t *spread)
{
    float all = (float)MLG_SWARM_NETS;
    uint32_t set = __atomic_load_n(&spread->set, __ATOMIC_RELAXED);

    set = (set < MLG_SWARM_NETS) ? set : MLG_SWARM_NETS - 1;
    return -all * logf(1.0f - (float)set / all);
}

/* The whole of a class in a window, as if all had been let pass: who was
 * refused would have done what the controls do. */
static swarm_tally_t as_if_passed(const swarm_site_t *site, swarm_tally_t t,
                                  enum mlg_cohort_window w)
{
    const mlg_cohort_t *held = &site->held;
    swarm_tally_t controls =
        swarm_settled(held, MLG_COHORT_600S, site->is_slow);
    float n = (float)mlg_wide_sum(&held->came[w]);

    t.owe += n;
    t.brought +=
        n * ((controls.owe >= CONTROLS_FEW) ? controls.brought / controls.owe
                                            : 0.0f);
    return t;
}

/* The excess of those who bring nothing. */
static float bare_excess(const swarm_site_t *site, float usual)
{
    const mlg_cohort_t *c = &site->whole[site->class];
    float base = c->base * site->factor * (1.0f - usual);
    float most = 0.0f;

    for (int i = MLG_COHORT_60S; i <= MLG_COHORT_3600S; i++) {
        enum mlg_cohort_window w = (enum mlg_cohort_window)i;
        swarm_tally_t t =
            as_if_passed(site, swarm_settled(c, w, site->is_slow), w);
        float share = (t.owe > t.brought) ? 1.0f - t.brought / t.owe : 0.0f;

        most = fmaxf(most, share * mlg_cohort_count(c, w, site->at_s) /
                               (base * swarm_window_h[w] + ALARM_SLACK));
    }
    return most;
}

static int is_short(swarm_tally_t t, float usual)
{
    return t.owe * usual >= SWARM_EXPECTED && t.brought * 2.0f <= t.owe * usual;
}

/* Do the newcomers whom nobody vouches for come from everywhere? */
static int is_from_everywhere(const swarm_site_t *site, swarm_tally_t t)
{
    float came =
        (float)mlg_wide_sum(&site->whole[site->class].came[MLG_COHORT_60S]);

    return site->nets >=
           fminf(ALARM_NETS, ALARM_NETS_SHARE * (came - t.brought));
}

/* The whole site: many newcomers who bring half of what they usually do. */
static int is_alarmed(const swarm_site_t *site)
{
    const mlg_cohort_t *c = &site->whole[site->class];
    float usual = site->usual[site->class];
    swarm_tally_t minute = as_if_passed(
        site, swarm_settled(c, MLG_COHORT_60S, site->is_slow), MLG_COHORT_60S);
    swarm_tally_t t = minute;
    swarm_tally_t other;

    if (usual < SWARM_USUAL_LEAST) {
        return 0;
    }
    if (!is_short(t, usual)) {
        t = as_if_passed(site, swarm_settled(c, MLG_COHORT_600S, site->is_slow),
                         MLG_COHORT_600S);
    }
    if (!is_short(t, usual) || !is_from_everywhere(site, minute)) {
        return 0;
    }
    /* all of them may be slow to bring it, those with a Referer too */
    other = swarm_settled(&site->whole[!site->class], MLG_COHORT_600S,
                          site->is_slow);
    other.owe *= site->usual[!site->class];
    if (other.owe >= SWARM_OTHERS) {
        if (other.brought * 4.0f < other.owe) {
            return 0;
        }
    }
    else if (!is_short(as_if_passed(site, swarm_settled(c, MLG_COHORT_600S, 1),
                                    MLG_COHORT_600S),
                       usual)) {
        return 0;
    }
    return bare_excess(site, usual) >= site->threshold;
}

static uint32_t site_age(const swarm_site_t *site, uint32_t at_s)
{
    uint32_t age_s = 0;

    for (int r = 0; r < MLG_NSWARM_CLASSES; r++) {
        uint32_t first_s = site->whole[r].first_s;

        if (first_s != 0 && at_s > first_s && at_s - first_s > age_s) {
            age_s = at_s - first_s;
        }
    }
    return age_s;
}

static void site_fill(swarm_site_t *site, const mlg_swarms_t *s,
                      const mlg_swarm_by_t *by, uint32_t at_s, unsigned class)
{
    float mean = 0.0f;

    site->at_s = at_s;
    site->class = class;
    site->threshold = by->threshold;
    site->is_slow =
        __atomic_load_n(&s->late_8, __ATOMIC_RELAXED) >= MLG_SWARM_LATE_S * 8;
    site->age_s = site_age(site, at_s);
    for (int r = 0; r < MLG_NSWARM_CLASSES; r++) {
        const mlg_cohort_t *c = &site->whole[r];

        site->usual[r] = swarm_usual(c);
        if (c->usual_hours > 0.0f) {
            mean += c->usual_brought / c->usual_hours;
        }
    }
    site->bound = (site->age_s < SWARM_REFUSE_AFTER_S)
                      ? INFINITY
                      : MLG_SWARM_BOUND * mean + MLG_COHORT_GROWTH_N;
    site->nets = nets_of(&s->spread[class]);
    site->factor = factor_of(s, at_s, mean, site->age_s);
    site->is_alarmed = site->age_s >= SWARM_REFUSE_AFTER_S &&
                       class != MLG_SWARM_NO_BROWSER && is_alarmed(site);
}

static void site_load(swarm_site_t *site, const mlg_swarms_t *s, unsigned class)
{
    for (unsigned r = 0; r < MLG_NSWARM_CLASSES; r++) {
        mlg_cohort_load(&site->whole[r], &s->whole[r]);
    }
    mlg_cohort_load(&site->held, &s->held[class]);
}

void swarm_site_peek(swarm_site_t *site, const mlg_swarms_t *s,
                     const mlg_swarm_by_t *by, uint32_t at_s, unsigned class)
{
    site_load(site, s, class);
    site_fill(site, s, by, at_s, class);
}

void swarm_site_look(swarm_site_t *site, mlg_swarms_t *s,
                     const mlg_swarm_by_t *by, uint32_t at_s, unsigned class,
                     uint64_t net)
{
    uint32_t age_s;

    site_load(site, s, class);
    follow_curve(s, site, at_s);
    age_s = site_age(site, at_s);
    for (unsigned r = 0; r < MLG_NSWARM_CLASSES; r++) {
        mlg_cohort_advance(&site->whole[r], at_s, SWARM_NETS_S, 1.0f,
                           (age_s < SWARM_REFUSE_AFTER_S) ? INFINITY : FLT_MAX);
    }
    mlg_cohort_came(&site->whole[class], net);
    site_fill(site, s, by, at_s, class);
    for (unsigned r = 0; r < MLG_NSWARM_CLASSES; r++) {
        site->whole[r].is_learned_apart |= (uint8_t)site->is_alarmed;
        mlg_cohort_store(&s->whole[r], &site->whole[r]);
    }
}
