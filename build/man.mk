# SPDX-License-Identifier: Apache-2.0
# Manual pages: one Markdown source each, src/cli/man/*.md. A line "@NAME.inc"
# stands for that file beside it: what several pages have in common.

MAN_DIR    = $(OUT)/man
MAN_SRCS   = $(sort $(wildcard src/cli/man/*.md))
MAN_PAGES  = $(patsubst src/cli/man/%.md,$(MAN_DIR)/%.1,$(MAN_SRCS)) \
             $(MAN_DIR)/mlgatectl-unblock.1

man: $(MAN_PAGES) ## the manual pages, in build/out/VARIANT/man

# Not smart: lowdown would make a dash of every "--". Its definition lists step
# back a line, which fails where a page ends: man(7) has .TP for them.
$(MAN_DIR)/%.1: src/cli/man/%.md $(wildcard src/cli/man/*.inc) build/man.mk \
                include/mlg_version.h | need-build
	$(call say,MAN $@)
	$(Q)mkdir -p $(@D)
	$(Q)set -o pipefail; awk '/^@.*\.inc$$/ { file = "src/cli/man/" substr($$0, 2); \
	    while ((rv = (getline line < file)) > 0) print line; \
	    if (rv < 0) { print "no " file | "cat >&2"; exit 1 } \
	    close(file); next } { print }' $< \
	  | lowdown -s -Tman --out-no-smarty -M title="$$(echo '$(*F)' | tr a-z A-Z)" -M section=1 \
	      -M date="$$(date -u -r $< +%F)" -M source='mod_mlgate $(VERSION)' \
	      -M volume='mod_mlgate manual' \
	  | sed -z 's/\.LP\n\([^\n]*\)\n\.if n \\\n\.sp -1v\n\.if t \\\n\.sp -0\.25v\n\.IP "" 5n\n/.TP 7n\n\1\n/g; s/--/\\-\\-/g' \
	  >$@.new
	$(Q)mv $@.new $@

# One page tells both.
$(MAN_DIR)/mlgatectl-unblock.1: $(MAN_DIR)/mlgatectl-block.1
	$(Q)cp $< $@

.PHONY: man
