/* SPDX-License-Identifier: Apache-2.0
 *
 * Simulated swarms and their twins, straight into a gate: people who fetch what
 * their pages need, and thousands of addresses that do not or do. A town is a
 * gate with days of ordinary traffic behind it; a wave is played on a copy of
 * it, with ordinary traffic going on beside it.
 */
#ifndef SWARMS_H
#define SWARMS_H

#include "unit.h"

typedef enum wave_kind {
    /* swarms */
    WAVE_ONE_PRINT,
    WAVE_MANY_PRINTS, /* two hundred, and mixed paths */
    WAVE_VERSIONS,    /* four hundred versions of one User-Agent */
    WAVE_PATHS,       /* a new path for each request */
    WAVE_REFERER,     /* one print, each with the site's own Referer */
    /* twins */
    WAVE_NEWSLETTER, /* most without a Referer */
    WAVE_LINK,       /* a link aggregator: one foreign Referer */
    WAVE_LAUNCH,     /* and the server takes seconds to answer */
    WAVE_JAM,        /* and a queue before it, of up to two minutes */
    WAVE_PROXIES,    /* of mail: pages only, from thirty networks */
    WAVE_CRAWL,      /* pages only, from fifteen networks */
    WAVE_MONITORS,   /* pages only, from forty networks; they come back */
    WAVE_CARRIER,    /* people behind a few hundred addresses */
    WAVE_BARE,       /* people with one page that needs nothing */
    WAVE_APP,        /* an app's users, woken all at once: no browser */
    WAVE_QUIET,      /* nothing but ordinary traffic */
    /* what costs people */
    WAVE_BARE_ALIKE, /* a bare page; seven in ten have one print */
    WAVE_BORROWED,   /* a swarm with the print of a twelfth of the people */
    NWAVES
} wave_kind;

typedef struct wave_t {
    wave_kind kind;
    unsigned addresses;
    double seconds; /* in which they come */
    uint64_t seed;
} wave_t;

typedef struct wave_result_t {
    unsigned members;        /* of the wave: addresses */
    unsigned requests;       /* of members */
    unsigned refused;        /* of them */
    unsigned late;           /* requests after the first 200 */
    unsigned late_refused;   /* of them */
    unsigned bystanders;     /* people beside it */
    unsigned bystanders_hit; /* of them, refused at least once */
    unsigned members_hit;
    unsigned would;    /* requests that would have been refused */
    int is_degraded;   /* at any time */
    unsigned events;   /* begun */
    unsigned refusing; /* of them, that refuse */
    double found_s;    /* the first refusal, seconds after the first
                                 member; -1 = none */
} wave_result_t;

typedef struct town_t {
    void *base;
    void *scratch;
    size_t bytes;
    apr_time_t now_us;
    double every_s;
    mlg_gate_t gate;
    mlg_rules_t rules;
} town_t;

/** Let so many days pass with a newcomer every `every_s` seconds on average. */
void town_open(town_t *town, double days, double every_s, uint64_t seed);
void town_close(town_t *town);

/** Play a wave on a copy of the town as it is. */
wave_result_t wave_play(town_t *town, const wave_t *wave);

/** The same, with `n` people who share an address with a member each: they are
 * bystanders. @param n  at most wave->addresses */
wave_result_t wave_play_shared(town_t *town, const wave_t *wave, unsigned n);

/** One day goes by for the town itself, with `n` members of a swarm of one
 * print in it. @return what became of them */
wave_result_t town_day(town_t *town, unsigned n, uint64_t seed);

const char *wave_name(wave_kind kind);
int wave_is_swarm(wave_kind kind);

#endif /* SWARMS_H */
