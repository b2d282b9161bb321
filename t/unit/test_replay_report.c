/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_replay.h"
#include "mlg_report.h"
#include "mlg_report_replay.h"

#include <apr_general.h>

#define EVIL "<script>alert(1)</script>\x1b[2J\"&'\xff\n"

static apr_pool_t *pool;
static mlg_replay_t replay;
static mlg_findings_t *f;
static mlg_tally_t *tally;

static void begin(void)
{
    static mlg_weighted_t model;

    apr_pool_create(&pool, NULL);
    IS_INT(mlg_replay_init(&replay, MLG_CLIENTS_MIN, pool), APR_SUCCESS);
    mlg_weighted_set(&model, MLG_F_REQUEST_RATE, (mlg_ramp_t){0, 2, 1});
    replay.rules.model = &model;
    f = apr_palloc(pool, sizeof(*f));
    IS_INT(mlg_findings_init(f, &replay.gate, &replay.rules, pool),
           APR_SUCCESS);
    IS_INT(mlg_tally_make(&tally, 1024, &replay.gate.segment->secret, pool),
           APR_SUCCESS);
    f->ipv6_prefix = 64;
}

static void visit(uint32_t n, apr_time_t at_us, const char *agent,
                  const char *label, mlg_class class)
{
    mlg_arrival_t a = unit_page_n(n, at_us);
    mlg_outcome_t outcome = {.status = 200};
    mlg_text_t text = {agent, strlen(agent)};
    mlg_text_t name = {label, (label != NULL) ? strlen(label) : 0};
    mlg_stripe_t *stripe;
    mlg_tally_row_t *row;
    mlg_decision_t d;
    int is_new;

    a.from.hash = mlg_hash_key(&replay.gate.segment->secret, &a.from.key);
    stripe = &replay.gate.table.stripe[mlg_stripe_of(a.from.hash)];
    mlg_judge(&replay.gate, &replay.rules, &a, stripe, &d);
    if (d.is_recorded) {
        mlg_settle(&replay.gate, &a, &outcome, stripe);
    }
    IS_INT(mlg_tally_get(tally, &a.from, &row, &is_new), APR_SUCCESS);
    if (is_new) {
        row->class = (uint8_t) class;
        row->label = mlg_findings_label(f, name, pool);
    }
    mlg_tally_add(row, &a, &d);
    mlg_findings_add(f, &a, text, &outcome, &d);
    f->lines++;
}

static apr_status_t take(void *data, const mlg_tally_row_t *row)
{
    (void)data;
    mlg_findings_client(f, row);
    return APR_SUCCESS;
}

/* Thirty people, forty floods of different length; every other flood claims
 * to be a crawler. */
static void crowd(void)
{
    begin();
    f->source = EVIL "access.log";
    for (uint32_t n = 0; n < 30; n++) {
        for (int i = 0; i < 5; i++) {
            visit(n, T0 + SEC(n + i * 10), "Firefox", "people",
                  MLG_CLASS_BROWSER);
        }
    }
    for (uint32_t n = 100; n < 140; n++) {
        for (uint32_t i = 0; i < n; i++) {
            visit(n, T0 + SEC(i * 0.05), EVIL, EVIL,
                  (n % 2) ? MLG_CLASS_CRAWLER : MLG_CLASS_TOOL);
        }
    }
    IS_INT(mlg_tally_each(tally, take, NULL), APR_SUCCESS);
    mlg_findings_end(f);
}

static char *shown(void (*put)(FILE *, const mlg_findings_t *))
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    assert_non_null(to);
    put(to, f);
    fclose(to);
    IS_INT(strlen(text), len);
    return text;
}

