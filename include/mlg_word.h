/* SPDX-License-Identifier: Apache-2.0
 *
 * Words that people type, compared without regard to case and with a slip of
 * the pen allowed for: the names of directives and of commands.
 *
 * Pure: no clock, no lock, no allocation, no locale. Words may be hostile.
 */
#ifndef MLG_WORD_H
#define MLG_WORD_H

#define MLG_WORD_MAX 32  /* bytes; longer words are like no other */
#define MLG_WORD_FAR 999 /* slips between such words */

/** @return 1 when both are the same, whatever the case of ASCII letters */
int mlg_word_is_same(const char *a, const char *b);

/** How many letters have to be put in, taken out or replaced to make one word
 * of the other.
 *
 * @return 0 for the same word; MLG_WORD_FAR when one is longer than
 *         MLG_WORD_MAX
 */
unsigned mlg_word_slips(const char *a, const char *b);

#endif /* MLG_WORD_H */
