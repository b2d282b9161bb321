#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The mistake: the module exports a helper, and another module's helper of the
# same name takes its place at run time; or it hides mlgate_module itself, and
# httpd refuses the file.
. "$(dirname "$0")/tap"
need "$OUT/mod_mlgate.so"

exported=$(nm -D --defined-only "$OUT/mod_mlgate.so" | awk '{ print $NF }')
claim "mod_mlgate.so exports mlgate_module and nothing else" "$(
    [ "$exported" = mlgate_module ] || echo "exports: $exported"
)"
claim "every library it needs is in build/deps" "$(
    readelf -d "$OUT/mod_mlgate.so" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' \
        | grep -vE '^lib(c|m|md|jansson|pthread)\.so'
)"
finish
