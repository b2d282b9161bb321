#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mlgatectl status, top, block, unblock and explain --decision against a real
# httpd on loopback. TEST_PORT + 40 is where it listens; the next ports are
# tried when that is taken.
# shellcheck disable=SC2016  # what json takes is Perl
. "$(dirname "$0")/../guard/tap"
httpd=$(command -v apache2 || command -v httpd || echo /usr/sbin/apache2)
need "$OUT/mlgatectl" "$OUT/mod_mlgate.so" "$httpd"
tool=$(realpath "$OUT/mlgatectl")
modules=$(apxs -q LIBEXECDIR)

scratch=$(mktemp -d) || exit 1
# shellcheck disable=SC2317  # called by the trap
tidy() {
    pid=$(cat "$scratch/pid" 2>/dev/null) && kill "$pid" 2>/dev/null
    rm -rf "$scratch"
}
trap tidy EXIT
trap 'exit 143' INT TERM HUP

# ---- the server ------------------------------------------------------------

mkdir "$scratch/htdocs" "$scratch/htdocs/plain"
echo '<p>no gate</p>' >"$scratch/htdocs/plain/index.html"
echo '{"name": "something else"}' >"$scratch/htdocs/other.json"
mkdir -p "$scratch/htdocs/fake/block" "$scratch/htdocs/fake/unblock"
echo '{"ok": true}' >"$scratch/htdocs/fake/block/192.0.2.7"
echo '{"done": "block", "client": "192.0.2.7"}' >"$scratch/htdocs/fake/unblock/192.0.2.7"
echo '{"done": "block", "client": ""}' >"$scratch/htdocs/fake/block/192.0.2.8"
echo home >"$scratch/htdocs/index.html"
perl -e 'print "op:", crypt("s3cret", "ab"), "\n"' >"$scratch/htdocs/users"
chmod -R a+rX "$scratch"

configuration() { # PORT
    for module in mpm_event authz_core authz_host authz_user authn_core \
        authn_file auth_basic alias dir mime remoteip; do
        [ ! -e "$modules/mod_$module.so" ] \
            || echo "LoadModule ${module}_module $modules/mod_$module.so"
    done
    cat <<END
LoadModule mlgate_module $(realpath "$OUT/mod_mlgate.so")
MLGateModel weighted
ServerName 127.0.0.1
ServerRoot $scratch
PidFile $scratch/pid
DefaultRuntimeDir $scratch
ErrorLog $scratch/error.log
DocumentRoot $scratch/htdocs
<IfModule unixd_module>
    $([ "$(id -u)" != 0 ] || echo 'User nobody')
    $([ "$(id -u)" != 0 ] || echo "Group $(id -gn nobody)")
</IfModule>
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 127.0.0.0/8
TypesConfig /dev/null
AddType application/json json
AddType text/html html
DirectoryIndex index.html
<Location /fake>
    ForceType application/json
</Location>
MLGateEngine enforce
MLGateTableSize 4096
MLGateEventLog $scratch/events.json
MLGateExempt "%{REQUEST_URI} =~ m#^/(mlgate|closed|locked)#"
Listen 127.0.0.1:$1
<Location /mlgate>
    SetHandler mlgate-status
</Location>
<Location /closed>
    SetHandler mlgate-status
    Require all denied
</Location>
<Location /locked>
    SetHandler mlgate-status
    AuthType Basic
    AuthName gate
    AuthUserFile $scratch/htdocs/users
    Require valid-user
</Location>
Redirect /moved http://127.0.0.1:$1/mlgate
Listen 127.0.0.1:$(($1 + 1))
<VirtualHost 127.0.0.1:$(($1 + 1))>
    $(sed -nE 's/^ *X\([A-Z0-9_]+, +([a-z0-9_]+), +[01], .*/MLGateWeight \1 0 1 0/p' \
    include/mlg_features.h)
</VirtualHost>
END
}

answers() {
    curl -s -o /dev/null --noproxy '*' --max-time 5 "$1"
}

port=$((${TEST_PORT:-8529} + 40))
for _ in 1 2 3 4 5; do
    configuration "$port" >"$scratch/httpd.conf"
    "$httpd" -f "$scratch/httpd.conf" -k start >"$scratch/start" 2>&1 && break
    port=$((port + 2))
done
site=http://127.0.0.1:$port
for _ in $(seq 50); do
    answers "$site/" && break
    sleep 0.1
done
claim "httpd starts with the gate" "$(
    answers "$site/" || cat "$scratch/start" "$scratch/error.log"
)"
[ "$failed" = 0 ] || finish
MLGATE_URL=$site/mlgate
export MLGATE_URL
unset http_proxy https_proxy all_proxy

