/* SPDX-License-Identifier: Apache-2.0
 *
 * mlgatectl import: a model that XGBoost trained becomes one that the gate
 * judges by. */
#include "mlgatectl.h"

#include "args.h"
#include "model_view.h"
#include "output.h"
#include "visible.h"

#include "mlg_golden.h"
#include "mlg_version.h"
#include "mlg_xgboost.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN         200 /* characters of a name or a text */
#define GOLDEN_DRAWN  32u
#define SENTENCE_MAX  2000
#define THRESHOLD_OWN 0.5f

enum {
    OPT_OUT = 'o',
    OPT_SLOPE = 256,
    OPT_OFFSET,
    OPT_THRESHOLD,
    OPT_MAX_FPR,
    OPT_GOLDEN,
    OPT_ABOUT
};

static const apr_getopt_option_t options[] = {
    {"out", OPT_OUT, 1, "the .mlg file to write; -o for short"},
    {"slope", OPT_SLOPE, 1,
     "of the calibration: score = 1 / (1 + exp(-(slope * margin + offset))); "
     "1 by default, which leaves XGBoost's own probability"},
    {"offset", OPT_OFFSET, 1, "of the same; 0 by default"},
    {"threshold", OPT_THRESHOLD, 1,
     "scores from here on are high, above 0 and at most 1; 0.5 by default"},
    {"max-fpr", OPT_MAX_FPR, 1,
     "the share of people's requests, 0 to 1, that the threshold was chosen "
     "for"},
    {"golden", OPT_GOLDEN, 1,
     "take golden vectors from this CSV of mlgatectl features; without it they "
     "are made from the model's splits"},
    {"about", OPT_ABOUT, 1,
     "a line of metadata, \"key: value\"; may be repeated"},
    ARGS_HELP,
    {NULL, 0, 0, NULL}};

static const args_manual_t manual = {
    "import [OPTION]... MODEL.json -o FILE.mlg",
    "Makes a model for the gate of one that XGBoost 1.7 to 3 trained and saved "
    "as\n"
    "JSON: Booster.save_model(\"model.json\"). Its columns must have the names "
    "that\n"
    "the first line of `mlgatectl features` has, in any order; its objective "
    "is\n"
    "binary:logistic. Margins are XGBoost's to the bit.",
    "What cannot be taken over is refused with a sentence. `mlgatectl "
    "inspect`\n"
    "shows what was written."};

typedef struct import_t {
    apr_pool_t *p;
    const char *model; /* the file that is read */
    output_t out;
    const char *golden; /* NULL: made from splits */
    apr_array_header_t *about;
    double slope;
    double offset;
    double threshold;
    double max_fpr;
    mlg_xgboost_t from;
    mlg_golden_csv_t rows;
} import_t;

/* ---- the command line ---------------------------------------------------- */

static int take_number(double *number, const char *name, const char *arg)
{
    char *end;

    *number = strtod(arg, &end);
    return (end != arg && *end == '\0' && isfinite(*number))
               ? CTL_DONE
               : ctl_complain(CTL_MISUSE, "--%s takes a finite number", name);
}

static int take(void *data, int option, const char *arg)
{
    import_t *import = data;

    switch (option) {
    case OPT_OUT:
        import->out.path = arg;
        return CTL_DONE;
    case OPT_SLOPE:
        return take_number(&import->slope, "slope", arg);
    case OPT_OFFSET:
        return take_number(&import->offset, "offset", arg);
    case OPT_THRESHOLD:
        return take_number(&import->threshold, "threshold", arg);
    case OPT_MAX_FPR:
        return take_number(&import->max_fpr, "max-fpr", arg);
    case OPT_GOLDEN:
        import->golden = arg;
        return CTL_DONE;
    default:
        APR_ARRAY_PUSH(import->about, const char *) = arg;
        return CTL_DONE;
    }
}

