/* SPDX-License-Identifier: Apache-2.0 */
#include "log_draft.h"

#include <apr_strings.h>
#include <string.h>

#define COMMON   "%h %l %u %t \"%r\" %>s %b"
#define COMBINED COMMON " \"%{Referer}i\" \"%{User-Agent}i\""

/* Steps of COMBINED before which a line may end. */
#define FIRST_OPTIONAL 6

/* A query is added to a path from elsewhere in the same line. */
#define ROOM_BYTES (MLG_LOG_LINE_MAX + 2)

struct mlg_log_parser_t {
    log_program_t *program; /* of a format; NULL: tell line by line */
    log_program_t *plain;   /* combined, of which common is a part */
    log_program_t *hosted;  /* the same after a virtual host */
    int is_json;            /* nothing else is expected */
    char room[ROOM_BYTES];
};

/* A format of our own: it compiles. */
static log_program_t *make_lenient(const char *format, int first_optional,
                                   apr_pool_t *p)
{
    log_program_t *program = NULL;

    if (log_program_make(&program, format, p, NULL) == APR_SUCCESS) {
        program->is_lenient = 1;
        for (int i = first_optional; i < program->n; i++) {
            program->step[i].flags |= LOG_STEP_OPTIONAL;
        }
    }
    return program;
}

/* httpd's usual nicknames; what is none is a format. */
static const char *format_of(const char *name)
{
    static const char *const known[][2] = {
        {"common", COMMON},
        {"combined", COMBINED},
        {"vhost_combined", "%v:%p " COMBINED},
        {"vhost_common", "%v " COMMON},
        {"combinedio", COMBINED " %I %O"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(name, known[i][0]) == 0) {
            return known[i][1];
        }
    }
    return name;
}

apr_status_t mlg_log_parser_make(mlg_log_parser_t **out, const char *format,
                                 apr_pool_t *p, mlg_fault_t *fault)
{
    mlg_log_parser_t *parser = apr_palloc(p, sizeof(*parser));
    apr_status_t rv = APR_SUCCESS;

    memset(parser, 0, offsetof(mlg_log_parser_t, room));
    if (format == NULL) {
        parser->plain = make_lenient(COMBINED, FIRST_OPTIONAL, p);
        parser->hosted = make_lenient("%v " COMBINED, FIRST_OPTIONAL + 1, p);
    }
    else if (strcmp(format, "json") == 0) {
        parser->is_json = 1;
    }
    else {
        rv = log_program_make(&parser->program,
                              apr_pstrdup(p, format_of(format)), p, fault);
    }
    if (rv == APR_SUCCESS) {
        *out = parser;
    }
    return rv;
}

/* "client ident user" or, in vhost_combined, "vhost client ident user": is
 * the second word an address? */
static int is_hosted(const char *line, const char *end)
{
    const char *space = memchr(line, ' ', (size_t)(end - line));
    mlg_text_t second;
    mlg_key_t key;

    if (space == NULL || end - space < 3 || space[1] == '-') {
        return 0;
    }
    second.at = space + 1;
    space = memchr(second.at, ' ', (size_t)(end - second.at));
    second.len = (size_t)(((space != NULL) ? space : end) - second.at);
    return mlg_log_address(&key, second) == APR_SUCCESS;
}

static int run(const mlg_log_parser_t *parser, log_draft_t *draft, char *line,
               char *end, mlg_fault_t *fault)
{
    const log_program_t *program = parser->program;

    if (program == NULL) {
        const char *at = line;

        while (at < end && (*at == ' ' || *at == '\t')) {
            at++;
        }
        if (parser->is_json || (at < end && *at == '{')) {
            return log_json_run(draft, line, end, fault);
        }
        program = is_hosted(line, end) ? parser->hosted : parser->plain;
    }
    return log_program_run(program, draft, line, end, fault);
}

apr_status_t mlg_log_parse(mlg_log_parser_t *parser, mlg_log_entry_t *out,
                           char *line, size_t len, mlg_fault_t *fault)
{
    log_draft_t draft;
    const char *why;

    log_draft_init(&draft, out);
    if (!run(parser, &draft, line, line + len, fault)) {
        return MLG_ELINE;
    }
    why = log_draft_finish(&draft, parser->room, sizeof(parser->room));
    if (why != NULL) {
        mlg_fault(fault, 0, why);
        return MLG_ELINE;
    }
    return APR_SUCCESS;
}
