/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the httpd glue share: configuration, the process's view of
 * the gate, locks, and what is remembered of a request between hooks. httpd's
 * facts become the core's terms here, and verdicts become httpd's statuses;
 * nothing is decided here.
 */
#ifndef MLGATE_H
#define MLGATE_H

#include "mlg_model_file.h"
#include "mlg_observation.h"
#include "mlg_settings.h"
#include "mlg_version.h"

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <ap_expr.h>

#include "mlgate_lognos.h"

extern module AP_MODULE_DECLARE_DATA mlgate_module
    __attribute__((visibility("default")));

/* ---- configuration (config.c) ------------------------------------------ */

/* Server configuration (GLOBAL settings) and directory configuration (the
 * others) share one type. Owned by the configuration pool, never written while
 * requests are served. */
typedef struct mlgate_conf_t {
    mlg_settings_t set;
    mlg_weights_t *weights;      /* NULL: none given */
    mlg_cidrs_t *allow;          /* settled; NULL: nobody */
    apr_array_header_t *exempt;  /* of ap_expr_info_t *; NULL: nothing */
    const char *model;           /* file or MLG_MODEL_WEIGHTED; GLOBAL; NULL:
                                    mlg_model_file_default() */
    const char *shadow_model;    /* likewise; NULL: off */
    const char *event_log;       /* file or |pipe; GLOBAL; NULL: none */
    const char *observation_log; /* likewise */
    const char *profile;         /* a file; GLOBAL; NULL: none */
    const char *state_file;      /* likewise */
} mlgate_conf_t;

extern const command_rec mlgate_commands[];
void *mlgate_conf_create_dir(apr_pool_t *p, char *dir);
void *mlgate_conf_create_server(apr_pool_t *p, server_rec *s);
void *mlgate_conf_merge(apr_pool_t *p, void *base, void *add);

/** What is in force for a request. At quick_handler time that is the virtual
 * host's own. */
const mlgate_conf_t *mlgate_conf_of(const request_rec *r);

/** A virtual host's own configuration. */
const mlgate_conf_t *mlgate_conf_of_server(const server_rec *s);

/** The GLOBAL settings. @param s  the main server */
const mlgate_conf_t *mlgate_conf_global(const server_rec *s);

/* Rules with the models that they borrow: those in force when they were made.
 * Neither copied nor moved. */
typedef struct mlgate_rules_t {
    mlg_rules_t rules;
    mlg_shadow_t shadow;
    const mlg_model_file_t *judge;  /* NULL: weights */
    const mlg_model_file_t *second; /* the shadow's; NULL: weights, or none */
    int has_shadow;
    unsigned slot[2];
} mlgate_rules_t;

/** Configuration in the core's terms, with the models that are in force: once
 * a request, so that none is judged by two. What threshold applies is decided
 * here.
 *
 * @param held  filled; borrows from conf; the models are held until it is
 *              given to mlgate_rules_drop()
 */
void mlgate_rules(mlgate_rules_t *held, const mlgate_conf_t *conf);

/** Let go of the models; the rules are not used any more. */
void mlgate_rules_drop(mlgate_rules_t *held);

/** Check what single directives cannot: MLGateBlockMax below MLGateBlockFor.
 * @param where  what the configuration is for, to say it
 * @return a sentence, or NULL when all is well */
const char *mlgate_conf_check(const mlgate_conf_t *conf, const char *where,
                              apr_pool_t *ptemp);

/* ---- the gate of this process (segment.c, stripe.c) --------------------- */

/** Make the mutexes of a fresh segment.
 * @return APR_SUCCESS or an error of the system */
apr_status_t mlgate_stripes_init(const mlg_gate_t *gate);

/* One of the gate's own logs (sink.c). */
typedef struct mlgate_sink_t {
    apr_file_t *file;      /* open for appending, or NULL */
    const char *directive; /* that names it */
    mlg_counter_id lost;   /* counts the lines it did not take */
    int has_failed;        /* the latest line; already complained about */
} mlgate_sink_t;

typedef struct mlgate_process_t {
    mlg_gate_t gate; /* view of the shared segment */
    unsigned ipv6_prefix;
    mlgate_sink_t event_log;
    mlgate_sink_t observation_log;
    int is_serving; /* the segment is mapped and viewed */
} mlgate_process_t;

