/* SPDX-License-Identifier: Apache-2.0
 *
 * mlgatectl top: a running gate, live. */
#include "mlgatectl.h"

#include "panel.h"
#include "remote.h"
#include "screen.h"

#include "mlg_duration.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#define INTERVAL_MIN_US 500000
#define INTERVAL_MAX_US APR_INT64_C(3600000000)
#define HISTORY_SEC     60.0 /* the histogram looks back so far */
#define HISTORY         120  /* readings kept for it */
#define FIXED_LINES     18   /* that are there whatever the lists hold */

enum { OPT_INTERVAL = 256 };

static const apr_getopt_option_t options[] = {
    {"interval", OPT_INTERVAL, 1,
     "how often to ask, 500ms to 1h (2s); asking is a request like any other"},
    REMOTE_OPTIONS,
    ARGS_HELP,
    {NULL, 0, 0, NULL}};

static const args_manual_t manual = {
    "top [OPTION]... [URL]",
    "Shows a running gate live: requests, refusals, scores, blocks, the "
    "clients\n"
    "with the highest scores, the latest convictions. q or Ctrl-C leaves, the\n"
    "space bar asks at once. Where standard output is no terminal, or TERM is "
    "unset\n"
    "or dumb, it prints one frame.",
    REMOTE_NOTES};

typedef struct reading_t {
    double at_s; /* seconds since the epoch, by the server */
    double count[PANEL_BARS];
} reading_t;

typedef struct top_t {
    remote_t remote;
    apr_interval_time_t interval_us;
    int is_utf8;
    json_t *info;
    json_t *before;
    json_t *stats;
    reading_t reading[HISTORY];
    size_t nreadings; /* ever; the latest at (nreadings - 1) % HISTORY */
} top_t;

static int take(void *data, int option, const char *arg)
{
    top_t *top = data;
    apr_interval_time_t us;

    if (remote_is_option(option)) {
        return remote_option(&top->remote, option, arg);
    }
    if (mlg_duration_parse(&us, arg) != APR_SUCCESS || us < INTERVAL_MIN_US ||
        us > INTERVAL_MAX_US) {
        return ctl_complain(CTL_MISUSE,
                            "--interval '%s' is not a duration from 500ms to "
                            "1h",
                            arg);
    }
    top->interval_us = us;
    return CTL_DONE;
}

/* Ask once more; what was known stays when that fails. */
static int refresh(top_t *top)
{
    json_t *stats = NULL;
    int code =
        (top->info == NULL) ? remote_info(&top->remote, &top->info) : CTL_DONE;
    reading_t *reading;

    if (code == CTL_DONE) {
        code = remote_get(&top->remote, "stats", &stats);
    }
    if (code != CTL_DONE) {
        return code;
    }
    json_decref(top->before);
    top->before = top->stats;
    top->stats = stats;
    if (remote_number(stats, "started_epoch") !=
        remote_number(top->before, "started_epoch")) {
        json_decref(top->info); /* restarted, perhaps with other directives */
        top->info = NULL;
        code = remote_info(&top->remote, &top->info);
    }
    reading = &top->reading[top->nreadings++ % HISTORY];
    reading->at_s = remote_number(stats, "time_epoch");
    panel_scores(reading->count, stats);
    return code;
}

/* The scores given within the last minute, as far as we watched. */
static void recent_scores(const top_t *top, double count[PANEL_BARS])
{
    const reading_t *last = &top->reading[(top->nreadings - 1) % HISTORY];
    const reading_t *first = last;
    size_t back = 2;

    while (back <= top->nreadings && back <= HISTORY) {
        const reading_t *r = &top->reading[(top->nreadings - back) % HISTORY];

        if (last->at_s - r->at_s > HISTORY_SEC) {
            break;
        }
        first = r;
        back++;
    }
    for (int i = 0; i < PANEL_BARS; i++) {
        double n = last->count[i] - first->count[i];

        count[i] = (n > 0.0) ? n : 0.0;
    }
}

