/* SPDX-License-Identifier: Apache-2.0
 *
 * models DIR: write the models of t/httpd, the same bytes every time. Their
 * trees ask one question each, so that a test can say what they decide:
 *
 *   rate.mlg      are there 4 pages in 10 s?  threshold 0.9
 *   rate2.mlg     the same, and another model: its metadata differ
 *   rate3.mlg     are there 8?                threshold 0.7
 *   notfound.mlg  was every other answer 404?
 *   full.mlg      64 trees of depth 5 that ask for everything and score low
 */
#include "mlg_bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES MLG_TREE_NODES(5)
#define TREES 64

static mlg_node_t nodes[TREES * NODES];
static float golden[3][MLG_NFEATURES];

static void fail(const char *what)
{
    fprintf(stderr, "models: %s\n", what);
    exit(1);
}

static void write_file(const char *dir, const char *name,
                       const mlg_bundle_draft_t *draft)
{
    size_t len = mlg_bundle_bytes(draft);
    unsigned char *bytes = malloc(len);
    void *memory = malloc(mlg_forest_bytes(draft->ntrees, draft->depth));
    mlg_fault_t fault = {0, ""};
    char path[1000];
    FILE *file;

    if (bytes == NULL || memory == NULL) {
        fail("no memory");
    }
    if (mlg_bundle_render(draft, bytes, memory, &fault) != APR_SUCCESS) {
        fail(fault.what);
    }
    snprintf(path, sizeof(path), "%s/%s.mlg", dir, name);
    file = fopen(path, "wbe");
    if (file == NULL || fwrite(bytes, 1, len, file) != len ||
        fclose(file) != 0) {
        fail(path);
    }
    free(bytes);
    free(memory);
}

/* One question: a feature from `split` on is too high. */
static void write_one(const char *dir, const char *name, const char *about,
                      mlg_feature_id feature, float split, float threshold)
{
    mlg_node_t node[MLG_TREE_NODES(1)] = {
        {.feature = (uint16_t)feature, .split = split, .is_nan_left = 1},
        {.value = -4.0f, .cover = 900.0f},
        {.value = 4.0f, .cover = 100.0f}};
    mlg_bundle_draft_t draft = {.ntrees = 1,
                                .depth = 1,
                                .ngolden = 3,
                                .slope = 1.0,
                                .threshold = threshold,
                                .max_fpr = 0.001f,
                                .node = node,
                                .about = about,
                                .golden = golden[0]};

    mlg_tree_settle(node, 1);
    write_file(dir, name, &draft);
}

static void write_full(const char *dir)
{
    mlg_bundle_draft_t draft = {.ntrees = TREES,
                                .depth = 5,
                                .ngolden = 3,
                                .base = -8.0f,
                                .slope = 1.0,
                                .threshold = 0.9f,
                                .max_fpr = 0.001f,
                                .node = nodes,
                                .about = "name: full\n",
                                .golden = golden[0]};
    unsigned long n = 1;

    for (unsigned i = 0; i < TREES * NODES; i++) {
        n = n * 1103515245ul + 12345ul;
        nodes[i] =
            (mlg_node_t){.feature = (uint16_t)((n >> 16) % MLG_NFEATURES),
                         .split = (float)((n >> 20) % 64) / 16.0f,
                         .value = (float)((n >> 24) % 100) / 1000.0f - 0.05f,
                         .cover = 1.0f,
                         .is_nan_left = (n >> 30) & 1};
    }
    for (unsigned t = 0; t < TREES; t++) {
        mlg_tree_settle(nodes + (size_t)t * NODES, 5);
    }
    write_file(dir, "full", &draft);
}

int main(int argc, char **argv)
{
    const char *dir = argv[argc - 1];

    if (argc != 2) {
        fail("say where to");
    }
    for (int i = 0; i < MLG_NFEATURES; i++) {
        golden[1][i] = 0.5f;
        golden[2][i] = (float)i;
    }
    write_one(dir, "rate", "name: rate\n", MLG_F_REQUEST_RATE, 0.35f, 0.9f);
    write_one(dir, "rate2", "name: rate2\n", MLG_F_REQUEST_RATE, 0.35f, 0.9f);
    write_one(dir, "rate3", "name: rate3\n", MLG_F_REQUEST_RATE, 0.75f, 0.7f);
    write_one(dir, "notfound", "name: notfound\n", MLG_F_NOTFOUND_SHARE, 0.5f,
              0.9f);
    write_full(dir);
    return 0;
}
