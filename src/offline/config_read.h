/* SPDX-License-Identifier: Apache-2.0
 *
 * The two halves of mlg_config.h: reading turns files into the gate's lines
 * and the virtual hosts they stand in; applying turns those into settings.
 */
#ifndef CONFIG_READ_H
#define CONFIG_READ_H

#include "mlg_config.h"

#include <apr_hash.h>

typedef struct config_place_t {
    const char *file;
    unsigned line; /* the last, of one that is continued; from 1 */
} config_place_t;

/* A line of the gate's. */
typedef struct config_line_t {
    mlg_directive_id id;
    const char *args;    /* not yet split into words */
    const char *unknown; /* a ${NAME} in it that has no value; NULL: none */
    const char *section; /* the innermost one but for <VirtualHost>: "Location";
                            NULL: none */
    int is_macro;        /* somewhere inside <Macro> */
    int host;            /* number of its virtual host; -1: the main server */
    config_place_t at;
} config_line_t;

typedef struct config_host_t {
    const char *where;         /* the tag's arguments: "*:443" */
    apr_array_header_t *names; /* of const char *: ServerName, ServerAlias */
    apr_array_header_t *said;  /* of const char *; makes `says` */
    const char *says;          /* its lines that can be applied, as text */
    config_place_t at;
} config_host_t;

typedef struct config_reader_t {
    mlg_config_t *config;
    int is_alone;                 /* a text: nothing else may be looked at */
    const char *root;             /* ServerRoot */
    apr_hash_t *defined;          /* names, whether or not with a value */
    apr_table_t *values;          /* of those names, which httpd finds in any
                                     case */
    apr_array_header_t *lines;    /* of config_line_t */
    apr_array_header_t *hosts;    /* of config_host_t */
    apr_array_header_t *sections; /* those open, of section_t */
    apr_array_header_t *files;    /* those open, of const char *: real paths */
    unsigned nfiles;              /* read so far */
    size_t grown_bytes;           /* of values put in so far */
    config_place_t at;            /* now */
} config_reader_t;

/* ---- config_text.c: lines, words, files --------------------------------- */

/** Say why, after "FILE line N: ". @return MLG_ECONFIG */
apr_status_t config_fail(mlg_config_t *config, config_place_t at,
                         const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Say that there is no such directive, and which may be meant.
 * @return MLG_ECONFIG */
apr_status_t config_fail_name(mlg_config_t *config, config_place_t at,
                              const char *name);

/** Say that a ${NAME} has no value. @return MLG_ECONFIG */
apr_status_t config_fail_unknown(mlg_config_t *config, config_place_t at,
                                 const char *name);

/** Take the next line with what continues it.
 *
 * @param text  moved on; changed up to there; ends with NUL
 * @param line  set to it, without blanks around it
 * @param n     added to: lines of the file that it takes
 * @return 0 at the end
 */
int config_next_line(char **text, char **line, unsigned *n);

/** Take the next word as httpd does: in quotes or up to a blank.
 *
 * @param line  moved on to the word after it
 * @return text of the pool; "" at the end
 */
const char *config_word(apr_pool_t *p, const char **line);

/** Put the values of ${NAME} in, once, as httpd does.
 *
 * @param unknown  set to a NAME that has no value and is left as it is
 * @return `text` itself when there is none; NULL when all values so far are
 *         more than 16 MiB
 */
const char *config_expand(config_reader_t *reader, const char *text,
                          const char **unknown);

/** A path below ServerRoot, without "." and "..". @return text of the pool */
const char *config_path(const config_reader_t *reader, const char *path);

/** Read a whole file, at most 16 MiB without a NUL byte.
 *
 * @return NULL and *text set, NUL-terminated; else why not
 */
const char *config_load(char **text, const char *path, apr_pool_t *p);

/* ---- config_read.c ------------------------------------------------------ */

/** Begin. @param config  borrowed, with its pool */
void config_reader_init(config_reader_t *reader, mlg_config_t *config,
                        int is_alone);

/** Gather the gate's lines of a text and of what it includes.
 *
 * @param text  of the pool, changed
 */
apr_status_t config_read(config_reader_t *reader, const char *name, char *text);

/* ---- config_include.c --------------------------------------------------- */

/** The same of a file. */
apr_status_t config_read_file(config_reader_t *reader, const char *path);

/** The same of what Include names.
 *
 * @param args     of the directive
 * @param unknown  a ${NAME} in it that has no value; NULL: none
 */
apr_status_t config_include(config_reader_t *reader, const char *args,
                            const char *unknown, int is_optional);

/* ---- config_host.c: which virtual host counts --------------------------- */

/** @return "shop.example (*:443)" */
const char *config_host_title(const config_reader_t *reader,
                              const config_host_t *host);

/** Find the virtual host whose lines count.
 *
 * @param file    read first, to say it
 * @param name    that was asked for; NULL: none
 * @param chosen  set to its number; -1: none has lines that count
 */
apr_status_t config_host_choose(const config_reader_t *reader, const char *file,
                                const char *name, int *chosen);

#endif /* CONFIG_READ_H */
