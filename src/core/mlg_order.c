/* SPDX-License-Identifier: Apache-2.0
 *
 * What operators change by hand, and what a new segment takes over. */
#include "mlg_gate.h"

#include <math.h>
#include <string.h>

apr_status_t mlg_order(const mlg_gate_t *gate, mlg_block_kind kind,
                       const mlg_client_t *client, apr_time_t now_us,
                       apr_time_t until_us, const char *note,
                       mlg_stripe_t *held, mlg_block_t *was)
{
    mlg_block_t entry;
    uint32_t slot = 0;
    apr_status_t rv;

    memset(&entry, 0, sizeof(entry));
    entry.kind = kind;
    entry.client = client->hash;
    entry.until_us = until_us;
    entry.info.key = client->key;
    entry.info.since_us = now_us;
    entry.info.score = NAN;
    if (kind != MLG_BLOCK_GRACE) { /* an unblock forgets them */
        entry.info.offences =
            mlg_block_offences(&gate->blocks, entry.client, kind, now_us);
    }
    if (note != NULL) {
        memcpy(entry.info.note, note, strnlen(note, MLG_BLOCK_NOTE - 1));
    }
    if (was != NULL) {
        memset(was, 0, sizeof(*was));
        if (mlg_block_find(&gate->blocks, entry.client, now_us, NULL, &slot) !=
            MLG_BLOCK_NONE) {
            mlg_block_read(&gate->blocks, slot, was);
        }
    }
    mlg_stripe_count(held);
    rv = mlg_block_put(&gate->blocks, &entry, now_us, held);
    if (rv == APR_SUCCESS) {
        mlg_count(gate->counters, entry.client,
                  (kind == MLG_BLOCK_OPERATOR) ? MLG_C_OPERATOR_BLOCKS
                                               : MLG_C_UNBLOCKS);
    }
    return rv;
}

/* Copy an entry that old children may be writing: a whole one hashes to its
 * own client. */
static int read_whole(const mlg_gate_t *from, uint32_t n, mlg_block_t *out)
{
    for (int i = 0; i < 4; i++) {
        if (!mlg_block_read(&from->blocks, n, out)) {
            return 0;
        }
        if (mlg_hash_key(&from->segment->secret, &out->info.key) ==
            out->client) {
            return 1;
        }
    }
    return 0;
}

uint32_t mlg_gate_move_blocks(const mlg_gate_t *to, const mlg_gate_t *from,
                              apr_time_t now_us)
{
    uint32_t moved = 0;
    mlg_block_t entry;

    for (uint32_t n = 0; n < mlg_block_slots(&from->blocks); n++) {
        mlg_stripe_t *stripe;

        if (!read_whole(from, n, &entry) || entry.until_us <= now_us) {
            continue;
        }
        entry.client = mlg_hash_key(&to->segment->secret, &entry.info.key);
        stripe = &to->table.stripe[mlg_stripe_of(entry.client)];
        mlg_stripe_assume(stripe); /* nobody else uses `to` yet */
        moved +=
            (mlg_block_put(&to->blocks, &entry, now_us, stripe) == APR_SUCCESS);
    }
    return moved;
}
