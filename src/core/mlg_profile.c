/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_profile.h"

#include "mlg_features.h"

#include <math.h>
#include <sha256.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 32 /* characters */
#define HOURS      24
#define SHA_HEX    (2 * SHA256_DIGEST_LENGTH)

const uint32_t mlg_profile_baselines[MLG_PROFILE_BASELINES] = {
    MLG_F_REQUEST_RATE, MLG_F_PAGE_RATE_60S, MLG_F_PAGE_RATE_300S,
    MLG_F_ASSET_RATE};

const char *const mlg_profile_days[7] = {"mon", "tue", "wed", "thu",
                                         "fri", "sat", "sun"};

/* ---- words and numbers --------------------------------------------------- */

/* The text at hand: what is left of a line, or of the file. */
typedef struct cursor_t {
    const char *at;
    const char *end;
} cursor_t;

static mlg_text_t next_until(cursor_t *c, char stop)
{
    const char *hit = memchr(c->at, stop, (size_t)(c->end - c->at));
    mlg_text_t text = {c->at, (size_t)((hit != NULL ? hit : c->end) - c->at)};

    c->at = (hit != NULL) ? hit + 1 : c->end;
    return text;
}

static mlg_text_t next_word(cursor_t *c)
{
    return next_until(c, ' ');
}

static int is(mlg_text_t text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.at, word, text.len) == 0;
}

static int read_number(cursor_t *c, double least, double most, double *out)
{
    mlg_text_t word = next_word(c);
    char buf[NUMBER_MAX + 1];
    char *end = NULL;

    if (word.len == 0 || word.len > NUMBER_MAX) {
        return 0;
    }
    memcpy(buf, word.at, word.len);
    buf[word.len] = '\0';
    *out = strtod(buf, &end);
    return strspn(buf, "0123456789.e-+") == word.len && *end == '\0' &&
           *out >= least && *out <= most; /* false for NaN */
}

static int read_share(cursor_t *c, float *out)
{
    double n;
    int is_read = read_number(c, 0.0, 1.0, &n);

    *out = is_read ? (float)n : 0.0f;
    return is_read;
}

/* A threshold is neither 0 nor 1. */
static int read_threshold(cursor_t *c, float *out)
{
    return read_share(c, out) && *out > 0.0f && *out < 1.0f;
}

static int read_whole(cursor_t *c, double most, uint64_t *out)
{
    double n;
    int is_read = read_number(c, 0.0, most, &n) && n == floor(n);

    *out = is_read ? (uint64_t)n : 0;
    return is_read;
}

static int read_count(cursor_t *c, uint32_t *out)
{
    uint64_t n;
    int is_read = read_whole(c, UINT32_MAX, &n);

    *out = (uint32_t)n;
    return is_read;
}

static int digit_of(char c)
{
    return (c >= '0' && c <= '9')   ? c - '0'
           : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                                    : -1;
}

static int read_hex(cursor_t *c, uint64_t *out)
{
    mlg_text_t word = next_word(c);

    *out = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (digit_of(word.at[i]) < 0) {
            return 0;
        }
        *out = *out << 4 | (uint64_t)digit_of(word.at[i]);
    }
    return word.len == 16;
}

/* ---- lines --------------------------------------------------------------- */

/* What a line is about; those before MANY stand once, all of them. */
/* clang-format off */
#define KEYS(X) \
    X(model) X(features) X(threshold) X(recommended) X(share) X(trusted)       \
    X(refused) X(upper) X(clients) X(requests) X(span)
#define KEYS_FREE(X) \
    X(places) X(baseline) X(load) X(place)
/* clang-format on */

static const char *const keys[] = {
#define X(key) #key,
    KEYS(X) KEYS_FREE(X)
#undef X
};

static const char *const missing[] = {
#define X(key) "its line " #key " is missing",
    KEYS(X)
#undef X
};

enum key {
#define X(key) KEY_##key,
    KEYS(X) KEY_MANY,
    KEY_BEFORE_FREE = KEY_MANY - 1,
    KEYS_FREE(X) NKEYS
#undef X
};

static int read_span(mlg_profile_t *p, cursor_t *c)
{
    double first;
    double last;
    int is_read = read_number(c, 0.0, 1e11, &first) &&
                  read_number(c, 0.0, 1e11, &last) && first <= last;

    if (is_read) {
        p->first_us = (apr_time_t)(first * APR_USEC_PER_SEC);
        p->last_us = (apr_time_t)(last * APR_USEC_PER_SEC);
    }
    return is_read;
}

