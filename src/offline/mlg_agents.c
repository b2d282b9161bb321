/* SPDX-License-Identifier: Apache-2.0 */
#include "agents.h"

#include <ctype.h>
#include <string.h>

typedef struct word_t {
    const char *text; /* lower case */
    mlg_class class;
} word_t;

/* The first that a User-Agent holds decides. */
/* clang-format off */
static const word_t words[] = {
    {"cubot",               MLG_CLASS_BROWSER}, /* telephones */
    {"uptime",              MLG_CLASS_MONITOR},
    {"pingdom",             MLG_CLASS_MONITOR},
    {"statuscake",          MLG_CLASS_MONITOR},
    {"site24x7",            MLG_CLASS_MONITOR},
    {"check_http",          MLG_CLASS_MONITOR},
    {"nagios",              MLG_CLASS_MONITOR},
    {"zabbix",              MLG_CLASS_MONITOR},
    {"monitor",             MLG_CLASS_MONITOR},
    {"healthcheck",         MLG_CLASS_MONITOR},
    {"bot",                 MLG_CLASS_CRAWLER},
    {"crawl",               MLG_CLASS_CRAWLER},
    {"spider",              MLG_CLASS_CRAWLER},
    {"slurp",               MLG_CLASS_CRAWLER},
    {"scrapy",              MLG_CLASS_CRAWLER},
    {"facebookexternalhit", MLG_CLASS_CRAWLER},
    {"mediapartners",       MLG_CLASS_CRAWLER},
    {"chatgpt",             MLG_CLASS_CRAWLER},
    {"headless",            MLG_CLASS_TOOL},
    {"phantomjs",           MLG_CLASS_TOOL},
    {"curl",                MLG_CLASS_TOOL},
    {"wget",                MLG_CLASS_TOOL},
    {"python",              MLG_CLASS_TOOL},
    {"aiohttp",             MLG_CLASS_TOOL},
    {"httpx",               MLG_CLASS_TOOL},
    {"go-http-client",      MLG_CLASS_TOOL},
    {"java/",               MLG_CLASS_TOOL},
    {"okhttp",              MLG_CLASS_TOOL},
    {"httpclient",          MLG_CLASS_TOOL},
    {"libwww",              MLG_CLASS_TOOL},
    {"lwp",                 MLG_CLASS_TOOL},
    {"perl",                MLG_CLASS_TOOL},
    {"ruby",                MLG_CLASS_TOOL},
    {"php",                 MLG_CLASS_TOOL},
    {"axios",               MLG_CLASS_TOOL},
    {"node",                MLG_CLASS_TOOL},
    {"postman",             MLG_CLASS_TOOL},
    {"winhttp",             MLG_CLASS_TOOL},
    {"nikto",               MLG_CLASS_TOOL},
    {"sqlmap",              MLG_CLASS_TOOL},
    {"nmap",                MLG_CLASS_TOOL},
    {"masscan",             MLG_CLASS_TOOL},
    {"zgrab",               MLG_CLASS_TOOL},
    {"nuclei",              MLG_CLASS_TOOL},
    {"(+http",              MLG_CLASS_CRAWLER},
    {"; +http",             MLG_CLASS_CRAWLER},
    {"applewebkit",         MLG_CLASS_BROWSER},
    {"gecko",               MLG_CLASS_BROWSER},
    {"trident",             MLG_CLASS_BROWSER},
    {"msie",                MLG_CLASS_BROWSER},
    {"opera",               MLG_CLASS_BROWSER},
    {"ucweb",               MLG_CLASS_BROWSER},
};

/* Crawlers whose name does not begin with their operator's. */
static const struct {
    const char *text; /* lower case */
    const char *operator;
} aliases[] = {
    {"gptbot",        "openai"},
    {"chatgpt",       "openai"},
    {"oai-searchbot", "openai"},
    {"msnbot",        "bing"},
    {"adidxbot",      "bing"},
    {"duckduck",      "duckduckbot"},
    {"duckassist",    "duckduckbot"},
    {"facebot",       "facebook"},
    {"meta-external", "facebook"},
};
/* clang-format on */
#define END_OF(list) (sizeof(list) / sizeof((list)[0]))

