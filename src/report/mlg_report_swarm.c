/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_report_swarm.h"

#include "mlg_report.h"
#include "mlg_report_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARED_PERCENT 95 /* of the members: what they have in common */
#define SHOWN          (4 * MLG_SWARM_AGENT_TEXT)

/* ---- texts ---------------------------------------------------------------- */

typedef struct draft_t {
    char *at;
    char *end;
} draft_t;

static void put(draft_t *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(draft_t *d, const char *format, ...)
{
    size_t room = (size_t)(d->end - d->at);
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(d->at, room, format, args);
    va_end(args);
    if (len > 0) {
        d->at += ((size_t)len < room) ? (size_t)len : room - 1;
    }
}

/* Hostile bytes as \xhh. */
static const char *visible(char *buf, size_t size, const char *text)
{
    draft_t d = {buf, buf + size};

    buf[0] = '\0';
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        put(&d,
            (c >= 0x20 && c < 0x7f && c != '\\' && c != '"') ? "%c" : "\\x%02x",
            c);
    }
    return buf;
}

static const char *grouped(char buf[32], uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
    char *out = buf;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            *out++ = ',';
        }
        *out++ = digits[i];
    }
    *out = '\0';
    return buf;
}

/* ---- User-Agents ---------------------------------------------------------- */

/* "Chrome/65.0.3325" is "Chrome/65". */
static int put_product(draft_t *d, const char *agent)
{
    static const struct {
        const char *word;
        const char *name;
    } products[] = {{"Edg/", "Edge/"},        {"OPR/", "Opera/"},
                    {"Firefox/", "Firefox/"}, {"CriOS/", "Chrome/"},
                    {"Chrome/", "Chrome/"},   {"Version/", "Safari/"}};

    for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
        const char *at = strstr(agent, products[i].word);

        if (at != NULL) {
            at += strlen(products[i].word);
            put(d, "%s%.*s", products[i].name, (int)strspn(at, "0123456789"),
                at);
            return 1;
        }
    }
    return 0;
}

static void put_system(draft_t *d, const char *agent)
{
    static const struct {
        const char *word;
        const char *name;
    } systems[] = {{"iPhone", "iPhone"},      {"iPad", "iPad"},
                   {"Windows NT", "Windows"}, {"Macintosh", "macOS"},
                   {"CrOS", "ChromeOS"},      {"Linux", "Linux"}};
    const char *android = strstr(agent, "Android ");
    const char *model = (android != NULL) ? strstr(android, "; ") : NULL;
    char shown[40];
    char text[24] = "";

    if (model != NULL) {
        size_t len = strcspn(model + 2, ";)");
        const char *build = strstr(model + 2, " Build");

        if (build != NULL && (size_t)(build - model - 2) < len) {
            len = (size_t)(build - model - 2);
        }
        memcpy(text, model + 2, (len < sizeof(text)) ? len : sizeof(text) - 1);
        put(d, " on %s", visible(shown, sizeof(shown), text));
        return;
    }
    for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
        if (strstr(agent, systems[i].word) != NULL) {
            put(d, " on %s", systems[i].name);
            return;
        }
    }
}

const char *mlg_report_agent(char buf[MLG_AGENT_WORDS], const char *agent)
{
    draft_t d = {buf, buf + MLG_AGENT_WORDS};
    char first[MLG_AGENT_WORDS / 4] = "";
    size_t len = strcspn(agent, " ;(");

    buf[0] = '\0';
    if (agent[0] == '\0' || strcmp(agent, "-") == 0) {
        put(&d, "no User-Agent");
    }
    else if (strncmp(agent, "Mozilla/", 8) == 0 &&
             strstr(agent, "compatible;") == NULL && put_product(&d, agent)) {
        put_system(&d, agent);
    }
    else {
        memcpy(first, agent, (len < sizeof(first)) ? len : sizeof(first) - 1);
        visible(buf, MLG_AGENT_WORDS, first);
    }
    return buf;
}

/* ---- copies --------------------------------------------------------------- */

mlg_swarm_event_t mlg_swarm_event_copy(const mlg_swarm_event_t *e,
                                       apr_interval_time_t behind_us)
{
    mlg_swarm_event_t own = *e; /* may be written meanwhile: figures only */
    int64_t *const times[] = {&own.begin_us, &own.since_us, &own.last_us,
                              &own.end_us, &own.peak_us};

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        *times[i] += (*times[i] != 0) ? behind_us : 0;
    }
    own.agent_text[MLG_SWARM_AGENT_TEXT - 1] = '\0';
    own.place_text[MLG_SWARM_PLACE_TEXT - 1] = '\0';
    own.kind = (own.kind < MLG_NSWARM_EVENT_KINDS) ? own.kind : MLG_SWARM_WHOLE;
    own.class %= MLG_NSWARM_CLASSES;
    return own;
}

