/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of mlg_swarm.h share: a site as a newcomer finds it, and what
 * its cohorts say of it.
 */
#ifndef SWARM_H
#define SWARM_H

#include "mlg_swarm.h"

#define SWARM_NETS_S   3600u  /* a pane of networks */
#define SWARM_AGENTS_S 43200u /* of User-Agents, in a network's cohort */

/* Shared by what judges a site and a cohort. */
#define SWARM_DAY_S          86400u
#define SWARM_REFUSE_AFTER_S (3 * SWARM_DAY_S)
#define SWARM_USUAL_LEAST    0.1f /* below, absence proves nothing */
#define SWARM_EXPECTED       7.0f /* would have brought something: e^-7 */
#define SWARM_OTHERS         3.0f
#define SWARM_WEEK_H         168u

/* The site at one moment. */
typedef struct swarm_site_t {
    uint32_t at_s;
    uint32_t age_s; /* since the first newcomer */
    unsigned class; /* mlg_swarm_class of the newcomer looked at */
    float usual
        [MLG_NSWARM_CLASSES]; /* share that brings something; 0 = not known */
    float bound;              /* of what is usual for a cohort, an hour */
    float factor;             /* of this hour of the week */
    int is_alarmed;
    int is_slow; /* to serve: who brings something does so late */
    float threshold;
    float nets; /* of those in the class whose print nobody vouches for, in a
                   minute or two */
    mlg_cohort_t whole[MLG_NSWARM_CLASSES]; /* copies */
    mlg_cohort_t held;                      /* of the class */
} swarm_site_t;

/* A cohort at one moment. */
typedef struct swarm_verdict_t {
    float excess;
    int refuses;
    int tells;
    int is_narrow; /* its members come from a few networks */
    int excuses;   /* as usual, and its usual is to bring nothing */
    int vouches;   /* its members bring what people bring, or always did */
    int is_bare;   /* some came in the hour, and brought nothing */
} swarm_verdict_t;

/* Newcomers who were answered, and those of them who brought something. */
typedef struct swarm_tally_t {
    float owe;
    float brought;
} swarm_tally_t;

/* Hours of each window, both panes of the day's. */
extern const float swarm_window_h[MLG_NCOHORT_WINDOWS];

/** Of those who were answered long enough ago to have brought something: all
 * but the last two to four seconds, in both panes of a window.
 *
 * @param is_slow  all but the last one or two minutes
 */
swarm_tally_t swarm_settled(const mlg_cohort_t *c, enum mlg_cohort_window w,
                            int is_slow);

/** How many came against what is usual, in the window where it is most.
 *
 * @param usual  newcomers an hour
 * @param slack  newcomers more, in any window
 */
float swarm_excess(const mlg_cohort_t *c, uint32_t at_s, float usual,
                   float slack);

/** The share that usually brings something; 0 = not known. */
float swarm_usual(const mlg_cohort_t *c);

/** Bring the whole up to now, count a newcomer into it, and look. */
void swarm_site_look(swarm_site_t *site, mlg_swarms_t *s,
                     const mlg_swarm_by_t *by, uint32_t at_s, unsigned class,
                     uint64_t net);

/** Count the network of a newcomer whose print nobody vouches for. */
void swarm_site_net(mlg_swarms_t *s, unsigned class, uint32_t at_s,
                    uint64_t net);

/** Look without counting. */
void swarm_site_peek(swarm_site_t *site, const mlg_swarms_t *s,
                     const mlg_swarm_by_t *by, uint32_t at_s, unsigned class);

/** What a cohort says.
 *
 * @param there  the cohort of the kind of path that the newcomer asks for;
 *               NULL: not known, or it is `c`
 * @param is_on  an event of it goes on: half as much is enough
 */
void swarm_judge(swarm_verdict_t *out, const swarm_site_t *site,
                 const mlg_cohort_t *c, mlg_swarm_kind kind,
                 const mlg_cohort_t *there, int is_on);

/** A cohort's event that goes on. @return 1 + index, or 0 */
unsigned swarm_event_of(const mlg_swarms_t *s, unsigned event, uint64_t tag);

/** Begin an event. @return 1 + index; 0 when all places go on */
unsigned swarm_event_begin(mlg_swarms_t *s, const mlg_cohort_t *c,
                           mlg_swarm_kind kind, const swarm_site_t *site,
                           apr_time_t at_us, int refuses);

/** One more member. */
void swarm_event_member(mlg_swarms_t *s, unsigned event, const mlg_cohort_t *c,
                        const mlg_arrival_t *a, float excess, int refuses);

/** How many that were told began in the last hours and go on. */
unsigned swarm_events_told(const mlg_swarms_t *s, apr_time_t at_us);

/** The whole's event that goes on. @return 1 + index, or 0 */
unsigned swarm_event_whole(const mlg_swarms_t *s);

/** One request of a client. */
void swarm_clients_note(mlg_swarms_t *s, uint64_t client, uint32_t at_s);

#endif /* SWARM_H */
