/* SPDX-License-Identifier: Apache-2.0
 *
 * What a User-Agent says its client is, and whether a published list of
 * addresses bears it out. A claim and no more: anybody can send any
 * User-Agent, and the gate gives nothing for it.
 *
 * Without lists a handful of words tells families apart. A list of crawler
 * patterns (crawler-user-agents.json) is asked first when there is one, and
 * lists of addresses by operator tell the real ones from those who borrow
 * their name.
 *
 * No clock, no lock. Allocates from the caller's pool while lists are read.
 */
#ifndef MLG_AGENTS_H
#define MLG_AGENTS_H

#include "mlg_request.h"

#include <apr_pools.h>

/* clang-format off */
#define MLG_CLASSES(X)                                                        \
    X(NOT_LOGGED,  "not in the log")                                          \
    X(NONE,        "no User-Agent")                                           \
    X(BROWSER,     "browser")                                                 \
    X(TOOL,        "tool or library")                                         \
    X(MONITOR,     "monitor")                                                 \
    X(CRAWLER,     "crawler by claim")                                        \
    X(VERIFIED,    "crawler, verified")                                       \
    X(UNVERIFIED,  "crawler, not its address")                                \
    X(OTHER,       "other")
/* clang-format on */

typedef enum mlg_class {
#define X(id, name) MLG_CLASS_##id,
    MLG_CLASSES(X)
#undef X
        MLG_NCLASSES
} mlg_class;

typedef struct mlg_agents_t mlg_agents_t;

/** Begin with the built-in families. @return APR_SUCCESS or APR_ENOMEM */
apr_status_t mlg_agents_make(mlg_agents_t **out, apr_pool_t *p);

/** Read crawler patterns: a JSON array of objects with "pattern", a regular
 * expression, and optionally "tags".
 *
 * @param fault  filled on failure: what is wrong with the file
 * @return APR_SUCCESS, APR_EGENERAL, or the system's reason
 */
apr_status_t mlg_agents_read_patterns(mlg_agents_t *agents, const char *path,
                                      mlg_fault_t *fault);

/** Read address ranges: one directory per operator, in it files *.txt of one
 * address or prefix a line, # begins a remark.
 *
 * @return APR_SUCCESS, APR_EGENERAL, or the system's reason
 */
apr_status_t mlg_agents_read_ranges(mlg_agents_t *agents, const char *dir,
                                    mlg_fault_t *fault);

/** @return patterns read that no regular expression could be made of */
unsigned mlg_agents_unusable(const mlg_agents_t *agents);

/** The class of a client.
 *
 * @param agent  its User-Agent, hostile; at == NULL: sent none
 * @param hash   of the User-Agent, to remember the answer by; 0 = do not
 * @param addr   where it comes from
 * @return not NOT_LOGGED, which is the caller's to say
 */
mlg_class mlg_agents_class(mlg_agents_t *agents, mlg_text_t agent,
                           uint64_t hash, const mlg_key_t *addr);

/** @return a constant name such as "tool or library" */
const char *mlg_class_name(mlg_class class);

#endif /* MLG_AGENTS_H */
