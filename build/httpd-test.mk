# SPDX-License-Identifier: Apache-2.0
# The Apache::Test suite: the module in a real httpd, on loopback.
#
#   MPM=event|prefork|worker   TESTS='20*'   TEST_PORT=8529

MPM       ?= event
TEST_PORT ?= 8529

check-httpd: $(OUT)/mod_mlgate.so | need-httpd-test ## Apache::Test under MPM=event (TESTS='20*' picks)
	$(Q)t/httpd/run $< $(MPM) $(TEST_PORT) \
	  $(foreach t,$(TESTS),$(patsubst t/httpd/%,t/%,$(wildcard t/httpd/$(patsubst %.t,%,$(t)).t)))

test-mpms: $(OUT)/mod_mlgate.so | need-httpd-test ## Apache::Test under event, prefork and worker
	$(Q)for mpm in event prefork worker; do \
	  $(MAKE) --no-print-directory check-httpd MPM=$$mpm || exit 1; done

need-httpd-test:
	@build/need test

.PHONY: check-httpd test-mpms need-httpd-test