extern mlgate_process_t mlgate;

/** Map the segment with its mutexes, or find the one that a graceful restart
 * kept. Logs what fails. Called in the parent from post_config. */
apr_status_t mlgate_segment_open(server_rec *s);

/** Did this reading of the configuration find the segment of the last one? Set
 * before mlgate_segment_open(), too. */
int mlgate_segment_is_kept(void);

/** Take a stripe if it is free, trying twice; never waits.
 *
 * @param stripe  0..MLG_STRIPES - 1
 * @return the stripe, to be given back; NULL when it is busy or its lock
 *         failed, and then nothing it guards may be touched
 */
mlg_stripe_t *mlgate_stripe_try(unsigned stripe);

/** Take a stripe once the client has its answer: tries for a few microseconds,
 * because an outcome that is skipped leaves its request in flight.
 * @return as above */
mlg_stripe_t *mlgate_stripe_spin(unsigned stripe);

/** Take a stripe for an operator's command: waits up to a second.
 * @return as above */
mlg_stripe_t *mlgate_stripe_wait(unsigned stripe);

/** Give a stripe back; NULL is ignored. */
void mlgate_stripe_drop(mlg_stripe_t *stripe);

/** The threshold that a model recommends. @param model  NULL: the weights */
float mlgate_own_threshold(const mlg_model_file_t *model);
/** A header's value or another of httpd's texts; NULL is one not sent. */
static inline mlg_text_t mlgate_text_of(const char *value)
{
    return (mlg_text_t){value, (value != NULL) ? strlen(value) : 0};
}

/* ---- time and what outlives a stop (clock.c, state.c, restore.c) --------- */

/** Let a segment's clock show this time now. Once, before others use it. */
void mlgate_clock_set(mlg_segment_t *segment, apr_time_t now_us);

/** What a segment's clock shows: microseconds that never step. */
apr_time_t mlgate_clock_read(const mlg_segment_t *segment);

/** Now, by the gate's clock: what everything in the segment goes by. */
apr_time_t mlgate_now(void);

/** How much the wall clock is ahead of the gate's since somebody set it: to be
 * added to what people read. @return 0 when they agree within a second */
apr_interval_time_t mlgate_clock_behind(void);

/** A time of the gate as the wall clock had it; 0 stays 0. */
static inline apr_time_t mlgate_wall_of(apr_time_t at_us,
                                        apr_interval_time_t behind_us)
{
    return (at_us != 0) ? at_us + behind_us : 0;
}

#define MLGATE_STATE_BLOCKS ".blocks" /* the second file's name ends so */

/** Say why MLGateStateFile cannot be kept, if so. */
void mlgate_state_check(server_rec *s, apr_pool_t *ptemp);

/** Make ready for reading and writing. Before mlgate_segment_open(). */
void mlgate_state_open(server_rec *s, apr_pool_t *pconf);

/** Do something to its files as User, in a process of its own if need be.
 *
 * @param work  returns 0 or errno
 * @return what it returned, or why it could not be done
 */
int mlgate_state_as_user(int (*work)(const void *), const void *data);

/** Take up what is on disk, if anything.
 * @param gate     fresh, its mutexes made; nobody uses it yet
 * @param refused  which files are not to be looked at, one bit each: 0, and then
 *                 what the last call left there
 * @return 0: a file went bad while it was taken up. It is refused and said, and
 *         the segment is to be given up for another */
int mlgate_state_take_up(const mlg_gate_t *gate, server_rec *s,
                         unsigned *refused);

/** Keep aside what lies in the files' place and is of another gate, as after a
 * restart that names another MLGateStateFile: the first write would destroy it.
 */
void mlgate_state_set_aside(const mlg_gate_t *gate, server_rec *s);

/** The segment is there: from now on it may be written. */
void mlgate_state_begin(void);

/** Write what is due. One process at a time.
 * @param is_hurried  all of it every second, for a test */
void mlgate_state_look(server_rec *s, int is_hurried, apr_pool_t *p);

/** Is the threshold here to be fitted to the site? */
int mlgate_is_auto(const mlgate_conf_t *conf);

/* ---- the site's own threshold (site.c) ---------------------------------- */

