/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BUFFER_BYTES (2 * MLG_LOG_LINE_MAX)

struct mlg_log_reader_t {
    gzFile file;
    char *at;  /* first byte not handed out */
    char *end; /* behind the last byte read */
    uint64_t text_bytes;
    int is_at_eof;
    int is_cut;      /* ... which is not where the gzip data should end */
    int is_skipping; /* the rest of a line that was too long */
    char buffer[BUFFER_BYTES];
};

static apr_status_t close_reader(void *data)
{
    mlg_log_reader_t *reader = data;

    gzclose(reader->file);
    return APR_SUCCESS;
}

apr_status_t mlg_log_open(mlg_log_reader_t **out, const char *path,
                          apr_pool_t *p)
{
    mlg_log_reader_t *reader = apr_palloc(p, sizeof(*reader));

    errno = 0;
    reader->file = (strcmp(path, "-") == 0) ? gzdopen(dup(STDIN_FILENO), "rb")
                                            : gzopen(path, "rbe");
    if (reader->file == NULL) {
        return (errno != 0) ? APR_FROM_OS_ERROR(errno) : APR_ENOMEM;
    }
    apr_pool_cleanup_register(p, reader, close_reader, apr_pool_cleanup_null);
    gzbuffer(reader->file, 65536);
    reader->at = reader->end = reader->buffer;
    reader->text_bytes = 0;
    reader->is_at_eof = 0;
    reader->is_cut = 0;
    reader->is_skipping = 0;
    *out = reader;
    return APR_SUCCESS;
}

/* Move what is left to the front and read on. */
static apr_status_t fill(mlg_log_reader_t *r)
{
    size_t left = (size_t)(r->end - r->at);
    int got;

    memmove(r->buffer, r->at, left);
    r->at = r->buffer;
    r->end = r->buffer + left;
    got = gzread(r->file, r->end, (unsigned)(BUFFER_BYTES - left));
    if (got < 0) {
        int code = Z_OK;

        gzerror(r->file, &code);
        return (code == Z_ERRNO) ? APR_FROM_OS_ERROR(errno) : APR_EGENERAL;
    }
    if (got == 0) {
        int code = Z_OK;

        gzerror(r->file, &code);
        r->is_at_eof = 1;
        r->is_cut = (code == Z_BUF_ERROR);
    }
    r->text_bytes += (uint64_t)got;
    r->end += got;
    return APR_SUCCESS;
}

static void hand_out(mlg_log_reader_t *r, char *stop, char **line, size_t *len)
{
    *line = r->at;
    *len = (size_t)(stop - r->at);
    if (*len > 0 && stop[-1] == '\r') {
        --*len;
    }
    r->at = (stop < r->end) ? stop + 1 : stop;
}

apr_status_t mlg_log_next(mlg_log_reader_t *r, char **line, size_t *len)
{
    for (;;) {
        size_t left = (size_t)(r->end - r->at);
        char *newline = memchr(r->at, '\n', left);
        char *stop = (newline != NULL) ? newline : r->end;
        int was_skipping = r->is_skipping;

        if (newline == NULL && left <= MLG_LOG_LINE_MAX && !r->is_at_eof) {
            apr_status_t rv = fill(r);

            if (rv != APR_SUCCESS) {
                return rv;
            }
            continue;
        }
        if (left == 0) {
            return r->is_cut ? APR_INCOMPLETE : APR_EOF;
        }
        /* a whole line, the last one, or a piece of one that is too long */
        r->is_skipping = (newline == NULL && !r->is_at_eof);
        hand_out(r, stop, line, len);
        if (was_skipping) {
            continue;
        }
        if (stop - *line > MLG_LOG_LINE_MAX) {
            *len = MLG_LOG_LINE_MAX;
            return MLG_ELINE;
        }
        return APR_SUCCESS;
    }
}

mlg_log_place_t mlg_log_place(const mlg_log_reader_t *r)
{
    z_off_t at = gzoffset(r->file);

    return (mlg_log_place_t){
        .file_bytes = (at > 0) ? (uint64_t)at : 0,
        .text_bytes = r->text_bytes - (uint64_t)(r->end - r->at),
    };
}
