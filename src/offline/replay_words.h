/* SPDX-License-Identifier: Apache-2.0
 *
 * Small texts that the replay's reports share. Each fills its buffer. */
#ifndef REPLAY_WORDS_H
#define REPLAY_WORDS_H

#include "mlg_report.h"
#include "mlg_report_replay.h"

#define REPLAY_NUMBER_TEXT 28 /* "18,446,744,073,709,551,615" and a NUL */
#define REPLAY_SHARE_TEXT  16 /* "100.00 %" and a NUL */

/** A number in groups of three digits. */
const char *replay_number(char buf[REPLAY_NUMBER_TEXT], uint64_t n);

/** "4.52 %"; "-" of nothing. */
const char *replay_share(char buf[REPLAY_SHARE_TEXT], uint64_t part,
                         uint64_t whole);

/** A hostile text: all but printable ASCII as \xhh, cut with "..." where the
 * buffer ends. @param size  > 8 */
const char *replay_visible(char *buf, size_t size, const char *text);

/** The reasons of a client, in words: "12.4 pages a second; ...". */
const char *replay_reasons(char *buf, size_t size, const mlg_reasons_t *r);

/** "enforce, threshold 0.8, at least 10 requests, blocked for 10 min". */
const char *replay_rules(char *buf, size_t size, const mlg_rules_t *rules);

#endif /* REPLAY_WORDS_H */
