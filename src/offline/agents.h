/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of mlg_agents share. */
#ifndef AGENTS_H
#define AGENTS_H

#include "mlg_agents.h"
#include "mlg_cidr.h"

#include <apr_tables.h>
#include <regex.h>

#define AGENT_BYTES    512  /* of a User-Agent that are looked at */
#define PATTERN_CHAINS 4096 /* of plain texts, by their first three bytes */
#define AGENT_CACHE    4096

/* One crawler pattern: a plain text, or a regular expression. */
typedef struct pattern_t {
    const char *text;     /* what an agent must contain; "" = anything */
    const regex_t *regex; /* then this has to match too; NULL = none */
    uint8_t class;
    struct pattern_t *next; /* in its chain */
} pattern_t;

/* Whose addresses are known. */
typedef struct operator_t {
    const char *name; /* of its directory, lower case */
    mlg_cidrs_t ranges;
} operator_t;

struct mlg_agents_t {
    apr_pool_t *p;
    pattern_t **chain;             /* shape [PATTERN_CHAINS]; NULL = no list */
    pattern_t *regexes;            /* and texts of fewer than three bytes */
    apr_array_header_t *operators; /* of operator_t */
    unsigned unusable;
    struct {
        uint64_t hash; /* 0 = empty */
        uint8_t class;
        int16_t operator; /* its place in `operators`; -1 = none */
    } cache[AGENT_CACHE];
};

/** @param text  NUL-terminated
 *  @return the class that the list of patterns gives; OTHER when none fits */
mlg_class agents_match(const mlg_agents_t *agents, const char *text);

#endif /* AGENTS_H */
