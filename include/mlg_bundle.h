/* SPDX-License-Identifier: Apache-2.0
 *
 * The .mlg file: a forest with what is needed to trust it. Flat, little-endian,
 * bounded, ended by its SHA-256; conf/mlg-format.md says what each byte means.
 *
 * To load one: mlg_bundle_check() everything in the bytes, then
 * mlg_bundle_read() into memory of the size that it told, which also has the
 * forest judge the file's golden vectors: it must give here, to the bit, what
 * it gave where it was made. After that nothing is checked again.
 *
 * Pure: no clock, no lock, no allocation. Bytes may be hostile: nothing is
 * read outside of them, and one flipped bit anywhere is refused.
 */
#ifndef MLG_BUNDLE_H
#define MLG_BUNDLE_H

#include "mlg_forest.h"

#define MLG_BUNDLE_MAGIC   "\x89MLG\r\n\x1a\n" /* eight bytes, no NUL */
#define MLG_BUNDLE_VERSION 1u /* bump on any change of format */

#define MLG_BUNDLE_HEADER     80u   /* bytes */
#define MLG_BUNDLE_SPLIT      12u   /* bytes of a node that asks */
#define MLG_BUNDLE_LEAF       8u    /* bytes of a leaf */
#define MLG_BUNDLE_SHA        32u   /* bytes, the last of the file */
#define MLG_BUNDLE_ABOUT_MAX  8192u /* bytes of its metadata */
#define MLG_BUNDLE_GOLDEN_MAX 64u   /* vectors */
#define MLG_BUNDLE_GOLDEN     (4u * MLG_NFEATURES + 8u) /* bytes of one */

/* No bundle is longer: what a reader of files may stop at. */
#define MLG_BUNDLE_BYTES_MAX                                                   \
    (MLG_BUNDLE_HEADER + MLG_BUNDLE_ABOUT_MAX +                                \
     MLG_FOREST_TREES_MAX *                                                    \
         (MLG_TREE_SPLITS(MLG_FOREST_DEPTH_MAX) * MLG_BUNDLE_SPLIT +           \
          (1u << MLG_FOREST_DEPTH_MAX) * MLG_BUNDLE_LEAF) +                    \
     MLG_BUNDLE_GOLDEN_MAX * MLG_BUNDLE_GOLDEN + MLG_BUNDLE_SHA)

/* A bundle as checked. Borrows the bytes it was checked in. */
typedef struct mlg_bundle_t {
    uint64_t id;      /* first 8 bytes of its SHA-256, first byte highest */
    uint32_t ntrees;  /* 1..MLG_FOREST_TREES_MAX */
    uint32_t depth;   /* 1..MLG_FOREST_DEPTH_MAX */
    uint32_t ngolden; /* 1..MLG_BUNDLE_GOLDEN_MAX */
    uint32_t about_bytes;
    float base;      /* margin before the first tree */
    float threshold; /* from where a site is fitted (mlg_threshold.h), and in
                          force where none was; 0..1, more than 0 */
    double slope;    /* of the curve from margin to score, > 0 */
    double offset;   /* of the same */
    float max_fpr;   /* at most this share of people on left-out sites was
                          refused from there; 0 <= max_fpr < 1, 0 = not said */
    size_t forest_bytes; /* what mlg_bundle_read() needs */
    const char *about;   /* metadata, lines "key: value\n"; no NUL at the end */
    const unsigned char *trees;  /* private */
    const unsigned char *golden; /* private */
    const unsigned char *sha;    /* MLG_BUNDLE_SHA bytes */
} mlg_bundle_t;

/* A vector and what a model must say of it. */
typedef struct mlg_golden_t {
    float x[MLG_NFEATURES]; /* finite or NaN */
    float margin;
    float score;
} mlg_golden_t;

/** Check all of a file but its golden vectors' results.
 *
 * @param bundle  filled on success, zeroed otherwise
 * @param bytes   the whole file, any alignment, borrowed
 * @param len     any length, 0 included
 * @param fault   the byte and the reason; may be NULL
 * @return APR_SUCCESS, MLG_ENOTMODEL, MLG_EVERSION, MLG_ESHAPE (another list
 *         of features), MLG_ECORRUPT (length or SHA-256) or MLG_EMODEL (whole,
 *         and yet it breaks a rule)
 */
apr_status_t mlg_bundle_check(mlg_bundle_t *bundle, const void *bytes,
                              size_t len, mlg_fault_t *fault);

/** Plant the forest of a checked bundle and prove it by the golden vectors.
 *
 * @param memory  bundle->forest_bytes bytes, any alignment, the caller's for as
 *                long as the forest is used; the bytes of the file are needed
 *                no more afterwards
 * @param forest  set on success, within `memory`; its id is the bundle's
 * @param fault   may be NULL
 * @return APR_SUCCESS or MLG_EGOLDEN
 */
apr_status_t mlg_bundle_read(const mlg_bundle_t *bundle, void *memory,
                             const mlg_forest_t **forest, mlg_fault_t *fault);

/** Unpack one tree of a checked bundle, values of inner nodes included.
 *
 * @param node  filled, shape [MLG_TREE_NODES(bundle->depth)]
 */
void mlg_bundle_tree(const mlg_bundle_t *bundle, uint32_t tree,
                     mlg_node_t *node);

/** Unpack one golden vector of a checked bundle. */
void mlg_bundle_golden(const mlg_bundle_t *bundle, uint32_t i,
                       mlg_golden_t *golden);

/** Find a line of the metadata by its key.
 *
 * @param len  set to the length of the value
 * @return the value, without its newline and not NUL-terminated; NULL when no
 *         line has this key
 */
const char *mlg_bundle_about(const mlg_bundle_t *bundle, const char *key,
                             size_t *len);

/* ---- writing ------------------------------------------------------------- */

/* What to write. Everything is borrowed for the call. */
typedef struct mlg_bundle_draft_t {
    uint32_t ntrees;
    uint32_t depth;
    uint32_t ngolden;
    float base;
    double slope;
    double offset;
    float threshold;
    float max_fpr;
    const mlg_node_t *node; /* shape [ntrees][MLG_TREE_NODES(depth)], each tree
                               settled by mlg_tree_settle() */
    const char *about;      /* NUL-terminated lines "key: value\n"; the key of
                               a-z, 0-9 and '-'. No time of day in it: the same
                               data and seed give the same bytes */
    const float *golden;    /* shape [ngolden][MLG_NFEATURES], finite or NaN */
} mlg_bundle_draft_t;

/** How long its bundle is. @return bytes; 0 when a number is out of range */
size_t mlg_bundle_bytes(const mlg_bundle_draft_t *draft);

/** Write a bundle, golden margins and scores computed node by node, and read
 * it as any other: what was written is what mlg_bundle_check() takes and what
 * the forest says too.
 *
 * @param out      room for mlg_bundle_bytes(draft) bytes
 * @param scratch  room for mlg_forest_bytes(draft->ntrees, draft->depth) bytes
 * @param fault    offset is a byte of the bundle; may be NULL
 * @return APR_SUCCESS or what mlg_bundle_check() and mlg_bundle_read() say;
 *         MLG_EMODEL when a number is out of range. `out` is undefined then
 */
apr_status_t mlg_bundle_render(const mlg_bundle_draft_t *draft,
                               unsigned char *out, void *scratch,
                               mlg_fault_t *fault);

#endif /* MLG_BUNDLE_H */
