/* SPDX-License-Identifier: Apache-2.0
 *
 * mlgatectl's commands: one file each, one line each in the table of
 * mlgatectl.c. A command gets its own arguments and returns the exit code:
 * 0 done, 1 could not be done, 2 asked for wrongly.
 */
#ifndef MLGATECTL_H
#define MLGATECTL_H

#include <apr_pools.h>

#define CTL_DONE   0
#define CTL_FAILED 1
#define CTL_MISUSE 2

/** @param argv  shape [argc]; argv[0] is the command's name */
int ctl_replay(int argc, const char *const *argv, apr_pool_t *p);
int ctl_explain(int argc, const char *const *argv, apr_pool_t *p);
int ctl_features(int argc, const char *const *argv, apr_pool_t *p);
int ctl_import(int argc, const char *const *argv, apr_pool_t *p);
int ctl_inspect(int argc, const char *const *argv, apr_pool_t *p);
int ctl_eval(int argc, const char *const *argv, apr_pool_t *p);
int ctl_train(int argc, const char *const *argv, apr_pool_t *p);
int ctl_calibrate(int argc, const char *const *argv, apr_pool_t *p);
int ctl_status(int argc, const char *const *argv, apr_pool_t *p);
int ctl_top(int argc, const char *const *argv, apr_pool_t *p);
int ctl_block(int argc, const char *const *argv, apr_pool_t *p);
int ctl_unblock(int argc, const char *const *argv, apr_pool_t *p);

/** Print "mlgatectl: " and a sentence to standard error. @return `code` */
int ctl_complain(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The system's words for a status. @return text of the pool */
const char *ctl_reason(int status, apr_pool_t *p);

#endif /* MLGATECTL_H */
