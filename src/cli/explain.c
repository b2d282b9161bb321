/* SPDX-License-Identifier: Apache-2.0
 *
 * mlgatectl explain: why was this client, or this request, refused? */
#include "mlgatectl.h"

#include "explain.h"
#include "fitted.h"
#include "story.h"

#include <stdio.h>
#include <string.h>

enum { OPT_DECISION = 256, OPT_JSON };

static const apr_getopt_option_t options[] = {
    {"decision", OPT_DECISION, 1,
     "tell this decision instead: the URL of a gate's decision/ID, a reference "
     "ID that the gate at MLGATE_URL still knows, a file of event-log lines, "
     "or - for standard input"},
    {"json", OPT_JSON, 0, "the same for programs"},
    FEED_OPTIONS,
    REMOTE_OPTIONS,
    ARGS_HELP,
    {NULL, 0, 0, NULL}};

static const args_manual_t manual = {
    "explain [OPTION]... ADDRESS LOG...\n"
    "       mlgatectl explain --decision URL|ID|FILE|- [ADDRESS|ID]",
    "Tells a client's story from access logs: what it did, how its score "
    "went,\n"
    "what weighed how much, what would have let it pass. An IPv6 address "
    "stands\n"
    "for its network (/64 by default). Or tells what a running gate, or its\n"
    "event log, says of one decision.",
    "Exit code 1 when the logs do not know the client."};

static int take(void *data, int option, const char *arg)
{
    explain_t *explain = data;

    if (feed_is_option(option)) {
        return feed_option(&explain->feed, option, arg);
    }
    if (remote_is_option(option)) {
        return remote_option(&explain->remote, option, arg);
    }
    if (option == OPT_DECISION) {
        explain->decision = arg;
    }
    else {
        explain->wants_json = 1;
    }
    return CTL_DONE;
}

typedef struct telling_t {
    story_t story;
    const feed_t *feed;
} telling_t;

static int add(void *data, const judged_t *judged)
{
    telling_t *telling = data;

    story_add(&telling->story, judged, telling->feed->replay.ipv6_prefix);
    story_swarm(&telling->story, judged, telling->feed->replay.gate.swarms);
    return CTL_DONE;
}

static int tell(explain_t *explain, const char *address, args_t *args)
{
    feed_t *feed = &explain->feed;
    telling_t telling = {.feed = feed};
    mlg_prefix_t prefix;
    int code;

    /* "2001:db8::/64" is how the gate writes the client of 2001:db8::1 */
    if (mlg_prefix_parse(&prefix, address) != APR_SUCCESS ||
        (prefix.bits < MLG_KEY_BITS && mlg_key_is_v4(&prefix.base))) {
        return ctl_complain(CTL_MISUSE,
                            "'%s' is not an address; write it as 192.0.2.7 or "
                            "2001:db8::1, the logs after it",
                            address);
    }
    story_init(&telling.story, &prefix.base, feed->p);
    code = fitted_run(feed, NULL, args->n, args->operand, add, &telling);
    if (code != CTL_DONE) {
        return code;
    }
    if (telling.story.requests == 0) {
        return ctl_complain(CTL_FAILED,
                            "%s does not come up in these logs (%llu lines)",
                            address, (unsigned long long)feed->lines);
    }
    story_swarm(&telling.story, NULL, feed->replay.gate.swarms);
    if (explain->wants_json) {
        json_t *json = story_json(&telling.story, feed);

        json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        putchar('\n');
        json_decref(json);
    }
    else {
        story_print(&telling.story, feed);
    }
    return CTL_DONE;
}

int ctl_explain(int argc, const char *const *argv, apr_pool_t *p)
{
    explain_t *explain = apr_pcalloc(p, sizeof(*explain));
    args_t args;
    const char *address;
    int code = remote_init(&explain->remote, p);

    feed_init(&explain->feed, p);
    explain->feed.rules.wants_swarms = 1;
    if (code == CTL_DONE) {
        code = args_read(&args, &manual, options, take, explain, argc, argv, p);
    }
    if (code != CTL_DONE || args.is_answered) {
        return code;
    }
    if (explain->decision != NULL) {
        return explain_decision(explain, &args);
    }
    address = args_shift(&args);
    if (args.n == 0) {
        return ctl_complain(CTL_MISUSE,
                            "explain needs an address and a log, as in "
                            "mlgatectl explain 192.0.2.7 access.log");
    }
    return tell(explain, address, &args);
}
