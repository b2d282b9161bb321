/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include "mlgatectl.h"
#include "visible.h"

#include <errno.h>
#include <string.h>

#define SHOWN 200 /* characters of a path */

int output_is_standard(const output_t *output)
{
    return output->path != NULL && strcmp(output->path, "-") == 0;
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
