/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate's clock. It began as the wall clock did when the segment was made
 * (or went on where a state file ended) and goes by the machine's monotonic
 * clock from then on: a wall clock that is set, by hand, by NTP or by a leap
 * second, makes no block longer or shorter and no window jump. What the gate
 * remembers is in its time; what people read is in theirs.
 */
#include "mlgate.h"

#include <time.h>

/* Of the same machine, so that processes agree; it goes on while the machine
 * sleeps, as blocks do. */
#if defined(CLOCK_BOOTTIME)
#define MACHINE_CLOCK CLOCK_BOOTTIME
#else
#define MACHINE_CLOCK CLOCK_MONOTONIC
#endif

/* Two clocks are never read at once: nearer than this they agree. */
#define AGREE_US APR_USEC_PER_SEC

static apr_time_t machine_us(void)
{
    struct timespec now;

    if (clock_gettime(MACHINE_CLOCK, &now) != 0) { /* not under this kernel */
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
    return apr_time_from_sec(now.tv_sec) + now.tv_nsec / 1000;
}

void mlgate_clock_set(mlg_segment_t *segment, apr_time_t now_us)
{
    segment->clock_us = now_us - machine_us();
}

apr_time_t mlgate_clock_read(const mlg_segment_t *segment)
{
    return segment->clock_us + machine_us();
}

apr_time_t mlgate_now(void)
{
    return mlgate_clock_read(mlgate.gate.segment);
}

apr_interval_time_t mlgate_clock_behind(void)
{
    apr_interval_time_t behind_us = apr_time_now() - mlgate_now();

    return (behind_us > -AGREE_US && behind_us < AGREE_US) ? 0 : behind_us;
}
