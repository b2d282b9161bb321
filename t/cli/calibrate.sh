#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mlgatectl calibrate: a site's threshold from its log, without labels, and the
# profile that the other commands judge by.
# shellcheck disable=SC2016  # what json takes is Perl
. "$(dirname "$0")/../guard/tap"
need "$OUT/mlgatectl"
tool=$(realpath "$OUT/mlgatectl")

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1

# Two days of a site: so many people read four pages each with their assets, the
# last of them eagerly; two crawlers; a scanner asks for what is not there.
site() {
    perl -e '
        my ($people) = @ARGV;
        sub at { sprintf "%d/Jan/2024:%02d:%02d:%02d +0000", 26 + int($_[0] / 86400),
            $_[0] / 3600 % 24, $_[0] / 60 % 60, $_[0] % 60 }
        my @line;
        sub ask {
            my ($ip, $t, $path, $status, $referer) = @_;
            push @line, [$t, sprintf qq(%s - - [%s] "GET %s HTTP/1.1" %d 9 "%s" "%s"\n),
                $ip, at($t), $path, $status, $referer, $ip =~ /^192/ ? "Mozilla/5.0 (X11) Firefox/121.0" : "it"];
        }
        for my $day (0, 1) {
            for my $n (1 .. $people) {
                for my $page (1 .. 4) {
                    my $t = 86400 * $day + 36000 + 60 * $n + ($n == $people ? 1 : 9) * $page;
                    my $path = "/page/" . ($page + $n % 7);
                    ask("192.0.$n.2", $t, $path, 200, "-");
                    ask("192.0.$n.2", $t, "/$_.css", 200, "http://site.test$path") for "a" .. "c";
                }
            }
        }
        ask("198.51.100.7", 50000 + int($_ / 4), "/none/$_", 404, "-") for 1 .. 200;
        print map { $_->[1] } sort { $a->[0] <=> $b->[0] } @line;
    ' "$1"
}
site 40 >site.log
site 4 >small.log

# run COMMAND ARGUMENT...: its output in out, what it complains of in err
run() {
    rc=0
    "$tool" "$@" >out 2>err || rc=$?
}
# says CODE TEXT ARGUMENT...: this exit code, this in its output or complaint
says() {
    code=$1 text=$2
    shift 2
    run "$@"
    [ "$rc" = "$code" ] || echo "status $rc instead of $code: $(cat err)"
    cat out err | grep -qF -- "$text" || { echo "no '$text' in:"; cat out err; }
}
value() { sed -n "s/^$1 //p" "$2"; }

