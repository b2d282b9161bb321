/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking up at a start what state.c wrote. The parent reads, as root, what its
 * children could write: it follows no link, takes no file of somebody else, and
 * believes no number (mlg_state_read.c). Each file is proven before any of it is
 * taken up, and again on the way; what is refused is kept aside and said.
 */
#include "mlgate.h"

#include "mlg_state.h"

#include <apr_strings.h>
#include <unixd.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

APLOG_USE_MODULE(mlgate);

#define BAD ".bad"

/* One of the two files. */
typedef struct source_t {
    const char *path;
    int fd; /* -1: there is none, or it is refused */
    mlg_state_reader_t r;
} source_t;

/* Read so many bytes. @return how many there were; -1: errno says why not */
static ssize_t read_whole(int fd, unsigned char *to, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = read(fd, to + done, len - done);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return (n < 0) ? -1 : (ssize_t)done;
        }
        done += (size_t)n;
    }
    return (ssize_t)done;
}

/* The next piece. @return its length, 0 at the end; APR_SUCCESS or why not */
static apr_status_t read_piece(source_t *from, unsigned char *piece,
                               size_t *len, mlg_fault_t *fault)
{
    const ssize_t head = sizeof(mlg_state_piece_t);
    ssize_t n = read_whole(from->fd, piece, (size_t)head);
    ssize_t rest;

    *len = 0;
    if (n <= 0) {
        return (n < 0) ? errno : APR_SUCCESS;
    }
    *len = (n == head) ? mlg_state_piece_bytes(piece) : 0;
    if (*len == 0) {
        return mlg_state_read(&from->r, piece, 0, fault); /* and says why */
    }
    rest = (ssize_t)*len - head;
    n = read_whole(from->fd, piece + head, (size_t)rest);
    if (n != rest) {
        mlg_fault(fault, (size_t)from->r.offset, "it is cut short");
        return (n < 0) ? errno : MLG_ESTATE;
    }
    return mlg_state_read(&from->r, piece, *len, fault);
}

/* From the beginning. @param gate  NULL: only check */
static apr_status_t read_source(source_t *from, const mlg_gate_t *gate,
                                unsigned char *piece, mlg_fault_t *fault)
{
    apr_status_t rv = APR_SUCCESS;
    size_t len = 1;

    mlg_state_read_begin(&from->r, gate, apr_time_now(), MLG_STATE_KEEP_US);
    if (lseek(from->fd, 0, SEEK_SET) != 0) {
        return errno;
    }
    while (rv == APR_SUCCESS && len > 0) {
        rv = read_piece(from, piece, &len, fault);
    }
    return (rv == APR_SUCCESS) ? mlg_state_read_end(&from->r, fault) : rv;
}

static int put_aside(const void *data)
{
    const char *const *names = data;

    return (rename(names[0], names[1]) == 0) ? 0 : errno;
}

/* Keep it aside, and say so. */
static void refuse(source_t *from, const char *why, server_rec *s,
                   apr_pool_t *p)
{
    const char *bad = apr_pstrcat(p, from->path, BAD, NULL);
    const char *const names[] = {from->path, bad};
    int is_aside = mlgate_state_as_user(put_aside, names) == 0;

    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                 MLG0035 "%s is not taken up: %s; the gate begins without what "
                         "it held%s%s%s",
                 from->path, why,
                 is_aside ? ", and it is kept as "
                          : ", and will be written over: it could not be "
                            "renamed",
                 is_aside ? bad : "",
                 is_aside ? ": look at it, or remove it" : "");
    if (from->fd >= 0) {
        close(from->fd);
    }
    from->fd = -1;
}

/* @return why a file is nobody's state to be believed; NULL: it may be */
static const char *distrust(int fd, apr_pool_t *p)
{
    struct stat info;

    if (fstat(fd, &info) != 0) {
        return apr_psprintf(p, "%s", strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return "it is not a file";
    }
    if (info.st_uid != geteuid() && info.st_uid != ap_unixd_config.user_id) {
        return apr_psprintf(p,
                            "it belongs to user %lu, who is neither the one "
                            "that starts the server nor its User",
                            (unsigned long)info.st_uid);
    }
    /* Readers are no reason: a copy that was put back forgets no block. */
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return apr_psprintf(p, "others may write to it (mode %04o)",
                            (unsigned)(info.st_mode & 07777));
    }
    return NULL;
}

