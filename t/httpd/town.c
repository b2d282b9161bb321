/* SPDX-License-Identifier: Apache-2.0
 *
 * town FILE: the state file of a server that has just been stopped, after five
 * days before a site of some 8,600 newcomers a day (t/unit/swarms.h). With it a
 * server knows on its first request what newcomers bring there, as no test can
 * wait for. The gate's clock goes on where the town's ended, whatever the wall
 * clock says: that is what state files are for. */
#include "swarms.h"

#include "mlg_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define DAYS    5.0
#define EVERY_S 10.0

static void give_up(const char *what)
{
    fprintf(stderr, "town: %s\n", what);
    exit(1);
}

int main(int argc, char **argv)
{
    _Alignas(8) static unsigned char piece[MLG_STATE_PIECE];
    mlg_state_writer_t w;
    town_t town;
    size_t len;
    int fd;

    if (argc != 2) {
        give_up("say where to");
    }
    town_open(&town, DAYS, EVERY_S, 1);
    /* what was told there is over, and was said */
    mlg_swarm_sweep(town.gate.swarms,
                    town.now_us + SEC(MLG_SWARM_QUIET_DAY + 1));
    for (unsigned i = 0; i < MLG_SWARM_EVENTS; i++) {
        town.gate.swarms->event[i].told_over = town.gate.swarms->event[i].id;
    }
    memset(&w, 0, sizeof(w));
    w.gate = &town.gate;
    w.part = MLG_STATE_ALL;
    w.now_us = town.now_us;
    w.wall_us = apr_time_now();
    w.oldest_us = town.now_us - MLG_STATE_KEEP_US;
    w.is_final = 1;
    fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        give_up(argv[1]);
    }
    while ((len = mlg_state_write(&w, piece)) > 0) {
        if (write(fd, piece, len) != (ssize_t)len) {
            give_up("it cannot be written whole");
        }
    }
    if (close(fd) != 0) {
        give_up("it cannot be written whole");
    }
    town_close(&town);
    return 0;
}
