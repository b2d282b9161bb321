/* SPDX-License-Identifier: Apache-2.0 */
#include "swarms.h"

#define CLIENTS     (1u << 18) /* as MLGateTableSize has it */
#define SITE_PATHS  400
#define FOREIGN     0xFFFFFFFFu
#define NO_PATH     0xFFFFFFFEu
#define PROFESSIONS 12 /* prints of ordinary browsers */
#define JAM_S       120.0

enum { PAGE, ASSET, ANSWER_PAGE, ANSWER_ASSET };

/* One who comes. */
typedef struct actor_t {
    mlg_client_t client;
    uint64_t agent;
    uint64_t shape;
    uint64_t print;
    uint8_t is_member;
    uint8_t is_person;
    uint8_t is_browser;
    uint8_t was_refused;
} actor_t;

typedef struct act_t {
    apr_time_t at_us;
    uint32_t actor;
    uint32_t path;
    uint32_t referer;
    uint8_t what;
    uint8_t was_refused;
    uint8_t is_dropped;
    uint8_t spare;
    uint32_t answers; /* of an answer: the act it is for */
} act_t;

typedef struct play_t {
    town_t *town;
    mlg_gate_t *gate;
    uint64_t random;
    actor_t *actor;
    uint32_t nactors, actors;
    act_t *act;
    uint32_t nacts, acts;
    double slow_s; /* to answer, on average */
    double jam_s;  /* how long the wave takes; 0 = no queue before the gate */
} play_t;

static const char *const names[NWAVES] = {
    [WAVE_ONE_PRINT] = "one print",
    [WAVE_MANY_PRINTS] = "200 prints, mixed paths",
    [WAVE_VERSIONS] = "400 versions",
    [WAVE_PATHS] = "new paths",
    [WAVE_REFERER] = "one print with referer",
    [WAVE_NEWSLETTER] = "newsletter",
    [WAVE_LINK] = "aggregator",
    [WAVE_LAUNCH] = "launch, slow server",
    [WAVE_JAM] = "launch, jammed server",
    [WAVE_PROXIES] = "mail proxies",
    [WAVE_CRAWL] = "crawl wave",
    [WAVE_MONITORS] = "monitor network",
    [WAVE_CARRIER] = "carrier NAT",
    [WAVE_BARE] = "a bare page",
    [WAVE_APP] = "app, woken",
    [WAVE_QUIET] = "nothing",
    [WAVE_BARE_ALIKE] = "a bare page, one print",
    [WAVE_BORROWED] = "a borrowed print",
};

const char *wave_name(wave_kind kind)
{
    return names[kind];
}

int wave_is_swarm(wave_kind kind)
{
    return kind <= WAVE_REFERER || kind == WAVE_BORROWED;
}

/* ---- chance --------------------------------------------------------------- */
/* One draw a statement: compilers differ in which argument they draw first,
   and the same seed must be the same day to each of them. */

static double chance(play_t *p)
{
    return (double)(unit_random(&p->random) >> 11) / 9007199254740992.0;
}

static uint32_t below(play_t *p, uint32_t n)
{
    return (uint32_t)(chance(p) * n);
}

static double about(play_t *p, double mean_s)
{
    return -mean_s * log(1.0 - chance(p));
}

static uint64_t word(const char *what, uint64_t n)
{
    uint64_t seed[2] = {mlg_hash_text(&unit_secret, what, strlen(what)), n};

    return mlg_hash_text(&unit_secret, (const char *)seed, sizeof(seed));
}

/* ---- who ------------------------------------------------------------------ */

static uint32_t add_actor(play_t *p, uint32_t addr)
{
    actor_t *a;
    mlg_key_t key = unit_key("10.0.0.0");

    if (p->nactors == p->actors) {
        p->actors = p->actors * 2 + 1024;
        p->actor = realloc(p->actor, p->actors * sizeof(*p->actor));
        assert_non_null(p->actor);
    }
    a = &p->actor[p->nactors];
    memset(a, 0, sizeof(*a));
    for (int i = 0; i < 4; i++) {
        key.b[12 + i] = (unsigned char)(addr >> (24 - 8 * i));
    }
    a->client = mlg_client_from(&key, &unit_secret, 64);
    a->is_browser = 1;
    return p->nactors++;
}

/* Of four thousand networks, the larger ones more often. */
static uint32_t anywhere(play_t *p)
{
    double u = chance(p);
    uint32_t net = (uint32_t)(word("net", (uint64_t)(4000 * u * u)) >> 48);

    return net << 16 | below(p, 65536);
}

