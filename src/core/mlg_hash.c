/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_hash.h"

#include <apr_siphash.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t mlg_hash_bytes(const mlg_secret_t *secret, const void *bytes,
                        size_t len)
{
    uint64_t h = apr_siphash24(bytes, len, secret->b);

    return (h != 0) ? h : 1;
}

uint64_t mlg_hash_key(const mlg_secret_t *secret, const mlg_key_t *key)
{
    /* An IPv4 address is its last four bytes: a third of the rounds. */
    return mlg_key_is_v4(key) ? mlg_hash_bytes(secret, key->b + 12, 4)
                              : mlg_hash_bytes(secret, key->b, sizeof(key->b));
}

uint64_t mlg_hash_text(const mlg_secret_t *secret, const char *text, size_t len)
{
    uint64_t seed;
    uint64_t h;

    memcpy(&seed, secret->b + 8, sizeof(seed));
    h = XXH3_64bits_withSeed(text, len, seed);
    return (h != 0) ? h : 1;
}

uint64_t mlg_hash_check(uint64_t seed, const void *bytes, size_t len)
{
    return XXH3_64bits_withSeed(bytes, len, seed);
}

uint64_t mlg_hash_subnet(const mlg_secret_t *secret, const mlg_key_t *addr)
{
    mlg_key_t subnet = mlg_key_subnet(addr);

    return mlg_hash_text(secret, (const char *)subnet.b, sizeof(subnet.b));
}
