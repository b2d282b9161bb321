#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The mistake: root follows a link that User put where the state file's
# directory was, and writes, renames or gives away what lies there. The suite in
# t/httpd runs as nobody in particular; this one needs root, and a server.
. "$(dirname "$0")/tap"
need "$OUT/mod_mlgate.so"

httpd=$(command -v apache2 || command -v httpd)
if [ "$(id -u)" != 0 ] || [ -z "$httpd" ] || ! id www-data >/dev/null 2>&1; then
    echo "1..0 # SKIP needs root, httpd and the user www-data"
    exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
install -d -o www-data "$dir/up"
install -d "$dir/roots" "$dir/modules"
install "$OUT/mod_mlgate.so" "$dir/modules"
cat >"$dir/httpd.conf" <<END
ServerRoot "$dir"
LoadModule mpm_event_module ${MLGATE_MODULES:-/usr/lib/apache2/modules}/mod_mpm_event.so
LoadModule authz_core_module ${MLGATE_MODULES:-/usr/lib/apache2/modules}/mod_authz_core.so
LoadModule mlgate_module modules/mod_mlgate.so
Listen 127.0.0.1:$(perl -MIO::Socket::INET -e \
    'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport')
ServerName gate.test
User www-data
Group www-data
PidFile "$dir/pid"
DefaultRuntimeDir "$dir"
ErrorLog "$dir/error_log"
MLGateModel weighted
MLGateStateFile "$dir/up/state/gate"
END

# serve: until the file is there, or for five seconds
serve() {
    "$httpd" -f "$dir/httpd.conf" -DFOREGROUND 2>>"$dir/said" &
    pid=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        sleep 0.5
        [ ! -s "$dir/up/state/gate" ] || break
    done
}
stop() {
    kill -TERM "$pid" && wait "$pid"
}
as_user() {
    setpriv --reuid=www-data --regid=www-data --clear-groups "$@"
}

serve
stop
claim "the state is User's, in a directory of User's" "$(
    stat -c '%U %a' "$dir/up/state/gate" "$dir/up/state" \
        | grep -vxE 'www-data (600|700)'
    cat "$dir/said"
)"
written=$(stat -c %Y%i "$dir/up/state/gate")
serve
stop
claim "it is written at a stop, too" "$(
    [ "$(stat -c %Y%i "$dir/up/state/gate")" != "$written" ] || echo "$written"
)"
serve
as_user mv "$dir/up/state" "$dir/up/was"
as_user ln -s "$dir/roots" "$dir/up/state"
stop
claim "a link in its place makes root write nowhere" "$(ls "$dir/roots")"
echo "not a state" >"$dir/roots/gate"
echo "another's" >"$dir/roots/gate.1.new"
serve
stop
claim "nor rename or remove anything there" "$(
    [ "$(cat "$dir"/roots/*)" = "not a state
another's" ] || ls -l "$dir/roots"
)"
finish