/* @param room  lines for the lists; what is seldom interesting gets least */
static void fill_panel(top_t *top, panel_t *panel, int room)
{
    size_t share = (room > 8) ? (size_t)room / 3 : 2;
    double count[PANEL_BARS];

    panel_add(panel, 1, "mlgatectl top - %s - %s", top->remote.url,
              remote_time(top->stats, "time", panel->p));
    panel_summary(panel, top->info, NULL, top->stats, top->before);
    if (top->nreadings > 2) {
        recent_scores(top, count);
        panel_histogram(panel, count, "last minute", top->is_utf8);
    }
    else {
        panel_scores(count, top->stats);
        panel_histogram(panel, count, "since it counts", top->is_utf8);
    }
    panel_swarms(panel, top->stats, share);
    panel_clients(panel, top->stats, share);
    panel_blocks(panel, top->stats, share);
    panel_decisions(panel, top->stats, share);
}

static void draw(top_t *top, int failed)
{
    panel_t panel;
    apr_pool_t *frame;
    int rows;
    int columns;

    apr_pool_create(&frame, top->remote.p);
    screen_size(&rows, &columns);
    panel_init(&panel, frame);
    fill_panel(top, &panel, rows - FIXED_LINES);
    screen_begin();
    for (int i = 0; i < panel.lines->nelts && i < rows - 2; i++) {
        const panel_line_t *line = &APR_ARRAY_IDX(panel.lines, i, panel_line_t);

        screen_line(line->text, line->is_title, columns);
    }
    if (failed) {
        screen_line(apr_psprintf(frame, "! asking again: %s", top->remote.said),
                    1, columns);
    }
    screen_end();
    apr_pool_destroy(frame);
}

/* Until a key or a signal ends it. A server that is being restarted does not
 * end it: it is asked again. */
static int watch(top_t *top)
{
    apr_pool_t *whole = top->remote.p;
    apr_pool_t *round;
    int is_first = 1; /* and fresh */
    int failed = 0;
    int key = 0;

    if (!screen_enter()) {
        return ctl_complain(CTL_FAILED, "the terminal cannot be drawn on");
    }
    top->remote.is_silent = 1;
    top->remote.is_over = screen_is_over;
    while (!screen_is_over() && key != 'q' && key != 'Q') {
        apr_time_t next_us;

        apr_pool_create(&round, whole);
        top->remote.p = round; /* for what it says */
        failed = !is_first && refresh(top) != CTL_DONE;
        is_first = 0;
        next_us = apr_time_now() + top->interval_us;
        do {
            if (!screen_is_over()) {
                draw(top, failed);
            }
            key = screen_wait((int)((next_us - apr_time_now()) / 1000) + 1);
        } while (!screen_is_over() && key == 0 && apr_time_now() < next_us);
        top->remote.p = whole;
        apr_pool_destroy(round);
    }
    screen_leave();
    return CTL_DONE;
}

static int print_frame(top_t *top)
{
    panel_t panel;

    panel_init(&panel, top->remote.p);
    fill_panel(top, &panel, 40);
    for (int i = 0; i < panel.lines->nelts; i++) {
        puts(APR_ARRAY_IDX(panel.lines, i, panel_line_t).text);
    }
    return CTL_DONE;
}

static int run(top_t *top)
{
    int code = refresh(top);

    if (code != CTL_DONE) {
        return code;
    }
    top->is_utf8 = screen_is_utf8();
    if (screen_is_there()) {
        return watch(top);
    }
    apr_sleep(apr_time_from_sec(1));
    code = refresh(top);
    return (code == CTL_DONE) ? print_frame(top) : code;
}

int ctl_top(int argc, const char *const *argv, apr_pool_t *p)
{
    top_t *top = apr_pcalloc(p, sizeof(*top));
    args_t args;
    int code = remote_init(&top->remote, p);

    top->interval_us = apr_time_from_sec(2);
    if (code == CTL_DONE) {
        code = args_read(&args, &manual, options, take, top, argc, argv, p);
    }
    if (code != CTL_DONE || args.is_answered) {
        return code;
    }
    code = remote_open_only(&top->remote, &args);
    if (code == CTL_DONE) {
        code = run(top);
    }
    json_decref(top->info);
    json_decref(top->before);
    json_decref(top->stats);
    return code;
}
