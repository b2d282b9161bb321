/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_observation.h"

#include <math.h>
#include <string.h>

#define TAG       "mlg1"
#define TAG_START "mlg1-start"
#define TAG_ORDER "mlg1-order"
#define PLUS      '+'
#define LATEST_US 253402300799999999u /* the year 9999 ends */

static const mlg_secret_t no_secret; /* fingerprints, not defences */

/* ---- writing ------------------------------------------------------------ */

static char *put(char *at, const char *text)
{
    size_t len = strlen(text);

    memcpy(at, text, len);
    return at + len;
}

/* A space and a number. */
static char *put_number(char *at, uint64_t n, unsigned base)
{
    char digits[20];
    unsigned len = 0;

    do {
        digits[len++] = "0123456789abcdef"[n % base];
        n /= base;
    } while (n > 0);
    *at++ = ' ';
    while (len > 0) {
        *at++ = digits[--len];
    }
    return at;
}

static char *put_decimal(char *at, uint64_t n)
{
    return put_number(at, n, 10);
}

static char *put_hex(char *at, uint64_t n)
{
    return put_number(at, n, 16);
}

static char *put_bits(char *at, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return put_hex(at, bits);
}

static char *put_client(char *at, const mlg_client_t *client)
{
    char text[MLG_KEY_TEXT];

    *at++ = ' ';
    at = put(at, mlg_key_render(text, &client->addr, MLG_KEY_BITS));
    return put_hex(at, client->hash);
}

static char *put_arrived(char *at, const mlg_observation_t *o)
{
    at = put_decimal(at, o->arrived);
    if (!o->is_arrival_held) {
        *at++ = PLUS;
    }
    return at;
}

static char *put_arrival(char *at, const mlg_arrival_t *a)
{
    at = put_decimal(at, (uint64_t)a->at_us);
    at = put_client(at, &a->from);
    at = put_hex(at, a->subnet);
    at = put_hex(at, a->path);
    at = put_hex(at, a->query);
    at = put_hex(at, a->agent);
    at = put_decimal(at, a->body_bytes);
    at = put_hex(at, a->session);
    at = put_decimal(at, a->depth);
    at = put_hex(at, a->is);
    at = put_hex(at, a->knows);
    at = put_decimal(at, a->path_bytes);
    at = put_decimal(at, a->path_segments);
    at = put_decimal(at, a->header_fields);
    at = put_decimal(at, a->header_anomaly);
    return put_bits(at, a->subnet_rate);
}

static char *put_request(char *at, const mlg_observation_t *o)
{
    at = put_arrival(at, &o->arrival);
    at = put_arrived(at, o);
    at = put_decimal(at, o->settled);
    at = put_decimal(at, o->outcome.status);
    at = put_decimal(at, o->outcome.sent_bytes);
    at = o->outcome.knows_duration ? put_decimal(at, o->outcome.duration_us)
                                   : put(at, " -");
    *at++ = ' ';
    at = put(at, mlg_verdict_name((mlg_verdict)o->verdict));
    at = put_bits(at, o->score);
    at = put_hex(at, o->vector);
    return put_hex(at, o->rules);
}

size_t mlg_observation_render(char *out, const mlg_observation_t *o)
{
    char *at = out;

    switch (o->kind) {
    case MLG_OBSERVED_REQUEST:
        at = put_hex(put(at, TAG), o->segment);
        at = put_request(at, o);
        break;
    case MLG_OBSERVED_START:
        at = put_hex(put(at, TAG_START), o->segment);
        at = put_decimal(at, o->clients);
        at = put_decimal(at, o->ipv6_prefix);
        at = put_hex(at, o->features);
        at = put_decimal(at, o->events);
        break;
    case MLG_OBSERVED_ORDER:
        at = put_hex(put(at, TAG_ORDER), o->segment);
        at = put_decimal(at, (uint64_t)o->arrival.at_us);
        at = put_client(at, &o->arrival.from);
        at = put_decimal(at, o->order);
        at = put_decimal(at, (uint64_t)o->until_us);
        at = put_arrived(at, o);
        break;
    }
    *at++ = '\n';
    *at = '\0';
    return (size_t)(at - out);
}

/* ---- reading ------------------------------------------------------------ */

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

    o->is_arrival_held = !(len > 0 && word[len - 1] == PLUS);
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
}

static void take_order(cursor_t *c, mlg_observation_t *o)
{
    o->kind = MLG_OBSERVED_ORDER;
    o->arrival.at_us = take_time(c);
    take_client(c, &o->arrival.from);
    o->order = (mlg_block_kind)take_decimal(c, MLG_BLOCK_GRACE);
    o->until_us = take_time(c);
    take_arrived(c, o);
}

int mlg_observation_is(const char *line, size_t len)
{
    return len > 4 && memcmp(line, TAG, 4) == 0 &&
           (line[4] == ' ' || line[4] == '-');
}

apr_status_t mlg_observation_parse(mlg_observation_t *o, const char *line,
                                   size_t len, mlg_fault_t *fault)
{
    static const struct {
        const char *tag;
        void (*take)(cursor_t *c, mlg_observation_t *o);
    } kinds[] = {
        {TAG, take_request}, {TAG_START, take_start}, {TAG_ORDER, take_order}};
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
        c.bad = "not a line of an observation log";
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

/* ---- fingerprints ------------------------------------------------------- */

uint32_t mlg_vector_hash(const float x[MLG_NFEATURES])
{
    uint32_t bits[MLG_NFEATURES];
    int known = 0;

    for (int i = 0; i < MLG_NFEATURES; i++) {
        bits[i] = UINT32_MAX; /* every NaN alike, -0 like 0 */
        if (!isnan(x[i])) {
            float value = x[i] + 0.0f;

            memcpy(&bits[i], &value, sizeof(bits[i]));
            known = 1;
        }
    }
    return known ? (uint32_t)mlg_hash_text(&no_secret, (const char *)bits,
                                           sizeof(bits)) |
                       1
                 : 0;
}

uint32_t mlg_rules_hash(const mlg_rules_t *rules)
{
    struct {
        uint64_t model;
        int64_t block_for_us;
        int64_t block_max_us;
        uint32_t threshold; /* its bits */
        uint32_t min_requests;
        uint64_t engine;
    } all;

    all.model = mlg_hash_text(&no_secret, (const char *)rules->model,
                              sizeof(*rules->model));
    all.block_for_us = rules->block_for_us;
    all.block_max_us = rules->block_max_us;
    memcpy(&all.threshold, &rules->threshold, sizeof(all.threshold));
    all.min_requests = rules->min_requests;
    all.engine = rules->engine;
    return (uint32_t)mlg_hash_text(&no_secret, (const char *)&all, sizeof(all));
}
