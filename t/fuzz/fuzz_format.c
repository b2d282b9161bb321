/* SPDX-License-Identifier: Apache-2.0
 *
 * A format, up to the first newline, and a line that it may be of. */
#include "fuzz.h"

#include "mlg_log.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

static void parse(mlg_log_parser_t *parser, const uint8_t *data, size_t size)
{
    static const mlg_secret_t secret = {{1}};
    char *line = malloc(size + (size == 0));
    mlg_log_entry_t entry;
    mlg_fault_t fault;

    memcpy(line, data, size);
    if (mlg_log_parse(parser, &entry, line, size, &fault) == APR_SUCCESS) {
        mlg_arrival_t arrival;

        FUZZ_CHECK(entry.request.at_us >= 0);
        FUZZ_CHECK(entry.outcome.status <= 999);
        mlg_request_arrive(&arrival, &entry.request, &secret);
    }
    else {
        FUZZ_CHECK(fault.offset <= size);
    }
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *parent;
    const uint8_t *newline = memchr(data, '\n', size);
    size_t len = (newline != NULL) ? (size_t)(newline - data) : size;
    mlg_log_parser_t *parser;
    mlg_fault_t fault;
    apr_pool_t *p;
    char *format;

    if (parent == NULL) {
        apr_initialize();
        apr_pool_create(&parent, NULL);
    }
    apr_pool_create(&p, parent);
    format = apr_pstrmemdup(p, (const char *)data, len);
    if (mlg_log_parser_make(&parser, format, p, &fault) == APR_SUCCESS) {
        parse(parser, data + len + (newline != NULL),
              size - len - (newline != NULL));
    }
    else {
        FUZZ_CHECK(fault.offset <= len);
    }
    apr_pool_destroy(p);
    return 0;
}
