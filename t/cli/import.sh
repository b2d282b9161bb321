#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# import: what XGBoost saved becomes a model, or is refused with a sentence.
. "$(dirname "$0")/../guard/tap"
corpus=t/fuzz/corpus/xgboost
need "$OUT/mlgatectl" $corpus/sound-1.7
. t/cli/tool
model=$scratch/model.mlg
# field NAME: of inspect's JSON of the model
field() {
    "$tool" inspect "$model" --json | perl -MJSON::PP -0777 -e '
        my $at = decode_json(<STDIN>);
        $at = ref $at eq "ARRAY" ? $at->[$_] : $at->{$_} for split /[.]/, shift;
        print $at // "none"' "$1"
}
# is NAME WANT
is() {
    got=$(field "$1")
    [ "$got" = "$2" ] || echo "$1 is $got instead of $2"
}

claim "a model of each version is taken, and says what it became" "$(
    for version in 1.7 2.1 3.1-base-score-in-brackets; do
        rm -f "$model"
        says "$corpus/sound-$version: 2 trees of depth 2 by XGBoost ${version%%-*}" \
            import "$corpus/sound-$version" -o "$model"
        says 'monotone in all 21 declared features' inspect "$model"
    done
)"
claim "a base score is a probability, in either form and as an array" "$(
    run import $corpus/sound-3.1-base-score-in-brackets -o "$model"
    is base -1.09861231
    run import $corpus/sound-base-score-array -o "$model"
    is base -1.09861231
    run import $corpus/sound-2.1 -o "$model"
    is base -0.532216847
)"
claim "a stump and pruned nodes are taken" "$(
    says '2 trees of depth 2' import $corpus/sound-stump -o "$model"
    is leaves 4
    says '2 trees of depth 2' import $corpus/sound-pruned-nodes -o "$model"
    is leaves 5
)"
claim "where early stopping found fewer trees best, it is said" "$(
    says 'found the first 1 of its 2 trees best' \
        import $corpus/sound-best-iteration -o "$model"
    is trees 2
)"

