/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle.h"

#include <math.h>
#include <sha2.h>
#include <string.h>

static_assert(MLG_BUNDLE_SHA == SHA256_DIGEST_LENGTH, "SHA-256 ends a bundle");

/* ---- numbers ------------------------------------------------------------- */

static uint32_t get_u16(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t get_u32(const unsigned char *at)
{
    return get_u16(at) | get_u16(at + 2) << 16;
}

static uint64_t get_u64(const unsigned char *at)
{
    return (uint64_t)get_u32(at) | (uint64_t)get_u32(at + 4) << 32;
}

static float get_f32(const unsigned char *at)
{
    uint32_t bits = get_u32(at);
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static double get_f64(const unsigned char *at)
{
    uint64_t bits = get_u64(at);
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* ---- checking ------------------------------------------------------------ */

typedef struct check_t {
    mlg_bundle_t *bundle;
    const unsigned char *bytes;
    size_t len;
    mlg_fault_t *fault;
} check_t;

static apr_status_t refuse(const check_t *c, apr_status_t status, size_t offset,
                           const char *what)
{
    mlg_fault(c->fault, offset, what);
    return status;
}

/* What can be told of a file of any version. */
static apr_status_t check_kind(const check_t *c)
{
    static const char magic[] = MLG_BUNDLE_MAGIC;
    size_t n = (c->len < BUNDLE_AT_VERSION) ? c->len : BUNDLE_AT_VERSION;

    if (c->len == 0) {
        return refuse(c, MLG_ENOTMODEL, 0, "the file is empty");
    }
    if (memcmp(c->bytes, magic, n) != 0) {
        return refuse(c, MLG_ENOTMODEL, 0,
                      (n > 4 && memcmp(c->bytes, magic, 4) == 0)
                          ? "its line ends were converted: copy it as binary"
                          : "it does not begin as a model file does");
    }
    if (c->len < BUNDLE_AT_BYTES) {
        return refuse(c, MLG_ECORRUPT, c->len, "the file is cut short");
    }
    if (get_u32(c->bytes + BUNDLE_AT_VERSION) != MLG_BUNDLE_VERSION) {
        return refuse(c, MLG_EVERSION, BUNDLE_AT_VERSION,
                      "the format is not version 1, the only one known here");
    }
    return APR_SUCCESS;
}

/* Are these the bytes that were written? */
static apr_status_t check_whole(check_t *c)
{
    const unsigned char *sha;
    unsigned char digest[MLG_BUNDLE_SHA];
    SHA2_CTX hash;

    if (c->len < MLG_BUNDLE_HEADER + MLG_BUNDLE_SHA) {
        return refuse(c, MLG_ECORRUPT, c->len, "the file is cut short");
    }
    if (c->len > MLG_BUNDLE_BYTES_MAX) {
        return refuse(c, MLG_EMODEL, MLG_BUNDLE_BYTES_MAX,
                      "the file is longer than any model may be");
    }
    if (get_u32(c->bytes + BUNDLE_AT_BYTES) != c->len) {
        return refuse(c, MLG_ECORRUPT, BUNDLE_AT_BYTES,
                      "the file is not as long as it says it is");
    }
    sha = c->bytes + c->len - MLG_BUNDLE_SHA;
    SHA256Init(&hash);
    SHA256Update(&hash, c->bytes, c->len - MLG_BUNDLE_SHA);
    SHA256Final(digest, &hash);
    if (memcmp(digest, sha, sizeof(digest)) != 0) {
        return refuse(
            c, MLG_ECORRUPT, c->len - MLG_BUNDLE_SHA,
            "its SHA-256 is another: the file was changed or damaged");
    }
    c->bundle->sha = sha;
    for (int i = 0; i < 8; i++) {
        c->bundle->id = c->bundle->id << 8 | sha[i];
    }
    return APR_SUCCESS;
}

/* From here on the bytes are the writer's, which may be hostile itself. */
static apr_status_t check_counts(check_t *c)
{
    const unsigned char *at = c->bytes;
    mlg_bundle_t *b = c->bundle;

    if (get_u64(at + BUNDLE_AT_FEATURES) != mlg_features_fingerprint() ||
        get_u32(at + BUNDLE_AT_NFEATURES) != MLG_NFEATURES) {
        return refuse(
            c, MLG_ESHAPE, BUNDLE_AT_FEATURES,
            "it was made for another list of features: train it anew");
    }
    b->ntrees = get_u32(at + BUNDLE_AT_NTREES);
    if (b->ntrees < 1 || b->ntrees > MLG_FOREST_TREES_MAX) {
        return refuse(c, MLG_EMODEL, BUNDLE_AT_NTREES,
                      "the number of trees is not within 1 to 512");
    }
    b->depth = get_u32(at + BUNDLE_AT_DEPTH);
    if (b->depth < 1 || b->depth > MLG_FOREST_DEPTH_MAX) {
        return refuse(c, MLG_EMODEL, BUNDLE_AT_DEPTH,
                      "the depth is not within 1 to 8");
    }
    b->ngolden = get_u32(at + BUNDLE_AT_NGOLDEN);
    if (b->ngolden < 1 || b->ngolden > MLG_BUNDLE_GOLDEN_MAX) {
        return refuse(c, MLG_EMODEL, BUNDLE_AT_NGOLDEN,
                      "the number of golden vectors is not within 1 to 64");
    }
    b->about_bytes = get_u32(at + BUNDLE_AT_ABOUT_BYTES);
    if (b->about_bytes > MLG_BUNDLE_ABOUT_MAX) {
        return refuse(c, MLG_EMODEL, BUNDLE_AT_ABOUT_BYTES,
                      "the metadata is longer than 8192 bytes");
    }
    if (bundle_bytes(b->ntrees, b->depth, b->ngolden, b->about_bytes) !=
        c->len) {
        return refuse(c, MLG_EMODEL, BUNDLE_AT_BYTES,
                      "its length is not what its counts make");
    }
    return APR_SUCCESS;
}

static apr_status_t check_numbers(const check_t *c)
{
    const unsigned char *at = c->bytes;
    mlg_bundle_t *b = c->bundle;

    b->base = get_f32(at + BUNDLE_AT_BASE);
    if (!(fabsf(b->base) <= MLG_FOREST_VALUE_MAX)) {
        return refuse(c, MLG_EMODEL, BUNDLE_AT_BASE,
                      "the base margin is not within 1,000,000");
    }
    b->slope = get_f64(at + BUNDLE_AT_SLOPE);
    if (!(b->slope > 0.0 && b->slope <= (double)MLG_FOREST_VALUE_MAX)) {
        return refuse(
            c, MLG_EMODEL, BUNDLE_AT_SLOPE,
            "the slope of its curve is not above 0 and at most 1,000,000");
    }
    b->offset = get_f64(at + BUNDLE_AT_OFFSET);
    if (!(fabs(b->offset) <= (double)MLG_FOREST_VALUE_MAX)) {
        return refuse(c, MLG_EMODEL, BUNDLE_AT_OFFSET,
                      "the offset of its curve is not within 1,000,000");
    }
    b->threshold = get_f32(at + BUNDLE_AT_THRESHOLD);
    if (!(b->threshold > 0.0f && b->threshold <= 1.0f)) {
        return refuse(c, MLG_EMODEL, BUNDLE_AT_THRESHOLD,
                      "the threshold is not above 0 and at most 1");
    }
    b->max_fpr = get_f32(at + BUNDLE_AT_MAX_FPR);
    if (!(b->max_fpr >= 0.0f && b->max_fpr < 1.0f)) {
        return refuse(c, MLG_EMODEL, BUNDLE_AT_MAX_FPR,
                      "the false-positive rate is not within 0 and 1");
    }
    if (get_u64(at + BUNDLE_AT_SPARE) != 0) {
        return refuse(c, MLG_EMODEL, BUNDLE_AT_SPARE,
                      "bytes that must be 0 are not");
    }
    return APR_SUCCESS;
}

static apr_status_t check_about(const check_t *c)
{
    mlg_bundle_t *b = c->bundle;
    size_t end = MLG_BUNDLE_HEADER + b->about_bytes;
    size_t offset = 0;
    const char *what;

    b->about = (const char *)c->bytes + MLG_BUNDLE_HEADER;
    what = bundle_about_fault(b->about, b->about_bytes, &offset);
    if (what != NULL) {
        return refuse(c, MLG_EMODEL, MLG_BUNDLE_HEADER + offset, what);
    }
    for (; end % 4 != 0; end++) {
        if (c->bytes[end] != 0) {
            return refuse(c, MLG_EMODEL, end,
                          "the metadata is not padded with zeros");
        }
    }
    b->trees = c->bytes + end;
    return APR_SUCCESS;
}

static apr_status_t check_trees(const check_t *c)
{
    mlg_node_t node[MLG_TREE_NODES(MLG_FOREST_DEPTH_MAX)];
    mlg_bundle_t *b = c->bundle;
    uint32_t nsplits = MLG_TREE_SPLITS(b->depth);
    mlg_fault_t fault;

    for (uint32_t t = 0; t < b->ntrees; t++) {
        mlg_bundle_tree(b, t, node);
        if (mlg_tree_check(node, b->depth, &fault) != APR_SUCCESS) {
            size_t i = fault.offset;
            size_t at = (i < nsplits) ? i * MLG_BUNDLE_SPLIT
                                      : nsplits * MLG_BUNDLE_SPLIT +
                                            (i - nsplits) * MLG_BUNDLE_LEAF;

            return refuse(c, MLG_EMODEL,
                          (size_t)(b->trees - c->bytes) +
                              t * bundle_tree_bytes(b->depth) + at,
                          fault.what);
        }
    }
    b->golden = b->trees + b->ntrees * bundle_tree_bytes(b->depth);
    return APR_SUCCESS;
}

static apr_status_t check_golden(const check_t *c)
{
    const mlg_bundle_t *b = c->bundle;

    for (uint32_t i = 0; i < b->ngolden; i++) {
        const unsigned char *at = b->golden + i * MLG_BUNDLE_GOLDEN;

        for (uint32_t k = 0; k < MLG_NFEATURES; k++) {
            if (isinf(get_f32(at + 4 * k))) {
                return refuse(c, MLG_EMODEL, (size_t)(at + 4 * k - c->bytes),
                              "a golden vector holds an infinity");
            }
        }
    }
    return APR_SUCCESS;
}

apr_status_t mlg_bundle_check(mlg_bundle_t *bundle, const void *bytes,
                              size_t len, mlg_fault_t *fault)
{
    check_t c = {bundle, bytes, len, fault};
    apr_status_t rv;

    memset(bundle, 0, sizeof(*bundle));
    rv = check_kind(&c);
    if (rv == APR_SUCCESS) {
        rv = check_whole(&c);
    }
    if (rv == APR_SUCCESS) {
        rv = check_counts(&c);
    }
    if (rv == APR_SUCCESS) {
        rv = check_numbers(&c);
    }
    if (rv == APR_SUCCESS) {
        rv = check_about(&c);
    }
    if (rv == APR_SUCCESS) {
        rv = check_trees(&c);
    }
    if (rv == APR_SUCCESS) {
        rv = check_golden(&c);
    }
    if (rv == APR_SUCCESS) {
        bundle->forest_bytes = mlg_forest_bytes(bundle->ntrees, bundle->depth);
    }
    else {
        memset(bundle, 0, sizeof(*bundle));
    }
    return rv;
}

/* ---- reading ------------------------------------------------------------- */

/* Values of inner nodes are not in the file: they follow from the leaves. */
void mlg_bundle_tree(const mlg_bundle_t *bundle, uint32_t tree,
                     mlg_node_t *node)
{
    uint32_t nsplits = MLG_TREE_SPLITS(bundle->depth);
    const unsigned char *at =
        bundle->trees + tree * bundle_tree_bytes(bundle->depth);

    for (uint32_t i = 0; i < nsplits; i++, at += MLG_BUNDLE_SPLIT) {
        node[i] = (mlg_node_t){.feature = (uint16_t)get_u16(at),
                               .is_nan_left = (uint16_t)get_u16(at + 2),
                               .split = get_f32(at + 4),
                               .cover = get_f32(at + 8)};
    }
    for (uint32_t i = nsplits; i <= 2 * nsplits; i++, at += MLG_BUNDLE_LEAF) {
        node[i] = (mlg_node_t){.feature = MLG_FOREST_FILLER,
                               .value = get_f32(at),
                               .cover = get_f32(at + 4)};
    }
    mlg_tree_average(node, bundle->depth);
}

void mlg_bundle_golden(const mlg_bundle_t *bundle, uint32_t i,
                       mlg_golden_t *golden)
{
    const unsigned char *at = bundle->golden + i * MLG_BUNDLE_GOLDEN;

    for (uint32_t k = 0; k < MLG_NFEATURES; k++, at += 4) {
        golden->x[k] = get_f32(at);
    }
    golden->margin = get_f32(at);
    golden->score = get_f32(at + 4);
}

/* @return whether the forest gives here what it gave where it was made */
static int is_proven(const mlg_bundle_t *bundle, const mlg_forest_t *forest,
                     mlg_fault_t *fault)
{
    for (uint32_t i = 0; i < bundle->ngolden; i++) {
        mlg_golden_t golden;
        mlg_walk_t walk;

        mlg_bundle_golden(bundle, i, &golden);
        mlg_forest_walk(forest, golden.x, &walk);
        if (mlg_float_bits(walk.margin) != mlg_float_bits(golden.margin) ||
            mlg_float_bits(walk.score) != mlg_float_bits(golden.score)) {
            size_t before =
                (size_t)(bundle->golden - (const unsigned char *)bundle->about);

            mlg_fault(fault, MLG_BUNDLE_HEADER + before + i * MLG_BUNDLE_GOLDEN,
                      "a golden vector's margin or score comes out otherwise");
            return 0;
        }
    }
    return 1;
}

apr_status_t mlg_bundle_read(const mlg_bundle_t *bundle, void *memory,
                             const mlg_forest_t **forest, mlg_fault_t *fault)
{
    mlg_node_t node[MLG_TREE_NODES(MLG_FOREST_DEPTH_MAX)];
    mlg_forest_t *made =
        mlg_forest_init(memory, bundle->ntrees, bundle->depth, bundle->base,
                        bundle->slope, bundle->offset);

    made->id = bundle->id;
    for (uint32_t t = 0; t < bundle->ntrees; t++) {
        mlg_bundle_tree(bundle, t, node);
        mlg_forest_plant(made, t, node);
    }
    if (!is_proven(bundle, made, fault)) {
        return MLG_EGOLDEN;
    }
    *forest = made;
    return APR_SUCCESS;
}
