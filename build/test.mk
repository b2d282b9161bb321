# SPDX-License-Identifier: Apache-2.0
# Unit tests and guards. Tests are found by directory: t/unit/test_*.c is a
# program on cmocka each, t/guard/*.sh a script; all print TAP for prove.
#
#   KILL_SECONDS  how long test_processes kills children (check 2, test 10)

KILL_SECONDS ?= 2

UNIT_SRCS = $(sort $(wildcard t/unit/test_*.c))
UNIT_HELP = $(patsubst %.c,$(OUT)/obj/%.o,\
              $(filter-out $(UNIT_SRCS),$(sort $(wildcard t/unit/*.c))))
UNIT_BINS = $(patsubst %.c,$(OUT)/%,$(UNIT_SRCS))
GUARDS    = $(sort $(wildcard t/guard/*.sh))
PROVE     = CMOCKA_MESSAGE_OUTPUT=TAP KILL_SECONDS=$(KILL_SECONDS) OUT=$(OUT) \
            prove -j2

.SECONDARY: $(patsubst %.c,$(OUT)/obj/%.o,$(UNIT_SRCS)) $(UNIT_HELP)
$(OUT)/t/unit/test_%: $(OUT)/obj/t/unit/test_%.o $(UNIT_HELP) \
                      $(call objs,offline) $(call objs,core)
	$(call say,LINK $@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lcmocka -lz $(APR_LIBS) \
	  -lm -pthread
