/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_model_file.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <errno.h>

#define TEMPLATE ".XXXXXX"

static apr_status_t write_whole(apr_file_t *file, const unsigned char *bytes,
                                apr_size_t len)
{
    apr_status_t rv = apr_file_write_full(file, bytes, len, NULL);
    apr_status_t closed;

    if (rv == APR_SUCCESS) {
        rv = apr_file_datasync(file);
    }
    closed = apr_file_close(file);
    return (rv != APR_SUCCESS) ? rv : closed;
}

/* A name that is a device, a directory or a pipe must not become a file. */
static apr_status_t check_place(const char *path, apr_pool_t *p)
{
    apr_finfo_t info;
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_TYPE, p);

    if (APR_STATUS_IS_ENOENT(rv)) {
        return APR_SUCCESS;
    }
    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return rv;
    }
    return (info.filetype == APR_REG) ? APR_SUCCESS : APR_FROM_OS_ERROR(EINVAL);
}

/* The name is new and the server's own user may read it. */
static apr_status_t replace(const char *path, const unsigned char *bytes,
                            apr_size_t len, apr_pool_t *p)
{
    char *beside = apr_pstrcat(p, path, TEMPLATE, NULL);
    apr_file_t *file;
    apr_status_t rv = check_place(path, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_file_mktemp(&file, beside,
                         APR_FOPEN_CREATE | APR_FOPEN_WRITE | APR_FOPEN_EXCL |
                             APR_FOPEN_BINARY,
                         p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = write_whole(file, bytes, len);
    if (rv == APR_SUCCESS) {
        rv = apr_file_perms_set(beside, APR_FPROT_UREAD | APR_FPROT_UWRITE |
                                            APR_FPROT_GREAD | APR_FPROT_WREAD);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_rename(beside, path, p);
    }
    if (rv != APR_SUCCESS) {
        apr_file_remove(beside, p);
    }
    return rv;
}

apr_status_t mlg_model_file_write(const mlg_bundle_draft_t *draft,
                                  const char *path, const char **why,
                                  apr_pool_t *p)
{
    size_t len = mlg_bundle_bytes(draft);
    mlg_fault_t fault = {0, ""};
    unsigned char *bytes = apr_palloc(p, (len > 0) ? len : 1);
    char words[120];
    apr_status_t rv = mlg_bundle_render(
        draft, bytes,
        apr_palloc(p, mlg_forest_bytes(draft->ntrees, draft->depth) + 1),
        &fault);

    if (rv != APR_SUCCESS) {
        *why = apr_pstrdup(p, fault.what);
        return rv;
    }
    rv = replace(path, bytes, len, p);
    if (rv != APR_SUCCESS) {
        *why = apr_pstrdup(p, apr_strerror(rv, words, sizeof(words)));
    }
    return rv;
}
