#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The traffic generator: its plans, a short run with one client of each kind,
# and what it leaves behind. Without Chromium there are no sessions of its.
#
#   TRAFFIC_PORT  the first of five ports on 127.0.0.1
. "$(dirname "$0")/../guard/tap"
export MLGATE_MODEL=weighted # as t/traffic/gate.conf says
need "$OUT/mod_mlgate.so" "$OUT/mlgatectl" t/traffic/traffic.mjs

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
TMPDIR=$scratch
export TMPDIR
chmod 755 "$scratch" # httpd's user goes through it

# plan SEED SET: set, kind, class, address, beginning, chance
plan() {
    PLAN=1 SEED=$1 SET=$2 node t/traffic/traffic.mjs
}
# perform SET: a run, its output in out, its status in rc
perform() {
    rc=0
    SET=$1 SEED=1 OUT_DIR=$scratch node t/traffic/traffic.mjs \
        "$OUT/mod_mlgate.so" >"$scratch/out" 2>&1 || rc=$?
}
# said STATUS TEXT: the run ended so, with this at the beginning of a line
said() {
    if [ "$rc" != "$1" ] || ! grep -q "^$2" "$scratch/out"; then
        echo "status $rc"
        cat "$scratch/out"
    fi
}
left_behind() {
    ls -d "$scratch"/mlgate-traffic.* 2>/dev/null
    pgrep -af "$scratch/mlgate-traffic" || true
}

plan 1 all >"$scratch/plan"
claim "the same seed gives the same plan, another one another" "$(
    plan 1 all | diff - "$scratch/plan"
    ! plan 2 all | cmp -s - "$scratch/plan" || echo "seed 2 is seed 1"
)"
claim "no kind is in training and in validation" "$(
    cut -f1,2 "$scratch/plan" | sort -u | cut -f2 | uniq -d
)"
claim "there are clients enough: 300 and 150 people, 150 and 100 attackers" "$(
    awk -F '\t' '
        $3 ~ /^(flood|scanner|scraper|bruteforce|ua_rotator)$/ { n[$1, 1]++; next }
        { n[$1, 0]++ }
        END {
            if (n["train", 0] < 300 || n["train", 1] < 150 ||
                n["validate", 0] < 150 || n["validate", 1] < 100)
                for (i in n) print i, n[i]
        }' "$scratch/plan"
)"
claim "each client of a set has a network of its own" "$(
    cut -f1,4 "$scratch/plan" | sed 's/\.[0-9]*$//' | sort | uniq -d
)"

perform check
claim "one client of each kind is served, and the log holds what was sent" "$(
    said 0 'The log holds what was sent'
    awk 'NF >= 9 && $3 == 0 { print $1, "sent nothing" }' "$scratch/out"
)"
sed -n 's/^\(Chromium .* not installed\)/# \1/p' "$scratch/out"
claim "nothing of the run is left behind" "$(left_behind)"

log=$scratch/check/observations.log
labels=$scratch/check/labels.tsv
claim "every request has the label of its client" "$(
    "$OUT/mlgatectl" features --quiet --labels "$labels" \
        --set 'MLGateEngine observe' "$log" >"$scratch/rows" || echo "status $?"
    awk -F, 'NR > 1 && $3 == "" { print; exit }' "$scratch/rows"
    n=$(grep -c '^mlg3 ' "$log")
    [ "$(wc -l <"$scratch/rows")" = $((n + 1)) ] || echo "$n lines in the log"
)"
claim "a replay comes to the gate's own scores, features and verdicts" "$(
    "$OUT/mlgatectl" replay --quiet --json --labels "$labels" \
        --set 'MLGateEngine observe' "$log" >"$scratch/said" || echo "status $?"
    for what in scores vectors verdicts; do
        grep -Eq "\"${what}_differ\": *0\b" "$scratch/said" || echo "$what differ"
    done
)"

SET=check SEED=1 OUT_DIR=$scratch node t/traffic/traffic.mjs \
    "$OUT/mod_mlgate.so" >"$scratch/out" 2>&1 &
run=$!
sleep 4
kill -INT "$run"
rc=0
wait "$run" || rc=$?
claim "interrupted, it ends and leaves nothing behind" "$(
    [ "$rc" = 130 ] || { echo "status $rc"; cat "$scratch/out"; }
    left_behind
)"
claim "a component that fails is a sentence and status 1" "$(
    rc=0
    SET=check OUT_DIR=$scratch node t/traffic/traffic.mjs \
        "$scratch/none.so" >"$scratch/out" 2>&1 || rc=$?
    said 1 'make traffic: gate did not start'
    rc=0
    SET=everything node t/traffic/traffic.mjs >"$scratch/out" 2>&1 || rc=$?
    said 1 'make traffic: SET=everything is none of train'
    left_behind
)"

# swarms KIND...: short waves, their report in out and in swarms.json
swarms() {
    rc=0
    KINDS=$* ADDRESSES=800 SECONDS=8 SEED=1 OUT_DIR=$scratch \
        node t/traffic/swarms.mjs "$OUT/mod_mlgate.so" \
        >"$scratch/out" 2>&1 || rc=$?
}
# share WHO FIELD OF: in percent, of the first wave
share() {
    node -e 'const [w] = JSON.parse(require("fs").readFileSync(0));
        const t = w.tallies[process.argv[1]];
        console.log(Math.floor(100 * t[process.argv[2]] / t[process.argv[3]]));
        ' "$@" <"$scratch/swarms.json"
}
swarms one_print
claim "of a swarm most are refused, of people beside it nobody" "$(
    said 0 'one_print: 800 addresses'
    [ "$(share members lateRefused late)" -ge 40 ] || cat "$scratch/out"
    [ "$(share 'people beside it' refused requests)" = 0 ] || cat "$scratch/out"
    grep -q ' 0 without an answer, 0 blocks' "$scratch/out" || cat "$scratch/out"
    grep -q 'told: Chrome/65 on Nexus 5' "$scratch/out" || cat "$scratch/out"
    left_behind
)"
claim "a swarm that nobody knows is a sentence and status 1" "$(
    swarms locusts
    said 1 'make traffic-swarms: KINDS: locusts is none of'
)"
finish
