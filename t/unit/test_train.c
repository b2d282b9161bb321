/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_platt.h"
#include "mlg_sample.h"
#include "mlg_shift.h"
#include "mlg_trial.h"

#include <apr_general.h>
#include <float.h>

/* ---- rigs ------------------------------------------------------------------ */

typedef struct data_t {
    apr_pool_t *p;
    mlg_groups_t groups;
    mlg_dataset_t *set;
} data_t;

static void open_data(data_t *data)
{
    apr_initialize();
    apr_pool_create(&data->p, NULL);
    mlg_groups_init(&data->groups, data->p);
    mlg_dataset_make(&data->set, &data->groups, data->p);
}

static void close_data(data_t *data)
{
    apr_pool_destroy(data->p);
}

static mlg_key_t address(unsigned host)
{
    unsigned char v4[4] = {192, 0, (unsigned char)(host >> 8),
                           (unsigned char)host};

    return mlg_key_from_v4(v4);
}

static void unknown(float x[MLG_NFEATURES])
{
    for (int i = 0; i < MLG_NFEATURES; i++) {
        x[i] = NAN;
    }
}

/* One request whose request_rate says which it is. */
static uint32_t add(data_t *data, unsigned host, const char *class, double at_s,
                    float rate)
{
    mlg_text_t label = {class, strlen(class)};
    mlg_key_t key = address(host);
    float x[MLG_NFEATURES];
    uint32_t client;

    unknown(x);
    x[MLG_F_REQUEST_RATE] = rate;
    IS_INT(mlg_dataset_add(data->set, &key, label, T0 + SEC(at_s), NULL, x,
                           &client),
           APR_SUCCESS);
    return client;
}

static void add_many(data_t *data, unsigned host, const char *class, int n)
{
    for (int i = 0; i < n; i++) {
        add(data, host, class, i, (float)i);
    }
}

/* ---- the data set ---------------------------------------------------------- */

CLAIM(rows_of_a_client_stand_side_by_side_in_their_order)
{
    BEGIN;
    data_t data;

    open_data(&data);
    mlg_dataset_site(data.set, "one");
    for (int i = 0; i < 300; i++) {
        add(&data, (unsigned)i % 7, "likely_human", i, (float)i);
    }
    mlg_dataset_site(data.set, "two");
    for (int i = 0; i < 50; i++) {
        add(&data, (unsigned)i % 3, "scanner", i, (float)i);
    }
    IS_INT(mlg_dataset_settle(data.set), APR_SUCCESS);
    IS_INT(data.set->clients, 10);
    IS_INT(data.set->site[1].first, 7);
    IS_INT(data.set->site[1].rows, 50);
    for (uint32_t i = 0; i < data.set->clients; i++) {
        const mlg_person_t *client = &data.set->client[i];

        for (uint32_t k = 0; k < client->rows; k++) {
            const mlg_row_t *row = &data.set->row[client->row + k];
            float step = (i < 7) ? 7.0f : 3.0f;

            IS_INT(row->client, i);
            IS_NEAR(row->x[MLG_F_REQUEST_RATE],
                    step * (float)k + (float)((i < 7) ? i : i - 7), 1e-6);
        }
    }
    close_data(&data);
}

CLAIM(the_first_label_of_a_client_counts)
{
    BEGIN;
    data_t data;

    open_data(&data);
    mlg_dataset_site(data.set, "one");
    add(&data, 1, "", 0, 0);
    add(&data, 1, "scanner", 1, 0);
    add(&data, 1, "likely_human", 2, 0);
    add(&data, 2, "declared_bot", 2, 0);
    IS_INT(data.set->client[0].group, MLG_GROUP_ATTACKERS);
    IS_TEXT(data.set->class[data.set->client[0].class], "scanner");
    IS_INT(data.set->client[1].group, MLG_GROUP_NEITHER);
    close_data(&data);
}

