/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm.h"

#include <math.h>

#define DAY_S           86400u
#define REFUSE_AFTER_S  (3 * DAY_S)
#define TELL_AFTER_S    DAY_S
#define USUAL_FEW       20.0f /* newcomers, before a share is known */
#define USUAL_LEAST     0.1f  /* below, absence proves nothing */
#define EXPECTED        7.0f  /* would have brought something: e^-7 */
#define EXPECTED_LOW    3.0f  /* under the alarm */
#define EIGHTH          8.0f
#define OTHERS          3.0f
#define NETS_LEAST      64.0f
#define NETS_PLACE      1.5f /* times as many: bystanders are among them */
#define NETS_ENOUGH     150.0f
#define NETS_SHARE      0.4f
#define NETS_ALARM      3.0f
#define NETS_ALARM_SHARE 0.75f
#define ALARM_SLACK     25.0f
#define ALARM_NETS       300.0f
#define ALARM_NETS_SHARE 0.6f
#define CONTROLS_FEW     8.0f
#define ALARM_SLACK_OWN 1.0f
#define TELL_SLACK      3.0f /* a day */
#define TELL_SLACK_AGENTS 2.0f
#define TELL_NETS       6.0f
#define TELL_AGENTS     0.75f
#define FACTOR_MOST     4.0f
#define WEEK_H          168u

static const float window_h[MLG_NCOHORT_WINDOWS] = {60 / 3600.0f, 1 / 6.0f,
                                                    1.0f, 24.0f};

/* ---- the site ------------------------------------------------------------- */

static uint32_t hour_of_week(uint32_t at_s)
{
    return at_s / 3600 % WEEK_H;
}

/* Of an hour of the week, against the mean; 1 until a week was seen. */
static float factor_of(const mlg_swarms_t *s, uint32_t at_s, float mean,
                       uint32_t age_s)
{
    float curve;
    float factor;

    if (age_s < WEEK_H * 3600u) {
        return 1.0f;
    }
    __atomic_load(&s->curve[hour_of_week(at_s)], &curve, __ATOMIC_RELAXED);
    factor = (curve + 2.0f) / (mean + 2.0f);
    return fminf(fmaxf(factor, 1.0f / FACTOR_MOST), FACTOR_MOST);
}

static void follow_curve(mlg_swarms_t *s, uint32_t at_s)
{
    uint32_t last_s = s->whole[0].last_s;
    float brought = 0.0f;
    float *at = &s->curve[hour_of_week(last_s)];
    float before;
    float next;

    if (last_s == 0 || at_s / 3600 <= last_s / 3600) {
        return;
    }
    for (int r = 0; r < 2; r++) {
        brought += (float)s->whole[r].brought[MLG_COHORT_3600S].now;
    }
    __atomic_load(at, &before, __ATOMIC_RELAXED);
    next = (before > 0.0f) ? before + (brought - before) / 4.0f : brought;
    __atomic_store(at, &next, __ATOMIC_RELAXED);
}

static float usual_of(const mlg_cohort_t *c)
{
    return (c->usual_owe >= USUAL_FEW) ? c->usual_brought / c->usual_owe
                                       : 0.0f;
}

/* ---- networks ------------------------------------------------------------- */

