/* SPDX-License-Identifier: Apache-2.0
 *
 * Where things stand in a bundle: what its reader shares with its writer.
 */
#ifndef BUNDLE_H
#define BUNDLE_H

#include "mlg_bundle.h"

/* Bytes from the beginning of the file; conf/mlg-format.md draws them. */
enum {
    BUNDLE_AT_VERSION = 8,
    BUNDLE_AT_BYTES = 12,
    BUNDLE_AT_FEATURES = 16,
    BUNDLE_AT_NFEATURES = 24,
    BUNDLE_AT_NTREES = 28,
    BUNDLE_AT_DEPTH = 32,
    BUNDLE_AT_NGOLDEN = 36,
    BUNDLE_AT_ABOUT_BYTES = 40,
    BUNDLE_AT_BASE = 44,
    BUNDLE_AT_SLOPE = 48,
    BUNDLE_AT_OFFSET = 56,
    BUNDLE_AT_THRESHOLD = 64,
    BUNDLE_AT_MAX_FPR = 68,
    BUNDLE_AT_SPARE = 72
};

static inline size_t bundle_tree_bytes(uint32_t depth)
{
    return (size_t)MLG_TREE_SPLITS(depth) * MLG_BUNDLE_SPLIT +
           ((size_t)MLG_BUNDLE_LEAF << depth);
}

/* The whole file. Every number is within its bounds. */
static inline size_t bundle_bytes(uint32_t ntrees, uint32_t depth,
                                  uint32_t ngolden, size_t about_bytes)
{
    return MLG_BUNDLE_HEADER + (about_bytes + 3) / 4 * 4 +
           ntrees * bundle_tree_bytes(depth) +
           (size_t)ngolden * MLG_BUNDLE_GOLDEN + MLG_BUNDLE_SHA;
}

/* @return what is wrong with the metadata and where; NULL for nothing */
const char *bundle_about_fault(const char *about, size_t len, size_t *offset);

#endif /* BUNDLE_H */
