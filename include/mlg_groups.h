/* SPDX-License-Identifier: Apache-2.0
 *
 * What a label means for a model: people, whom no model may refuse;
 * attackers, whom it is to find; neither, who are left out of both. Without a
 * word from the user it is the table of classes below, which the labelled logs
 * in ../shared/data use.
 *
 * Locks nothing, has no clock, allocates from the caller's pool.
 */
#ifndef MLG_GROUPS_H
#define MLG_GROUPS_H

#include "mlg_request.h"

#include <apr_tables.h>

typedef enum mlg_group {
    MLG_GROUP_UNSET,
    MLG_GROUP_PEOPLE,
    MLG_GROUP_ATTACKERS,
    MLG_GROUP_NEITHER,
    MLG_NGROUPS
} mlg_group;

/* Clients that an operator let go, whatever their label said. */
#define MLG_CLASS_UNBLOCKED "unblocked"

typedef struct mlg_groups_t {
    apr_pool_t *p;
    apr_array_header_t *class[MLG_NGROUPS]; /* of const char *, by group;
                                               NEITHER has none */
} mlg_groups_t;

/** Begin with the table.
 *
 * @param p  lives as long as the groups
 */
void mlg_groups_init(mlg_groups_t *groups, apr_pool_t *p);

/** Say anew which classes are people, or attackers.
 *
 * @param group  PEOPLE or ATTACKERS
 * @param names  "scanner,bruteforce"; copied; empty names are passed over
 * @return APR_SUCCESS, or MLG_ERANGE when no name is left and nothing changes
 */
apr_status_t mlg_groups_set(mlg_groups_t *groups, mlg_group group,
                            const char *names);

/** @param class  any text; an empty one is NEITHER
 * @return PEOPLE, ATTACKERS or NEITHER; of a class in both, ATTACKERS */
mlg_group mlg_groups_find(const mlg_groups_t *groups, mlg_text_t class);

/** @return "people", "attackers" or "neither" */
const char *mlg_group_name(mlg_group group);

#endif /* MLG_GROUPS_H */
