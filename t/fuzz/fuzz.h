/* SPDX-License-Identifier: Apache-2.0
 *
 * A fuzz target is a program of its own: fuzz_<noun>.c has this one function,
 * and libFuzzer (make fuzz) or corpus.c (make check) calls it.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/** Run one input.
 *
 * @param data  borrowed, `size` bytes and not one more
 * @return 0; what is wrong aborts
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Abort, as a failed assertion does in every build. */
#define FUZZ_CHECK(what)                                                       \
    do {                                                                       \
        if (!(what)) {                                                         \
            abort();                                                           \
        }                                                                      \
    } while (0)

#endif /* FUZZ_H */
