/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_words.h"

#include <stdio.h>

const char *replay_number(char buf[REPLAY_NUMBER_TEXT], uint64_t n)
{
    char digits[REPLAY_NUMBER_TEXT];
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

const char *replay_share(char buf[REPLAY_SHARE_TEXT], uint64_t part,
                         uint64_t whole)
{
    if (whole == 0) {
        snprintf(buf, REPLAY_SHARE_TEXT, "-");
    }
    else {
        snprintf(buf, REPLAY_SHARE_TEXT, "%.2f %%",
                 100.0 * (double)part / (double)whole);
    }
    return buf;
}

const char *replay_visible(char *buf, size_t size, const char *text)
{
    char *out = buf;
    char *end = buf + size - 8; /* room for \xhh, or for ... */

    for (; *text != '\0' && out < end; text++) {
        unsigned char c = (unsigned char)*text;
        int is_plain = c >= 0x20 && c < 0x7f && c != '\\';

        out += snprintf(out, 5, is_plain ? "%c" : "\\x%02x", c);
    }
    snprintf(out, 4, "%s", (*text != '\0') ? "..." : "");
    return buf;
}

const char *replay_reasons(char *buf, size_t size, const mlg_reasons_t *r)
{
    char words[MLG_WORDS_TEXT];
    size_t len = 0;

    buf[0] = '\0';
    for (uint32_t i = 0; i < r->n && i < MLG_NREASONS && len < size; i++) {
        len +=
            (size_t)snprintf(buf + len, size - len, "%s%s", (i > 0) ? "; " : "",
                             mlg_report_reason_words(words, &r->top[i]));
    }
    return buf;
}

const char *replay_rules(char *buf, size_t size, const mlg_rules_t *rules)
{
    char first[MLG_DURATION_TEXT];
    char most[MLG_DURATION_TEXT];
    char model[32] = "";
    char threshold[32] = "no threshold";

    if (rules->forest != NULL) {
        snprintf(model, sizeof(model), ", model %016llx",
                 (unsigned long long)rules->forest->id);
    }
    if (rules->threshold <= 1.0f) {
        snprintf(threshold, sizeof(threshold), "threshold %.6g",
                 (double)rules->threshold);
    }
    snprintf(buf, size,
             "%s%s, %s, at least %u requests, blocked for %s, at most %s",
             mlg_engine_name(rules->engine), model, threshold,
             (unsigned)rules->min_requests,
             mlg_report_duration(first, rules->block_for_us),
             mlg_report_duration(most, rules->block_max_us));
    return buf;
}
