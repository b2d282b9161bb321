/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm.h"
#include "swarm_nurse.h"

#include <math.h>
#include <string.h>

#define CONTROL_MANY 1024u /* from here on a quarter of the controls do */
#define TOLD_MANY    4u    /* events at once are one of many prints */

/* ---- cohorts -------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    x ^= x >> 31;
    return (x != 0) ? x : 1;
}

static uint64_t tag_of(const mlg_arrival_t *a, mlg_swarm_kind kind,
                       unsigned class)
{
    const uint64_t by[MLG_NSWARM_KINDS] = {[MLG_SWARM_PRINT] = a->print,
                                           [MLG_SWARM_AGENT] = a->shape,
                                           [MLG_SWARM_PLACE] = a->template,
                                           [MLG_SWARM_NETWORK] =
                                               (a->agent != 0) ? a->subnet : 0};

    if (by[kind] == 0) {
        return 0;
    }
    return mix(by[kind] + ((kind == MLG_SWARM_NETWORK) ? 0 : class));
}

/* The /16 or /32 of an address. */
static uint64_t net_of(const mlg_arrival_t *a)
{
    const unsigned char *b = a->from.addr.b;
    uint32_t four;

    if (mlg_key_is_v4(&a->from.addr)) {
        return mix(0xFFFF0000u + ((uint64_t)b[12] << 8 | b[13]));
    }
    memcpy(&four, b, sizeof(four));
    return mix(four);
}

static unsigned class_by(const mlg_arrival_t *a)
{
    return ((a->is & MLG_IS_BROWSER) == 0)           ? MLG_SWARM_NO_BROWSER
           : ((a->is & MLG_IS_WITHOUT_REFERER) != 0) ? MLG_SWARM_NO_REFERER
                                                     : MLG_SWARM_REFERER;
}

/* What the cohorts of one newcomer say together. */
typedef struct council_t {
    swarm_verdict_t of[MLG_NSWARM_KINDS];
    mlg_cohort_t cohort[MLG_NSWARM_KINDS]; /* copies; tag 0 = none */
    mlg_cohort_t *at[MLG_NSWARM_KINDS];
} council_t;

static void hear(council_t *council, const mlg_swarms_t *s,
                 const swarm_site_t *site, unsigned kind)
{
    mlg_cohort_t *c = &council->cohort[kind];
    const mlg_cohort_t *there = &council->cohort[MLG_SWARM_PLACE];

    c->event = (uint16_t)swarm_event_of(s, c->event, c->tag);
    swarm_judge(&council->of[kind], site, c, (mlg_swarm_kind)kind,
                (there->tag != 0 && there != c) ? there : NULL, c->event != 0);
}

/* @return the kind that names the swarm, or MLG_NSWARM_KINDS */
static unsigned speaker(const council_t *council, int *refuses)
{
    unsigned refuser = MLG_NSWARM_KINDS;
    unsigned teller = MLG_NSWARM_KINDS;
    int excused = 0;

    for (unsigned k = 0; k < MLG_NSWARM_KINDS; k++) {
        const swarm_verdict_t *v = &council->of[k];

        excused |= v->excuses && k != MLG_SWARM_NETWORK;
        if (v->refuses && refuser == MLG_NSWARM_KINDS) {
            refuser = k;
        }
        if (v->tells && teller == MLG_NSWARM_KINDS) {
            teller = k;
        }
    }
    excused |= council->of[MLG_SWARM_PRINT].is_narrow |
               council->of[MLG_SWARM_AGENT].is_narrow |
               council->of[MLG_SWARM_PRINT].vouches;
    /* where a swarm goes, people go: nothing is known of this one's print */
    excused |=
        refuser == MLG_SWARM_PLACE && (council->of[MLG_SWARM_AGENT].vouches ||
                                       !council->of[MLG_SWARM_PRINT].is_bare);
    *refuses = refuser < MLG_NSWARM_KINDS && !excused;
    return *refuses ? refuser : teller;
}

static int is_vouched(const council_t *council)
{
    return council->of[MLG_SWARM_PRINT].vouches ||
           council->of[MLG_SWARM_AGENT].vouches;
}

static int is_control(const mlg_arrival_t *a, const mlg_cohort_t *c)
{
    unsigned n = (mlg_wide_sum(&c->came[MLG_COHORT_600S]) < CONTROL_MANY)
                     ? MLG_SWARM_CONTROL
                     : MLG_SWARM_CONTROL * 4;

    return (a->from.hash >> 20) % n == 0;
}

