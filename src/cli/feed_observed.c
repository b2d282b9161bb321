/* SPDX-License-Identifier: Apache-2.0
 *
 * Observation logs: put in order, judged again, and compared with what the
 * server that wrote them decided. */
#include "feed.h"

#include "feed_sort.h"
#include "mlgatectl.h"
#include "visible.h"

#include <apr_strings.h>
#include <stdio.h>

/* Everything that is due. */
static int drain(feed_t *feed, judged_fn fn, void *data)
{
    mlg_step_t step;
    int code = CTL_DONE;

    while (code == CTL_DONE && mlg_reorder_next(feed->reorder, &step)) {
        mlg_arrival_t arrival;
        mlg_decision_t decision;

        if (mlg_replay_step(&feed->replay, &step, &arrival, &decision)) {
            judged_t judged = {
                .arrival = &arrival,
                .decision = &decision,
                .outcome = &step.seen->outcome,
                .label = feed_labels_find(feed->clients, &arrival.from.key)};

            mlg_parity_add(&feed->parity, &feed->replay.rules, step.seen,
                           &decision);
            code = fn(data, &judged);
        }
    }
    return code;
}

/* Another segment: a gate of the size that the server's has, which begins with
 * what that one began with. */
static int restart(feed_t *feed, const mlg_observation_t *start, judged_fn fn,
                   void *data)
{
    mlg_took_over took_over = (mlg_took_over)start->took_over;
    int is_here = start->from == feed->segment;
    int code = feed_observed_end(feed, fn, data);

    if (code != CTL_DONE) {
        return code;
    }
    if (start->features != mlg_features_fingerprint()) {
        return ctl_complain(CTL_MISUSE,
                            "%s, line %lu: written by a build with another "
                            "list of features; replay it with its own "
                            "mlgatectl",
                            visible_string(feed->log, FEED_SHOWN, feed->p),
                            (unsigned long)feed->number);
    }
    if (mlg_replay_move(&feed->replay, start->clients,
                        is_here ? took_over : MLG_TOOK_NOTHING,
                        (apr_time_t)start->segment) != APR_SUCCESS) {
        return ctl_complain(CTL_FAILED, "not enough memory for %u clients",
                            start->clients);
    }
    feed->replay.ipv6_prefix = start->ipv6_prefix;
    feed->segment = start->segment;
    feed->parity.is_partial |= (start->events != 0) ||
                               took_over == MLG_TOOK_SOME ||
                               (took_over != MLG_TOOK_NOTHING && !is_here);
    mlg_reorder_begin(feed->reorder, start->events == 0);
    return CTL_DONE;
}

int feed_observed(feed_t *feed, const mlg_observation_t *seen, judged_fn fn,
                  void *data)
{
    if (feed->reorder == NULL &&
        mlg_reorder_make(&feed->reorder, MLG_REORDER_ROOM, feed->p) !=
            APR_SUCCESS) {
        return ctl_complain(CTL_FAILED, "not enough memory to put an "
                                        "observation log in order");
    }
    if (seen->kind == MLG_OBSERVED_START) {
        if (seen->segment != feed->segment) {
            return restart(feed, seen, fn, data);
        }
        feed->replay.ipv6_prefix = seen->ipv6_prefix; /* it may have changed */
        return CTL_DONE;
    }
    if (feed->segment == 0) { /* the log begins in a segment's midst */
        feed->segment = seen->segment;
        feed->parity.is_partial = 1;
    }
    if (seen->segment != feed->segment) {
        feed->parity.foreign++;
        return CTL_DONE;
    }
    mlg_reorder_add(feed->reorder, seen);
    return drain(feed, fn, data);
}

int feed_observed_end(feed_t *feed, judged_fn fn, void *data)
{
    int code;

    if (feed->reorder == NULL || feed->segment == 0) {
        return CTL_DONE;
    }
    mlg_reorder_finish(feed->reorder);
    code = drain(feed, fn, data);
    feed->parity.gaps = mlg_reorder_gaps(feed->reorder);
    feed->parity.late = mlg_reorder_late(feed->reorder);
    return code;
}
