/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include "mlg_report.h"

#include <stdlib.h>
#include <string.h>

typedef struct end_t {
    apr_time_t at_us;
    uint64_t client;
} end_t;

apr_status_t ends_init(ends_t *ends, const mlg_replay_t *replay, FILE *to,
                       apr_pool_t *p)
{
    memset(ends, 0, sizeof(*ends));
    ends->replay = replay;
    ends->to = to;
    ends->p = p;
    ends->room = mlg_block_slots(&replay->gate.blocks);
    ends->end = apr_palloc(p, ends->room * sizeof(*ends->end));
    return (ends->end != NULL) ? APR_SUCCESS : APR_ENOMEM;
}

static void push(ends_t *ends, apr_time_t at_us, uint64_t client)
{
    uint32_t i = ends->n;

    if (ends->n == ends->room) {
        end_t *more = apr_palloc(ends->p, 2 * ends->room * sizeof(*more));

        memcpy(more, ends->end, ends->n * sizeof(*more));
        ends->end = more;
        ends->room *= 2;
    }
    ends->n++;
    while (i > 0 && ends->end[(i - 1) / 2].at_us > at_us) {
        ends->end[i] = ends->end[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    ends->end[i] = (end_t){at_us, client};
}

static end_t pop(ends_t *ends)
{
    end_t first = ends->end[0];
    end_t last = ends->end[--ends->n];
    uint32_t i = 0;

    for (;;) {
        uint32_t child = 2 * i + 1;

        if (child + 1 < ends->n &&
            ends->end[child + 1].at_us < ends->end[child].at_us) {
            child++;
        }
        if (child >= ends->n || ends->end[child].at_us >= last.at_us) {
            break;
        }
        ends->end[i] = ends->end[child];
        i = child;
    }
    ends->end[i] = last;
    return first;
}

static void write_event(const ends_t *ends, const mlg_transition_t *t)
{
    char *line = NULL;

    if (ends->to != NULL) {
        line = mlg_report_render(mlg_report_event(t, ends->replay->ipv6_prefix),
                                 1);
    }
    if (line != NULL) {
        fputs(line, ends->to);
        fputc('\n', ends->to);
    }
    free(line);
}

/* The entry is still there, unless the request at hand was the same client's:
 * then it is told with the conviction; or took its slot because eight lines
 * were full, and it is not told at all, as in httpd. */
static void write_end(const ends_t *ends, const end_t *end)
{
    const mlg_gate_t *gate = &ends->replay->gate;
    mlg_stripe_t *stripe = &gate->table.stripe[mlg_stripe_of(end->client)];
    mlg_block_t block;

    mlg_stripe_assume(stripe);
    if (mlg_block_latest(&gate->blocks, end->client, &block, stripe) &&
        block.until_us == end->at_us) {
        mlg_transition_t t = mlg_transition_ended(&block);

        write_event(ends, &t);
        mlg_block_tell(&gate->blocks, &block);
    }
}

void ends_add(ends_t *ends, uint64_t client, const mlg_decision_t *d)
{
    while (ends->n > 0 && ends->end[0].at_us <= d->at_us) {
        end_t end = pop(ends);

        write_end(ends, &end);
    }
    if (d->convicts) {
        mlg_transition_t t = mlg_transition_convicted(d);

        if (d->ended_us != 0) {
            mlg_block_t last = mlg_decision_ended(d);
            mlg_transition_t end = mlg_transition_ended(&last);

            write_event(ends, &end);
        }
        write_event(ends, &t);
        push(ends, d->until_us, client);
    }
}