/* Name the event, begin it when it is new. */
static void name(mlg_swarms_t *s, const swarm_site_t *site,
                 const mlg_arrival_t *a, council_t *council, unsigned kind,
                 int is_newcomer, mlg_swarm_found_t *out)
{
    mlg_cohort_t *c = &council->cohort[kind];
    int is_whole =
        c->event == 0 &&
        (out->refuses ? site->is_alarmed
                      : (kind == MLG_SWARM_PRINT || kind == MLG_SWARM_AGENT) &&
                            swarm_events_told(s, a->at_us) >= TOLD_MANY);
    unsigned event = is_whole ? swarm_event_whole(s) : c->event;

    if (event == 0 && is_newcomer) {
        event =
            swarm_event_begin(s, is_whole ? &site->whole[site->class] : c,
                              is_whole ? MLG_SWARM_WHOLE : (mlg_swarm_kind)kind,
                              site, a->at_us, out->refuses);
        out->begins = event != 0;
    }
    if (!is_whole) {
        c->event = (uint16_t)event;
    }
    out->event = (uint16_t)event;
}

/* @return 1 when it is a control */
static int sum_up(mlg_swarms_t *s, const swarm_site_t *site,
                  const mlg_arrival_t *a, council_t *council, int is_newcomer,
                  mlg_swarm_found_t *out)
{
    int refuses;
    unsigned kind = speaker(council, &refuses);

    out->excess = 0.0f;
    for (unsigned k = 0; k < MLG_NSWARM_KINDS; k++) {
        out->excess = fmaxf(out->excess, council->of[k].excess);
        council->cohort[k].is_learned_apart |=
            (uint8_t)(refuses || council->of[k].refuses);
    }
    if (kind == MLG_NSWARM_KINDS) {
        return 0;
    }
    out->refuses = (uint8_t)refuses;
    name(s, site, a, council, kind, is_newcomer, out);
    if (out->event != 0 && is_newcomer) {
        swarm_event_member(s, out->event, &council->cohort[kind], a,
                           council->of[kind].excess, refuses);
    }
    if (refuses && is_control(a, &council->cohort[kind])) {
        out->refuses = 0;
        return 1;
    }
    return 0;
}

/* ---- a newcomer's first page ---------------------------------------------- */

static void count_newcomer(mlg_swarms_t *s, const mlg_swarm_by_t *by,
                           const mlg_arrival_t *a, uint32_t at_s,
                           mlg_swarm_found_t *out)
{
    unsigned class = class_by(a);
    uint64_t net = net_of(a);
    council_t council;
    swarm_site_t site;
    swarm_nurse_t n;

    swarm_site_look(&site, s, by, at_s, class, net);
    memset(&council, 0, sizeof(council));
    swarm_nurse_put(&n, s, a->from.hash, at_s, class);
    n.slots = 0;
    for (unsigned k = 0; k < MLG_NSWARM_KINDS; k++) {
        uint64_t tag = tag_of(a, (mlg_swarm_kind)k, class);
        mlg_cohort_t *c = &council.cohort[k];

        if (tag == 0 ||
            (council.at[k] = mlg_cohort_get(s->cohort[k], MLG_SWARM_COHORTS - 1,
                                            tag)) == NULL) {
            continue;
        }
        mlg_cohort_load(c, council.at[k]);
        mlg_cohort_advance(
            c, at_s, (k == MLG_SWARM_NETWORK) ? SWARM_AGENTS_S : SWARM_NETS_S,
            site.factor, site.bound);
    }
    for (unsigned k = 0; k < MLG_NSWARM_KINDS; k++) {
        mlg_cohort_t *c = &council.cohort[k];

        if (council.at[k] == NULL) {
            continue;
        }
        mlg_cohort_came(c, (k == MLG_SWARM_NETWORK) ? mix(a->agent)
                           : (k == MLG_SWARM_PLACE && is_vouched(&council))
                               ? 0
                               : net);
        n.slots |= (uint64_t)(council.at[k] - s->cohort[k] + 1) << (16 * k);
        hear(&council, s, &site, k);
    }
    if (sum_up(s, &site, a, &council, 1, out)) {
        n.who |= SWARM_IS_CONTROL;
    }
    if (out->refuses || (n.who & SWARM_IS_CONTROL) != 0) {
        __atomic_store_n(
            &s->hot_until_s, at_s + MLG_SWARM_QUIET_S,
            __ATOMIC_RELAXED); /* its hour is not to be learned from */
        __atomic_store_n(&s->whole[class].is_learned_apart, 1,
                         __ATOMIC_RELAXED);
    }
    if (!is_vouched(&council)) {
        swarm_site_net(s, class, at_s, net);
    }
    for (unsigned k = 0; k < MLG_NSWARM_KINDS; k++) {
        if (council.at[k] != NULL) {
            mlg_cohort_store(council.at[k], &council.cohort[k]);
        }
    }
    swarm_nurse_write(&n);
}

