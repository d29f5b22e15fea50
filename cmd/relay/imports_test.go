package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
)

// allowed is the paragraph on imports in docs/ARCHITECTURE.md: who may import whom, within the module.
func allowed(pkg string) []string {
	leaves := []string{"audio", "text", clientModule + "/protocol", "limits", "billing", "tcp", "awake"}
	switch {
	case pkg == "cmd/relay":
		return nil // everything
	case pkg == "config":
		return append(leaves, "config/check", "access", "billing/ledger", "routing", "upstream")
	case pkg == "access":
		return []string{"limits", "routing"}
	case pkg == "config/check":
		return []string{}
	case pkg == clientModule:
		return []string{clientModule + "/protocol"}
	case pkg == clientModule+"/protocol":
		return []string{}
	case pkg == "relay":
		return append(leaves, "access", "routing", "upstream", "relay/position", "relay/delivery", "relay/metrics")
	case pkg == "relay/position":
		return []string{"audio", "text", "billing", clientModule + "/protocol"}
	case pkg == "relay/delivery":
		return []string{"audio", "limits", "tcp", "awake"}
	case pkg == "routing":
		return []string{"upstream", "audio", "text", "config/check"}
	case pkg == "limits":
		return []string{"config/check"}
	case strings.HasPrefix(pkg, "billing/"):
		return []string{"billing"}
	case pkg == "limits/limitstest":
		return []string{"limits"}
	case slices.Contains(leaves, pkg):
		return []string{}
	case pkg == "upstream/emulatortest": // between the two sides of a wire, which import neither each other nor this
		return []string{"upstream", "upstream/upstreamtest", "upstream/emulator", "upstream/emulator/voice", "audio"}
	case pkg == "upstream/goldentest": // for the adapters' tests alone
		return []string{"upstream", "upstream/upstreamtest"}
	case pkg == "upstream/emulator":
		return emulatorFolders()
	case pkg == "upstream/emulator/enginetest": // for the vendors' tests alone
		return []string{"upstream/emulator/engine", "upstream/emulator/voice", "upstream/upstreamtest", "audio"}
	case pkg == "upstream/emulator/engine":
		return []string{"upstream/emulator/voice", "audio"}
	case strings.HasPrefix(pkg, "upstream/emulator/"):
		return []string{"upstream/emulator/engine", "upstream/emulator/voice", "audio"}
	case pkg == "upstream":
		return []string{"audio", "text", "awake"}
	case pkg == "upstream/vendorsocket":
		return []string{"upstream", "tcp", "awake"}
	case strings.HasPrefix(pkg, "upstream/"):
		return []string{"upstream", "upstream/vendorsocket", "audio", "text", "awake"}
	case pkg == "tests/bench": // the load generator must not be what limits
		return []string{"upstream/emulator", "audio", "tcp"}
	case strings.HasPrefix(pkg, "tests"):
		return []string{"tests/process", "upstream/emulator", "upstream/emulator/voice", "audio"}
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

func TestImportsAreThoseOfTheMap(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "voicerelay/...", clientModule+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		name := strings.TrimPrefix(pkg.ImportPath, "voicerelay/")
		may := allowed(name)
		for _, imported := range pkg.Imports {
			ours, ok := strings.CutPrefix(imported, "voicerelay/")
			if (ok || strings.HasPrefix(imported, clientModule)) && may != nil && !slices.Contains(may, ours) {
				t.Errorf("%s imports %s, which the map does not allow", name, ours)
			}
		}
	}
	if seen < 10 {
		t.Errorf("looked at %d packages only", seen)
	}
}
