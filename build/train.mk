# SPDX-License-Identifier: Apache-2.0
# A model trained on labelled logs, and what it and the weights are worth. With
# ../shared/data beside the tree `make train` makes conf/mlgate.mlg again, byte
# for byte; conf/mlgate-model.md is its card.
#
#   DATA        labelled logs, DIR/*/combined.log.gz and labels.tsv.gz, or what
#               else `mlgatectl train --data` takes
#   SEED        of every random number
#   MAX_FPR     of the people on left-out sites, at most this share is refused
#   TRAIN_ARGS  further options of mlgatectl train
#   SAME_SITE   sites of one server, left out together: a,b
#   JUDGE_ONLY  a site whose times are false: nothing is trained on it

DATA       ?= ../shared/data
SEED       ?= 1
SAME_SITE  ?= $(if $(wildcard $(DATA)/geolynx_vhosts),geolynx$(comma)geolynx_vhosts)
JUDGE_ONLY ?= $(if $(wildcard $(DATA)/semicomplete),semicomplete)
MAX_FPR    ?= 0.0007
TRAIN_ARGS ?=
TRAIN_OUT   = build/out/train
comma      := ,

train: $(OUT)/mlgatectl ## a model and reports from labelled logs (DATA=../shared/data SEED=1)
	$(Q)mkdir -p $(TRAIN_OUT)
	$(Q)$< train --data '$(DATA)' $(if $(SAME_SITE),--same-site '$(SAME_SITE)') \
	  $(if $(JUDGE_ONLY),--judge-only '$(JUDGE_ONLY)') \
	  --seed $(SEED) --max-fpr $(MAX_FPR) -o $(TRAIN_OUT)/mlgate.mlg --json $(TRAIN_OUT)/train.json \
	  --html $(TRAIN_OUT)/train.html $(TRAIN_ARGS) | tee $(TRAIN_OUT)/train.txt

eval: $(OUT)/mlgatectl ## what the weights are worth on labelled logs (MODEL=weighted or FILE.mlg)
	$(Q)$< eval --data '$(DATA)' --model '$(or $(MODEL),weighted)'

.PHONY: train eval
