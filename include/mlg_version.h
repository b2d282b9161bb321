/* SPDX-License-Identifier: Apache-2.0
 *
 * The version of the module and of mlgatectl, which are released together.
 * build/install.mk reads it from here.
 */
#ifndef MLG_VERSION_H
#define MLG_VERSION_H

#define MLG_VERSION "0.1.0"

#endif /* MLG_VERSION_H */
