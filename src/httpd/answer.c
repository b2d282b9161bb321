/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing answers of the status handler. No stripe is held here.
 */
#include "status.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>

#include <stdlib.h>

void mlgate_answer_headers(request_rec *r)
{
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
}

int mlgate_wants_html(const request_rec *r)
{
    const char *accept = apr_table_get(r->headers_in, "Accept");

    return accept != NULL && ap_strcasestr(accept, "text/html") != NULL;
}

int mlgate_answer_text(request_rec *r, const char *type, char *text,
                       apr_size_t bytes)
{
    if (text == NULL) {
        return HTTP_INTERNAL_SERVER_ERROR; /* no memory: httpd's own page */
    }
    mlgate_answer_headers(r);
    ap_set_content_type(r, type);
    ap_set_content_length(r, (apr_off_t)bytes);
    ap_rwrite(text, (int)bytes, r);
    free(text);
    return OK;
}

static int answer_as(request_rec *r, const char *type, json_t *report)
{
    char *text = mlg_report_render(report, 0);
    apr_size_t bytes = 0;

    if (text != NULL) {
        bytes = strlen(text);
        text[bytes++] = '\n'; /* the NUL is not sent */
    }
    return mlgate_answer_text(r, type, text, bytes);
}

int mlgate_answer(request_rec *r, int status, json_t *report)
{
    r->status = status;
    return answer_as(r, "application/json", report);
}

int mlgate_problem(request_rec *r, int status, const char *format, ...)
{
    json_t *problem = json_object();
    const char *title = ap_get_status_line(status);
    va_list args;

    va_start(args, format);
    json_object_set_new(
        problem, "detail",
        mlg_report_string(apr_pvsprintf(r->pool, format, args)));
    va_end(args);
    json_object_set_new(problem, "title", json_string(title + 4));
    json_object_set_new(problem, "status", json_integer(status));
    json_object_set_new(problem, "type", json_string("about:blank"));
    r->status = status;
    return answer_as(r, "application/problem+json", problem);
}
