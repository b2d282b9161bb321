/* SPDX-License-Identifier: Apache-2.0
 *
 * The two keyed hashes. SipHash names a client's place in every table, where
 * an attacker would like to aim at a bucket, and makes reference IDs. XXH3,
 * seeded, stands for texts: a path, a query or a User-Agent is remembered as
 * its hash and never as itself. Texts are hashed on every request and only
 * counted as distinct, so a tenth of SipHash's price matters more there.
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

/** SipHash-2-4 of any bytes. @return never 0, so that 0 can mean none */
uint64_t mlg_hash_bytes(const mlg_secret_t *secret, const void *bytes,
                        size_t len);

/** Hash of a client. @return never 0 */
uint64_t mlg_hash_key(const mlg_secret_t *secret, const mlg_key_t *key);

/** XXH3 of any bytes, against damage and not against malice.
 * @param seed  any; chains one check to another */
uint64_t mlg_hash_check(uint64_t seed, const void *bytes, size_t len);

/** Hash of the network that an address belongs to, see mlg_key_subnet(). It
 * only picks a counter that others may share. @return never 0 */
uint64_t mlg_hash_subnet(const mlg_secret_t *secret, const mlg_key_t *addr);

/** XXH3 of a text.
 *
 * @param text  may be hostile, need not end in NUL; NULL only when len is 0
 * @param len   bytes
 * @return never 0, so that 0 can mean "there was none"
 */
uint64_t mlg_hash_text(const mlg_secret_t *secret, const char *text,
                       size_t len);

#endif /* MLG_HASH_H */
