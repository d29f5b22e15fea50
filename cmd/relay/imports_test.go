package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
)

// allowed says who may import whom, within the module; nil: all. docs/ARCHITECTURE.md has it as a table.
func allowed(pkg string) []string {
	leaves := []string{"audio", "text", "limits", "billing", "tcp", "awake"}
	switch {
	case pkg == "cmd/relay":
		return nil // everything
	case pkg == "config":
		return []string{"access", "audio/codec", "billing", "billing/ledger", "billing/listprice", "events", clientModule + "/protocol", "config/check", "limits", "routing", "upstream"}
	case pkg == "audio/codec":
		return []string{"audio", "config/check", "program"}
	case pkg == "tracing":
		return []string{"billing", "relay/trace"}
	case pkg == "logging":
		return []string{}
	case pkg == "billing/ledger/filelock", pkg == "cgroup", pkg == "trialca":
		return []string{}
	case pkg == "billing/ledger":
		return []string{"billing", "billing/ledger/filelock"}
	case pkg == "events":
		return []string{"billing", "limits"}
	case pkg == "program":
		return []string{}
	case pkg == "upstream/command":
		return []string{"program", "upstream", "audio", "text", "awake"}
	case pkg == "console", pkg == "peers":
		return []string{}
	case pkg == "access":
		return []string{"limits", "routing"}
	case pkg == "config/check":
		return []string{}
	case pkg == clientModule:
		return []string{clientModule + "/protocol"}
	case pkg == clientModule+"/protocol":
		return []string{}
	case pkg == "server":
		return append(leaves, clientModule+"/protocol", "access", "audio/codec", "console", "downstream", "peers", "routing", "upstream", "relay", "relay/conversations", "relay/refusals", "relay/running", "relay/providers", "relay/delivery", "relay/metrics", "relay/trace", "server/answer", "server/live", "server/usage")
	case pkg == "server/answer":
		return []string{"billing", "downstream"}
	case pkg == "server/live":
		return []string{clientModule + "/protocol", "access", "billing", "downstream", "peers", "relay", "relay/metrics", "relay/running", "server/answer"}
	case pkg == "server/usage":
		return []string{clientModule + "/protocol", "access", "billing", "downstream", "limits", "server/answer"}
	case pkg == "downstream":
		return []string{clientModule + "/protocol", "access", "audio", "audio/codec", "awake", "billing", "limits", "relay", "relay/refusals", "relay/delivery", "relay/metrics", "relay/trace", "text"}
	case pkg == "downstream/session", pkg == "downstream/body": // what dialects share
		return []string{
			clientModule + "/protocol", "access", "audio", "audio/codec", "downstream", "downstream/compress", "limits", "relay", "relay/refusals", "relay/delivery", "routing",
		}
	case pkg == "downstream/compress":
		return []string{clientModule + "/protocol", "audio", "audio/codec", "relay", "relay/refusals", "relay/delivery"}
	case pkg == "downstream/downstreamtest": // for the dialects' tests alone
		return []string{"server", "downstream", "relay/providers", "relay/relaytest", "routing", "limits", "billing", "audio", "upstream"}
	case strings.HasPrefix(pkg, "downstream/"): // a dialect knows neither the server nor another one
		return []string{
			clientModule + "/protocol", "access", "audio", "audio/codec", "billing", "downstream", "downstream/session", "downstream/body", "downstream/compress",
			"limits", "relay", "relay/refusals", "relay/delivery", "relay/position", "relay/trace", "routing", "text",
		}
	case pkg == "relay":
		return append(leaves, "access", "routing", "upstream", "relay/running", "relay/candidates", "relay/conversations", "relay/outcome", "relay/refusals", "relay/providers", "relay/input", "relay/speech", "relay/sound", "relay/position", "relay/delivery", "relay/metrics", "relay/trace")
	case pkg == "relay/conversations":
		return []string{"routing"}
	case pkg == "relay/outcome":
		return []string{"upstream"}
	case pkg == "relay/trace":
		return []string{"billing", "relay/position", "upstream"}
	case pkg == "relay/candidates":
		return []string{"limits", "routing", "upstream", "relay/providers"}
	case pkg == "relay/refusals":
		return []string{"billing", "limits", "routing", "upstream"}
	case pkg == "relay/providers":
		return []string{"access", "awake", "billing", "limits", "routing", "upstream", "relay/metrics"}
	case pkg == "relay/input":
		return []string{"text", "limits", "billing", "awake", "routing", "relay/speech"}
	case pkg == "relay/sound":
		return []string{"audio", "upstream"}
	case pkg == "relay/speech":
		return []string{"audio", "text", "limits", "billing", "awake", "upstream", "relay/position"}
	case pkg == "relay/position":
		return []string{"audio", "text", "billing"}
	case pkg == "relay/delivery":
		return []string{"audio", "limits", "tcp", "awake"}
	case pkg == "relay/relaytest": // for tests alone
		return []string{"upstream", "audio", "text", "awake"}
	case pkg == "routing":
		return []string{"upstream", "audio", "text", "config/check"}
	case pkg == "limits":
		return []string{"config/check"}
	case strings.HasPrefix(pkg, "billing/"):
		return []string{"billing"}
	case pkg == "limits/limitstest":
		return []string{"limits"}
	case slices.Contains(leaves, pkg), pkg == clientModule+"/protocol":
		return []string{}
	case pkg == "upstream/emulatortest": // between the two sides of a wire, which import neither each other nor this
		return []string{"upstream", "upstream/upstreamtest", "upstream/emulator", "upstream/emulator/voice", "audio", "billing"}
	case pkg == "upstream/goldentest": // for the adapters' tests alone
		return []string{"upstream", "upstream/upstreamtest"}
	case pkg == "upstream/emulator":
		return emulatorFolders()
	case pkg == "upstream/emulator/enginetest": // for the vendors' tests alone
		return []string{"upstream/emulator/engine", "upstream/emulator/voice", "upstream/upstreamtest", "audio"}
	case pkg == "upstream/emulator/voice":
		return []string{"audio"}
	case pkg == "upstream/emulator/engine":
		return []string{"upstream/emulator/voice", "audio"}
	case strings.HasPrefix(pkg, "upstream/emulator/"):
		return []string{"upstream/emulator/engine", "upstream/emulator/voice", "audio"}
	case pkg == "upstream":
		return []string{"audio", "text", "awake"}
	case pkg == "upstream/vendorsocket":
		return []string{"upstream", "tcp", "awake"}
	case pkg == "upstream/vendorhttp":
		return []string{"upstream", "audio", "awake"}
	case strings.HasPrefix(pkg, "upstream/"):
		return []string{"upstream", "upstream/vendorsocket", "upstream/vendorhttp", "audio", "text", "awake"}
	case pkg == "tests/bench": // the load generator must not be what limits
		return []string{"upstream/emulator", "audio", "tcp"}
	case pkg == "tests/clients/rig":
		return []string{"tests/process", "tests/foreign/npm", "tests/foreign/packages", "upstream/emulator", "upstream/emulator/voice"}
	case strings.HasPrefix(pkg, "tests/clients/"):
		return []string{"tests/clients/rig"}
	case strings.HasPrefix(pkg, "tests"):
		return []string{"tests/process", "tests/foreign/packages", "upstream/emulator", "upstream/emulator/voice", "audio", "tracing/tracingtest"}
	}
	return []string{}
}