/* Read it, or refuse it. @return 1 when it was read */
static int take(source_t *from, const mlg_gate_t *gate, unsigned char *piece,
                server_rec *s, apr_pool_t *p)
{
    mlg_fault_t fault = {0, ""};
    apr_status_t rv = read_source(from, gate, piece, &fault);

    if (rv == APR_SUCCESS) {
        return 1;
    }
    refuse(from,
           (mlg_error_text(rv) != NULL)
               ? apr_psprintf(p, "%s (byte %lu: %s)", mlg_error_text(rv),
                              (unsigned long)fault.offset, fault.what)
               : apr_psprintf(p, "%pm", &rv),
           s, p);
    return 0;
}

/* Open one and prove it. */
static void open_source(source_t *from, const char *file, unsigned char *piece,
                        server_rec *s, apr_pool_t *p)
{
    const char *why;

    from->path = file;
    from->fd = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (from->fd < 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            refuse(from, apr_psprintf(p, "%s", strerror(errno)), s, p);
        }
        return;
    }
    why = distrust(from->fd, p);
    if (why != NULL) {
        refuse(from, why, s, p);
        return;
    }
    take(from, NULL, piece, s, p);
}

/* Are these the blocks that were made after the whole was written? */
static int is_later(const source_t *blocks, const source_t *whole)
{
    return whole->fd < 0 ||
           (memcmp(&blocks->r.head.secret, &whole->r.head.secret,
                   sizeof(mlg_secret_t)) == 0 &&
            blocks->r.head.written_us > whole->r.head.written_us);
}

static void tell_taken(const mlg_gate_t *gate, const source_t *whole,
                       const source_t *last, server_rec *s)
{
    apr_uint32_t live[MLG_BLOCK_GRACE + 1];
    apr_time_t now_us = mlgate_clock_read(gate->segment);

    mlg_block_census(&gate->blocks, now_us, live);
    ap_log_error(
        APLOG_MARK, APLOG_NOTICE, 0, s,
        MLG0034
        "took up what was known %" APR_INT64_T_FMT
        " s ago from %s: %u blocks, %" APR_UINT64_T_FMT
        " clients' windows (%" APR_UINT64_T_FMT " too old, %" APR_UINT64_T_FMT
        " without room), %" APR_UINT64_T_FMT " items of another build left out",
        apr_time_sec(now_us - last->r.head.written_us), last->path,
        live[MLG_BLOCK_WOULD] + live[MLG_BLOCK_AUTO] +
            live[MLG_BLOCK_OPERATOR] + live[MLG_BLOCK_GRACE],
        whole->r.clients, whole->r.dropped, whole->r.full, whole->r.left);
}

/* Both are proven; what is bad now was changed since. */
static int take_up(const mlg_gate_t *gate, source_t *whole, source_t *blocks,
                   unsigned char *piece, server_rec *s, apr_pool_t *p)
{
    const source_t *last = whole;

    if (whole->fd >= 0 && !take(whole, gate, piece, s, p)) {
        return 0;
    }
    if (blocks->fd >= 0 && is_later(blocks, whole)) {
        if (!take(blocks, gate, piece, s, p)) {
            return 0;
        }
        last = blocks;
    }
    if (last->fd >= 0) {
        mlgate_clock_set(gate->segment, last->r.now_us);
        gate->segment->begun_us = last->r.now_us;
        tell_taken(gate, whole, last, s);
    }
    return 1;
}

int mlgate_state_take_up(const mlg_gate_t *gate, server_rec *s)
{
    const char *path = mlgate_conf_global(s)->state_file;
    source_t whole = {.fd = -1};
    source_t blocks = {.fd = -1};
    unsigned char *piece;
    apr_pool_t *p;
    int is_taken;

    if (path == NULL) {
        return 1;
    }
    apr_pool_create(&p, s->process->pool);
    piece = apr_palloc(p, MLG_STATE_PIECE);
    open_source(&whole, path, piece, s, p);
    open_source(&blocks, apr_pstrcat(p, path, MLGATE_STATE_BLOCKS, NULL), piece,
                s, p);
    is_taken = take_up(gate, &whole, &blocks, piece, s, p);
    if (whole.fd >= 0) {
        close(whole.fd);
    }
    if (blocks.fd >= 0) {
        close(blocks.fd);
    }
    apr_pool_destroy(p);
    return is_taken;
}
