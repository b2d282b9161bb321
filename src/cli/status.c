/* SPDX-License-Identifier: Apache-2.0
 *
 * mlgatectl status: is the running gate well, and what does it do? */
#include "mlgatectl.h"

#include "panel.h"
#include "remote.h"

#include <apr_time.h>
#include <stdio.h>
#include <string.h>

#define LISTED     10 /* of each list */
#define SAMPLE_SEC 1  /* between two readings, for what happens a second */

enum { OPT_JSON = 256 };

static const apr_getopt_option_t options[] = {
    {"json", OPT_JSON, 0,
     "print the gate's answers (info, health, stats) as they came"},
    REMOTE_OPTIONS,
    ARGS_HELP,
    {NULL, 0, 0, NULL}};

static const args_manual_t manual = {
    "status [OPTION]... [URL]",
    "Tells whether a running gate is well, how many requests come and are\n"
    "refused (watched for a second), who is blocked and why.",
    REMOTE_NOTES "\nExit code 1 also when the gate says that it is unwell."};

typedef struct status_t {
    remote_t remote;
    int wants_json;
    json_t *info;
    json_t *health;
    json_t *before;
    json_t *stats;
} status_t;

static int take(void *data, int option, const char *arg)
{
    status_t *status = data;

    if (remote_is_option(option)) {
        return remote_option(&status->remote, option, arg);
    }
    status->wants_json = 1;
    return CTL_DONE;
}

static int fetch(status_t *status)
{
    remote_t *remote = &status->remote;
    int code = remote_info(remote, &status->info);

    if (code == CTL_DONE) {
        code = remote_get(remote, "health", &status->health);
    }
    if (code == CTL_DONE) {
        code = remote_get(remote, "stats", &status->stats);
    }
    if (code == CTL_DONE && !status->wants_json) {
        status->before = status->stats;
        status->stats = NULL;
        apr_sleep(apr_time_from_sec(SAMPLE_SEC));
        code = remote_get(remote, "stats", &status->stats);
    }
    return code;
}

static void print_panel(const status_t *status)
{
    panel_t panel;

    panel_init(&panel, status->remote.p);
    panel_add(&panel, 0, "%-10s %s", "gate", status->remote.url);
    panel_summary(&panel, status->info, status->health, status->stats,
                  status->before);
    panel_swarms(&panel, status->stats, LISTED);
    panel_blocks(&panel, status->stats, LISTED);
    panel_clients(&panel, status->stats, LISTED);
    for (int i = 0; i < panel.lines->nelts; i++) {
        puts(APR_ARRAY_IDX(panel.lines, i, panel_line_t).text);
    }
}

static void print_json(status_t *status)
{
    json_t *all = json_object();

    json_object_set(all, "info", status->info);
    json_object_set(all, "health", status->health);
    json_object_set(all, "stats", status->stats);
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    putchar('\n');
    json_decref(all);
}

int ctl_status(int argc, const char *const *argv, apr_pool_t *p)
{
    status_t *status = apr_pcalloc(p, sizeof(*status));
    args_t args;
    int code;

    code = remote_init(&status->remote, p);
    if (code == CTL_DONE) {
        code = args_read(&args, &manual, options, take, status, argc, argv, p);
    }
    if (code != CTL_DONE || args.is_answered) {
        return code;
    }
    code = remote_open_only(&status->remote, &args);
    if (code == CTL_DONE) {
        code = fetch(status);
    }
    if (code == CTL_DONE) {
        const char *health = remote_text(status->health, "status");

        if (status->wants_json) {
            print_json(status);
        }
        else {
            print_panel(status);
        }
        code = (health != NULL && strcmp(health, "ok") == 0) ? CTL_DONE
                                                             : CTL_FAILED;
    }
    json_decref(status->info);
    json_decref(status->health);
    json_decref(status->before);
    json_decref(status->stats);
    return code;
}