CLAIM(classes_can_be_said_anew)
{
    BEGIN;
    data_t data;
    mlg_text_t robot = {"robot", 5};
    mlg_text_t scanner = {"scanner", 7};

    open_data(&data);
    IS_INT(mlg_groups_find(&data.groups, robot), MLG_GROUP_NEITHER);
    IS_INT(mlg_groups_set(&data.groups, MLG_GROUP_ATTACKERS, "thief,,robot,"),
           APR_SUCCESS);
    IS_INT(mlg_groups_find(&data.groups, robot), MLG_GROUP_ATTACKERS);
    IS_INT(mlg_groups_find(&data.groups, scanner), MLG_GROUP_NEITHER);
    IS_INT(mlg_groups_set(&data.groups, MLG_GROUP_PEOPLE, ",,"), MLG_ERANGE);
    close_data(&data);
}

CLAIM(whom_an_operator_let_go_is_a_person_on_every_site)
{
    BEGIN;
    data_t data;
    mlg_key_t key = address(1);

    open_data(&data);
    mlg_dataset_site(data.set, "one");
    add(&data, 1, "scanner", 0, 0);
    mlg_dataset_site(data.set, "two");
    add(&data, 1, "scanner", 0, 0);
    add(&data, 2, "scanner", 0, 0);
    IS_INT(mlg_dataset_forgive(data.set, &key, 1), 2);
    IS_INT(data.set->client[0].group, MLG_GROUP_PEOPLE);
    IS_INT(data.set->client[1].group, MLG_GROUP_PEOPLE);
    IS_INT(data.set->client[2].group, MLG_GROUP_ATTACKERS);
    close_data(&data);
}

CLAIM(joined_sites_are_one_fold_and_folds_have_no_holes)
{
    BEGIN;
    data_t data;
    const char *bad = NULL;

    open_data(&data);
    mlg_dataset_site(data.set, "a");
    mlg_dataset_site(data.set, "b");
    mlg_dataset_site(data.set, "c");
    mlg_dataset_site(data.set, "b"); /* again: one fold without a word */
    mlg_dataset_site(data.set, "d");
    IS_INT(mlg_dataset_join(data.set, "c,a", &bad), APR_SUCCESS);
    IS_INT(mlg_dataset_join(data.set, "a,nobody", &bad), MLG_ERANGE);
    IS_TEXT(bad, "nobody");
    mlg_dataset_settle(data.set);
    IS_INT(data.set->folds, 3);
    IS_INT(data.set->site[0].fold, 0);
    IS_INT(data.set->site[1].fold, 1);
    IS_INT(data.set->site[2].fold, 0);
    IS_INT(data.set->site[3].fold, 1);
    IS_INT(data.set->site[4].fold, 2);
    close_data(&data);
}

CLAIM(evidence_is_let_go_after_half_a_day_of_silence)
{
    BEGIN;
    data_t data;

    open_data(&data);
    mlg_dataset_site(data.set, "one");
    for (int i = 0; i < 7; i++) {
        add(&data, 1, "scanner", i, 0);
    }
    add(&data, 1, "scanner", 200000, 0);
    mlg_dataset_settle(data.set);
    IS_INT(data.set->row[0].proof, 1);
    IS_INT(data.set->row[3].proof, 4);
    IS_INT(data.set->row[6].proof, 5);
    IS_INT(data.set->row[7].proof, 1);
    close_data(&data);
}

/* ---- samples --------------------------------------------------------------- */

static double weight_of(const mlg_sample_t *s, int is_attacker)
{
    double sum = 0.0;

    for (uint32_t i = 0; i < s->n; i++) {
        sum += ((s->y[i] > 0.5f) == is_attacker) ? (double)s->w[i] : 0.0;
    }
    return sum;
}

static mlg_draw_t plain_draw(const data_t *data)
{
    mlg_draw_t draw;

    mlg_draw_init(&draw, data->set);
    draw.has_shifts = 0;
    return draw;
}

CLAIM(no_client_counts_for_more_than_the_cap)
{
    BEGIN;
    data_t data;
    mlg_draw_t draw;
    mlg_sample_t s;

    open_data(&data);
    mlg_dataset_site(data.set, "one");
    add_many(&data, 1, "likely_human", 1000);
    add_many(&data, 2, "likely_human", 10);
    add_many(&data, 3, "scanner", 2); /* both are passed over */
    add_many(&data, 4, "scanner", 3);
    mlg_dataset_settle(data.set);
    draw = plain_draw(&data);
    IS_INT(mlg_sample_draw(&s, data.set, &draw, UINT32_MAX, 0), APR_SUCCESS);
    IS_INT(s.n, 60 + 8 + 1);
    IS_INT(s.people, 2);
    IS_INT(s.attackers, 1);
    for (uint32_t i = 0; i < s.n; i++) {
        IS_TRUE(s.x[(size_t)i * MLG_NFEATURES + MLG_F_REQUEST_RATE] >= 2.0f);
    }
    mlg_sample_free(&s);
    close_data(&data);
}

