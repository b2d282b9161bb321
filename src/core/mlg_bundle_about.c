/* SPDX-License-Identifier: Apache-2.0
 *
 * The metadata of a bundle: lines "key: value" that a person reads, and that a
 * terminal must be able to show.
 */
#include "bundle.h"

#include <string.h>

/* @return the bytes of one printable character in UTF-8; 0 when it is none */
static size_t char_bytes(const unsigned char *at, size_t len)
{
    uint32_t point;
    size_t n;

    if (at[0] < 0x80) {
        return (at[0] >= 0x20 && at[0] != 0x7f) ? 1 : 0;
    }
    n = (at[0] >= 0xf0) ? 4 : (at[0] >= 0xe0) ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || len < n) {
        return 0;
    }
    point = at[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        point = point << 6 | (at[i] & 0x3f);
    }
    if ((n == 3 && point < 0x800) || (n == 4 && point < 0x10000) ||
        point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ||
        point < 0xa0) { /* C1 controls speak to terminals */
        return 0;
    }
    return n;
}

static size_t key_bytes(const char *line, size_t len)
{
    size_t n = 0;

    while (n < len && ((line[n] >= 'a' && line[n] <= 'z') ||
                       (line[n] >= '0' && line[n] <= '9') || line[n] == '-')) {
        n++;
    }
    return n;
}

const char *bundle_about_fault(const char *about, size_t len, size_t *offset)
{
    size_t i = 0;

    while (i < len) {
        size_t key = key_bytes(about + i, len - i);

        *offset = i;
        if (key == 0 || len - i < key + 2 || about[i + key] != ':' ||
            about[i + key + 1] != ' ') {
            return "a line of the metadata is not \"key: value\"";
        }
        i += key + 2;
        while (i < len && about[i] != '\n') {
            size_t n = char_bytes((const unsigned char *)about + i, len - i);

            *offset = i;
            if (n == 0) {
                return "the metadata holds what is no printable UTF-8";
            }
            i += n;
        }
        *offset = i;
        if (i == len) {
            return "the metadata's last line has no end";
        }
        i++;
    }
    return NULL;
}

const char *mlg_bundle_about(const mlg_bundle_t *bundle, const char *key,
                             size_t *len)
{
    const char *line = bundle->about;
    const char *end = line + bundle->about_bytes;
    size_t n = strlen(key);

    while (line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));

        if (key_bytes(line, (size_t)(stop - line)) == n &&
            memcmp(line, key, n) == 0) {
            *len = (size_t)(stop - line) - n - 2;
            return line + n + 2;
        }
        line = stop + 1;
    }
    return NULL;
}
