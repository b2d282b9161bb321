/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm.h"

#include <math.h>

#define TELL_AFTER_S      SWARM_DAY_S
#define USUAL_FEW         20.0f /* newcomers, before a share is known */
#define GOOD_FEW          8.0f  /* before a share of half the usual is */
#define LIFT              2.0f  /* a cohort's growth, times the site's */
#define CROWD_PART        6.0f  /* of a cohort that is a crowd, in the others */
#define CROWD_SIGMAS      2.0f
#define CROWD_BARE        4.0f
#define EXPECTED_LOW      3.0f /* under the alarm */
#define EIGHTH            8.0f
#define NETS_LEAST        64.0f
#define NETS_PLACE        1.5f /* times as many: bystanders are among them */
#define NETS_ENOUGH       150.0f
#define NETS_MOST         350.0f /* that 128 bits can tell */
#define NETS_SHARE        0.4f
#define NETS_ALARM        3.0f
#define NETS_ALARM_SHARE  0.75f
#define ALARM_SLACK_OWN   1.0f
#define NARROW_FEW        20.0f /* before so many came, none is narrow */
#define NARROW_SHARE      0.6f
#define TELL_SLACK        3.0f /* a day */
#define TELL_SLACK_AGENTS 2.0f
#define TELL_NETS         6.0f
#define TELL_AGENTS       0.75f

const float swarm_window_h[MLG_NCOHORT_WINDOWS] = {60 / 3600.0f, 1 / 6.0f, 1.0f,
                                                   24.0f};

/* ---- figures of one cohort -------------------------------------------------- */

swarm_tally_t swarm_settled(const mlg_cohort_t *c, enum mlg_cohort_window w,
                            int is_slow)
{
    unsigned owe = mlg_wide_sum(&c->owe[w]);
    unsigned fresh =
        mlg_wide_sum(is_slow ? &c->owe[MLG_COHORT_60S] : &c->fresh);

    return (swarm_tally_t){(float)(owe - ((fresh < owe) ? fresh : owe)),
                           (float)mlg_wide_sum(&c->brought[w])};
}

/* @param usual  newcomers an hour */
float swarm_excess(const mlg_cohort_t *c, uint32_t at_s, float usual,
                   float slack)
{
    float most = 0.0f;

    for (int w = MLG_COHORT_60S; w <= MLG_COHORT_3600S; w++) {
        float came = mlg_cohort_count(c, (enum mlg_cohort_window)w, at_s);

        most = fmaxf(most, came / (usual * swarm_window_h[w] + slack));
    }
    return most;
}

float swarm_usual(const mlg_cohort_t *c)
{
    return (c->usual_owe >= USUAL_FEW) ? c->usual_brought / c->usual_owe : 0.0f;
}

/* Of the last day, what has been learned: all but the present hour. */
static float learned_today(const mlg_wide_panes_t panes[MLG_NCOHORT_WINDOWS])
{
    return (float)mlg_wide_sum(&panes[MLG_COHORT_DAY]) -
           (float)panes[MLG_COHORT_3600S].now;
}

/* What was usual before the last day: a swarm is not to excuse itself, nor a
 * crowd to make its own past forgotten. */
static swarm_tally_t past_of(const mlg_cohort_t *c)
{
    return (swarm_tally_t){
        fmaxf(c->usual_owe - learned_today(c->owe), 0.0f),
        fmaxf(c->usual_brought - learned_today(c->brought), 0.0f)};
}

/* ---- absence ------------------------------------------------------------- */

static int is_absent(swarm_tally_t t, float usual, float expected)
{
    return t.owe * usual >= expected && t.brought * EIGHTH <= t.owe * usual;
}

/* The site but for this cohort: 1 when they bring a quarter of what is usual,
 * 0 when they do not, -1 when there are too few of them to tell. */
static int others_bring(const swarm_site_t *site, swarm_tally_t own,
                        enum mlg_cohort_window w)
{
    float expected;
    float brought = -own.brought;

