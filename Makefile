# SPDX-License-Identifier: Apache-2.0
# mod_mlgate. `make help` lists the targets; rules are in build/*.mk.
#
#   VARIANT  release (default), debug, asan, tsan, clang; each has its own tree
#            under build/out/
#   V=1      show commands

VARIANT ?= release
OUT      = build/out/$(VARIANT)

.DEFAULT_GOAL = all
.DELETE_ON_ERROR:
SHELL = /bin/bash

# As many jobs as there are processors, unless -j says otherwise.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

include build/compile.mk
include build/test.mk
include build/fuzz.mk
include build/model.mk
include build/httpd-test.mk
include build/tune.mk
include build/train.mk
include build/replay.mk
include build/run.mk
include build/traffic.mk
include build/man.mk
include build/install.mk
include build/lint.mk

help: ## list the targets
	@sed -nE 's/^([a-z][a-z-]*):.*## (.*)/  \1\t\2/p' Makefile build/*.mk \
	  | sort | expand -t 20

.PHONY: help
