#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mlgatectl train and eval, over three small sites: people who read pages with
# their assets, and scanners who ask for what is not there.
# shellcheck disable=SC2016  # what json takes is Perl
. "$(dirname "$0")/../guard/tap"
need "$OUT/mlgatectl"
tool=$(realpath "$OUT/mlgatectl")

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
perl -e '
    my ($dir) = @ARGV;
    my $random = 7;
    sub uniform { $random = ($random * 1103515245 + 12345) & 0x7fffffff; return $random / 0x7fffffff }
    for my $site (1 .. 3) {
        my @lines;
        my $line = sub {
            my ($at, $who, $class, $what, $status, $referer, $agent, $method) = @_;
            my ($s, $m, $h, $d) = gmtime $at;
            push @lines, [$at, sprintf(qq(%s - - [%02d/Jan/2024:%02d:%02d:%02d +0000] )
                . qq("%s %s HTTP/1.1" %d 512 "%s" "%s"\n), $who, $d, $h, $m, $s,
                $method // "GET", $what, $status, $referer, $agent), "$who\t$class"];
        };
        for my $n (1 .. 60) {
            my $t = 1706140800 + int(uniform() * 40000);
            my $who = "10.$site.0.$n";
            for my $page (1 .. 6 + int(uniform() * 10)) {
                my $path = "/page/" . int(uniform() * 30);
                $line->($t, $who, "likely_human", $path, 200, "-", "Mozilla/5.0 Firefox/121.0");
                $line->($t + 1, $who, "likely_human", "/a$_.css", 200, "http://x$path", "Mozilla/5.0 Firefox/121.0") for 1 .. 4;
                $t += 5 + int(uniform() * 60);
            }
        }
        for my $n (1 .. 25) {
            my $t = 1706140800 + int(uniform() * 40000);
            $line->($t + int($_ / (1 + $n % 4)), "192.0.2.$n", "scanner", "/old/$n/$_.php",
                uniform() < 0.8 ? 404 : 200, "-", "curl/8.0") for 1 .. 30 + int(uniform() * 40);
        }
        $line->(1706140800 + 60 * $_, "198.51.100.1", "unknown", "/", 200, "-", "feed/1.0") for 1 .. 20;
        mkdir "$dir/data"; mkdir "$dir/data/site$site";
        open my $log, ">", "$dir/data/site$site/access.log" or die;
        open my $labels, ">", "$dir/data/site$site/labels.tsv" or die;
        for (sort { $a->[0] <=> $b->[0] } @lines) {
            print $log $_->[1];
            print $labels "$_->[0]\t$_->[2]\n";
        }
    }
' "$scratch"
data=$scratch/data

# run COMMAND ARGUMENT...: its output in out and err, its status in rc
run() {
    rc=0
    "$tool" "$@" --quiet >"$scratch/out" 2>"$scratch/err" || rc=$?
}
says() {
    grep -qE -- "$1" "$scratch/out" || { echo "no '$1' in:"; cat "$scratch/out" "$scratch/err"; }
}
complains() {
    [ "$rc" = "$1" ] || echo "status $rc instead of $1"
    grep -qF -- "$2" "$scratch/err" || { echo "no '$2' in:"; cat "$scratch/err"; }
}
json() {
    perl -MJSON::PP -0777 -e '$j = decode_json(<STDIN>); print eval shift // die $@' \
        "$1" <"$2"
}
is() {
    [ "$1" = "$2" ] || echo "'$1' instead of '$2'"
}
train() {
    run train --data "$data" --trees 12 --min-child-weight 5 "$@"
}

train -o "$scratch/a.mlg" --json "$scratch/a.json" --html "$scratch/a.html"
claim "a model is trained and judged on sites that it has never seen" "$(
    is "$rc" 0
    says '^site1 .*0/60 .*25/25'
    says '^all .*0/180 .*75/75'
    says 'of 258 clients on 3 sites: 180 people, 75 attackers'
    [ -s "$scratch/a.mlg" ] || cat "$scratch/err"
)"
cp "$scratch/a.mlg" "$scratch/first.mlg"
train -o "$scratch/a.mlg" --json "$scratch/a.json" --html "$scratch/a.html"
claim "the same data and seed give the same file to the byte" "$(
    cmp "$scratch/a.mlg" "$scratch/first.mlg" 2>&1
)"
train -o "$scratch/a.mlg" --json "$scratch/b.json" --html "$scratch/b.html" --seed 2
claim "another seed gives another model" "$(
    ! cmp -s "$scratch/a.mlg" "$scratch/first.mlg" || echo "it is the same"
)"
claim "the report is JSON and one page that loads nothing" "$(
    is "$(json '$j->{all}{attackers}{caught} . " " . $j->{all}{people}{refused}' "$scratch/a.json")" '75 0'
    is "$(json 'scalar @{$j->{sites}}' "$scratch/a.json")" 3
    is "$(json '$j->{training}{attackers}' "$scratch/a.json")" 75
    grep -q '<svg' "$scratch/a.html" || echo "no plot"
    ! grep -qiE '<script|src=|href=' "$scratch/a.html" || echo "it loads something"
)"
claim "no feature that must not lower a score does" "$(
    "$tool" inspect "$scratch/first.mlg" --json >"$scratch/inspect" 2>&1 || cat "$scratch/inspect"
    is "$(json '$j->{monotone}{refuted}' "$scratch/inspect")" 0
    is "$(json '$j->{monotone}{proven} == $j->{monotone}{declared}' "$scratch/inspect")" 1
)"
claim "the file says what it was trained on and how" "$(
    grep -aq '^command: mlgatectl train --data' "$scratch/first.mlg" || echo "no command"
    grep -aq '^data: site1 ' "$scratch/first.mlg" || echo "no data"
    grep -aq '^seed: 1$' "$scratch/first.mlg" || echo "no seed"
    grep -aq '^without: .*client_age' "$scratch/first.mlg" || echo "no masked feature"
)"
run replay --model "$scratch/first.mlg" --set "MLGateThreshold 0.5" --labels "$data/site1/labels.tsv" \
    "$data/site1/access.log"
