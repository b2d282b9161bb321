/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_observation.h"

#include <math.h>
#include <string.h>

#define LATEST_US 253402300799999999u /* the year 9999 ends */

/* What is left of the line. Once `bad` is set nothing more is taken; it says
 * what was expected. */
typedef struct cursor_t {
    const char *at;
    const char *end;
    const char *bad;
} cursor_t;

static size_t take_word(cursor_t *c, const char **word)
{
    const char *space = memchr(c->at, ' ', (size_t)(c->end - c->at));
    const char *stop = (space != NULL) ? space : c->end;

    *word = c->at;
    if (c->bad == NULL) {
        c->at = (space != NULL) ? space + 1 : c->end;
    }
    return (size_t)(stop - *word);
}

/* @return 1 when all of the word is a number in [0, max] */
static int read_number(uint64_t *out, const char *word, size_t len,
                       unsigned base, uint64_t max)
{
    uint64_t n = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned char)word[i] - (unsigned)'0';

        if (digit > 9) {
            digit = (unsigned char)word[i] - (unsigned)'a' + 10u;
            digit = (digit >= 10) ? digit : base;
        }
        if (digit >= base || n > (UINT64_MAX - digit) / base) {
            return 0;
        }
        n = n * base + digit;
    }
    *out = n;
    return len > 0 && n <= max;
}

static uint64_t take_number(cursor_t *c, unsigned base, uint64_t max,
                            const char *expected)
{
    const char *before = c->at;
    const char *word;
    size_t len = take_word(c, &word);
    uint64_t n = 0;

    if (c->bad == NULL && !read_number(&n, word, len, base, max)) {
        c->bad = expected;
        c->at = before;
    }
    return (c->bad == NULL) ? n : 0;
}

static uint64_t take_decimal(cursor_t *c, uint64_t max)
{
    return take_number(c, 10, max, "a decimal number in its range expected");
}

static uint64_t take_hex(cursor_t *c, uint64_t max)
{
    return take_number(c, 16, max, "a hexadecimal number expected");
}

