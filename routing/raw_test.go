package routing

import (
	"errors"
	"net/url"
	"path"
	"strings"
	"testing"
)

// What could lead elsewhere in a vendor's URL, also where a proxy decodes what is escaped.
var oddNames = []string{
	"..", ".", "../../admin", "a/..", "%2e%2e", "a%2Fb", `a\b`, "a?key=x", "a#b", "a&b=c", "a;b", "a\nb", "a\x1b[2J", "a\x00", " a", "a ",
	"a\u202eb", "a\ufffd",
}

func TestOddNamesAreRefused(t *testing.T) {
	table := mustTable(t, config())
	raw := Allow{Raw: true}
	for _, name := range append(oddNames, "a/b") {
		_, err := table.Plan(Query{Route: "beta/org/one", Voice: "beta/" + name, Allow: raw})
		if !errors.Is(err, ErrVoiceMalformed) {
			t.Errorf("voice %q: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), name) && strings.ContainsAny(name, "\x1b\n") {
			t.Errorf("voice %q is repeated as it is: %v", name, err)
		}
	}
	for _, name := range append(oddNames, "a//b", "/a", "a/") {
		if _, err := table.Plan(Query{Route: "beta/" + name, Voice: "beta/v", Allow: raw}); !errors.Is(err, ErrRouteMalformed) {
			t.Errorf("model %q: %v", name, err)
		}
	}
	if _, err := table.Plan(Query{Voice: "beta/.."}); !errors.Is(err, ErrVoiceNotAllowed) {
		t.Errorf("where raw names are not allowed: %v", err)
	}
}

func TestUsualNamesPass(t *testing.T) {
	table := mustTable(t, config())
	for _, model := range []string{"hexgrad/Kokoro-82M", "eleven_flash_v2_5", "sonic-3", "kugel-3.5", "canopylabs/orpheus-3b:0.1"} {
		for _, voice := range []string{"21m00Tcm4TlvDq8ikWAM", "aura-2-thalia-en", "af_heart", "v_8eelc901", "helpful woman", "1071", "a..b", "été"} {
			if _, err := table.Plan(Query{Route: "beta/" + model, Voice: "beta/" + voice, Allow: Allow{Raw: true}}); err != nil {
				t.Errorf("%s with %s: %v", model, voice, err)
			}
		}
	}
}

// A name that passes is one part of a path, however often a proxy decodes it.
func FuzzRawNames(f *testing.F) {
	for _, name := range append(oddNames, "hexgrad/Kokoro-82M", "helpful woman", "a..b", "") {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if checkRawVoice(name) == nil {
			for text, last := url.PathEscape(name), ""; text != last; {
				last = text
				if decoded, err := url.PathUnescape(text); err == nil {
					text = decoded
				}
				if clean := path.Clean("/v1/" + text + "/stream"); strings.Count(clean, "/") != 3 || !strings.HasSuffix(clean, "/stream") {
					t.Errorf("%q leads to %q", name, clean)
				}
			}
		}
		if checkRawModel(name) == nil && name != "" && path.Clean("/"+name) != "/"+name {
			t.Errorf("model %q leads to %q", name, path.Clean("/"+name))
		}
	})
}
