/* SPDX-License-Identifier: Apache-2.0
 *
 * A state, as it is and again with checks that fit: as one who means harm would
 * write it. What is taken leaves a sound table, and a gate that can be judged
 * by, told of and written again. */
#include "fuzz.h"

#include "mlg_state.h"

#include <stdlib.h>
#include <string.h>

#define NOW_US (1700000500 * (apr_time_t)APR_USEC_PER_SEC)

static void *aligned(size_t bytes)
{
    void *at = aligned_alloc(MLG_CACHELINE, (bytes + 63) & ~(size_t)63);

    FUZZ_CHECK(at != NULL);
    return at;
}

/* One request, one look, and the whole of it written down again. */
static void use(const mlg_gate_t *gate)
{
    static const mlg_rules_t rules = {.model = &mlg_weighted_default,
                                      .engine = MLG_ENGINE_ENFORCE,
                                      .threshold = 0.8f,
                                      .min_requests = 1,
                                      .block_for_us = 1,
                                      .block_max_us = 1};
    static const mlg_site_by_t by = {.recommended = 0.5f, .slope = 1.0};
    _Alignas(8) static unsigned char room[MLG_STATE_PIECE];
    mlg_state_writer_t w = {.gate = gate,
                            .part = MLG_STATE_ALL,
                            .now_us = NOW_US,
                            .wall_us = NOW_US};
    mlg_arrival_t arrival = {.at_us = NOW_US, .from = {.hash = 0x10001}};
    mlg_dispute_t disputes[MLG_DISPUTES];
    mlg_decision_t d;
    size_t len;

    mlg_judge(gate, &rules, &arrival, &gate->table.stripe[1], &d);
    FUZZ_CHECK(!(d.score < 0.0f) && !(d.score > 1.0f));
    mlg_site_look(gate, &by, NOW_US);
    mlg_disputes_read(gate->disputes, disputes);
    FUZZ_CHECK(mlg_table_check(&gate->table, NULL) == APR_SUCCESS);
    while ((len = mlg_state_write(&w, room)) > 0) {
        FUZZ_CHECK(mlg_state_piece_bytes(room) == len);
    }
}

static void try(const void *bytes, size_t size)
{
    static void *base;
    const size_t room = mlg_segment_bytes(MLG_CLIENTS_MIN);
    mlg_fault_t fault = {0, ""};
    mlg_state_reader_t only_checked;
    mlg_state_reader_t r;
    mlg_gate_t gate;

    if (base == NULL) {
        base = aligned(room);
    }
    memset(base, 0, room);
    mlg_segment_format(base, MLG_CLIENTS_MIN, &(mlg_secret_t){{0}}, NOW_US);
    mlg_segment_view(&gate, base, room, NULL);
    mlg_state_read_begin(&only_checked, NULL, NOW_US, 0);
    mlg_state_read_begin(&r, &gate, NOW_US, MLG_STATE_KEEP_US);
    if (mlg_state_read_all(&only_checked, bytes, size, &fault) != APR_SUCCESS) {
        FUZZ_CHECK(fault.what[0] != '\0');
        return;
    }
    FUZZ_CHECK(mlg_state_read_all(&r, bytes, size, NULL) == APR_SUCCESS);
    FUZZ_CHECK(r.now_us >= r.head.written_us);
    use(&gate);
}

static void seal(unsigned char *bytes, size_t size)
{
    mlg_state_piece_t piece;
    uint64_t chain = 0;
    size_t len;

    for (size_t at = 0; size - at >= sizeof(piece); at += len) {
        len = mlg_state_piece_bytes(bytes + at);
        if (len == 0 || len > size - at) {
            return;
        }
        memcpy(&piece, bytes + at, sizeof(piece));
        chain =
            mlg_hash_check(chain, &piece, offsetof(mlg_state_piece_t, check));
        chain = mlg_hash_check(chain, bytes + at + sizeof(piece),
                               len - sizeof(piece));
        piece.check = chain;
        memcpy(bytes + at, &piece, sizeof(piece));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *copy = aligned(size + 1);

    if (size > 0) {
        memcpy(copy, data, size);
    }
    try(copy, size);
    seal(copy, size);
    try(copy, size);
    free(copy);
    return 0;
}
