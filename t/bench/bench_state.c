/* SPDX-License-Identifier: Apache-2.0
 *
 * What a state costs: bytes and milliseconds to write one into a file, fsync
 * included, and to prove and take it up again, for 1,000, 100,000 and 1,000,000
 * clients and 1,000 blocks: `make bench`.
 *
 * BENCH_STATE names a directory for the file, which stays there as it was with
 * the most clients: a server can begin with it. Without it, in /tmp and gone.
 */
#include "mlg_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MOST 1000000u

static const mlg_secret_t secret = {"0123456789abcde"};
static apr_time_t wall_us;

static void must(int is_so, const char *what)
{
    if (!is_so) {
        perror(what);
        exit(1);
    }
}

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static mlg_gate_t open_gate(uint32_t clients)
{
    size_t bytes = mlg_segment_bytes(clients);
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    mlg_gate_t gate;

    must(base != MAP_FAILED, "bench: mmap");
    mlg_segment_format(base, clients, &secret, wall_us);
    must(mlg_segment_view(&gate, base, bytes, NULL) == APR_SUCCESS, "bench");
    return gate;
}

static void close_gate(mlg_gate_t *gate)
{
    munmap(gate->segment, gate->segment->bytes);
}

static mlg_client_t client_of(uint32_t n)
{
    unsigned char v4[4] = {10, (unsigned char)(n >> 16),
                           (unsigned char)(n >> 8), (unsigned char)n};
    mlg_key_t key = mlg_key_from_v4(v4);

    return mlg_client_from(&key, &secret, 64);
}

static void fill(const mlg_gate_t *gate, uint32_t clients)
{
    const mlg_rules_t rules = {.model = &mlg_weighted_default,
                               .engine = MLG_ENGINE_ENFORCE,
                               .threshold = 1.0f,
                               .min_requests = 1000000,
                               .block_for_us = 1,
                               .block_max_us = 1};
    mlg_decision_t d;

    for (uint32_t n = 0; n < clients; n++) {
        mlg_arrival_t a = {.at_us = wall_us, .from = client_of(n), .path = n};

        mlg_judge(gate, &rules, &a,
                  &gate->table.stripe[mlg_stripe_of(a.from.hash)], &d);
    }
    for (uint32_t n = 0; n < 1000; n++) {
        mlg_client_t client = client_of(n);
        mlg_stripe_t *stripe = &gate->table.stripe[mlg_stripe_of(client.hash)];

        mlg_stripe_assume(stripe);
        mlg_order(gate, MLG_BLOCK_OPERATOR, &client, wall_us,
                  wall_us + 86400 * (apr_time_t)APR_USEC_PER_SEC, "bench",
                  stripe, NULL);
    }
}

static size_t write_file(const mlg_gate_t *gate, mlg_state_part part,
                         const char *path, double *pieces_ms, double *all_ms)
{
    _Alignas(8) static unsigned char piece[MLG_STATE_PIECE];
    mlg_state_writer_t w = {
        .gate = gate, .part = part, .now_us = wall_us, .wall_us = wall_us};
    double begun_ms = now_ms();
    size_t bytes = 0;
    size_t len;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);

    must(fd >= 0, path);
    *pieces_ms = 0;
    for (;;) {
        double before_ms = now_ms();

        len = mlg_state_write(&w, piece);
        *pieces_ms += now_ms() - before_ms;
        if (len == 0) {
            break;
        }
        must(write(fd, piece, len) == (ssize_t)len, path);
        bytes += len;
    }
    must(fsync(fd) == 0 && close(fd) == 0, path);
    *all_ms = now_ms() - begun_ms;
    return bytes;
}

static double read_file(const mlg_gate_t *gate, const char *path, size_t bytes)
{
    mlg_state_reader_t r;
    double begun_ms = now_ms();
    int fd = open(path, O_RDONLY);
    void *at = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);

    must(at != MAP_FAILED, path);
    for (int pass = 0; pass < 2; pass++) { /* to prove it, then to take it */
        mlg_state_read_begin(&r, (pass == 0) ? NULL : gate, wall_us,
                             MLG_STATE_KEEP_US);
        must(mlg_state_read_all(&r, at, bytes, NULL) == APR_SUCCESS, path);
    }
    munmap(at, bytes);
    close(fd);
    return now_ms() - begun_ms;
}

int main(void)
{
    static const uint32_t sizes[] = {1000, 100000, MOST};
    const char *dir = getenv("BENCH_STATE");
    char path[1024];
    char blocks[1100];
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    wall_us = apr_time_from_sec(now.tv_sec);
    snprintf(path, sizeof(path), "%s/%s", (dir != NULL) ? dir : "/tmp",
             (dir != NULL) ? "state" : "mlgate-bench-state");
    snprintf(blocks, sizeof(blocks), "%s.bench", path);
    puts("clients   bytes      to write: pieces  all, fsync   blocks alone   "
         "to take up");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        mlg_gate_t from = open_gate(sizes[i]);
        mlg_gate_t to = open_gate(sizes[i]);
        double pieces_ms;
        double all_ms;
        double short_ms;
        double read_ms;
        size_t bytes;

        fill(&from, sizes[i]);
        write_file(&from, MLG_STATE_BLOCKS, blocks, &pieces_ms, &short_ms);
        bytes = write_file(&from, MLG_STATE_ALL, path, &pieces_ms, &all_ms);
        read_ms = read_file(&to, path, bytes);
        printf("%-9u %-10zu %13.1f ms %7.1f ms %11.1f ms %10.1f ms\n", sizes[i],
               bytes, pieces_ms, all_ms, short_ms, read_ms);
        close_gate(&from);
        close_gate(&to);
    }
    unlink(blocks);
    if (dir == NULL) {
        unlink(path);
    }
    return 0;
}
