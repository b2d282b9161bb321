#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The mistake: two messages share a tag, or a tag is used again after its
# message has gone, and an operator who searches for it finds the wrong story.
. "$(dirname "$0")/tap"
list=src/httpd/mlgate_lognos.h
need $list

registered=$(sed -nE 's/^#define (MLG[0-9]{4}) .*/\1/p' $list | sort)
used=$(grep -ohE '\bMLG[0-9]{4}\b' src/httpd/*.c mod_mlgate.c | sort)

claim "there are registered tags" "$([ -n "$registered" ] || echo none)"
claim "each tag is registered once" "$(echo "$registered" | uniq -d)"
claim "each tag is used in one place" "$(echo "$used" | uniq -d)"
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
echo "$registered" | sort -u >"$scratch/registered"
echo "$used" | sort -u >"$scratch/used"
claim "each used tag is registered, each registered one used or set aside" "$(
    comm -13 "$scratch/registered" "$scratch/used"
    comm -23 "$scratch/registered" "$scratch/used" | while read -r tag; do
        grep -qE "$tag.*(retired|reserved):" $list || echo "$tag is not used"
    done
)"
claim "each tag's text is its own name" "$(
    sed -nE 's/^#define (MLG[0-9]{4}) +(.*)/\1 \2/p' $list \
        | awk '{ want = "\"" $1 ": \""; rest = substr($0, length($1) + 2)
                 if (index(rest, want) != 1) { print } }'
)"
claim "messages above trace carry a tag and trace messages none" "$(
    awk '/ap_log_(r|c|p|cs)?error\(/ { call = ""; open = FNR }
         open { call = call $0
                if (/;/) {
                    tagged = call ~ /MLG[0-9][0-9][0-9][0-9]/
                    trace = call ~ /APLOG_TRACE/
                    if (tagged == trace) { print FILENAME ":" open ": " call }
                    open = 0
                } }' src/httpd/*.c
)"
finish
