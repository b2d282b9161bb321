/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_block.h"

#include <string.h>

#define OVERFLOWED (1ull << 63) /* in the word of a line's first slot */
#define TOLD       (1ull << 62)
#define KIND_MASK  7u
#define UNTIL_MASK ((1ull << 52) - 1)
#define MEMORY_US  (24 * 3600 * (int64_t)APR_USEC_PER_SEC)
#define NO_SLOT    UINT32_MAX

static uint64_t word_of(mlg_block_kind kind, apr_time_t until_us)
{
    return ((uint64_t)until_us & UNTIL_MASK) << 3 | kind;
}

static mlg_block_kind kind_of(uint64_t word)
{
    return (mlg_block_kind)(word & KIND_MASK);
}

static apr_time_t until_of(uint64_t word)
{
    return (apr_time_t)(word >> 3 & UNTIL_MASK);
}

static int is_live(uint64_t word, apr_time_t now_us)
{
    return kind_of(word) != MLG_BLOCK_NONE && until_of(word) > now_us;
}

static uint64_t load(const uint64_t *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static uint32_t line_at(const mlg_blocks_t *b, uint64_t client, unsigned step)
{
    return (uint32_t)(client + (uint64_t)step * MLG_STRIPES) & b->line_mask;
}

/* The client's slot, live or over, and its word; NO_SLOT when it has none. */
static uint32_t find_slot(const mlg_blocks_t *b, uint64_t client,
                          uint64_t *word)
{
    for (unsigned step = 0; step < MLG_BLOCK_LINES; step++) {
        uint32_t n = line_at(b, client, step);
        const mlg_block_slot_t *slot = b->line[n].slot;

        for (uint32_t i = 0; i < MLG_BLOCK_SLOTS; i++) {
            uint64_t there = load(&slot[i].client);

            if (there == 0) {
                return NO_SLOT; /* slots are taken in order and kept */
            }
            if (there == client) {
                *word = load(&slot[i].word);
                /* A writer clears the word, then names the new client, then
                 * sets the word: seeing the same client again means the word
                 * is its own. */
                if (load(&slot[i].client) == client) {
                    return n * MLG_BLOCK_SLOTS + i;
                }
            }
        }
        if ((load(&slot[0].word) & OVERFLOWED) == 0) {
            break;
        }
    }
    return NO_SLOT;
}

mlg_block_kind mlg_block_find(const mlg_blocks_t *b, uint64_t client,
                              apr_time_t now_us, apr_time_t *until_us,
                              uint32_t *slot)
{
    uint64_t word = 0;
    uint32_t n = find_slot(b, client, &word);

    if (n == NO_SLOT || !is_live(word, now_us)) {
        return MLG_BLOCK_NONE;
    }
    if (until_us != NULL) {
        *until_us = until_of(word);
    }
    if (slot != NULL) {
        *slot = n;
    }
    return kind_of(word);
}

int mlg_block_latest(const mlg_blocks_t *b, uint64_t client, mlg_block_t *out,
                     const mlg_stripe_t *stripe)
{
    uint64_t word = 0;
    uint32_t n = find_slot(b, client, &word);

    (void)stripe;
    return n != NO_SLOT && mlg_block_read(b, n, out);
}

void mlg_block_count(const mlg_blocks_t *b, uint32_t slot)
{
    __atomic_fetch_add(&b->info[slot].refused, 1, __ATOMIC_RELAXED);
}

unsigned mlg_block_offences(const mlg_blocks_t *b, uint64_t client,
                            mlg_block_kind kind, apr_time_t now_us)
{
    uint64_t word = 0;
    uint32_t n = find_slot(b, client, &word);
    int was_observed = (kind_of(word) == MLG_BLOCK_WOULD);

    if (n == NO_SLOT || now_us - until_of(word) > MEMORY_US ||
        was_observed != (kind == MLG_BLOCK_WOULD)) {
        return 0;
    }
    return b->info[n].offences;
}

/* Is it over, and everything said that is to be said of it? */
static int is_done(uint64_t word, apr_time_t now_us)
{
    mlg_block_kind kind = kind_of(word);

    return !is_live(word, now_us) &&
           (kind == MLG_BLOCK_NONE || kind == MLG_BLOCK_GRACE ||
            (word & TOLD) != 0);
}

/* The slot of line `n` that a new entry may take: an unused one, else the one
 * that has been over longest; NO_SLOT when there is neither.
 *
 * @param takes_untold  also one whose end was not reported, and will not be */
static uint32_t free_of_line(const mlg_blocks_t *b, uint32_t n,
                             apr_time_t now_us, int takes_untold)
{
    const mlg_block_slot_t *slot = b->line[n].slot;
    uint32_t best = NO_SLOT;
    apr_time_t oldest = now_us;

    for (uint32_t i = 0; i < MLG_BLOCK_SLOTS; i++) {
        uint64_t word = slot[i].word;
        int is_free =
            takes_untold ? !is_live(word, now_us) : is_done(word, now_us);

        if (slot[i].client == 0) {
            return n * MLG_BLOCK_SLOTS + i;
        }
        if (is_free && until_of(word) <= oldest) {
            oldest = until_of(word);
            best = n * MLG_BLOCK_SLOTS + i;
        }
    }
    return best;
}

/* The first of the client's lines that has room gives a slot. Full lines on the
 * way are marked. An end that nobody reported is lost only when all eight lines
 * are full of such and of live entries: no watchdog is there. */
static uint32_t free_slot(const mlg_blocks_t *b, uint64_t client,
                          apr_time_t now_us)
{
    uint32_t slot = NO_SLOT;

    for (int takes_untold = 0; takes_untold <= 1; takes_untold++) {
        for (unsigned step = 0; step < MLG_BLOCK_LINES; step++) {
            uint32_t n = line_at(b, client, step);

            slot = free_of_line(b, n, now_us, takes_untold);
            if (slot != NO_SLOT) {
                return slot;
            }
            __atomic_fetch_or(&b->line[n].slot[0].word, OVERFLOWED,
                              __ATOMIC_RELEASE);
        }
    }
    return NO_SLOT;
}

apr_status_t mlg_block_put(const mlg_blocks_t *b, const mlg_block_t *entry,
                           apr_time_t now_us, mlg_stripe_t *stripe)
{
    uint64_t word = 0;
    uint32_t n = find_slot(b, entry->client, &word);
    mlg_block_slot_t *slot;
    uint64_t mark;

    (void)stripe;
    if (n == NO_SLOT) {
        n = free_slot(b, entry->client, now_us);
    }
    if (n == NO_SLOT) {
        return MLG_EFULL;
    }
    slot = &b->line[n / MLG_BLOCK_SLOTS].slot[n % MLG_BLOCK_SLOTS];
    mark = slot->word & OVERFLOWED;
    if (slot->client != entry->client) {
        __atomic_store_n(&slot->word, mark, __ATOMIC_RELEASE);
        __atomic_store_n(&slot->client, entry->client, __ATOMIC_RELEASE);
    }
    b->info[n] = entry->info;
    mark |= entry->is_told ? TOLD : 0;
    __atomic_store_n(&slot->word, mark | word_of(entry->kind, entry->until_us),
                     __ATOMIC_RELEASE);
    return APR_SUCCESS;
}

uint32_t mlg_block_next_ended(const mlg_blocks_t *b, uint32_t n,
                              apr_time_t now_us)
{
    uint32_t end = mlg_block_slots(b);

    for (; n < end; n++) {
        const mlg_block_slot_t *slot =
            &b->line[n / MLG_BLOCK_SLOTS].slot[n % MLG_BLOCK_SLOTS];
        uint64_t word = load(&slot->word);
        mlg_block_kind kind = kind_of(word);

        if (kind != MLG_BLOCK_NONE && kind != MLG_BLOCK_GRACE &&
            (word & TOLD) == 0 && until_of(word) <= now_us) {
            break;
        }
    }
    return n;
}

void mlg_block_tell(const mlg_blocks_t *b, const mlg_block_t *block)
{
    uint64_t word = 0;
    uint32_t n = find_slot(b, block->client, &word);
    uint64_t *at;

    if (n == NO_SLOT) {
        return;
    }
    at = &b->line[n / MLG_BLOCK_SLOTS].slot[n % MLG_BLOCK_SLOTS].word;
    while (kind_of(word) == block->kind && until_of(word) == block->until_us &&
           !__atomic_compare_exchange_n(at, &word, word | TOLD, 0,
                                        __ATOMIC_RELEASE, __ATOMIC_ACQUIRE)) {
        /* somebody marked the line, or wrote it over */
    }
}

uint32_t mlg_block_slots(const mlg_blocks_t *b)
{
    return (b->line_mask + 1) * MLG_BLOCK_SLOTS;
}

unsigned mlg_block_stripe(uint32_t n)
{
    return n / MLG_BLOCK_SLOTS % MLG_STRIPES;
}

int mlg_block_read(const mlg_blocks_t *b, uint32_t n, mlg_block_t *out)
{
    const mlg_block_slot_t *slot =
        &b->line[n / MLG_BLOCK_SLOTS].slot[n % MLG_BLOCK_SLOTS];
    uint64_t word = load(&slot->word);

    if (kind_of(word) == MLG_BLOCK_NONE) {
        return 0;
    }
    out->kind = kind_of(word);
    out->is_told = (word & TOLD) != 0;
    out->until_us = until_of(word);
    out->client = load(&slot->client);
    out->info = b->info[n];
    out->info.note[MLG_BLOCK_NOTE - 1] = '\0';
    return 1;
}

void mlg_block_census(const mlg_blocks_t *b, apr_time_t now_us,
                      uint32_t count[MLG_BLOCK_GRACE + 1])
{
    memset(count, 0, sizeof(*count) * (MLG_BLOCK_GRACE + 1));
    for (uint32_t n = 0; n <= b->line_mask; n++) {
        for (uint32_t i = 0; i < MLG_BLOCK_SLOTS; i++) {
            uint64_t word = load(&b->line[n].slot[i].word);

            if (is_live(word, now_us) && kind_of(word) <= MLG_BLOCK_GRACE) {
                count[kind_of(word)]++;
            }
        }
    }
}

const char *mlg_block_kind_name(mlg_block_kind kind)
{
    static const char *const names[] = {"none", "would-block", "block",
                                        "operator", "grace"};

    return names[(kind <= MLG_BLOCK_GRACE) ? kind : MLG_BLOCK_NONE];
}