void swarm_site_net(mlg_swarms_t *s, unsigned class, uint32_t at_s,
                    uint64_t net)
{
    mlg_spread_t *spread = &s->spread[class];
    uint64_t minute = at_s / 60;
    uint64_t last = __atomic_load_n(&spread->minute, __ATOMIC_RELAXED);
    uint64_t bit = UINT64_C(1) << (net % 64);

    if (minute > last &&
        __atomic_compare_exchange_n(&spread->minute, &last, minute, 0,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        for (unsigned i = 0; i < MLG_SWARM_NETS / 64; i++) {
            uint64_t now =
                __atomic_exchange_n(&spread->now[i], 0, __ATOMIC_RELAXED);

            __atomic_store_n(&spread->before[i],
                             (minute == last + 1) ? now : 0, __ATOMIC_RELAXED);
        }
    }
    __atomic_fetch_or(&spread->now[net / 64 % (MLG_SWARM_NETS / 64)], bit,
                      __ATOMIC_RELAXED);
}

static float nets_of(const mlg_spread_t *spread)
{
    float all = (float)MLG_SWARM_NETS;
    unsigned set = 0;

    for (unsigned i = 0; i < MLG_SWARM_NETS / 64; i++) {
        uint64_t now = __atomic_load_n(&spread->now[i], __ATOMIC_RELAXED);
        uint64_t before =
            __atomic_load_n(&spread->before[i], __ATOMIC_RELAXED);

        set += (unsigned)__builtin_popcountll(now | before);
    }
    set -= (set == MLG_SWARM_NETS);
    return -all * logf(1.0f - (float)set / all);
}

/* ---- absence -------------------------------------------------------------- */

typedef struct tally_t {
    float owe;
    float brought;
} tally_t;

/* Who was answered long enough ago to have brought something. */
static tally_t settled(const mlg_cohort_t *c, enum mlg_cohort_window w)
{
    unsigned owe = mlg_panes_sum(&c->owe[w]);
    unsigned fresh = mlg_panes_sum(&c->fresh);

    return (tally_t){(float)(owe - ((fresh < owe) ? fresh : owe)),
                     (float)mlg_panes_sum(&c->brought[w])};
}

/* Nobody of the last minute or two counts. */
static tally_t settled_slowly(const mlg_cohort_t *c)
{
    unsigned owe = mlg_panes_sum(&c->owe[MLG_COHORT_600S]);
    unsigned fresh = mlg_panes_sum(&c->owe[MLG_COHORT_60S]);

    return (tally_t){(float)(owe - ((fresh < owe) ? fresh : owe)),
                     (float)mlg_panes_sum(&c->brought[MLG_COHORT_600S])};
}

static int is_absent(tally_t t, float usual, float expected)
{
    return t.owe * usual >= expected && t.brought * EIGHTH <= t.owe * usual;
}

/* The site but for this cohort: 1 when it brings what it usually does, 0 when
 * it does not, -1 when there are too few of them to tell. */
static int others_bring(const swarm_site_t *site, tally_t own,
                        enum mlg_cohort_window w)
{
    float expected;
    float brought = -own.brought;

    if (site->is_alarmed) {
        return 1; /* was looked at; and others may be of the swarm */
    }
    expected = -own.owe * site->usual[site->class];
    for (int r = 0; r < 2; r++) {
        tally_t t = settled(&site->whole[r], w);

        expected += t.owe * site->usual[r];
        brought += t.brought;
    }
    if (expected < OTHERS) {
        return -1;
    }
    return brought * 4.0f >= expected;
}

static int brings_nothing(const swarm_site_t *site, const mlg_cohort_t *c,
                          float usual, float expected)
{
    for (int w = MLG_COHORT_60S; w <= MLG_COHORT_3600S; w++) {
        tally_t t = settled(c, (enum mlg_cohort_window)w);
        int others;

        if (!is_absent(t, usual, expected)) {
            continue;
        }
        others = others_bring(site, t, (enum mlg_cohort_window)w);
        if (others > 0 ||
            (others < 0 && is_absent(settled_slowly(c), usual, expected))) {
            return 1;
        }
    }
    return 0;
}

/* ---- excess --------------------------------------------------------------- */

/* @param usual  newcomers an hour */
static float excess_of(const mlg_cohort_t *c, uint32_t at_s, float usual,
                       float slack)
{
    float most = 0.0f;

    for (int w = MLG_COHORT_60S; w <= MLG_COHORT_3600S; w++) {
        float came = mlg_cohort_count(c, (enum mlg_cohort_window)w, at_s);

        most = fmaxf(most, came / (usual * window_h[w] + slack));
    }
    return most;
}

/* The whole of a class in a window, as if all had been let pass: who was
 * refused would have done what the controls do. */
static tally_t as_if_passed(const swarm_site_t *site, tally_t t,
                            enum mlg_cohort_window w)
{
    const mlg_cohort_t *held = &site->held[site->class];
    tally_t controls = settled(held, MLG_COHORT_600S);
    float n = (float)mlg_panes_sum(&held->came[w]);

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
        tally_t t = as_if_passed(site, settled(c, w), w);
        float share = (t.owe > t.brought) ? 1.0f - t.brought / t.owe : 0.0f;

        most = fmaxf(most, share * mlg_cohort_count(c, w, site->at_s) /
                               (base * window_h[w] + ALARM_SLACK));
    }
    return most;
}

