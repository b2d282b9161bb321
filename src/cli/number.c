/* SPDX-License-Identifier: Apache-2.0 */
#include "number.h"

#include "mlgatectl.h"

#include <errno.h>
#include <stdlib.h>

int number_whole(uint64_t *out, const char *option, const char *text,
                 uint64_t min, uint64_t max)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 ||
        value < min || value > max) {
        return ctl_complain(CTL_MISUSE,
                            "%s '%.40s': a whole number from %llu to %llu is "
                            "meant",
                            option, text, (unsigned long long)min,
                            (unsigned long long)max);
    }
    *out = value;
    return CTL_DONE;
}

int number_whole32(uint32_t *out, const char *option, const char *text,
                   uint32_t min, uint32_t max)
{
    uint64_t value = 0;
    int code = number_whole(&value, option, text, min, max);

    if (code == CTL_DONE) {
        *out = (uint32_t)value;
    }
    return code;
}

int number_real(double *out, const char *option, const char *text, double min,
                double max)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= min && value <= max)) {
        return ctl_complain(CTL_MISUSE,
                            "%s '%.40s': a number from %.9g to %.9g is meant",
                            option, text, min, max);
    }
    *out = value;
    return CTL_DONE;
}
