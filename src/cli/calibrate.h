/* SPDX-License-Identifier: Apache-2.0
 *
 * Where do a site's people end? calibrate_pass.c reads the logs and
 * calibrate_places.c counts their paths, for mlgatectl calibrate (calibrate.c;
 * calibrate_print.c tells the result) and for whoever judges the same logs
 * afterwards (fitted.c).
 */
#ifndef CALIBRATE_H
#define CALIBRATE_H

#include "feed.h"
#include "mlg_agents.h"
#include "mlg_census.h"
#include "mlg_profile_file.h"
#include "mlg_threshold.h"

#include <apr_hash.h>

#define CALIBRATE_LABELS 64 /* later ones share the last */

/* Paths that several clients got an answer from, to be counted at the end. */
typedef struct places_t {
    apr_pool_t *p;
    apr_hash_t *seen;         /* of place_t *, by place */
    apr_array_header_t *list; /* of place_t * */
} places_t;

typedef struct calibrate_t {
    apr_pool_t *p;
    feed_t feed;
    mlg_agents_t *agents; /* with addresses of crawlers; NULL: none */
    mlg_census_t *census;
    places_t places;
    double share;            /* --share */
    uint32_t trusted_enough; /* --min-trusted */
    uint64_t requests;
    uint64_t clients;    /* that came at all */
    uint64_t allowed;    /* requests of allow-listed clients */
    apr_time_t first_us; /* 0: no request yet */
    apr_time_t last_us;
    uint64_t load[MLG_PROFILE_HOURS];
    mlg_text_t label[CALIBRATE_LABELS];
    unsigned nlabels;
    int has_text; /* access logs were read: paths have names */
    mlg_fit_t fit;
    mlg_profile_t profile; /* filled at the end */
} calibrate_t;

/** Begin, with the options as they are when none is given.
 *
 * @param c  zeroed
 * @param p  lives as long as it
 * @return CTL_DONE, or CTL_FAILED having said why
 */
int calibrate_begin(calibrate_t *c, apr_pool_t *p);

/** Read logs. @return as feed_run() */
int calibrate_read(calibrate_t *c, int nlogs, const char *const *logs);

/** After calibrate_read(): fill the fit and the profile.
 *
 * @param c  with at least one request
 */
void calibrate_end(calibrate_t *c);

void places_init(places_t *places, apr_pool_t *p);

/** Take a request that was answered. */
void places_add(places_t *places, const judged_t *judged,
                const mlg_gate_t *gate);

/** Fill the profile's places with the most popular. */
void places_end(const places_t *places, const mlg_gate_t *gate,
                apr_time_t at_us, mlg_profile_t *profile);

/** Print what was found. */
void calibrate_print(const calibrate_t *c);

#endif /* CALIBRATE_H */
