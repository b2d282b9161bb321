/* SPDX-License-Identifier: Apache-2.0
 *
 * The weights that the gate starts with, against every scene: people are let
 * through, floods are convicted within so many requests. A scene begins at
 * several phases of the wall clock, for windows are cut by it. */
#include "unit.h"

#include "scenes.h"

typedef struct watch_t {
    rig_t rig;
    int convicted_at; /* request number, 0 = never */
    int passed_later; /* requests let through after that */
    float highest;
} watch_t;

static int arrive(void *context, int n, const mlg_arrival_t *a)
{
    watch_t *w = context;
    mlg_decision_t d = rig_judge(&w->rig, a);

    w->highest = fmaxf(w->highest, d.score);
    if (d.convicts && w->convicted_at == 0) {
        w->convicted_at = n + 1;
    }
    w->passed_later +=
        (w->convicted_at != 0 && d.verdict != MLG_VERDICT_REFUSE);
    return 1;
}

static void settle(void *context, int n, const mlg_arrival_t *a,
                   const mlg_outcome_t *o)
{
    watch_t *w = context;

    /* a refused request has no record to go to */
    if (w->convicted_at == 0 || n + 1 <= w->convicted_at) {
        mlg_settle(&w->rig.gate, a, o,
                   &w->rig.gate.table.stripe[mlg_stripe_of(a->from.hash)]);
    }
}

static void scene_ends_as_it_should(void **state)
{
    const scene_t *scene = *state;
    stage_t stage = {.request = calloc(SCENE_MAX, sizeof(scene_request_t)),
                     .secret = unit_secret};

    assert_non_null(stage.request);
    for (int phase = 0; phase < 7; phase++) {
        watch_t w = {.convicted_at = 0};

        rig_open(&w.rig);
        w.rig.rules.model = &mlg_weighted_default;
        scene_write(&stage, scene, T0 + SEC(41.7) * phase);
        scene_play(&stage, &w, arrive, settle);
        rig_close(&w.rig);
        if (scene->within == 0 && w.convicted_at != 0) {
            fail_msg("refused at request %d of %d", w.convicted_at, stage.n);
        }
        if (scene->within != 0 &&
            (w.convicted_at == 0 || w.convicted_at > scene->within)) {
            fail_msg("phase %d: convicted at request %d, not within %d; "
                     "highest score %.2f",
                     phase, w.convicted_at, scene->within, (double)w.highest);
        }
        IS_INT(w.passed_later, 0);
    }
    free(stage.request);
}

int main(void)
{
    struct CMUnitTest *tests = calloc((size_t)scenes_count, sizeof(*tests));
    char(*names)[160] = calloc((size_t)scenes_count, sizeof(*names));
    int failed;

    for (int i = 0; i < scenes_count; i++) {
        if (scenes[i].within > 0) {
            snprintf(names[i], sizeof(names[i]),
                     "%s: convicted within %d requests", scenes[i].name,
                     scenes[i].within);
        }
        else {
            snprintf(names[i], sizeof(names[i]), "%s: let through",
                     scenes[i].name);
        }
        tests[i] =
            (struct CMUnitTest){.name = names[i],
                                .test_func = scene_ends_as_it_should,
                                .initial_state = (void *)(uintptr_t)&scenes[i]};
    }
    failed = _cmocka_run_group_tests("people", tests, (size_t)scenes_count,
                                     NULL, NULL);
    free(names);
    free(tests);
    return failed;
}
