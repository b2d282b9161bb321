/* SPDX-License-Identifier: Apache-2.0
 *
 * request_rec to arrival: httpd's facts in the core's terms. One pass over the
 * request header, no copies.
 */
#include "mlgate.h"

#include "mlg_request.h"

#include <apr_lib.h>
#include <ap_mmn.h>
#include <http_core.h>
#include <http_ssl.h>

mlg_client_t mlgate_client_of(const apr_sockaddr_t *addr)
{
    mlg_key_t key;

    if (addr == NULL) {
        memset(&key, 0, sizeof(key));
    }
#if APR_HAVE_IPV6
    else if (addr->family == APR_INET6) {
        key = mlg_key_from_v6(&addr->sa.sin6.sin6_addr);
    }
#endif
    else {
        key = mlg_key_from_v4(&addr->sa.sin.sin_addr);
    }
    return mlg_client_from(&key, &mlgate.gate.segment->secret,
                           mlgate.ipv6_prefix);
}

mlgate_conn_t *mlgate_conn_of(conn_rec *c)
{
    conn_rec *master = (c->master != NULL) ? c->master : c;

    return ap_get_module_config(master->conn_config, &mlgate_module);
}

/* Is this header name `name`? Clients and mod_http2 write names as they are
 * written here, so the exact comparison nearly always settles it; the last
 * letter tells apart the names of one length. */
static inline int is_named(const char *key, const char *name, size_t len)
{
    return memcmp(key, name, len) == 0 ||
           ((key[len - 1] | 0x20) == name[len - 1] &&
            strncasecmp(key, name, len) == 0);
}
#define TAKE(field, literal)                                                   \
    if (out->field.at == NULL &&                                               \
        is_named(entry->key, literal, sizeof(literal) - 1)) {                  \
        out->field = mlgate_text_of(entry->val);                               \
    }

/* One header field: its length says which one it may be. */
static void read_header(mlg_request_t *out, const apr_table_entry_t *entry)
{
    switch (strlen(entry->key)) {
    case 6:
        TAKE(accept, "Accept");
        TAKE(cookie, "Cookie");
        break;
    case 7:
        TAKE(referer, "Referer");
        break;
    case 10:
        TAKE(agent, "User-Agent");
        break;
    case 14:
        TAKE(content_length, "Content-Length");
        TAKE(sec_fetch_mode, "Sec-Fetch-Mode");
        break;
    case 15:
        TAKE(accept_encoding, "Accept-Encoding");
        TAKE(accept_language, "Accept-Language");
        break;
    case 17:
        TAKE(transfer_encoding, "Transfer-Encoding");
        break;
    default:
        break;
    }
}

static void read_headers(mlg_request_t *out, const apr_table_t *headers)
{
    const apr_array_header_t *all = apr_table_elts(headers);
    const apr_table_entry_t *entry = (const apr_table_entry_t *)all->elts;

    out->header_fields = (unsigned)all->nelts;
    for (int i = 0; i < all->nelts; i++) {
        read_header(out, &entry[i]);
    }
}

static int is_among(const apr_array_header_t *names, const char *host)
{
    for (int i = 0; names != NULL && i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (name != NULL && ap_strcasecmp_match(host, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Absent, or no name of the virtual host that answers; an address is none
 * unless the operator made it one. */
int mlgate_is_odd_host(const request_rec *r)
{
    const server_rec *s = r->server;
    const char *host = r->hostname;

    if (host == NULL) {
        return 1;
    }
    return !(s->server_hostname != NULL &&
             strcasecmp(host, s->server_hostname) == 0) &&
           !is_among(s->names, host) && !is_among(s->wild_names, host);
}

/* Is HTTP/2 among this virtual host's Protocols? */
static int offers_http2(const server_rec *s)
{
    const core_server_config *core =
        ap_get_core_module_config(s->module_config);
    const apr_array_header_t *offered = core->protocols;

    for (int i = 0; offered != NULL && i < offered->nelts; i++) {
        if (strncmp(APR_ARRAY_IDX(offered, i, const char *), "h2", 2) == 0) {
            return 1;
        }
    }
    return 0;
}

void mlgate_arrive(mlg_arrival_t *out, request_rec *r,
                   const mlg_client_t *client, apr_time_t at_us, uint32_t depth,
                   uint32_t is)
{
    mlg_request_t request;

    memset(&request, 0, sizeof(request));
    request.at_us = at_us;
    request.from = *client;
    request.knows = MLG_KNOWS_ALL;
    request.is = is;
    request.is_http2 = r->proto_num >= HTTP_VERSION(2, 0);
    if (!request.is_http2 && !offers_http2(r->server)) {
        request.knows &= ~(uint32_t)MLG_KNOWS_HTTP2;
    }
    request.depth = depth;
    if (depth == 0) {
        request.knows &= ~(uint32_t)MLG_KNOWS_CONNECTION;
    }
    request.method = mlgate_text_of(r->method);
    request.target = mlgate_text_of(r->unparsed_uri);
    read_headers(&request, r->headers_in);
    request.is_odd_host = mlgate_is_odd_host(r);
    /* Asked only where the answer matters: it runs a hook. */
    request.is_secure =
        request.sec_fetch_mode.at == NULL && ap_ssl_conn_is_ssl(r->connection);
    mlg_request_arrive(out, &request, &mlgate.gate.segment->secret);
    if (mlg_gate_asks_cohorts(&mlgate.gate, out)) {
        request.print = mlgate_swarm_print(r);
        mlg_request_cohorts(out, &request, &mlgate.gate.segment->secret);
    }
}
