/* SPDX-License-Identifier: Apache-2.0
 *
 * A set of addresses, given as prefixes and asked once per request: sorted
 * and made disjoint at start, then a binary search.
 *
 * Pure: no clock, no lock, no allocation; the caller owns the array.
 */
#ifndef MLG_CIDR_H
#define MLG_CIDR_H

#include "mlg_hash.h"

typedef struct mlg_cidrs_t {
    mlg_prefix_t *prefix; /* shape [n]; borrowed */
    size_t n;
    uint64_t hash; /* of all of them, to tell sets apart; 0 = empty */
} mlg_cidrs_t;

/** Sort the prefixes and drop those inside another, in place.
 *
 * @param set  afterwards ready for mlg_cidrs_contain(); n may have shrunk, the
 *             hash is made
 */
void mlg_cidrs_settle(mlg_cidrs_t *set);

/** @param set  settled; NULL is the empty set
 *  @return 1 when the address lies in one of the prefixes */
int mlg_cidrs_contain(const mlg_cidrs_t *set, const mlg_key_t *addr);

#endif /* MLG_CIDR_H */
