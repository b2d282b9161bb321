/* SPDX-License-Identifier: Apache-2.0
 *
 * Swarms: many clients with a request or three each. No client of a swarm does
 * anything that could be held against it; together they do. A newcomer is
 * counted in a few cohorts (mlg_cohort.h), by what is hard to vary all at once:
 * the print of its header, its User-Agent without the digits, the kind of path
 * that it asks for, its /24 or /48; apart for those that came with a Referer
 * and those that did not. A cohort is in verdict when four things hold:
 *
 *   EXCESS   more newcomers came, in a minute, ten or an hour, than is usual
 *            for this cohort, by MLGateSwarmThreshold times and a few dozen
 *   ABSENCE  they do not bring what this site's newcomers bring: a browser
 *            fetches the assets of its page within seconds and says whose they
 *            are. An eighth of the site's usual share, of enough of them; and
 *            while others here do bring it, or after a minute, because a site
 *            that is slow has nobody fetch anything. They are waited for two to
 *            four seconds, or a minute while half of those who bring something
 *            take MLG_SWARM_LATE_S: a server that is short of workers
 *   SPREAD   they come from many networks (/16, /32). Crawlers, mail proxies,
 *            link scanners and monitors come from a few, however many they are
 *   NOVELTY  the cohort was not always like this. One that never brought
 *            anything (feed readers, an app) may be MLG_SWARM_EXCUSE times its
 *            usual size. One whose members always brought what people bring
 *            is condemned only where more of it come than of the whole site,
 *            to a kind of path that is crowded, and the others who come there
 *            bring what is usual there (by one window, none of them says
 *            otherwise): not every page has assets, and crowds go to those,
 *            too. A crowd at several such pages at once is not excused
 *
 * A flash crowd has excess, spread and novelty; it brings assets. On a site
 * whose people bring none (an API), absence proves nothing, and nobody is ever
 * in verdict. Nor on one that was watched for less than a day.
 *
 * When all newcomers of a site together are in excess and bring half as much
 * as usual (the ALARM), the bar for a single cohort falls to a handful: many
 * fingerprints with some dozens of members each.
 *
 * Refused is a page, asked for by one who has brought nothing, whose cohort is
 * in verdict and whose print is not vouched for by others who brought assets.
 * Where a swarm goes people go, too: a kind of path alone condemns only who has
 * a print of which some came within the hour, and brought nothing. The young
 * are judged again at each page, by the print of that very request: a person
 * may share an address with a member.
 * That request and no more: no block, no evidence. One member in
 * MLG_SWARM_CONTROL passes always, by its hash: who is refused cannot fetch an
 * asset, so these alone tell how the cohort goes on, and when it is over. What
 * is refused teaches nothing.
 *
 * A swarm of few networks or of a few dozens over hours, or of one network with
 * a User-Agent for each address, is told and not refused.
 *
 * What an attacker can do. Fetch an asset for each page, with its Referer:
 * then there is no swarm here, and a flood twice as dear. Come slowly: a cohort
 * of its own passes below MLG_SWARM_SLACK * threshold newcomers an hour. Ramp
 * up: what is usual grows by a quarter a day at most, and never beyond
 * MLG_SWARM_BOUND times the newcomers of this site that bring something. (In
 * the first three days, when nobody is refused, it is learned as it comes.)
 * Have a print for each address: then it is told, if at all, and not refused.
 * Send forms only: a POST is no first page and is not counted. Whoever posts a
 * form that was cached has its assets cached, and brings as little.
 * Borrow the print of many people: those of them who come where it goes without
 * having brought anything share its verdict once it outnumbers them eight to
 * one. Where a site has too few newcomers, or others who bring nothing ask for
 * the same (a second borrowed print, a twentieth of decoys), a borrowed print is
 * told and not refused.
 *
 * Who may touch what: everything by anybody, in relaxed atomics. A lost update
 * is tolerated. Pure: no clock, no lock, no allocation. All-zero bytes are a
 * site of which nothing is known.
 */
#ifndef MLG_SWARM_H
#define MLG_SWARM_H

#include "mlg_cohort.h"
#include "mlg_record.h"

#define MLG_SWARM_COHORTS    8192u  /* of each kind */
#define MLG_SWARM_NURSERY    65536u /* newcomers that are waited for */
#define MLG_SWARM_EVENTS     32u
#define MLG_SWARM_AGENT_TEXT 192 /* bytes of a User-Agent, with its NUL */
#define MLG_SWARM_PLACE_TEXT 96
#define MLG_SWARM_CLIENTS    131072u /* bits: they count 1.5 million */
#define MLG_SWARM_NETS       2048u   /* bits: networks in a minute */
#define MLG_SWARM_HOURS      168     /* of a week */

