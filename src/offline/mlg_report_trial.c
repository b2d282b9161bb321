/* SPDX-License-Identifier: Apache-2.0 */
#include "trial_words.h"

#include "mlg_report_json.h"
#include "replay_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void set_count(json_t *object, const char *name, uint64_t n)
{
    json_object_set_new(object, name, json_integer((json_int_t)n));
}

/* To six digits; NaN is null. */
static json_t *real(double value)
{
    return isfinite(value) ? json_real(round(1e6 * value) / 1e6) : json_null();
}

static json_t *share(uint64_t part, uint64_t whole)
{
    return real((whole == 0) ? NAN : (double)part / (double)whole);
}

static json_t *people_of(const mlg_count_t *c)
{
    json_t *out = json_object();

    set_count(out, "clients", c->clients);
    set_count(out, "refused", c->refused);
    json_object_set_new(out, "refused_share", share(c->refused, c->clients));
    for (int i = 0; i < MLG_NRULES; i++) {
        char name[40];

        snprintf(name, sizeof(name), "refused_by_%s", mlg_rule_name[i]);
        set_count(out, name, c->rule_refused[i]);
    }
    return out;
}

static json_t *attackers_of(const mlg_count_t *c)
{
    json_t *out = json_object();

    set_count(out, "clients", c->clients);
    set_count(out, "busy", c->busy);
    set_count(out, "caught", c->busy_refused);
    json_object_set_new(out, "caught_share", share(c->busy_refused, c->busy));
    json_object_set_new(out, "median_request",
                        (c->median > 0) ? json_integer(c->median)
                                        : json_null());
    set_count(out, "requests", c->requests);
    set_count(out, "passed", c->passed);
    json_object_set_new(out, "passed_share", share(c->passed, c->requests));
    for (int i = 0; i < MLG_NRULES; i++) {
        char name[40];

        snprintf(name, sizeof(name), "caught_by_%s", mlg_rule_name[i]);
        set_count(out, name, c->rule_busy_refused[i]);
    }
    return out;
}

static json_t *site_of(const mlg_trial_report_t *r, uint32_t site)
{
    json_t *out = json_object();
    mlg_count_t people = trial_count(r, site, MLG_GROUP_PEOPLE);
    mlg_count_t attackers = trial_count(r, site, MLG_GROUP_ATTACKERS);

    if (site != TRIAL_ALL) {
        const mlg_dataset_site_t *s = &r->trial->set->site[site];
        char text[400];

        json_object_set_new(
            out, "site",
            json_string(replay_visible(text, sizeof(text), s->name)));
        set_count(out, "fold", s->fold);
        json_object_set_new(out, "is_live", json_boolean(s->is_live));
        set_count(out, "requests", s->rows);
        json_object_set_new(out, "threshold",
                            mlg_json_threshold(r->trial->threshold[site]));
    }
    json_object_set_new(out, "people", people_of(&people));
    json_object_set_new(out, "attackers", attackers_of(&attackers));
    json_object_set_new(out, "auc", real(mlg_trial_auc(r->trial, site)));
    return out;
}

static json_t *class_of(const mlg_trial_report_t *r, uint32_t class)
{
    const mlg_dataset_t *set = r->trial->set;
    mlg_text_t name = {set->class[class], strlen(set->class[class])};
    mlg_count_t c = trial_class(r, class);
    json_t *out = json_object();
    char text[400];

    json_object_set_new(
        out, "class", json_string(replay_visible(text, sizeof(text), name.at)));
    json_object_set_new(
        out, "group",
        json_string(mlg_group_name(mlg_groups_find(set->groups, name))));
    set_count(out, "clients", c.clients);
    set_count(out, "refused", c.refused);
    set_count(out, "busy", c.busy);
    set_count(out, "busy_refused", c.busy_refused);
    set_count(out, "median_request", c.median);
    set_count(out, "requests", c.requests);
    set_count(out, "passed", c.passed);
    return out;
}

