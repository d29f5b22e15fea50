# Versions of the tools that check the code. They are built into bin/, so that nothing else on the machine is touched.
GOFUMPT     = mvdan.cc/gofumpt@v0.12.0
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

BIN      := $(CURDIR)/bin
FUZZTIME ?= 1s

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

# race leaves out the tests of whole processes, in which much depends on time, and what drives programs that others wrote.
race:
	go test -race -short $$(go list ./... | grep -v -e /tests/foreign/ -e '/tests$$')

# fuzz runs each fuzz target for a moment, two at a time; go test takes one target of one package.
fuzz:
	@grep -r --include='*_test.go' '^func Fuzz' . | sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | sort | \
		xargs -P 2 -L 1 sh -c 'go test -run "^\$$" -fuzz "^$$1\$$" -fuzztime $(FUZZTIME) -parallel 1 "$$0" || exit 255'

# bench measures the relay beside nginx and a direct connection; docs/performance.md says how to read it.
bench:
	go run ./tests/bench

$(BIN)/gofumpt:
	GOBIN=$(BIN) go install $(GOFUMPT)

$(BIN)/staticcheck:
	GOBIN=$(BIN) go install $(STATICCHECK)
