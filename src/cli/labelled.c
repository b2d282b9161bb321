/* SPDX-License-Identifier: Apache-2.0 */
#include "labelled.h"

#include "feed_sort.h"
#include "labelled_people.h"
#include "mlgatectl.h"
#include "visible.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void labelled_init(labelled_t *labelled, apr_pool_t *p)
{
    mlg_settings_t settings;

    memset(labelled, 0, sizeof(*labelled));
    labelled->p = p;
    labelled->data = apr_array_make(p, 4, sizeof(const char *));
    labelled->csv = apr_array_make(p, 4, sizeof(const char *));
    labelled->people = apr_array_make(p, 4, sizeof(const char *));
    labelled->same = apr_array_make(p, 4, sizeof(const char *));
    mlg_groups_init(&labelled->groups, p);
    feed_init(&labelled->feed, p);
    mlg_settings_init(&settings);
    labelled->ipv6_prefix = (unsigned)settings.ipv6_prefix;
}

int labelled_is_option(int option)
{
    return feed_is_option(option) ||
           (option >= LABELLED_DATA && option < LABELLED_END);
}

static int set_classes(labelled_t *labelled, mlg_group group, const char *arg)
{
    return (mlg_groups_set(&labelled->groups, group, arg) == APR_SUCCESS)
               ? CTL_DONE
               : ctl_complain(
                     CTL_MISUSE, "--%s names no class; write them as a,b",
                     (group == MLG_GROUP_ATTACKERS) ? "attackers"
                                                    : "people-classes");
}

int labelled_option(labelled_t *labelled, int option, const char *arg)
{
    switch (option) {
    case LABELLED_DATA:
        APR_ARRAY_PUSH(labelled->data, const char *) = arg;
        return CTL_DONE;
    case LABELLED_CSV:
        APR_ARRAY_PUSH(labelled->csv, const char *) = arg;
        return CTL_DONE;
    case LABELLED_PEOPLE:
        APR_ARRAY_PUSH(labelled->people, const char *) = arg;
        return CTL_DONE;
    case LABELLED_SAME:
        APR_ARRAY_PUSH(labelled->same, const char *) = arg;
        return CTL_DONE;
    case LABELLED_ATTACKERS:
        return set_classes(labelled, MLG_GROUP_ATTACKERS, arg);
    case LABELLED_PEOPLE_CLASSES:
        return set_classes(labelled, MLG_GROUP_PEOPLE, arg);
    default:
        return feed_option(&labelled->feed, option, arg);
    }
}

const char *const *labelled_inputs(const labelled_t *labelled, int nlogs,
                                   const char *const *logs, int *n)
{
    const apr_array_header_t *const lists[] = {labelled->csv, labelled->people,
                                               labelled->feed.labels};
    apr_array_header_t *all =
        apr_array_make(labelled->p, 16, sizeof(const char *));

    for (int i = 0; i < nlogs; i++) {
        APR_ARRAY_PUSH(all, const char *) = logs[i];
    }
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        apr_array_cat(all, lists[i]);
    }
    APR_ARRAY_PUSH(all, const char *) = labelled->feed.rules.config;
    *n = all->nelts;
    return (const char *const *)(void *)all->elts;
}

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
static const char *stem_of(labelled_t *labelled, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *stem = apr_pstrdup(labelled->p, (slash != NULL) ? slash + 1 : path);

    stem[strcspn(stem, ".")] = '\0';
    return (*stem != '\0') ? stem : path;
}

