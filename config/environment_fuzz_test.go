package config

import (
	"errors"
	"strings"
	"testing"
)

// References are replaced once, by what they name, and nothing else is.
func FuzzExpand(f *testing.F) {
	for _, seed := range []string{
		"plain", "${A}", "${A}${B}", "$${A}", "$$${A}", "${", "${}", "${1}", "${file:/a}", "${file:}", "${A", "}${A}{", "${A${B}}", "${NOWHERE}", "$", "$$",
	} {
		f.Add(seed, "value")
		f.Add(seed, "${B}")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		env := Environment{
			Lookup: func(name string) (string, bool) { return value, name != "NOWHERE" },
			Read: func(path string) (string, error) {
				if path == "" {
					return "", errors.New("no such file")
				}
				return value, nil
			},
		}
		got, err := env.expand(text)
		if err != nil {
			if value != "" && len(value) > 8 && strings.Contains(err.Error(), value) && !strings.Contains(text, value) {
				t.Errorf("%q: the error tells a value: %v", text, err)
			}
			return
		}
		if !strings.Contains(text, "${") && (got.text != text || got.foreign) {
			t.Errorf("%q without a reference is %+v", text, got)
		}
		if got.foreign != strings.Contains(strings.ReplaceAll(text, "$${", ""), "${") {
			t.Errorf("%q: foreign is %v", text, got.foreign)
		}
		// What was put in is not expanded again: with nothing put in, nothing but the plain text and ${ are left.
		bare, err := Environment{
			Lookup: func(string) (string, bool) { return "", true }, Read: func(string) (string, error) { return "", nil },
		}.expand(text)
		if err != nil {
			return
		}
		if count := strings.Count(text, "${") - strings.Count(text, "$${"); len(got.text) > len(bare.text)+count*len(value) {
			t.Errorf("%q with %q is %q, longer than its %d references make it", text, value, got.text, count)
		}
	})
}
