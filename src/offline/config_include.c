/* SPDX-License-Identifier: Apache-2.0 */
#include "config_read.h"

#include <apr_file_info.h>
#include <apr_fnmatch.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 20 /* httpd's own */
#define FILES_MAX 4096

/* The way to this file must not lead through itself, nor be endless. */
static apr_status_t check_way(const config_reader_t *r, const char *path,
                              const char *real)
{
    for (int i = 0; i < r->files->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(r->files, i, const char *), real) == 0) {
            return config_fail(r->config, r->at,
                               "'%.200s' is being read already; a file must "
                               "not include itself",
                               path);
        }
    }
    if (r->files->nelts > DEPTH_MAX) {
        return config_fail(r->config, r->at,
                           "Include is nested deeper than %d levels",
                           DEPTH_MAX);
    }
    return (r->nfiles < FILES_MAX)
               ? APR_SUCCESS
               : config_fail(r->config, r->at, "this makes more than %d files",
                             FILES_MAX);
}

apr_status_t config_read_file(config_reader_t *r, const char *path)
{
    apr_pool_t *p = r->config->p;
    char *real_path = realpath(path, NULL);
    const char *real = apr_pstrdup(p, (real_path != NULL) ? real_path : path);
    const char *why;
    char *text;
    apr_status_t rv;

    free(real_path);
    rv = check_way(r, path, real);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    why = config_load(&text, path, p);
    if (why != NULL) {
        return (r->at.line > 0)
                   ? config_fail(r->config, r->at, "cannot read '%.200s': %s",
                                 path, why)
                   : config_fail(r->config, (config_place_t){path, 0},
                                 "cannot be read: %s", why);
    }
    r->nfiles++;
    APR_ARRAY_PUSH(r->files, const char *) = real;
    rv = config_read(r, path, text);
    apr_array_pop(r->files);
    return rv;
}

static apr_status_t include_path(config_reader_t *r, const char *path,
                                 int is_optional);

/* Every file that a pattern names, in order. */
static apr_status_t include_matches(config_reader_t *r, const char *pattern,
                                    int flags, int is_optional)
{
    config_place_t at = r->at;
    apr_status_t rv = APR_SUCCESS;
    glob_t found;
    int code = glob(pattern, flags, NULL, &found);

    if (code != 0) {
        return (code == GLOB_NOMATCH && is_optional)
                   ? APR_SUCCESS
                   : config_fail(r->config, at,
                                 "no file matches '%.200s'; IncludeOptional "
                                 "would not mind",
                                 pattern);
    }
    for (size_t i = 0; i < found.gl_pathc && rv == APR_SUCCESS; i++) {
        const char *name = apr_filepath_name_get(found.gl_pathv[i]);

        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            rv = include_path(r, apr_pstrdup(r->config->p, found.gl_pathv[i]),
                              is_optional);
        }
    }
    globfree(&found);
    return rv;
}

/* A file, or every file of a directory and of those in it. */
static apr_status_t include_path(config_reader_t *r, const char *path,
                                 int is_optional)
{
    apr_finfo_t info;
    apr_pool_t *p = r->config->p;
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_TYPE, p);

    if (rv == APR_SUCCESS && info.filetype == APR_DIR) {
        return include_matches(r, apr_pstrcat(p, path, "/*", NULL), GLOB_PERIOD,
                               1);
    }
    if (APR_STATUS_IS_ENOENT(rv) && is_optional) {
        return APR_SUCCESS;
    }
    return config_read_file(r, path);
}

apr_status_t config_include(config_reader_t *r, const char *args,
                            const char *unknown, int is_optional)
{
    const char *path = config_word(r->config->p, &args);

    if (*path == '\0' || *args != '\0') {
        return config_fail(r->config, r->at, "Include takes one argument");
    }
    if (r->is_alone) {
        APR_ARRAY_PUSH(r->config->notes, const char *) =
            apr_psprintf(r->config->p, "%s line %u: Include is not followed",
                         r->at.file, r->at.line);
        return APR_SUCCESS;
    }
    if (unknown != NULL && !is_optional) {
        return config_fail_unknown(r->config, r->at, unknown);
    }
    path = config_path(r, path);
    return apr_fnmatch_test(path) ? include_matches(r, path, 0, is_optional)
                                  : include_path(r, path, is_optional);
}
