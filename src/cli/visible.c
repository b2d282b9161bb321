/* SPDX-License-Identifier: Apache-2.0 */
#include "visible.h"

#include <stdio.h>
#include <string.h>

#define ESCAPED 4 /* characters of \xhh */

const char *visible(const char *text, size_t len, size_t max, apr_pool_t *p)
{
    char *out;
    size_t n = 0;
    size_t i;

    if (text == NULL) {
        return "-";
    }
    out = apr_palloc(p, max + 1);
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        int is_plain = c >= 0x20 && c < 0x7f && c != '\\';

        if (n + (is_plain ? 1 : ESCAPED) > max) {
            break;
        }
        if (is_plain) {
            out[n++] = (char)c;
        }
        else {
            n += (size_t)snprintf(out + n, ESCAPED + 1, "\\x%02x", c);
        }
    }
    if (i < len) {
        n = (n + 3 <= max) ? n : max - 3;
        memcpy(out + n, "...", 3);
        n += 3;
    }
    out[n] = '\0';
    return out;
}

const char *visible_string(const char *text, size_t max, apr_pool_t *p)
{
    return visible(text, (text != NULL) ? strlen(text) : 0, max, p);
}
