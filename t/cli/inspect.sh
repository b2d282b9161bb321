#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# inspect: what is in a model; explain: what it made of a client, exactly.
. "$(dirname "$0")/../guard/tap"
corpus=t/fuzz/corpus/bundle
need "$OUT/mlgatectl" $corpus/sound t/fuzz/corpus/xgboost/sound-1.7
. t/cli/tool
model=$scratch/model.mlg

"$tool" import t/fuzz/corpus/xgboost/sound-1.7 -o "$model" --threshold 0.6 \
    --about 'data: a caf'"$(printf '\303\251')" >"$scratch/out" || exit 1

claim "a model is described, its metadata fit for a terminal" "$(
    says 'trees        2 of depth 2: 3 splits, 5 leaves' inspect "$model"
    says 'threshold    0.6' inspect "$model"
    says 'golden       32 vectors, each to the bit' inspect "$model"
    says 'monotone in all 21 declared features' inspect "$model"
    says 'data: a caf\xc3\xa9' inspect "$model"
    says 'request_rate, notfound_share, asset_share' inspect "$model"
    says "$(head -c -32 "$model" \
        | sha256sum | cut -d' ' -f1)" inspect "$model"
)"
claim "what a feature explains is listed, the first first" "$(
    says ' 64.8 %       1  100         request_rate, monotone' \
        inspect "$model" --importance
)"
claim "a tree is shown as the questions it asks" "$(
    says 'request_rate less than 1.25 pages/s? unknown is yes  (cover 100, on average -0.02)' \
        inspect "$model" --tree 0
    says '    no: +0.3  (cover 20)' inspect "$model" --tree 0
    says 'asset_share less than 0.125 share? unknown is no' inspect "$model" --tree 1
    complains 2 'it has 2 trees, the last is 1' inspect "$model" --tree 2
    complains 2 '--tree takes a number' inspect "$model" --tree -1
)"
claim "the model that is shipped holds, is monotone, and its card is of it" "$(
    shipped=conf/mlgate.mlg
    says 'golden       32 vectors, each to the bit' inspect "$shipped"
    says 'monotone in all 21 declared features' inspect "$shipped"
    id=$("$OUT/mlgatectl" inspect "$shipped" | sed -n 's/^ *model  *\([0-9a-f]*\),.*/\1/p')
    [ "${#id}" = 16 ] || echo "no id"
    grep -qF "id \`$id\`" conf/mlgate-model.md || echo "the card does not name $id"
)"
claim "the JSON has it all" "$(
    run inspect "$model" --json --tree 0
    perl -MJSON::PP -0777 -e '
        my $m = decode_json(<STDIN>);
        my %want = (trees => 2, leaves => 5, threshold => 0.6, depth => 2);
        for (sort keys %want) {
            print "$_ is $m->{$_}\n" if $m->{$_} != $want{$_};
        }
        print "tree\n" if abs($m->{tree}{yes}{no}{value} - 0.3) > 1e-7;
        print "about\n" if $m->{about}[0]{value} ne "a caf\x{e9}";
        print "proven\n" if $m->{monotone}{proven} != 21;
        my $sum = 0;
        $sum += $_->{explains} for @{ $m->{features} };
        print "explains $sum\n" if abs($sum - 1) > 1e-6;
    ' <"$scratch/out" 2>&1
)"

# A model that falls: where people have more 404s, it lets them off.
sed 's/-0.4,0.3\]/-0.4,-0.9]/' t/fuzz/corpus/xgboost/sound-1.7 \
    >"$scratch/falls.json"
