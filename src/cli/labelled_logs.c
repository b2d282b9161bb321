/* SPDX-License-Identifier: Apache-2.0 */
#include "labelled_logs.h"

#include "feed_sort.h"
#include "mlgatectl.h"
#include "visible.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- one site of logs ------------------------------------------------------ */

typedef struct reading_t {
    labelled_t *labelled;
    feed_t *feed;
} reading_t;

static int add_failed(const labelled_t *labelled, apr_status_t rv)
{
    return (rv == APR_ENOSPC)
               ? ctl_complain(CTL_FAILED,
                              "more than %u classes; are these labels?",
                              MLG_DATASET_CLASSES)
               : ctl_complain(CTL_FAILED, "not enough memory for %u requests",
                              labelled->set->rows);
}

/* The record tells how many of the scores so far count, and whether this
 * client behaves like people. With a threshold of 0 every score is high, so
 * its evidence has a bit for each that counts; nobody is convicted, for no
 * client has made so many requests. */
static void set_rules(feed_t *feed)
{
    feed->replay.rules.threshold = 0.0f;
    feed->replay.rules.min_requests = UINT32_MAX;
}

/* @return 0 when there is none */
static int record_of(mlg_record_t *own, const feed_t *feed,
                     const mlg_arrival_t *arrival)
{
    const mlg_record_t *shared =
        mlg_table_find(&feed->replay.gate.table, arrival->from.hash);

    return shared != NULL && mlg_record_copy(own, shared);
}

static mlg_recorded_t recorded(const mlg_record_t *r, const float *x)
{
    float novelty = x[MLG_F_PATH_NOVELTY];
    unsigned seen = mlg_panes_sum(&r->paths_seen);

    return (mlg_recorded_t){
        .proof = (unsigned)__builtin_popcount(r->evidence),
        .errors = (unsigned)(mlg_panes_sum(&r->client_errors) +
                             mlg_panes_sum(&r->not_found)),
        .paths = isnan(novelty) ? 0 : (unsigned)(novelty * (float)seen + 0.5f)};
}

static int take(void *data, const judged_t *judged)
{
    reading_t *reading = data;
    mlg_dataset_t *set = reading->labelled->set;
    const mlg_decision_t *d = judged->decision;
    mlg_recorded_t more;
    mlg_record_t record;
    uint32_t client;
    int has_record = record_of(&record, reading->feed, judged->arrival);
    apr_status_t rv;

    set_rules(reading->feed);
    reading->labelled->ipv6_prefix = reading->feed->replay.ipv6_prefix;
    if (isnan(d->score)) {
        reading->labelled->left_out++;
        return CTL_DONE;
    }
    if (judged->entry == NULL) {
        set->site[set->sites - 1].is_live = 1;
    }
    if (has_record) {
        more = recorded(&record, d->x);
    }
    rv = mlg_dataset_add(set, &judged->arrival->from.key, judged->label,
                         d->at_us, has_record ? &more : NULL, d->x, &client);
    if (rv == APR_SUCCESS && has_record) {
        mlg_dataset_trust(set, client, mlg_record_is_trusted(&record));
    }
    return (rv == APR_SUCCESS) ? CTL_DONE : add_failed(reading->labelled, rv);
}

static int begin_site(labelled_t *labelled, const char *name)
{
    return (mlg_dataset_site(labelled->set, name) == APR_SUCCESS)
               ? CTL_DONE
               : ctl_complain(CTL_MISUSE, "more than %u sites",
                              MLG_DATASET_SITES);
}

/* "access" of "/var/log/access.log.gz" */
const char *labelled_stem(labelled_t *labelled, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *stem = apr_pstrdup(labelled->p, (slash != NULL) ? slash + 1 : path);

    stem[strcspn(stem, ".")] = '\0';
    return (*stem != '\0') ? stem : path;
}

int labelled_logs(labelled_t *labelled, const char *name, feed_t *feed,
                  int nlogs, const char *const *logs)
{
    reading_t reading = {labelled, feed};
    int code = begin_site(labelled, name);

    rules_set(&feed->rules, "MLGateEngine observe");
    return (code == CTL_DONE) ? feed_run(feed, nlogs, logs, take, &reading)
                              : code;
}

