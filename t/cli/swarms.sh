#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Swarms in real traffic: every log of ../shared/data, judged as `MLGateSwarm
# refuse` would. Skipped where the logs are not.
# shellcheck disable=SC2016  # what json takes is Perl
. "$(dirname "$0")/../guard/tap"
need "$OUT/mlgatectl"
data=${MLG_DATA:-../shared/data}
if [ ! -e "$data/bplogs/combined.log.gz" ]; then
    echo "1..0 # SKIP no logs in $data"
    exit 0
fi

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# swarms LOG EXPRESSION: of the report's swarms @s, in Perl
swarms() {
    [ -e "$scratch/$1" ] || "$OUT/mlgatectl" replay --quiet --json \
        --set 'MLGateSwarm refuse' --set 'MLGateSwarmMaxShare 1' \
        "$data/$1/combined.log.gz" >"$scratch/$1" || echo "status $?"
    perl -MJSON::PP -0777 -e '@s = @{ decode_json(<STDIN>)->{swarms} };
        print eval shift // die $@' "$2" <"$scratch/$1" || echo "no report of $1"
}

for log in "$data"/*/combined.log.gz; do
    name=$(basename "$(dirname "$log")")
    claim "nobody in $name is refused because of a cohort" "$(
        swarms "$name" 'join "", map { "$_->{words}\n" }
            grep { $_->{refused} || $_->{would_refuse} } @s'
    )"
done
claim "the scan from Tor exits in bplogs is told" "$(
    swarms bplogs '(grep { $_->{kind} eq "print" && $_->{words} =~
        m{^Chrome/108 on Windows, all asking for /contact, page only, with a referer, 35 addresses}
    } @s) ? "" : "it is not"'
)"
claim "and the scraper with a User-Agent per request" "$(
    swarms bplogs '(grep { $_->{kind} eq "network" && $_->{words} =~
        m{^one network, a User-Agent for each address \(85\.122\.193\.0/24\)}
    } @s) ? "" : "it is not"'
)"
finish
