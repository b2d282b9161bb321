/* SPDX-License-Identifier: Apache-2.0
 *
 * A log line whose format nobody told. */
#include "fuzz.h"

#include "mlg_log.h"

#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

#ifndef FUZZ_FORMAT /* fuzz_json has its own */
#define FUZZ_FORMAT NULL
#endif

static mlg_log_parser_t *parser;

static void begin(void)
{
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    FUZZ_CHECK(mlg_log_parser_make(&parser, FUZZ_FORMAT, p, NULL) ==
               APR_SUCCESS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const mlg_secret_t secret = {{1}};
    char *line = malloc(size + (size == 0));
    mlg_log_entry_t entry;
    mlg_fault_t fault;

    if (parser == NULL) {
        begin();
    }
    memcpy(line, data, size);
    if (mlg_log_parse(parser, &entry, line, size, &fault) == APR_SUCCESS) {
        mlg_arrival_t arrival;

        FUZZ_CHECK(entry.request.at_us >= 0);
        FUZZ_CHECK(entry.outcome.status <= 999);
        FUZZ_CHECK((entry.request.knows & MLG_KNOWS_HEADERS) == 0);
        mlg_request_arrive(&arrival, &entry.request, &secret);
    }
    else {
        FUZZ_CHECK(fault.offset <= size);
        FUZZ_CHECK(strnlen(fault.what, sizeof(fault.what)) > 0);
    }
    free(line);
    return 0;
}