static int is_short(tally_t t, float usual)
{
    return t.owe * usual >= EXPECTED && t.brought * 2.0f <= t.owe * usual;
}

/* Do the newcomers whom nobody vouches for come from everywhere? */
static int is_from_everywhere(const swarm_site_t *site, tally_t t)
{
    float came =
        (float)mlg_panes_sum(&site->whole[site->class].came[MLG_COHORT_60S]);

    return site->nets >=
           fminf(ALARM_NETS, ALARM_NETS_SHARE * (came - t.brought));
}

/* The whole site: many newcomers who bring half of what they usually do. */
static int is_alarmed(const swarm_site_t *site)
{
    const mlg_cohort_t *c = &site->whole[site->class];
    float usual = site->usual[site->class];
    tally_t minute =
        as_if_passed(site, settled(c, MLG_COHORT_60S), MLG_COHORT_60S);
    tally_t t = minute;
    tally_t other;

    if (usual < USUAL_LEAST) {
        return 0;
    }
    if (!is_short(t, usual)) {
        t = as_if_passed(site, settled(c, MLG_COHORT_600S), MLG_COHORT_600S);
    }
    if (!is_short(t, usual) || !is_from_everywhere(site, minute)) {
        return 0;
    }
    /* all of them may be slow to bring it, those with a Referer too */
    other = settled(&site->whole[!site->class], MLG_COHORT_600S);
    other.owe *= site->usual[!site->class];
    if (other.owe >= OTHERS) {
        if (other.brought * 4.0f < other.owe) {
            return 0;
        }
    }
    else if (!is_short(as_if_passed(site, settled_slowly(c), MLG_COHORT_600S),
                       usual)) {
        return 0;
    }
    return bare_excess(site, usual) >= site->threshold;
}

static void site_fill(swarm_site_t *site, const mlg_swarms_t *s,
                      const mlg_swarm_by_t *by, uint32_t at_s,
                      unsigned class)
{
    float mean = 0.0f;

    site->at_s = at_s;
    site->class = class;
    site->threshold = by->threshold;
    site->age_s = 0;
    for (int r = 0; r < MLG_NSWARM_CLASSES; r++) {
        const mlg_cohort_t *c = &site->whole[r];

        site->usual[r] = usual_of(c);
        if (c->usual_hours > 0.0f) {
            mean += c->usual_brought / c->usual_hours;
        }
        if (c->first_s != 0 && at_s - c->first_s > site->age_s) {
            site->age_s = at_s - c->first_s;
        }
    }
    site->bound = (site->age_s < REFUSE_AFTER_S)
                      ? INFINITY
                      : MLG_SWARM_BOUND * mean + MLG_COHORT_GROWTH_N;
    site->nets = nets_of(&s->spread[class]);
    site->factor = factor_of(s, at_s, mean, site->age_s);
    site->is_alarmed = site->age_s >= REFUSE_AFTER_S &&
                       class != MLG_SWARM_NO_BROWSER && is_alarmed(site);
}

void swarm_site_peek(swarm_site_t *site, const mlg_swarms_t *s,
                     const mlg_swarm_by_t *by, uint32_t at_s, unsigned class)
{
    for (unsigned r = 0; r < MLG_NSWARM_CLASSES; r++) {
        mlg_cohort_load(&site->whole[r], &s->whole[r]);
        mlg_cohort_load(&site->held[r], &s->held[r]);
    }
    site_fill(site, s, by, at_s, class);
}

void swarm_site_look(swarm_site_t *site, mlg_swarms_t *s,
                     const mlg_swarm_by_t *by, uint32_t at_s, unsigned class,
                     uint64_t net)
{
    follow_curve(s, at_s);
    for (unsigned r = 0; r < MLG_NSWARM_CLASSES; r++) {
        mlg_cohort_load(&site->whole[r], &s->whole[r]);
        mlg_cohort_load(&site->held[r], &s->held[r]);
        mlg_cohort_advance(&site->whole[r], at_s, SWARM_NETS_S, 1.0f,
                           INFINITY);
    }
    mlg_cohort_came(&site->whole[class], net);
    site_fill(site, s, by, at_s, class);
    for (unsigned r = 0; r < MLG_NSWARM_CLASSES; r++) {
        site->whole[r].is_learned_apart |= (uint8_t)site->is_alarmed;
        mlg_cohort_store(&s->whole[r], &site->whole[r]);
    }
}

