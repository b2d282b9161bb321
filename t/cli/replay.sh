#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mlgatectl replay, over a log with one scanner that claims to be Googlebot,
# one visitor and one whose User-Agent is markup.
# shellcheck disable=SC2016  # what json takes is Perl
. "$(dirname "$0")/../guard/tap"
need "$OUT/mlgatectl"
tool=$(realpath "$OUT/mlgatectl")

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
log=$scratch/access.log
perl -e '
    sub line {
        my ($at, $who, $what, $status, $agent) = @_;
        my ($s, $m, $h) = gmtime $at;
        push @lines, [$at, sprintf qq(%s - - [26/Jan/2024:%02d:%02d:%02d +0000] )
            . qq("GET %s HTTP/1.1" %d 512 "-" "%s"\n), $who, $h, $m, $s, $what,
            $status, $agent];
    }
    my $t = 1706270400;
    my $bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    line($t + 600 + int($_ / 5), "192.0.2.7", "/old/$_.php", 404, $bot) for 1 .. 300;
    line($t + 3000 + int($_ / 5), "192.0.2.7", "/old/$_.php", 404, $bot) for 1 .. 50;
    for (1 .. 60) {
        line($t + 60 * $_, "192.0.2.8", "/page/" . $_ % 5, 200, "Mozilla/5.0 Gecko Firefox/121.0");
        line($t + 60 * $_, "192.0.2.8", "/base.css", 200, "Mozilla/5.0 Gecko Firefox/121.0");
    }
    line($t + 900 + int($_ / 5), "2001:db8::" . $_ % 7, "/x$_", 404,
        "<script>alert(1)</script>\e[2J") for 1 .. 100;
    print $_->[1] for sort { $a->[0] <=> $b->[0] } @lines;
    print "this is no line\n";
' >"$log"

# run ARGUMENT...: its output in out and err, its status in rc
run() {
    rc=0
    "$tool" replay "$@" --quiet >"$scratch/out" 2>"$scratch/err" || rc=$?
}
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
is() {
    [ "$1" = "$2" ] || echo "'$1' instead of '$2'"
}

run "$log" --html "$scratch/html" --clients "$scratch/csv" --decisions "$scratch/events"
claim "the report tells who, why and what about" "$(
    complains 0 'this is no line'
    says 'Requests   570 in 571 lines, 1 of them malformed'
    says '192.0.2.7'; says 'of answers were 404'; says 'Clients    3'
    says 'Crawlers and monitors that would be hit'
    says 'Busiest ten minutes: from 2024-01-26 12:06:00, 420 requests'
    ! grep -q "$(printf '\033')" "$scratch/out" || echo "it has an escape"
    ! grep -q ' $' "$scratch/out" || echo "it has spaces at the end of a line"
)"
cp "$scratch/out" "$scratch/text"
run "$log" --json
claim "text, JSON, CSV and events agree" "$(
    is "$(json '$j->{requests} . " " . $j->{clients} . " " . $j->{malformed}')" '570 3 1'
    is "$(awk -F, 'NR > 1 { n += $10 } END { print n }' "$scratch/csv")" "$(json '$j->{refused}')"
    is "$(awk -F, 'NR > 1 { n += $2 } END { print n }' "$scratch/csv")" 570
    is "$(awk -F, 'NR > 1 { n += $7 } END { print n }' "$scratch/csv")" \
        "$(grep -c '"event":"block"' "$scratch/events")"
    is "$(json '(grep { $_->{in_force} } @{$j->{thresholds}})[0]{refused} == $j->{refused}')" 1
    is "$(json '$j->{top_crawlers_refused}[0]{client}')" 192.0.2.7
    is "$(json '$n = 0; $n += $_->{refused} for @{$j->{classes}}; $n == $j->{refused}')" 1
    grep -qF "$(json '$j->{refused}')" "$scratch/text" || echo "not in the text"
)"
claim "a client's row is in the documented form" "$(
    is "$(head -1 "$scratch/csv")" 'client,requests,pages,first_seen,last_seen,max_score,blocks,first_block_at,requests_before_block,refused'
    grep -qx '192\.0\.2\.8,120,60,1706270460\.500000,1706274000\.500000,0\(\.[0-9]*\)\?,0,,,0' "$scratch/csv" \
        || cat "$scratch/csv"
    grep -q '^2001:db8::/64,100,' "$scratch/csv" || cat "$scratch/csv"
)"
claim "a block and its end are events in the order of their time" "$(
    perl -MJSON::PP -ne '
        my $e = decode_json($_);
        die "out of order" if $e->{time_epoch} < ($last // 0);
        $last = $e->{time_epoch};
        $open{$e->{client}} += $e->{event} eq "block" ? 1 : -1;
        die "$e->{client} is blocked twice" if $open{$e->{client}} > 1;
        $ended{$e->{client}} += $e->{refused} if $e->{event} eq "end";
        END { die "no refusals" unless $ended{"192.0.2.7"} > 100 }
    ' "$scratch/events" 2>&1
)"
claim "the page holds no markup of a client's and nothing from elsewhere" "$(
    ! grep -qi '<script\|src=\|href=\|url(' "$scratch/html" || echo "it does"
    grep -q '&#60;script&#62;' "$scratch/html" || echo "no User-Agent"
    grep -q '^</main>' "$scratch/html" || echo "it is cut off"
)"
claim "the same again gives the same bytes" "$(
    run "$log" --html "$scratch/html2" --clients "$scratch/csv2" --decisions "$scratch/events2"
    for name in html csv events; do cmp "$scratch/$name" "$scratch/${name}2" 2>&1; done
    cmp "$scratch/text" "$scratch/out" 2>&1
)"
run "$log" --set 'MLGateThreshold 1' --json
claim "a rule that is set is followed" "$(is "$(json '$j->{rules}{threshold}')" 1)"
claim "the threshold in force is one row of the table, wherever it lies" "$(
    for threshold in 0.8 0.805 0.3 1; do
        run "$log" --set "MLGateThreshold $threshold" --html "$scratch/html3"
        sed -n '/^What each threshold/,$p' "$scratch/out" | grep '> [01]' >"$scratch/row"
        is "$(wc -l <"$scratch/row")" 1
        is "$(grep -c '<tr class="real">' "$scratch/html3")" 1
        run "$log" --set "MLGateThreshold $threshold" --json
        perl -ne 'BEGIN { @want = splice @ARGV, 0, 3 }
            s/.*> //; @is = split; $is[0] == $want[0] && $is[1] == $want[1]
                && $is[2] == $want[2] or print "@want, but $_"' \
            "$threshold" "$(json '$j->{blocked}')" "$(json '$j->{refused}')" "$scratch/row"
    done
)"
run "$log" --set 'MLGateEngine observe' --decisions -
claim "observing would block, and says so" "$(
    says '"event":"would-block"'
    ! grep -qv '^{' "$scratch/out" || echo "there is more than events"
)"

