#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mlgatectl explain and features, over a log with one scanner, one visitor and
# one who writes escape sequences.
# shellcheck disable=SC2016  # what json takes is Perl
. "$(dirname "$0")/../guard/tap"
need "$OUT/mlgatectl" include/mlg_features.h
tool=$(realpath "$OUT/mlgatectl")

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
log=$scratch/access.log

# 192.0.2.7 asks for 300 pages that are not there, five a second; 192.0.2.8
# reads a page a minute, with a stylesheet; two addresses of one IPv6 network
# make three requests; somebody writes to the terminal of whoever looks.
perl -e '
    sub line {
        my ($at, $who, $what, $status, $agent) = @_;
        my ($s, $m, $h) = gmtime $at;
        push @lines, [$at, sprintf qq(%s - - [26/Jan/2024:%02d:%02d:%02d +0000] )
            . qq("GET %s HTTP/1.1" %d 512 "-" "%s"\n), $who, $h, $m, $s, $what,
            $status, $agent];
    }
    my $t = 1706270400;
    line($t + 600 + int($_ / 5), "192.0.2.7", "/old/$_.php?id=$_", 404, "scan/1")
        for 1 .. 300;
    for (1 .. 30) {
        line($t + 60 * $_, "192.0.2.8", "/page/" . $_ % 5, 200, "Mozilla/5.0");
        line($t + 60 * $_, "192.0.2.8", "/base.css", 200, "Mozilla/5.0");
    }
    line($t + 1, "2001:db8::1", "/", 200, "curl/8");
    line($t + 2, "2001:db8::2", "/", 200, "curl/8");
    line($t + 3, "2001:db8::ffff", "/b", 500, "curl/8");
    line($t + 4, "192.0.2.9", "/\e[2Jx\x9b31m\xe2\x80\xae", 200, "\e]0;owned\x07");
    print $_->[1] for sort { $a->[0] <=> $b->[0] } @lines;
' >"$log"

# run ARGUMENT...: mlgatectl, its output in out and err, its status in rc
run() {
    rc=0
    "$tool" "$@" --quiet >"$scratch/out" 2>"$scratch/err" || rc=$?
}
# says TEXT: standard output has it; complains STATUS TEXT: standard error
says() {
    grep -qF -- "$1" "$scratch/out" || { echo "no '$1' in:"; cat "$scratch/out" "$scratch/err"; }
}
complains() {
    [ "$rc" = "$1" ] || echo "status $rc instead of $1"
    grep -qF -- "$2" "$scratch/err" || { echo "no '$2' in:"; cat "$scratch/err"; }
}
# json EXPRESSION: of the object $j on standard output, in Perl
json() {
    perl -MJSON::PP -0777 -e '$j = decode_json(<STDIN>); print eval shift // die $@' \
        "$1" <"$scratch/out"
}

run explain 192.0.2.7 "$log"
claim "a scanner's story tells what it did" "$(
    says '300 requests: 300 for pages, 0 for assets'
    says '2024-01-26 12:10:00 to 2024-01-26 12:11:00'
    says '300 x 4xx'; says 'scan/1'; says '/old/1.php'
    ! grep -q 'id=' "$scratch/out" || echo "queries are part of the paths"
)"
claim "and when it was blocked, why, and what would have let it pass" "$(
    says 'half the threshold for the first time'; says 'blocked for 10 min'
    says 'of answers were 404'; says 'What would have let it pass then'
)"
run explain 192.0.2.7 "$log" --json
claim "the story's numbers add up" "$(
    [ "$(json '$j->{requests}')" = 300 ] || echo requests
    [ "$(json '$j->{blocked}')" = 1 ] || echo blocked
    [ "$(json '$j->{refused} == 301 - $j->{blocks}[0]{request}')" = 1 ] || echo refused
    [ "$(json '$s = 0; $s += $_->{points} for @{$j->{parts}};
        abs(($s > 1 ? 1 : $s) - $j->{moment}{score}) < 1e-5')" = 1 ] || echo parts
    [ "$(json '$n = 0; $n += $_->{requests} for @{$j->{paths}}; $n')" = 300 ] || echo paths
)"
refused=$(json '$j->{refused}')
convicted=$(json '$j->{blocks}[0]{request}')
share=$(json '$j->{decision}{features}{notfound_share}')
run replay "$log" --clients "$scratch/clients.csv"
claim "explain and replay agree on how many were refused" "$(
    got=$(sed -n 's/^192\.0\.2\.7,.*,//p' "$scratch/clients.csv")
    [ "$got" = "$refused" ] || echo "replay: $got, explain: $refused"
)"
run explain 192.0.2.8 "$log"
claim "a visitor's story ends well" "$(
    says '60 requests: 30 for pages, 30 for assets'
    says 'It would not have been refused.'
)"
run explain 2001:db8::1 "$log"
claim "an IPv6 address stands for its network" "$(
    says '2001:db8::/64'; says '3 requests'; says '2 x 2xx 1 x 5xx'
)"
cp "$scratch/out" "$scratch/one"
run explain 2001:db8::/64 "$log"
claim "which may be named as the gate writes it" "$(diff "$scratch/one" "$scratch/out")"
run explain ::ffff:192.0.2.8 "$log"
claim "a v4-mapped address is its IPv4 address" "$(says '60 requests')"
run explain 192.0.2.7 "$log" --set 'MLGateAllow 192.0.2.0/24'
claim "an allow-listed client was not judged, and the story says so" "$(
    says '300 requests were not judged'
)"
run explain 192.0.2.9 "$log"
claim "nothing of a hostile line reaches the terminal" "$(
    says '\x1b[2Jx'; says '\xe2\x80\xae'; says 'owned'
    LC_ALL=C tr -d '\n -~' <"$scratch/out" | od -c | head -3 | grep -v '^0000000$'
)"
run explain 192.0.2.99 "$log"
claim "a client that never comes up is a sentence and status 1" "$(
    complains 1 '192.0.2.99 does not come up in these logs (364 lines)'
)"
claim "what is no address, or lacks a log, is a sentence and status 2" "$(
    run explain 192.0.2 "$log"; complains 2 "'192.0.2' is not an address"
    run explain 192.0.2.0/24 "$log"; complains 2 'is not an address'
    run explain 192.0.2.7; complains 2 'needs an address and a log'
    run explain 192.0.2.7 "$scratch/none"; complains 2 'cannot read'
    run explain 192.0.2.7 "$log" --bogus; complains 2 'invalid option'
)"