# ---- helpers ---------------------------------------------------------------

run() {
    rc=0
    "$tool" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || rc=$?
}
says() {
    [ "$rc" = 0 ] || { echo "status $rc"; cat "$scratch/err"; }
    grep -qF -- "$1" "$scratch/out" || { echo "no '$1' in:"; cat "$scratch/out" "$scratch/err"; }
}
complains() { # STATUS TEXT
    [ "$rc" = "$1" ] || echo "status $rc instead of $1"
    grep -qF -- "$2" "$scratch/err" || { echo "no '$2' in:"; cat "$scratch/err"; }
    [ "$(wc -l <"$scratch/err")" = 1 ] || { echo "not one sentence:"; cat "$scratch/err"; }
}
json() {
    perl -MJSON::PP -0777 -e '$j = decode_json(<STDIN>); print eval shift // die $@' \
        "$1" <"$scratch/out"
}
# status_for ADDRESS: what the site answers it
status_for() {
    curl -s -o /dev/null -w '%{http_code}' --noproxy '*' --max-time 5 \
        -H "X-Forwarded-For: $1" "$site/"
}

# ---- the claims ------------------------------------------------------------

run status
claim "status tells a gate that is well" "$(
    says 'threshold  a score is too high from 0.800'; says 'health     ok'
    says ' of 4096 clients'
)"
run status --json "$site/mlgate/"
claim "status --json is the gate's own JSON" "$(
    [ "$(json '$j->{info}{name}')" = mod_mlgate ] || cat "$scratch/out" "$scratch/err"
    [ "$(json '$j->{stats}{table}{clients}')" = 4096 ] || echo stats
    [ "$(json '$j->{health}{status}')" = ok ] || echo health
)"

before=$(status_for 192.0.2.7)
run block 192.0.2.7 --ttl 90s --reason 'too keen; 100% & more'
claim "block has a client refused" "$(
    says '192.0.2.7 is blocked for 1 min 30 s, until 20'
    [ "$before,$(status_for 192.0.2.7)" = 200,429 ] || echo "$before, then $(status_for 192.0.2.7)"
    [ "$(status_for 192.0.2.8)" = 200 ] || echo "its neighbour too"
)"
run status
claim "status shows the block and the operator's reason" "$(
    says '192.0.2.7                operator'; says 'too keen; 100% & more'
)"
run unblock "$site/mlgate" 192.0.2.7
claim "unblock lets it through, and tells what was there" "$(
    says '192.0.2.7 is let through unjudged for 10 min'
    says 'Before, it was blocked by an operator until 20'
    [ "$(status_for 192.0.2.7)" = 200 ] || echo "still refused"
)"
run block 2001:db8::1 --json
claim "an IPv6 client is blocked with its network" "$(
    [ "$(json '$j->{client}')" = 2001:db8::/64 ] || cat "$scratch/out" "$scratch/err"
    [ "$(status_for 2001:db8::2)" = 429 ] || echo "2001:db8::2 is not refused"
)"

for _ in $(seq 40); do status_for 198.51.100.5; done >/dev/null
run status --json
id=$(json '$j->{stats}{decisions}[0]{id}')
claim "a flood is a conviction" "$(
    [ "$(json '$j->{stats}{decisions}[0]{client}')" = 198.51.100.5 ] || cat "$scratch/out"
)"
run explain --decision "$id"
claim "explain tells a decision by its reference ID, every part of the score" "$(
    says 'A request of 198.51.100.5 was refused at 20'; says "Reference ID: $id"
    says 'in all; the threshold is 0.80'; says 'What would have let it pass'
)"
cp "$scratch/out" "$scratch/one"
run explain --decision "$site/mlgate/decision/$id"
claim "and the same by its URL" "$(diff "$scratch/one" "$scratch/out")"
run explain --decision "$id" --set 'MLGateWeight burst 0 1 1'
claim "with other weights than the server's it does not pretend" "$(
    says 'What weighed most'; says "the server's model or weights are others"
)"
run explain --decision "$scratch/events.json" 192.0.2.7
claim "explain tells the event log's lines about an address" "$(
    says 'An operator blocked 192.0.2.7 at 20'
    says "The operator's note: too keen; 100% & more"
    says 'An operator let 192.0.2.7 through unjudged'
    ! grep -q 198.51.100.5 "$scratch/out" || echo "and others"
)"
run explain --decision "$scratch/events.json" "$id"
claim "or about a reference ID" "$(says '198.51.100.5 was blocked at 20')"

