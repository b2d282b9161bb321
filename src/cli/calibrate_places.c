/* SPDX-License-Identifier: Apache-2.0
 *
 * The site's popular paths. How many clients got an answer from each is what
 * the gate's own sketch says; here are only the names, of those that enough
 * clients know for no path to be someone's own. */
#include "calibrate.h"

#include <stdlib.h>

#define NAMES_MAX 65536 /* paths */

typedef struct place_t {
    uint64_t place;
    uint32_t clients; /* at the end */
    int has_body;
    mlg_text_t path; /* escaped */
} place_t;

void places_init(places_t *places, apr_pool_t *p)
{
    places->p = p;
    places->seen = apr_hash_make(p);
    places->list = apr_array_make(p, 1024, sizeof(place_t *));
}

void places_add(places_t *places, const judged_t *judged,
                const mlg_gate_t *gate)
{
    const mlg_arrival_t *arrival = judged->arrival;
    uint64_t place = mlg_arrival_place(arrival);
    mlg_text_t path;
    place_t *new;

    if (judged->entry == NULL || judged->outcome->status >= 400 ||
        places->list->nelts >= NAMES_MAX ||
        apr_hash_get(places->seen, &place, sizeof(place)) != NULL ||
        mlg_popularity_read(&gate->places, place, arrival->at_us) <
            MLG_PROFILE_PLACE_MIN) {
        return;
    }
    path = mlg_profile_escape(mlg_request_path(&judged->entry->request),
                              places->p);
    if (path.len == 0) {
        return;
    }
    new = apr_palloc(places->p, sizeof(*new));
    *new = (place_t){place, 0, (arrival->is & MLG_IS_OTHER_METHOD) != 0, path};
    apr_hash_set(places->seen, &new->place, sizeof(new->place), new);
    APR_ARRAY_PUSH(places->list, place_t *) = new;
}

static int most_popular_first(const void *a, const void *b)
{
    const place_t *left = *(place_t *const *)a;
    const place_t *right = *(place_t *const *)b;

    return (left->clients != right->clients)
               ? (left->clients < right->clients) -
                     (left->clients > right->clients)
               : (left->place > right->place) - (left->place < right->place);
}

void places_end(const places_t *places, const mlg_gate_t *gate,
                apr_time_t at_us, mlg_profile_t *profile)
{
    place_t **list = (place_t **)(void *)places->list->elts;
    int n = places->list->nelts;

    for (int i = 0; i < n; i++) {
        list[i]->clients =
            mlg_popularity_read(&gate->places, list[i]->place, at_us);
    }
    qsort(list, (size_t)n, (size_t)places->list->elt_size, most_popular_first);
    profile->places = mlg_popularity_clients(&gate->places, at_us);
    profile->nplaces = 0;
    for (int i = 0; i < n && profile->nplaces < MLG_PROFILE_PLACES &&
                    list[i]->clients >= MLG_PROFILE_PLACE_MIN;
         i++) {
        profile->place[profile->nplaces++] = (mlg_profile_place_t){
            list[i]->path, list[i]->clients, list[i]->has_body};
    }
}
