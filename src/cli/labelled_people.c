/* SPDX-License-Identifier: Apache-2.0 */
#include "labelled_people.h"

#include "feed_sort.h"
#include "mlgatectl.h"
#include "visible.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <jansson.h>
#include <string.h>

typedef struct list_t {
    apr_hash_t *keys; /* of mlg_key_t, by themselves */
    const char *path;
    unsigned ipv6_prefix;
    apr_pool_t *p;
} list_t;

static int complain(const list_t *list, unsigned long number, const char *what,
                    const char *text)
{
    return ctl_complain(CTL_MISUSE, "%s, line %lu: '%s' %s",
                        visible_string(list->path, FEED_SHOWN, list->p), number,
                        visible_string(text, FEED_SHOWN, list->p), what);
}

static int set_key(list_t *list, unsigned long number, const char *text,
                   int is_person)
{
    mlg_prefix_t prefix;
    mlg_key_t *key;

    if (mlg_prefix_parse(&prefix, text) != APR_SUCCESS) {
        return complain(list, number, "is not an address", text);
    }
    key = apr_palloc(list->p, sizeof(*key));
    *key = mlg_key_client(&prefix.base, list->ipv6_prefix);
    apr_hash_set(list->keys, key, sizeof(*key), is_person ? key : NULL);
    return CTL_DONE;
}

static int take_event(list_t *list, unsigned long number, const char *line,
                      size_t len)
{
    json_t *event = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    const char *what = json_string_value(json_object_get(event, "event"));
    const char *client = json_string_value(json_object_get(event, "client"));
    int is_person = what != NULL && strcmp(what, "unblock") == 0;
    int is_taken_back = what != NULL && strcmp(what, "operator-block") == 0;
    int code = CTL_DONE;

    if (what == NULL) {
        code = complain(list, number, "is no line of an event log",
                        apr_pstrmemdup(list->p, line, len));
    }
    else if (client != NULL && (is_person || is_taken_back)) {
        code = set_key(list, number, client, is_person);
    }
    json_decref(event);
    return code;
}

static int take_line(list_t *list, unsigned long number, char *line, size_t len)
{
    size_t end;

    if (len > 0 && *line == '{') {
        return take_event(list, number, line, len);
    }
    line[len] = '\0'; /* over the newline */
    line += strspn(line, " \t");
    end = strcspn(line, " \t#");
    line[end] = '\0';
    return (end == 0) ? CTL_DONE : set_key(list, number, line, 1);
}

int labelled_people_read(apr_array_header_t **out, const char *path,
                         unsigned ipv6_prefix, apr_pool_t *p)
{
    list_t list = {apr_hash_make(p), path, ipv6_prefix, p};
    mlg_log_reader_t *lines;
    apr_pool_t *ptemp;
    apr_status_t rv = APR_EOF;
    int code;

    apr_pool_create(&ptemp, p);
    code = feed_open(&lines, path, ptemp);
    for (unsigned long number = 1; code == CTL_DONE; number++) {
        char *line;
        size_t len;

        rv = mlg_log_next(lines, &line, &len);
        if (rv != APR_SUCCESS) {
            break;
        }
        code = take_line(&list, number, line, len);
    }
    if (code == CTL_DONE && rv != APR_EOF) {
        code = ctl_complain(CTL_MISUSE, "%s cannot be read to its end",
                            visible_string(path, FEED_SHOWN, p));
    }
    apr_pool_destroy(ptemp);
    *out = apr_array_make(p, 16, sizeof(mlg_key_t));
    for (apr_hash_index_t *i = apr_hash_first(p, list.keys); i != NULL;
         i = apr_hash_next(i)) {
        void *key;

        apr_hash_this(i, NULL, NULL, &key);
        APR_ARRAY_PUSH(*out, mlg_key_t) = *(const mlg_key_t *)key;
    }
    return code;
}
