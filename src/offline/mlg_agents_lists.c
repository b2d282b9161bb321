/* SPDX-License-Identifier: Apache-2.0 */
#include "agents.h"
#include "config_read.h"

#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- crawler patterns ----------------------------------------------------- */

/* The chain of a text that begins with these three bytes. */
static unsigned chain_of(const char *text)
{
    const unsigned char *t = (const unsigned char *)text;

    return (t[0] * 31u * 31u + t[1] * 31u + t[2]) % PATTERN_CHAINS;
}

static mlg_class match_chain(const pattern_t *pattern, const char *text)
{
    for (; pattern != NULL; pattern = pattern->next) {
        if (strncmp(text, pattern->text, strlen(pattern->text)) == 0) {
            return pattern->class;
        }
    }
    return MLG_CLASS_OTHER;
}

mlg_class agents_match(const mlg_agents_t *agents, const char *text)
{
    const pattern_t *pattern = agents->regexes;
    mlg_class class = MLG_CLASS_OTHER;
    size_t len = strlen(text);

    for (size_t i = 0; agents->chain != NULL && i + 3 <= len; i++) {
        class = match_chain(agents->chain[chain_of(text + i)], text + i);
        if (class != MLG_CLASS_OTHER) {
            return class;
        }
    }
    for (; pattern != NULL; pattern = pattern->next) {
        if (strstr(text, pattern->text) != NULL &&
            (pattern->regex == NULL ||
             regexec(pattern->regex, text, 0, NULL, 0) == 0)) {
            return pattern->class;
        }
    }
    return class;
}

/* @return the class that a list's tags mean */
static mlg_class class_of(const json_t *tags)
{
    size_t i;
    json_t *tag;

    json_array_foreach(tags, i, tag)
    {
        const char *name = json_string_value(tag);

        if (name != NULL && strcmp(name, "monitoring") == 0) {
            return MLG_CLASS_MONITOR;
        }
        if (name != NULL && (strcmp(name, "http-library") == 0 ||
                             strcmp(name, "browser-automation") == 0)) {
            return MLG_CLASS_TOOL;
        }
    }
    return MLG_CLASS_CRAWLER;
}

/* The patterns are JavaScript's: turn what POSIX has no word for. */
static const char *to_posix(const char *pattern, apr_pool_t *p)
{
    static const struct {
        const char *from;
        const char *to;
    } turns[] = {
        {"[\\s\\S]", "."}, {"\\d", "[0-9]"}, {"\\/", "/"}, {"(?:", "("}};
    char *out = apr_palloc(p, 3 * strlen(pattern) + 1);
    char *end = out;

    while (*pattern != '\0') {
        size_t i = 0;

        while (i < 4 &&
               strncmp(pattern, turns[i].from, strlen(turns[i].from)) != 0) {
            i++;
        }
        if (i < 4) {
            end = stpcpy(end, turns[i].to);
            pattern += strlen(turns[i].from);
            continue;
        }
        if (*pattern == '\\' && pattern[1] != '\0') {
            *end++ = *pattern++;
        }
        *end++ = *pattern++;
    }
    *end = '\0';
    return out;
}

/* The longest plain text that whatever matches must contain, and whether the
 * pattern is nothing else. */
static const char *plain_text(const char *pattern, int *is_all, apr_pool_t *p)
{
    char *run = apr_palloc(p, strlen(pattern) + 1);
    const char *longest = "";
    size_t n = 0;

    *is_all = 1;
    if (strpbrk(pattern, "|(") != NULL) { /* some of it may be missing */
        *is_all = 0;
        return longest;
    }
    for (const char *at = pattern;; at++) {
        int is_plain = *at != '\0' && strchr("[]^$.*+?{}\\", *at) == NULL;

        if (*at == '\\' && at[1] != '\0' && !apr_isalnum(at[1])) {
            at++;
            is_plain = 1;
        }
        if (is_plain) {
            run[n++] = *at;
            continue;
        }
        if (*at != '\0') {
            *is_all = 0;
        }
        if (n > 0 && *at != '\0' && strchr("*?{", *at) != NULL) {
            n--; /* of which there may be none */
        }
        if (n > strlen(longest)) {
            longest = apr_pstrmemdup(p, run, n);
        }
        n = 0;
        if (*at == '[') {
            const char *close = strchr(at + 2 - (at[1] == '\0'), ']');

            at = (close != NULL) ? close : at + strlen(at) - 1;
        }
        if (*at == '\\' && at[1] != '\0') {
            at++;
        }
        if (*at == '\0') {
            return longest;
        }
    }
}

static apr_status_t free_regex(void *regex)
{
    regfree(regex);
    return APR_SUCCESS;
}

static void add_pattern(mlg_agents_t *agents, const char *text, mlg_class class)
{
    pattern_t *pattern = apr_pcalloc(agents->p, sizeof(*pattern));
    pattern_t **chain = &agents->regexes;
    int is_plain;

    pattern->class = (uint8_t) class;
    pattern->text = plain_text(text, &is_plain, agents->p);
    if (!is_plain) {
        regex_t *regex = apr_palloc(agents->p, sizeof(*regex));

        if (regcomp(regex, to_posix(text, agents->p),
                    REG_EXTENDED | REG_NOSUB) != 0) {
            agents->unusable++;
            return;
        }
        apr_pool_cleanup_register(agents->p, regex, free_regex,
                                  apr_pool_cleanup_null);
        pattern->regex = regex;
    }
    else if (strlen(pattern->text) >= 3) {
        chain = &agents->chain[chain_of(pattern->text)];
    }
    pattern->next = *chain;
    *chain = pattern;
}

