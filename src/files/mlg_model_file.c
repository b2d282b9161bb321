/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_model_file.h"

#include "mlg_word.h"

#include <apr_file_io.h>
#include <apr_strings.h>

const char *mlg_model_file_default(void)
{
#ifdef MLG_MODEL_FILE
    return MLG_MODEL_FILE;
#else
    return MLG_MODEL_WEIGHTED;
#endif
}

int mlg_model_file_is_named(const char *model)
{
    return !mlg_word_is_same(model, MLG_MODEL_WEIGHTED);
}

/* How much to ask for: one byte more than there is, or than a bundle may
 * have, so that a file that grows or is too long is noticed. */
static apr_size_t room_for(apr_file_t *file)
{
    apr_finfo_t info;

    return (apr_file_info_get(&info, APR_FINFO_SIZE | APR_FINFO_TYPE, file) ==
                APR_SUCCESS &&
            info.filetype == APR_REG && info.size < MLG_BUNDLE_BYTES_MAX)
               ? (apr_size_t)info.size + 1
               : MLG_BUNDLE_BYTES_MAX + 1;
}

apr_status_t mlg_model_file_load(void **bytes, apr_size_t *len,
                                 const char *path, const char **why,
                                 apr_pool_t *p)
{
    char words[120];
    apr_file_t *file;
    apr_status_t rv =
        apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY,
                      APR_FPROT_OS_DEFAULT, p);

    if (rv == APR_SUCCESS) {
        apr_size_t room = room_for(file);

        *bytes = apr_palloc(p, room);
        rv = apr_file_read_full(file, *bytes, room, len);
        apr_file_close(file);
    }
    if (rv == APR_SUCCESS || APR_STATUS_IS_EOF(rv)) {
        return APR_SUCCESS;
    }
    *why = apr_pstrdup(p, apr_strerror(rv, words, sizeof(words)));
    return rv;
}

apr_status_t mlg_model_file_plant(mlg_model_file_t *out, const void *bytes,
                                  apr_size_t len, const char **why,
                                  apr_pool_t *p)
{
    mlg_fault_t fault = {0, ""};
    apr_status_t rv = mlg_bundle_check(&out->bundle, bytes, len, &fault);

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

apr_status_t mlg_model_file_read(mlg_model_file_t *out, const char *path,
                                 const char **why, apr_pool_t *p)
{
    void *bytes = NULL;
    apr_size_t len = 0;
    apr_status_t rv = mlg_model_file_load(&bytes, &len, path, why, p);

    return (rv == APR_SUCCESS) ? mlg_model_file_plant(out, bytes, len, why, p)
                               : rv;
}
