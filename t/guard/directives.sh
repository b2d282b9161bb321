#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The mistake: a directive is added, renamed or given another default, and the
# annotated configuration goes on telling the old story.
. "$(dirname "$0")/tap"
httpd=$(command -v apache2 || command -v httpd || echo /usr/sbin/apache2)
need "$OUT/mod_mlgate.so" include/mlg_settings.h conf/mlgate.conf "$httpd"

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

grep -oE '^ *X\(MLGate[A-Za-z0-9]+' include/mlg_settings.h \
    | grep -oE 'MLGate[A-Za-z0-9]+' | sort -u >"$scratch/table"

modules=$(apxs -q LIBEXECDIR)
{
    printf 'ServerRoot %s\nServerName localhost\nErrorLog %s/err\n' \
        "$scratch" "$scratch"
    # Debian builds the MPM as a module, others may not
    [ ! -e "$modules/mod_mpm_event.so" ] \
        || echo "LoadModule mpm_event_module $modules/mod_mpm_event.so"
    echo "LoadModule mlgate_module $(realpath "$OUT/mod_mlgate.so")"
    echo "MLGateModel weighted" # the model that it came with is not installed
} >"$scratch/httpd.conf"
"$httpd" -L -f "$scratch/httpd.conf" >"$scratch/L" 2>&1
grep -oE '^MLGate[A-Za-z0-9]+' "$scratch/L" | sort -u >"$scratch/listed"
grep -oE '^#? ?MLGate[A-Za-z0-9]+' conf/mlgate.conf \
    | grep -oE 'MLGate[A-Za-z0-9]+' | sort -u >"$scratch/annotated"

claim "httpd -L lists the module's directives" "$(
    [ -s "$scratch/listed" ] || cat "$scratch/L"
)"
claim "httpd -L lists exactly the directives of the source" "$(
    diff "$scratch/table" "$scratch/listed"
)"
claim "conf/mlgate.conf annotates exactly the directives of httpd -L" "$(
    diff "$scratch/listed" "$scratch/annotated"
)"
claim "every directive has a help text" "$(
    grep -A1 '^MLGate' "$scratch/L" | grep -B1 -E '^[[:space:]]*$'
)"
# The defaults: the table says "Default 0.8." and the annotated file sets it.
claim "conf/mlgate.conf shows the default that httpd -L states" "$(
    while read -r name; do
        said=$(grep -A1 "^$name " "$scratch/L" \
            | sed -n 's/.*Default \([^ ]*[^ .]\)\..*/\1/p')
        [ -z "$said" ] && continue
        grep -qE "^#? ?$name +\"?$said\"?\$" conf/mlgate.conf \
            || echo "$name: default $said is not in conf/mlgate.conf"
    done <"$scratch/listed"
)"
# A README names directives too; it may not name one that is not there.
if [ -e README.md ]; then
    claim "README.md names no directive that does not exist" "$(
        grep -oE 'MLGate[A-Z][A-Za-z0-9]+' README.md | sort -u \
            | comm -23 - "$scratch/listed"
    )"
    claim "what it shows can be pasted: httpd takes no comment after a directive" "$(
        grep -nE '^    (MLGate|LoadModule|Include)[^#]* #' README.md
    )"
fi
finish