// emulatorFolders are what lies below the list of emulated vendors: the engine, and a folder each.
func emulatorFolders() []string {
	folders := []string{"upstream/emulator/engine"}
	for _, vendor := range emulator.Vendors() {
		folders = append(folders, "upstream/emulator/"+vendor)
	}
	return folders
}

// pkg is a package of the module, or of the client's.
type pkg struct {
	ImportPath, Dir string
	Imports         []string
}

// name is the import path within the module; the client's is whole.
func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, "voicerelay/") }

// packages are all that go list knows, in the order of their paths.
func packages(t *testing.T) (all []pkg) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,Imports", "voicerelay/...", clientModule+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("found %d packages only", len(all))
	}
	slices.SortFunc(all, func(a, b pkg) int { return cmp.Compare(a.name(), b.name()) })
	return all
}

func TestImportsAreThoseOfTheMap(t *testing.T) {
	for _, p := range packages(t) {
		may := allowed(p.name())
		for _, imported := range p.Imports {
			ours, ok := strings.CutPrefix(imported, "voicerelay/")
			if (ok || strings.HasPrefix(imported, clientModule)) && may != nil && !slices.Contains(may, ours) {
				t.Errorf("%s imports %s, which the map does not allow", p.name(), ours)
			}
		}
	}
}
