#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How commands read logs: several, packed, piped, damaged, of any format.
. "$(dirname "$0")/../guard/tap"
need "$OUT/mlgatectl"
tool=$(realpath "$OUT/mlgatectl")

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1

# One client, 20 pages a second for a minute; then it is gone.
perl -e '
    for my $s (0 .. 59) {
        printf qq(192.0.2.7 - - [26/Jan/2024:19:00:%02d +0000] "GET /%d HTTP/1.1" )
            . qq(200 512 "-" "x"\n), $s, 20 * $s + $_ for 1 .. 20;
    }' >all
head -n 500 all >old
tail -n +501 all | gzip >new.gz

# run INPUT ARGUMENT...: mlgatectl replay, its output in out and err, rc
run() {
    input=$1
    shift
    rc=0
    "$tool" replay "$@" <"$input" >out 2>err || rc=$?
}
complains() {
    [ "$rc" = "$1" ] || echo "status $rc instead of $1"
    grep -qF -- "$2" err || { echo "no '$2' in:"; cat err; }
}
same() {
    [ "$rc" = 0 ] || { echo "status $rc"; cat err; }
    diff want out
}

run /dev/null all
cp out want
claim "a log is read" "$([ "$rc" = 0 ] || cat err; grep -q '1,200 in 1,200' out || cat out)"
claim "logs are sorted by their first line, gzipped or not" "$(
    run /dev/null new.gz old; same
    run /dev/null old new.gz; same
)"
claim "standard input is a log" "$(
    run all -; same
    run all /dev/stdin; same
    gzip -c all >all.gz; run all.gz -; same
)"
claim "standard input cannot be sorted, and a pipe cannot" "$(
    run all - old; complains 2 'standard input can be read only once'
    mkfifo pipe; run all old pipe; complains 2 'pipe can be read only once'
)"
claim "what is no log is a sentence" "$(
    run /dev/null; complains 2 'there is no log to read'
    run /dev/null nowhere; complains 2 'cannot read nowhere: No such file'
    run /dev/null old nowhere; complains 2 'cannot read nowhere: No such file'
    run /dev/null .; complains 2 '. is a directory'
    printf 'BZh91AY' >packed; run /dev/null packed; complains 2 'bzip2 -dc'
    printf '\050\265\057\375' >packed; run /dev/null packed; complains 2 'zstd -dc'
)"
claim "gzip data that were cut off are read to their end" "$(
    head -c 2000 all.gz >cut.gz
    run /dev/null cut.gz; complains 0 'cut.gz is cut off'
    grep -q ' lines' out || cat out
)"
claim "damaged gzip data are a sentence and status 1" "$(
    { head -c 1000 all.gz; tail -c +1100 all.gz; } >bad.gz
    run /dev/null bad.gz; complains 1 'its gzip data are damaged'
)"
claim "malformed lines are counted, three are quoted, none can write to a terminal" "$(
    { printf 'x\033[2J\r\n\377\n%s\n\0\n\n' '192.0.2.7 - - [' ; cat all; } >mixed
    run /dev/null mixed; complains 0 'mixed, line 1, byte 0: '
    grep -q '1,200 in 1,205 lines, 5 of them malformed' out || cat out
    [ "$(wc -l <err)" = 3 ] || cat err
    LC_ALL=C tr -d '\n -~' <err | od -c | grep -v '^0000000$'
)"
claim "a log of which nothing can be read is a sentence and status 1" "$(
    run /dev/null --format common all; complains 1 'none of the 1200 lines could be read'
    grep -q 'line 1, byte 65: no size where %b should be' err || cat err
)"
claim "host names are told from addresses" "$(
    sed 's/192.0.2.7/www.example.net/' all >names
    run /dev/null names; complains 1 'HostnameLookups Off'
)"
claim "a format is read, a wrong one is a sentence with its byte" "$(
    sed 's/ - - / /' all >own
    run /dev/null --format '%h %t "%r" %s %b "%{Referer}i" "%{User-Agent}i"' own; same
    run /dev/null --format '%h %t %r %y' own
    complains 2 '--format, byte 9: %y: no directive of LogFormat'
)"
claim "JSON lines are read beside others" "$(
    perl -ne '/GET (\S+)/; /:(\d\d) \+/; printf qq({"time":"2024-01-26T19:00:%sZ",)
        . qq("ip":"192.0.2.7","method":"GET","uri":"%s","status":200,"size":512,)
        . qq("referer":"-","user_agent":"x"}\n), (/:(\d\d) \+/)[0], (/GET (\S+)/)[0]' \
        old >json
    { cat json; gzip -dc new.gz; } >both
    run /dev/null both; same
)"
claim "labels are one for each log, with a line for each of its" "$(
    sed 's/.*/0\t-\tcat/' all >labels
    run /dev/null --labels labels all; [ "$rc" = 0 ] || cat err
    run /dev/null --labels labels old new.gz; complains 2 '2 logs and 1 --labels'
    head -n 9 labels >few
    run /dev/null --labels few all; complains 2 'has no label for its line 10'
)"