/* Where a cohort of one that came before is. Somebody else may share its
 * address: a request is judged by its own print and User-Agent. */
static const mlg_cohort_t *place_again(mlg_swarms_t *s, const mlg_arrival_t *a,
                                       const swarm_nurse_t *n, unsigned kind)
{
    int slot = swarm_nurse_slot(n, kind);

    if (a->print != 0 && (kind == MLG_SWARM_PRINT || kind == MLG_SWARM_AGENT)) {
        uint64_t tag = tag_of(a, (mlg_swarm_kind)kind, swarm_nurse_class(n));

        return (tag == 0) ? NULL
                          : mlg_cohort_find(s->cohort[kind],
                                            MLG_SWARM_COHORTS - 1, tag);
    }
    return (slot >= 0) ? &s->cohort[kind][slot] : NULL;
}

/* The cohorts of one that came before, as they are now. */
static void judge_again(mlg_swarms_t *s, const mlg_swarm_by_t *by,
                        const mlg_arrival_t *a, const swarm_nurse_t *n,
                        uint32_t at_s, mlg_swarm_found_t *out)
{
    council_t council;
    swarm_site_t site;

    swarm_site_peek(&site, s, by, at_s, swarm_nurse_class(n));
    memset(&council, 0, sizeof(council));
    for (unsigned k = 0; k < MLG_NSWARM_KINDS; k++) {
        const mlg_cohort_t *at = place_again(s, a, n, k);

        if (at != NULL) {
            mlg_cohort_load(&council.cohort[k], at);
        }
    }
    for (unsigned k = 0; k < MLG_NSWARM_KINDS; k++) {
        if (council.cohort[k].tag != 0) {
            hear(&council, s, &site, k);
        }
    }
    sum_up(s, &site, a, &council, 0, out);
}

/* ---- what it does then ---------------------------------------------------- */

typedef void cohort_fn(mlg_cohort_t *c);

static void credit_one(mlg_cohort_t *at, cohort_fn *fn, uint32_t at_s)
{
    mlg_cohort_t c;

    mlg_cohort_load(&c, at);
    /* what is usual is learned by newcomers alone: bring only the windows up
     * to now that no hour divides */
    if (at_s / 3600 == c.last_s / 3600) {
        mlg_cohort_advance(&c, at_s, SWARM_NETS_S, 1.0f, INFINITY);
    }
    fn(&c);
    mlg_cohort_store(at, &c);
}

static void credit(mlg_swarms_t *s, const swarm_nurse_t *n, cohort_fn *fn,
                   uint32_t at_s)
{
    unsigned class = swarm_nurse_class(n);

    for (unsigned k = 0; k < MLG_NSWARM_KINDS; k++) {
        int slot = swarm_nurse_slot(n, k);

        if (slot >= 0) {
            credit_one(&s->cohort[k][slot], fn, at_s);
        }
    }
    credit_one(&s->whole[class], fn, at_s);
    if ((n->who & SWARM_IS_CONTROL) != 0) {
        credit_one(&s->held[class], fn, at_s);
    }
}

/* One more took so long: the median goes an eighth of a second its way. */
static void follow_late(mlg_swarms_t *s, uint32_t age_s)
{
    uint32_t late_8 = __atomic_load_n(&s->late_8, __ATOMIC_RELAXED);

    late_8 = (age_s * 8 > late_8) ? late_8 + 1 : late_8 - (late_8 > 0);
    __atomic_store_n(&s->late_8, late_8, __ATOMIC_RELAXED);
}

