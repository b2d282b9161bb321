# SPDX-License-Identifier: Apache-2.0
# What a replay costs: lines a second and peak memory.
#
#   BPLOGS   a combined log, plain or .gz
#   LINES    of the synthetic stream (50000000 for the whole test: 5 GB through
#            a pipe, up to 4 GB in TMPDIR)
#   CLIENTS  addresses in it

BPLOGS  ?= ../shared/data/bplogs/combined.log.gz
LINES   ?= 5000000
CLIENTS ?= 10000000

$(OUT)/stream: $(OUT)/obj/t/bench/stream.o
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^

bench-replay: $(OUT)/mlgatectl $(OUT)/stream ## lines/s and peak memory of a replay (LINES=, CLIENTS=)
	$(Q)t/bench/replay $(OUT) '$(BPLOGS)' '$(LINES)' '$(CLIENTS)'

.PHONY: bench-replay
