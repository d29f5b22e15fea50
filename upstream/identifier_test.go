package upstream_test

import (
	"strings"
	"testing"

	"voicerelay/upstream"
)

func TestIdentifiers(t *testing.T) {
	for code, want := range map[string]bool{
		"voice_not_found":        true,
		"net_0001":               true,
		"_":                      true,
		"":                       false,
		"Voice_not_found":        false,
		"free text":              false,
		"a-b":                    false,
		"naïve":                  false,
		"a\xff":                  false,
		"a\x00b":                 false,
		strings.Repeat("a", 40):  true,
		strings.Repeat("a", 41):  false,
		"secret words, and more": false,
	} {
		if got := upstream.Identifier(code, upstream.LowerCase); got != want {
			t.Errorf("%q: got %t, want %t", code, got, want)
		}
	}
	if !upstream.Identifier("RATE_LIMITED", upstream.UpperCase) || !upstream.Identifier("aB", upstream.LowerCase+upstream.UpperCase) {
		t.Error("letters of another case are refused")
	}
}
