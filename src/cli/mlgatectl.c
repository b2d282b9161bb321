/* SPDX-License-Identifier: Apache-2.0 */
#include "mlgatectl.h"

#include "mlg_error.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CTL_VERSION "0.1.0"

typedef struct ctl_command_t {
    const char *name;
    int (*run)(int argc, const char *const *argv, apr_pool_t *p);
    const char *help;
} ctl_command_t;

static const ctl_command_t commands[] = {
    {"replay", ctl_replay,
     "whom would the gate have refused? asks access logs"},
};
#define COMMANDS_END (commands + sizeof(commands) / sizeof(commands[0]))

int ctl_complain(int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("mlgatectl: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return code;
}

const char *ctl_reason(int status, apr_pool_t *p)
{
    const char *ours = mlg_error_text(status);
    char text[120];

    return (ours != NULL)
               ? ours
               : apr_pstrdup(p, apr_strerror(status, text, sizeof(text)));
}

static int help(FILE *to, int code)
{
    fputs("Usage: mlgatectl COMMAND [OPTION]...\n\nCommands:\n", to);
    for (const ctl_command_t *c = commands; c < COMMANDS_END; c++) {
        fprintf(to, "  %-10s %s\n", c->name, c->help);
    }
    fputs("\n`mlgatectl COMMAND --help` tells a command's options.\n"
          "Exit codes: 0 done, 1 could not be done, 2 asked for wrongly.\n",
          to);
    return code;
}

int main(int argc, const char *const *argv)
{
    const char *word = (argc > 1) ? argv[1] : "";
    apr_pool_t *p;
    int code;

    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
        strcmp(word, "help") == 0) {
        return help(stdout, CTL_DONE);
    }
    if (strcmp(word, "--version") == 0) {
        puts("mlgatectl " CTL_VERSION " (mod_mlgate)");
        return CTL_DONE;
    }
    if (*word == '\0') {
        return help(stderr, CTL_MISUSE);
    }
    for (const ctl_command_t *c = commands; c < COMMANDS_END; c++) {
        if (strcmp(word, c->name) != 0) {
            continue;
        }
        if (apr_initialize() != APR_SUCCESS ||
            apr_pool_create(&p, NULL) != APR_SUCCESS) {
            return ctl_complain(CTL_FAILED, "the APR library does not start");
        }
        code = c->run(argc - 1, argv + 1, p);
        apr_pool_destroy(p);
        apr_terminate();
        if (fflush(stdout) != 0 && code == CTL_DONE) {
            return ctl_complain(CTL_FAILED, "standard output cannot be "
                                            "written; the report is not whole");
        }
        return code;
    }
    return ctl_complain(CTL_MISUSE,
                        "there is no command '%s'; see mlgatectl --help", word);
}
