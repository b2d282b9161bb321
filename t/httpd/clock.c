/* SPDX-License-Identifier: Apache-2.0
 *
 * A wall clock that a test sets while a server runs: preloaded into httpd, it
 * adds the seconds that stand in the file MLGATE_TEST_CLOCK. The monotonic
 * clocks are left alone, as they are when somebody sets the wall clock.
 *
 * And the gate's own clock, that goes faster: MLGATE_TEST_PACE is how many times
 * as fast, MLGATE_TEST_SINCE the second of CLOCK_BOOTTIME from which on, the
 * same for all processes. httpd itself does not look at that clock. */
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

static void hasten(struct timespec *now)
{
    const char *pace = getenv("MLGATE_TEST_PACE");
    const char *since = getenv("MLGATE_TEST_SINCE");
    long long from_s = (since != NULL) ? atoll(since) : 0;
    long long times = (pace != NULL) ? atoll(pace) : 1;
    long long ns;

    if (times > 1 && now->tv_sec >= from_s) {
        ns = (now->tv_sec - from_s) * 1000000000ll + now->tv_nsec;
        ns *= times;
        now->tv_sec = (time_t)(from_s + ns / 1000000000ll);
        now->tv_nsec = (long)(ns % 1000000000ll);
    }
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
    else if (rv == 0 && id == CLOCK_BOOTTIME) {
        hasten(now);
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