    if (site->is_alarmed) {
        return 1; /* was looked at; and others may be of the swarm */
    }
    expected = -own.owe * site->usual[site->class];
    for (int r = 0; r < 2; r++) {
        swarm_tally_t t = swarm_settled(&site->whole[r], w, site->is_slow);

        expected += t.owe * site->usual[r];
        brought += t.brought;
    }
    return (expected < SWARM_OTHERS) ? -1 : brought * 4.0f >= expected;
}

/* Who asks for the same kind of path and is not of this cohort. A swarm adds
 * none to them; of a crowd whose page needs nothing they are a part, and do not
 * bring what is usual there. */
static int others_there_bring(const swarm_site_t *site,
                              const mlg_cohort_t *there, swarm_tally_t own,
                              enum mlg_cohort_window w)
{
    swarm_tally_t t = swarm_settled(there, w, site->is_slow);
    swarm_tally_t past = past_of(there);
    float usual = site->usual[site->class];
    float own_missing = own.owe * usual - own.brought;
    float expected;

    /* what faded and what was never learned make it more than all of them */
    if (past.owe >= USUAL_FEW && past.brought <= past.owe) {
        usual = fmaxf(usual, past.brought / past.owe);
    }
    expected = (t.owe - own.owe) * usual;
    if (expected < SWARM_OTHERS) {
        return -1;
    }
    if ((t.brought - own.brought) * CROWD_BARE < expected) {
        return 0; /* next to nothing, and be they ever so few */
    }
    return (expected - (t.brought - own.brought)) * CROWD_PART +
               CROWD_SIGMAS * sqrtf(expected) <
           own_missing;
}

/* @param there  the newcomer's kind of path; NULL: does not matter */
static int brings_nothing(const swarm_site_t *site, const mlg_cohort_t *c,
                          const mlg_cohort_t *there, float usual,
                          float expected)
{
    /* In a short window there are too few others to excuse it. */
    for (int w = MLG_COHORT_60S; there != NULL && w <= MLG_COHORT_3600S; w++) {
        enum mlg_cohort_window window = (enum mlg_cohort_window)w;

        if (others_there_bring(site, there,
                               swarm_settled(c, window, site->is_slow),
                               window) == 0) {
            return 0;
        }
    }
    for (int w = MLG_COHORT_60S; w <= MLG_COHORT_3600S; w++) {
        swarm_tally_t t =
            swarm_settled(c, (enum mlg_cohort_window)w, site->is_slow);
        int others;

        if (!is_absent(t, usual, expected)) {
            continue;
        }
        others = others_bring(site, t, (enum mlg_cohort_window)w);
        if (others > 0 ||
            (others < 0 && is_absent(swarm_settled(c, MLG_COHORT_600S, 1),
                                     usual, expected))) {
            return 1;
        }
    }
    return 0;
}

/* ---- a cohort ------------------------------------------------------------- */

static int is_spread(const swarm_site_t *site, const mlg_cohort_t *c,
                     mlg_swarm_kind kind, float base)
{
    float came = (float)mlg_wide_sum(&c->came[MLG_COHORT_3600S]);
    float least = fmaxf(NETS_LEAST, NETS_SHARE * came);

    if (site->is_alarmed) {
        least = fminf(NETS_LEAST, fmaxf(NETS_ALARM, NETS_ALARM_SHARE * came));
    }
    least = fminf(least, NETS_ENOUGH);
    if (kind == MLG_SWARM_PLACE) { /* others who bring nothing ask there too */
        least = NETS_PLACE * least +
                2.0f * base * (1.0f - site->usual[site->class]);
    }
    return least < NETS_MOST && mlg_cohort_nets(c) >= least;
}

static int is_narrow(const mlg_cohort_t *c)
{
    float came = (float)mlg_wide_sum(&c->came[MLG_COHORT_3600S]);

    return came >= NARROW_FEW &&
           mlg_cohort_nets(c) < fminf(NARROW_SHARE * came, NETS_ENOUGH);
}

/* People, of whom this cohort has always been a part, come in crowds, and not
 * every page of theirs has assets: then it is not this cohort that is many. */
static int grows_with_all(const swarm_site_t *site, const mlg_cohort_t *c,
                          float base)
{
    const mlg_cohort_t *all = &site->whole[site->class];

    return swarm_excess(c, site->at_s, base, 1.0f) <
           LIFT * swarm_excess(all, site->at_s, all->base * site->factor, 1.0f);
}

