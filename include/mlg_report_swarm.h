/* SPDX-License-Identifier: Apache-2.0
 *
 * A swarm in words and as JSON, alike in replay's report and on the server's
 * pages. What members sent is shown escaped.
 */
#ifndef MLG_REPORT_SWARM_H
#define MLG_REPORT_SWARM_H

#include "mlg_swarm.h"

#include <jansson.h>

#define MLG_SWARM_WORDS 2048
#define MLG_AGENT_WORDS 64

/** What a User-Agent says it is, in a few words: "Chrome/65 on Nexus 5". Its
 * first word when it is no browser's. @param agent  any bytes and a NUL */
const char *mlg_report_agent(char buf[MLG_AGENT_WORDS], const char *agent);

/** "Chrome/65 on Nexus 5, page only, no referer, 12,400 addresses since ...". */
const char *mlg_report_swarm_words(char buf[MLG_SWARM_WORDS],
                                   const mlg_swarm_event_t *e);

/** The same with all its figures. @return new */
json_t *mlg_report_swarm(const mlg_swarm_event_t *e);

/** Every swarm that is remembered, the latest first, and what is done about
 * them. @return new */
json_t *mlg_report_swarms(const mlg_swarms_t *swarms, const mlg_swarm_by_t *by);

#endif /* MLG_REPORT_SWARM_H */
