/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_config.h"

#include "config_read.h"
#include "mlg_model_file.h"

#include <apr_strings.h>
#include <string.h>

void mlg_config_init(mlg_config_t *config, apr_pool_t *p)
{
    config->p = p;
    mlg_settings_init(&config->settings);
    mlg_weights_init(&config->weights);
    config->allow = apr_array_make(p, 16, sizeof(mlg_prefix_t));
    config->notes = apr_array_make(p, 4, sizeof(const char *));
    config->profile = NULL;
    config->model = NULL;
    config->why = NULL;
}

static void note(mlg_config_t *config, config_place_t at, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

static void note(mlg_config_t *config, config_place_t at, const char *format,
                 ...)
{
    va_list args;

    va_start(args, format);
    APR_ARRAY_PUSH(config->notes, const char *) =
        apr_psprintf(config->p, "%s line %u: %s", at.file, at.line,
                     apr_pvsprintf(config->p, format, args));
    va_end(args);
}

/* ---- one line ----------------------------------------------------------- */

static apr_array_header_t *split(const config_line_t *line, apr_pool_t *p)
{
    apr_array_header_t *words = apr_array_make(p, 4, sizeof(const char *));
    const char *args = line->args;

    while (*args != '\0') {
        APR_ARRAY_PUSH(words, const char *) = config_word(p, &args);
    }
    return words;
}

static apr_status_t allow(const config_reader_t *r, const char *text,
                          config_place_t at)
{
    mlg_prefix_t prefix;
    mlg_why_t why;

    if (mlg_allow_read(&prefix, text, &why) != APR_SUCCESS) {
        return config_fail(r->config, at, "MLGateAllow: %s", why.text);
    }
    APR_ARRAY_PUSH(r->config->allow, mlg_prefix_t) = prefix;
    return APR_SUCCESS;
}

static apr_status_t allow_file(const config_reader_t *r, const char *path,
                               config_place_t at)
{
    config_place_t in = {config_path(r, path), 0};
    apr_status_t rv = APR_SUCCESS;
    const char *why;
    char *text;
    char *line;

    if (r->is_alone) {
        return config_fail(r->config, at,
                           "MLGateAllow: '%.200s' is not read from here", path);
    }
    why = config_load(&text, in.file, r->config->p);
    if (why != NULL) {
        return config_fail(r->config, at,
                           "MLGateAllow: cannot read '%.200s': %s; name a "
                           "readable file or take the line out",
                           path, why);
    }
    while (rv == APR_SUCCESS && config_next_line(&text, &line, &in.line)) {
        if (mlg_allow_cut(line)) {
            rv = allow(r, line, in);
        }
    }
    return rv;
}

static apr_status_t apply_allow(const config_reader_t *r,
                                const config_line_t *line,
                                const apr_array_header_t *words)
{
    apr_status_t rv = APR_SUCCESS;

    if (words->nelts == 0) {
        return config_fail(r->config, line->at, "MLGateAllow: %s",
                           mlg_directives[line->id].help);
    }
    for (int i = 0; i < words->nelts && rv == APR_SUCCESS; i++) {
        const char *word = APR_ARRAY_IDX(words, i, const char *);

        rv = (strncmp(word, "file:", 5) == 0)
                 ? allow_file(r, word + 5, line->at)
                 : allow(r, word, line->at);
    }
    return rv;
}

/* Read a line into the reader's configuration. */
static apr_status_t apply(const config_reader_t *r, const config_line_t *line)
{
    const mlg_directive_t *directive = &mlg_directives[line->id];
    mlg_config_t *config = r->config;
    apr_array_header_t *words;
    const char *const *word;
    mlg_why_t why;
    apr_status_t rv = APR_SUCCESS;

    if (directive->kind >= MLG_KIND_EXPR) {
        return APR_SUCCESS; /* httpd's own */
    }
    if (line->unknown != NULL) {
        return config_fail_unknown(config, line->at, line->unknown);
    }
    words = split(line, config->p);
    word = (const char *const *)(void *)words->elts;
    if (directive->kind == MLG_KIND_ALLOW) {
        return apply_allow(r, line, words);
    }
    if (directive->kind == MLG_KIND_WEIGHT) {
        rv = mlg_weights_read(&config->weights, words->nelts, word, &why);
    }
    else if (words->nelts != 1 || word[0][0] == '\0') {
        return config_fail(config, line->at, "%s takes one argument, %s",
                           directive->name, directive->help);
    }
    else if (directive->kind == MLG_KIND_PROFILE) {
        config->profile = config_path(r, word[0]);
    }
    else if (directive->kind == MLG_KIND_MODEL) {
        config->model = mlg_model_file_is_named(word[0])
                            ? config_path(r, word[0])
                            : word[0];
    }
    else if (line->id < MLG_NSETTINGS) {
        rv = mlg_settings_read(&config->settings, line->id, word[0], &why);
    }
    return (rv == APR_SUCCESS) ? rv
                               : config_fail(config, line->at, "%s", why.text);
}

/* ---- all of it ---------------------------------------------------------- */

/* A directive may not stand everywhere. */
static apr_status_t check_scope(const config_reader_t *r,
                                const config_line_t *line)
{
    mlg_scope scope = mlg_directives[line->id].scope;
    int is_wrong = (line->section != NULL && scope != MLG_SCOPE_SECTION) ||
                   (line->host >= 0 && scope == MLG_SCOPE_GLOBAL);

    return (!is_wrong || line->is_macro)
               ? APR_SUCCESS
               : config_fail(r->config, line->at,
                             "%s cannot occur within <%.80s> section",
                             mlg_directives[line->id].name,
                             (line->section != NULL) ? line->section
                                                     : "VirtualHost");
}

/* Lines that are checked, but for those with arguments of a macro, and count
 * for nothing here. */
static apr_status_t try_line(const config_reader_t *r,
                             const config_line_t *line)
{
    config_reader_t other = *r;
    mlg_config_t nowhere;
    apr_status_t rv;

    if (line->is_macro) {
        return APR_SUCCESS;
    }
    mlg_config_init(&nowhere, r->config->p);
    other.config = &nowhere;
    rv = apply(&other, line);
    r->config->why = nowhere.why;
    return rv;
}

/* The first line of a kind that is left out, and how many there are. */
typedef struct left_out_t {
    const config_line_t *first;
    int n;
} left_out_t;

static void leave_out(left_out_t *left, const config_line_t *line)
{
    if (left->n++ == 0) {
        left->first = line;
    }
}

static void note_left_out(mlg_config_t *config, const left_out_t *in_sections,
                          const left_out_t *exempt)
{
    const config_line_t *line = in_sections->first;

    if (line != NULL) {
        note(config, line->at,
             "%s in <%.80s> is not applied, nor is any other line in such a "
             "section (%d in all): a log does not tell which section answered",
             mlg_directives[line->id].name, line->section, in_sections->n);
    }
    line = exempt->first;
    if (line != NULL) {
        note(config, line->at,
             "MLGateExempt is not applied (%d in all): from an access log it "
             "cannot be told what it exempts, which is judged like the rest; "
             "an observation log tells",
             exempt->n);
    }
}

/* Lines of the main server first: a virtual host's win. */
static apr_status_t apply_all(const config_reader_t *r, int chosen)
{
    left_out_t in_sections = {NULL, 0};
    left_out_t exempt = {NULL, 0};
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < 2 * r->lines->nelts && rv == APR_SUCCESS; i++) {
        const config_line_t *line =
            &APR_ARRAY_IDX(r->lines, i % r->lines->nelts, config_line_t);
        int is_of_host = (line->host >= 0);

        if (is_of_host != (i >= r->lines->nelts)) {
            continue;
        }
        rv = check_scope(r, line);
        if (rv != APR_SUCCESS) {
            break;
        }
        if (line->section == NULL && (!is_of_host || line->host == chosen)) {
            rv = apply(r, line);
        }
        else {
            rv = try_line(r, line);
        }
        if (line->section != NULL) {
            leave_out(&in_sections, line);
        }
        else if (mlg_directives[line->id].kind == MLG_KIND_EXPR) {
            leave_out(&exempt, line);
        }
    }
    note_left_out(r->config, &in_sections, &exempt);
    return rv;
}

