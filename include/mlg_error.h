/* SPDX-License-Identifier: Apache-2.0
 *
 * The failures that are ours rather than the operating system's, and the
 * place and reason that go with a refused input.
 *
 * Pure: nothing here locks or allocates.
 */
#ifndef MLG_ERROR_H
#define MLG_ERROR_H

#include <apr_errno.h>
#include <stddef.h>

/* clang-format off */
#define MLG_ERRORS(X)                                                        \
    X(MLG_ENOTSEG,  "not a mod_mlgate shared segment")                       \
    X(MLG_ELAYOUT,  "the shared segment was laid out by another build")      \
    X(MLG_ESHAPE,   "made for another list of features")                     \
    X(MLG_EADDRESS, "not an IPv4 or IPv6 address")                           \
    X(MLG_EPREFIX,  "the prefix length is out of range for this address")    \
    X(MLG_EFEATURE, "no feature has this name")                              \
    X(MLG_ERANGE,   "a number is missing, not finite or out of range")       \
    X(MLG_EFULL,    "no room left in the block table")                       \
    X(MLG_EBROKEN,  "an invariant of the shared segment does not hold")  \
    X(MLG_ELINE,    "not a line of an access log")                           \
    X(MLG_ECONFIG,  "a configuration that httpd would not start with")       \
    X(MLG_ENOTMODEL, "not a model file of mod_mlgate")                       \
    X(MLG_EVERSION, "a model file of a format that this build does not know")\
    X(MLG_ECORRUPT, "a model file that is cut short or damaged")             \
    X(MLG_EMODEL,   "a model that breaks a rule of its format")              \
    X(MLG_EGOLDEN,  "a model that does not give the scores it was made with")\
    X(MLG_EPROFILE, "not a sound profile of a site")                         \
    X(MLG_ENOTSTATE, "not a state file of mod_mlgate")                       \
    X(MLG_ESTATEFORMAT, "a state file of a format that this build does not know")\
    X(MLG_ESTATE,   "a state file that is cut short or damaged")
/* clang-format on */

enum mlg_error {
    MLG_EBASE = APR_OS_START_USERERR + 7300,
#define X(name, text) name,
    MLG_ERRORS(X)
#undef X
};

/* Where and why an input was refused. Fixed size: filling it cannot fail. */
typedef struct mlg_fault_t {
    size_t offset;  /* byte position in the input, or invariant number */
    char what[120]; /* one line, NUL-terminated */
} mlg_fault_t;

/** The sentence that belongs to one of MLG_ERRORS.
 *
 * @param status  any status
 * @return a constant string; NULL when the status is not one of ours
 */
const char *mlg_error_text(apr_status_t status);

/** Say that an invariant does not hold.
 *
 * @param fault   filled; may be NULL
 * @param offset  the invariant's number, or a byte position
 * @param what    a constant sentence, cut to fit
 * @return MLG_EBROKEN
 */
apr_status_t mlg_fault(mlg_fault_t *fault, size_t offset, const char *what);

#endif /* MLG_ERROR_H */