/* ---- a cohort ------------------------------------------------------------- */

static int is_spread(const swarm_site_t *site, const mlg_cohort_t *c,
                     mlg_swarm_kind kind)
{
    float came = (float)mlg_panes_sum(&c->came[MLG_COHORT_3600S]);
    float least = fmaxf(NETS_LEAST, NETS_SHARE * came);

    if (site->is_alarmed) {
        least = fminf(NETS_LEAST, fmaxf(NETS_ALARM, NETS_ALARM_SHARE * came));
    }
    least = fminf(least, NETS_ENOUGH);
    return mlg_cohort_nets(c) >=
           ((kind == MLG_SWARM_PLACE) ? NETS_PLACE * least : least);
}

/* What was usual before the last day: a swarm is not to excuse itself. */
static tally_t past_of(const mlg_cohort_t *c)
{
    float owe = (float)mlg_panes_sum(&c->owe[MLG_COHORT_DAY]);
    float brought = (float)mlg_panes_sum(&c->brought[MLG_COHORT_DAY]);

    return (tally_t){fmaxf(c->usual_owe - owe, 0.0f),
                     fmaxf(c->usual_brought - brought, 0.0f)};
}

/* Some dozens over a day, or one network under many names. */
static int is_told(const swarm_site_t *site, const mlg_cohort_t *c,
                   mlg_swarm_kind kind, float usual, tally_t past)
{
    unsigned came = mlg_panes_sum(&c->came[MLG_COHORT_DAY]);
    float days = fminf((float)(site->age_s / DAY_S), WEEK_H / 24.0f);
    float nets = mlg_cohort_nets(c);
    int is_network = kind == MLG_SWARM_NETWORK;

    if (kind == MLG_SWARM_PLACE ||
        (float)came <
            site->threshold *
                (past.owe / days +
                 (is_network ? TELL_SLACK_AGENTS : TELL_SLACK))) {
        return 0;
    }
    if (nets < (is_network ? TELL_AGENTS * (float)came : TELL_NETS)) {
        return 0;
    }
    return is_absent(settled(c, MLG_COHORT_DAY), usual,
                     is_network ? EXPECTED_LOW : EXPECTED);
}

void swarm_judge(swarm_verdict_t *out, const swarm_site_t *site,
                 const mlg_cohort_t *c, mlg_swarm_kind kind, int is_on)
{
    int is_browser = site->class != MLG_SWARM_NO_BROWSER;
    int owes_by_class = is_browser && kind != MLG_SWARM_NETWORK;
    float usual =
        site->usual[owes_by_class ? site->class : MLG_SWARM_NO_REFERER];
    tally_t past = past_of(c);
    float own = (past.owe >= USUAL_FEW) ? past.brought / past.owe : usual;
    float base = fminf(c->base, site->bound) * site->factor;
    float threshold = is_on ? site->threshold / 2.0f : site->threshold;
    float expected = site->is_alarmed ? EXPECTED_LOW
                     : is_on          ? EXPECTED / 2.0f
                                      : EXPECTED;
    float slack = site->is_alarmed ? ALARM_SLACK_OWN : MLG_SWARM_SLACK;
    tally_t t = settled(c, MLG_COHORT_600S);
    int is_good;

    *out = (swarm_verdict_t){.excess = 0.0f};
    if (usual < USUAL_LEAST || site->age_s < TELL_AFTER_S) {
        return; /* absence proves nothing, or not yet */
    }
    out->excess = excess_of(c, site->at_s, base, slack);
    out->excuses = own * EIGHTH < usual && out->excess < site->threshold;
    is_good = past.owe >= USUAL_FEW && own * 2.0f >= usual;
    if (own < usual && out->excess < MLG_SWARM_EXCUSE) {
        usual = own;
    }
    out->tells = is_told(site, c, kind, usual, past);
    if (kind != MLG_SWARM_NETWORK && out->excess >= threshold &&
        is_spread(site, c, kind) && brings_nothing(site, c, usual, expected)) {
        out->refuses = is_browser && site->age_s >= REFUSE_AFTER_S;
        out->tells = 1;
    }
    out->vouches = !out->refuses &&
                   (is_good || (t.brought >= 3.0f &&
                                t.brought * 2.0f >= t.owe * usual));
}
