package packages

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// What is the machine's fault skips a test, and what is the packages' does not.
func TestOnlyAMissingRegistryOfPythonSkips(t *testing.T) {
	for name, tt := range map[string]struct {
		out  string
		want bool
	}{
		"no name":        {"Retrying (...) after connection broken by 'NameResolutionError(...)'\nERROR: No matching distribution found for x", true},
		"no server":      {"Retrying (...) after connection broken by 'NewConnectionError(...)'\nERROR: No matching distribution found for x", true},
		"not there":      {"ERROR: No matching distribution found for x", false},
		"another file":   {"ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", false},
		"another Python": {"ERROR: Ignored the following versions that require a different python version", false},
	} {
		if got := pipUnreachable([]byte(tt.out)); got != tt.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func TestPackagesAreInstalledOnce(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir()) // where a system has its cache there
	installs := 0
	install := func(dir string) error {
		installs++
		if _, err := os.Stat(filepath.Join(dir, "half")); err == nil {
			t.Error("what a broken install has left is still there")
		}
		if err := os.WriteFile(filepath.Join(dir, "half"), nil, 0o600); err != nil {
			return err
		}
		if installs == 1 {
			return errBroken
		}
		return nil
	}
	if _, err := Cached("kind", []byte("a"), install); !errors.Is(err, errBroken) {
		t.Fatalf("got %v, want the install's error", err)
	}
	first, err := Cached("kind", []byte("a"), install)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Cached("kind", []byte("a"), install)
	if err != nil || again != first || installs != 2 {
		t.Errorf("got %s (%v) after %d installs, want %s after 2", again, err, installs, first)
	}
	if other, err := Cached("kind", []byte("b"), install); err != nil || other == first || installs != 3 {
		t.Errorf("got %s (%v) after %d installs, want another folder after 3", other, err, installs)
	}
}

var errBroken = errors.New("broken")