claim "labels that name clients hold for all logs" "$(
    printf '192.0.2.7\tcat\n\n192.0.2.8\tdog\n' >clients
    run /dev/null --labels clients old new.gz
    [ "$rc" = 0 ] || cat err
    grep -q '^cat  *1 ' out || cat out
    printf '198.51.100.1\tdog\n' >others
    run /dev/null --labels others all; [ "$rc" = 0 ] || cat err
    ! grep -q '^dog' out || cat out
)"
claim "a header tells in which column their classes are, packed or not" "$(
    printf 'client\trequests\tclass\tnote\r\n192.0.2.7\t9\tcat\tx\r\n' | gzip >packed
    run /dev/null --labels packed all
    [ "$rc" = 0 ] || cat err
    grep -q '^cat  *1 ' out || cat out
)"
claim "labels that name clients wrongly are a sentence with the line" "$(
    printf '192.0.2.7\tcat\n192.0.2\tcat\n' >bad
    run /dev/null --labels bad all; complains 2 "bad, line 2: '192.0.2' is not an address"
    printf '192.0.2.7\tcat\n192.0.2.8\n' >bad
    run /dev/null --labels bad all; complains 2 "bad, line 2: '192.0.2.8' has no class"
    printf '192.0.2.7\tcat\n192.0.2.7\tcat\n192.0.2.7\tdog\n' >bad
    run /dev/null --labels bad all
    complains 2 "bad, line 3: '192.0.2.7' has another class already"
    run /dev/null --labels clients --labels clients old new.gz
    complains 2 'give one file of them and no other'
)"
claim "an IPv6 address or its network names the client" "$(
    sed 's/192.0.2.7/2001:db8:1:2::9/' all >six
    for name in 2001:db8:1:2::7 2001:db8:1:2::/64; do
        printf '%s\tcat\n' "$name" >clients6
        run /dev/null --labels clients6 six
        grep -q '^cat  *1 ' out || cat out err
    done
)"

