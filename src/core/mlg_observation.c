/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_observation.h"

#include "mlg_cidr.h"

#include <math.h>
#include <string.h>

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
        *at++ = MLG_OBSERVED_UNHELD;
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
    at = put_hex(at, a->referer);
    at = put_decimal(at, a->body_bytes);
    at = put_hex(at, a->session);
    at = put_decimal(at, a->depth);
    at = put_hex(at, a->is);
    at = put_hex(at, a->knows);
    at = put_decimal(at, a->path_bytes);
    at = put_decimal(at, a->path_segments);
    at = put_decimal(at, a->header_fields);
    at = put_decimal(at, a->header_anomaly);
    at = put_bits(at, a->subnet_rate);
    at = put_decimal(at, a->rarity);
    at = put_hex(at, a->print);
    at = put_hex(at, a->shape);
    at = put_hex(at, a->template);
    at = put_bits(at, a->excess);
    return put_hex(at, a->swarm);
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
    at = put_bits(at, o->threshold);
    at = put_hex(at, o->vector);
    return put_hex(at, o->rules);
}

size_t mlg_observation_render(char *out, const mlg_observation_t *o)
{
    char *at = out;

    switch (o->kind) {
    case MLG_OBSERVED_REQUEST:
        at = put_hex(put(at, MLG_OBSERVED_TAG), o->segment);
        at = put_request(at, o);
        break;
    case MLG_OBSERVED_START:
        at = put_hex(put(at, MLG_OBSERVED_TAG_START), o->segment);
        at = put_decimal(at, o->clients);
        at = put_decimal(at, o->ipv6_prefix);
        at = put_hex(at, o->features);
        at = put_decimal(at, o->events);
        if (o->took_over != MLG_TOOK_NOTHING) {
            at = put_hex(at, o->from);
            at = put_decimal(at, o->took_over);
        }
        break;
    case MLG_OBSERVED_ORDER:
        at = put_hex(put(at, MLG_OBSERVED_TAG_ORDER), o->segment);
        at = put_decimal(at, (uint64_t)o->arrival.at_us);
        at = put_client(at, &o->arrival.from);
        at = put_decimal(at, o->order);
        at = put_decimal(at, (uint64_t)o->until_us);
        at = put_decimal(at, o->offences);
        at = put_bits(at, o->score);
        at = put_arrived(at, o);
        break;
    }
    *at++ = '\n';
    *at = '\0';
    return (size_t)(at - out);
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
        uint64_t allow;
    } all;

    all.model = mlg_rules_scorer(rules);
    all.block_for_us = rules->block_for_us;
    all.block_max_us = rules->block_max_us;
    memcpy(&all.threshold, &rules->threshold, sizeof(all.threshold));
    all.min_requests = rules->min_requests;
    all.engine = rules->engine;
    all.allow = (rules->allow != NULL) ? rules->allow->hash : 0;
    return (uint32_t)mlg_hash_text(&no_secret, (const char *)&all, sizeof(all));
}