static int latest_first(const void *one, const void *two)
{
    const mlg_swarm_event_t *a = one;
    const mlg_swarm_event_t *b = two;

    return (a->id < b->id) - (a->id > b->id);
}

void mlg_swarm_view(mlg_swarm_view_t *view, const mlg_swarms_t *swarms,
                    apr_interval_time_t behind_us)
{
    uint32_t refusing = 0;

    memset(view, 0, sizeof(*view));
    for (unsigned i = 0; i < MLG_SWARM_EVENTS; i++) {
        mlg_swarm_event_t e =
            mlg_swarm_event_copy(&swarms->event[i], behind_us);

        if (e.id == 0) {
            continue;
        }
        view->event[view->n++] = e;
        view->live[e.kind][e.refuses != 0] += e.end_us == 0;
    }
    qsort(view->event, view->n, sizeof(view->event[0]), latest_first);
    for (unsigned kind = 0; kind < MLG_NSWARM_EVENT_KINDS; kind++) {
        refusing += view->live[kind][1];
    }
    /* what was decided for the last one holds until there is another */
    view->is_held_back = swarms->is_degraded && refusing > 0;
    view->is_busy = (int)swarms->is_busy;
    view->clients = (uint32_t)(mlg_swarm_clients(swarms) + 0.5f);
}

int mlg_swarm_of(const mlg_swarms_t *swarms, unsigned event, apr_time_t at_us,
                 apr_interval_time_t behind_us, mlg_swarm_event_t *out)
{
    const mlg_swarm_event_t *e;

    if (event == 0 || event > MLG_SWARM_EVENTS) {
        return 0;
    }
    e = &swarms->event[event - 1];
    if (e->id == 0 || e->begin_us > at_us ||
        (e->end_us != 0 && e->end_us < at_us)) {
        return 0;
    }
    *out = mlg_swarm_event_copy(e, behind_us);
    return 1;
}

/* ---- a swarm -------------------------------------------------------------- */

static int is_shared(uint32_t part, uint32_t whole)
{
    return whole > 0 && 100ull * part >= (uint64_t)SHARED_PERCENT * whole;
}

/* Do its members share their User-Agent? What they are by itself need not be
 * theirs: an event of a path or a network may begin with its thousandth member,
 * and one that was looked at says nothing of those before. */
static int has_agent(const mlg_swarm_event_t *e)
{
    int is_known =
        (e->kind != MLG_SWARM_PLACE && e->kind != MLG_SWARM_NETWORK) ||
        2ull * e->seen > e->members;

    return is_known && (e->knows & MLG_SWARM_KNOWS_AGENT) != 0 &&
           is_shared(e->same_agent, e->seen);
}

static const char *const class_words[MLG_NSWARM_CLASSES] = {
    ", page only, no referer", ", page only, with a referer", ", page only"};

static const char *network(char buf[SHOWN], const mlg_swarm_event_t *e)
{
    mlg_key_t from;
    mlg_key_t subnet;
    size_t len;

    memcpy(from.b, e->from, sizeof(from.b));
    subnet = mlg_key_subnet(&from);
    mlg_key_render(buf, &subnet, MLG_KEY_BITS);
    len = strlen(buf);
    snprintf(buf + len, SHOWN - len, "%s",
             mlg_key_is_v4(&from) ? "/24" : "/48");
    return buf;
}

static void put_shared(draft_t *d, const mlg_swarm_event_t *e)
{
    char words[MLG_AGENT_WORDS];
    char text[SHOWN];

    if (has_agent(e)) {
        put(d, "%s", mlg_report_agent(words, e->agent_text));
    }
    else {
        put(d, "%s", mlg_swarm_kind_words(e->kind));
    }
    if (e->kind == MLG_SWARM_NETWORK) {
        put(d, " (%s)", network(text, e));
    }
    if (e->place_text[0] != '\0' &&
        (e->kind == MLG_SWARM_PLACE || is_shared(e->same_place, e->seen))) {
        put(d, ", all asking for %s",
            visible(text, sizeof(text), e->place_text));
    }
    if (e->kind == MLG_SWARM_NETWORK) {
        put(d, ", pages only");
        return;
    }
    put(d, "%s", class_words[e->class % MLG_NSWARM_CLASSES]);
}

