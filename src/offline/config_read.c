/* SPDX-License-Identifier: Apache-2.0 */
#include "config_read.h"

#include <apr_cstr.h>
#include <apr_file_info.h>
#include <apr_strings.h>
#include <string.h>

typedef enum section_kind {
    SECTION_CONDITION, /* <If...>: its lines belong where it stands */
    SECTION_HOST,
    SECTION_MACRO,
    SECTION_OTHER
} section_kind;

/* An open section; what it adds to those around it is added up. */
typedef struct section_t {
    const char *name;
    section_kind kind;
    int is_skipped;
    int is_macro;
    int host;            /* number of the virtual host; -1: none */
    const char *section; /* as in config_line_t */
    config_place_t at;
} section_t;

void config_reader_init(config_reader_t *r, mlg_config_t *config, int is_alone)
{
    apr_pool_t *p = config->p;

    memset(r, 0, sizeof(*r));
    r->config = config;
    r->is_alone = is_alone;
    r->root = "";
    r->defined = apr_hash_make(p);
    r->values = apr_table_make(p, 8);
    r->lines = apr_array_make(p, 16, sizeof(config_line_t));
    r->hosts = apr_array_make(p, 4, sizeof(config_host_t));
    r->sections = apr_array_make(p, 8, sizeof(section_t));
    r->files = apr_array_make(p, 4, sizeof(const char *));
}

static section_t *innermost(const config_reader_t *r)
{
    int n = r->sections->nelts;

    return (n > 0) ? &APR_ARRAY_IDX(r->sections, n - 1, section_t) : NULL;
}

static int is_word(const char *a, const char *b)
{
    return apr_cstr_casecmp(a, b) == 0;
}

/* ---- sections ----------------------------------------------------------- */

static int is_there(const config_reader_t *r, const char *path)
{
    apr_finfo_t info;

    return !r->is_alone && apr_stat(&info, config_path(r, path), APR_FINFO_TYPE,
                                    r->config->p) == APR_SUCCESS;
}

/* Does <IfModule X> and its like hold? */
static int holds(const config_reader_t *r, const char *name, const char *arg)
{
    int is_negated = (*arg == '!');
    int is_true = 1;

    arg += is_negated;
    arg = config_word(r->config->p, &arg);
    if (is_word(name, "IfDefine")) {
        is_true = apr_hash_get(r->defined, arg, APR_HASH_KEY_STRING) != NULL;
    }
    else if (is_word(name, "IfFile")) {
        is_true = is_there(r, arg);
    }
    return is_true != is_negated;
}

static int is_condition(const char *name)
{
    static const char *const names[] = {"IfModule", "IfDefine",    "IfVersion",
                                        "IfFile",   "IfDirective", "IfSection"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (is_word(name, names[i])) {
            return 1;
        }
    }
    return 0;
}

static int add_host(config_reader_t *r, const char *where)
{
    config_host_t *host = apr_array_push(r->hosts);

    host->where = where;
    host->names = apr_array_make(r->config->p, 2, sizeof(const char *));
    host->said = apr_array_make(r->config->p, 4, sizeof(const char *));
    host->says = "";
    host->at = r->at;
    return r->hosts->nelts - 1;
}

/* "<Name args>" */
static apr_status_t open_section(config_reader_t *r, const char *name,
                                 const char *args)
{
    apr_pool_t *p = r->config->p;
    const section_t *around = innermost(r);
    const char *bracket = strrchr(args, '>');
    section_t new = {.host = -1, .at = r->at};

    if (around != NULL) {
        new = *around;
        new.at = r->at;
    }
    /* the ">" of a section without arguments is the name's */
    new.name = apr_pstrmemdup(p, name, strcspn(name, ">"));
    if (bracket == NULL && strchr(name, '>') == NULL) {
        return config_fail(r->config, r->at, "<%.80s> misses its '>'", name);
    }
    args = (bracket != NULL) ? apr_pstrmemdup(p, args, (size_t)(bracket - args))
                             : "";
    new.kind = is_condition(new.name)             ? SECTION_CONDITION
               : is_word(new.name, "VirtualHost") ? SECTION_HOST
               : is_word(new.name, "Macro")       ? SECTION_MACRO
                                                  : SECTION_OTHER;
    if (new.is_skipped || new.is_macro) {
        /* what stands in here is only read to find the end */
    }
    else if (new.kind == SECTION_CONDITION) {
        new.is_skipped = !holds(r, new.name, args);
    }
    else if (new.kind == SECTION_HOST) {
        new.host = add_host(r, args);
    }
    else {
        new.is_macro = (new.kind == SECTION_MACRO);
        new.section = new.name;
    }
    APR_ARRAY_PUSH(r->sections, section_t) = new;
    return APR_SUCCESS;
}

