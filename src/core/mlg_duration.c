/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_duration.h"

#include <stdint.h>
#include <string.h>

#define SEC        ((int64_t)APR_USEC_PER_SEC)
#define CENTURY_US (SEC * 86400 * 365 * 100)

static const struct {
    const char *unit;
    int64_t us;
} units[] = {{"", SEC},         {"ms", 1000},      {"s", SEC},
             {"m", 60 * SEC},   {"min", 60 * SEC}, {"h", 3600 * SEC},
             {"d", 86400 * SEC}};

apr_status_t mlg_duration_parse(apr_interval_time_t *out_us, const char *text)
{
    int64_t n = 0;

    if (*text < '0' || *text > '9') {
        return MLG_ERANGE;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        n = n * 10 + (*text - '0');
        if (n > CENTURY_US) {
            return MLG_ERANGE;
        }
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text, units[i].unit) == 0) {
            if (n > CENTURY_US / units[i].us) {
                return MLG_ERANGE;
            }
            *out_us = n * units[i].us;
            return APR_SUCCESS;
        }
    }
    return MLG_ERANGE;
}
