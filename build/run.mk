# SPDX-License-Identifier: Apache-2.0
# The gate at work on this machine: for a look, for an application in
# development, for a browser.

# PORT and TARGET reach build/run through the environment.
run: ## the gate on 127.0.0.1:8000 before a demo shop (TARGET=http://host:port PORT=)
	@build/need build run
	@$(MAKE) --no-print-directory $(OUT)/mod_mlgate.so
	@build/run $(OUT)/mod_mlgate.so

browse: ## a browser visits the demo shop through the gate like a person
	@build/need build run browse
	@$(MAKE) --no-print-directory $(OUT)/mod_mlgate.so
	@node t/browse/browse.mjs $(OUT)/mod_mlgate.so

.PHONY: run browse
