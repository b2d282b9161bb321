/* SPDX-License-Identifier: Apache-2.0
 *
 * mlgatectl explain --decision: a decision or an event-log line in words. The
 * JSON may come from anywhere; whatever is missing is not told. */
#include "explain.h"

#include "mlgatectl.h"
#include "story.h"
#include "visible.h"

#include "mlg_report.h"

#include <apr_strings.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHOWN       200   /* characters of one text */
#define SHOWN_SWARM 2000  /* of a swarm in words */
#define SAME_SCORE  0.002 /* two roundings of the same score */

typedef struct decision_t {
    explain_t *explain;
    apr_pool_t *p; /* of this one */
    const json_t *json;
} decision_t;

static const char *shown(const decision_t *d, const char *name)
{
    return visible_string(remote_text(d->json, name), SHOWN, d->p);
}

/* ---- what was decided ---------------------------------------------------- */

static void tell_score(const decision_t *d)
{
    const json_t *score = json_object_get(d->json, "score");
    double requests = remote_number(d->json, "requests");
    double offences = remote_number(d->json, "offences");

    if (!json_is_number(score)) {
        return;
    }
    printf("Its score was %.2f", json_number_value(score));
    if (json_is_number(json_object_get(d->json, "threshold"))) {
        printf(", the threshold %.2f", remote_number(d->json, "threshold"));
    }
    if (requests > 0) {
        printf(", after %.0f requests", requests);
    }
    printf(".\n");
    if (remote_text(d->json, "model") != NULL) {
        printf("The model that judged it: %s\n", shown(d, "model"));
    }
    if (offences > 1) {
        printf("It was its block number %.0f; each one lasts longer.\n",
               offences);
    }
}

static void tell_event(const decision_t *d, const char *event)
{
    const char *client = shown(d, "client");
    const char *time = remote_time(d->json, "time", d->p);
    const char *until = remote_time(d->json, "until", d->p);

    if (strcmp(event, "block") == 0) {
        printf("%s was blocked at %s until %s.\n", client, time, until);
    }
    else if (strcmp(event, "would-block") == 0) {
        printf("%s would have been blocked at %s until %s; the gate was "
               "observing.\n",
               client, time, until);
    }
    else if (strcmp(event, "operator-block") == 0) {
        printf("An operator blocked %s at %s until %s.\n", client, time, until);
    }
    else if (strcmp(event, "unblock") == 0) {
        printf("An operator let %s through unjudged at %s until %s.\n", client,
               time, until);
    }
    else if (strcmp(event, "end") == 0) {
        printf("A block of %s ended at %s; %.0f requests were refused while it "
               "lasted.\n",
               client, time, remote_number(d->json, "refused"));
    }
    else {
        printf("%s: '%s' at %s.\n", client, visible_string(event, SHOWN, d->p),
               time);
    }
}

static void tell_verdict(const decision_t *d, const char *verdict)
{
    const char *client = shown(d, "client");
    const char *time = remote_time(d->json, "time", d->p);

    if (strcmp(verdict, "refuse") == 0) {
        printf("A request of %s was refused at %s", client, time);
    }
    else if (strcmp(verdict, "would-refuse") == 0) {
        printf("A request of %s would have been refused at %s", client, time);
    }
    else {
        printf("A request of %s at %s: %s", client, time,
               visible_string(verdict, SHOWN, d->p));
    }
    if (json_is_true(json_object_get(d->json, "for_swarm"))) {
        printf(" for the swarm that it came with");
    }
    if (remote_text(d->json, "until") != NULL) {
        printf(", and its client blocked until %s",
               remote_time(d->json, "until", d->p));
    }
    printf(".\n");
}

/* ---- why ----------------------------------------------------------------- */

/* The vector, when all of it is there.
 *
 * @return 1 and x filled, NaN where the gate knew nothing */
static int read_vector(const json_t *features, float x[MLG_NFEATURES])
{
    for (int i = 0; i < MLG_NFEATURES; i++) {
        const json_t *value = json_object_get(features, mlg_features[i].name);

        if (!json_is_number(value) && !json_is_null(value)) {
            return 0; /* absent: another version's list */
        }
        x[i] = json_is_number(value) ? (float)json_number_value(value) : NAN;
    }
    return 1;
}

/* A list of objects, each with a feature's name and words for it. */
static void tell_list(const decision_t *d, const json_t *list)
{
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        const json_t *points = json_object_get(one, "points");

        if (json_is_number(points)) {
            printf("  %+6.2f  ", json_number_value(points));
        }
        else {
            printf("  ");
        }
        printf("%-22s  %s\n",
               visible_string(remote_text(one, "feature"), SHOWN, d->p),
               visible_string(remote_text(one, "words"), SHOWN, d->p));
    }
}

