/* SPDX-License-Identifier: Apache-2.0
 *
 * The two logs of the gate's own: files or programs that get whole lines. A
 * line that cannot be written is counted and, once, complained about; no
 * request ever waits for it.
 */
#include "mlgate.h"

#include <apr_strings.h>

APLOG_USE_MODULE(mlgate);

static apr_status_t open_pipe(apr_file_t **out, const char *program,
                              apr_pool_t *pconf)
{
    piped_log *pipe = ap_open_piped_log(pconf, program);

    if (pipe == NULL) {
        return APR_EGENERAL;
    }
    *out = ap_piped_log_write_fd(pipe);
    /* a program that stops reading must not stop the server */
    return apr_file_pipe_timeout_set(*out, 0);
}

static apr_status_t open_file(apr_file_t **out, const char *path,
                              apr_pool_t *pconf)
{
    apr_status_t rv;

    rv = apr_file_open(out, path,
                       APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_APPEND |
                           APR_FOPEN_LARGEFILE,
                       APR_FPROT_UREAD | APR_FPROT_UWRITE, pconf);

    return (rv == APR_SUCCESS) ? apr_file_inherit_set(*out) : rv;
}

static int is_named_pipe(const char *path, apr_pool_t *p)
{
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_TYPE, p) == APR_SUCCESS &&
           info.filetype == APR_PIPE;
}

apr_status_t mlgate_sink_open(mlgate_sink_t *sink, const char *directive,
                              const char *path, mlg_counter_id lost,
                              server_rec *s, apr_pool_t *pconf)
{
    apr_status_t rv;

    *sink = (mlgate_sink_t){NULL, directive, lost, 0};
    if (path == NULL) {
        return APR_SUCCESS;
    }
    if (path[0] != '|' && is_named_pipe(path, pconf)) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                     MLG0021 "%s %s is a named pipe: the server would wait for "
                             "its reader; name a file, or a program as in "
                             "\"|cat >%s\"",
                     directive, path, path);
        return APR_EINVAL;
    }
    rv = (path[0] == '|') ? open_pipe(&sink->file, path + 1, pconf)
                          : open_file(&sink->file, path, pconf);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     MLG0007 "cannot open %s %s; make its directory or "
                             "correct the directive",
                     directive, path);
    }
    return rv;
}

void mlgate_sink_write(mlgate_sink_t *sink, server_rec *s, const char *line,
                       apr_size_t len)
{
    apr_size_t written = len;
    apr_status_t rv;

    if (sink->file == NULL) {
        return;
    }
    /* one line, one write: lines of several processes do not mix */
    rv = apr_file_write(sink->file, line, &written);
    if (rv == APR_SUCCESS && written < len) { /* the disk is full */
        apr_size_t end = 1;

        rv = APR_ENOSPC;
        apr_file_write(sink->file, "\n", &end);
    }
    if (rv != APR_SUCCESS) {
        mlg_count(mlgate.gate.counters, 0, sink->lost);
    }
    if (rv != APR_SUCCESS && !sink->has_failed) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, s,
                     MLG0015 "cannot write to %s; its lines are lost until it "
                             "can be written to again; the gate itself goes on",
                     sink->directive);
    }
    sink->has_failed = (rv != APR_SUCCESS);
}
