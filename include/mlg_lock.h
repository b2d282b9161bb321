/* SPDX-License-Identifier: Apache-2.0
 *
 * What the core knows about locks: that a stripe is one, and who must hold it.
 * The core takes none itself; src/httpd does, with a mutex per stripe in the
 * segment. clang -Wthread-safety checks the annotations.
 */
#ifndef MLG_LOCK_H
#define MLG_LOCK_H

#if defined(__clang__)
#define MLG_TSA(x) __attribute__((x))
#else
#define MLG_TSA(x)
#endif
#define MLG_CAPABILITY      MLG_TSA(capability("stripe"))
#define MLG_TRY_ACQUIRES(l) MLG_TSA(try_acquire_capability(1, l))
#define MLG_RELEASES(l)     MLG_TSA(release_capability(l))
#define MLG_REQUIRES(l)     MLG_TSA(requires_capability(l))
#define MLG_ASSERTS(l)      MLG_TSA(assert_capability(l))

#endif /* MLG_LOCK_H */
