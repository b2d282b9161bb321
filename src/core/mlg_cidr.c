/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_cidr.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(mlg_prefix_t) == 17, "a prefix is hashed as bytes");

/* By base address, the wider prefix first. */
static int by_base(const void *a, const void *b)
{
    const mlg_prefix_t *left = a;
    const mlg_prefix_t *right = b;
    int order = memcmp(left->base.b, right->base.b, sizeof(left->base.b));

    return (order != 0) ? order : (int)left->bits - (int)right->bits;
}

void mlg_cidrs_settle(mlg_cidrs_t *set)
{
    static const mlg_secret_t no_secret;
    size_t kept = 0;

    set->hash = 0;
    if (set->n == 0) {
        return;
    }
    qsort(set->prefix, set->n, sizeof(set->prefix[0]), by_base);
    for (size_t i = 1; i < set->n; i++) {
        if (!mlg_prefix_contains(&set->prefix[kept], &set->prefix[i].base)) {
            set->prefix[++kept] = set->prefix[i];
        }
    }
    set->n = kept + 1;
    set->hash = mlg_hash_text(&no_secret, (const char *)set->prefix,
                              set->n * sizeof(set->prefix[0]));
}

int mlg_cidrs_contain(const mlg_cidrs_t *set, const mlg_key_t *addr)
{
    size_t lo = 0;
    size_t hi = (set != NULL) ? set->n : 0;

    /* the last prefix whose base is not above the address */
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (memcmp(set->prefix[mid].base.b, addr->b, sizeof(addr->b)) <= 0) {
            lo = mid + 1;
        }
        else {
            hi = mid;
        }
    }
    return lo > 0 && mlg_prefix_contains(&set->prefix[lo - 1], addr);
}