static int read_logs(labelled_t *labelled, const char *name, feed_t *feed,
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
        code =
            read_logs(labelled, (name != NULL) ? name + 1 : dir, feed, 1, &log);
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

static int read_directory(labelled_t *labelled, const char *arg)
{
    char *dir = apr_pstrdup(labelled->p, arg);
    apr_array_header_t *names;
    int is_site = 0;
    int sites = 0;
    int code;

    for (size_t n = strlen(dir); n > 1 && dir[n - 1] == '/'; n--) {
        dir[n - 1] = '\0';
    }
    code = list(&names, dir, labelled->p);
    if (code == CTL_DONE) {
        code = read_site(labelled, dir, &is_site);
    }
    for (int i = 0; i < names->nelts && code == CTL_DONE && !is_site; i++) {
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

/* ---- everything ------------------------------------------------------------ */

static int read_csv(labelled_t *labelled, const char *path)
{
    mlg_fault_t fault = {0, ""};
    uint64_t number = 0;
    apr_status_t rv = mlg_dataset_read_csv(
        labelled->set, stem_of(labelled, path), path, &number, &fault);
    const char *shown = visible_string(path, FEED_SHOWN, labelled->p);

    switch (rv) {
    case APR_SUCCESS:
        return CTL_DONE;
    case MLG_ELINE:
        return ctl_complain(
            CTL_MISUSE, "%s, line %lu, byte %lu: %s", shown,
            (unsigned long)number, (unsigned long)fault.offset,
            visible_string(fault.what, sizeof(fault.what), labelled->p));
    default:
        return ctl_complain(CTL_MISUSE, "cannot read %s: %s", shown,
                            ctl_reason(rv, labelled->p));
    }
}

static int forgive(labelled_t *labelled)
{
    for (int i = 0; i < labelled->people->nelts; i++) {
        const char *path = APR_ARRAY_IDX(labelled->people, i, const char *);
        apr_array_header_t *keys;
        uint32_t n;
        int code = labelled_people_read(&keys, path, labelled->ipv6_prefix,
                                        labelled->p);

        if (code != CTL_DONE) {
            return code;
        }
        n = mlg_dataset_forgive(labelled->set,
                                (const mlg_key_t *)(void *)keys->elts,
                                (uint32_t)keys->nelts);
        labelled->forgiven += n;
        if (n == 0 && !labelled->feed.is_quiet) {
            ctl_complain(
                CTL_DONE, "note: none of the %d clients of %s is in the data",
                keys->nelts, visible_string(path, FEED_SHOWN, labelled->p));
        }
    }
    return CTL_DONE;
}

static int join(labelled_t *labelled)
{
    for (int i = 0; i < labelled->same->nelts; i++) {
        const char *bad;

        if (mlg_dataset_join(labelled->set,
                             APR_ARRAY_IDX(labelled->same, i, const char *),
                             &bad) != APR_SUCCESS) {
            return ctl_complain(CTL_MISUSE, "--same-site: no site is called %s",
                                visible_string(bad, FEED_SHOWN, labelled->p));
        }
    }
    return CTL_DONE;
}

static int check(const labelled_t *labelled)
{
    static const mlg_group groups[] = {MLG_GROUP_PEOPLE, MLG_GROUP_ATTACKERS};

    for (int i = 0; i < 2; i++) {
        if (mlg_dataset_count(labelled->set, groups[i], 1, UINT32_MAX) == 0) {
            return ctl_complain(
                CTL_FAILED,
                "there are no %s among the %u clients; say which classes they "
                "are with --%s",
                mlg_group_name(groups[i]), labelled->set->clients,
                (i == 0) ? "people-classes" : "attackers");
        }
    }
    return CTL_DONE;
}

int labelled_read(labelled_t *labelled, int nlogs, const char *const *logs)
{
    int code = CTL_DONE;

    if (labelled->data->nelts + labelled->csv->nelts + nlogs == 0) {
        return ctl_complain(CTL_MISUSE, "there are no data; name them with "
                                        "--data DIR, --csv FILE or as LOG "
                                        "with --labels");
    }
    if (nlogs == 0 && labelled->feed.labels->nelts > 0) {
        return ctl_complain(CTL_MISUSE, "--labels are for LOGs, and none is "
                                        "named; a --data directory has its "
                                        "own");
    }
    mlg_dataset_make(&labelled->set, &labelled->groups, labelled->p);
    for (int i = 0; i < labelled->data->nelts && code == CTL_DONE; i++) {
        code = read_directory(labelled,
                              APR_ARRAY_IDX(labelled->data, i, const char *));
    }
    for (int i = 0; i < labelled->csv->nelts && code == CTL_DONE; i++) {
        code =
            read_csv(labelled, APR_ARRAY_IDX(labelled->csv, i, const char *));
    }
    if (nlogs > 0 && code == CTL_DONE) {
        code = read_logs(labelled, stem_of(labelled, logs[0]), &labelled->feed,
                         nlogs, logs);
    }
    code = (code == CTL_DONE) ? forgive(labelled) : code;
    code = (code == CTL_DONE) ? join(labelled) : code;
    if (code == CTL_DONE && mlg_dataset_settle(labelled->set) != APR_SUCCESS) {
        code = ctl_complain(CTL_FAILED, "not enough memory for %u requests",
                            labelled->set->rows);
    }
    return (code == CTL_DONE) ? check(labelled) : code;
}
