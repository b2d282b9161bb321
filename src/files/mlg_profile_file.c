/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_profile_file.h"

#include "mlg_features.h"

#include <apr_file_io.h>
#include <apr_strings.h>

apr_status_t mlg_profile_file_read(const mlg_profile_t **out, const char *path,
                                   const char **why, apr_pool_t *p)
{
    mlg_profile_t *profile = apr_palloc(p, sizeof(*profile));
    apr_size_t room = MLG_PROFILE_BYTES_MAX + 1;
    mlg_fault_t fault = {0, ""};
    apr_size_t len = 0;
    char words[120];
    apr_file_t *file;
    char *text = NULL;
    apr_finfo_t info;
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_TYPE, p);

    if (rv == APR_SUCCESS && info.filetype != APR_REG) {
        *why = "not a file"; /* nobody may ever write to a named pipe */
        return MLG_EPROFILE;
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY,
                           APR_FPROT_OS_DEFAULT, p);
    }
    if (rv == APR_SUCCESS) {
        text = apr_palloc(p, room);
        rv = apr_file_read_full(file, text, room, &len);
        rv = APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
        apr_file_close(file);
    }
    if (rv != APR_SUCCESS) {
        *why = apr_pstrdup(p, apr_strerror(rv, words, sizeof(words)));
        return rv;
    }
    rv = mlg_profile_parse(profile, text, len, &fault);
    if (rv == APR_SUCCESS && profile->features != mlg_features_fingerprint()) {
        mlg_fault(&fault, 0, mlg_error_text(MLG_ESHAPE));
        rv = MLG_EPROFILE;
    }
    if (rv != APR_SUCCESS) {
        *why = (fault.offset > 0)
                   ? apr_psprintf(p, "line %" APR_SIZE_T_FMT ": %s",
                                  fault.offset, fault.what)
                   : apr_pstrdup(p, fault.what);
        return rv;
    }
    *out = profile;
    return APR_SUCCESS;
}
