# Versions of the tools that check the code. They are built into bin/, so that nothing else on the machine is touched.
GOFUMPT     = mvdan.cc/gofumpt@v0.12.0
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

BIN      := $(CURDIR)/bin
FUZZTIME ?= 2s

.PHONY: check format vet lint race fuzz tidy bench build

# check is what CI runs behind the tests.
check: format tidy vet lint race fuzz

build:
	CGO_ENABLED=0 go build -trimpath -o $(BIN)/relay ./cmd/relay

format: $(BIN)/gofumpt
	@unformatted=$$($(BIN)/gofumpt -l .); test -z "$$unformatted" || { echo "not formatted by gofumpt:"; echo "$$unformatted"; exit 1; }

tidy:
	go mod tidy -diff

vet:
	go vet ./...

lint: $(BIN)/staticcheck
	$(BIN)/staticcheck ./...

# race leaves out what drives programs that others wrote: the detector does not see into them.
race:
	go test -race $$(go list ./... | grep -v /tests/foreign/)

# fuzz runs each fuzz target for a moment; go test takes one target of one package at a time.
fuzz:
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "== $$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

# bench measures the relay beside nginx and a direct connection; docs/performance.md says how to read it.
bench:
	go run ./tests/bench

$(BIN)/gofumpt:
	GOBIN=$(BIN) go install $(GOFUMPT)

$(BIN)/staticcheck:
	GOBIN=$(BIN) go install $(STATICCHECK)
