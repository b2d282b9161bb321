/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_error.h"

#include <string.h>

const char *mlg_error_text(apr_status_t status)
{
    switch (status) {
#define X(name, text)                                                          \
    case name:                                                                 \
        return text;
        MLG_ERRORS(X)
#undef X
    default:
        return NULL;
    }
}

apr_status_t mlg_fault(mlg_fault_t *fault, size_t offset, const char *what)
{
    if (fault != NULL) {
        size_t len = strlen(what);

        len = (len < sizeof(fault->what)) ? len : sizeof(fault->what) - 1;
        fault->offset = offset;
        memcpy(fault->what, what, len);
        fault->what[len] = '\0';
    }
    return MLG_EBROKEN;
}