static float take_bits(cursor_t *c)
{
    uint32_t bits = (uint32_t)take_hex(c, UINT32_MAX);
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static apr_time_t take_time(cursor_t *c)
{
    return (apr_time_t)take_decimal(c, LATEST_US);
}

static void take_client(cursor_t *c, mlg_client_t *client)
{
    const char *before = c->at;
    char text[MLG_KEY_TEXT] = "";
    mlg_prefix_t address = {{{0}}, 0};
    const char *word;
    size_t len = take_word(c, &word);

    if (len < sizeof(text)) {
        memcpy(text, word, len);
    }
    if (c->bad == NULL && (memchr(text, '/', sizeof(text)) != NULL ||
                           mlg_prefix_parse(&address, text) != APR_SUCCESS)) {
        c->bad = "an address expected";
        c->at = before;
    }
    client->addr = client->key = address.base;
    client->hash = take_hex(c, UINT64_MAX);
}

static void take_arrived(cursor_t *c, mlg_observation_t *o)
{
    const char *before = c->at;
    const char *word;
    size_t len = take_word(c, &word);

    o->is_arrival_held = !(len > 0 && word[len - 1] == MLG_OBSERVED_UNHELD);
    if (c->bad == NULL &&
        !read_number(&o->arrived, word, len - !o->is_arrival_held, 10,
                     INT64_MAX)) {
        c->bad = "the number of an event expected";
        c->at = before;
    }
}

static uint32_t take_verdict(cursor_t *c)
{
    const char *before = c->at;
    const char *word;
    size_t len = take_word(c, &word);

    for (uint32_t v = 1; v < MLG_NVERDICTS; v++) {
        const char *name = mlg_verdict_name((mlg_verdict)v);

        if (strlen(name) == len && memcmp(word, name, len) == 0) {
            return v;
        }
    }
    if (c->bad == NULL) {
        c->bad = "a verdict expected";
        c->at = before;
    }
    return MLG_VERDICT_UNSET;
}

static void take_arrival(cursor_t *c, mlg_arrival_t *a)
{
    a->at_us = take_time(c);
    take_client(c, &a->from);
    a->subnet = take_hex(c, UINT64_MAX);
    a->path = take_hex(c, UINT64_MAX);
    a->query = take_hex(c, UINT64_MAX);
    a->agent = take_hex(c, UINT64_MAX);
    a->referer = take_hex(c, UINT64_MAX);
    a->body_bytes = take_decimal(c, UINT64_MAX);
    a->session = (uint32_t)take_hex(c, UINT32_MAX);
    a->depth = (uint32_t)take_decimal(c, UINT32_MAX);
    a->is = (uint32_t)take_hex(c, UINT32_MAX);
    a->knows = (uint32_t)take_hex(c, UINT32_MAX);
    a->path_bytes = (uint16_t)take_decimal(c, UINT16_MAX);
    a->path_segments = (uint16_t)take_decimal(c, UINT16_MAX);
    a->header_fields = (uint16_t)take_decimal(c, UINT16_MAX);
    a->header_anomaly = (uint16_t)take_decimal(c, UINT16_MAX);
    a->subnet_rate = take_bits(c);
    if (c->bad == NULL && !(a->subnet_rate >= 0.0f && a->subnet_rate < 1e12f)) {
        c->bad = "the rate of a network expected before this";
    }
    a->rarity = (uint32_t)take_decimal(c, MLG_RARITY_UNKNOWN);
    a->print = take_hex(c, UINT64_MAX);
    a->shape = take_hex(c, UINT64_MAX);
    a->template = take_hex(c, UINT64_MAX);
    a->excess = take_bits(c);
    a->swarm = (uint32_t)take_hex(c, UINT8_MAX);
}

static void take_outcome(cursor_t *c, mlg_outcome_t *outcome)
{
    outcome->status = (uint32_t)take_decimal(c, 999);
    outcome->sent_bytes = take_decimal(c, UINT64_MAX);
    outcome->knows_duration = (c->at == c->end || *c->at != '-');
    if (outcome->knows_duration) {
        outcome->duration_us = take_decimal(c, UINT64_MAX);
    }
    else {
        const char *dash;

        take_word(c, &dash);
    }
}

static void take_request(cursor_t *c, mlg_observation_t *o)
{
    o->kind = MLG_OBSERVED_REQUEST;
    take_arrival(c, &o->arrival);
    take_arrived(c, o);
    o->settled = take_decimal(c, INT64_MAX);
    take_outcome(c, &o->outcome);
    o->verdict = take_verdict(c);
    o->score = take_bits(c);
    o->threshold = take_bits(c);
    o->vector = (uint32_t)take_hex(c, UINT32_MAX);
    o->rules = (uint32_t)take_hex(c, UINT32_MAX);
}

static void take_start(cursor_t *c, mlg_observation_t *o)
{
    o->kind = MLG_OBSERVED_START;
    o->clients = (uint32_t)take_decimal(c, UINT32_MAX);
    o->ipv6_prefix = (uint32_t)take_decimal(c, MLG_KEY_BITS);
    o->features = take_hex(c, UINT64_MAX);
    o->events = take_decimal(c, UINT64_MAX);
    if (c->bad == NULL && c->at != c->end) {
        o->from = take_hex(c, UINT64_MAX);
        o->took_over = (uint32_t)take_decimal(c, MLG_TOOK_SOME);
    }
}

static void take_order(cursor_t *c, mlg_observation_t *o)
{
    o->kind = MLG_OBSERVED_ORDER;
    o->arrival.at_us = take_time(c);
    take_client(c, &o->arrival.from);
    o->order = (mlg_block_kind)take_decimal(c, MLG_BLOCK_GRACE);
    o->until_us = take_time(c);
    o->offences = (uint32_t)take_decimal(c, UINT32_MAX);
    o->score = take_bits(c);
    take_arrived(c, o);
}

static int begins(const char *line, size_t len, const char *tag)
{
    return len > 4 && memcmp(line, tag, 4) == 0 &&
           (line[4] == ' ' || line[4] == '-');
}

int mlg_observation_is(const char *line, size_t len)
{
    return begins(line, len, MLG_OBSERVED_TAG) ||
           begins(line, len, MLG_OBSERVED_FORMER) ||
           begins(line, len, MLG_OBSERVED_FIRST);
}

apr_status_t mlg_observation_parse(mlg_observation_t *o, const char *line,
                                   size_t len, mlg_fault_t *fault)
{
    static const struct {
        const char *tag;
        void (*take)(cursor_t *c, mlg_observation_t *o);
    } kinds[] = {{MLG_OBSERVED_TAG, take_request},
                 {MLG_OBSERVED_TAG_START, take_start},
                 {MLG_OBSERVED_TAG_ORDER, take_order}};
    cursor_t c = {line, line + len, NULL};
    const char *tag;
    size_t tag_len = take_word(&c, &tag);

    memset(o, 0, sizeof(*o));
    o->score = NAN;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strlen(kinds[i].tag) == tag_len &&
            memcmp(tag, kinds[i].tag, tag_len) == 0) {
            o->segment = take_hex(&c, UINT64_MAX);
            kinds[i].take(&c, o);
        }
    }
    if (o->kind == 0) {
        c.bad = (begins(line, len, MLG_OBSERVED_FORMER) ||
                 begins(line, len, MLG_OBSERVED_FIRST))
                    ? "written by an earlier version, with too little "
                      "in it to be judged today; replay it with its own "
                      "mlgatectl"
                    : "not a line of an observation log";
        c.at = line;
    }
    else if (c.bad == NULL && c.at != c.end) {
        c.bad = "the line is longer than its fields";
    }
    if (c.bad != NULL) {
        mlg_fault(fault, (size_t)(c.at - line), c.bad);
        return MLG_ELINE;
    }
    return APR_SUCCESS;
}
