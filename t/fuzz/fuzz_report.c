/* SPDX-License-Identifier: Apache-2.0
 *
 * What the gate says of strangers, and what strangers and operators make it
 * read: any bytes in a decision, a block, a note or a name become JSON that a
 * parser takes, in one line where a line was asked for. And any text as an
 * address, a duration or a reference ID is taken whole or not at all.
 */
#include "fuzz.h"

#include "mlg_cidr.h"
#include "mlg_duration.h"
#include "mlg_report.h"

#include <stdlib.h>
#include <string.h>

/* What was rendered is read again. @return it, for one look more */
static json_t *read_back(json_t *report, int is_line)
{
    char *text;
    json_t *back;

    FUZZ_CHECK(report != NULL);
    text = mlg_report_render(report, is_line);
    FUZZ_CHECK(text != NULL);
    if (is_line) {
        for (const char *c = text; *c != '\0'; c++) {
            FUZZ_CHECK((unsigned char)*c >= ' '); /* no line and no escape */
        }
    }
    back = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    FUZZ_CHECK(back != NULL);
    free(text);
    return back;
}

static void check_string(const char *text)
{
    json_t *wrap = json_object();

    FUZZ_CHECK(json_object_set_new(wrap, "is", mlg_report_string(text)) == 0);
    json_decref(read_back(wrap, 1));
}

/* A block's word has 52 bits for a time; clocks give no other either. */
#define A_TIME(at) ((at) &= (1ll << 52) - 1)

static void check_structs(const uint8_t *data, size_t size)
{
    mlg_decision_t d;
    mlg_block_t block;
    mlg_transition_t t;

    memset(&d, 0, sizeof(d));
    memcpy(&d, data, (size < sizeof(d)) ? size : sizeof(d));
    if (d.reasons.n > MLG_NREASONS) { /* only the gate writes it */
        d.reasons.n = MLG_NREASONS;
    }
    A_TIME(d.at_us);
    A_TIME(d.until_us);
    A_TIME(d.ended_us);
    json_decref(read_back(mlg_report_decision(&d, 64, NULL), 0));
    t = mlg_transition_convicted(&d);
    json_decref(read_back(mlg_report_event(&t, 64), 1));

    memset(&block, 0, sizeof(block));
    memcpy(&block, data, (size < sizeof(block)) ? size : sizeof(block));
    block.kind %= MLG_BLOCK_GRACE + 1;
    A_TIME(block.until_us);
    A_TIME(block.info.since_us);
    block.info.note[MLG_BLOCK_NOTE - 1] = '\0'; /* mlg_block_read() does */
    if (block.info.nreasons > MLG_NREASONS) {
        block.info.nreasons = MLG_NREASONS;
    }
    json_decref(read_back(mlg_report_block(&block, 64, block.until_us), 0));
    t = mlg_transition_ended(&block);
    json_decref(read_back(mlg_report_event(&t, 64), 1));
    t = mlg_transition_ordered("block", &block.info.key, 0, block.until_us,
                               block.info.note);
    json_decref(read_back(mlg_report_event(&t, 64), 1));
}

static void check_texts(const char *text)
{
    char buf[MLG_KEY_TEXT];
    char id[MLG_DECISION_ID_TEXT];
    mlg_prefix_t prefix;
    mlg_prefix_t again;
    apr_interval_time_t us = -1;
    uint64_t number = 0;

    if (mlg_prefix_parse(&prefix, text) == APR_SUCCESS) {
        FUZZ_CHECK(prefix.bits <= MLG_KEY_BITS);
        mlg_key_render(buf, &prefix.base, MLG_KEY_BITS);
        FUZZ_CHECK(mlg_prefix_parse(&again, buf) == APR_SUCCESS);
        FUZZ_CHECK(memcmp(&again.base, &prefix.base, sizeof(again.base)) == 0);
    }
    if (mlg_duration_parse(&us, text) == APR_SUCCESS) {
        FUZZ_CHECK(us >= 0);
    }
    if (mlg_report_id_parse(&number, text) == APR_SUCCESS) {
        FUZZ_CHECK(number != 0 && strlen(text) == 16);
        FUZZ_CHECK(strcasecmp(mlg_report_id(id, number), text) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    FUZZ_CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    check_string(text);
    check_texts(text);
    check_structs(data, size);
    free(text);
    return 0;
}
