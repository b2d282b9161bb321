/* SPDX-License-Identifier: Apache-2.0
 *
 * What a running gate tells of itself, as lines for a terminal: what `status`
 * prints and `top` draws. All texts of the gate go through visible(); of
 * several bytes a character are only the bars of the histogram.
 */
#ifndef PANEL_H
#define PANEL_H

#include <apr_tables.h>
#include <jansson.h>

#define PANEL_BARS 20 /* of the histogram, 0.05 each */

typedef struct panel_line_t {
    const char *text; /* of the pool, without a newline */
    int is_title;
} panel_line_t;

typedef struct panel_t {
    apr_pool_t *p;
    apr_array_header_t *lines; /* of panel_line_t */
} panel_t;

/** Begin without lines. */
void panel_init(panel_t *panel, apr_pool_t *p);

/** Add a line. */
void panel_add(panel_t *panel, int is_title, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Engine, health, rates, table and blocks in a few lines.
 *
 * @param info    the root's answer
 * @param health  /health's; NULL leaves it out
 * @param stats   /stats's
 * @param before  /stats's some time ago; NULL: no rates
 */
void panel_summary(panel_t *panel, const json_t *info, const json_t *health,
                   const json_t *stats, const json_t *before);

/** How often each score was given, as one line of bars and one of numbers.
 *
 * @param count    shape [PANEL_BARS]
 * @param is_utf8  1: the terminal shows block characters
 */
void panel_histogram(panel_t *panel, const double count[PANEL_BARS],
                     const char *when, int is_utf8);

/** Read the histogram out of /stats. @param count  filled */
void panel_scores(double count[PANEL_BARS], const json_t *stats);

/** The blocks, the clients with the highest scores, the latest decisions; at
 * most `max` of each. Nothing is added where there are none. */
void panel_blocks(panel_t *panel, const json_t *stats, size_t max);
/* Likewise the swarms that go on. */
void panel_swarms(panel_t *panel, const json_t *stats, size_t max);
void panel_clients(panel_t *panel, const json_t *stats, size_t max);
void panel_decisions(panel_t *panel, const json_t *stats, size_t max);

#endif /* PANEL_H */
