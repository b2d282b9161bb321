/* SPDX-License-Identifier: Apache-2.0
 *
 * What the status page's files share. Everything a client could have chosen
 * is escaped where it is written.
 */
#ifndef MLGATE_PAGE_H
#define MLGATE_PAGE_H

#include "status.h"

typedef struct mlgate_page_t {
    request_rec *r;
    const mlg_snapshot_t *s;
    const char *base; /* what a link begins with, escaped */
} mlgate_page_t;

/** @return the number in groups of three digits, in r->pool */
const char *mlgate_page_number(request_rec *r, apr_uint64_t n);

/** From where a score is too high, or would be as things stand.
 * @return above 1: nothing is known yet */
float mlgate_page_limit(const mlgate_page_t *page);

/** The lists, each a section of the page. */
void mlgate_page_blocks(const mlgate_page_t *page);
void mlgate_page_watched(const mlgate_page_t *page);
void mlgate_page_decisions(const mlgate_page_t *page);

/** The swarms that are remembered (page_swarms.c); nothing without one. */
void mlgate_page_swarms(const mlgate_page_t *page);

/** How model and shadow compare (page_shadow.c); nothing without a shadow. */
void mlgate_page_shadow(const mlgate_page_t *page);

/** Cells that lists share. */
void mlgate_page_client(const mlgate_page_t *page, const mlg_key_t *key);
void mlgate_page_ago(const mlgate_page_t *page, apr_time_t at_us);

/** The style sheet (page_style.c). */
extern const char mlgate_page_style[];

#endif /* MLGATE_PAGE_H */