claim "forty people are known by what they do, and no scanner is" "$(
    says 0 '40 clients are believed to be people' calibrate --model weighted \
        site.log -o site.profile
    grep -q '^Calibrated.$' out || cat out
    grep -q 'would have refused 0 of the 40 believed to be people, and 1 of all' out \
        || cat out
)"
claim "the profile says what was found" "$(
    [ "$(head -n 1 site.profile)" = 'mlgate-profile 1' ] || head -n 1 site.profile
    [ "$(value trusted site.profile)" = 40 ] || grep trusted site.profile
    [ "$(value refused site.profile)" = 0 ] || grep refused site.profile
    [ "$(value clients site.profile)" = 41 ] || grep clients site.profile
    [ "$(grep -c '^load ... \([0-9.e+]* \)\{23\}[0-9.e+]*$' site.profile)" = 7 ] \
        || grep ^load site.profile
    grep -q '^place [0-9]* get /a.css$' site.profile || grep ^place site.profile
    grep -q none/ site.profile && echo "a path that nobody got"
)"
claim "it ends with the hash of what is above" "$(
    [ "end $(sed '$d' site.profile | sha256sum | cut -d' ' -f1)" = "$(tail -n 1 site.profile)" ] \
        || tail -n 1 site.profile
)"
claim "the same log makes the same profile" "$(
    run calibrate --model weighted site.log -o - --quiet
    cmp out site.profile
    gzip -c site.log >site.log.gz
    run calibrate --model weighted site.log.gz -o - --quiet
    cmp out site.profile
)"
claim "a replay by the profile refuses whom calibrate said" "$(
    run replay --json --model weighted --profile site.profile site.log
    perl -MJSON::PP -0777 -e '
        my $at = decode_json(<STDIN>);
        print "blocked $at->{blocked}\n" unless $at->{blocked} == 1;
        printf "threshold %s\n", $at->{rules}{threshold}
            unless abs($at->{rules}{threshold} - shift) < 1e-5;
    ' "$(value threshold site.profile)" <out
)"
claim "a threshold that is given goes before the profile's" "$(
    run replay --json --model weighted --profile site.profile --set 'MLGateThreshold 0.9' site.log
    grep -q '"threshold": 0.9,' out || grep threshold out
)"
claim "eval fits a site as calibrate does, and so does no label" "$(
    printf '192.0.%d.2\tscanner\n' $(seq 1 40) >lies.tsv
    echo '198.51.100.7	likely_human' >>lies.tsv
    run eval --json - --quiet --model weighted --set 'MLGateThreshold auto' \
        --labels lies.tsv site.log
    perl -MJSON::PP -0777 -e '
        my $at = decode_json(<STDIN>);
        print "not fitted\n" unless $at->{is_fitted};
        printf "threshold %s\n", $at->{sites}[0]{threshold}
            unless abs($at->{sites}[0]{threshold} - shift) < 1e-3;
    ' "$(value threshold site.profile)" <out
)"
site 40 | sed 's/^192\.0\.\([0-9]*\)\.2 /192.0.2.\1 /' >one-network.log
claim "forty people of one network are one voice, and too few" "$(
    says 1 '40 clients are believed to be people or as welcome, in 1 network' \
        calibrate --model weighted one-network.log -o one.profile
    says 1 'in 10 networks' calibrate --model weighted one-network.log -o one.profile
    [ ! -e one.profile ] || echo 'a profile all the same'
    says 0 'Calibrated.' calibrate --model weighted --min-trusted 1 one-network.log
)"
site 40 | sed 's/^192\.0\.\([0-9]*\)\.2 /10.0.0.\1 /' >office.log
claim "forty people of an office are forty" "$(
    says 0 'in 40 networks' calibrate --model weighted office.log
)"
# json EXPRESSION: of the object $j in out, in Perl
json() {
    perl -MJSON::PP -0777 -e '$j = decode_json(<STDIN>); print eval shift // die $@' "$1" <out
}
same() { [ "$1" = "$2" ] || echo "'$1' instead of '$2'"; }
claim "auto without a profile is fitted to the logs, as if calibrate had run first" "$(
    says 0 "note: threshold 0.708, fitted to these logs: 40 clients behave like people; the server" \
        replay --json --model weighted --set 'MLGateThreshold auto' site.log
    same "$(json '$j->{threshold_origin}{from}')" logs
    same "$(json '$j->{threshold_origin}{trusted}')" 40
    json 'delete $j->{threshold_origin}; JSON::PP->new->canonical->pretty->encode($j)' >fitted
    run replay --json --model weighted --profile site.profile site.log
    same "$(json '$j->{threshold_origin}{from}')" profile
    json 'delete $j->{threshold_origin}; JSON::PP->new->canonical->pretty->encode($j)' | cmp - fitted
)"
claim "who is allow-listed is left out of the fit, too" "$(
    run replay --json --model weighted --set 'MLGateThreshold auto' --set 'MLGateAllow 192.0.0.0/19' \
        site.log
    same "$(json '$j->{threshold_origin}{trusted}')" 9
    same "$(json '$j->{threshold_origin}{from}')" floor
)"
claim "a line that cannot be read is told once, though logs are read twice" "$(
    { cat site.log; echo "no line"; } >spoilt.log
    says 0 'spoilt.log, line 1481, byte 0' replay --model weighted --set 'MLGateThreshold auto' spoilt.log
    same "$(grep -c 'line 1481' err)" 1
    grep -q '1,480 in 1,481 lines, 1 of them malformed' out || cat out
)"
claim "where too little was seen only floods are refused, and it says how little" "$(
    says 0 "note: only floods are refused: 40 % of what fitting a threshold takes was seen" \
        replay --json --model weighted --set 'MLGateThreshold auto' small.log
    same "$(json '$j->{threshold_origin}{progress_percent}')" 40
    same "$(json '$j->{rules}{threshold} // "none"')" none
    same "$(json '$j->{blocked}')" 0
    says 0 "Rules      enforce, no threshold, at least 10" \
        replay --model weighted --set 'MLGateThreshold auto' small.log --html small.html
    grep -q '^> none  *0 ' out || cat out
    grep -q '<td>none</td>' small.html || echo "no row in the page"
    says 0 'there is no threshold, only floods are refused' \
        explain 198.51.100.7 small.log --model weighted --set 'MLGateThreshold auto'
)"
claim "a named pipe is no profile, and nobody waits for it" "$(
    mkfifo pipe.profile
    run replay --model weighted --profile pipe.profile site.log
    grep -qF 'not a file' err || cat err
)"
claim "standard input is read once: only floods are refused, and it says what to do" "$(
    run replay --json --model weighted --set 'MLGateThreshold auto' - <site.log
    same "$(json '$j->{threshold_origin}{from}')" stream
    same "$(json '$j->{blocked}')" 0
    grep -qF 'standard input cannot be read twice' err || cat err
    grep -qF 'give --profile FILE' err || cat err
    run replay --json --model weighted --set 'MLGateThreshold 0.7' - <site.log
    same "$(json '$j->{blocked}')" 1
    [ ! -s err ] || cat err
)"
claim "a flood is refused without a threshold, and explained" "$(
    perl -e 'printf qq(203.0.113.9 - - [26/Jan/2024:12:00:%02d +0000] "GET /%d HTTP/1.1" 200 9 "-" "it"\n),
        $_ / 100, $_ for 0 .. 2999' >flood.log
    run replay --json --model weighted --set 'MLGateThreshold auto' flood.log
    same "$(json '$j->{blocked}')" 1
    same "$(json '$j->{thresholds}[-1]{clients}')" 1
    same "$(json '$j->{thresholds}[-1]{refused}')" "$(json '$j->{refused}')"
    says 0 'blocked for 10 min' explain 203.0.113.9 flood.log --model weighted \
        --set 'MLGateThreshold auto'
)"
claim "explain judges by what replay does, and says so" "$(
    says 0 'the threshold is 0.71, fitted to these logs)' explain 198.51.100.7 site.log \
        --model weighted --set 'MLGateThreshold auto'
    run explain 198.51.100.7 site.log --model weighted --set 'MLGateThreshold auto' --json
    same "$(json '$j->{threshold_origin}{from}')" logs
)"
claim "weights without an MLGateThreshold keep theirs" "$(
    run replay --json --model weighted site.log
    same "$(json '$j->{rules}{threshold}')" 0.8
    same "$(json '$j->{threshold_origin}{from}')" given
    [ ! -s err ] || cat err
)"
# One client, as a server saw it by a threshold of 0.6.
perl -e '
    for my $n (1 .. 60) {
        printf "mlg3 660e466c62620 %d 127.0.0.1 d3bb1f93f0c04a7f cbcfed3f9b29d0aa "
            . "8b03150cbf7e2253 0 f535f459e914c458 0 0 0 1 1c ff 2 1 3 8000 3dcccccd 65536 0 0 0 7fc00000 0 "
            . "%d %d 200 300 1301 pass 3e82d343 3f19999a 7a692c8d 903cc05a\n",
            1795383954344654 + 1e6 * $n, 2 * $n - 1, 2 * $n;
    }' >seen
