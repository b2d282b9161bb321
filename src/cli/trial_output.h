/* SPDX-License-Identifier: Apache-2.0
 *
 * What `mlgatectl train` and `eval` have in common after their data are read:
 * where the report goes, and the oracle.
 */
#ifndef TRIAL_OUTPUT_H
#define TRIAL_OUTPUT_H

#include "args.h"
#include "labelled.h"
#include "mlg_report_trial.h"

/* All-zero bytes: text on standard output. */
typedef struct trial_output_t {
    const char *model; /* file names; NULL: not asked for */
    const char *json;
    const char *html;
} trial_output_t;

/** Could they be written, each to a file of its own that is not read?
 * @return CTL_DONE, or CTL_MISUSE having said why not */
int trial_output_check(const trial_output_t *out, const labelled_t *labelled,
                       const args_t *args, apr_pool_t *p);

/** Write the reports.
 * @return CTL_DONE, or CTL_FAILED having said why not */
int trial_output_write(const trial_output_t *out, const mlg_trial_report_t *r,
                       apr_pool_t *p);

/** Judge each site by the threshold that suits its own labels best.
 *
 * @param max_fpr  share of its people that may be refused
 */
void trial_oracle(mlg_trial_t *trial, double *max_fpr);

#endif /* TRIAL_OUTPUT_H */
