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
