/* SPDX-License-Identifier: Apache-2.0
 *
 * A model file, as it is and again with its length and SHA-256 put right: as
 * one who means harm would write it. What is taken must be what a writer
 * writes, and judge. */
#include "fuzz.h"

#include "mlg_bundle.h"

#include <math.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>

#define AT_BYTES 12

/* The way back: unpack everything and write it. */
static void write_again(const mlg_bundle_t *b, const uint8_t *data, size_t size)
{
    size_t nodes = MLG_TREE_NODES(b->depth);
    mlg_node_t *node = malloc(b->ntrees * nodes * sizeof(*node));
    float *golden = malloc(b->ngolden * sizeof(float) * MLG_NFEATURES);
    char *about = malloc((size_t)b->about_bytes + 1);
    void *scratch = malloc(b->forest_bytes);
    uint8_t *out = malloc(size);
    int has_odd_nan = 0;
    mlg_bundle_draft_t draft = {b->ntrees, b->depth,  b->ngolden,   b->base,
                                b->slope,  b->offset, b->threshold, b->max_fpr,
                                node,      about,     golden};

    FUZZ_CHECK(node && golden && about && scratch && out);
    for (uint32_t t = 0; t < b->ntrees; t++) {
        mlg_bundle_tree(b, t, node + t * nodes);
    }
    for (uint32_t i = 0; i < b->ngolden; i++) {
        mlg_golden_t g;
        uint32_t bits[MLG_NFEATURES];

        mlg_bundle_golden(b, i, &g);
        memcpy(golden + (size_t)i * MLG_NFEATURES, g.x, sizeof(g.x));
        memcpy(bits, g.x, sizeof(bits));
        for (int k = 0; k < MLG_NFEATURES; k++) {
            has_odd_nan |= isnan(g.x[k]) && bits[k] != 0x7fc00000u;
        }
    }
    memcpy(about, b->about, b->about_bytes);
    about[b->about_bytes] = '\0';
    FUZZ_CHECK(mlg_bundle_bytes(&draft) == size);
    FUZZ_CHECK(mlg_bundle_render(&draft, out, scratch, NULL) == APR_SUCCESS);
    FUZZ_CHECK(has_odd_nan || memcmp(out, data, size) == 0);
    free(node);
    free(golden);
    free(about);
    free(scratch);
    free(out);
}

static void judge(const mlg_forest_t *forest, const mlg_bundle_t *b)
{
    for (uint32_t i = 0; i < b->ngolden; i++) {
        float part[MLG_NFEATURES];
        mlg_golden_t g;
        mlg_walk_t walk;

        mlg_bundle_golden(b, i, &g);
        FUZZ_CHECK(mlg_forest_walk(forest, g.x, &walk) == g.score);
        FUZZ_CHECK(g.score >= 0.0f && g.score <= 1.0f);
        mlg_forest_parts(forest, &walk, part);
        mlg_forest_relief(forest, g.x, b->threshold,
                          (mlg_feature_id)(i % MLG_NFEATURES));
        for (int k = 0; k < MLG_NFEATURES; k++) {
            FUZZ_CHECK(isfinite(part[k]));
        }
    }
}

static void read_one(const uint8_t *data, size_t size)
{
    mlg_fault_t fault = {0, ""};
    const mlg_forest_t *forest = NULL;
    mlg_bundle_t b;
    void *memory;

    if (mlg_bundle_check(&b, data, size, &fault) != APR_SUCCESS) {
        FUZZ_CHECK(fault.offset <= size);
        FUZZ_CHECK(fault.what[0] != '\0');
        return;
    }
    memory = malloc(b.forest_bytes);
    FUZZ_CHECK(memory != NULL);
    if (mlg_bundle_read(&b, memory, &forest, &fault) == APR_SUCCESS) {
        judge(forest, &b);
        write_again(&b, data, size);
    }
    else {
        FUZZ_CHECK(fault.offset <= size && fault.what[0] != '\0');
    }
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *sealed;
    SHA2_CTX hash;

    read_one(data, size);
    if (size < MLG_BUNDLE_HEADER + MLG_BUNDLE_SHA) {
        return 0;
    }
    sealed = malloc(size);
    FUZZ_CHECK(sealed != NULL);
    memcpy(sealed, data, size);
    for (unsigned i = 0; i < 4; i++) {
        sealed[AT_BYTES + i] = (uint8_t)(size >> 8 * i);
    }
    SHA256Init(&hash);
    SHA256Update(&hash, sealed, size - MLG_BUNDLE_SHA);
    SHA256Final(sealed + size - MLG_BUNDLE_SHA, &hash);
    read_one(sealed, size);
    free(sealed);
    return 0;
}
