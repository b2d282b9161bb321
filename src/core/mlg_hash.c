/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_hash.h"

#include <apr_siphash.h>

uint64_t mlg_hash_text(const mlg_secret_t *secret, const char *text, size_t len)
{
    uint64_t h = apr_siphash24(text, len, secret->b);

    return (h != 0) ? h : 1;
}

uint64_t mlg_hash_key(const mlg_secret_t *secret, const mlg_key_t *key)
{
    return mlg_hash_text(secret, (const char *)key->b, sizeof(key->b));
}
