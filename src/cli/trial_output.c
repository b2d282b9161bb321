/* SPDX-License-Identifier: Apache-2.0 */
#include "trial_output.h"

#include "mlgatectl.h"
#include "output.h"
#include "whole.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

int trial_output_check(const trial_output_t *out, const labelled_t *labelled,
                       const args_t *args, apr_pool_t *p)
{
    const output_t model = {out->model, NULL};
    const output_t json = {out->json, NULL};
    const output_t html = {out->html, NULL};
    const output_t *const all[] = {&model, &json, &html};
    int n;
    const char *const *input =
        labelled_inputs(labelled, args->n, args->operand, &n);
    int standard = 0;
    int code = output_check(all, 3, input, n, p);

    for (int i = 0; i < 3; i++) {
        standard += output_is_standard(all[i]);
        code = (code == CTL_DONE) ? whole_check(all[i]->path, p) : code;
    }
    return (code != CTL_DONE || standard <= 1)
               ? code
               : ctl_complain(CTL_MISUSE,
                              "only one of --out, --json and --html can have "
                              "standard output; name files for the others");
}

static int is_standard(const char *path)
{
    const output_t output = {path, NULL};

    return path != NULL && output_is_standard(&output);
}

static int write_json(const char *path, const mlg_trial_report_t *r,
                      apr_pool_t *p)
{
    char *json = mlg_report_render(mlg_report_trial(r), 0);
    const char *text;
    int code;

    if (json == NULL) {
        return ctl_complain(CTL_FAILED, "not enough memory for the report");
    }
    text = apr_pstrcat(p, json, "\n", NULL);
    code = whole_write(path, text, strlen(text), p);
    free(json);
    return code;
}

static int write_html(const char *path, const mlg_trial_report_t *r,
                      apr_pool_t *p)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    int code;

    if (to != NULL) {
        mlg_report_trial_html(to, r);
    }
    if (to == NULL || fclose(to) != 0) {
        free(text);
        return ctl_complain(CTL_FAILED, "not enough memory for the report");
    }
    code = whole_write(path, text, len, p);
    free(text);
    return code;
}

int trial_output_write(const trial_output_t *out, const mlg_trial_report_t *r,
                       apr_pool_t *p)
{
    int code = CTL_DONE;

    if (out->json != NULL) {
        code = write_json(out->json, r, p);
    }
    if (out->html != NULL && code == CTL_DONE) {
        code = write_html(out->html, r, p);
    }
    if (!is_standard(out->model) && !is_standard(out->json) &&
        !is_standard(out->html)) {
        mlg_report_trial_text(stdout, r);
    }
    return code;
}

static float by_labels(void *data, const mlg_peaks_t *peaks)
{
    return mlg_trial_threshold(peaks->people, peaks->npeople,
                               *(const double *)data);
}

void trial_oracle(mlg_trial_t *trial, double *max_fpr)
{
    mlg_trial_calibrate(trial, by_labels, max_fpr);
    mlg_trial_decide(trial);
}
