# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# bash completion for mlgatectl. Options and commands are asked of mlgatectl
# itself, so that none can be forgotten here.

_mlgatectl_commands() {
    "$1" --help 2>/dev/null \
        | sed -n '/^Commands:$/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

_mlgatectl_options() {
    "$1" "$2" --help 2>/dev/null | sed -n 's/^  \(--[a-z0-9-]*\) .*/\1/p'
}

_mlgatectl() {
    local tool=$1 cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]:-} words

    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ] || { [ "$COMP_CWORD" -eq 2 ] && [ "$command" = help ]; }; then
        words=$(_mlgatectl_commands "$tool")
        [ "$COMP_CWORD" -eq 1 ] && words="$words help --help --version"
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
        return
    fi
    case $prev in
    --set | --host | --share | --min-trusted | --judge-only | --seed | --max-fpr | --trees | --depth | --eta | --min-child-weight | --lambda | --cap | --threshold | --same-site | --attackers | --people-classes | --without | --ttl | --reason | --interval | --user | --about | --slope | --offset | --tree)
        return # something to type
        ;;
    --format)
        mapfile -t COMPREPLY < <(compgen -W "common combined vhost_common vhost_combined combinedio json" -- "$cur")
        return
        ;;
    esac
    if [[ $cur == -* ]]; then
        words=$(_mlgatectl_options "$tool" "$command")
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
        return
    fi
    case $command$prev in
    *--cacert | *--unix-socket | replay* | explain* | features* | calibrate* | import* | inspect* | train* | eval*)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        ;;
    esac
}

complete -F _mlgatectl mlgatectl
