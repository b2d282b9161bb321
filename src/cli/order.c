/* SPDX-License-Identifier: Apache-2.0
 *
 * mlgatectl block and unblock: an operator's orders to a running gate. */
#include "mlgatectl.h"

#include "remote.h"
#include "visible.h"

#include "mlg_duration.h"
#include "mlg_key.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

enum { OPT_TTL = 256, OPT_REASON, OPT_JSON };

static const apr_getopt_option_t options[] = {
    {"ttl", OPT_TTL, 1,
     "how long, 1s to 30d, as in 10m or 24h (the server's MLGateBlockFor)"},
    {"reason", OPT_REASON, 1,
     "a note of at most 39 bytes, shown in the status and the event log"},
    {"json", OPT_JSON, 0, "print the gate's answer as it came"},
    REMOTE_OPTIONS,
    ARGS_HELP,
    {NULL, 0, 0, NULL}};

static const args_manual_t block_manual = {
    "block [OPTION]... [URL] ADDRESS",
    "Has a running gate refuse a client: an IPv4 address, or the network (/64\n"
    "by default) of an IPv6 address. An allow-listed client is let through "
    "all\n"
    "the same. Blocking again sets a new end.",
    REMOTE_NOTES};

static const args_manual_t unblock_manual = {
    "unblock [OPTION]... [URL] ADDRESS",
    "Ends a client's block, if there is one, and lets it through unjudged for\n"
    "some time. Afterwards it is judged anew.",
    REMOTE_NOTES};

typedef struct order_t {
    remote_t remote;
    const char *ttl;
    const char *reason;
    int wants_json;
} order_t;

static int take(void *data, int option, const char *arg)
{
    order_t *order = data;
    apr_interval_time_t us;

    if (remote_is_option(option)) {
        return remote_option(&order->remote, option, arg);
    }
    switch (option) {
    case OPT_TTL:
        if (mlg_duration_parse(&us, arg) != APR_SUCCESS) {
            return ctl_complain(CTL_MISUSE,
                                "--ttl '%s' is not a duration; write a whole "
                                "number and a unit, such as 30s, 10m, 24h or "
                                "7d",
                                arg);
        }
        order->ttl = arg;
        break;
    case OPT_REASON:
        order->reason = arg;
        break;
    default:
        order->wants_json = 1;
    }
    return CTL_DONE;
}

static const char *path_of(order_t *order, const char *verb,
                           const char *address)
{
    remote_t *remote = &order->remote;
    const char *path =
        apr_pstrcat(remote->p, verb, "/", remote_escape(remote, address), NULL);
    const char *glue = "?";

    if (order->ttl != NULL) {
        path = apr_pstrcat(remote->p, path, glue,
                           "ttl=", remote_escape(remote, order->ttl), NULL);
        glue = "&";
    }
    if (order->reason != NULL) {
        path =
            apr_pstrcat(remote->p, path, glue,
                        "reason=", remote_escape(remote, order->reason), NULL);
    }
    return path;
}

static void tell(const json_t *answer, int is_block, apr_pool_t *p)
{
    const json_t *was = json_object_get(answer, "replaced");
    const char *kind = remote_text(was, "kind");
    const char *warning = remote_text(answer, "warning");

    printf("%s is %s for %s, until %s.\n",
           visible_string(remote_text(answer, "client"), MLG_KEY_TEXT, p),
           is_block ? "blocked" : "let through unjudged",
           remote_duration(remote_number(answer, "remaining_s"), p),
           remote_time(answer, "until", p));
    if (kind != NULL) {
        printf("Before, it was %s until %s (%.0f requests refused).\n",
               (strcmp(kind, "block") == 0)      ? "blocked by the gate"
               : (strcmp(kind, "operator") == 0) ? "blocked by an operator"
               : (strcmp(kind, "grace") == 0)    ? "let through unjudged"
                                                 : "marked, but not refused,",
               remote_time(was, "until", p), remote_number(was, "refused"));
    }
    if (warning != NULL) {
        printf("Mind: %s.\n", visible_string(warning, 200, p));
    }
}

/* Anything can answer 200 with some JSON: an order is carried out when the gate
 * says which, and on whom. @return CTL_DONE, or CTL_FAILED having said so */
static int check_done(order_t *order, const json_t *answer, const char *verb)
{
    const char *done = remote_text(answer, "done");
    const char *client = remote_text(answer, "client");

    return (done != NULL && strcmp(done, verb) == 0 && client != NULL &&
            client[0] != '\0')
               ? CTL_DONE
               : remote_complain(&order->remote, CTL_FAILED,
                                 "what answers at %s is not a gate's handler, "
                                 "so nothing is known to be done; the URL is "
                                 "that of the Location with SetHandler "
                                 "mlgate-status",
                                 order->remote.url);
}

static int check_address(const char *address)
{
    mlg_prefix_t prefix;

    if (address == NULL) {
        return ctl_complain(CTL_MISUSE, "an address is missing, as in "
                                        "mlgatectl block 192.0.2.7");
    }
    if (strchr(address, '/') != NULL ||
        mlg_prefix_parse(&prefix, address) != APR_SUCCESS) {
        return ctl_complain(CTL_MISUSE,
                            "'%s' is not one address; write it as 192.0.2.7 "
                            "or 2001:db8::1",
                            address);
    }
    return CTL_DONE;
}

static int run(int argc, const char *const *argv, int is_block, apr_pool_t *p)
{
    order_t *order = apr_pcalloc(p, sizeof(*order));
    args_t args;
    json_t *answer = NULL;
    const char *address;
    int code;

    code = remote_init(&order->remote, p);
    if (code == CTL_DONE) {
        code = args_read(&args, is_block ? &block_manual : &unblock_manual,
                         options, take, order, argc, argv, p);
    }
    if (code != CTL_DONE || args.is_answered) {
        return code;
    }
    code = remote_open(&order->remote, &args);
    if (code != CTL_DONE) {
        return code;
    }
    address = args_shift(&args);
    code = check_address(address);
    if (code == CTL_DONE && args.n > 0) {
        code = ctl_complain(CTL_MISUSE,
                            "one address at a time, please; '%s' is too many",
                            args.operand[0]);
    }
    if (code == CTL_DONE) {
        code = remote_post(&order->remote, path_of(order, argv[0], address),
                           &answer);
    }
    if (code == CTL_DONE) {
        code = check_done(order, answer, argv[0]);
    }
    if (code == CTL_DONE && order->wants_json) {
        json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        putchar('\n');
    }
    else if (code == CTL_DONE) {
        tell(answer, is_block, p);
    }
    json_decref(answer);
    return code;
}

int ctl_block(int argc, const char *const *argv, apr_pool_t *p)
{
    return run(argc, argv, 1, p);
}

int ctl_unblock(int argc, const char *const *argv, apr_pool_t *p)
{
    return run(argc, argv, 0, p);
}
