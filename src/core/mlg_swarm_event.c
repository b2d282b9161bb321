/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm.h"

#include <string.h>

#define LOAD(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define STORE(field, value)                                                    \
    __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)
#define COUNT(field) __atomic_fetch_add(&(field), 1, __ATOMIC_RELAXED)

#define TOGETHER_US (6 * INT64_C(3600000000))

static int goes_on(const mlg_swarm_event_t *e)
{
    return LOAD(e->id) != 0 && LOAD(e->end_us) == 0;
}

unsigned swarm_event_of(const mlg_swarms_t *s, unsigned event, uint64_t tag)
{
    if (event == 0 || event > MLG_SWARM_EVENTS ||
        LOAD(s->event[event - 1].tag) != tag ||
        !goes_on(&s->event[event - 1])) {
        return 0;
    }
    return event;
}

unsigned swarm_event_whole(const mlg_swarms_t *s)
{
    for (unsigned i = 0; i < MLG_SWARM_EVENTS; i++) {
        if (LOAD(s->event[i].kind) == MLG_SWARM_WHOLE &&
            goes_on(&s->event[i])) {
            return i + 1;
        }
    }
    return 0;
}

unsigned swarm_events_told(const mlg_swarms_t *s, apr_time_t at_us)
{
    unsigned n = 0;

    for (unsigned i = 0; i < MLG_SWARM_EVENTS; i++) {
        const mlg_swarm_event_t *e = &s->event[i];

        n += goes_on(e) && LOAD(e->refuses) == 0 &&
             LOAD(e->kind) != MLG_SWARM_WHOLE &&
             at_us - LOAD(e->begin_us) < TOGETHER_US;
    }
    return n;
}

static void clear(mlg_swarm_event_t *e)
{
    uint64_t __attribute__((__may_alias__)) *word = (void *)e;

    for (size_t i = 0; i < sizeof(*e) / sizeof(*word); i++) {
        STORE(word[i], 0);
    }
}

/* A place for one more. Where all are taken, a swarm that is refused takes that
 * of the one that is only told and had no member for longest: those are cheap
 * to make, and must not hide it. */
static mlg_swarm_event_t *place(mlg_swarms_t *s, int refuses)
{
    mlg_swarm_event_t *told = NULL;

    for (unsigned i = 0; i < MLG_SWARM_EVENTS; i++) {
        unsigned at = COUNT(s->next_event) % MLG_SWARM_EVENTS;
        mlg_swarm_event_t *e = &s->event[at];

        if (!goes_on(e)) {
            return e;
        }
        if (LOAD(e->refuses) == 0 && LOAD(e->kind) != MLG_SWARM_WHOLE &&
            (told == NULL || LOAD(e->last_us) < LOAD(told->last_us))) {
            told = e;
        }
    }
    return refuses ? told : NULL;
}

unsigned swarm_event_begin(mlg_swarms_t *s, const mlg_cohort_t *c,
                           mlg_swarm_kind kind, const swarm_site_t *site,
                           apr_time_t at_us, int refuses)
{
    mlg_swarm_event_t *e = place(s, refuses);
    unsigned members =
        mlg_wide_sum(&c->came[refuses ? MLG_COHORT_600S : MLG_COHORT_DAY]);

    if (e == NULL) {
        return 0;
    }
    clear(e);
    e->tag = (kind == MLG_SWARM_WHOLE) ? 0 : c->tag;
    e->kind = kind;
    e->refuses = (uint32_t)refuses;
    e->class = site->class;
    e->begin_us = at_us;
    e->last_us = at_us;
    e->since_us = (int64_t)c->first_s * APR_USEC_PER_SEC;
    if (e->since_us < at_us - (int64_t)MLG_SWARM_QUIET_DAY * APR_USEC_PER_SEC ||
        kind == MLG_SWARM_WHOLE) {
        e->since_us = at_us;
    }
    /* this one comes next; of a whole, bystanders came too */
    e->members = (members > 0 && kind != MLG_SWARM_WHOLE) ? members - 1 : 0;
    STORE(e->id, (uint64_t)at_us * MLG_SWARM_EVENTS + (uint64_t)(e - s->event));
    return (unsigned)(e - s->event) + 1;
}

/* Is this what all members share? The first may have been a bystander, who went
 * where the swarm goes: until two in a row agree, the latest stands for all. */
static void compare(uint64_t *shared, uint32_t *same, uint64_t its,
                    mlg_swarm_event_t *e, uint32_t known)
{
    if (LOAD(*shared) == its && LOAD(*same) > 0) {
        COUNT(*same);
    }
    else if (LOAD(*same) <= 1) {
        STORE(*shared, its);
        STORE(*same, 1u);
        __atomic_fetch_and(&e->knows, ~known, __ATOMIC_RELAXED);
    }
}

