/* SPDX-License-Identifier: Apache-2.0 */
#include "remote.h"

#include "mlgatectl.h"
#include "remote_answer.h"

#include "mlg_version.h"

#include <apr_general.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD   128
#define CONNECT_MS 5000L

/* ---- beginning and end --------------------------------------------------- */

static apr_status_t close_remote(void *data)
{
    remote_t *remote = data;

    curl_easy_cleanup(remote->curl);
    curl_global_cleanup();
    free(remote->body);
    return APR_SUCCESS;
}

int remote_init(remote_t *remote, apr_pool_t *p)
{
    memset(remote, 0, sizeof(*remote));
    remote->p = p;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return ctl_complain(CTL_FAILED, "the curl library does not start");
    }
    remote->curl = curl_easy_init();
    apr_pool_cleanup_register(p, remote, close_remote, apr_pool_cleanup_null);
    return (remote->curl != NULL)
               ? CTL_DONE
               : ctl_complain(CTL_FAILED, "the curl library does not start");
}

/* ---- options ------------------------------------------------------------- */

int remote_is_option(int option)
{
    return option >= REMOTE_OPT_FIRST && option <= REMOTE_OPT_LAST;
}

static int take_user(remote_t *remote, const char *arg)
{
    const char *colon = strchr(arg, ':');
    char *password;
    apr_size_t room = PASSWORD;

    if (colon != NULL) {
        remote->user = apr_pstrmemdup(remote->p, arg, (size_t)(colon - arg));
        remote->password = apr_pstrdup(remote->p, colon + 1);
        return CTL_DONE;
    }
    password = apr_palloc(remote->p, room);
    if (apr_password_get("Password: ", password, &room) != APR_SUCCESS) {
        return ctl_complain(CTL_MISUSE, "no password could be read; give "
                                        "--user NAME:PASSWORD");
    }
    remote->user = apr_pstrdup(remote->p, arg);
    remote->password = password;
    return CTL_DONE;
}

int remote_option(remote_t *remote, int option, const char *arg)
{
    switch (option) {
    case REMOTE_OPT_USER:
        return take_user(remote, arg);
    case REMOTE_OPT_UNIX_SOCKET:
        remote->unix_socket = arg;
        return CTL_DONE;
    case REMOTE_OPT_CACERT:
        remote->cacert = arg;
        return CTL_DONE;
    default:
        remote->insecure = 1;
        return CTL_DONE;
    }
}

/* ---- the URL ------------------------------------------------------------- */

/* One part of a URL, decoded where it may be encoded. @return NULL: absent */
static const char *part(remote_t *remote, CURLU *url, CURLUPart what)
{
    unsigned flags = (what == CURLUPART_USER || what == CURLUPART_PASSWORD)
                         ? CURLU_URLDECODE
                         : 0;
    char *text = NULL;
    const char *own = NULL;

    if (curl_url_get(url, what, &text, flags) == CURLUE_OK) {
        own = apr_pstrdup(remote->p, text);
    }
    curl_free(text);
    return own;
}

/* Split off user and password, so that no message and no list of processes
 * made from one shows them. */
static int split_url(remote_t *remote, CURLU *url, const char *text)
{
    const char *scheme;
    const char *user;
    char *whole;
    size_t len;

    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK ||
        (scheme = part(remote, url, CURLUPART_SCHEME)) == NULL ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) ||
        part(remote, url, CURLUPART_QUERY) != NULL ||
        part(remote, url, CURLUPART_FRAGMENT) != NULL) {
        return ctl_complain(CTL_MISUSE,
                            "the gate's URL has the form "
                            "http[s]://HOST[:PORT]/PATH, as in " REMOTE_URL);
    }
    user = part(remote, url, CURLUPART_USER);
    if (user != NULL && remote->user == NULL) {
        const char *password = part(remote, url, CURLUPART_PASSWORD);

        remote->user = user;
        remote->password = (password != NULL) ? password : "";
    }
    curl_url_set(url, CURLUPART_USER, NULL, 0);
    curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
    whole = apr_pstrdup(remote->p, part(remote, url, CURLUPART_URL));
    len = strlen(whole);
    while (len > 0 && whole[len - 1] == '/') {
        whole[--len] = '\0';
    }
    remote->url = whole;
    return CTL_DONE;
}