static void dress(actor_t *a, const char *what, uint64_t print, uint64_t agent)
{
    a->print = word(what, print);
    a->shape = word(what, print);
    a->agent = word(what, (print << 16) + agent);
}

/* Of so many prints, in so many versions each. */
static void dress_any(play_t *p, uint32_t actor, const char *what,
                      uint32_t prints, uint32_t agents)
{
    uint32_t print = below(p, prints);

    dress(&p->actor[actor], what, print, below(p, agents));
}

/* ---- what they do --------------------------------------------------------- */

static uint32_t add_act(play_t *p, uint32_t actor, double at_s, int what,
                        uint32_t path, uint32_t referer)
{
    act_t *a;

    if (p->nacts == p->acts) {
        p->acts = p->acts * 2 + 4096;
        p->act = realloc(p->act, p->acts * sizeof(*p->act));
        assert_non_null(p->act);
    }
    a = &p->act[p->nacts];
    memset(a, 0, sizeof(*a));
    a->at_us = p->town->now_us + SEC(at_s);
    a->actor = actor;
    a->what = (uint8_t)what;
    a->path = path;
    a->referer = referer;
    return p->nacts++;
}

/* How long a request waits before the gate sees it: the queue grows until the
 * last came, and is gone as long after that. */
static double jam(const play_t *p, double at_s)
{
    double since = (at_s - 300.0) / p->jam_s;

    return (p->jam_s > 0.0 && since > 0.0 && since < 2.0)
               ? JAM_S * (1.0 - fabs(since - 1.0))
               : 0.0;
}

/* @return when it is answered */
static double ask(play_t *p, uint32_t actor, double at_s, int what,
                  uint32_t path, uint32_t referer)
{
    double taken_s = at_s + jam(p, at_s);
    uint32_t asked = add_act(p, actor, taken_s, what, path, referer);
    double done_s = taken_s + 0.02 + about(p, p->slow_s);
    uint32_t answer =
        add_act(p, actor, done_s, ANSWER_PAGE + what, path, referer);

    p->act[answer].answers = asked;
    return done_s;
}

/* A page, and what a browser fetches to show it. */
static double browse(play_t *p, uint32_t actor, double at_s, uint32_t path,
                     uint32_t referer, int fetches)
{
    double done_s = ask(p, actor, at_s, PAGE, path, referer);
    unsigned assets = fetches ? 2 + below(p, 8) : 0;

    for (unsigned i = 0; i < assets; i++) {
        /* a line may be slow: a second or three until the first */
        ask(p, actor, done_s + 0.05 + about(p, 0.6), ASSET, i, path);
    }
    return done_s;
}

/* A person with one to three pages; one in twelve has everything cached. */
static void person(play_t *p, uint32_t actor, double at_s, uint32_t path,
                   uint32_t referer)
{
    int fetches = below(p, 12) != 0;
    unsigned pages = 1 + (below(p, 10) < 4);

    pages += below(p, 10) < 2;
    p->actor[actor].is_person = 1;
    for (unsigned i = 0; i < pages; i++) {
        uint32_t next = below(p, SITE_PATHS);

        at_s = browse(p, actor, at_s, path, referer, fetches);
        referer = path;
        path = next;
        at_s += 3.0 + about(p, 20.0);
    }
}

static void ordinary(play_t *p, double from_s, double seconds, double every_s)
{
    double t = from_s + about(p, every_s);

    while (t < from_s + seconds) {
        uint32_t kind = below(p, 10);
        uint32_t actor = add_actor(p, anywhere(p));

        if (kind < 7) {
            uint32_t path = below(p, 2) ? 0 : below(p, SITE_PATHS);

            dress_any(p, actor, "browser", PROFESSIONS, 5);
            person(p, actor, t, path, below(p, 2) ? NO_PATH : FOREIGN);
        }
        else if (kind < 9) { /* scanners and robots that claim a browser */
            dress_any(p, actor, "bot", 60, 5);
            ask(p, actor, t, PAGE, below(p, SITE_PATHS), NO_PATH);
        }
        else { /* an app */
            dress_any(p, actor, "app", 1, 3);
            p->actor[actor].is_browser = 0;
            p->actor[actor].is_person = 1;
            ask(p, actor, t, PAGE, SITE_PATHS + 1, NO_PATH);
        }
        t += about(p, every_s);
    }
}

/* ---- members -------------------------------------------------------------- */

static uint32_t from_networks(play_t *p, unsigned n)
{
    uint32_t net = 0x0D000000u + (below(p, n) << 16);

    return net | below(p, 65536);
}

