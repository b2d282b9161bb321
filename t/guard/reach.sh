#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The mistake: the module learns to run a program, to talk to the network, or
# to write where nobody told it to, and whoever gets a foot into it can, too.
. "$(dirname "$0")/tap"
need "$OUT/mod_mlgate.so"

imports=$(nm -D --undefined-only "$OUT/mod_mlgate.so" \
    | awk '{ sub(/@.*/, "", $NF); print $NF }')
# among LIST: which of the imports match
among() {
    echo "$imports" | grep -xE "$1"
}

claim "the module runs no program but what httpd runs for a piped log" "$(
    among '(system|popen|exec.*|v?fork|clone|posix_spawn.*|dlopen|dlsym|apr_proc_.*|apr_dso_.*)'
)"
claim "it opens no connection" "$(
    among '(socket.*|connect|bind|listen|send.*|recv.*|getaddrinfo|gethostby.*|apr_socket_.*|apr_sockaddr_.*)'
)"
claim "but for its state it opens, makes, renames and removes no file but through APR" "$(
    for file in mod_mlgate.c src/core/*.c src/files/*.c src/httpd/*.c src/report/*.c; do
        case $file in src/httpd/state.c | src/httpd/restore.c) continue ;; esac
        grep -HnE '(^|[^a-z_>.])(f?open|openat|freopen|creat|unlink(at)?|rename(at)?|remove|mkdir|rmdir|link|symlink|mkstemp|tmpfile|f?chmod|f?chown|truncate|mmap)\(' "$file"
    done
)"
claim "a state file is opened where no link leads elsewhere, and made for its owner alone" "$(
    grep -hA1 'open(' src/httpd/state.c src/httpd/restore.c \
        | grep -E 'O_(RDONLY|WRONLY|RDWR)' | grep -v 'make_dirstr_parent' | grep -v O_NOFOLLOW
    grep -qE '#define MINE +\(S_IRUSR \| S_IWUSR\)' src/httpd/state.c || echo "MINE is more than the owner's"
)"
claim "it changes no rights, no signals and no environment" "$(
    among '(set.*id|sig.*|kill|raise|abort|exit|_exit|setenv|putenv|unsetenv|prctl|ptrace|mprotect)'
)"
claim "one place opens a file for writing: the gate's own logs" "$(
    for file in src/core/*.c src/httpd/*.c src/report/*.c; do
        grep -qE 'apr_file_open|apr_file_mktemp|apr_file_rename|apr_file_remove|apr_dir_' "$file" || continue
        [ "$file" = src/httpd/sink.c ] || echo "$file"
    done
)"
claim "and whoever is not their owner may not read them" "$(
    grep -A4 'apr_file_open' src/httpd/sink.c | grep -q 'APR_FPROT_UREAD | APR_FPROT_UWRITE,' \
        || echo "src/httpd/sink.c has other permissions"
    grep -A4 'apr_file_open' src/httpd/sink.c | grep -E 'APR_FPROT_[GW]'
)"
finish
