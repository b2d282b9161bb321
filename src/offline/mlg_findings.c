/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_findings.h"

#include <apr_strings.h>
#include <math.h>
#include <string.h>

#define WAYS 8u

apr_status_t mlg_findings_init(mlg_findings_t *f, const mlg_gate_t *gate,
                               const mlg_rules_t *rules, apr_pool_t *p)
{
    memset(f, 0, sizeof(*f));
    f->rules = rules;
    f->secret = &mlg_replay_secret;
    f->why = apr_palloc(p, MLG_FOUND_CONVICTS * sizeof(*f->why));
    f->convict = apr_pcalloc(p, MLG_FOUND_CONVICTS * sizeof(*f->convict));
    f->all.name = "all";
    f->swarm = apr_palloc(p, MLG_FOUND_SWARMS * sizeof(*f->swarm));
    for (int i = 0; i < MLG_NCLASSES; i++) {
        f->class[i].name = mlg_class_name((mlg_class)i);
    }
    f->label[0].name = "-";
    f->nlabels = 1;
    return (f->why != NULL && f->convict != NULL && f->swarm != NULL)
               ? mlg_whatif_init(&f->whatif, gate, rules, p)
               : APR_ENOMEM;
}

uint8_t mlg_findings_label(mlg_findings_t *f, mlg_text_t name, apr_pool_t *p)
{
    size_t i = 0;

    if (name.at == NULL) {
        return 0;
    }
    while (i < f->nlabels &&
           !(strlen(f->label[i].name) == name.len &&
             memcmp(f->label[i].name, name.at, name.len) == 0)) {
        i++;
    }
    if (i == f->nlabels && i < MLG_FOUND_LABELS) {
        f->label[i].name = apr_pstrmemdup(p, name.at, name.len);
        f->nlabels++;
    }
    return (uint8_t)((i < MLG_FOUND_LABELS) ? i : MLG_FOUND_LABELS - 1);
}

/* ---- requests ------------------------------------------------------------- */

/* @return where the client's reasons are, or the place of those that matter
 * least among which they would be */
static size_t convict_at(const mlg_findings_t *f, uint64_t client)
{
    size_t first = client % MLG_FOUND_CONVICTS & ~(size_t)(WAYS - 1);
    size_t least = first;

    for (size_t i = first; i < first + WAYS; i++) {
        if (f->convict[i] == client) {
            return i;
        }
        if (f->convict[least] != 0 &&
            (f->convict[i] == 0 || f->why[i].refused < f->why[least].refused)) {
            least = i;
        }
    }
    return least;
}

static void note_convict(mlg_findings_t *f, uint64_t client, mlg_text_t agent,
                         const mlg_decision_t *d)
{
    size_t at = convict_at(f, client);
    mlg_found_why_t *why = &f->why[at];
    int is_known = f->convict[at] == client;

    if (!is_known && !d->convicts) {
        return;
    }
    if (!is_known) {
        memset(why, 0, sizeof(*why));
        f->convict[at] = client;
    }
    why->refused += why->refused < UINT32_MAX;
    if (d->convicts && d->score > why->score) {
        size_t len =
            (agent.len < MLG_FOUND_AGENT) ? agent.len : MLG_FOUND_AGENT - 1;

        why->score = d->score;
        why->reasons = d->reasons;
        memset(why->agent, 0, sizeof(why->agent));
        if (agent.at != NULL) {
            memcpy(why->agent, agent.at, len);
        }
    }
}

void mlg_findings_add(mlg_findings_t *f, const mlg_arrival_t *arrival,
                      mlg_text_t agent, const mlg_outcome_t *outcome,
                      const mlg_decision_t *d)
{
    int is_refused = mlg_decision_refuses(d);

    if (f->course.width_s == 0 || d->at_us < f->first_us) {
        f->first_us = d->at_us;
    }
    f->last_us = (d->at_us > f->last_us) ? d->at_us : f->last_us;
    mlg_course_add(&f->course, d->at_us, is_refused);
    if (is_refused) {
        /* an observation's own hash is under its server's secret */
        note_convict(f, mlg_hash_key(f->secret, &d->key), agent, d);
    }
    if (d->is_recorded) {
        f->score[mlg_found_bucket(d->score)]++;
        f->judged++;
    }
    mlg_whatif_add(&f->whatif, arrival, outcome, d);
}

/* ---- swarms --------------------------------------------------------------- */