static apr_status_t refuse(mlg_fault_t *fault, size_t offset, const char *what)
{
    mlg_fault(fault, offset, what);
    return APR_EGENERAL;
}

apr_status_t mlg_agents_read_patterns(mlg_agents_t *agents, const char *path,
                                      mlg_fault_t *fault)
{
    json_error_t error;
    json_t *list;
    json_t *one;
    size_t i;

    list = json_load_file(path, 0, &error);
    if (list == NULL) {
        return refuse(fault, (size_t)error.position, error.text);
    }
    if (!json_is_array(list) || json_array_size(list) == 0) {
        json_decref(list);
        return refuse(fault, 0, "it is not a JSON array of crawlers");
    }
    agents->chain =
        apr_pcalloc(agents->p, PATTERN_CHAINS * sizeof(pattern_t *));
    json_array_foreach(list, i, one)
    {
        const char *text = json_string_value(json_object_get(one, "pattern"));

        if (text == NULL || *text == '\0') {
            json_decref(list);
            return refuse(fault, i, "an entry has no \"pattern\"");
        }
        add_pattern(agents, text, class_of(json_object_get(one, "tags")));
    }
    json_decref(list);
    return APR_SUCCESS;
}

/* ---- address ranges ------------------------------------------------------- */

static apr_status_t read_ranges(apr_array_header_t *prefixes, const char *path,
                                mlg_fault_t *fault, apr_pool_t *p)
{
    const char *name = apr_filepath_name_get(path);
    char *text;
    char *line;
    unsigned n = 0;
    const char *why = config_load(&text, path, p);

    if (why != NULL) {
        return refuse(fault, 0, apr_psprintf(p, "%.60s: %s", name, why));
    }
    while (config_next_line(&text, &line, &n)) {
        mlg_prefix_t prefix;

        if (!mlg_allow_cut(line)) {
            continue;
        }
        if (mlg_prefix_parse(&prefix, line) != APR_SUCCESS) {
            return refuse(
                fault, 0,
                apr_psprintf(p, "line %u of %.60s holds no address", n, name));
        }
        APR_ARRAY_PUSH(prefixes, mlg_prefix_t) = prefix;
    }
    return APR_SUCCESS;
}

static apr_status_t read_operator(mlg_agents_t *agents, const char *dir,
                                  const char *name, mlg_fault_t *fault,
                                  apr_pool_t *ptemp)
{
    apr_array_header_t *prefixes =
        apr_array_make(agents->p, 64, sizeof(mlg_prefix_t));
    const char *path = apr_pstrcat(ptemp, dir, "/", name, NULL);
    apr_finfo_t info;
    apr_dir_t *files;
    apr_status_t rv = apr_dir_open(&files, path, ptemp);
    operator_t o;

    while (rv == APR_SUCCESS &&
           apr_dir_read(&info, APR_FINFO_NAME, files) == APR_SUCCESS) {
        if (info.name[0] != '.' && strlen(info.name) > 4 &&
            strcmp(info.name + strlen(info.name) - 4, ".txt") == 0) {
            rv = read_ranges(prefixes,
                             apr_pstrcat(ptemp, path, "/", info.name, NULL),
                             fault, ptemp);
        }
    }
    if (rv == APR_SUCCESS && prefixes->nelts > 0) {
        char *lower = apr_pstrdup(agents->p, name);

        for (char *c = lower; *c != '\0'; c++) {
            *c = (char)apr_tolower(*c);
        }
        o.name = lower;
        o.ranges.prefix = (mlg_prefix_t *)prefixes->elts;
        o.ranges.n = (size_t)prefixes->nelts;
        mlg_cidrs_settle(&o.ranges);
        APR_ARRAY_PUSH(agents->operators, operator_t) = o;
    }
    return rv;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const operator_t *)a)->name, ((const operator_t *)b)->name);
}

apr_status_t mlg_agents_read_ranges(mlg_agents_t *agents, const char *dir,
                                    mlg_fault_t *fault)
{
    apr_pool_t *ptemp;
    apr_dir_t *entries;
    apr_finfo_t info;
    apr_status_t rv;
    int before = agents->operators->nelts;

    apr_pool_create(&ptemp, agents->p);
    rv = apr_dir_open(&entries, dir, ptemp);
    if (rv == APR_SUCCESS) {
        while (rv == APR_SUCCESS &&
               apr_dir_read(&info, APR_FINFO_NAME | APR_FINFO_TYPE, entries) ==
                   APR_SUCCESS) {
            if (info.filetype == APR_DIR && info.name[0] != '.') {
                rv = read_operator(agents, dir, info.name, fault, ptemp);
            }
        }
        if (rv == APR_SUCCESS && agents->operators->nelts == before) {
            rv = refuse(fault, 0,
                        "it has no directory with lists of addresses "
                        "(OPERATOR/*.txt)");
        }
    }
    /* a directory has no order, and the first that fits is taken */
    qsort(agents->operators->elts, (size_t)agents->operators->nelts,
          sizeof(operator_t), by_name);
    apr_pool_destroy(ptemp);
    return rv;
}
