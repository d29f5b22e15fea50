package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deadline is far beyond what any step of a test takes.
const deadline = 20 * time.Second

func TestFlags(t *testing.T) {
	tests := []struct {
		name string
		args string
		want string // in what is said of it; empty: nothing is wrong
	}{
		{"defaults", "", ""},
		{"all", "-generations 2,3 -duration 100ms -rounds 1 -idle 0 -pin=false -paths direct -parts load,memory -json out.json -svg out.svg", ""},
		{"an argument", "relay", "flags only"},
		{"no generation", "-generations 10,0", "-generations must each be"},
		{"a blink", "-duration 1ms", "-duration must be"},
		{"no round", "-rounds 0", "-rounds must be"},
		{"fewer than no connections", "-idle -1", "-idle must be"},
		{"no number", "-generations 10,many", "separated by commas"},
		{"a path that there is not", "-paths direct,proxy", "-paths must name"},
		{"a part that there is not", "-parts speed", "-parts must name"},
		{"unknown", "-frames 3", "not defined"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var said bytes.Buffer
			_, err := parseFlags(strings.Fields(test.args), &said)
			if (err != nil) != (test.want != "") || !strings.Contains(said.String(), test.want) {
				t.Errorf("got %v, said %q, want %q", err, said.String(), test.want)
			}
		})
	}
}

func TestABadFlagIsAUsageError(t *testing.T) {
	var out, errout bytes.Buffer
	if code := run(t.Context(), []string{"-rounds", "0"}, &out, &errout); code != exitUsage {
		t.Errorf("got exit code %d, want %d", code, exitUsage)
	}
	if code := run(t.Context(), []string{"-h"}, &out, &errout); code != exitOK {
		t.Errorf("got exit code %d for -h, want %d", code, exitOK)
	}
}
