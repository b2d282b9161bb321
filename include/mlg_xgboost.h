/* SPDX-License-Identifier: Apache-2.0
 *
 * A model that XGBoost 1.7 to 3.x saved as JSON (Booster.save_model("x.json"))
 * becomes plain trees. Planted, they give XGBoost's margin to the bit: a split
 * is read to the same float, the base margin is computed in the same steps,
 * and the leaves are added in the same order.
 *
 * What is taken: gradient-boosted trees for two classes ("binary:logistic", or
 * "reg:logistic", which is the same loss), trees in parallel too, whose
 * features all have names of mlg_features[], any of them in any order. What
 * is refused, each with a sentence that says where and what to do instead:
 * everything else.
 *
 * Pure but for memory, which is the pool's; jansson's is given back. The text
 * may be hostile.
 */
#ifndef MLG_XGBOOST_H
#define MLG_XGBOOST_H

#include "mlg_forest.h"

#include <apr_pools.h>

/* No model within the bounds of a forest is longer: what a reader of files may
 * stop at. 512 trees of depth 8 take some 20 million bytes. */
#define MLG_XGBOOST_BYTES_MAX ((size_t)32 << 20)

typedef struct mlg_xgboost_t {
    uint32_t ntrees;     /* 1..MLG_FOREST_TREES_MAX */
    uint32_t depth;      /* of the deepest, 1..MLG_FOREST_DEPTH_MAX */
    mlg_node_t *node;    /* shape [ntrees][MLG_TREE_NODES(depth)], settled, each
                           valid by mlg_tree_check(); of the pool */
    float base;          /* margin before the first tree */
    uint32_t nfeatures;  /* that the model was trained on */
    uint32_t version[3]; /* of the XGBoost that saved it */
    uint32_t nbest; /* early stopping found the first so many trees best, and
                       XGBClassifier.predict() takes those; Booster.predict()
                       takes all, as is done here. 0: nothing is said */
} mlg_xgboost_t;

/** Read a model.
 *
 * @param model  filled on success, zeroed otherwise
 * @param text   the whole file, `len` bytes, any; borrowed for the call
 * @param why    set on failure: one sentence without a full stop, of the pool.
 *               It may quote the text, so it is not fit for a terminal yet
 * @param p      holds the trees and the sentence
 * @return APR_SUCCESS or MLG_EMODEL
 */
apr_status_t mlg_xgboost_read(mlg_xgboost_t *model, const char *text,
                              size_t len, const char **why, apr_pool_t *p);

#endif /* MLG_XGBOOST_H */