/* ---- directories ----------------------------------------------------------- */

static const char *find_file(const char *dir, const char *const *name,
                             apr_pool_t *p)
{
    for (; *name != NULL; name++) {
        for (int gz = 0; gz < 2; gz++) {
            const char *path =
                apr_pstrcat(p, dir, "/", *name, gz ? ".gz" : "", NULL);
            apr_finfo_t info;

            if (apr_stat(&info, path, APR_FINFO_TYPE, p) == APR_SUCCESS &&
                info.filetype == APR_REG) {
                return path;
            }
        }
    }
    return NULL;
}

/* @param is_site  set to 1 when the directory has what a site needs */
static int read_site(labelled_t *labelled, const char *dir, int *is_site)
{
    static const char *const logs[] = {"combined.log", "access.log",
                                       "observations.log", NULL};
    static const char *const labels[] = {"labels.tsv", NULL};
    apr_pool_t *p;
    const char *log;
    const char *label;
    const char *name;
    int code = CTL_DONE;

    apr_pool_create(&p, labelled->p);
    log = find_file(dir, logs, p);
    label = find_file(dir, labels, p);
    *is_site = log != NULL && label != NULL;
    if (*is_site) {
        feed_t *feed = apr_pmemdup(p, &labelled->feed, sizeof(*feed));

        feed->p = p;
        feed->labels = apr_array_make(p, 1, sizeof(const char *));
        APR_ARRAY_PUSH(feed->labels, const char *) = label;
        feed->rules.p = p;
        feed->rules.sets = apr_array_copy(p, labelled->feed.rules.sets);
        name = strrchr(dir, '/');
        code = labelled_logs(labelled, (name != NULL) ? name + 1 : dir, feed, 1,
                             &log);
    }
    apr_pool_destroy(p);
    return code;
}

static int by_name(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* The names in a directory, sorted: the same data in the same order. */
static int list(apr_array_header_t **out, const char *dir, apr_pool_t *p)
{
    apr_finfo_t info;
    apr_dir_t *entries;
    apr_status_t rv = apr_dir_open(&entries, dir, p);

    if (rv != APR_SUCCESS) {
        return ctl_complain(CTL_MISUSE, "--data %s: %s",
                            visible_string(dir, FEED_SHOWN, p),
                            ctl_reason(rv, p));
    }
    *out = apr_array_make(p, 16, sizeof(const char *));
    while (apr_dir_read(&info, APR_FINFO_NAME, entries) == APR_SUCCESS) {
        if (info.name[0] != '.') {
            APR_ARRAY_PUSH(*out, const char *) = apr_pstrdup(p, info.name);
        }
    }
    apr_dir_close(entries);
    qsort((*out)->elts, (size_t)(*out)->nelts, sizeof(const char *), by_name);
    return CTL_DONE;
}

int labelled_directory(labelled_t *labelled, const char *arg)
{
    char *dir = apr_pstrdup(labelled->p, arg);
    apr_array_header_t *names = NULL;
    int is_site = 0;
    int sites = 0;
    int code;

    for (size_t n = strlen(dir); n > 1 && dir[n - 1] == '/'; n--) {
        dir[n - 1] = '\0';
    }
    code = list(&names, dir, labelled->p);
    if (code != CTL_DONE || names == NULL) {
        return code;
    }
    code = read_site(labelled, dir, &is_site);
    for (int i = 0; code == CTL_DONE && !is_site && i < names->nelts; i++) {
        int is_one = 0;

        code =
            read_site(labelled,
                      apr_pstrcat(labelled->p, dir, "/",
                                  APR_ARRAY_IDX(names, i, const char *), NULL),
                      &is_one);
        sites += is_one;
    }
    return (code != CTL_DONE || is_site || sites > 0)
               ? code
               : ctl_complain(
                     CTL_MISUSE,
                     "--data %s: neither it nor a directory in it has a log "
                     "(combined.log, access.log or observations.log, .gz or "
                     "not) with its labels.tsv",
                     visible_string(arg, FEED_SHOWN, labelled->p));
}
