/* SPDX-License-Identifier: Apache-2.0
 *
 * What there is to say of a model: which features its trees ask for and how
 * much that does, and whether it is monotone where it should be.
 */
#ifndef MODEL_VIEW_H
#define MODEL_VIEW_H

#include "mlg_model_file.h"
#include "mlg_monotone.h"

#define MODEL_SENTENCE 400 /* bytes of the longest, with its NUL */

/* One feature in all trees. */
typedef struct model_use_t {
    uint32_t splits; /* nodes that ask for it */
    double cover;    /* training weight that came to them */
    double effect;   /* that weight times the square of what their answers
                        change the expected margin by: of all features' effects,
                        its share is what it explains */
    mlg_monotone_t monotone; /* 0: the feature need not be */
    mlg_fall_t fall;         /* unless it is proven */
} model_use_t;

typedef struct model_view_t {
    const mlg_model_file_t *file;
    model_use_t use[MLG_NFEATURES];
    uint32_t splits;
    uint32_t leaves;
    uint32_t used;     /* features that a tree asks for */
    uint32_t declared; /* features in which a model must be monotone */
    uint32_t open;     /* of these: a tree falls, the model was not seen to */
    uint32_t refuted;  /* of these: the model falls */
    double effect;     /* of all features */
} model_view_t;

/** Look through a model. @param file  borrowed as long as the view */
void model_view(model_view_t *view, const mlg_model_file_t *file);

/** The features that are asked for, the one that explains most first.
 *
 * @param order  filled, shape [view->used]
 */
void model_order(const model_view_t *view, uint32_t order[MLG_NFEATURES]);

/** Say whether the model is monotone: "monotone in all 21 declared features",
 * or in which it is not, and where.
 *
 * @return buf
 */
const char *model_monotone(char buf[MODEL_SENTENCE], const model_view_t *view);

/** How a margin becomes a score: "1 / (1 + exp(-(1.07 * margin - 0.3)))".
 *
 * @return buf
 */
const char *model_curve(char buf[MODEL_SENTENCE], const mlg_bundle_t *bundle);

#endif /* MODEL_VIEW_H */
