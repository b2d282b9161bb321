/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_key.h"

#include <arpa/inet.h>
#include <string.h>

static const unsigned char v4_mapped[12] = {0, 0, 0, 0, 0,    0,
                                            0, 0, 0, 0, 0xff, 0xff};

mlg_key_t mlg_key_from_v4(const void *v4)
{
    mlg_key_t key;

    memcpy(key.b, v4_mapped, 12);
    memcpy(key.b + 12, v4, 4);
    return key;
}

mlg_key_t mlg_key_from_v6(const void *v6)
{
    mlg_key_t key;

    memcpy(key.b, v6, 16);
    return key;
}

int mlg_key_is_v4(const mlg_key_t *key)
{
    return memcmp(key->b, v4_mapped, 12) == 0;
}

mlg_key_t mlg_key_mask(const mlg_key_t *key, unsigned bits)
{
    mlg_key_t out = *key;
    unsigned whole = bits / 8;

    if (bits >= MLG_KEY_BITS) {
        return out;
    }
    out.b[whole] &= (unsigned char)(0xff00u >> (bits % 8));
    memset(out.b + whole + 1, 0, 15 - whole);
    return out;
}

mlg_key_t mlg_key_client(const mlg_key_t *addr, unsigned ipv6_prefix)
{
    return mlg_key_is_v4(addr) ? *addr : mlg_key_mask(addr, ipv6_prefix);
}

mlg_key_t mlg_key_subnet(const mlg_key_t *addr)
{
    return mlg_key_mask(addr, mlg_key_is_v4(addr) ? 96 + 24 : 48);
}

int mlg_key_is_private(const mlg_key_t *addr)
{
    const unsigned char *b = addr->b;
    static const mlg_key_t loopback = {{[15] = 1}};

    if (!mlg_key_is_v4(addr)) {
        return (b[0] & 0xfe) == 0xfc ||
               (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||
               memcmp(addr, &loopback, sizeof(loopback)) == 0;
    }
    b += 12;
    return b[0] == 10 || b[0] == 127 || (b[0] == 100 && (b[1] & 0xc0) == 64) ||
           (b[0] == 169 && b[1] == 254) ||
           (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168);
}

mlg_key_t mlg_key_voter(const mlg_key_t *addr)
{
    return mlg_key_is_private(addr) ? *addr : mlg_key_subnet(addr);
}

/* @return the number, or -1 when `text` is not all digits or above 128 */
static int parse_bits(const char *text)
{
    int bits = 0;

    if (*text == '\0') {
        return -1;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return -1;
        }
        bits = bits * 10 + (*text - '0');
        if (bits > MLG_KEY_BITS) {
            return -1;
        }
    }
    return bits;
}

apr_status_t mlg_prefix_parse(mlg_prefix_t *out, const char *text)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t len = (slash != NULL) ? (size_t)(slash - text) : strlen(text);
    unsigned char raw[16];
    mlg_key_t key;
    int bits;
    int widest = 128;

    if (len == 0 || len >= sizeof(address)) {
        return MLG_EADDRESS;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    if (inet_pton(AF_INET, address, raw) == 1) {
        key = mlg_key_from_v4(raw);
        widest = 32;
    }
    else if (inet_pton(AF_INET6, address, raw) == 1) {
        key = mlg_key_from_v6(raw);
    }
    else {
        return MLG_EADDRESS;
    }
    bits = (slash != NULL) ? parse_bits(slash + 1) : widest;
    if (bits < 0 || bits > widest) {
        return MLG_EPREFIX;
    }
    bits += MLG_KEY_BITS - widest;
    out->bits = (uint8_t)bits;
    out->base = mlg_key_mask(&key, (unsigned)bits);
    return APR_SUCCESS;
}

int mlg_prefix_contains(const mlg_prefix_t *prefix, const mlg_key_t *addr)
{
    mlg_key_t masked = mlg_key_mask(addr, prefix->bits);

    return memcmp(masked.b, prefix->base.b, sizeof(masked.b)) == 0;
}

const char *mlg_key_render(char buf[MLG_KEY_TEXT], const mlg_key_t *key,
                           unsigned bits)
{
    size_t len;

    if (mlg_key_is_v4(key)) {
        inet_ntop(AF_INET, key->b + 12, buf, MLG_KEY_TEXT);
        return buf;
    }
    inet_ntop(AF_INET6, key->b, buf, MLG_KEY_TEXT);
    if (bits < MLG_KEY_BITS) {
        len = strlen(buf);
        buf[len++] = '/';
        if (bits >= 100) {
            buf[len++] = (char)('0' + bits / 100);
        }
        if (bits >= 10) {
            buf[len++] = (char)('0' + bits / 10 % 10);
        }
        buf[len++] = (char)('0' + bits % 10);
        buf[len] = '\0';
    }
    return buf;
}
