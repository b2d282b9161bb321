# SPDX-License-Identifier: Apache-2.0
# The Apache::Test suite: the module in a real httpd, on loopback.
#
#   MPM=event|prefork|worker   TESTS='20*'   TEST_PORT=8529

MPM       ?= event
TEST_PORT ?= 8529

HTTPD_TESTS = $(patsubst t/httpd/%,t/%,$(sort \
  $(foreach t,$(TESTS),$(wildcard t/httpd/$(t:.t=).t))))

# Writes the models that the tests judge by.
$(OUT)/models: $(OUT)/obj/t/httpd/models.o $(call objs,core)
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lmd \
	  $(APR_LIBS) -lm

# Writes the state of a server that has watched its site for days.
$(OUT)/town: $(OUT)/obj/t/httpd/town.o $(UNIT_LIB)
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lcmocka -ljansson -lz \
	  -lmd -Wl,--as-needed -lxgboost $(APR_LIBS) -lm -pthread

$(OUT)/obj/t/httpd/town.o: CPPFLAGS_ALL += -It/unit

# Preloaded into httpd: a wall clock that a test can set; what stops or kills a
# process that holds a stripe; what cuts a file that is being read.
PRELOADS = $(OUT)/clock.so $(OUT)/held.so $(OUT)/spoiled.so

$(PRELOADS): $(OUT)/%.so: $(OUT)/obj/t/httpd/%.o
	$(call say,LINK $@)
	$(Q)$(CC) -shared $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< -ldl

# They are in other programs, too, which have no sanitizer.
$(PRELOADS): CFLAGS_ALL += -fvisibility=default -fno-sanitize=all

HTTPD_TEST_FILES = $(OUT)/mod_mlgate.so $(OUT)/mlgatectl $(OUT)/models \
                   $(PRELOADS) $(OUT)/town

check-httpd: $(HTTPD_TEST_FILES) | need-httpd-test ## Apache::Test under MPM=event (TESTS='20*' picks)
	$(if $(TESTS),$(if $(HTTPD_TESTS),,$(error no t/httpd/*.t matches '$(TESTS)')))
	$(Q)MLGATE_MODEL=weighted t/httpd/run $< $(MPM) $(TEST_PORT) $(HTTPD_TESTS)

test-mpms: $(HTTPD_TEST_FILES) | need-httpd-test ## Apache::Test under event, prefork and worker
	$(Q)for mpm in event prefork worker; do \
	  $(MAKE) --no-print-directory check-httpd MPM=$$mpm || exit 1; done

# The same with the module under AddressSanitizer and UBSan. httpd itself is as
# installed: the runtime is preloaded, and what httpd's pools never free is no
# leak. A report of either, in any process, fails the run (t/httpd/run).
check-httpd-asan: ## check-httpd under AddressSanitizer and UBSan, MPM= TESTS=
	$(Q)MLGATE_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
	  $(MAKE) --no-print-directory check-httpd VARIANT=asan CC=gcc \
	  OUT=build/out/asan-httpd MPM='$(MPM)' TESTS='$(TESTS)'

fuzz-status: ## the status handler on mutated requests, under both (T=60)
	$(Q)FUZZ_SECONDS='$(T)' $(MAKE) --no-print-directory check-httpd-asan \
	  TESTS=33-status-bytes MPM='$(MPM)'

# The long form of t/httpd/53-kills.t; its report is printed, and kept.
KILLS ?= 1000

kills: ## kill -9 of KILLS=1000 children under traffic, MPM=event or prefork
	$(Q)mkdir -p build/out/kills
	$(Q)set -o pipefail; KILLS='$(KILLS)' $(MAKE) --no-print-directory \
	  check-httpd TESTS=53-kills MPM='$(MPM)' 2>&1 | tee build/out/kills/$(MPM).txt

MINUTES ?= 60

soak: ## MINUTES=60 at saturation: a restart a minute, a kill every ten seconds
	$(Q)mkdir -p build/out/soak
	$(Q)set -o pipefail; SOAK_MINUTES='$(or $(SOAK_MINUTES),$(MINUTES))' \
	  $(MAKE) --no-print-directory check-httpd TESTS=95-soak MPM='$(MPM)' 2>&1 \
	  | tee build/out/soak/$(MPM).txt

need-httpd-test: | need-build
	@build/need test

.PHONY: check-httpd check-httpd-asan fuzz-status test-mpms kills soak need-httpd-test
