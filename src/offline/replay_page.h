/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the replay's page share. */
#ifndef REPLAY_PAGE_H
#define REPLAY_PAGE_H

#include "replay_words.h"

/** Write a text of any bytes into HTML: markup is escaped, and so is whatever
 * is not printable ASCII. */
void replay_put_text(FILE *to, const char *text);

/** The plots: sections with inline SVG. */
void replay_put_course(FILE *to, const mlg_findings_t *f);
void replay_put_scores(FILE *to, const mlg_findings_t *f);
void replay_put_curves(FILE *to, const mlg_findings_t *f);

/** The style sheet (replay_style.c). */
extern const char replay_style[];

#endif /* REPLAY_PAGE_H */
