/* SPDX-License-Identifier: Apache-2.0 */
#include "config_read.h"

#include <apr_env.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#define FILE_BYTES_MAX  (16u << 20)
#define GROWN_BYTES_MAX (16u << 20)

static int is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

apr_status_t config_fail(mlg_config_t *config, config_place_t at,
                         const char *format, ...)
{
    va_list args;
    const char *what;

    va_start(args, format);
    what = apr_pvsprintf(config->p, format, args);
    va_end(args);
    config->why =
        (at.line > 0)
            ? apr_psprintf(config->p, "%s line %u: %s", at.file, at.line, what)
            : apr_psprintf(config->p, "%s: %s", at.file, what);
    return MLG_ECONFIG;
}

apr_status_t config_fail_name(mlg_config_t *config, config_place_t at,
                              const char *name)
{
    const char *nearest = mlg_directive_nearest(name);

    return (nearest == NULL)
               ? config_fail(config, at, "there is no directive '%.100s'", name)
               : config_fail(config, at,
                             "there is no directive '%.100s'; is it %s?", name,
                             nearest);
}

apr_status_t config_fail_unknown(mlg_config_t *config, config_place_t at,
                                 const char *name)
{
    return config_fail(config, at,
                       "${%.100s} is not defined; set it in the environment, "
                       "as httpd's start script does",
                       name);
}

int config_next_line(char **text, char **line, unsigned *n)
{
    char *from = *text;
    char *to = from;
    char *begin = from;
    int is_continued = 1;

    if (*from == '\0') {
        return 0;
    }
    while (is_continued && *from != '\0') {
        size_t len = strcspn(from, "\n");
        size_t keep = len;
        int has_end = (from[len] == '\n');

        if (has_end && keep > 0 && from[keep - 1] == '\r') {
            keep--;
        }
        is_continued = has_end && keep > 0 && from[keep - 1] == '\\';
        keep -= is_continued ? 1 : 0;
        memmove(to, from, keep);
        to += keep;
        from += len + (has_end ? 1 : 0);
        ++*n;
    }
    *text = from;
    while (to > begin && is_blank(to[-1])) {
        to--;
    }
    *to = '\0';
    while (is_blank(*begin)) {
        begin++;
    }
    *line = begin;
    return 1;
}

/* @param quote  0: none */
static int is_escape(const char *at, char quote)
{
    return *at == '\\' && (at[1] == '\\' || (quote != '\0' && at[1] == quote));
}

/* A word to the closing quote, or without one to a blank, or to the end. */
static const char *take_word(apr_pool_t *p, const char **at, char quote)
{
    const char *from = *at;
    const char *end = from;
    char *word;
    char *to;

    while (*end != '\0' &&
           ((quote != '\0') ? *end != quote : !is_blank(*end))) {
        end += (quote != '\0' && is_escape(end, quote)) ? 2 : 1;
    }
    word = to = apr_palloc(p, (size_t)(end - from) + 1);
    while (from < end) {
        from += is_escape(from, quote);
        *to++ = *from++;
    }
    *to = '\0';
    *at = end;
    return word;
}

const char *config_word(apr_pool_t *p, const char **line)
{
    const char *word;
    char quote;

    while (is_blank(**line)) {
        ++*line;
    }
    quote = (**line == '"' || **line == '\'') ? **line : '\0';
    *line += (quote != '\0');
    word = take_word(p, line, quote);
    *line += (quote != '\0' && **line == quote);
    while (is_blank(**line)) {
        ++*line;
    }
    return word;
}

static const char *value_of(const config_reader_t *reader, const char *name)
{
    const char *value = apr_table_get(reader->values, name);
    char *of_environment = NULL;

    if (value == NULL && !reader->is_alone &&
        apr_env_get(&of_environment, name, reader->config->p) == APR_SUCCESS) {
        value = of_environment;
    }
    return value;
}

/* The value of ${NAME}, or its own text when it has none.
 * @param end  its closing bracket */
static const char *value_at(const config_reader_t *reader, const char *dollar,
                            const char *end, const char **unknown)
{
    apr_pool_t *p = reader->config->p;
    const char *name =
        apr_pstrmemdup(p, dollar + 2, (size_t)(end - dollar) - 2);
    const char *value = value_of(reader, name);

    if (value != NULL) {
        return value;
    }
    /* mod_rewrite's ${map:key} is no variable */
    if (strchr(name, ':') == NULL) {
        *unknown = name;
    }
    return apr_pstrmemdup(p, dollar, (size_t)(end + 1 - dollar));
}

const char *config_expand(config_reader_t *reader, const char *text,
                          const char **unknown)
{
    apr_pool_t *p = reader->config->p;
    apr_array_header_t *part = NULL;
    const char *at = text;
    const char *dollar;
    const char *end;

    while ((dollar = strstr(at, "${")) != NULL &&
           (end = strchr(dollar, '}')) != NULL) {
        const char *value = value_at(reader, dollar, end, unknown);

        reader->grown_bytes += strlen(value);
        if (reader->grown_bytes > GROWN_BYTES_MAX) {
            return NULL;
        }
        if (part == NULL) {
            part = apr_array_make(p, 4, sizeof(const char *));
        }
        APR_ARRAY_PUSH(part, const char *) =
            apr_pstrmemdup(p, at, (size_t)(dollar - at));
        APR_ARRAY_PUSH(part, const char *) = value;
        at = end + 1;
    }
    if (part == NULL) {
        return text;
    }
    APR_ARRAY_PUSH(part, const char *) = at;
    return apr_array_pstrcat(p, part, '\0');
}

const char *config_path(const config_reader_t *reader, const char *path)
{
    char *merged;

    return (reader->root[0] != '\0' &&
            apr_filepath_merge(&merged, reader->root, path, 0,
                               reader->config->p) == APR_SUCCESS)
               ? merged
               : path;
}

const char *config_load(char **text, const char *path, apr_pool_t *p)
{
    apr_file_t *file;
    apr_size_t room = 131072;
    apr_size_t len = 0;
    char *buf = apr_palloc(p, room + 1);
    char words[120];
    apr_status_t rv =
        apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, p);

    while (rv == APR_SUCCESS && len <= FILE_BYTES_MAX) {
        apr_size_t got = room - len;

        rv = apr_file_read(file, buf + len, &got);
        len += (rv == APR_SUCCESS) ? got : 0;
        if (len == room) {
            char *bigger = apr_palloc(p, room * 2 + 1);

            memcpy(bigger, buf, len);
            buf = bigger;
            room *= 2;
        }
    }
    if (rv == APR_SUCCESS) {
        return "it is larger than 16 MiB";
    }
    if (rv != APR_EOF) {
        return apr_pstrdup(p, apr_strerror(rv, words, sizeof(words)));
    }
    apr_file_close(file);
    buf[len] = '\0';
    if (strlen(buf) != len) {
        return "it holds a NUL byte, so it is no text";
    }
    *text = buf;
    return NULL;
}
