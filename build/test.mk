# SPDX-License-Identifier: Apache-2.0
# Unit tests and guards. Tests are found by directory: t/unit/test_*.c is a
# program on cmocka each, t/guard/*.sh and t/cli/*.sh (mlgatectl as people use
# it) scripts; all print TAP for prove.
#
#   KILL_SECONDS  how long test_processes kills children (check 2, test 5)
#   UNIT='gate'   only t/unit/test_gate

KILL_SECONDS ?= 2
UNIT         ?= *

UNIT_SRCS  = $(sort $(wildcard t/unit/test_*.c))
UNIT_BINS  = $(patsubst %.c,$(OUT)/%,$(sort $(wildcard t/unit/test_$(UNIT).c)))
UNIT_HELP  = $(filter-out $(UNIT_SRCS),$(sort $(wildcard t/unit/*.c)))
UNIT_LIB   = $(OUT)/libunit.a
BENCH_BINS = $(patsubst %.c,$(OUT)/%,$(sort $(wildcard t/bench/bench_*.c)))
GUARDS     = $(sort $(wildcard t/guard/*.sh))
CLI_TESTS  = $(sort $(wildcard t/cli/*.sh))
# The tests are about weights unless they say otherwise.
PROVE      = KILL_SECONDS=$(KILL_SECONDS) OUT=$(OUT) MAKE='$(MAKE)' \
             MLGATE_MODEL=weighted \
             CMOCKA_MESSAGE_OUTPUT=TAP prove -j2
TEST_OBJS  = $(patsubst %.c,$(OUT)/obj/%.o,$(UNIT_SRCS) \
               $(wildcard t/bench/bench_*.c) $(UNIT_HELP))

# What the tests share: each program takes what it needs.
$(UNIT_LIB): $(patsubst %.c,$(OUT)/obj/%.o,$(UNIT_HELP)) \
             $(call objs,report) $(call objs,offline) $(call objs,files) \
             $(call objs,core)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

.SECONDARY: $(TEST_OBJS)
$(TEST_OBJS): CPPFLAGS_ALL += -It/unit
$(TEST_OBJS): | need-test
# Sixty programs, each optimized as a whole, take longer to link than to run;
# only what is measured is worth it.
$(OUT)/t/unit/% $(OUT)/obj/t/unit/%.o: private CFLAGS_ALL += -fno-lto
$(OUT)/t/%: $(OUT)/obj/t/%.o $(UNIT_LIB)
	$(call say,LINK $@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lcmocka -ljansson -lz -lmd \
	  -Wl,--as-needed -lxgboost $(APR_LIBS) -lm -pthread

test: ## everything: installs what is missing, then check, check-httpd, traffic-check, asan
	$(Q)build/need build test
	$(Q)$(MAKE) --no-print-directory check KILL_SECONDS=5
	$(Q)$(MAKE) --no-print-directory httpd-and-asan
	$(Q)$(MAKE) --no-print-directory traffic-check

# httpd's suite waits for most of its time: what it leaves goes to the sanitizers.
httpd-and-asan:
	$(Q)mkdir -p build/out; nice -n 19 $(MAKE) --no-print-directory asan \
	  >build/out/asan.txt 2>&1 & asan=$$!; \
	$(MAKE) --no-print-directory check-httpd MPM=event; httpd=$$?; \
	wait $$asan; asan=$$?; cat build/out/asan.txt; \
	[ $$httpd -eq 0 ] && [ $$asan -eq 0 ]

check: all $(UNIT_BINS) | need-test ## unit tests and guards; UNIT=gate picks
	$(Q)$(PROVE) $(UNIT_BINS) $(GUARDS) $(CLI_TESTS)

objects: $(MODULE_OBJS) $(CLI_OBJS) $(TEST_OBJS)

unit: $(UNIT_BINS) | need-test ## unit tests alone, in any VARIANT
	$(Q)$(PROVE) $(UNIT_BINS)

asan: ## the unit tests under AddressSanitizer and UBSan
	$(Q)$(MAKE) --no-print-directory unit VARIANT=asan

# A data race on purpose is named, with its reason, in t/unit/tsan.supp.
tsan: ## the unit tests under ThreadSanitizer, with threads for processes
	$(Q)TSAN_OPTIONS="suppressions=$(CURDIR)/t/unit/tsan.supp \
	  history_size=4" $(MAKE) --no-print-directory unit VARIANT=tsan \
	  UNIT=threads

valgrind: ## the unit tests and a live httpd under valgrind, 100 restarts; slowly
	$(Q)build/need build test bench
	$(Q)$(MAKE) --no-print-directory VARIANT=debug valgrind-debug
	$(Q)$(MAKE) --no-print-directory valgrind-httpd

valgrind-httpd: ## the live half of it
	$(Q)build/need build test bench
	$(Q)LEAKS=1 $(MAKE) --no-print-directory VARIANT=debug check-httpd \
	  TESTS=96-leaks MPM='$(MPM)'

VALGRIND = valgrind -q --error-exitcode=99 --leak-check=full \
           --errors-for-leak-kinds=definite

valgrind-debug: $(filter-out %_processes %_threads,$(UNIT_BINS))
	$(Q)CMOCKA_MESSAGE_OUTPUT=TAP prove -j2 --exec '$(VALGRIND)' $^

check-all: ## all of it: every MPM, sanitizers, kills, attack, a short soak, the model, every path
	$(Q)build/need build test
	$(Q)$(MAKE) --no-print-directory check KILL_SECONDS=10
	$(Q)$(MAKE) --no-print-directory test-mpms
	$(Q)$(MAKE) --no-print-directory traffic-check
	$(Q)$(MAKE) --no-print-directory asan
	$(Q)$(MAKE) --no-print-directory tsan
	$(Q)$(MAKE) --no-print-directory check-httpd-asan
	$(Q)$(MAKE) --no-print-directory kills KILLS=100
	$(Q)$(MAKE) --no-print-directory attack
	$(Q)$(MAKE) --no-print-directory soak MINUTES=1
	$(Q)$(MAKE) --no-print-directory model-check
	$(Q)$(MAKE) --no-print-directory lint-paths

bench: $(BENCH_BINS) | need-build ## ns per judge, find, score and arrive
	$(Q)for b in $^; do $$b || exit 1; done

$(OUT)/obj/t/bench/attack.o: CPPFLAGS_ALL += -It/unit

attack: $(OUT)/t/bench/attack | need-test ## the gate under its own attack: 10,000,000 addresses, huge headers
	$(Q)CMOCKA_MESSAGE_OUTPUT=TAP $<
	$(Q)ATTACK=1 $(MAKE) --no-print-directory check-httpd TESTS=59-attack MPM='$(MPM)'

cov: ## line coverage of src/core by the unit tests, uncovered functions
	$(Q)build/need build test
	$(Q)rm -rf build/out/cov
	$(Q)$(MAKE) --no-print-directory unit VARIANT=cov CC=gcc \
	  CFLAGS='-O0 -g --coverage'
	$(Q)t/guard/coverage build/out/cov 90

# httpd's children write what they ran when they exit; a directory of the run's
# own takes it, because they run as nobody (t/httpd/run).
coverage: ## line coverage of src/core and src/httpd by all suites, uncovered functions
	$(Q)build/need build test
	$(Q)rm -rf build/out/coverage
	$(Q)$(MAKE) --no-print-directory coverage-run VARIANT=coverage CC=gcc \
	  CFLAGS='-O0 -g --coverage'
	$(Q)t/guard/coverage build/out/coverage 95 90

coverage-run: all $(UNIT_BINS) $(HTTPD_TEST_FILES)
	$(Q)$(PROVE) $(UNIT_BINS) $(CLI_TESTS)
	$(Q)MLGATE_COVERAGE=$(CURDIR)/$(OUT) $(MAKE) --no-print-directory \
	  check-httpd VARIANT=$(VARIANT) CC='$(CC)' CFLAGS='$(CFLAGS)' MPM='$(MPM)'

need-test: | need-build
	@build/need test

.PHONY: test httpd-and-asan check unit objects asan tsan valgrind valgrind-debug valgrind-httpd check-all attack bench cov coverage coverage-run \
        need-test
