#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mlgatectl calibrate: a site's threshold from its log, without labels, and the
# profile that the other commands judge by.
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
                    ask("192.0.2.$n", $t, $path, 200, "-");
                    ask("192.0.2.$n", $t, "/$_.css", 200, "http://site.test$path") for "a" .. "c";
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
claim "auto without a profile is said to be the model's own" "$(
    says 0 "note: MLGateThreshold auto without a profile" replay --model weighted \
        --set 'MLGateThreshold auto' site.log
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
        --set 'MLGateAllow 192.0.2.0/27'
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
