/* SPDX-License-Identifier: Apache-2.0
 *
 * A terminal's whole screen, drawn frame by frame with ANSI sequences and
 * given back as it was however the program is asked to end: key, SIGINT,
 * SIGTERM, SIGHUP, or stopped with Ctrl-Z and continued.
 */
#ifndef SCREEN_H
#define SCREEN_H

/** Is standard output a terminal to draw on? One that is dumb, or of which TERM
 * says nothing, is not. */
int screen_is_there(void);

/** @return 1 when the terminal shows UTF-8, by the locale */
int screen_is_utf8(void);

/** Take the screen. @return 1; 0 when the terminal does not let us */
int screen_enter(void);

/** Give it back; nothing to do when it was not taken. */
void screen_leave(void);

/** How large it is now; 24 lines of 80 columns when nobody says. */
void screen_size(int *rows, int *columns);

/** Begin a frame at the top left. */
void screen_begin(void);

/** Draw one line, cut to the width.
 *
 * @param text  printable; of several bytes a character only UTF-8 of width 1
 * @param is_title  1: stands out
 */
void screen_line(const char *text, int is_title, int columns);

/** End the frame: what is left of an earlier one below is cleared. */
void screen_end(void);

/** Wait for a key, a change of size or the time.
 *
 * @param ms  at most so long
 * @return the key, or 0
 */
int screen_wait(int ms);

/** @return 1 once a signal asked the program to end */
int screen_is_over(void);

#endif /* SCREEN_H */