static apr_status_t finish(config_reader_t *r, const char *file,
                           const char *host)
{
    const config_host_t *own;
    int chosen;
    apr_status_t rv;

    rv = config_host_choose(r, file, host, &chosen);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (chosen >= 0 && host == NULL && r->hosts->nelts > 1) {
        own = &APR_ARRAY_IDX(r->hosts, chosen, config_host_t);
        note(r->config, own->at,
             "the lines of virtual host %s are applied; --host NAME says that "
             "the logs are of another",
             config_host_title(r, own));
    }
    return apply_all(r, chosen);
}

apr_status_t mlg_config_read(mlg_config_t *config, const char *path,
                             const char *host)
{
    const char *slash = strrchr(path, '/');
    config_reader_t reader;
    apr_status_t rv;

    config_reader_init(&reader, config, 0);
    if (slash != NULL) {
        reader.root = apr_pstrmemdup(config->p, path, (size_t)(slash - path));
    }
    rv = config_read_file(&reader, path);
    return (rv == APR_SUCCESS) ? finish(&reader, path, host) : rv;
}

apr_status_t mlg_config_read_text(mlg_config_t *config, const char *name,
                                  const char *text, size_t len,
                                  const char *host)
{
    config_reader_t reader;
    apr_status_t rv;

    config_reader_init(&reader, config, 1);
    if (memchr(text, '\0', len) != NULL) {
        return config_fail(config, (config_place_t){name, 0},
                           "it holds a NUL byte, so it is no text");
    }
    rv = config_read(&reader, name, apr_pstrmemdup(config->p, text, len));
    return (rv == APR_SUCCESS) ? finish(&reader, name, host) : rv;
}

apr_status_t mlg_config_set(mlg_config_t *config, const char *text)
{
    config_line_t line = {.host = -1, .args = text, .at = {text, 0}};
    config_reader_t reader;
    const char *name = config_word(config->p, &line.args);

    config_reader_init(&reader, config, 0);
    line.id = mlg_directive_find(name);
    if (line.id == MLG_NDIRECTIVES) {
        return config_fail_name(config, line.at, name);
    }
    if (mlg_directives[line.id].kind >= MLG_KIND_EXPR) {
        return config_fail(config, line.at, "%s says nothing about a log",
                           mlg_directives[line.id].name);
    }
    return apply(&reader, &line);
}
