/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_word.h"

#include <string.h>

static int lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? c + ('a' - 'A') : (unsigned char)c;
}

int mlg_word_is_same(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

/* Wagner and Fischer 1974, one row at a time. */
unsigned mlg_word_slips(const char *a, const char *b)
{
    unsigned row[MLG_WORD_MAX + 1];
    unsigned n = (unsigned)strnlen(b, MLG_WORD_MAX + 1);

    if (n > MLG_WORD_MAX || strnlen(a, MLG_WORD_MAX + 1) > MLG_WORD_MAX) {
        return MLG_WORD_FAR;
    }
    for (unsigned j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned corner = row[0];

        row[0] = i;
        for (unsigned j = 1; j <= n; j++) {
            unsigned change = corner + (lower(a[i - 1]) != lower(b[j - 1]));
            unsigned other = 1 + ((row[j] < row[j - 1]) ? row[j] : row[j - 1]);

            corner = row[j];
            row[j] = (change < other) ? change : other;
        }
    }
    return row[n];
}