static size_t take_body(char *at, size_t size, size_t n, void *data)
{
    remote_t *remote = data;
    size_t bytes = size * n;

    if (bytes > REMOTE_BODY_MAX - remote->bytes) {
        return 0; /* curl says CURLE_WRITE_ERROR */
    }
    if (remote->bytes + bytes > remote->room) {
        size_t room = 2 * (remote->bytes + bytes);
        char *bigger = realloc(remote->body, room);

        if (bigger == NULL) {
            return 0;
        }
        remote->body = bigger;
        remote->room = room;
    }
    memcpy(remote->body + remote->bytes, at, bytes);
    remote->bytes += bytes;
    return bytes;
}

static int poll_over(void *data, curl_off_t a, curl_off_t b, curl_off_t c,
                     curl_off_t d)
{
    const remote_t *remote = data;

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return remote->is_over != NULL && remote->is_over();
}

static void set_up(remote_t *remote)
{
    CURL *curl = remote->curl;

    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, remote->error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, remote);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)REMOTE_SECONDS);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, poll_over);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, remote);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "mlgatectl/" MLG_VERSION);
    curl_easy_setopt(curl, CURLOPT_USERNAME, remote->user);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, remote->password);
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_ANY);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, remote->unix_socket);
    if (remote->cacert != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, remote->cacert);
    }
    if (remote->insecure) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

int remote_open(remote_t *remote, args_t *args)
{
    const char *text = getenv("MLGATE_URL");
    CURLU *url = curl_url();
    int code;

    if (args->n > 0 && strstr(args->operand[0], "://") != NULL) {
        text = args_shift(args);
    }
    if (text == NULL || *text == '\0') {
        text = REMOTE_URL;
    }
    code = (url != NULL) ? split_url(remote, url, text)
                         : ctl_complain(CTL_FAILED, "out of memory");
    curl_url_cleanup(url);
    if (code != CTL_DONE) {
        return code;
    }
    set_up(remote);
    return CTL_DONE;
}

int remote_open_only(remote_t *remote, args_t *args)
{
    int code = remote_open(remote, args);

    return (code != CTL_DONE || args->n == 0)
               ? code
               : ctl_complain(CTL_MISUSE,
                              "'%s' is no URL; it begins with http:// or "
                              "https://",
                              args->operand[0]);
}

const char *remote_escape(remote_t *remote, const char *text)
{
    char *escaped = curl_easy_escape(remote->curl, text, 0);
    const char *own = apr_pstrdup(remote->p, (escaped != NULL) ? escaped : "");

    curl_free(escaped);
    return own;
}

/* ---- asking -------------------------------------------------------------- */

static int ask(remote_t *remote, const char *path, int is_post, json_t **out)
{
    static const char none[] = "";
    CURL *curl = remote->curl;
    struct curl_slist *fields =
        curl_slist_append(NULL, "Accept: application/json");
    CURLcode rv = CURLE_OUT_OF_MEMORY;

    remote->bytes = 0;
    remote->error[0] = '\0';
    if (fields != NULL) {
        curl_easy_setopt(curl, CURLOPT_URL,
                         apr_pstrcat(remote->p, remote->url, "/", path, NULL));
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
        if (is_post) {
            curl_easy_setopt(curl, CURLOPT_POSTFIELDS, none);
        }
        else {
            curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
        }
        rv = curl_easy_perform(curl);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    }
    curl_slist_free_all(fields);
    return (rv == CURLE_OK) ? remote_read(remote, out)
                            : remote_unanswered(remote, rv);
}

int remote_get(remote_t *remote, const char *path, json_t **out)
{
    return ask(remote, path, 0, out);
}

int remote_info(remote_t *remote, json_t **out)
{
    json_t *info = NULL;
    int code = remote_get(remote, "", &info);
    const char *name = (code == CTL_DONE) ? remote_text(info, "name") : NULL;

    if (code == CTL_DONE && (name == NULL || strcmp(name, "mod_mlgate") != 0)) {
        json_decref(info);
        return remote_no_gate(remote);
    }
    *out = info;
    return code;
}

int remote_post(remote_t *remote, const char *path, json_t **out)
{
    return ask(remote, path, 1, out);
}
