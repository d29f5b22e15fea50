package upstream

import "testing"

func TestPathSegment(t *testing.T) {
	for id, want := range map[string]string{
		"v_8eelc901": "v_8eelc901", "a b": "a%20b", "a..b": "a..b", "é": "%C3%A9", "a&b": "a&b",
		"": "", ".": "", "..": "", "../../admin": "", "a/b": "", `a\b`: "", "%2e%2e": "", "a%2Fb": "", "a?b": "", "a#b": "", "a\nb": "", "a\x7f": "",
	} {
		got, err := PathSegment(id)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v, want %q", id, got, err, want)
		}
		if err != nil && KindOf(err) != Rejected {
			t.Errorf("%q: %v, want rejected", id, err)
		}
	}
}
