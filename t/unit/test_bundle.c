/* SPDX-License-Identifier: Apache-2.0 */
#include "forests.h"

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
    file->bytes = forests_room(file->len);
    file->memory = forests_room(mlg_forest_bytes(f->ntrees, f->depth));
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
            IS_INT(mlg_float_bits(a.margin), mlg_float_bits(c.margin));
            IS_INT(mlg_float_bits(a.score), mlg_float_bits(c.score));
        }
        IS_TRUE(forest->mean == f.forest->mean);
        file_close(&file);
        forests_close(&f);
    }
}

CLAIM(a_model_is_named_by_the_first_bytes_of_its_sha)
{
    const mlg_forest_t *forest = NULL;
    const unsigned char *sha;
    mlg_bundle_t b;
    file_t file;

    BEGIN;
    small_open(&file);
    IS_INT(mlg_bundle_check(&b, file.bytes, file.len, NULL), APR_SUCCESS);
    sha = file.bytes + file.len - MLG_BUNDLE_SHA;
    IS_TRUE(b.sha == sha);
    IS_INT(b.id >> 56, sha[0]);
    IS_INT(b.id & 0xff, sha[7]);
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
    file_t longer;
    file_t file;
    size_t whole;

    BEGIN;
    small_open(&file);
    whole = file.len;
    for (file.len = 0; file.len < whole; file.len++) {
        file_t part = {forests_room(file.len + !file.len), file.len, NULL};
        apr_status_t rv;

        memcpy(part.bytes, file.bytes, file.len); /* its end is guarded */
        rv = check(&part, NULL);
        IS_INT(rv, (file.len == 0) ? MLG_ENOTMODEL : MLG_ECORRUPT);
        free(part.bytes);
    }
    longer = (file_t){forests_room(whole + 8), whole, NULL};
    memcpy(longer.bytes, file.bytes, whole);
    while (longer.len++ < whole + 8) {
        IS_INT(check(&longer, NULL), MLG_ECORRUPT);
    }
    file_close(&longer);
    file_close(&file);
}

/* ---- hostile, and sealed as if it were sound ------------------------------ */

/* The small bundle: header 80, metadata 37 + 3, two trees of 68, golden 164. */
enum { TREE = 120, LEAF = TREE + 36, GOLDEN = TREE + 136 };

#define CORPUS "t/fuzz/corpus/bundle/"

typedef struct hostile_t {
    const char *name; /* of its file in the corpus */
    size_t at;
    int bytes;
    uint64_t value; /* little-endian */
    apr_status_t status;
    const char *what;
} hostile_t;

#define F32_INF  0x7f800000u
#define F32_NAN  0x7fc00000u
#define NUMBERS  "its length is not what its counts make"
#define TREES    "the number of trees is not within 1 to 512"
#define DEPTH    "the depth is not within 1 to 8"
#define VECTORS  "the number of golden vectors is not within 1 to 64"
#define LONG     "the metadata is longer than 8192 bytes"
#define LINE     "a line of the metadata is not \"key: value\""
#define LETTERS  "the metadata holds what is no printable UTF-8"
#define BASE     "the base margin is not within 1,000,000"
#define SLOPE    "the slope of its curve is not above 0 and at most 1,000,000"
#define LIMIT    "the threshold is not above 0 and at most 1"
#define RATE     "the false-positive rate is not within 0 and 1"
#define COVER    "a cover is below 0 or not a finite number"
#define ZEROS    "bytes that must be 0 are not"
#define FEATURES "it was made for another list of features: train it anew"
#define SPLIT    "a split is not a finite number"
#define LEAVES   "a leaf adds more than 1,000,000 or what is not a number"

