/* SPDX-License-Identifier: Apache-2.0
 *
 * The findings of a replay as text for a terminal, as JSON and as one page of
 * HTML. All three say the same; whatever a client could have chosen is escaped
 * in each.
 *
 * Locks nothing, has no clock: the same findings give the same bytes.
 */
#ifndef MLG_REPORT_REPLAY_H
#define MLG_REPORT_REPLAY_H

#include "mlg_findings.h"

#include <jansson.h>
#include <stdio.h>

/** Everything that was found.
 *
 * @return the caller's; NULL when memory ran out
 */
json_t *mlg_report_replay(const mlg_findings_t *f);

/** {from, trusted, progress_percent, words}, what of it there is. */
json_t *mlg_report_origin(const mlg_origin_t *origin);

/** Lines of at most 100 columns, in ASCII. @param to  its error flag tells
 * whether all was written */
void mlg_report_replay_text(FILE *to, const mlg_findings_t *f);

/** One self-contained page: no script, no font, no image from elsewhere.
 *  @param to  likewise */
void mlg_report_replay_html(FILE *to, const mlg_findings_t *f);

#endif /* MLG_REPORT_REPLAY_H */
