package body

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// Whatever a vendor says, the trailer is a header's value that clients take, and the JSON of what was used.
func TestTrailersFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := protocol.Usage{Characters: rapid.IntRange(0, 1<<40).Draw(t, "characters")}
		for range rapid.IntRange(0, 40).Draw(t, "attempts") {
			u.Attempts = append(u.Attempts, protocol.Attempt{Provider: "p", Message: rapid.String().Draw(t, "message")})
		}
		value := trailerOf(u)
		if len(value) > maxTrailer {
			t.Fatalf("%d bytes, want at most %d", len(value), maxTrailer)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' && r != 0x7f }) {
			t.Fatalf("%q is not printable ASCII", value)
		}
		var back protocol.Usage
		if err := json.Unmarshal([]byte(value), &back); err != nil || back.Characters != u.Characters {
			t.Fatalf("%s is read as %+v: %v", value, back, err)
		}
		plain, err := json.Marshal(u)
		if err != nil {
			t.Fatal(err)
		}
		if len(plain) < maxTrailer/6 && len(back.Attempts) != len(u.Attempts) {
			t.Fatalf("%d attempts of %d are left, though all would fit", len(back.Attempts), len(u.Attempts))
		}
		for i, kept := range back.Attempts {
			sent := u.Attempts[len(u.Attempts)-len(back.Attempts)+i].Message
			if kept.Message != "" && kept.Message != sent {
				t.Fatalf("message %q became %q", sent, kept.Message)
			}
		}
	})
}