static int check(const import_t *import)
{
    const output_t *out = &import->out;
    const char *read[] = {import->model, import->golden};

    if (out->path == NULL) {
        return ctl_complain(CTL_MISUSE, "import needs a file to write, as in "
                                        "mlgatectl import model.json -o "
                                        "model.mlg");
    }
    if (output_is_standard(out)) {
        return ctl_complain(CTL_MISUSE, "a model is not written to standard "
                                        "output; name a file");
    }
    if (!(import->slope > 0.0)) {
        return ctl_complain(CTL_MISUSE, "--slope must be above 0: a higher "
                                        "margin is a higher score");
    }
    if (!((float)import->threshold > 0.0f && import->threshold <= 1.0)) {
        return ctl_complain(CTL_MISUSE,
                            "--threshold must be above 0 and at most 1");
    }
    if (!(import->max_fpr >= 0.0 && (float)import->max_fpr < 1.0f)) {
        return ctl_complain(CTL_MISUSE,
                            "--max-fpr must be 0 or more, and below 1");
    }
    return output_check(&out, 1, read, 2, import->p);
}

/* ---- the work ------------------------------------------------------------ */

static int load(const import_t *import, char **text, apr_size_t *len)
{
    apr_size_t room = MLG_XGBOOST_BYTES_MAX + 1; /* a longer one is noticed */
    apr_file_t *file;
    char *all;
    apr_status_t rv =
        apr_file_open(&file, import->model, APR_FOPEN_READ | APR_FOPEN_BINARY,
                      APR_FPROT_OS_DEFAULT, import->p);

    if (rv == APR_SUCCESS) {
        all = malloc(room);
        if (all == NULL) {
            return ctl_complain(CTL_FAILED, "there is no memory");
        }
        rv = apr_file_read_full(file, all, room, len);
        apr_file_close(file);
        if (rv == APR_SUCCESS || APR_STATUS_IS_EOF(rv)) {
            *text = all;
            return CTL_DONE;
        }
        free(all);
    }
    return ctl_complain(CTL_MISUSE, "cannot read %s: %s",
                        visible_string(import->model, SHOWN, import->p),
                        ctl_reason(rv, import->p));
}

static int read_model(import_t *import)
{
    char *text = NULL;
    apr_size_t len = 0;
    const char *why = "";
    int code = load(import, &text, &len);

    if (code == CTL_DONE && mlg_xgboost_read(&import->from, text, len, &why,
                                             import->p) != APR_SUCCESS) {
        code = ctl_complain(CTL_FAILED, "%s: %s",
                            visible_string(import->model, SHOWN, import->p),
                            visible_string(why, SENTENCE_MAX, import->p));
    }
    free(text);
    return code;
}

static int find_golden(import_t *import)
{
    const mlg_xgboost_t *from = &import->from;
    mlg_golden_csv_t *rows = &import->rows;
    const char *why = "";

    if (import->golden == NULL) {
        rows->n = GOLDEN_DRAWN;
        rows->x = apr_palloc(import->p,
                             sizeof(*rows->x) * GOLDEN_DRAWN * MLG_NFEATURES);
        mlg_golden_draw(rows->x, rows->n, from->node, from->ntrees,
                        from->depth);
        return CTL_DONE;
    }
    return (mlg_golden_csv(rows, import->golden, &why, import->p) ==
            APR_SUCCESS)
               ? CTL_DONE
               : ctl_complain(CTL_MISUSE, "--golden %s: %s",
                              visible_string(import->golden, SHOWN, import->p),
                              visible_string(why, SENTENCE_MAX, import->p));
}

/* The user's lines first: of two with one key, the first is found. */
static const char *metadata(const import_t *import)
{
    const uint32_t *v = import->from.version;
    const char *given = "";

    for (int i = 0; i < import->about->nelts; i++) {
        given = apr_pstrcat(import->p, given,
                            APR_ARRAY_IDX(import->about, i, const char *), "\n",
                            NULL);
    }
    return apr_psprintf(import->p,
                        "%smade-by: mlgatectl import " MLG_VERSION "\n"
                        "trained-by: XGBoost %u.%u.%u\n"
                        "golden-vectors: %s\n",
                        given, v[0], v[1], v[2],
                        (import->golden != NULL) ? "rows of a feature CSV"
                                                 : "drawn from the splits");
}