claim "a model that is not monotone is named for it, with two vectors" "$(
    says 'not monotone in notfound_share: tree 0 falls by 0.5 where notfound_share rises to 0.33 share, and the score with it' \
        import "$scratch/falls.json" -o "$scratch/falls.mlg"
    says 'notfound_share, NOT MONOTONE' inspect "$scratch/falls.mlg" --importance
    run inspect "$scratch/falls.mlg" --json
    perl -MJSON::PP -0777 -e '
        my $m = decode_json(<STDIN>);
        my ($f) = grep { $_->{feature} eq "notfound_share" } @{ $m->{features} };
        print "not refuted\n" if $f->{monotone} ne "refuted";
        print "no fall\n"
            if $f->{fall}{higher} <= $f->{fall}{features}{notfound_share};
    ' <"$scratch/out" 2>&1
)"
claim "every hostile model is a sentence and exit code 1, the sound ones are shown" "$(
    for file in "$corpus"/*; do
        run inspect "$file" --importance
        case $(basename "$file") in
        sound*)
            [ "$rc" = 0 ] || { echo "$file: status $rc"; cat "$scratch/err"; }
            ;;
        *)
            [ "$rc" = 1 ] || echo "$file: status $rc"
            [ "$(wc -l <"$scratch/err")" = 1 ] || echo "$file: not one sentence"
            ;;
        esac
        LC_ALL=C grep -q '[^ -~]' "$scratch/out" && echo "$file: odd characters"
    done
    complains 1 'the file was changed or damaged' inspect $corpus/sha-other
    complains 1 'comes out otherwise' inspect $corpus/golden-other-score
    complains 1 'No such file' inspect "$scratch/none"
    complains 2 'inspect takes one model' inspect
)"

# ---- explain
perl -e '
    printf qq(192.0.2.%d - - [26/Jan/2024:12:00:%02d +0000] "GET /%d HTTP/1.1" )
        . qq(%d 12 "-" "it"\n), $_ % 2 + 7, $_ / 2, $_, $_ % 2 ? 404 : 200
        for 1 .. 100;
' >"$scratch/log"
claim "explain tells a forest's score in log-odds, from the average client on" "$(
    says 'what the average client scores, 0.50, in log-odds' \
        explain 192.0.2.8 "$scratch/log" --model "$model"
    says '  in all: a score of ' explain 192.0.2.8 "$scratch/log" --model "$model"
    says 'the threshold is 0.60 (+0.41)' \
        explain 192.0.2.8 "$scratch/log" --model "$model" --set 'MLGateThreshold 0.6'
)"
claim "they add up to the score, in the text and in the JSON" "$(
    for address in 192.0.2.7 192.0.2.8; do
        run explain $address "$scratch/log" --model "$model"
        perl -ne '
            $on = 1 if /^What weighed/;
            next unless $on && /^  ([+-] *[0-9.]+)  (in all)?/;
            if ($2) {
                print "the list makes $sum, not $1\n" if abs($sum - $1) > 0.03;
                exit;
            }
            $sum += $1;' <"$scratch/out"
        run explain $address "$scratch/log" --model "$model" --json
        perl -MJSON::PP -0777 -e '
            my $out = decode_json(<STDIN>);
            my $o = $out->{log_odds};
            my $sum = $o->{base};
            $sum += $_->{log_odds} for @{ $o->{parts} };
            my $score = $out->{moment}{score};
            print "sum $sum, total $o->{total}\n" if abs($sum - $o->{total}) > 1e-5;
            print "score $score\n" if abs($score - 1 / (1 + exp(-$sum))) > 1e-5;
            print "no parts\n" unless @{ $o->{parts} };
        ' <"$scratch/out" 2>&1
    done
)"
claim "so does a decision of a server that judged by the same model" "$(
    run explain 192.0.2.8 "$scratch/log" --model "$model" --json
    perl -MJSON::PP -0777 -e 'print encode_json(decode_json(<STDIN>)->{decision})' \
        <"$scratch/out" >"$scratch/decision"
    says 'in all: a score of' explain --decision "$scratch/decision" --model "$model"
    says '--model FILE every part is' explain --decision "$scratch/decision"
)"
claim "weights are told in points, as ever" "$(
    says 'in all; the threshold is' explain 192.0.2.8 "$scratch/log"
    run explain 192.0.2.8 "$scratch/log" --json
    grep -q log_odds "$scratch/out" && echo "log-odds of weights"
)"
finish