static uint64_t count_of(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

CLAIM(findings_add_up)
{
    const mlg_found_client_t *first;
    uint64_t judged = 0;

    BEGIN;
    crowd();
    IS_INT(f->all.clients, 70);
    IS_INT(f->all.blocked, 40);
    IS_INT(f->all.requests, 150 + 40 * 100 + 39 * 20);
    IS_INT(f->class[MLG_CLASS_BROWSER].clients, 30);
    IS_INT(f->class[MLG_CLASS_CRAWLER].blocked, 20);
    IS_INT(f->label[1].requests, 150);
    IS_INT(f->label[2].blocked, 40);
    IS_INT(f->top.n, MLG_FOUND_TOP);
    IS_INT(f->top.total, 40);
    IS_INT(f->alike.total, 20);
    first = &f->top.client[0];
    IS_INT(first->row.requests, 139);
    IS_INT(first->row.refused, 139 - first->row.before);
    IS_TRUE(first->has_why);
    IS_INT(first->why.reasons.top[0].feature, MLG_F_REQUEST_RATE);
    for (size_t i = 1; i < f->top.n; i++) {
        IS_TRUE(f->top.client[i].row.refused <=
                f->top.client[i - 1].row.refused);
    }
    for (int i = 0; i < MLG_FOUND_BUCKETS; i++) {
        judged += f->score[i];
    }
    IS_INT(judged, f->judged);
    IS_INT(f->whatif.row[MLG_WHATIF_GRID].requests, f->all.refused);
    IS_INT(f->whatif.row[MLG_WHATIF_GRID].clients, f->all.blocked);
    IS_INT(f->first_us, T0);
    apr_pool_destroy(pool);
}

CLAIM(json_says_what_was_found)
{
    json_t *json;
    json_t *top;
    char *text;

    BEGIN;
    crowd();
    json = mlg_report_replay(f);
    assert_non_null(json);
    IS_INT(count_of(json, "requests"), f->all.requests);
    IS_INT(count_of(json, "refused"), f->all.refused);
    IS_INT(count_of(json, "clients"), 70);
    IS_INT(json_array_size(json_object_get(json, "thresholds")),
           MLG_WHATIF_ROWS);
    IS_INT(json_array_size(json_object_get(json, "scores")), MLG_FOUND_BUCKETS);
    IS_INT(json_array_size(json_object_get(json, "labels")), 2);
    top = json_array_get(json_object_get(json, "top_refused"), 0);
    IS_INT(count_of(top, "requests"), 139);
    assert_non_null(json_string_value(json_object_get(top, "user_agent")));
    text = mlg_report_render(json, 0); /* NULL if anything in it were broken */
    assert_non_null(text);
    free(text);
    apr_pool_destroy(pool);
}

CLAIM(what_a_client_chose_is_escaped_everywhere)
{
    char *text;
    char *html;

    BEGIN;
    crowd();
    text = shown(mlg_report_replay_text);
    html = shown(mlg_report_replay_html);
    for (const char *c = text; *c != '\0'; c++) {
        IS_TRUE(*c == '\n' || (*c >= 0x20 && *c < 0x7f));
    }
    for (const char *c = html; *c != '\0'; c++) {
        IS_TRUE(*c == '\n' || (*c >= 0x20 && *c < 0x7f));
    }
    assert_non_null(strstr(text, "\\x1b[2J"));
    assert_non_null(strstr(html, "&#60;script&#62;"));
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "http://"));
    free(text);
    free(html);
    apr_pool_destroy(pool);
}

CLAIM(no_line_of_text_is_wider_than_a_hundred_columns)
{
    char *text;

    BEGIN;
    crowd();
    text = shown(mlg_report_replay_text);
    for (char *line = strtok(text, "\n"); line != NULL;
         line = strtok(NULL, "\n")) {
        IS_TRUE(strlen(line) <= 100);
    }
    free(text);
    apr_pool_destroy(pool);
}

CLAIM(nothing_found_is_a_report_too)
{
    static const char *const nothing[] = {"nan", "inf", "NaN"};
    char *text;
    char *html;
    json_t *json;

    BEGIN;
    begin();
    mlg_findings_end(f);
    text = shown(mlg_report_replay_text);
    html = shown(mlg_report_replay_html);
    assert_non_null(strstr(text, "Requests   0"));
    for (size_t i = 0; i < 3; i++) {
        assert_null(strstr(text, nothing[i]));
        assert_null(strstr(html, nothing[i]));
    }
    json = mlg_report_replay(f);
    IS_TRUE(json_is_null(json_object_get(json, "busiest_ten_minutes")));
    json_decref(json);
    free(text);
    free(html);
    apr_pool_destroy(pool);
}

CLAIM(labels_beyond_the_last_share_it)
{
    char name[8];

    BEGIN;
    begin();
    for (int i = 0; i < 100; i++) {
        mlg_text_t text = {name, 0};
        int want = (i + 1 < MLG_FOUND_LABELS) ? i + 1 : MLG_FOUND_LABELS - 1;

        text.len = (size_t)snprintf(name, sizeof(name), "l%d", i);
        IS_INT(mlg_findings_label(f, text, pool), want);
        IS_INT(mlg_findings_label(f, text, pool), want);
    }
    IS_INT(mlg_findings_label(f, (mlg_text_t){NULL, 0}, pool), 0);
    apr_pool_destroy(pool);
}

CLAIM(every_origin_of_a_threshold_has_its_name_and_a_sentence_that_fits)
{
    char words[MLG_ORIGIN_TEXT];

    BEGIN;
    for (int kind = 0; kind < MLG_NORIGINS; kind++) {
        mlg_origin_t o = {.kind = (mlg_origin_kind)kind,
                          .threshold = 0.55f,
                          .trusted = UINT32_MAX,
                          .progress_percent = 99};
        int is_told = kind != MLG_ORIGIN_GIVEN && kind != MLG_ORIGIN_PROFILE;

        IS_TRUE(mlg_origin_name(o.kind)[0] != '\0');
        IS_INT(mlg_origin_words(words, &o) != NULL, is_told);
        IS_TRUE(!is_told || strlen(words) < sizeof(words) - 1);
        IS_INT(mlg_origin_advice(o.kind) != NULL,
               is_told && kind != MLG_ORIGIN_OBSERVED);
    }
    IS_TEXT(mlg_origin_words(words, &(mlg_origin_t){.kind = MLG_ORIGIN_LOGS,
                                                    .threshold = 0.552f,
                                                    .trusted = 1}),
            "threshold 0.552, fitted to these logs: 1 client behaves like "
            "people");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(findings_add_up),
        TEST(json_says_what_was_found),
        TEST(what_a_client_chose_is_escaped_everywhere),
        TEST(no_line_of_text_is_wider_than_a_hundred_columns),
        TEST(nothing_found_is_a_report_too),
        TEST(labels_beyond_the_last_share_it),
        TEST(every_origin_of_a_threshold_has_its_name_and_a_sentence_that_fits),
    };

    apr_initialize();
    return RUN(tests);
}
