#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --model: a log is judged by a model that was learned.
. "$(dirname "$0")/../guard/tap"
corpus=t/fuzz/corpus/bundle
need "$OUT/mlgatectl" $corpus/sound-scanners
tool=$(realpath "$OUT/mlgatectl")

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
log=$scratch/access.log

# A scanner and a reader, a page a second each.
perl -e '
    printf qq(192.0.2.%d - - [26/Jan/2024:12:00:%02d +0000] "GET /%d HTTP/1.1" )
        . qq(%d 12 "-" "it"\n), $_ % 2 + 7, $_ / 2, $_, $_ % 2 ? 404 : 200
        for 1 .. 100;
' >"$log"

# run COMMAND ARGUMENT...: its output in out, what it complains of in err
run() {
    rc=0
    "$tool" "$@" >"$scratch/out" 2>"$scratch/err" || rc=$?
}
# is FIELD WANT ARGUMENT...: what a replay's JSON says
is() {
    field=$1 want=$2
    shift 2
    run replay --json "$@" "$log"
    got=$(perl -MJSON::PP -0777 -e '
        my $at = eval { decode_json(<STDIN>) };
        $at = $at->{$_} for split /[.]/, shift;
        print $at // "none"' "$field" <"$scratch/out")
    [ "$got" = "$want" ] || { echo "$got instead of $want:"; cat "$scratch/err"; }
}
# complains TEXT FILE: exit code 2 and this in its sentence
complains() {
    run replay --model "$2" "$log"
    [ "$rc" = 2 ] || echo "status $rc instead of 2"
    grep -qF -- "$1" "$scratch/err" || { echo "no '$1' in:"; cat "$scratch/err"; }
}

id=$(tail -c 32 $corpus/sound-scanners | od -An -tx1 -N8 | tr -d ' ')
claim "the model decides, and only floods are refused where too little was seen" "$(
    is blocked 1 --model $corpus/sound-scanners --set 'MLGateThreshold 0.9'
    is blocked 0 --model $corpus/sound-scanners
    is rules.threshold none --model $corpus/sound-scanners
    is threshold_origin.from floor --model $corpus/sound-scanners
    is rules.model "$id" --model $corpus/sound-scanners
)"
claim "a threshold that is given goes before the model's" "$(
    is rules.threshold 0.96 --model $corpus/sound-scanners \
        --set 'MLGateThreshold 0.96'
    is refused 0 --model $corpus/sound-scanners --set 'MLGateThreshold 0.96'
)"
claim "weights decide without a model, and where they are asked for" "$(
    is rules.model weighted
    is rules.model weighted --model weighted
)"
claim "the text of a report names the model" "$(
    run replay --model $corpus/sound-scanners --set 'MLGateThreshold 0.9' "$log"
    grep -q "model $id, threshold 0.9" "$scratch/out" || cat "$scratch/out"
)"
claim "explain says what weighed, from the average client on" "$(
    run explain 192.0.2.8 "$log" --model $corpus/sound-scanners --set 'MLGateThreshold 0.9'
    grep -qF 'what the average client scores' "$scratch/out" || cat "$scratch/out"
    grep -q '+.*notfound_share' "$scratch/out" || cat "$scratch/out"
    grep -q 'notfound_share  *less than 33 %' "$scratch/out" || cat "$scratch/out"
)"
claim "explain's JSON has the same parts" "$(
    run explain 192.0.2.8 "$log" --model $corpus/sound-scanners --json
    perl -MJSON::PP -0777 -e '
        my $out = decode_json(<STDIN>);
        print "no parts\n" unless grep { $_->{feature} eq "notfound_share" }
            @{ $out->{parts} };' <"$scratch/out" 2>&1
)"
claim "features takes a model too, and its vectors do not depend on it" "$(
    run features "$log"
    cp "$scratch/out" "$scratch/vectors"
    run features "$log" --model $corpus/sound-scanners
    cmp "$scratch/out" "$scratch/vectors"
)"
cp $corpus/sound-scanners "$scratch/site.mlg"
cat >"$scratch/httpd.conf" <<'END'
MLGateModel site.mlg
MLGateShadowModel "no such file"
END
claim "--config takes the server's MLGateModel, beside its ServerRoot" "$(
    is rules.model "$id" --config "$scratch/httpd.conf"
    is rules.threshold none --config "$scratch/httpd.conf"
    mkdir "$scratch/root"
    cp "$scratch/site.mlg" "$scratch/root/other.mlg"
    printf 'ServerRoot %s\nMLGateModel other.mlg\nMLGateThreshold 0.5\n' \
        "$scratch/root" >"$scratch/root.conf"
    is rules.model "$id" --config "$scratch/root.conf"
    is rules.threshold 0.5 --config "$scratch/root.conf"
)"
claim "--set goes before --config, and --model before both" "$(
    is rules.model weighted --config "$scratch/httpd.conf" --set 'MLGateModel weighted'
    is rules.model weighted --config "$scratch/httpd.conf" --model Weighted
    is rules.model "$id" --set "MLGateModel $scratch/site.mlg"
    is rules.model "$id" --set 'MLGateModel weighted' --model "$scratch/site.mlg"
)"
claim "MLGATE_MODEL stands for the model that came with the program" "$(
    MLGATE_MODEL=$scratch/site.mlg is rules.model "$id"
    MLGATE_MODEL=$scratch/site.mlg is rules.model weighted --model weighted
    MLGATE_MODEL=$scratch/none is rules.model "$id" --config "$scratch/httpd.conf"
    run_with() { MLGATE_MODEL=$scratch/none run replay "$log"; }
    run_with
    [ "$rc" = 2 ] || echo "status $rc instead of 2"
    grep -qF "MLGATE_MODEL $scratch/none: No such file" "$scratch/err" || cat "$scratch/err"
)"
claim "a model that --config names and that is not there is a sentence" "$(
    rm -f "$scratch/root/other.mlg"
    run replay --config "$scratch/root.conf" "$log"
    [ "$rc" = 2 ] || echo "status $rc instead of 2"
    grep -qF "MLGateModel $scratch/root/other.mlg: No such file" "$scratch/err" || cat "$scratch/err"
)"
claim "a shadow says nothing about a log" "$(
    run replay --set 'MLGateShadowModel off' "$log"
    grep -qF 'says nothing about a log' "$scratch/err" || cat "$scratch/err"
)"
claim "a file that is no model is a sentence and exit code 2" "$(
    complains "--model $scratch/none: No such file" "$scratch/none"
    complains 'it does not begin as a model file does (not a model file of mod_mlgate, byte 0)' "$log"
    complains 'the file is empty' /dev/null
    complains 'the file was changed or damaged' $corpus/sha-other
    complains 'comes out otherwise' $corpus/golden-other-score
    complains 'the file is not as long as it says it is' $corpus/cut-short
    head -c 3000000 /dev/zero | cat $corpus/sound-scanners - >"$scratch/long"
    complains 'the file is longer than any model may be' "$scratch/long"
)"
finish
