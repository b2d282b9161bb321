#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The mistake: a feature is renamed, moved or added in passing. Every saved
# segment and every trained model is then refused by its fingerprint, and the
# weights in people's configuration may mean something else.
#
# If that is what you want: say so in the commit, and put the new fingerprint
# (which this guard prints) into t/guard/features.pin.
. "$(dirname "$0")/tap"
need include/mlg_features.h t/guard/features.pin

names=$(sed -nE 's/^ *X\([A-Z0-9_]+, *([a-z0-9_]+),.*/\1/p' \
    include/mlg_features.h)
now=$(printf '%s\n' "$names" | cksum | cut -d' ' -f1)
pinned=$(grep -v '^#' t/guard/features.pin)

claim "the list has the nineteen and its context" "$(
    [ "$(printf '%s\n' "$names" | sed -n 19p)" = geo_anomaly ] \
        || echo "the 19th is not geo_anomaly"
)"
claim "the list is the one that models were made for" "$(
    [ "$now" = "$pinned" ] \
        || echo "it is $now, pinned is $pinned: read the head of this guard"
)"
claim "conf/mlgate.conf weighs no feature that does not exist" "$(
    need conf/mlgate.conf
    sed -nE 's/^#? ?MLGateWeight +([a-z0-9_]+) .*/\1/p' conf/mlgate.conf \
        | while read -r name; do
        printf '%s\n' "$names" | grep -qx "$name" || echo "$name"
    done
)"
finish
