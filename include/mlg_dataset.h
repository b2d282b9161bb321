/* SPDX-License-Identifier: Apache-2.0
 *
 * Labelled feature vectors in memory: what models are trained on and judged
 * by. Sites have clients, clients have rows, one for each request, in the
 * order in which they came.
 *
 *     site   the log or logs of one server, judged by one gate
 *     fold   sites that are left out of training together: two logs of one
 *            server tell about the same people
 *     class  a client's label, by its first labelled request
 *
 * Filled site by site (mlg_dataset_site(), mlg_dataset_add()...), then
 * settled, after which a client's rows stand side by side.
 *
 * Memory: 176 bytes a row, twice that while a site grows; 96 a client.
 * Locks nothing, has no clock.
 */
#ifndef MLG_DATASET_H
#define MLG_DATASET_H

#include "mlg_features.h"
#include "mlg_groups.h"

#define MLG_DATASET_SITES   256u
#define MLG_DATASET_CLASSES 256u

/* The simple rules that a model has to be better than:
 *
 *     pages   20 pages in 10 s: request_rate >= 2
 *     counts  3 of 5: 20 pages in 60 s, 40 in 300 s, 15 answers 4xx, 5
 *             User-Agents, 20 paths, the last three in the gate's windows of
 *             300 to 600 s. A vector without its record has no counts of the
 *             latter: then its shares are multiplied by the requests in 300 s,
 *             which are the pages there over 1 - asset_share */
enum { MLG_RULE_PAGES, MLG_RULE_COUNTS, MLG_NRULES };

extern const char *const mlg_rule_name[MLG_NRULES];

/* What the client's record tells besides its vector. */
typedef struct mlg_recorded_t {
    unsigned proof;  /* scores that count as evidence, this one included */
    unsigned errors; /* answers 4xx in two panes of 300 s */
    unsigned paths;  /* distinct ones there */
} mlg_recorded_t;

/* One request. */
typedef struct mlg_row_t {
    int64_t at_us;      /* microseconds since the epoch */
    uint32_t client;    /* its number in the data set */
    uint8_t proof;      /* of the client's latest scores, this one included, how
                        many count as evidence: 1..5 (mlg_policy.h) */
    uint8_t holds;      /* simple rules that hold, bit by MLG_RULE_* */
    uint8_t is_trusted; /* its client was, with this request */
    uint8_t spare;
    float x[MLG_NFEATURES];
} mlg_row_t;

typedef struct mlg_person_t { /* or whatever else it is */
    mlg_key_t key;
    uint32_t row;  /* the first of its rows, once settled */
    uint32_t rows; /* how many */
    uint16_t site;
    uint16_t class;     /* number in the data set's list */
    uint8_t group;      /* mlg_group of its class */
    uint8_t is_trusted; /* behaved like people beyond doubt by the end of its
                           log, whatever its label */
} mlg_person_t;

typedef struct mlg_dataset_site_t {
    const char *name;
    uint32_t first; /* its clients are first .. first + n - 1 */
    uint32_t n;
    uint32_t fold;
    uint32_t is_live; /* 1: observed by a gate, which knows more than a log */
    uint32_t is_judged_only; /* 1: nothing is trained on it */
    uint32_t is_taught_only; /* 1: always trained on, never left out, so that no
                                figure is about it */
    uint64_t rows;
} mlg_dataset_site_t;

typedef struct mlg_dataset_t mlg_dataset_t;

/* What a data set holds; read only, for everyone but mlg_dataset.c. */
struct mlg_dataset_t {
    const mlg_groups_t *groups; /* borrowed */
    mlg_row_t *row;             /* shape [rows] */
    mlg_person_t *client;       /* shape [clients] */
    mlg_dataset_site_t *site;   /* shape [sites] */
    const char **class;         /* shape [classes]; 0 is "" */
    uint32_t rows;
    uint32_t clients;
    uint32_t sites;
    uint32_t classes;
    uint32_t folds; /* after mlg_dataset_settle() */
    int is_settled;
    /* private */
    apr_pool_t *p;
    uint32_t row_room;
    uint32_t client_room;
    struct apr_pool_t *site_pool; /* of what follows */
    struct apr_hash_t *index;     /* the last site's clients by key */
};

/** Begin an empty data set.
 *
 * @param out     owned by the pool
 * @param groups  says what a class means; borrowed as long as the data set
 */
apr_status_t mlg_dataset_make(mlg_dataset_t **out, const mlg_groups_t *groups,
                              apr_pool_t *p);

/** Begin a site; rows are added to it from here on. A name that is there
 * already begins another site of that name, left out together with it.
 *
 * @param name  copied
 * @return APR_SUCCESS or APR_ENOSPC: more than MLG_DATASET_SITES
 */
apr_status_t mlg_dataset_site(mlg_dataset_t *set, const char *name);

/** Add one request to the last site.
 *
 * @param key    its client
 * @param label  its class, any text, copied; of a client the first counts that
 *               is not empty
 * @param more   NULL: not known; then scores count as long as no more than one
 *               pane of MLG_SLOW_PANE_S lies between two requests
 * @param x      shape [MLG_NFEATURES]; each finite or NaN
 * @param out    set to the client's number; may be NULL
 * @return APR_SUCCESS, APR_ENOMEM, or APR_ENOSPC: more than
 *         MLG_DATASET_CLASSES
 */
apr_status_t mlg_dataset_add(mlg_dataset_t *set, const mlg_key_t *key,
                             mlg_text_t label, apr_time_t at_us,
                             const mlg_recorded_t *more,
                             const float x[MLG_NFEATURES], uint32_t *out);

/** A client that behaves like people beyond doubt, or no longer does, from its
 * latest request on. Before the data set is settled. */
void mlg_dataset_trust(mlg_dataset_t *set, uint32_t client, int is_trusted);

/** These addresses are people, an operator says: class MLG_CLASS_UNBLOCKED on
 * every site. @return how many clients have them */
uint32_t mlg_dataset_forgive(mlg_dataset_t *set, const mlg_key_t *key,
                             uint32_t n);

/** Leave sites out together.
 *
 * @param names  "geolynx,geolynx_vhosts"
 * @return APR_SUCCESS, or MLG_ERANGE when a name is none of a site; `bad` is
 *         set to it then, text of the data set's pool
 */
apr_status_t mlg_dataset_join(mlg_dataset_t *set, const char *names,
                              const char **bad);

/** Put each client's rows side by side and number the folds. Nothing can be
 * added afterwards. */
apr_status_t mlg_dataset_settle(mlg_dataset_t *set);

/** @return how many clients of a group have at least so many rows; on every
 * site, but for those of `fold` (UINT32_MAX: none is left out) */
uint32_t mlg_dataset_count(const mlg_dataset_t *set, mlg_group group,
                           uint32_t rows, uint32_t fold);

/** Read what `mlgatectl features` wrote as one more site.
 *
 * Columns are found by their names: `client` has to be there, `at` and `label`
 * may be; features that are not there are NaN, names that are no feature are
 * refused.
 *
 * @param path    plain or gzipped, - is standard input; may be hostile
 * @param number  set to the line at fault, from 1
 * @return APR_SUCCESS, what mlg_dataset_add() says, what the system says, or
 *         MLG_ELINE with `fault` filled
 */
apr_status_t mlg_dataset_read_csv(mlg_dataset_t *set, const char *name,
                                  const char *path, uint64_t *number,
                                  mlg_fault_t *fault);

#endif /* MLG_DATASET_H */
