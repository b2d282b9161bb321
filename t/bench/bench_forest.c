/* SPDX-License-Identifier: Apache-2.0
 *
 * What one evaluation of a forest costs, in nanoseconds: `make bench`.
 *
 * warm   one forest again and again, a new vector each time
 * cold   among so many copies that none is in a core's own caches when its
 *        turn comes (COPIES_BYTES, more than an L2), in no order that a
 *        prefetcher could learn
 * why    a walk and its three reasons
 *
 * FOREST_ONCE=1 makes 1000 warm evaluations of the 64 trees of depth 5 and no
 * others: for callgrind.
 */
#include "mlg_forest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CALLS        200000
#define VECTORS      1024
#define COPIES_BYTES ((size_t)12 << 20)

typedef struct copy_t {
    const mlg_forest_t *forest;
} copy_t;

static float vector[VECTORS][MLG_NFEATURES];

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Dull;
}

static const mlg_forest_t *plant(void *memory, uint32_t ntrees, uint32_t depth,
                                 uint64_t *seed)
{
    mlg_node_t node[MLG_TREE_NODES(MLG_FOREST_DEPTH_MAX)];
    mlg_forest_t *forest =
        mlg_forest_init(memory, ntrees, depth, 0.0f, 1.0, 0.0);

    for (uint32_t t = 0; t < ntrees; t++) {
        for (uint32_t i = 0; i < MLG_TREE_NODES(depth); i++) {
            node[i] = (mlg_node_t){
                .split = (float)(next_random(seed) % 1000) / 100.0f,
                .value = (float)(next_random(seed) % 1000) / 5000.0f - 0.1f,
                .cover = 1.0f,
                .feature = (uint16_t)(next_random(seed) % MLG_NFEATURES),
                .is_nan_left = next_random(seed) % 2};
        }
        mlg_tree_settle(node, depth);
        mlg_forest_plant(forest, t, node);
    }
    return forest;
}

static void draw_vectors(uint64_t *seed)
{
    for (int i = 0; i < VECTORS; i++) {
        for (int k = 0; k < MLG_NFEATURES; k++) {
            vector[i][k] = (next_random(seed) % 5 == 0)
                               ? __builtin_nanf("")
                               : (float)(next_random(seed) % 1000) / 100.0f;
        }
    }
}

/* The best of five rounds: what disturbs only adds. */
static double bench(const copy_t *copy, size_t n, int calls, int wants_reasons)
{
    uint64_t best = UINT64_MAX;
    uint64_t seed = 7;
    double sum = 0.0;

    for (int round = 0; round < 5; round++) {
        uint64_t start = now_ns();
        uint64_t took;

        for (int i = 0; i < calls; i++) {
            const float *x = vector[i % VECTORS];
            const mlg_forest_t *f =
                copy[(n > 1) ? next_random(&seed) % n : 0].forest;
            mlg_walk_t walk;

            sum += (double)mlg_forest_walk(f, x, &walk);
            if (wants_reasons) {
                mlg_reasons_t reasons;

                mlg_forest_reasons(f, x, &walk, &reasons);
                sum += reasons.n;
            }
        }
        took = now_ns() - start;
        best = (took < best) ? took : best;
    }
    return (double)best / calls + (sum < 0.0); /* `sum` keeps the calls */
}

static void bench_size(uint32_t ntrees, uint32_t depth)
{
    size_t bytes = mlg_forest_bytes(ntrees, depth);
    size_t n = COPIES_BYTES / bytes + 1;
    copy_t *copy = malloc(n * sizeof(*copy));
    char *memory = malloc(n * bytes);
    uint64_t seed = 1;

    if (copy == NULL || memory == NULL) {
        fputs("bench: not enough memory\n", stderr);
        exit(1);
    }
    for (size_t i = 0; i < n; i++) {
        copy[i].forest = plant(memory + i * bytes, ntrees, depth, &seed);
    }
    printf("forest %3u x %u   warm %.0f  cold %.0f  with reasons %.0f ns"
           "   %zu bytes\n",
           ntrees, depth, bench(copy, 1, CALLS, 0), bench(copy, n, CALLS, 0),
           bench(copy, 1, CALLS, 1), bytes);
    free(memory);
    free(copy);
}

int main(void)
{
    static const uint32_t sizes[][2] = {{64, 5}, {64, 6}, {128, 5}, {512, 8}};
    uint64_t seed = 3;

    draw_vectors(&seed);
    if (getenv("FOREST_ONCE") != NULL) {
        void *memory = malloc(mlg_forest_bytes(64, 5));
        copy_t one = {plant(memory, 64, 5, &seed)};

        bench(&one, 1, 200, 0);
        free(memory);
        return 0;
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        bench_size(sizes[i][0], sizes[i][1]);
    }
    return 0;
}