#define MLG_SWARM_YOUNG     12 /* requests: later it is no newcomer */
#define MLG_SWARM_FIRST     3  /* its first page comes this early */
#define MLG_SWARM_BRINGS    32 /* requests: what people bring comes as early */
#define MLG_SWARM_WAIT_S    60 /* for what people bring */
#define MLG_SWARM_LATE_S    2u
#define MLG_SWARM_SLACK     12.0f
#define MLG_SWARM_EXCUSE    6.0f
#define MLG_SWARM_BOUND     0.25f
#define MLG_SWARM_LEARN_H   24.0f
#define MLG_SWARM_CONTROL   16u
#define MLG_SWARM_QUIET_S   900   /* then an event is over ... */
#define MLG_SWARM_QUIET_DAY 43200 /* ... and one that was told */

/* What members share. The first of these that is in verdict names the event. */
/* clang-format off */
#define MLG_SWARM_KINDS(X)                                                    \
    X(PRINT,   "print",   "one header fingerprint")                           \
    X(AGENT,   "agent",   "User-Agents that differ in numbers only")          \
    X(PLACE,   "place",   "one kind of path")                                 \
    X(NETWORK, "network", "one network, a User-Agent for each address")
/* clang-format on */

typedef enum mlg_swarm_kind {
#define X(id, name, words) MLG_SWARM_##id,
    MLG_SWARM_KINDS(X)
#undef X
        MLG_NSWARM_KINDS,
    MLG_SWARM_WHOLE = MLG_NSWARM_KINDS, /* many prints at once: the alarm */
    MLG_NSWARM_EVENT_KINDS
} mlg_swarm_kind;

/* How newcomers come; a cohort's members are all of one class, but in a
 * network. Who does not claim to be a browser owes nothing: an app, a feed
 * reader, a robot that says so. They are told and never refused. */
typedef enum mlg_swarm_class {
    MLG_SWARM_NO_REFERER,
    MLG_SWARM_REFERER,
    MLG_SWARM_NO_BROWSER,
    MLG_NSWARM_CLASSES
} mlg_swarm_class;

typedef enum mlg_swarm_mode {
    MLG_SWARM_OFF = 1,
    MLG_SWARM_OBSERVE,
    MLG_SWARM_REFUSE
} mlg_swarm_mode;

/* How a site wants swarms judged. */
typedef struct mlg_swarm_by_t {
    mlg_swarm_mode mode;
    float threshold; /* MLGateSwarmThreshold, > 1 */
    float max_share; /* MLGateSwarmMaxShare, 0..1 */
    int is_busy;     /* the server is short of workers: no bound on shares */
} mlg_swarm_by_t;

/* A newcomer that is waited for. */
typedef struct mlg_nurse_t {
    uint64_t who; /* hash:40 | second:16 | 0:2 | control:1 |
                         state:3 | class:2 */
    uint16_t
        slot[4]; /* 1 + place of its cohort in each kind's table; 0 = none */
} mlg_nurse_t;

#define MLG_SWARM_KNOWS_AGENT 1u
#define MLG_SWARM_KNOWS_PLACE 2u

/* A swarm, as long as it lasts and until its place is needed. */
typedef struct mlg_swarm_event_t {
    uint64_t id;      /* when it began and where it stands; 0 = free */
    uint64_t tag;     /* of the cohort; 0 = the whole */
    int64_t begin_us; /* found then; microseconds since the epoch */
    int64_t since_us; /* its first members came about then */
    int64_t last_us;  /* latest member */
    int64_t end_us;   /* 0 = goes on */
    int64_t peak_us;
    uint64_t agent; /* hash of what members share, see `same_agent` */
    uint64_t place;
    uint32_t kind;     /* mlg_swarm_kind */
    uint32_t refuses;  /* 0: told only */
    uint32_t class;    /* mlg_swarm_class of its members */
    uint32_t members;  /* newcomers */
    uint32_t peak;     /* of them in a minute */
    uint32_t networks; /* MLG_SWARM_NETWORK: User-Agents */
    uint32_t refused;
    uint32_t would; /* have been refused */
    uint32_t seen;  /* members looked at for what they share: ... */
    uint32_t same_agent;
    uint32_t same_place;
    uint32_t knows;   /* MLG_SWARM_KNOWS_*: the texts are of `agent`, `place` */
    float excess;     /* the highest */
    uint32_t brought; /* of those that passed */
    char agent_text[MLG_SWARM_AGENT_TEXT];
    char place_text[MLG_SWARM_PLACE_TEXT];
    uint64_t told_over;     /* the caller's: the id whose end it reported */
    unsigned char from[16]; /* the first member's address, mlg_key_t */
    unsigned char spare[72];
} mlg_swarm_event_t;

static_assert(sizeof(mlg_swarm_event_t) == 512, "eight cache lines");