CLAIM(a_draw_depends_on_its_seed_and_on_nothing_beside_it)
{
    BEGIN;
    data_t one, more;
    mlg_draw_t draw;
    mlg_sample_t a, b, c;

    open_data(&one);
    open_data(&more);
    mlg_dataset_site(more.set, "before");
    add_many(&more, 9, "scanner", 500);
    mlg_dataset_site(one.set, "one");
    mlg_dataset_site(more.set, "one");
    add_many(&one, 1, "likely_human", 500);
    add_many(&more, 1, "likely_human", 500);
    mlg_dataset_settle(one.set);
    mlg_dataset_settle(more.set);
    draw = plain_draw(&one);
    mlg_sample_draw(&a, one.set, &draw, UINT32_MAX, 0);
    mlg_sample_draw(&b, more.set, &draw, 1, 1);
    draw.seed = 2;
    mlg_sample_draw(&c, one.set, &draw, UINT32_MAX, 0);
    IS_INT(a.n, 60);
    IS_INT(b.n, 60);
    assert_memory_equal(a.x, b.x, sizeof(*a.x) * MLG_NFEATURES * a.n);
    assert_memory_not_equal(a.x, c.x, sizeof(*a.x) * MLG_NFEATURES * a.n);
    mlg_sample_free(&a);
    mlg_sample_free(&b);
    mlg_sample_free(&c);
    close_data(&one);
    close_data(&more);
}

CLAIM(both_groups_weigh_alike_and_so_do_clients_of_as_many_rows)
{
    BEGIN;
    data_t data;
    mlg_draw_t draw;
    mlg_sample_t s;
    double guess = 0.0;

    open_data(&data);
    mlg_dataset_site(data.set, "one");
    for (unsigned i = 0; i < 90; i++) {
        add_many(&data, 100 + i, "likely_human", 6); /* weighs 2 */
    }
    for (unsigned i = 0; i < 40; i++) {
        add_many(&data, 300 + i, "scanner", 6);
    }
    add_many(&data, 1, "bruteforce", 6);
    for (unsigned i = 0; i < 10; i++) {
        add_many(&data, 400 + i, "ua_rotator", 6);
    }
    mlg_dataset_settle(data.set);
    draw = plain_draw(&data);
    mlg_sample_draw(&s, data.set, &draw, UINT32_MAX, 0);
    IS_NEAR(weight_of(&s, 0), weight_of(&s, 1), 1e-3);
    IS_NEAR(weight_of(&s, 0) + weight_of(&s, 1), s.n, 1e-2);
    /* of 51 attackers, whatever their class */
    for (uint32_t i = 0; i < s.n; i++) {
        guess = (s.y[i] > 0.5f) ? fmax(guess, (double)s.w[i]) : guess;
    }
    IS_NEAR(guess * 4.0 / weight_of(&s, 1), 1.0 / 51.0, 1e-5);
    mlg_sample_free(&s);
    close_data(&data);
}

CLAIM(one_fold_is_left_out_or_drawn_alone)
{
    BEGIN;
    data_t data;
    mlg_draw_t draw;
    mlg_sample_t s;

    open_data(&data);
    mlg_dataset_site(data.set, "one");
    add_many(&data, 1, "likely_human", 12);
    mlg_dataset_site(data.set, "two");
    add_many(&data, 1, "scanner", 7);
    mlg_dataset_settle(data.set);
    draw = plain_draw(&data);
    mlg_sample_draw(&s, data.set, &draw, 1, 0);
    IS_INT(s.n, 10);
    IS_INT(s.attackers, 0);
    mlg_sample_free(&s);
    mlg_sample_draw(&s, data.set, &draw, 1, 1);
    IS_INT(s.n, 5);
    IS_INT(s.people, 0);
    mlg_sample_free(&s);
    close_data(&data);
}

