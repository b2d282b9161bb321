/* SPDX-License-Identifier: Apache-2.0
 *
 * The keyed hash (SipHash) behind table positions and behind every text the
 * gate remembers: a path, a query or a User-Agent is kept as its hash under a
 * secret, never as itself. Nobody without the secret can aim at a bucket.
 *
 * Pure: no clock, no lock, no allocation. The caller draws the secret.
 */
#ifndef MLG_HASH_H
#define MLG_HASH_H

#include "mlg_key.h"

#define MLG_SECRET_BYTES 16

typedef struct mlg_secret_t {
    unsigned char b[MLG_SECRET_BYTES];
} mlg_secret_t;

/** Hash of a client or a network. @return never 0, so that 0 can mean none */
uint64_t mlg_hash_key(const mlg_secret_t *secret, const mlg_key_t *key);

/** Hash of a text of any bytes.
 *
 * @param text  may be hostile, need not end in NUL; NULL only when len is 0
 * @param len   bytes
 * @return never 0, so that 0 can mean "there was none"
 */
uint64_t mlg_hash_text(const mlg_secret_t *secret, const char *text,
                       size_t len);

#endif /* MLG_HASH_H */
