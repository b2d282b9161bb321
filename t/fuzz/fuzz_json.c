/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_line over lines that have to be JSON objects. */
#define FUZZ_FORMAT "json"
#include "fuzz_line.c" /* NOLINT(bugprone-suspicious-include) */
