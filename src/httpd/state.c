/* SPDX-License-Identifier: Apache-2.0
 *
 * MLGateStateFile: what the gate knows, on disk, so that a stop, a crash or a
 * killed parent forgets nothing. FILE is written every minute by one child (the
 * singleton watchdog) and by the parent when it stops; FILE.blocks, which is
 * short, a second or two after a block was made. Both are written beside
 * themselves and renamed into place.
 *
 * Whoever can write them can make the gate forget, block or let pass, and
 * whoever can read them knows the secret of its hashes: 0600, and one that
 * belongs to somebody else is refused. The children write them, so their
 * directory is User's, who may have put a link in its place to wherever root
 * may write: what the parent does there, it does as User. restore.c reads them.
 */
#include "mlgate.h"

#include "mlg_state.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_main.h>
#include <unixd.h>

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

APLOG_USE_MODULE(mlgate);

#define BLOCKS  MLGATE_STATE_BLOCKS
#define SPARE   ".new" /* FILE.PID.new: being written */
#define MINE    (S_IRUSR | S_IWUSR)
#define FULL_US (60 * (apr_interval_time_t)APR_USEC_PER_SEC)
/* httpd -D MLGATE_HURRY: a test that cannot wait a minute. */
#define FULL_HURRIED_US ((apr_interval_time_t)APR_USEC_PER_SEC)

static const char *path; /* NULL: off */
static pid_t parent;
static apr_uint32_t generation;

/* ---- as User ---------------------------------------------------------------- */

/* As a child does, but with no hook: at the end there are none left. */
static int give_up_root(void)
{
    const char *name = ap_unixd_config.user_name;
    gid_t gid = ap_unixd_config.group_id;
    int rv = (name != NULL && name[0] != '#') ? initgroups(name, gid)
                                              : setgroups(1, &gid);

    return (rv != 0 || setgid(gid) != 0 || setuid(ap_unixd_config.user_id) != 0)
               ? errno
               : 0;
}

