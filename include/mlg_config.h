/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate's lines in a configuration of httpd, read without httpd: what they
 * say about how the requests of a log are judged.
 *
 * Read as httpd reads it: comments, lines continued with a backslash, quoted
 * words, names in any case, Include and IncludeOptional with wildcards below
 * ServerRoot (without one, below the directory of the first file), Define and
 * ${NAME}, else the environment's. <IfModule X>, <IfVersion>, <IfDirective>
 * and <IfSection> are taken as true, those with "!" as false; <IfDefine X>
 * holds when X was defined, <IfFile> when it is there.
 *
 * Applied are the main server's lines and those of one virtual host: the one
 * that is named, or the only one that has any. A log does not tell which
 * directory answered and cannot evaluate an expression: lines in other
 * sections are checked and not applied, and MLGateExempt is not applied; each
 * is said once in `notes`. MLGateEventLog, MLGateObservationLog and
 * MLGateShadowModel are passed over.
 *
 * Allocates from its pool, in proportion to the text. Hostile text gets a
 * sentence: an unknown MLGate... directive, a value that httpd would refuse,
 * sections that do not nest, a file that includes itself, more than 20 levels
 * or 4096 files, a file or values of ${NAME} above 16 MiB, a NUL byte.
 */
#ifndef MLG_CONFIG_H
#define MLG_CONFIG_H

#include "mlg_settings.h"

#include <apr_tables.h>

typedef struct mlg_config_t {
    apr_pool_t *p;
    mlg_settings_t settings;
    mlg_weights_t weights;
    const char *model; /* MLGateModel: a path or MLG_MODEL_WEIGHTED, not looked
                          at; NULL: not said */
    apr_array_header_t *allow; /* of mlg_prefix_t, not settled */
    const char *profile;       /* MLGateProfile's file; NULL: none */
    apr_array_header_t *notes; /* of const char *: a sentence each */
    const char *why;           /* after a failure: where and why; its values
                                  may hold any byte but NUL */
} mlg_config_t;

/** Begin with the module's defaults. @param p  lives as long as `config` */
void mlg_config_init(mlg_config_t *config, apr_pool_t *p);

/** Read a file, and what it includes.
 *
 * @param host  name of the virtual host that the logs are of: its ServerName
 *              or a ServerAlias, also NAME:PORT, or the address of its tag;
 *              NULL: not said
 * @return APR_SUCCESS; MLG_ECONFIG, `why` is set and the rest undefined
 */
apr_status_t mlg_config_read(mlg_config_t *config, const char *path,
                             const char *host);

/** The same for a text in memory, from which no file and no variable of the
 * environment is looked at: Include is passed over with a note, <IfFile> does
 * not hold, and file:PATH is refused.
 *
 * @param name  of the text, for sentences
 * @param text  `len` bytes, any
 */
apr_status_t mlg_config_read_text(mlg_config_t *config, const char *name,
                                  const char *text, size_t len,
                                  const char *host);

/** Apply one line, such as "MLGateThreshold 0.8"; file:PATH is looked for
 * below the working directory.
 *
 * @return as above; a directive without a meaning for logs is refused too
 */
apr_status_t mlg_config_set(mlg_config_t *config, const char *line);

#endif /* MLG_CONFIG_H */
