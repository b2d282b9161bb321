#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --config, --host and --set: by whose rules a log is judged.
# shellcheck disable=SC2016  # what perl takes
. "$(dirname "$0")/../guard/tap"
need "$OUT/mlgatectl"
tool=$(realpath "$OUT/mlgatectl")

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
log=$scratch/access.log

# One scanner, ten pages that are not there a second for half a minute.
perl -e '
    printf qq(192.0.2.7 - - [26/Jan/2024:12:00:%02d +0000] "GET /%d.php?%d )
        . qq(HTTP/1.1" 404 12 "-" "scan/1"\n), $_ / 10, $_, $_ for 1 .. 300;
' >"$log"
cat >"$scratch/httpd.conf" <<'END'
MLGateEngine off
MLGateMinRequests 100
<VirtualHost *:80>
    ServerName lenient.example
    MLGateAllow file:friends
</VirtualHost>
<VirtualHost *:443>
    ServerName strict.example
    MLGateMinRequests 50
    MLGateExempt "%{REQUEST_URI} == '/'"
</VirtualHost>
END
echo 192.0.2.0/24 >"$scratch/friends"

# refused ARGUMENT...: how many requests would have been; the status in rc
refused() {
    rc=0
    "$tool" replay "$@" --json "$log" >"$scratch/out" 2>"$scratch/err" || rc=$?
    perl -MJSON::PP -0777 -e \
        'print eval { decode_json(<STDIN>)->{refused} } // "none"' \
        <"$scratch/out"
}
# is ARGUMENT... NUMBER: so many are refused
is() {
    want=$1
    shift
    got=$(refused "$@")
    [ "$got" = "$want" ] || { echo "$got instead of $want:"; cat "$scratch/err"; }
}
# complains TEXT ARGUMENT...: exit code 2 and this in its sentence
complains() {
    want=$1
    shift
    rc=0
    "$tool" replay "$@" "$log" >"$scratch/out" 2>"$scratch/err" || rc=$?
    [ "$rc" = 2 ] || echo "status $rc instead of 2"
    grep -qF -- "$want" "$scratch/err" || { echo "no '$want' in:"; cat "$scratch/err"; }
}

strict="--config $scratch/httpd.conf --host strict.example"
usual=$(refused)
# shellcheck disable=SC2086  # words
{
claim "a scanner is refused by the defaults" "$(
    [ "$usual" -gt 280 ] || echo "$usual of 300"
)"
# the request that reaches the minimum is refused itself
claim "the virtual host that is named decides, whatever its engine" "$(
    is 251 $strict
)"
claim "its list of friends is read beside the configuration" "$(
    is 0 --config "$scratch/httpd.conf" --host lenient.example
)"
claim "--set wins over --config in either order, and the last over the first" "$(
    is 241 $strict --set 'MLGateMinRequests 60'
    is 241 --set 'MLGateMinRequests 70' --set 'mlgateminrequests 60' $strict
)"
claim "weights and friends can be set" "$(
    is 0 --set 'MLGateAllow 192.0.2.7'
    is 0 --set 'MLGateThreshold 1' --set 'MLGateWeight request_rate 0 1 -1'
)"
claim "what a log cannot tell is said, once" "$(
    refused $strict >/dev/null
    grep -c 'MLGateExempt is not applied' "$scratch/err" | grep -vx 1
)"
claim "virtual hosts that differ have to be told apart" "$(
    complains 'lenient.example (*:80), strict.example (*:443)' \
        --config "$scratch/httpd.conf"
)"
}
claim "nonsense is a sentence and exit code 2" "$(
    complains "--set MLGateThreshold 2: '2' is out of range" --set 'MLGateThreshold 2'
    complains 'is it MLGateThreshold?' --set 'MLGateTreshold 0.5'
    complains 'MLGateExempt says nothing about a log' --set 'MLGateExempt true'
    complains 'judges nobody' --set 'MLGateEngine off'
    complains 'MLGateBlockMax (1 s) is shorter' --set 'MLGateBlockMax 1s'
    complains '--host names a virtual host of --config' --host a
    complains 'given twice' --config a --config b
    complains "no virtual host is called 'a'" --config "$scratch/httpd.conf" --host a
    complains 'No such file' --config "$scratch/none"
    complains "'\\x1b[2J' is not a value" --set "MLGateThreshold $(printf '\033[2J')"
)"
finish
