package main

import (
	"encoding/json"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

var (
	ofTest = source{commit: strings.Repeat("c0", 20)}
	built  = &binary{
		name: "relay", sha256: strings.Repeat("ab", 32), built: time.Date(2026, 3, 1, 12, 0, 0, 5, time.UTC),
		info: &debug.BuildInfo{
			GoVersion: "go1.26.8", Path: "voicerelay/cmd/relay", Main: debug.Module{Path: "voicerelay"},
			Settings: []debug.BuildSetting{{Key: "-trimpath", Value: "true"}},
		},
		modules: []module{
			{path: "example.org/a", version: "v1.2.3", dirHash: strings.Repeat("0a", 32)},
			{path: "example.org/b", version: "v0.1.0", dirHash: strings.Repeat("0b", 32)},
			{path: "./client", version: "(devel)"},
		},
	}
)

// said is the statement of the binary, with something replaced.
func said(t *testing.T, old, replaced string) []byte {
	t.Helper()
	encoded, err := json.Marshal(built.statement(ofTest))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(encoded), old) {
		t.Fatalf("no %s in %s", old, encoded)
	}
	if old == "" {
		return encoded
	}
	return []byte(strings.ReplaceAll(string(encoded), old, replaced))
}

func TestAStatementIsOfItsBinaryAndItsSourceAlone(t *testing.T) {
	if err := checkStatement(said(t, "", ""), built, ofTest); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string][2]string{
		"another binary":    {built.sha256, strings.Repeat("cd", 32)},
		"another commit":    {ofTest.commit, strings.Repeat("d0", 20)},
		"another module":    {"example.org/b@v0.1.0", "example.org/b@v0.1.1"},
		"another hash":      {strings.Repeat("0b", 32), strings.Repeat("0c", 32)},
		"another toolchain": {"go1.26.8", "go1.26.7"},
		"another build":     {`"-trimpath":"true"`, `"-trimpath":"false"`},
		"changes":           {`"modified":"false"`, `"modified":"true"`},
		"another predicate": {predicateType, "https://slsa.dev/provenance/v0.2"},
		"a field too many":  {`"subject"`, `"more":1,"subject"`},
	} {
		if err := checkStatement(said(t, change[0], change[1]), built, ofTest); err == nil {
			t.Errorf("%s: nothing is found", what)
		}
	}
}

// list is a list of the binary's modules, with something replaced.
func list(t *testing.T, old, replaced string) []byte {
	t.Helper()
	encoded := `{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {"name": "voicerelay"},
		"properties": [{"name": "` + hashOfBinary + `", "value": "` + built.sha256 + `"}]}, "components": [
		{"name": "example.org/a", "version": "v1.2.3", "purl": "pkg:golang/example.org/a@v1.2.3?type=module",
			"hashes": [{"alg": "SHA-256", "content": "` + strings.Repeat("0a", 32) + `"}]},
		{"name": "example.org/b", "version": "v0.1.0", "purl": "pkg:golang/example.org/b@v0.1.0?type=module",
			"hashes": [{"alg": "SHA-256", "content": "` + strings.Repeat("0b", 32) + `"}]},
		{"name": "./client", "version": "(devel)", "purl": "pkg:golang/./client@(devel)?type=module"}]}`
	if !strings.Contains(encoded, old) {
		t.Fatalf("no %s", old)
	}
	if old == "" {
		return []byte(encoded)
	}
	return []byte(strings.ReplaceAll(encoded, old, replaced))
}

func TestAListHasEveryModuleOfItsBinary(t *testing.T) {
	if err := checkSBOM(list(t, "", ""), built); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string][2]string{
		"another format":  {"CycloneDX", "SPDX"},
		"another binary":  {built.sha256, strings.Repeat("cd", 32)},
		"a lacking one":   {`"./client"`, `"./other"`},
		"another version": {`"version": "v0.1.0"`, `"version": "v0.1.1"`},
		"another hash":    {strings.Repeat("0b", 32), strings.Repeat("0c", 32)},
		"another address": {"pkg:golang/example.org/a@", "pkg:golang/example.org/c@"},
		"one too many":    {`"components": [`, `"components": [{"name": "example.org/d", "version": "v1.0.0"},`},
	} {
		if err := checkSBOM(list(t, change[0], change[1]), built); err == nil {
			t.Errorf("%s: nothing is found", what)
		}
	}
}
