/* SPDX-License-Identifier: Apache-2.0
 *
 * How the files of the status handler work together: handler.c finds the
 * route, survey.c copies what there is to know, order.c carries out an
 * operator's orders, page.c draws the page, answer.c writes the rest.
 */
#ifndef MLGATE_STATUS_H
#define MLGATE_STATUS_H

#include "mlgate.h"
#include "mlg_report.h"

/* ---- answer.c ------------------------------------------------------------ */

/** Answer with JSON.
 *
 * @param report  taken over, freed whatever happens
 * @return what a handler returns
 */
int mlgate_answer(request_rec *r, int status, json_t *report);

/** Answer with a problem document (RFC 9457).
 *
 * @param format  one sentence; what a client sent goes in with %.60s
 */
int mlgate_problem(request_rec *r, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Answer with text that was malloc'd, and free it.
 * @param text  NULL answers 500 */
int mlgate_answer_text(request_rec *r, const char *type, char *text,
                       apr_size_t bytes);

/** The headers of every answer here: it is nobody's to keep or to guess at. */
void mlgate_answer_headers(request_rec *r);

/** Does the client ask for HTML by name, as browsers do? */
int mlgate_wants_html(const request_rec *r);

/* ---- survey.c ------------------------------------------------------------ */

/** The rules of the request's virtual host. Their models are held until the
 * request is over. */
const mlg_rules_t *mlgate_survey_rules(request_rec *r);

/** Copy the gate's state, for the virtual host of the request.
 *
 * @param with_lists  1: blocks, top clients and decisions too; takes the
 *                    stripes one at a time, never while anything is written
 * @return in r->pool; never NULL
 */
const mlg_snapshot_t *mlgate_survey(request_rec *r, int with_lists);

/** Copy what is known of one client.
 *
 * @return APR_SUCCESS, or APR_EBUSY when its stripe could not be had
 */
apr_status_t mlgate_survey_client(request_rec *r, const mlg_key_t *addr,
                                  mlg_client_view_t *view);

/** Bring a copy's times, which are the gate's, to the wall clock's. */
void mlgate_survey_wall(mlg_block_t *block);
void mlgate_survey_wall_decision(mlg_decision_t *d);

/** Counters as this process saw them at least a minute ago.
 *
 * @param now     what they are now
 * @param before  filled
 * @return 1; 0 when it has not looked before
 */
int mlgate_survey_before(apr_time_t now_us, const mlg_shard_t *now,
                         mlg_shard_t *before);

/* ---- order.c ------------------------------------------------------------- */

/** Read the address in a path, already decoded.
 *
 * @param out  set on success only
 * @return NULL, or what is wrong with it: a sentence in r->pool
 */
const char *mlgate_order_address(request_rec *r, const char *text,
                                 mlg_key_t *out);

/** POST block/{ip} and unblock/{ip}. */
int mlgate_order_block(request_rec *r, const char *address);
int mlgate_order_unblock(request_rec *r, const char *address);

/* ---- page.c -------------------------------------------------------------- */

/** The page for a browser at the handler's root. */
int mlgate_page(request_rec *r, const mlg_snapshot_t *s);

#endif /* MLGATE_STATUS_H */
