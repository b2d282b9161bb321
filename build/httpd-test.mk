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

# A wall clock that a test can set.
$(OUT)/clock.so: $(OUT)/obj/t/httpd/clock.o
	$(call say,LINK $@)
	$(Q)$(CC) -shared $(CFLAGS_ALL) -fvisibility=default -o $@ $< -ldl

$(OUT)/obj/t/httpd/clock.o: CFLAGS_ALL += -fvisibility=default

check-httpd: $(OUT)/mod_mlgate.so $(OUT)/mlgatectl $(OUT)/models $(OUT)/clock.so | need-httpd-test ## Apache::Test under MPM=event (TESTS='20*' picks)
	$(if $(TESTS),$(if $(HTTPD_TESTS),,$(error no t/httpd/*.t matches '$(TESTS)')))
	$(Q)MLGATE_MODEL=weighted t/httpd/run $< $(MPM) $(TEST_PORT) $(HTTPD_TESTS)

test-mpms: $(OUT)/mod_mlgate.so $(OUT)/mlgatectl $(OUT)/models | need-httpd-test ## Apache::Test under event, prefork and worker
	$(Q)for mpm in event prefork worker; do \
	  $(MAKE) --no-print-directory check-httpd MPM=$$mpm || exit 1; done

need-httpd-test: | need-build
	@build/need test

.PHONY: check-httpd test-mpms need-httpd-test
