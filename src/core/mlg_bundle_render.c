/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle.h"

#include <math.h>
#include <sha2.h>
#include <string.h>

#define NAN_BITS 0x7fc00000u /* every NaN is written as this one */

static unsigned char *put_u16(unsigned char *at, uint32_t value)
{
    at[0] = (unsigned char)value;
    at[1] = (unsigned char)(value >> 8);
    return at + 2;
}

static unsigned char *put_u32(unsigned char *at, uint32_t value)
{
    return put_u16(put_u16(at, value & 0xffff), value >> 16);
}

static unsigned char *put_u64(unsigned char *at, uint64_t value)
{
    return put_u32(put_u32(at, (uint32_t)value), (uint32_t)(value >> 32));
}

static unsigned char *put_f32(unsigned char *at, float value)
{
    return put_u32(at, isnan(value) ? NAN_BITS : mlg_float_bits(value));
}

static unsigned char *put_f64(unsigned char *at, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return put_u64(at, bits);
}

static unsigned char *put_header(unsigned char *at,
                                 const mlg_bundle_draft_t *draft)
{
    memcpy(at, MLG_BUNDLE_MAGIC, BUNDLE_AT_VERSION);
    at = put_u32(at + BUNDLE_AT_VERSION, MLG_BUNDLE_VERSION);
    at = put_u32(at, (uint32_t)mlg_bundle_bytes(draft));
    at = put_u64(at, mlg_features_fingerprint());
    at = put_u32(at, MLG_NFEATURES);
    at = put_u32(at, draft->ntrees);
    at = put_u32(at, draft->depth);
    at = put_u32(at, draft->ngolden);
    at = put_u32(at, (uint32_t)strlen(draft->about));
    at = put_f32(at, draft->base);
    at = put_f64(at, draft->slope);
    at = put_f64(at, draft->offset);
    at = put_f32(at, draft->threshold);
    at = put_f32(at, draft->max_fpr);
    return put_u64(at, 0);
}

static unsigned char *put_about(unsigned char *at, const char *about)
{
    size_t len = strlen(about);

    memcpy(at, about, len);
    at += len;
    for (; len % 4 != 0; len++) {
        *at++ = 0;
    }
    return at;
}

static unsigned char *put_tree(unsigned char *at, const mlg_node_t *node,
                               uint32_t depth)
{
    uint32_t nsplits = MLG_TREE_SPLITS(depth);

    for (uint32_t i = 0; i < nsplits; i++) {
        at = put_u16(at, node[i].feature);
        at = put_u16(at, node[i].is_nan_left);
        at = put_f32(at, node[i].split);
        at = put_f32(at, node[i].cover);
    }
    for (uint32_t i = nsplits; i <= 2 * nsplits; i++) {
        at = put_f32(at, node[i].value);
        at = put_f32(at, node[i].cover);
    }
    return at;
}

static const mlg_node_t *tree_of(const mlg_bundle_draft_t *draft, uint32_t tree)
{
    return draft->node + (size_t)tree * MLG_TREE_NODES(draft->depth);
}

/* By the plain nodes, not by the forest that mlg_bundle_read() will plant: the
 * golden vectors prove the one by the other. */
static unsigned char *
put_golden(unsigned char *at, const mlg_bundle_draft_t *draft, const float *x)
{
    float margin = draft->base;

    for (uint32_t i = 0; i < MLG_NFEATURES; i++) {
        at = put_f32(at, x[i]);
    }
    for (uint32_t t = 0; t < draft->ntrees; t++) {
        const mlg_node_t *node = tree_of(draft, t);

        margin += node[mlg_tree_leaf(node, draft->depth, x)].value;
    }
    at = put_f32(at, margin);
    return put_f32(
        at, mlg_forest_curve(draft->slope, draft->offset, (double)margin));
}

size_t mlg_bundle_bytes(const mlg_bundle_draft_t *draft)
{
    size_t about = strlen(draft->about);

    if (mlg_forest_bytes(draft->ntrees, draft->depth) == 0 ||
        draft->ngolden < 1 || draft->ngolden > MLG_BUNDLE_GOLDEN_MAX ||
        about > MLG_BUNDLE_ABOUT_MAX) {
        return 0;
    }
    return bundle_bytes(draft->ntrees, draft->depth, draft->ngolden, about);
}

/* What mlg_tree_leaf() may walk. */
static apr_status_t check_trees(const mlg_bundle_draft_t *draft,
                                mlg_fault_t *fault)
{
    apr_status_t rv = APR_SUCCESS;

    for (uint32_t t = 0; t < draft->ntrees && rv == APR_SUCCESS; t++) {
        rv = mlg_tree_check(tree_of(draft, t), draft->depth, fault);
    }
    return rv;
}

apr_status_t mlg_bundle_render(const mlg_bundle_draft_t *draft,
                               unsigned char *out, void *scratch,
                               mlg_fault_t *fault)
{
    unsigned char *at = out;
    const mlg_forest_t *forest;
    mlg_bundle_t bundle;
    SHA2_CTX hash;
    apr_status_t rv;

    if (mlg_bundle_bytes(draft) == 0) {
        mlg_fault(fault, 0,
                  "the number of trees, their depth, the number of "
                  "golden vectors or the metadata is out of range");
        return MLG_EMODEL;
    }
    rv = check_trees(draft, fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    at = put_about(put_header(at, draft), draft->about);
    for (uint32_t t = 0; t < draft->ntrees; t++) {
        at = put_tree(at, tree_of(draft, t), draft->depth);
    }
    for (uint32_t i = 0; i < draft->ngolden; i++) {
        at = put_golden(at, draft, draft->golden + (size_t)i * MLG_NFEATURES);
    }
    SHA256Init(&hash);
    SHA256Update(&hash, out, (size_t)(at - out));
    SHA256Final(at, &hash);
    at += MLG_BUNDLE_SHA;
    rv = mlg_bundle_check(&bundle, out, (size_t)(at - out), fault);
    return (rv == APR_SUCCESS)
               ? mlg_bundle_read(&bundle, scratch, &forest, fault)
               : rv;
}
