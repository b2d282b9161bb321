/* SPDX-License-Identifier: Apache-2.0
 *
 * Traffic as it arrives live, written down: floods as the common tools send
 * them, and the people whom products like this one have refused. Each scene is
 * what one address does, told as text (methods, targets, header fields), so
 * that everything between a request and a verdict takes part.
 *
 * Used by test_people and by `make tune`.
 */
#ifndef SCENES_H
#define SCENES_H

#include "mlg_request.h"

#define SCENE_MAX 40000 /* requests of one scene */

typedef struct scene_request_t {
    mlg_arrival_t arrival;
    mlg_outcome_t outcome;
} scene_request_t;

/* What a scene writes to; the texts are only needed while it does. */
typedef struct stage_t {
    scene_request_t *request; /* shape [SCENE_MAX] */
    int n;
    mlg_request_t now; /* the header fields of the next request */
    uint32_t status;
    apr_time_t takes_us;
    uint64_t bytes;
    mlg_secret_t secret;
    uint64_t random;
} stage_t;

typedef struct scene_t {
    const char *name;
    int within; /* requests in which to convict; 0: somebody to let through */
    void (*play)(stage_t *s, apr_time_t at_us);
} scene_t;

extern const scene_t scenes[];
extern const int scenes_count;

/** Write one scene down, in order of arrival.
 *
 * @param s      its `request` and `secret` set
 * @param at_us  when it begins
 */
void scene_write(stage_t *s, const scene_t *scene, apr_time_t at_us);

/** Play what was written: judge and settle in the order in which a server
 * would see arrivals and ends.
 *
 * @param arrive  called for every arrival; @return 1 to go on, 0 to stop
 * @param settle  called when its answer has been sent
 */
void scene_play(const stage_t *s, void *context,
                int (*arrive)(void *context, int n, const mlg_arrival_t *a),
                void (*settle)(void *context, int n, const mlg_arrival_t *a,
                               const mlg_outcome_t *o));

#endif /* SCENES_H */