static void bring(mlg_swarms_t *s, swarm_nurse_t *n, uint32_t at_s)
{
    unsigned state = swarm_nurse_state(n);

    if (state == SWARM_REFUSED) { /* a person after all */
        swarm_nurse_turn(n, SWARM_BROUGHT, at_s);
    }
    if ((state != SWARM_WAITS && state != SWARM_OWES) ||
        swarm_nurse_age(n, at_s) > MLG_SWARM_WAIT_S) {
        return;
    }
    follow_late(s, (state == SWARM_OWES) ? swarm_nurse_age(n, at_s) : 0);
    if (state == SWARM_WAITS) { /* the page is still being sent */
        credit(s, n, mlg_cohort_owes, at_s);
    }
    credit(s, n, mlg_cohort_brought, at_s);
    swarm_nurse_turn(n, SWARM_BROUGHT, at_s);
}

int mlg_swarm_is_hot(const mlg_swarms_t *s, apr_time_t at_us)
{
    return (uint32_t)(at_us / APR_USEC_PER_SEC) <
           __atomic_load_n(&s->hot_until_s, __ATOMIC_RELAXED);
}

void mlg_swarm_arrive(mlg_swarms_t *s, const mlg_swarm_by_t *by,
                      const mlg_arrival_t *a, const mlg_record_t *own,
                      mlg_swarm_found_t *out)
{
    uint32_t at_s = (uint32_t)(a->at_us / APR_USEC_PER_SEC);
    int is_page = (a->is & (MLG_IS_ASSET | MLG_IS_OTHER_METHOD)) == 0;
    swarm_nurse_t n;

    *out = (mlg_swarm_found_t){.excess = NAN};
    swarm_clients_note(s, a->from.hash, at_s);
    if (own->total > MLG_SWARM_BRINGS || (a->knows & MLG_KNOWS_REFERER) == 0) {
        return;
    }
    if (swarm_nurse_find(&n, s, a->from.hash, at_s)) {
        if (mlg_record_is_coherent(own, a)) {
            bring(s, &n, at_s);
        }
        else if (is_page && own->total <= MLG_SWARM_YOUNG &&
                 swarm_nurse_state(&n) != SWARM_BROUGHT &&
                 mlg_swarm_is_hot(s, a->at_us)) {
            judge_again(s, by, a, &n, at_s, out);
        }
    }
    else if (is_page && own->total <= MLG_SWARM_FIRST && own->page[1] == 0 &&
             (a->is & MLG_IS_LATE) == 0) {
        count_newcomer(s, by, a, at_s, out);
    }
}

static void hold(mlg_swarms_t *s, unsigned class, uint32_t at_s)
{
    mlg_cohort_t c;

    mlg_cohort_load(&c, &s->held[class]);
    mlg_cohort_advance(&c, at_s, SWARM_NETS_S, 1.0f, INFINITY);
    mlg_cohort_came(&c, 0);
    mlg_cohort_store(&s->held[class], &c);
}

void mlg_swarm_note(mlg_swarms_t *s, unsigned event, uint64_t client,
                    apr_time_t at_us, int is_refused)
{
    uint32_t at_s = (uint32_t)(at_us / APR_USEC_PER_SEC);
    swarm_nurse_t n;

    if (swarm_nurse_find(&n, s, client, at_s) &&
        swarm_nurse_state(&n) == SWARM_WAITS) {
        __atomic_fetch_add(&s->refused_now, 1, __ATOMIC_RELAXED);
        if (is_refused) {
            hold(s, swarm_nurse_class(&n), at_s);
            swarm_nurse_turn(&n, SWARM_REFUSED, at_s);
        }
    }
    if (event != 0) {
        mlg_swarm_event_t *e = &s->event[event - 1];

        __atomic_fetch_add(is_refused ? &e->refused : &e->would, 1,
                           __ATOMIC_RELAXED);
    }
}

void mlg_swarm_answer(mlg_swarms_t *s, const mlg_arrival_t *a,
                      const mlg_record_t *own, uint32_t status)
{
    uint32_t at_s = (uint32_t)(a->at_us / APR_USEC_PER_SEC);
    swarm_nurse_t n;

    if (own->total > MLG_SWARM_YOUNG ||
        (a->is & (MLG_IS_ASSET | MLG_IS_OTHER_METHOD)) != 0 ||
        !((status >= 200 && status < 300) || status == 304) ||
        !swarm_nurse_find(&n, s, a->from.hash, at_s) ||
        swarm_nurse_state(&n) != SWARM_WAITS) {
        return;
    }
    credit(s, &n, mlg_cohort_owes, at_s);
    swarm_nurse_turn(&n, SWARM_OWES, at_s);
}
