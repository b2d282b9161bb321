/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_labels.h"

#include "feed_sort.h"
#include "mlgatectl.h"
#include "visible.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

struct feed_labels_t {
    apr_pool_t *p;
    apr_hash_t *clients; /* mlg_key_t: class, of mlg_text_t */
    apr_hash_t *classes; /* each class once, by its text */
    const char *path;
    unsigned ipv6_prefix;
    int column; /* of the class, from 0 */
};

/* @return field `column` from 0, {NULL, 0} if there are not so many */
static mlg_text_t field(const char *line, size_t len, int column)
{
    const char *end = line + len;

    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n')) {
        len--;
        end--;
    }
    for (;; column--) {
        const char *tab = memchr(line, '\t', (size_t)(end - line));
        const char *stop = (tab != NULL) ? tab : end;

        if (column == 0) {
            return (mlg_text_t){line, (size_t)(stop - line)};
        }
        if (tab == NULL) {
            return (mlg_text_t){NULL, 0};
        }
        line = tab + 1;
    }
}

static int is(mlg_text_t text, const char *word)
{
    return text.at != NULL && text.len == strlen(word) &&
           memcmp(text.at, word, text.len) == 0;
}

static int read_key(mlg_key_t *key, mlg_text_t text, unsigned ipv6_prefix)
{
    char address[MLG_KEY_TEXT];
    mlg_prefix_t prefix;

    if (text.at == NULL || text.len >= sizeof(address)) {
        return 0;
    }
    memcpy(address, text.at, text.len);
    address[text.len] = '\0';
    if (mlg_prefix_parse(&prefix, address) != APR_SUCCESS) {
        return 0;
    }
    *key = mlg_key_client(&prefix.base, ipv6_prefix);
    return 1;
}

/* The column that the first line calls "class". */
static int class_column(const char *line, size_t len)
{
    for (int column = 1;; column++) {
        mlg_text_t name = field(line, len, column);

        if (name.at == NULL || is(name, "class")) {
            return (name.at == NULL) ? 1 : column;
        }
    }
}

static const mlg_text_t *class_of(feed_labels_t *labels, mlg_text_t text)
{
    mlg_text_t *known =
        apr_hash_get(labels->classes, text.at, (apr_ssize_t)text.len);

    if (known == NULL) {
        known = apr_palloc(labels->p, sizeof(*known));
        known->at = apr_pstrmemdup(labels->p, text.at, text.len);
        known->len = text.len;
        apr_hash_set(labels->classes, known->at, (apr_ssize_t)known->len,
                     known);
    }
    return known;
}

static int complain(const feed_labels_t *labels, unsigned long number,
                    const char *what, mlg_text_t text)
{
    return ctl_complain(CTL_MISUSE, "%s, line %lu: '%s' %s",
                        visible_string(labels->path, FEED_SHOWN, labels->p),
                        number,
                        visible((text.at != NULL) ? text.at : "", text.len,
                                FEED_SHOWN, labels->p),
                        what);
}

static int take(feed_labels_t *labels, const char *line, size_t len,
                unsigned long number)
{
    mlg_text_t client = field(line, len, 0);
    mlg_text_t text = field(line, len, labels->column);
    const mlg_text_t *label;
    const mlg_text_t *before;
    mlg_key_t *key;
    mlg_key_t read;

    if (client.len == 0) {
        return CTL_DONE; /* an empty line */
    }
    if (!read_key(&read, client, labels->ipv6_prefix)) {
        return complain(labels, number, "is not an address", client);
    }
    if (text.at == NULL) {
        return complain(labels, number, "has no class", client);
    }
    label = class_of(labels, text);
    before = apr_hash_get(labels->clients, &read, sizeof(read));
    if (before != NULL) {
        return (before == label)
                   ? CTL_DONE
                   : complain(labels, number, "has another class already",
                              client);
    }
    key = apr_pmemdup(labels->p, &read, sizeof(read));
    apr_hash_set(labels->clients, key, sizeof(*key), label);
    return CTL_DONE;
}

int feed_labels_read(feed_labels_t **out, const char *path,
                     unsigned ipv6_prefix, apr_pool_t *p)
{
    feed_labels_t *labels = apr_pcalloc(p, sizeof(*labels));
    mlg_log_reader_t *lines;
    apr_pool_t *ptemp;
    apr_status_t rv = APR_SUCCESS;
    int code;

    *out = NULL;
    labels->p = p;
    labels->path = path;
    labels->ipv6_prefix = ipv6_prefix;
    labels->column = 1;
    apr_pool_create(&ptemp, p);
    code = feed_open(&lines, path, ptemp);
    for (unsigned long number = 1; code == CTL_DONE; number++) {
        char *line;
        size_t len;
        mlg_key_t key;

        rv = mlg_log_next(lines, &line, &len);
        if (rv != APR_SUCCESS) {
            break;
        }
        if (number == 1) {
            int is_header = is(field(line, len, 0), "client");

            if (!is_header &&
                !read_key(&key, field(line, len, 0), ipv6_prefix)) {
                break; /* labels of lines */
            }
            *out = labels;
            labels->clients = apr_hash_make(p);
            labels->classes = apr_hash_make(p);
            if (is_header) {
                labels->column = class_column(line, len);
                continue;
            }
        }
        code = take(labels, line, len, number);
    }
    if (code == CTL_DONE && *out != NULL && rv != APR_EOF) {
        code = ctl_complain(CTL_MISUSE, "%s cannot be read to its end",
                            visible_string(path, FEED_SHOWN, p));
    }
    apr_pool_destroy(ptemp);
    return code;
}

mlg_text_t feed_labels_find(const feed_labels_t *labels, const mlg_key_t *key)
{
    const mlg_text_t *label =
        (labels != NULL) ? apr_hash_get(labels->clients, key, sizeof(*key))
                         : NULL;

    return (label != NULL) ? *label : (mlg_text_t){NULL, 0};
}
