package routing

import (
	"errors"
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
