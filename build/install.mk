# SPDX-License-Identifier: Apache-2.0
# Installing beside the httpd that apxs belongs to. Packagers: DESTDIR, PREFIX,
# APXS=/path/to/apxs.
#
# Without this Makefile, in a clean tree:
#   apxs -c -D_GNU_SOURCE -Iinclude -Wc,-ffp-contract=off \
#        -Wc,-fvisibility=hidden mod_mlgate.c src/core/*.c src/httpd/*.c \
#        src/files/*.c src/report/*.c -ljansson -lmd -lm
#   apxs -i -a -n mlgate mod_mlgate.la

PREFIX    ?= /usr/local
LIBEXECDIR = $(shell $(APXS) -q LIBEXECDIR)
SYSCONFDIR = $(shell $(APXS) -q SYSCONFDIR)
DOCDIR     = $(PREFIX)/share/doc/mod_mlgate
MAN1DIR    = $(PREFIX)/share/man/man1
# Where bash-completion looks, by the name of the command.
BASHDIR    = $(PREFIX)/share/bash-completion/completions
# Where a2enmod looks, on Debian and its kin; elsewhere there is no such place.
MODSDIR    = $(wildcard $(SYSCONFDIR)/mods-available)
# The model that judges where no MLGateModel is given: the one of this tree, if
# it has one. Both programs know it by this path; without one, the weights
# judge. Packagers: MODEL_FILE=/usr/share/libapache2-mod-mlgate/mlgate.mlg
MODEL      = $(wildcard conf/mlgate.mlg)
MODEL_FILE ?= $(if $(MODEL),$(PREFIX)/share/mod_mlgate/mlgate.mlg)
VERSION    = $(shell sed -n 's/^.define MLG_VERSION "\(.*\)"/\1/p' include/mlg_version.h)

install: all man ## into httpd's module directory and PREFIX (DESTDIR=, PREFIX=/usr/local)
	install -D -m 644 $(OUT)/mod_mlgate.so '$(DESTDIR)$(LIBEXECDIR)/mod_mlgate.so'
	install -D -m 755 $(OUT)/mlgatectl '$(DESTDIR)$(PREFIX)/bin/mlgatectl'
	install -d '$(DESTDIR)$(MAN1DIR)' '$(DESTDIR)$(DOCDIR)'
	install -m 644 $(MAN_PAGES) '$(DESTDIR)$(MAN1DIR)'
	install -D -m 644 src/cli/mlgatectl.bash '$(DESTDIR)$(BASHDIR)/mlgatectl'
	install -m 644 $(wildcard README.md) LICENSE conf/mlgate.conf '$(DESTDIR)$(DOCDIR)'
	$(if $(MODEL),install -D -m 644 $(MODEL) '$(DESTDIR)$(MODEL_FILE)')
	@for sample in mlgate-observe.conf mlgate-proxy.conf; do \
	  sed 's#modules/mod_mlgate#$(LIBEXECDIR)/mod_mlgate#; $(if $(MODSDIR),s# logs/# $${APACHE_LOG_DIR}/#; s# mlgate/state# /var/lib/apache2/mlgate/state#)' \
	    conf/$$sample >'$(DESTDIR)$(DOCDIR)'/$$sample; done
	@$(if $(MODSDIR),build/install-debian,echo 'To load it, add to httpd.conf:'; echo) \
	  'LoadModule mlgate_module $(LIBEXECDIR)/mod_mlgate.so' \
	  $(if $(MODSDIR),'$(DESTDIR)$(MODSDIR)')
	@echo 'Samples to begin with: $(DOCDIR)/mlgate-{observe,proxy}.conf'

uninstall: ## take out what install put there; an edited mlgate.conf stays
	@if [ -L '$(DESTDIR)$(SYSCONFDIR)/mods-enabled/mlgate.load' ]; then \
	  echo 'httpd still loads it: a2dismod mlgate first.' >&2; exit 1; fi
	rm -f '$(DESTDIR)$(LIBEXECDIR)/mod_mlgate.so' '$(DESTDIR)$(PREFIX)/bin/mlgatectl'
	rm -f $(patsubst $(MAN_DIR)/%,'$(DESTDIR)$(MAN1DIR)/%',$(MAN_PAGES))
	rm -f '$(DESTDIR)$(BASHDIR)/mlgatectl'
	rm -rf '$(DESTDIR)$(DOCDIR)'
	$(if $(MODEL),rm -f '$(DESTDIR)$(MODEL_FILE)')
	@$(if $(MODSDIR),build/install-debian --remove '$(DESTDIR)$(MODSDIR)')

dist: ## the committed sources as build/out/mod_mlgate-VERSION.tar.gz
	@mkdir -p build/out
	git archive --prefix=mod_mlgate-$(VERSION)/ \
	  -o build/out/mod_mlgate-$(VERSION).tar.gz HEAD

.PHONY: install uninstall dist
