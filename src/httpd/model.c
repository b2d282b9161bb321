/* SPDX-License-Identifier: Apache-2.0
 *
 * The models in force: the one that judges and its shadow.
 *
 * At start the files are read, checked and proven while the configuration is
 * checked, so `httpd -t` does it too, and processes inherit them. While
 * serving, one process at a time (the singleton watchdog of watch.c) looks
 * whether a file has changed. A sound one is published: its bytes go to shared
 * memory. Every process plants the forest from there by itself and puts it in
 * its seat (mlg_seat.h), so all of them have the same model whatever happens
 * to the file meanwhile, and a process that begins later has it too.
 *
 * Shared: for each model two copies of a file, published in turn.
 *   who may write   the singleton: the copy that is not the latest, its length,
 *                   then `published`; and what it has seen of the file
 *   who may read    any process: the latest copy, and `published` again after
 *                   it; a copy that was written over meanwhile also fails its
 *                   SHA-256
 * A writer that dies has not published.
 */
#include "mlgate.h"

#include "mlg_report.h"
#include "mlg_seat.h"

#include <apr_shm.h>
#include <apr_strings.h>

APLOG_USE_MODULE(mlgate);

enum { JUDGE, SHADOW, NSTANDS };

/* What tells one state of a file from another; all zero: it is not there. */
typedef struct look_t {
    apr_int64_t inode;
    apr_int64_t size;
    apr_int64_t changed_us; /* contents */
    apr_int64_t moved_us;   /* contents, name or permissions */
} look_t;

typedef struct shared_t {
    apr_uint64_t published; /* how often; the latest is file[published % 2] */
    apr_uint64_t id;        /* of the latest */
    look_t seen;            /* of the file when it was last read */
    struct {
        apr_uint64_t len;
        unsigned char bytes[MLG_BUNDLE_BYTES_MAX];
    } file[2];
} shared_t;

/* A model in a seat. */
typedef struct model_t {
    mlg_model_file_t file;
    apr_pool_t *pool; /* its own; NULL: the configuration's */
} model_t;

typedef struct stand_t {
    const char *directive;
    const char *who;  /* names it, in sentences */
    const char *path; /* NULL: weights, or no shadow */
    look_t seen;      /* when it was read at start */
    mlg_seat_t seat;  /* of model_t */
    shared_t *shared;
    apr_uint64_t taken; /* the publication that sits there */
} stand_t;

static stand_t stands[NSTANDS];
static int has_shadow; /* a forest or weights */
static apr_uint32_t generation;

void mlgate_models_reset(void)
{
    memset(stands, 0, sizeof(stands));
    stands[JUDGE].directive = "MLGateModel";
    stands[SHADOW].directive = "MLGateShadowModel";
    has_shadow = 0;
}

/* ---- at start ----------------------------------------------------------- */

/* @return NULL and `look` filled; else why it cannot be read */
static const char *look_at(const char *path, look_t *look, apr_pool_t *p)
{
    apr_finfo_t info;
    char words[120];
    apr_status_t rv =
        apr_stat(&info, path,
                 APR_FINFO_TYPE | APR_FINFO_SIZE | APR_FINFO_INODE |
                     APR_FINFO_MTIME | APR_FINFO_CTIME,
                 p);

    memset(look, 0, sizeof(*look));
    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return apr_pstrdup(p, apr_strerror(rv, words, sizeof(words)));
    }
    look->inode = (apr_int64_t)info.inode;
    look->size = info.size;
    look->changed_us = info.mtime;
    look->moved_us = info.ctime;
    return (info.filetype == APR_REG)   ? NULL
           : (info.filetype == APR_DIR) ? "it is a directory"
                                        : "it is not a regular file";
}

static int load(stand_t *stand, server_rec *s, apr_pool_t *pconf)
{
    model_t *model = apr_pcalloc(pconf, sizeof(*model));
    const char *why = look_at(stand->path, &stand->seen, pconf);

    if (why == NULL && mlg_model_file_read(&model->file, stand->path, &why,
                                           pconf) == APR_SUCCESS) {
        mlg_seat_put(&stand->seat, model);
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                 MLG0022 "%s %s: %s; the server will not start without it: "
                         "install a sound model there, or set %s %s",
                 stand->who, stand->path, why, stand->directive,
                 (stand == &stands[JUDGE]) ? "weighted" : "off");
    return HTTP_INTERNAL_SERVER_ERROR;
}

static void name(stand_t *stand, const char *named)
{
    stand->who = stand->directive;
    stand->path = mlg_model_file_is_named(named) ? named : NULL;
}

/* Where no MLGateModel is given. A module that is tried before it is installed
 * judges by the weights and says so. */
static void name_default(stand_t *stand, server_rec *s, apr_pool_t *p)
{
    apr_finfo_t info;

    name(stand, mlg_model_file_default());
    stand->who = "the model that came with this build (MLGateModel names "
                 "another),";
    if (stand->path != NULL &&
        APR_STATUS_IS_ENOENT(apr_stat(&info, stand->path, APR_FINFO_TYPE, p))) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     MLG0030 "the model that came with this build is not "
                             "installed as %s: the weights judge, which catch "
                             "less; `make install` puts it there, or let "
                             "MLGateModel name conf/mlgate.mlg",
                     stand->path);
        stand->path = NULL;
    }
}

