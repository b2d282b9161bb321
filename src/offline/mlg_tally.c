/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_tally.h"

#include "pool_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#define WAYS       8u
#define PARTS      256u /* by the top 8 bits of a client's hash */
#define PART_BITS  8
#define CHUNK_ROWS 127u
#define BITS_MAX   56 /* of a hash that can tell clients apart */

/* As it lies in the file. */
typedef struct chunk_t {
    uint64_t before; /* number of the chain's chunk before this one, 0 = none;
                        the file's first chunk is 1 */
    uint64_t n;      /* rows used */
    uint64_t spare[6];
    mlg_tally_row_t row[CHUNK_ROWS];
} chunk_t;

static_assert(sizeof(chunk_t) == 8192, "a chunk is two pages");

struct mlg_tally_t {
    const mlg_secret_t *secret;
    uint64_t mask;        /* rows - 1 */
    uint64_t *tag;        /* hashes, shape [mask + 1]; 0 = empty */
    mlg_tally_row_t *row; /* shape [mask + 1] */
    chunk_t *part;        /* shape [PARTS]: what is not in the file yet */
    uint64_t spilled;
    uint64_t chunks; /* in the file */
    int file;        /* -1 = none yet */
    apr_pool_t *p;
};

static apr_status_t close_file(void *data)
{
    mlg_tally_t *t = data;

    if (t->file >= 0) {
        close(t->file);
        t->file = -1;
    }
    return APR_SUCCESS;
}

apr_status_t mlg_tally_make(mlg_tally_t **out, uint32_t rows,
                            const mlg_secret_t *secret, apr_pool_t *p)
{
    mlg_tally_t *t = apr_pcalloc(p, sizeof(*t));
    size_t n = WAYS;

    while (n < rows) {
        n *= 2;
    }
    t->mask = n - 1;
    t->secret = secret;
    t->p = p;
    t->file = -1;
    t->tag = pool_lines(p, n * sizeof(*t->tag));
    t->row = pool_lines(p, n * sizeof(*t->row));
    if (t->tag == NULL || t->row == NULL) {
        return APR_ENOMEM;
    }
    memset(t->tag, 0, n * sizeof(*t->tag));
    apr_pool_cleanup_register(p, t, close_file, apr_pool_cleanup_null);
    *out = t;
    return APR_SUCCESS;
}

uint64_t mlg_tally_spilled(const mlg_tally_t *t)
{
    return t->spilled;
}

/* ---- the temporary file --------------------------------------------------- */