claim "an observation is judged by the threshold that was in force, read once" "$(
    for log in seen -; do
        run replay --json --set 'MLGateThreshold auto' $log <seen
        same "$(json 'abs($j->{rules}{threshold} - 0.6) < 1e-6')" 1
        same "$(json '$j->{threshold_origin}{from}')" observed
        [ ! -s err ] || cat err
    done
)"
claim "a few people are not enough: it says how far it is and writes nothing" "$(
    says 0 'Not enough yet: 40 %' calibrate --model weighted small.log
    says 1 'not enough was seen yet: 40 %' calibrate --model weighted small.log -o small.profile
    [ ! -e small.profile ] || echo "written all the same"
    says 0 'Calibrated.' calibrate --model weighted --min-trusted 4 small.log
)"
claim "what is there stays when it is not enough" "$(
    cp site.profile kept.profile
    says 1 'not enough' calibrate --model weighted small.log -o kept.profile
    cmp kept.profile site.profile
)"
claim "allow-listed clients teach nothing, and it says so" "$(
    says 0 'allow-listed clients: never judged' calibrate --model weighted site.log \
        --set 'MLGateAllow 192.0.0.0/19'
    grep -q '9 clients are believed' out || cat out
)"
claim "labels check the result and do not make it" "$(
    perl -ne '/^(\S+)/; print "0\t$1\t", $1 =~ /^192/ ? "people" : "scanner", "\n"' \
        site.log >labels
    says 0 'Checked against labels' calibrate --model weighted --labels labels site.log
    grep -qE '^ +people +40 +0 +40$' out || cat out
    grep -qE '^ +scanner +1 +1 +0$' out || cat out
)"
sealed() { printf 'end %s\n' "$(sha256sum <"$1" | cut -d' ' -f1)" >>"$1"; }
# spoilt NAME SED: a profile with this change, sealed as if it were sound
spoilt() {
    sed '$d' site.profile | sed "$2" >"$1.profile"
    sealed "$1.profile"
}
claim "a profile that is not sound has its sentence" "$(
    spoilt other 's/^model .*/model 0123456789abcdef/'
    spoilt twice 's/^share .*/&\n&/'
    spoilt nan 's/^threshold .*/threshold nan/'
    spoilt escape 's/^place \([0-9]*\) get .*/place \1 get \/\\x4/'
    sed 's/^trusted 40/trusted 41/' site.profile >changed.profile
    says 2 'was made for another model' replay --model weighted --profile other.profile site.log
    says 2 'this is said twice' replay --model weighted --profile twice.profile site.log
    says 2 'line 6: a value is missing' replay --model weighted --profile nan.profile site.log
    says 2 'a value is missing, too much' replay --model weighted --profile escape.profile site.log
    says 2 'its checksum differs' replay --model weighted --profile changed.profile site.log
    says 2 'No such file' replay --model weighted --profile none.profile site.log
    says 2 'a profile begins with' replay --model weighted --profile labels site.log
)"
claim "what is asked for wrongly is a sentence and 2" "$(
    says 2 "--share 'much'" calibrate --share much site.log
    says 2 "--share '0.2'" calibrate --share 0.2 site.log
    says 2 "--min-trusted '0'" calibrate --min-trusted 0 site.log
    says 2 'site.log' calibrate site.log -o site.log
    says 2 'there is no log' calibrate
    : >empty
    says 1 'not one request' calibrate --model weighted empty
)"
finish