static void put_course(draft_t *d, const mlg_swarm_event_t *e)
{
    char at[MLG_ISO_TEXT];
    char a[32];
    char b[32];

    put(d, ", %s address%s since %s", grouped(a, e->members),
        (e->members == 1) ? "" : "es", mlg_report_clock(at, e->since_us));
    if (e->kind == MLG_SWARM_NETWORK) {
        put(d, " with %s User-Agents or more in a day",
            grouped(b, e->networks));
    }
    else {
        put(d, " from %s networks or more in an hour or two",
            grouped(b, e->networks));
    }
    put(d, "; at most %s in a minute or two", grouped(a, e->peak));
    if (e->end_us != 0) {
        put(d, ", the last %s", mlg_report_clock(at, e->end_us));
    }
    else {
        put(d, ", going on");
    }
}

const char *mlg_report_swarm_words(char buf[MLG_SWARM_WORDS],
                                   const mlg_swarm_event_t *e)
{
    draft_t d = {buf, buf + MLG_SWARM_WORDS};
    char text[SHOWN];
    char n[32];

    buf[0] = '\0';
    put_shared(&d, e);
    put_course(&d, e);
    if (e->refuses) {
        put(&d, "; %s requests refused", grouped(n, e->refused));
        if (e->would > 0) {
            put(&d, ", %s would have been", grouped(n, e->would));
        }
    }
    else {
        put(&d, "; told, not refused");
    }
    if (e->agent_text[0] != '\0') {
        put(&d, ". For example \"%s\"",
            visible(text, sizeof(text), e->agent_text));
    }
    return buf;
}

const char *mlg_report_swarm_title(char buf[MLG_SWARM_WORDS],
                                   const mlg_swarm_event_t *e)
{
    draft_t d = {buf, buf + MLG_SWARM_WORDS};

    buf[0] = '\0';
    put_shared(&d, e);
    return buf;
}

const char *mlg_report_swarm_agent(char buf[MLG_SWARM_WORDS],
                                   const mlg_swarm_event_t *e)
{
    return visible(buf, MLG_SWARM_WORDS, e->agent_text);
}

json_t *mlg_report_swarm(const mlg_swarm_event_t *e)
{
    char words[MLG_SWARM_WORDS];
    char text[SHOWN];
    json_t *out = json_object();

    json_object_set_new(out, "words",
                        json_string(mlg_report_swarm_words(words, e)));
    json_object_set_new(out, "kind", json_string(mlg_swarm_kind_name(e->kind)));
    json_object_set_new(out, "refuses", json_boolean(e->refuses));
    json_object_set_new(out, "with_referer",
                        json_boolean(e->class == MLG_SWARM_REFERER));
    json_object_set_new(out, "claims_browser",
                        json_boolean(e->class != MLG_SWARM_NO_BROWSER));
    mlg_json_set_time(out, "since", e->since_us);
    mlg_json_set_time(out, "begin", e->begin_us);
    mlg_json_set_time(out, "peak", e->peak_us);
    mlg_json_set_time(out, "last", e->last_us);
    mlg_json_set_time(out, "end", e->end_us);
    json_object_set_new(out, "members", json_integer(e->members));
    json_object_set_new(out, "peak_members", json_integer(e->peak));
    json_object_set_new(out, "networks", json_integer(e->networks));
    json_object_set_new(out, "refused", json_integer(e->refused));
    json_object_set_new(out, "would_refuse", json_integer(e->would));
    json_object_set_new(out, "excess", mlg_json_number(e->excess));
    json_object_set_new(
        out, "user_agent",
        json_string(visible(text, sizeof(text), e->agent_text)));
    json_object_set_new(
        out, "path", json_string(visible(text, sizeof(text), e->place_text)));
    return out;
}

json_t *mlg_report_swarms(const mlg_swarm_view_t *view,
                          const mlg_swarm_by_t *by)
{
    json_t *out = json_object();
    json_t *list = json_array();

    for (size_t i = 0; i < view->n; i++) {
        json_array_append_new(list, mlg_report_swarm(&view->event[i]));
    }
    json_object_set_new(out, "mode",
                        json_string(mlg_swarm_mode_name(by->mode)));
    json_object_set_new(out, "threshold", mlg_json_number(by->threshold));
    json_object_set_new(out, "max_share", mlg_json_number(by->max_share));
    json_object_set_new(out, "held_back", json_boolean(view->is_held_back));
    json_object_set_new(out, "short_of_workers", json_boolean(view->is_busy));
    json_object_set_new(out, "clients_10min", json_integer(view->clients));
    json_object_set_new(out, "swarms", list);
    return out;
}