/* "</Name>"; @param base  sections that were open where the file began */
static apr_status_t close_section(config_reader_t *r, const char *name,
                                  int base)
{
    const section_t *open = innermost(r);
    size_t len = strcspn(name, ">");

    if (r->sections->nelts <= base) {
        return config_fail(r->config, r->at,
                           "</%.*s> closes a section that was not opened here",
                           (int)((len < 80) ? len : 80), name);
    }
    if (strlen(open->name) != len ||
        apr_cstr_casecmpn(open->name, name, len) != 0) {
        return config_fail(r->config, r->at,
                           "</%.*s> stands where <%.80s> of line %u has to be "
                           "closed first",
                           (int)((len < 80) ? len : 80), name, open->name,
                           open->at.line);
    }
    apr_array_pop(r->sections);
    return APR_SUCCESS;
}

/* ---- lines -------------------------------------------------------------- */

/* A line of the gate's: put aside, because whether it counts depends on the
 * virtual hosts. */
static apr_status_t keep_line(config_reader_t *r, const char *name,
                              const char *args, const char *unknown)
{
    const section_t *in = innermost(r);
    config_line_t *line;
    mlg_directive_id id = mlg_directive_find(name);

    if (in != NULL && in->is_macro && id == MLG_NDIRECTIVES) {
        return APR_SUCCESS; /* part of the name may be an argument */
    }
    if (id == MLG_NDIRECTIVES) {
        return config_fail_name(r->config, r->at, name);
    }
    line = apr_array_push(r->lines);
    *line = (config_line_t){id, args, unknown, NULL, 0, -1, r->at};
    if (in != NULL) {
        line->section = in->section;
        line->is_macro = in->is_macro;
        line->host = in->host;
    }
    return APR_SUCCESS;
}

/* ServerName, ServerAlias: of the virtual host that they stand in. */
static void keep_names(config_reader_t *r, const char *args)
{
    const section_t *in = innermost(r);
    apr_pool_t *p = r->config->p;

    if (in == NULL || in->host < 0 || in->section != NULL) {
        return;
    }
    while (*args != '\0') {
        apr_array_header_t *names =
            APR_ARRAY_IDX(r->hosts, in->host, config_host_t).names;

        APR_ARRAY_PUSH(names, const char *) = config_word(p, &args);
    }
}

static void define(config_reader_t *r, const char *args)
{
    apr_pool_t *p = r->config->p;
    const char *name = config_word(p, &args);

    apr_hash_set(r->defined, name, APR_HASH_KEY_STRING, name);
    if (*args != '\0') {
        apr_table_setn(r->values, name, config_word(p, &args));
    }
}

static void undefine(config_reader_t *r, const char *args)
{
    const char *name = config_word(r->config->p, &args);

    apr_hash_set(r->defined, name, APR_HASH_KEY_STRING, NULL);
    apr_table_unset(r->values, name);
}

/* @param unknown  a ${NAME} in it that has no value; NULL: none */
static apr_status_t take_line(config_reader_t *r, const char *name,
                              const char *args, const char *unknown)
{
    if (apr_cstr_casecmpn(name, "MLGate", 6) == 0) {
        return keep_line(r, name, args, unknown);
    }
    if (is_word(name, "Include") || is_word(name, "IncludeOptional")) {
        return config_include(r, args, unknown, name[7] != '\0');
    }
    if (is_word(name, "ServerName") || is_word(name, "ServerAlias")) {
        keep_names(r, args);
    }
    else if (is_word(name, "ServerRoot")) {
        r->root = config_word(r->config->p, &args);
    }
    else if (is_word(name, "Define")) {
        define(r, args);
    }
    else if (is_word(name, "UnDefine")) {
        undefine(r, args);
    }
    return APR_SUCCESS;
}

apr_status_t config_read(config_reader_t *r, const char *name, char *text)
{
    config_place_t before = r->at;
    int base = r->sections->nelts;
    apr_status_t rv = APR_SUCCESS;
    char *line;

    r->at = (config_place_t){name, 0};
    while (rv == APR_SUCCESS && config_next_line(&text, &line, &r->at.line)) {
        const section_t *in = innermost(r);
        const char *unknown = NULL;
        const char *args;
        const char *word;

        if (*line == '\0' || *line == '#') {
            continue;
        }
        args = config_expand(r, line, &unknown);
        if (args == NULL) {
            rv = config_fail(r->config, r->at,
                             "the values of ${NAME} make more than 16 MiB");
            break;
        }
        word = config_word(r->config->p, &args);
        if (word[0] == '<' && word[1] == '/') {
            rv = close_section(r, word + 2, base);
        }
        else if (word[0] == '<') {
            rv = open_section(r, word + 1, args);
        }
        else if (in == NULL || !in->is_skipped) {
            rv = take_line(r, word, args, unknown);
        }
    }
    if (rv == APR_SUCCESS && r->sections->nelts > base) {
        const section_t *open = innermost(r);

        rv = config_fail(r->config, open->at, "<%.80s> is not closed",
                         open->name);
    }
    r->at = before;
    return rv;
}