/* Had its client the benefit of the doubt? */
static int is_trusted(const decision_t *d)
{
    return json_is_true(json_object_get(d->json, "trusted"));
}

/* Does the model here make the score that the server gave? Only then can it
 * tell what every feature added. */
static int is_servers_model(const decision_t *d, const float *x)
{
    const mlg_rules_t *rules = &d->explain->feed.replay.rules;
    double here = (double)mlg_policy_credit(mlg_rules_score(rules, x, NULL),
                                            is_trusted(d));

    return fabs(here - remote_number(d->json, "score")) < SAME_SCORE;
}

/* A member's own record has no part in it. */
static void tell_swarm(const decision_t *d)
{
    const json_t *swarm = json_object_get(d->json, "swarm");
    const char *words = remote_text(swarm, "words");

    printf("That request and no more: its client is not blocked, and it is no "
           "evidence against it.\n");
    if (words != NULL) {
        printf("\nThe swarm\n  %s\n", visible_string(words, SHOWN_SWARM, d->p));
    }
    else {
        printf("\nWhich swarm that was is not remembered any more; the event "
               "log tells.\n");
    }
}

static void tell_why(const decision_t *d)
{
    const json_t *reasons = json_object_get(d->json, "reasons");
    const json_t *changes = json_object_get(d->json, "would_change");
    float x[MLG_NFEATURES];
    int has_vector = read_vector(json_object_get(d->json, "features"), x);

    if (has_vector && is_servers_model(d, x)) {
        printf("\nWhat weighed\n");
        story_print_parts(&d->explain->feed, x, is_trusted(d),
                          (float)remote_number(d->json, "threshold"));
    }
    else if (json_array_size(reasons) > 0) {
        printf("\nWhat weighed most\n");
        tell_list(d, reasons);
        if (has_vector) {
            printf("  (the server's model or weights are others than these "
                   "here; with --config FILE\n  or --model FILE every part is "
                   "listed)\n");
        }
    }
    if (json_array_size(changes) > 0) {
        printf("\nWhat would have let it pass%s\n",
               (json_array_size(changes) > 1) ? ", each of these by itself"
                                              : "");
        tell_list(d, changes);
    }
}

/* ---- one object ---------------------------------------------------------- */

/* Is it about the reference ID or address that was asked for? */
static int is_wanted(const json_t *json, const char *filter)
{
    const char *id = remote_text(json, "id");
    const char *client = remote_text(json, "client");
    mlg_prefix_t prefix;
    mlg_prefix_t wanted;

    if (filter == NULL) {
        return 1;
    }
    if (id != NULL && strcasecmp(id, filter) == 0) {
        return 1;
    }
    return client != NULL && mlg_prefix_parse(&prefix, client) == APR_SUCCESS &&
           mlg_prefix_parse(&wanted, filter) == APR_SUCCESS &&
           mlg_key_is_v4(&wanted.base) == mlg_key_is_v4(&prefix.base) &&
           mlg_prefix_contains(&prefix, &wanted.base);
}

/* What was decided about one client, and why. */
static void tell_decided(const decision_t *d)
{
    tell_score(d);
    if (remote_text(d->json, "note") != NULL) {
        printf("The operator's note: %s\n", shown(d, "note"));
    }
    if (remote_text(d->json, "id") != NULL) {
        printf("Reference ID: %s\n", shown(d, "id"));
    }
    if (json_is_true(json_object_get(d->json, "for_swarm"))) {
        tell_swarm(d);
    }
    else {
        tell_why(d);
    }
}

/* An event of the log that is about no single client.
 * @return 1 when it was told, 0 when it is another */
static int tell_of_swarms(const decision_t *d, const char *event)
{
    static const struct {
        const char *event;
        const char *words;
    } known[] = {
        {"swarm-begin", "A swarm was found at "},
        {"swarm-end", "A swarm was found to be over at "},
        {"swarms-held-back",
         "MLGateSwarmMaxShare began to hold verdicts on swarms back "
         "at "},
        {"swarms-judged", "Verdicts on swarms were held back no more at "}};
    const char *words = remote_text(d->json, "words");

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(event, known[i].event) == 0) {
            printf("%s%s.\n", known[i].words,
                   remote_time(d->json, "time", d->p));
            if (words != NULL) {
                printf("  %s\n", visible_string(words, SHOWN_SWARM, d->p));
            }
            return 1;
        }
    }
    return 0;
}

