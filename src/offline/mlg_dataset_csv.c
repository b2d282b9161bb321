/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_dataset.h"

#include "mlg_log.h"

#include <apr_strings.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_AT = MLG_NFEATURES, COLUMN_CLIENT, COLUMN_LABEL };

#define COLUMNS_MAX (2 * MLG_NFEATURES)

typedef struct csv_t {
    int column[COLUMNS_MAX]; /* what it holds: a feature or COLUMN_* */
    int columns;
    mlg_fault_t *fault;
} csv_t;

static apr_status_t refuse(const csv_t *csv, size_t offset, const char *what)
{
    mlg_fault(csv->fault, offset, what);
    return MLG_ELINE;
}

/* The next field, RFC 4180's quotes undone in place; the comma behind it is
 * taken away.
 *
 * @param line  moved on; NULL behind the last field
 * @return the field, NUL-terminated; NULL when a quote is not closed
 */
static char *next_field(char **line, size_t *len)
{
    char *field = *line;
    char *end;
    char *out;

    if (*field != '"') {
        end = strchr(field, ',');
        *len = (end != NULL) ? (size_t)(end - field) : strlen(field);
        *line = (end != NULL) ? end + 1 : NULL;
        field[*len] = '\0';
        return field;
    }
    out = ++field;
    for (end = field; *end != '\0'; end++) {
        if (*end == '"' && *++end != '"') {
            break;
        }
        *out++ = *end;
    }
    if (end == field || (*end != ',' && (*end != '\0' || end[-1] != '"'))) {
        return NULL;
    }
    *line = (*end == ',') ? end + 1 : NULL;
    *out = '\0';
    *len = (size_t)(out - field);
    return field;
}

static apr_status_t read_names(csv_t *csv, char *line)
{
    const char *begin = line;
    int has_client = 0;

    while (line != NULL) {
        size_t offset = (size_t)(line - begin);
        size_t len;
        const char *name = next_field(&line, &len);
        char what[100];
        int column;

        if (name == NULL || csv->columns == COLUMNS_MAX) {
            return refuse(csv, offset, "no list of columns");
        }
        column = (strcmp(name, "at") == 0)       ? COLUMN_AT
                 : (strcmp(name, "client") == 0) ? COLUMN_CLIENT
                 : (strcmp(name, "label") == 0)  ? COLUMN_LABEL
                                                 : (int)mlg_feature_find(name);
        if (column == MLG_NFEATURES && strcmp(name, "at") != 0) {
            snprintf(what, sizeof(what), "'%.60s' is no feature", name);
            return refuse(csv, offset, what);
        }
        has_client |= column == COLUMN_CLIENT;
        csv->column[csv->columns++] = column;
    }
    return has_client ? APR_SUCCESS : refuse(csv, 0, "no column 'client'");
}

static apr_status_t read_float(float *out, const char *field)
{
    char *end;

    if (*field == '\0') {
        *out = NAN;
        return APR_SUCCESS;
    }
    *out = strtof(field, &end);
    return (*end == '\0' && !isinf(*out)) ? APR_SUCCESS : MLG_ERANGE;
}

static apr_status_t read_row(csv_t *csv, mlg_dataset_t *set, char *line)
{
    const char *begin = line;
    float x[MLG_NFEATURES];
    mlg_prefix_t prefix = {{{0}}, 0};
    mlg_text_t label = {"", 0};
    double at = 0.0;

    for (int i = 0; i < MLG_NFEATURES; i++) {
        x[i] = NAN;
    }
    for (int i = 0; i < csv->columns; i++) {
        size_t offset = (line != NULL) ? (size_t)(line - begin) : 0;
        size_t len = 0;
        char *field = (line != NULL) ? next_field(&line, &len) : NULL;

        if (field == NULL) {
            return refuse(csv, offset, "fewer fields than columns");
        }
        switch (csv->column[i]) {
        case COLUMN_AT:
            at = strtod(field, NULL);
            if (!(at >= 0.0 && at < 1e11)) {
                return refuse(csv, offset, "not a time in seconds");
            }
            break;
        case COLUMN_CLIENT:
            if (mlg_prefix_parse(&prefix, field) != APR_SUCCESS) {
                return refuse(csv, offset, "the client is no address");
            }
            break;
        case COLUMN_LABEL:
            label = (mlg_text_t){field, len};
            break;
        default:
            if (read_float(&x[csv->column[i]], field) != APR_SUCCESS) {
                return refuse(csv, offset, "not a finite number");
            }
        }
    }
    if (line != NULL) {
        return refuse(csv, (size_t)(line - begin), "more fields than columns");
    }
    return mlg_dataset_add(set, &prefix.base, label,
                           (apr_time_t)(at * APR_USEC_PER_SEC + 0.5), NULL, x,
                           NULL);
}

apr_status_t mlg_dataset_read_csv(mlg_dataset_t *set, const char *name,
                                  const char *path, uint64_t *number,
                                  mlg_fault_t *fault)
{
    csv_t csv = {.fault = fault};
    mlg_log_reader_t *reader;
    apr_pool_t *ptemp;
    apr_status_t rv;
    char *line;
    size_t len;

    *number = 0;
    apr_pool_create(&ptemp, set->p);
    rv = mlg_log_open(&reader, path, ptemp);
    if (rv == APR_SUCCESS) {
        rv = mlg_dataset_site(set, name);
    }
    while (rv == APR_SUCCESS &&
           (rv = mlg_log_next(reader, &line, &len)) == APR_SUCCESS) {
        ++*number;
        line[len] = '\0'; /* over the newline */
        if (strlen(line) != len) {
            rv = refuse(&csv, strlen(line), "a NUL byte");
        }
        else if (len > 0) {
            rv = (csv.columns == 0) ? read_names(&csv, line)
                                    : read_row(&csv, set, line);
        }
    }
    if (rv == MLG_ELINE && fault->what[0] == '\0') {
        refuse(&csv, 0, "the line is too long");
    }
    if (rv == APR_EOF) {
        rv = (csv.columns > 0) ? APR_SUCCESS
                               : refuse(&csv, 0, "the file is empty");
    }
    apr_pool_destroy(ptemp);
    return rv;
}
