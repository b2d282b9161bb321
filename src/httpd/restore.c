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

#define BAD    ".bad"
#define WHOLE  1u /* bits of the two files */
#define BLOCKS 2u

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
    int rv = mlgate_state_as_user(put_aside, names);

    ap_log_error(
        APLOG_MARK, APLOG_WARNING, 0, s,
        MLG0035 "%s is not taken up: %s; the gate does without what it "
                "held, and it %s%s%s",
        from->path, why, (rv == 0) ? "is kept as " : "cannot be renamed: ",
        (rv == 0) ? bad : strerror(rv),
        (rv == 0) ? ": look at it, or remove it" : "");
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

static const char *reason(apr_status_t rv, const mlg_fault_t *fault,
                          apr_pool_t *p)
{
    return (mlg_error_text(rv) != NULL)
               ? apr_psprintf(p, "%s (byte %lu: %s)", mlg_error_text(rv),
                              (unsigned long)fault->offset, fault->what)
               : apr_psprintf(p, "%pm", &rv);
}

/* Read it, or refuse it. @return 1 when it was read */
static int take(source_t *from, const mlg_gate_t *gate, unsigned char *piece,
                server_rec *s, apr_pool_t *p)
{
    mlg_fault_t fault = {0, ""};
    apr_status_t rv = read_source(from, gate, piece, &fault);

    if (rv != APR_SUCCESS) {
        refuse(from, reason(rv, &fault, p), s, p);
    }
    return rv == APR_SUCCESS;
}

/* @return 1 when it is open, and may be believed as far as can be told */
static int open_source(source_t *from, const char *file, server_rec *s,
                       apr_pool_t *p)
{
    const char *why = NULL;

    from->path = file;
    from->fd = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (from->fd >= 0) {
        why = distrust(from->fd, p);
    }
    else if (errno != ENOENT && errno != ENOTDIR) {
        why = apr_psprintf(p, "%s", strerror(errno));
    }
    if (why != NULL) {
        refuse(from, why, s, p);
    }
    return from->fd >= 0;
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
                       const source_t *blocks, server_rec *s)
{
    const mlg_state_reader_t *a = &whole->r;
    const mlg_state_reader_t *b = &blocks->r;
    int is_both = whole->fd >= 0 && blocks->fd >= 0;
    apr_uint32_t live[MLG_BLOCK_GRACE + 1];
    apr_time_t now_us = mlgate_clock_read(gate->segment);

    mlg_block_census(&gate->blocks, now_us, live);
    ap_log_error(
        APLOG_MARK, APLOG_NOTICE, 0, s,
        MLG0034
        "took up what was known %" APR_INT64_T_FMT
        " s ago from %s%s: %u blocks, %" APR_UINT64_T_FMT
        " clients' windows (%" APR_UINT64_T_FMT " too old, %" APR_UINT64_T_FMT
        " without room), %" APR_UINT64_T_FMT " items of another build left out",
        apr_time_sec(now_us - ((blocks->fd >= 0) ? b : a)->head.written_us),
        ((whole->fd >= 0) ? whole : blocks)->path,
        is_both ? " and " MLGATE_STATE_BLOCKS : "",
        live[MLG_BLOCK_WOULD] + live[MLG_BLOCK_AUTO] +
            live[MLG_BLOCK_OPERATOR] + live[MLG_BLOCK_GRACE],
        a->clients, a->dropped + b->dropped, a->full + b->full,
        a->left + b->left);
}

static void shut(source_t *source)
{
    if (source->fd >= 0) {
        close(source->fd);
    }
    source->fd = -1;
}

/* Both are proven; what is bad now was changed since. @return which, or 0 */
static unsigned take_up(const mlg_gate_t *gate, source_t *whole,
                        source_t *blocks, unsigned char *piece, server_rec *s,
                        apr_pool_t *p)
{
    const source_t *last = whole;

    if (whole->fd >= 0 && !take(whole, gate, piece, s, p)) {
        return WHOLE;
    }
    if (blocks->fd >= 0) {
        if (!is_later(blocks, whole)) {
            shut(blocks);
        }
        else if (!take(blocks, gate, piece, s, p)) {
            return BLOCKS;
        }
        else {
            last = blocks;
        }
    }
    if (last->fd >= 0) {
        mlgate_clock_set(gate->segment, last->r.now_us);
        gate->segment->begun_us = last->r.now_us;
        if (whole->fd < 0) { /* blocks alone: nothing was counted or watched */
            gate->segment->formatted_us = last->r.now_us;
        }
        tell_taken(gate, whole, blocks, s);
    }
    return 0;
}

/* Both files, as sources; those whose bit is set are not there. */
static void open_both(source_t both[2], unsigned refused, unsigned char *piece,
                      server_rec *s, apr_pool_t *p)
{
    const char *path = mlgate_conf_global(s)->state_file;
    const char *const file[] = {
        path, apr_pstrcat(p, path, MLGATE_STATE_BLOCKS, NULL)};

    for (unsigned i = 0; i < 2; i++) {
        memset(&both[i], 0, sizeof(both[i]));
        both[i].fd = -1;
        if ((refused & (WHOLE << i)) == 0 &&
            open_source(&both[i], file[i], s, p) && piece != NULL) {
            take(&both[i], NULL, piece, s, p); /* prove it */
        }
    }
}

int mlgate_state_take_up(const mlg_gate_t *gate, server_rec *s,
                         unsigned *refused)
{
    source_t both[2];
    unsigned char *piece;
    unsigned bad;
    apr_pool_t *p;

    if (mlgate_conf_global(s)->state_file == NULL) {
        return 1;
    }
    apr_pool_create(&p, s->process->pool);
    piece = apr_palloc(p, MLG_STATE_PIECE);
    open_both(both, *refused, piece, s, p);
    bad = take_up(gate, &both[0], &both[1], piece, s, p);
    *refused |= bad;
    shut(&both[0]);
    shut(&both[1]);
    apr_pool_destroy(p);
    return bad == 0;
}

void mlgate_state_set_aside(const mlg_gate_t *gate, server_rec *s)
{
    source_t both[2];
    unsigned char *piece;
    apr_pool_t *p;

    if (mlgate_conf_global(s)->state_file == NULL) {
        return;
    }
    apr_pool_create(&p, s->process->pool);
    piece = apr_palloc(p, MLG_STATE_PIECE);
    open_both(both, 0, NULL, s, p);
    for (unsigned i = 0; i < 2; i++) {
        mlg_fault_t fault = {0, ""};
        size_t len;
        apr_status_t rv;

        if (both[i].fd < 0) {
            continue;
        }
        mlg_state_read_begin(&both[i].r, NULL, apr_time_now(), 0);
        rv = read_piece(&both[i], piece, &len, &fault);
        if (rv != APR_SUCCESS) {
            refuse(&both[i], reason(rv, &fault, p), s, p);
        }
        else if (memcmp(&both[i].r.head.secret, &gate->segment->secret,
                        sizeof(mlg_secret_t)) != 0) {
            refuse(&both[i],
                   "it is of another gate, and a restart keeps what this one "
                   "knows (a stop and a start takes it up)",
                   s, p);
        }
        shut(&both[i]);
    }
    apr_pool_destroy(p);
}