/* Is this where many go? */
static int is_crowded(const swarm_site_t *site, const mlg_cohort_t *there,
                      float threshold)
{
    return there == NULL ||
           swarm_excess(there, site->at_s,
                        fminf(there->base, site->bound) * site->factor,
                        MLG_SWARM_SLACK) >= threshold;
}

/* Some dozens over a day, or one network under many names. */
static int is_told(const swarm_site_t *site, const mlg_cohort_t *c,
                   mlg_swarm_kind kind, float usual, swarm_tally_t past)
{
    unsigned came = mlg_wide_sum(&c->came[MLG_COHORT_DAY]);
    float days =
        fminf((float)(site->age_s / SWARM_DAY_S), SWARM_WEEK_H / 24.0f);
    float nets = mlg_cohort_nets(c);
    int is_network = kind == MLG_SWARM_NETWORK;

    if (kind == MLG_SWARM_PLACE ||
        (float)came <
            site->threshold * (past.owe / days +
                               (is_network ? TELL_SLACK_AGENTS : TELL_SLACK))) {
        return 0;
    }
    if (nets < (is_network ? TELL_AGENTS * (float)came : TELL_NETS)) {
        return 0;
    }
    return is_absent(swarm_settled(c, MLG_COHORT_DAY, site->is_slow), usual,
                     is_network ? EXPECTED_LOW : SWARM_EXPECTED);
}

void swarm_judge(swarm_verdict_t *out, const swarm_site_t *site,
                 const mlg_cohort_t *c, mlg_swarm_kind kind,
                 const mlg_cohort_t *there, int is_on)
{
    int is_browser = site->class != MLG_SWARM_NO_BROWSER;
    int owes_by_class = is_browser && kind != MLG_SWARM_NETWORK;
    float usual =
        site->usual[owes_by_class ? site->class : MLG_SWARM_NO_REFERER];
    swarm_tally_t past = past_of(c);
    float own = (past.owe >= USUAL_FEW) ? past.brought / past.owe : usual;
    float base = fminf(c->base, site->bound) * site->factor;
    float threshold = is_on ? site->threshold / 2.0f : site->threshold;
    float expected = site->is_alarmed ? EXPECTED_LOW
                     : is_on          ? SWARM_EXPECTED / 2.0f
                                      : SWARM_EXPECTED;
    float slack = site->is_alarmed ? ALARM_SLACK_OWN : MLG_SWARM_SLACK;
    swarm_tally_t t = swarm_settled(c, MLG_COHORT_600S, site->is_slow);
    int is_good;

    *out = (swarm_verdict_t){.excess = 0.0f};
    if (usual < SWARM_USUAL_LEAST || site->age_s < TELL_AFTER_S) {
        return; /* absence proves nothing, or not yet */
    }
    out->excess = swarm_excess(c, site->at_s, base, slack);
    out->excuses = own * EIGHTH < usual && out->excess < site->threshold;
    out->is_bare = is_absent(swarm_settled(c, MLG_COHORT_3600S, site->is_slow),
                             usual, EXPECTED_LOW);
    is_good = past.owe >= GOOD_FEW && past.brought * 2.0f >= past.owe * usual;
    if (own < usual && out->excess < MLG_SWARM_EXCUSE) {
        usual = own;
    }
    out->is_narrow = is_narrow(c);
    out->tells = is_told(site, c, kind, usual, past);
    if (kind != MLG_SWARM_NETWORK && out->excess >= threshold &&
        is_spread(site, c, kind, base) &&
        !(is_good && (grows_with_all(site, c, base) ||
                      !is_crowded(site, there, threshold))) &&
        brings_nothing(site, c, is_good ? there : NULL, usual, expected)) {
        out->refuses = is_browser && site->age_s >= SWARM_REFUSE_AFTER_S;
        out->tells = 1;
    }
    out->vouches =
        !out->refuses &&
        (is_good || (t.brought >= 3.0f && t.brought * 2.0f >= t.owe * usual));
}
