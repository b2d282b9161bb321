/* SPDX-License-Identifier: Apache-2.0 */
#include "forests.h"

#include <float.h>
#include <sha2.h>

#define ABOUT                                                                  \
    "data: two logs\nseed: 7\nnote: gr\xc3\xbc\xc3\x9f"                        \
    "e\n"

/* A bundle as written, and what reads it. */
typedef struct file_t {
    unsigned char *bytes;
    size_t len;
    void *memory;
} file_t;

static void file_open(file_t *file, const forests_t *f, const char *about,
                      uint32_t ngolden, uint64_t *seed)
{
    float golden[MLG_BUNDLE_GOLDEN_MAX][MLG_NFEATURES];
    mlg_bundle_draft_t draft = {.ntrees = f->ntrees,
                                .depth = f->depth,
                                .ngolden = ngolden,
                                .base = f->forest->base,
                                .slope = f->forest->slope,
                                .offset = f->forest->offset,
                                .threshold = 0.75f,
                                .max_fpr = 0.001f,
                                .node = f->node,
                                .about = about,
                                .golden = golden[0]};
    mlg_fault_t fault = {0, ""};

    for (uint32_t i = 0; i < ngolden; i++) {
        forests_sane_vector(golden[i], seed);
    }
    file->len = mlg_bundle_bytes(&draft);
    file->bytes = malloc(file->len);
    file->memory = malloc(mlg_forest_bytes(f->ntrees, f->depth));
    IS_TRUE(file->bytes != NULL && file->memory != NULL);
    IS_INT(mlg_bundle_render(&draft, file->bytes, file->memory, &fault),
           APR_SUCCESS);
    IS_TEXT(fault.what, "");
}

static void file_close(file_t *file)
{
    free(file->bytes);
    free(file->memory);
}

static apr_status_t check(const file_t *file, mlg_fault_t *fault)
{
    mlg_bundle_t bundle;
    apr_status_t rv = mlg_bundle_check(&bundle, file->bytes, file->len, fault);

    IS_TRUE(rv == APR_SUCCESS || (bundle.sha == NULL && bundle.ntrees == 0));
    return rv;
}

/* What a writer who means harm would do. */
static void seal(const file_t *file)
{
    SHA2_CTX hash;

    SHA256Init(&hash);
    SHA256Update(&hash, file->bytes, file->len - MLG_BUNDLE_SHA);
    SHA256Final(file->bytes + file->len - MLG_BUNDLE_SHA, &hash);
}

/* The small one that most claims are about. */
static void small_open(file_t *file)
{
    uint64_t seed = 11;
    forests_t f;

    forests_open(&f, 2, 2, &seed);
    file_open(file, &f, ABOUT, 1, &seed);
    forests_close(&f);
}

CLAIM(what_was_written_is_read_back_to_the_bit)
{
    uint64_t seed = 1;

    BEGIN;
    for (uint32_t depth = 1; depth <= MLG_FOREST_DEPTH_MAX; depth++) {
        uint32_t ntrees = 1 + (uint32_t)(unit_random(&seed) % 70);
        const mlg_forest_t *forest = NULL;
        mlg_node_t node[MLG_TREE_NODES(MLG_FOREST_DEPTH_MAX)];
        mlg_bundle_t b;
        file_t file;
        forests_t f;

        forests_open(&f, ntrees, depth, &seed);
        file_open(&file, &f, ABOUT, depth * 8, &seed);
        IS_INT(mlg_bundle_check(&b, file.bytes, file.len, NULL), APR_SUCCESS);
        IS_INT(b.ntrees, ntrees);
        IS_INT(b.depth, depth);
        IS_INT(b.ngolden, depth * 8);
        IS_TRUE(b.base == f.forest->base && b.slope == 0.75 &&
                b.offset == -0.25);
        IS_TRUE(b.threshold == 0.75f && b.max_fpr == 0.001f);
        IS_INT(b.forest_bytes, mlg_forest_bytes(ntrees, depth));
        for (uint32_t t = 0; t < ntrees; t++) {
            mlg_bundle_tree(&b, t, node);
            assert_memory_equal(node, f.node + (size_t)t * f.nodes,
                                f.nodes * sizeof(*node));
        }
        IS_INT(mlg_bundle_read(&b, file.memory, &forest, NULL), APR_SUCCESS);
        memset(file.bytes, 0, file.len); /* no more needed */
        for (int i = 0; i < 100; i++) {
            float x[MLG_NFEATURES];
            mlg_walk_t a;
            mlg_walk_t c;

            forests_vector(x, &seed);
            mlg_forest_walk(f.forest, x, &a);
            mlg_forest_walk(forest, x, &c);
            IS_TRUE(memcmp(&a.margin, &c.margin, sizeof(a.margin)) == 0);
            IS_TRUE(memcmp(&a.score, &c.score, sizeof(a.score)) == 0);
        }
        IS_TRUE(forest->mean == f.forest->mean);
        file_close(&file);
        forests_close(&f);
    }
}

