/* SPDX-License-Identifier: Apache-2.0
 *
 * A running gate, asked over HTTP: the handler "mlgate-status" of some httpd.
 * Whatever goes wrong becomes a sentence on standard error. The other side may
 * be anybody: an answer is JSON of at most 64 MB or it is refused, and what is
 * shown of it goes through visible().
 */
#ifndef REMOTE_H
#define REMOTE_H

#include "args.h"

#include <curl/curl.h>
#include <jansson.h>

#define REMOTE_URL     "http://127.0.0.1/mlgate" /* without MLGATE_URL */
#define REMOTE_SECONDS 10                        /* for a whole answer */

/* Ids of the options, apart from every command's own. */
enum {
    REMOTE_OPT_FIRST = 500,
    REMOTE_OPT_USER = REMOTE_OPT_FIRST,
    REMOTE_OPT_UNIX_SOCKET,
    REMOTE_OPT_CACERT,
    REMOTE_OPT_INSECURE,
    REMOTE_OPT_LAST = REMOTE_OPT_INSECURE
};

/* Rows for a command's table of options. */
/* clang-format off */
#define REMOTE_OPTIONS                                                         \
    {"user", REMOTE_OPT_USER, 1,                                               \
     "NAME:PASSWORD for a Location that asks for them; NAME alone asks "       \
     "on the terminal"},                                                       \
    {"unix-socket", REMOTE_OPT_UNIX_SOCKET, 1,                                 \
     "connect to this socket instead of the URL's host"},                      \
    {"cacert", REMOTE_OPT_CACERT, 1,                                           \
     "trust the certificate authorities in this PEM file"},                    \
    {"insecure", REMOTE_OPT_INSECURE, 0, "trust any certificate"}

#define REMOTE_NOTES                                                           \
    "URL is where httpd's configuration has SetHandler mlgate-status; it may\n"\
    "hold user:password@. Without it, the environment's MLGATE_URL counts,\n"  \
    "else " REMOTE_URL "."
/* clang-format on */

typedef struct remote_t {
    apr_pool_t *p;
    const char *url; /* without user, password and final slash */
    const char *user;
    const char *password;
    const char *unix_socket;
    const char *cacert;
    int insecure;
    int is_silent;        /* 1: what is said goes to `said` alone */
    int (*is_over)(void); /* NULL, or polled while waiting: 1 gives up */
    const char *said;     /* the latest sentence; NULL: none yet */
    CURL *curl;
    /* the latest answer */
    char *body; /* malloc'ed, kept for the next one */
    size_t bytes;
    size_t room;
    char error[CURL_ERROR_SIZE];
} remote_t;

/** Begin.
 *
 * @param remote  of the pool, which gives back what it holds
 * @return CTL_DONE, or CTL_FAILED having said why
 */
int remote_init(remote_t *remote, apr_pool_t *p);

/** @return 1 when the option is one of REMOTE_OPTIONS */
int remote_is_option(int option);

/** Take one of REMOTE_OPTIONS. @return CTL_DONE or CTL_MISUSE */
int remote_option(remote_t *remote, int option, const char *arg);

/** Decide on the URL, after the options: the first operand when it holds
 * "://", and then it is taken away; else MLGATE_URL; else REMOTE_URL.
 *
 * @return CTL_DONE, or CTL_MISUSE having said what is wrong with it
 */
int remote_open(remote_t *remote, args_t *args);

/** remote_open() for a command that takes nothing but a URL. */
int remote_open_only(remote_t *remote, args_t *args);

/** GET an endpoint.
 *
 * @param path  below the URL, such as "stats"; "" is the URL itself
 * @param out   the caller's to json_decref(); set on CTL_DONE only
 * @return CTL_DONE; CTL_MISUSE when the gate says that it was asked wrongly;
 *         CTL_FAILED for everything else; both have been said
 */
int remote_get(remote_t *remote, const char *path, json_t **out);

/** GET what the gate says of itself at the URL, likewise; CTL_FAILED, having
 * said so, when what answers there is no gate's root. */
int remote_info(remote_t *remote, json_t **out);

/** POST to an endpoint, likewise. */
int remote_post(remote_t *remote, const char *path, json_t **out);

/** Say a sentence as ctl_complain() does, or only keep it in `said`.
 * @return `code` */
int remote_complain(remote_t *remote, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** A text as part of a URL. @return text of the pool */
const char *remote_escape(remote_t *remote, const char *text);

/* ---- reading answers: what is missing or of another type reads as nothing */

/** @return the number at `name`, 0 when there is none */
double remote_number(const json_t *object, const char *name);

/** @return the text at `name`, NULL when there is none; borrowed */
const char *remote_text(const json_t *object, const char *name);

/** The time at `name` as people read it, "2026-11-22 18:54:25 UTC".
 * @return text of the pool, "-" when there is none */
const char *remote_time(const json_t *object, const char *name, apr_pool_t *p);

/** A number of seconds in words, "9 min 58 s", whatever the number.
 * @return text of the pool */
const char *remote_duration(double seconds, apr_pool_t *p);

#endif /* REMOTE_H */
