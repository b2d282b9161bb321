/* SPDX-License-Identifier: Apache-2.0 */
#include "mlg_trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int rising(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one;
    uint32_t b = *(const uint32_t *)other;

    return (a < b) ? -1 : a > b;
}

static int is_meant(const mlg_person_t *client, mlg_whom_t whom)
{
    return (whom.site == UINT32_MAX || client->site == whom.site) &&
           (whom.class == UINT32_MAX || client->class == whom.class) &&
           (whom.group == UINT32_MAX || client->group == whom.group);
}

static void add_client(mlg_count_t *count, const mlg_trial_t *trial,
                       const mlg_person_t *client, const mlg_fate_t *fate)
{
    int is_busy = client->rows >= MLG_TRIAL_BUSY;
    float threshold = trial->threshold[client->site];

    count->clients++;
    count->refused += fate->refused_at != 0;
    count->busy += is_busy;
    count->busy_refused += is_busy && fate->refused_at != 0;
    count->requests += is_busy ? client->rows : 0;
    count->passed += is_busy ? fate->passed : 0;
    for (int i = 0; i < MLG_NRULES; i++) {
        count->rule_refused[i] += fate->rule[i] != 0;
        count->rule_busy_refused[i] += is_busy && fate->rule[i] != 0;
    }
    for (size_t i = 0; i < mlg_nshifts && i < MLG_TRIAL_SHIFTS; i++) {
        count->moved[i] += fate->moved[i] >= threshold;
    }
}

mlg_count_t mlg_trial_count(const mlg_trial_t *trial, mlg_whom_t whom)
{
    const mlg_dataset_t *set = trial->set;
    uint32_t *at = malloc(sizeof(*at) * (set->clients + 1u));
    mlg_count_t count;
    uint32_t n = 0;

    memset(&count, 0, sizeof(count));
    for (uint32_t i = 0; i < set->clients; i++) {
        const mlg_person_t *client = &set->client[i];
        const mlg_fate_t *fate = &trial->fate[i];

        if (!is_meant(client, whom) || set->site[client->site].is_taught_only) {
            continue;
        }
        add_client(&count, trial, client, fate);
        if (at != NULL && client->rows >= MLG_TRIAL_BUSY &&
            fate->refused_at != 0) {
            at[n++] = fate->refused_at;
        }
    }
    if (n > 0) {
        qsort(at, n, sizeof(*at), rising);
        count.median = at[n / 2];
    }
    free(at);
    return count;
}

double mlg_trial_auc(const mlg_trial_t *trial, uint32_t site)
{
    uint32_t npeople;
    uint32_t nattackers;
    float *people = mlg_trial_peaks(trial, MLG_GROUP_PEOPLE, site, 0, &npeople);
    float *attackers = mlg_trial_peaks(trial, MLG_GROUP_ATTACKERS, site,
                                       MLG_TRIAL_BUSY, &nattackers);
    double sum = 0.0;
    uint32_t above = 0; /* people with a higher peak than attacker i */
    uint32_t level = 0; /* people with as high a one, or higher */

    for (uint32_t i = 0; i < nattackers && people != NULL && attackers != NULL;
         i++) {
        while (above < npeople && people[above] > attackers[i]) {
            above++;
        }
        level = (level < above) ? above : level;
        while (level < npeople && people[level] >= attackers[i]) {
            level++;
        }
        sum += npeople - above - 0.5 * (level - above);
    }
    free(people);
    free(attackers);
    return (npeople > 0 && nattackers > 0)
               ? sum / ((double)npeople * nattackers)
               : NAN;
}