CLAIM(a_model_is_named_by_the_first_bytes_of_its_sha)
{
    const mlg_forest_t *forest = NULL;
    mlg_bundle_t b;
    file_t file;

    BEGIN;
    small_open(&file);
    IS_INT(mlg_bundle_check(&b, file.bytes, file.len, NULL), APR_SUCCESS);
    IS_TRUE(b.sha == file.bytes + file.len - MLG_BUNDLE_SHA);
    IS_INT(b.id >> 56, b.sha[0]);
    IS_INT(b.id & 0xff, b.sha[7]);
    IS_INT(mlg_bundle_read(&b, file.memory, &forest, NULL), APR_SUCCESS);
    IS_TRUE(forest->id == b.id);
    file_close(&file);
}

CLAIM(metadata_is_found_by_its_key)
{
    mlg_bundle_t b;
    file_t file;
    size_t len = 0;
    const char *value;

    BEGIN;
    small_open(&file);
    IS_INT(mlg_bundle_check(&b, file.bytes, file.len, NULL), APR_SUCCESS);
    value = mlg_bundle_about(&b, "seed", &len);
    IS_INT(len, 1);
    IS_TRUE(value[0] == '7');
    value = mlg_bundle_about(&b, "note", &len);
    IS_INT(len, 7);
    IS_TRUE(value != NULL);
    IS_TRUE(mlg_bundle_about(&b, "see", &len) == NULL);
    IS_TRUE(mlg_bundle_about(&b, "two", &len) == NULL);
    file_close(&file);
}

CLAIM(the_same_draft_gives_the_same_bytes)
{
    file_t one;
    file_t two;

    BEGIN;
    small_open(&one);
    small_open(&two);
    IS_INT(one.len, two.len);
    assert_memory_equal(one.bytes, two.bytes, one.len);
    file_close(&one);
    file_close(&two);
}

/* ---- damage -------------------------------------------------------------- */

CLAIM(one_flipped_bit_anywhere_is_refused)
{
    file_t file;

    BEGIN;
    small_open(&file);
    for (size_t bit = 0; bit < file.len * 8; bit++) {
        mlg_fault_t fault = {0, ""};

        file.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        IS_TRUE(check(&file, &fault) != APR_SUCCESS);
        IS_TRUE(fault.what[0] != '\0');
        file.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    IS_INT(check(&file, NULL), APR_SUCCESS);
    file_close(&file);
}

CLAIM(a_file_cut_at_any_length_is_refused_and_so_is_one_that_goes_on)
{
    file_t file;
    size_t whole;

    BEGIN;
    small_open(&file);
    whole = file.len;
    for (file.len = 0; file.len < whole; file.len++) {
        file_t part = {malloc(file.len + !file.len), file.len, NULL};
        apr_status_t rv;

        memcpy(part.bytes, file.bytes, file.len); /* its end is guarded */
        rv = check(&part, NULL);
        IS_INT(rv, (file.len == 0) ? MLG_ENOTMODEL : MLG_ECORRUPT);
        free(part.bytes);
    }
    file.bytes = realloc(file.bytes, whole + 8);
    IS_TRUE(file.bytes != NULL);
    memset(file.bytes + whole, 0, 8);
    for (file.len = whole + 1; file.len <= whole + 8; file.len++) {
        IS_INT(check(&file, NULL), MLG_ECORRUPT);
    }
    file_close(&file);
}

/* ---- hostile, and sealed as if it were sound ------------------------------ */

static void put(unsigned char *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        at[i] = (unsigned char)(value >> 8 * i);
    }
}