static void swarm_member(play_t *p, wave_kind kind, uint32_t actor, double t)
{
    actor_t *a = &p->actor[actor];
    unsigned requests = 1 + below(p, 3);

    dress(a, "swarm", 0, 0);
    if (kind == WAVE_MANY_PRINTS) {
        dress_any(p, actor, "swarm", 200, 3);
    }
    else if (kind == WAVE_BORROWED) {
        dress(a, "browser", 3, 0);
    }
    else if (kind == WAVE_VERSIONS) {
        a->agent = word("version", below(p, 400));
        a->print = a->agent; /* as where a log knows no header */
    }
    else if (kind == WAVE_PATHS) {
        dress_any(p, actor, "swarm", 5, 3);
    }
    for (unsigned i = 0; i < requests; i++) {
        uint32_t path = (kind == WAVE_MANY_PRINTS) ? below(p, SITE_PATHS)
                        : (kind == WAVE_PATHS)     ? 1000000 + below(p, 1 << 30)
                                                   : below(p, 10);

        ask(p, actor, t, PAGE, path, (kind == WAVE_REFERER) ? 0 : NO_PATH);
        t += 0.5 + about(p, 5.0);
    }
}

static void member(play_t *p, const wave_t *s, uint32_t i, double t)
{
    uint32_t actor;
    uint32_t path =
        (s->kind == WAVE_LAUNCH || s->kind == WAVE_JAM) ? below(p, 12) : 3;
    uint32_t referer = (below(p, 20) < 17) ? NO_PATH : FOREIGN;

    switch (s->kind) {
    case WAVE_PROXIES:
        actor = add_actor(p, from_networks(p, 30));
        dress_any(p, actor, "proxy", 3, 1);
        ask(p, actor, t, PAGE, path, NO_PATH);
        break;
    case WAVE_CRAWL:
        actor = add_actor(p, from_networks(p, 15));
        dress_any(p, actor, "crawler", 2, 1);
        ask(p, actor, t, PAGE, below(p, SITE_PATHS), NO_PATH);
        break;
    case WAVE_MONITORS:
        actor = add_actor(p, from_networks(p, 40));
        dress(&p->actor[actor], "monitor", 0, 0);
        for (int k = 0; k < 3; k++) {
            ask(p, actor, t + 60.0 * k, PAGE, 0, NO_PATH);
        }
        break;
    case WAVE_CARRIER:
        actor = add_actor(p, 0x64400000u + (i % 300) * 251);
        dress_any(p, actor, "browser", PROFESSIONS, 5);
        person(p, actor, t, below(p, SITE_PATHS), referer);
        break;
    case WAVE_BARE: /* a status page: none to three in ten read on */
    case WAVE_BARE_ALIKE:
        actor = add_actor(p, anywhere(p));
        dress_any(p, actor, "browser", PROFESSIONS, 5);
        if (s->kind == WAVE_BARE_ALIKE && below(p, 10) < 7) {
            dress(&p->actor[actor], "browser", 3, below(p, 5));
        }
        t = browse(p, actor, t, 3, referer, 0) + 3.0;
        t += about(p, 20.0);
        if (below(p, 10) < s->seed % 4) {
            browse(p, actor, t, below(p, SITE_PATHS), 3, 1);
        }
        break;
    case WAVE_APP:
        actor = add_actor(p, anywhere(p));
        dress_any(p, actor, "app", 1, 3);
        p->actor[actor].is_browser = 0;
        ask(p, actor, t, PAGE, SITE_PATHS + 1, NO_PATH);
        break;
    case WAVE_NEWSLETTER:
    case WAVE_LINK:
    case WAVE_LAUNCH:
    case WAVE_JAM:
        actor = add_actor(p, anywhere(p));
        /* of a jam nobody's browser was here before */
        dress_any(p, actor, (s->kind == WAVE_JAM) ? "device" : "browser",
                  PROFESSIONS, 5);
        person(p, actor, t, path,
               (s->kind == WAVE_NEWSLETTER) ? referer
               : (s->kind == WAVE_LINK)     ? FOREIGN
               : below(p, 2)                ? FOREIGN
                                            : NO_PATH);
        break;
    default:
        actor = add_actor(p, anywhere(p));
        swarm_member(p, s->kind, actor, t);
    }
    p->actor[actor].is_member = 1;
    p->actor[actor].is_person = !wave_is_swarm(s->kind);
}

/* ---- playing -------------------------------------------------------------- */

