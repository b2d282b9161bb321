# SPDX-License-Identifier: Apache-2.0
# The protocol of records and locks, model-checked: t/model/record.pml says
# what is proved and what each mutation leaves out. Every proof is exhaustive;
# t/model/RESULT is what this printed last, on whatever machine.

MODEL_SRC = t/model/record.pml
# NAME:DEFINES; the reader looks at the record (1) or at the block (2)
MODEL_PROOFS = \
  one-death-record:-DDEATHS=1,-DROUNDS=1,-DLOOKS_AT=1 \
  one-death-block:-DDEATHS=1,-DROUNDS=1,-DLOOKS_AT=2 \
  two-deaths-record:-DDEATHS=2,-DROUNDS=1,-DLOOKS_AT=1 \
  two-deaths-block:-DDEATHS=2,-DROUNDS=1,-DLOOKS_AT=2 \
  two-rounds-block:-DDEATHS=1,-DROUNDS=2,-DLOOKS_AT=2
MODEL_MUTATIONS = NO_REPAIR:1 NO_BUSY:1 NO_ROBUST:1 NO_SEQ:1 NO_ODD:1 \
                  NO_MINE:1 NO_AGAIN:2
MODEL_OUT = build/out/model

model-check: ## the lock and record protocol proved by spin, each mutation found
	$(Q)build/need build model
	$(Q)mkdir -p $(MODEL_OUT)
	$(Q)set -o pipefail; { for p in $(MODEL_PROOFS); do \
	    t/model/check holds $(MODEL_OUT) $${p%%:*} $$(echo $${p#*:} | tr , ' ') || exit 1; done; \
	  for m in $(MODEL_MUTATIONS); do \
	    t/model/check breaks $(MODEL_OUT) $${m%:*} -D$${m%:*} \
	      -DDEATHS=1 -DROUNDS=1 -DLOOKS_AT=$${m#*:} || exit 1; done; } \
	  | tee $(MODEL_OUT)/result

.PHONY: model-check
