/* SPDX-License-Identifier: Apache-2.0
 *
 * What a site teaches: how many of its clients got an answer from each of its
 * paths, so that asking for what everybody asks for is ordinary and asking for
 * what nobody else got is rare.
 *
 * A place is a path with or without a method that may carry a body. A client
 * counts once for a place, with its first answer below 400, and once for the
 * site; "once" is as long as its record remembers, which is two panes of 12
 * hours. So what is counted is days of clients, alike above and below the
 * fraction line. Counts are of two panes of 7 days.
 *
 *     word  = tag:16 | pane:8 | this pane:20 | the pane before:20
 *     site  =          pane:16 | this pane:24 | the pane before:24
 *
 * A place has two possible words. It takes the one with its tag, else a free
 * one, else it takes one off the smaller count of the two, older ones first,
 * and is forgotten itself; at zero the word is free (Misra and Gries 1982, in
 * sets of two).
 *
 * How wrong a count can be. Too high: two places with one pair and one tag are
 * counted together, chance 2^-15 for a new place, and nobody can aim, for the
 * hashes are keyed. Too low: by what newcomers took off while it was the
 * smaller of its two; by a client whose 64-bit map had the place's bit set by
 * another place (a third of the time at 26 places in a day, always when 60 are
 * set); by updates lost between processes. Too low means: rarer. A count stops
 * at 2^20 - 1 clients a week. A client's own share is taken off when it asks
 * while its record holds the bit: one too many when the bit is of an error or
 * of another place, and none of what it got on the days before.
 *
 * What an attacker can do. One address adds at most 60 places in two panes of
 * 12 hours, whatever it sends, because its map takes no more; refusals and
 * errors add nothing. Random places fall evenly over 32,768 pairs, so A
 * addresses take off at most 60 A / 32,768 a day from the smaller count of an
 * average pair, and nothing from a place whose neighbour is smaller, which is
 * nearly every popular one: the newcomers only turn each other out. To make a
 * place of its own the larger neighbour of a place that n clients asked for, n
 * addresses have to get it, and then it falls into that pair by chance. What A
 * addresses can do is to be clients: with N honest ones, every place gets rarer
 * by log2(1 + A / N) / log2(2 (N + A)): 0.06 for as many addresses as a site
 * of 10,000 has, 0.2 for ten times as many. That is a botnet with a valid
 * answer for each address, once a day, and it refuses nobody by itself.
 * t/unit/test_popularity.c does both: of the 100 first places of a site of
 * 2,000, none gets rarer by 0.002 for one address in a week, nor by more than
 * the formula and 0.05 for 10,000 in a day.
 *
 * Lock-free: relaxed atomics, an update may be lost, a word cannot be torn.
 * Pure: no clock, no allocation. All-zero words are valid and empty.
 */
#ifndef MLG_POPULARITY_H
#define MLG_POPULARITY_H

#include <apr_time.h>
#include <stdint.h>

#define MLG_POPULARITY_PANE_S  604800
#define MLG_POPULARITY_SLOTS   65536u
#define MLG_POPULARITY_CLIENTS 20 /* others, before anything is rare */

typedef struct mlg_popularity_t {
    uint64_t *words; /* shape [mask + 1]; borrowed from the segment */
    uint64_t *site;  /* one word: clients with a success */
    uint32_t mask;   /* slots - 1, slots a power of two, at least 2 */
} mlg_popularity_t;

/** A client got its first answer from a place.
 *
 * @param place       mlg_arrival_place()
 * @param at_us       microseconds since the epoch; a step back counts as now
 */
void mlg_popularity_add(const mlg_popularity_t *p, uint64_t place,
                        apr_time_t at_us);

/** A client got its first answer at all. */
void mlg_popularity_add_client(const mlg_popularity_t *p, apr_time_t at_us);

/** @return clients that got an answer from a place, 0..2^21 - 2 */
uint32_t mlg_popularity_read(const mlg_popularity_t *p, uint64_t place,
                             apr_time_t at_us);

/** @return clients of the site, 0..2^25 - 2 */
uint32_t mlg_popularity_clients(const mlg_popularity_t *p, apr_time_t at_us);

/** How rare is it to ask for a place?
 *
 *     -log2((others + 1/2) / (N + 1)) / log2(2 (N + 1))
 *
 * where N is the site's clients and `others` those of the place, both without
 * the one who asks: 0 when all of them got it, 1 when nobody did.
 *
 * @param has_place   the one who asks is among the place's clients
 * @param is_counted  it is among the site's clients
 * @return 0..65535 for 0..1, or MLG_RARITY_UNKNOWN while N is below
 *         MLG_POPULARITY_CLIENTS
 */
uint32_t mlg_popularity_rarity(const mlg_popularity_t *p, uint64_t place,
                               apr_time_t at_us, int has_place, int is_counted);

#endif /* MLG_POPULARITY_H */