run features "$log" --out "$scratch/features.csv"
sed -nE 's/^ *X\([A-Z0-9_]+, +([a-z0-9_]+), +[01], .*/\1/p' \
    include/mlg_features.h >"$scratch/names"
claim "features are named in the order of the fingerprint" "$(
    head -1 "$scratch/features.csv" | tr , '\n' >"$scratch/header"
    { printf 'at\nclient\nlabel\n'; cat "$scratch/names"; } | diff - "$scratch/header"
)"
claim "every request has a vector, those of blocked clients too" "$(
    n=$(tail -n +2 "$scratch/features.csv" | wc -l)
    [ "$n" = 364 ] || echo "$n rows"
    awk -F, 'NF != 44 { print NR ": " NF " fields" }' "$scratch/features.csv"
    ! grep -n nan "$scratch/features.csv"
    [ ! -s "$scratch/err" ] || cat "$scratch/err"
)"
claim "a vector is the one that explain shows" "$(
    column=$(grep -n '^notfound_share$' "$scratch/header" | cut -d: -f1)
    got=$(grep ',192\.0\.2\.7,' "$scratch/features.csv" | sed -n "${convicted}p" \
        | cut -d, -f"$column")
    awk -v a="$got" -v b="$share" \
        'BEGIN { d = a - b; exit !(a != "" && d < 1e-5 && d > -1e-5) }' \
        || echo "features: $got, explain: $share"
)"
run features "$log" --set 'MLGateEngine enforce' --out "$scratch/enforced.csv"
claim "an enforcing run leaves out who fell into a block, and says how many" "$(
    complains 0 "$((refused - 1)) requests were not judged"
    n=$(tail -n +2 "$scratch/enforced.csv" | wc -l)
    [ "$n" = "$((364 - refused + 1))" ] || echo "$n rows"
)"
LC_ALL=C sed 's/.*/0\tx\tsome,"class"/' "$log" >"$scratch/labels"
run features - --labels "$scratch/labels" <"$log"
claim "labels are a column, quoted where they need it" "$(
    n=$(grep -c ',"some,""class""",' "$scratch/out")
    [ "$n" = 364 ] || { echo "$n rows"; cat "$scratch/err"; }
)"
claim "a file that cannot be written is a sentence" "$(
    run features "$log" --out "$scratch/none/x"; complains 2 'cannot write'
    [ ! -e /dev/full ] || { run features "$log" --out /dev/full; complains 1 '/dev/full'; }
)"

claim "every command explains itself, and a mistyped one its neighbour" "$(
    for command in replay explain features status top block unblock; do
        "$tool" help "$command" | grep -q "^Usage: mlgatectl $command" || echo "$command"
    done
    rc=0; "$tool" explian 2>"$scratch/err" || rc=$?
    complains 2 "did you mean 'explain'?"
    rc=0; "$tool" help frobnicate 2>"$scratch/err" || rc=$?
    complains 2 "there is no command 'frobnicate'"
)"
finish
