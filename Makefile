# GNU make. `make` lists the targets.
ifeq ($(OS),Windows_NT)
$(error on Windows this runs in WSL2 only: it needs Linux or macOS)
endif
.DEFAULT_GOAL := help
SHELL := /bin/sh
MODULES := customer preference recommendation egress service lab e2e
PROGRAMS := out/customer out/preference out/recommendation out/egress
# the race detector needs a C compiler
RACE = $(if $(shell command -v $(firstword $(shell go env CC))),-race)
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
DEADCODE := golang.org/x/tools/cmd/deadcode@v0.52.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
export GOVULNDB ?= https://vuln.go.dev
# of each fuzz target
FUZZTIME ?= 30s
export DOCKER ?= docker
# of the rules in the lessons
EDITION ?= all
# else each test binary waits a second for reports of other threads
export GORACE ?= atexit_sleep_ms=0

.PHONY: help run chain build test verify prove verify-cluster bench picture fuzz lint deadcode vulnerabilities licenses images test-images push load deploy undeploy cluster cluster-down test-cluster clean

help: ## this list
	@awk -F ':[^#]*## ' '/^[a-z-]+:[^#]*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start the tutorial on this machine, with a real Envoy; LISTEN=8290 for another port; Ctrl-C ends it
	@bin/lab up $(if $(LISTEN),--listen '$(LISTEN)')

chain: build ## the plain chain, without a mesh, on 8280, 8180 and 8080, or PORTS='9280 9180 9080'
	@bin/chain.sh

build: $(PROGRAMS) ## the programs, into out/

# go build knows best what changed
$(PROGRAMS): FORCE
	@[ -x $@ ] || echo 'building $@: 15 MB'
	@bin/progress.sh 'building $@' go build -v -trimpath -o $@ ./$(@F)
FORCE:

test: out/jaeger out/prometheus out/envoy out/axe.min.js ## all tests that need no engine and no cluster
	bin/progress.sh vet go vet work
	go test $(RACE) -shuffle=on -timeout 40m work

out/jaeger: tools/jaeger/main.go tools/jaeger/go.mod
	@echo 'building Jaeger, once: fetches about 77 MB and takes minutes'
	@GOWORK=off bin/progress.sh 'building Jaeger' go -C tools/jaeger build -v -trimpath -ldflags='-s -w' -o ../../$@ .

out/prometheus: tools/prometheus/main.go tools/prometheus/api.go tools/prometheus/go.mod
	@echo 'building Prometheus, once: fetches about 154 MB and takes minutes'
	@GOWORK=off bin/progress.sh 'building Prometheus' go -C tools/prometheus build -v -trimpath -ldflags='-s -w' -o ../../$@ .

# the script knows whether what is there is an Envoy
out/envoy: FORCE
	@bin/install-envoy.sh

out/axe.min.js: e2e/browser/requirements.txt
	@rm -rf out/axe && python3 -m pip install --quiet --disable-pip-version-check --ignore-requires-python --no-deps \
		--only-binary :all: --require-hashes --target out/axe -r $<
	@mv out/axe/axe_playwright_python/axe.min.js $@ && rm -rf out/axe && touch $@

verify: out/envoy ## the lessons of docs/ as tests: LESSONS='4 14', EDITION=v1 (or classic, gateway-api, all)
	@bin/lab verify --edition $(EDITION) $(LESSONS)

prove: out/envoy ## the same with their rules left out or wrong, which the checks must find
	@bin/lab verify --prove --edition $(EDITION) $(LESSONS)

verify-cluster: ## the lessons on the cluster that KUBECONFIG names, which has Istio and the images: LESSONS='4 14', EDITION=v1
	@bin/lab --on cluster verify --edition $(EDITION) $(LESSONS)