static int write_model(const import_t *import)
{
    const mlg_xgboost_t *from = &import->from;
    mlg_bundle_draft_t draft = {.ntrees = from->ntrees,
                                .depth = from->depth,
                                .ngolden = import->rows.n,
                                .base = from->base,
                                .slope = import->slope,
                                .offset = import->offset,
                                .threshold = (float)import->threshold,
                                .max_fpr = (float)import->max_fpr,
                                .node = from->node,
                                .about = metadata(import),
                                .golden = import->rows.x};
    const char *why = "";

    return (mlg_model_file_write(&draft, import->out.path, &why, import->p) ==
            APR_SUCCESS)
               ? CTL_DONE
               : ctl_complain(
                     CTL_FAILED, "%s: %s",
                     visible_string(import->out.path, SHOWN, import->p), why);
}

/* ---- what was done ------------------------------------------------------- */

static void tell_source(const import_t *import)
{
    const mlg_xgboost_t *from = &import->from;

    printf("%s: %u trees of depth %u by XGBoost %u.%u.%u, which knows %u of "
           "the gate's %d features\n",
           visible_string(import->model, SHOWN, import->p), from->ntrees,
           from->depth, from->version[0], from->version[1], from->version[2],
           from->nfeatures, MLG_NFEATURES);
    if (from->nbest > 0 && from->nbest < from->ntrees) {
        printf("  note: early stopping found the first %u of its %u trees "
               "best; all were taken, as\n  Booster.predict() does. To have "
               "the best alone, save booster[:best_iteration + 1]\n",
               from->nbest, from->ntrees);
    }
}

static int tell(const import_t *import)
{
    mlg_model_file_t file;
    model_view_t *view = apr_palloc(import->p, sizeof(*view));
    const char *out = visible_string(import->out.path, SHOWN, import->p);
    char words[MODEL_SENTENCE];
    const char *why = "";

    if (mlg_model_file_read(&file, import->out.path, &why, import->p) !=
        APR_SUCCESS) {
        return ctl_complain(CTL_FAILED, "%s was written, but: %s", out, why);
    }
    model_view(view, &file);
    tell_source(import);
    printf("%s: model %016llx, threshold %.6g\n  score = %s\n", out,
           (unsigned long long)file.bundle.id, (double)file.bundle.threshold,
           model_curve(words, &file.bundle));
    if (import->golden != NULL) {
        printf("  %u golden vectors, of %llu rows\n", import->rows.n,
               (unsigned long long)import->rows.rows);
    }
    else {
        printf("  %u golden vectors, made from its splits\n", import->rows.n);
    }
    printf("  %s\n", model_monotone(words, view));
    return CTL_DONE;
}

int ctl_import(int argc, const char *const *argv, apr_pool_t *p)
{
    import_t *import = apr_pcalloc(p, sizeof(*import));
    args_t args;
    int code;

    import->p = p;
    import->slope = 1.0;
    import->threshold = (double)THRESHOLD_OWN;
    import->about = apr_array_make(p, 4, sizeof(const char *));
    code = args_read(&args, &manual, options, take, import, argc, argv, p);
    if (code != CTL_DONE || args.is_answered) {
        return code;
    }
    import->model = args_shift(&args);
    if (import->model == NULL || args.n > 0) {
        return ctl_complain(CTL_MISUSE, "import takes one model, as in "
                                        "mlgatectl import model.json -o "
                                        "model.mlg");
    }
    code = check(import);
    if (code == CTL_DONE) {
        code = read_model(import);
    }
    if (code == CTL_DONE) {
        code = find_golden(import);
    }
    if (code == CTL_DONE) {
        code = write_model(import);
    }
    return (code == CTL_DONE) ? tell(import) : code;
}
