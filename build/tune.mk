# SPDX-License-Identifier: Apache-2.0
# The starting weights: how good they are, and a search for better ones.
#
#   DATA          labelled logs, DIR/*/combined.log.gz and labels.tsv.gz
#   TUNE_SECONDS  how long to search; 0 only tells the figures
#   TUNE_SEED     of the search

DATA         ?= ../shared/data
TUNE_SECONDS ?= 0
TUNE_SEED    ?= 1

$(OUT)/tune: $(OUT)/obj/t/tune/tune.o $(OUT)/obj/t/unit/scenes.o \
             $(call objs,offline) $(call objs,report) $(call objs,core)
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -ljansson -lz -lmd \
	  -Wl,--as-needed -lxgboost $(APR_LIBS) -lm

$(OUT)/obj/t/tune/%.o: CPPFLAGS += -It/unit

tune: $(OUT)/tune ## figures of the starting weights; TUNE_SECONDS=120 looks for better
	$(Q)$(OUT)/tune $(DATA) $(TUNE_SECONDS) $(TUNE_SEED)

.PHONY: tune
