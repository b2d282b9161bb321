/* SPDX-License-Identifier: Apache-2.0
 *
 * A site's profile, as it is and again with a checksum that fits: as one who
 * means harm would write it. What is taken is within its ranges, can be seeded
 * with, and is written as it was read. */
#include "fuzz.h"

#include "mlg_profile_file.h"

#include <apr_general.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define END_BYTES 69

static void check_profile(const mlg_profile_t *profile)
{
    char path[MLG_PROFILE_PATH_MAX];

    FUZZ_CHECK(profile->threshold > 0.0f && profile->threshold < 1.0f);
    FUZZ_CHECK(profile->recommended > 0.0f && profile->recommended < 1.0f);
    FUZZ_CHECK(profile->share >= 0.0f && profile->share <= 1.0f);
    FUZZ_CHECK(profile->refused <= profile->trusted);
    FUZZ_CHECK(profile->first_us <= profile->last_us);
    FUZZ_CHECK(profile->nplaces <= MLG_PROFILE_PLACES);
    FUZZ_CHECK(profile->nbaselines <= MLG_PROFILE_BASELINES);
    for (uint32_t i = 0; i < profile->nplaces; i++) {
        const mlg_profile_place_t *place = &profile->place[i];

        FUZZ_CHECK(mlg_profile_unescape(path, place->path) <= place->path.len);
    }
}

static void try(const char *text, size_t len)
{
    mlg_profile_t *profile = malloc(sizeof(*profile));
    mlg_fault_t fault = {0, ""};
    size_t again;
    apr_pool_t *p;

    FUZZ_CHECK(profile != NULL);
    FUZZ_CHECK(apr_pool_create(&p, NULL) == APR_SUCCESS);
    if (mlg_profile_parse(profile, text, len, &fault) == APR_SUCCESS) {
        check_profile(profile);
        FUZZ_CHECK(mlg_profile_render(profile, &again, p) != NULL);
    }
    else {
        FUZZ_CHECK(fault.what[0] != '\0');
    }
    apr_pool_destroy(p);
    free(profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    char *sealed = malloc(size + END_BYTES + 1);
    static int is_ready;
    SHA256_CTX hash;

    if (!is_ready) {
        FUZZ_CHECK(apr_initialize() == APR_SUCCESS);
        is_ready = 1;
    }
    FUZZ_CHECK(sealed != NULL);
    try((const char *)data, size);
    if (size > 0) {
        memcpy(sealed, data, size);
    }
    SHA256Init(&hash);
    SHA256Update(&hash, data, size);
    SHA256Final(digest, &hash);
    memcpy(sealed + size, "end ", 4);
    for (size_t i = 0; i < sizeof(digest); i++) {
        snprintf(sealed + size + 4 + 2 * i, 3, "%02x", digest[i]);
    }
    memcpy(sealed + size + END_BYTES - 1, "\n", 2);
    try(sealed, size + END_BYTES);
    free(sealed);
    return 0;
}
