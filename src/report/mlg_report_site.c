/* SPDX-License-Identifier: Apache-2.0
 *
 * How well the gate knows its site, wherever operators look. */
#include "mlg_report_json.h"

#include <math.h>
#include <stdio.h>

const char *mlg_report_threshold_words(char buf[MLG_WORDS_TEXT],
                                       const mlg_snapshot_t *s)
{
    const mlg_site_t *site = &s->site;

    if (!s->is_auto) {
        snprintf(buf, MLG_WORDS_TEXT, "a score is too high from %.3f",
                 (double)s->rules->threshold);
    }
    else if (site->anchored == MLG_ANCHORED_NOT) {
        snprintf(buf, MLG_WORDS_TEXT,
                 "calibrating, %u %%: until it knows the site only a flood is "
                 "refused",
                 (unsigned)site->progress_percent);
    }
    else if (site->pressed != MLG_PRESSED_NOT) {
        snprintf(buf, MLG_WORDS_TEXT,
                 "a score is too high from %.4f, %s %.4f, where clients that "
                 "behave like people would be refused%s",
                 (double)s->rules->threshold,
                 (site->pressed == MLG_PRESSED_LAST) ? "its last bound"
                                                     : "beyond its bound",
                 (double)((site->pressed == MLG_PRESSED_LAST) ? site->last
                                                              : site->high),
                 (site->pressed == MLG_PRESSED_LAST) ? " still" : "");
    }
    else {
        snprintf(buf, MLG_WORDS_TEXT,
                 "a score is too high from %.4f, fitted to the site by %s",
                 (double)s->rules->threshold,
                 (site->anchored == MLG_ANCHORED_PROFILE)
                     ? "its profile"
                     : "what the gate has seen");
    }
    return buf;
}

float mlg_snapshot_coming(const mlg_snapshot_t *s)
{
    return (s->is_auto && s->site.anchored == MLG_ANCHORED_NOT &&
            s->site.looked_us != 0)
               ? s->site.target
               : NAN;
}

const char *mlg_report_coming_words(char buf[MLG_COMING_TEXT],
                                    const mlg_snapshot_t *s)
{
    const mlg_site_t *site = &s->site;
    double coming = (double)mlg_snapshot_coming(s);
    char whom[100] = "";

    buf[0] = '\0';
    if (isnan(coming)) {
        return buf;
    }
    if (site->trusted > 0) {
        snprintf(whom, sizeof(whom),
                 "; of the %u network%s with such clients it would refuse %u",
                 site->trusted, (site->trusted == 1) ? "" : "s",
                 site->target_refused);
    }
    snprintf(buf, MLG_COMING_TEXT,
             "By what was seen so far a score would be too high from %.4f: "
             "%s%s",
             coming, mlg_fit_words((mlg_fit_why)site->why), whom);
    return buf;
}

static json_t *number_or_null(float value, int is_known)
{
    return is_known ? mlg_json_number(value) : json_null();
}

/* The load now, and what is usual at this hour of the week. */
static json_t *load_of(const mlg_snapshot_t *s)
{
    const mlg_profile_t *profile = s->profile;
    json_t *out = json_object();

    json_object_set_new(out, "requests_an_hour",
                        number_or_null(s->site.load, s->site.looked_us != 0));
    json_object_set_new(
        out, "usual_for_this_hour",
        (profile != NULL && profile->has_load)
            ? mlg_json_number(profile->load[mlg_profile_hour(s->now_us)])
            : json_null());
    return out;
}

/* null when a threshold is in force */
static json_t *coming_of(const mlg_snapshot_t *s)
{
    char words[MLG_COMING_TEXT];
    json_t *out;

    if (isnan(mlg_snapshot_coming(s))) {
        return json_null();
    }
    out = json_object();
    json_object_set_new(out, "threshold",
                        mlg_json_number(mlg_snapshot_coming(s)));
    json_object_set_new(out, "trusted_refused",
                        json_integer(s->site.target_refused));
    json_object_set_new(out, "says",
                        json_string(mlg_report_coming_words(words, s)));
    return out;
}

json_t *mlg_report_site(const mlg_snapshot_t *s)
{
    static const char *const bounds[] = {"holds", "lifted", "last"};
    const mlg_site_t *site = &s->site;
    int is_anchored = site->anchored != MLG_ANCHORED_NOT;
    json_t *out = json_object();
    char words[MLG_WORDS_TEXT];

    json_object_set_new(out, "auto", json_boolean(s->is_auto));
    json_object_set_new(
        out, "state", json_string(is_anchored ? "calibrated" : "calibrating"));
    json_object_set_new(out, "by",
                        is_anchored ? json_string(mlg_site_words(site))
                                    : json_null());
    json_object_set_new(out, "progress_percent",
                        json_integer(site->progress_percent));
    json_object_set_new(out, "says",
                        json_string(mlg_report_threshold_words(words, s)));
    json_object_set_new(out, "threshold",
                        mlg_json_threshold(mlg_site_threshold(site)));
    json_object_set_new(out, "anchor",
                        number_or_null(site->anchor, is_anchored));
    json_object_set_new(out, "low", number_or_null(site->low, is_anchored));
    json_object_set_new(out, "high", number_or_null(site->high, is_anchored));
    json_object_set_new(out, "last", number_or_null(site->last, is_anchored));
    json_object_set_new(out, "bound",
                        is_anchored ? json_string(bounds[site->pressed % 3])
                                    : json_null());
    json_object_set_new(out, "coming", coming_of(s));
    json_object_set_new(out, "target",
                        number_or_null(site->target, site->looked_us != 0));
    json_object_set_new(out, "why",
                        json_string(mlg_fit_words((mlg_fit_why)site->why)));
    mlg_json_set_time(out, "calibrated_at", site->anchored_us);
    json_object_set_new(out, "trusted_clients", json_integer(site->trusted));
    json_object_set_new(out, "trusted_refused", json_integer(site->refused));
    json_object_set_new(out, "refused_share_at_most",
                        number_or_null(site->upper, site->upper > 0.0f));
    json_object_set_new(out, "floor_pages_per_s",
                        mlg_json_number(MLG_FLOOR_PAGES_PER_S));
    json_object_set_new(out, "load", load_of(s));
    return out;
}