static int by_time(const void *one, const void *two)
{
    const act_t *a = one;
    const act_t *b = two;

    return (a->at_us > b->at_us) - (a->at_us < b->at_us);
}

static uint64_t path_hash(uint32_t path, int is_asset)
{
    return word(is_asset ? "asset" : "path", path);
}

static mlg_arrival_t arrival_of(const play_t *p, const act_t *act)
{
    const actor_t *who = &p->actor[act->actor];
    int is_asset = act->what == ASSET || act->what == ANSWER_ASSET;
    mlg_arrival_t a;

    memset(&a, 0, sizeof(a));
    a.at_us = act->at_us;
    a.from = who->client;
    a.knows = MLG_KNOWS_ALL;
    a.subnet = mlg_hash_subnet(&unit_secret, &a.from.addr);
    a.path = path_hash(act->path, is_asset);
    a.agent = who->agent;
    a.print = who->print;
    a.shape = who->shape;
    /* a template stands for twenty paths, and for all that are new */
    a.template =
        word("template", (act->path < 1000000) ? act->path / 20 : 1 << 20);
    a.is = is_asset ? MLG_IS_ASSET : 0;
    a.is |= who->is_browser ? MLG_IS_BROWSER : 0;
    a.header_fields = 12;
    a.path_bytes = 20;
    a.path_segments = 2;
    if (act->referer == NO_PATH) {
        a.is |= MLG_IS_WITHOUT_REFERER;
    }
    else {
        a.referer = (act->referer == FOREIGN) ? word("foreign", 0)
                                              : path_hash(act->referer, 0);
    }
    return a;
}

static void count_member(wave_result_t *r, actor_t *who, int is_refused,
                         apr_time_t after_us)
{
    r->requests++;
    r->refused += (unsigned)is_refused;
    r->late += r->requests > 200;
    r->late_refused += r->requests > 200 && is_refused;
    r->members_hit += is_refused && !who->was_refused;
    if (is_refused && r->found_s < 0) {
        r->found_s = (double)after_us / 1e6;
    }
}

static void play(play_t *p, wave_result_t *r)
{
    apr_time_t first_us = 0;
    uint32_t *place = calloc(p->nacts + 1, sizeof(*place));
    uint8_t *refused = calloc(p->nacts + 1, 1);

    assert_non_null(place);
    assert_non_null(refused);
    /* an answer names its act by number, which sorting changes */
    for (uint32_t i = 0; i < p->nacts; i++) {
        if (p->act[i].what < ANSWER_PAGE) {
            p->act[i].answers = i;
        }
    }
    qsort(p->act, p->nacts, sizeof(*p->act), by_time);
    for (uint32_t i = 0; i < p->nacts; i++) {
        act_t *act = &p->act[i];
        actor_t *who = &p->actor[act->actor];
        mlg_arrival_t a = arrival_of(p, act);
        mlg_stripe_t *stripe =
            &p->gate->table.stripe[mlg_stripe_of(a.from.hash)];
        mlg_decision_t d;
        int is_refused;

        if (act->what >= ANSWER_PAGE) {
            mlg_outcome_t o = {1000, 1000, 1, 200};

            if (refused[act->answers] == 2) {
                continue; /* was never asked */
            }
            o.status = refused[act->answers] ? 0 : 200;
            mlg_settle(p->gate, &a, &o, stripe);
            continue;
        }
        /* a person who was refused reads the page that says so */
        if (who->is_person && who->was_refused) {
            refused[act->answers] = 2;
            continue;
        }
        mlg_judge(p->gate, &p->town->rules, &a, stripe, &d);
        is_refused = d.verdict == MLG_VERDICT_REFUSE;
        r->would += d.verdict == MLG_VERDICT_WOULD_REFUSE;
        r->is_degraded |= (d.swarm_is & MLG_IN_SWARM_HELD) != 0;
        refused[act->answers] = (uint8_t)is_refused;
        r->events += d.swarm_begins;
        if (who->is_member) {
            first_us = (first_us == 0) ? act->at_us : first_us;
            count_member(r, who, is_refused, act->at_us - first_us);
        }
        else if (who->is_person) {
            r->bystanders_hit += is_refused && !who->was_refused;
        }
        who->was_refused |= (uint8_t)is_refused;
    }
    for (uint32_t i = 0; i < p->nactors; i++) {
        r->members += p->actor[i].is_member;
        r->bystanders += p->actor[i].is_person && !p->actor[i].is_member;
    }
    for (unsigned i = 0; i < MLG_SWARM_EVENTS; i++) {
        r->refusing += p->gate->swarms->event[i].id != 0 &&
                       p->gate->swarms->event[i].refuses;
    }
    free(place);
    free(refused);
}

