/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of mlgatectl inspect, and the two ways it shows a model. */
#ifndef INSPECT_H
#define INSPECT_H

#include "model_view.h"

#include <jansson.h>

#define INSPECT_NO_TREE UINT32_MAX
#define INSPECT_SHA     (2 * MLG_BUNDLE_SHA + 1) /* as text, with its NUL */

typedef struct inspect_t {
    apr_pool_t *p;
    const char *path;
    int wants_json;
    int wants_importance;
    uint32_t tree; /* or INSPECT_NO_TREE */
    mlg_model_file_t file;
    model_view_t view;
} inspect_t;

/** The SHA-256 in hexadecimal. @return buf */
const char *inspect_sha(char buf[INSPECT_SHA], const mlg_bundle_t *bundle);

/** Print a tree as the questions it asks. */
void inspect_print_tree(const inspect_t *inspect);

/** Everything, for programs. @return the caller's to json_decref() */
json_t *inspect_json(const inspect_t *inspect);

#endif /* INSPECT_H */
