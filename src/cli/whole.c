/* SPDX-License-Identifier: Apache-2.0 */
#include "whole.h"

#include "mlgatectl.h"
#include "visible.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN 200 /* characters of a path */

static int is_standard(const char *path)
{
    return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0;
}

static int complain(int code, const char *path, apr_pool_t *p)
{
    return ctl_complain(code, "cannot write %s: %s",
                        visible_string(path, SHOWN, p), strerror(errno));
}

/* A pipe or a device cannot be renamed over. */
static int is_special(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && !S_ISREG(info.st_mode) &&
           !S_ISDIR(info.st_mode);
}

static FILE *open_beside(char *name)
{
    int fd = mkstemp(name);
    FILE *file;
    mode_t mask;

    if (fd < 0) {
        return NULL;
    }
    mask = umask(0);
    umask(mask);
    file = (fchmod(fd, 0666 & ~mask) == 0) ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        int why = errno;

        close(fd);
        unlink(name);
        errno = why;
    }
    return file;
}

int whole_check(const char *path, apr_pool_t *p)
{
    struct stat info;
    char *name;
    FILE *file;

    if (path == NULL || is_standard(path) || is_special(path)) {
        return CTL_DONE;
    }
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        errno = EISDIR;
        return complain(CTL_MISUSE, path, p);
    }
    name = apr_pstrcat(p, path, ".XXXXXX", NULL);
    file = open_beside(name);
    if (file == NULL) {
        return complain(CTL_MISUSE, path, p);
    }
    fclose(file);
    unlink(name);
    return CTL_DONE;
}

static int write_all(FILE *file, const void *bytes, size_t len, int syncs)
{
    int is_whole = fwrite(bytes, 1, len, file) == len && fflush(file) == 0;

    if (is_whole && syncs) {
        is_whole = fsync(fileno(file)) == 0;
    }
    return is_whole;
}

int whole_write(const char *path, const void *bytes, size_t len, apr_pool_t *p)
{
    char *name;
    FILE *file;
    int is_whole;

    if (path == NULL) {
        return CTL_DONE;
    }
    if (is_standard(path)) {
        return write_all(stdout, bytes, len, 0) ? CTL_DONE
                                                : complain(CTL_FAILED, path, p);
    }
    if (is_special(path)) {
        file = fopen(path, "we");
        is_whole = file != NULL && write_all(file, bytes, len, 0);
        is_whole = file != NULL && fclose(file) == 0 && is_whole;
        return is_whole ? CTL_DONE : complain(CTL_FAILED, path, p);
    }
    name = apr_pstrcat(p, path, ".XXXXXX", NULL);
    file = open_beside(name);
    if (file == NULL) {
        return complain(CTL_FAILED, path, p);
    }
    is_whole = write_all(file, bytes, len, 1);
    is_whole = fclose(file) == 0 && is_whole;
    if (!is_whole || rename(name, path) != 0) {
        int code = complain(CTL_FAILED, path, p);

        unlink(name);
        return code;
    }
    return CTL_DONE;
}