apr_status_t mlg_agents_make(mlg_agents_t **out, apr_pool_t *p)
{
    mlg_agents_t *agents = apr_pcalloc(p, sizeof(*agents));

    if (agents == NULL) {
        return APR_ENOMEM;
    }
    agents->p = p;
    agents->operators = apr_array_make(p, 16, sizeof(operator_t));
    *out = agents;
    return APR_SUCCESS;
}

const char *mlg_class_name(mlg_class class)
{
    static const char *const names[MLG_NCLASSES] = {
#define X(id, name) name,
        MLG_CLASSES(X)
#undef X
    };

    return names[(class < MLG_NCLASSES) ? class : MLG_CLASS_OTHER];
}

unsigned mlg_agents_unusable(const mlg_agents_t *agents)
{
    return agents->unusable;
}

/* A word that begins where another ends is another word: "BUbiNG" is not
 * Bing's. */
static int has_name(const char *lower, const char *name)
{
    const char *at = lower;

    while ((at = strstr(at, name)) != NULL) {
        if (at == lower || !isalpha((unsigned char)at[-1])) {
            return 1;
        }
        at++;
    }
    return 0;
}

/* @return the place of the operator that this agent claims, -1 for none */
static int16_t operator_of(const mlg_agents_t *agents, const char *lower)
{
    for (int i = 0; i < agents->operators->nelts; i++) {
        const operator_t *o = &APR_ARRAY_IDX(agents->operators, i, operator_t);

        if (has_name(lower, o->name)) {
            return (int16_t)i;
        }
        for (size_t k = 0; k < END_OF(aliases); k++) {
            if (strcmp(aliases[k].operator, o->name) == 0 &&
                strstr(lower, aliases[k].text) != NULL) {
                return (int16_t)i;
            }
        }
    }
    return -1;
}

static mlg_class family_of(const char *lower)
{
    for (size_t i = 0; i < END_OF(words); i++) {
        if (strstr(lower, words[i].text) != NULL) {
            return words[i].class;
        }
    }
    return MLG_CLASS_OTHER;
}

/* Without regard to where it comes from. */
static mlg_class read_agent(const mlg_agents_t *agents, mlg_text_t agent,
                            int16_t *operator)
{
    char text[AGENT_BYTES];
    size_t len = (agent.len < sizeof(text)) ? agent.len : sizeof(text) - 1;
    mlg_class class;

    for (size_t i = 0; i < len; i++) {
        text[i] = (agent.at[i] != '\0') ? agent.at[i] : ' ';
    }
    text[len] = '\0';
    class = agents_match(agents, text);
    for (size_t i = 0; i < len; i++) {
        text[i] = (char)tolower((unsigned char)text[i]);
    }
    if (class == MLG_CLASS_OTHER) {
        class = family_of(text);
    }
    *operator=(class == MLG_CLASS_CRAWLER || class == MLG_CLASS_MONITOR)
        ? operator_of(agents, text)
        : -1;
    return class;
}

mlg_class mlg_agents_class(mlg_agents_t *agents, mlg_text_t agent,
                           uint64_t hash, const mlg_key_t *addr)
{
    size_t at = hash % AGENT_CACHE;
    int16_t operator;
    mlg_class class;

    if (agent.at == NULL || agent.len == 0) {
        return MLG_CLASS_NONE;
    }
    if (hash != 0 && agents->cache[at].hash == hash) {
        class = agents->cache[at].class;
        operator= agents->cache[at].operator;
    }
    else {
        class = read_agent(agents, agent, &operator);
        agents->cache[at].hash = hash;
        agents->cache[at].class = (uint8_t) class;
        agents->cache[at].operator= operator;
    }
    if (operator>= 0) {
        const operator_t *o =
            &APR_ARRAY_IDX(agents->operators, operator, operator_t);

        class = mlg_cidrs_contain(&o->ranges, addr) ? MLG_CLASS_VERIFIED
                                                    : MLG_CLASS_UNVERIFIED;
    }
    return class;
}
