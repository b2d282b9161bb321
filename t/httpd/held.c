/* SPDX-License-Identifier: Apache-2.0
 *
 * What kill(1) from outside hits once in ten thousand times: a process that
 * stops or dies while it holds a stripe. Preloaded into httpd by tests
 * (Server.pm, held => 1), this takes the place of the two calls with which
 * src/httpd/stripe.c takes and gives back, and looks for a file in the
 * directory $MLGATE_HELD: whoever removes it is the one.
 *
 *     fail   the call fails, for everybody, as long as the file is there
 *     stop   stops its process while it holds the stripe, until SIGCONT
 *     die    is killed: at once, after a random number of instructions, or
 *            with all written and the stripe not given back
 *
 * Only what mod_mlgate.so calls counts: APR tries mutexes, too.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HOLD_STEPS 3000 /* instructions of a hold, about */

typedef int (*call_t)(pthread_mutex_t *);

static __thread const pthread_mutex_t *doomed; /* dies with this one */

static call_t next_of(const char *name)
{
    call_t call;
    void *found = dlsym(RTLD_NEXT, name);

    memcpy(&call, &found, sizeof(call)); /* ISO C has no such cast */
    return call;
}

static int is_of_the_gate(const void *caller)
{
    Dl_info info;

    return dladdr(caller, &info) != 0 && info.dli_fname != NULL &&
           strstr(info.dli_fname, "mod_mlgate") != NULL;
}

static int is_failing(void)
{
    const char *directory = getenv("MLGATE_HELD");
    char path[512];

    if (directory == NULL) {
        return 0;
    }
    snprintf(path, sizeof(path), "%s/fail", directory);
    return access(path, F_OK) == 0;
}

/* Was this wanted, and are we the first to take it up? */
static int is_chosen(const char *what)
{
    const char *directory = getenv("MLGATE_HELD");
    char path[512];

    if (directory == NULL) {
        return 0;
    }
    snprintf(path, sizeof(path), "%s/%s", directory, what);
    return unlink(path) == 0;
}

/* Who dies tells when, in $MLGATE_HELD/died. */
static void say(void)
{
    struct timespec now;
    char path[512];
    char line[64];
    int len;
    int fd;

    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(path, sizeof(path), "%s/died", getenv("MLGATE_HELD"));
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    len = snprintf(line, sizeof(line), "%d %lld.%06ld\n", (int)getpid(),
                   (long long)now.tv_sec, now.tv_nsec / 1000);
    if (fd < 0 || write(fd, line, (size_t)len) != len) {
        abort(); /* the test would blame somebody else */
    }
    close(fd);
}

static void die_now(void)
{
    say();
    kill(getpid(), SIGKILL);
}

#ifdef __x86_64__
static volatile long steps_left;

static void on_step(int signal)
{
    (void)signal;
    if (--steps_left <= 0) {
        die_now();
    }
}

/* Go on for so many instructions, each of which the processor reports, and
 * die: in the middle of whatever is being written then. */
static void die_after(long steps)
{
    struct sigaction action;
    sigset_t set;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_step;
    sigaction(SIGTRAP, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGTRAP);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    steps_left = steps;
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\t" /* the red zone */
                     "pushfq\n\t"
                     "orq $0x100, (%%rsp)\n\t"
                     "popfq\n\t"
                     "lea 128(%%rsp), %%rsp"
                     :
                     :
                     : "memory", "cc");
}
#else
static void die_after(long steps)
{
    (void)steps;
}
#endif

static void die(const pthread_mutex_t *mutex)
{
    struct timespec now;

    say(); /* and again when it is so far */
    clock_gettime(CLOCK_MONOTONIC, &now);
    doomed = mutex;
    switch (now.tv_nsec / 64 % 8) {
    case 0:
        die_now();
        break;
    case 1:
        break; /* with all written, in pthread_mutex_unlock() */
    default:
        die_after(1 + now.tv_nsec / 8 % HOLD_STEPS);
        break;
    }
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    static call_t next;
    int is_ours = is_of_the_gate(__builtin_return_address(0));
    int rv;

    if (next == NULL) {
        next = next_of("pthread_mutex_trylock");
    }
    if (is_ours && is_failing()) {
        return ENOTRECOVERABLE;
    }
    rv = next(mutex);
    if (rv == 0 && is_ours) {
        if (is_chosen("stop")) {
            pthread_kill(pthread_self(), SIGSTOP); /* this thread, now */
        }
        else if (is_chosen("die")) {
            die(mutex);
        }
    }
    return rv;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    static call_t next;

    if (next == NULL) {
        next = next_of("pthread_mutex_unlock");
    }
    if (mutex == doomed) {
        die_now();
    }
    return next(mutex);
}
