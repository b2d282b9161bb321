/* SPDX-License-Identifier: Apache-2.0
 *
 * How high the people of this site score, learned without labels: a histogram
 * of the peaks (mlg_record_note_score()) of trusted clients
 * (mlg_record_is_trusted()): of their scores as they count, which are lower
 * from when they are trusted (mlg_policy_credit()). A peak is the threshold at which its client would
 * just have been blocked, so the share of the histogram above a threshold is
 * the share of trusted clients that it would refuse.
 *
 * Clients are counted by their networks (mlg_key_voter()), each once, by the
 * highest peak of its clients: a voter is in one bin at a time and only moves
 * up. Once a week all bins are halved, and a voter that comes again enters
 * again: n is this week's voters, half of last week's, and so on. One that
 * comes every week is counted twice at most.
 *
 * Voters are told apart by a hash that nobody outside can aim at, in a table
 * that never makes room: of two in one place only the higher counts, so that
 * no number of addresses is counted twice; of 10,000 voters one in 14 is hidden
 * by another.
 *
 * Who could lie to it: a network counts once, whatever its addresses do, after
 * two visits half an hour apart. To move the threshold for one person in a
 * thousand takes as many networks as a thousandth of those of the people, and
 * more than MLG_FIT_FEW; to hide among them takes a score below theirs.
 *
 * Lock-free: relaxed atomics; bins may be off by a few between processes and
 * never wrap. Pure: no clock, no allocation. All-zero bytes are valid and
 * empty.
 */
#ifndef MLG_CALIBRATION_H
#define MLG_CALIBRATION_H

#include <apr_time.h>
#include <stdint.h>

#define MLG_CALIBRATION_BINS   1024
#define MLG_CALIBRATION_NONE   (-1) /* in no bin */
#define MLG_CALIBRATION_WEEK_S 604800
#define MLG_CALIBRATION_VOTERS 65536u
#define MLG_CALIBRATION_TWICE  2u /* a voter is counted at most so often */

typedef struct mlg_calibration_t {
    uint32_t week; /* since the epoch, of the last halving; 0 = none yet */
    uint32_t spare[15];
    uint32_t bin[MLG_CALIBRATION_BINS];
    /* by hash: bin + 1 of the voter there and, above it, the week modulo 32 */
    uint16_t voter[MLG_CALIBRATION_VOTERS];
} mlg_calibration_t;

/** The bin of a peak in 1/65535. @return 0..MLG_CALIBRATION_BINS - 1 */
static inline int mlg_calibration_bin(uint16_t peak)
{
    return peak / (65536 / MLG_CALIBRATION_BINS);
}

/** A voter leaves one bin and enters another.
 *
 * @param from  its bin so far, or MLG_CALIBRATION_NONE
 * @param to    0..MLG_CALIBRATION_BINS - 1
 */
void mlg_calibration_note(mlg_calibration_t *c, int from, int to);

/** Follow a trusted client: its voter enters, moves up, or stays.
 *
 * @param voter  hash
 * @param peak   of the client's record
 * @param at_us  microseconds since the epoch
 */
void mlg_calibration_follow(mlg_calibration_t *c, uint64_t voter, uint16_t peak,
                            apr_time_t at_us);

/** Halve the bins once for every week that has passed. Any process may call it
 * at any time; one does it. The first call only sets the week.
 *
 * @return 1 when this call did it
 */
int mlg_calibration_age(mlg_calibration_t *c, apr_time_t at_us);

/** @return voters in the histogram */
uint32_t mlg_calibration_clients(const mlg_calibration_t *c);

/** @return voters whose peak is at or above a threshold, or may be: the bin
 *          that it lies in counts whole */
uint32_t mlg_calibration_above(const mlg_calibration_t *c, float threshold);

/** The lowest threshold that refuses at most so many of the voters.
 *
 * @return 0..1, the upper end of a bin; NaN when the histogram is empty
 */
float mlg_calibration_quantile(const mlg_calibration_t *c, uint32_t ignored);

/** Wilson's upper bound of a share, 95 % (z = 1.96).
 *
 * @param k  of n, at most n
 * @return 0..1; 1 when n is 0
 */
float mlg_wilson_upper(uint32_t k, uint32_t n);

#endif /* MLG_CALIBRATION_H */