static apr_status_t open_file(mlg_tally_t *t)
{
    const char *dir;
    char *path;
    apr_status_t rv = apr_temp_dir_get(&dir, t->p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    path = apr_pstrcat(t->p, dir, "/mlgatectl.XXXXXX", NULL);
    t->file = mkostemp(path, O_CLOEXEC);
    if (t->file < 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    unlink(path);
    t->part = apr_pcalloc(t->p, PARTS * sizeof(*t->part));
    return (t->part != NULL) ? APR_SUCCESS : APR_ENOMEM;
}

static apr_status_t write_chunk(mlg_tally_t *t, chunk_t *chunk)
{
    const char *at = (const char *)chunk;
    off_t offset = (off_t)(t->chunks * sizeof(*chunk));

    for (size_t done = 0; done < sizeof(*chunk);) {
        ssize_t n = pwrite(t->file, at + done, sizeof(*chunk) - done,
                           offset + (off_t)done);

        if (n < 0 && errno != EINTR) {
            return APR_FROM_OS_ERROR(errno);
        }
        done += (n > 0) ? (size_t)n : 0;
    }
    chunk->before = ++t->chunks;
    chunk->n = 0;
    return APR_SUCCESS;
}

static apr_status_t read_chunk(const mlg_tally_t *t, uint64_t number,
                               chunk_t *chunk)
{
    char *at = (char *)chunk;
    off_t offset = (off_t)((number - 1) * sizeof(*chunk));

    for (size_t done = 0; done < sizeof(*chunk);) {
        ssize_t n = pread(t->file, at + done, sizeof(*chunk) - done,
                          offset + (off_t)done);

        if (n == 0) {
            return APR_EOF;
        }
        if (n < 0 && errno != EINTR) {
            return APR_FROM_OS_ERROR(errno);
        }
        done += (n > 0) ? (size_t)n : 0;
    }
    return APR_SUCCESS;
}

static apr_status_t spill(mlg_tally_t *t, uint64_t at)
{
    apr_status_t rv = (t->file < 0) ? open_file(t) : APR_SUCCESS;
    chunk_t *chunk;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    chunk = &t->part[t->tag[at] >> (64 - PART_BITS)];
    chunk->row[chunk->n++] = t->row[at];
    t->spilled++;
    t->tag[at] = 0;
    return (chunk->n == CHUNK_ROWS) ? write_chunk(t, chunk) : APR_SUCCESS;
}

/* ---- counting ------------------------------------------------------------- */

apr_status_t mlg_tally_get(mlg_tally_t *t, const mlg_client_t *client,
                           mlg_tally_row_t **out, int *is_new)
{
    uint64_t first = client->hash & t->mask & ~(uint64_t)(WAYS - 1);
    uint64_t at = first;
    apr_status_t rv = APR_SUCCESS;

    *is_new = 0;
    for (uint64_t i = first; i < first + WAYS; i++) {
        if (t->tag[i] == client->hash) {
            *out = &t->row[i];
            return APR_SUCCESS;
        }
    }
    for (uint64_t i = first; i < first + WAYS; i++) {
        if (t->tag[i] == 0) {
            at = i;
            break;
        }
        at = (t->row[i].last_us < t->row[at].last_us) ? i : at;
    }
    if (t->tag[at] != 0) {
        rv = spill(t, at);
    }
    if (rv == APR_SUCCESS) {
        memset(&t->row[at], 0, sizeof(t->row[at]));
        t->row[at].key = client->key;
        t->row[at].max_score = NAN;
        t->tag[at] = client->hash;
        *out = &t->row[at];
        *is_new = 1;
    }
    return rv;
}

static uint32_t sum(uint32_t a, uint32_t b)
{
    return (a > UINT32_MAX - b) ? UINT32_MAX : a + b;
}

void mlg_tally_add(mlg_tally_row_t *row, const mlg_arrival_t *arrival,
                   const mlg_decision_t *d)
{
    if (row->requests == 0 || d->at_us < row->first_us) {
        row->first_us = d->at_us;
    }
    row->last_us = (d->at_us > row->last_us) ? d->at_us : row->last_us;
    row->requests = sum(row->requests, 1);
    row->pages = sum(row->pages, (arrival->is & MLG_IS_ASSET) == 0);
    row->refused = sum(row->refused, (uint32_t)mlg_decision_refuses(d));
    if (d->convicts) {
        row->blocked_us = (row->blocks == 0) ? d->at_us : row->blocked_us;
        row->blocks = (uint16_t)(row->blocks + (row->blocks < UINT16_MAX));
    }
    row->before = sum(row->before, row->blocks == 0);
    row->max_score = fmaxf(row->max_score, d->score);
}

/* ---- putting rows together ------------------------------------------------ */

/* Put an older row of the same client before what is known of it. */
static void prepend(mlg_tally_row_t *row, const mlg_tally_row_t *older)
{
    unsigned blocks = (unsigned)row->blocks + older->blocks;

    row->before =
        (older->blocks > 0) ? older->before : sum(older->before, row->before);
    row->blocked_us = (older->blocks > 0) ? older->blocked_us : row->blocked_us;
    row->first_us =
        (older->first_us < row->first_us) ? older->first_us : row->first_us;
    row->last_us =
        (older->last_us > row->last_us) ? older->last_us : row->last_us;
    row->requests = sum(row->requests, older->requests);
    row->pages = sum(row->pages, older->pages);
    row->refused = sum(row->refused, older->refused);
    row->max_score = fmaxf(row->max_score, older->max_score);
    row->blocks = (uint16_t)((blocks < UINT16_MAX) ? blocks : UINT16_MAX);
    row->class = older->class;
    row->label = older->label;
}

/* A chain being read: the clients whose hash has these top bits, and how much
 * of the table they fill. */
typedef struct merge_t {
    mlg_tally_t *t;
    unsigned bits; /* of the hash, from the top, ... */
    uint64_t top;  /* ... that equal this */
    uint64_t used;
    chunk_t chunk;
} merge_t;

/* @return 0 when the table is too full for another client */
static int merge_row(merge_t *m, const mlg_tally_row_t *row)
{
    mlg_tally_t *t = m->t;
    uint64_t hash = mlg_hash_key(t->secret, &row->key);
    uint64_t at = hash & t->mask;

    if (hash >> (64 - m->bits) != m->top) {
        return 1;
    }
    while (t->tag[at] != 0 && t->tag[at] != hash) {
        at = (at + 1) & t->mask;
    }
    if (t->tag[at] == hash) {
        prepend(&t->row[at], row);
        return 1;
    }
    if (++m->used > t->mask - t->mask / 4) {
        return 0;
    }
    t->tag[at] = hash;
    t->row[at] = *row;
    return 1;
}

/* Newest chunk first, newest row first. @return APR_ENOSPC when the table is
 * too small for all of them */
static apr_status_t merge_chain(merge_t *m, const chunk_t *newest)
{
    const chunk_t *chunk = newest;
    apr_status_t rv;

    m->used = 0;
    memset(m->t->tag, 0, (m->t->mask + 1) * sizeof(*m->t->tag));
    for (;;) {
        for (uint64_t i = chunk->n; i > 0; i--) {
            if (!merge_row(m, &chunk->row[i - 1])) {
                return APR_ENOSPC;
            }
        }
        if (chunk->before == 0) {
            return APR_SUCCESS;
        }
        rv = read_chunk(m->t, chunk->before, &m->chunk);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        chunk = &m->chunk;
    }
}

static apr_status_t hand_out(const mlg_tally_t *t, mlg_tally_fn fn, void *data)
{
    apr_status_t rv = APR_SUCCESS;

    for (uint64_t i = 0; i <= t->mask && rv == APR_SUCCESS; i++) {
        if (t->tag[i] != 0) {
            rv = fn(data, &t->row[i]);
        }
    }
    return rv;
}

/* A part of the clients; in halves, and these in halves, when there are more
 * of them than the table holds. */
static apr_status_t merge_part(merge_t *m, unsigned bits, uint64_t top,
                               mlg_tally_fn fn, void *data)
{
    apr_status_t rv;

    m->bits = bits;
    m->top = top;
    rv = merge_chain(m, &m->t->part[top >> (bits - PART_BITS)]);
    if (rv == APR_SUCCESS) {
        return hand_out(m->t, fn, data);
    }
    if (rv != APR_ENOSPC || bits == BITS_MAX) {
        return (rv == APR_ENOSPC) ? APR_ENOMEM : rv;
    }
    rv = merge_part(m, bits + 1, top * 2, fn, data);
    return (rv == APR_SUCCESS) ? merge_part(m, bits + 1, top * 2 + 1, fn, data)
                               : rv;
}

apr_status_t mlg_tally_each(mlg_tally_t *t, mlg_tally_fn fn, void *data)
{
    apr_status_t rv = APR_SUCCESS;
    merge_t *m;

    if (t->spilled == 0) {
        return hand_out(t, fn, data);
    }
    for (uint64_t i = 0; i <= t->mask && rv == APR_SUCCESS; i++) {
        rv = (t->tag[i] != 0) ? spill(t, i) : APR_SUCCESS;
    }
    m = apr_palloc(t->p, sizeof(*m));
    m->t = t;
    for (uint64_t part = 0; part < PARTS && rv == APR_SUCCESS; part++) {
        rv = merge_part(m, PART_BITS, part, fn, data);
    }
    return rv;
}
