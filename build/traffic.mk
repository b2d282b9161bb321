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

# Swarms and flash crowds by X-Forwarded-For, before a gate that refuses.
#
#   KINDS       one_print many_prints versions paths referer drip, newsletter
#               aggregator launch mail_proxies crawl; all of them, 14 min
#   ADDRESSES   of a wave (10000; up to 50000)     SECONDS  they come in (60)
#   SHARE       MLGateSwarmMaxShare (1)
traffic-swarms: ## what is refused of swarms and flash crowds (KINDS= ADDRESSES= SECONDS=)
	@build/need build traffic
	@$(MAKE) --no-print-directory $(OUT)/mod_mlgate.so $(OUT)/town $(OUT)/clock.so
	@$(TRAFFIC) KINDS='$(KINDS)' ADDRESSES='$(ADDRESSES)' \
	  SECONDS='$(SECONDS)' SHARE='$(SHARE)' \
	  node t/traffic/swarms.mjs $(OUT)/mod_mlgate.so

traffic-check: all $(OUT)/town $(OUT)/clock.so | need-test ## the same with one client of each kind, and a small swarm
	$(Q)$(TRAFFIC) t/traffic/check.sh

.PHONY: traffic traffic-check traffic-swarms