bench: build out/jaeger out/envoy ## the figures of README.md, measured here
	go -C e2e test -run='^$$' -bench=. -benchtime=1x -timeout 45m ./...
	go -C lab test -run='^$$' -bench=BenchmarkTraffic -benchtime=1x ./daemon
	go -C lab test -run='^$$' -bench=BenchmarkWatched -benchtime=1x ./console

picture: out/axe.min.js out/envoy ## docs/console.png, the page as the tests show it
	go -C e2e test -run='TestPicture' -count=1 ./browser
	cp out/browser/console.png docs/console.png

fuzz: ## every fuzz target, one after the other, FUZZTIME=30s each
	@bin/fuzz.sh $(FUZZTIME) $(MODULES)

lint: out/tools/repository deadcode vulnerabilities ## what CI holds the sources to
	@test -z "$$(gofmt -l $(MODULES) tools)" || { echo 'gofmt would change:'; gofmt -l $(MODULES) tools; exit 1; }
	@out/tools/repository .
	@bin/progress.sh vet go vet work
	@bin/progress.sh vet go vet -tags=images,cluster work
	@GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 bin/progress.sh 'vet for macOS' go vet work
	@for p in $(PROGRAMS:out/%=./%) ./lab/cmd/lab; do GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 bin/progress.sh 'building for macOS' go build -o /dev/null $$p || exit 1; done
	@for m in $(MODULES) tools/repository; do (cd $$m && GOWORK=off go mod tidy -diff && GOWORK=off go build -o /dev/null ./...) || exit 1; done
	@bin/progress.sh 'building golangci-lint' go run -v $(GOLANGCI) version
	@for m in $(MODULES); do echo "golangci-lint $$m"; (cd $$m && go run $(GOLANGCI) run ./...) || exit 1; done
	@echo golangci-lint tools/repository; cd tools/repository && export GOWORK=off && go test ./... >/dev/null && go run $(GOLANGCI) run ./...
	@if command -v shellcheck >/dev/null; then shellcheck bin/*.sh bin/lab .ci/run; else echo 'lint: no shellcheck here: scripts not checked'; fi

out/tools/%: FORCE
	@GOWORK=off go -C tools/repository build -o ../../$@ $(if $(filter repository,$*),.,./$*)

# What only tests call is dead, but for the packages that are there for tests: labtest, servicetest, e2e.
deadcode:
	@echo deadcode
	@go run $(DEADCODE) -filter '^istio-tutorial/' $(filter-out ./e2e/...,$(MODULES:%=./%/...)) >out/deadcode
	@go run $(DEADCODE) -test -filter '^istio-tutorial/(.*/(lab|service)test|e2e)(/|$$)' -tags=images,cluster $(MODULES:%=./%/...) >out/deadcode-test
	@! { grep -E -v '^[^:]*/(lab|service)test/' out/deadcode; cat out/deadcode-test; } | grep .

vulnerabilities:
	@if curl -fsS --max-time 10 -o /dev/null "$$GOVULNDB/index/db.json" 2>/dev/null; then \
		for m in $(MODULES); do echo "govulncheck $$m"; (cd $$m && go run $(GOVULNCHECK) -db "$$GOVULNDB" ./...) || exit 1; done; \
	else echo 'lint: $(GOVULNDB) is not reached: nobody was asked for known vulnerabilities'; fi

licenses: out/tools/licenses ## the licences of all that the programs are linked from; fails on one that is not allowed
	@out/tools/licenses . $(PROGRAMS:out/%=./%) ./lab/cmd/lab

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

cluster: ## a cluster with Istio and the tutorial, by kind or minikube, and a way in; Ctrl-C ends that
	@bin/cluster.sh up

cluster-down: ## remove what make cluster has made
	@bin/cluster.sh down

test-cluster: images ## the tutorial's steps on the cluster that KUBECONFIG names; LOAD='command' KEEP=1
	$(if $(LOAD),@bin/images.sh load)
	go -C e2e test $(RACE) -tags=cluster -count=1 -v -timeout 30m ./cluster

clean: ## remove what was built
	rm -rf out