int mlgate_models_load(server_rec *s, apr_pool_t *pconf)
{
    const mlgate_conf_t *conf = mlgate_conf_global(s);

    if (conf->model != NULL) {
        name(&stands[JUDGE], conf->model);
    }
    else {
        name_default(&stands[JUDGE], s, pconf);
    }
    if (conf->shadow_model != NULL) {
        has_shadow = 1;
        name(&stands[SHADOW], conf->shadow_model);
    }
    for (int i = 0; i < NSTANDS; i++) {
        if (stands[i].path != NULL && load(&stands[i], s, pconf) != OK) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

/* Weights that were given and decide nothing. */
void mlgate_models_warn(server_rec *s)
{
    if (stands[JUDGE].path == NULL ||
        (has_shadow && stands[SHADOW].path == NULL)) {
        return;
    }
    for (server_rec *host = s; host != NULL; host = host->next) {
        if (mlgate_conf_of_server(host)->weights != NULL) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                         MLG0023 "MLGateWeight has no effect: %s judges; take "
                                 "the lines out, or set MLGateModel weighted",
                         stands[JUDGE].path);
            return;
        }
    }
}

static apr_status_t map(shared_t **shared, server_rec *s, apr_pool_t *pconf)
{
    apr_size_t bytes = NSTANDS * sizeof(shared_t);
    apr_shm_t *shm = NULL;
    apr_status_t rv = apr_shm_create(&shm, bytes, NULL, pconf);

    if (APR_STATUS_IS_ENOTIMPL(rv)) {
        const char *file = ap_runtime_dir_relative(pconf, "mlgate-models");

        apr_shm_remove(file, pconf); /* left by a crash, if anything */
        rv = apr_shm_create(&shm, bytes, file, pconf);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     MLG0024 "cannot get %" APR_SIZE_T_FMT
                             " bytes of shared memory for models; raise the "
                             "limit on shared memory",
                     bytes);
        return rv;
    }
    *shared = apr_shm_baseaddr_get(shm);
    return APR_SUCCESS;
}

static apr_uint64_t id_at_start(stand_t *stand)
{
    unsigned slot;
    const model_t *model = mlg_seat_take(&stand->seat, &slot);
    apr_uint64_t id = (model != NULL) ? model->file.bundle.id : 0;

    mlg_seat_drop(&stand->seat, slot);
    return id;
}

static void crown(apr_uint64_t judge, apr_uint64_t shadow)
{
    mlg_gate_crown(&mlgate.gate, judge, has_shadow ? &shadow : NULL,
                   mlgate_now());
}

apr_status_t mlgate_models_open(server_rec *s, apr_pool_t *pconf)
{
    shared_t *shared = NULL;
    apr_status_t rv = APR_SUCCESS;

    generation = mlgate.gate.segment->generation;
    crown(id_at_start(&stands[JUDGE]), id_at_start(&stands[SHADOW]));
    if (mlgate_models_are_files()) {
        rv = map(&shared, s, pconf);
    }
    for (int i = 0; i < NSTANDS && shared != NULL; i++) {
        /* the pages of the copies are touched when they are needed */
        stands[i].shared = &shared[i];
        shared[i].published = 0;
        shared[i].id = id_at_start(&stands[i]);
        shared[i].seen = stands[i].seen;
    }
    return rv;
}

int mlgate_models_judge_is_file(void)
{
    return stands[JUDGE].path != NULL;
}

int mlgate_models_are_files(void)
{
    return stands[JUDGE].path != NULL || stands[SHADOW].path != NULL;
}

/* ---- in a request ------------------------------------------------------- */

static const mlg_model_file_t *take(stand_t *stand, unsigned *slot)
{
    const model_t *model = mlg_seat_take(&stand->seat, slot);

    return (model != NULL) ? &model->file : NULL;
}

void mlgate_models_take(mlgate_rules_t *held)
{
    held->judge = (stands[JUDGE].path != NULL)
                      ? take(&stands[JUDGE], &held->slot[JUDGE])
                      : NULL;
    held->second = (stands[SHADOW].path != NULL)
                       ? take(&stands[SHADOW], &held->slot[SHADOW])
                       : NULL;
    held->has_shadow = has_shadow;
}

void mlgate_rules_drop(mlgate_rules_t *held)
{
    if (held->judge != NULL) {
        mlg_seat_drop(&stands[JUDGE].seat, held->slot[JUDGE]);
    }
    if (held->second != NULL) {
        mlg_seat_drop(&stands[SHADOW].seat, held->slot[SHADOW]);
    }
    held->judge = NULL;
    held->second = NULL;
}

/* ---- every process: what was published ---------------------------------- */

/* A pool that nobody shares, given back to the system whole. */
static apr_pool_t *make_pool(void)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;

    if (apr_allocator_create(&allocator) != APR_SUCCESS) {
        return NULL;
    }
    if (apr_pool_create_ex(&pool, NULL, NULL, allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return NULL;
    }
    apr_allocator_owner_set(allocator, pool);
    return pool;
}

