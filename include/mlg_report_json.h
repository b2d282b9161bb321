/* SPDX-License-Identifier: Apache-2.0
 *
 * What every report puts into JSON in the same way, for the files that render
 * one (src/report, src/offline). Each of them may be
 * given a NULL object after memory ran out, and then does nothing.
 */
#ifndef MLG_REPORT_JSON_H
#define MLG_REPORT_JSON_H

#include "mlg_report.h"

/** A float as its shortest sensible decimal; NaN and infinity are null. */
json_t *mlg_json_number(float value);

/** A threshold. @return null for MLG_THRESHOLD_NONE */
json_t *mlg_json_threshold(float threshold);

/** How well the gate knows its site. */
json_t *mlg_report_site(const mlg_snapshot_t *s);

/** A hash or ID as 16 hex digits; 0 is null. */
json_t *mlg_json_id(uint64_t id);

/** A model by its forest's id; 0 is "weighted". */
json_t *mlg_json_model(uint64_t id);

/** The model that judges: {kind, id, trees, depth, threshold, since, ...}. */
json_t *mlg_json_judge(const mlg_snapshot_t *s);

/** Its shadow likewise, and how the two compare; null without one.
 * @param with_list  1: on whom they disagreed, too */
json_t *mlg_json_shadow(const mlg_snapshot_t *s, int with_list);

/** An address, with "/64" where that is what is known of it. */
json_t *mlg_json_address(const mlg_key_t *key, unsigned ipv6_prefix);

/** Set `name` and `name`_epoch; 0 sets both to null. */
void mlg_json_set_time(json_t *object, const char *name, apr_time_t at_us);

/** [{feature, value, points, words}], the heaviest first. */
json_t *mlg_json_reasons(const mlg_reason_t *reason, uint32_t n);

/** {name: value or null} for every feature. */
json_t *mlg_json_features(const float x[MLG_NFEATURES]);

/** [{feature, now, bound, words}]. @param rules  NULL gives null */
json_t *mlg_json_reliefs(const mlg_rules_t *rules, const float x[MLG_NFEATURES],
                         float threshold);

/** {name: count} for every counter. */
json_t *mlg_json_counters(const mlg_shard_t *total);

#endif /* MLG_REPORT_JSON_H */