mkdir -p "$scratch/ranges/googlebot"
echo '192.0.2.0/28' >"$scratch/ranges/googlebot/list.txt"
run "$log" --ranges "$scratch/ranges" --json
claim "a crawler at its operator's address is verified" "$(
    is "$(json '$j->{top_crawlers_refused}[0]{class}')" 'crawler, verified'
)"
echo '198.51.100.0/24' >"$scratch/ranges/googlebot/list.txt"
run "$log" --ranges "$scratch/ranges" --json
claim "and elsewhere it is not" "$(
    is "$(json '$j->{top_crawlers_refused}[0]{class}')" 'crawler, not its address'
)"
claim "an empty log is a report of nothing" "$(
    run /dev/null; is "$rc" 0; says 'Requests   0'
    run /dev/null --json; is "$(json '$j->{requests}')" 0
)"
claim "nothing that is read is written over, and no file twice" "$(
    cp "$log" "$scratch/copy"; ln -s copy "$scratch/link"; ln "$scratch/copy" "$scratch/hard"
    for name in copy link hard; do
        for option in html clients decisions; do
            run "$scratch/copy" --$option "$scratch/$name"; complains 2 'is read and would'
        done
        rc=0; "$tool" features "$scratch/copy" --out "$scratch/$name" 2>"$scratch/err" || rc=$?
        complains 2 'is read and would'
        run "$log" --labels "$scratch/copy" --html "$scratch/$name"; complains 2 'is read and would'
        run "$log" --config "$scratch/copy" --html "$scratch/$name"; complains 2 'is read and would'
    done
    cmp "$log" "$scratch/copy" 2>&1
    rm -f "$scratch/new"
    run "$log" --html "$scratch/new" --clients "$scratch/new"; complains 2 'written twice'
    [ ! -e "$scratch/new" ] || echo "opened all the same"
    run "$log" --html - --clients /dev/stdout; complains 2 'only one of'
)"
claim "what cannot be done is a sentence" "$(
    run "$log" --json --html -; complains 2 'only one of'
    run "$log" --html "$scratch/none/x"; complains 2 'cannot write'
    run "$log" --crawlers "$scratch/none"; complains 2 'cannot use'
    run "$log" --crawlers "$log"; complains 2 'cannot use'
    run "$log" --ranges "$scratch"; complains 2 'cannot use'
    run "$log" --frobnicate; complains 2 'frobnicate'
    run; complains 2 'no log'
    if [ -e /dev/full ]; then
        for option in html clients decisions; do
            run "$log" --$option /dev/full; complains 1 '/dev/full'
        done
    fi
)"
finish
