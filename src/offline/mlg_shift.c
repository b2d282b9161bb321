/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_shift.h"

#include <math.h>

uint64_t mlg_shift_mix(uint64_t draw)
{
    draw += 0x9e3779b97f4a7c15u;
    draw = (draw ^ (draw >> 30)) * 0xbf58476d1ce4e5b9u;
    draw = (draw ^ (draw >> 27)) * 0x94d049bb133111ebu;
    return draw ^ (draw >> 31);
}

double mlg_shift_uniform(uint64_t draw)
{
    return (double)(draw >> 11) * 0x1p-53;
}

static void set(float *x, double value)
{
    if (!isnan(*x)) {
        *x = (float)value;
    }
}

/* A site whose pages send things: an application's back end, a shop, chat. */
static void to_posts(float *x, double u, double v)
{
    set(&x[MLG_F_METHOD_MIX], 0.3 + 0.7 * u);
    set(&x[MLG_F_SLOW_POSTS], exp(v * log(60.0)));
}

/* A site without assets and referers: an API, or assets on a CDN. */
static void to_api(float *x, double u, double v)
{
    (void)u;
    (void)v;
    set(&x[MLG_F_ASSET_SHARE], 0.0);
    set(&x[MLG_F_ASSET_RATE], 0.0);
    set(&x[MLG_F_REFERER_ABSENT], 1.0);
}

/* Three people behind one address: three times as much of everything, from
 * three browsers. */
static void to_shared_address(float *x, double u, double v)
{
    static const mlg_feature_id times[] = {
        MLG_F_REQUEST_RATE, MLG_F_PAGE_RATE_60S, MLG_F_PAGE_RATE_300S,
        MLG_F_ASSET_RATE,   MLG_F_SUBNET_RATE,   MLG_F_UA_DIVERSITY,
        MLG_F_SLOW_POSTS,   MLG_F_SLOW_UAS,      MLG_F_CONCURRENCY};

    (void)u;
    (void)v;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        x[times[i]] *= 3.0f;
    }
    set(&x[MLG_F_INTERARRIVAL_MEAN],
        fmax(0.0, (double)x[MLG_F_INTERARRIVAL_MEAN] - log2(3.0)));
    x[MLG_F_SLOW_PATHS] += 1.0f; /* log2; they read much the same pages */
}

/* One page that asks the server for data: few paths, many queries, no assets
 * after the first seconds, a referer all along. */
static void to_single_page(float *x, double u, double v)
{
    set(&x[MLG_F_PATH_NOVELTY], 0.02 + 0.08 * u);
    set(&x[MLG_F_QUERY_NOVELTY], 0.7 + 0.3 * v);
    set(&x[MLG_F_ASSET_SHARE], 0.05 * u);
    set(&x[MLG_F_ASSET_RATE], 0.0);
    set(&x[MLG_F_REFERER_ABSENT], 0.05 * v);
}

/* clang-format off */
const mlg_shift_t mlg_shifts[] = {
    {"posts",  "on a site whose pages send things",
     MLG_GROUP_PEOPLE, 0.5f, to_posts},
    {"api",    "on a site without assets and referers",
     MLG_GROUP_PEOPLE, 0.5f, to_api},
    {"shared", "three to one address, never trained on",
     MLG_GROUP_PEOPLE, 0.0f, to_shared_address},
    {"spa",    "in a single-page application, never trained on",
     MLG_GROUP_PEOPLE, 0.0f, to_single_page},
};
/* clang-format on */

const size_t mlg_nshifts = sizeof(mlg_shifts) / sizeof(mlg_shifts[0]);

void mlg_shift_move(const mlg_shift_t *shift, float x[MLG_NFEATURES],
                    uint64_t draw)
{
    uint64_t other = mlg_shift_mix(draw);

    shift->move(x, mlg_shift_uniform(draw), mlg_shift_uniform(other));
}
