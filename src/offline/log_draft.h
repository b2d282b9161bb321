/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the log parser. Whatever the format, a line is taken apart into
 * texts, each for one field of a draft; when the line is through, the draft
 * becomes an entry. What a field means is decided here once, for LogFormat
 * and JSON alike.
 *
 * Pure: no clock, no lock, no allocation. Texts may hold any byte.
 */
#ifndef LOG_DRAFT_H
#define LOG_DRAFT_H

#include "mlg_log.h"

/* Field and what a sentence calls it. */
/* clang-format off */
#define LOG_FIELDS(X)                                                        \
    X(SKIP,              "text")                                             \
    X(CLIENT,            "client address")                                   \
    X(VHOST,             "virtual host")                                     \
    X(STAMP,             "time")                                             \
    X(DURATION,          "duration")                                         \
    X(LINE,              "request line")                                     \
    X(METHOD,            "method")                                           \
    X(TARGET,            "request target")                                   \
    X(PATH,              "path")                                             \
    X(QUERY,             "query string")                                     \
    X(PROTOCOL,          "protocol")                                         \
    X(STATUS,            "status")                                           \
    X(BYTES,             "size")                                             \
    X(DEPTH,             "number of requests on the connection")             \
    X(REFERER,           "Referer")                                          \
    X(AGENT,             "User-Agent")                                       \
    X(COOKIE,            "Cookie")                                           \
    X(ACCEPT,            "Accept")                                           \
    X(ACCEPT_LANGUAGE,   "Accept-Language")                                  \
    X(ACCEPT_ENCODING,   "Accept-Encoding")                                  \
    X(CONTENT_LENGTH,    "Content-Length")                                   \
    X(TRANSFER_ENCODING, "Transfer-Encoding")                                \
    X(SEC_FETCH_MODE,    "Sec-Fetch-Mode")
/* clang-format on */

typedef enum log_field {
#define X(name, noun) LOG_##name,
    LOG_FIELDS(X)
#undef X
        LOG_NFIELDS
} log_field;

/** @return its noun */
const char *log_field_noun(log_field field);

/** The field of a request header, LOG_SKIP for one that nobody needs and
 * LOG_CLIENT for one in which proxies put the client's address.
 *
 * @param name  any case; '_' and '-' are the same, and may be missing
 */
log_field log_field_of_header(mlg_text_t name);

/* What `arg` of log_draft_put() is for some fields. */
enum log_arg {
    LOG_ARG_NONE = 0,
    LOG_ARG_LIST = ',',      /* CLIENT: a list, the last one counts */
    LOG_ARG_END = 'e',       /* STAMP: when the answer was sent */
    LOG_ARG_FROM_ZERO = '0', /* DEPTH: the first request is number 0 */
    LOG_ARG_NS = 'n',        /* DURATION: its unit, unless the text has one */
    LOG_ARG_US = 'u',
    LOG_ARG_MS = 'm',
    LOG_ARG_S = 's'
};

/* A time, from one text or from several pieces. Zeroed = nothing yet. */
typedef struct log_clock_t {
    apr_time_t whole_us; /* if HAS_WHOLE */
    int year, month, day, hour, minute, second;
    int is_precise; /* whole_us has a fraction */
    int64_t zone_s;
    int64_t fraction_us;
    uint32_t has; /* LOG_HAS_* */
} log_clock_t;

enum log_has {
    LOG_HAS_WHOLE = 1 << 0,
    LOG_HAS_YEAR = 1 << 1,
    LOG_HAS_MONTH = 1 << 2,
    LOG_HAS_DAY = 1 << 3,
    LOG_HAS_HOUR = 1 << 4,
    LOG_HAS_MINUTE = 1 << 5,
    LOG_HAS_FRACTION = 1 << 6,
    LOG_HAS_12_HOURS = 1 << 7, /* the hour counts to 12 */
    LOG_HAS_NOON = 1 << 8,     /* AM or PM was said */
    LOG_HAS_PM = 1 << 9,
    LOG_HAS_DATE = LOG_HAS_YEAR | LOG_HAS_MONTH | LOG_HAS_DAY | LOG_HAS_HOUR |
                   LOG_HAS_MINUTE
};

/* Pieces of a time that strftime() has no letter for. */
enum log_piece {
    LOG_PIECE_MSEC = '1',      /* milliseconds since the epoch */
    LOG_PIECE_USEC = '2',      /* microseconds since the epoch */
    LOG_PIECE_MSEC_FRAC = '3', /* three digits of a second's fraction */
    LOG_PIECE_USEC_FRAC = '6'  /* six */
};

