package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestExpand(t *testing.T) {
	cases := []struct {
		name, in, want string
		unset          []string
		fault          bool
	}{
		{"plain", "a $b {c} $", "a $b {c} $", nil, false},
		{"variable", "${N}", "7", nil, false},
		{"within", "a${N}b${N}c", "a7b7c", nil, false},
		{"empty", "a${EMPTY}b", "ab", nil, false},
		{"not set", "a${X}b${Y}", "ab", []string{"X", "Y"}, false},
		{"file", "${file:/run/secrets/key}", "sk-secret-of-a-file", nil, false},
		{"escaped", "$${N} costs $$5", "${N} costs $$5", nil, false},
		{"no file", "${file:/nowhere}", "", nil, true},
		{"no end", "${N", "", nil, true},
		{"no name", "${}", "", nil, true},
		{"bad name", "${1A}", "", nil, true},
		{"default as in shells", "${N:-x}", "", nil, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := fakeEnvironment().expand(c.in)
			if (err != nil) != c.fault {
				t.Fatalf("expand(%q) = %v, want a fault: %v", c.in, err, c.fault)
			}
			if got.text != c.want || !slices.Equal(got.unset, c.unset) {
				t.Errorf("expand(%q) = %+v, want %q, unset %v", c.in, got, c.want, c.unset)
			}
		})
	}
}

// A secret may hold anything: what was put in is neither YAML nor expanded again.
func TestExpandedValuesStayWhatTheyAre(t *testing.T) {
	env := fakeEnvironment()
	env.lookup = func(string) (string, bool) { return "a: ${N} # \"b\"\nlisten: x", true }
	s, _, err := parseConfig("f.yaml", []byte(strings.Replace(least, "adapter: fake", "adapter: fake, api_key: \"${KEY}\"", 1)), env)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Providers[0].Env.APIKey.Reveal(), "a: ${N} # \"b\"\nlisten: x"; got != want {
		t.Errorf("the key = %q, want %q", got, want)
	}
}

func TestReadSecret(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if got, err := readSecret(write("key", " secret \r\n\n")); err != nil || got != " secret " {
		t.Errorf("readSecret = %q, %v, want it without the line ends", got, err)
	}
	for _, path := range []string{write("long", strings.Repeat("x", maxSecretFile+1)), filepath.Join(dir, "none"), dir} {
		if got, err := readSecret(path); err == nil {
			t.Errorf("readSecret(%s) = %d bytes, want an error", path, len(got))
		}
	}
}