/* clang-format off */
static const hostile_t hostile[] = {
    {"magic-other", 0, 1, 'M', MLG_ENOTMODEL,
     "it does not begin as a model file does"},
    {"magic-line-ends-converted", 4, 2, 0x0a0a, MLG_ENOTMODEL,
     "its line ends were converted: copy it as binary"},
    {"version-unknown", 8, 4, 2, MLG_EVERSION,
     "the format is not version 1, the only one known here"},
    {"length-other", 12, 4, 1, MLG_ECORRUPT,
     "the file is not as long as it says it is"},
    {"features-other", 16, 8, 1, MLG_ESHAPE, FEATURES},
    {"features-fewer", 24, 4, 3, MLG_ESHAPE, FEATURES},
    {"trees-none", 28, 4, 0, MLG_EMODEL, TREES},
    {"trees-many", 28, 4, 513, MLG_EMODEL, TREES},
    {"trees-most", 28, 4, UINT32_MAX, MLG_EMODEL, TREES},
    {"trees-one-more-than-there-are", 28, 4, 3, MLG_EMODEL, NUMBERS},
    {"depth-none", 32, 4, 0, MLG_EMODEL, DEPTH},
    {"depth-many", 32, 4, 9, MLG_EMODEL, DEPTH},
    {"depth-more-than-there-is", 32, 4, 8, MLG_EMODEL, NUMBERS},
    {"golden-none", 36, 4, 0, MLG_EMODEL, VECTORS},
    {"golden-many", 36, 4, 65, MLG_EMODEL, VECTORS},
    {"golden-one-more-than-there-are", 36, 4, 2, MLG_EMODEL, NUMBERS},
    {"about-long", 40, 4, 8193, MLG_EMODEL, LONG},
    {"about-longest", 40, 4, UINT32_MAX, MLG_EMODEL, LONG},
    {"about-longer-than-it-is", 40, 4, 41, MLG_EMODEL, NUMBERS},
    {"about-takes-padding", 40, 4, 38, MLG_EMODEL, LINE},
    {"base-nan", 44, 4, F32_NAN, MLG_EMODEL, BASE},
    {"base-great", 44, 4, 0xc9864700u, MLG_EMODEL, BASE},
    {"slope-zero", 48, 8, 0, MLG_EMODEL, SLOPE},
    {"slope-falls", 48, 8, 0xbff0000000000000u, MLG_EMODEL, SLOPE},
    {"slope-infinite", 48, 8, 0x7ff0000000000000u, MLG_EMODEL, SLOPE},
    {"slope-great", 48, 8, 0x7f00000000000000u, MLG_EMODEL, SLOPE},
    {"slope-nan", 48, 8, 0x7ff8000000000000u, MLG_EMODEL, SLOPE},
    {"offset-infinite", 56, 8, 0xfff0000000000000u, MLG_EMODEL,
     "the offset of its curve is not within 1,000,000"},
    {"threshold-zero", 64, 4, 0, MLG_EMODEL, LIMIT},
    {"threshold-above-1", 64, 4, 0x3f814000u, MLG_EMODEL, LIMIT},
    {"threshold-nan", 64, 4, F32_NAN, MLG_EMODEL, LIMIT},
    {"fpr-one", 68, 4, 0x3f800000u, MLG_EMODEL, RATE},
    {"fpr-negative", 68, 4, 0xbf800000u, MLG_EMODEL, RATE},
    {"spare-set", 72, 8, 1, MLG_EMODEL, ZEROS},
    {"spare-end-set", 76, 4, 1, MLG_EMODEL, ZEROS},
    {"about-key-with-capital", 80, 1, 'D', MLG_EMODEL, LINE},
    {"about-without-colon", 84, 1, '=', MLG_EMODEL, LINE},
    {"about-nul", 90, 1, 0, MLG_EMODEL, LETTERS},
    {"about-escape", 90, 1, 0x1b, MLG_EMODEL, LETTERS},
    {"about-no-utf8", 90, 1, 0xff, MLG_EMODEL, LETTERS},
    {"about-c1-control", 90, 2, 0x9bc2, MLG_EMODEL, LETTERS},
    {"about-utf8-too-long", 90, 2, 0xafc0, MLG_EMODEL, LETTERS},
    {"about-utf8-surrogate", 90, 3, 0x80a0ed, MLG_EMODEL, LETTERS},
    {"about-without-end", 116, 1, 'x', MLG_EMODEL,
     "the metadata's last line has no end"},
    {"padding-set", TREE - 1, 1, 'x', MLG_EMODEL,
     "the metadata is not padded with zeros"},
    {"node-feature-unknown", TREE, 2, MLG_NFEATURES, MLG_EMODEL,
     "a node asks for a feature that is not on the list"},
    {"node-filler-with-split", TREE, 2, MLG_FOREST_FILLER, MLG_EMODEL,
     "a filler has a split or a side for NaN"},
    {"node-side-unknown", TREE + 2, 2, 2, MLG_EMODEL,
     "a side for NaN is neither left nor right"},
    {"node-split-infinite", TREE + 4, 4, F32_INF, MLG_EMODEL, SPLIT},
    {"node-split-nan", TREE + 4, 4, F32_NAN, MLG_EMODEL, SPLIT},
    {"node-cover-negative", TREE + 8, 4, 0xbf800000u, MLG_EMODEL, COVER},
    {"leaf-great", LEAF, 4, 0x7f7fffffu, MLG_EMODEL, LEAVES},
    {"leaf-nan", LEAF, 4, F32_NAN, MLG_EMODEL, LEAVES},
    {"leaf-cover-nan", LEAF + 4, 4, F32_NAN, MLG_EMODEL, COVER},
    {"golden-infinite", GOLDEN, 4, F32_INF, MLG_EMODEL,
     "a golden vector holds an infinity"},
    {"golden-other-margin", GOLDEN + 4 * MLG_NFEATURES, 4, 0, APR_SUCCESS, ""},
    {"golden-other-score", GOLDEN + 4 * MLG_NFEATURES + 4, 4, 0, APR_SUCCESS,
     ""}, /* these two for mlg_bundle_read() to find */
};
/* clang-format on */