/* @return 1 when it was told, 0 when it is neither decision nor event */
static int tell(explain_t *explain, const json_t *json, int is_first)
{
    decision_t d = {explain, NULL, json};
    const char *event = remote_text(json, "event");
    const char *verdict = remote_text(json, "verdict");
    int is_of_swarms = event != NULL && strncmp(event, "swarm", 5) == 0;

    if (!is_of_swarms && (remote_text(json, "client") == NULL ||
                          (event == NULL && verdict == NULL))) {
        return 0;
    }
    if (explain->wants_json) {
        json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
        putchar('\n');
        return 1;
    }
    apr_pool_create(&d.p, explain->feed.p);
    if (!is_first) {
        putchar('\n');
    }
    if (is_of_swarms) {
        is_of_swarms = tell_of_swarms(&d, event);
        apr_pool_destroy(d.p);
        return is_of_swarms;
    }
    if (event != NULL) {
        tell_event(&d, event);
    }
    else {
        tell_verdict(&d, verdict);
    }
    tell_decided(&d);
    apr_pool_destroy(d.p);
    return 1;
}

/* ---- where it comes from ------------------------------------------------- */

/* @return 1 when more than white space follows */
static int has_more(FILE *in)
{
    int c;

    do {
        c = getc(in);
    } while (c == ' ' || c == '\t' || c == '\r' || c == '\n');
    return c != EOF && ungetc(c, in) != EOF;
}

static int tell_file(explain_t *explain, FILE *in, const char *name,
                     const char *filter)
{
    size_t told = 0;

    while (has_more(in)) {
        json_error_t why;
        json_t *json = json_loadf(in, JSON_DISABLE_EOF_CHECK, &why);
        int is_known = 1;

        if (json == NULL) {
            return ctl_complain(
                CTL_MISUSE, "%s is not JSON: %s", name,
                visible_string(why.text, SHOWN, explain->feed.p));
        }
        if (is_wanted(json, filter)) {
            is_known = tell(explain, json, told == 0);
            told++;
        }
        json_decref(json);
        if (!is_known) {
            return ctl_complain(CTL_MISUSE,
                                "%s holds JSON that is neither a gate's "
                                "decision nor a line of its event log",
                                name);
        }
    }
    return (told > 0) ? CTL_DONE
                      : ctl_complain(CTL_FAILED, "%s holds nothing%s%s", name,
                                     (filter != NULL) ? " about " : "",
                                     (filter != NULL) ? filter : "");
}

static int tell_named_file(explain_t *explain, const char *filter)
{
    const char *name = explain->decision;
    FILE *in;
    int code;

    if (strcmp(name, "-") == 0) {
        return tell_file(explain, stdin, "standard input", filter);
    }
    in = fopen(name, "re");
    if (in == NULL) {
        return ctl_complain(CTL_MISUSE, "cannot read %s: %s", name,
                            strerror(errno));
    }
    code = tell_file(explain, in, name, filter);
    fclose(in);
    return code;
}

/* @param id  at the gate of MLGATE_URL; NULL: the URL is the decision's own */
static int tell_remote(explain_t *explain, const char *id)
{
    remote_t *remote = &explain->remote;
    const char *operand[] = {explain->decision};
    args_t url = {operand, (id == NULL) ? 1 : 0, 0};
    json_t *json = NULL;
    int code = remote_open(remote, &url);

    if (code == CTL_DONE) {
        code = remote_get(
            remote,
            (id != NULL) ? apr_pstrcat(remote->p, "decision/", id, NULL) : "",
            &json);
    }
    if (code == CTL_DONE && !tell(explain, json, 1)) {
        code = ctl_complain(CTL_MISUSE,
                            "%s is no decision; its URL ends in decision/ID",
                            remote->url);
    }
    json_decref(json);
    return code;
}

int explain_decision(explain_t *explain, args_t *args)
{
    feed_t *feed = &explain->feed;
    const char *name = explain->decision;
    const char *filter = args_shift(args);
    uint64_t id;
    int code;

    if (args->n > 0) {
        return ctl_complain(CTL_MISUSE,
                            "with --decision, one address or reference ID is "
                            "enough; '%s' is too many",
                            args->operand[0]);
    }
    code = rules_apply(&feed->rules, &feed->replay, feed->p);
    if (code != CTL_DONE) {
        return code;
    }
    if (strstr(name, "://") != NULL) {
        return tell_remote(explain, NULL);
    }
    if (mlg_report_id_parse(&id, name) == APR_SUCCESS &&
        access(name, F_OK) != 0) {
        return tell_remote(explain, name);
    }
    return tell_named_file(explain, filter);
}
