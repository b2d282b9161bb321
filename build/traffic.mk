# SPDX-License-Identifier: Apache-2.0
# Labelled traffic before a real gate, for what logs cannot carry: headers,
# kept connections, HTTP/2, cookies. t/traffic/README.md tells who is there.
#
#   SET           train (6 min), validate (4 min), all: both
#   SEED          whose clients
#   OUT_DIR       gets SET/observations.log, labels.tsv and report.txt
#   TRAFFIC_PORT  the first of five ports on 127.0.0.1

SET          ?= all
SEED         ?= 1
OUT_DIR      ?= build/out/traffic
TRAFFIC_PORT ?= 8640

TRAFFIC = OUT='$(OUT)' SEED='$(SEED)' OUT_DIR='$(OUT_DIR)' \
          TRAFFIC_PORT='$(TRAFFIC_PORT)'

traffic: ## labelled traffic of people and attackers (SET= SEED= OUT_DIR=)
	@build/need build traffic
	@$(MAKE) --no-print-directory $(OUT)/mod_mlgate.so
	@$(TRAFFIC) SET='$(SET)' node t/traffic/traffic.mjs $(OUT)/mod_mlgate.so

traffic-check: all | need-test ## the same with one client of each kind
	$(Q)$(TRAFFIC) t/traffic/check.sh

.PHONY: traffic traffic-check