run top
claim "top prints one frame where there is no terminal" "$(
    says 'LATEST CONVICTIONS'; says "$id"; says 'scores'
    ! grep -q "$(printf '\033')" "$scratch/out" || echo "with escape sequences"
)"
# A container may have no pseudo-terminals to give.
if script -qec true /dev/null >/dev/null 2>&1; then
claim "on a terminal it takes the screen, leaves at q and gives it back" "$(
    { sleep 1; printf q; } | TERM=xterm timeout 20 script -qec "'$tool' top" /dev/null \
        >"$scratch/typescript" 2>&1 || echo "status $?"
    perl -0777 -ne 'print "no alternate screen\n" unless /\e\[\?1049h.*198\.51\.100\.5.*\e\[\?1049l\s*$/s' \
        "$scratch/typescript"
)"

claim "on a terminal that cannot be drawn on it prints one frame" "$(
    for term in TERM= TERM=dumb; do
        timeout 20 script -qec "env $term '$tool' top" /dev/null \
            </dev/null >"$scratch/typescript" 2>&1 || echo "status $?"
        grep -q 'LATEST CONVICTIONS' "$scratch/typescript" || cat "$scratch/typescript"
        ! grep -q "$(printf '\033')" "$scratch/typescript" || echo "$term: escape sequences"
    done
    timeout 20 script -qec "env -u TERM '$tool' top" /dev/null </dev/null \
        >"$scratch/typescript" 2>&1 || echo "status $?"
    ! grep -q "$(printf '\033')" "$scratch/typescript" || echo "unset: escape sequences"
)"
else
    echo "# not tried: top on a terminal; there are no pseudo-terminals here"
fi

claim "a gate that is unwell is status 1, and says why" "$(
    run status "http://127.0.0.1:$((port + 1))/mlgate"
    [ "$rc" = 1 ] || echo "status $rc"
    grep -q 'no client can ever be blocked' "$scratch/out" || cat "$scratch/out" "$scratch/err"
)"
claim "what the gate does not take is its own sentence and status 2" "$(
    run block 192.0.2.7 --ttl 31d; complains 2 "the gate says: ttl '31d' is out of range"
    run block 192.0.2.7 --reason "$(seq -s ' ' 30)"; complains 2 'longer than 39 bytes'
)"
claim "asked for wrongly: a sentence and status 2, and nothing is sent" "$(
    run block; complains 2 'an address is missing'
    run block 192.0.2.0/24; complains 2 'is not one address'
    run block 192.0.2.7 192.0.2.8; complains 2 "'192.0.2.8' is too many"
    run unblock 192.0.2.7 --ttl soon; complains 2 "'soon' is not a duration"
    run status nonsense; complains 2 "'nonsense' is no URL"
    run status gopher://x/; complains 2 "the gate's URL has the form"
    run top --interval 1ms; complains 2 '500ms to 1h'
)"
claim "who is not there, or is no gate, is a sentence and status 1" "$(
    run status http://127.0.0.1:1/mlgate; complains 1 'nobody answers at http://127.0.0.1:1/mlgate'
    run status "$site/nothing"; complains 1 "there is no gate at $site/nothing (404)"
    run status "$site/plain"; complains 1 "what answers at $site/plain is no gate"
    run status "$site/other.json"; complains 1 'other.json'
    run status "$site/moved"; complains 1 "sends elsewhere; is it $site/mlgate"
    run status --unix-socket "$scratch/none"; complains 1 "nobody answers at $scratch/none"
    run explain --decision 0123456789abcdef; complains 1 'no decision 0123456789abcdef'
)"
claim "an order is done when a gate says which, and on whom" "$(
    for order in 'block 192.0.2.7' 'block 192.0.2.8' 'unblock 192.0.2.7' \
        'block 192.0.2.7 --json'; do
        # shellcheck disable=SC2086  # words
        run ${order%% *} "$site/fake" ${order#* }
        complains 1 "what answers at $site/fake is not a gate's handler"
        [ ! -s "$scratch/out" ] || cat "$scratch/out"
    done
)"
claim "who may not come in is told what is missing" "$(
    run status "$site/closed"; complains 1 'the Require lines of that Location'
    run status "$site/locked"; complains 1 'asks for a name and a password'
    run status "$site/locked" --user op:wrong; complains 1 'does not take this name'
    run status "$site/locked" --user op:s3cret; says 'health     ok'
    run status "http://op:s3cret@127.0.0.1:$port/locked"; says 'health     ok'
)"
claim "a password in a URL is shown nowhere" "$(
    run status "http://op:s3cret@127.0.0.1:1/x"; complains 1 'http://127.0.0.1:1/x'
    ! grep s3cret "$scratch/err"
)"
finish