static uint64_t f32(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static uint64_t f64(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* The small bundle: header 80, metadata 37 + 3, two trees of 68, golden 164. */
enum { TREE = 120, LEAF = TREE + 36, GOLDEN = TREE + 136 };

CLAIM(each_hostile_field_has_its_sentence)
{
    static const char *const numbers[] = {
        "its length is not what its counts make"};
    const struct {
        size_t at;
        int bytes;
        uint64_t value;
        apr_status_t status;
        const char *what;
    } bad[] = {
        {0, 1, 'M', MLG_ENOTMODEL, "it does not begin as a model file does"},
        {4, 2, 0x0a0a, MLG_ENOTMODEL,
         "its line ends were converted: copy it as binary"},
        {8, 4, 2, MLG_EVERSION,
         "the format is not version 1, the only one known here"},
        {12, 4, 1, MLG_ECORRUPT, "the file is not as long as it says it is"},
        {16, 8, 1, MLG_ESHAPE,
         "it was made for another list of features: train it anew"},
        {24, 4, 38, MLG_ESHAPE,
         "it was made for another list of features: train it anew"},
        {28, 4, 0, MLG_EMODEL, "the number of trees is not within 1 to 512"},
        {28, 4, 513, MLG_EMODEL, "the number of trees is not within 1 to 512"},
        {28, 4, UINT32_MAX, MLG_EMODEL,
         "the number of trees is not within 1 to 512"},
        {28, 4, 3, MLG_EMODEL, numbers[0]},
        {32, 4, 0, MLG_EMODEL, "the depth is not within 1 to 8"},
        {32, 4, 9, MLG_EMODEL, "the depth is not within 1 to 8"},
        {32, 4, 8, MLG_EMODEL, numbers[0]},
        {36, 4, 0, MLG_EMODEL,
         "the number of golden vectors is not within 1 to 64"},
        {36, 4, 65, MLG_EMODEL,
         "the number of golden vectors is not within 1 to 64"},
        {36, 4, 2, MLG_EMODEL, numbers[0]},
        {40, 4, 8193, MLG_EMODEL, "the metadata is longer than 8192 bytes"},
        {40, 4, UINT32_MAX, MLG_EMODEL,
         "the metadata is longer than 8192 bytes"},
        {40, 4, 41, MLG_EMODEL, numbers[0]},
        {40, 4, 38, MLG_EMODEL, "a line of the metadata is not \"key: value\""},
        {116, 1, 'x', MLG_EMODEL, "the metadata's last line has no end"},
        {44, 4, f32(NAN), MLG_EMODEL,
         "the base margin is not within 1,000,000"},
        {44, 4, f32(-1.1e6f), MLG_EMODEL,
         "the base margin is not within 1,000,000"},
        {48, 8, f64(0.0), MLG_EMODEL,
         "the slope of its curve is not a number above 0"},
        {48, 8, f64(-1.0), MLG_EMODEL,
         "the slope of its curve is not a number above 0"},
        {48, 8, f64(INFINITY), MLG_EMODEL,
         "the slope of its curve is not a number above 0"},
        {48, 8, f64(NAN), MLG_EMODEL,
         "the slope of its curve is not a number above 0"},
        {56, 8, f64(-INFINITY), MLG_EMODEL,
         "the offset of its curve is not a finite number"},
        {64, 4, f32(0.0f), MLG_EMODEL,
         "the threshold is not above 0 and at most 1"},
        {64, 4, f32(1.01f), MLG_EMODEL,
         "the threshold is not above 0 and at most 1"},
        {64, 4, f32(NAN), MLG_EMODEL,
         "the threshold is not above 0 and at most 1"},
        {68, 4, f32(1.0f), MLG_EMODEL,
         "the false-positive rate is not within 0 and 1"},
        {68, 4, f32(-0.1f), MLG_EMODEL,
         "the false-positive rate is not within 0 and 1"},
        {72, 8, 1, MLG_EMODEL, "bytes that must be 0 are not"},
        {76, 4, 1, MLG_EMODEL, "bytes that must be 0 are not"},
        {80, 1, 'D', MLG_EMODEL,
         "a line of the metadata is not \"key: value\""},
        {84, 1, '=', MLG_EMODEL,
         "a line of the metadata is not \"key: value\""},
        {90, 1, 0, MLG_EMODEL, "the metadata holds what is no printable UTF-8"},
        {90, 1, 0x1b, MLG_EMODEL,
         "the metadata holds what is no printable UTF-8"},
        {90, 1, 0xff, MLG_EMODEL,
         "the metadata holds what is no printable UTF-8"},
        {90, 2, 0x9bc2, MLG_EMODEL,
         "the metadata holds what is no printable UTF-8"},
        {90, 2, 0xafc0, MLG_EMODEL,
         "the metadata holds what is no printable UTF-8"},
        {90, 3, 0x80a0ed, MLG_EMODEL,
         "the metadata holds what is no printable UTF-8"},
        {TREE - 1, 1, 'x', MLG_EMODEL, "the metadata is not padded with zeros"},
        {TREE, 2, MLG_NFEATURES, MLG_EMODEL,
         "a node asks for a feature that is not on the list"},
        {TREE, 2, MLG_FOREST_FILLER, MLG_EMODEL,
         "a filler has a split or a side for NaN"},
        {TREE + 2, 2, 2, MLG_EMODEL,
         "a side for NaN is neither left nor right"},
        {TREE + 4, 4, f32(INFINITY), MLG_EMODEL,
         "a split is not a finite number"},
        {TREE + 4, 4, f32(NAN), MLG_EMODEL, "a split is not a finite number"},
        {TREE + 8, 4, f32(-1.0f), MLG_EMODEL,
         "a cover is below 0 or not a finite number"},
        {LEAF, 4, f32(FLT_MAX), MLG_EMODEL,
         "a leaf adds more than 1,000,000 or what is not a number"},
        {LEAF + 4, 4, f32(NAN), MLG_EMODEL,
         "a cover is below 0 or not a finite number"},
        {GOLDEN, 4, f32(INFINITY), MLG_EMODEL,
         "a golden vector holds an infinity"},
    };
    file_t file;
    unsigned char *sound;

    BEGIN;
    small_open(&file);
    sound = malloc(file.len);
    IS_TRUE(sound != NULL);
    memcpy(sound, file.bytes, file.len);
    IS_INT(file.len, GOLDEN + MLG_BUNDLE_GOLDEN + MLG_BUNDLE_SHA);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        mlg_fault_t fault = {0, ""};

        memcpy(file.bytes, sound, file.len);
        put(file.bytes + bad[i].at, bad[i].value, bad[i].bytes);
        seal(&file);
        IS_INT(check(&file, &fault), bad[i].status);
        IS_TEXT(fault.what, bad[i].what);
    }
    free(sound);
    file_close(&file);
}

CLAIM(a_golden_vector_that_comes_out_otherwise_is_refused)
{
    const mlg_forest_t *forest = NULL;
    mlg_fault_t fault = {0, ""};
    mlg_bundle_t b;
    file_t file;

    BEGIN;
    small_open(&file);
    for (size_t i = 0; i < 8; i++) { /* every byte of margin and score */
        unsigned char *at = &file.bytes[GOLDEN + 4 * MLG_NFEATURES + i];

        *at ^= 1;
        seal(&file);
        IS_INT(mlg_bundle_check(&b, file.bytes, file.len, NULL), APR_SUCCESS);
        IS_INT(mlg_bundle_read(&b, file.memory, &forest, &fault), MLG_EGOLDEN);
        IS_TRUE(forest == NULL);
        IS_INT(fault.offset, GOLDEN);
        IS_TEXT(fault.what,
                "a golden vector's margin or score comes out otherwise");
        *at ^= 1;
    }
    file_close(&file);
}

CLAIM(a_draft_out_of_range_is_not_written)
{
    mlg_node_t node[MLG_TREE_NODES(1)] = {{.feature = MLG_F_BURST}};
    float golden[MLG_NFEATURES] = {0};
    mlg_bundle_draft_t sound = {1,    1,    1,    0.0f, 1.0,   0.0,
                                0.5f, 0.0f, node, "",   golden};
    unsigned char out[1024];
    unsigned char scratch[8192];
    mlg_bundle_draft_t draft;
    mlg_fault_t fault;

    BEGIN;
    mlg_tree_settle(node, 1);
    IS_TRUE(mlg_bundle_bytes(&sound) <= sizeof(out));
    IS_TRUE(mlg_forest_bytes(1, 1) <= sizeof(scratch));
    IS_INT(mlg_bundle_render(&sound, out, scratch, NULL), APR_SUCCESS);
    draft = sound;
    draft.ngolden = 0;
    IS_INT(mlg_bundle_bytes(&draft), 0);
    IS_INT(mlg_bundle_render(&draft, out, scratch, NULL), MLG_EMODEL);
    draft = sound;
    draft.slope = 0.0;
    IS_INT(mlg_bundle_render(&draft, out, scratch, &fault), MLG_EMODEL);
    IS_TEXT(fault.what, "the slope of its curve is not a number above 0");
    draft = sound;
    draft.about = "no colon\n";
    IS_INT(mlg_bundle_render(&draft, out, scratch, &fault), MLG_EMODEL);
    node[0].feature = 1000;
    IS_INT(mlg_bundle_render(&sound, out, scratch, &fault), MLG_EMODEL);
}

CLAIM(every_vector_of_a_thousand_bundles_scores_within_0_and_1)
{
    uint64_t seed = 21;

    BEGIN;
    for (int i = 0; i < 1000; i++) {
        mlg_bundle_t b;
        file_t file;
        forests_t f;

        forests_open(&f, 1 + (uint32_t)i % 9, 1 + (uint32_t)i % 3, &seed);
        file_open(&file, &f, "", 3, &seed);
        IS_INT(mlg_bundle_check(&b, file.bytes, file.len, NULL), APR_SUCCESS);
        for (uint32_t n = 0; n < b.ngolden; n++) {
            mlg_golden_t golden;

            mlg_bundle_golden(&b, n, &golden);
            IS_TRUE(golden.score >= 0.0f && golden.score <= 1.0f);
        }
        file_close(&file);
        forests_close(&f);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_read_back_to_the_bit),
        TEST(a_model_is_named_by_the_first_bytes_of_its_sha),
        TEST(metadata_is_found_by_its_key),
        TEST(the_same_draft_gives_the_same_bytes),
        TEST(one_flipped_bit_anywhere_is_refused),
        TEST(a_file_cut_at_any_length_is_refused_and_so_is_one_that_goes_on),
        TEST(each_hostile_field_has_its_sentence),
        TEST(a_golden_vector_that_comes_out_otherwise_is_refused),
        TEST(a_draft_out_of_range_is_not_written),
        TEST(every_vector_of_a_thousand_bundles_scores_within_0_and_1),
    };

    return RUN(tests);
}