CLAIM(behaviour_beyond_doubt_outweighs_a_label_in_training)
{
    BEGIN;
    data_t data;
    uint32_t c;

    open_data(&data);
    mlg_dataset_site(data.set, "one");
    c = add(&data, 1, "scanner", 0, 0);
    IS_INT(mlg_sample_group(&data.set->client[c]), MLG_GROUP_ATTACKERS);
    mlg_dataset_trust(data.set, c, 1);
    IS_INT(mlg_sample_group(&data.set->client[c]), MLG_GROUP_NEITHER);
    c = add(&data, 2, "whatever", 0, 0);
    IS_INT(mlg_sample_group(&data.set->client[c]), MLG_GROUP_NEITHER);
    mlg_dataset_trust(data.set, c, 1);
    IS_INT(mlg_sample_group(&data.set->client[c]), MLG_GROUP_PEOPLE);
    close_data(&data);
}

CLAIM(an_observed_row_is_added_as_a_log_would_have_known_it)
{
    BEGIN;
    data_t data;
    mlg_draw_t draw;
    mlg_sample_t s;
    mlg_key_t key = address(7);
    mlg_text_t label = {"likely_human", 12};
    float x[MLG_NFEATURES];
    int with = 0;

    open_data(&data);
    mlg_dataset_site(data.set, "log");
    add_many(&data, 1, "scanner", 5);
    mlg_dataset_site(data.set, "live");
    data.set->site[1].is_live = 1;
    unknown(x);
    x[MLG_F_REQUEST_RATE] = 1.0f;
    x[MLG_F_HEADER_COUNT] = 9.0f;
    for (int i = 0; i < 5; i++) {
        mlg_dataset_add(data.set, &key, label, T0, NULL, x, NULL);
    }
    mlg_dataset_settle(data.set);
    draw = plain_draw(&data);
    mlg_sample_draw(&s, data.set, &draw, 1, 1);
    IS_INT(s.n, 6);
    for (uint32_t i = 0; i < s.n; i++) {
        IS_NEAR(s.x[(size_t)i * MLG_NFEATURES + MLG_F_REQUEST_RATE], 1.0, 0.0);
        with += !isnan(s.x[(size_t)i * MLG_NFEATURES + MLG_F_HEADER_COUNT]);
    }
    IS_INT(with, 3);
    mlg_sample_free(&s);
    close_data(&data);
}

CLAIM(people_are_moved_for_training_but_not_where_training_must_not_see)
{
    BEGIN;
    data_t data;
    mlg_draw_t draw;
    mlg_sample_t s;
    unsigned taught = 0;
    unsigned kept = 0;

    open_data(&data);
    mlg_dataset_site(data.set, "one");
    add_many(&data, 1, "likely_human", 12);
    add_many(&data, 2, "scanner", 12);
    mlg_dataset_settle(data.set);
    for (size_t i = 0; i < mlg_nshifts; i++) {
        taught += mlg_shifts[i].weight > 0.0f;
        kept += mlg_shifts[i].weight <= 0.0f;
    }
    IS_TRUE(kept > 0 && mlg_nshifts <= MLG_TRIAL_SHIFTS);
    mlg_draw_init(&draw, data.set);
    mlg_sample_draw(&s, data.set, &draw, UINT32_MAX, 0);
    IS_INT(s.n, 10 * (1 + taught) + 10);
    mlg_sample_free(&s);
    close_data(&data);
}

CLAIM(a_move_is_the_same_twice_and_leaves_what_is_not_known)
{
    BEGIN;
    for (size_t i = 0; i < mlg_nshifts; i++) {
        float a[MLG_NFEATURES];
        float b[MLG_NFEATURES];
        float nothing[MLG_NFEATURES];

        for (int k = 0; k < MLG_NFEATURES; k++) {
            a[k] = b[k] = 0.5f;
        }
        mlg_shift_move(&mlg_shifts[i], a, 77);
        mlg_shift_move(&mlg_shifts[i], b, 77);
        assert_memory_equal(a, b, sizeof(a));
        unknown(nothing);
        mlg_shift_move(&mlg_shifts[i], nothing, 77);
        for (int k = 0; k < MLG_NFEATURES; k++) {
            IS_NAN(nothing[k]);
        }
    }
}