/** Forget what an earlier reading of the configuration loaded. */
void mlgate_site_reset(void);

/** Read MLGateProfile. Logs what fails.
 * @return OK or an HTTP status */
int mlgate_site_load(server_rec *s, apr_pool_t *pconf);

/** Say when the profile is not for the model that judges. */
void mlgate_site_warn(server_rec *s);

/** Begin with the profile, or go on; once the segment and the models are
 * there. */
void mlgate_site_open(server_rec *s);

/** Follow the site. One process at a time. */
void mlgate_site_look(server_rec *s);

int mlgate_site_has_profile(void);

/** What MLGateProfile says. @return NULL: none */
const mlg_profile_t *mlgate_site_profile(void);

/* ---- models (model.c) --------------------------------------------------- */

/** Forget all: a configuration is about to be read. */
void mlgate_models_reset(void);

/** Read and prove the models that the configuration names. Logs what fails.
 * @return OK or HTTP_INTERNAL_SERVER_ERROR */
int mlgate_models_load(server_rec *s, apr_pool_t *pconf);

/** Say when MLGateWeight is given and decides nothing. */
void mlgate_models_warn(server_rec *s);

/** Note which are in force and prepare to replace them. After
 * mlgate_segment_open(), in the parent. Logs what fails. */
apr_status_t mlgate_models_open(server_rec *s, apr_pool_t *pconf);

/** @return 1 when the model or its shadow is a file, which may change */
int mlgate_models_are_files(void);

/** Is the model that judges a file's? Else it is the weights. */
int mlgate_models_judge_is_file(void);

/** Fill in `judge`, `second`, `has_shadow` and `slot`. */
void mlgate_models_take(mlgate_rules_t *held);

/** Put what was published since in this process's seats, and free what nobody
 * uses any more. In each process; by one thread at a time. */
void mlgate_models_follow(void);

/** Look whether a file has changed, and publish it. In one process at a time.
 * @param quiet_us  for how long it must have been left alone */
void mlgate_models_look(server_rec *s, apr_interval_time_t quiet_us,
                        apr_pool_t *p);

/* ---- a request's way (arrive.c, access.c, refuse.c) --------------------- */

/* What is remembered of a request between hooks; in request_config. */
typedef struct mlgate_ticket_t {
    apr_time_t at_us; /* when it began, by the gate's clock */
    mlg_client_t client;
    mlg_arrival_t arrival;   /* once it is judged, but for a refusal by block */
    mlg_observation_t *seen; /* NULL: nobody wants to know */
    int is_exempt;  /* the virtual host's MLGateExempt held for the URI as it
                       was asked for */
    int is_judged;  /* `decision` holds a verdict */
    int is_refused; /* and httpd was told */
    mlg_decision_t decision;
} mlgate_ticket_t;

/* Per connection; in conn_config of the master connection. */
typedef struct mlgate_conn_t {
    apr_uint32_t requests;  /* requests or streams so far, atomically */
    apr_uint32_t is_spoken; /* the peer is known to speak for others */
} mlgate_conn_t;

/** Register every hook (start.c). */
void mlgate_hooks(apr_pool_t *p);

/** Register those of a request (access.c). */
void mlgate_access_hooks(void);

/** httpd's facts about a request as an arrival.
 * @param client  whose it is
 * @param at_us   when it arrived, by the gate's clock
 * @param depth   requests on its connection, this one included; 0 = unknown
 * @param is      MLG_IS_EXEMPT and MLG_IS_LATE, or 0 */
void mlgate_arrive(mlg_arrival_t *out, request_rec *r,
                   const mlg_client_t *client, apr_time_t at_us, uint32_t depth,
                   uint32_t is);

/** @return 1 when Host is absent or no name of the virtual host that answers */
int mlgate_is_odd_host(const request_rec *r);

/** This connection's own record; NULL when there is none. */
mlgate_conn_t *mlgate_conn_of(conn_rec *c);

/** Whose address this is: of r->useragent_addr and nothing else, but for the
 * peer of a connection whose request never came to be. */
mlg_client_t mlgate_client_of(const apr_sockaddr_t *addr);

/** Prepare what mlgate_tell() points to. Once, before threads. */
void mlgate_tell_prepare(void);

