/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration reader on any text. A first line "#host NAME" names the
 * virtual host. Nothing but the text is looked at.
 */
#include "fuzz.h"

#include "mlg_config.h"

#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

/* What was read is what httpd would start with. */
static void check_config(const mlg_config_t *config)
{
    for (int i = 0; i < MLG_NSETTINGS; i++) {
        if (i == MLG_SET_threshold &&
            config->settings.threshold == MLG_THRESHOLD_AUTO) {
            continue;
        }
        FUZZ_CHECK(config->settings.value[i] >= mlg_directives[i].min &&
                   config->settings.value[i] <= mlg_directives[i].max);
    }
    for (unsigned i = 0; i < MLG_NFEATURES; i++) {
        mlg_ramp_t ramp = mlg_weighted_ramp(&config->weights.model, i);

        FUZZ_CHECK((config->weights.given >> i & 1) == 0 ||
                   mlg_ramp_check(&ramp) == APR_SUCCESS);
    }
    for (int i = 0; i < config->allow->nelts; i++) {
        FUZZ_CHECK(APR_ARRAY_IDX(config->allow, i, mlg_prefix_t).bits <=
                   MLG_KEY_BITS);
    }
}

/* The NAME of a text that begins with "#host NAME", else NULL. */
static const char *find_host(char buf[64], const char *text, size_t len)
{
    static const char begin[] = "#host ";
    size_t skip = sizeof(begin) - 1;
    size_t n = 0;

    if (len < skip || memcmp(text, begin, skip) != 0) {
        return NULL;
    }
    while (n < 63 && skip + n < len && text[skip + n] != '\n' &&
           text[skip + n] != '\0') {
        buf[n] = text[skip + n];
        n++;
    }
    buf[n] = '\0';
    return buf;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    mlg_config_t config;
    char host[64];
    apr_pool_t *p;
    static int is_ready;

    if (!is_ready) {
        FUZZ_CHECK(apr_initialize() == APR_SUCCESS);
        is_ready = 1;
    }
    FUZZ_CHECK(apr_pool_create(&p, NULL) == APR_SUCCESS);
    mlg_config_init(&config, p);
    if (mlg_config_read_text(&config, "fuzz", text, size,
                             find_host(host, text, size)) == APR_SUCCESS) {
        check_config(&config);
    }
    else {
        FUZZ_CHECK(config.why != NULL && strncmp(config.why, "fuzz", 4) == 0);
    }
    apr_pool_destroy(p);
    return 0;
}
