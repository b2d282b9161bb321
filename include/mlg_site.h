/* SPDX-License-Identifier: Apache-2.0
 *
 * The threshold that is in force on a site, how it came about, and within what
 * it moves: in the segment, so that every process has the same one and it
 * outlives a graceful restart.
 *
 * It begins with a profile's threshold, or with none: then only the floor
 * refuses (mlg_threshold.h) until the gate has seen enough by itself, over a
 * week at least: the first people to come are not all kinds of them. What it is
 * then, or what the profile says, is the anchor. From there the threshold
 * follows what the site's trusted clients do, never further from its anchor
 * than MLGateThresholdDrift and never by more than 0.005 a day, so that a
 * patient attacker who behaves like people can move it to that bound and no
 * further. Another model begins anew.
 *
 * But a bound that refuses people is worse than a threshold that was dragged. A
 * site may change: its pages fetch data now, and everybody is quicker. So while
 * trusted clients of more than MLG_FIT_FEW networks get as far as the upper
 * bound, and there are enough of them to go by, it does not hold: the threshold
 * goes on after them at the same 0.005 a day, at most MLG_DRIFT_LIFTED times as
 * far from its anchor, and comes back as slowly when they are gone. The anchor
 * stays, and below the lower bound it never goes. A refused client is seen to
 * get as far as the threshold and no further, whatever it did.
 *
 * What the patient attacker gets by that: with five networks (three or four do
 * every other week) that each pay two visits and are refused once a week, where
 * the threshold is a half, 0.08 after 16 days and 0.22 after 48, until he stops;
 * then it sinks by as much in as long. With one network or two, what he got
 * before: 0.08 at most, and no more than MLG_FIT_STEP. The log says when
 * the bound is left (NOTICE) and when people are refused at the last one
 * (WARNING): then someone should look who they are (mlgatectl calibrate).
 *
 * Who may touch what: one process at a time opens and looks (the parent before
 * it forks, then the singleton watchdog); everybody reads. The threshold is
 * one word; figures beside it may be of two looks.
 *
 * Pure: no clock, no lock, no allocation. All-zero bytes are a site of which
 * nothing is known.
 */
#ifndef MLG_SITE_H
#define MLG_SITE_H

#include "mlg_profile.h"
#include "mlg_threshold.h"

/* Where an anchor comes from. */
typedef enum mlg_anchored {
    MLG_ANCHORED_NOT, /* calibrating */
    MLG_ANCHORED_PROFILE,
    MLG_ANCHORED_LIVE
} mlg_anchored;

/* Do people push against the bound? */
typedef enum mlg_pressed {
    MLG_PRESSED_NOT,
    MLG_PRESSED_LIFTED, /* the threshold is above its bound */
    MLG_PRESSED_LAST    /* and people are refused where it may go no further */
} mlg_pressed;

typedef struct mlg_site_t {
    uint64_t scorer;  /* mlg_rules_scorer() of whose scores this is; 0 = none */
    uint64_t profile; /* names the profile of the anchor; 0 = live or none */
    float threshold;  /* in force, atomic; 0 = none is */
    float anchor;     /* and this between what it moves; 0 = none yet */
    float low;
    float high;
    float target; /* where the rule would have it now; 0 = not looked yet */
    float upper;  /* of people like the trusted, at most this share would be
                         refused (95 %) */
    float load;   /* requests an hour, lately */
    uint32_t anchored; /* mlg_anchored */
    uint32_t why;      /* mlg_fit_why of the target */
    uint32_t progress_percent;
    uint32_t trusted;        /* voters, of this week and earlier ones halved */
    uint32_t refused;        /* of them, by the threshold in force, at most */
    uint32_t clients;        /* that came, since the segment was made */
    uint32_t newcomers_from; /* counted before this model came, modulo 2^32 */
    float last;              /* bound, above `high`: see above */
    float shadow_threshold;  /* fitted to the site likewise; 0 = not */
    uint32_t pressed;        /* mlg_pressed */
    uint32_t target_refused; /* of the trusted, by the target, at most */
    int64_t since_us;    /* of this model's scores; 0: as old as the segment */
    int64_t anchored_us; /* microseconds since the epoch; 0 = not */
    int64_t moved_us;
    int64_t looked_us;
    uint64_t requests; /* then */
} mlg_site_t;

static_assert(sizeof(mlg_site_t) == 128, "a site is two cache lines");

struct mlg_gate_t;

/* What the gate goes by. */
typedef struct mlg_site_by_t {
    uint64_t scorer;              /* mlg_rules_scorer() */
    float recommended;            /* the model's own threshold */
    double slope;                 /* of its curve; 1 of weights */
    double drift;                 /* MLGateThresholdDrift, 0..1 */
    const mlg_profile_t *profile; /* for this scorer; NULL: none */
    uint64_t profile_id;          /* tells it from others; not 0 with one */
    float shadow_recommended;     /* the shadow's own threshold; 0: no shadow */
    double shadow_slope;
} mlg_site_by_t;

/** Begin, or go on after a restart or with another model.
 *
 * A profile that is new here becomes the anchor, and the popularity of its
 * places is taken over by a segment that knows none; one that was here before
 * leaves the threshold where it has moved.
 */
void mlg_site_open(const struct mlg_gate_t *gate, const mlg_site_by_t *by,
                   apr_time_t now_us);

/* What a look found. */
typedef enum mlg_site_news {
    MLG_SITE_NO_NEWS,
    MLG_SITE_FOUND,  /* enough: the threshold is in force from now on */
    MLG_SITE_LIFTED, /* people push it beyond its bound */
    MLG_SITE_LAST    /* and are refused at the last one */
} mlg_site_news;

/** Look at what the site has shown, and follow it. */
mlg_site_news mlg_site_look(const struct mlg_gate_t *gate,
                            const mlg_site_by_t *by, apr_time_t now_us);

/** @return the threshold in force, or MLG_THRESHOLD_NONE */
static inline float mlg_site_threshold(const mlg_site_t *site)
{
    float threshold;

    __atomic_load(&site->threshold, &threshold, __ATOMIC_RELAXED);
    return (threshold > 0.0f) ? threshold : MLG_THRESHOLD_NONE;
}

/** The shadow's, where the judge's is the site's: fitted alike as soon as ten
 * voters are known by its scores; else its own.
 *
 * @param own  what the shadow's model recommends
 */
static inline float mlg_site_shadow_threshold(const mlg_site_t *site, float own)
{
    float threshold;

    __atomic_load(&site->shadow_threshold, &threshold, __ATOMIC_RELAXED);
    return (threshold > 0.0f) ? threshold : own;
}

/** @return "calibrating", "profile" or "live" */
const char *mlg_site_words(const mlg_site_t *site);

#endif /* MLG_SITE_H */
