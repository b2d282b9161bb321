/* SPDX-License-Identifier: Apache-2.0
 *
 * What came back, or did not: remote.c's own part that makes JSON or a
 * sentence of it.
 */
#ifndef REMOTE_ANSWER_H
#define REMOTE_ANSWER_H

#include "remote.h"

#define REMOTE_BODY_MAX (64u << 20) /* bytes of an answer */

/** Say why there is no answer. @return CTL_MISUSE or CTL_FAILED */
int remote_unanswered(remote_t *remote, CURLcode rv);

/** Read the answer in `remote->body`.
 *
 * @param out  set on CTL_DONE only; the caller's to json_decref()
 * @return CTL_DONE; CTL_MISUSE or CTL_FAILED having said what it is instead
 */
int remote_read(remote_t *remote, json_t **out);

/** Say that whatever is at the URL is no gate. @return CTL_FAILED */
int remote_no_gate(remote_t *remote);

#endif /* REMOTE_ANSWER_H */
