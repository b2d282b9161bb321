/* SPDX-License-Identifier: Apache-2.0
 *
 * How high the people of this site score, learned without labels: a histogram
 * of the peaks (mlg_record_note_score()) of trusted clients
 * (mlg_record_is_trusted()): of their scores as they count, which are lower
 * from when they are trusted (mlg_policy_credit()). A peak is the threshold at which its client would
 * just have been blocked, so the share of the histogram above a threshold is
 * the share of trusted clients that it would refuse.
 *
 * A client is in one bin at a time and only moves up. Once a week all bins are
 * halved, and a client that comes again enters again: n is this week's trusted
 * clients, half of last week's, and so on.
 *
 * Who could lie to it: an address counts once, whatever it does, after two
 * visits half an hour apart. To move the threshold for one person in a
 * thousand takes as many addresses as a thousandth of the people; to hide
 * among them takes a score below theirs.
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
#define MLG_CALIBRATION_FEW    10 /* so few clients and none is ignored */

typedef struct mlg_calibration_t {
    uint32_t week; /* since the epoch, of the last halving; 0 = none yet */
    uint32_t spare[15];
    uint32_t bin[MLG_CALIBRATION_BINS];
} mlg_calibration_t;

/** The bin of a peak in 1/65535. @return 0..MLG_CALIBRATION_BINS - 1 */
static inline int mlg_calibration_bin(uint16_t peak)
{
    return peak / (65536 / MLG_CALIBRATION_BINS);
}

/** A client leaves one bin and enters another.
 *
 * @param from  its bin so far, or MLG_CALIBRATION_NONE
 * @param to    0..MLG_CALIBRATION_BINS - 1
 */
void mlg_calibration_note(mlg_calibration_t *c, int from, int to);

/** Follow a trusted client after a request that was not refused: it enters,
 * moves up, or stays.
 *
 * @param noted  what this returned for the client last; 0 at first
 * @param peak   of its record
 * @param at_us  microseconds since the epoch
 * @return to be kept in its record: bin + 1 and, above it, the week modulo 32
 */
uint16_t mlg_calibration_follow(mlg_calibration_t *c, uint16_t noted,
                                uint16_t peak, apr_time_t at_us);

/** Halve the bins once for every week that has passed. Any process may call it
 * at any time; one does it. The first call only sets the week.
 *
 * @return 1 when this call did it
 */
int mlg_calibration_age(mlg_calibration_t *c, apr_time_t at_us);

/** @return clients in the histogram */
uint32_t mlg_calibration_clients(const mlg_calibration_t *c);

/** @return clients whose peak is at or above a threshold, or may be: the bin
 *          that it lies in counts whole */
uint32_t mlg_calibration_above(const mlg_calibration_t *c, float threshold);

/** The lowest threshold that refuses at most so many of the trusted clients.
 *
 * @param share_permille  of them, 0..1000, rounded to whole clients
 * @param ignore          clients that may be refused in any case, once there
 *                        are MLG_CALIBRATION_FEW: one odd client is no people
 * @return 0..1, the upper end of a bin; NaN when the histogram is empty
 */
float mlg_calibration_quantile(const mlg_calibration_t *c,
                               unsigned share_permille, unsigned ignore);

/** Wilson's upper bound of a share, 95 % (z = 1.96).
 *
 * @param k  of n, at most n
 * @return 0..1; 1 when n is 0
 */
float mlg_wilson_upper(uint32_t k, uint32_t n);

#endif /* MLG_CALIBRATION_H */