static void free_unused(stand_t *stand)
{
    const model_t *model;

    while ((model = mlg_seat_reap(&stand->seat)) != NULL) {
        if (model->pool != NULL) {
            apr_pool_destroy(model->pool);
        }
    }
}

/* Plant publication n. @return NULL when it was written over meanwhile */
static model_t *plant(const shared_t *shared, apr_uint64_t n, apr_pool_t *pool)
{
    apr_uint64_t len = shared->file[n % 2].len;
    model_t *model = apr_pcalloc(pool, sizeof(*model));
    const char *why;
    void *bytes;

    if (len > MLG_BUNDLE_BYTES_MAX) {
        return NULL;
    }
    bytes = apr_pmemdup(pool, shared->file[n % 2].bytes, len);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n(&shared->published, __ATOMIC_RELAXED) != n ||
        mlg_model_file_plant(&model->file, bytes, len, &why, pool) !=
            APR_SUCCESS) {
        return NULL;
    }
    model->pool = pool;
    return model;
}

static void follow(stand_t *stand)
{
    apr_uint64_t n =
        __atomic_load_n(&stand->shared->published, __ATOMIC_ACQUIRE);
    apr_pool_t *pool;
    model_t *model;

    free_unused(stand);
    if (n == stand->taken || (pool = make_pool()) == NULL) {
        return;
    }
    model = plant(stand->shared, n, pool);
    if (model != NULL && mlg_seat_put(&stand->seat, model)) {
        stand->taken = n;
    }
    else {
        apr_pool_destroy(pool); /* the next time, then */
    }
}

void mlgate_models_follow(void)
{
    for (int i = 0; i < NSTANDS; i++) {
        if (stands[i].path != NULL && stands[i].shared != NULL) {
            follow(&stands[i]);
        }
    }
}

/* ---- one process: what has changed -------------------------------------- */

static void publish(shared_t *shared, const void *bytes, apr_size_t len,
                    apr_uint64_t id)
{
    apr_uint64_t n = shared->published + 1;

    shared->file[n % 2].len = len;
    memcpy(shared->file[n % 2].bytes, bytes, len);
    shared->id = id;
    __atomic_store_n(&shared->published, n, __ATOMIC_RELEASE);
}

/* Read a file that has changed. */
static void reload(stand_t *stand, const char *why, server_rec *s,
                   apr_pool_t *p)
{
    shared_t *shared = stand->shared;
    apr_uint64_t before = shared->id;
    char words[MLG_WORDS_TEXT];
    mlg_model_file_t file;
    apr_size_t len = 0;
    void *bytes = NULL;

    if (why != NULL ||
        mlg_model_file_load(&bytes, &len, stand->path, &why, p) !=
            APR_SUCCESS ||
        mlg_model_file_plant(&file, bytes, len, &why, p) != APR_SUCCESS) {
        mlg_count(mlgate.gate.counters, 0, MLG_C_MODEL_REFUSALS);
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     MLG0025 "%s %s has changed and is refused: %s; model "
                             "%016" APR_UINT64_T_HEX_FMT
                             " stays in force, but a restart would fail: "
                             "install a sound file by renaming it into place",
                     stand->directive, stand->path, why, before);
        return;
    }
    if (file.bundle.id == before) {
        return; /* touched, or back again */
    }
    publish(shared, bytes, len, file.bundle.id);
    mlg_count(mlgate.gate.counters, 0, MLG_C_MODEL_RELOADS);
    crown(stands[JUDGE].shared->id, stands[SHADOW].shared->id);
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                 MLG0026 "%s %s has changed: model %s is in force now, its "
                         "own threshold %.3f, in place of "
                         "%016" APR_UINT64_T_HEX_FMT,
                 stand->directive, stand->path,
                 mlg_report_model_words(words, file.forest),
                 (double)file.bundle.threshold, before);
}

/* A file is read once it has been left alone for a while: who writes it in
 * place is likely to have finished, and a later change has a later time. */
static int is_quiet(const look_t *look, apr_interval_time_t quiet_us)
{
    apr_time_t latest =
        (look->changed_us > look->moved_us) ? look->changed_us : look->moved_us;
    apr_interval_time_t age = apr_time_now() - latest;

    return age < 0 || age >= quiet_us; /* < 0: another machine's clock */
}

void mlgate_models_look(server_rec *s, apr_interval_time_t quiet_us,
                        apr_pool_t *p)
{
    if (mlgate.gate.segment->generation != generation) {
        return; /* we only finish what was begun before a restart */
    }
    for (int i = 0; i < NSTANDS; i++) {
        stand_t *stand = &stands[i];
        const char *why;
        look_t look;

        if (stand->path == NULL || stand->shared == NULL) {
            continue;
        }
        why = look_at(stand->path, &look, p);
        if (memcmp(&look, &stand->shared->seen, sizeof(look)) != 0 &&
            is_quiet(&look, quiet_us)) {
            stand->shared->seen = look;
            reload(stand, why, s, p);
        }
    }
}
