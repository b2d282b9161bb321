/* SPDX-License-Identifier: Apache-2.0 */
#include "screen.h"

#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ALTERNATE_ON  "\033[?1049h\033[?25l" /* and hide the cursor */
#define ALTERNATE_OFF "\033[?25h\033[?1049l"
#define HOME          "\033[H"
#define BOLD          "\033[1m"
#define PLAIN         "\033[0m"
#define CLEAR_LINE    "\033[K"
#define CLEAR_BELOW   "\033[J"

static struct termios before; /* of the terminal, while we have it */
static int is_entered;
static volatile sig_atomic_t is_over;
static volatile sig_atomic_t wants_stop;

static void note_end(int sig)
{
    (void)sig;
    is_over = 1;
}

static void note_stop(int sig)
{
    (void)sig;
    wants_stop = 1;
}

/* A change of size has nothing to note: it ends the wait. */
static void note_size(int sig)
{
    (void)sig;
}

int screen_is_there(void)
{
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && term != NULL && term[0] != '\0' &&
           strcmp(term, "dumb") != 0;
}

int screen_is_utf8(void)
{
    setlocale(LC_CTYPE, "");
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void catch_signal(int sig, void (*handler)(int))
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = handler;
    sigaction(sig, &action, NULL); /* without SA_RESTART: ends poll() */
}

static int take_terminal(void)
{
    struct termios raw;

    /* keys from the terminal that is drawn on, whatever stdin is */
    if (tcgetattr(STDOUT_FILENO, &before) != 0) {
        return 0;
    }
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDOUT_FILENO, TCSAFLUSH, &raw) != 0) {
        return 0;
    }
    fputs(ALTERNATE_ON, stdout);
    fflush(stdout);
    is_entered = 1;
    return 1;
}

int screen_enter(void)
{
    catch_signal(SIGINT, note_end);
    catch_signal(SIGTERM, note_end);
    catch_signal(SIGHUP, note_end);
    catch_signal(SIGTSTP, note_stop);
    catch_signal(SIGWINCH, note_size);
    return take_terminal();
}

void screen_leave(void)
{
    if (is_entered) {
        is_entered = 0;
        fputs(ALTERNATE_OFF, stdout);
        fflush(stdout);
        tcsetattr(STDOUT_FILENO, TCSAFLUSH, &before);
    }
}

void screen_size(int *rows, int *columns)
{
    struct winsize size;

    *rows = 24;
    *columns = 80;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
        size.ws_col > 0) {
        *rows = size.ws_row;
        *columns = size.ws_col;
    }
}

void screen_begin(void)
{
    fputs(HOME, stdout);
}

void screen_line(const char *text, int is_title, int columns)
{
    size_t bytes = 0;

    for (int n = 0; text[bytes] != '\0'; bytes++) {
        n += ((unsigned char)text[bytes] & 0xc0) != 0x80; /* a character */
        if (n > columns) {
            break;
        }
    }
    printf("%s%.*s%s" CLEAR_LINE "\r\n", is_title ? BOLD : "", (int)bytes, text,
           is_title ? PLAIN : "");
}

void screen_end(void)
{
    fputs(CLEAR_BELOW, stdout);
    fflush(stdout);
}

/* Ctrl-Z: the shell gets its screen back until we are continued. */
static void stop(void)
{
    wants_stop = 0;
    screen_leave();
    raise(SIGSTOP);
    take_terminal();
}

int screen_wait(int ms)
{
    struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};
    char key = 0;

    if (!isatty(STDIN_FILENO)) {
        keys.fd = STDOUT_FILENO;
    }
    if (is_over || (poll(&keys, 1, ms) > 0 && read(keys.fd, &key, 1) != 1)) {
        is_over = 1; /* the terminal is gone */
    }
    if (wants_stop) {
        stop();
    }
    return key;
}

int screen_is_over(void)
{
    return is_over;
}
