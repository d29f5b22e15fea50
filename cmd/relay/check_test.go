package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const usable = `listen: 127.0.0.1:8080
providers:
  one: {adapter: tone}
routes:
  default:
    targets: [{provider: one}]
voices:
  narrator: {language: en, ids: {one: low}}
`
	good := write("good.yaml", usable)
	warned := write("warned.yaml", usable+"tenants: {acme: {}}\n")
	bad := write("bad.yaml", usable+"listn: x\nlog: {level: loud}\n")
	cases := []struct {
		name     string
		args     []string
		code     int
		out, err string // beginnings of the streams' only lines, joined by line ends
	}{
		{"good", []string{"-config", good}, exitOK, good + " is valid: providers that can speak: 1, routes: 1, voices: 1, keys: 0\nencoders: flac built in, mp3 ", ""},
		{"warned", []string{"-config", warned}, exitOK, warned + " is valid\nencoders: ", "warning: " + warned + ":9:11: tenants.acme: no key has this tenant"},
		{"bad", []string{"-config", bad}, exitFault, "", bad + ":9:1: listn: unknown key\n" + bad + ":10:7: log.level: must be"},
		{"missing", []string{"-config", dir + "/none"}, exitFault, "", dir + "/none: no such file"},
		{"argument", []string{good}, exitUsage, "", "relay check: unexpected argument"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if code := check(t.Context(), c.args, stdio{out: &out, err: &errs}); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			checkLines(t, "standard output", out.String(), c.out)
			checkLines(t, "standard error", errs.String(), c.err)
		})
	}
}

// checkLines compares lines with their wanted beginnings.
func checkLines(t *testing.T, stream, got, want string) {
	t.Helper()
	lines, beginnings := strings.Split(strings.TrimSuffix(got, "\n"), "\n"), strings.Split(want, "\n")
	if len(lines) != len(beginnings) || want == "" && got != "" {
		t.Errorf("%s:\n%s\nwant:\n%s", stream, got, want)
		return
	}
	for i, beginning := range beginnings {
		if !strings.HasPrefix(lines[i], beginning) {
			t.Errorf("%s: %q, want it to begin with %q", stream, lines[i], beginning)
		}
	}
}
