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
