/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory on whole cache lines; a pool aligns to 8 bytes.
 */
#ifndef POOL_LINES_H
#define POOL_LINES_H

#include "mlg_record.h"

#include <apr_pools.h>

/** @return `bytes` of the pool, not zeroed; NULL when there are not so many */
static inline void *pool_lines(apr_pool_t *p, size_t bytes)
{
    unsigned char *at = apr_palloc(p, bytes + MLG_CACHELINE);

    return (at == NULL) ? NULL
                        : at + (MLG_CACHELINE - (uintptr_t)at % MLG_CACHELINE);
}

#endif /* POOL_LINES_H */
