/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include "mlgatectl.h"

#include <apr_strings.h>
#include <string.h>

int rules_init(rules_t *rules, apr_pool_t *p)
{
    memset(rules, 0, sizeof(*rules));
    rules->p = p;
    rules->configs = apr_array_make(p, 2, sizeof(const char *));
    rules->sets = apr_array_make(p, 4, sizeof(const char *));
    mlg_settings_init(&rules->settings);
    rules->settings.engine = MLG_ENGINE_ENFORCE;
    mlg_weights_init(&rules->weights);
    return CTL_DONE;
}

int rules_option(rules_t *rules, int option, const char *arg)
{
    switch (option) {
    case RULES_CONFIG:
        return rules_config(rules, arg);
    case RULES_HOST:
        rules->host = arg;
        return CTL_DONE;
    default:
        return rules_set(rules, arg);
    }
}

int rules_config(rules_t *rules, const char *path)
{
    APR_ARRAY_PUSH(rules->configs, const char *) = path;
    return CTL_DONE;
}

int rules_set(rules_t *rules, const char *directive)
{
    char *word[8];
    char *last = NULL;
    int n = 0;
    mlg_directive_id id;
    mlg_why_t why;
    apr_status_t rv = MLG_ERANGE;

    for (char *w = apr_strtok(apr_pstrdup(rules->p, directive), " ", &last);
         w != NULL && n < 8; w = apr_strtok(NULL, " ", &last)) {
        word[n++] = w;
    }
    id = (n > 0) ? mlg_directive_find(word[0]) : MLG_NDIRECTIVES;
    if (id < MLG_NSETTINGS && n == 2) {
        rv = mlg_settings_read(&rules->settings, id, word[1], &why);
    }
    else if (id == MLG_SET_weights) {
        rv = mlg_weights_read(&rules->weights, n - 1,
                              (const char *const *)word + 1, &why);
    }
    else {
        return ctl_complain(CTL_MISUSE,
                            "--set '%s' is no directive with its "
                            "value",
                            directive);
    }
    return (rv == APR_SUCCESS)
               ? CTL_DONE
               : ctl_complain(CTL_MISUSE, "--set: %s", why.text);
}

int rules_apply(rules_t *rules, mlg_replay_t *replay, apr_pool_t *p)
{
    uint32_t clients = (uint32_t)rules->settings.table_size;

    if (rules->configs->nelts > 0) {
        return ctl_complain(CTL_MISUSE, "--config is not part of this build; "
                                        "name the directives with --set");
    }
    if (mlg_replay_init(replay, clients, p) != APR_SUCCESS) {
        return ctl_complain(CTL_FAILED, "not enough memory for %u clients",
                            clients);
    }
    mlg_settings_rules(&replay->rules, &rules->settings);
    replay->rules.model = &rules->weights.model;
    replay->rules.allow = &rules->allow;
    replay->ipv6_prefix = (unsigned)rules->settings.ipv6_prefix;
    replay->refuse_status = (uint32_t)rules->settings.refuse_status;
    return CTL_DONE;
}
