package config

import (
	"os"
	"strings"
	"testing"
)

// Whatever a file holds, the loader answers with settings or with faults that have places, tells no secret, and
// does not panic.
func FuzzParseConfig(f *testing.F) {
	for _, path := range []string{"testdata/full.yaml", "../config.yaml"} {
		source, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(source))
	}
	for _, seed := range []string{least, "", "a: &x [*x]", "? {a: b}\n: c", "- - -", "listen: ${KEY}\n", "keys: [{key: !!str 1}]", "%YAML 1.2\n---\n...\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		s, _, err := Parse("f.yaml", []byte(source), fakeEnvironment())
		if (s == nil) == (err == nil) {
			t.Fatalf("settings %v and error %v", s, err)
		}
		if err == nil {
			return
		}
		if strings.Contains(err.Error(), "sk-secret") && !strings.Contains(source, "sk-secret") {
			t.Fatalf("the faults tell a secret: %v", err)
		}
		if !strings.HasPrefix(err.Error(), "f.yaml:") {
			t.Fatalf("a fault without its file: %v", err)
		}
	})
}
