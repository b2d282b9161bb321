/* SPDX-License-Identifier: Apache-2.0
 *
 * Who a client is: one canonical 16-byte form for every address.
 *
 * IPv4 is written as ::ffff:a.b.c.d, so a v4-mapped IPv6 address *is* its IPv4
 * address and an IPv4 prefix /n is the prefix /(96 + n) here. An IPv6 client is
 * known by its first `MLGateIPv6Prefix` bits only, because a household or a
 * rented server owns all the rest and can change it with every request.
 *
 * Pure: no clock, no lock, no allocation.
 */
#ifndef MLG_KEY_H
#define MLG_KEY_H

#include "mlg_error.h"

#include <stdint.h>

#define MLG_KEY_BITS 128
/* "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128" and a NUL */
#define MLG_KEY_TEXT 52

typedef struct mlg_key_t {
    unsigned char b[16]; /* network order */
} mlg_key_t;

/* A contiguous set of addresses: the first `bits` bits of `base`. */
typedef struct mlg_prefix_t {
    mlg_key_t base; /* bits beyond `bits` are zero */
    uint8_t bits;   /* 0..128, counted in the canonical form */
} mlg_prefix_t;

/** @param v4  4 bytes in network order, borrowed for the call */
mlg_key_t mlg_key_from_v4(const void *v4);

/** @param v6  16 bytes in network order, borrowed for the call; a v4-mapped
 *             address is taken as it is, which makes it the IPv4 address */
mlg_key_t mlg_key_from_v6(const void *v6);

/** @return 1 when the key is an IPv4 address or a prefix of IPv4 space */
int mlg_key_is_v4(const mlg_key_t *key);

/** Keep the first `bits` bits.
 *
 * @param bits  0..128; more is taken as 128
 */
mlg_key_t mlg_key_mask(const mlg_key_t *key, unsigned bits);

/** The client that an address belongs to.
 *
 * @param addr         canonical address
 * @param ipv6_prefix  bits of an IPv6 address that name a client, 0..128;
 *                     IPv4 is always whole
 */
mlg_key_t mlg_key_client(const mlg_key_t *addr, unsigned ipv6_prefix);

/** The network that an address belongs to: IPv4 /24, IPv6 /48. */
mlg_key_t mlg_key_subnet(const mlg_key_t *addr);

/** Can nobody come from this address over the Internet? Private, shared,
 * link-local and loopback addresses of both families. */
int mlg_key_is_private(const mlg_key_t *addr);

/** Who counts once where people are counted: the network of an address, of
 * which an attacker may have all the others, or a private address itself, with
 * an office behind it that lies in one network. */
mlg_key_t mlg_key_voter(const mlg_key_t *addr);

/** Read "192.0.2.7", "192.0.2.0/24", "2001:db8::1" or "2001:db8::/32".
 *
 * @param out   set on success only; host bits are cleared
 * @param text  NUL-terminated, may be hostile; no zone index, no brackets
 * @return APR_SUCCESS, MLG_EADDRESS or MLG_EPREFIX
 */
apr_status_t mlg_prefix_parse(mlg_prefix_t *out, const char *text);

/** @return 1 when `addr` lies in `prefix` */
int mlg_prefix_contains(const mlg_prefix_t *prefix, const mlg_key_t *addr);

/** Write an address in its usual text form, IPv4 dotted.
 *
 * @param buf  filled, NUL-terminated, shape [MLG_KEY_TEXT]
 * @param bits an IPv6 prefix length below 128 is appended as "/64"; 128, and
 *             any value for IPv4, appends nothing
 * @return buf
 */
const char *mlg_key_render(char buf[MLG_KEY_TEXT], const mlg_key_t *key,
                           unsigned bits);

#endif /* MLG_KEY_H */
