#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The mistake: the detector reads a clock, allocates, locks or logs, and then
# a replay no longer agrees with live traffic and a test can no longer decide
# what time it is.
. "$(dirname "$0")/tap"

for source in src/core/*.c; do
    need "$OUT/obj/${source%.c}.o"
done

claim "the core calls nothing of httpd, and of APR only siphash" "$(
    nm -Au "$OUT"/obj/src/core/*.o | awk '$NF ~ /^(ap|apr)_/ &&
        $NF !~ /^apr_siphash/'
)"
claim "of libmd the core calls SHA-256 alone" "$(
    nm -Au "$OUT"/obj/src/core/*.o | awk '$NF ~ /^(MD[245]|RMD160|SHA)/ &&
        $NF !~ /^SHA256(Init|Update|Final)$/'
)"
claim "the core allocates, reads clocks, locks, prints and logs nothing" "$(
    nm -Au "$OUT"/obj/src/core/*.o | awk '{ sub(/@.*/, "", $NF) }
        $NF ~ /^(malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup|strndup|mmap)$/ ||
        $NF ~ /^(time|clock|clock_gettime|gettimeofday|localtime|gmtime|nanosleep|usleep|sleep)(_r)?$/ ||
        $NF ~ /^(__)?v?(f|s|sn|d)?printf(_chk)?$/ ||
        $NF ~ /^(f?open|f?read|f?write|f?close|fputs|puts|putchar|std(in|out|err))$/ ||
        $NF ~ /^(pthread_|sem_|syslog|random|rand|getenv|getpid|abort|exit|__assert)/'
)"
claim "nothing but the glue includes httpd" "$(
    grep -nE '#include [<"](httpd|http_|ap_|mod_|util_|scoreboard|mlgate)' \
        include/*.h src/core/* src/report/* src/files/* src/offline/* src/cli/*.[ch] \
        | grep -v 'mlgatectl\.h'
)"
claim "the core includes no file that is not its own, libc's or APR's" "$(
    grep -nE '#include [<"](stdio|time|unistd|pthread|jansson|zlib)' \
        src/core/*
)"
finish
