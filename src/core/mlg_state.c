/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing a state, and handing one over from gate to gate.
 */
#include "state.h"

#include <string.h>

#define READ_TRIES 4

/* The sections, in their order. */
enum {
    SECTION_HEAD,
    SECTION_BLOCKS,
    SECTION_ARRAYS,
    SECTION_RECORDS = SECTION_ARRAYS + NARRAYS,
    SECTION_END,
    SECTION_NONE
};

/* Items that fit into a piece. */
static uint32_t room_for(size_t item_bytes)
{
    return (uint32_t)((MLG_STATE_PIECE - sizeof(mlg_state_piece_t)) /
                      item_bytes);
}

/* Others may be writing: whole words. */
static void copy_words(void *to, const void *from, size_t bytes)
{
    const mlg_word_t *word = from;
    mlg_word_t *out = to;

    for (size_t i = 0; i < bytes / sizeof(*word); i++) {
        out[i] = __atomic_load_n(&word[i], __ATOMIC_RELAXED);
    }
}

/* One that is being written is copied as if it had never been. */
static void copy_slot(void *to, const void *from, size_t bytes)
{
    const mlg_word_t *seq = from;
    uint64_t before = __atomic_load_n(seq, __ATOMIC_ACQUIRE);

    copy_words(to, from, bytes);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if ((before & 1) != 0 || __atomic_load_n(seq, __ATOMIC_RELAXED) != before) {
        memset(to, 0, bytes);
    }
}

/* ---- sections ------------------------------------------------------------ */

static size_t write_head(mlg_state_writer_t *w, mlg_state_piece_t *piece)
{
    const mlg_segment_t *s = w->gate->segment;
    const mlg_state_head_t head = {
        .magic = MLG_STATE_MAGIC,
        .format = MLG_STATE_FORMAT,
        .part = w->part,
        .written_us = w->now_us,
        .wall_us = w->wall_us,
        .begun_us = s->begun_us,
        .formatted_us = s->formatted_us,
        .secret = s->secret,
        .features = s->features,
        .ipv6_prefix = s->ipv6_prefix,
        .clients = s->clients,
        .is_final = (uint32_t)w->is_final,
        .model = s->model,
        .shadow = s->shadow,
    };

    memcpy(piece + 1, &head, sizeof(head));
    *piece = (mlg_state_piece_t){TAG_HEAD, 1, sizeof(head), 1, 0, 0};
    w->section++;
    return sizeof(head);
}

/* An entry that somebody is writing, and whose stripe is not to be had, is read
 * again: a whole one hashes to its own client. */
static int read_block(const mlg_state_writer_t *w, uint32_t n, mlg_block_t *out)
{
    mlg_stripe_t *held;
    int is_there = 0;

    if (__atomic_load_n(&w->gate->blocks.line[n / MLG_BLOCK_SLOTS]
                             .slot[n % MLG_BLOCK_SLOTS]
                             .client,
                        __ATOMIC_RELAXED) == 0) {
        return 0;
    }
    held = (w->take != NULL) ? w->take(mlg_block_stripe(n)) : NULL;
    for (int i = 0; i < READ_TRIES; i++) {
        is_there = mlg_block_read(&w->gate->blocks, n, out);
        if (!is_there || mlg_hash_key(&w->gate->segment->secret,
                                      &out->info.key) == out->client) {
            break;
        }
    }
    if (held != NULL) {
        w->drop(held);
    }
    return is_there;
}

static size_t write_blocks(mlg_state_writer_t *w, mlg_state_piece_t *piece)
{
    const uint32_t slots = mlg_block_slots(&w->gate->blocks);
    char *to = (char *)(piece + 1);
    uint32_t n = 0;
    mlg_state_block_t item;
    mlg_block_t block;

    for (; w->at < slots && n < room_for(sizeof(item)); w->at++) {
        if (read_block(w, (uint32_t)w->at, &block)) {
            item = (mlg_state_block_t){block.client, block.until_us, block.kind,
                                       (uint32_t)block.is_told, block.info};
            memcpy(to + n * sizeof(item), &item, sizeof(item));
            n++;
        }
    }
    if (w->at == slots) {
        w->section = (w->part == MLG_STATE_ALL) ? SECTION_ARRAYS : SECTION_END;
        w->at = 0;
    }
    *piece =
        (mlg_state_piece_t){TAG_BLOCK, BLOCK_VERSION, sizeof(item), n, 0, 0};
    w->end.blocks += n;
    return n * sizeof(item);
}