/** Which LOG_HAS_* a piece sets; what it cannot read is 0 with `*known` 0.
 *
 * @param piece  a letter of strftime()'s that stands for itself (those that
 *               stand for others, like T, are spelt out), or a log_piece
 */
uint32_t log_clock_piece(char piece, int *known);

/** Take one piece from the text at `*at`, which moves behind it.
 * @return 1 when it was there */
int log_clock_take(log_clock_t *clock, char piece, const char **at,
                   const char *end);

/** Take a whole time: CLF's, ISO 8601, or a number of seconds, ms, us or ns
 * since the epoch, told by its size. @return 1 when it is one */
int log_clock_read(log_clock_t *clock, mlg_text_t text);

/** @param is_precise  1: finer than a second
 * @return 1 and *at_us when the pieces make a time from 1970 on */
int log_clock_join(const log_clock_t *clock, apr_time_t *at_us,
                   int *is_precise);

/** The month whose name or its first three letters stand at `at`, which has
 * three bytes. @return 0..11, or -1 */
int log_month_at(const char *at);

/** Take "+0530", "+05:30", "+05" or "Z". @return 1 and `s` when it was there */
int log_take_zone(const char **at, const char *end, int64_t *s);

/** Of two whole times the precise one is kept. @return 1 */
int log_keep_whole(log_clock_t *clock, apr_time_t at_us, int is_precise);

/** @return 1 and *at_us, which may lie before 1970, when year, month, day,
 * hour, minute and second are a time */
int log_join_date(const log_clock_t *clock, apr_time_t *at_us);

typedef struct log_draft_t {
    mlg_log_entry_t *out;
    log_clock_t clock[2]; /* of the arrival; of the end */
    mlg_text_t path;
    mlg_text_t query;
} log_draft_t;

/** Begin a line. `out` is zeroed. */
void log_draft_init(log_draft_t *draft, mlg_log_entry_t *out);

/** Take one field.
 *
 * @param arg   LOG_ARG_*
 * @param text  unescaped; borrowed as long as the entry; "-" = not there
 * @return NULL, or why this text cannot be that field
 */
const char *log_draft_put(log_draft_t *draft, log_field field, char arg,
                          mlg_text_t text);

/** Make the entry complete.
 *
 * @param room  for a path and a query that stand apart; `room_bytes` long;
 *              what does not fit is cut
 * @return NULL, or what is missing
 */
const char *log_draft_finish(log_draft_t *draft, char *room, size_t room_bytes);

/** Undo escapes in place: \" \\ \/ \xhh \uhhhh and C's letters. What is no
 * escape stays. @return the text, which never grows */
mlg_text_t log_unescape(char *at, char *end);

/** Is the quote at `quote` escaped, in a text that begins at `begin`? */
int log_is_escaped(const char *begin, const char *quote);

/* ---- formats ------------------------------------------------------------ */

#define LOG_STEPS 96 /* directives in one format, at most */

typedef struct log_step_t {
    uint8_t field; /* log_field */
    char arg;      /* LOG_ARG_*, or the piece */
    uint8_t flags; /* LOG_STEP_* */
    uint8_t rank;  /* of two steps for one field the higher one counts */
    mlg_text_t spec;
    mlg_text_t after; /* what has to follow; empty only where nothing does */
} log_step_t;

enum log_step_flags {
    LOG_STEP_PIECE = 1 << 0,     /* of a time; ends by itself */
    LOG_STEP_END = 1 << 1,       /* ... of the end of the request */
    LOG_STEP_QUOTED = 1 << 2,    /* an escaped quote does not end it */
    LOG_STEP_SOMETIMES = 1 << 3, /* "-" means that it was not asked for */
    LOG_STEP_OPTIONAL = 1 << 4   /* the line may end before it */
};

typedef struct log_program_t {
    mlg_text_t lead; /* before the first step */
    int n;
    int is_lenient; /* more may follow than the format says */
    log_step_t step[LOG_STEPS];
} log_program_t;

/** Compile a format, as mlg_log_parser_make() says. */
apr_status_t log_program_make(log_program_t **out, const char *format,
                              apr_pool_t *p, mlg_fault_t *fault);

/** Take a line apart. @return 1, or 0 and `fault` */
int log_program_run(const log_program_t *program, log_draft_t *draft,
                    char *line, char *end, mlg_fault_t *fault);

/** Take apart a line that is a JSON object. @return 1, or 0 and `fault` */
int log_json_run(log_draft_t *draft, char *line, char *end, mlg_fault_t *fault);

#endif /* LOG_DRAFT_H */
