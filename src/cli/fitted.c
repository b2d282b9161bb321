/* SPDX-License-Identifier: Apache-2.0 */
#include "fitted.h"

#include "calibrate.h"
#include "feed_sort.h"
#include "mlgatectl.h"

/* By the same rules, but nobody is refused while this runs. */
static void borrow_options(feed_t *to, const feed_t *from)
{
    to->rules = from->rules;
    to->rules.settings.engine = MLG_ENGINE_OBSERVE;
    to->rules.is_quiet = 1;
    to->format = from->format;
    to->labels = from->labels; /* that cannot be used end the run at once */
    to->is_quiet = from->is_quiet;
    to->doing = "finding the threshold: ";
    to->wants_access = 1;
}

static mlg_origin_t origin_of(const calibrate_t *c)
{
    return (mlg_origin_t){.kind = c->fit.is_sound ? MLG_ORIGIN_LOGS
                                                  : MLG_ORIGIN_FLOOR,
                          .threshold = c->fit.threshold,
                          .trusted = c->profile.trusted,
                          .progress_percent = c->fit.progress_percent};
}

/* @return as feed_run() */
static int read_logs(calibrate_t *c, feed_t *feed, int nlogs,
                     const char *const *logs, mlg_origin_t *out)
{
    int code = calibrate_begin(c, c->p);

    if (code == CTL_DONE) {
        borrow_options(&c->feed, feed);
        code = calibrate_read(c, nlogs, logs);
    }
    if (code == CTL_DONE && c->requests > 0) {
        calibrate_end(c);
    }
    *out = origin_of(c);
    return code;
}

/* The first pass. Its memory goes back to the system before the second begins:
 * a pool's own would be kept, and there is a table in it.
 *
 * @return as feed_run()
 */
static int fit(feed_t *feed, mlg_agents_t *agents, int nlogs,
               const char *const *logs, mlg_origin_t *out)
{
    apr_allocator_t *allocator;
    apr_pool_t *p;
    calibrate_t *c;
    int code;

    if (apr_allocator_create(&allocator) != APR_SUCCESS ||
        apr_pool_create_ex(&p, feed->p, NULL, allocator) != APR_SUCCESS) {
        return ctl_complain(CTL_FAILED, "not enough memory to begin");
    }
    apr_allocator_owner_set(allocator, p);
    c = apr_pcalloc(p, sizeof(*c));
    c->p = p;
    c->agents = agents;
    code = read_logs(c, feed, nlogs, logs, out);
    apr_pool_destroy(p);
    return code;
}

/* @return CTL_DONE, with an origin or none; CTL_MISUSE or CTL_FAILED having
 *         said why */
static int find_origin(feed_t *feed, mlg_agents_t *agents, int nlogs,
                       const char *const *logs)
{
    mlg_origin_t found = {.kind = MLG_ORIGIN_STREAM};
    int code;

    for (int i = 0; i < nlogs; i++) {
        if (!feed_is_file(logs[i], feed->p)) { /* or there is none */
            feed->rules.origin = found;
            return CTL_DONE;
        }
    }
    code = fit(feed, agents, nlogs, logs, &found);
    if (code == FEED_OBSERVED) {
        return CTL_DONE;
    }
    feed->rules.origin = found;
    feed->is_again = 1;
    return code;
}

static void tell(const feed_t *feed)
{
    const mlg_origin_t *origin = &feed->rules.origin;
    const char *advice = mlg_origin_advice(origin->kind);
    char words[MLG_ORIGIN_TEXT];

    if (advice != NULL && !feed->is_quiet) {
        ctl_complain(CTL_DONE, "note: %s; %s", mlg_origin_words(words, origin),
                     advice);
    }
}

int fitted_run(feed_t *feed, mlg_agents_t *agents, int nlogs,
               const char *const *logs, judged_fn fn, void *data)
{
    int code = rules_read(&feed->rules);

    if (code == CTL_DONE && nlogs > 0 && rules_want_fit(&feed->rules)) {
        code = find_origin(feed, agents, nlogs, logs);
    }
    if (code == CTL_DONE) {
        code = feed_run(feed, nlogs, logs, fn, data);
    }
    if (code != CTL_DONE) {
        return code;
    }
    if (feed->parity.requests > 0 && feed->entries == 0 &&
        feed->replay.is_auto) {
        feed->rules.origin.kind = MLG_ORIGIN_OBSERVED;
    }
    tell(feed);
    return CTL_DONE;
}