claim "a replay judges by it" "$(
    is "$rc" 0
    says '^scanner +25 +25 '
    says '^likely_human +60 +0 '
)"
run eval --data "$data" --model "$scratch/first.mlg"
claim "eval fits each site to what it shows, which here is too little" "$(
    is "$rc" 0
    says '^all .*0/180 .*0/75'
    says '^site1 .* floor$'
    says '^Threshold .* fitted to what it shows without labels$'
)"
run eval --data "$data" --model "$scratch/first.mlg" --threshold 0.5
claim "eval judges a model that is there" "$(
    is "$rc" 0
    says '^all .*0/180 .*75/75'
    says '^Model .*first.mlg'
)"
run eval --data "$data" --model weighted --threshold auto --json -
cp "$scratch/out" "$scratch/w.json"
claim "eval judges the weights, by a threshold that suits these people" "$(
    is "$rc" 0
    is "$(json '$j->{all}{people}{refused}' "$scratch/w.json")" 0
    is "$(json '$j->{model}' "$scratch/w.json")" weighted
)"
for site in 1 2 3; do
    "$tool" features --quiet --labels "$data/site$site/labels.tsv" \
        "$data/site$site/access.log" --out "$scratch/site$site.csv"
done
run train --csv "$scratch/site1.csv" --csv "$scratch/site2.csv" --csv "$scratch/site3.csv" \
    --trees 12 --min-child-weight 5 -o "$scratch/csv.mlg"
claim "feature CSVs do as well as logs" "$(
    is "$rc" 0
    says '^all .*0/180 .*75/75'
)"
printf 'client\tclass\n' >"$scratch/clients.tsv"
cut -f2,3 "$data/site1/labels.tsv" | sort -u >>"$scratch/clients.tsv"
run train "$data/site1/access.log" --labels "$scratch/clients.tsv" --data "$data/site2" \
    --trees 8 --min-child-weight 5
claim "logs with labels by client are a site, too, and one --data directory is" "$(
    is "$rc" 0
    says '^access .*25'
    says '^site2 .*25'
)"
echo '192.0.2.3 # a friend' >"$scratch/people"
echo '{"event":"unblock","client":"192.0.2.4"}' >"$scratch/events"
train --people "$scratch/people" --people "$scratch/events"
claim "whom an operator let go is a person" "$(
    is "$rc" 0
    says '^unblocked +people .*/6 '
)"
train --same-site site1,site2 --json "$scratch/same.json"
claim "logs of one server are left out together" "$(
    is "$(json 'join ",", map { $_->{fold} } @{$j->{sites}}' "$scratch/same.json")" 0,0,1
)"
train --without page_rate_60s,request_rate --json "$scratch/without.json"
claim "a feature that is left out is not used" "$(
    is "$(json 'scalar grep { $_->{feature} =~ /^(page_rate_60s|request_rate)$/ } @{$j->{weights}}' "$scratch/without.json")" 0
)"

mkdir "$scratch/empty" "$scratch/bad"
cp "$data/site1/access.log" "$scratch/bad/access.log"
head -100 "$data/site1/labels.tsv" >"$scratch/bad/labels.tsv"
claim "what cannot be done is refused with a sentence" "$(
    run train; complains 2 'there are no data'
    run train --data "$scratch/nowhere"; complains 2 'nowhere'
    run train --data "$scratch/empty"; complains 2 'has a log'
    run train --data "$scratch/bad"; complains 2 'has no label for its line 101'
    train --attackers nobody; complains 1 'there are no attackers'
    train --people-classes nobody; complains 1 'there are no people'
    train --attackers ,; complains 2 'names no class'
    train -o "$scratch/nowhere/x.mlg"; complains 2 'cannot write'
    train -o "$scratch/same" --html "$scratch/same"; complains 2 'written twice'
    train --without no_such; complains 2 "no feature 'no_such'"
    train --same-site site1,site9; complains 2 'no site is called site9'
    train --trees 0; complains 2 'a whole number from 1 to 512'
    train --max-fpr much; complains 2 '--max-fpr'
    run train --data "$data/site1"; complains 1 'no site can be left out'
    run train --csv "$data/site1/access.log"; complains 2 'is no feature'
    run eval --data "$data"; complains 2 'eval needs --model'
    run eval --data "$data" --model "$data/site1/access.log"; complains 2 '--model'
    run train --labels "$scratch/clients.tsv" --data "$data"; complains 2 '--labels are for LOGs'
)"
"$tool" train --data "$data" --trees 512 --all-trees --quiet -o "$scratch/cut.mlg" >/dev/null 2>&1 &
sleep 0.3
kill -TERM $! 2>/dev/null # in the background a shell's child ignores SIGINT
wait $! 2>/dev/null
claim "an interrupted run leaves no piece of a file" "$(
    ls "$scratch"/cut.mlg.* 2>/dev/null
    [ ! -e "$scratch/cut.mlg" ] || "$tool" inspect "$scratch/cut.mlg" 2>&1 >/dev/null
)"
claim "a failed leaves the file that was there" "$(
    echo before >"$scratch/kept.mlg"
    train --attackers nobody -o "$scratch/kept.mlg"
    is "$(cat "$scratch/kept.mlg")" before
    ls "$scratch"/kept.mlg.* 2>/dev/null
)"
finish
