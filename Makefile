# `make` alone says what there is. Whatever is missing (a Redis, the shells that
# tests complete in, a C compiler for test-all) is installed with apt-get where
# there is one.

.DEFAULT_GOAL := help
.PHONY: help build install man demo test test-all test-servers bench lint cross fmt tidy readme clean

TIMEOUT ?= 20m

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build bin/tracetest
	go build -o bin/tracetest ./cmd/tracetest

install: ## Install tracetest with go install
	go install ./cmd/tracetest

man: build ## Write the manual page bin/tracetest.1
	bin/tracetest man >bin/tracetest.1

demo: ## Find the leak of the incident in testdata/incident, with a Redis of its own
	@scripts/demo

test: ## Run go vet and all tests
	@scripts/setup
	go vet ./...
	go test -timeout $(TIMEOUT) ./...

# Not both at once: 100,000 random worlds take eleven minutes of processor time, and
# under the race detector over half an hour, with one goroutine to watch.
test-all: ## Run all tests, the long ones and other Go toolchains too, and then the usual ones with the race detector (long)
	@scripts/setup race
	go vet ./...
	TRACETEST_ALL=1 go test -timeout 60m ./...
	go test -race -timeout 60m ./...

test-servers: ## Run one suite on all servers that Debian or $TRACETEST_SERVERS has, in each shape; into docs/support.md (long)
	@[ -n "$$TRACETEST_SERVERS" ] || scripts/servers-debian bin/servers
	go run -buildvcs=false ./scripts/servers -dir "$${TRACETEST_SERVERS:-bin/servers}" -page docs/support.md

bench: ## Measure what tracetest costs and write docs/benchmarks.md (15 minutes)
	go run -buildvcs=false ./scripts/bench

lint: ## Check formatting, go vet, go.mod and staticcheck
	@scripts/lint

cross: ## Run go vet for other systems: 32 bits, macOS, FreeBSD, Windows (test-all does it too)
	TRACETEST_ALL=1 go test -count=1 -timeout 60m -run TestCross -v ./internal

fmt: ## Format the Go files
	gofmt -l -w cmd internal scripts testdata/incident

tidy: ## Tidy go.mod of the tool and of the incident
	go mod tidy
	cd testdata/incident && go mod tidy

readme: ## Run the demo and put its output into README.md
	@scripts/readme-demo

clean: ## Remove what was built and reported
	rm -rf bin tracetest-out