# features LOG...: what the gate saw, in the order in which it did, in rows
features() {
    rc=0
    "$tool" features --quiet "$@" >rows 2>err || rc=$?
}
same_rows() {
    [ "$rc" = 0 ] || { echo "status $rc"; cat err; }
    cmp wanted rows
}
perl -ne 'print if /:\d[02468] /' all >even
perl -ne 'print if /:\d[13579] /' all | gzip >odd.gz
claim "logs that overlap are merged line by line" "$(
    features all; cp rows wanted
    features even odd.gz; same_rows
    features odd.gz even; same_rows
    head -n 100 even >even.1; tail -n +101 even >even.2
    features even.2 odd.gz even.1; same_rows
)"
claim "a log given twice is two logs side by side" "$(
    features all all
    [ "$(wc -l <rows)" = 2401 ] || wc -l rows
    tail -n +2 rows | cut -d, -f1 >stamps
    sort -c -n stamps 2>&1
)"
claim "of lines with one time that of the log named first comes first" "$(
    sed 's/.*/0\t-\tone/' all >one; sed 's/.*/0\t-\ttwo/' all >two
    features --labels two --labels one all all
    tail -n +2 rows | cut -d, -f3 | uniq -c | head -n 2 | tr -s ' \n' '  ' >got
    [ "$(cat got)" = ' 20 two 20 one ' ] || cat got
)"
claim "labels stay with the lines of their log" "$(
    perl -ne '/:(\d\d) /; print "0\t-\t", $1 % 2 ? "odd" : "even", "\n"' all >labels
    features --labels labels all; cp rows wanted
    sed 's/.*/0\t-\teven/' even >labels.even
    gzip -dc odd.gz | sed 's/.*/0\t-\todd/' >labels.odd
    features --labels labels.odd --labels labels.even odd.gz even; same_rows
    features --labels labels.even --labels labels.even odd.gz even; ! same_rows >/dev/null 2>&1 ||
        echo "labels do not show"
)"
claim "within a log the order is kept, though times step back" "$(
    { tail -n 600 all; head -n 600 all; } >back
    features back; cp rows wanted
    printf '' >empty; features empty back; same_rows
    sed 's/2024/2031/' all | head -n 1 >late; cat late even >ahead
    features ahead odd.gz
    tail -n +2 rows | cut -d, -f1 | sort -n -c 2>sorted && echo "nothing waited"
    [ "$(wc -l <rows)" = 1202 ] || wc -l rows
)"
claim "malformed lines are quoted with their own log and number" "$(
    { head -n 3 even; echo nonsense; tail -n +4 even; } >even.bad
    run /dev/null odd.gz even.bad; complains 0 'even.bad, line 4, byte 0: '
    grep -q '1,200 in 1,201 lines, 1 of them malformed' out || cat out
)"
claim "rotated logs are open one at a time, those that overlap together" "$(
    split -l 20 -d all part.
    # shellcheck disable=SC3045  # dash has it
    ulimit -n 16
    run /dev/null part.*; same
    # shellcheck disable=SC2046  # thirty words
    run /dev/null $(yes even | head -n 30); complains 2 'cannot read even: Too many open files'
)"
claim "a line may be 128 KiB long and no more" "$(
    perl -e 'my $l = q(192.0.2.7 - - [26/Jan/2024:19:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" ");
        print $l, "x" x (131072 - 1 - length $l), qq("\n)' >long
    run /dev/null long; [ "$rc" = 0 ] || cat err
    sed 's/xxx/xxxx/' long >longer; cat all >>longer
    run /dev/null longer; complains 0 'line 1, byte 0: longer than 128 KiB: '
)"

# What a server observed of one client, one request a second. A start comes
# first in every log of a segment; these are of another build, which can only
# be told when one is not of the segment at hand.
perl -e '
    for my $n (1 .. 60) {
        printf "mlg3 660e466c62620 %d 127.0.0.1 d3bb1f93f0c04a7f cbcfed3f9b29d0aa "
            . "8b03150cbf7e2253 0 f535f459e914c458 0 0 0 1 1c ff 2 1 3 8000 3dcccccd 65536 0 0 0 7fc00000 0 "
            . "%d %d 200 300 1301 pass 3e82d343 3f4ccccd 7a692c8d 903cc05a\n",
            1795383954344654 + 1e6 * $n, 2 * $n - 1, 2 * $n;
    }' >seen
start='mlg3-start 660e466c62620 262144 64 0 0'
head -n 20 seen >seen.2
{ echo "$start"; sed -n 21,40p seen; } >seen.1
{ echo "$start"; tail -n 20 seen; } >seen.0
claim "rotated observation logs are sorted by their first request" "$(
    features seen; cp rows wanted
    features seen.0 seen.1 seen.2; same_rows
    features seen.2 seen.0 seen.1; same_rows
    features seen.0; complains 2 'seen.0, line 1: written by a build with another'
)"
claim "an observation is due when its request ended" "$(
    head -n 1 seen | sed 's| 1301 pass| 30000000 pass|' >slow
    echo "192.0.2.7 - - [22/Nov/2026:21:46:20 +0000] \"GET / HTTP/1.1\" 200 1" >mark
    echo "second" >>slow; echo "first" >>mark
    run /dev/null slow mark; [ "$rc" = 0 ] || echo "status $rc"
    head -n 1 err | grep -q 'mark, line 2, .* first$' || cat err
)"
claim "with a format nothing is an observation, and without what is none is read" "$(
    sed 's/^/mlg3 /' all >hosted
    run /dev/null --format '%v %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"' hosted; same
    run /dev/null hosted; same
    run /dev/null --format common seen; complains 1 'none of the 60 lines could be read'
    { echo 'mlg3 x'; cat all; } >odder
    run /dev/null odder; complains 0 'odder, line 1, byte 5: '
)"
claim "what an earlier version observed is refused, with the reason" "$(
    sed 's/^mlg3/mlg1/' seen >former
    run /dev/null former; complains 1 'former, line 1, byte 0: written by an earlier version'
)"
claim "there is no progress but on a terminal" "$(
    run /dev/null all; [ ! -s err ] || cat err
)"
finish
