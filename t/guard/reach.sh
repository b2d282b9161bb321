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

# using LIST BUT: which files of the module's name one of them, but those
using() {
    grep -lwE "$1" src/core/*.c src/httpd/*.c src/report/*.c src/files/*.c \
        mod_mlgate.c | grep -vxE "$2"
}

claim "the module runs no program but what httpd runs for a piped log" "$(
    among '(system|popen|exec.*|vfork|clone|posix_spawn.*|dlopen|dlsym|apr_proc_.*|apr_dso_.*)'
)"
claim "it opens no connection" "$(
    among '(socket.*|connect|bind|listen|send.*|recv.*|getaddrinfo|gethostby.*|apr_socket_.*|apr_sockaddr_.*)'
)"
claim "it opens, makes, renames and removes no file but through APR, or the state's" "$(
    among '(fopen(64)?|openat(64)?|freopen(64)?|creat(64)?|unlinkat|renameat|remove|link|symlink|mkstemp.*|tmpfile.*|f?chmod|l?chown|truncate(64)?|mmap(64)?)'
    using '(open(64)?|unlink|rename|mkdir|rmdir|fchown) ?\(' \
        'src/httpd/(state|restore)\.c'
)"
claim "a process of the state's own gives rights up, and nothing takes any" "$(
    among '(set(e|re|res|fs)[ug]id|sig.*|kill|raise|abort|exit|setenv|putenv|unsetenv|prctl|ptrace|mprotect)'
    using '(fork|_exit|set[ug]id|setgroups|initgroups) ?\(' \
        'src/httpd/state\.c'
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
