#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The floor of include/mlg_threshold.h: that no person does it is a claim about
# real traffic, taken again from the logs in ../shared/data where they are.
. "$(dirname "$0")/../guard/tap"
need "$OUT/mlgatectl" include/mlg_threshold.h
tool=$(realpath "$OUT/mlgatectl")
data=${MLG_DATA:-../shared/data}

if [ ! -e "$data/bplogs/combined.log.gz" ]; then
    echo "1..0 # SKIP no logs of real traffic in $data"
    exit 0
fi

floor=$(sed -n 's/^#define MLG_FLOOR_PAGES_PER_S \([0-9.]*\)f.*/\1/p' \
    include/mlg_threshold.h)
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# The busiest client of each class. semicomplete's times are fake.
for log in "$data"/*/combined.log.gz; do
    site=$(basename "$(dirname "$log")")
    [ "$site" = semicomplete ] && continue
    "$tool" features --quiet --labels "${log%/*}/labels.tsv.gz" "$log" |
        awk -F, -v site="$site" '
            NR == 1 { for (i = 1; i <= NF; i++) if ($i == "request_rate") at = i }
            NR > 1 && $at > most[$3] { most[$3] = $at }
            END { for (class in most) print site, class, 10 * most[class] }'
done >"$scratch/most"

people='likely_human|likely_human_nat|monitor|verified_crawler|app_client|mail_proxy'
busiest=$(awk -v people="^($people)\$" '$2 ~ people && $3 > most { most = $3 }
    END { printf "%d", most }' "$scratch/most")
claim "no person comes near the floor: the busiest made $busiest pages in ten seconds" "$(
    awk -v people="^($people)\$" -v floor="$floor" '
        $2 ~ people && $3 * 10 > 10 * floor { print }' "$scratch/most"
    [ "$busiest" -ge 10 ] || echo "only $busiest: was anything read?"
)"
claim "a flood of real traffic is above it" "$(
    awk -v floor="$floor" '$2 == "scanner" && $3 >= 10 * floor { n++ }
        END { if (!n) print "not one scanner" }' "$scratch/most"
)"
finish
