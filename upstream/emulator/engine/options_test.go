package engine

import (
	"testing"
	"time"
)

func TestParseFault(t *testing.T) {
	tests := map[string]Fault{
		"":                           {},
		"refuse":                     {Kind: Refuse, Code: 503},
		"refuse:403":                 {Kind: Refuse, Code: 403},
		"refuse:invalid_api_key":     {Kind: Refuse, Name: "invalid_api_key", Code: 503},
		"stall:400ms":                {Kind: Stall, After: 400 * time.Millisecond},
		"close:4500:200ms":           {Kind: CloseCode, Code: 4500, After: 200 * time.Millisecond},
		"error:RATE_LIMITED:session": {Kind: ErrorFrame, Name: "RATE_LIMITED", Session: true},
	}
	for text, want := range tests {
		if got, err := ParseFault(text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"nonsense", "stall:soon", "drop:-1s"} {
		if _, err := ParseFault(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// A text is cut after whole characters, of however many bytes.
func TestTextsAreCutBehindWholeCharacters(t *testing.T) {
	const wide = "おはよう\u3000ございます"
	if got, want := LastBoundary(wide), len("おはよう\u3000"); got != want {
		t.Errorf("the last whole word ends at byte %d, want %d", got, want)
	}
}
