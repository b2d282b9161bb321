/* SPDX-License-Identifier: Apache-2.0 */
#include "mlgatectl.h"

#include "mlg_error.h"
#include "mlg_version.h"
#include "mlg_word.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct ctl_command_t {
    const char *name;
    int (*run)(int argc, const char *const *argv, apr_pool_t *p);
    const char *help;
} ctl_command_t;

/* clang-format off */
static const ctl_command_t commands[] = {
    {"replay",   ctl_replay,   "whom would the gate have refused? asks access logs"},
    {"explain",  ctl_explain,  "why was this client, or this request, refused?"},
    {"features", ctl_features, "what the model sees of a log, as CSV"},
    {"import",   ctl_import,   "a model that XGBoost trained becomes one of the gate's"},
    {"inspect",  ctl_inspect,  "what is in a model, and does it hold?"},
    {"train",    ctl_train,    "a model from requests whose clients are known"},
    {"calibrate", ctl_calibrate, "where do this site's people end? makes its profile"},
    {"eval",     ctl_eval,     "what is a model worth where clients are known?"},
    {"status",   ctl_status,   "is the running gate well, and what does it do?"},
    {"top",      ctl_top,      "the same, live"},
    {"block",    ctl_block,    "refuse a client for some time"},
    {"unblock",  ctl_unblock,  "let a client through, unjudged for some time"},
};
/* clang-format on */
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
    fputs("\n`mlgatectl COMMAND --help` or `mlgatectl help COMMAND` tells a "
          "command's\noptions, `man mlgatectl-COMMAND` the whole story.\n"
          "Exit codes: 0 done, 1 could not be done, 2 asked for wrongly.\n",
          to);
    return code;
}

static const ctl_command_t *find(const char *name)
{
    for (const ctl_command_t *c = commands; c < COMMANDS_END; c++) {
        if (strcmp(name, c->name) == 0) {
            return c;
        }
    }
    return NULL;
}

static int complain_unknown(const char *word)
{
    const ctl_command_t *nearest = NULL;
    unsigned least = 4; /* at three wrong letters it is a guess */

    for (const ctl_command_t *c = commands; c < COMMANDS_END; c++) {
        unsigned d = mlg_word_slips(word, c->name);

        if (d < least && d < strlen(c->name) - 1) {
            least = d;
            nearest = c;
        }
    }
    return (nearest != NULL)
               ? ctl_complain(CTL_MISUSE,
                              "there is no command '%s'; did you mean '%s'?",
                              word, nearest->name)
               : ctl_complain(CTL_MISUSE,
                              "there is no command '%s'; see mlgatectl --help",
                              word);
}

static int run(const ctl_command_t *command, int argc, const char *const *argv)
{
    apr_pool_t *p;
    int code;

    if (apr_initialize() != APR_SUCCESS ||
        apr_pool_create(&p, NULL) != APR_SUCCESS) {
        return ctl_complain(CTL_FAILED, "the APR library does not start");
    }
    code = command->run(argc, argv, p);
    apr_pool_destroy(p);
    apr_terminate();
    /* an earlier write may have failed where the last one does not */
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == CTL_DONE) {
        return ctl_complain(CTL_FAILED, "standard output cannot be written; "
                                        "the report is not whole");
    }
    return code;
}

int main(int argc, const char *const *argv)
{
    const char *word = (argc > 1) ? argv[1] : "";
    const char *asked[] = {(argc > 2) ? argv[2] : "", "--help", NULL};
    int is_help = strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
                  strcmp(word, "help") == 0;
    const ctl_command_t *command;

    if (is_help && argc <= 2) {
        return help(stdout, CTL_DONE);
    }
    if (strcmp(word, "--version") == 0) {
        puts("mlgatectl " MLG_VERSION " (mod_mlgate)");
        return CTL_DONE;
    }
    if (*word == '\0') {
        return help(stderr, CTL_MISUSE);
    }
    command = find(is_help ? asked[0] : word);
    if (command == NULL) {
        return complain_unknown(is_help ? asked[0] : word);
    }
    return is_help ? run(command, 2, asked) : run(command, argc - 1, argv + 1);
}