static int read_baseline(mlg_profile_t *p, cursor_t *c)
{
    mlg_baseline_t *b = &p->baseline[p->nbaselines];
    mlg_text_t name = next_word(c);
    uint32_t i = 0;

    while (i < MLG_PROFILE_BASELINES &&
           !is(name, mlg_features[mlg_profile_baselines[i]].name)) {
        i++;
    }
    if (i == MLG_PROFILE_BASELINES || p->nbaselines == MLG_PROFILE_BASELINES) {
        return 0;
    }
    b->feature = mlg_profile_baselines[i];
    for (i = 0; i < 3; i++) {
        double n;

        if (!read_number(c, 0.0, 1e6, &n)) {
            return 0;
        }
        b->quantile[i] = (float)n;
    }
    p->nbaselines++;
    return 1;
}

static int read_load(mlg_profile_t *p, cursor_t *c)
{
    mlg_text_t name = next_word(c);
    unsigned day = 0;

    while (day < 7 && !is(name, mlg_profile_days[day])) {
        day++;
    }
    for (unsigned hour = 0; hour < HOURS; hour++) {
        double n;

        if (day == 7 || !read_number(c, 0.0, 1e12, &n)) {
            return 0;
        }
        p->load[day * HOURS + hour] = (float)n;
    }
    p->has_load = 1;
    return 1;
}

static int is_escaped(mlg_text_t path)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.at[i] <= ' ' || path.at[i] > '~') {
            return 0;
        }
        if (path.at[i] != '\\') {
            continue;
        }
        if (path.len - i < 4 || path.at[i + 1] != 'x' ||
            digit_of(path.at[i + 2]) < 0 || digit_of(path.at[i + 3]) < 0) {
            return 0;
        }
        i += 3;
    }
    return path.len > 0 && path.len <= MLG_PROFILE_PATH_MAX;
}

static int read_place(mlg_profile_t *p, cursor_t *c)
{
    mlg_profile_place_t *place = &p->place[p->nplaces];
    mlg_text_t kind;

    if (p->nplaces == MLG_PROFILE_PLACES || !read_count(c, &place->clients)) {
        return 0;
    }
    kind = next_word(c);
    place->has_body = is(kind, "body");
    place->path = next_word(c);
    if ((!place->has_body && !is(kind, "get")) || !is_escaped(place->path)) {
        return 0;
    }
    p->nplaces++;
    return 1;
}

static int read_value(mlg_profile_t *p, unsigned key, cursor_t *c)
{
    switch (key) {
    case KEY_model:
        return read_hex(c, &p->model);
    case KEY_features:
        return read_hex(c, &p->features);
    case KEY_threshold:
        return read_threshold(c, &p->threshold);
    case KEY_recommended:
        return read_threshold(c, &p->recommended);
    case KEY_share:
        return read_share(c, &p->share);
    case KEY_trusted:
        return read_count(c, &p->trusted);
    case KEY_refused:
        return read_count(c, &p->refused);
    case KEY_upper:
        return read_share(c, &p->upper);
    case KEY_clients:
        return read_count(c, &p->clients);
    case KEY_requests:
        return read_whole(c, 9e15, &p->requests);
    case KEY_span:
        return read_span(p, c);
    case KEY_places:
        return read_count(c, &p->places);
    case KEY_baseline:
        return read_baseline(p, c);
    case KEY_load:
        return read_load(p, c);
    case KEY_place:
        return read_place(p, c);
    default:
        return 0;
    }
}

static apr_status_t refuse(mlg_fault_t *fault, size_t line, const char *what)
{
    mlg_fault(fault, line, what);
    return MLG_EPROFILE;
}

static apr_status_t read_line(mlg_profile_t *p, mlg_text_t line, size_t number,
                              uint32_t *given, mlg_fault_t *fault)
{
    cursor_t c = {line.at, line.at + line.len};
    mlg_text_t word = next_word(&c);
    unsigned key = 0;

    if (line.len == 0 || line.at[0] == '#') {
        return APR_SUCCESS;
    }
    while (key < NKEYS && !is(word, keys[key])) {
        key++;
    }
    if (key == NKEYS) {
        return refuse(fault, number, "no line of a profile begins so");
    }
    if (key < KEY_MANY && (*given >> key & 1) != 0) {
        return refuse(fault, number, "this is said twice");
    }
    *given |= 1u << key;
    if (!read_value(p, key, &c) || c.at != c.end) {
        return refuse(fault, number,
                      "a value is missing, too much or out of range");
    }
    return APR_SUCCESS;
}

/* ---- the whole ----------------------------------------------------------- */

/* The first line, and the last with the hash of all others. Sets `c` to what
 * is between them. */
