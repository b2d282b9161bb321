/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

static apr_status_t view(rig_t *rig, size_t bytes, mlg_fault_t *fault)
{
    mlg_gate_t gate;

    return mlg_segment_view(&gate, rig->base, bytes, fault);
}

CLAIM(a_fresh_segment_is_empty_and_sound)
{
    rig_t rig;
    uint32_t count[MLG_BLOCK_GRACE + 1];
    mlg_decision_t d;

    BEGIN;
    rig_open(&rig);
    IS_INT(mlg_table_check(&rig.gate.table, NULL), APR_SUCCESS);
    mlg_block_census(&rig.gate.blocks, T0, count);
    IS_INT(count[MLG_BLOCK_AUTO], 0);
    IS_INT(mlg_ring_latest(rig.gate.ring, 0, &d), 0);
    IS_INT(rig.gate.segment->clients, MLG_CLIENTS_MIN);
    IS_INT(rig.gate.segment->formatted_us, T0);
    rig_close(&rig);
}

CLAIM(the_size_is_rounded_up_within_its_limits)
{
    BEGIN;
    IS_INT(mlg_segment_bytes(0), mlg_segment_bytes(MLG_CLIENTS_MIN));
    IS_INT(mlg_segment_bytes(4097), mlg_segment_bytes(8192));
    IS_INT(mlg_segment_bytes(UINT32_MAX), mlg_segment_bytes(MLG_CLIENTS_MAX));
    for (uint32_t n = MLG_CLIENTS_MIN; n <= MLG_CLIENTS_MAX; n *= 2) {
        size_t bytes = mlg_segment_bytes(n);

        /* what MLGateTableSize's help and README say: 296 a client and 11 MB */
        IS_NEAR((double)bytes, 290.0 * n + 11e6, 0.05 * n * 290 + 1.5e6);
    }
}

CLAIM(the_parts_of_a_segment_lie_apart_on_their_own_lines)
{
    rig_t rig;
    const char *end;

    BEGIN;
    rig_open(&rig);
    end = (const char *)rig.base + mlg_segment_bytes(MLG_CLIENTS_MIN);
    {
        const mlg_gate_t *g = &rig.gate;
        const struct {
            const void *at;
            size_t bytes;
        } parts[] = {
            {g->segment, sizeof(*g->segment)},
            {g->table.stripe, sizeof(mlg_stripe_t) * MLG_STRIPES},
            {g->counters, sizeof(mlg_shard_t) * MLG_COUNTER_SHARDS},
            {g->ring, sizeof(mlg_ring_t)},
            {g->members, sizeof(mlg_ring_t)},
            {g->disputes, sizeof(mlg_disputes_t)},
            {g->networks.words, (g->networks.mask + 1) * 8ul},
            {g->peers.words, (g->peers.mask + 1) * 8ul},
            {g->blocks.line,
             (g->blocks.line_mask + 1) * sizeof(mlg_block_line_t)},
            {g->blocks.info,
             mlg_block_slots(&g->blocks) * sizeof(mlg_block_info_t)},
            {g->table.bucket,
             (g->table.bucket_mask + 1) * sizeof(mlg_bucket_t)},
        };
        const size_t n = sizeof(parts) / sizeof(parts[0]);

        for (size_t i = 0; i < n; i++) {
            const char *at = parts[i].at;
            const char *next = (i + 1 < n) ? parts[i + 1].at : end;

            IS_INT((uintptr_t)at % MLG_CACHELINE, 0);
            IS_TRUE(at + parts[i].bytes <= next);
        }
    }
    rig_close(&rig);
}

CLAIM(what_is_no_segment_is_refused)
{
    rig_t rig;
    mlg_fault_t fault = {9, ""};
    size_t bytes = mlg_segment_bytes(MLG_CLIENTS_MIN);

    BEGIN;
    rig_open(&rig);
    IS_INT(view(&rig, 0, &fault), MLG_ENOTSEG);
    IS_INT(view(&rig, sizeof(mlg_segment_t) - 1, NULL), MLG_ENOTSEG);
    rig.gate.segment->magic ^= 1;
    IS_INT(view(&rig, bytes, &fault), MLG_ENOTSEG);
    IS_TRUE(strlen(fault.what) > 0);
    rig_close(&rig);
}

CLAIM(another_layout_is_refused)
{
    rig_t rig;
    mlg_segment_t *s;
    mlg_segment_t whole;
    size_t bytes = mlg_segment_bytes(MLG_CLIENTS_MIN);

    BEGIN;
    rig_open(&rig);
    s = rig.gate.segment;
    whole = *s;
    IS_INT(view(&rig, bytes - 1, NULL), MLG_ELAYOUT);
    s->layout++;
    IS_INT(view(&rig, bytes, NULL), MLG_ELAYOUT);
    *s = whole;
    s->record_bytes++;
    IS_INT(view(&rig, bytes, NULL), MLG_ELAYOUT);
    *s = whole;
    s->bytes--;
    IS_INT(view(&rig, bytes, NULL), MLG_ELAYOUT);
    *s = whole;
    for (uint32_t clients = 1; clients != 0; clients *= 2) {
        s->clients = clients;
        IS_INT(view(&rig, bytes, NULL),
               (clients == MLG_CLIENTS_MIN) ? APR_SUCCESS : MLG_ELAYOUT);
    }
    s->clients = UINT32_MAX;
    IS_INT(view(&rig, bytes, NULL), MLG_ELAYOUT);
    rig_close(&rig);
}

CLAIM(another_list_of_features_is_refused)
{
    rig_t rig;

    BEGIN;
    rig_open(&rig);
    rig.gate.segment->features ^= 1;
    IS_INT(view(&rig, mlg_segment_bytes(MLG_CLIENTS_MIN), NULL), MLG_ESHAPE);
    rig_close(&rig);
}

CLAIM(every_error_of_ours_has_a_sentence_and_others_have_none)
{
    static const apr_status_t ours[] = {
#define X(name, text) name,
        MLG_ERRORS(X)
#undef X
    };

    BEGIN;
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        IS_TRUE(strlen(mlg_error_text(ours[i])) > 8);
    }
    assert_null(mlg_error_text(APR_SUCCESS));
    assert_null(mlg_error_text(APR_ENOMEM));
}

CLAIM(a_fault_is_cut_to_fit)
{
    char text[300];
    mlg_fault_t fault;

    BEGIN;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    IS_INT(mlg_fault(&fault, 4, text), MLG_EBROKEN);
    IS_INT(fault.offset, 4);
    IS_INT(strlen(fault.what), sizeof(fault.what) - 1);
    IS_INT(mlg_fault(NULL, 4, text), MLG_EBROKEN);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_fresh_segment_is_empty_and_sound),
        TEST(the_size_is_rounded_up_within_its_limits),
        TEST(the_parts_of_a_segment_lie_apart_on_their_own_lines),
        TEST(what_is_no_segment_is_refused),
        TEST(another_layout_is_refused),
        TEST(another_list_of_features_is_refused),
        TEST(every_error_of_ours_has_a_sentence_and_others_have_none),
        TEST(a_fault_is_cut_to_fit),
    };

    return RUN(tests);
}
