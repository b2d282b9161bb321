/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of a trial's page share. */
#ifndef TRIAL_PAGE_H
#define TRIAL_PAGE_H

#include "replay_page.h"
#include "trial_words.h"

/** ROC, precision and recall, calibration, trees: sections with inline SVG. */
void trial_put_plots(FILE *to, const mlg_trial_report_t *r);

#endif /* TRIAL_PAGE_H */
