/* SPDX-License-Identifier: Apache-2.0
 *
 * A wall clock that a test sets while a server runs: preloaded into httpd, it
 * adds the seconds that stand in the file MLGATE_TEST_CLOCK. The monotonic
 * clocks are left alone, as they are when somebody sets the wall clock. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t ahead_s(void)
{
    static int fd = -2;
    char text[32] = "";

    if (fd == -2) {
        const char *path = getenv("MLGATE_TEST_CLOCK");

        fd = (path != NULL) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    }
    return (fd >= 0 && pread(fd, text, sizeof(text) - 1, 0) > 0)
               ? (time_t)atoll(text)
               : 0;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    int rv;

    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    }
    rv = real(id, now);
    if (rv == 0 && id == CLOCK_REALTIME) {
        now->tv_sec += ahead_s();
    }
    return rv;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise) != 0) {
        return -1;
    }
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now)
{
    struct timespec precise = {0, 0};

    clock_gettime(CLOCK_REALTIME, &precise);
    if (now != NULL) {
        *now = precise.tv_sec;
    }
    return precise.tv_sec;
}
