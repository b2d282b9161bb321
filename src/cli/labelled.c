/* SPDX-License-Identifier: Apache-2.0 */
#include "labelled.h"

#include "feed_sort.h"
#include "labelled_logs.h"
#include "labelled_people.h"
#include "mlgatectl.h"
#include "visible.h"

#include <apr_strings.h>
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
    labelled->judged = apr_array_make(p, 4, sizeof(const char *));
    labelled->taught = apr_array_make(p, 4, sizeof(const char *));
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
    case LABELLED_JUDGE_ONLY:
        APR_ARRAY_PUSH(labelled->judged, const char *) = arg;
        return CTL_DONE;
    case LABELLED_TEACH_ONLY:
        APR_ARRAY_PUSH(labelled->taught, const char *) = arg;
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

/* ---- everything ------------------------------------------------------------ */

static int read_csv(labelled_t *labelled, const char *path)
{
    mlg_fault_t fault = {0, ""};
    uint64_t number = 0;
    apr_status_t rv = mlg_dataset_read_csv(
        labelled->set, labelled_stem(labelled, path), path, &number, &fault);
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

/* @return NULL when no site is called so, having said that */
static mlg_dataset_site_t *find_site(const labelled_t *labelled,
                                     const char *option, const char *name)
{
    mlg_dataset_t *set = labelled->set;

    for (uint32_t i = 0; i < set->sites; i++) {
        if (strcmp(set->site[i].name, name) == 0) {
            return &set->site[i];
        }
    }
    ctl_complain(CTL_MISUSE, "%s: no site is called %s", option,
                 visible_string(name, FEED_SHOWN, labelled->p));
    return NULL;
}

/* What is only judged, and what only teaches. */
static int set_apart(labelled_t *labelled)
{
    for (int i = 0; i < labelled->judged->nelts; i++) {
        mlg_dataset_site_t *site =
            find_site(labelled, "--judge-only",
                      APR_ARRAY_IDX(labelled->judged, i, const char *));

        if (site == NULL) {
            return CTL_MISUSE;
        }
        site->is_judged_only = 1;
    }
    for (int i = 0; i < labelled->taught->nelts; i++) {
        mlg_dataset_site_t *site =
            find_site(labelled, "--teach-only",
                      APR_ARRAY_IDX(labelled->taught, i, const char *));

        if (site == NULL) {
            return CTL_MISUSE;
        }
        site->is_taught_only = 1;
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
        code = labelled_directory(
            labelled, APR_ARRAY_IDX(labelled->data, i, const char *));
    }
    for (int i = 0; i < labelled->csv->nelts && code == CTL_DONE; i++) {
        code =
            read_csv(labelled, APR_ARRAY_IDX(labelled->csv, i, const char *));
    }
    if (nlogs > 0 && code == CTL_DONE) {
        code = labelled_logs(labelled, labelled_stem(labelled, logs[0]),
                             &labelled->feed, nlogs, logs);
    }
    code = (code == CTL_DONE) ? forgive(labelled) : code;
    code = (code == CTL_DONE) ? join(labelled) : code;
    code = (code == CTL_DONE) ? set_apart(labelled) : code;
    if (code == CTL_DONE && mlg_dataset_settle(labelled->set) != APR_SUCCESS) {
        code = ctl_complain(CTL_FAILED, "not enough memory for %u requests",
                            labelled->set->rows);
    }
    return (code == CTL_DONE) ? check(labelled) : code;
}