int mlgate_state_as_user(int (*work)(const void *), const void *data)
{
    int status = 0;
    pid_t pid;

    if (geteuid() != 0) {
        return work(data);
    }
    pid = fork(); /* what is given up, groups too, is given up for good */
    if (pid == 0) {
        int err = give_up_root();

        _exit((err == 0) ? work(data) : err);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    if (pid < 0) {
        return errno;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

/* ---- writing -------------------------------------------------------------- */

static apr_status_t write_whole(int fd, const unsigned char *from, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, from, len);

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        if (n > 0) {
            from += n;
            len -= (size_t)n;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t write_pieces(int fd, mlg_state_part part, int is_final,
                                 apr_pool_t *p)
{
    unsigned char *piece = apr_palloc(p, MLG_STATE_PIECE);
    mlg_state_writer_t w = {.gate = &mlgate.gate,
                            .part = part,
                            .now_us = mlgate_now(),
                            .wall_us = apr_time_now(),
                            .is_final = is_final,
                            .take = mlgate_stripe_spin,
                            .drop = mlgate_stripe_drop};
    apr_status_t rv = APR_SUCCESS;
    size_t len;

    w.oldest_us = w.now_us - MLG_STATE_KEEP_US;
    while (rv == APR_SUCCESS && (len = mlg_state_write(&w, piece)) > 0) {
        rv = write_whole(fd, piece, len);
    }
    return rv;
}

/* So that a power cut finds the new name, too; not every system can. */
static void sync_directory(const char *file, apr_pool_t *p)
{
    int fd = open(ap_make_dirstr_parent(p, file), O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* After a restart, or when our parent is dead, the files are another's. */
static int is_in_charge(void)
{
    return mlgate.gate.segment->generation == generation &&
           (getpid() == parent || getppid() == parent);
}

/* What is to be written. */
typedef struct job_t {
    const char *file;
    mlg_state_part part;
    int is_final;
    apr_pool_t *p;
} job_t;

/* @return 0 or errno */
static int put_in_place(const job_t *job, const char *spare)
{
    if (rename(spare, job->file) != 0) {
        return errno;
    }
    if (job->part == MLG_STATE_ALL) {
        /* older now, and what was unblocked since is still in it */
        unlink(apr_pstrcat(job->p, job->file, BLOCKS, NULL));
    }
    return 0;
}

/* Beside the file, then into its place. @return 0 or errno */
static int write_file(const void *data)
{
    const job_t *job = data;
    const char *spare =
        apr_psprintf(job->p, "%s.%" APR_PID_T_FMT SPARE, job->file, getpid());
    apr_status_t rv;
    int fd;

    unlink(spare); /* of one that was killed and had our number */
    fd =
        open(spare, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MINE);
    if (fd < 0) {
        return errno;
    }
    rv = write_pieces(fd, job->part, job->is_final, job->p);
    if (rv == APR_SUCCESS && fsync(fd) != 0) {
        rv = errno;
    }
    if (close(fd) != 0 && rv == APR_SUCCESS) {
        rv = errno;
    }
    if (rv == APR_SUCCESS && is_in_charge()) {
        rv = put_in_place(job, spare);
    }
    unlink(spare); /* unless it is in its place */
    sync_directory(job->file, job->p);
    return rv;
}

/* @return 1 when it is on disk */
static int write_state(mlg_state_part part, int is_final, server_rec *s,
                       apr_pool_t *p)
{
    static int has_failed[MLG_STATE_BLOCKS + 1]; /* by part */
    const job_t job = {
        (part == MLG_STATE_ALL) ? path : apr_pstrcat(p, path, BLOCKS, NULL),
        part, is_final, p};
    apr_status_t rv = mlgate_state_as_user(write_file, &job);

    mlg_count(mlgate.gate.counters, 0,
              (rv == APR_SUCCESS) ? MLG_C_STATE_WRITES : MLG_C_STATE_FAILURES);
    if (rv != APR_SUCCESS && !has_failed[part]) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, s,
                     MLG0036 "cannot write %s: a stop or a crash would forget "
                             "what was learnt since the last time it could "
                             "be; the gate itself goes on (said once; see "
                             "state_failures); its directory has to be "
                             "writable for User and have room",
                     job.file);
    }
    has_failed[part] = (rv != APR_SUCCESS);
    return rv == APR_SUCCESS;
}

/* Blocks, and what undoes them, made so far. */
static apr_uint64_t count_blocks(void)
{
    mlg_shard_t total;

    mlg_counters_read(mlgate.gate.counters, &total);
    return total.count[MLG_C_BLOCKS] + total.count[MLG_C_WOULD_BLOCKS] +
           total.count[MLG_C_OPERATOR_BLOCKS] + total.count[MLG_C_UNBLOCKS];
}

void mlgate_state_look(server_rec *s, int is_hurried, apr_pool_t *p)
{
    static apr_time_t full_us; /* by the gate's clock; 0: not by this process */
    static apr_uint64_t blocks;
    apr_time_t now_us = mlgate_now();
    apr_uint64_t seen = count_blocks(); /* before they are copied */

    if (path == NULL || !is_in_charge()) {
        return;
    }
    if (full_us == 0 ||
        now_us - full_us >= (is_hurried ? FULL_HURRIED_US : FULL_US)) {
        full_us = now_us;
        if (write_state(MLG_STATE_ALL, 0, s, p)) {
            blocks = seen;
        }
    }
    else if (seen != blocks && write_state(MLG_STATE_BLOCKS, 0, s, p)) {
        blocks = seen;
    }
}

/* FILE.PID.new or FILE.blocks.PID.new? */
static int is_spare(const char *name, const char *file)
{
    size_t len = strlen(file);

    if (strncmp(name, file, len) != 0) {
        return 0;
    }
    name += len;
    len = sizeof(BLOCKS) - 1;
    if (strncmp(name, BLOCKS, len) == 0) {
        name += len;
    }
    if (name[0] != '.' || !apr_isdigit(name[1])) {
        return 0;
    }
    return strcmp(name + 1 + strspn(name + 1, "0123456789"), SPARE) == 0;
}

/* What was being written when somebody was killed. */
static int clear_spares(const void *data)
{
    apr_pool_t *p = (apr_pool_t *)data;
    const char *dir = ap_make_dirstr_parent(p, path);
    DIR *at = opendir(dir);
    const struct dirent *found;

    while (at != NULL && (found = readdir(at)) != NULL) {
        if (is_spare(found->d_name, path + strlen(dir))) {
            unlink(apr_pstrcat(p, dir, found->d_name, NULL));
        }
    }
    if (at != NULL) {
        closedir(at);
    }
    return 0;
}

/* The configuration is given up: for the next one, or for good. */
static apr_status_t on_unload(void *data)
{
    server_rec *s = data;
    apr_pool_t *p;

    if (path != NULL && mlgate.is_serving && getpid() == parent &&
        ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_EXITING) {
        apr_pool_create(&p, s->process->pool);
        mlgate_state_as_user(clear_spares, p); /* no child is left */
        write_state(MLG_STATE_ALL, 1, s, p);
        apr_pool_destroy(p);
    }
    return APR_SUCCESS;
}

/* ---- starting ------------------------------------------------------------- */

/* Can User write there? By its own group only: membership of others and
 * access lists are for the first write to find out. */
static int may_write(const struct stat *dir)
{
    mode_t mode = dir->st_mode;

    if (geteuid() != 0) {
        return 1; /* by whoever starts the server: asked of the system */
    }
    return ap_unixd_config.user_id == 0 ||
           ((dir->st_uid == ap_unixd_config.user_id) ? (mode & S_IWUSR) != 0
            : (dir->st_gid == ap_unixd_config.group_id)
                ? (mode & S_IWGRP) != 0
                : (mode & S_IWOTH) != 0);
}

void mlgate_state_check(server_rec *s, apr_pool_t *ptemp)
{
    const char *file = mlgate_conf_global(s)->state_file;
    const char *dir;
    const char *why = NULL;
    struct stat info;

    if (file == NULL) {
        return;
    }
    dir = ap_make_dirstr_parent(ptemp, file);
    if (stat(dir, &info) != 0) {
        const char *above = apr_pstrndup(ptemp, dir, strlen(dir) - 1);

        /* one that is missing is made at the start */
        if (errno != ENOENT ||
            access(ap_make_dirstr_parent(ptemp, above), W_OK) != 0) {
            why = strerror(errno);
        }
    }
    else if (!S_ISDIR(info.st_mode)) {
        why = "it is not a directory";
    }
    else if (access(dir, W_OK) != 0) {
        why = strerror(errno);
    }
    else if (!may_write(&info)) {
        why = "User, as whom the children run, cannot write there";
    }
    if (why != NULL) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     MLG0037 "MLGateStateFile %s: no state can be kept in %s: "
                             "%s; a stop will forget blocks and windows: give "
                             "that directory to User, or name one that is "
                             "missing and it will be made",
                     file, dir, why);
    }
}

/* Its last part, for User alone. */
static void make_directory(apr_pool_t *p)
{
    const char *slashed = ap_make_dirstr_parent(p, path);
    const char *dir = apr_pstrndup(p, slashed, strlen(slashed) - 1);
    struct stat info;
    int fd;

    if (mkdir(dir, S_IRWXU) != 0 || geteuid() != 0) {
        return;
    }
    /* what was made, and not what is there now */
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 || info.st_uid != 0 ||
        fchown(fd, ap_unixd_config.user_id, ap_unixd_config.group_id) != 0) {
        rmdir(dir); /* and the check says that it is missing */
    }
    if (fd >= 0) {
        close(fd);
    }
}

void mlgate_state_open(server_rec *s, apr_pool_t *pconf)
{
    path = mlgate_conf_global(s)->state_file;
    parent = getpid();
    if (path != NULL) {
        make_directory(pconf);
        mlgate_state_check(s, pconf);
        if (!mlgate_segment_is_kept()) {
            mlgate_state_as_user(clear_spares, pconf);
        }
        apr_pool_cleanup_register(pconf, s, on_unload, apr_pool_cleanup_null);
    }
}

void mlgate_state_begin(void)
{
    generation = mlgate.gate.segment->generation;
}
