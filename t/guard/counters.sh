#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The mistake: a counter is counted and nobody can see it, or is seen under a
# name that the documentation does not know.
. "$(dirname "$0")/tap"
need include/mlg_counters.h src/report src/httpd

names=$(sed -nE 's/^ *X\(([A-Z_]+), *([a-z_]+),.*/\2/p' include/mlg_counters.h)
ids=$(sed -nE 's/^ *X\(([A-Z_]+), *([a-z_]+),.*/\1/p' include/mlg_counters.h)
claim "there are counters" "$([ -n "$names" ] || echo none)"
claim "the Prometheus text is made from the list, not from names" "$(
    grep -q 'mlg_counters\[' src/report/*.c \
        || echo "src/report never reads mlg_counters[]"
)"
claim "every counter is counted somewhere" "$(
    for id in $ids; do
        grep -q "MLG_C_$id\b" src/core/*.c src/httpd/*.c || echo "$id"
    done
)"
if [ -e README.md ] && grep -q 'mlgate_.*_total' README.md; then
    claim "README.md names no counter that does not exist" "$(
        grep -oE 'mlgate_[a-z_]+_total' README.md | sort -u \
            | sed 's/^mlgate_//; s/_total$//' | while read -r name; do
            echo "$names" | grep -qx "$name" || echo "$name"
        done
    )"
fi
finish
