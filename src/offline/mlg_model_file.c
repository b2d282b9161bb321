/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_model_file.h"

#include <apr_file_io.h>
#include <apr_strings.h>

/* One byte more than a bundle may have, so that a longer file is noticed. */
static apr_status_t load(unsigned char **bytes, apr_size_t *len,
                         const char *path, apr_pool_t *p)
{
    apr_size_t room = MLG_BUNDLE_BYTES_MAX + 1;
    apr_file_t *file;
    apr_status_t rv =
        apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY,
                      APR_FPROT_OS_DEFAULT, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *bytes = apr_palloc(p, room);
    rv = apr_file_read_full(file, *bytes, room, len);
    apr_file_close(file);
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

apr_status_t mlg_model_file_read(mlg_model_file_t *out, const char *path,
                                 const char **why, apr_pool_t *p)
{
    unsigned char *bytes = NULL;
    apr_size_t len = 0;
    char words[120];
    mlg_fault_t fault = {0, ""};
    apr_status_t rv = load(&bytes, &len, path, p);

    if (rv != APR_SUCCESS) {
        *why = apr_pstrdup(p, apr_strerror(rv, words, sizeof(words)));
        return rv;
    }
    rv = mlg_bundle_check(&out->bundle, bytes, len, &fault);
    if (rv == APR_SUCCESS) {
        rv = mlg_bundle_read(&out->bundle,
                             apr_palloc(p, out->bundle.forest_bytes),
                             &out->forest, &fault);
    }
    if (rv != APR_SUCCESS) {
        *why = apr_psprintf(p, "%s (%s, byte %" APR_SIZE_T_FMT ")", fault.what,
                            mlg_error_text(rv), fault.offset);
    }
    return rv;
}
