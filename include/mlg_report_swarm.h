/* SPDX-License-Identifier: Apache-2.0
 *
 * A swarm in words and as JSON, alike in replay's report and on the server's
 * pages. What members sent is shown escaped.
 *
 * The server's pages work on a copy, mlg_swarm_view_t, whatever stood in shared
 * memory: its texts end, and its kinds and classes are of those there are.
 */
#ifndef MLG_REPORT_SWARM_H
#define MLG_REPORT_SWARM_H

#include "mlg_swarm.h"

#include <jansson.h>

#define MLG_SWARM_WORDS 2048
#define MLG_AGENT_WORDS 64

/* The swarms that are remembered, copied out. */
typedef struct mlg_swarm_view_t {
    mlg_swarm_event_t event[MLG_SWARM_EVENTS]; /* latest first */
    size_t n;
    uint32_t live[MLG_NSWARM_EVENT_KINDS][2]; /* going on; [1]: refused ones */
    int is_held_back; /* by MLGateSwarmMaxShare, while one goes on */
    int is_busy;      /* workers are short */
    uint32_t clients; /* distinct ones in ten minutes, estimated */
} mlg_swarm_view_t;

/** Copy one swarm.
 *
 * @param behind_us  to be added to its times, which are the gate's
 */
mlg_swarm_event_t mlg_swarm_event_copy(const mlg_swarm_event_t *e,
                                       apr_interval_time_t behind_us);

/** Copy them all. */
void mlg_swarm_view(mlg_swarm_view_t *view, const mlg_swarms_t *swarms,
                    apr_interval_time_t behind_us);

/** The swarm that a decision was made for, as it is now.
 *
 * @param at_us  when it was made, by the gate's clock
 * @param out    filled when it is still remembered
 * @return 1; 0 when there was none or its place is another's by now
 */
int mlg_swarm_of(const mlg_swarms_t *swarms, unsigned event, apr_time_t at_us,
                 apr_interval_time_t behind_us, mlg_swarm_event_t *out);

/** What a User-Agent says it is, in a few words: "Chrome/65 on Nexus 5". Its
 * first word when it is no browser's. @param agent  any bytes and a NUL */
const char *mlg_report_agent(char buf[MLG_AGENT_WORDS], const char *agent);

/** "Chrome/65 on Nexus 5, page only, no referer, 12,400 addresses since ...". */
const char *mlg_report_swarm_words(char buf[MLG_SWARM_WORDS],
                                   const mlg_swarm_event_t *e);

/** The same without its course: "Chrome/65 on Nexus 5, page only, no referer".
 * @return buf */
const char *mlg_report_swarm_title(char buf[MLG_SWARM_WORDS],
                                   const mlg_swarm_event_t *e);

/** The User-Agent of its first member, escaped. @return buf */
const char *mlg_report_swarm_agent(char buf[MLG_SWARM_WORDS],
                                   const mlg_swarm_event_t *e);

/** The same with all its figures. @return new */
json_t *mlg_report_swarm(const mlg_swarm_event_t *e);

/** Every swarm that is remembered, the latest first, and what is done about
 * them. @return new */
json_t *mlg_report_swarms(const mlg_swarm_view_t *view,
                          const mlg_swarm_by_t *by);

#endif /* MLG_REPORT_SWARM_H */
