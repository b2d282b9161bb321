/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include "mlgatectl.h"
#include "visible.h"

#include <apr_file_info.h>
#include <errno.h>
#include <string.h>

#define SHOWN 200 /* characters of a path */

int output_is_standard(const output_t *output)
{
    return output->path != NULL && (strcmp(output->path, "-") == 0 ||
                                    strcmp(output->path, "/dev/stdout") == 0);
}

/* Do two names mean one file? One that is not there is known by its name. */
static int is_same(const char *a, const char *b, apr_pool_t *p)
{
    apr_finfo_t one;
    apr_finfo_t other;

    if (strcmp(a, b) == 0) {
        return 1;
    }
    return apr_stat(&one, a, APR_FINFO_IDENT | APR_FINFO_TYPE, p) ==
               APR_SUCCESS &&
           apr_stat(&other, b, APR_FINFO_IDENT, p) == APR_SUCCESS &&
           one.filetype == APR_REG && one.device == other.device &&
           one.inode == other.inode;
}

int output_check(const output_t *const *output, int n, const char *const *input,
                 int ninputs, apr_pool_t *p)
{
    for (int i = 0; i < n; i++) {
        const char *path = output[i]->path;

        if (path == NULL || output_is_standard(output[i])) {
            continue;
        }
        for (int k = 0; k < ninputs; k++) {
            if (input[k] != NULL && is_same(path, input[k], p)) {
                return ctl_complain(CTL_MISUSE,
                                    "%s is read and would be overwritten; name "
                                    "another file to write",
                                    visible_string(path, SHOWN, p));
            }
        }
        for (int k = 0; k < i; k++) {
            if (output[k]->path != NULL && is_same(path, output[k]->path, p)) {
                return ctl_complain(CTL_MISUSE,
                                    "%s is to be written twice; name a file "
                                    "for each",
                                    visible_string(path, SHOWN, p));
            }
        }
    }
    return CTL_DONE;
}

int output_open(output_t *output, apr_pool_t *p)
{
    if (output->path == NULL) {
        return CTL_DONE;
    }
    output->file =
        output_is_standard(output) ? stdout : fopen(output->path, "we");
    return (output->file != NULL)
               ? CTL_DONE
               : ctl_complain(CTL_MISUSE, "cannot write %s: %s",
                              visible_string(output->path, SHOWN, p),
                              strerror(errno));
}

int output_close(output_t *output, int code, apr_pool_t *p)
{
    int is_whole;

    if (output->file == NULL || output->file == stdout) {
        return code;
    }
    is_whole = !ferror(output->file);
    errno = 0;
    is_whole = (fclose(output->file) == 0) && is_whole;
    output->file = NULL;
    return (is_whole || code != CTL_DONE)
               ? code
               : ctl_complain(CTL_FAILED, "%s is not whole: %s",
                              visible_string(output->path, SHOWN, p),
                              (errno != 0) ? strerror(errno)
                                           : "an earlier write failed");
}
