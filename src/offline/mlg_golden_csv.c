/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_golden.h"

#include "mlg_log.h"

#include <apr_strings.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENTENCE_MAX 200
#define COLUMNS_MAX  256u
#define NO_FEATURE   MLG_NFEATURES
#define QUOTED       60 /* characters of the file in a sentence */
#define SEED         0x676f6c64656e2121ULL

typedef struct csv_t {
    mlg_golden_csv_t *out;
    const char **why;
    apr_pool_t *p;
    uint64_t line; /* number of the current one */
    uint32_t ncolumns;
    uint32_t feature[COLUMNS_MAX];
    uint64_t state;
    char *text; /* the line: MLG_LOG_LINE_MAX bytes and a NUL */
} csv_t;

static apr_status_t refuse(const csv_t *csv, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static apr_status_t refuse(const csv_t *csv, const char *format, ...)
{
    char text[SENTENCE_MAX]; /* apr_pvsprintf() does not know %ll */
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    *csv->why = apr_pstrdup(csv->p, text);
    return MLG_ELINE;
}

/* Cut the next field off: quotes are taken away, as RFC 4180 has it.
 *
 * @param at  moved to the next field, NULL behind the last
 * @return the field, NUL-terminated where it stands */
static char *next_field(char **at)
{
    char *field = *at;
    char *to = field;
    char *from = field;
    int is_quoted = 0;

    for (; *from != '\0' && (is_quoted || *from != ','); from++) {
        if (*from != '"') {
            *to++ = *from;
        }
        else if (is_quoted && from[1] == '"') {
            *to++ = *from++;
        }
        else {
            is_quoted = !is_quoted;
        }
    }
    *at = (*from == ',') ? from + 1 : NULL;
    *to = '\0';
    return field;
}

static apr_status_t read_header(csv_t *csv, char *at)
{
    int known = 0;

    while (at != NULL) {
        mlg_feature_id id = mlg_feature_find(next_field(&at));

        if (csv->ncolumns == COLUMNS_MAX) {
            return refuse(csv, "line 1 has more than %u columns", COLUMNS_MAX);
        }
        csv->feature[csv->ncolumns++] = id;
        known += id != NO_FEATURE;
    }
    return (known > 0) ? APR_SUCCESS
                       : refuse(csv, "line 1 names no feature of the gate, as "
                                     "that of `mlgatectl features` does");
}

/* Where a row is kept: the first ones all, then one in the place of another
 * with the chance that leaves all rows alike.
 *
 * @return NULL: it is not */
static float *find_room(csv_t *csv)
{
    mlg_golden_csv_t *out = csv->out;
    uint64_t at = out->rows++;

    if (at >= MLG_BUNDLE_GOLDEN_MAX) {
        csv->state ^= csv->state >> 12;
        csv->state ^= csv->state << 25;
        csv->state ^= csv->state >> 27;
        at = csv->state * 0x2545f4914f6cdd1dULL % (at + 1);
    }
    else {
        out->n++;
    }
    return (at < MLG_BUNDLE_GOLDEN_MAX) ? out->x + at * MLG_NFEATURES : NULL;
}

static apr_status_t read_value(const csv_t *csv, const char *field, float *x)
{
    char *end;

    *x = NAN;
    if (*field == '\0') {
        return APR_SUCCESS;
    }
    *x = strtof(field, &end);
    return (*end == '\0' && !isinf(*x))
               ? APR_SUCCESS
               : refuse(csv, "line %llu: '%.*s' is not a finite number",
                        (unsigned long long)csv->line, QUOTED, field);
}

static apr_status_t read_row(csv_t *csv, char *at)
{
    float x[MLG_NFEATURES];
    apr_status_t rv = APR_SUCCESS;
    uint32_t column = 0;
    float *room;

    for (int k = 0; k < MLG_NFEATURES; k++) {
        x[k] = NAN;
    }
    for (; at != NULL && column < csv->ncolumns && rv == APR_SUCCESS;
         column++) {
        const char *field = next_field(&at);

        if (csv->feature[column] != NO_FEATURE) {
            rv = read_value(csv, field, &x[csv->feature[column]]);
        }
    }
    if (rv == APR_SUCCESS && (at != NULL || column < csv->ncolumns)) {
        return refuse(csv, "line %llu has not as many fields as line 1",
                      (unsigned long long)csv->line);
    }
    room = (rv == APR_SUCCESS) ? find_room(csv) : NULL;
    if (room != NULL) {
        memcpy(room, x, sizeof(x));
    }
    return rv;
}

static apr_status_t read_lines(csv_t *csv, mlg_log_reader_t *reader)
{
    for (;;) {
        char *line;
        size_t len;
        apr_status_t rv = mlg_log_next(reader, &line, &len);

        csv->line++;
        if (rv == APR_EOF) {
            break;
        }
        if (rv != APR_SUCCESS) {
            return refuse(csv,
                          (rv == MLG_ELINE) ? "line %llu is too long"
                                            : "line %llu: the file is cut off "
                                              "or damaged",
                          (unsigned long long)csv->line);
        }
        memcpy(csv->text, line, len); /* a line is not NUL-terminated */
        csv->text[len] = '\0';
        rv = (csv->line == 1) ? read_header(csv, csv->text)
                              : read_row(csv, csv->text);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return (csv->out->rows > 0) ? APR_SUCCESS
                                : refuse(csv, "it has no rows of features");
}

apr_status_t mlg_golden_csv(mlg_golden_csv_t *out, const char *path,
                            const char **why, apr_pool_t *p)
{
    csv_t csv = {.out = out, .why = why, .p = p, .state = SEED};
    mlg_log_reader_t *reader;
    char words[120];
    apr_status_t rv = mlg_log_open(&reader, path, p);

    if (rv != APR_SUCCESS) {
        *why = apr_pstrdup(p, apr_strerror(rv, words, sizeof(words)));
        return rv;
    }
    csv.text = apr_palloc(p, MLG_LOG_LINE_MAX + 1);
    *out = (mlg_golden_csv_t){
        .x = apr_pcalloc(p, sizeof(float) * MLG_BUNDLE_GOLDEN_MAX *
                                MLG_NFEATURES)};
    return read_lines(&csv, reader);
}
