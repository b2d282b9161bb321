/* SPDX-License-Identifier: Apache-2.0
 *
 * The module record: the one symbol that httpd loads. Everything else is in
 * src/httpd (httpd's side) and src/core (the detector).
 */
#include "src/httpd/mlgate.h"

AP_DECLARE_MODULE(mlgate) = {
    STANDARD20_MODULE_STUFF,
    mlgate_conf_create_dir,    /* per-directory configuration */
    mlgate_conf_merge,         /* merge those */
    mlgate_conf_create_server, /* per-server configuration */
    mlgate_conf_merge,         /* merge those */
    mlgate_commands,
    mlgate_hooks,
#if defined(AP_MODULE_FLAG_NONE)
    AP_MODULE_FLAG_NONE
#endif
};