static void put(unsigned char *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        at[i] = (unsigned char)(value >> 8 * i);
    }
}

/* The corpus that is fuzzed from is made of these bundles, and made anew when
 * the list of features changes: BUNDLE_CORPUS=write build/out/.../test_bundle
 * @return whether the file there has these bytes */
static int is_in_corpus(const char *name, const file_t *file)
{
    unsigned char bytes[4096];
    char path[200];
    FILE *there;
    size_t len;

    snprintf(path, sizeof(path), CORPUS "%s", name);
    if (getenv("BUNDLE_CORPUS") != NULL) {
        there = fopen(path, "wbe");
        IS_TRUE(there != NULL);
        IS_INT(fwrite(file->bytes, 1, file->len, there), file->len);
        fclose(there);
        return 1;
    }
    there = fopen(path, "rbe");
    if (there == NULL) {
        return 0;
    }
    len = fread(bytes, 1, sizeof(bytes), there);
    fclose(there);
    return len == file->len && memcmp(bytes, file->bytes, len) == 0;
}

CLAIM(each_hostile_field_has_its_sentence_and_a_file_in_the_corpus)
{
    file_t file;
    unsigned char *sound;

    BEGIN;
    small_open(&file);
    sound = forests_room(file.len);
    memcpy(sound, file.bytes, file.len);
    IS_INT(file.len, GOLDEN + MLG_BUNDLE_GOLDEN + MLG_BUNDLE_SHA);
    IS_TRUE(is_in_corpus("sound", &file));
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        const hostile_t *h = &hostile[i];
        mlg_fault_t fault = {0, ""};

        memcpy(file.bytes, sound, file.len);
        put(file.bytes + h->at, h->value, h->bytes);
        seal(&file);
        IS_INT(check(&file, &fault), h->status);
        IS_TEXT(fault.what, h->what);
        IS_TRUE(is_in_corpus(h->name, &file));
    }
    memcpy(file.bytes, sound, file.len);
    file.bytes[LEAF] ^= 1;
    IS_TRUE(is_in_corpus("sha-other", &file));
    file.len = GOLDEN;
    IS_TRUE(is_in_corpus("cut-short", &file));
    free(sound);
    file.len = GOLDEN + MLG_BUNDLE_GOLDEN + MLG_BUNDLE_SHA;
    file_close(&file);
}

/* One question: are at least a third of the answers 404? What t/cli asks. */
CLAIM(the_corpus_has_a_model_that_knows_scanners)
{
    mlg_node_t node[MLG_TREE_NODES(2)] = {
        {.feature = MLG_F_NOTFOUND_SHARE, .split = 0.33f, .cover = 100.0f},
        {.feature = MLG_FOREST_FILLER, .value = -3.0f, .cover = 90.0f},
        {.feature = MLG_F_CLIENT_TOTAL, .split = 2.0f, .cover = 10.0f},
        [5] = {.value = 0.0f, .cover = 5.0f},
        [6] = {.value = 3.0f, .cover = 5.0f}};
    float golden[MLG_NFEATURES] = {[MLG_F_NOTFOUND_SHARE] = 1.0f};
    mlg_bundle_draft_t draft = {
        .ntrees = 1,
        .depth = 2,
        .ngolden = 1,
        .slope = 1.0,
        .threshold = 0.9f,
        .max_fpr = 0.001f,
        .node = node,
        .about = "note: made by hand, for tests of mlgatectl\n",
        .golden = golden};
    file_t file = {forests_room(4096), 0, forests_room(8192)};

    BEGIN;
    mlg_tree_settle(node, 2);
    file.len = mlg_bundle_bytes(&draft);
    IS_TRUE(file.len <= 4096 && mlg_forest_bytes(1, 2) <= 8192);
    IS_INT(mlg_bundle_render(&draft, file.bytes, file.memory, NULL),
           APR_SUCCESS);
    IS_TRUE(is_in_corpus("sound-scanners", &file));
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
    IS_TEXT(fault.what,
            "the slope of its curve is not above 0 and at most 1,000,000");
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
        TEST(each_hostile_field_has_its_sentence_and_a_file_in_the_corpus),
        TEST(the_corpus_has_a_model_that_knows_scanners),
        TEST(a_golden_vector_that_comes_out_otherwise_is_refused),
        TEST(a_draft_out_of_range_is_not_written),
        TEST(every_vector_of_a_thousand_bundles_scores_within_0_and_1),
    };

    return RUN(tests);
}
