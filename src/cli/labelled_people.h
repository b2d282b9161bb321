/* SPDX-License-Identifier: Apache-2.0
 *
 * labelled.c's own: whom operators let go.
 *
 * A file is either a list, an address or network a line with # before remarks,
 * or an event log (MLGateEventLog), told line by line: a line that begins with
 * { is an event. Of those "unblock" names a person, and a later
 * "operator-block" takes that back.
 */
#ifndef LABELLED_PEOPLE_H
#define LABELLED_PEOPLE_H

#include "mlg_key.h"

#include <apr_tables.h>

/** Read such a file, plain or gzipped. It may be hostile.
 *
 * @param out          set to the clients, of mlg_key_t
 * @param ipv6_prefix  bits of an IPv6 address that name a client
 * @return CTL_DONE, or CTL_MISUSE having said which line is wrong
 */
int labelled_people_read(apr_array_header_t **out, const char *path,
                         unsigned ipv6_prefix, apr_pool_t *p);

#endif /* LABELLED_PEOPLE_H */
