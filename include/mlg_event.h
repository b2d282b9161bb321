/* SPDX-License-Identifier: Apache-2.0
 *
 * The narrow waist. Live requests, log lines, fuzz input and hand-written
 * tests all become an arrival (what is known when a request comes in) and an
 * outcome (what is known once it has been answered) before anything is decided
 * about them. A feature that needs the future does not compile.
 *
 * Arrivals carry hashes and numbers, no text: an arrival can be stored, sent
 * and replayed without storing what a person asked for.
 *
 * Pure: no clock, no lock, no allocation.
 */
#ifndef MLG_EVENT_H
#define MLG_EVENT_H

#include "mlg_hash.h"

#include <apr_time.h>

/* What this source can know at all. A fact outside its mask is not "absent":
 * the features that need it are NaN. */
enum mlg_knows {
    MLG_KNOWS_CLOCK = 1 << 0,      /* times finer than a second            */
    MLG_KNOWS_REFERER = 1 << 1,    /* Referer                              */
    MLG_KNOWS_AGENT = 1 << 2,      /* User-Agent                           */
    MLG_KNOWS_CONNECTION = 1 << 3, /* requests so far on the connection    */
    MLG_KNOWS_HEADERS = 1 << 4,    /* every request header field           */
    MLG_KNOWS_COOKIE = 1 << 5,     /* Cookie                               */
    MLG_KNOWS_ENCODING = 1 << 6,   /* Accept-Encoding                      */
    MLG_KNOWS_HOST = 1 << 7,       /* Host against the virtual host        */
    MLG_KNOWS_HTTP2 = 1 << 8,      /* the server offers HTTP/2 here        */
    MLG_KNOWS_ALL = (1 << 9) - 1,
    /* What depends on everybody's requests and not on the client's alone: the
     * observed value holds; without the bit it is found here. */
    MLG_KNOWS_SUBNET = 1 << 9,  /* subnet_rate */
    MLG_KNOWS_RARITY = 1 << 10, /* rarity */
    MLG_KNOWS_SWARM = 1 << 11   /* swarm, excess */
};

/* What this request is. A bit without its MLG_KNOWS_ counterpart is 0. */
enum mlg_is {
    MLG_IS_ASSET = 1 << 0,           /* a static extension; else a page     */
    MLG_IS_OTHER_METHOD = 1 << 1,    /* neither GET nor HEAD                */
    MLG_IS_WITHOUT_REFERER = 1 << 2, /* no Referer                          */
    MLG_IS_WITHOUT_COOKIE = 1 << 3,  /* no Cookie                           */
    MLG_IS_ODD_ENCODING = 1 << 4,    /* no Accept-Encoding, or one that the
                                        claimed browser never sends         */
    MLG_IS_ODD_HOST = 1 << 5,        /* no Host, or not a name of the virtual
                                        host that answers                   */
    MLG_IS_ODD_LENGTH = 1 << 6,      /* a body without length or chunks, a
                                        body on GET, HEAD or DELETE, or a
                                        length that is no number            */
    MLG_IS_HTTP2 = 1 << 7,
    MLG_IS_EXEMPT = 1 << 8,  /* the operator's MLGateExempt holds   */
    MLG_IS_LATE = 1 << 9,    /* answered before it could be judged:
                                        counts, and cannot be refused       */
    MLG_IS_BROWSER = 1 << 10 /* says it is one; told of newcomers   */
};

/* Whom a request comes from. */
typedef struct mlg_client_t {
    mlg_key_t addr; /* canonical address, whole */
    mlg_key_t key;  /* what counts as one client: mlg_key_client(addr) */
    uint64_t hash;  /* mlg_hash_key(key): its place in every table */
} mlg_client_t;

/* One request as it comes in. */
typedef struct mlg_arrival_t {
    apr_time_t at_us; /* request line read, us since the epoch */
    mlg_client_t from;
    uint64_t subnet;         /* mlg_hash_subnet(addr) */
    uint64_t path;           /* hash of the raw path */
    uint64_t query;          /* hash of the query string, 0 = none */
    uint64_t agent;          /* hash of the User-Agent, 0 = none */
    uint64_t referer;        /* hash of the Referer's path, as `path` would
                                be; 0 = none, or it names no path */
    uint64_t body_bytes;     /* announced by Content-Length, 0 = none */
    uint32_t session;        /* hash of the cookie's session part, 0 = none */
    uint32_t depth;          /* requests on this connection, with this one */
    uint32_t is;             /* MLG_IS_* */
    uint32_t knows;          /* MLG_KNOWS_* */
    uint16_t path_bytes;     /* of the raw path, at most 65535 */
    uint16_t path_segments;  /* non-empty, at most 65535 */
    uint16_t header_fields;  /* request header fields */
    uint16_t header_anomaly; /* weighted absences in 1/65535, 0 = none */
    float subnet_rate;       /* pages/s of its network; see MLG_KNOWS_SUBNET */
    uint32_t rarity;         /* 0..65535, or MLG_RARITY_UNKNOWN; see
                                mlg_popularity.h and MLG_KNOWS_RARITY */
    /* Of cohorts, see mlg_swarm.h; 0 where mlg_request_cohorts() was not asked
     * or there was nothing to tell. */
    uint64_t print;    /* of the header: its names, order and case */
    uint64_t shape;    /* of the User-Agent without its numbers */
    uint64_t template; /* of the path without what varies in it */
    float excess;      /* of its cohorts; NaN = no newcomer's */
    uint32_t swarm;    /* MLG_IN_SWARM_*; both with MLG_KNOWS_SWARM */
} mlg_arrival_t;

/* What its cohorts say of an arrival. */
#define MLG_IN_SWARM_REFUSES (1u << 0) /* they are in verdict, it no control */
#define MLG_IN_SWARM_HELD    (1u << 1) /* MLGateSwarmMaxShare holds it back */
#define MLG_IN_SWARM_ALONE                                                     \
    (1u << 2) /* refused for it, or would be, and for
                                          nothing else */

/* So few clients were seen that nothing is rare. */
#define MLG_RARITY_UNKNOWN 65536u

/** What a request is for, as its site counts it: a path, with or without a
 * method that may carry a body. */
static inline uint64_t mlg_arrival_place(const mlg_arrival_t *arrival)
{
    return ((arrival->is & MLG_IS_OTHER_METHOD) != 0)
               ? arrival->path ^ 0x9E3779B97F4A7C15u
               : arrival->path;
}

/* How that request ended. */
typedef struct mlg_outcome_t {
    uint64_t sent_bytes;     /* response body */
    uint64_t duration_us;    /* from the arrival to the last byte */
    uint32_t knows_duration; /* 0: the source has no time taken */
    uint32_t status;         /* HTTP status, 0 = never answered */
} mlg_outcome_t;

/** Name the client behind an address.
 *
 * @param addr         canonical address
 * @param secret       the secret of the segment or the replay
 * @param ipv6_prefix  bits of an IPv6 address that name a client, 0..128
 */
mlg_client_t mlg_client_from(const mlg_key_t *addr, const mlg_secret_t *secret,
                             unsigned ipv6_prefix);

#endif /* MLG_EVENT_H */