/** Set notes and environment: MLGATE_SCORE, MLGATE_VERDICT, MLGATE_REASON. */
void mlgate_tell(request_rec *r, const mlg_decision_t *d);

/** Answer a refused request, or leave it to the site's ErrorDocument.
 *
 * @return what the calling hook must return: DONE when the response was
 *         written, an HTTP status when httpd is to make it
 */
int mlgate_refuse(request_rec *r, const mlgate_conf_t *conf,
                  const mlg_decision_t *d);

/* ---- what operators see (sink.c, observe.c, event.c, handler.c, watch.c) */

/** Open MLGateEventLog. Logs what fails. */
apr_status_t mlgate_event_open(server_rec *s, apr_pool_t *pconf);

/** Open a log of the gate's own. Logs what fails.
 * @param path  a file or "|program"; NULL leaves the sink closed
 * @param lost  counts the lines it will not take */
apr_status_t mlgate_sink_open(mlgate_sink_t *sink, const char *directive,
                              const char *path, mlg_counter_id lost,
                              server_rec *s, apr_pool_t *pconf);

/** Write one line, its newline included, with one write. Never waits. */
void mlgate_sink_write(mlgate_sink_t *sink, server_rec *s, const char *line,
                       apr_size_t len);

/** Open MLGateObservationLog and write that a server starts. */
apr_status_t mlgate_observe_open(server_rec *s, apr_pool_t *pconf);

/** Room for what will be seen of a request; NULL when nobody wants to know. */
mlg_observation_t *mlgate_observe_begin(request_rec *r);

/** Remember an arrival.
 * @param arrived  mlg_stripe_events() of its stripe after it was judged
 * @param is_held  1: it was judged holding the stripe */
void mlgate_observe_arrival(mlg_observation_t *seen, const mlg_arrival_t *a,
                            const mlg_rules_t *rules, apr_uint64_t arrived,
                            int is_held);

/** Add how it ended and write the line.
 * @param settled  mlg_stripe_events() with the outcome folded; 0 = it was
 *                 not */
void mlgate_observe_outcome(request_rec *r, mlg_observation_t *seen,
                            const mlg_decision_t *d,
                            const mlg_outcome_t *outcome, apr_uint64_t settled);

/** Write down an operator's order. @param arrived  its place, as above */
void mlgate_observe_order(server_rec *s, const mlg_client_t *client,
                          mlg_block_kind kind, apr_time_t at_us,
                          apr_time_t until_us, apr_uint64_t arrived);

/** Log a conviction: one NOTICE line and one line in the event log. */
void mlgate_event_convicted(request_rec *r, const mlg_decision_t *d);

/** Log an operator's order.
 * @param what  "block" or "unblock"; @param note may be NULL */
void mlgate_event_order(request_rec *r, const char *what, const mlg_key_t *key,
                        apr_time_t until_us, const char *note);

/** Log that a block is over. Called by the watchdog. */
void mlgate_event_ended(server_rec *s, apr_pool_t *p, const mlg_block_t *block);

/** What a request's header has in common with others: see mlg_print_add(). */
uint64_t mlgate_swarm_print(const request_rec *r);

/** Describe a swarm by a member, as far as mlg_swarm_asks() for it.
 * @param event  1 + index, as found */
void mlgate_swarm_describe(const request_rec *r, const mlg_arrival_t *a,
                           unsigned event);

/** Log that a swarm has begun: a NOTICE line and one in the event log. */
void mlgate_swarm_begins(request_rec *r, const mlg_decision_t *d);

/** End the swarms that are over, and log it. Called by the watchdog. */
void mlgate_swarm_sweep(server_rec *s, apr_pool_t *p);

/** Look whether workers are short, for MLGateSwarmMaxShare. Called by the
 * watchdog. */
void mlgate_swarm_weigh_load(void);

/** The handler "mlgate-status". */
int mlgate_status_handler(request_rec *r);

/** mod_status's hook: "MLGate...:" lines or a block of HTML. */
int mlgate_status_hook(request_rec *r, int flags);

/** Register with mod_watchdog if it is there. */
apr_status_t mlgate_watch_start(server_rec *s, apr_pool_t *pconf);

#endif /* MLGATE_H */