# Every file of the corpus that is not sound, with what must be said of it.
cat >"$scratch/sentences" <<'END'
array-longer	tree 0: split_conditions has 6 entries for 5 nodes
array-missing	tree 0 has no array default_left
array-no-array	tree 0 has no array split_indices
array-shorter	tree 0: sum_hessian has 4 entries for 5 nodes
base-score-bracket-open	its base_score is not one number
base-score-missing	it has no base_score
base-score-nan	its base_score is not one number
base-score-one	its base_score is not within 0 and 1
base-score-text	its base_score is not one number
base-score-vector	its base_score is not one number
base-score-zero	its base_score is not within 0 and 1
booster-dart	its booster is dart
booster-gblinear	its booster is 'gblinear', which has no trees
child-circle	tree 0, node 1: it has a child that has another parent
child-fraction	tree 0, node 1: it has a child that is not there
child-itself	tree 0, node 0: it has a child that has another parent
child-negative	tree 0, node 1: it has a child that is not there
child-no-number	tree 0, node 1: it has a child that is not there
child-one-missing	tree 0, node 1: it has a child that is not there
child-out-of-range	tree 0, node 1: it has a child that is not there
child-shared	tree 0, node 0: it has a child that has another parent
classes-in-tree-info	its trees belong to several classes
classes-three	it tells several classes apart
cover-negative	tree 0, node 0: its sum_hessian is below 0
cut-short	the file is cut short
cut-short-at-the-end	the file is cut short
dump-of-trees	a dump will not do
empty	the file is empty
feature-negative	tree 0, node 0: it asks for a feature that has no name
feature-out-of-range	tree 0, node 0: it asks for a feature that has no name
goes-on	it is not JSON: end of file expected
gzipped	it is gzipped; gunzip it first
keys-twice	duplicate object key
leaf-great	tree 0, node 2: its leaf adds more than 1,000,000
leaf-no-number	tree 0, node 2: its leaf adds more than 1,000,000 or what is not a number
leaf-vector-of-model	its leaves hold several numbers
leaf-vector-of-tree	tree 0 has leaves that hold several numbers
model-encodes-categories	it encodes categories
names-escape	its column 1 is '\x1b[2J', which is no feature of the gate
names-f0	its column 0 is 'f0', which is no feature of the gate
names-fewer	num_feature is not the number of its feature_names
names-no-text	its column 1 is '', which is no feature of the gate
names-none	its columns have no names; before saving, set Booster.feature_names
names-twice	two of its columns are 'burst'
nested-too-deep	maximum parsing depth reached
no-json	it is not JSON
no-model	not what save_model() writes
no-utf8	unable to decode byte 0xff
nodes-none	tree 0 has no nodes
nodes-other-number	tree 0: num_nodes is not the number of its nodes
nul-in-text	it is not JSON
number-too-great	a number is too great
objective-logitraw	its objective is 'binary:logitraw'
objective-squarederror	its objective is 'reg:squarederror'
old-binary	perhaps a model in XGBoost's old binary format
orphans-in-a-circle	tree 0 has 2 nodes that cannot be reached from its root
side-two	tree 0, node 0: its default_left is neither 0 nor 1
split-infinite	byte 613: a number is not finite
split-minus-infinite	a number is not finite
split-nan	a number is not finite
split-too-great-for-a-float	tree 0, node 0: its split is not a finite number
targets-two	it has several targets
tree-has-categories	tree 0 splits by categories
tree-splits-by-category	tree 0, node 0: it splits by categories
tree-too-deep	tree 1 is deeper than 8; train with max_depth 8 or less
trees-many	the model has 513 trees, more than 512
trees-missing	the model has no trees
trees-no-object	tree 0 has no nodes
trees-none	the model has no trees
types-category	its column 1 is a category
ubjson	it is a model in UBJSON; save it as JSON
version-1.5	XGBoost 1.5 saved it
version-4	XGBoost 4.0 saved it
version-missing	it does not say which version of XGBoost saved it
version-text	its version is not three numbers
END
claim "every malformed file is refused with its sentence, and nothing is written" "$(
    rm -f "$model"
    while IFS='	' read -r name sentence; do
        complains 1 "$corpus/$name: " import "$corpus/$name" -o "$model"
        grep -qF -- "$sentence" "$scratch/err" \
            || { echo "$name: no '$sentence' in:"; cat "$scratch/err"; }
        [ "$(wc -l <"$scratch/err")" = 1 ] || echo "$name: more than one line"
    done <"$scratch/sentences"
    [ ! -e "$model" ] || echo "a model was written"
)"
claim "no file of the corpus is without a sentence" "$(
    for file in "$corpus"/*; do
        name=$(basename "$file")
        case $name in
        sound-*) says trees import "$file" -o "$model" ;;
        *) grep -q "^$name	" "$scratch/sentences" || echo "$name" ;;
        esac
    done
)"
claim "a file that is too long is not parsed" "$(
    head -c 34000000 /dev/zero | tr '\0' ' ' | cat - $corpus/sound-1.7 \
        >"$scratch/long"
    complains 1 'the file is longer than 32 MiB' import "$scratch/long" -o "$model"
)"

claim "calibration, threshold and metadata are kept" "$(
    says 'score = 1 / (1 + exp(-(1.25 * margin - 0.5)))' import \
        $corpus/sound-1.7 -o "$model" --slope 1.25 --offset -0.5 \
        --threshold 0.9 --max-fpr 0.001 --about 'data: made by hand' \
        --about 'made-by: me'
    is slope 1.25
    is offset -0.5
    is threshold 0.9
    is max_fpr 0.001
    is about.0.value 'made by hand'
    is about.1.value me
)"
claim "the same input gives the same bytes" "$(
    run import $corpus/sound-1.7 -o "$scratch/a"
    run import $corpus/sound-1.7 -o "$scratch/b"
    cmp "$scratch/a" "$scratch/b" 2>&1
)"
claim "golden vectors are rows of a feature CSV where one is given" "$(
    perl -e 'printf qq(192.0.2.%d - - [26/Jan/2024:12:00:%02d +0000] "GET /%d HTTP/1.1" 404 12 "-" "it"\n),
        $_ % 3, $_ / 4, $_ for 1 .. 200' >"$scratch/log"
    run features "$scratch/log" --out "$scratch/rows.csv"
    says '64 golden vectors, of 200 rows' import $corpus/sound-1.7 -o "$model" \
        --golden "$scratch/rows.csv"
    is golden_vectors 64
    head -4 "$scratch/rows.csv" | sed '2s/,,/,"a ""b"", c",/' \
        | gzip >"$scratch/rows.csv.gz"
    says '3 golden vectors, of 3 rows' import $corpus/sound-1.7 -o "$model" \
        --golden "$scratch/rows.csv.gz"
    printf 'burst,other\n1,x\n,y\n' >"$scratch/some.csv"
    says '2 golden vectors, of 2 rows' import $corpus/sound-1.7 -o "$model" \
        --golden "$scratch/some.csv"
)"
claim "a CSV that is none is a sentence" "$(
    printf 'burst\n1\nmany\n' >"$scratch/bad.csv"
    complains 2 "line 3: 'many' is not a finite number" import \
        $corpus/sound-1.7 -o "$model" --golden "$scratch/bad.csv"
    printf 'burst,other\n1\n' >"$scratch/bad.csv"
    complains 2 'line 2 has not as many fields as line 1' import \
        $corpus/sound-1.7 -o "$model" --golden "$scratch/bad.csv"
    printf 'burst\ninf\n' >"$scratch/bad.csv"
    complains 2 "line 2: 'inf' is not a finite number" import \
        $corpus/sound-1.7 -o "$model" --golden "$scratch/bad.csv"
    printf 'a,b\n1,2\n' >"$scratch/bad.csv"
    complains 2 'line 1 names no feature' import \
        $corpus/sound-1.7 -o "$model" --golden "$scratch/bad.csv"
    printf 'burst\n' >"$scratch/bad.csv"
    complains 2 'it has no rows' import \
        $corpus/sound-1.7 -o "$model" --golden "$scratch/bad.csv"
    complains 2 'No such file' import \
        $corpus/sound-1.7 -o "$model" --golden "$scratch/none.csv"
)"
claim "what is asked for wrongly is a sentence and exit code 2" "$(
    complains 2 'import takes one model' import -o "$model"
    complains 2 'import needs a file to write' import $corpus/sound-1.7
    complains 2 'not written to standard output' import $corpus/sound-1.7 -o -
    complains 2 '--slope must be above 0' import $corpus/sound-1.7 -o "$model" --slope 0
    complains 2 '--slope takes a finite number' import $corpus/sound-1.7 -o "$model" --slope nan
    complains 2 '--offset takes a finite number' import $corpus/sound-1.7 -o "$model" --offset 1x
    complains 2 '--threshold must be above 0' import $corpus/sound-1.7 -o "$model" --threshold 1.1
    complains 2 '--max-fpr must be 0 or more' import $corpus/sound-1.7 -o "$model" --max-fpr 1
    complains 2 'would be overwritten' import $corpus/sound-1.7 -o $corpus/sound-1.7
    complains 2 "cannot read $scratch/none" import "$scratch/none" -o "$model"
    complains 1 'not "key: value"' import $corpus/sound-1.7 -o "$model" --about 'no key'
    complains 1 'no printable UTF-8' import $corpus/sound-1.7 -o "$model" \
        --about "$(printf 'key: \033[2J')"
)"
claim "a model takes the place of another at once, and only of a file" "$(
    echo old >"$scratch/there"
    says model import $corpus/sound-1.7 -o "$scratch/there"
    says trees inspect "$scratch/there"
    [ "$(stat -c %a "$scratch/there")" = 644 ] || stat -c %a "$scratch/there"
    mkdir "$scratch/directory"
    complains 1 'Invalid argument' import $corpus/sound-1.7 -o "$scratch/directory"
    complains 1 'No such file' import $corpus/sound-1.7 -o "$scratch/none/model"
    find "$scratch" -name '*.mlg.*' -o -name 'there.*' -o -name 'directory.*'
)"
finish