static void begin(play_t *p, town_t *town, uint64_t seed)
{
    memset(p, 0, sizeof(*p));
    p->town = town;
    p->gate = &town->gate;
    p->random = seed * 0x9E3779B97F4A7C15u + 1;
    p->slow_s = 0.15;
}

static void end(play_t *p)
{
    free(p->actor);
    free(p->act);
}

void town_open(town_t *town, double days, double every_s, uint64_t seed)
{
    wave_result_t r = {.found_s = -1};
    double piece_s;

    memset(town, 0, sizeof(*town));
    town->bytes = mlg_segment_bytes(CLIENTS);
    town->base = aligned_alloc(MLG_CACHELINE, town->bytes);
    town->scratch = aligned_alloc(MLG_CACHELINE, town->bytes);
    assert_non_null(town->base);
    assert_non_null(town->scratch);
    memset(town->base, 0, town->bytes);
    town->now_us = T0;
    town->every_s = every_s;
    mlg_segment_format(town->base, CLIENTS, &unit_secret, T0);
    IS_INT(mlg_segment_view(&town->gate, town->base, town->bytes, NULL),
           APR_SUCCESS);
    town->rules = (mlg_rules_t){.model = &mlg_weighted_default,
                                .engine = MLG_ENGINE_ENFORCE,
                                .threshold = MLG_THRESHOLD_NONE,
                                .min_requests = 10,
                                .block_for_us = SEC(600),
                                .block_max_us = SEC(86400),
                                .swarm = {MLG_SWARM_REFUSE, 4.0f, 1.0f, 1}};
    piece_s = (every_s < 0.5) ? 3600.0 : 21600.0; /* what fits in memory */
    for (int left = (int)(86400.0 * days / piece_s); left > 0; left--) {
        play_t p;

        begin(&p, town, seed++);
        ordinary(&p, 0.0, piece_s, every_s);
        play(&p, &r);
        end(&p);
        town->now_us += SEC(piece_s);
    }
    IS_INT(r.bystanders_hit, 0);
}

void town_close(town_t *town)
{
    free(town->base);
    free(town->scratch);
}

/* People behind addresses that members came from, too. */
static void neighbours(play_t *p, const wave_t *wave, uint32_t first,
                       unsigned n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t actor = add_actor(p, 0);
        double t = 300.0 + chance(p) * wave->seconds;

        p->actor[actor].client = p->actor[first + i].client;
        dress_any(p, actor, "browser", PROFESSIONS, 5);
        person(p, actor, t, below(p, SITE_PATHS), NO_PATH);
    }
}

wave_result_t wave_play(town_t *town, const wave_t *wave)
{
    return wave_play_shared(town, wave, 0);
}

wave_result_t wave_play_shared(town_t *town, const wave_t *wave, unsigned n)
{
    uint32_t first;
    wave_result_t r = {.found_s = -1};
    mlg_gate_t copy;
    play_t p;

    memcpy(town->scratch, town->base, town->bytes);
    IS_INT(mlg_segment_view(&copy, town->scratch, town->bytes, NULL),
           APR_SUCCESS);
    begin(&p, town, wave->seed);
    p.gate = &copy;
    if (wave->kind == WAVE_LAUNCH) {
        p.slow_s = 4.0;
    }
    p.jam_s = (wave->kind == WAVE_JAM) ? wave->seconds : 0.0;
    ordinary(&p, 0.0, wave->seconds + 900.0, town->every_s);
    first = p.nactors;
    for (uint32_t i = 0; i < wave->addresses && wave->kind != WAVE_QUIET; i++) {
        member(&p, wave, i, 300.0 + chance(&p) * wave->seconds);
    }
    neighbours(&p, wave, first, n);
    play(&p, &r);
    end(&p);
    return r;
}

wave_result_t town_day(town_t *town, unsigned n, uint64_t seed)
{
    wave_result_t r = {.found_s = -1};
    play_t p;

    begin(&p, town, seed);
    ordinary(&p, 0.0, 86400.0, town->every_s);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t actor = add_actor(&p, anywhere(&p));

        swarm_member(&p, WAVE_ONE_PRINT, actor, chance(&p) * 86400.0);
        p.actor[actor].is_member = 1;
    }
    play(&p, &r);
    end(&p);
    town->now_us += SEC(86400);
    return r;
}
