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
claim "there is no progress but on a terminal" "$(
    run /dev/null all; [ ! -s err ] || cat err
)"
finish
