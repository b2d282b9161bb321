/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_reorder.h"

#include <string.h>

/* Longer than a WebSocket usually lives; the room is the other bound. */
#define PATIENCE_US (6 * 3600 * (apr_time_t)APR_USEC_PER_SEC)

/* An event that waits: of line n / 2, its arrival (even n) or outcome. Links
 * are such numbers + 1; 0 = none. */
typedef struct event_t {
    uint64_t key; /* its number, doubled; + 1 when it follows that event */
    uint32_t before;
    uint32_t after;
} event_t;

typedef struct line_t {
    mlg_observation_t seen;
    event_t event[2];
    apr_time_t ended_us;
    uint32_t waiting; /* events of this line */
    uint32_t note;
    uint32_t next_free; /* + 1 */
} line_t;

typedef struct queue_t {
    uint32_t first;
    uint32_t last;
    uint32_t waiting;
    uint64_t next; /* the number that is due; 0 = not known yet */
} queue_t;

struct mlg_reorder_t {
    line_t *line; /* shape [room] */
    unsigned room;
    uint32_t free; /* + 1 */
    uint32_t done; /* + 1: handed out last and through */
    queue_t queue[MLG_STRIPES];
    unsigned current; /* the queue to look at */
    int is_finishing;
    apr_time_t newest_us;
    uint64_t gaps;
    uint64_t late;
};

apr_status_t mlg_reorder_make(mlg_reorder_t **out, unsigned room, apr_pool_t *p)
{
    mlg_reorder_t *r = apr_pcalloc(p, sizeof(*r));
    line_t *line = apr_palloc(p, sizeof(*line) * room);

    if (r == NULL || line == NULL) {
        return APR_ENOMEM;
    }
    r->line = line;
    r->room = room;
    for (uint32_t i = 0; i < room; i++) {
        line[i].next_free = i; /* the one before; 0 ends the list */
    }
    r->free = room;
    *out = r;
    return APR_SUCCESS;
}

void mlg_reorder_begin(mlg_reorder_t *r, int is_fresh)
{
    for (int i = 0; i < MLG_STRIPES; i++) {
        r->queue[i].next = is_fresh ? 1 : 0;
    }
    r->is_finishing = 0;
    r->newest_us = 0;
}

void mlg_reorder_finish(mlg_reorder_t *r)
{
    r->is_finishing = 1;
    r->current = 0;
}

uint64_t mlg_reorder_gaps(const mlg_reorder_t *r)
{
    return r->gaps;
}

uint64_t mlg_reorder_late(const mlg_reorder_t *r)
{
    return r->late;
}

static event_t *event_at(mlg_reorder_t *r, uint32_t link)
{
    return &r->line[(link - 1) / 2].event[(link - 1) % 2];
}

/* Lines come nearly in order: look for the place from the end. */
static void insert(mlg_reorder_t *r, queue_t *q, uint32_t link, uint64_t key)
{
    event_t *event = event_at(r, link);
    uint32_t before = q->last;

    while (before != 0 && event_at(r, before)->key > key) {
        before = event_at(r, before)->before;
    }
    event->key = key;
    event->before = before;
    event->after = (before != 0) ? event_at(r, before)->after : q->first;
    *(before != 0 ? &event_at(r, before)->after : &q->first) = link;
    *(event->after != 0 ? &event_at(r, event->after)->before : &q->last) = link;
    q->waiting++;
}

void mlg_reorder_add(mlg_reorder_t *r, const mlg_observation_t *seen)
{
    uint32_t n = r->free - 1;
    line_t *line = &r->line[n];
    unsigned stripe = mlg_stripe_of(seen->arrival.from.hash);
    queue_t *q = &r->queue[stripe];

    r->free = line->next_free;
    line->seen = *seen;
    line->note = 0;
    line->waiting = 1;
    line->ended_us = seen->arrival.at_us;
    if (seen->outcome.duration_us < INT64_MAX / 4) {
        line->ended_us += (apr_time_t)seen->outcome.duration_us;
    }
    if (line->ended_us > r->newest_us) {
        r->newest_us = line->ended_us;
    }
    insert(r, q, 2 * n + 1, 2 * seen->arrived + !seen->is_arrival_held);
    if (seen->settled > 0) {
        line->waiting++;
        insert(r, q, 2 * n + 2, 2 * seen->settled);
    }
    r->current = stripe;
}

/* Is the first event of a queue the next that happened? */
static int is_due(mlg_reorder_t *r, const queue_t *q)
{
    uint64_t key;

    if (q->first == 0 || q->next == 0) {
        return 0;
    }
    key = event_at(r, q->first)->key;
    return (key % 2 == 0) ? key / 2 <= q->next : key / 2 < q->next;
}

/* What the queue waits for will not come: go on with what there is. */
static void give_up(mlg_reorder_t *r, queue_t *q)
{
    uint64_t key = event_at(r, q->first)->key;

    r->gaps += (q->next != 0); /* where the log begins is no gap */
    q->next = key / 2 + key % 2;
}

static queue_t *fullest(mlg_reorder_t *r)
{
    queue_t *q = &r->queue[0];

    for (int i = 1; i < MLG_STRIPES; i++) {
        if (r->queue[i].waiting > q->waiting) {
            q = &r->queue[i];
        }
    }
    return q;
}

/* The queue whose first event is due, or will be by giving up; NULL when more
 * lines are needed. */
static queue_t *choose(mlg_reorder_t *r)
{
    queue_t *q = &r->queue[r->current];

    while (r->is_finishing && q->first == 0 && r->current < MLG_STRIPES - 1) {
        q = &r->queue[++r->current];
    }
    if (is_due(r, q)) {
        return q;
    }
    if (q->first != 0 &&
        (r->is_finishing ||
         r->newest_us - r->line[(q->first - 1) / 2].ended_us > PATIENCE_US)) {
        give_up(r, q);
        return q;
    }
    if (r->free == 0 && r->done == 0) {
        q = fullest(r);
        give_up(r, q);
        return q;
    }
    return NULL;
}

static void take_first(mlg_reorder_t *r, queue_t *q, mlg_step_t *step)
{
    uint32_t link = q->first;
    event_t *event = event_at(r, link);
    line_t *line = &r->line[(link - 1) / 2];

    q->first = event->after;
    *(q->first != 0 ? &event_at(r, q->first)->before : &q->last) = 0;
    q->waiting--;
    if (event->key == 2 * q->next) {
        q->next++;
    }
    else if (event->key % 2 == 0) {
        r->late++;
    }
    step->seen = &line->seen;
    step->is_outcome = (int)((link - 1) % 2);
    step->note = &line->note;
    if (--line->waiting == 0) {
        r->done = (link - 1) / 2 + 1;
    }
}

int mlg_reorder_next(mlg_reorder_t *r, mlg_step_t *step)
{
    queue_t *q;

    if (r->done != 0) {
        r->line[r->done - 1].next_free = r->free;
        r->free = r->done;
        r->done = 0;
    }
    q = choose(r);
    if (q == NULL) {
        return 0;
    }
    take_first(r, q, step);
    return 1;
}
