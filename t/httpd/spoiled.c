/* SPDX-License-Identifier: Apache-2.0
 *
 * A file that goes bad while it is read: preloaded into httpd, this cuts the
 * last byte off the file $MLGATE_TEST_SPOIL when it is read from its beginning
 * for the second time. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_that(int fd, const char *path)
{
    struct stat opened;
    struct stat named;

    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

off_t lseek(int fd, off_t to, int whence)
{
    static off_t (*real)(int, off_t, int);
    static int reads;
    const char *path = getenv("MLGATE_TEST_SPOIL");
    struct stat info;

    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "lseek");

        memcpy(&real, &found, sizeof(real)); /* ISO C has no such cast */
    }
    if (path != NULL && to == 0 && whence == SEEK_SET && is_that(fd, path) &&
        ++reads == 2 && fstat(fd, &info) == 0) {
        (void)!truncate(path, info.st_size - 1);
    }
    return real(fd, to, whence);
}