static apr_status_t check_ends(cursor_t *c, const char *text, size_t len,
                               mlg_fault_t *fault)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    const size_t tail = sizeof("end ") - 1 + SHA_HEX + 1;
    const char *end;
    SHA256_CTX hash;
    cursor_t first;
    mlg_text_t line;

    *c = (cursor_t){text, text + len};
    line = next_until(c, '\n');
    first = (cursor_t){line.at, line.at + line.len};
    if (!is(next_word(&first), MLG_PROFILE_MAGIC)) {
        return refuse(fault, 1, "a profile begins with mlgate-profile");
    }
    if (!is(next_until(&first, '\n'), MLG_PROFILE_VERSION)) {
        return refuse(fault, 1,
                      "a profile of a format that this build does not know");
    }
    end = ((size_t)(c->end - c->at) < tail) ? NULL : text + len - tail;
    if (end == NULL || memcmp(end, "end ", 4) != 0 || end[-1] != '\n' ||
        text[len - 1] != '\n') {
        return refuse(fault, 0, "it does not end with its checksum: cut short");
    }
    SHA256Init(&hash);
    SHA256Update(&hash, (const uint8_t *)text, len - tail);
    SHA256Final(digest, &hash);
    for (size_t i = 0; i < SHA_HEX; i++) {
        unsigned nibble = digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15;

        if (digit_of(end[4 + i]) != (int)nibble) {
            return refuse(fault, 0,
                          "it is not as it was written: its checksum differs");
        }
    }
    c->end = end;
    return APR_SUCCESS;
}

apr_status_t mlg_profile_parse(mlg_profile_t *out, const char *text, size_t len,
                               mlg_fault_t *fault)
{
    uint32_t given = 0;
    size_t number = 1;
    cursor_t c;
    apr_status_t rv;

    memset(out, 0, sizeof(*out));
    if (len > MLG_PROFILE_BYTES_MAX) {
        return refuse(fault, 0, "it is longer than a profile can be");
    }
    rv = check_ends(&c, text, len, fault);
    while (rv == APR_SUCCESS && c.at < c.end) {
        rv = read_line(out, next_until(&c, '\n'), ++number, &given, fault);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (unsigned key = 0; key < KEY_MANY; key++) {
        if ((given >> key & 1) == 0) {
            return refuse(fault, 0, missing[key]);
        }
    }
    return (out->refused <= out->trusted)
               ? APR_SUCCESS
               : refuse(fault, 0,
                        "more trusted clients are refused than there "
                        "are");
}

unsigned mlg_profile_hour(apr_time_t at_us)
{
    /* the epoch was a Thursday */
    int64_t hours = at_us / APR_USEC_PER_SEC / 3600 + 3 * HOURS;

    return (unsigned)(((hours % MLG_PROFILE_HOURS) + MLG_PROFILE_HOURS) %
                      MLG_PROFILE_HOURS);
}

size_t mlg_profile_unescape(char *out, mlg_text_t path)
{
    size_t n = 0;

    for (size_t i = 0; i < path.len; i++) {
        char c = path.at[i];

        if (c == '\\' && path.len - i >= 4) {
            c = (char)(((unsigned)digit_of(path.at[i + 2]) << 4 |
                        (unsigned)digit_of(path.at[i + 3])) &
                       0xff);
            i += 3;
        }
        out[n++] = c;
    }
    return n;
}

/* In whole clients of those that are seeded. */
static uint32_t scaled(uint32_t clients, double scale)
{
    double n = (double)clients * scale;

    return (n < MLG_PROFILE_SEED) ? (uint32_t)(n + 0.5) : MLG_PROFILE_SEED;
}

void mlg_profile_seed(const mlg_profile_t *profile,
                      const mlg_popularity_t *places,
                      const mlg_secret_t *secret, apr_time_t now_us)
{
    double scale = (profile->places > MLG_PROFILE_SEED)
                       ? (double)MLG_PROFILE_SEED / profile->places
                       : 1.0;
    char path[MLG_PROFILE_PATH_MAX];

    for (uint32_t i = scaled(profile->places, scale); i > 0; i--) {
        mlg_popularity_add_client(places, now_us);
    }
    for (uint32_t i = 0; i < profile->nplaces; i++) {
        const mlg_profile_place_t *place = &profile->place[i];
        mlg_arrival_t asked = {.is = place->has_body ? MLG_IS_OTHER_METHOD : 0};

        asked.path = mlg_hash_text(secret, path,
                                   mlg_profile_unescape(path, place->path));
        for (uint32_t n = scaled(place->clients, scale); n > 0; n--) {
            mlg_popularity_add(places, mlg_arrival_place(&asked), now_us);
        }
    }
}
