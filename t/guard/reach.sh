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
claim "it opens, makes, renames and removes no file but through APR" "$(
    among '(f?open(64)?|openat(64)?|freopen(64)?|creat(64)?|unlink(at)?|rename(at)?|remove|mkdir|rmdir|link|symlink|mkstemp.*|tmpfile.*|chmod|f?chown|truncate(64)?|mmap(64)?)'
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
