/* SPDX-License-Identifier: Apache-2.0 */
#include "config_read.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <string.h>

static int has_effect(const config_line_t *line)
{
    mlg_kind kind = mlg_directives[line->id].kind;

    return line->section == NULL && kind != MLG_KIND_ENGINE &&
           kind < MLG_KIND_EXPR;
}

/* What each virtual host says, to tell those apart that differ. */
static void gather_words(const config_reader_t *r)
{
    for (int i = 0; i < r->lines->nelts; i++) {
        const config_line_t *line = &APR_ARRAY_IDX(r->lines, i, config_line_t);

        if (line->host >= 0 && has_effect(line)) {
            apr_array_header_t *said =
                APR_ARRAY_IDX(r->hosts, line->host, config_host_t).said;

            APR_ARRAY_PUSH(said, const char *) = mlg_directives[line->id].name;
            APR_ARRAY_PUSH(said, const char *) = line->args;
        }
    }
    for (int h = 0; h < r->hosts->nelts; h++) {
        config_host_t *host = &APR_ARRAY_IDX(r->hosts, h, config_host_t);

        host->says = apr_array_pstrcat(r->config->p, host->said, '\n');
    }
}

/* The name without "https://" and ":443". */
static const char *bare_name(const char *name, apr_pool_t *p)
{
    const char *scheme = strstr(name, "://");

    name = (scheme != NULL) ? scheme + 3 : name;
    return apr_pstrmemdup(p, name, strcspn(name, ":"));
}

/* Is `host` a name of it, or NAME:PORT of a port it listens on? */
static int is_named(const config_reader_t *r, const config_host_t *host,
                    const char *name)
{
    apr_pool_t *p = r->config->p;
    const char *colon = strrchr(name, ':');
    const char *where = host->where;

    while (*where != '\0') {
        const char *address = config_word(p, &where);
        const char *port = strrchr(address, ':');

        if (strcmp(address, name) == 0) {
            return 1;
        }
        if (colon != NULL && port != NULL && strcmp(port, colon) == 0) {
            name = apr_pstrmemdup(p, name, (size_t)(colon - name));
            colon = NULL;
        }
    }
    for (int i = 0; i < host->names->nelts; i++) {
        const char *own =
            bare_name(APR_ARRAY_IDX(host->names, i, const char *), p);

        if (apr_fnmatch(own, name, APR_FNM_CASE_BLIND) == APR_SUCCESS) {
            return 1;
        }
    }
    return 0;
}

const char *config_host_title(const config_reader_t *r,
                              const config_host_t *host)
{
    return apr_psprintf(r->config->p, "%.100s (%.100s)",
                        (host->names->nelts > 0)
                            ? APR_ARRAY_IDX(host->names, 0, const char *)
                            : "no ServerName",
                        host->where);
}

/* Titles of all virtual hosts, or of those with lines; the first few. */
static const char *list_hosts(const config_reader_t *r, int with_lines)
{
    const char *list = "";
    int n = 0;

    for (int h = 0; h < r->hosts->nelts && n <= 20; h++) {
        const config_host_t *host = &APR_ARRAY_IDX(r->hosts, h, config_host_t);

        if (!with_lines || host->says[0] != '\0') {
            list = apr_pstrcat(r->config->p, list, (n > 0) ? ", " : "",
                               (n < 20) ? config_host_title(r, host) : "...",
                               NULL);
            n++;
        }
    }
    return (n > 0) ? list : "none";
}

apr_status_t config_host_choose(const config_reader_t *r, const char *file,
                                const char *name, int *chosen)
{
    config_place_t at = {file, 0};
    int is_known = (name == NULL);

    gather_words(r);
    *chosen = -1;
    for (int h = 0; h < r->hosts->nelts; h++) {
        const config_host_t *host = &APR_ARRAY_IDX(r->hosts, h, config_host_t);

        if (name != NULL && !is_named(r, host, name)) {
            continue;
        }
        is_known = 1;
        if (host->says[0] == '\0') {
            continue;
        }
        if (*chosen < 0) {
            *chosen = h;
        }
        else if (strcmp(host->says,
                        APR_ARRAY_IDX(r->hosts, *chosen, config_host_t).says) !=
                 0) {
            return config_fail(r->config, at,
                               "virtual hosts have lines of their own that "
                               "differ: %s; say with --host NAME, or NAME:PORT,"
                               " whose logs these are",
                               list_hosts(r, 1));
        }
    }
    return is_known ? APR_SUCCESS
                    : config_fail(r->config, at,
                                  "no virtual host is called '%.200s'; there "
                                  "are: %s",
                                  name, list_hosts(r, 0));
}
