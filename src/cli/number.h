/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers on a command line. Each says what is wrong: the option, its value,
 * and what it may be.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdint.h>

/** @param out  set on success only
 *  @return CTL_DONE, or CTL_MISUSE having said why */
int number_whole(uint64_t *out, const char *option, const char *text,
                 uint64_t min, uint64_t max);
int number_whole32(uint32_t *out, const char *option, const char *text,
                   uint32_t min, uint32_t max);
int number_real(double *out, const char *option, const char *text, double min,
                double max);

#endif /* NUMBER_H */
