package main

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
)

// Every provider's folder is in the list of drivers, under its own name, and nothing else is.
func TestDriversAreTheFolders(t *testing.T) {
	entries, err := os.ReadDir("../../upstream")
	if err != nil {
		t.Fatal(err)
	}
	others := []string{"upstreamtest", "goldentest", "vendorsocket", "vendorhttp", "emulator", "emulatortest"} // what is no provider
	var folders []string
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(others, e.Name()) {
			folders = append(folders, e.Name())
		}
	}
	var names []string
	for _, d := range drivers() {
		names = append(names, d.Name())
	}
	slices.Sort(names)
	if !slices.Equal(names, folders) {
		t.Errorf("drivers = %v, folders = %v", names, folders)
	}
}

// The defaults of every driver's options are valid.
func TestDriversDefaultsAreValid(t *testing.T) {
	for _, d := range drivers() {
		if err := d.Check(func(any) error { return nil }); err != nil {
			t.Errorf("%s: %v", d.Name(), err)
		}
	}
}

// runsHere reports whether a driver's providers are programs of this machine.
func runsHere(t *testing.T, d upstream.Driver) bool {
	t.Helper()
	program, err := d.Program(func(any) error { return nil })
	if err != nil {
		t.Fatalf("%s: %v", d.Name(), err)
	}
	return program != ""
}

// Every vendor that can be spoken to can be emulated, and every driver stands in the example configuration.
func TestEveryVendorIsEmulatedAndShown(t *testing.T) {
	var names []string
	for _, d := range vendors() {
		if !runsHere(t, d) { // what does has no wire to emulate
			names = append(names, d.Name())
		}
	}
	slices.Sort(names)
	emulated := emulator.Vendors()
	for _, name := range names { // an emulator may be ahead of its adapter
		if !slices.Contains(emulated, name) {
			t.Errorf("%s has no emulator; there are %v", name, emulated)
		}
	}
	config, err := os.ReadFile("../../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range drivers() {
		name := d.Name()
		if !regexp.MustCompile(`\badapter: ` + name + `\b`).Match(config) {
			t.Errorf("config.yaml shows no provider with adapter: %s", name)
		}
	}
}
