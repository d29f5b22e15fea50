package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFilesThatNeedEachOther(t *testing.T) {
	n := needs{
		"a.go": {"b.go": {"B"}, "c.go": {"C"}},
		"b.go": {"a.go": {"A", "AA"}},
		"d.go": {"a.go": {"A"}}, // in no cycle
	}
	cycles := n.cycles()
	if len(cycles) != 1 || !slices.Equal(cycles[0], []string{"a.go", "b.go"}) {
		t.Fatalf("cycles: %q", cycles)
	}
	if got := n.uphill(cycles[0]); len(got) != 1 || !strings.Contains(got[0], "a.go needs b.go: B") {
		t.Errorf("uphill: %q, want the need of the one name", got)
	}
}

func TestNumbersThatAreAllowed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "most.txt")
	if err := os.WriteFile(file, []byte("voicerelay/a 3\nvoicerelay/b 12\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	most, err := readMost(file)
	if err != nil || most["voicerelay/a"] != 3 || most["voicerelay/b"] != 12 || len(most) != 2 {
		t.Errorf("got %v, %v", most, err)
	}
	if err := os.WriteFile(file, []byte("voicerelay/a many\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readMost(file); err == nil {
		t.Error("a line without a number is taken")
	}
}
