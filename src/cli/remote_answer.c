/* SPDX-License-Identifier: Apache-2.0 */
#include "remote_answer.h"

#include "mlgatectl.h"
#include "visible.h"

#include "mlg_report.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#define SHOWN 300 /* characters of what the other side says */

int remote_complain(remote_t *remote, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    remote->said = apr_pvsprintf(remote->p, format, args);
    va_end(args);
    return remote->is_silent ? code : ctl_complain(code, "%s", remote->said);
}

static const char *system_reason(remote_t *remote)
{
    long number = 0;

    curl_easy_getinfo(remote->curl, CURLINFO_OS_ERRNO, &number);
    return (number != 0) ? ctl_reason((int)number, remote->p) : remote->error;
}

int remote_unanswered(remote_t *remote, CURLcode rv)
{
    const char *url = remote->url;

    switch (rv) {
    case CURLE_COULDNT_CONNECT:
        return remote_complain(
            remote, CTL_FAILED,
            "nobody answers at %s: %s; is httpd running there?",
            (remote->unix_socket != NULL) ? remote->unix_socket : url,
            system_reason(remote));
    case CURLE_COULDNT_RESOLVE_HOST:
        return remote_complain(remote, CTL_FAILED,
                               "the host of %s has no address", url);
    case CURLE_OPERATION_TIMEDOUT:
        return remote_complain(remote, CTL_FAILED,
                               "%s did not answer within %d seconds", url,
                               REMOTE_SECONDS);
    case CURLE_PEER_FAILED_VERIFICATION:
        return remote_complain(
            remote, CTL_FAILED,
            "the certificate of %s is not to be trusted (%s); "
            "name its authority with --cacert FILE, or trust "
            "any with --insecure",
            url, remote->error);
    case CURLE_SSL_CACERT_BADFILE:
        return remote_complain(remote, CTL_MISUSE,
                               "--cacert %s cannot be used: %s", remote->cacert,
                               remote->error);
    case CURLE_WRITE_ERROR:
        return remote_complain(
            remote, CTL_FAILED,
            "%s answers with more than %u MB; that is no gate", url,
            REMOTE_BODY_MAX >> 20);
    default:
        return remote_complain(
            remote, CTL_FAILED, "%s cannot be asked: %s", url,
            (*remote->error != '\0') ? remote->error : curl_easy_strerror(rv));
    }
}

/* A status without the gate's own words for it: httpd speaks, or somebody
 * else. */
static int complain_status(remote_t *remote, long status)
{
    const char *url = remote->url;
    const char *to = NULL;

    curl_easy_getinfo(remote->curl, CURLINFO_REDIRECT_URL, &to);
    switch (status) {
    case 401:
        return remote_complain(remote, CTL_FAILED,
                               (remote->user != NULL)
                                   ? "%s does not take this name and password"
                                   : "%s asks for a name and a password; give "
                                     "--user NAME:PASSWORD",
                               url);
    case 403:
        return remote_complain(remote, CTL_FAILED,
                               "httpd does not let you in at %s (403): the "
                               "Require lines of that Location decide",
                               url);
    case 404:
        return remote_complain(
            remote, CTL_FAILED,
            "there is no gate at %s (404); the URL is that of "
            "the Location with SetHandler mlgate-status",
            url);
    case 429:
        return remote_complain(remote, CTL_FAILED,
                               "the gate refuses you yourself (429): let %s be "
                               "exempt with MLGateExempt, or ask from another "
                               "address",
                               url);
    default:
        break;
    }
    if (to != NULL) {
        return remote_complain(remote, CTL_FAILED,
                               "%s sends elsewhere; is it %s?", url,
                               visible_string(to, SHOWN, remote->p));
    }
    return remote_complain(remote, CTL_FAILED,
                           "%s answers with status %ld and not as a "
                           "gate does",
                           url, status);
}

int remote_no_gate(remote_t *remote)
{
    return remote_complain(remote, CTL_FAILED,
                           "what answers at %s is no gate; the URL is that of "
                           "the Location with SetHandler mlgate-status",
                           remote->url);
}

/* The gate's own explanation, an application/problem+json. */
static int complain_problem(remote_t *remote, long status,
                            const json_t *problem)
{
    const char *detail = remote_text(problem, "detail");

    if (detail == NULL) {
        return complain_status(remote, status);
    }
    return remote_complain(remote, (status == 400) ? CTL_MISUSE : CTL_FAILED,
                           "the gate says: %s",
                           visible_string(detail, SHOWN, remote->p));
}

static int is_type(const char *type, const char *wanted)
{
    size_t len = strlen(wanted);

    return type != NULL && strncasecmp(type, wanted, len) == 0 &&
           (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

/* @return CTL_DONE and *out, or what was said about the answer */
int remote_read(remote_t *remote, json_t **out)
{
    const char *type = NULL;
    json_error_t why;
    json_t *answer = NULL;
    long status = 0;
    int code;

    curl_easy_getinfo(remote->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(remote->curl, CURLINFO_CONTENT_TYPE, &type);
    if (is_type(type, "application/json") ||
        is_type(type, "application/problem+json")) {
        answer = json_loadb(remote->body, remote->bytes, 0, &why);
    }
    if (json_is_object(answer) && is_type(type, "application/json") &&
        (status == 200 || status == 503)) { /* the latter: health */
        *out = answer;
        return CTL_DONE;
    }
    if (json_is_object(answer)) {
        code = complain_problem(remote, status, answer);
    }
    else if (status == 200) {
        code = remote_no_gate(remote);
    }
    else {
        code = complain_status(remote, status);
    }
    json_decref(answer);
    return code;
}

/* ---- reading --------------------------------------------------------------- */

double remote_number(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

const char *remote_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

const char *remote_time(const json_t *object, const char *name, apr_pool_t *p)
{
    const char *iso = remote_text(object, name);
    const char *t = (iso != NULL) ? strchr(iso, 'T') : NULL;

    return (t == NULL) ? "-"
                       : apr_psprintf(p, "%s %.8s UTC",
                                      visible(iso, (size_t)(t - iso), 16, p),
                                      visible_string(t + 1, 32, p));
}

const char *remote_duration(double seconds, apr_pool_t *p)
{
    char text[MLG_DURATION_TEXT];
    double sane = (seconds > 0.0 && seconds < 1e11) ? seconds : 0.0;

    return apr_pstrdup(
        p, mlg_report_duration(text, (apr_interval_time_t)(sane * 1e6)));
}