/* ---- Platt ----------------------------------------------------------------- */

/* Two margins only: then the fit is exact, and can be written down. Of 4 at
 * -1, 1 is an attacker; of 8 at 3, 6 are. Smoothed targets are 8/9 and 1/7, so
 * the shares to hit are (8/9 + 3/7)/4 and (6 * 8/9 + 2/7)/8. */
CLAIM(platt_finds_the_curve_that_can_be_written_down)
{
    BEGIN;
    static const float margin[] = {-1, -1, -1, -1, 3, 3, 3, 3, 3, 3, 3, 3};
    static const float y[] = {1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0};
    static const float w[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    double low = (8.0 / 9.0 + 3.0 / 7.0) / 4.0;
    double high = (6.0 * 8.0 / 9.0 + 2.0 / 7.0) / 8.0;
    double at_low = log(low / (1.0 - low));
    double at_high = log(high / (1.0 - high));
    mlg_platt_t fit = mlg_platt_fit(margin, y, w, 12);

    IS_NEAR(fit.slope, (at_high - at_low) / 4.0, 1e-6);
    IS_NEAR(fit.offset, at_low + (at_high - at_low) / 4.0, 1e-6);
}

CLAIM(a_weight_of_two_is_two_rows)
{
    BEGIN;
    static const float margin[] = {-1, 2, -2, 1, -1};
    static const float y[] = {0, 1, 0, 1, 1};
    static const float w[] = {2, 1, 1, 3, 1};
    static const float m8[] = {-1, -1, 2, -2, 1, 1, 1, -1};
    static const float y8[] = {0, 0, 1, 0, 1, 1, 1, 1};
    static const float w8[] = {1, 1, 1, 1, 1, 1, 1, 1};
    mlg_platt_t a = mlg_platt_fit(margin, y, w, 5);
    mlg_platt_t b = mlg_platt_fit(m8, y8, w8, 8);

    IS_NEAR(a.slope, b.slope, 1e-9);
    IS_NEAR(a.offset, b.offset, 1e-9);
}

CLAIM(groups_that_are_apart_do_not_make_the_slope_run_away)
{
    BEGIN;
    static const float margin[] = {-5, -4, -3, 3, 4, 5};
    static const float y[] = {0, 0, 0, 1, 1, 1};
    static const float w[] = {1, 1, 1, 1, 1, 1};
    mlg_platt_t fit = mlg_platt_fit(margin, y, w, 6);

    IS_TRUE(fit.slope > 0.1 && fit.slope < 5.0);
    IS_NEAR(fit.offset, 0.0, 1e-6);
}

CLAIM(where_nothing_can_be_learned_the_curve_is_the_plain_one)
{
    BEGIN;
    static const float margin[] = {1, 2};
    static const float same[] = {1, 1};
    static const float backwards[] = {1, 0};
    static const float w[] = {100, 100};
    mlg_platt_t none = mlg_platt_fit(margin, same, w, 0);
    mlg_platt_t one = mlg_platt_fit(margin, same, w, 2);
    mlg_platt_t wrong = mlg_platt_fit(margin, backwards, w, 2);

    IS_NEAR(none.slope, 1.0, 0.0);
    IS_NEAR(one.slope, 1.0, 0.0);
    IS_NEAR(wrong.slope, 1.0, 0.0);
    IS_NEAR(wrong.offset, 0.0, 0.0);
}

/* ---- trials ---------------------------------------------------------------- */

static void ten_rows(mlg_row_t row[10])
{
    memset(row, 0, sizeof(*row) * 10);
    for (unsigned i = 0; i < 10; i++) {
        row[i].proof = (uint8_t)((i < 4) ? i + 1 : 5);
        row[i].at_us = T0 + SEC(i);
    }
}

CLAIM(a_peak_is_the_third_highest_of_five_and_not_above_the_newest)
{
    BEGIN;
    mlg_row_t row[10];
    float high[10] = {0, 0, 0, 0, 0, 0.9f, 0.7f, 0.8f, 0.1f, 0.75f};
    float last[10] = {0, 0, 0, 0, 0, 0.9f, 0.9f, 0.9f, 0.9f, 0.2f};

    ten_rows(row);
    IS_NEAR(mlg_trial_peak(row, high, 0, 10, 10), 0.75, 1e-6);
    IS_NEAR(mlg_trial_peak(row, high, 0, 10, 8), 0.75, 1e-6);
    IS_NEAR(mlg_trial_peak(row, last, 0, 10, 10), 0.2, 1e-6);
    IS_NEAR(mlg_trial_peak(row, last, 0, 10, 9), 0.9, 1e-6);
    IS_TRUE(mlg_trial_peak(row, high, 0, 9, 10) == -FLT_MAX);
    row[9].proof = 2; /* long silence went before */
    IS_TRUE(mlg_trial_peak(row, high, 0, 10, 10) == -FLT_MAX);
}

/* 40 scanners at 3 pages a second and 40 people at rising rates. */
static void fill_trial(data_t *data, mlg_trial_t *trial,
                       mlg_weighted_t *weighted)
{
    open_data(data);
    mlg_dataset_site(data->set, "one");
    for (unsigned i = 0; i < 40; i++) {
        for (int k = 0; k < 30; k++) {
            add(data, i, "scanner", k, 3.0f);
            add(data, 1000 + i, "likely_human", 10 * k, (float)i / 40.0f);
        }
    }
    mlg_dataset_settle(data->set);
    memset(weighted, 0, sizeof(*weighted));
    mlg_weighted_set(weighted, MLG_F_REQUEST_RATE,
                     (mlg_ramp_t){0.0f, 4.0f, 1.0f});
    mlg_trial_init(trial, data->set, data->p);
    trial->judge[0].weighted = weighted;
    mlg_trial_score(trial);
}

CLAIM(a_threshold_refuses_no_more_people_than_it_may)
{
    BEGIN;
    data_t data;
    mlg_trial_t trial;
    mlg_weighted_t weighted;
    mlg_count_t people, attackers;
    mlg_whom_t whom = {UINT32_MAX, UINT32_MAX, MLG_GROUP_PEOPLE};
    uint32_t n;
    float *peak;

    fill_trial(&data, &trial, &weighted);
    peak = mlg_trial_peaks(&trial, MLG_GROUP_PEOPLE, UINT32_MAX, 0, &n);
    IS_INT(n, 40);
    trial.threshold[0] = mlg_trial_threshold(peak, n, 0.05);
    free(peak);
    mlg_trial_decide(&trial);
    people = mlg_trial_count(&trial, whom);
    whom.group = MLG_GROUP_ATTACKERS;
    attackers = mlg_trial_count(&trial, whom);
    IS_INT(people.refused, 2);
    IS_INT(attackers.busy_refused, 40);
    IS_INT(attackers.median, 10);
    IS_INT(attackers.requests, 1200);
    IS_INT(attackers.passed, 40 * 9); /* the block outlasts the log */
    IS_INT(attackers.rule_busy_refused[MLG_RULE_PAGES], 40);
    IS_INT(people.rule_refused[MLG_RULE_PAGES], 0);
    IS_NEAR(mlg_trial_auc(&trial, UINT32_MAX), 1.0, 1e-9);
    close_data(&data);
}

CLAIM(trusted_rows_count_less_and_those_who_came_later_are_told_apart)
{
    BEGIN;
    data_t data;
    mlg_trial_t trial;
    mlg_weighted_t weighted;
    float recommended = 0.0f;
    uint32_t c = 0;

    open_data(&data);
    mlg_dataset_site(data.set, "one");
    /* a quarter of the requests: forty people who are slow, and trusted */
    for (unsigned i = 0; i < 40; i++) {
        for (int k = 0; k < 10; k++) {
            c = add(&data, i << 8, "likely_human", 3600 * k + (int)i, 1.0f);
            mlg_dataset_trust(data.set, c, 1);
        }
    }
    /* later: one who is quick and trusted, one who is as quick and is not */
    for (int k = 0; k < 1180; k++) {
        c = add(&data, 100, "likely_human", 36000 + k, (k < 20) ? 2.0f : 0.1f);
        mlg_dataset_trust(data.set, c, 1);
        add(&data, 101, "scanner", 36000 + k, 2.0f);
    }
    mlg_dataset_settle(data.set);
    memset(&weighted, 0, sizeof(weighted));
    mlg_weighted_set(&weighted, MLG_F_REQUEST_RATE,
                     (mlg_ramp_t){0.0f, 4.0f, 1.0f});
    mlg_trial_init(&trial, data.set, data.p);
    trial.judge[0].weighted = &weighted;
    mlg_trial_score(&trial);
    IS_NEAR(trial.fate[0].peak, mlg_policy_credit(0.25f, 1), 1e-6);
    IS_NEAR(trial.fate[40].peak, mlg_policy_credit(0.5f, 1), 1e-6);
    IS_NEAR(trial.fate[41].peak, 0.5, 1e-6);
    IS_INT(mlg_trial_recommend(&trial, 1.0, 0.0, &recommended), APR_SUCCESS);
    IS_INT(trial.later.people, 1);
    IS_INT(trial.later.refused, 0);
    IS_INT(trial.later.attackers, 1);
    IS_INT(trial.later.caught, 1);
    close_data(&data);
}

CLAIM(who_is_refused_has_a_peak_at_the_threshold_or_above)
{
    BEGIN;
    data_t data;
    mlg_trial_t trial;
    mlg_weighted_t weighted;

    fill_trial(&data, &trial, &weighted);
    for (int t = 1; t < 20; t++) {
        trial.threshold[0] = (float)t / 100.0f;
        mlg_trial_decide(&trial);
        for (uint32_t i = 0; i < data.set->clients; i++) {
            IS_INT(trial.fate[i].refused_at != 0,
                   trial.fate[i].peak >= trial.threshold[0]);
        }
    }
    close_data(&data);
}

CLAIM(a_threshold_is_none_that_cannot_be)
{
    BEGIN;
    static const float peak[] = {1.0f, 0.8f, 0.33333f, -FLT_MAX};

    IS_NEAR(mlg_trial_threshold(peak, 4, 0.25), 0.8001, 1e-6);
    IS_NEAR(mlg_trial_threshold(peak, 4, 0.0), 1.0, 0.0);
    IS_NEAR(mlg_trial_threshold(peak, 4, 0.49), 0.8001, 1e-6);
    IS_NEAR(mlg_trial_threshold(peak, 4, 0.5), 0.3334, 1e-6);
    IS_NEAR(mlg_trial_threshold(peak, 0, 0.001), 0.01, 1e-6);
    IS_NEAR(mlg_trial_threshold(&peak[3], 1, 0.0), 0.01, 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_of_a_client_stand_side_by_side_in_their_order),
        TEST(the_first_label_of_a_client_counts),
        TEST(classes_can_be_said_anew),
        TEST(whom_an_operator_let_go_is_a_person_on_every_site),
        TEST(joined_sites_are_one_fold_and_folds_have_no_holes),
        TEST(evidence_is_let_go_after_half_a_day_of_silence),
        TEST(no_client_counts_for_more_than_the_cap),
        TEST(a_draw_depends_on_its_seed_and_on_nothing_beside_it),
        TEST(both_groups_weigh_alike_and_so_do_clients_of_as_many_rows),
        TEST(one_fold_is_left_out_or_drawn_alone),
        TEST(behaviour_beyond_doubt_outweighs_a_label_in_training),
        TEST(an_observed_row_is_added_as_a_log_would_have_known_it),
        TEST(people_are_moved_for_training_but_not_where_training_must_not_see),
        TEST(a_move_is_the_same_twice_and_leaves_what_is_not_known),
        TEST(platt_finds_the_curve_that_can_be_written_down),
        TEST(a_weight_of_two_is_two_rows),
        TEST(groups_that_are_apart_do_not_make_the_slope_run_away),
        TEST(where_nothing_can_be_learned_the_curve_is_the_plain_one),
        TEST(a_peak_is_the_third_highest_of_five_and_not_above_the_newest),
        TEST(a_threshold_refuses_no_more_people_than_it_may),
        TEST(trusted_rows_count_less_and_those_who_came_later_are_told_apart),
        TEST(who_is_refused_has_a_peak_at_the_threshold_or_above),
        TEST(a_threshold_is_none_that_cannot_be),
    };

    return RUN(tests);
}
