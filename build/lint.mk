# SPDX-License-Identifier: Apache-2.0
# Everything that reads the sources and does not run them. All fatal.

C_FILES   = $(sort $(wildcard mod_mlgate.c src/*/*.c t/unit/*.c t/bench/*.c \
              t/tune/*.c t/fuzz/*.c t/httpd/*.c))
H_FILES   = $(sort $(wildcard include/*.h src/*/*.h t/unit/*.h t/fuzz/*.h))
SH_FILES  = $(sort $(wildcard t/guard/*.sh t/cli/*.sh t/guard/tap t/cli/tool t/guard/coverage t/bench/replay t/traffic/check.sh t/model/check src/cli/mlgatectl.bash \
              t/httpd/run build/need build/run .ci/run))
LINT_CPP  = $(CPPFLAGS_ALL) -isystem $(HTTPD_INC) $(HTTPD_CPPFLAGS) -It/unit
# gcc 12 takes src/offline's growing arrays for leaks.
ANALYZED  = $(foreach part,core report files httpd cli,$(call srcs,$(part)))

lint: lint-gcc lint-clang lint-tidy lint-cppcheck lint-shell ## compilers, clang-tidy, cppcheck and shellcheck, all fatal

need-lint:
	@build/need build test lint

lint-gcc: | need-lint
	$(call say,LINT gcc -Werror)
	$(Q)$(MAKE) --no-print-directory -s objects WERROR=1 CC=gcc \
	  CFLAGS='-O2 -g' OUT=build/out/lint-gcc

lint-clang: | need-lint
	$(call say,LINT clang -Wthread-safety -Werror)
	$(Q)$(MAKE) --no-print-directory -s objects WERROR=1 \
	  VARIANT=clang OUT=build/out/lint-clang

# What follows every path through a function takes longer than all the rest.
lint-paths: lint-analyzer lint-tidy-paths ## gcc's and clang's path analysis; minutes

lint-analyzer: | need-lint
	$(call say,LINT gcc -fanalyzer)
	$(Q)mkdir -p build/out/lint
	$(Q)printf '%s\n' $(ANALYZED) | xargs -P2 -n4 sh -c 'for f; do \
	  gcc $(LINT_CPP) $(WARN) -std=gnu11 -O1 -fanalyzer -Werror \
	    -c -o /dev/null $$f || exit 255; done' analyzer

# .clang-tidy names each check that is off, and why.
tidy = printf '%s\n' $(C_FILES) | xargs -P2 -n4 sh -c \
  'clang-tidy --quiet $(1) --warnings-as-errors="*" "$$@" -- -std=gnu11 \
   $(LINT_CPP) 2>/dev/null' tidy

lint-tidy: | need-lint
	$(call say,LINT clang-tidy)
	$(Q)$(call tidy,--checks=-clang-analyzer-*)

lint-tidy-paths: | need-lint
	$(call say,LINT clang-tidy, every path)
	$(Q)$(call tidy)

# arrayIndexThenCheck takes any comparison after an index for its bound.
lint-cppcheck: | need-lint
	$(call say,LINT cppcheck)
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
	  --enable=warning,performance,portability -j2 \
	  --suppress=arrayIndexThenCheck -D__x86_64__ -D_GNU_SOURCE \
	  -Iinclude -It/unit $(filter-out t/unit/test_%,$(C_FILES))

lint-shell: | need-lint
	$(call say,LINT shellcheck)
	$(Q)shellcheck -x -P t/guard $(SH_FILES)

format: | need-lint ## let clang-format 14 decide
	$(Q)clang-format -i $(C_FILES) $(H_FILES)

format-check: | need-lint ## fail where it would decide otherwise
	$(Q)clang-format --dry-run -Werror $(C_FILES) $(H_FILES)

lognos: ## the next free log tag
	@awk '/^.define MLG[0-9]+ / { n = substr($$2, 4) + 0; if (n > last) last = n } \
	  END { printf "MLG%04d\n", last + 1 }' src/httpd/mlgate_lognos.h

.PHONY: need-lint lint lint-paths lint-gcc lint-clang lint-analyzer lint-tidy lint-tidy-paths \
        lint-cppcheck lint-shell format format-check lognos
