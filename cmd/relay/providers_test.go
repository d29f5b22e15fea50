package main

import (
	"os"
	"slices"
	"testing"
)

// Every provider's folder is in the list of drivers, under its own name, and nothing else is.
func TestDriversAreTheFolders(t *testing.T) {
	entries, err := os.ReadDir("../../upstream")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "upstreamtest" && e.Name() != "emulator" { // what is no provider
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
