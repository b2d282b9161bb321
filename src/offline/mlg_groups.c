/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_groups.h"

#include <apr_strings.h>
#include <string.h>

/* clang-format off */
static const char people[] = "likely_human,likely_human_nat,monitor,"
                             "verified_crawler,app_client,mail_proxy,"
                             MLG_CLASS_UNBLOCKED;
static const char attackers[] = "scanner,ua_rotator,bruteforce,flood,scraper";
/* clang-format on */

void mlg_groups_init(mlg_groups_t *groups, apr_pool_t *p)
{
    memset(groups, 0, sizeof(*groups));
    groups->p = p;
    mlg_groups_set(groups, MLG_GROUP_PEOPLE, people);
    mlg_groups_set(groups, MLG_GROUP_ATTACKERS, attackers);
}

apr_status_t mlg_groups_set(mlg_groups_t *groups, mlg_group group,
                            const char *names)
{
    apr_array_header_t *class = apr_array_make(groups->p, 8, sizeof(char *));

    while (*names != '\0') {
        size_t len = strcspn(names, ",");

        if (len > 0) {
            APR_ARRAY_PUSH(class, const char *) =
                apr_pstrmemdup(groups->p, names, len);
        }
        names += len + (names[len] == ',');
    }
    if (class->nelts == 0) {
        return MLG_ERANGE;
    }
    groups->class[group] = class;
    return APR_SUCCESS;
}

static int has(const apr_array_header_t *class, mlg_text_t text)
{
    for (int i = 0; i < class->nelts; i++) {
        const char *name = APR_ARRAY_IDX(class, i, const char *);

        if (strlen(name) == text.len && memcmp(name, text.at, text.len) == 0) {
            return 1;
        }
    }
    return 0;
}

mlg_group mlg_groups_find(const mlg_groups_t *groups, mlg_text_t class)
{
    if (class.len == 0) {
        return MLG_GROUP_NEITHER;
    }
    if (has(groups->class[MLG_GROUP_ATTACKERS], class)) {
        return MLG_GROUP_ATTACKERS;
    }
    return has(groups->class[MLG_GROUP_PEOPLE], class) ? MLG_GROUP_PEOPLE
                                                       : MLG_GROUP_NEITHER;
}

const char *mlg_group_name(mlg_group group)
{
    static const char *const name[MLG_NGROUPS] = {"-", "people", "attackers",
                                                  "neither"};

    return name[(group < MLG_NGROUPS) ? group : MLG_GROUP_UNSET];
}
