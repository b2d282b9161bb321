# SPDX-License-Identifier: Apache-2.0
# Compiling and linking. Sources are found by directory: a new file needs no
# line here.

# A variable that keeps what it is given when it is first asked for: apxs is a
# slow script, and on a new machine comes with the build packages.
once = $(eval $(1) := $(2))$($(1))

APXS ?= $(call once,APXS,$(firstword $(shell command -v apxs apxs2) /usr/bin/apxs))

# Overridable for packagers.
HTTPD_CC     = $(call once,HTTPD_CC,$(shell $(APXS) -q CC 2>/dev/null))
HTTPD_CFLAGS = $(call once,HTTPD_CFLAGS,$(shell $(APXS) -q CFLAGS EXTRA_CPPFLAGS 2>/dev/null | tr ';' ' '))
HTTPD_INC    = $(call once,HTTPD_INC,$(shell $(APXS) -q INCLUDEDIR 2>/dev/null))
APR_CONFIG  ?= $(call once,APR_CONFIG,$(shell $(APXS) -q APR_CONFIG 2>/dev/null))
APU_CONFIG  ?= $(call once,APU_CONFIG,$(shell $(APXS) -q APU_CONFIG 2>/dev/null))
APR_INC      = $(call once,APR_INC,$(shell $(APR_CONFIG) --includedir))
APR_LIBS     = $(call once,APR_LIBS,$(shell $(APU_CONFIG) --link-ld) $(shell $(APR_CONFIG) --link-ld --libs))

CC_release = $(HTTPD_CC)
CC_debug   = gcc
CC_asan    = clang
CC_tsan    = clang
CC_clang   = clang
CFLAGS_release = -O3 -g -flto=auto -ffat-lto-objects
CFLAGS_debug   = -O0 -g3
CFLAGS_asan    = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS_tsan    = -O1 -g -fsanitize=thread
CFLAGS_clang   = -O2 -g -Wthread-safety

CC := $(if $(filter default undefined,$(origin CC)),$(CC_$(VARIANT)),$(CC))
ifeq ($(strip $(CC)),)
CC := cc
endif
CFLAGS ?= $(CFLAGS_$(VARIANT))

# The packaged compiler flags of httpd carry its feature macros.
CPPFLAGS_ALL = -D_GNU_SOURCE -Iinclude -isystem $(APR_INC) $(CPPFLAGS)
WARN      = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wformat=2 -Wvla $(if $(WERROR),-Werror)
WARN_CORE = $(WARN) -Wconversion -Wno-sign-conversion -Wstrict-aliasing=1
# Scores must agree to the bit between compilers: no fused multiply-add.
CFLAGS_ALL = -std=gnu11 -fPIC -fvisibility=hidden -ffp-contract=off \
             -fstack-protector-strong $(CFLAGS)
LDFLAGS_ALL = -Wl,-z,relro,-z,now $(LDFLAGS)

srcs = $(sort $(wildcard src/$(1)/*.c))
objs = $(patsubst %.c,$(OUT)/obj/%.o,$(call srcs,$(1)))

MODULE_OBJS = $(OUT)/obj/mod_mlgate.o $(call objs,httpd) $(call objs,report) \
              $(call objs,files) $(call objs,core)
CLI_OBJS    = $(call objs,cli) $(call objs,offline) $(call objs,report) \
              $(call objs,files) $(call objs,core)

all: $(OUT)/mod_mlgate.so $(OUT)/mlgatectl ## the module and mlgatectl

$(OUT)/mod_mlgate.so: $(MODULE_OBJS) $(OUT)/sources
	$(call say,LINK $@)
	$(Q)$(CC) -shared $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(MODULE_OBJS) -ljansson -lmd -lm

$(OUT)/mlgatectl: $(CLI_OBJS) $(OUT)/sources
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(CLI_OBJS) -ljansson -lcurl -lz -lmd -lxgboost \
	  $(APR_LIBS) -lm

$(OUT)/obj/src/core/%.o: src/core/%.c build/compile.mk | need-build
	$(call say,CC $<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(WARN_CORE) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(OUT)/obj/src/offline/%.o: src/offline/%.c build/compile.mk | need-build
	$(call say,CC $<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(WARN_CORE) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(OUT)/obj/src/files/%.o: src/files/%.c build/compile.mk $(OUT)/model-file | need-build
	$(call say,CC $<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(if $(MODEL_FILE),-DMLG_MODEL_FILE='"$(MODEL_FILE)"') \
	  $(WARN_CORE) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(OUT)/obj/%.o: %.c build/compile.mk | need-build
	$(call say,CC $<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) -isystem $(HTTPD_INC) $(WARN) $(CFLAGS_ALL) \
	  $(HTTPD_CPPFLAGS) -MMD -MP -c -o $@ $<

# Large-file and pthread macros that httpd was built with; its optimisation
# and warning flags are not ours.
HTTPD_CPPFLAGS = $(filter -D% -pthread,$(HTTPD_CFLAGS))

# Packagers, who have dependencies of their own: make NEED=:
NEED ?= build/need

need-build:
	@$(NEED) build

# The list of sources, rewritten only when it changes: a file that is gone must
# not stay in what was linked.
$(OUT)/sources: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(MODULE_OBJS) $(CLI_OBJS)' | cmp -s - $@ || \
	  echo '$(MODULE_OBJS) $(CLI_OBJS)' >$@

# Where the default model will be installed, likewise.
$(OUT)/model-file: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(MODEL_FILE)' | cmp -s - $@ || echo '$(MODEL_FILE)' >$@

FORCE:

clean: ## remove build/out
	$(Q)rm -rf build/out

Q   = $(if $(V),,@)
say = $(if $(V),,@echo "  $(1)")

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)

.PHONY: all need-build clean FORCE