void swarm_event_member(mlg_swarms_t *s, unsigned event, const mlg_cohort_t *c,
                        const mlg_arrival_t *a, float excess, int refuses)
{
    mlg_swarm_event_t *e = &s->event[event - 1];
    uint32_t minute = mlg_wide_sum(&c->came[MLG_COHORT_60S]);
    uint32_t nets = (uint32_t)(mlg_cohort_nets(c) + 0.5f);
    float highest;

    COUNT(e->members);
    if (a->at_us > LOAD(e->last_us)) {
        STORE(e->last_us, a->at_us);
    }
    if (refuses) {
        STORE(e->refuses, 1u);
    }
    if (minute > LOAD(e->peak)) {
        STORE(e->peak, minute);
        STORE(e->peak_us, a->at_us);
    }
    if (nets > LOAD(e->networks)) {
        STORE(e->networks, nets);
    }
    __atomic_load(&e->excess, &highest, __ATOMIC_RELAXED);
    if (excess > highest) {
        __atomic_store(&e->excess, &excess, __ATOMIC_RELAXED);
    }
    if (COUNT(e->seen) == 0) {
        memcpy(e->from, a->from.addr.b, sizeof(e->from));
    }
    compare(&e->agent, &e->same_agent, a->agent, e, MLG_SWARM_KNOWS_AGENT);
    compare(&e->place, &e->same_place, a->template, e, MLG_SWARM_KNOWS_PLACE);
}

unsigned mlg_swarm_asks(const mlg_swarms_t *s, unsigned event,
                        const mlg_arrival_t *a)
{
    const mlg_swarm_event_t *e;
    unsigned asks = 0;

    if (event == 0 || event > MLG_SWARM_EVENTS) {
        return 0;
    }
    e = &s->event[event - 1];
    if (LOAD(e->agent) == a->agent) {
        asks |= MLG_SWARM_KNOWS_AGENT;
    }
    if (LOAD(e->place) == a->template) {
        asks |= MLG_SWARM_KNOWS_PLACE;
    }
    return asks & ~LOAD(e->knows);
}

static void copy_text(char *to, size_t size, const char *text, size_t len)
{
    len = (text == NULL) ? 0 : (len < size) ? len : size - 1;
    if (len > 0) {
        memcpy(to, text, len);
    }
    memset(to + len, 0, size - len);
}

void mlg_swarm_describe(mlg_swarms_t *s, unsigned event, const mlg_arrival_t *a,
                        const char *agent, size_t agent_len, const char *place,
                        size_t place_len)
{
    unsigned asks = mlg_swarm_asks(s, event, a);
    mlg_swarm_event_t *e;

    if (asks == 0) {
        return;
    }
    e = &s->event[event - 1];
    asks &= ~__atomic_fetch_or(&e->knows, asks, __ATOMIC_ACQ_REL);
    if ((asks & MLG_SWARM_KNOWS_AGENT) != 0) {
        copy_text(e->agent_text, sizeof(e->agent_text), agent, agent_len);
    }
    if ((asks & MLG_SWARM_KNOWS_PLACE) != 0) {
        copy_text(e->place_text, sizeof(e->place_text), place, place_len);
    }
}

unsigned mlg_swarm_sweep(mlg_swarms_t *s, apr_time_t now_us)
{
    unsigned ended = 0;

    for (unsigned i = 0; i < MLG_SWARM_EVENTS; i++) {
        mlg_swarm_event_t *e = &s->event[i];
        int64_t last_us = LOAD(e->last_us);
        int64_t quiet_s =
            LOAD(e->refuses) ? MLG_SWARM_QUIET_S : MLG_SWARM_QUIET_DAY;

        if (goes_on(e) && now_us - last_us > quiet_s * APR_USEC_PER_SEC) {
            STORE(e->end_us, last_us);
            ended++;
        }
    }
    return ended;
}

static const struct {
    const char *name;
    const char *words;
} kinds[MLG_NSWARM_EVENT_KINDS] = {
#define X(id, name, words) {name, words},
    MLG_SWARM_KINDS(X)
#undef X
        {"whole", "many fingerprints at once"}};

const char *mlg_swarm_mode_name(mlg_swarm_mode mode)
{
    return (mode == MLG_SWARM_REFUSE)    ? "refuse"
           : (mode == MLG_SWARM_OBSERVE) ? "observe"
                                         : "off";
}

const char *mlg_swarm_kind_name(unsigned kind)
{
    return (kind < MLG_NSWARM_EVENT_KINDS) ? kinds[kind].name : "-";
}

const char *mlg_swarm_kind_words(unsigned kind)
{
    return (kind < MLG_NSWARM_EVENT_KINDS) ? kinds[kind].words : "-";
}