/* @return where this event is or goes; NULL when it is smaller than all */
static mlg_swarm_event_t *swarm_at(mlg_findings_t *f,
                                   const mlg_swarm_event_t *e)
{
    size_t least = 0;

    for (size_t i = 0; i < f->nswarms; i++) {
        if (f->swarm[i].id == e->id) {
            return &f->swarm[i];
        }
        if (f->swarm[i].members < f->swarm[least].members) {
            least = i;
        }
    }
    if (f->nswarms < MLG_FOUND_SWARMS) {
        return &f->swarm[f->nswarms++];
    }
    f->swarms_forgotten++;
    if (f->swarm[least].members >= e->members) {
        return NULL;
    }
    memmove(&f->swarm[least], &f->swarm[least + 1],
            (f->nswarms - least - 1) * sizeof(*f->swarm));
    return &f->swarm[f->nswarms - 1];
}

void mlg_findings_swarms(mlg_findings_t *f, const mlg_swarms_t *swarms,
                         apr_time_t now_us)
{
    if (f->swarm == NULL) {
        return; /* there was no memory for it */
    }
    if (now_us != 0 && now_us - f->swarms_us >= 0 &&
        now_us - f->swarms_us < 60 * (apr_time_t)APR_USEC_PER_SEC) {
        return;
    }
    f->swarms_us = now_us;
    for (unsigned i = 0; i < MLG_SWARM_EVENTS; i++) {
        const mlg_swarm_event_t *e = &swarms->event[i];
        mlg_swarm_event_t *at = (e->id != 0) ? swarm_at(f, e) : NULL;

        if (at != NULL) {
            *at = *e;
        }
    }
}

/* ---- clients -------------------------------------------------------------- */

static void add_client(mlg_found_group_t *group, const mlg_tally_row_t *row)
{
    int is_blocked = row->blocks > 0;
    int is_busy = row->requests >= MLG_FOUND_BUSY;

    group->clients++;
    group->blocked += is_blocked;
    group->busy += is_busy;
    group->busy_blocked += is_busy && is_blocked;
    group->requests += row->requests;
    group->refused += row->refused;
}

/* Which of two belongs first; the address decides a tie, so that a list is the
 * same whatever order the clients come in. */
static int is_before(const mlg_tally_row_t *a, const mlg_tally_row_t *b)
{
    if (a->refused != b->refused) {
        return a->refused > b->refused;
    }
    if (a->requests != b->requests) {
        return a->requests > b->requests;
    }
    return memcmp(a->key.b, b->key.b, sizeof(a->key.b)) < 0;
}

static void add_to_list(mlg_found_list_t *list, const mlg_tally_row_t *row)
{
    size_t at = list->n;

    list->total++;
    while (at > 0 && is_before(row, &list->client[at - 1].row)) {
        at--;
    }
    if (at == MLG_FOUND_TOP) {
        return;
    }
    list->n += list->n < MLG_FOUND_TOP;
    memmove(&list->client[at + 1], &list->client[at],
            (list->n - at - 1) * sizeof(list->client[0]));
    memset(&list->client[at], 0, sizeof(list->client[at]));
    list->client[at].row = *row;
}

void mlg_findings_client(mlg_findings_t *f, const mlg_tally_row_t *row)
{
    add_client(&f->all, row);
    add_client(&f->class[row->class % MLG_NCLASSES], row);
    add_client(&f->label[row->label % MLG_FOUND_LABELS], row);
    if (row->blocks == 0) {
        return;
    }
    add_to_list(&f->top, row);
    if (row->class == MLG_CLASS_CRAWLER || row->class == MLG_CLASS_VERIFIED ||
        row->class == MLG_CLASS_UNVERIFIED || row->class == MLG_CLASS_MONITOR) {
        add_to_list(&f->alike, row);
    }
}

static void explain(const mlg_findings_t *f, mlg_found_list_t *list)
{
    for (size_t i = 0; i < list->n; i++) {
        mlg_found_client_t *client = &list->client[i];
        uint64_t hash = mlg_hash_key(f->secret, &client->row.key);
        size_t at = convict_at(f, hash);

        client->has_why = f->convict[at] == hash;
        if (client->has_why) {
            client->why = f->why[at];
        }
    }
}

void mlg_findings_end(mlg_findings_t *f)
{
    mlg_course_end(&f->course);
    explain(f, &f->top);
    explain(f, &f->alike);
}
