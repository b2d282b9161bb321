/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_report_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS 15 /* what a double surely keeps of a decimal number */

char *mlg_report_render(json_t *report, int is_line)
{
    char *text =
        json_dumps(report, JSON_REAL_PRECISION(DIGITS) |
                               (is_line ? JSON_COMPACT : JSON_INDENT(2)));

    json_decref(report);
    return text;
}

json_t *mlg_report_string(const char *text)
{
    json_t *string;
    char *ascii;

    if (text == NULL) {
        return json_null();
    }
    string = json_string(text);
    if (string != NULL) {
        return string;
    }
    ascii = strdup(text);
    if (ascii == NULL) {
        return NULL;
    }
    for (char *c = ascii; *c != '\0'; c++) {
        *c = ((unsigned char)*c < 0x80) ? *c : '?';
    }
    string = json_string(ascii);
    free(ascii);
    return string;
}

json_t *mlg_json_threshold(float threshold)
{
    return (threshold <= 1.0f) ? mlg_json_number(threshold) : json_null();
}

json_t *mlg_json_number(float value)
{
    char text[32];

    if (!isfinite(value)) {
        return json_null();
    }
    /* 0.8f is 0.800000011920929 as a double: go by way of its digits */
    snprintf(text, sizeof(text), "%.6g", (double)value);
    return json_real(strtod(text, NULL));
}

json_t *mlg_json_id(uint64_t id)
{
    char text[MLG_DECISION_ID_TEXT];

    return (id == 0) ? json_null() : json_string(mlg_report_id(text, id));
}

json_t *mlg_json_address(const mlg_key_t *key, unsigned ipv6_prefix)
{
    char text[MLG_KEY_TEXT];

    return json_string(mlg_key_render(text, key, ipv6_prefix));
}

void mlg_json_set_time(json_t *object, const char *name, apr_time_t at_us)
{
    char epoch[48];
    char text[MLG_ISO_TEXT];

    snprintf(epoch, sizeof(epoch), "%s_epoch", name);
    if (at_us == 0) {
        json_object_set_new(object, name, json_null());
        json_object_set_new(object, epoch, json_null());
        return;
    }
    json_object_set_new(object, name,
                        json_string(mlg_report_time(text, at_us)));
    json_object_set_new(object, epoch,
                        json_real((double)(at_us / 1000) / 1000.0));
}

json_t *mlg_json_reasons(const mlg_reason_t *reason, uint32_t n)
{
    json_t *list = json_array();
    char words[MLG_WORDS_TEXT];

    for (uint32_t i = 0; i < n && i < MLG_NREASONS; i++) {
        json_t *one = json_object();
        uint32_t f = reason[i].feature;

        json_object_set_new(
            one, "feature",
            json_string((f < MLG_NFEATURES) ? mlg_features[f].name : "?"));
        json_object_set_new(one, "value", mlg_json_number(reason[i].value));
        json_object_set_new(one, "points", mlg_json_number(reason[i].points));
        json_object_set_new(
            one, "words",
            json_string(mlg_report_reason_words(words, &reason[i])));
        json_array_append_new(list, one);
    }
    return list;
}

json_t *mlg_json_features(const float x[MLG_NFEATURES])
{
    json_t *features = json_object();

    for (int i = 0; i < MLG_NFEATURES; i++) {
        json_object_set_new(features, mlg_features[i].name,
                            mlg_json_number(x[i]));
    }
    return features;
}

json_t *mlg_json_reliefs(const mlg_rules_t *rules, const float x[MLG_NFEATURES],
                         float threshold)
{
    mlg_relief_t relief[MLG_NFEATURES];
    char words[MLG_WORDS_TEXT];
    json_t *list;
    size_t n;

    if (rules == NULL) {
        return json_null();
    }
    list = json_array();
    n = mlg_report_reliefs(relief, rules, x, threshold);
    for (size_t i = 0; i < n; i++) {
        json_t *one = json_object();

        json_object_set_new(one, "feature",
                            json_string(mlg_features[relief[i].feature].name));
        json_object_set_new(one, "now", mlg_json_number(relief[i].now));
        json_object_set_new(one, "bound", mlg_json_number(relief[i].bound));
        json_object_set_new(
            one, "words",
            json_string(mlg_report_relief_words(words, &relief[i])));
        json_array_append_new(list, one);
    }
    return list;
}

json_t *mlg_json_counters(const mlg_shard_t *total)
{
    json_t *counters = json_object();

    for (int i = 0; i < MLG_NCOUNTERS; i++) {
        json_object_set_new(counters, mlg_counters[i].name,
                            json_integer((json_int_t)total->count[i]));
    }
    return counters;
}
