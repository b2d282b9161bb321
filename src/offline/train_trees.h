/* SPDX-License-Identifier: Apache-2.0
 *
 * mlg_train.c's own: how many trees?
 */
#ifndef TRAIN_TREES_H
#define TRAIN_TREES_H

#include "mlg_train.h"

/** Find the number of trees at which the models of the folds find most of the
 * busy attackers of their left-out sites: for each share of people refused
 * there, up to 1 %, the share of attackers whose peak is above theirs, and of
 * these the mean; sites by their attackers. Every fourth number is tried; of
 * those that are within a fifth of a per cent of the best the least is taken.
 *
 * @param train  its folds are trained; `ntrees` and `found` are set
 * @return APR_SUCCESS, or APR_ENOMEM with `why` set
 */
apr_status_t train_choose_trees(mlg_train_t *train, const char **why);

#endif /* TRAIN_TREES_H */
