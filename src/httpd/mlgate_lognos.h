/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry of log tags: every message at debug or above begins with one.
 * One tag, one text at one place; a tag is never used again for another. The
 * next free number: `make lognos`.
 */
#ifndef MLGATE_LOGNOS_H
#define MLGATE_LOGNOS_H

#define MLG0001 "MLG0001: " /* no shared memory */
#define MLG0002 "MLG0002: " /* no mutex */
#define MLG0003 "MLG0003: " /* the segment is not ours */
#define MLG0004 "MLG0004: " /* the gate is up */
#define MLG0005 "MLG0005: " /* the table was resized */
#define MLG0006 "MLG0006: " /* retired: a child had no mutex */
#define MLG0007 "MLG0007: " /* the event log cannot be opened */
#define MLG0008 "MLG0008: " /* a client was blocked */
#define MLG0009 "MLG0009: " /* a client would have been blocked */
#define MLG0010 "MLG0010: " /* an operator blocked or unblocked */
#define MLG0011 "MLG0011: " /* a block is over */
#define MLG0012 "MLG0012: " /* directives contradict each other */
#define MLG0013 "MLG0013: " /* a stripe's lock failed */
#define MLG0014 "MLG0014: " /* no mod_watchdog */
#define MLG0015 "MLG0015: " /* the event log cannot be written */
#define MLG0016 "MLG0016: " /* an exempting expression failed */
#define MLG0017 "MLG0017: " /* no randomness */
#define MLG0018 "MLG0018: " /* the watchdog refused our callback */
#define MLG0019 "MLG0019: " /* an observed block is over */
#define MLG0020 "MLG0020: " /* the IPv6 prefix changed */
#define MLG0021 "MLG0021: " /* a log of the gate's is a named pipe */
#define MLG0022 "MLG0022: " /* a model cannot be had at start */
#define MLG0023 "MLG0023: " /* weights are given and a forest judges */
#define MLG0024 "MLG0024: " /* no shared memory for models */
#define MLG0025 "MLG0025: " /* a changed model is refused */
#define MLG0026 "MLG0026: " /* a changed model is in force */
#define MLG0027 "MLG0027: " /* the profile cannot be had at start */
#define MLG0028 "MLG0028: " /* the profile is of another model */
#define MLG0029 "MLG0029: " /* the site is calibrated */
#define MLG0030 "MLG0030: " /* the model of the build is not installed */
#define MLG0031 "MLG0031: " /* the threshold leaves its bound */
#define MLG0032 "MLG0032: " /* people are refused at the last bound */
#define MLG0033 "MLG0033: " /* a profile that decides nothing */
#define MLG0034 "MLG0034: " /* a state was taken up */
#define MLG0035 "MLG0035: " /* a state file is refused */
#define MLG0036 "MLG0036: " /* a state file cannot be written */
#define MLG0037 "MLG0037: " /* nor will it be */
#define MLG0038 "MLG0038: " /* a swarm begins */
#define MLG0039 "MLG0039: " /* a swarm is over */
#define MLG0040 "MLG0040: " /* verdicts on swarms are held back */
#define MLG0041 "MLG0041: " /* and no more */

#endif /* MLGATE_LOGNOS_H */
