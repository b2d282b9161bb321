/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include "mlgatectl.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH  18 /* of an option in --help */
#define RIGHT_EDGE  79
#define TEXT_COLUMN (NAME_WIDTH + 5)

/* apr_getopt takes a single "-" for an option without a letter; while it
 * reads, this stands for it. */
static const char dash[] = "a lone dash";

static void hide_dashes(const char **argv, int argc)
{
    for (int i = 1; i < argc; i++) {
        argv[i] = (strcmp(argv[i], "-") == 0) ? dash : argv[i];
    }
}

static const char *show_dash(const char *arg)
{
    return (arg == dash) ? "-" : arg;
}

/* What apr_getopt has to say ends with a newline. */
static void complain(void *arg, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void complain(void *arg, const char *format, ...)
{
    char text[200];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    text[strcspn(text, "\n")] = '\0';
    ctl_complain(CTL_MISUSE, "%s; see mlgatectl %s --help", text,
                 (const char *)arg);
}

/* An option's description, broken between words. */
static void print_wrapped(const char *text)
{
    int column = TEXT_COLUMN;

    while (*text != '\0') {
        int len = (int)strcspn(text, " ");

        if (column + 1 + len > RIGHT_EDGE && column > TEXT_COLUMN) {
            printf("\n%*s", TEXT_COLUMN, "");
            column = TEXT_COLUMN;
        }
        column +=
            printf("%s%.*s", (column > TEXT_COLUMN) ? " " : "", len, text);
        text += len + (text[len] == ' ');
    }
    putchar('\n');
}

static void print_help(const args_manual_t *manual,
                       const apr_getopt_option_t *options)
{
    printf("Usage: mlgatectl %s\n\n%s\n\n", manual->usage, manual->about);
    for (const apr_getopt_option_t *o = options; o->name != NULL; o++) {
        printf("  --%-*s ", NAME_WIDTH, o->name);
        print_wrapped(o->description);
    }
    if (manual->notes != NULL) {
        printf("\n%s\n", manual->notes);
    }
}

int args_read(args_t *args, const args_manual_t *manual,
              const apr_getopt_option_t *options, args_option_fn take,
              void *data, int argc, const char *const *argv, apr_pool_t *p)
{
    const char **own = apr_pmemdup(p, argv, sizeof(*argv) * (size_t)(argc + 1));
    const char *arg;
    apr_getopt_t *opt;
    apr_status_t rv;
    int option;
    int code = CTL_DONE;

    memset(args, 0, sizeof(*args));
    hide_dashes(own, argc);
    apr_getopt_init(&opt, p, argc, own);
    opt->interleave = 1;
    opt->errfn = complain;
    opt->errarg = apr_pstrdup(p, argv[0]);
    while (code == CTL_DONE) {
        rv = apr_getopt_long(opt, options, &option, &arg);
        if (rv == APR_EOF) {
            break;
        }
        if (rv != APR_SUCCESS) {
            return CTL_MISUSE;
        }
        if (option == 'h') {
            print_help(manual, options);
            args->is_answered = 1;
            return CTL_DONE;
        }
        code = take(data, option, show_dash(arg));
    }
    args->n = argc - opt->ind;
    for (int i = opt->ind; i < argc; i++) {
        opt->argv[i] = show_dash(opt->argv[i]);
    }
    args->operand = opt->argv + opt->ind;
    return code;
}

const char *args_shift(args_t *args)
{
    if (args->n == 0) {
        return NULL;
    }
    args->n--;
    return *args->operand++;
}
