# SPDX-License-Identifier: Apache-2.0
# Fuzzing. Targets are found by directory: t/fuzz/fuzz_<noun>.c has a corpus of
# inputs named for their fault, t/fuzz/corpus/<noun>/.
#
#   F=line   which one
#   T=60     for how many seconds
#
# What libFuzzer finds worth keeping stays in OUT/fuzz/corpus and is begun
# with the next time; an input that breaks something goes to t/fuzz/corpus, to
# be given a name and committed with the fix.

F ?= line
T ?= 60

FUZZ_NOUNS   = $(patsubst t/fuzz/fuzz_%.c,%,$(sort $(wildcard t/fuzz/fuzz_*.c)))
FUZZ_REPLAYS = $(patsubst %,$(OUT)/t/fuzz/fuzz_%,$(FUZZ_NOUNS))
FUZZ_CFLAGS  = -O1 -g -fno-omit-frame-pointer \
               -fsanitize=fuzzer-no-link,address,undefined \
               -fno-sanitize-recover=all

$(OUT)/t/fuzz/fuzz_%: $(OUT)/obj/t/fuzz/fuzz_%.o $(OUT)/obj/t/fuzz/corpus.o \
                      $(UNIT_LIB)
	$(call say,LINK $@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -ljansson -lz -lmd \
	  $(APR_LIBS) -lm

.SECONDARY: $(patsubst %,$(OUT)/obj/t/fuzz/%.o,corpus $(FUZZ_NOUNS:%=fuzz_%))

check unit: check-fuzz

check-fuzz: $(FUZZ_REPLAYS) ## the fuzzers' corpora with an ordinary compiler
	$(Q)prove -j2 $(FUZZ_REPLAYS)

fuzz: ## libFuzzer with ASan and UBSan (F=line T=60)
	$(if $(filter $(F),$(FUZZ_NOUNS)),,$(error no t/fuzz/fuzz_$(F).c; there \
	  are: $(FUZZ_NOUNS)))
	$(Q)build/need build test
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz CC=clang OUT=$(OUT)/fuzz \
	  CFLAGS='$(FUZZ_CFLAGS)' $(OUT)/fuzz/run_$(F)
	$(Q)mkdir -p $(OUT)/fuzz/corpus/$(F)
	$(Q)$(OUT)/fuzz/run_$(F) -max_total_time=$(T) -max_len=16384 \
	  -print_final_stats=1 -artifact_prefix=t/fuzz/corpus/$(F)/ \
	  $(patsubst %,-dict=%,$(wildcard t/fuzz/$(F).dict)) \
	  $(OUT)/fuzz/corpus/$(F) t/fuzz/corpus/$(F)

# In the variant that fuzz makes of itself.
$(OUT)/run_%: $(OUT)/obj/t/fuzz/fuzz_%.o $(UNIT_LIB)
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS_ALL) -fsanitize=fuzzer -o $@ $^ -ljansson -lz -lmd \
	  $(APR_LIBS) -lm

.PHONY: fuzz check-fuzz
