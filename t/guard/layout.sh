#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The mistake: the tree grows a second place for everything, a build writes
# beside the sources, a file loses its licence line, or becomes too long to
# read.
. "$(dirname "$0")/tap"

allowed=' mod_mlgate.c src include conf t build Makefile README.md LICENSE .ci '
claim "the top level holds its ten entries, dotfiles and nothing else" "$(
    for entry in $(git ls-files | cut -d/ -f1 | sort -u); do
        case "$allowed" in *" $entry "*) continue ;; esac
        case "$entry" in .*) continue ;; esac
        echo "$entry"
    done
)"
claim "no build output is tracked" "$(
    git ls-files | grep -E '\.(o|so|a|lo|gcda|gcno)$|^build/out/'
)"
claim "every source says its licence in its first three lines" "$(
    git ls-files '*.c' '*.h' '*.mk' '*.sh' '*.pm' '*.t' Makefile build/need \
        t/httpd/run .ci/run | while read -r file; do
        [ -e "$file" ] || continue
        head -3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' \
            || echo "$file"
    done
)"
claim "nothing is left to do later" "$(
    git ls-files src include mod_mlgate.c t build conf \
        | grep -v '^t/guard/layout.sh$' | while read -r file; do
        [ -e "$file" ] && grep -nHE '\b(TODO|FIXME|XXX)\b' "$file"
    done
)"
# Advice, not law: printed, never fatal.
git ls-files 'src/*.c' | while read -r file; do
    [ -e "$file" ] && lines=$(wc -l <"$file") && [ "$lines" -gt 400 ] \
        && echo "# $file has $lines lines; about 400 is the limit"
done
finish