/* Networks of one or two minutes. */
typedef struct mlg_spread_t {
    uint64_t minute;  /* since the epoch */
    uint32_t set;     /* bits, of both maps together */
    uint32_t set_now; /* of the present one */
    uint64_t now[MLG_SWARM_NETS / 64];
    uint64_t before[MLG_SWARM_NETS / 64];
} mlg_spread_t;

typedef struct mlg_swarms_t {
    _Alignas(MLG_CACHELINE) mlg_cohort_t whole[MLG_NSWARM_CLASSES];
    /* Who was refused came here; controls owe and bring here too. */
    mlg_cohort_t held[MLG_NSWARM_CLASSES];
    mlg_spread_t spread[MLG_NSWARM_CLASSES];
    float curve[MLG_SWARM_HOURS]; /* newcomers that brought, by hour of week */
    uint32_t is_degraded;         /* MLGateSwarmMaxShare holds verdicts back */
    uint32_t next_event;
    uint32_t clients_pane; /* of 600 s */
    uint32_t refused_now;  /* newcomers, in that pane */
    uint32_t refused_before;
    uint32_t is_busy;     /* the server's: it is short of workers */
    uint32_t hot_until_s; /* a cohort was in verdict lately */
    uint32_t late_8;      /* eighths of a second from a page's answer to what is
                        brought: the median of newcomers, as it follows */
    uint64_t clients_now[MLG_SWARM_CLIENTS / 64];
    uint64_t clients_before[MLG_SWARM_CLIENTS / 64];
    mlg_swarm_event_t event[MLG_SWARM_EVENTS];
    mlg_nurse_t nurse[MLG_SWARM_NURSERY];
    mlg_cohort_t cohort[MLG_NSWARM_KINDS][MLG_SWARM_COHORTS];
} mlg_swarms_t;

static_assert(sizeof(mlg_swarms_t) <= 16u << 20, "at most 16 MB");

/* What was found about one request. */
typedef struct mlg_swarm_found_t {
    float excess;    /* of its cohorts the highest, 1 = as usual with its slack;
                        NaN: no newcomer's */
    uint16_t event;  /* 1 + index of the event that it belongs to; 0 = none */
    uint8_t refuses; /* its cohorts are in verdict, and it is no control */
    uint8_t begins;  /* this very request began the event: describe it */
} mlg_swarm_found_t;

/** Count a request, and judge it.
 *
 * @param a    its `print`, `shape` and `template` count where not 0
 * @param own  the client's record with the arrival folded in
 * @param out  filled
 */
void mlg_swarm_arrive(mlg_swarms_t *s, const mlg_swarm_by_t *by,
                      const mlg_arrival_t *a, const mlg_record_t *own,
                      mlg_swarm_found_t *out);

/** Was a cohort in verdict lately? Then the young are judged again. */
int mlg_swarm_is_hot(const mlg_swarms_t *s, apr_time_t at_us);

/** Does MLGateSwarmMaxShare hold verdicts back? */
int mlg_swarm_holds_back(mlg_swarms_t *s, const mlg_swarm_by_t *by);

/** Count what became of it: refused for its swarm, or would have been.
 *
 * @param event  as found
 */
void mlg_swarm_note(mlg_swarms_t *s, unsigned event, uint64_t client,
                    apr_time_t at_us, int is_refused);

/** Count an answer.
 *
 * @param own     the client's record
 * @param status  HTTP status, 0 = never answered
 */
void mlg_swarm_answer(mlg_swarms_t *s, const mlg_arrival_t *a,
                      const mlg_record_t *own, uint32_t status);

/** What of this member describes its event, as a mask of MLG_SWARM_KNOWS_*:
 * nothing once the event is described, or for one that is unlike the others.
 *
 * @param event  1 + index, as found; others ask for nothing
 */
unsigned mlg_swarm_asks(const mlg_swarms_t *s, unsigned event,
                        const mlg_arrival_t *a);

/** Remember what members look like: as much as mlg_swarm_asks() for.
 *
 * @param event  1 + index, as found
 * @param agent  `agent_len` hostile bytes, cut to fit; NULL: unknown
 * @param place  likewise: a path's template, see mlg_request_template()
 */
void mlg_swarm_describe(mlg_swarms_t *s, unsigned event, const mlg_arrival_t *a,
                        const char *agent, size_t agent_len, const char *place,
                        size_t place_len);

/** End the events that nobody comes to any more. @return how many it ended */
unsigned mlg_swarm_sweep(mlg_swarms_t *s, apr_time_t now_us);

/** @return distinct clients in the last ten minutes or so */
float mlg_swarm_clients(const mlg_swarms_t *s);

/** @return "off", "observe" or "refuse" */
const char *mlg_swarm_mode_name(mlg_swarm_mode mode);

/** @return a word such as "print", "whole" */
const char *mlg_swarm_kind_name(unsigned kind);

/** @return what members share, in words */
const char *mlg_swarm_kind_words(unsigned kind);

#endif /* MLG_SWARM_H */
