/* SPDX-License-Identifier: Apache-2.0
 *
 * What a trial showed, as text for a terminal, as JSON and as one page of
 * HTML. All three say the same; whatever came from a file is escaped in each.
 *
 * Locks nothing, has no clock: the same trial gives the same bytes.
 */
#ifndef MLG_REPORT_TRIAL_H
#define MLG_REPORT_TRIAL_H

#include "mlg_report.h"
#include "mlg_train.h"

#include <stdio.h>

typedef struct mlg_trial_report_t {
    const char *model;        /* what was judged, in a few words */
    const mlg_trial_t *trial; /* decided */
    const mlg_train_t *train; /* NULL: a model that was there already */
    const double *gain;       /* what each feature weighs, if `train` does not
                                 tell: shape [MLG_NFEATURES]; may be NULL */
    float threshold;          /* for sites without their own */
    double max_fpr;           /* that it was chosen for; NaN: it was given */
    int is_oracle;            /* 1: each site's own, by its labels: what no
                                 site without labels can have */
    unsigned ipv6_prefix;
} mlg_trial_report_t;

/** Lines of at most 100 columns, in ASCII. @param to  its error flag tells
 * whether all was written */
void mlg_report_trial_text(FILE *to, const mlg_trial_report_t *report);

/** @return the caller's; NULL when memory ran out */
json_t *mlg_report_trial(const mlg_trial_report_t *report);

/** One self-contained page: no script, no font, no image from elsewhere. */
void mlg_report_trial_html(FILE *to, const mlg_trial_report_t *report);

#endif /* MLG_REPORT_TRIAL_H */