static json_t *moved_of(const mlg_trial_report_t *r)
{
    json_t *list = json_array();

    for (size_t k = 0; k < mlg_nshifts && k < MLG_TRIAL_SHIFTS; k++) {
        const mlg_shift_t *shift = &mlg_shifts[k];
        mlg_count_t c = trial_count(r, TRIAL_ALL, shift->group);
        json_t *one = json_object();

        json_object_set_new(one, "name", json_string(shift->name));
        json_object_set_new(one, "what", json_string(shift->what));
        json_object_set_new(one, "is_trained_on",
                            json_boolean(shift->weight > 0.0f));
        set_count(one, "clients", c.clients);
        set_count(one, "refused", c.moved[k]);
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *victims_of(const mlg_trial_report_t *r)
{
    const mlg_dataset_t *set = r->trial->set;
    json_t *list = json_array();
    uint32_t n;
    trial_victim_t *victim = trial_victims(r, 1000, &n);

    for (uint32_t i = 0; victim != NULL && i < n && i < 1000; i++) {
        const mlg_person_t *client = &set->client[victim[i].client];
        json_t *one = json_object();
        char text[400];

        json_object_set_new(one, "client",
                            mlg_json_address(&client->key, r->ipv6_prefix));
        json_object_set_new(
            one, "site",
            json_string(replay_visible(text, sizeof(text),
                                       set->site[client->site].name)));
        json_object_set_new(
            one, "class",
            json_string(
                replay_visible(text, sizeof(text), set->class[client->class])));
        json_object_set_new(one, "is_trusted",
                            json_boolean(client->is_trusted));
        set_count(one, "requests", client->rows);
        set_count(one, "refused_at", victim[i].refused_at);
        json_object_set_new(one, "score", mlg_json_number(victim[i].score));
        json_object_set_new(
            one, "peak",
            mlg_json_number(r->trial->fate[victim[i].client].peak));
        json_object_set_new(
            one, "reasons",
            mlg_json_reasons(victim[i].reasons.top, victim[i].reasons.n));
        json_array_append_new(list, one);
    }
    free(victim);
    return list;
}

static json_t *weights_of(const mlg_trial_report_t *r)
{
    trial_weight_t weight[MLG_NFEATURES];
    size_t n = trial_weights(weight, r);
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        json_t *one = json_object();

        json_object_set_new(one, "feature",
                            json_string(mlg_features[weight[i].feature].name));
        json_object_set_new(one, "share", real(weight[i].share));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *curve_of(const mlg_trial_report_t *r)
{
    trial_curve_t curve;
    json_t *list = json_array();

    if (trial_curve(&curve, r)) {
        for (uint32_t i = 0; i < curve.n; i++) {
            json_t *one = json_object();

            json_object_set_new(one, "threshold",
                                real((double)curve.point[i].threshold));
            set_count(one, "people", curve.point[i].people);
            set_count(one, "attackers", curve.point[i].attackers);
            json_array_append_new(list, one);
        }
        free(curve.point);
    }
    return list;
}

static json_t *bins_of(const mlg_trial_report_t *r)
{
    trial_bin_t bin[TRIAL_BINS];
    json_t *list = json_array();

    trial_bins(bin, r);
    for (int i = 0; i < TRIAL_BINS; i++) {
        json_t *one = json_object();

        json_object_set_new(one, "clients", real(bin[i].weight));
        json_object_set_new(one, "mean_score", real(bin[i].score));
        json_object_set_new(one, "attackers_share", real(bin[i].share));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *training_of(const mlg_train_t *t)
{
    json_t *out = json_object();
    json_t *found = json_array();
    json_t *without = json_array();

    for (uint32_t i = 0; i < t->boost.trees; i++) {
        json_array_append_new(found, real(t->found[i]));
    }
    for (int i = 0; i < MLG_NFEATURES; i++) {
        if (t->draw.is_off[i]) {
            json_array_append_new(without, json_string(mlg_features[i].name));
        }
    }
    set_count(out, "trees", t->ntrees);
    set_count(out, "depth", t->boost.depth);
    set_count(out, "seed", t->boost.seed);
    set_count(out, "rows", t->sample_rows);
    set_count(out, "people", t->sample_people);
    set_count(out, "attackers", t->sample_attackers);
    json_object_set_new(out, "without", without);
    json_object_set_new(out, "slope", real(t->platt.slope));
    json_object_set_new(out, "offset", real(t->platt.offset));
    json_object_set_new(out, "left_out_loss", real(t->platt.loss));
    json_object_set_new(out, "found_by_trees", found);
    return out;
}

static json_t *later_of(const mlg_later_t *later)
{
    json_t *out = json_object();

    json_object_set_new(out, "people", json_integer(later->people));
    json_object_set_new(out, "people_refused", json_integer(later->refused));
    json_object_set_new(out, "attackers", json_integer(later->attackers));
    json_object_set_new(out, "attackers_caught", json_integer(later->caught));
    return out;
}

json_t *mlg_report_trial(const mlg_trial_report_t *r)
{
    const mlg_dataset_t *set = r->trial->set;
    json_t *out = json_object();
    json_t *sites = json_array();
    json_t *classes = json_array();
    char text[400];

    for (uint32_t i = 0; i < set->sites; i++) {
        if (!set->site[i].is_taught_only) {
            json_array_append_new(sites, site_of(r, i));
        }
    }
    for (uint32_t i = 0; i < set->classes; i++) {
        json_array_append_new(classes, class_of(r, i));
    }
    json_object_set_new(
        out, "model",
        json_string(replay_visible(text, sizeof(text), r->model)));
    json_object_set_new(out, "threshold", mlg_json_number(r->threshold));
    json_object_set_new(out, "max_fpr", real(r->max_fpr));
    json_object_set_new(out, "is_oracle", json_boolean(r->is_oracle));
    json_object_set_new(out, "later",
                        (r->trial->later.people > 0)
                            ? later_of(&r->trial->later)
                            : json_null());
    json_object_set_new(out, "is_fitted",
                        json_boolean(r->trial->is_fitted && !r->is_oracle));
    json_object_set_new(out, "training",
                        (r->train != NULL) ? training_of(r->train)
                                           : json_null());
    json_object_set_new(out, "all", site_of(r, TRIAL_ALL));
    json_object_set_new(out, "sites", sites);
    json_object_set_new(out, "classes", classes);
    json_object_set_new(out, "moved", moved_of(r));
    json_object_set_new(out, "people_refused", victims_of(r));
    json_object_set_new(out, "weights", weights_of(r));
    json_object_set_new(out, "curve", curve_of(r));
    json_object_set_new(out, "calibration", bins_of(r));
    return out;
}