static size_t write_array(mlg_state_writer_t *w, mlg_state_piece_t *piece)
{
    array_t array = array_of(w->gate, w->section - SECTION_ARRAYS);
    uint64_t left = array.items - w->at;
    uint32_t room = room_for(array.item_bytes);
    uint32_t n = (left < room) ? (uint32_t)left : room;
    const char *from = (const char *)array.at + w->at * array.item_bytes;
    char *to = (char *)(piece + 1);

    if (array.how == MLG_STATE_WORDS) {
        copy_words(to, from, (size_t)n * array.item_bytes);
    }
    else {
        for (size_t i = 0; i < n; i++) {
            copy_slot(to + i * array.item_bytes, from + i * array.item_bytes,
                      array.item_bytes);
        }
    }
    *piece = (mlg_state_piece_t){array.tag, array.version, array.item_bytes,
                                 n,         w->at,         0};
    w->at += n;
    if (w->at == array.items) {
        w->section++;
        w->at = 0;
    }
    return (size_t)n * array.item_bytes;
}

/* @return 1 when `out` is a record that is wanted */
static int read_record(const mlg_state_writer_t *w, const mlg_record_t *shared,
                       mlg_record_t *out)
{
    return __atomic_load_n(&shared->client, __ATOMIC_RELAXED) != 0 &&
           __atomic_load_n(&shared->last_us, __ATOMIC_RELAXED) >=
               w->oldest_us &&
           mlg_record_copy(out, shared) && out->client != 0 &&
           out->last_us >= w->oldest_us;
}

static size_t write_records(mlg_state_writer_t *w, mlg_state_piece_t *piece)
{
    const mlg_table_t *t = &w->gate->table;
    const uint64_t slots = ((uint64_t)t->bucket_mask + 1) * MLG_WAYS;
    char *to = (char *)(piece + 1);
    uint32_t n = 0;
    mlg_record_t record;

    for (; w->at < slots && n < room_for(sizeof(record)); w->at++) {
        if (read_record(w,
                        &t->bucket[w->at / MLG_WAYS].record[w->at % MLG_WAYS],
                        &record)) {
            memcpy(to + n * sizeof(record), &record, sizeof(record));
            n++;
        }
    }
    if (w->at == slots) {
        w->section++;
        w->at = 0;
    }
    *piece = (mlg_state_piece_t){
        TAG_RECORD, MLG_RECORD_VERSION, sizeof(record), n, 0, 0};
    w->end.records += n;
    return n * sizeof(record);
}

static size_t write_end(mlg_state_writer_t *w, mlg_state_piece_t *piece)
{
    *piece = (mlg_state_piece_t){TAG_END, 1, sizeof(w->end), 1, 0, 0};
    memcpy(piece + 1, &w->end, sizeof(w->end));
    w->section++;
    return sizeof(w->end);
}

static size_t write_section(mlg_state_writer_t *w, mlg_state_piece_t *piece)
{
    switch (w->section) {
    case SECTION_HEAD:
        return write_head(w, piece);
    case SECTION_BLOCKS:
        return write_blocks(w, piece);
    case SECTION_RECORDS:
        return write_records(w, piece);
    case SECTION_END:
        return write_end(w, piece);
    default:
        return write_array(w, piece);
    }
}

size_t mlg_state_write(mlg_state_writer_t *w, void *out)
{
    mlg_state_piece_t *piece = out;
    size_t len = 0;

    while (w->section != SECTION_NONE && len == 0) {
        len = write_section(w, piece); /* nothing: no block, or no client */
    }
    if (len == 0) {
        return 0;
    }
    len += sizeof(*piece);
    piece->check = check_of(w->chain, piece, len);
    w->chain = piece->check;
    w->end.pieces++;
    return len;
}

void mlg_state_copy(const mlg_gate_t *to, mlg_state_writer_t *w, void *room,
                    mlg_state_reader_t *r)
{
    size_t len;

    mlg_state_read_begin(r, to, w->wall_us, 0);
    while ((len = mlg_state_write(w, room)) > 0) {
        mlg_state_read(r, room, len, NULL); /* our own: sound */
    }
    to->segment->took_over = MLG_TOOK_ALL;
}
