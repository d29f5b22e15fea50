package config

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

// A secret may hold whatever one line can: what was put in is neither YAML nor expanded again.
func TestExpandedValuesStayWhatTheyAre(t *testing.T) {
	env := fakeEnvironment()
	env.Lookup = func(string) (string, bool) { return "a: ${N} # \"b\" 'x', listen: x", true }
	s, _, err := Parse("f.yaml", []byte(strings.Replace(least, "adapter: fake", "adapter: fake, api_key: \"${KEY}\"", 1)), env)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Providers[0].Env.APIKey.Reveal(), "a: ${N} # \"b\" 'x', listen: x"; got != want {
		t.Errorf("the key = %q, want %q", got, want)
	}
}

// A secret loses the line end that a shell or an editor left, wherever it comes from; one in its middle is a fault, with its
// line and without the secret.
func TestLineEndsInSecrets(t *testing.T) {
	const secret = "sk-that-nobody-may-see"
	for _, reference := range []string{"${KEY}", "${file:/run/secrets/key}"} {
		for value, want := range map[string]string{
			secret + "\n": secret, secret + "\r\n": secret, secret + "\n\n": secret, secret: secret,
			secret + "\nand-more": "", secret + "\tand-more": "", "\n" + secret: "", secret + "\x00": "",
		} {
			env := fakeEnvironment()
			env.Lookup = func(string) (string, bool) { return value, true }
			env.Read = func(string) (string, error) { return strings.TrimRight(value, LineEnds), nil } // as readSecret does
			file := strings.Replace(least, "adapter: fake", "adapter: fake, api_key: \""+reference+"\"", 1)
			s, _, err := Parse("f.yaml", []byte(file), env)
			switch {
			case want == "":
				if err == nil || !strings.Contains(err.Error(), "f.yaml:3:") || strings.Contains(err.Error(), secret) {
					t.Errorf("%s as %q: got %v, want a fault with its line and without the secret", reference, value, err)
				}
			case err != nil:
				t.Errorf("%s as %q: %v", reference, value, err)
			case s.Providers[0].Env.APIKey.Reveal() != want:
				t.Errorf("%s as %q: got %q", reference, value, s.Providers[0].Env.APIKey.Reveal())
			}
		}
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
	if got, err := ReadSecret(write("key", " secret \r\n\n")); err != nil || got != " secret " {
		t.Errorf("readSecret = %q, %v, want it without the line ends", got, err)
	}
	for _, path := range []string{write("long", strings.Repeat("x", maxSecretFile+1)), filepath.Join(dir, "none"), dir} {
		if got, err := ReadSecret(path); err == nil {
			t.Errorf("readSecret(%s) = %d bytes, want an error", path, len(got))
		}
	}
}
