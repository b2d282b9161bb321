/* SPDX-License-Identifier: Apache-2.0
 *
 * A file that is there whole or not at all: what takes minutes to make must
 * not be found half written, nor the old one gone, when it is interrupted. It
 * is written beside its name, synced, and renamed.
 */
#ifndef WHOLE_H
#define WHOLE_H

#include <apr_pools.h>

/** Could it be written? To be asked before the work begins.
 *
 * @param path  NULL and "-", standard output, always can
 * @return CTL_DONE, or CTL_MISUSE having said why not
 */
int whole_check(const char *path, apr_pool_t *p);

/** Write it.
 *
 * @param path  NULL: nothing is done
 * @return CTL_DONE, or CTL_FAILED having said why not; then what was there
 *         before still is
 */
int whole_write(const char *path, const void *bytes, size_t len, apr_pool_t *p);

#endif /* WHOLE_H */
