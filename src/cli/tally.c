/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

#include "mlg_policy.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 16384u

apr_status_t tally_init(tally_t *t)
{
    memset(t, 0, sizeof(*t));
    t->class[0] = "";
    t->classes = 1;
    t->mask = FIRST_SIZE - 1;
    t->place = calloc(FIRST_SIZE, sizeof(*t->place));
    return (t->place != NULL) ? APR_SUCCESS : APR_ENOMEM;
}

void tally_free(tally_t *t)
{
    free(t->place);
    t->place = NULL;
}

unsigned tally_class(tally_t *t, const char *name, size_t len, apr_pool_t *p)
{
    for (unsigned i = 0; i < t->classes; i++) {
        if (strlen(t->class[i]) == len && memcmp(t->class[i], name, len) == 0) {
            return i;
        }
    }
    if (t->classes == TALLY_CLASSES) {
        return TALLY_CLASSES - 1;
    }
    t->class[t->classes] = apr_pstrmemdup(p, name, len);
    return t->classes++;
}

/* The client's place, or the empty one where it belongs. */
static tally_client_t *seek(const tally_t *t, uint64_t client)
{
    uint64_t at = client & t->mask;

    while (t->place[at].hash != 0 && t->place[at].hash != client) {
        at = (at + 1) & t->mask;
    }
    return &t->place[at];
}

static apr_status_t grow(tally_t *t)
{
    tally_t bigger = *t;

    bigger.mask = t->mask * 2 + 1;
    bigger.place = calloc(bigger.mask + 1, sizeof(*t->place));
    if (bigger.place == NULL) {
        return APR_ENOMEM;
    }
    for (uint64_t i = 0; i <= t->mask; i++) {
        if (t->place[i].hash != 0) {
            *seek(&bigger, t->place[i].hash) = t->place[i];
        }
    }
    free(t->place);
    *t = bigger;
    return APR_SUCCESS;
}

apr_status_t tally_add(tally_t *t, uint64_t client, unsigned class,
                       const mlg_decision_t *d)
{
    tally_client_t *c = seek(t, client);

    if (c->hash == 0) {
        if (t->clients * 2 > t->mask) {
            if (grow(t) != APR_SUCCESS) {
                return APR_ENOMEM;
            }
            c = seek(t, client);
        }
        c->hash = client;
        c->class = (uint16_t) class;
        t->clients++;
    }
    if (t->requests == 0 || d->at_us < t->first_us) {
        t->first_us = d->at_us;
    }
    if (d->at_us > t->last_us) {
        t->last_us = d->at_us;
    }
    t->requests++;
    c->requests++;
    c->refused += d->verdict == MLG_VERDICT_REFUSE ||
                  d->verdict == MLG_VERDICT_WOULD_REFUSE;
    c->blocks = (uint16_t)(c->blocks + (d->convicts && c->blocks < UINT16_MAX));
    return APR_SUCCESS;
}

/* One line of the report. */
typedef struct row_t {
    uint64_t clients, blocked, busy, busy_blocked, requests, refused;
} row_t;

static void add_client(row_t *row, const tally_client_t *c)
{
    int is_blocked = c->blocks > 0;
    int is_busy = c->requests >= TALLY_BUSY;

    row->clients++;
    row->blocked += is_blocked;
    row->busy += is_busy;
    row->busy_blocked += is_busy && is_blocked;
    row->requests += c->requests;
    row->refused += c->refused;
}

static double percent(uint64_t part, uint64_t whole)
{
    return (whole > 0) ? 100.0 * (double)part / (double)whole : 0.0;
}

static void print_row(FILE *to, const char *name, const row_t *r)
{
    fprintf(to, "%-20s %8lu %7lu %7.2f%% %8lu %7lu %7.2f%% %10lu %10lu\n", name,
            (unsigned long)r->clients, (unsigned long)r->blocked,
            percent(r->blocked, r->clients), (unsigned long)r->busy,
            (unsigned long)r->busy_blocked, percent(r->busy_blocked, r->busy),
            (unsigned long)r->requests, (unsigned long)r->refused);
}

static void print_time(FILE *to, const char *name, apr_time_t at_us)
{
    char text[APR_RFC822_DATE_LEN];

    apr_rfc822_date(text, at_us);
    fprintf(to, "%-12s %s\n", name, text);
}

void tally_print(const tally_t *t, FILE *to)
{
    row_t row[TALLY_CLASSES];
    row_t all;

    memset(row, 0, sizeof(row));
    memset(&all, 0, sizeof(all));
    for (uint64_t i = 0; i <= t->mask; i++) {
        if (t->place[i].hash != 0) {
            add_client(&row[t->place[i].class], &t->place[i]);
            add_client(&all, &t->place[i]);
        }
    }
    if (t->requests > 0) {
        print_time(to, "from", t->first_us);
        print_time(to, "to", t->last_us);
    }
    fprintf(to, "%-12s %lu\n", "requests", (unsigned long)t->requests);
    fprintf(to, "%-12s %lu\n", "malformed", (unsigned long)t->malformed);
    fprintf(to, "%-12s %lu (%.2f %%)\n", "refused", (unsigned long)all.refused,
            percent(all.refused, all.requests));
    fprintf(to, "%-12s %lu\n", "clients", (unsigned long)all.clients);
    fprintf(to, "%-12s %lu (%.2f %%)\n\n", "blocked",
            (unsigned long)all.blocked, percent(all.blocked, all.clients));
    fprintf(to, "%-20s %8s %7s %8s %8s %7s %8s %10s %10s\n", "class", "clients",
            "blocked", "share", "busy", "blocked", "share", "requests",
            "refused");
    for (unsigned i = 1; i < t->classes; i++) {
        print_row(to, t->class[i], &row[i]);
    }
    print_row(to, "all", &all);
    fprintf(to, "\nbusy: clients with at least %d requests\n", TALLY_BUSY);
}
