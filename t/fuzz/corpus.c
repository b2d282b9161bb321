/* SPDX-License-Identifier: Apache-2.0
 *
 * Without libFuzzer: every file of a target's corpus once, or the files named.
 * Prints TAP. fuzz_line reads t/fuzz/corpus/line. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1 << 20) /* bytes */

/* @return 1 when the file could be read and its input was run */
static int run_file(const char *path)
{
    static uint8_t bytes[INPUT_MAX];
    FILE *file = fopen(path, "rbe");
    uint8_t *own;
    size_t len;

    if (file == NULL) {
        return 0;
    }
    len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    own = malloc(len + (len == 0)); /* of its own size, for the sanitizers */
    if (own == NULL) {
        return 0;
    }
    memcpy(own, bytes, len);
    LLVMFuzzerTestOneInput(own, len);
    free(own);
    return 1;
}

static int report(int number, const char *path)
{
    int ok;

    printf("# %s\n", path);
    fflush(stdout); /* if it crashes, this was it */
    ok = run_file(path);
    printf("%sok %d - %s\n", ok ? "" : "not ", number, path);
    return !ok;
}

static int run_corpus(const char *noun)
{
    struct dirent **entry;
    char path[1024];
    int failed = 0;
    int number = 0;
    int n;

    snprintf(path, sizeof(path), "t/fuzz/corpus/%s", noun);
    n = scandir(path, &entry, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (entry[i]->d_name[0] != '.') {
            snprintf(path, sizeof(path), "t/fuzz/corpus/%s/%s", noun,
                     entry[i]->d_name);
            failed += report(++number, path);
        }
        free(entry[i]);
    }
    if (n >= 0) {
        free(entry);
    }
    printf("1..%d\n", number);
    return failed > 0 || number == 0;
}

int main(int argc, char **argv)
{
    const char *noun = strrchr(argv[0], '_');
    int failed = 0;

    if (argc < 2) {
        return run_corpus((noun != NULL) ? noun + 1 : "");
    }
    for (int i = 1; i < argc; i++) {
        failed += report(i, argv[i]);
    }
    printf("1..%d\n", argc - 1);
    return failed > 0;
}
