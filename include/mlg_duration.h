/* SPDX-License-Identifier: Apache-2.0
 *
 * Durations as operators write them: "90", "500ms", "30s", "10m", "10min",
 * "24h", "7d".
 *
 * Pure: no clock, no lock, no allocation.
 */
#ifndef MLG_DURATION_H
#define MLG_DURATION_H

#include "mlg_error.h"

#include <apr_time.h>

/** Read a duration.
 *
 * @param out_us  microseconds, >= 0; set on success only
 * @param text    a whole number and a unit (ms, s, m or min, h, d; none means
 *                seconds), NUL-terminated, may be hostile
 * @return APR_SUCCESS or MLG_ERANGE: no number, an unknown unit, or longer
 *         than a hundred years
 */
apr_status_t mlg_duration_parse(apr_interval_time_t *out_us, const char *text);

#endif /* MLG_DURATION_H */
