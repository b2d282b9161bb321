#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The mistake: a command or an option is added to mlgatectl, and neither its
# manual page nor the shell's completion has heard of it.
. "$(dirname "$0")/tap"
need "$OUT/mlgatectl"
tool=$(realpath "$OUT/mlgatectl")
need src/cli/mlgatectl.bash src/cli/man/mlgatectl.md

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
${MAKE:-make} -s --no-print-directory man MAN_DIR="$scratch/man1" NEED=: \
    >"$scratch/make" 2>&1

commands=$("$tool" --help \
    | sed -n '/^Commands:$/,/^$/s/^  \([a-z]*\) .*/\1/p')
claim "mlgatectl --help lists commands" "$([ -n "$commands" ] || echo none)"
claim "make man makes a page of every source" "$(
    for source in src/cli/man/*.md; do
        page=$(basename "$source" .md).1
        [ -s "$scratch/man1/$page" ] || { echo "no $page"; cat "$scratch/make"; }
    done
)"
claim "the pages go where all that is built goes" "$(
    ${MAKE:-make} -n -B --no-print-directory man OUT="$scratch/out" NEED=: 2>&1 \
        | grep -o "build/out/[^ ]*" | head -1
)"
claim "every command has a manual page, and mlgatectl(1) names it" "$(
    for command in $commands; do
        [ -s "$scratch/man1/mlgatectl-$command.1" ] || echo "$command: no page"
        grep -q "^mlgatectl-$command(1)" src/cli/man/mlgatectl.md \
            || echo "$command: not in mlgatectl(1)"
    done
)"
claim "every page is about a command that is there" "$(
    for page in "$scratch"/man1/mlgatectl-*.1; do
        name=$(basename "$page" .1)
        echo "$commands" | grep -qx "${name#mlgatectl-}" || echo "$name"
    done
)"

# options PAGE: what it has in bold at the beginning of a term of OPTIONS
options_of_page() {
    sed -n '/^OPTIONS$/,/^\.SH$/p' "$1" | sed 's/\\-/-/g' \
        | sed -nE '/^\.TP/{n;s/^\\fB(--[a-z0-9-]+)\\fR.*/\1/p}' | sort
}
claim "a page has exactly the options of its command's --help" "$(
    for command in $commands; do
        "$tool" "$command" --help | sed -nE 's/^  (--[a-z0-9-]+) .*/\1/p' \
            | sort >"$scratch/helped"
        [ -s "$scratch/helped" ] || echo "$command: --help has no options"
        options_of_page "$scratch/man1/mlgatectl-$command.1" >"$scratch/paged"
        diff "$scratch/helped" "$scratch/paged" | sed -n "s/^[<>]/$command: &/p"
    done
)"
claim "the page of an option that takes a value says what it takes" "$(
    for command in $commands; do
        options_of_page "$scratch/man1/mlgatectl-$command.1" \
            | while read -r option; do
                asks=$(MLGATE_URL=http://127.0.0.1:9 "$tool" "$command" "$option" 2>&1 \
                    | grep -c 'missing argument')
                names=$(sed 's/\\-/-/g' "$scratch/man1/mlgatectl-$command.1" \
                    | grep -c "^.fB$option.fR .fI")
                [ "$asks" = "$names" ] || echo "$command $option"
            done
    done
)"

# offered WORD...: what bash offers for the last word
offered() {
    bash -c '. src/cli/mlgatectl.bash
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mlgatectl "$1"
        printf "%s\n" "${COMPREPLY[@]}"' _ "$tool" "$@" | sort
}
claim "the shell offers every command" "$(
    offered '' | grep -v -e '^--' -e '^help$' >"$scratch/offered"
    echo "$commands" | sort | diff - "$scratch/offered"
)"
claim "the shell offers every option of every command" "$(
    for command in $commands; do
        "$tool" "$command" --help | sed -nE 's/^  (--[a-z0-9-]+) .*/\1/p' \
            | sort >"$scratch/helped"
        offered "$command" -- | diff "$scratch/helped" - \
            | sed -n "s/^[<>]/$command: &/p"
    done
)"
claim "the shell is asked for files where a log goes" "$(
    (cd "$scratch" && : >some.log) || exit
    offered explain 192.0.2.7 "$scratch/some" | grep -q 'some\.log$' \
        || echo "no file is offered"
)"
claim "groff has nothing to say about the pages" "$(
    for page in "$scratch"/man1/*.1; do
        groff -man -Tutf8 -ww "$page" 2>&1 >/dev/null
    done
)"
finish
