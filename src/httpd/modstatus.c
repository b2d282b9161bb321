/* SPDX-License-Identifier: Apache-2.0
 *
 * mod_status's hook: one "MLGateName: value" line per figure for programs, a
 * small table for people.
 */
#include "status.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <mod_status.h>

/* "would_refuse" and "would-block" become "WouldRefuse" and "WouldBlock". */
static const char *camel(request_rec *r, const char *name)
{
    char *out = apr_pstrdup(r->pool, name);
    char *to = out;
    int starts_word = 1;

    for (; *name != '\0'; name++) {
        if (*name == '_' || *name == '-') {
            starts_word = 1;
            continue;
        }
        *to++ = (char)(starts_word ? apr_toupper(*name) : *name);
        starts_word = 0;
    }
    *to = '\0';
    return out;
}

static const char *model_id(request_rec *r, const mlg_forest_t *forest)
{
    return (forest == NULL)
               ? "weighted"
               : mlg_report_id(apr_palloc(r->pool, MLG_DECISION_ID_TEXT),
                               forest->id);
}

static const char *shadow_id(request_rec *r, const mlg_snapshot_t *s)
{
    return (s->rules->shadow != NULL) ? model_id(r, s->rules->shadow->forest)
                                      : "off";
}

static unsigned swarms_now(const mlg_snapshot_t *s)
{
    unsigned n = 0;

    for (unsigned kind = 0; kind < MLG_NSWARM_EVENT_KINDS; kind++) {
        n += s->swarms.live[kind][0] + s->swarms.live[kind][1];
    }
    return n;
}

static void put_lines(request_rec *r, const mlg_snapshot_t *s)
{
    ap_rprintf(r, "MLGateVersion: %s\nMLGateEngine: %s\n", s->version,
               mlg_engine_name(s->rules->engine));
    ap_rprintf(r, "MLGateModel: %s\nMLGateThreshold: %s\n",
               model_id(r, s->rules->forest),
               (s->rules->threshold <= 1.0f)
                   ? apr_psprintf(r->pool, "%.6g", (double)s->rules->threshold)
                   : "none");
    ap_rprintf(r, "MLGateCalibration: %s\nMLGateCalibrationPercent: %u\n",
               mlg_site_words(&s->site), (unsigned)s->site.progress_percent);
    ap_rprintf(r, "MLGateShadowModel: %s\nMLGateShadowDisagreement: %.6f\n",
               shadow_id(r, s), mlg_snapshot_disagreement(s));
    ap_rprintf(r, "MLGateClients: %u\nMLGateClientsUsed: %u\n",
               (unsigned)s->clients, (unsigned)s->clients_used);
    for (int kind = MLG_BLOCK_WOULD; kind <= MLG_BLOCK_GRACE; kind++) {
        ap_rprintf(r, "MLGateNow%s: %u\n", camel(r, mlg_block_kind_name(kind)),
                   (unsigned)s->blocks[kind]);
    }
    ap_rprintf(r,
               "MLGateSwarm: %s\nMLGateSwarmsNow: %u\n"
               "MLGateSwarmsHeldBack: %d\n",
               mlg_swarm_mode_name(s->rules->swarm.mode), swarms_now(s),
               s->swarms.is_held_back);
    for (int i = 0; i < MLG_NCOUNTERS; i++) {
        ap_rprintf(r, "MLGate%s: %" APR_UINT64_T_FMT "\n",
                   camel(r, mlg_counters[i].name), s->total.count[i]);
    }
}

static void put_table(request_rec *r, const mlg_snapshot_t *s)
{
    static const mlg_counter_id shown[] = {MLG_C_REQUESTS,     MLG_C_JUDGED,
                                           MLG_C_REFUSED,      MLG_C_BLOCKS,
                                           MLG_C_WOULD_BLOCKS, MLG_C_EVICTIONS};
    char words[MLG_WORDS_TEXT];

    ap_rprintf(r,
               "<hr>\n<h2>mod_mlgate %s</h2>\n<table border=\"0\">\n"
               "<tr><td>engine</td><td>%s</td></tr>\n"
               "<tr><td>model</td><td>%s, %s</td></tr>\n"
               "<tr><td>shadow model</td><td>%s, disagreed on %.3f %% of the "
               "requests</td></tr>\n"
               "<tr><td>clients remembered</td><td>%u of %u</td></tr>\n"
               "<tr><td>clients blocked now</td><td>%u by the gate, %u by an "
               "operator, %u would be</td></tr>\n",
               s->version, mlg_engine_name(s->rules->engine),
               model_id(r, s->rules->forest),
               mlg_report_threshold_words(words, s), shadow_id(r, s),
               100.0 * mlg_snapshot_disagreement(s), (unsigned)s->clients_used,
               (unsigned)s->clients, (unsigned)s->blocks[MLG_BLOCK_AUTO],
               (unsigned)s->blocks[MLG_BLOCK_OPERATOR],
               (unsigned)s->blocks[MLG_BLOCK_WOULD]);
    ap_rprintf(r, "<tr><td>swarms now</td><td>%u%s</td></tr>\n", swarms_now(s),
               s->swarms.is_held_back ? ", verdicts held back" : "");
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        ap_rprintf(r, "<tr><td>%s</td><td>%" APR_UINT64_T_FMT "</td></tr>\n",
                   mlg_counters[shown[i]].help, s->total.count[shown[i]]);
    }
    ap_rputs("</table>\n", r);
}

int mlgate_status_hook(request_rec *r, int flags)
{
    const mlg_snapshot_t *s;

    if (!mlgate.is_serving) {
        ap_rputs((flags & AP_STATUS_SHORT) != 0
                     ? "MLGateEngine: unmapped\n"
                     : "<hr>\n<h2>mod_mlgate</h2>\n<p>The shared table is not "
                       "mapped.</p>\n",
                 r);
        return OK;
    }
    s = mlgate_survey(r, 0);
    if ((flags & AP_STATUS_SHORT) != 0) {
        put_lines(r, s);
    }
    else {
        put_table(r, s);
    }
    return OK;
}
